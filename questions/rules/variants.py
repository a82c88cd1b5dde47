"""Variants of a calculated question: the values that draws tell apart, and families with fixed values."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import product
from math import prod

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, holds
from questions.rules.definitions import (
    CalculatedAnswer,
    CalculatedBody,
    ChoiceNumbers,
    QuestionDefinition,
    QuestionVariable,
    SingleChoiceBody,
    Tolerance,
    VariableRange,
)
from questions.rules.item_layout import NoVariablesError, draw_variables, is_allowed
from questions.rules.marking import computed, tolerance_of
from questions.rules.numbers import ends_of, is_within

MOST_VALUE_VARIANTS = 50
"""Variants of one question that draws tell apart."""
MOST_COMBINATIONS = 1_000
"""Values together that are looked at, before conditions."""
LONGEST_NAME = 80


def numbers_of(question: QuestionDefinition) -> CalculatedBody | ChoiceNumbers | None:
    """Return the part of a question that has variables; None where its numbers are the same for everybody."""
    body = question.body
    if isinstance(body, CalculatedBody):
        return body if body.variables else None
    return body.numbers if isinstance(body, SingleChoiceBody) and body.numbers is not None and body.numbers.variables else None


def variant_name(values: Mapping[str, Fraction]) -> str:
    """Return the name of a variant."""
    return " ".join(f"{name}={value}" for name, value in sorted(values.items()))


def values_of_variant(name: str) -> dict[str, Fraction]:
    """Return the values that the name of a variant says."""
    return {variable: Fraction(value) for variable, _sign, value in (part.partition("=") for part in name.split())}


def variants_of(question: QuestionDefinition) -> tuple[str, ...] | None:
    """Return the names of a question's variants in their order; None where there are too many, none, or their names are too long."""
    numbers = numbers_of(question)
    if numbers is None or prod(_size(variable) for variable in numbers.variables) > MOST_COMBINATIONS:
        return None
    options = question.body.options if isinstance(question.body, SingleChoiceBody) else ()
    names = [variable.name for variable in numbers.variables]
    combined = (dict(zip(names, values, strict=True)) for values in product(*map(_values_of_variable, numbers.variables)))
    variant_names = sorted({variant_name(values) for values in combined if is_allowed(numbers, values, options)})
    return tuple(variant_names) if 0 < len(variant_names) <= MOST_VALUE_VARIANTS and max(map(len, variant_names)) <= LONGEST_NAME else None


