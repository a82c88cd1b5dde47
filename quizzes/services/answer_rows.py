"""Answers as rows: what a request brings, and what of it is appended to an attempt. Nothing that was saved is ever changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kernel.bulk_rows import insert_rows
from quizzes.models import AnswerEvent
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


def write_answers(session: Session, loaded: LoadedAttempt, answers: PlannedAnswers, *, now: datetime) -> None:
    """Append planned answers to a locked attempt, and note the moment."""
    insert_rows(session, AnswerEvent, answers.rows)
    loaded.row.saved_at = moment_of_save(loaded, now=now)
    loaded.row.lease = answers.highest_epoch


def moment_of_save(loaded: LoadedAttempt, *, now: datetime) -> datetime:
    """Return the moment of a save: later than that of the one before whatever the clock does: it says whether there was another."""
    return max(now, loaded.row.saved_at + timedelta(microseconds=1))


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
