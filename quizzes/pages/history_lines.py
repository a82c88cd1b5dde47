"""Lines of figures of a question's history, as tables and charts show them (spec/selection 2.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.i18n import _, ngettext, number
from quizzes.pages.figures import MISSING, IntervalPoint, percentage
from quizzes.queries.item_history import ItemHistoryRow
from quizzes.rules.item_history import HistorySums, pooled_discrimination, pooled_facility, practice_facility


@dataclass(frozen=True, slots=True)
class HistoryTableRow:
    """A line of a table: what it is of, answers, facility with its interval and discrimination in words, and how often it was shown."""

    name: str
    count: str
    facility: str
    interval: str
    discrimination: str
    practice: str
    """The facility where nothing counts, in so many first attempts."""
    shown: str


def sums_together(rows: Sequence[ItemHistoryRow]) -> HistorySums:
    """Return the sums of all rows."""
    return sum((row.sums for row in rows), HistorySums())


def discrimination_within(rows: Sequence[ItemHistoryRow]) -> float | None:
    """Return the discrimination within quiz versions, so that differences between classes do not count."""
    groups = dict.fromkeys((row.version_id, row.quiz_version_id) for row in rows)
    return pooled_discrimination(sums_together([row for row in rows if (row.version_id, row.quiz_version_id) == group]) for group in groups)


def share_words(value: float) -> str:
    """Return a share from 0 to 1 as a percentage."""
    return percentage(Fraction(value).limit_denominator(10**6) * 100, 0)


def history_lines(rows: Sequence[ItemHistoryRow], name_of: Callable[[ItemHistoryRow], str]) -> tuple[HistoryTableRow, ...]:
    """Return a line for each name, in the order of the names."""
    names = dict.fromkeys(sorted(name_of(row) for row in rows))
    return tuple(history_line(name, [row for row in rows if name_of(row) == name]) for name in names)


def history_line(name: str, rows: Sequence[ItemHistoryRow]) -> HistoryTableRow:
    """Return the line of some rows together."""
    sums, discrimination = sums_together(rows), discrimination_within(rows)
    pooled = pooled_facility(sums)
    return HistoryTableRow(
        name,
        number(sums.count),
        MISSING if pooled is None else percentage(pooled.facility * 100, 1),
        MISSING if pooled is None else _("%(low)s to %(high)s", low=share_words(pooled.low), high=share_words(pooled.high)),
        MISSING if discrimination is None else share_words(discrimination),
        _practice_words(sums),
        number(sums.shown),
    )


def _practice_words(sums: HistorySums) -> str:
    share = practice_facility(sums)
    if share is None:
        return MISSING
    shown = percentage(share * 100, 1)
    return ngettext("%(share)s in %(count)s attempt", "%(share)s in %(count)s attempts", sums.practice_count, share=shown)


def month_points(rows: Sequence[ItemHistoryRow]) -> tuple[IntervalPoint, ...]:
    """Return the facility of each month with its interval, for a chart."""
    months = sorted({row.month for row in rows})
    by_month = [(month, pooled_facility(sums_together([row for row in rows if row.month == month]))) for month in months]
    known = [(month, pooled) for month, pooled in by_month if pooled is not None]
    last = max(1, len(known) - 1)
    return tuple(
        IntervalPoint(at / last, float(pooled.facility) * 100, pooled.low * 100, pooled.high * 100, month)
        for at, (month, pooled) in enumerate(known)
    )
