"""Tables of taking part. Results hang on activity keys, so that a new version of a course loses nobody's progress."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, Uuid, false, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import Broadcast, LinkInvitation, PendingUpload
from kernel.db import Base, Entity, Key, Moment, PublicId, ShortText, Slug, unique_where
from kernel.errors import N_
from kernel.personal import Erase, Merge, personal


class TakeCause(StrEnum):
    """The cause of a take: who began it."""

    SELF = "self"
    STAFF = "staff"
    OBLIGATION = "obligation"


class Enrolment(Entity):
    """A take of a course by a person, following one version of it. Its totals are kept up in the transaction of each result.

    Who takes the course again has a further enrolment; results, completion and certificates stay with the take in which they were earned.
    """

    noun = N_("Enrolment")
    __table_args__ = (
        UniqueConstraint("person_id", "course_id", "take"),
        unique_where("superseded_at IS NULL", "uq_enrolment_present", "person_id", "course_id"),
        CheckConstraint("done >= 0 AND done <= total", name="done"),
        CheckConstraint("take > 0", name="take"),
        CheckConstraint("superseded_at IS NULL OR left_at IS NOT NULL", name="superseded"),
        CheckConstraint("cause IN ('self', 'staff', 'obligation')", name="cause"),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    take: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts how often the person takes the course, from 1."""
    cause: Mapped[str | None] = mapped_column(String(10))
    """Who began it; none where that was not recorded yet."""
    enrolled_at: Mapped[Moment]
    left_at: Mapped[Moment | None]
    superseded_at: Mapped[Moment | None]
    """Since when another take of the same person is the present one."""
    begun_at: Mapped[Moment | None]
    """When a lesson was first opened in it, or an attempt started."""
    done: Mapped[int]
    """Required activities done."""
    total: Mapped[int]
    """Required activities there are."""
    last_activity_key: Mapped[Slug | None]
    """Where the learner left off, on any device."""
    last_visited_at: Mapped[Moment | None]
    grade: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Course grade in percent as it was when something was last recorded; pages compute it, lists are sorted by it."""
    grade_stale: Mapped[bool | None]
    """What counts for the grade has changed since: a job computes it again."""
    muted_at: Mapped[Moment | None]
    """Since when the person wants no notifications of the course."""


class ActivityResult(Entity):
    """A learner's result of one activity."""

    __table_args__ = (
        UniqueConstraint("enrolment_id", "activity_key"),
        CheckConstraint("score IS NULL OR (score >= 0 AND score <= 100)", name="score"),
    )

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    activity_key: Mapped[Slug]
    viewed_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]
    """When what the completion rule asks was first met."""
    completed_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    achieved_at: Mapped[Moment | None]
    """When the work that completed it was submitted, however late it was marked; none where that was not recorded yet."""
    submitted_at: Mapped[Moment | None]
    """When the work was submitted that gives the score, or that waits to be graded; none for what is never submitted."""
    score: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Percent that counts, for activities with marks; unrounded."""
    passed: Mapped[bool | None]
    exhausted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """No try is left: what comes next is elsewhere."""
    overridden_at: Mapped[Moment | None]
    """Since when the team's word counts instead of what was earned, which goes on standing in the next three columns."""
    own_score: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    own_passed: Mapped[bool | None]
    own_completed: Mapped[bool | None]


class ResultOverride(Entity):
    """A result of an activity that the team set, or took back. Append-only; the newest counts, the first names what was there before."""

    uuid: Mapped[PublicId]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    activity_key: Mapped[Slug]
    """As it was then: a later version may have renamed it."""
    score: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Percent that counts from now on; none: what was earned counts again."""
    before: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Percent that counted until then."""
    reason: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[Moment]


