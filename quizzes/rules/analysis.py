"""Which answers were given, and which questions deserve a look (5.12, response analysis and flags)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.definitions import Calculated, Gaps, Matching, Matrix, Numerical, Question, Short, ShortAnswer, Single, TrueFalse
from quizzes.rules.results import Marking, MarkState
from quizzes.rules.statistics import PositionStatistics, mean

_NOTHING = Fraction(0)
DUBIOUS_EFFICIENCY = Fraction(15)
TOO_HARD = Fraction(1, 20)
TOO_EASY = Fraction(19, 20)


class Concern(StrEnum):
    """Why a question deserves a look."""

    DUBIOUS = "dubious"
    NEGATIVE_DISCRIMINATION = "negative_discrimination"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"
    UNUSED_DISTRACTOR = "unused_distractor"
    KEY_LOSES_AT_THE_TOP = "key_loses_at_the_top"


@dataclass(frozen=True, slots=True)
class Response:
    """What one attempt answered to a question: its marking, and the marks of the rest of that attempt."""

    marking: Marking
    rest: Fraction


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


def response_analysis(responses: Sequence[Response]) -> tuple[ResponseClass, ...]:
    """Count the answers to each part, most frequent first; the frequency is a share of all responses.

    An attempt that answered nothing is counted as part "" without a matched answer.
    """
    rests: dict[tuple[str, str, MarkState, Fraction], list[Fraction]] = {}
    for response in responses:
        parts = [(part.part, part.matched, part.state, part.fraction) for part in response.marking.parts]
        blank = ("", "", response.marking.state, response.marking.fraction or _NOTHING)
        for group in parts or [blank]:
            rests.setdefault(group, []).append(response.rest)
    classes = [
        ResponseClass(*group, count=len(values), frequency=Fraction(len(values), len(responses)), mean_rest=mean(values) or _NOTHING)
        for group, values in rests.items()
    ]
    return tuple(sorted(classes, key=lambda one: (one.part, -one.count, one.matched)))


def concerns_about(statistics: PositionStatistics) -> tuple[Concern, ...]:
    """Return what the numbers of a position give cause to."""
    facility, efficiency, discrimination = statistics.facility, statistics.efficiency, statistics.discrimination
    checks = {
        Concern.DUBIOUS: efficiency is not None and efficiency < DUBIOUS_EFFICIENCY,
        Concern.NEGATIVE_DISCRIMINATION: discrimination is not None and discrimination < 0,
        Concern.TOO_HARD: facility is not None and facility < TOO_HARD,
        Concern.TOO_EASY: facility is not None and facility > TOO_EASY,
    }
    return tuple(concern for concern, raised in checks.items() if raised)


def concerns_about_options(body: Single, responses: Sequence[Response]) -> Mapping[Concern, tuple[str, ...]]:
    """Return the options that nobody chose, and those that the top third chose more often than the key."""
    chosen = [(response.marking.parts[0].matched, response.rest) for response in responses if response.marking.parts]
    unused = tuple(option.key for option in body.options if not option.right and option.key not in {key for key, _ in chosen})
    top = [key for key, _ in sorted(chosen, key=lambda one: one[1], reverse=True)[: len(chosen) // 3]]
    key_count = sum(top.count(option.key) for option in body.options if option.right)
    stronger = tuple(option.key for option in body.options if not option.right and top.count(option.key) > key_count)
    found = {Concern.UNUSED_DISTRACTOR: unused if chosen else (), Concern.KEY_LOSES_AT_THE_TOP: stronger}
    return {concern: options for concern, options in found.items() if options}


def guess_score(question: Question) -> Fraction | None:
    """Return the share to expect from answering at random; None where it is undefined."""
    match question.body:
        case TrueFalse():
            return Fraction(1, 2)
        case Matching(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            return Fraction(1, len(choices))
        case Matrix(columns, _, False):
            return Fraction(1, len(columns))
        case Gaps() as gaps:
            return _guess_gaps(gaps)
        case body:
            return _guess_one(body)


def _guess_one(body: object) -> Fraction | None:
    match body:
        case Single(options):
            return mean([option.credit for option in options])
        case Short(answers):
            return next((answer.credit for answer in answers if _takes_everything(answer)), _NOTHING)
        case Numerical(answers):
            return next((answer.credit for answer in answers if answer.value is None), _NOTHING)
        case Calculated():
            return _NOTHING
        case _:
            return None


def _guess_gaps(body: Gaps) -> Fraction | None:
    whole = sum((gap.weight for gap in body.gaps), _NOTHING)
    dragged = Fraction(1, len(body.choices)) if body.drag and body.choices else None
    scores = [(gap.weight, (_guess_one(gap.body) if dragged is None else dragged) or _NOTHING) for gap in body.gaps]
    return sum((weight * score for weight, score in scores), _NOTHING) / whole if whole else None


def _takes_everything(answer: ShortAnswer) -> bool:
    return "*" in answer.patterns.values()
