"""The page of a question's history: its facility by month, its quizzes and versions, and what was corrected (spec/selection 2.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.i18n import _, ngettext
from kernel.tables import Cell
from quizzes.pages.correction_log import CorrectionView
from quizzes.pages.figures import IntervalPoint, percentage
from quizzes.pages.history_lines import HistoryTableRow, discrimination_within, history_lines, month_points, share_words, sums_together
from quizzes.pages.segments import JoinedHistory, VersionChangeView, change_views, present_sentence, segment_lines, wording_corrections
from quizzes.queries.item_history import ItemHistoryRow
from quizzes.rules.item_history import HistorySums, pooled_facility, practice_facility
from quizzes.rules.segments import segment_numbers

WEAK, EASY, HARD = 0.1, 0.95, 0.3
COLUMNS = ("version", "quiz", "edition", "language", "month")
LAST = ("question", "segment")


@dataclass(frozen=True, slots=True)
class ItemHistoryView:
    """The history of a question: sentences, of which segments, the chart with its table, its quizzes and versions, and the log."""

    said: tuple[str, ...]
    of_which: str
    segments: tuple[HistoryTableRow, ...]
    changes: tuple[VersionChangeView, ...]
    points: tuple[IntervalPoint, ...]
    months: tuple[HistoryTableRow, ...]
    quizzes: tuple[HistoryTableRow, ...]
    versions: tuple[HistoryTableRow, ...]
    log: tuple[CorrectionView, ...]
    has_practice: bool
    """Whether it was answered in quizzes that do not count."""


def history_view(
    joined: JoinedHistory, log: tuple[CorrectionView, ...], titles: Mapping[str, str], *, together: bool = False
) -> ItemHistoryView:
    """Return the history as its page shows it, with the titles of quizzes by key: of the present segment, or of all `together`.

    Months and quizzes are those of the course: by month, copies may have fewer answers than are shown outside of theirs.
    """
    rows, names = joined.rows(together=together), joined.names
    own = [row for row in rows if row.version_id in names]
    return ItemHistoryView(
        said=tuple(_sentences(rows)),
        of_which=present_sentence(joined, together=together),
        segments=segment_lines(joined),
        changes=change_views(joined),
        points=month_points(own),
        months=history_lines(own, lambda row: row.month),
        quizzes=history_lines(own, lambda row: titles.get(row.quiz, row.quiz)),
        versions=history_lines(joined.own, lambda row: names[row.version_id]),
        log=with_wordings(joined, log),
        has_practice=any(row.sums.practice_count for row in joined.own),
    )


def with_wordings(joined: JoinedHistory, log: tuple[CorrectionView, ...]) -> tuple[CorrectionView, ...]:
    """Return the log with what editors said of versions, the newest first."""
    return tuple(sorted((*log, *wording_corrections(joined)), key=lambda line: line.at, reverse=True))


def _sentences(rows: Sequence[ItemHistoryRow]) -> list[str]:
    sums = sums_together(rows)
    pooled, discrimination, practice = pooled_facility(sums), discrimination_within(rows), _practice_sentences(sums)
    if pooled is None:
        return [_("No first attempt in a quiz that counts has answered this question yet."), *practice]
    facility = float(pooled.facility)
    sentences = [
        ngettext(
            "In %(count)s first attempt, learners got %(share)s of its mark on average.",
            "In %(count)s first attempts, learners got %(share)s of its mark on average.",
            pooled.count,
            share=percentage(pooled.facility * 100, 0),
        )
        + " "
        + _(
            "With so many answers, the true share may be from %(low)s to %(high)s.",
            low=share_words(pooled.low),
            high=share_words(pooled.high),
        )
    ]
    if facility >= EASY:
        sentences.append(
            _("Almost everyone gets it right, so it says little about who knows more. Ask for more, or leave it as a warm-up.")
        )
    elif facility <= HARD:
        sentences.append(_("It is very hard. Check its key and whether the course teaches what it asks."))
    if discrimination is None:
        sentences.append(_("It cannot be said yet whether people who do well on the rest also get it right."))
    elif discrimination < WEAK:
        sentences.append(_("People who do well on the rest hardly get it right more often than others. Read it again, and check its key."))
    else:
        sentences.append(_("People who do well on the rest get it right more often, as they should."))
    return [*sentences, *practice]


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


HEADINGS = (*COLUMNS, *HistorySums.__dataclass_fields__, *LAST)


def table_rows(joined: JoinedHistory) -> list[list[Cell]]:
    """Return the sums of the course as rows of a file, below HEADINGS; sums of shares in units of 1e-12."""
    segments = segment_numbers(joined.segments)
    return [
        [
            *(row.version, row.quiz, row.edition_id or "", row.language, row.month),
            *(getattr(row.sums, name) for name in HistorySums.__dataclass_fields__),
            *(row.key, segments.get(row.version_id)),
        ]
        for row in joined.own
    ]
