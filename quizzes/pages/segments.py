"""The history of a question over its versions, its keys and its copies: segments apart and together (spec/selection 2.2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from kernel.i18n import _, number
from kernel.tables import Cell
from quizzes.pages.correction_log import CorrectionView
from quizzes.pages.figures import MISSING
from quizzes.pages.history_lines import HistoryTableRow, history_line, sums_together
from quizzes.permissions import ItemHistoryContext
from quizzes.queries.correction_log import VersionRow, list_question_versions
from quizzes.queries.item_history import ItemHistoryRow, list_history
from quizzes.queries.joined_questions import WordingRow, find_joined, find_present_version, list_copied_versions, list_wordings
from quizzes.rules.question_diff import is_judged_otherwise
from quizzes.rules.segments import SegmentVersion, content_digest, segments_of

FEWEST = 10
"""Answers in other courses below which their figures are not shown (spec/selection 2.1)."""


@dataclass(frozen=True, slots=True)
class JoinedHistory:
    """A question with what it was under other keys, the oldest version first, and with the answers to its copies in other courses."""

    key: str
    versions: tuple[VersionRow, ...]
    segments: tuple[tuple[int, ...], ...]
    """The ids of their versions, those of copies too; the present one last."""
    own: tuple[ItemHistoryRow, ...]
    copies: tuple[ItemHistoryRow, ...]
    wordings: tuple[WordingRow, ...] = ()

    @property
    def names(self) -> Mapping[int, str]:
        """Return the name of each version of the course, by its id."""
        return {version.id: self._name(version) for version in self.versions}

    def _name(self, version: VersionRow) -> str:
        if version.question.key == self.key:
            return _("Version %(number)s", number=version.number)
        return _("Version %(number)s of “%(key)s”", number=version.number, key=version.question.key)

    def rows(self, *, together: bool) -> list[ItemHistoryRow]:
        """Return the answers of the present segment in the course; `together`: of all segments, with the copies that are shown."""
        if not together:
            return of_versions(self.own, self.segments[-1] if self.segments else ())
        return [*self.own, *(row for segment in self.segments for row in self.shown_copies(segment))]

    def shown_copies(self, segment: Sequence[int]) -> list[ItemHistoryRow]:
        """Return the answers to copies in a segment; none where they are fewer than may be shown outside of their course."""
        rows = of_versions(self.copies, segment)
        return rows if sums_together(rows).count >= FEWEST else []

    @property
    def is_joined(self) -> bool:
        """Say whether there is more than the answers of one segment in one course."""
        return len(self.segments) > 1 or bool(self.copies)


def of_versions(rows: Sequence[ItemHistoryRow], versions: Sequence[int]) -> list[ItemHistoryRow]:
    """Return the answers to some versions."""
    version_ids = frozenset(versions)
    return [row for row in rows if row.version_id in version_ids]


def load_joined_history(session: Session, subject: ItemHistoryContext, *, with_reserved: bool) -> JoinedHistory:
    """Return the history of a question over keys and courses; of copies that are reserved in their course only `with_reserved`."""
    joined = find_joined(session, subject, with_reserved=with_reserved)
    versions = list_question_versions(session, *joined.own)
    several = len(versions) > 1
    wordings = list_wordings(session, joined.own) if several else []
    wording_only = frozenset(wording.version_id for wording in wordings if wording.withdrawn_at is None)
    copies = [_without_practice(row) for row in list_history(session, joined.copies)] if joined.copies else []
    copied = list_copied_versions(session, {row.version_id for row in copies}) if copies else []
    own = [SegmentVersion(version.id, content_digest(version.question, subject.slug), version.id in wording_only) for version in versions]
    segments = segments_of(own, copied, find_present_version(session, subject) if several else None)
    return JoinedHistory(subject.key, tuple(versions), segments, tuple(list_history(session, joined.own)), tuple(copies), tuple(wordings))


def _without_practice(row: ItemHistoryRow) -> ItemHistoryRow:
    """Return the answers to a copy without those that do not count: they may be fewer than are shown outside of its course."""
    return replace(row, sums=replace(row.sums, practice_count=0, practice_shares=0))


# --- Segments ----------------------------------------------------------------------------------------------------------------------------


def segment_lines(joined: JoinedHistory) -> tuple[HistoryTableRow, ...]:
    """Return the figures of each segment, in the course and in its copies, and of all together; nothing where there is one figure."""
    return tuple(_segment_lines(joined)) if joined.is_joined else ()


def _segment_lines(joined: JoinedHistory) -> Iterator[HistoryTableRow]:
    for segment in joined.segments:
        own, copies = of_versions(joined.own, segment), of_versions(joined.copies, segment)
        name, shown = _segment_name(joined, segment), joined.shown_copies(segment)
        if name:
            yield history_line(name, own)
        name = name or _("Another version")
        if copies:
            line = history_line(_("%(versions)s: copies in other courses", versions=name), copies)
            yield line if shown else _too_few(line, copies)
        if own and shown:
            yield history_line(_("%(versions)s: together", versions=name), [*own, *shown])
    yield history_line(_("All together"), joined.rows(together=True))


def _segment_name(joined: JoinedHistory, segment: Sequence[int]) -> str:
    return ", ".join(joined.names[version_id] for version_id in segment if version_id in joined.names)


def _too_few(line: HistoryTableRow, rows: Sequence[ItemHistoryRow]) -> HistoryTableRow:
    count = sums_together(rows).count
    return HistoryTableRow(line.name, _("< %(few)s", few=number(FEWEST)) if count else number(0), *[MISSING] * 5)


SUMS = ("count", "shares", "shown")
SEGMENT_HEADINGS = ("segment", "versions", "where", *SUMS)


def segment_rows(joined: JoinedHistory) -> list[list[Cell]]:
    """Return the sums of each segment as rows of a file, below SEGMENT_HEADINGS; shares in units of 1e-12, no copies with few answers."""
    listed: list[list[Cell]] = []
    for at, segment in enumerate(joined.segments, start=1):
        versions = _segment_name(joined, segment)
        parts = (("course", of_versions(joined.own, segment)), ("copies", joined.shown_copies(segment)))
        listed += [[at, versions, where, *(getattr(sums_together(rows), name) for name in SUMS)] for where, rows in parts if rows]
    return listed


def present_sentence(joined: JoinedHistory, *, together: bool) -> str:
    """Say of which segments the figures of the page are; '' where there is one figure."""
    if not joined.is_joined:
        return ""
    if together:
        return _(
            "These figures are of all segments together, with the copies in other courses that have at least %(few)s answers.", few=FEWEST
        )
    return _("These figures are of the present segment in this course: %(versions)s.", versions=_segment_name(joined, joined.segments[-1]))


# --- Wording only ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VersionChangeView:
    """A version after another one: what is said of the change, and whether an editor may say or take back that it is wording only."""

    version_id: int
    name: str
    words: str
    may_say: bool
    may_withdraw: bool


def change_views(joined: JoinedHistory) -> tuple[VersionChangeView, ...]:
    """Return the versions after the first, the newest first."""
    in_force = {wording.version_id: wording for wording in joined.wordings if wording.withdrawn_at is None}
    return tuple(
        _change(joined.names[version.id], before, version, in_force.get(version.id)) for before, version in pairwise(joined.versions)
    )[::-1]


def _change(name: str, before: VersionRow, version: VersionRow, wording: WordingRow | None) -> VersionChangeView:
    if wording is not None:
        return VersionChangeView(
            version.id, name, _("Only the wording changed, says %(who)s: its figures go on.", who=wording.said_by), False, True
        )
    if is_judged_otherwise(before.question, version.question):
        return VersionChangeView(version.id, name, _("Its key or its parts changed: its figures begin anew."), False, False)
    return VersionChangeView(version.id, name, _("Its words changed: its figures begin anew."), True, False)


def wording_corrections(joined: JoinedHistory) -> Iterator[CorrectionView]:
    """Yield what editors said of versions, and took back, as lines of the correction log."""
    for wording in joined.wordings:
        name = joined.names.get(wording.version_id)
        if name is not None:
            yield _correction(wording.said_at, _("%(version)s was said to change only the wording.", version=name), wording.said_by)
            if wording.withdrawn_at is not None:
                yield _correction(
                    wording.withdrawn_at, _("Taken back: %(version)s changed only the wording.", version=name), wording.withdrawn_by
                )


def _correction(at: datetime, sentence: str, person: str) -> CorrectionView:
    return CorrectionView(at, sentence, (person,), None)
