"""Permissions to report a mistake in a course, and to decide on the reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from courses.access import edits
from enrolments.models import MistakeReport
from enrolments.permissions import ActivityContext, LearnerContext, hiding_all, is_staff, view_activity
from kernel.own_records import is_own
from kernel.permissions import Actor, Predicate, Verdict, allow_if

QUIZ = "quiz"
"""The kind of activity whose mistakes are reported at its questions."""


class MistakeAction(StrEnum):
    """Acts on mistake reports."""

    REPORT = "mistake:report"
    LIST = "mistake:list"
    DECIDE = "mistake:decide"


@dataclass(frozen=True, slots=True)
class AnsweredQuestionContext:
    """A person before a question of an attempt: whose the attempt is, and whether it and all others at its quiz have ended."""

    person_id: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class MistakeReportContext:
    """A person before a mistake report of a course."""

    context: LearnerContext
    report: MistakeReport


def _report(actor: Actor, subject: object) -> Verdict:
    """Let whoever reads an activity report it, and whoever handed in an attempt its questions, while they answer no other one."""
    if isinstance(subject, AnsweredQuestionContext):
        return allow_if(is_own(actor, subject.person_id) and subject.is_over, Verdict.HIDE)
    assert isinstance(subject, ActivityContext)
    return Verdict.HIDE if subject.activity.kind == QUIZ else view_activity(actor, subject)


def _context(subject: object) -> LearnerContext:
    assert isinstance(subject, LearnerContext | MistakeReportContext)
    return subject if isinstance(subject, LearnerContext) else subject.context


def _list(actor: Actor, subject: object) -> Verdict:
    """Let the course team and administrators read the reports; to others there are none, those of classmates least of all."""
    return allow_if(is_staff(actor, _context(subject)), Verdict.HIDE)


def _decide(actor: Actor, subject: object) -> Verdict:
    """Let those decide who edit the course, on their own reports too: a report changes nothing that a learner has to show."""
    context = _context(subject)
    return allow_if(edits(actor, context.staff_role)) if is_staff(actor, context) else Verdict.HIDE


MISTAKE_PERMISSIONS: Mapping[StrEnum, Predicate] = hiding_all(
    {MistakeAction.REPORT: _report, MistakeAction.LIST: _list, MistakeAction.DECIDE: _decide}
)