class ManualGradeItem(Entity):
    """Something of a course that is marked by hand alone: it stands beside the course's text, and counts in its grade."""

    __tablename__ = "manual_item"
    noun = N_("Grade item")
    __table_args__ = (CheckConstraint("maximum > 0", name="maximum"), CheckConstraint("weight >= 0", name="weight"))

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    key: Mapped[Slug] = mapped_column(unique=True)
    """Under which its results stand beside those of activities; no activity's key has a colon."""
    title: Mapped[str] = mapped_column(String(150))
    maximum: Mapped[Decimal] = mapped_column(Numeric(14, 7))
    weight: Mapped[Decimal] = mapped_column(Numeric(14, 7))
    category: Mapped[str] = mapped_column(String(64))
    """Part of the course grade; empty where the course has none."""
    due_at: Mapped[Moment | None]
    made_at: Mapped[Moment]
    retired_at: Mapped[Moment | None]
    """It counts no more; its marks stay."""


class ManualGrade(Entity):
    """A mark for an item marked by hand. Append-only: the newest of a learner counts."""

    __tablename__ = "manual_mark"
    __table_args__ = (Index("ix_manual_mark_item", "item_id", "enrolment_id", "id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("manual_item.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    points: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """None: the mark was taken back."""
    comment: Mapped[str] = mapped_column(Text)
    """For the learner."""
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[Moment]


class LearnerNote(Entity):
    """A note by a member of the course team on a learner, for the team alone."""

    noun = N_("Note on a learner")

    uuid: Mapped[PublicId]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(Text)
    written_at: Mapped[Moment]


class Completion(Entity):
    """The moment and version in which a course was completed. Never taken back silently."""

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    completed_at: Mapped[Moment]
    achieved_at: Mapped[Moment | None]
    """When the last work that completed the course was submitted, however late it was marked; none where that was not recorded yet."""
    grade: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    valid_until: Mapped[date | None]
    """The last valid day, which the certificate prints too; none: it never ends."""


class CompletionReview(Entity):
    """A superseded take that would have been completed by what was marked later: an administrator decides whether it was."""

    noun = N_("Completion to decide on")
    __table_args__ = (CheckConstraint("(settled_at IS NULL) = (recorded IS NULL)", name="settled"),)

    uuid: Mapped[PublicId]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    grade: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    achieved_at: Mapped[Moment]
    noticed_at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded: Mapped[bool | None]
    """Whether the completion was recorded."""
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")


class VersionOfferReply(Base):
    """A learner's reply to the question whether to move to a newer version of their course."""

    __tablename__ = "version_answer"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), primary_key=True)
    """The version that they were asked about."""
    moves: Mapped[bool]
    answered_at: Mapped[Moment]


UNTIL = "until"
"""Under this name a reference to a group says in which column stands since when it holds no more; without it, it always does."""


class LearnerGroup(Entity):
    """Learners of a course who are treated alike where something is set for a group."""

    noun = N_("Group")
    __table_args__ = (UniqueConstraint("course_id", "name"),)

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    name: Mapped[str] = mapped_column(String(100))
    """Of a deleted group its uuid, so that another one may have its name."""
    former_name: Mapped[str | None] = mapped_column(String(100))
    """Of a deleted group that a record names; those in use have none."""
    created_at: Mapped[Moment]

    @hybrid_property
    def shown_name(self) -> str:
        """Return the name by which lists call it."""
        return self.former_name or self.name

    @shown_name.inplace.expression
    @classmethod
    def _shown_name(cls) -> ColumnElement[str]:
        return func.coalesce(cls.former_name, cls.name)


