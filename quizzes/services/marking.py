"""Marks that a person gives (spec/quiz-engine 5.11.1): appended, never overwriting what another grader gave meanwhile;
the total follows at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import insert
from sqlalchemy.orm import Session

from kernel import audit, outbox
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from quizzes.models import MarkEvent
from quizzes.queries import attempts
from quizzes.queries.attempts import LoadedAttempt
from quizzes.queries.jury_decisions import decided_versions
from quizzes.queries.marks import MarkedItem, MarkRecord, current_events
from quizzes.queries.voided import find_voided_items
from quizzes.rules.grades import Grade, manual_fraction, written_exactly
from quizzes.rules.manual_marking import lowest_fraction
from quizzes.rules.regrade import PresentMark, RegradeKind, total_of
from quizzes.rules.results import MarkState, state_of
from quizzes.services.attempts import record_quiz_result
from quizzes.services.dry_runs import DecidedByJury
from quizzes.services.item_history import note_corrected
from quizzes.services.marks import as_decimal, write_grade
from quizzes.services.voids import settle_voids


class MarkingVerb(StrEnum):
    """The audit verbs of marks."""

    MARKED = "attempt.marked"


class AlreadyMarked(Conflict):
    """A mark that someone else gave the answer after the page was opened."""

    code = "already_marked"
    message = N_("Someone else marked this answer in the meantime. Compare before saving your mark.")


class OutOfBounds(Invalid):
    """A mark below the least or above the most that the question can be worth."""

    code = "mark_out_of_bounds"
    message = N_("The mark is outside the range allowed for this question.")


class QuestionVoided(Conflict):
    """The question does not decide any more."""

    code = "annulled"
    message = N_("This question was voided: its marks are the same for everyone.")


@dataclass(frozen=True, slots=True)
class ManualMarkValues:
    """A grader's input: points, comment for the learner, the levels of a rubric, why a mark of the program is overruled.

    ``seen`` is the marking that the grader's page showed.
    """

    points: Fraction
    seen: int
    comment: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


def mark_by_hand(session: Session, actor: Actor, subject: MarkedItem, given: ManualMarkValues, *, now: datetime) -> Grade:
    """Give an answer its mark; raise AlreadyMarked, OutOfBounds, QuestionVoided or DecidedByJury, and nothing changes.

    Attempt, result, progress and completion follow in the same transaction. The learner is notified once, when nothing waits any more.
    """
    before = current_events(session, [subject.item.id])[subject.item.id]
    if before.id != given.seen:
        raise AlreadyMarked
    if subject.item.void_effect:
        raise QuestionVoided
    if before.state is not MarkState.NEEDS_GRADING and _is_decided(session, subject):
        raise DecidedByJury
    question = attempts.get_questions(session, [subject.item.question_version_id])[subject.item.question_version_id]
    fraction = manual_fraction(given.points, subject.item.maximum, minimum=lowest_fraction(question))
    if fraction is None:
        raise OutOfBounds
    waited = subject.row.raw is None
    session.execute(insert(MarkEvent).values(**_event(actor, subject, given, fraction, now)))
    grade = grade_again(session, actor, subject, now=now)
    _record(session, actor, subject, before, given, now=now)
    if waited and not grade.pending:
        _notify_marked(session, subject, now=now)
    return grade


def _is_decided(session: Session, subject: MarkedItem) -> bool:
    return subject.item.question_version_id in decided_versions(session, subject.row.course_id, subject.row.activity_key)


def _event(actor: Actor, subject: MarkedItem, given: ManualMarkValues, fraction: Fraction, now: datetime) -> dict[str, object]:
    return {
        "item_id": subject.item.id,
        "origin": "manual",
        "fraction": as_decimal(fraction),
        "exact": written_exactly(fraction),
        "state": state_of(fraction).value,
        "marked_at": now,
        "marked_by": actor.person_id,
        "reason": given.reason,
        "comment": given.comment,
        "levels": json.dumps(dict(given.levels)) if given.levels else "",
    }


def grade_again(session: Session, actor: Actor, loaded: LoadedAttempt, *, now: datetime) -> Grade:
    """Recompute the total of a submitted attempt, and everything that follows from it, from its present marks."""
    marks = current_events(session, [item.id for item in loaded.items])
    voided = find_voided_items(session, [loaded.id]) if any(item.void_effect == RegradeKind.UNLESS_LOWER for item in loaded.items) else {}
    earned = {item_id: voided_item.earned for item_id, voided_item in voided.items()}
    held = {
        item.id: PresentMark(marks[item.id].fraction, marks[item.id].state, item.maximum, item.section, earned.get(item.id))
        for item in loaded.items
    }
    grade = total_of(held, settle_voids(session, held, voided, now=now), loaded.snapshot.settings)
    write_grade(loaded.row, grade)
    if loaded.row.enrolment_id is not None and not loaded.row.preview:
        record_quiz_result(session, actor, loaded, now=now)
    note_corrected(session, [loaded.row.quiz_version_id])
    return grade


def _record(session: Session, actor: Actor, subject: MarkedItem, before: MarkRecord, given: ManualMarkValues, *, now: datetime) -> None:
    was = (
        None
        if before.state is MarkState.NEEDS_GRADING or before.fraction is None
        else f"{as_decimal(before.fraction * subject.item.maximum)}"
    )
    audit.record(
        session,
        actor,
        MarkingVerb.MARKED,
        subject.row,
        now=now,
        place=subject.item.position,
        before=was,
        after=f"{as_decimal(given.points)}",
        overruled=not subject.is_by_hand,
        reason=given.reason,
    )


def _notify_marked(session: Session, subject: MarkedItem, *, now: datetime) -> None:
    """Notify the learner by mail, once for each time that nothing waits any more."""
    if not subject.preview:
        outbox.enqueue(session, "quizzes.send_marked", {"attempt": subject.id}, now=now)
