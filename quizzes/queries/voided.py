"""Reading what answers earned to questions that are void unless that lowers their learner (spec/selection 5.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, VoidedQuestion
from quizzes.queries.marks import share
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.results import Marking, MarkState


@dataclass(frozen=True, slots=True)
class VoidedItem:
    """A question of an attempt that is void unless that lowers its learner: what its answer earned, and the regrade that made it void."""

    earned: Marking
    voided_by: int


def find_voided_items(session: Session, attempt_ids: Sequence[int]) -> dict[int, VoidedItem]:
    """Return those questions of submitted attempts, by item; what a person marked is not void unless the regrade took that too."""
    event = aliased(MarkEvent)
    last = (
        select(func.max(event.id))
        .where(event.item_id == AttemptItem.id, or_(event.regrade_id.is_(None), event.regrade_id != VoidedQuestion.regrade_id))
        .correlate(AttemptItem, VoidedQuestion)
        .scalar_subquery()
    )
    statement = (
        select(AttemptItem.id, VoidedQuestion.regrade_id, MarkEvent.fraction, MarkEvent.exact, MarkEvent.state)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(
            VoidedQuestion,
            (VoidedQuestion.course_id == Attempt.course_id)
            & (VoidedQuestion.activity_key == Attempt.activity_key)
            & (VoidedQuestion.question_version_id == AttemptItem.question_version_id),
        )
        .join(Regrade, Regrade.id == VoidedQuestion.regrade_id)
        .join(MarkEvent, MarkEvent.id == last)
        .where(AttemptItem.attempt_id.in_(attempt_ids))
        .where(VoidedQuestion.lifted_at.is_(None), VoidedQuestion.effect == RegradeKind.UNLESS_LOWER.value)
        .where(or_(Regrade.with_manual, MarkEvent.origin != "manual"))
    )
    return {row.id: VoidedItem(Marking(MarkState(row.state), share(row)), row.regrade_id) for row in session.execute(statement)}