class GroupMember(Base):
    """A learner in a group."""

    group_id: Mapped[int] = mapped_column(ForeignKey("learner_group.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True, index=True)
    added_at: Mapped[Moment]


class Edition(Entity):
    """A course given to a group of people between dates."""

    noun = N_("Edition")
    __table_args__ = (
        UniqueConstraint("course_id", "name"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
        CheckConstraint("enrols_until IS NULL OR enrols_from IS NULL OR enrols_until > enrols_from", name="enrols_until"),
        CheckConstraint("ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name="ends_at"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    name: Mapped[str] = mapped_column(String(100))
    code: Mapped[str | None] = mapped_column(String(16), unique=True)
    """Whoever knows it may enrol; kept without hyphens, in capitals."""
    self_enrolment: Mapped[bool]
    """Whoever may see the course may enrol in it."""
    enrols_from: Mapped[Moment | None]
    enrols_until: Mapped[Moment | None]
    starts_at: Mapped[Moment | None]
    """Before it its learners see the course and open nothing of it."""
    ends_at: Mapped[Moment | None]
    """After it its learners read, and begin no quiz any more."""
    capacity: Mapped[int | None]
    closed_at: Mapped[Moment | None]
    """Nobody enrols in it any more."""
    created_at: Mapped[Moment]


class EditionPlace(Base):
    """A place in an edition that a learner has; given up by leaving the course."""

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)


class FormerPlace(Base):
    """A place in an edition or a group that a learner had, and when it ended. Kept for good.

    Where results decide about people, whoever ever took part decides nothing.
    """

    __table_args__ = (CheckConstraint("(edition_id IS NULL) <> (group_id IS NULL)", name="whose"),)

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("learner_group.id"), index=True)
    ended_at: Mapped[Moment]


class WaitingPlace(Base):
    """A person's place on the waiting list of an edition that is full."""

    __table_args__ = (UniqueConstraint("edition_id", "person_id"),)

    id: Mapped[Key]
    """Who came first is first."""
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    since: Mapped[Moment]


class PendingEnrolmentList(PendingUpload, Base):
    """A list of people that was sent in, between being looked at and being enrolled: nobody of it is yet. Forgotten in time."""

    __tablename__ = "pending_list"
    noun = N_("List of people to enrol")

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    confirmed_at: Mapped[Moment | None]
    place: Mapped[int] = mapped_column(default=0)
    """How many of its addresses were dealt with."""
    total: Mapped[int]


class PendingMarkFile(PendingUpload, Base):
    """A file of marks that was sent in, between being looked at and being written down. Forgotten in time."""

    __tablename__ = "pending_marks"
    noun = N_("File of marks")

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    confirmed_at: Mapped[Moment | None]
    marked: Mapped[int] = mapped_column(default=0)
    """How many marks were written."""
    total: Mapped[int]


class EnrolmentInvitation(LinkInvitation, Base):
    """An invitation of an address to enrol in a course; whether it has an account makes no difference. Used up by enrolling."""

    noun = N_("Invitation to a course")
    __table_args__ = (Index("ix_enrolment_invitation_course", "course_id", "email"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    list_uuid: Mapped[UUID] = mapped_column(Uuid, index=True)
    """Shared by those that were sent together, and undone together."""
    email: Mapped[str] = mapped_column(String(254), index=True)
    """In lower case; empty once the invitation is used up."""
    name: Mapped[ShortText]
    """As the list has it, to address the person; empty once the invitation is used up."""
    mailed_at: Mapped[Moment | None]
    """When the secret went out in a mail to the address, and nowhere else: who has it reads that mailbox."""
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[Moment] = mapped_column(index=True)
    signed_up_at: Mapped[Moment | None]
    """When an account was asked for with the link: the person is enrolled as soon as they confirm the address."""
    accepted_at: Mapped[Moment | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class Announcement(Broadcast, Base):
    """An announcement of the course team to some of its learners."""

    noun = N_("Announcement")

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(150))
    words: Mapped[str] = mapped_column(Text)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("learner_group.id"), info={UNTIL: "told_at"})
    only_open: Mapped[bool]
    """Only for those who have not completed the course."""
    is_message: Mapped[bool | None]
    """For those whom a filter found when it was sent: the course's page does not show it."""
    only_completed: Mapped[bool | None]
    name_words: Mapped[str | None] = mapped_column(String(100))
    next_key: Mapped[Slug | None]
    """For those whose next required activity this was."""
    idle_days: Mapped[int | None]
    """For those who had not come for so many days."""
    sent_at: Mapped[Moment]
    corrected_at: Mapped[Moment | None]
    """When its words were changed last; what they were before is in the audit log."""


class MessageRecipient(Base):
    """A recipient of a message: the filter found them when it was sent."""

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"), primary_key=True)
    person_id: Mapped[int] = personal(primary_key=True, index=True)


class MistakeKind(StrEnum):
    """The kind of mistake that a report is about."""

    FACT = "fact"
    OUTDATED = "outdated"
    TYPING = "typing"
    BROKEN = "broken"
    MARKING = "marking"
    OTHER = "other"


class MistakeState(StrEnum):
    """The state of a mistake report; the first two wait for the course team."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """It is a mistake, and is to be corrected."""
    CORRECTED = "corrected"
    DECLINED = "declined"


UNSETTLED_STATES = (MistakeState.OPEN, MistakeState.ACCEPTED)


class MistakeReport(Entity):
    """A mistake in an activity or a question that a reader reported to the course team, and what became of the report."""

    noun = N_("Report of a mistake")
    __table_args__ = (
        CheckConstraint("kind IN ('fact', 'outdated', 'typing', 'broken', 'marking', 'other')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'corrected', 'declined')", name="state"),
        CheckConstraint("(state IN ('corrected', 'declined')) = (settled_at IS NOT NULL)", name="settled"),
        CheckConstraint("(question_key IS NULL) = (question_number IS NULL)", name="question"),
        Index("ix_mistake_report_course", "course_id", "state"),
        Index("ix_mistake_report_settled", "settled_at"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    """The version that its reporter had before them."""
    activity_key: Mapped[Slug]
    """As it was in that version."""
    question_key: Mapped[Slug | None]
    question_number: Mapped[int | None]
    """Number of the question version that its reporter had before them."""
    title: Mapped[ShortText]
    """Of the activity, or the first words of the question, in the reporter's language."""
    heading: Mapped[str | None] = mapped_column(String(300))
    """Address of the heading in the lesson under which it stands."""
    language: Mapped[str] = mapped_column(String(2))
    """In which the text was read."""
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.MOVE, index=True)
    reported_at: Mapped[Moment]
    extended_at: Mapped[Moment | None]
    """When its reporter last added words."""
    state: Mapped[str] = mapped_column(String(9), default=MistakeState.OPEN.value)
    answer: Mapped[str] = mapped_column(Text, default="")
    """Of the course team, for the reporter."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    corrected_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    """The version that corrected it; none where a regrade or something else did."""
    settled_at: Mapped[Moment | None]
    """When it was declined or corrected."""


class PersonalReminder(Entity):
    """A short text that a person wrote for themselves, for a moment; nobody else sees it."""

    noun = N_("Personal reminder")
    __table_args__ = (Index("ix_personal_reminder_person", "person_id", "at"),)

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.MOVE)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    words: Mapped[str] = mapped_column(String(200))
    at: Mapped[Moment] = mapped_column(index=True)
    written_at: Mapped[Moment]


class CalendarAddress(Entity):
    """A secret address under which one of a person's calendars reads their dates; only its hash is kept."""

    __table_args__ = (CheckConstraint("alarm_minutes >= 0", name="alarm_minutes"),)

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    name: Mapped[str] = mapped_column(String(60))
    """Of the device or calendar that reads it, as the person calls it."""
    alarm_minutes: Mapped[int]
    """How long before each date its alarm sounds; 0: no alarm."""
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[Moment]
    read_at: Mapped[Moment | None]
    """When it was last read, to the hour."""
    entries: Mapped[str] = mapped_column(Text)
    """JSON: of each event that calendars may hold its moment, its changes and a hash of its words, never the words."""


class CalendarFeed(Base):
    """The one address that a person had in release 0.2: copied to `calendar_address`, and read by its processes until they have gone.

    The table goes a release later.
    """

    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[Moment]
    entries: Mapped[str] = mapped_column(Text)
    """JSON: of each event that calendars may hold its moment, its changes and a hash of its words, never the words."""


class CourseBoard(Entity):
    """The board of a course, which its team turned on once."""

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), unique=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), unique=True)
    by_edition: Mapped[bool] = mapped_column(default=False)
    """New threads are read in the edition of their author alone."""


class CourseThread(Base):
    """A thread of a course's board that is for some alone, besides its author."""

    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"), primary_key=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    """Read by those who take the course in this edition, and by the team; none: by everybody in the course."""
    private: Mapped[bool] = mapped_column(default=False)
    """Read by its author and the team alone."""
