"""The whole statistics of a quiz as one value, with the findings on its questions (spec/quiz-engine 5.12)."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from analysis.rules import item_evidence
from analysis.rules.decision_quality import DecisionAnalysis, decisions_of
from analysis.rules.draw_quality import DrawQuality
from analysis.rules.findings import (
    MOVED,
    NOT_MET,
    SIGN,
    FindingKind,
    FindingStrength,
    ItemFinding,
    Outcome,
    choice_outcomes,
    findings_in,
    layout_outcomes,
    outcome,
    sample_of,
    typed_outcomes,
)
from analysis.rules.significance import (
    LEAST,
    POOR,
    RATE,
    Scale,
    adjusted,
    correlation_square,
    fewer_tail,
    means_tail,
    more_tail,
    poorer_tail,
    squared_correlation,
    tail_of_t,
)
from analysis.rules.statistics import (
    FORMULAS,
    CountedAttempts,
    Pairs,
    PositionStatistics,
    QuestionStatistics,
    QuizStatistics,
    question_statistics,
    rests_of,
    square_root,
    statistics_from,
)
from questions.rules.definitions import QuestionDefinition
from questions.rules.marking import MarkState
from quizzes.rules.layout import Composition, Position
from quizzes.rules.settings import DecisionRule

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


def examine(question: QuestionDefinition, evidence: item_evidence.ItemEvidence) -> tuple[ItemFinding, ...]:
    """Return the findings about one version of a question, causes first; none where fewer than LEAST attempts answered it."""
    return without_symptoms(findings_in(question_outcomes(question, evidence)))


def question_outcomes(question: QuestionDefinition, evidence: item_evidence.ItemEvidence) -> tuple[Outcome, ...]:
    """Return the results of every test for one version of a question; none is made where fewer than LEAST attempts answered it.

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
    return tuple(finding for finding in findings if not any(_is_cause(cause, finding) and cause.told >= finding.told for cause in findings))


def leads_to(sign: ItemFinding, finding: ItemFinding) -> bool:
    """Return whether a sign alone may be why another finding of the same question stands out: then it is read before that one."""
    return not sign.told and finding.told and _is_cause(sign, finding)


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


def end_outcomes(unreached: item_evidence.Unreached) -> tuple[Outcome, ...]:
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
    yield outcome(
        more_tail(marks.whole, count, item_evidence.TOO_EASY),
        FindingKind.TOO_EASY,
        count,
        met=facility > item_evidence.TOO_EASY,
        share=facility,
    )
    yield outcome(
        fewer_tail(marks.whole, count, item_evidence.TOO_HARD),
        FindingKind.TOO_HARD,
        count,
        met=facility < item_evidence.TOO_HARD,
        share=facility,
    )
    discrimination = _discrimination(marks, rests, products)
    between = item_evidence.TOO_HARD <= facility <= item_evidence.TOO_EASY and discrimination is not None
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


def _about_place(early: item_evidence.SplitHalf, late: item_evidence.SplitHalf) -> Outcome:
    """Compare the two halves of the layout, where the question is in both."""
    if min(early.count, late.count) < LEAST:
        return NOT_MET
    first, other = (Scale(half.count, half.shares, half.squares) for half in (early, late))
    difference = first.mean - other.mean
    count, met = early.count + late.count, abs(difference) >= MOVED
    return outcome(means_tail(first, other), FindingKind.PLACE, count, met=met, share=difference)


def _about_blanks(evidence: item_evidence.ItemEvidence) -> Outcome:
    share = Fraction(evidence.passed_over, evidence.shown)
    p = more_tail(evidence.passed_over, evidence.shown, BLANKS)
    return outcome(p, FindingKind.PASSED_OVER, evidence.shown, met=share > BLANKS, count=evidence.passed_over, share=share)


BINS = 10
CLASSES = 200
TYPED_SHOWN = 25
_NO_RULE = DecisionRule()
_SUREST_FIRST = (FindingStrength.CLEAR, FindingStrength.LIKELY, FindingStrength.SIGN)
VERSION = FORMULAS + 109
"""Of the formulas, the findings and the shape of an examination together: what is kept under another one is computed anew."""


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """A typed answer that matched nothing: part, text, how often, and the mean rest of those who typed it."""

    part: str
    text: str
    count: int
    mean_rest: Fraction


@dataclass(frozen=True, slots=True)
class PositionAnalysis:
    """A position with its statistics; ``versions`` are the question versions that stood there."""

    position: Position
    maximum: Fraction
    statistics: PositionStatistics
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VariantStatistics:
    """The values of a question's variables, each set of which is a variant, and the statistics of the attempts that had them."""

    name: str
    statistics: QuestionStatistics


@dataclass(frozen=True, slots=True)
class QuestionAnalysis:
    """One version of a question: statistics (drawn ones with the total instead of the rest), answers, findings."""

    version: int
    drawn: bool
    maximum: Fraction
    guess: Fraction | None
    statistics: QuestionStatistics
    classes: tuple[item_evidence.ResponseClass, ...]
    typed: tuple[TypedAnswer, ...]
    typed_otherwise: int
    findings: tuple[ItemFinding, ...]
    voided: bool
    thirds: item_evidence.AnswerThirds | None = None
    """How the thirds of the attempts answered, in the order of the classes."""
    variants: tuple[VariantStatistics, ...] = ()
    """By the values of its variables, where each set of values is a variant (spec/selection 2.5)."""


