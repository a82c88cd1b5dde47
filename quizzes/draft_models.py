"""Tables of the bank in a course's working copy: rows for lists and searches, made of its text and never edited."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Base, Key, Slug


class DraftBank(Base):
    """A bank of questions in a course's working copy, as read from its file; made anew when the file changes, never edited."""

    __tablename__ = "draft_bank"
    __table_args__ = (UniqueConstraint("course_id", "path"),)

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    path: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(64))
    """SHA-256 over what it was read from: its file, and those that say the languages, the module's key and the parameters."""
    key: Mapped[str] = mapped_column(String(130))
    title: Mapped[Mapping[str, str]]
    """As written, else the module's; by language."""


class DraftQuestion(Base):
    """A question of a draft bank, as lists and searches need it."""

    __tablename__ = "draft_question"
    __table_args__ = (UniqueConstraint("bank_id", "position"), Index("ix_draft_question_key", "key"))

    id: Mapped[Key]
    bank_id: Mapped[int] = mapped_column(ForeignKey("draft_bank.id"))
    position: Mapped[int]
    """In its file, from 0."""
    key: Mapped[Slug]
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(6))
    difficulty: Mapped[str] = mapped_column(String(6))
    """Empty where none is written."""
    mark: Mapped[Decimal] = mapped_column(MARK)
    tags: Mapped[tuple[str, ...]]
    title: Mapped[Mapping[str, str]]
    """The first words of what is asked, by language."""
    words: Mapped[str] = mapped_column(Text)
    """Key, tags and every text of it, folded (small letters without accents), for searching."""
