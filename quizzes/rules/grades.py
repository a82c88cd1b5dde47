"""Marks, totals and grades (spec/quiz-engine 5.8): exact fractions all the way; rounding is for the screen and never decides.

spec/quiz-engine 5.1.5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from enrolments.rules import GradingMethod, grade_over, has_passed
from kernel.codes import round_half_up
from quizzes.rules.results import MarkState
from quizzes.rules.settings import FeedbackBand, QuizSettings

UNGRADED_MAXIMUM = Fraction(5, 1_000_000)
MARK_DECIMALS = 7
EXACT_SIGNS = 80
SIMPLE_DENOMINATOR = 1000
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A question of an attempt: share (None: a person must mark it, or no mark at all), mark at stake, state, section."""

    fraction: Fraction | None
    max_mark: Fraction
    state: MarkState
    section: int = 0

    @property
    def mark(self) -> Fraction | None:
        """Return the mark; None where it is not yet given."""
        return None if self.fraction is None else self.fraction * self.max_mark


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of an attempt.

    ``grade`` is on the quiz's scale and ``percent`` from 0 to 100; both None while marks are missing (``pending``) and
    in a quiz without marks. ``passed`` is None where nothing can be passed yet or at all.
    """

    raw: Fraction
    maximum: Fraction
    grade: Fraction | None
    percent: Fraction | None
    pending: bool
    passed: bool | None


@dataclass(frozen=True, slots=True)
class AttemptGrade:
    """An attempt as the grade over attempts sees it; ``percent`` None: abandoned, not yet or never graded."""

    number: int
    percent: Fraction | None
    preview: bool = False
    abandoned: bool = False


def grade_attempt(items: Sequence[ItemResult], settings: QuizSettings) -> Grade:
    """Add the marks up and scale them: raw × quiz maximum / Σ maximum marks.

    The total is floored at 0 unless the quiz allows a negative one; with Σ of at most 5e-6 the quiz is ungraded.
    """
    marked = [item for item in items if item.state is not MarkState.NOT_MARKED]
    maximum = sum((item.max_mark for item in marked), _NOTHING)
    raw = sum((item.mark or _NOTHING for item in marked), _NOTHING)
    if not settings.allow_negative_total:
        raw = max(_NOTHING, raw)
    pending = any(item.fraction is None and item.max_mark > 0 for item in marked)
    if pending or maximum <= UNGRADED_MAXIMUM:
        return Grade(raw, maximum, None, None, pending, None)
    share = raw / maximum
    return Grade(raw, maximum, share * settings.max_grade, share * 100, pending, has_passed(share * 100, settings.pass_mark))


def grade_over_attempts(grading: GradingMethod, attempts: Iterable[AttemptGrade]) -> Fraction | None:
    """Return the percentage over several attempts; previews and abandoned ones do not count, None without a graded one.

    First and last mean the first and last finished attempt, also while it waits for marks.
    """
    counted = sorted((attempt for attempt in attempts if not (attempt.preview or attempt.abandoned)), key=lambda attempt: attempt.number)
    return grade_over(grading, [attempt.percent for attempt in counted])


def deciding_index(grading: GradingMethod, attempts: Sequence[AttemptGrade]) -> int:
    """Return the place of the attempt, from 0, by which the percentage over several was what it is; the last while there is none."""
    score = grade_over_attempts(grading, attempts)
    places = range(len(attempts))
    return next((at for at in places if score is not None and grade_over_attempts(grading, attempts[: at + 1]) == score), len(attempts) - 1)


def band_for(percent: Fraction, bands: Sequence[FeedbackBand]) -> FeedbackBand | None:
    """Return the overall feedback: intervals [start, next start), the top one closed; None below the first."""
    return max((band for band in bands if band.start <= percent), key=lambda band: band.start, default=None)


def section_totals(items: Iterable[ItemResult]) -> Mapping[int, tuple[Fraction, Fraction]]:
    """Return per section the marks so far and the maximum."""
    totals: dict[int, tuple[Fraction, Fraction]] = {}
    for item in items:
        if item.state is not MarkState.NOT_MARKED:
            mark, maximum = totals.get(item.section, (_NOTHING, _NOTHING))
            totals[item.section] = (mark + (item.mark or _NOTHING), maximum + item.max_mark)
    return totals


def manual_fraction(mark: Fraction, max_mark: Fraction, *, minimum: Fraction = _NOTHING, extra_credit: bool = False) -> Fraction | None:
    """Return the share of a mark given by hand; None outside [minimum, 1] × maximum (spec/quiz-engine 5.11.1). All of nothing is all."""
    if not max_mark:
        return None if mark else Fraction(1)
    fraction = mark / max_mark
    fits = fraction >= minimum and (extra_credit or fraction <= 1)
    return fraction if fits else None


def stored(value: Fraction) -> Fraction:
    """Round to the seven decimals that the database holds."""
    return round_half_up(value, MARK_DECIMALS)


def written_exactly(value: Fraction | None) -> str:
    """Write a share without rounding; empty where there is none, or where it takes more signs than are kept."""
    text = "" if value is None else str(value)
    return text if len(text) <= EXACT_SIGNS else ""


def read_exactly(exact: str, rounded: Fraction | None) -> Fraction | None:
    """Return a share as it was before it was rounded to seven decimals.

    Where it was not written exactly, the simplest fraction that rounds to it is taken, if it is simple: 0.3333333 was a third.
    """
    if exact or rounded is None:
        return Fraction(exact) if exact else None
    simple = rounded.limit_denominator(SIMPLE_DENOMINATOR)
    return simple if stored(simple) == rounded else rounded
