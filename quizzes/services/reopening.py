"""Opening an attempt again (spec/quiz-engine 5.3.7), and deleting previews (spec/quiz-engine 5.2.7)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import catalogue
from kernel import audit, outbox
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.permissions import QuizContext
from quizzes.queries import attempts as queries
from quizzes.queries.attempts import LoadedAttempt
from quizzes.queries.jury_decisions import has_corrected_marks
from quizzes.queries.open_attempts import has_open
from quizzes.rules.attempts import AttemptEvent, AttemptState, advance, reopened
from quizzes.services import attempts, item_history
from quizzes.services.previews import delete_person_attempts


class ReopeningVerb(StrEnum):
    """The audit verbs of attempts that staff reopen or delete."""

    REOPENED = "attempt.reopened"
    PREVIEWS_DELETED = "quiz.previews_deleted"


OF_EARLIER_TAKE = N_("This attempt belongs to an earlier take of the course, which is over: the learner takes the course again.")


class CannotReopen(Conflict):
    """An attempt that cannot be reopened: not submitted or abandoned, another one open, or its learner not in the course."""

    code = "cannot_reopen"
    message = N_("This attempt can't be reopened.")


def is_reopenable(loaded: LoadedAttempt) -> bool:
    """Return whether an attempt is one of those that may be reopened: a learner's, abandoned or submitted."""
    ended = AttemptState(loaded.row.state) in (AttemptState.ABANDONED, AttemptState.FINISHED)
    return ended and not loaded.row.preview and loaded.row.enrolment_id is not None


def waits_for_its_learner(loaded: LoadedAttempt, *, now: datetime) -> bool:
    """Return whether an attempt would stay open for a learner who left the course, and could not submit it."""
    return loaded.has_left and AttemptEvent.SUBMIT not in reopened(loaded.clock, now=now)


def reopen_attempt(session: Session, actor: Actor, loaded: LoadedAttempt, reason: str, *, now: datetime) -> AttemptState:
    """Open an attempt again, or hand it in and mark it at once where its time is past (spec/quiz-engine 5.3.7);
    return its state. Raise CannotReopen.

    Answers and marks stay; while it is open it has no grade, and the learner's result waits for it.
    """
    row = loaded.row
    if not is_reopenable(loaded):
        raise CannotReopen
    if loaded.is_superseded:
        raise CannotReopen(OF_EARLIER_TAKE)
    if waits_for_its_learner(loaded, now=now):
        raise CannotReopen(N_("This person is no longer enrolled in the course. Enrol them first."))
    if has_corrected_marks(session, loaded.id):
        raise CannotReopen(N_("A jury corrected the key of a question of this attempt, and submitting it again would lose the correction."))
    history = queries.history_of(session, loaded)
    if has_open(history):
        raise CannotReopen(N_("This learner has another attempt in progress. It must be submitted first."))
    events = reopened(loaded.clock, now=now)
    row.state = advance(AttemptState(row.state), AttemptEvent.REOPEN).value
    row.raw = row.percent = row.passed = row.submitted_at = row.finished_at = None
    row.due_at, row.saved_at = loaded.end, now
    audit.record(session, actor, ReopeningVerb.REOPENED, row, now=now, activity=row.activity_key, number=row.number, reason=reason)
    session.flush()  # what follows reads it as it is now
    if AttemptEvent.SUBMIT in events:
        responses = {item_id: answer.payload for item_id, answer in loaded.responses.items()}
        attempts.finish(session, actor, loaded, responses, finished_at=loaded.end or now, now=now)
    else:
        attempts.record_quiz_result(session, actor, loaded, now=now)
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
