"""Table of standards: a file of questions that was sent in and waits for a yes."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import PendingUpload
from kernel.db import Base
from kernel.errors import N_


class PendingImport(PendingUpload, Base):
    """A file of questions between upload and import: nothing of it is in the course yet. Expires in time."""

    noun = N_("Uploaded questions")
    __table_args__ = (
        Index("ix_pending_import_owner", "course_id", "person_id"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
    )

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    format: Mapped[str] = mapped_column(String(20))
