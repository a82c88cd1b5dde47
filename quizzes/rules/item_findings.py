"""Item analysis: what the answers of a class say about its questions (spec/quiz-engine 5.12), from counted evidence,
by tests of significance.

Each test gives a p-value, also where it finds nothing: which findings stand out is decided over all tests of a quiz together
(`false_discovery`). Each finding names its reason, how many answers stand behind it and how sure it is. Nothing is tuned to a class:
the thresholds are those of the tests (`significance`) and of the literature: a distractor works where at least 5 % choose it (Tarrant,
Ware and Mohammed 2009, «An assessment of functioning and non-functioning distractors»), a discrimination below 0.2 is poor (Ebel and
Frisbie 1991, «Essentials of educational measurement»), a facility above 0.95 or below 0.05 says nothing about anybody
(spec/quiz-engine 5.12). The best
are the third with the highest rest: the total of the attempt without the question.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from quizzes.rules.analysis import TOO_EASY, TOO_HARD
from quizzes.rules.choice_findings import choice_outcomes, sample_of
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.false_discovery import RATE, adjusted
from quizzes.rules.finding_kinds import NOT_MET, FindingKind, ItemFinding, Outcome, findings_in, outcome
from quizzes.rules.guessing import POOR
from quizzes.rules.item_evidence import ItemEvidence, SplitHalf, Unreached
from quizzes.rules.layout_findings import MOVED, layout_outcomes
from quizzes.rules.results import MarkState
from quizzes.rules.significance import (
    LEAST,
    Scale,
    correlation_square,
    fewer_tail,
    means_tail,
    more_tail,
    poorer_tail,
    squared_correlation,
    tail_of_t,
)
from quizzes.rules.statistics import Pairs, square_root
from quizzes.rules.typed_findings import typed_outcomes

BLANKS = Fraction(1, 10)
"""Share of blanks that is nothing unusual."""
RUSHED = Fraction(1, 20)
"""Share of attempts that may leave their last questions blank without a lack of time."""
_OTHER_KEYS = frozenset({FindingKind.WRONG_KEY, FindingKind.SECOND_KEY})
_CAUSES: Mapping[FindingKind, frozenset[FindingKind]] = {
    FindingKind.CHANCE: _OTHER_KEYS,
    FindingKind.NEGATIVE: _OTHER_KEYS | {FindingKind.CHANCE},
    FindingKind.WEAK: _OTHER_KEYS | {FindingKind.CHANCE},
}
"""By finding, those that explain it."""
_NOTHING = Fraction(0)


def examine(question: QuestionDefinition, evidence: ItemEvidence) -> tuple[ItemFinding, ...]:
    """Return the findings about one version of a question, causes first; none where fewer than LEAST attempts answered it."""
    return without_symptoms(findings_in(question_outcomes(question, evidence)))


def question_outcomes(question: QuestionDefinition, evidence: ItemEvidence) -> tuple[Outcome, ...]:
    """Return what every test made for one version of a question gave; none is made where fewer than LEAST attempts answered it.

    Who left it blank is looked at only for blanks: what was not reached says nothing about a key.
    """
    if evidence.shown < LEAST:
        return ()
    answered = [response for response in evidence.responses if response.marking.state is not MarkState.NOT_ANSWERED]
    made: list[Outcome] = []
    if sum(response.count for response in answered) >= LEAST:
        crowd = sample_of(answered)
        made += [*choice_outcomes(question, answered, crowd), *typed_outcomes(question, evidence, crowd.scale)]
        made += _about_marks(evidence.marks)
        made += layout_outcomes(evidence)
        made.append(_about_place(evidence.early, evidence.late))
    return (*made, _about_blanks(evidence))


def without_symptoms(findings: tuple[ItemFinding, ...]) -> tuple[ItemFinding, ...]:
    """Leave out findings that follow from another one as sure: both stand out, or both are signs alone.

    Where another answer goes with knowing, the key seems guessed; where it is so or guessed, the question hardly separates.
    """
    return tuple(finding for finding in findings if not any(_explains(cause, finding) for cause in findings))


def leads_to(sign: ItemFinding, finding: ItemFinding) -> bool:
    """Return whether a sign alone may be why another finding of the same question stands out: then it is read before that one."""
    return not sign.told and finding.told and _is_cause(sign, finding)


def _explains(cause: ItemFinding, finding: ItemFinding) -> bool:
    return _is_cause(cause, finding) and cause.told >= finding.told


def _is_cause(cause: ItemFinding, finding: ItemFinding) -> bool:
    return cause.ailment in _CAUSES.get(finding.ailment, ()) and cause.part in ("", finding.part)


def significant_findings(groups: Iterable[tuple[Outcome, ...]]) -> list[tuple[ItemFinding, ...]]:
    """Return the findings of each group of tests, and whether each stands out among the tests of all groups together.

    Benjamini and Hochberg over every test made: where nothing is wrong, anything stands out in at most RATE of all quizzes.
    """
    made = list(groups)
    values = iter(adjusted([made_outcome.p for group in made for made_outcome in group]))
    marked = [[(made_outcome, next(values) <= RATE) for made_outcome in group] for group in made]
    marked_findings = (
        [replace(made_outcome.finding, told=is_told) for made_outcome, is_told in group if made_outcome.finding is not None]
        for group in marked
    )
    return [without_symptoms(tuple(findings)) for findings in marked_findings]


def end_outcomes(unreached: Unreached) -> tuple[Outcome, ...]:
    """Test whether time is too short: many more attempts than usual stop before their last questions, and few leave blanks before."""
    if unreached.attempts < LEAST:
        return ()
    before = Fraction(unreached.passed_over, unreached.before_the_end)
    share = Fraction(unreached.stopped, unreached.attempts)
    p, met = more_tail(unreached.stopped, unreached.attempts, RUSHED), share >= 2 * before
    return (outcome(p, FindingKind.TOO_LITTLE_TIME, unreached.attempts, met=met, count=unreached.stopped, share=share),)


def _about_marks(pairs: Pairs) -> Iterator[Outcome]:
    """Test shares of the mark and rests: too easy, too hard, or not separating who knows from who does not."""
    marks, rests, products = _scales(pairs)
    facility, count = marks.mean, marks.count
    yield outcome(more_tail(marks.whole, count, TOO_EASY), FindingKind.TOO_EASY, count, met=facility > TOO_EASY, share=facility)
    yield outcome(fewer_tail(marks.whole, count, TOO_HARD), FindingKind.TOO_HARD, count, met=facility < TOO_HARD, share=facility)
    discrimination = _discrimination(marks, rests, products)
    between = TOO_HARD <= facility <= TOO_EASY and discrimination is not None
    falling = tail_of_t(-correlation_square(marks, rests, products), count - 2)
    poor = poorer_tail(squared_correlation(marks, rests, products), count, POOR)
    negative = outcome(falling, FindingKind.NEGATIVE, count, met=between, share=discrimination)
    yield negative
    yield outcome(poor, FindingKind.WEAK, count, met=between and negative.finding is None, share=discrimination)


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


def _about_place(early: SplitHalf, late: SplitHalf) -> Outcome:
    """Compare the two halves of the layout, where the question is in both."""
    if min(early.count, late.count) < LEAST:
        return NOT_MET
    first, other = (Scale(half.count, half.shares, half.squares) for half in (early, late))
    difference = first.mean - other.mean
    count, met = early.count + late.count, abs(difference) >= MOVED
    return outcome(means_tail(first, other), FindingKind.PLACE, count, met=met, share=difference)


def _about_blanks(evidence: ItemEvidence) -> Outcome:
    share = Fraction(evidence.passed_over, evidence.shown)
    p = more_tail(evidence.passed_over, evidence.shown, BLANKS)
    return outcome(p, FindingKind.PASSED_OVER, evidence.shown, met=share > BLANKS, count=evidence.passed_over, share=share)
