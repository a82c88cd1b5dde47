"""Tables of compulsory training: obligations and their versions, each person's status under each, what it is computed from."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import PendingUpload
from kernel.db import Base, Entity, Moment, PublicId
from kernel.errors import N_
from kernel.personal import Merge, personal
from kernel.prepared_files import PreparedFile

IN_FORCE = "retracted_at IS NULL"
REMINDED = "remind_at IS NOT NULL"
IS_PROPOSED = "state = 'proposed'"


class Obligation(Entity):
    """A compulsory training: the people of an audience have to meet a requirement. Its rules stand in its versions."""

    noun = N_("Compulsory training")
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'active', 'ended')", name="state"),
        CheckConstraint("(state = 'draft') = (activated_at IS NULL)", name="activated"),
        CheckConstraint("activated_by IS NULL OR activated_by <> created_by", name="second_person"),
    )

    uuid: Mapped[PublicId]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"), index=True)
    owner_id: Mapped[int | None] = personal(index=True)
    state: Mapped[str] = mapped_column(String(6))
    latest: Mapped[int] = mapped_column(default=1)
    """The number of its newest version."""
    edited: Mapped[int] = mapped_column(default=0)
    """How often it was changed: who changes it says what they saw."""
    created_at: Mapped[Moment]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    activated_at: Mapped[Moment | None]
    activated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    forgotten_at: Mapped[Moment | None]
    """Since when its records of people are gone, because they were kept long enough after its end."""


class ObligationVersion(Entity):
    """The rules of an obligation from a day on. Append-only once the obligation is active."""

    __table_args__ = (
        UniqueConstraint("obligation_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("enrolment IN ('automatic', 'offered')", name="enrolment"),
        CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name="second_person"),
    )

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"))
    number: Mapped[int]
    title: Mapped[Mapping[str, str]]
    words: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    """What learners read about it."""
    legal_base: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    legal_url: Mapped[str] = mapped_column(String(500), default="")
    terms: Mapped[str] = mapped_column(Text)
    """JSON, as `compliance.rules.documents` writes it."""
    zone: Mapped[str] = mapped_column(String(64), default="")
    """The IANA name of the time zone of its days; empty: that of each person's main unit."""
    enrolment: Mapped[str] = mapped_column(String(9), default="automatic")
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    steps: Mapped[tuple[str, ...]]
    """The days before the last one on which people are reminded."""
    is_escalated: Mapped[bool] = mapped_column(default=True)
    effective_on: Mapped[date]
    recorded_at: Mapped[Moment]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    is_retroactive: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It holds from a day before it was recorded, as somebody asked for with a reason."""


class PlannedChange(Entity):
    """A change of an obligation, of an audience's rule, of the calendar, or of the tree: tried before it applies (spec/compulsory 4.8)."""

    noun = N_("Change that was tried")
    __table_args__ = (
        CheckConstraint("kind IN ('activate', 'version', 'end', 'audience', 'free_day', 'move')", name="kind"),
        CheckConstraint("state IN ('planning', 'ready', 'applying', 'applied', 'discarded')", name="state"),
        CheckConstraint("(kind IN ('audience', 'free_day', 'move')) = (obligation_id IS NULL)", name="subject"),
        CheckConstraint("(kind IN ('free_day', 'move')) = (audience_id IS NULL)", name="audience"),
        CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        CheckConstraint("second_person IN ('', 'past', 'many')", name="second_person"),
    )

    uuid: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(8))
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audience.id"), index=True)
    content: Mapped[str] = mapped_column(Text)
    """JSON: the values of a version, a last day, a rule, free days or a move, by its kind."""
    based_on: Mapped[int]
    """How often the obligation had been changed when this was planned, or the number of the audience's version."""
    effective_on: Mapped[date]
    is_retroactive: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(1000))
    state: Mapped[str] = mapped_column(String(9))
    total: Mapped[int] = mapped_column(default=0)
    """The people to look at."""
    seen: Mapped[int] = mapped_column(default=0)
    """The people looked at so far."""
    reached: Mapped[int] = mapped_column(default=0)
    """The number of the last of them."""
    outcome: Mapped[str] = mapped_column(Text, default="")
    """JSON, as `compliance.rules.planned_changes` writes it."""
    computed_at: Mapped[Moment]
    """The moment of the dry run."""
    agreed: Mapped[int | None]
    """The number of changed people to which who applies it agreed."""
    is_outdated: Mapped[bool] = mapped_column(default=False)
    """Its dry run was made again because another number came out when it was applied."""
    second_person: Mapped[str] = mapped_column(String(4), default="", server_default="")
    """Why another person than its author has to apply it, as `compliance.rules.planned_changes` says; empty where its author may."""
    created_at: Mapped[Moment]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[Moment | None]
    applied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CourseAgreement(Entity):
    """The newest answer of a course's team to whether an obligation may enrol people in its course; `agreed` is None until it answers."""

    __table_args__ = (
        UniqueConstraint("obligation_id", "course_id"),
        CheckConstraint("(agreed IS NULL) = (decided_at IS NULL)", name="decided"),
    )

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    agreed: Mapped[bool | None]
    asked_at: Mapped[Moment]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")


