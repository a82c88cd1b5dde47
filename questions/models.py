"""Tables of questions: rows of draft banks, made of their text, and published questions with immutable versions and origins."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Base, Entity, Moment, Slug


class DraftBank(Entity):
    """A bank of questions in a course's working copy, as read from its file; made anew when the file changes, never edited."""

    __table_args__ = (UniqueConstraint("course_id", "path"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    path: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(64))
    """SHA-256 over what it was read from: its file, and those that say the languages, the module's key and the parameters."""
    key: Mapped[str] = mapped_column(String(130))
    title: Mapped[Mapping[str, str]]
    """As written, else the module's; by language."""


class DraftQuestion(Entity):
    """A question of a draft bank, as lists and searches need it."""

    __table_args__ = (UniqueConstraint("bank_id", "position"), Index("ix_draft_question_key", "key"))

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


class Question(Entity):
    """A question of a course; lives as long as the course and has versions."""

    __table_args__ = (UniqueConstraint("course_id", "key"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    key: Mapped[Slug]
    bank: Mapped[str] = mapped_column(String(130))


class QuestionVersion(Entity):
    """One frozen wording and key of a question. Immutable: attempts point to it for ever."""

    __table_args__ = (
        UniqueConstraint("question_id", "number"),
        UniqueConstraint("question_id", "checksum"),
        CheckConstraint("number > 0", name="number"),
    )

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    mark: Mapped[Decimal] = mapped_column(MARK)
    checksum: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(Text)
    """Canonical JSON of a `questions.rules.definitions.QuestionDefinition` with rendered texts: read whole, never searched or edited."""
    created_at: Mapped[Moment]


class QuestionOrigin(Base):
    """The sign that a question of a course shares with its copies, wherever they are (spec/selection 2.2).

    A question has one from the first export that takes it along, or from the publication of a copy or of another key for it.
    """

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    key: Mapped[Slug] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(32), index=True)
    reserved: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is reserved for some quizzes there: then its figures are shown to other courses' editors nowhere."""
