"""The merge of answers that arrive late, twice or from two devices (spec/quiz-engine 5.4).

An event's sequence is (lease, local): the server hands out a new lease for every tab that opens the attempt, the device
counts its own changes of a question from 1. The highest sequence is current; nothing is ever dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class AnswerSequence:
    """A place in the order of a question's answers: lease first, then the device's own count."""

    lease: int
    local: int


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """An answer as it was saved: the place of its question in the attempt, its sequence, and the payload."""

    item: int
    sequence: AnswerSequence
    payload: Mapping[str, object]


class SaveOutcome(StrEnum):
    """The outcome of a saved answer that arrived."""

    CURRENT = "current"
    KNOWN = "known"
    HISTORY = "history"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class ArrivedSave:
    """An event and its outcome: ``elsewhere`` when a newer lease has changed the question, ``history`` when it is merely older."""

    event: SavedAnswer
    outcome: SaveOutcome


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The answers to append, the outcome of each that arrived, and the current answer of every question."""

    added: tuple[SavedAnswer, ...]
    arrivals: tuple[ArrivedSave, ...]
    current: Mapping[int, SavedAnswer]


def merge(stored: Iterable[SavedAnswer], arriving: Iterable[SavedAnswer]) -> SaveResult:
    """Merge a journal into what is stored.

    The same (item, sequence) twice has no effect, in any order of arrival; of two different payloads under one sequence
    the first stored stays. Journals merged in any order give the same current answers.
    """
    known = {(event.item, event.sequence): event for event in stored}
    added: list[SavedAnswer] = []
    repeated: list[bool] = []
    events = list(arriving)
    for event in events:
        place = (event.item, event.sequence)
        repeated.append(place in known)
        if place not in known:
            known[place] = event
            added.append(event)
    current = current_answers(known.values())
    arrivals = tuple(
        ArrivedSave(event, _outcome(event, known=again, current=current)) for event, again in zip(events, repeated, strict=True)
    )
    return SaveResult(tuple(added), arrivals, current)


def current_answers(events: Iterable[SavedAnswer]) -> Mapping[int, SavedAnswer]:
    """Return for every item the event with the highest sequence."""
    current: dict[int, SavedAnswer] = {}
    for event in events:
        held = current.get(event.item)
        if held is None or event.sequence > held.sequence:
            current[event.item] = event
    return current


def acknowledged(events: Iterable[SavedAnswer], lease: int) -> Mapping[int, int]:
    """Return per item the highest n for which all of the lease's events 1 … n are stored: the device may drop those."""
    counts: dict[int, set[int]] = {}
    for event in events:
        if event.sequence.lease == lease:
            counts.setdefault(event.item, set()).add(event.sequence.local)
    return {item: _contiguous(locals_) for item, locals_ in counts.items()}


def read_events(lease: int, batch: object) -> tuple[SavedAnswer, ...]:
    """Read ``[{"item": 1, "seq": 3, "response": {…}}, …]`` of a device; entries that are not events are left out. Never raises."""
    if not isinstance(batch, Sequence) or isinstance(batch, str | bytes):
        return ()
    events = (_read(lease, entry) for entry in batch)
    return tuple(event for event in events if event is not None)


def _read(lease: int, entry: object) -> SavedAnswer | None:
    if not isinstance(entry, Mapping):
        return None
    item, local, response = entry.get("item"), entry.get("seq"), entry.get("response")
    if not (_is_count(item) and _is_count(local)) or not isinstance(response, Mapping):
        return None
    return SavedAnswer(item, AnswerSequence(lease, local), response)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT


def _contiguous(counts: set[int]) -> int:
    last = 0
    while last + 1 in counts:
        last += 1
    return last


def _outcome(event: SavedAnswer, *, known: bool, current: Mapping[int, SavedAnswer]) -> SaveOutcome:
    winner = current[event.item].sequence
    if winner.lease > event.sequence.lease:
        return SaveOutcome.ELSEWHERE
    if known:
        return SaveOutcome.KNOWN
    return SaveOutcome.CURRENT if winner == event.sequence else SaveOutcome.HISTORY
