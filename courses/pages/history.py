"""View models of a draft's history: its changes, and the lines that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from courses.content.text_diff import DiffPiece, changed_lines
from courses.queries import history
from courses.queries.history import Revision

MOST_SHOWN = 20
"""Files whose lines one page shows; an import may bring hundreds."""
LONGEST = 300_000
"""Characters of a text whose lines are compared."""


@dataclass(frozen=True, slots=True)
class HistoryEntryView:
    """One change of a draft; `by` is '' where the command line made it."""

    number: int
    at: datetime
    by: str
    origin: str
    restored: int | None
    written: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file's difference in a change: its lines, None where they are not shown (no text, too long, too many files)."""

    path: str
    is_new: bool
    is_gone: bool
    lines: tuple[DiffPiece, ...] | None


def line_of(row: Revision) -> HistoryEntryView:
    """Return a change as its page shows it."""
    return HistoryEntryView(row.number, row.changed_at, row.by, row.origin.value, row.restored, row.written, row.removed)


def lines(session: Session, course_id: int, path: str, *, before: int | None, limit: int) -> Sequence[HistoryEntryView]:
    """List changes of a draft, or those of one file."""
    if not path:
        return [line_of(row) for row in history.list_revisions(session, course_id, before=before, limit=limit)]
    rows = history.list_file_changes(session, course_id, path, before=before, limit=limit)
    return [
        HistoryEntryView(
            row.revision, row.changed_at, row.by, row.origin.value, None, (path,) if row.sha256 else (), () if row.sha256 else (path,)
        )
        for row in rows
    ]


def differences(session: Session, course_id: int, row: Revision) -> list[FileDifference]:
    """Return what a change did to each of its files, in two statements."""
    paths = [*row.written, *row.removed]
    shown = paths[:MOST_SHOWN]
    after = history.list_contents_at(session, course_id, shown, row.number)
    before = history.list_contents_at(session, course_id, shown, row.number - 1)
    return [_difference(path, before.get(path), after.get(path), is_shown=path in shown) for path in paths]


def _difference(path: str, before: history.FileContentAt | None, after: history.FileContentAt | None, *, is_shown: bool) -> FileDifference:
    texts = [content.body for content in (before, after) if content is not None]
    readable = is_shown and all(text is not None and len(text) <= LONGEST for text in texts)
    old, new = (content.body or "" if content is not None else "" for content in (before, after))
    is_new, is_gone = is_shown and before is None, is_shown and after is None
    return FileDifference(path, is_new, is_gone, changed_lines(old, new) if readable else None)
