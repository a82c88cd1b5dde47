"""The layout of one question in one attempt: the order of what it offers and the values of its variables, drawn from a seed."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import unescape
from itertools import count
from typing import TypeVar

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, evaluate, holds
from questions.rules import definitions
from questions.rules.numbers import Convention, convention_for, write_number

_Entry = TypeVar("_Entry")
_BITS = 64
_WORDS = 2**_BITS


class SeededRandom:
    """The stream of numbers of one seed, slot and purpose."""

    def __init__(self, seed: int, slot: str, purpose: str) -> None:
        if not 0 <= seed < _WORDS:
            raise ValueError("a seed has 64 bits")
        self._words = _stream(f"{seed:016x}/{slot}/{purpose}")

    def below(self, limit: int) -> int:
        """Return the next number from 0 to ``limit`` − 1, all equally likely."""
        digits = max(1, -(-(limit - 1).bit_length() // _BITS))
        whole = _WORDS**digits
        end = whole - whole % limit
        return next(number for number in iter(lambda: self._joined(digits), None) if number < end) % limit

    def _joined(self, digits: int) -> int:
        number = 0
        for _ in range(digits):
            number = number << _BITS | next(self._words)
        return number

    def shuffled(self, entries: Sequence[_Entry]) -> tuple[_Entry, ...]:
        """Return the entries in a random order."""
        mixed = list(entries)
        for at in range(len(mixed) - 1, 0, -1):
            other = self.below(at + 1)
            mixed[at], mixed[other] = mixed[other], mixed[at]
        return tuple(mixed)


def _stream(name: str) -> Iterator[int]:
    for block in count():  # pragma: no branch - without end
        digest = hashlib.sha256(f"{name}/{block}".encode()).digest()
        for at in range(0, len(digest), 8):
            yield int.from_bytes(digest[at : at + 8], "big")


EXPRESSION = re.compile(r"\{=([^{}]*)=\}")
MOST_DECIMALS = 6


def expressions_in(options: Sequence[definitions.Option]) -> Iterator[str]:
    """Yield the expressions in the texts of options."""
    for option in options:
        for text in option.text.values():
            yield from (unescape(match[1]).strip() for match in EXPRESSION.finditer(text))


def filled_choice(text: str, numbers: definitions.ChoiceNumbers, values: Mapping[str, Fraction], convention: Convention) -> str:
    """Return the text of an option with its expressions calculated; raise ExpressionError."""
    known = {**numbers.parameters, **values}

    def number(match: re.Match[str]) -> str:
        digits = MOST_DECIMALS if numbers.decimals is None else numbers.decimals
        return write_number(evaluate(unescape(match[1]).strip(), known), convention, digits, keep_zeros=numbers.decimals is not None)

    return EXPRESSION.sub(number, text)


def filled_texts(
    texts: definitions.Texts, numbers: definitions.ChoiceNumbers, values: Mapping[str, Fraction], convention: Convention
) -> definitions.Texts:
    """Return the text of an option in every language, with its numbers as the attempt writes them; raise ExpressionError."""
    return {language: filled_choice(text, numbers, values, convention) for language, text in texts.items()}


def are_apart(options: Sequence[definitions.Option], numbers: definitions.ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
    """Return whether no two options read the same with these values, in any language; raise ExpressionError."""
    for language in {language for option in options for language in option.text}:
        convention = convention_for(language)
        read = [filled_choice(option.text[language], numbers, values, convention) for option in options if language in option.text]
        if len({" ".join(text.split()) for text in read}) < len(read):
            return False
    return True


OPTIONS = "options"
ITEMS = "items"
MATCHES = "matches"
CHOICES = "choices"
MAX_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class ItemLayout:
    """Keys in the order shown, by name of the list (``options``, ``items``, ``matches``, ``choices``, ``gap:name``); drawn values.

    Empty for kinds that have neither. Stored with the attempt and never computed again.
    """

    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, Fraction] = field(default_factory=dict)


class NoVariablesError(ValueError):
    """No draw of a calculated question's variables met its conditions."""


def lay_out_item(
    question: definitions.QuestionDefinition, seed: int, slot: str, *, shuffle: bool, values: Mapping[str, Fraction] | None = None
) -> ItemLayout:
    """Draw the orders and variables of a question in a slot; ``shuffle`` is the quiz's setting; ``values`` were drawn before.

    Options are mixed where quiz and question allow it. Matches, items to order and dragged choices are always mixed,
    because the order in which they were written is the answer; they are sorted by their keys before, so that questions that
    differ only in what is right are laid out alike (spec/security 5.1). Raises NoVariablesError.
    """
    return ItemLayout(_orders(question, seed, slot, shuffle), values or _variables(question, seed, slot))


def _variables(question: definitions.QuestionDefinition, seed: int, slot: str) -> Mapping[str, Fraction]:
    if isinstance(question.body, definitions.CalculatedBody):
        return draw_variables(question.body, seed, slot)
    if isinstance(question.body, definitions.SingleChoiceBody) and question.body.numbers is not None:
        return draw_variables(question.body.numbers, seed, slot, question.body.options)
    return {}


