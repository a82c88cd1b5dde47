"""Permissions to let people take a course again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from courses.access import edits
from enrolments.models import CompletionReview
from enrolments.permissions import LearnerContext, ParticipantContext, hiding_all
from kernel.own_records import changes_record
from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if


class TakeAction(StrEnum):
    """Acts on takes of a course."""

    BEGIN = "take:begin"
    """Let a learner take a course again."""
    LEAVE = "enrolment:leave"
    """Leave a course that one takes."""
    SETTLE = "completion_review:settle"
    """Decide whether an earlier take was completed by what was marked later."""


@dataclass(frozen=True, slots=True)
class CompletionReviewContext:
    """An administrator before a superseded take to decide on, and whose it is."""

    row: CompletionReview
    person_id: int


def may_begin_take_for(actor: Actor, subject: ParticipantContext) -> bool:
    """Return whether the actor may let a learner take the course again: who edits it does, but nobody for themself."""
    return TAKE_PERMISSIONS[TakeAction.BEGIN](actor, subject) is Verdict.ALLOW


def _begin(actor: Actor, subject: object) -> Verdict:
    """Let those who edit the course begin a take for its learners, at any time."""
    assert isinstance(subject, ParticipantContext)
    return allow_if(edits(actor, subject.context.staff_role))


def _leave(_actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, LearnerContext)
    return allow_if(subject.is_learner)


def _learner(subject: object) -> tuple[int, ...]:
    assert isinstance(subject, ParticipantContext)
    return (subject.enrolment.person_id,)


TAKE_PERMISSIONS: Mapping[StrEnum, Predicate] = hiding_all(
    {
        TakeAction.BEGIN: changes_record(_begin, _learner),
        TakeAction.LEAVE: _leave,
        TakeAction.SETTLE: changes_record(administrator, lambda review: (review.person_id,)),
    }
)
