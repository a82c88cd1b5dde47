"""Write the marks that a person gives (spec/quiz-engine 5.11.1), and reopen attempts or delete previews."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from fractions import Fraction

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from courses import catalogue
from kernel import audit, outbox
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from questions import question_bank
from questions.rules.marking import MarkState, lowest_fraction, state_of
from quizzes import answering, attempts, item_history, jury
from quizzes.access import QuizContext
from quizzes.answering import delete_person_attempts, record_quiz_result
from quizzes.attempts import LoadedAttempt, has_open
from quizzes.dry_runs import DecidedByJury
from quizzes.item_history import note_corrected
from quizzes.jury import ASK_JURY, JuryAct, NeedsJury, act_on
from quizzes.marks import MarkedItem, MarkRecord, as_decimal, current_events, find_voided_items, settle_voids, write_grade
from quizzes.models import Attempt, MarkEvent
from quizzes.regrades import decided_versions, has_corrected_marks
from quizzes.rules.grades import Grade, manual_fraction, written_exactly
from quizzes.rules.regrade import PresentMark, RegradeKind, total_of
from quizzes.rules.states import AttemptEvent, AttemptState, advance, reopened


class MarkingVerb(
    audit.Verb,
    facts={
        "overruled": N_("In place of the automatic mark"),
    },
):
    """The audit verbs of marks."""

    MARKED = "attempt.marked", N_("Marked an answer")


class AlreadyMarked(Conflict):
    """A mark that someone else gave the answer after the page was opened."""

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


def needs_jury_to_mark(session: Session, subject: MarkedItem) -> bool:
    """Return whether a mark by hand would replace one that decides: two of a jury give it."""
    before = current_events(session, [subject.item.id])[subject.item.id]
    return before.state is not MarkState.NEEDS_GRADING and jury.decides(session, subject)


def ask_to_mark(session: Session, actor: Actor, subject: MarkedItem, given: ManualMarkValues, *, now: datetime) -> None:
    """Ask two of a jury to give an answer another mark; raise what marking and asking raise."""
    _judge_mark(session, subject, given)
    values = asdict(given) | {"points": str(given.points), "position": subject.item.position}
    ASK_JURY.of(session)(session, actor, act_on(subject, JuryAct.MARK, given.reason, subject.item.id, values), now)


def _judge_mark(session: Session, subject: MarkedItem, given: ManualMarkValues) -> tuple[MarkRecord, Fraction]:
    """Return the present mark and the share that was given; raise AlreadyMarked, OutOfBounds, QuestionVoided or DecidedByJury."""
    before = current_events(session, [subject.item.id])[subject.item.id]
    if before.id != given.seen:
        raise AlreadyMarked
    if subject.item.void_effect:
        raise QuestionVoided
    if before.state is not MarkState.NEEDS_GRADING and _is_decided(session, subject):
        raise DecidedByJury
    question = question_bank.get_questions(session, [subject.item.question_version_id])[subject.item.question_version_id]
    fraction = manual_fraction(given.points, subject.item.maximum, minimum=lowest_fraction(question))
    if fraction is None:
        raise OutOfBounds
    return before, fraction


def mark_by_hand(
    session: Session,
    actor: Actor,
    subject: MarkedItem,
    given: ManualMarkValues,
    *,
    agreed_by: int | None = None,
    asked_by: int | None = None,
    now: datetime,
) -> Grade:
    """Give an answer its mark; raise AlreadyMarked, OutOfBounds, QuestionVoided, DecidedByJury or NeedsJury, and nothing changes.

    `agreed_by` is the member of a jury who agreed to it before the actor, another one, decided, `asked_by` who asked.
    Attempt, result, progress and completion follow in the same transaction. The learner is notified once, when nothing waits any more.
    """
    before, fraction = _judge_mark(session, subject, given)
    if agreed_by is None and needs_jury_to_mark(session, subject):
        raise NeedsJury
    waited = subject.row.raw is None
    session.execute(insert(MarkEvent).values(**_event(actor, subject, given, fraction, now)))
    grade = grade_again(session, actor, subject, now=now)
    _record(session, actor, subject, before, given, _agreed(agreed_by) | ({} if asked_by is None else {"asked": asked_by}), now=now)
    if waited and not grade.pending and not subject.preview:
        outbox.enqueue(session, "quizzes.send_marked", {"attempt": subject.id}, now=now)
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
    earned = {item_id: marking for item_id, (marking, _regrade) in voided.items()}
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


def _record(
    session: Session,
    actor: Actor,
    subject: MarkedItem,
    before: MarkRecord,
    given: ManualMarkValues,
    agreed: Mapping[str, int],
    *,
    now: datetime,
) -> None:
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
        **agreed,
    )


def _agreed(person_id: int | None) -> dict[str, int]:
    return {} if person_id is None else {"agreed": person_id}


class ReopeningVerb(audit.Verb):
    """The audit verbs of attempts that staff reopen or delete."""

    REOPENED = "attempt.reopened", N_("Reopened an attempt")
    PREVIEWS_DELETED = "quiz.previews_deleted"


OF_EARLIER_TAKE = N_("This attempt belongs to an earlier take of the course, which is over: the learner takes the course again.")


class CannotReopen(Conflict):
    """An attempt that cannot be reopened: not submitted or abandoned, another one open, or its learner not in the course."""

    message = N_("This attempt can't be reopened.")


def is_reopenable(loaded: LoadedAttempt) -> bool:
    """Return whether an attempt is one of those that may be reopened: a learner's, abandoned or submitted."""
    ended = AttemptState(loaded.row.state) in (AttemptState.ABANDONED, AttemptState.FINISHED)
    return ended and not loaded.row.preview and loaded.row.enrolment_id is not None


