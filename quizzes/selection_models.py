"""Tables of quizzes whose results may decide about people (spec/selection)."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key, Moment


class FormApproval(Base):
    """An editor's word that the parallel forms of a published quiz may be given (spec/selection 1.21). It stays with the version."""

    __tablename__ = "form_approval"
    __table_args__ = (UniqueConstraint("quiz_version_id", "approved_by"),)

    id: Mapped[Key]
    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[Moment]