def draw_variables(
    body: definitions.CalculatedBody | definitions.ChoiceNumbers, seed: int, slot: str, options: Sequence[definitions.Option] = ()
) -> Mapping[str, Fraction]:
    """Draw values until all conditions hold; try 1 uses the purpose ``variables:0`` and so on. Raises NoVariablesError.

    With calculated options a draw in which two of them read the same is rejected (spec/selection 1.23).
    """
    for attempt in range(MAX_DRAWS):
        chance = SeededRandom(seed, slot, f"variables:{attempt}")
        values = {variable.name: _drawn(variable, chance) for variable in body.variables}
        if is_allowed(body, values, options):
            return values
    raise NoVariablesError(f"no values in {MAX_DRAWS} draws meet the conditions")


def is_allowed(
    body: definitions.CalculatedBody | definitions.ChoiceNumbers, values: Mapping[str, Fraction], options: Sequence[definitions.Option] = ()
) -> bool:
    """Return whether a question may be asked with these values: all conditions hold, and calculated options differ."""
    return _all_hold(body, values) and (isinstance(body, definitions.CalculatedBody) or _are_apart(options, body, values))


def _are_apart(options: Sequence[definitions.Option], numbers: definitions.ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
    try:
        return are_apart(options, numbers, values)
    except ExpressionError:
        return False


def carry_over(previous: ItemLayout, fresh: ItemLayout, *, same_version: bool) -> ItemLayout:
    """Return the layout for an attempt that builds on the last: the old one while the version is the same (spec/quiz-engine 5.2.3)."""
    return previous if same_version else fresh


def gap_order(name: str) -> str:
    """Return the name of the order of a gap's options."""
    return f"gap:{name}"


def _all_hold(body: definitions.CalculatedBody | definitions.ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
    names = {**body.parameters, **values}
    try:
        return all(holds(condition, names) for condition in body.conditions)
    except ExpressionError:
        return False


def _drawn(variable: definitions.QuestionVariable, chance: SeededRandom) -> Fraction:
    if isinstance(variable.values, definitions.VariableRange):
        span = variable.values
        steps = (span.high - span.low) // span.step + 1
        value = span.low + span.step * chance.below(steps)
    else:
        value = variable.values[chance.below(len(variable.values))]
    return value if variable.decimals is None else round_half_up(value, variable.decimals)


def _orders(question: definitions.QuestionDefinition, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    match question.body:
        case definitions.SingleChoiceBody(options, mixed) | definitions.MultipleChoiceBody(options, _, mixed):
            return {OPTIONS: _option_order(options, SeededRandom(seed, slot, OPTIONS) if shuffle and mixed else None)}
        case definitions.MatchingBody() as matching:
            return _matching_orders(matching, seed, slot, shuffle)
        case definitions.OrderingBody(items):
            return {ITEMS: _disordered([item.key for item in items], SeededRandom(seed, slot, ITEMS))}
        case definitions.GapsBody() as gaps:
            return _gap_orders(gaps, seed, slot, shuffle)
        case _:
            return {}


def _option_order(options: Sequence[definitions.Option], chance: SeededRandom | None) -> tuple[str, ...]:
    """Mix the options that are not fixed among their own places."""
    keys = [option.key for option in options]
    if chance is None:
        return tuple(keys)
    return mixed_in_place(keys, [not option.fixed for option in options], chance)


def mixed_in_place(entries: Sequence[_Entry], movable: Sequence[bool], chance: SeededRandom) -> tuple[_Entry, ...]:
    """Mix the movable entries among the places of movable ones; the others stay."""
    mixed = iter(chance.shuffled([entry for entry, moves in zip(entries, movable, strict=True) if moves]))
    return tuple(next(mixed) if moves else entry for entry, moves in zip(entries, movable, strict=True))


def _matching_orders(body: definitions.MatchingBody, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    items = tuple(pair.key for pair in body.pairs)
    if shuffle and body.shuffle:
        items = SeededRandom(seed, slot, ITEMS).shuffled(items)
    matches = sorted({*(pair.match_key for pair in body.pairs), *(label.key for label in body.extra)})
    return {ITEMS: items, MATCHES: SeededRandom(seed, slot, MATCHES).shuffled(matches)}


def _gap_orders(body: definitions.GapsBody, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    orders: dict[str, tuple[str, ...]] = {}
    if body.drag:
        orders[CHOICES] = SeededRandom(seed, slot, CHOICES).shuffled(sorted(label.key for label in body.choices))
    for gap in body.gaps:
        if isinstance(gap.body, definitions.SingleChoiceBody):
            name = gap_order(gap.name)
            mixing = shuffle and gap.body.shuffle
            orders[name] = _option_order(gap.body.options, SeededRandom(seed, slot, name) if mixing else None)
    return orders


def _disordered(keys: Sequence[str], chance: SeededRandom) -> tuple[str, ...]:
    """Mix until the order is not the right one, which would be an answer given away."""
    mixed = chance.shuffled(sorted(keys))
    while mixed == tuple(keys) and len(keys) > 1:
        mixed = chance.shuffled(sorted(keys))
    return mixed


@dataclass(frozen=True, slots=True)
class LoadedItem:
    """One question of an attempt, as laid out."""

    id: int
    position: int
    number: int | None
    page: int
    section: int
    question_version_id: int
    maximum: Fraction
    layout: ItemLayout
    flagged: bool
    require_previous: bool = False
    void_effect: str = ""
    """`full_credit` or `removed` where the question was voided (spec/quiz-engine 5.11.4), and the regrade that did it."""
    voided_by: int | None = None
