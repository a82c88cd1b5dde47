"""A learner's answer read from hostile JSON, its positions on the page, the response that is stored, and the files sent with it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, cast
from uuid import UUID

from questions.rules.definitions import (
    EssayBody,
    FileBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    OrderingBody,
    QuestionDefinition,
    QuestionKind,
    SingleChoiceBody,
    TrueFalseBody,
)
from questions.rules.item_layout import CHOICES, ITEMS, MATCHES, OPTIONS, ItemLayout, gap_order

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
    """Return the typed text as a database can hold it, at most MAX_TEXT characters."""
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


Keys: TypeAlias = Sequence[str]
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
_TICKED = (True, "true", "on", "1")


class _OutOfPlaceError(Exception):
    """A payload names a place that the question does not have."""


def answer_from_page(question: QuestionDefinition, layout: ItemLayout, payload: object) -> Answer | MalformedAnswer:
    """Read what a page sent; what does not fit is kept as typed and flagged. Never raises."""
    if not isinstance(payload, Mapping):
        return read_answer(question.kind, payload)
    try:
        return read_answer(question.kind, _with_keys(question, layout, payload))
    except _OutOfPlaceError as error:
        return MalformedAnswer(as_typed(payload), str(error))


def page_from_answer(question: QuestionDefinition, layout: ItemLayout, answer: Answer | MalformedAnswer) -> dict[str, object]:
    """Return the payload that shows an answer on its page.

    A malformed one comes back as it was sent, where that was a mapping, with ``malformed`` beside.
    """
    if isinstance(answer, MalformedAnswer):
        return {**_as_mapping(answer.malformed), "malformed": answer.malformed}
    fields = {name: getattr(answer, name) for name in answer.__dataclass_fields__}
    return {name: _translated(value, question, layout, name, _place_of) for name, value in fields.items()}


def offered(question: QuestionDefinition, layout: ItemLayout, name: str) -> Keys:
    """Return the keys that a list of the page offers, in order: ``choice`` … as the field of the answer that holds them."""
    values, _ = _lists(question, layout, name)
    return values


def _with_keys(question: QuestionDefinition, layout: ItemLayout, payload: Mapping[object, object]) -> dict[str, object]:
    named = {str(name): value for name, value in payload.items()}
    if isinstance(question.body, TrueFalseBody):
        return {**named, "value": _truth_of_field(named.get("value"))}
    if isinstance(question.body, OrderingBody):
        named = _arranged(named, len(question.body.items))
    return {name: _translated(value, question, layout, name, _key_at) for name, value in named.items()}


def _arranged(named: dict[str, object], count: int) -> dict[str, object]:
    """Make an order of ``positions`` (item's place → its new position), and of a form's word a truth value."""
    named = {**named, "confirmed": named.get("confirmed") in _TICKED}
    positions = named.pop("positions", None)
    if positions is None:
        return named
    if not isinstance(positions, Mapping):
        raise _OutOfPlaceError("positions")
    every = [str(position) for position in range(1, count + 1)]
    taken = {_key_at(position, every): str(item) for item, position in positions.items()}
    if len(taken) != len(positions) or set(taken) != set(every):
        raise _OutOfPlaceError("positions")
    return {**named, "order": [taken[position] for position in every]}


def _as_mapping(malformed: str) -> dict[str, object]:
    try:
        payload = json.loads(malformed)
    except (ValueError, RecursionError):
        return {}
    return {str(name): value for name, value in payload.items()} if isinstance(payload, dict) else {}


def _truth_of_field(value: object) -> object:
    """Take the words of a form for truth values; an empty field says nothing."""
    if isinstance(value, str):
        return _TRUTHS.get(value, value) if value else None
    return value


_Translate: TypeAlias = Callable[[object, Keys], str]


def _translated(value: object, question: QuestionDefinition, layout: ItemLayout, name: str, translate: _Translate) -> object:
    """Change places into keys or keys into places, wherever the field of this kind holds them."""
    if isinstance(question.body, GapsBody):
        return _translated_gaps(value, question.body, layout, translate)
    values, names = _lists(question, layout, name)
    if not values:
        return list(value) if isinstance(value, tuple) else value
    if isinstance(value, Mapping):
        return {translate(key, names): translate(entry, values) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [translate(entry, values) for entry in value]
    return "" if value in (None, "") else translate(value, values)


def _lists(question: QuestionDefinition, layout: ItemLayout, name: str) -> tuple[Keys, Keys]:
    """Return which keys a field's values are chosen from, and which its names; both empty for plain fields."""
    orders = layout.orders
    match question.body, name:
        case SingleChoiceBody(), "choice":
            return orders[OPTIONS], ()
        case MultipleChoiceBody(), "choices":
            return orders[OPTIONS], ()
        case MatchingBody(), "matches":
            return orders[MATCHES], orders[ITEMS]
        case OrderingBody(), "order":
            return orders[ITEMS], ()
        case MatrixBody(columns, rows), "rows":
            return [column.key for column in columns], [row.key for row in rows]
        case _:
            return (), ()


def _translated_gaps(value: object, body: GapsBody, layout: ItemLayout, translate: _Translate) -> object:
    if not isinstance(value, Mapping):
        return value
    names = [gap.name for gap in body.gaps]
    translated: dict[str, object] = {}
    for name, entry in value.items():
        other = translate(name, names)
        gap = other if other in names else cast(str, name)
        choices = layout.orders.get(CHOICES) if body.drag else layout.orders.get(gap_order(gap))
        translated[other] = translate(entry, choices) if choices else entry
    return translated


def _key_at(position: object, keys: Keys) -> str:
    """Return the key in a place; an empty place stays empty."""
    if position is None or position == "":
        return ""
    text = str(position) if isinstance(position, int) and not isinstance(position, bool) else position
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= len(keys):
        raise _OutOfPlaceError("place")
    return keys[int(text) - 1]


def _place_of(key: object, keys: Keys) -> str:
    """Return the place of a key as text; empty where it is not offered (any more)."""
    return str(keys.index(cast(str, key)) + 1) if key in keys else ""


Parts: TypeAlias = Mapping[str, Sequence[str]]
ANSWER, UNIT, CONFIRMED, CERTAINTY, FILES = "answer", "unit", "confirmed", "certainty", "files"
GAP_UNIT = f"-{UNIT}"
"""Behind the number of a gap: its unit."""
OBJECTION, OBJECTION_REASON = "objection", "objection-reason"
OBJECTING = frozenset({OBJECTION, OBJECTION_REASON})
BESIDE = frozenset({ANSWER, UNIT, CONFIRMED, CERTAINTY, FILES}) | OBJECTING
"""Parts that are no row of the question."""
MAX_PARTS, MAX_VALUES, MAX_NAME = 120, 120, 40


def clean_parts(response: object) -> dict[str, list[str]]:
    """Keep of a response what has the shape of a form's parts, within bounds and as a database can hold it; never raises."""
    if not isinstance(response, Mapping):
        return {}
    parts: dict[str, list[str]] = {}
    for name, values in list(response.items())[:MAX_PARTS]:
        listed = [values] if isinstance(values, str) else values
        if isinstance(name, str) and len(name) <= MAX_NAME and isinstance(listed, list):
            parts[as_typed(name)] = [as_typed(value) for value in listed[:MAX_VALUES] if isinstance(value, str)]
    return parts


def filled_parts(parts: Parts) -> dict[str, list[str]]:
    """Return the parts without empty values: two responses that show alike are equal."""
    return {name: [value for value in values if value] for name, values in parts.items() if any(values)}


def says_the_same(response: object, other: object) -> bool:
    """Return whether two stored responses answer the same; pages with and without a script send the ends of lines differently.

    An objection is no part of the answer: a mark that a person gave stays whether or not there is one.
    """
    return _response_parts(response) == _response_parts(other)


def _response_parts(response: object) -> Parts:
    parts = filled_parts(clean_parts(response))
    return {name: [value.replace("\r\n", "\n") for value in values] for name, values in parts.items() if name not in OBJECTING}


@dataclass(frozen=True, slots=True)
class ObjectionNote:
    """A learner's word while answering that they object to a question, and why, as far as they have said so (spec/selection 5.2)."""

    reason: str = ""


def objection_in(response: object) -> ObjectionNote | None:
    """Return the objection that came with a stored response; None where there is none."""
    parts = clean_parts(response)
    return ObjectionNote("".join(parts.get(OBJECTION_REASON, ())[:1]).strip()) if any(parts.get(OBJECTION, ())) else None


def payload_of(question: QuestionDefinition, parts: Parts) -> dict[str, object]:
    """Give a form's parts the fields of the answer of this kind, places instead of keys."""
    first = next(iter(parts.get(ANSWER, ())), "")
    others = {name: values[0] for name, values in parts.items() if name not in BESIDE and values and values[0]}
    match question.kind:
        case QuestionKind.SINGLE:
            return {"choice": first}
        case QuestionKind.MULTIPLE:
            return {"choices": [value for value in parts.get(ANSWER, ()) if value]}
        case QuestionKind.TRUE_FALSE:
            return {"value": first}
        case QuestionKind.NUMERICAL | QuestionKind.CALCULATED:
            return {"text": first, "unit": next(iter(parts.get(UNIT, ())), "")}
        case QuestionKind.MATCHING:
            return {"matches": others}
        case QuestionKind.ORDERING:
            return {"positions": others, "confirmed": "true"} if others else {}
        case QuestionKind.GAPS:
            units = {name.removesuffix(GAP_UNIT): value for name, value in others.items() if name.endswith(GAP_UNIT)}
            values = {name: value for name, value in others.items() if not name.endswith(GAP_UNIT)}
            return {"values": values, **({"units": units} if units else {})}
        case QuestionKind.MATRIX:
            return {"rows": others}
        case QuestionKind.ESSAY | QuestionKind.FILE:
            return {"text": first, "files": list(dict.fromkeys(value for value in parts.get(FILES, ()) if value))}
        case _:
            return {"text": first}


def parts_of(question: QuestionDefinition, fields: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the form's parts that stand for the fields of an answer in places: the inverse of `payload_of`."""
    parts: dict[object, object]
    match question.kind:
        case QuestionKind.SINGLE:
            parts = {ANSWER: [fields.get("choice")]}
        case QuestionKind.MULTIPLE:
            parts = {ANSWER: fields.get("choices")}
        case QuestionKind.TRUE_FALSE:
            parts = {ANSWER: ["true" if fields.get("value") in (True, "true") else "false"]}
        case QuestionKind.GAPS:
            values, units = (_rows(fields.get(name)) for name in ("values", "units"))
            parts = {**{name: [value] for name, value in values.items()}, **{f"{name}{GAP_UNIT}": [value] for name, value in units.items()}}
        case QuestionKind.MATCHING | QuestionKind.MATRIX:
            rows = next((rows for rows in fields.values() if isinstance(rows, Mapping) and rows), {})
            parts = {name: [value] for name, value in rows.items()}
        case QuestionKind.ORDERING:
            order = fields.get("order")
            parts = {str(item): [str(at)] for at, item in enumerate(order if isinstance(order, list) else (), 1)}
        case _:
            parts = {ANSWER: [fields.get("text")], UNIT: [fields.get("unit")]}
    return {name: values for name, values in clean_parts(parts).items() if any(values)}


def _rows(sent: object) -> Mapping[object, object]:
    return sent if isinstance(sent, Mapping) else {}


def translated(answered: QuestionDefinition, other: QuestionDefinition, layout: ItemLayout, parts: Parts) -> Parts:
    """Return a response to one version as the places of another name it, by key (spec/quiz-engine 5.11.2);
    what cannot be read stays as it was typed.

    Options, pairs and items keep the attempt's own order, so their places stay; rows, columns and gaps are numbered by the version.
    """
    if not isinstance(answered.body, MatrixBody | GapsBody):
        return parts
    answer = answer_from_page(answered, layout, payload_of(answered, parts))
    if isinstance(answer, MalformedAnswer):
        return parts
    return {**parts_of(other, page_from_answer(other, layout, answer)), **{name: parts[name] for name in (CERTAINTY,) if name in parts}}


MEGABYTE = 1_000_000
ESSAY_FILES = ("pdf", "docx", "odt", "txt", "xlsx", "ods", "pptx", "odp", "jpg", "jpeg", "png")
ESSAY_SIZE = 10
NEVER = frozenset({"svg"})
"""Kinds that courses may hold and a learner may not send: drawings that can run."""
KEPT_TIMES = 5
"""What was taken away stays in the record of an answer: with it somebody may fill their room so many times."""


class UploadRefusal(StrEnum):
    """Why a file is not taken."""

    KIND = "kind"
    CONTENT = "content"
    PICTURE = "picture"
    SIZE = "size"
    EMPTY = "empty"
    COUNT = "count"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """The upload limits of a question: extensions in lower case, number of files, bytes of each."""

    accept: tuple[str, ...]
    files: int
    size: int


def upload_limits(question: QuestionDefinition) -> UploadLimits | None:
    """Return the upload limits of a question; None where it takes no files."""
    match question.body:
        case FileBody(accept, files, size):
            extensions = tuple(extension.lower().lstrip(".") for extension in accept)
            return UploadLimits(
                tuple(extension_name for extension_name in extensions if extension_name not in NEVER), files, size * MEGABYTE
            )
        case EssayBody(files=files) if files:
            return UploadLimits(ESSAY_FILES, files, ESSAY_SIZE * MEGABYTE)
        case _:
            return None


def room_left(room: int, present: int, ever: int) -> int:
    """Return how many bytes a person may still upload who has so many in their answers, and uploaded so many in all."""
    return min(room - present, KEPT_TIMES * room - ever)


def count_words(text: str) -> int:
    """Count the words of a text: what is between spaces and has an alphanumeric character."""
    return sum(any(sign.isalnum() for sign in piece) for piece in text.split())


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A file of an answer."""

    uuid: UUID
    item_id: int
    name: str
    size: int
    uploaded_at: datetime
    sha256: str
