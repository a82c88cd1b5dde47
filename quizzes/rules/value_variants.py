"""The values that a question's variables can have together, each a variant with a facility of its own (spec/selection 1.23).

The name of a variant says its values, so that it is the same in every version and on every machine: `a=5/2 b=3`.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from kernel.codes import round_half_up
from quizzes.rules.definitions import CalculatedBody, QuestionDefinition, SingleChoiceBody
from quizzes.rules.item_layout import is_allowed
from quizzes.rules.question_variables import ChoiceNumbers, QuestionVariable, VariableRange

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
