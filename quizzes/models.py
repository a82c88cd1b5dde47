"""Tables of the assessment engine (quiz engine 5.1): immutable question versions, frozen attempts, append-only answers and marks."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Base, Key, Moment, PublicId, Slug


class Question(Base):
    """What is asked; lives as long as its course and has versions."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("course_id", "key"),)

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    key: Mapped[Slug]
    bank: Mapped[str] = mapped_column(String(130))


class QuestionVersion(Base):
    """One frozen wording and key of a question. Immutable: attempts point to it for ever."""

    __tablename__ = "question_version"
    __table_args__ = (
        UniqueConstraint("question_id", "number"),
        UniqueConstraint("question_id", "checksum"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[Key]
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    mark: Mapped[Decimal] = mapped_column(MARK)
    checksum: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(Text)
    """Canonical JSON of `quizzes.rules.definitions.Question` with rendered texts: read and written whole, never searched or edited."""
    created_at: Mapped[Moment]


class QuizVersion(Base):
    """A quiz as published with one activity: its settings and slots."""

    __tablename__ = "quiz_version"

    id: Mapped[Key]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    settings: Mapped[str] = mapped_column(Text)
    """Canonical JSON of `quizzes.rules.settings`, frozen with the version."""
    instructions: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""
    entries: Mapped[str] = mapped_column(Text)
    """JSON list of what the slots stand among, in order: sections, page breaks, words; `slot` where a slot stands."""


class Slot(Base):
    """A place in a quiz: one fixed question or some drawn from a pool, whose question versions are pinned as candidates."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("quiz_version_id", "position"), CheckConstraint("draws > 0", name="draws"))

    id: Mapped[Key]
    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"))
    position: Mapped[int]
    """Among the quiz's entries, from 0."""
    draws: Mapped[int]
    """How many questions are drawn; 1 for a fixed question."""
    mark: Mapped[Decimal | None] = mapped_column(MARK)
    """Of each question instead of its own."""
    require_previous: Mapped[bool]


class SlotCandidate(Base):
    """A question version that a slot may give."""

    __tablename__ = "slot_candidate"

    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), primary_key=True)
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"), primary_key=True)


class Attempt(Base):
    """One sitting of a quiz by one person; what it froze at its start is never changed."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id", "activity_key", "number"),
        Index(
            "uq_attempt_open",
            "person_id",
            "course_id",
            "activity_key",
            unique=True,
            sqlite_where=text("state IN ('in_progress', 'overdue') AND NOT preview"),
            postgresql_where=text("state IN ('in_progress', 'overdue') AND NOT preview"),
        ),
        CheckConstraint("state IN ('not_started', 'in_progress', 'overdue', 'submitted', 'finished', 'abandoned')", name="state"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_attempt_due", "due_at", sqlite_where=text("state = 'in_progress'"), postgresql_where=text("state = 'in_progress'")),
        Index("ix_attempt_activity", "course_id", "activity_key"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    """None for a preview by the course's staff."""
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    preview: Mapped[bool]
    page_reached: Mapped[int] = mapped_column(default=1, server_default="1")
    """The furthest page that was gone on to; where one goes forward only, the only one that is shown."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """64 bits, kept as a signed number; every shuffle and draw follows from it."""
    language: Mapped[str] = mapped_column(String(2))
    """Decimal conventions are those of this language, fixed at the start (5.7)."""
    lease: Mapped[int] = mapped_column(BigInteger)
    """The highest under which something was saved."""
    interludes: Mapped[str] = mapped_column(Text)
    """JSON: titles and words between the questions, as laid out."""
    started_at: Mapped[Moment]
    due_at: Mapped[Moment | None]
    """As computed last; the deadline itself follows from the settings at each request (5.3.1)."""
    saved_at: Mapped[Moment]
    """When something was last acknowledged; every acknowledgement writes it."""
    submitted_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    raw: Mapped[Decimal | None] = mapped_column(MARK)
    """Sum of the marks; none while something waits for a grader."""
    maximum: Mapped[Decimal] = mapped_column(MARK)
    percent: Mapped[Decimal | None] = mapped_column(MARK)
    passed: Mapped[bool | None]


class AttemptItem(Base):
    """One question as laid out in one attempt."""

    __tablename__ = "attempt_item"
    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    position: Mapped[int]
    number: Mapped[int | None]
    """As shown; descriptions have none."""
    page: Mapped[int]
    section: Mapped[int]
    require_previous: Mapped[bool]
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"), index=True)
    maximum: Mapped[Decimal] = mapped_column(MARK)
    layout: Mapped[str] = mapped_column(Text)
    """JSON: the order of its options and the values of its variables, as drawn."""
    flagged: Mapped[bool] = mapped_column(default=False)


class AnswerEvent(Base):
    """One saved answer. Append-only: the highest (lease, seq) of an item is the response."""

    __tablename__ = "answer_event"
    __table_args__ = (
        UniqueConstraint("item_id", "lease", "seq"),
        CheckConstraint("kind IN ('autosave', 'save', 'submit', 'import')", name="kind"),
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"))
    lease: Mapped[int] = mapped_column(BigInteger)
    """Given by the server to each page that opens the attempt; later pages have higher ones."""
    seq: Mapped[int]
    """Counter of the page."""
    kind: Mapped[str] = mapped_column(String(8))
    payload: Mapped[str] = mapped_column(Text)
    """JSON as typed, malformed or not."""
    client_time: Mapped[str] = mapped_column(String(40))
    """As the device says; never used to decide."""
    server_time: Mapped[Moment]


class MarkEvent(Base):
    """One marking of an item. Append-only: the last is the mark."""

    __tablename__ = "mark_event"
    __table_args__ = (CheckConstraint("origin IN ('auto', 'manual', 'regrade')", name="origin"),)

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), index=True)
    origin: Mapped[str] = mapped_column(String(8))
    fraction: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Of the maximum, in [-1, 1]; none while it waits for a grader."""
    state: Mapped[str] = mapped_column(String(20))
    marked_at: Mapped[Moment]
    marked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
