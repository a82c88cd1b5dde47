"""Tables of quizzes whose results may decide about people (spec/selection)."""

from sqlalchemy import ForeignKey, Text, UniqueConstraint
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


class SelfAssessment(Base):
    """The levels that the writer of a text chose for it by its rubric, nobody else judging it (spec/selection 8.6)."""

    __tablename__ = "self_assessment"

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    levels: Mapped[str] = mapped_column(Text)
    """JSON: of each criterion that was judged the place of the chosen level, from 0."""
    assessed_at: Mapped[Moment]