class Assignment(Entity):
    """One person under one obligation: the present status, and the next one that the clock alone brings.

    Made and ended by the audience. Read its state by `compliance.assignments.state_at`, which sees what the clock changed since.
    """

    __table_args__ = (
        UniqueConstraint("obligation_id", "person_id"),
        Index("ix_assignment_person", "person_id"),
        Index("ix_assignment_next", "next_change_at", sqlite_where=text("next_change_at IS NOT NULL")),
        Index("ix_assignment_remind", "remind_at", "person_id", sqlite_where=text(REMINDED), postgresql_where=text(REMINDED)),
        CheckConstraint("(next_change_at IS NULL) = (next_state IS NULL)", name="next"),
    )

    uuid: Mapped[PublicId]
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"))
    person_id: Mapped[int] = personal()
    cycle: Mapped[int] = mapped_column(default=1)
    opened_on: Mapped[date | None]
    """The first day of the cycle."""
    state: Mapped[str] = mapped_column(String(12))
    flags: Mapped[str] = mapped_column(String(60), default="")
    """Parted by blanks."""
    last_on: Mapped[date | None]
    """The last day of the deadline, waiver or validity that the state speaks of."""
    due_on: Mapped[date | None]
    """The last day of the first cycle, also where it was done."""
    done_on: Mapped[date | None]
    """The local day on which it was first done."""
    zone: Mapped[str] = mapped_column(String(64))
    achieved_at: Mapped[Moment | None]
    valid_until: Mapped[date | None]
    next_change_at: Mapped[Moment | None]
    next_state: Mapped[str | None] = mapped_column(String(12))
    next_flags: Mapped[str | None] = mapped_column(String(60))
    computed_at: Mapped[Moment]
    remind_at: Mapped[Moment | None]
    """When its reminders are next looked at: at once after each change of the status, else when the next one is due."""
    planned: Mapped[str] = mapped_column(String(400), default="", server_default="")
    """The reminders ahead, as `compliance.rules.reminders` writes them: each is decided when it is due."""


class AssignmentState(Entity):
    """A state of an assignment in two times: when it held, and since when until when the record said so."""

    __table_args__ = (
        Index("ix_assignment_state_known", "assignment_id", "known_to"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="valid"),
        CheckConstraint("known_to IS NULL OR known_to > known_from", name="known"),
    )

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    state: Mapped[str] = mapped_column(String(12))
    flags: Mapped[str] = mapped_column(String(60), default="")
    valid_from: Mapped[Moment]
    valid_to: Mapped[Moment | None]
    known_from: Mapped[Moment]
    known_to: Mapped[Moment | None]


