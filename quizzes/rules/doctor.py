"""The question doctor: what the answers of a class say about its questions (5.12), from counted evidence, by tests of significance.

Each finding names its reason, how many answers stand behind it and how sure it is. Nothing is tuned to a class: the thresholds are
those of the tests (`significance`) and of the literature: a distractor works where at least 5 % choose it (Tarrant, Ware and Mohammed
2009, «An assessment of functioning and non-functioning distractors»), a discrimination below 0.2 is poor (Ebel and Frisbie 1991,
«Essentials of educational measurement»), a facility above 0.95 or below 0.05 says nothing about anybody (5.12). The best are the
third with the highest rest: the total of the attempt without the question.
"""

from collections.abc import Iterator
from fractions import Fraction

from quizzes.rules.ailments import Ailment, Finding, is_shown, strength_of
from quizzes.rules.analysis import TOO_EASY, TOO_HARD
from quizzes.rules.definitions import Question
from quizzes.rules.doctor_choices import choice_findings, crowd_of
from quizzes.rules.doctor_papers import MOVED, paper_findings
from quizzes.rules.doctor_typed import typed_findings
from quizzes.rules.evidence import Evidence, Half, Unreached
from quizzes.rules.results import MarkState
from quizzes.rules.significance import (
    FIVE_PERCENT,
    LEAST,
    ONE_PERCENT,
    Scale,
    correlation_square,
    means_square,
    share_square,
)
from quizzes.rules.statistics import Pairs, square_root

POOR = Fraction(1, 5)
"""Discrimination below which a question is poor (Ebel and Frisbie 1991)."""
BLANKS = Fraction(1, 10)
"""Share of blanks that is nothing unusual."""
RUSHED = Fraction(1, 20)
"""Share of attempts that may leave their last questions blank without a lack of time."""
_CAUSES = frozenset({Ailment.WRONG_KEY, Ailment.SECOND_KEY, Ailment.CHANCE})
_NOTHING = Fraction(0)


def examine(question: Question, evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings about one version of a question, causes first; none where fewer than LEAST attempts answered it.

    Who left it blank is looked at only for blanks: what was not reached says nothing about a key.
    """
    if evidence.shown < LEAST:
        return ()
    answered = [one for one in evidence.responses if one.marking.state is not MarkState.NOT_ANSWERED]
    found: list[Finding] = []
    if sum(one.count for one in answered) >= LEAST:
        crowd = crowd_of(answered)
        found = [*choice_findings(question, answered, crowd), *typed_findings(question, evidence, crowd.scale)]
        found += _about_marks(evidence.marks, found)
        found += paper_findings(evidence)
        found += _about_place(evidence.early, evidence.late)
    return (*found, *_about_blanks(evidence))


def examine_end(unreached: Unreached) -> tuple[Finding, ...]:
    """Tell that time is too short: many more attempts than usual stop before their last questions, and few leave blanks before."""
    often = share_square(unreached.stopped, unreached.attempts, RUSHED)
    if unreached.attempts < LEAST or often < ONE_PERCENT:
        return ()
    before = Fraction(unreached.passed_over, unreached.before_the_end)
    share = Fraction(unreached.stopped, unreached.attempts)
    if share < 2 * before:
        return ()
    return (Finding(Ailment.TOO_LITTLE_TIME, strength_of(often), unreached.attempts, count=unreached.stopped, share=share),)


def _about_marks(pairs: Pairs, found: list[Finding]) -> Iterator[Finding]:
    """Tell from shares of the mark and rests what is too easy, too hard, or does not separate who knows from who does not."""
    marks, rests, products = _scales(pairs)
    facility = marks.mean
    if facility > TOO_EASY:
        yield Finding(Ailment.TOO_EASY, strength_of(share_square(marks.whole, marks.count, TOO_EASY)), marks.count, share=facility)
    elif facility < TOO_HARD:
        yield Finding(Ailment.TOO_HARD, strength_of(share_square(marks.whole, marks.count, TOO_HARD)), marks.count, share=facility)
    elif not any(one.ailment in _CAUSES and not one.part for one in found):
        square = correlation_square(marks, rests, products)
        discrimination = _discrimination(marks, rests, products)
        if square < -FIVE_PERCENT:
            yield Finding(Ailment.NEGATIVE, strength_of(square), marks.count, share=discrimination)
        elif discrimination is not None and _is_surely_poor(discrimination, marks.count):
            yield Finding(Ailment.WEAK, strength_of(ONE_PERCENT), marks.count, share=discrimination)


def _scales(pairs: Pairs) -> tuple[Scale, Scale, Fraction]:
    """Return the scales of shares and rests, and the sum of their products."""
    count = sum(pairs.values())
    marks = [(mark, often) for (mark, _rest), often in pairs.items()]
    rests = [(rest, often) for (_mark, rest), often in pairs.items()]
    products = sum((mark * rest * often for (mark, rest), often in pairs.items()), _NOTHING)
    return _scale(count, marks), _scale(count, rests), products


def _scale(count: int, values: list[tuple[Fraction, int]]) -> Scale:
    whole = sum((value * often for value, often in values), _NOTHING)
    return Scale(count, whole, sum((value * value * often for value, often in values), _NOTHING))


def _discrimination(marks: Scale, rests: Scale, products: Fraction) -> Fraction | None:
    if not marks.variance or not rests.variance:
        return None
    return (products / marks.count - marks.mean * rests.mean) / square_root(marks.variance * rests.variance)


def _is_surely_poor(discrimination: Fraction, count: int) -> bool:
    """Say whether the discrimination lies below POOR with 99 % certainty; its standard error is about 1/√n."""
    return discrimination < POOR and (POOR - discrimination) ** 2 * count > ONE_PERCENT


def _about_place(early: Half, late: Half) -> Iterator[Finding]:
    """Compare the two halves of the paper, where the question stands in both."""
    if min(early.count, late.count) < LEAST:
        return
    one, other = (Scale(half.count, half.shares, half.squares) for half in (early, late))
    square, difference = means_square(one, other), one.mean - other.mean
    if abs(square) >= ONE_PERCENT and abs(difference) >= MOVED:
        yield Finding(Ailment.PLACE, strength_of(square), early.count + late.count, share=difference)


def _about_blanks(evidence: Evidence) -> Iterator[Finding]:
    square = share_square(evidence.passed_over, evidence.shown, BLANKS)
    if square > 0 and is_shown(square):
        share = Fraction(evidence.passed_over, evidence.shown)
        yield Finding(Ailment.PASSED_OVER, strength_of(square), evidence.shown, count=evidence.passed_over, share=share)
