"""A few draws of a calculated question, so that who writes it sees which numbers learners get."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from courses.content.model import CourseFolder
from kernel.expressions import ExpressionError, evaluate
from kernel.i18n import number
from quizzes.pages.banks import find_question
from quizzes.rules.definitions import CalculatedBody
from quizzes.rules.item_layout import NoVariablesError, draw_variables
from quizzes.rules.question_variables import QuestionVariable

DRAWS = 5
DECIMALS_OF_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class VariableSamples:
    """Draws as a table: the names of the variables, the formulas of the answers (whether right), and the numbers of each draw."""

    names: tuple[str, ...]
    answers: tuple[tuple[str, bool], ...]
    draws: tuple[tuple[str, ...], ...]


def samples_of(folder: CourseFolder | None, key: str) -> VariableSamples | None:
    """Return draws of a question; None where it is not calculated, or where its numbers cannot be drawn or calculated."""
    located = find_question(folder, key) if folder is not None else None
    if located is None or not isinstance(located[0].body, CalculatedBody) or not located[0].body.variables:
        return None
    body = located[0].body
    try:
        draws = tuple(_draw(body, seed) for seed in range(1, DRAWS + 1))
    except (NoVariablesError, ExpressionError):
        return None
    answers = tuple((answer.expression, answer.right) for answer in body.answers)
    return VariableSamples(tuple(variable.name for variable in body.variables), answers, draws)


def _draw(body: CalculatedBody, seed: int) -> tuple[str, ...]:
    drawn = draw_variables(body, seed, "1")
    names = {**body.parameters, **drawn}
    results = (_format_value(evaluate(answer.expression, names), body.decimals) for answer in body.answers)
    return (*(_variable(variable, drawn) for variable in body.variables), *results)


def _variable(variable: QuestionVariable, drawn: Mapping[str, Fraction]) -> str:
    return number(float(drawn[variable.name]), variable.decimals)


def _format_value(value: Fraction, decimals: int | None) -> str:
    return number(float(value), decimals) if decimals is not None else number(round(float(value), DECIMALS_OF_SAMPLES))
