"""Tables of selections: a selecting quiz and the people it decides about, its jury and its readers (spec/selection 4 and 12)."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key, Moment, PublicId, Slug, unique_where


class Selection(Base):
    """A selection: one selecting quiz of a course and the edition or the group whose results are listed in its actas."""

    __tablename__ = "selection"
    __table_args__ = (
        CheckConstraint("(edition_id IS NULL) <> (group_id IS NULL)", name="whom"),
        unique_where("group_id IS NULL", "uq_selection_edition", "course_id", "activity_key", "edition_id"),
        unique_where("edition_id IS NULL", "uq_selection_group", "course_id", "activity_key", "group_id"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("learner_group.id"), index=True)
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class MemberRole(StrEnum):
    """The part of a person in a selection: a member of its jury, or a reader of its actas."""

    JURY = "jury"
    READER = "reader"


class SelectionMember(Base):
    """A person who is named for a selection. Never deleted: who was in a jury, and when, stays on record."""

    __tablename__ = "selection_member"
    __table_args__ = (
        CheckConstraint("role IN ('jury', 'reader')", name="role"),
        unique_where("ended_at IS NULL", "uq_selection_member_in_force", "selection_id", "person_id"),
        Index("ix_selection_member_person", "person_id"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(6))
    named_at: Mapped[Moment]
    named_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
