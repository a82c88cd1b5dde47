"""The check of one answer during an attempt: immediate, interactive and adaptive quizzes (spec/quiz-engine 5.6)."""

import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from quizzes.models import AnswerEvent, MarkEvent
from quizzes.queries.attempts import LoadedAttempt, LoadedItem, get_questions
from quizzes.queries.question_checks import checked_parts, get_checks, marker_of
from quizzes.rules.question_marker import can_be_checked
from quizzes.rules.responses import Parts, clean_parts, filled_parts
from quizzes.services.marks import mark_row


class CheckOutcome(StrEnum):
    """The outcome of a request for a check."""

    MARKED = "marked"
    REPEATED = "repeated"
    """This answer was checked before: nothing changes, nothing is lost."""
    NOTHING = "nothing"
    """There is nothing to check: no answer, or one that cannot be read."""
    CHANGED = "changed"
    """What the server holds is not what the page showed: the learner should look before checking."""
    CLOSED = "closed"
    """This question takes no check (any more)."""


def check_answer(session: Session, loaded: LoadedAttempt, position: int, shown: Parts, *, now: datetime) -> CheckOutcome:
    """Mark the response of one question as a try of its learner, right after `save_answers` has kept what the page held.

    `shown` is what the page showed when it was asked to check. Asking twice for the same answer, by a double click or a request that
    is sent again, has no effect: each stored answer is checked at most once. Blank and unreadable answers cost no try.
    """
    item = loaded.item_at(position)
    if item is None or position in get_checks(session, loaded).closed:
        return CheckOutcome.CLOSED
    question = get_questions(session, [item.question_version_id])[item.question_version_id]
    if not can_be_checked(loaded.snapshot.settings.behaviour, question):
        return CheckOutcome.CLOSED
    answer_id, parts = _response(session, item)
    if filled_parts(parts) != filled_parts(shown):
        return CheckOutcome.CHANGED
    marker, before = marker_of(loaded, item, question), checked_parts(loaded, item)
    if answer_id is None or not marker.is_readable(parts):
        return CheckOutcome.NOTHING
    if not marker.costs_a_try(before, parts) or answer_id in [answer.id for answer in loaded.checked(item.id)]:
        return CheckOutcome.REPEATED
    session.execute(insert(MarkEvent), [mark_row(item.id, marker.after([*before, parts]), now, answer_id=answer_id)])
    return CheckOutcome.MARKED


def _response(session: Session, item: LoadedItem) -> tuple[int | None, Parts]:
    """Return the newest answer to an item with what this request has just saved."""
    statement = select(AnswerEvent.id, AnswerEvent.payload).where(AnswerEvent.item_id == item.id)
    row = session.execute(statement.order_by(AnswerEvent.lease.desc(), AnswerEvent.seq.desc()).limit(1)).one_or_none()
    return (None, {}) if row is None else (row.id, clean_parts(json.loads(row.payload)))
