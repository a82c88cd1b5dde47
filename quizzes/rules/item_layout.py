"""The layout of one question in one attempt: the order of what it offers, and the values of its variables.

spec/quiz-engine 5.2.5; spec/quiz-engine 5.2.6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, holds
from quizzes.rules.calculated_choices import are_apart
from quizzes.rules.definitions import (
    CalculatedBody,
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    Option,
    OrderingBody,
    QuestionDefinition,
    SingleChoiceBody,
)
from quizzes.rules.question_variables import ChoiceNumbers, QuestionVariable, VariableRange
from quizzes.rules.seeded_random import SeededRandom

OPTIONS = "options"
ITEMS = "items"
MATCHES = "matches"
CHOICES = "choices"
MAX_DRAWS = 1000

_Entry = TypeVar("_Entry")


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
    question: QuestionDefinition, seed: int, slot: str, *, shuffle: bool, values: Mapping[str, Fraction] | None = None
) -> ItemLayout:
    """Draw the orders and variables of a question in a slot; ``shuffle`` is the quiz's setting; ``values`` were drawn before.

    Options are mixed where quiz and question allow it. Matches, items to order and dragged choices are always mixed,
    because the order in which they were written is the answer; they are sorted by their keys before, so that questions that
    differ only in what is right are laid out alike (spec/security 5.1). Raises NoVariablesError.
    """
    return ItemLayout(_orders(question, seed, slot, shuffle), values or _variables(question, seed, slot))


def _variables(question: QuestionDefinition, seed: int, slot: str) -> Mapping[str, Fraction]:
    if isinstance(question.body, CalculatedBody):
        return draw_variables(question.body, seed, slot)
    if isinstance(question.body, SingleChoiceBody) and question.body.numbers is not None:
        return draw_variables(question.body.numbers, seed, slot, question.body.options)
    return {}


def draw_variables(body: CalculatedBody | ChoiceNumbers, seed: int, slot: str, options: Sequence[Option] = ()) -> Mapping[str, Fraction]:
    """Draw values until all conditions hold; try 1 uses the purpose ``variables:0`` and so on. Raises NoVariablesError.

    With calculated options a draw in which two of them read the same is rejected (spec/selection 1.23).
    """
    for attempt in range(MAX_DRAWS):
        chance = SeededRandom(seed, slot, f"variables:{attempt}")
        values = {variable.name: _drawn(variable, chance) for variable in body.variables}
        if is_allowed(body, values, options):
            return values
    raise NoVariablesError(f"no values in {MAX_DRAWS} draws meet the conditions")


def is_allowed(body: CalculatedBody | ChoiceNumbers, values: Mapping[str, Fraction], options: Sequence[Option] = ()) -> bool:
    """Return whether a question may be asked with these values: all conditions hold, and calculated options differ."""
    return _all_hold(body, values) and (isinstance(body, CalculatedBody) or _are_apart(options, body, values))


def _are_apart(options: Sequence[Option], numbers: ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
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


def _all_hold(body: CalculatedBody | ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
    names = {**body.parameters, **values}
    try:
        return all(holds(condition, names) for condition in body.conditions)
    except ExpressionError:
        return False


def _drawn(variable: QuestionVariable, chance: SeededRandom) -> Fraction:
    if isinstance(variable.values, VariableRange):
        span = variable.values
        steps = (span.high - span.low) // span.step + 1
        value = span.low + span.step * chance.below(steps)
    else:
        value = variable.values[chance.below(len(variable.values))]
    return value if variable.decimals is None else round_half_up(value, variable.decimals)


def _orders(question: QuestionDefinition, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    match question.body:
        case SingleChoiceBody(options, mixed) | MultipleChoiceBody(options, _, mixed):
            return {OPTIONS: _option_order(options, SeededRandom(seed, slot, OPTIONS) if shuffle and mixed else None)}
        case MatchingBody() as matching:
            return _matching_orders(matching, seed, slot, shuffle)
        case OrderingBody(items):
            return {ITEMS: _disordered([item.key for item in items], SeededRandom(seed, slot, ITEMS))}
        case GapsBody() as gaps:
            return _gap_orders(gaps, seed, slot, shuffle)
        case _:
            return {}


def _option_order(options: Sequence[Option], chance: SeededRandom | None) -> tuple[str, ...]:
    """Mix the options that are not fixed among their own places."""
    keys = [option.key for option in options]
    if chance is None:
        return tuple(keys)
    return mixed_in_place(keys, [not option.fixed for option in options], chance)


def mixed_in_place(entries: Sequence[_Entry], movable: Sequence[bool], chance: SeededRandom) -> tuple[_Entry, ...]:
    """Mix the movable entries among the places of movable ones; the others stay."""
    mixed = iter(chance.shuffled([entry for entry, moves in zip(entries, movable, strict=True) if moves]))
    return tuple(next(mixed) if moves else entry for entry, moves in zip(entries, movable, strict=True))


def _matching_orders(body: MatchingBody, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    items = tuple(pair.key for pair in body.pairs)
    if shuffle and body.shuffle:
        items = SeededRandom(seed, slot, ITEMS).shuffled(items)
    matches = sorted({*(pair.match_key for pair in body.pairs), *(label.key for label in body.extra)})
    return {ITEMS: items, MATCHES: SeededRandom(seed, slot, MATCHES).shuffled(matches)}


def _gap_orders(body: GapsBody, seed: int, slot: str, shuffle: bool) -> Mapping[str, tuple[str, ...]]:
    orders: dict[str, tuple[str, ...]] = {}
    if body.drag:
        orders[CHOICES] = SeededRandom(seed, slot, CHOICES).shuffled(sorted(label.key for label in body.choices))
    for gap in body.gaps:
        if isinstance(gap.body, SingleChoiceBody):
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
