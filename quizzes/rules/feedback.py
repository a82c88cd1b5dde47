"""What the author wrote for an answer: the feedback of what decided a part, and the right answer to show."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from quizzes.rules.answers import Answer, Choice, Choices, Filled, Matches, Number, Order, Rows, Text, Truth
from quizzes.rules.definitions import (
    Calculated,
    CalculatedAnswer,
    Gap,
    Gaps,
    Matching,
    Matrix,
    Multiple,
    Numerical,
    NumericalAnswer,
    Option,
    Ordering,
    Question,
    Short,
    ShortAnswer,
    Single,
    Texts,
    TrueFalse,
)
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.numbers import Convention, write_number
from quizzes.rules.quantities import computed
from quizzes.rules.results import PartMark

_SHOWN_DECIMALS = 6
_Answer = TypeVar("_Answer", Option, ShortAnswer, NumericalAnswer, CalculatedAnswer)


def why(question: Question, part: PartMark) -> Texts | None:
    """Return the feedback that the author wrote for what decided a part; None where there is none."""
    match question.body:
        case Gaps(gaps):
            bodies = {gap.name: gap.body for gap in gaps}
            return _why_of(bodies[part.part], part) if part.part in bodies else None
        case body:
            return _why_of(body, part)


def right_answer(question: Question, layout: ItemLayout, language: str, convention: Convention) -> Answer | None:
    """Return the answer with full credit as a learner would give it; None where there is none (essays, surveys).

    Patterns are shown as written, with their stars; computed numbers have as many decimals as are asked for, else up to six.
    """
    match question.body:
        case TrueFalse(answer):
            return Truth(answer)
        case Multiple(options):
            return Choices(tuple(sorted(option.key for option in options if option.right)))
        case Matching(pairs):
            return Matches({pair.key: pair.match_key for pair in pairs})
        case Ordering(items):
            return Order(tuple(item.key for item in items), confirmed=True)
        case Matrix(_, rows, False):
            return Rows({row.key: row.answer or "" for row in rows})
        case Gaps() as body:
            return Filled({gap.name: _right_gap(gap, drag=body.drag, language=language, convention=convention) for gap in body.gaps})
        case body:
            return _right_of_one(body, layout, language, convention)


def _right_of_one(body: object, layout: ItemLayout, language: str, convention: Convention) -> Answer | None:
    match body:
        case Single(options):
            return Choice(_best(options).key)
        case Short(answers) if answers:
            return Text(_in_language(_best(answers).patterns, language))
        case Numerical() as numerical:
            return Number(_written(_best(numerical.answers).value, None, convention))
        case Calculated() as calculated:
            value = computed(_best(calculated.answers).expression, calculated, layout.variables)
            return Number(_written(value, calculated.decimals, convention))
        case _:
            return None


def _right_gap(gap: Gap, *, drag: bool, language: str, convention: Convention) -> str:
    if drag and isinstance(gap.body, Short):
        return _best(gap.body.answers).key
    match _right_of_one(gap.body, ItemLayout(), language, convention):
        case Choice(text) | Text(text) | Number(text):
            return text
        case _:
            return ""


def _why_of(body: object, part: PartMark) -> Texts | None:
    match body:
        case Single(options):
            return _keyed({option.key: option.why for option in options}, part.matched)
        case Multiple(options):
            return _keyed({option.key: option.why for option in options}, part.part)
        case Short() | Numerical() | Calculated():
            return _keyed({str(at): reason for at, reason in enumerate(_reasons(body))}, part.matched)
        case Matching(pairs):
            return _keyed({pair.key: pair.why for pair in pairs}, part.part)
        case Matrix(_, rows):
            return _keyed({row.key: row.why for row in rows}, part.part)
        case _:
            return None


def _reasons(body: Short | Numerical | Calculated) -> list[Texts | None]:
    answers: Sequence[ShortAnswer | NumericalAnswer | CalculatedAnswer] = body.answers
    return [answer.why for answer in answers]


def _keyed(reasons: Mapping[str, Texts | None], key: str) -> Texts | None:
    return reasons.get(key)


def _best(answers: Sequence[_Answer]) -> _Answer:
    """Return the first answer with the highest credit."""
    return max(answers, key=lambda answer: answer.credit)


def _written(value: Fraction | None, decimals: int | None, convention: Convention) -> str:
    if value is None:
        return "*"
    return write_number(value, convention, decimals if decimals is not None else _SHOWN_DECIMALS, keep_zeros=decimals is not None)


def _in_language(texts: Texts, language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