class Reminder(Entity):
    """A decision on a reminder that fell due: it was sent, or suppressed for a reason. Append-only but for the moment of its mail."""

    __table_args__ = (
        UniqueConstraint("assignment_id", "cycle", "kind", "step", "due_on"),
        Index("ix_reminder_notice", "notice_key"),
        CheckConstraint("kind IN ('assigned', 'step', 'renewal_opens', 'overdue', 'waiver_ends', 'version', 'asked')", name="kind"),
        CheckConstraint("step >= 0", name="step"),
    )

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    cycle: Mapped[int]
    kind: Mapped[str] = mapped_column(String(13))
    step: Mapped[int] = mapped_column(default=0)
    """Of a step: the days before the last day; of what is overdue: the number of the reminder."""
    due_on: Mapped[date]
    last_on: Mapped[date | None]
    """The last day that it speaks of."""
    at: Mapped[Moment]
    """When it was decided."""
    reason: Mapped[str] = mapped_column(String(14), default="")
    """Why it was suppressed; empty where it was sent."""
    notice_key: Mapped[str] = mapped_column(String(120), default="")
    """The event of the notice, of which it is a line; empty where there is none."""
    mailed_at: Mapped[Moment | None]
    """When the mail server took the mail."""
    request_id: Mapped[int | None] = mapped_column(ForeignKey("reminder_request.id"), index=True)
    """Who asked for it and with which words, where somebody did."""


class ReminderRequest(Entity):
    """A reminder that a head or an officer sends now to the people of a filter, with words of their own."""

    __table_args__ = (CheckConstraint("done_at IS NULL OR done_at >= asked_at", name="done"),)

    uuid: Mapped[PublicId]
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """The place with everything below it; empty: everybody."""
    state: Mapped[str] = mapped_column(String(12), default="")
    """The state asked for; empty: every state in which something is left to do."""
    words: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[Moment]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    reached: Mapped[int] = mapped_column(default=0)
    """The number of the last person it was decided for."""
    sent: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[Moment | None]


class Bundle(PreparedFile, Base):
    """A bundle of evidence that was requested: of which place, of which day as known on which, and its file until it ends."""

    __table_args__ = (CheckConstraint("known >= at", name="known"),)

    place_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"), index=True)
    """The one that it is about; empty: every one that was ever in force."""
    at: Mapped[Moment]
    known: Mapped[Moment]
    has_files: Mapped[bool] = mapped_column(default=False)
    """The files that prove waivers and recognitions are in it."""
    reason: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class TrainingActa(Entity):
    """An acta: the numbers of a place under one obligation at a moment as known at another, kept as it was drawn.

    The numbers are counted again for whoever checks it.
    """

    noun = N_("Acta of compulsory training")
    __table_args__ = (CheckConstraint("known >= at", name="known"),)

    uuid: Mapped[PublicId]
    """The number of the form that asked for it."""
    code: Mapped[str] = mapped_column(String(16), unique=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"), index=True)
    at: Mapped[Moment]
    known: Mapped[Moment]
    digest: Mapped[str] = mapped_column(String(64))
    """The SHA-256 of its numbers."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The PDF; none of one that an earlier version made, or whose records are no longer kept."""
    made_at: Mapped[Moment]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class FreeDay(Entity):
    """A day on which offices are closed: in the whole country, or in one province. No reminder goes out on it."""

    noun = N_("Free day")
    __table_args__ = (UniqueConstraint("day", "province"),)

    uuid: Mapped[PublicId]
    day: Mapped[date]
    province: Mapped[str] = mapped_column(String(300), default="")
    """The name of the province without case and accents; empty: national."""
    name: Mapped[str] = mapped_column(String(150))
    added_at: Mapped[Moment]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CycleEnrolment(Entity):
    """One course of one cycle of an assignment: its take, or the obstacle to one, or neither where it is done (spec/compulsory 4.9)."""

    __table_args__ = (
        UniqueConstraint("assignment_id", "cycle", "course_id"),
        CheckConstraint("enrolment_id IS NULL OR obstacle IS NULL", name="outcome"),
        CheckConstraint(
            "obstacle IN ('unpublished', 'archived', 'not_agreed', 'edition_closed', 'edition_full', 'work_open')", name="obstacle"
        ),
    )

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    cycle: Mapped[int]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    obstacle: Mapped[str | None] = mapped_column(String(14))
    since: Mapped[Moment]
    """Since when it has this take, or this obstacle."""
    checked_at: Mapped[Moment]


class DoneFact(Entity):
    """A take of a course completed: when the last of it was submitted, since when that is on record. Rows are added and retracted."""

    __table_args__ = (
        Index("ix_done_fact_person", "person_id", "course_id"),
        Index("ix_done_fact_present", "enrolment_id", unique=True, sqlite_where=text(IN_FORCE), postgresql_where=text(IN_FORCE)),
    )

    person_id: Mapped[int] = personal(merge=Merge.MOVE)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    version: Mapped[int]
    """The number of the course version."""
    achieved_at: Mapped[Moment]
    recorded_at: Mapped[Moment]
    retracted_at: Mapped[Moment | None]
    is_reconstructed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """From records older than these facts."""
    valid_until: Mapped[date | None]
    """The last valid day that the course gives it; none: it never ends."""


class StartedFact(Base):
    """A take of a course begun: its first lesson opened or its first attempt started."""

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    person_id: Mapped[int] = personal(merge=Merge.MOVE, index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    at: Mapped[Moment]
    is_reconstructed: Mapped[bool] = mapped_column(default=False, server_default=false())


class AccountFact(Entity):
    """A time in which a person's account was suspended or closed."""

    __table_args__ = (
        Index(
            "ix_account_fact_open",
            "person_id",
            unique=True,
            sqlite_where=text("opened_at IS NULL"),
            postgresql_where=text("opened_at IS NULL"),
        ),
    )

    person_id: Mapped[int] = personal(index=True)
    closed_at: Mapped[Moment]
    opened_at: Mapped[Moment | None]


class Waiver(Entity):
    """A time in which a person is excused from an obligation, or from all of them: proposed by one person, approved by another."""

    noun = N_("Waiver")
    __table_args__ = (
        Index("ix_waiver_person", "person_id"),
        Index("ix_waiver_waiting", "proposed_at", sqlite_where=text(IS_PROPOSED), postgresql_where=text(IS_PROPOSED)),
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="days"),
        CheckConstraint("kind IN ('medical', 'parental', 'commission', 'legal', 'force_majeure', 'other')", name="kind"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'revoked', 'withdrawn')", name="state"),
        CheckConstraint("decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> person_id)", name="second_person"),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal()
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"), index=True)
    """The one of which it excuses; empty: every one."""
    kind: Mapped[str] = mapped_column(String(13))
    words: Mapped[str] = mapped_column(String(1000), default="")
    document: Mapped[str] = mapped_column(String(100), default="")
    """The number of a document that proves it."""
    evidence: Mapped[str | None] = mapped_column(String(64))
    """The digest of a file that proves it."""
    evidence_name: Mapped[str] = mapped_column(String(200), default="")
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(9))
    proposed_at: Mapped[Moment]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(1000), default="")
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revocation: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    """The words with which it was revoked."""


