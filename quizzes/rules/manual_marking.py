"""Marks that a person gives (spec/quiz-engine 5.11.1): between which bounds, and what the levels of a rubric make."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from quizzes.rules.definitions import (
    EssayBody,
    FileBody,
    NumericalBody,
    QuestionDefinition,
    QuestionKind,
    RubricCriterion,
    ShortAnswerBody,
    SingleChoiceBody,
)

BY_HAND = frozenset({QuestionKind.ESSAY, QuestionKind.FILE})
_NOTHING = Fraction(0)


def rubric_of(question: QuestionDefinition) -> tuple[RubricCriterion, ...]:
    """Return the criteria of a question; empty where it has none."""
    return question.body.rubric if isinstance(question.body, EssayBody | FileBody) else ()


def is_self_check(question: QuestionDefinition) -> bool:
    """Return whether a text is for its writer alone to judge: an essay or file without a mark (spec/quiz-engine 5.6)."""
    return question.kind in BY_HAND and not question.mark


def is_self_reviewed(question: QuestionDefinition) -> bool:
    """Return whether the writer of a text judges it by its rubric after submission, and nobody else does (spec/selection 8.6)."""
    return isinstance(question.body, EssayBody) and question.body.self_review


def self_assessed_points(question: QuestionDefinition, chosen: Mapping[str, int]) -> tuple[Fraction, Fraction] | None:
    """Return the points of the levels that a writer chose and the most there are; None while a criterion has none."""
    rubric = rubric_of(question)
    earned = level_points(rubric, chosen)
    if earned is None:
        return None
    return earned, sum((max(level.points for level in criterion.levels) for criterion in rubric), _NOTHING)


def lowest_fraction(question: QuestionDefinition) -> Fraction:
    """Return the least share of its mark that a question can be worth: the lowest credit of its answers, never above 0."""
    match question.body:
        case SingleChoiceBody(options):
            return min([_NOTHING, *(option.credit for option in options)])
        case ShortAnswerBody(answers) | NumericalBody(answers):
            return min([_NOTHING, *(answer.credit for answer in answers)])
        case _:
            return _NOTHING


def level_points(rubric: Sequence[RubricCriterion], chosen: Mapping[str, int]) -> Fraction | None:
    """Add up the points of the chosen levels, by criterion the place of its level from 0; None while a criterion has none."""
    points = _NOTHING
    for criterion in rubric:
        level = chosen.get(criterion.key)
        if level is None or not 0 <= level < len(criterion.levels):
            return None
        points += criterion.levels[level].points
    return points if rubric else None


def rubric_mark(question: QuestionDefinition, chosen: Mapping[str, int], maximum: Fraction) -> Fraction | None:
    """Return the mark that the chosen levels make where the question is worth ``maximum``; None while a criterion has none."""
    earned = level_points(rubric_of(question), chosen)
    return None if earned is None or not question.mark else earned * maximum / question.mark
