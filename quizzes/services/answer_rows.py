"""Answers as rows: what a request brings, and what of it is appended to an attempt. Nothing that was saved is ever changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from kernel.bulk_rows import insert_rows
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from quizzes.models import AnswerEvent, Attempt
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules import saving


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Answers that one page sends: its epoch, and for each a position, a counter and what was given."""

    page_epoch: int
    events: tuple[saving.AnswerSave, ...]
    kind: str
    """`autosave`, `save` or `submit`."""
    client_time: str = ""
    tokens: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """By position and counter the server's word that the device held when the answer was written (spec/quiz-engine 5.3.9)."""
    offline_in_time: bool = False
    """They come after the end, but were written offline before it."""


@dataclass(frozen=True, slots=True)
class PlannedAnswers:
    """Answers to append, as rows of `answer_event`, and the highest page epoch under which the attempt has any then."""

    rows: list[dict[str, object]]
    highest_epoch: int


def stored_events(loaded: LoadedAttempt) -> list[saving.AnswerSave]:
    """Return the answers that an attempt has."""
    positions = {item.id: item.position for item in loaded.items}
    return [
        saving.AnswerSave(positions[answer.item_id], saving.AnswerSequence(answer.page_epoch, answer.counter), _payload(answer.payload))
        for answer in loaded.answers
    ]


def merge_answers(
    loaded: LoadedAttempt, stored: Sequence[saving.AnswerSave], batches: Sequence[SaveRequest], *, now: datetime
) -> tuple[saving.SaveResult, PlannedAnswers]:
    """Return what comes of answers that arrive beside those stored, and what of it is to be appended."""
    arriving = [event for batch in batches for event in batch.events if loaded.item_at(event.position)]
    merge = saving.merge(stored, arriving)
    by_page_epoch = {batch.page_epoch: batch for batch in batches}
    rows = [event_row(loaded, event, by_page_epoch[event.sequence.page_epoch], now) for event in merge.added]
    return merge, PlannedAnswers(rows, max([loaded.row.lease, *by_page_epoch]))


_SAVE = update(Attempt).where(Attempt.id == bindparam("attempt"))
_WRITTEN: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("saved_at", "lease", "integrity_record")}
_IN_SAME_STATE = compile_once(_SAVE.values(_WRITTEN))
"""SQLite writes each index anew that has a column of the statement in it, changed or not; several have the state."""
_IN_NEW_STATE = compile_once(_SAVE.values({**_WRITTEN, "state": bindparam("new_state")}))


def write_answers(session: Session, loaded: LoadedAttempt, answers: PlannedAnswers, *, state: str, record: str, now: datetime) -> None:
    """Append planned answers to a locked attempt, and note its state, its integrity record and the moment with one statement."""
    row = loaded.row
    written = {"state": state, "saved_at": now, "lease": answers.highest_epoch, "integrity_record": record}
    statement = _IN_SAME_STATE if state == row.state else _IN_NEW_STATE
    connection_of(session).execute(statement, {"attempt": row.id, **{f"new_{name}": value for name, value in written.items()}})
    insert_rows(session, AnswerEvent, answers.rows)
    for name, value in written.items():
        set_committed_value(row, name, value)


def _payload(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def event_row(loaded: LoadedAttempt, event: saving.AnswerSave, batch: SaveRequest, now: datetime) -> dict[str, object]:
    """Return an answer as the row that keeps it."""
    item = loaded.item_at(event.position)
    assert item is not None
    return {
        "item_id": item.id,
        "lease": event.sequence.page_epoch,
        "seq": event.sequence.counter,
        "kind": batch.kind,
        "payload": json.dumps(event.payload, ensure_ascii=False),
        "client_time": batch.client_time[:40],
        "server_time": now,
        "proved": batch.offline_in_time,
    }
