"""Append saved answers to an attempt, also those written offline, and keep or erase its integrity record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from accounts.models import Person
from kernel.audit import network_of
from kernel.bulk_rows import insert_rows
from kernel.compiled_statements import compile_once
from kernel.crypto import Secret, seal, unseal
from kernel.db import connection_of
from kernel.permissions import Actor
from quizzes.attempts import LoadedAttempt
from quizzes.models import AnswerEvent, Attempt
from quizzes.rules import states
from quizzes.rules.states import ENDED_STATES, AnswerSave, SaveMoment, accepts_evidence, add_save, read_notes, read_record, write_record


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Answers that one page sends: its epoch, and for each a position, a counter and what was given."""

    page_epoch: int
    events: tuple[states.AnswerSave, ...]
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


def stored_events(loaded: LoadedAttempt) -> list[states.AnswerSave]:
    """Return the answers that an attempt has."""
    positions = {item.id: item.position for item in loaded.items}
    return [
        states.AnswerSave(positions[answer.item_id], states.AnswerSequence(answer.page_epoch, answer.counter), _payload(answer.payload))
        for answer in loaded.answers
    ]


def merge_answers(
    loaded: LoadedAttempt, stored: Sequence[states.AnswerSave], batches: Sequence[SaveRequest], *, now: datetime
) -> tuple[states.SaveResult, PlannedAnswers]:
    """Merge answers that arrive with those stored, and return also what of it is to be appended."""
    arriving = [event for batch in batches for event in batch.events if loaded.item_at(event.position)]
    merge = states.merge(stored, arriving)
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


def event_row(loaded: LoadedAttempt, event: states.AnswerSave, batch: SaveRequest, now: datetime) -> dict[str, object]:
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


PURPOSE = "answering"
TOKEN_LIFETIME = timedelta(days=30)


def offline_token(secret: Secret, loaded: LoadedAttempt, *, now: datetime) -> str:
    """Return the server's word that the device was answering this attempt now; empty where the quiz has no window."""
    if not loaded.setting_sources.offline_window_seconds:
        return ""
    return seal(secret, PURPOSE, [str(loaded.uuid), int(now.timestamp())])


def select_written_in_time(secret: Secret, loaded: LoadedAttempt, batches: Sequence[SaveRequest], *, now: datetime) -> list[SaveRequest]:
    """Return those of these answers that were written offline before the end by their tokens, and may still count now."""
    if not loaded.setting_sources.offline_window_seconds:
        return []
    taken = [replace(batch, events=_offline_in_time(secret, loaded, batch, now), offline_in_time=True) for batch in batches]
    return [batch for batch in taken if batch.events]


def _offline_in_time(secret: Secret, loaded: LoadedAttempt, batch: SaveRequest, now: datetime) -> tuple[AnswerSave, ...]:
    given: list[tuple[AnswerSave, datetime]] = []
    for event in batch.events:
        moment = _token_time(secret, loaded.uuid, batch.tokens.get((event.position, event.sequence.counter), ""))
        if moment is not None and accepts_evidence(loaded.end, loaded.setting_sources.offline_window_seconds, token_time=moment, now=now):
            given.append((event, moment))
    return tuple(event for event, moment in given if _continues_sequence(loaded, batch.page_epoch, event, moment, given))


def _continues_sequence(
    loaded: LoadedAttempt, page_epoch: int, event: AnswerSave, moment: datetime, given: Sequence[tuple[AnswerSave, datetime]]
) -> bool:
    """Return whether a counter follows those that the page has used for the question, and its token those of the counters before."""
    item, counter = loaded.item_at(event.position), event.sequence.counter
    if item is None or any(
        answer.item_id == item.id and answer.page_epoch == page_epoch and answer.counter > counter for answer in loaded.answers
    ):
        return False
    return all(earlier <= moment for other, earlier in given if other.position == event.position and other.sequence.counter < counter)


def _token_time(secret: Secret, attempt: UUID, token: str) -> datetime | None:
    value = unseal(secret, PURPOSE, token, seconds=int(TOKEN_LIFETIME.total_seconds())) if token else None
    return datetime.fromtimestamp(value[1], UTC) if value and value[0] == str(attempt) else None


MOST_TEXT = 300_000


PageNotes = tuple[int, str]
"""The number of a page, and the notes that it sent, as text."""


def record_save(loaded: LoadedAttempt, actor: Actor, sent: PageNotes, *, now: datetime) -> None:
    """Add a save to the record of a locked attempt, in the row that the save writes anyway; without such settings nothing is kept."""
    text = record_with(loaded, actor, sent, now=now)
    if text != loaded.row.integrity_record:
        loaded.row.integrity_record = text


def record_with(loaded: LoadedAttempt, actor: Actor, sent: PageNotes, *, now: datetime) -> str:
    """Return the record of an attempt with a save, as it is kept; as it was where nothing is added."""
    (page_epoch, text), stored, rules = sent, loaded.row.integrity_record, loaded.snapshot.integrity
    if not rules.records or page_epoch < 1 or loaded.row.preview or loaded.state in ENDED_STATES:
        return stored
    moment = SaveMoment(
        page_epoch, max(0, int((now - loaded.row.started_at).total_seconds())), network_of(actor.address), actor.device_id or 0
    )
    record = read_record(stored)
    added = add_save(record, rules, moment, read_notes(_parsed(text)), spares_focus=spares_focus(loaded))
    return write_record(added) if added != record else stored


def spares_focus(loaded: LoadedAttempt) -> bool:
    """Return whether nobody notes when the page is left: the person has an accommodation in force (6.5)."""
    return loaded.setting_sources.accommodation is not None


def _parsed(text: str) -> object:
    try:
        return json.loads(text) if len(text) < MOST_TEXT else None
    except (ValueError, RecursionError):
        return None


def erase_integrity_records(session: Session, person: Person, *, now: datetime) -> None:
    """Empty the records of a person who is erased."""
    session.execute(update(Attempt).where(Attempt.person_id == person.id, Attempt.integrity_record != "").values(integrity_record=""))
