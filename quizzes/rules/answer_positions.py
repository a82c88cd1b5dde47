"""Between the page and the answer: pages name what they offer by its place in the attempt's own order, never by key.

A place is a whole number from 1, as a number or as text ("2"). The payload has the fields of ``answers``; lists and
mappings hold places where the answer holds keys, and gaps are named by their place in the question; an ordering may send
``positions`` (item's place → new position) instead of ``order``. What a page may
know of a question is therefore the same whatever its key is (spec/content-format 3.3, spec/security 5.1).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from quizzes.rules.answers import Answer, MalformedAnswer, as_typed, read_answer
from quizzes.rules.definitions import (
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    OrderingBody,
    QuestionDefinition,
    SingleChoiceBody,
    TrueFalseBody,
)
from quizzes.rules.item_layout import CHOICES, ITEMS, MATCHES, OPTIONS, ItemLayout, gap_order

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
