"""The page of a question's history: its facility by month, its quizzes and versions, and what was corrected (spec/selection 2.7)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.i18n import _, ngettext, number
from kernel.tables import Cell
from quizzes.pages.correction_log import CorrectionView
from quizzes.pages.figures import MISSING, IntervalPoint, percentage
from quizzes.queries.item_history import ItemHistoryRow
from quizzes.rules.item_history import HistorySums, pooled_discrimination, pooled_facility, practice_facility

WEAK, EASY, HARD = 0.1, 0.95, 0.3
COLUMNS = ("version", "quiz", "edition", "language", "month")


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


@dataclass(frozen=True, slots=True)
class ItemHistoryView:
    """The history of a question: sentences, the chart with its table, its quizzes and versions, and the log."""

    said: tuple[str, ...]
    points: tuple[IntervalPoint, ...]
    months: tuple[HistoryTableRow, ...]
    quizzes: tuple[HistoryTableRow, ...]
    versions: tuple[HistoryTableRow, ...]
    log: tuple[CorrectionView, ...]
    has_practice: bool
    """Whether it was answered in quizzes that do not count."""


def history_view(rows: Sequence[ItemHistoryRow], log: tuple[CorrectionView, ...], titles: Mapping[str, str]) -> ItemHistoryView:
    """Return the history as its page shows it, with the titles of quizzes by key."""
    return ItemHistoryView(
        said=tuple(_sentences(rows)),
        points=_points(rows),
        months=_lines(rows, lambda row: row.month),
        quizzes=_lines(rows, lambda row: titles.get(row.quiz, row.quiz)),
        versions=_lines(rows, lambda row: _("Version %(number)s", number=row.version)),
        log=log,
        has_practice=any(row.sums.practice_count for row in rows),
    )


def _sum(rows: Sequence[ItemHistoryRow]) -> HistorySums:
    return sum((row.sums for row in rows), HistorySums())


def _discrimination(rows: Sequence[ItemHistoryRow]) -> float | None:
    """Return the discrimination within quiz versions, so that differences between classes do not count."""
    groups = dict.fromkeys((row.version, row.quiz_version_id) for row in rows)
    return pooled_discrimination(_sum([row for row in rows if (row.version, row.quiz_version_id) == group]) for group in groups)


def _sentences(rows: Sequence[ItemHistoryRow]) -> list[str]:
    sums = _sum(rows)
    found, discrimination, practice = pooled_facility(sums), _discrimination(rows), _practice_sentences(sums)
    if found is None:
        return [_("No first attempt in a quiz that counts has answered this question yet."), *practice]
    facility = float(found.facility)
    said = [
        ngettext(
            "In %(count)s first attempt, learners got %(share)s of its mark on average.",
            "In %(count)s first attempts, learners got %(share)s of its mark on average.",
            found.count,
            share=percentage(found.facility * 100, 0),
        )
        + " "
        + _("With so many answers, the true share may be from %(low)s to %(high)s.", low=_share(found.low), high=_share(found.high))
    ]
    if facility >= EASY:
        said.append(_("Almost everyone gets it right, so it says little about who knows more. Ask for more, or leave it as a warm-up."))
    elif facility <= HARD:
        said.append(_("It is very hard. Check its key and whether the course teaches what it asks."))
    if discrimination is None:
        said.append(_("It cannot be said yet whether people who do well on the rest also get it right."))
    elif discrimination < WEAK:
        said.append(_("People who do well on the rest hardly get it right more often than others. Read it again, and check its key."))
    else:
        said.append(_("People who do well on the rest get it right more often, as they should."))
    return [*said, *practice]


def _practice_sentences(sums: HistorySums) -> list[str]:
    """Say how it does where nothing counts, which no other figure of the page takes in (spec/selection 2.3)."""
    share = practice_facility(sums)
    if share is None:
        return []
    return [
        ngettext(
            "In %(count)s first attempt at quizzes that do not count, such as initial tests, learners got %(share)s of its mark.",
            "In %(count)s first attempts at quizzes that do not count, such as initial tests, learners got %(share)s of its mark.",
            sums.practice_count,
            share=percentage(share * 100, 0),
        )
    ]


def _practice_words(sums: HistorySums) -> str:
    share = practice_facility(sums)
    if share is None:
        return MISSING
    shown = percentage(share * 100, 1)
    return ngettext("%(share)s in %(count)s attempt", "%(share)s in %(count)s attempts", sums.practice_count, share=shown)


def _share(value: float) -> str:
    return percentage(Fraction(value).limit_denominator(10**6) * 100, 0)


def _lines(rows: Sequence[ItemHistoryRow], name_of: Callable[[ItemHistoryRow], str]) -> tuple[HistoryTableRow, ...]:
    names = dict.fromkeys(sorted(name_of(row) for row in rows))
    return tuple(_line(name, [row for row in rows if name_of(row) == name]) for name in names)


def _line(name: str, rows: Sequence[ItemHistoryRow]) -> HistoryTableRow:
    sums, discrimination = _sum(rows), _discrimination(rows)
    found = pooled_facility(sums)
    return HistoryTableRow(
        name,
        number(sums.count),
        MISSING if found is None else percentage(found.facility * 100, 1),
        MISSING if found is None else _("%(low)s to %(high)s", low=_share(found.low), high=_share(found.high)),
        MISSING if discrimination is None else _share(discrimination),
        _practice_words(sums),
        number(sums.shown),
    )


def _points(rows: Sequence[ItemHistoryRow]) -> tuple[IntervalPoint, ...]:
    months = sorted({row.month for row in rows})
    found = [(month, pooled_facility(_sum([row for row in rows if row.month == month]))) for month in months]
    known = [(month, one) for month, one in found if one is not None]
    last = max(1, len(known) - 1)
    return tuple(
        IntervalPoint(at / last, float(one.facility) * 100, one.low * 100, one.high * 100, month) for at, (month, one) in enumerate(known)
    )


HEADINGS = (*COLUMNS, *HistorySums.__dataclass_fields__)


def table_rows(rows: Sequence[ItemHistoryRow]) -> list[list[Cell]]:
    """Return the sums as rows of a file, below HEADINGS; sums of shares in units of 1e-12."""
    return [
        [row.version, row.quiz, row.edition_id or "", row.language, row.month, *(getattr(row.sums, name) for name in HEADINGS[5:])]
        for row in rows
    ]