class RecognitionList(Entity):
    """Many recognitions that were sent in with one file; they are decided on together or one by one."""

    noun = N_("List of recognitions")

    uuid: Mapped[PublicId]
    name: Mapped[str] = mapped_column(String(120))
    """Of the file."""
    total: Mapped[int] = mapped_column(default=0)
    """How many it proposed."""
    proposed_at: Mapped[Moment]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class PendingRecognitionList(PendingUpload, Base):
    """A file with recognitions of many people, between its preview and its confirmation."""

    __tablename__ = "pending_recognition"
    noun = N_("List of recognitions")

    total: Mapped[int]
    """Lines with something in them."""
    list_id: Mapped[int | None] = mapped_column(ForeignKey("recognition_list.id"))
    """What became of it, once confirmed."""


class Recognition(Entity):
    """Learning elsewhere that counts as a course done on a day: proposed by one person, approved by another."""

    noun = N_("Recognition")
    __table_args__ = (
        Index("ix_recognition_person", "person_id", "course_id"),
        Index("ix_recognition_waiting", "proposed_at", sqlite_where=text(IS_PROPOSED), postgresql_where=text(IS_PROPOSED)),
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'revoked', 'withdrawn')", name="state"),
        CheckConstraint("decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> person_id)", name="second_person"),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    achieved_on: Mapped[date]
    issuer: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(100), default="")
    evidence: Mapped[str | None] = mapped_column(String(64))
    """The digest of a file that proves it."""
    evidence_name: Mapped[str] = mapped_column(String(200), default="")
    list_id: Mapped[int | None] = mapped_column(ForeignKey("recognition_list.id"), index=True)
    """The list with which it was sent in."""
    state: Mapped[str] = mapped_column(String(9))
    proposed_at: Mapped[Moment]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(1000), default="")
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revocation: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    """The words with which it was revoked."""
