"""A learner's answer: one frozen dataclass per shape, read from hostile JSON without ever raising.

A payload is a mapping whose fields are those of the dataclass: ``{"choice": key}``, ``{"choices": [key]}``,
``{"value": true}``, ``{"text": "…"}``, ``{"text": "…", "unit": "…"}``, ``{"matches": {pair: match}}``,
``{"order": [key]}``, ``{"values": {gap: text or key}, "units": {gap: unit}}``, ``{"text": "…", "files": [id]}``,
``{"rows": {row: column}}``. What does not fit is kept as typed and flagged (spec/quiz-engine 5.4.5).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from quizzes.rules.definitions import QuestionKind

MAX_TEXT = 100_000
MAX_ENTRIES = 100
MAX_KEY = 64
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class SingleChoiceAnswer:
    """The key of the chosen option; empty: none."""

    choice: str = ""


@dataclass(frozen=True, slots=True)
class MultipleChoiceAnswer:
    """The keys of the chosen options, sorted, each once."""

    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueFalseAnswer:
    """True, false or not said."""

    value: bool | None = None


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """A word or phrase as typed."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """A number as typed, and the unit where one is asked for."""

    text: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MatchingAnswer:
    """For each pair's key the key of the chosen match."""

    matches: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderingAnswer:
    """The items' keys in the learner's order; ``confirmed`` says that the order shown at the start is meant."""

    order: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class GapsAnswer:
    """For each gap's name what was typed or the key of what was chosen; units beside, where asked for."""

    values: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EssayAnswer:
    """A long text and the identifiers of attached files."""

    text: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixAnswer:
    """For each row's key the key of the chosen column."""

    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MalformedAnswer:
    """An answer that does not fit its question's kind: what came, as text, and the field that is wrong."""

    malformed: str
    place: str


Answer: TypeAlias = (
    SingleChoiceAnswer
    | MultipleChoiceAnswer
    | TrueFalseAnswer
    | TextAnswer
    | NumberAnswer
    | MatchingAnswer
    | OrderingAnswer
    | GapsAnswer
    | EssayAnswer
    | MatrixAnswer
)
Payload: TypeAlias = Mapping[str, object]


class _MisfitError(Exception):
    """A field of a payload does not hold what it should."""


def read_answer(kind: QuestionKind, payload: object) -> Answer | MalformedAnswer:
    """Read the payload of a question of this kind; None is an empty answer. Never raises."""
    try:
        fields = _fields({} if payload is None else payload)
        if "malformed" in fields:
            return MalformedAnswer(_text(fields, "malformed"), _text(fields, "place"))
        return _READERS[kind](fields)
    except _MisfitError as misfit:
        return MalformedAnswer(as_typed(payload), str(misfit))


def is_empty(answer: Answer | MalformedAnswer) -> bool:
    """Return whether nothing was answered: no choice, no sign but spaces, no file."""
    match answer:
        case MalformedAnswer():
            return False
        case TrueFalseAnswer(value):
            return value is None
        case OrderingAnswer(order):
            return not order
        case GapsAnswer(values):
            return not any(value.strip() for value in values.values())
        case MatchingAnswer(chosen) | MatrixAnswer(chosen):
            return not any(chosen.values())
        case SingleChoiceAnswer(text) | NumberAnswer(text) | TextAnswer(text):
            return not text.strip()
        case MultipleChoiceAnswer(choices):
            return not choices
        case EssayAnswer(text, files):  # pragma: no branch - the last case
            return not text.strip() and not files


def as_typed(payload: object) -> str:
    """Return what came as text that a database can hold, at most MAX_TEXT characters."""
    try:
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = type(payload).__name__
    return _storable(text[:MAX_TEXT])


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _fields(payload: object) -> Payload:
    if not isinstance(payload, Mapping):
        raise _MisfitError("payload")
    return cast(Payload, payload)


def _text(payload: Payload, name: str, limit: int = MAX_TEXT) -> str:
    value = payload.get(name)
    if value is None:
        return ""
    return _string(value, name, limit)


def _string(value: object, part: str, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise _MisfitError(part)
    return _storable(value)


def _keys(payload: Payload, name: str) -> tuple[str, ...]:
    value = payload.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MAX_ENTRIES:
        raise _MisfitError(name)
    keys = tuple(_string(entry, name, MAX_KEY) for entry in value)
    if len(set(keys)) != len(keys) or "" in keys:
        raise _MisfitError(name)
    return keys


def _mapping(payload: Payload, name: str, limit: int = MAX_KEY) -> dict[str, str]:
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > MAX_ENTRIES:
        raise _MisfitError(name)
    return {_string(key, name, MAX_KEY): _string(entry, name, limit) for key, entry in value.items()}


def _truth(payload: Payload) -> TrueFalseAnswer:
    value = payload.get("value")
    if value is not None and not isinstance(value, bool):
        raise _MisfitError("value")
    return TrueFalseAnswer(value)


def _order(payload: Payload) -> OrderingAnswer:
    return OrderingAnswer(_keys(payload, "order"), payload.get("confirmed") is True)


def _nothing(payload: Payload) -> Answer:
    raise _MisfitError("description")


def _number(payload: Payload) -> NumberAnswer:
    return NumberAnswer(_text(payload, "text"), _text(payload, "unit", MAX_KEY))


def _written_text(payload: Payload) -> EssayAnswer:
    return EssayAnswer(_text(payload, "text"), _keys(payload, "files"))


_READERS: Mapping[QuestionKind, Callable[[Payload], Answer]] = {
    QuestionKind.SINGLE: lambda payload: SingleChoiceAnswer(_text(payload, "choice", MAX_KEY)),
    QuestionKind.MULTIPLE: lambda payload: MultipleChoiceAnswer(tuple(sorted(_keys(payload, "choices")))),
    QuestionKind.TRUE_FALSE: _truth,
    QuestionKind.SHORT: lambda payload: TextAnswer(_text(payload, "text")),
    QuestionKind.NUMERICAL: _number,
    QuestionKind.CALCULATED: _number,
    QuestionKind.MATCHING: lambda payload: MatchingAnswer(_mapping(payload, "matches")),
    QuestionKind.ORDERING: _order,
    QuestionKind.GAPS: lambda payload: GapsAnswer(_mapping(payload, "values", MAX_TEXT), _mapping(payload, "units")),
    QuestionKind.ESSAY: _written_text,
    QuestionKind.FILE: _written_text,
    QuestionKind.MATRIX: lambda payload: MatrixAnswer(_mapping(payload, "rows")),
    QuestionKind.DESCRIPTION: _nothing,
}