@dataclass(frozen=True, slots=True)
class QuizAnalysis:
    """Everything about a set of attempts; ``grades`` counts attempts in BINS equal steps of the maximum, the top one closed.

    ``tests`` counts the tests that the findings come from, those included that found nothing.
    """

    which: CountedAttempts
    maximum: Fraction
    quiz: QuizStatistics
    grades: tuple[int, ...]
    positions: tuple[PositionAnalysis, ...]
    questions: tuple[QuestionAnalysis, ...]
    findings: tuple[ItemFinding, ...]
    tests: int
    decisions: DecisionAnalysis | None = None
    """None where too few attempts or questions are there to tell anything."""
    draws: DrawQuality | None = None
    """None where all attempts have the same questions, or too few are there."""


def examination_of(
    tally: item_evidence.ClassTally,
    composition: Composition,
    questions: Mapping[int, QuestionDefinition],
    which: CountedAttempts,
    *,
    voided: Container[int] = (),
    rule: DecisionRule = _NO_RULE,
) -> QuizAnalysis:
    """Compute the whole analysis of a set of counted attempts; positions without any mark are left out.

    Void question versions have no findings: their marks are not what was answered, and what there was to do is done.
    """
    maxima = [tally.maximum(at) for at in range(len(composition.positions))]
    figures = statistics_from(tally.tally, maxima)
    positions = tuple(
        PositionAnalysis(position, maximum, statistics, tuple(sorted(versions)))
        for position, maximum, statistics, versions in zip(composition.positions, maxima, figures.positions, tally.versions, strict=True)
        if maximum
    )
    drawn = {version for position in positions if not position.position.question for version in position.versions}
    counted = {version: (question_tally, question_tally.evidence()) for version, question_tally in sorted(tally.questions.items())}
    made = [end_outcomes(tally.unreached)]
    made += [() if version in voided else question_outcomes(questions[version], evidence) for version, (_, evidence) in counted.items()]
    about_all, *about_each = significant_findings(made)
    examined = [
        _examined(version, questions[version], *tallied, findings, drawn=version in drawn, voided=version in voided)
        for (version, tallied), findings in zip(counted.items(), about_each, strict=True)
    ]
    whole = sum(maxima, _NOTHING)
    grades = grades_of(tally.tally.totals, whole)
    tests = sum(map(len, made))
    decisions = decisions_of(tally.tally.totals, whole, len(positions), figures.quiz.consistency, rule)
    return QuizAnalysis(
        which,
        whole,
        figures.quiz,
        grades=grades,
        positions=positions,
        questions=tuple(examined),
        findings=about_all,
        tests=tests,
        decisions=decisions,
    )


def _examined(
    version: int,
    question: QuestionDefinition,
    question_tally: item_evidence.QuestionTally,
    evidence: item_evidence.ItemEvidence,
    findings: tuple[ItemFinding, ...],
    *,
    drawn: bool,
    voided: bool,
) -> QuestionAnalysis:
    classes = item_evidence.response_analysis(evidence.responses)[:CLASSES]

    def statistics(pairs: Pairs) -> QuestionStatistics:
        return question_statistics(pairs if drawn else rests_of(pairs), question_tally.maximum)

    return QuestionAnalysis(
        version=version,
        drawn=drawn,
        maximum=question_tally.maximum,
        guess=item_evidence.guess_score(question),
        statistics=statistics(question_tally.pairs),
        classes=classes,
        typed=tuple(
            TypedAnswer(typed.what.part, typed.what.text, typed.count, typed.rests / typed.count) for typed in evidence.typed[:TYPED_SHOWN]
        ),
        typed_otherwise=evidence.typed_otherwise + sum(typed.count for typed in evidence.typed[TYPED_SHOWN:]),
        findings=findings,
        voided=voided,
        thirds=item_evidence.answer_thirds(evidence.responses, classes),
        variants=tuple(VariantStatistics(name, statistics(pairs)) for name, pairs in sorted(question_tally.variants.items())),
    )


def grades_of(totals: Mapping[Fraction, int], maximum: Fraction) -> tuple[int, ...]:
    """Count attempts by their total in BINS steps of the maximum: [0, 10 %), … [90 %, 100 %]; below 0 counts in the first."""
    bins = [0] * BINS
    for total, count in totals.items():
        step = int(total * BINS / maximum) if maximum and total > 0 else 0
        bins[min(step, BINS - 1)] += count
    return tuple(bins)


class PlacedFinding(NamedTuple):
    """A finding with the version that it is about (None: the quiz), and whether it is a sign that leads to one that stands out."""

    version: int | None
    finding: ItemFinding
    leads: bool = False


def findings_in_order(examination: QuizAnalysis) -> Sequence[PlacedFinding]:
    """Return every finding: those that stand out, surest first, each behind the signs that may be why; then the other signs."""
    all_findings = [PlacedFinding(None, finding) for finding in examination.findings]
    all_findings += [PlacedFinding(question.version, finding) for question in examination.questions for finding in question.findings]
    ordered = sorted(
        all_findings, key=lambda placed_finding: (not placed_finding.finding.told, _SUREST_FIRST.index(placed_finding.finding.strength))
    )
    signs: dict[int | None, list[PlacedFinding]] = {}
    for placed_finding in ordered:
        signs.setdefault(placed_finding.version, []).extend([] if placed_finding.finding.told else [placed_finding])
    placed: dict[tuple[int | None, ItemFinding], PlacedFinding] = {}
    for placed_finding in ordered:
        for sign in signs[placed_finding.version]:
            if leads_to(sign.finding, placed_finding.finding):
                placed.setdefault((sign.version, sign.finding), sign._replace(leads=True))
        placed.setdefault((placed_finding.version, placed_finding.finding), placed_finding)
    return list(placed.values())


def expected_by_chance(examination: QuizAnalysis) -> int:
    """Return how many signs so many tests give at most on average where nothing is wrong, rounded up."""
    return ceil(examination.tests * SIGN)
