"""The merge of answers that arrive late, twice or from two devices (spec/quiz-engine 5.4).

A sequence is (page epoch, counter): the server gives a new epoch to every tab that opens the attempt, the device
counts its own changes of a question from 1. The highest sequence is current; nothing is ever dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class AnswerSequence:
    """A place in the order of a question's answers: page epoch first, then the device's own counter."""

    page_epoch: int
    counter: int


@dataclass(frozen=True, slots=True)
class AnswerSave:
    """An answer to save: the position of its question in the attempt, its sequence, and the payload."""

    position: int
    sequence: AnswerSequence
    payload: Mapping[str, object]


class SaveOutcome(StrEnum):
    """The outcome of a saved answer that arrived."""

    CURRENT = "current"
    KNOWN = "known"
    HISTORY = "history"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class ArrivedSave:
    """An event and its outcome: ``overtaken`` when a newer page has changed the question, ``history`` when it is merely older."""

    event: AnswerSave
    outcome: SaveOutcome


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The answers to append, the outcome of each that arrived, and the current answer of every question."""

    added: tuple[AnswerSave, ...]
    arrivals: tuple[ArrivedSave, ...]
    current: Mapping[int, AnswerSave]


def merge(stored: Iterable[AnswerSave], arriving: Iterable[AnswerSave]) -> SaveResult:
    """Merge a journal into what is stored.

    The same (position, sequence) twice has no effect, in any order of arrival; of two different payloads under one sequence
    the first stored stays. Journals merged in any order give the same current answers.
    """
    known = {(event.position, event.sequence): event for event in stored}
    added: list[AnswerSave] = []
    repeated: list[bool] = []
    events = list(arriving)
    for event in events:
        key = (event.position, event.sequence)
        repeated.append(key in known)
        if key not in known:
            known[key] = event
            added.append(event)
    current = current_answers(known.values())
    arrivals = tuple(
        ArrivedSave(event, _outcome(event, known=again, current=current)) for event, again in zip(events, repeated, strict=True)
    )
    return SaveResult(tuple(added), arrivals, current)


def current_answers(events: Iterable[AnswerSave]) -> Mapping[int, AnswerSave]:
    """Return for every position the event with the highest sequence."""
    current: dict[int, AnswerSave] = {}
    for event in events:
        held = current.get(event.position)
        if held is None or event.sequence > held.sequence:
            current[event.position] = event
    return current


def acknowledged(events: Iterable[AnswerSave], page_epoch: int) -> Mapping[int, int]:
    """Return per position the highest n for which all of the page's events 1 … n are stored: the device may drop those."""
    counts: dict[int, set[int]] = {}
    for event in events:
        if event.sequence.page_epoch == page_epoch:
            counts.setdefault(event.position, set()).add(event.sequence.counter)
    return {position: _contiguous(counters) for position, counters in counts.items()}


def read_events(page_epoch: int, batch: object) -> tuple[AnswerSave, ...]:
    """Read ``[{"item": 1, "seq": 3, "response": {…}}, …]`` of a device; entries that are not events are left out. Never raises."""
    if not isinstance(batch, Sequence) or isinstance(batch, str | bytes):
        return ()
    events = (_read(page_epoch, entry) for entry in batch)
    return tuple(event for event in events if event is not None)


def _read(page_epoch: int, entry: object) -> AnswerSave | None:
    if not isinstance(entry, Mapping):
        return None
    position, counter, response = entry.get("item"), entry.get("seq"), entry.get("response")
    if not (_is_count(position) and _is_count(counter)) or not isinstance(response, Mapping):
        return None
    return AnswerSave(position, AnswerSequence(page_epoch, counter), response)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT


def _contiguous(counts: set[int]) -> int:
    last = 0
    while last + 1 in counts:
        last += 1
    return last


def _outcome(event: AnswerSave, *, known: bool, current: Mapping[int, AnswerSave]) -> SaveOutcome:
    winner = current[event.position].sequence
    if winner.page_epoch > event.sequence.page_epoch:
        return SaveOutcome.OVERTAKEN
    if known:
        return SaveOutcome.KNOWN
    return SaveOutcome.CURRENT if winner == event.sequence else SaveOutcome.HISTORY
