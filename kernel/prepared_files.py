"""Files prepared in the background for a person who requested them: their columns, their content, their end after some days."""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, String, exists, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Database, Key, Moment, PublicId
from kernel.files import FileStore, StoredContent, forget_stored, is_used, note_stored

PREPARED_KEPT = timedelta(days=30)
"""How long a prepared file can be downloaded, unless its table says otherwise."""


class PreparedFile:
    """The columns common to tables of prepared files. The row stays when the file has ended: it says what was asked for."""

    kept_for: ClassVar[timedelta] = PREPARED_KEPT

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    """Made with the form, so that a second click has no second effect."""
    asked_at: Mapped[Moment]
    done: Mapped[int] = mapped_column(default=0)
    """How many of its people are in it already."""
    total: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the content, once it is ready and until it ends."""
    size: Mapped[int] = mapped_column(default=0)
    ready_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]

    @property
    def ends_at(self) -> datetime | None:
        """Return until when it can be downloaded; None before it is ready."""
        return None if self.ready_at is None else self.ready_at + self.kept_for


def note_ready(session: Session, row: PreparedFile, content: StoredContent, media_type: str, *, now: datetime) -> None:
    """Note that a file whose content the store holds is ready to be downloaded."""
    note_stored(session, content.sha256, size=content.size, media_type=media_type, now=now)
    row.sha256, row.size, row.ready_at, row.done = content.sha256, content.size, now, row.total


def end_prepared(
    database: Database, files: FileStore, table: type[PreparedFile], *, also: ColumnElement[bool] | None = None, now: datetime
) -> int:
    """Delete the content of files that were ready for long enough, or that are so, each in a transaction of its own; return how many.

    The content goes before the row says so: a process that is killed between the two leaves nothing behind that nobody names. What
    somebody brought in again as a file of their own stays.
    """
    with database.unit_of_work(write=False) as session:
        ended = or_(table.ready_at <= now - table.kept_for, false() if also is None else also)
        due = session.execute(select(table.id, table.sha256).where(table.sha256.is_not(None), ended)).all()
    for number, digest in [(number, digest) for number, digest in due if digest is not None]:
        with database.unit_of_work(write=False) as session:
            is_shared = session.scalar(select(exists().where(table.sha256 == digest, table.id != number))) or is_used(session, digest)
        if not is_shared:
            files.remove(digest)
        with database.unit_of_work() as session:
            if not is_shared:
                forget_stored(session, digest)
            row = session.get_one(table, number)
            row.sha256, row.ended_at = None, now
    return len(due)