def _size(variable: QuestionVariable) -> int:
    if isinstance(variable.values, VariableRange):
        return int((variable.values.high - variable.values.low) // variable.values.step) + 1
    return len(variable.values)


def _values_of_variable(variable: QuestionVariable) -> Sequence[Fraction]:
    return [value if variable.decimals is None else round_half_up(value, variable.decimals) for value in _steps(variable)]


def _steps(variable: QuestionVariable) -> Iterator[Fraction]:
    if isinstance(variable.values, VariableRange):
        span = variable.values
        yield from (span.low + span.step * at for at in range(_size(variable)))
    else:
        yield from variable.values


MOST_VARIANTS = 200
"""Variants that one family gets at once."""
TRIES = 50
"""Draws for each variant that is wanted; those that are too much like another one are passed over while there are others."""
Values = Mapping[str, Fraction]


class VariantRemarkKind(StrEnum):
    """The ways in which a variant is no use, or gives another one away."""

    SAME_VALUES = "same_values"
    SAME_KEY = "same_key"
    """The key of one is right for the other too."""
    NEAR_KEY = "near_key"
    """Neither key is right for the other, and some numbers are right for both."""
    MISTAKE = "mistake"
    """A typical wrong answer is taken for right."""
    LESSON = "lesson"
    """A lesson works out an example with these numbers."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant: its name, the values of its variables, its key with its tolerance, and the values of typical wrong answers."""

    name: str
    values: Values
    key: Fraction
    tolerance: Tolerance
    mistakes: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class VariantRemark:
    """Something about one variant or two; `detail` is the expression of a wrong answer or the title of a lesson."""

    kind: VariantRemarkKind
    names: tuple[str, ...]
    detail: str = ""


class ValuesRefused(ValueError):
    """These values cannot be a variant: they break `condition`, or, where it is "", an answer has no value for them."""

    def __init__(self, condition: str = "") -> None:
        super().__init__(condition)
        self.condition = condition


def variant_of(body: CalculatedBody, name: str, values: Values) -> Variant:
    """Return the variant with these values; raise ValuesRefused."""
    known = {**body.parameters, **values}
    for condition in body.conditions:
        try:
            if not holds(condition, known):
                raise ValuesRefused(condition)
        except ExpressionError as error:
            raise ValuesRefused(condition) from error
    right = right_answer(body)
    key = computed(right.expression, body, values) if right is not None else None
    if right is None or key is None:
        raise ValuesRefused
    wrong = ((answer.expression, computed(answer.expression, body, values)) for answer in body.answers if not answer.right)
    mistakes = tuple((expression, value) for expression, value in wrong if value is not None)
    return Variant(name, values, key, tolerance_of(body, right, key), mistakes)


def right_answer(body: CalculatedBody) -> CalculatedAnswer | None:
    """Return the answer that is the key; None where there is none."""
    return next((answer for answer in body.answers if answer.right), None)


def draw_variants(
    body: CalculatedBody, names: Sequence[str], present: Sequence[Variant], lessons: Mapping[str, frozenset[Fraction]]
) -> list[Variant]:
    """Draw a variant for each name: those that nothing can be said against first, then others with other values, as many as there are.

    The same names of the same question always get the same values.
    """
    clean, doubtful = list[Variant](), list[Variant]()
    seed = int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:8], "big")
    met = {_sorted_values(variant) for variant in present}
    for number in range(TRIES * len(names)):
        if len(clean) == len(names):
            break
        try:
            drawn = variant_of(body, names[len(clean)], draw_variables(body, seed, str(number)))
        except (NoVariablesError, ValuesRefused):
            continue
        if _sorted_values(drawn) in met:
            continue
        met.add(_sorted_values(drawn))
        others = (*present, *clean)
        (doubtful if any(remarks_on(drawn, others, lessons)) else clean).append(drawn)
    rest = zip(names[len(clean) :], doubtful, strict=False)
    return [
        *clean,
        *(
            Variant(name, doubtful_variant.values, doubtful_variant.key, doubtful_variant.tolerance, doubtful_variant.mistakes)
            for name, doubtful_variant in rest
        ),
    ]


def _sorted_values(variant: Variant) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted(variant.values.items()))


def remarks_of(
    variants: Sequence[Variant], lessons: Mapping[str, frozenset[Fraction]], present: Sequence[Variant] = ()
) -> list[VariantRemark]:
    """Return the remarks on variants, each against those before it and against those that the family had."""
    remarks = list[VariantRemark]()
    for at, variant in enumerate(variants):
        remarks += remarks_on(variant, (*present, *variants[:at]), lessons)
    return sorted(remarks, key=lambda remark: list(VariantRemarkKind).index(remark.kind))


def remarks_on(variant: Variant, others: Iterable[Variant], lessons: Mapping[str, frozenset[Fraction]]) -> Iterator[VariantRemark]:
    """Yield the remarks on a variant by itself, and beside others."""
    for expression, value in variant.mistakes:
        if is_within(value, variant.key, variant.tolerance):
            yield VariantRemark(VariantRemarkKind.MISTAKE, (variant.name,), expression)
    for title, numbers in lessons.items():
        if _is_worked_in(variant, numbers):
            yield VariantRemark(VariantRemarkKind.LESSON, (variant.name,), title)
    for other in others:
        kind = _likeness(other, variant)
        if kind is not None:
            yield VariantRemark(kind, (other.name, variant.name))


def _is_worked_in(variant: Variant, numbers: frozenset[Fraction]) -> bool:
    """Return whether a text has all values of a variant: of a single variable its key too, because one number says little."""
    needed = {*variant.values.values(), variant.key} if len(variant.values) == 1 else set(variant.values.values())
    return needed <= numbers


def _likeness(variant: Variant, other: Variant) -> VariantRemarkKind | None:
    if _sorted_values(variant) == _sorted_values(other):
        return VariantRemarkKind.SAME_VALUES
    if is_within(variant.key, other.key, other.tolerance) or is_within(other.key, variant.key, variant.tolerance):
        return VariantRemarkKind.SAME_KEY
    low, high = sorted((ends_of(variant.key, variant.tolerance), ends_of(other.key, other.tolerance)))
    return VariantRemarkKind.NEAR_KEY if low[1] >= high[0] else None