def waits_for_its_learner(loaded: LoadedAttempt, *, now: datetime) -> bool:
    """Return whether an attempt would stay open for a learner who left the course, and could not submit it."""
    return loaded.has_left and AttemptEvent.SUBMIT not in reopened(loaded.clock, now=now)


def ask_to_reopen(session: Session, actor: Actor, loaded: LoadedAttempt, reason: str, *, now: datetime) -> None:
    """Ask two of a jury to open an attempt again; raise what reopening and asking raise."""
    _require_reopenable(session, loaded, now=now)
    ASK_JURY.of(session)(session, actor, act_on(loaded, JuryAct.REOPENING, reason), now)


def _require_reopenable(session: Session, loaded: LoadedAttempt, *, now: datetime) -> None:
    """Raise CannotReopen where an attempt cannot be opened again."""
    if not is_reopenable(loaded):
        raise CannotReopen
    if loaded.is_superseded:
        raise CannotReopen(OF_EARLIER_TAKE)
    if waits_for_its_learner(loaded, now=now):
        raise CannotReopen(N_("This person is no longer enrolled in the course. Enrol them first."))
    if has_corrected_marks(session, loaded.id):
        raise CannotReopen(N_("A jury corrected the key of a question of this attempt, and submitting it again would lose the correction."))
    if has_open(attempts.history_of(session, loaded)):
        raise CannotReopen(N_("This learner has another attempt in progress. It must be submitted first."))


def reopen_attempt(
    session: Session, actor: Actor, loaded: LoadedAttempt, reason: str, *, agreed_by: int | None = None, now: datetime
) -> AttemptState:
    """Open an attempt again, or hand it in and mark it at once where its time is past (spec/quiz-engine 5.3.7);
    return its state. Raise CannotReopen, or NeedsJury where its result decides and nobody of a jury agreed before the actor.

    Answers and marks stay; while it is open it has no grade, and the learner's result waits for it.
    """
    row = loaded.row
    _require_reopenable(session, loaded, now=now)
    if agreed_by is None and jury.decides(session, loaded):
        raise NeedsJury
    events = reopened(loaded.clock, now=now)
    row.state = advance(AttemptState(row.state), AttemptEvent.REOPEN).value
    row.raw = row.percent = row.passed = row.submitted_at = row.finished_at = None
    row.due_at, row.saved_at = loaded.end, now
    audit.record(
        session,
        actor,
        ReopeningVerb.REOPENED,
        row,
        now=now,
        activity=row.activity_key,
        number=row.number,
        reason=reason,
        **_agreed(agreed_by),
    )
    session.flush()  # what follows reads it as it is now
    if AttemptEvent.SUBMIT in events:
        responses = {item_id: answer.payload for item_id, answer in loaded.responses.items()}
        answering.finish(session, actor, loaded, responses, finished_at=loaded.end or now, now=now)
    else:
        answering.record_quiz_result(session, actor, loaded, now=now)
        outbox.enqueue(session, "quizzes.tell_reopened", {"attempt": row.id}, now=now)
    item_history.note_corrected(session, [row.quiz_version_id])
    return AttemptState(row.state)


def delete_previews(session: Session, actor: Actor, subject: QuizContext, *, now: datetime) -> int:
    """Delete every preview of a quiz with its answers and marks; return how many there were."""
    preview_ids = (
        select(Attempt.id).where(Attempt.course_id == subject.course_id, Attempt.activity_key == subject.key).where(Attempt.preview)
    )
    previews = list(session.scalars(preview_ids.with_for_update()))
    if previews:
        delete_person_attempts(session, previews)
        course = catalogue.get_course(session, subject.course_id)
        audit.record(session, actor, ReopeningVerb.PREVIEWS_DELETED, course, now=now, activity=subject.key, count=len(previews))
    return len(previews)
