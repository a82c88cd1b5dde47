"""The whole statistics of a quiz as one value: figures, questions with their answers, findings (5.12). What pages show and caches keep."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.ailments import Finding, Strength
from quizzes.rules.analysis import ResponseClass, guess_score, response_analysis
from quizzes.rules.definitions import Question
from quizzes.rules.doctor import examine, examine_end
from quizzes.rules.evidence import ClassTally, QuestionTally
from quizzes.rules.papers import Composition, Position
from quizzes.rules.statistics import (
    FORMULAS,
    PositionStatistics,
    QuestionStatistics,
    QuizStatistics,
    Which,
    question_statistics,
    rests_of,
    statistics_from,
)
from quizzes.rules.typed import Unmatched

BINS = 10
CLASSES = 200
TYPED_SHOWN = 25
_NOTHING = Fraction(0)
_SUREST_FIRST = (Strength.CLEAR, Strength.LIKELY, Strength.SIGN)
VERSION = FORMULAS + 103
"""Of the formulas, the findings and the shape of an examination together: what is kept under another one is computed anew."""


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """What was typed and matched nothing: part, text, how often, and the mean rest of who typed it."""

    part: str
    text: str
    count: int
    mean_rest: Fraction


@dataclass(frozen=True, slots=True)
class ExaminedPosition:
    """A position with its statistics; ``versions`` are the question versions that stood there."""

    position: Position
    maximum: Fraction
    statistics: PositionStatistics
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExaminedQuestion:
    """One version of a question: statistics (drawn ones with the total instead of the rest), answers, findings."""

    version: int
    drawn: bool
    maximum: Fraction
    guess: Fraction | None
    statistics: QuestionStatistics
    classes: tuple[ResponseClass, ...]
    typed: tuple[TypedAnswer, ...]
    typed_otherwise: int
    findings: tuple[Finding, ...]
    annulled: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything about a set of attempts; ``grades`` counts attempts in BINS equal steps of the maximum, the top one closed."""

    which: Which
    maximum: Fraction
    quiz: QuizStatistics
    grades: tuple[int, ...]
    positions: tuple[ExaminedPosition, ...]
    questions: tuple[ExaminedQuestion, ...]
    findings: tuple[Finding, ...]


def examination_of(
    tally: ClassTally, composition: Composition, questions: Mapping[int, Question], which: Which, *, annulled: Container[int] = ()
) -> Examination:
    """Compute everything that is shown of a set of attempts that has been counted; positions without any mark are left out.

    Of ``annulled`` question versions nothing is found: their marks are not what was answered, and what there was to do is done.
    """
    maxima = [tally.maximum(at) for at in range(len(composition.positions))]
    figures = statistics_from(tally.tally, maxima)
    positions = tuple(
        ExaminedPosition(position, maximum, statistics, tuple(sorted(versions)))
        for position, maximum, statistics, versions in zip(composition.positions, maxima, figures.positions, tally.versions, strict=True)
        if maximum
    )
    drawn = {version for one in positions if not one.position.question for version in one.versions}
    examined = [
        _examined(version, questions[version], found, drawn=version in drawn, annulled=version in annulled)
        for version, found in sorted(tally.questions.items())
    ]
    whole = sum(maxima, _NOTHING)
    return Examination(
        which, whole, figures.quiz, grades_of(tally.tally.totals, whole), positions, tuple(examined), examine_end(tally.unreached)
    )


def _examined(version: int, question: Question, found: QuestionTally, *, drawn: bool, annulled: bool) -> ExaminedQuestion:
    evidence = found.evidence()
    return ExaminedQuestion(
        version=version,
        drawn=drawn,
        maximum=found.maximum,
        guess=guess_score(question),
        statistics=question_statistics(found.pairs if drawn else rests_of(found.pairs), found.maximum),
        classes=response_analysis(evidence.responses)[:CLASSES],
        typed=tuple(_typed(one.what, one.count, one.rests) for one in evidence.typed[:TYPED_SHOWN]),
        typed_otherwise=evidence.typed_otherwise + sum(one.count for one in evidence.typed[TYPED_SHOWN:]),
        findings=() if annulled else examine(question, evidence),
        annulled=annulled,
    )


def _typed(what: Unmatched, count: int, rests: Fraction) -> TypedAnswer:
    return TypedAnswer(what.part, what.text, count, rests / count)


def grades_of(totals: Mapping[Fraction, int], maximum: Fraction) -> tuple[int, ...]:
    """Count attempts by their total in BINS steps of the maximum: [0, 10 %), … [90 %, 100 %]; below 0 counts in the first."""
    bins = [0] * BINS
    for total, count in totals.items():
        step = int(total * BINS / maximum) if maximum and total > 0 else 0
        bins[min(step, BINS - 1)] += count
    return tuple(bins)


def findings_in_order(examination: Examination) -> Sequence[tuple[int | None, Finding]]:
    """Return every finding with the version it is about (None: the quiz), the surest first, then in the order of the questions."""
    found: list[tuple[int | None, Finding]] = [(None, one) for one in examination.findings]
    found += [(question.version, one) for question in examination.questions for one in question.findings]
    return sorted(found, key=lambda one: _SUREST_FIRST.index(one[1].strength))
