"""The ledger of a history of faults: what was acknowledged or seen in a journal, and what the database holds in the end."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent

Answer = tuple[int, str]
"""A question's place and what was typed there."""
Key = tuple[int, int, int]
"""A question's place, the lease of the page, its number."""


def answer_in(response: dict[str, list[str]]) -> str:
    """Return what was typed, as the page sends it."""
    return "".join(response.get("answer", []))


def answers_in(entries: list[str]) -> set[Answer]:
    """Return the answers that the journal of a device holds."""
    return {(event["item"], answer_in(event["response"])) for event in events_in(entries)}


def events_in(entries: list[str]) -> list[dict[str, Any]]:
    """Return the events that the journal of a device holds."""
    return [event for event in map(json.loads, entries) if "response" in event]


@dataclass
class Ledger:
    """What the server has acknowledged, and what was seen in a journal that comes back."""

    acknowledged: set[Answer] = field(default_factory=set)
    journalled: set[Answer] = field(default_factory=set)
    seen: dict[Key, str | None] = field(default_factory=dict)
    """Every event that was seen in a journal, with what it says; None while it may still be written over."""

    def note_journal(self, entries: list[str]) -> None:
        """Write down what a journal holds, from now on to be found on the server."""
        for event in events_in(entries):
            self.seen[event["item"], event["lease"], event["seq"]] = answer_in(event["response"]) if event.get("sent") else None


@dataclass
class Stored:
    """What the database holds of the attempt: every event, the responses, and the marks by place."""

    events: list[tuple[int, str]]
    keys: dict[Key, str]
    responses: dict[int, str]
    marks: dict[int, list[bool]]
    state: str


def stored(instance: Instance) -> Stored:
    """Read the only attempt there is."""
    with instance.database.unit_of_work(write=False) as session:
        events = session.execute(
            select(AttemptItem.position, AnswerEvent.payload, AnswerEvent.lease, AnswerEvent.seq)
            .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
            .order_by(AnswerEvent.lease, AnswerEvent.seq)
        ).all()
        marks: dict[int, list[bool]] = {}
        for position, fraction in session.execute(
            select(AttemptItem.position, MarkEvent.fraction).join(MarkEvent, MarkEvent.item_id == AttemptItem.id)
        ):
            marks.setdefault(position, []).append(fraction == 1)
        found = [(row.position, answer_in(json.loads(row.payload))) for row in events]
        keys = {(row.position, row.lease, row.seq): text for row, (_place, text) in zip(events, found, strict=True)}
        return Stored(found, keys, dict(found), marks, session.execute(select(Attempt.state)).scalar_one())
