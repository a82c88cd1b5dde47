"""Marking of typed quantities: value, unit and tolerance of numerical and calculated questions (spec/quiz-engine 5.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, evaluate
from quizzes.rules.answers import NumberAnswer
from quizzes.rules.definitions import CalculatedAnswer, CalculatedBody, NumericalBody, Texts, Tolerance, UnitPenaltyOf
from quizzes.rules.numbers import Convention, ParsedNumber, is_within, read_number, split_unit

_NOTHING = Fraction(0)
_DOLLARS = {"USD": "$"}


@dataclass(frozen=True, slots=True)
class TypedQuantity:
    """A typed quantity: the number as read, and its unit where one is asked for ("" where it is missing or unknown)."""

    reading: ParsedNumber
    unit: str


@dataclass(frozen=True, slots=True)
class QuantityMark:
    """The share, the place of the answer that matched, and whether the unit took something off."""

    fraction: Fraction
    matched: int | None = None
    unit_wrong: bool = False


@dataclass(frozen=True, slots=True)
class _Expected:
    """An answer to compare with; value None takes any number."""

    value: Fraction | None
    credit: Fraction
    tolerance: Tolerance


def read_quantity(body: NumericalBody | CalculatedBody, number: NumberAnswer, convention: Convention) -> TypedQuantity | None:
    """Read number and unit as typed; None where the number cannot be read. Also serves "interpreted as …"."""
    text, _ = split_unit(number.text, _shown_units(body.unit))
    text, typed_unit = split_unit(text, tuple(body.units))
    reading = read_number(text, convention)
    given = number.unit.strip() or typed_unit
    return None if reading is None else TypedQuantity(reading, given if given in body.units else "")


def mark_numerical(body: NumericalBody, number: NumberAnswer, convention: Convention) -> QuantityMark | None:
    """Judge by the first answer that matches; None where no number can be read."""
    expected = [_Expected(answer.value, answer.credit, answer.tolerance or body.tolerance) for answer in body.answers]
    return _judge(body, number, expected, convention)


def mark_calculated(
    body: CalculatedBody, number: NumberAnswer, variables: Mapping[str, Fraction], convention: Convention
) -> QuantityMark | None:
    """Judge as numerical, after computing the answers; one that has no value for these variables matches nothing.

    Where decimals are asked for and nothing else is tolerated, the rounded value is right too.
    """
    expected: list[_Expected | None] = []
    for answer in body.answers:
        value = computed(answer.expression, body, variables)
        expected.append(None if value is None else _Expected(value, answer.credit, tolerance_of(body, answer, value)))
    return _judge(body, number, expected, convention)


def computed(expression: str, body: CalculatedBody, variables: Mapping[str, Fraction]) -> Fraction | None:
    """Return the value of an answer's expression in this attempt; None where it has none."""
    try:
        return evaluate(expression, {**body.parameters, **variables})
    except ExpressionError:
        return None


def tolerance_of(body: CalculatedBody, answer: CalculatedAnswer, value: Fraction) -> Tolerance:
    """Return what an answer with this value tolerates; where decimals are asked for and nothing else is, its own rounding."""
    tolerance = answer.tolerance or body.tolerance
    if tolerance.amount or body.decimals is None:
        return tolerance
    return Tolerance(amount=abs(value - round_half_up(value, body.decimals)))


def _judge(
    body: NumericalBody | CalculatedBody, number: NumberAnswer, expected: Sequence[_Expected | None], convention: Convention
) -> QuantityMark | None:
    quantity = read_quantity(body, number, convention)
    if quantity is None:
        return None
    value = quantity.reading.value * body.units.get(quantity.unit, Fraction(1))
    for at, answer in enumerate(expected):
        if answer is not None and (answer.value is None or is_within(value, answer.value, answer.tolerance)):
            return _with_unit(body, quantity, answer.credit, at)
    return QuantityMark(_NOTHING)


def _with_unit(body: NumericalBody | CalculatedBody, quantity: TypedQuantity, credit: Fraction, at: int) -> QuantityMark:
    """Take the unit's penalty off a credit, of the mark or of the maximum, down to nothing."""
    if not body.units or quantity.unit:
        return QuantityMark(credit, at)
    loss = body.unit_penalty * (credit if body.unit_penalty_of is UnitPenaltyOf.MARK else 1)
    return QuantityMark(max(_NOTHING, credit - loss) if credit > 0 else credit, at, unit_wrong=True)


def _shown_units(unit: Texts | None) -> tuple[str, ...]:
    """Return the shown unit in all languages; people write it although it stands beside the field."""
    units = tuple(dict.fromkeys(unit.values())) if unit else ()
    return units + tuple(_DOLLARS[word] for word in units if word in _DOLLARS)
