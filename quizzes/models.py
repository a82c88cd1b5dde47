"""Tables of quizzes: frozen attempts, append-only answers and marks, regrades, and those of results that may decide (spec/selection)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from enrolments.models import UNTIL
from kernel.db import MARK, Base, Entity, Moment, PublicId, Slug, unique_where
from kernel.errors import N_
from kernel.personal import Erase, Merge, personal


def _one_in_force(name: str, *columns: str, condition: str = "") -> Index:
    """Return the index that allows one row that has not ended."""
    return unique_where(" AND ".join(part for part in ("ended_at IS NULL", condition) if part), f"uq_{name}_in_force", *columns)


class QuizVersion(Entity):
    """A quiz as published with one activity: its settings and slots."""

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    settings: Mapped[str] = mapped_column(Text)
    """Canonical JSON of `quizzes.rules.settings`, frozen with the version."""
    instructions: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""
    entries: Mapped[str] = mapped_column(Text)
    """JSON list of what the slots stand among, in order: sections, page breaks, words; `slot` where a slot stands; a draw table last."""


class Slot(Entity):
    """A place in a quiz: one fixed question or some drawn from a pool, whose question versions are pinned as candidates."""

    __table_args__ = (UniqueConstraint("quiz_version_id", "position"), CheckConstraint("draws > 0", name="draws"))

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

    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), primary_key=True)
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"), primary_key=True)


_IS_OPEN = "state IN ('in_progress', 'overdue') AND NOT preview"
_IS_UNMARKED = text("state = 'finished' AND raw IS NULL AND NOT preview")


class Attempt(Entity):
    """One person's attempt at a quiz; what it froze at its start is never changed."""

    noun = N_("Attempt")
    __table_args__ = (
        unique_where("NOT preview", "uq_attempt_number", "enrolment_id", "activity_key", "number"),
        unique_where("preview", "uq_attempt_preview", "person_id", "course_id", "activity_key", "number"),
        Index("ix_attempt_person", "person_id", "course_id", "activity_key"),
        unique_where(_IS_OPEN, "uq_attempt_open", "person_id", "course_id", "activity_key"),
        CheckConstraint("state IN ('not_started', 'in_progress', 'overdue', 'submitted', 'finished', 'abandoned')", name="state"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_attempt_due", "due_at", sqlite_where=text("state = 'in_progress'"), postgresql_where=text("state = 'in_progress'")),
        Index("ix_attempt_activity", "course_id", "activity_key"),
        Index("ix_attempt_unmarked", "course_id", "activity_key", sqlite_where=_IS_UNMARKED, postgresql_where=_IS_UNMARKED),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(merge=Merge.MOVE_WITH_COURSE)
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
    form: Mapped[str] = mapped_column(String(1), default="", server_default="")
    """Letter of the parallel form that it has; '' where its questions were drawn (spec/selection 1.21)."""
    draw_table: Mapped[int] = mapped_column(default=1, server_default="1")
    """Number of the draw table of its quiz version by which a balanced draw went (spec/selection 1.10)."""
    least_seen: Mapped[int | None]
    """How often its learner had seen the questions among which a balanced draw chose, at most (spec/selection 1.17)."""
    language: Mapped[str] = mapped_column(String(2))
    """Decimal conventions are those of this language, fixed at the start (spec/quiz-engine 5.7)."""
    lease: Mapped[int] = mapped_column(BigInteger)
    """The highest under which something was saved."""
    interludes: Mapped[str] = mapped_column(Text)
    """JSON: titles and words between the questions, as laid out."""
    started_at: Mapped[Moment]
    due_at: Mapped[Moment | None]
    """As computed last; the deadline itself follows from the settings at each request (spec/quiz-engine 5.3.1)."""
    extra_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    """The sum of what incidents that were not taken back gave this attempt (spec/quiz-engine 5.10.4)."""
    declared_at: Mapped[Moment | None]
    """When its learner accepted the declaration of the quiz version, where it has one (spec/selection 6.2)."""
    integrity_record: Mapped[str] = mapped_column(Text, default="", server_default="")
    """JSON of `quizzes.rules.states.IntegrityRecord`: what is kept beside the answers, deleted after its time (spec/selection 6.12)."""
    saved_at: Mapped[Moment]
    """When something was last acknowledged; every acknowledgement writes it."""
    submitted_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    raw: Mapped[Decimal | None] = mapped_column(MARK)
    """Sum of the marks; none while something waits for a grader."""
    maximum: Mapped[Decimal] = mapped_column(MARK)
    percent: Mapped[Decimal | None] = mapped_column(MARK)
    passed: Mapped[bool | None]


class QuizOverride(Entity):
    """Settings that replace a quiz's own for everyone, a group or one person (spec/quiz-engine 5.10).

    Only settings that are not none count (dates: whose `sets_…` is true). Never edited: a change ends it and adds another.
    """

    noun = N_("Exception for a quiz")
    __table_args__ = (
        CheckConstraint("scope IN ('everyone', 'group', 'person')", name="scope"),
        CheckConstraint("(scope = 'person') = (person_id IS NOT NULL) AND (scope = 'group') = (group_id IS NOT NULL)", name="whom"),
        CheckConstraint("limit_seconds >= 0", name="limit_seconds"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(sets_opens OR opens_at IS NULL) AND (sets_closes OR closes_at IS NULL)", name="dates"),
        Index("ix_quiz_override_activity", "course_id", "activity_key"),
        _one_in_force("quiz_override_everyone", "course_id", "activity_key", condition="scope = 'everyone'"),
        _one_in_force("quiz_override_group", "course_id", "activity_key", "group_id", condition="scope = 'group'"),
        _one_in_force("quiz_override_person", "course_id", "activity_key", "person_id", condition="scope = 'person'"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    scope: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = personal(merge=Merge.MOVE_WITH_COURSE, index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("learner_group.id"), index=True, info={UNTIL: "ended_at"})
    sets_opens: Mapped[bool] = mapped_column(default=False, server_default=false())
    opens_at: Mapped[Moment | None]
    sets_closes: Mapped[bool] = mapped_column(default=False, server_default=false())
    closes_at: Mapped[Moment | None]
    limit_seconds: Mapped[int | None]
    """0: no limit."""
    attempts: Mapped[int | None]
    """0: as many as one likes."""
    password: Mapped[str | None] = mapped_column(String(100))
    """Empty: none is asked for. A word that is told to a room, so it is kept as it is said; never in the audit log."""
    networks: Mapped[str | None] = mapped_column(Text)
    """Addresses and networks, separated by spaces; empty: from everywhere."""
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_applied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who let it hold for its author too; until then it holds for all others whom it is for."""
    end_applied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who let its end hold for whoever ended it."""


class Accommodation(Entity):
    """The time and attempts that a person gets in every quiz (spec/quiz-engine 5.10.3). Only administrators see it; never edited."""

    noun = N_("Accommodation")
    __table_args__ = (
        CheckConstraint("factor >= 1", name="factor"),
        CheckConstraint("extra_attempts >= 0", name="extra_attempts"),
        CheckConstraint("break_seconds >= 0", name="break_seconds"),
        _one_in_force("accommodation", "person_id"),
    )

    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    factor: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    extra_attempts: Mapped[int]
    break_seconds: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    """Never in the audit log."""
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Incident(Entity):
    """Time that was given to every attempt open at a moment, because something went wrong for all (spec/quiz-engine 5.10.4)."""

    noun = N_("Extra time for a quiz")
    __table_args__ = (CheckConstraint("seconds > 0", name="seconds"), Index("ix_incident_activity", "course_id", "activity_key"))

    uuid: Mapped[PublicId]
    """Made by the form, so that a second click gives nothing twice."""
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    seconds: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[Moment | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class IncidentAttempt(Base):
    """An attempt that was open when an incident gave time."""

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True, index=True)
    applied: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the attempt has the time; it differs from the incident where who gave or took it back attempts themself."""


class AttemptItem(Entity):
    """One question as laid out in one attempt."""

    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

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


class AnswerEvent(Entity):
    """One saved answer. Append-only: the highest (lease, seq) of an item is the response."""

    __table_args__ = (
        UniqueConstraint("item_id", "lease", "seq"),
        CheckConstraint("kind IN ('autosave', 'save', 'submit', 'import')", name="kind"),
    )

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
    proved: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It came after the end of the time, with the device's proof that it was written before (spec/quiz-engine 5.3.9)."""


class AnswerFile(Entity):
    """A file that was sent for an item; answers name it by its uuid. Never deleted: an answer of before may name it."""

    uuid: Mapped[PublicId]
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), index=True)
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    name: Mapped[str] = mapped_column(String(120))
    """As its sender calls it, cleaned; only shown."""
    uploaded_at: Mapped[Moment]


class MarkEvent(Entity):
    """One marking of an item. Append-only: the last is the mark."""

    __table_args__ = (CheckConstraint("origin IN ('auto', 'manual', 'regrade')", name="origin"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), index=True)
    origin: Mapped[str] = mapped_column(String(8))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer_event.id"), unique=True)
    """The answer that the learner had checked while answering, once each; none where the attempt's end, a grader or a regrade marked."""
    fraction: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Of the maximum, in [-1, 1], with certainty in [-6, 3]; none while it waits for a grader."""
    exact: Mapped[str] = mapped_column(String(80), default="", server_default="")
    """The same without rounding ("5/6"), so that totals may be made again; empty where it is older than this column."""
    state: Mapped[str] = mapped_column(String(20))
    marked_at: Mapped[Moment]
    marked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of whoever marked, for the learner."""
    levels: Mapped[str] = mapped_column(Text, default="", server_default="")
    """JSON: of each criterion of a rubric the place of the chosen level, from 0; empty without a rubric."""
    regrade_id: Mapped[int | None] = mapped_column(ForeignKey("regrade.id"), index=True)
    """The marking again whose mark it is; what undoing gives back keeps its own."""


class Regrade(Entity):
    """A regrade of a quiz: the request, the state of its dry run, and who committed and undid it (spec/quiz-engine 5.11)."""

    noun = N_("Regrading")
    __table_args__ = (
        CheckConstraint("kind IN ('same', 'other', 'full_credit', 'removed', 'void_unless_lower')", name="kind"),
        CheckConstraint("policy IN ('keep_best', 'replace', 'only_raise')", name="policy"),
        CheckConstraint("state IN ('planning', 'ready', 'committing', 'committed', 'undoing', 'undone', 'discarded')", name="state"),
        CheckConstraint("(kind = 'same') OR (question_id IS NOT NULL)", name="question"),
        CheckConstraint("(kind = 'other') = (target_id IS NOT NULL)", name="target"),
        Index("ix_regrade_activity", "course_id", "activity_key"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    kind: Mapped[str] = mapped_column(String(20))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    """None: every question of the quiz."""
    target_id: Mapped[int | None] = mapped_column(ForeignKey("question_version.id"))
    """The version by which answers are judged, where that is another one."""
    version_id: Mapped[int | None] = mapped_column(ForeignKey("question_version.id"))
    """The only version of the question that it is about; None: all of them."""
    for_objection: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A jury asked for it, and its decision alone commits it (spec/selection 5.6)."""
    policy: Mapped[str] = mapped_column(String(12))
    with_manual: Mapped[bool]
    """Also what a person marked."""
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    seen: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often its dry run was made: a commit names the one that was looked at."""
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    """Attempts that the dry run looks at."""
    reached: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last enrolment that the dry run has done."""
    outdated: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The marks changed after the dry run before this one."""
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    committed_at: Mapped[Moment | None]
    committed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[Moment | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undo_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was undone, in words for the learners."""


class RegradeDryRunRow(Base):
    """The result of a dry run for one attempt: its total and the learner's result before and after."""

    __tablename__ = "regrade_line"
    __table_args__ = (Index("ix_regrade_line_changed", "regrade_id", "changed"),)

    regrade_id: Mapped[int] = mapped_column(ForeignKey("regrade.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    changed: Mapped[bool]
    late: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Handed in between the dry run and the commit, and annulled with the others."""
    basis: Mapped[int]
    """The attempt's last mark event that the dry run saw."""
    raw_before: Mapped[Decimal | None] = mapped_column(MARK)
    maximum_before: Mapped[Decimal] = mapped_column(MARK)
    percent_before: Mapped[Decimal | None] = mapped_column(MARK)
    passed_before: Mapped[bool | None]
    raw_after: Mapped[Decimal | None] = mapped_column(MARK)
    maximum_after: Mapped[Decimal] = mapped_column(MARK)
    percent_after: Mapped[Decimal | None] = mapped_column(MARK)
    passed_after: Mapped[bool | None]
    result_before: Mapped[bool | None]
    """Whether the learner had passed, by all attempts together."""
    result_after: Mapped[bool | None]
    award: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Code of the certificate in force that the learner holds for the course."""


class RegradeDryRunMark(Base):
    """A mark that a dry run would give: one mark event when it is committed."""

    __tablename__ = "regrade_mark"

    regrade_id: Mapped[int] = mapped_column(ForeignKey("regrade.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    before_id: Mapped[int] = mapped_column(ForeignKey("mark_event.id"))
    """What undoing gives back."""
    fraction: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    exact: Mapped[str] = mapped_column(String(80), default="", server_default="")
    state: Mapped[str] = mapped_column(String(20))


class VoidedQuestion(Entity):
    """A question version that does not decide in a quiz any more; attempts handed in later follow it too (spec/quiz-engine 5.11.4)."""

    __tablename__ = "annulment"
    __table_args__ = (
        CheckConstraint("effect IN ('full_credit', 'removed', 'void_unless_lower')", name="effect"),
        unique_where("lifted_at IS NULL", "uq_annulment_held", "course_id", "activity_key", "question_version_id"),
    )

    regrade_id: Mapped[int] = mapped_column(ForeignKey("regrade.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"))
    effect: Mapped[str] = mapped_column(String(20))
    lifted_at: Mapped[Moment | None]


class CertificateReview(Entity):
    """A decision after a regrade as 0.2.0 kept it: what waits is moved to the review list of certificates, what was decided stays here."""

    __table_args__ = (UniqueConstraint("regrade_id", "enrolment_id"),)

    regrade_id: Mapped[int] = mapped_column(ForeignKey("regrade.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    code: Mapped[str] = mapped_column(String(40))
    """Of the certificate, as it is printed."""
    percent_before: Mapped[Decimal | None] = mapped_column(MARK)
    percent_after: Mapped[Decimal | None] = mapped_column(MARK)
    opened_at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


class FormApproval(Entity):
    """An editor's word that the parallel forms of a published quiz may be given (spec/selection 1.21). It stays with the version."""

    __table_args__ = (UniqueConstraint("quiz_version_id", "approved_by"),)

    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[Moment]


class DrawTable(Base):
    """The facilities by which a balanced quiz draws from a night on (spec/selection 1.10). Immutable: attempts keep its number.

    Table 1 stands in the quiz version itself, made at publication.
    """

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

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    levels: Mapped[str] = mapped_column(Text)
    """JSON: of each criterion that was judged the place of the chosen level, from 0."""
    assessed_at: Mapped[Moment]


class PassMarkRecord(Entity):
    """The record of judges on the pass mark of a quiz or of one of its forms (spec/selection 3.10): frozen when it is signed."""

    __table_args__ = (
        CheckConstraint("state IN ('first', 'second', 'signed', 'discarded')", name="state"),
        CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name="signed"),
        Index("ix_pass_mark_record_activity", "course_id", "activity_key"),
        unique_where("state IN ('first', 'second')", "uq_pass_mark_record_open", "course_id", "activity_key", "form"),
    )

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
    discarded_at: Mapped[Moment | None]
    discarded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    discard_reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class JudgeSheet(Entity):
    """The ratings of one judge of each question, in both rounds of a record."""

    __table_args__ = (UniqueConstraint("record_id", "name"), unique_where("own", "uq_judge_sheet_own", "record_id", "entered_by"))

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
    confirmed_at: Mapped[Moment | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """The expert whose account confirmed what another typed."""
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    """The scan of the paper that the expert signed."""
    paper_name: Mapped[str] = mapped_column(String(200), default="", server_default="")


class ItemHistory(Base):
    """Sums of the answers to a question version in a quiz version, by edition, language and month (spec/selection 2.1)."""

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


class WordingOnly(Entity):
    """An editor's word that a version changed only the wording of its question, so that its figures go on (spec/selection 2.2).

    Never edited: taking it back ends it, and it may be said again.
    """

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        unique_where("ended_at IS NULL", "uq_wording_only_in_force", "question_version_id"),
        Index("ix_wording_only_question_version_id", "question_version_id"),
    )

    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"))
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class HistoryState(Base):
    """The state of the history of a quiz version: it holds all its attempts, or the night counts them and those that end add nothing."""

    quiz_version_id: Mapped[int] = mapped_column(ForeignKey("quiz_version.id"), primary_key=True)
    filled: Mapped[bool]


class AttemptProof(Entity):
    """A proof of an attempt as it was given out: what was signed, without the person and the answers (spec/selection 10)."""

    __table_args__ = (UniqueConstraint("attempt_id", "document_sha256", "key_id"),)

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

    proof_id: Mapped[int] = mapped_column(ForeignKey("attempt_proof.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[Moment]
