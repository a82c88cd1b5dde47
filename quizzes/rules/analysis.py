"""Counts of the given answers, and questions worth a look by their figures (spec/quiz-engine 5.12); options are for the item analysis."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.definitions import (
    CalculatedBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    TrueFalseBody,
)
from quizzes.rules.results import Marking, MarkState
from quizzes.rules.statistics import PositionStatistics, QuestionStatistics, mean

_NOTHING = Fraction(0)
DUBIOUS_EFFICIENCY = Fraction(15)
TOO_HARD = Fraction(1, 20)
TOO_EASY = Fraction(19, 20)


class ItemWarning(StrEnum):
    """Why a question deserves a look."""

    DUBIOUS = "dubious"
    NEGATIVE_DISCRIMINATION = "negative_discrimination"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"


@dataclass(frozen=True, slots=True)
class ItemResponses:
    """A response to a question: its marking, the marks of the rest of the attempt, and how many attempts gave it."""

    marking: Marking
    rest: Fraction
    count: int = 1


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """One kind of answer to a part: the matched answer ("" none), its credit, how often, and the mean rest of who gave it."""

    part: str
    matched: str
    state: MarkState
    credit: Fraction
    count: int
    frequency: Fraction
    mean_rest: Fraction


Group = tuple[str, str, MarkState, Fraction]
"""Part, matched answer, state and credit: what makes answers one class."""


def groups_of(marking: Marking) -> list[Group]:
    """Return the class of each part of an answer; one that has no parts is of part "" without a matched answer."""
    parts = [(part.part, part.matched, part.state, part.fraction) for part in marking.parts]
    return parts or [("", "", marking.state, marking.fraction or _NOTHING)]


def response_analysis(responses: Iterable[ItemResponses]) -> tuple[ResponseClass, ...]:
    """Count the answers to each part, most frequent first; the frequency is a share of all responses.

    An attempt that answered nothing is counted as part "" without a matched answer.
    """
    counts: Counter[Group] = Counter()
    rests: dict[Group, Fraction] = {}
    whole = 0
    for response in responses:
        whole += response.count
        for group in groups_of(response.marking):
            counts[group] += response.count
            rests[group] = rests.get(group, _NOTHING) + response.count * response.rest
    classes = [
        ResponseClass(*group, count=count, frequency=Fraction(count, whole), mean_rest=rests[group] / count)
        for group, count in counts.items()
    ]
    return tuple(
        sorted(
            classes,
            key=lambda response_class: (
                response_class.part,
                -response_class.count,
                response_class.matched,
                response_class.state,
                -response_class.credit,
            ),
        )
    )


def concerns_about(statistics: PositionStatistics | QuestionStatistics) -> tuple[ItemWarning, ...]:
    """Return what the numbers of a position or question give cause to."""
    facility, efficiency, discrimination = statistics.facility, statistics.efficiency, statistics.discrimination
    checks = {
        ItemWarning.DUBIOUS: efficiency is not None and efficiency < DUBIOUS_EFFICIENCY,
        ItemWarning.NEGATIVE_DISCRIMINATION: discrimination is not None and discrimination < 0,
        ItemWarning.TOO_HARD: facility is not None and facility < TOO_HARD,
        ItemWarning.TOO_EASY: facility is not None and facility > TOO_EASY,
    }
    return tuple(concern for concern, raised in checks.items() if raised)


def guess_score(question: QuestionDefinition) -> Fraction | None:
    """Return the share to expect from answering at random; None where it is undefined."""
    match question.body:
        case TrueFalseBody():
            return Fraction(1, 2)
        case MatchingBody(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            return Fraction(1, len(choices))
        case MatrixBody(columns, _, False):
            return Fraction(1, len(columns))
        case GapsBody() as gaps:
            return _guess_gaps(gaps)
        case body:
            return _guess_one(body)


def _guess_one(body: object) -> Fraction | None:
    match body:
        case SingleChoiceBody(options):
            return mean([option.credit for option in options])
        case ShortAnswerBody(answers):
            return next((answer.credit for answer in answers if _takes_everything(answer)), _NOTHING)
        case NumericalBody(answers):
            return next((answer.credit for answer in answers if answer.value is None), _NOTHING)
        case CalculatedBody():
            return _NOTHING
        case _:
            return None


def _guess_gaps(body: GapsBody) -> Fraction | None:
    whole = sum((gap.weight for gap in body.gaps), _NOTHING)
    dragged = Fraction(1, len(body.choices)) if body.drag and body.choices else None
    scores = [(gap.weight, (_guess_one(gap.body) if dragged is None else dragged) or _NOTHING) for gap in body.gaps]
    return sum((weight * score for weight, score in scores), _NOTHING) / whole if whole else None


def _takes_everything(answer: TextPattern) -> bool:
    return "*" in answer.patterns.values()
