"""The page on the draws of a quiz: its draw tables, and how equally hard its question sets were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flask import Blueprint, Response

from analysis.access import AnalysisAction
from analysis.rules.draw_quality import LEAST_SETS, UNEQUAL, DrawQuality, ScoreQuarter
from analysis.views.decisions import digits, points
from analysis.views.statistics import about_attempts, selected_statistics
from enrolments.course_context import activity_header
from kernel.i18n import _, ngettext, number
from kernel.web.request import current_session, page, requires
from questions.question_page import MISSING, IntervalPoint, percentage
from quizzes import draws, snapshots, teaching
from quizzes.access import QuizContext
from quizzes.draws import DrawTableRow
from quizzes.rules.balanced_draw import FrozenBalance, plan_draws, spread_of, sum_counts
from quizzes.rules.layout import SlotEntry

MOST_TABLES = 60
MOSTLY_CHANCE = 0.8
"""Part of the deviation from which on it says little but that there were few answers."""


@dataclass(frozen=True, slots=True)
class DrawQualityView:
    """The look back on the draws: what it says, what can be done, the quarters as rows and points, and the formulas."""

    is_unequal: bool
    said: str
    advice: str
    compared: str
    quarters: tuple[tuple[str, ...], ...]
    """Of each its name, the expected scores, how many attempts, their mean score and its interval."""
    points: tuple[IntervalPoint, ...]
    formulas: tuple[str, ...]


def lacking_sets(attempts: int) -> str:
    """Describe how many attempts are needed before a look back."""
    return ngettext(
        "At least %(least)s fully marked attempts are needed; so far there is %(count)s.",
        "At least %(least)s fully marked attempts are needed; so far there are %(count)s.",
        attempts,
        least=LEAST_SETS,
    )


def quality_view(quality: DrawQuality, *, balanced: bool) -> DrawQualityView:
    """Return the look back as its page shows it; what chance alone may have made is not called unequal."""
    by_chance = quality.chance >= MOSTLY_CHANCE * quality.deviation
    return DrawQualityView(
        is_unequal=quality.is_unequal and not by_chance,
        said=_unknown(quality) if quality.is_unequal and by_chance else _summary(quality),
        advice=_("Nothing has to be corrected now. Look again when there are more attempts.")
        if quality.is_unequal and by_chance
        else _advice(quality, balanced=balanced),
        compared=_compared(quality.quarters),
        quarters=tuple(_row(at, quarter) for at, quarter in enumerate(quality.quarters, 1)),
        points=_points(quality.quarters),
        formulas=(
            _("Expected score of a question set = Σ mark · facility ÷ Σ mark, with the facilities of the attempts counted here."),
            _("Facility = (sum of the shares + 10 · what the authors expect) ÷ (answers + 10), rounded to whole percent."),
            _("Standard deviation of the expected scores: %(deviation)s points.", deviation=digits(quality.deviation)),
            _("By the chance of so few answers alone it would be about %(chance)s points.", chance=digits(quality.chance)),
            _("Interval of a mean: mean ± t · s ÷ √n, from 0 to 100; it is right 95 of 100 times."),
        ),
    )


def _summary(quality: DrawQuality) -> str:
    low, high = percentage(_exact(quality.low)), percentage(_exact(quality.high))
    if not quality.is_unequal:
        return _(
            "The question sets were about equally hard: of every 100 attempts, 95 had an expected score between %(low)s and %(high)s.",
            low=low,
            high=high,
        )
    return _(
        "The question sets were not equally hard: their expected scores differ by %(points)s points as a rule, "
        "and of every 100 attempts, 95 lie between %(low)s and %(high)s.",
        points=points(quality.deviation),
        low=low,
        high=high,
    )


def _advice(quality: DrawQuality, *, balanced: bool) -> str:
    if not quality.is_unequal:
        return _("No one gained a noticeable advantage from the draw. There is nothing to do.")
    look = _("Look at the people near the pass mark: an easier or a harder set may have decided their result.")
    if balanced:
        return (
            look
            + " "
            + _("Before the next sitting, correct the questions that were much easier or harder than expected, or add questions.")
        )
    return look + " " + _("Before the next sitting, let the draws be balanced (“balance” in the settings of the quiz).")


def _unknown(quality: DrawQuality) -> str:
    return _(
        "It is not known yet whether the question sets were equally hard: there are too few answers. "
        "Their expected scores differ by %(points)s points as a rule, and chance alone would give about %(chance)s.",
        points=points(quality.deviation),
        chance=points(quality.chance),
    )


def _compared(quarters: Sequence[ScoreQuarter]) -> str:
    hardest, easiest = (_interval(quarter) for quarter in (quarters[0], quarters[-1]))
    difference = quarters[-1].mean - quarters[0].mean
    if hardest is None or easiest is None or (hardest[0] <= easiest[1] and easiest[0] <= hardest[1]):
        return _("Chance alone may have made the averages of the quarters differ, so they favour no one for certain.")
    if difference >= 0:
        return _(
            "With the easiest quarter of the question sets people scored %(points)s points more on average than with the hardest quarter.",
            points=points(difference),
        )
    return _(
        "With the easiest quarter of the question sets people scored %(points)s points less on average than with the hardest quarter: "
        "the draw favoured no one.",
        points=points(-difference),
    )


def _exact(value: float) -> Fraction:
    return Fraction(value).limit_denominator(10**6)


def _row(at: int, quarter: ScoreQuarter) -> tuple[str, ...]:
    interval = MISSING if (known := _interval(quarter)) is None else _between(*known)
    expected, mean = _between(quarter.least, quarter.most), percentage(_exact(quarter.mean))
    return _quarter_name(at), expected, number(quarter.attempts), mean, interval


def _interval(quarter: ScoreQuarter) -> tuple[float, float] | None:
    """Return the interval of a mean, as far as scores reach."""
    return None if quarter.low is None or quarter.high is None else (max(0.0, quarter.low), min(100.0, quarter.high))


def _between(low: float, high: float) -> str:
    least, most = percentage(_exact(low)), percentage(_exact(high))
    return least if least == most else _("%(low)s to %(high)s", low=least, high=most)


def _quarter_name(at: int) -> str:
    return _("Quarter %(number)s, from the hardest sets on", number=number(at)) if at == 1 else _("Quarter %(number)s", number=number(at))


def _points(quarters: Sequence[ScoreQuarter]) -> tuple[IntervalPoint, ...]:
    last = max(1, len(quarters) - 1)
    return tuple(
        IntervalPoint(
            (at - 1) / last, quarter.mean, *(_interval(quarter) or (quarter.mean, quarter.mean)), _("Quarter %(number)s", number=number(at))
        )
        for at, quarter in enumerate(quarters, 1)
    )


@dataclass(frozen=True, slots=True)
class DrawTablesView:
    """The draw tables of a quiz version: what the one in use promises, why the newest is not in use, and all, the newest first."""

    promised: str
    refused: str
    lines: Sequence[tuple[int, datetime | None, str, str, str]]
    """Of each its number, when it was made (None: at publication), changed facilities, attempts, and what it is used for."""


def tables_view(
    balance: FrozenBalance, entries: Sequence[SlotEntry], tables: Sequence[DrawTableRow], attempts: Mapping[int, int]
) -> DrawTablesView:
    """Return the draw tables as their page shows them; ``attempts`` counts those that were drawn by each."""
    newest = next((table for table in tables if table.in_use), None)
    in_use = 1 if newest is None else newest.number
    known = {table.number: table.facilities for table in tables} | {1: balance.facilities}
    lines = [
        (
            table.number,
            table.made_at,
            number(sum(facility != known.get(table.number - 1, {}).get(key) for key, facility in table.facilities.items())),
            _attempts(attempts, table.number),
            _state(table.number, in_use, is_fit=table.in_use),
        )
        for table in tables[:MOST_TABLES]
    ]
    return DrawTablesView(
        promised=_promised(balance, entries, known[in_use], in_use),
        refused=_refused(balance, entries, tables[0], in_use) if tables and not tables[0].in_use else "",
        lines=[*lines, (1, None, MISSING, _attempts(attempts, 1), _state(1, in_use, is_fit=True))],
    )


def _attempts(attempts: Mapping[int, int], table: int) -> str:
    return number(attempts.get(table, 0))


def _state(table: int, in_use: int, *, is_fit: bool) -> str:
    if table == in_use:
        return _("In use")
    return _("No longer in use") if is_fit else _("Not put in use: it would allow no question set")


def _promised(balance: FrozenBalance, entries: Sequence[SlotEntry], facilities: Mapping[str, int], table: int) -> str:
    plan = plan_draws(entries, facilities, balance.balance)
    balanced, free = spread_of(plan, balanced=True), spread_of(plan, balanced=False)
    if balanced is None or free is None:
        return ""
    return _(
        "Draw table %(number)s, which is in use, was made so that 95 of 100 question sets have an expected score between %(low)s "
        "and %(high)s, by what was known then. Drawn freely, they would lie between %(least)s and %(most)s.",
        number=number(table),
        low=percentage(balanced.low),
        high=percentage(balanced.high),
        least=percentage(free.low),
        most=percentage(free.high),
    )


def _refused(balance: FrozenBalance, entries: Sequence[SlotEntry], newest: DrawTableRow, in_use: int) -> str:
    plan = plan_draws(entries, newest.facilities, balance.balance)
    reachable = sum_counts(plan.cells)
    nearest = min(reachable, key=lambda total: (max(plan.low - total, total - plan.high), total)) if reachable and plan.whole else None
    return _(
        "With the newest answers no question set has an expected score between %(low)s and %(high)s; the nearest has %(nearest)s. "
        "Attempts are still drawn by table %(number)s. Allow more points, change the target, or add questions, and publish the quiz.",
        low=percentage(plan.expected(plan.low)),
        high=percentage(plan.expected(plan.high)),
        nearest=MISSING if nearest is None else percentage(plan.expected(nearest)),
        number=number(in_use),
    )


UNEQUAL_POINTS = int(UNEQUAL)


bp = Blueprint("analysis_draws", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/draws")
@requires(AnalysisAction.DRAW_TABLES, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> Response:
    """Show how equally hard question sets were, and by which facilities they are drawn."""
    session, selection = current_session(), selected_statistics(subject)
    snapshot = snapshots.get_snapshot_of_activity(session, subject.activity_id)
    quality = None if selection.examination is None else selection.examination.draws
    counted = selection.examination is not None or selection.found.attempts < LEAST_SETS
    entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    version = snapshot.quiz_version_id
    return page(
        "quizzes/draws.html",
        **activity_header(subject.outline, subject.key),
        **about_attempts(selection),
        draws=any(len(entry.pool) > 1 for entry in entries),
        view=None if quality is None else quality_view(quality, balanced=snapshot.balance is not None),
        lacking=lacking_sets(selection.found.attempts) if counted else "",
        limit=UNEQUAL_POINTS,
        tables=None
        if snapshot.balance is None
        else tables_view(snapshot.balance, entries, draws.list_tables(session, version), draws.count_attempts(session, version)),
    )
