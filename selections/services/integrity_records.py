"""Deleting the integrity records of attempts after their time (spec/selection 6.12)."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from kernel import clock
from quizzes.models import Attempt
from selections.models import ActaKind, ActaState, Selection, SelectionActa
from selections.queries.selections import is_among

DAYS_AFTER_ACTA = 90


def forget_before(session: Session, moment: datetime) -> int:
    """Empty the records of attempts that ended before a moment, and return how many. Declarations stay with their attempts.

    Of attempts that stand in a final acta they go 90 days after the acta, whenever the attempt ended.
    """
    final_since = (
        select(func.max(SelectionActa.published_at))
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .join(Enrolment, Enrolment.course_id == Selection.course_id)
        .where(SelectionActa.kind == ActaKind.FINAL.value, SelectionActa.state == ActaState.IN_FORCE.value)
        .where(Selection.activity_key == Attempt.activity_key, Enrolment.id == Attempt.enrolment_id, is_among())
        .correlate(Attempt)
        .scalar_subquery()
    )
    final_before = clock.now() - timedelta(days=DAYS_AFTER_ACTA)
    is_due = func.coalesce(final_since < final_before, Attempt.finished_at < moment)
    statement = update(Attempt).where(Attempt.integrity_record != "", is_due).values(integrity_record="")
    return len(session.scalars(statement.returning(Attempt.id)).all())
