"""The whole statistics of a quiz as one value: figures, questions with their answers, findings (spec/quiz-engine 5.12).
What pages show and caches keep.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from quizzes.rules.analysis import ResponseClass, guess_score, response_analysis
from quizzes.rules.answer_thirds import AnswerThirds, answer_thirds
from quizzes.rules.composition import Composition, Position
from quizzes.rules.decision_analysis import DecisionAnalysis, DecisionRule, decisions_of
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.draw_quality import DrawQuality
from quizzes.rules.finding_kinds import SIGN, FindingStrength, ItemFinding
from quizzes.rules.item_evidence import ClassTally, ItemEvidence, QuestionTally
from quizzes.rules.item_findings import end_outcomes, leads_to, question_outcomes, significant_findings
from quizzes.rules.statistics import (
    FORMULAS,
    CountedAttempts,
    Pairs,
    PositionStatistics,
    QuestionStatistics,
    QuizStatistics,
    question_statistics,
    rests_of,
    statistics_from,
)
from quizzes.rules.text_marking import UnmatchedPart

BINS = 10
CLASSES = 200
TYPED_SHOWN = 25
_NOTHING = Fraction(0)
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
    classes: tuple[ResponseClass, ...]
    typed: tuple[TypedAnswer, ...]
    typed_otherwise: int
    findings: tuple[ItemFinding, ...]
    voided: bool
    thirds: AnswerThirds | None = None
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
    tally: ClassTally,
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
    return QuizAnalysis(which, whole, figures.quiz, grades, positions, tuple(examined), about_all, tests, decisions)


def _examined(
    version: int,
    question: QuestionDefinition,
    question_tally: QuestionTally,
    evidence: ItemEvidence,
    findings: tuple[ItemFinding, ...],
    *,
    drawn: bool,
    voided: bool,
) -> QuestionAnalysis:
    classes = response_analysis(evidence.responses)[:CLASSES]

    def statistics(pairs: Pairs) -> QuestionStatistics:
        return question_statistics(pairs if drawn else rests_of(pairs), question_tally.maximum)

    return QuestionAnalysis(
        version=version,
        drawn=drawn,
        maximum=question_tally.maximum,
        guess=guess_score(question),
        statistics=statistics(question_tally.pairs),
        classes=classes,
        typed=tuple(_typed_answer(typed.what, typed.count, typed.rests) for typed in evidence.typed[:TYPED_SHOWN]),
        typed_otherwise=evidence.typed_otherwise + sum(typed.count for typed in evidence.typed[TYPED_SHOWN:]),
        findings=findings,
        voided=voided,
        thirds=answer_thirds(evidence.responses, classes),
        variants=tuple(VariantStatistics(name, statistics(pairs)) for name, pairs in sorted(question_tally.variants.items())),
    )


def _typed_answer(what: UnmatchedPart, count: int, rests: Fraction) -> TypedAnswer:
    return TypedAnswer(what.part, what.text, count, rests / count)


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
