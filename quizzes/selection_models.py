"""Tables of quizzes whose results may decide about people (spec/selection)."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Base, Key, Moment, PublicId, Slug, unique_where


class FormApproval(Base):
    """An editor's word that the parallel forms of a published quiz may be given (spec/selection 1.21). It stays with the version."""

    __tablename__ = "form_approval"
    __table_args__ = (UniqueConstraint("quiz_version_id", "approved_by"),)

    id: Mapped[Key]
    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[Moment]


class DrawTable(Base):
    """The facilities by which a balanced quiz draws from a night on (spec/selection 1.10). Immutable: attempts keep its number.

    Table 1 stands in the quiz version itself, made at publication.
    """

    __tablename__ = "draw_table"
    __table_args__ = (UniqueConstraint("quiz_version_id", "night"), CheckConstraint("number > 1", name="number"))

    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    night: Mapped[date]
    """By the clock of the institution; no other table is made in it."""
    facilities: Mapped[str] = mapped_column(Text)
    """JSON: by key of the question, in percent."""
    in_use: Mapped[bool]
    """False where it would allow no question set: the newest table in use goes on, and editors are notified."""
    made_at: Mapped[Moment]


class SelfAssessment(Base):
    """The levels that the writer of a text chose for it by its rubric, nobody else judging it (spec/selection 8.6)."""

    __tablename__ = "self_assessment"

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    levels: Mapped[str] = mapped_column(Text)
    """JSON: of each criterion that was judged the place of the chosen level, from 0."""
    assessed_at: Mapped[Moment]


class PassMarkRecord(Base):
    """The record of judges on the pass mark of a quiz or of one of its forms (spec/selection 3.10): frozen when it is signed."""

    __tablename__ = "pass_mark_record"
    __table_args__ = (
        CheckConstraint("state IN ('first', 'second', 'signed', 'discarded')", name="state"),
        CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name="signed"),
        Index("ix_pass_mark_record_activity", "course_id", "activity_key"),
        unique_where("state IN ('first', 'second')", "uq_pass_mark_record_open", "course_id", "activity_key", "form"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    form: Mapped[str] = mapped_column(String(1), default="", server_default="")
    """Letter of the parallel form that was judged; '' for every question that the quiz can give."""
    state: Mapped[str] = mapped_column(String(10))
    items: Mapped[str] = mapped_column(Text)
    """JSON: keys, texts and known facilities of the questions as they were when the record was opened."""
    shows_facilities: Mapped[bool]
    """Whether judges see in the second round what was answered so far."""
    opened_at: Mapped[Moment]
    opened_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    second_at: Mapped[Moment | None]
    """When the second round began."""
    pass_mark: Mapped[Decimal | None] = mapped_column(MARK)
    """The one that was chosen, in percent."""
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    result: Mapped[str] = mapped_column(Text, default="", server_default="")
    """JSON of what was frozen: judges with both rounds, cut, standard error, cut without each judge."""
    signed_at: Mapped[Moment | None]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class JudgeSheet(Base):
    """The ratings of one judge of each question, in both rounds of a record."""

    __tablename__ = "judge_sheet"
    __table_args__ = (UniqueConstraint("record_id", "name"), unique_where("own", "uq_judge_sheet_own", "record_id", "entered_by"))

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    record_id: Mapped[int] = mapped_column(ForeignKey("pass_mark_record.id"))
    own: Mapped[bool]
    """Whether the judge fills it; else somebody types the paper of a judge without an account."""
    name: Mapped[str] = mapped_column(String(200))
    """Of the judge."""
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    """Who alone may fill it."""
    first: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    """JSON: a percentage for each question, null where there is none yet."""
    second: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    saved_at: Mapped[Moment]


class ItemHistory(Base):
    """Sums of the answers to a question version in a quiz version, by edition, language and month (spec/selection 2.1)."""

    __tablename__ = "item_history"

    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"), primary_key=True)
    variant: Mapped[str] = mapped_column(String(80), primary_key=True, default="", server_default="")
    """'' where all answers to the version count together; the values of its variables where each has a facility of its own."""
    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"), primary_key=True, index=True)
    edition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 where the learner was in none."""
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """Year and month in which the attempt ended, by the clock of the institution."""
    shown: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)
    blank: Mapped[int] = mapped_column(BigInteger)
    shares: Mapped[int] = mapped_column(BigInteger)
    """Like all sums of shares in units of 1e-12."""
    squares: Mapped[int] = mapped_column(BigInteger)
    rests: Mapped[int] = mapped_column(BigInteger)
    rest_squares: Mapped[int] = mapped_column(BigInteger)
    products: Mapped[int] = mapped_column(BigInteger)
    practice_count: Mapped[int] = mapped_column(BigInteger)
    practice_shares: Mapped[int] = mapped_column(BigInteger)
    timed: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Answers of which it is known how long they took; what attempts that wait to be counted anew took is not added."""
    log_seconds: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The sum of the natural logarithms of their seconds, in units of 1e-12."""


class QuestionOrigin(Base):
    """The sign that a question of a course shares with its copies, wherever they are (spec/selection 2.2).

    A question has one from the first export that takes it along, or from the publication of a copy or of another key for it.
    """

    __tablename__ = "question_origin"

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    key: Mapped[Slug] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(32), index=True)
    reserved: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is reserved for some quizzes there: then its figures are shown to other courses' editors nowhere."""


class WordingOnly(Base):
    """An editor's word that a version changed only the wording of its question, so that its figures go on (spec/selection 2.2).

    Never edited: taking it back ends it, and it may be said again.
    """

    __tablename__ = "wording_only"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        unique_where("ended_at IS NULL", "uq_wording_only_in_force", "question_version_id"),
        Index("ix_wording_only_question_version_id", "question_version_id"),
    )

    id: Mapped[Key]
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"))
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class HistoryState(Base):
    """The state of the history of a quiz version: it holds all its attempts, or the night counts them and those that end add nothing."""

    __tablename__ = "history_state"

    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"), primary_key=True)
    filled: Mapped[bool]


class AttemptProof(Base):
    """A proof of an attempt as it was given out: what was signed, without the person and the answers (spec/selection 10)."""

    __tablename__ = "attempt_proof"
    __table_args__ = (UniqueConstraint("attempt_id", "document_sha256", "key_id"),)

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    code: Mapped[str] = mapped_column(String(16), unique=True)
    document_sha256: Mapped[str] = mapped_column(String(64))
    """Of everything that the document says; the same attempt, flags and language give the same one."""
    statement: Mapped[str] = mapped_column(Text)
    """Canonical JSON, as signed: which attempt, when, and the digests of the document and of the marks then."""
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[Moment]


class AttemptProofFile(Base):
    """A PDF of a proof that was given out, so that whoever has it can learn whether it is that file, byte for byte."""

    __tablename__ = "attempt_proof_file"

    proof_id: Mapped[int] = mapped_column(ForeignKey("attempt_proof.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[Moment]
