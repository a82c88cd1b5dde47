"""Reading the course around a quiz: its outline, and whether a learner has handed in the final test that an initial one waits for."""

from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import Activity
from courses.queries.outlines import get_outline
from courses.rules import Outline
from quizzes.models import Attempt
from quizzes.rules.attempts import ENDED_STATES

_ENDED = Attempt.state.in_([state.value for state in ENDED_STATES])


def outline_of_activity(session: Session, activity_id: int) -> Outline:
    """Return the course version that an activity belongs to; which it is never changes, so it is kept in memory."""
    kept = cast("dict[int, int]", session.info.setdefault("versions", {}))
    if activity_id not in kept:
        kept[activity_id] = session.execute(select(Activity.version_id).where(Activity.id == activity_id)).scalar_one()
    return get_outline(session, kept[activity_id])


def find_final_end(session: Session, enrolment_id: int | None, outline: Outline, key: str) -> datetime | None:
    """Return when the final test was first submitted in a take of the course, where the quiz with this key is the initial one.

    There is no statement for other quizzes, and none for those who only preview.
    """
    initial, final = outline.initial_test, outline.final_test
    if enrolment_id is None or initial is None or final is None or initial.key != key:
        return None
    mine = (Attempt.enrolment_id == enrolment_id, Attempt.activity_key == final.key)
    return session.scalar(select(func.min(Attempt.finished_at)).where(*mine, _ENDED, ~Attempt.preview))
