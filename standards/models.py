"""Table of standards: a file of questions that was sent in and waits for a yes."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key, Moment, PublicId, ShortText


class PendingImport(Base):
    """A file of questions between being sent in and being brought in: nothing of it is in the course yet. Forgotten in time."""

    __tablename__ = "pending_import"
    __table_args__ = (
        Index("ix_pending_import_owner", "course_id", "person_id"),
        Index("ix_pending_import_expires_at", "expires_at"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    """Who sent it; nobody else sees it."""
    name: Mapped[ShortText]
    """Of the file, cleaned; only shown, and a hint to its format."""
    format: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
