"""Reading the answers of attempts: everything that was saved by its place, and the texts that are used."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, case, or_, select
from sqlalchemy.orm import Session, aliased

from kernel.db import connection_of
from quizzes.models import AnswerEvent, MarkEvent


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A response of an item as it was saved."""

    id: int
    item_id: int
    page_epoch: int
    counter: int
    payload: object
    """As it was typed. None of history: an answer that is neither its item's response nor was checked is known by its place alone."""
    server_time: datetime
    checked: int | None = None
    """The mark event that came of it, where the learner had it checked; a later check has a higher one."""
    offline_in_time: bool = False
    """It came after the end, with the device's proof that it was written before (spec/quiz-engine 5.3.9)."""


_LATER = aliased(AnswerEvent)
_RESPONSE = (
    select(_LATER.id)
    .where(_LATER.item_id == AnswerEvent.item_id)
    .order_by(_LATER.lease.desc(), _LATER.seq.desc())
    .limit(1)
    .scalar_subquery()
)
IS_RESPONSE = AnswerEvent.id == _RESPONSE
"""Of the answers of an item its response, which is the last one."""
ANSWER_COLUMNS = (
    AnswerEvent.id.label("answer_id"),
    AnswerEvent.item_id,
    AnswerEvent.lease,
    AnswerEvent.seq,
    case((or_(MarkEvent.id.is_not(None), IS_RESPONSE), AnswerEvent.payload)).label("payload"),
    AnswerEvent.server_time,
    MarkEvent.id.label("checked"),
    AnswerEvent.proved,
)
"""The columns of an answer, for statements that join `AnswerEvent` and, of an answer that was checked, its `MarkEvent`."""
_ANSWERS = (
    select(*ANSWER_COLUMNS)
    .outerjoin(MarkEvent, MarkEvent.answer_id == AnswerEvent.id)
    .where(AnswerEvent.item_id.in_(bindparam("items", expanding=True)))
    .order_by(AnswerEvent.item_id, AnswerEvent.lease, AnswerEvent.seq)
)


def list_answers(session: Session, item_ids: Sequence[int]) -> list[StoredAnswer]:
    """List every answer event of some items, oldest first by place, with the check that came of it.

    A long text is saved hundreds of times: what it was before stays in the database.
    """
    return [stored_answer(row) for row in connection_of(session).execute(_ANSWERS, {"items": item_ids})]


def stored_answer(row: Row[*tuple[object, ...]]) -> StoredAnswer:
    """Return what a row with the columns of an answer says."""
    payload = None if row.payload is None else json.loads(row.payload)
    return StoredAnswer(row.answer_id, row.item_id, row.lease, row.seq, payload, row.server_time, row.checked, row.proved)


def read_payloads(session: Session, answers: Sequence[StoredAnswer], answer_ids: Collection[int]) -> dict[int, object]:
    """Return what some of these answers said, by their ids; those that came with it cost nothing, history one statement."""
    payloads = {answer.id: answer.payload for answer in answers if answer.id in answer_ids}
    missing = [answer_id for answer_id, payload in payloads.items() if payload is None]
    if missing:
        rows = session.execute(select(AnswerEvent.id, AnswerEvent.payload).where(AnswerEvent.id.in_(missing)))
        payloads |= {row.id: json.loads(row.payload) for row in rows}
    return payloads
