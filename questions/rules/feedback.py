"""The author's text for an answer: the feedback of each part and the right answer, as far as the review flags allow."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from questions.rules import definitions
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import PartMark, computed
from questions.rules.numbers import Convention, write_number


class ReviewFlag(StrEnum):
    """A part of an attempt that may be shown in a review moment (spec/quiz-engine 5.9)."""

    ATTEMPT = "attempt"
    CORRECTNESS = "correctness"
    MAX_MARKS = "max_marks"
    MARKS = "marks"
    SPECIFIC = "specific"
    GENERAL = "general"
    RIGHT_ANSWER = "right_answer"
    OVERALL = "overall"
    SOURCE = "source"


_SHOWN_DECIMALS = 6
_Answer = TypeVar("_Answer", definitions.Option, definitions.TextPattern, definitions.NumericalAnswer, definitions.CalculatedAnswer)


def why(question: definitions.QuestionDefinition, part: PartMark) -> definitions.Texts | None:
    """Return the feedback that the author wrote for what decided a part; None where there is none."""
    match question.body:
        case definitions.GapsBody(gaps):
            bodies = {gap.name: gap.body for gap in gaps}
            return _why_of(bodies[part.part], part) if part.part in bodies else None
        case body:
            return _why_of(body, part)


def right_answer(question: definitions.QuestionDefinition, layout: ItemLayout, language: str, convention: Convention) -> Answer | None:
    """Return the answer with full credit as a learner would give it; None where there is none (essays, surveys).

    Patterns are shown as written, with their stars; computed numbers have as many decimals as are asked for, else up to six.
    """
    match question.body:
        case definitions.TrueFalseBody(answer):
            return TrueFalseAnswer(answer)
        case definitions.MultipleChoiceBody(options):
            return MultipleChoiceAnswer(tuple(sorted(option.key for option in options if option.right)))
        case definitions.MatchingBody(pairs):
            return MatchingAnswer({pair.key: pair.match_key for pair in pairs})
        case definitions.OrderingBody(items):
            return OrderingAnswer(tuple(item.key for item in items), confirmed=True)
        case definitions.MatrixBody(_, rows, False):
            return MatrixAnswer({row.key: row.answer or "" for row in rows})
        case definitions.GapsBody() as body:
            return GapsAnswer({gap.name: _right_gap(gap, drag=body.drag, language=language, convention=convention) for gap in body.gaps})
        case body:
            return _right_of_one(body, layout, language, convention)


def _right_of_one(body: object, layout: ItemLayout, language: str, convention: Convention) -> Answer | None:
    match body:
        case definitions.SingleChoiceBody(options):
            return SingleChoiceAnswer(_best(options).key)
        case definitions.ShortAnswerBody(answers) if answers:
            return TextAnswer(_in_language(_best(answers).patterns, language))
        case definitions.NumericalBody() as numerical:
            return NumberAnswer(_format_number(_best(numerical.answers).value, None, convention))
        case definitions.CalculatedBody() as calculated:
            value = computed(_best(calculated.answers).expression, calculated, layout.variables)
            return NumberAnswer(_format_number(value, calculated.decimals, convention))
        case _:
            return None


def _right_gap(gap: definitions.Gap, *, drag: bool, language: str, convention: Convention) -> str:
    if drag and isinstance(gap.body, definitions.ShortAnswerBody):
        return _best(gap.body.answers).key
    match _right_of_one(gap.body, ItemLayout(), language, convention):
        case SingleChoiceAnswer(text) | TextAnswer(text) | NumberAnswer(text):
            return text
        case _:
            return ""


def _why_of(body: object, part: PartMark) -> definitions.Texts | None:
    match body:
        case definitions.SingleChoiceBody(options):
            return _keyed({option.key: option.why for option in options}, part.matched)
        case definitions.MultipleChoiceBody(options):
            return _keyed({option.key: option.why for option in options}, part.part)
        case definitions.ShortAnswerBody() | definitions.NumericalBody() | definitions.CalculatedBody():
            return _keyed({str(at): reason for at, reason in enumerate(_reasons(body))}, part.matched)
        case definitions.MatchingBody(pairs):
            return _keyed({pair.key: pair.why for pair in pairs}, part.part)
        case definitions.MatrixBody(_, rows):
            return _keyed({row.key: row.why for row in rows}, part.part)
        case _:
            return None


def _reasons(body: definitions.ShortAnswerBody | definitions.NumericalBody | definitions.CalculatedBody) -> list[definitions.Texts | None]:
    answers: Sequence[definitions.TextPattern | definitions.NumericalAnswer | definitions.CalculatedAnswer] = body.answers
    return [answer.why for answer in answers]


def _keyed(reasons: Mapping[str, definitions.Texts | None], key: str) -> definitions.Texts | None:
    return reasons.get(key)


def _best(answers: Sequence[_Answer]) -> _Answer:
    """Return the first answer with the highest credit."""
    return max(answers, key=lambda answer: answer.credit)


def _format_number(value: Fraction | None, decimals: int | None, convention: Convention) -> str:
    if value is None:
        return "*"
    return write_number(value, convention, decimals if decimals is not None else _SHOWN_DECIMALS, keep_zeros=decimals is not None)


def _in_language(texts: definitions.Texts, language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
