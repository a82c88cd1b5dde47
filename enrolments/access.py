"""Permissions to look at a course, take part in it, report its mistakes and let people take it again, and those of one's own calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import wraps

from courses.access import EDITORS, ENROLLED, NOT_ENROLLED, TEAM, edits, teaches
from courses.models import Course, StaffRole
from courses.rules import NARROWED, ClosedReason, Outline, OutlineActivity, is_found
from enrolments import models
from enrolments.rules import EnrolmentRefusal, may_enrol, not_begun
from kernel.own_records import changes_record, changes_records, is_own
from kernel.permissions import Actor, Permission, Predicate, Roles, Verdict, administrator, allow_if, open_to_strangers, signed_in
from organisations.access import AUDITORS, COURSE_INSTRUCTORS, IN_AN_INSTITUTION, OFFICERS, OTHER_UNIT_HEADS, UNIT_HEADS


class LearningAction(StrEnum):
    """Acts of those who learn."""

    SEE_OWN_COURSES = "learning:view"
    VIEW_COURSE = "course:view"
    ENROL = "course:enrol_self"
    VIEW_LESSON = "lesson:view"
    CHOOSE_VERSION = "version:choose"
    MARK_DONE = "lesson:mark_complete"
    DOWNLOAD = "lesson:file_download"
    MANAGE_GROUPS = "group:manage"
    CHANGE_MEMBERS = "group:change_members"
    """Put learners into a group, take them out, or delete it with all who are in it."""
    TAKE_BACK = "completion:take_back"
    ENROL_OTHERS = "course:enrol_other"
    """Keep editions and lists of learners: enrol others, end their part."""
    INVITE = "enrolment:invite"
    ACCEPT_INVITATION = "enrolment:accept_invitation"
    FOLLOW = "gradebook:view"
    """See the marks and the progress of those who take a course."""
    EXPORT = "gradebook:export"
    """Take them out as files."""
    ANNOUNCE = "course:announce"
    CHANGE_ANNOUNCEMENT = "announcement:change"
    OVERRIDE = "grade:override"
    MUTE = "course:mute"
    """Get no notifications of a course one takes."""
    SEE_RESULTS = "progress:view"
    """See one's own results in a course."""
    MANAGE_ITEMS = "item:manage"
    MARK_ITEMS = "item:mark"
    """Mark by hand what is marked by hand alone."""
    LOAD_MARKS = "item:load_marks"
    """Mark it from a file, whose lines name learners by their addresses."""
    NOTE = "note:write"
    DELETE_NOTE = "note:delete"
    JOIN = "edition:join"
    LOOK_UP_CODE = "edition:look_up"
    STOP_WAITING = "edition:stop_waiting"


@dataclass(frozen=True, slots=True)
class LearnerContext:
    """A person before a course: the course's facts, and what the person is in it."""

    course_id: int
    slug: str
    version_id: int | None
    """The version followed: the enrolment's, else the published one."""
    visibility: str
    enrolment_mode: str
    opens_at: datetime | None
    closes_at: datetime | None
    archived: bool
    staff_role: StaffRole | None
    enrolment_id: int | None
    last_activity_key: str | None
    now: datetime
    by_edition: bool = False
    """Whoever enrols chooses one of the course's editions."""
    edition: str = ""
    """Name of the edition in which the person takes it."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """Of that edition."""
    belongs: bool = False
    """To those whom the course's visibility names, at present."""
    take: int = 0
    """How often the person takes the course by now; 0 for those who do not take it."""
    has_begun: bool = False
    """In this take a lesson has been opened, or an attempt started."""
    muted: bool = False
    """The person wants no notifications of the course."""
    has_board: bool = False
    """Its team has turned its board on."""

    @property
    def is_published(self) -> bool:
        """Return whether there is a version to follow."""
        return self.version_id is not None

    @property
    def is_listed(self) -> bool:
        """Return whether the person finds the course in the catalogue, taking part in it or not."""
        return self.version_id is not None and not self.archived and is_found(self.visibility, belongs=self.belongs)

    @property
    def is_learner(self) -> bool:
        """Return whether the person is enrolled."""
        return self.enrolment_id is not None

    @property
    def refusal(self) -> EnrolmentRefusal | None:
        """Return why nobody can enrol now."""
        if self.version_id is None:
            return EnrolmentRefusal.NOT_PUBLISHED
        refused = may_enrol(self.enrolment_mode, self.opens_at, self.closes_at, archived=self.archived, now=self.now)
        return EnrolmentRefusal.BY_EDITION if refused is None and self.by_edition else refused

    @property
    def not_begun(self) -> tuple[ClosedReason, datetime] | None:
        """Return when the person's edition begins, where it has not."""
        return not_begun(self.starts_at, self.now)

    def end_for(self, closes: datetime | None, *, is_own: bool = False) -> datetime | None:
        """Return when something closes for the person: at its own moment, or with their edition or the course where that is earlier.

        A moment that was set for them alone (`is_own`) holds beyond their edition.
        """
        archived, edition = self.now if self.archived else None, None if is_own else self.ends_at
        return min((moment for moment in (closes, edition, archived) if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class ActivityContext:
    """A person before one activity of a course."""

    context: LearnerContext
    outline: Outline
    activity: OutlineActivity
    closed: tuple[ClosedReason, str | datetime] | None
    """Why it is not open to a learner; staff see it all the same."""

    @property
    def opens_later(self) -> bool:
        """Return whether its moment has not come."""
        return self.closed is not None and self.closed[0] is ClosedReason.LATER


@dataclass(frozen=True, slots=True)
class CourseFileContext:
    """A person before a file of a course."""

    context: LearnerContext
    sha256: str
    name: str
    media_type: str
    is_picture: bool
    users: tuple[ActivityContext, ...]
    """The activities that show or offer it, none where it belongs to the whole course."""
    body: str | None = None
    """Its words, where it is a text of a working copy."""


@dataclass(frozen=True, slots=True)
class GroupContext:
    """A person before a group of a course."""

    context: LearnerContext
    group: models.LearnerGroup


@dataclass(frozen=True, slots=True)
class GroupMemberContext(GroupContext):
    """The context of a group membership; no person: those whom a form chooses."""

    person_id: int | None


@dataclass(frozen=True, slots=True)
class EditionContext:
    """A person before an edition of a course."""

    context: LearnerContext
    edition: models.Edition
    refusal: EnrolmentRefusal | None
    """Why nobody can enrol in it now."""
    by_code: bool = False


@dataclass(frozen=True, slots=True)
class ParticipantContext:
    """The context of a person's enrolment in a course."""

    context: LearnerContext
    enrolment: models.Enrolment


@dataclass(frozen=True, slots=True)
class ResultContext:
    """The context of a learner's result of an activity, in the version that they follow."""

    context: LearnerContext
    enrolment: models.Enrolment
    outline: Outline
    activity: OutlineActivity


@dataclass(frozen=True, slots=True)
class GradeItemContext:
    """A person before an item of a course that is marked by hand alone."""

    context: LearnerContext
    item: models.ManualGradeItem
    own_mark_of: int | None = None
    """The person, where they have a mark for the item: what it counts is then part of their record."""


@dataclass(frozen=True, slots=True)
class LearnerNoteContext:
    """A person before a note of the team on a learner."""

    context: LearnerContext
    enrolment: models.Enrolment
    note: models.LearnerNote


@dataclass(frozen=True, slots=True)
class AnnouncementContext:
    """A person before something that was announced in a course."""

    context: LearnerContext
    announcement: models.Announcement


@dataclass(frozen=True, slots=True)
class EnrolmentListContext:
    """A person before a list of people that they sent in for a course."""

    context: LearnerContext
    pending: models.PendingEnrolmentList


@dataclass(frozen=True, slots=True)
class MarkFileContext:
    """A person before a file of marks that they sent in for a course."""

    context: LearnerContext
    pending: models.PendingMarkFile


@dataclass(frozen=True, slots=True)
class EnrolmentInvitationContext:
    """A member of the course team before an invitation to enrol."""

    context: LearnerContext
    invitation: models.EnrolmentInvitation


@dataclass(frozen=True, slots=True)
class InvitedContext:
    """A person before an invitation to enrol."""

    invitation: models.EnrolmentInvitation
    course: Course
    edition: models.Edition | None
    is_for_reader: bool
    is_open: bool
    """It can still be accepted, the course permitting."""
    is_closed: bool
    """The course or the edition takes nobody at present."""


def is_staff(actor: Actor, context: LearnerContext) -> bool:
    """Return whether the actor teaches, edits or grades this course, or administers the site."""
    return teaches(actor, context.staff_role)


def takes_part(actor: Actor, context: LearnerContext) -> bool:
    """Return whether the actor learns or works in this course."""
    return context.is_learner or is_staff(actor, context)


def _is_hidden(actor: Actor, context: LearnerContext) -> bool:
    """Return whether a course for staff or for audiences is hidden from a signed-in actor whom it is not for."""
    stranger = not actor.is_anonymous and not context.belongs and not takes_part(actor, context)
    return stranger and context.visibility in NARROWED


def _learner_context_of(subject: object) -> LearnerContext | None:
    while subject is not None and not isinstance(subject, LearnerContext):
        subject = getattr(subject, "context", None)
    return subject


def hiding(predicate: Predicate) -> Predicate:
    """Wrap a predicate so that it hides what it refuses where the course is hidden from the actor."""

    @wraps(predicate)
    def hides(actor: Actor, subject: object) -> Verdict:
        verdict, context = predicate(actor, subject), _learner_context_of(subject)
        return Verdict.HIDE if verdict is Verdict.FORBID and context is not None and _is_hidden(actor, context) else verdict

    return hides


def hiding_all(permissions: Mapping[StrEnum, Permission]) -> Mapping[StrEnum, Permission]:
    """Return a package's permissions, each of them hiding courses that the actor does not find."""
    return {action: replace(permission, predicate=hiding(permission.predicate)) for action, permission in permissions.items()}


@open_to_strangers
def _view_course(actor: Actor, subject: LearnerContext) -> Verdict:
    if subject.version_id is None:
        return allow_if(edits(actor, subject.staff_role), Verdict.HIDE)
    return allow_if(subject.is_listed or takes_part(actor, subject))


def _enrol(actor: Actor, subject: LearnerContext) -> Verdict:
    """Let anyone who may see a course enrol in it, while its enrolment is open."""
    if subject.version_id is None:
        return Verdict.HIDE
    return allow_if(not actor.is_anonymous and subject.refusal is None and _view_course(actor, subject) is Verdict.ALLOW)


@open_to_strangers
def view_activity(actor: Actor, subject: ActivityContext) -> Verdict:
    """Decide on a lesson or recording.

    Previews of listed courses are for everybody, the rest for those who take part. What waits for something else is for staff,
    and what opens later exists only for those who edit the course.
    """
    if edits(actor, subject.context.staff_role):
        return Verdict.ALLOW
    if subject.opens_later:
        return Verdict.HIDE
    if is_staff(actor, subject.context):
        return Verdict.ALLOW
    previewed = subject.activity.preview and subject.context.is_listed
    return allow_if(subject.closed is None and (previewed or subject.context.is_learner))


def _choose_version(_actor: Actor, subject: LearnerContext) -> Verdict:
    return allow_if(subject.is_learner)


def _learn(_actor: Actor, subject: ActivityContext) -> Verdict:
    if subject.opens_later:
        return Verdict.HIDE
    return allow_if(subject.context.is_learner and subject.closed is None)


@open_to_strangers
def _download(actor: Actor, subject: CourseFileContext) -> Verdict:
    """Decide on a file: it obeys the activities that use it, not its address."""
    if subject.is_picture and subject.context.is_listed:
        return Verdict.ALLOW
    if not subject.users:
        return allow_if(takes_part(actor, subject.context))
    verdicts = {view_activity(actor, user) for user in subject.users}
    return next(verdict for verdict in (Verdict.ALLOW, Verdict.FORBID, Verdict.HIDE) if verdict in verdicts)


def _manage_groups(actor: Actor, subject: LearnerContext | GroupContext) -> Verdict:
    """Those who edit the course; to others there is no such page."""
    context = subject.context if isinstance(subject, GroupContext) else subject
    return allow_if(edits(actor, context.staff_role), Verdict.HIDE)


EnrollingSubject = LearnerContext | EditionContext | EnrolmentListContext | ParticipantContext | EnrolmentInvitationContext


def _enrol_others(actor: Actor, subject: EnrollingSubject) -> Verdict:
    context = subject if isinstance(subject, LearnerContext) else subject.context
    return allow_if(edits(actor, context.staff_role))


def changes_announcement(actor: Actor, context: LearnerContext, announcement: models.Announcement) -> bool:
    """Return whether the actor corrects or withdraws an announcement: its author, while they edit the course; administrators."""
    return actor.is_administrator or (edits(actor, context.staff_role) and announcement.author_id == actor.person_id)


def _change_announcement(actor: Actor, subject: AnnouncementContext) -> Verdict:
    return allow_if(changes_announcement(actor, subject.context, subject.announcement))


def _follow(actor: Actor, subject: LearnerContext | ParticipantContext) -> Verdict:
    return allow_if(is_staff(actor, subject if isinstance(subject, LearnerContext) else subject.context))


def _override(actor: Actor, subject: ResultContext) -> Verdict:
    return allow_if(edits(actor, subject.context.staff_role))


def _export(actor: Actor, subject: LearnerContext) -> Verdict:
    """Those who edit the course; graders see its gradebook and take nothing out (spec/security 7.6)."""
    return allow_if(edits(actor, subject.staff_role))


def _see_results(_actor: Actor, subject: LearnerContext) -> Verdict:
    return allow_if(subject.is_learner)


def _manage_items(actor: Actor, subject: LearnerContext | GradeItemContext) -> Verdict:
    return allow_if(edits(actor, (subject if isinstance(subject, LearnerContext) else subject.context).staff_role))


def _mark_items(actor: Actor, subject: LearnerContext | GradeItemContext) -> Verdict:
    if isinstance(subject, LearnerContext):
        return allow_if(is_staff(actor, subject))
    return allow_if(is_staff(actor, subject.context) and subject.item.retired_at is None)


def _load_marks(actor: Actor, subject: LearnerContext | MarkFileContext) -> Verdict:
    """Those who edit the course: graders see no addresses (spec/security 7.6)."""
    return allow_if(edits(actor, (subject if isinstance(subject, LearnerContext) else subject.context).staff_role))


def keeps_notes(actor: Actor, subject: ParticipantContext | LearnerNoteContext) -> bool:
    """Return whether the actor reads and writes the team's notes on a learner: the team does, but nobody those on themself."""
    return is_staff(actor, subject.context) and not is_own(actor, subject.enrolment.person_id)


def _note(actor: Actor, subject: ParticipantContext) -> Verdict:
    return allow_if(is_staff(actor, subject.context))


def _delete_note(actor: Actor, subject: LearnerNoteContext) -> Verdict:
    """Its author, or who edits the course; to who may not read it there is no such note."""
    if not keeps_notes(actor, subject):
        return Verdict.HIDE
    return allow_if(subject.note.author_id == actor.person_id or edits(actor, subject.context.staff_role))


def _join(actor: Actor, subject: EditionContext) -> Verdict:
    """Let those join who know an edition's code, or may see the course where the edition is open to all who do."""
    if actor.is_anonymous:
        return Verdict.FORBID
    if not subject.by_code and not (subject.edition.self_enrolment and _view_course(actor, subject.context) is Verdict.ALLOW):
        return Verdict.HIDE
    return allow_if(subject.refusal is None and (subject.by_code or subject.context.enrolment_mode == "open"))


def _accept_invitation(_actor: Actor, subject: InvitedContext) -> Verdict:
    """Let the person accept whose address was invited; nobody else learns that there is an invitation."""
    return allow_if(subject.is_for_reader, Verdict.HIDE)


def _learner(subject: object) -> tuple[int, ...]:
    """Return whose record a subject is; an edition, a list or a course as a whole is nobody's."""
    return (subject.enrolment.person_id,) if isinstance(subject, ParticipantContext | ResultContext | LearnerNoteContext) else ()


def _marked(subject: object) -> tuple[int | None, ...]:
    return (subject.own_mark_of,) if isinstance(subject, GradeItemContext) else ()


PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        LearningAction.SEE_OWN_COURSES: Permission(signed_in, {"own": Roles.SIGNED_IN}),
        LearningAction.VIEW_COURSE: Permission(
            _view_course,
            {
                "published_public": Roles.EVERYBODY.because("the catalogue is public; a suspended cookie is logged out"),
                "published_institution_only": (ENROLLED | TEAM).because("only staff of the institution; learner here is not of it"),
                "published_staff": (ENROLLED | TEAM).hidden.because(
                    "members of an institution find it; nobody of this cast is one; signed out leads to sign-in"
                ),
                "draft": EDITORS.hidden,
                "archived": (ENROLLED | TEAM).because("those who took it keep reading it"),
                "staff_of_no_place": (
                    COURSE_INSTRUCTORS | UNIT_HEADS | OTHER_UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS
                ).hidden_but(Roles.ANONYMOUS),
                "staff_of_a_place": IN_AN_INSTITUTION.untried_by(Roles.ANONYMOUS),
                "audience_outside": (COURSE_INSTRUCTORS | OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS),
                "audience_inside": IN_AN_INSTITUTION.untried_by(Roles.ANONYMOUS),
            },
        ),
        LearningAction.ENROL: Permission(
            _enrol, {"open": Roles.SIGNED_IN.because("enrolling twice is harmless"), "closed": Roles.NOBODY, "by_invitation": Roles.NOBODY}
        ),
        LearningAction.VIEW_LESSON: Permission(
            view_activity,
            {
                "published": ENROLLED | TEAM,
                "draft": EDITORS.hidden,
                "free_preview": Roles.EVERYBODY,
                "scheduled_for_later": EDITORS.hidden,
                "locked_by_prerequisite": TEAM.because("the server decides the order (ASVS V2.3.1)"),
            },
        ),
        LearningAction.CHOOSE_VERSION: Permission(_choose_version, {"own": ENROLLED}),
        LearningAction.MARK_DONE: Permission(_learn, {"own_progress": ENROLLED}),
        LearningAction.DOWNLOAD: Permission(
            _download, {"published": (ENROLLED | TEAM).because("files obey the lesson, not their address"), "draft": EDITORS.hidden}
        ),
        LearningAction.MANAGE_GROUPS: Permission(_manage_groups, {"own_course": EDITORS.hidden}),
        LearningAction.CHANGE_MEMBERS: Permission(
            changes_records(changes_record(_manage_groups, lambda subject: (subject.person_id,))), {"own_course": EDITORS.hidden}
        ),
        LearningAction.TAKE_BACK: Permission(
            changes_record(administrator, lambda record: (record.person.id,)), {"of_another_learner": Roles.ADMINISTRATORS}
        ),
        LearningAction.ENROL_OTHERS: Permission(changes_records(changes_record(_enrol_others, _learner)), {"own_course": EDITORS}),
        LearningAction.INVITE: Permission(changes_records(_enrol_others), {"own_course": EDITORS}),
        LearningAction.ACCEPT_INVITATION: Permission(_accept_invitation, {"invited": NOT_ENROLLED}),
        LearningAction.FOLLOW: Permission(_follow, {"own_course": TEAM, "user.view_email enrolled_in_own_course": EDITORS}),
        LearningAction.EXPORT: Permission(
            _export, {"own_course": EDITORS.because("files leave the program: names with addresses and marks")}
        ),
        LearningAction.ANNOUNCE: Permission(_enrol_others, {"own_course": EDITORS}),
        LearningAction.CHANGE_ANNOUNCEMENT: Permission(_change_announcement, {"of_another": Roles.ADMINISTRATORS}),
        LearningAction.OVERRIDE: Permission(
            changes_record(_override, _learner), {"graded": EDITORS.because("with a reason; the first grade is kept")}
        ),
        LearningAction.MUTE: Permission(_see_results, {"own": ENROLLED}),
        LearningAction.SEE_RESULTS: Permission(
            _see_results,
            {
                "own": ENROLLED,
                "of_another_learner": TEAM,
                "grade.view own_released": ENROLLED,
                "grade.view own_not_released": Roles.NOBODY.because("CVE-2021-32473"),
                "grade.view of_another_learner": TEAM,
            },
        ),
        LearningAction.MANAGE_ITEMS: Permission(changes_record(_manage_items, _marked), {"own_course": EDITORS}),
        LearningAction.MARK_ITEMS: Permission(changes_records(_mark_items), {"own_course": TEAM}),
        LearningAction.LOAD_MARKS: Permission(
            changes_records(_load_marks), {"own_course": EDITORS.because("the file names learners by their addresses")}
        ),
        LearningAction.NOTE: Permission(changes_record(_note, _learner), {"of_another_learner": TEAM}),
        LearningAction.DELETE_NOTE: Permission(changes_record(_delete_note, _learner), {"of_another": EDITORS}),
        LearningAction.JOIN: Permission(_join, {"with_a_code": Roles.SIGNED_IN}),
        LearningAction.LOOK_UP_CODE: Permission(signed_in, {"with_a_code": Roles.SIGNED_IN}),
        LearningAction.STOP_WAITING: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    }
)


class CalendarAction(StrEnum):
    """Acts on one's own calendar."""

    USE = "calendar:use"
    """See one's own dates, write oneself reminders, and have them in another calendar."""


CALENDAR_PERMISSIONS: Mapping[StrEnum, Permission] = {
    CalendarAction.USE: Permission(
        signed_in,
        {
            "own": Roles.SIGNED_IN.because("one's own dates and reminders"),
            "of_another": Roles.NOBODY.hidden.because("a reminder is its writer's alone"),
        },
    )
}


QUIZ = "quiz"
"""The kind of activity whose mistakes are reported at its questions."""


class MistakeAction(StrEnum):
    """Acts on mistake reports."""

    REPORT = "mistake:report"
    LIST = "mistake:list"
    DECIDE = "mistake:decide"


@dataclass(frozen=True, slots=True)
class AnsweredQuestionContext:
    """A person before a question of an attempt: whose the attempt is, and whether it and all others at its quiz have ended."""

    person_id: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class MistakeReportContext:
    """A person before a mistake report of a course."""

    context: LearnerContext
    report: models.MistakeReport


def _report(actor: Actor, subject: ActivityContext | AnsweredQuestionContext) -> Verdict:
    """Let whoever reads an activity report it, and whoever handed in an attempt its questions, while they answer no other one."""
    if isinstance(subject, AnsweredQuestionContext):
        return allow_if(is_own(actor, subject.person_id) and subject.is_over, Verdict.HIDE)
    return Verdict.HIDE if subject.activity.kind == QUIZ else view_activity(actor, subject)


def _context(subject: LearnerContext | MistakeReportContext) -> LearnerContext:
    return subject if isinstance(subject, LearnerContext) else subject.context


def _list(actor: Actor, subject: LearnerContext | MistakeReportContext) -> Verdict:
    """Let the course team and administrators read the reports; to others there are none, those of classmates least of all."""
    return allow_if(is_staff(actor, _context(subject)), Verdict.HIDE)


def _decide(actor: Actor, subject: LearnerContext | MistakeReportContext) -> Verdict:
    """Let those decide who edit the course, on their own reports too: a report changes nothing that a learner has to show."""
    context = _context(subject)
    return allow_if(edits(actor, context.staff_role)) if is_staff(actor, context) else Verdict.HIDE


MISTAKE_PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        MistakeAction.REPORT: Permission(
            _report,
            {
                "lesson_published": (ENROLLED | TEAM).because("whoever reads a lesson may say what is wrong in it"),
                "lesson_scheduled_for_later": EDITORS.hidden.because("what is not yet open does not exist"),
                "question_of_own_open_attempt": Roles.NOBODY.hidden.because(
                    "no report while an attempt is open: nothing of the answers may leak"
                ),
                "question_of_own_handed_in_attempt": ENROLLED.hidden.because(
                    "questions are reported at the review of an attempt of one's own"
                ),
            },
        ),
        MistakeAction.LIST: Permission(
            _list, {"own_course": TEAM.hidden.because("only the course team reads reports; classmates do not know of them")}
        ),
        MistakeAction.DECIDE: Permission(_decide, {"own_course": EDITORS.because("who corrects the text decides; graders read")}),
    }
)


class TakeAction(StrEnum):
    """Acts on takes of a course."""

    BEGIN = "take:begin"
    """Let a learner take a course again."""
    LEAVE = "enrolment:leave"
    """Leave a course that one takes."""
    SETTLE = "completion_review:settle"
    """Decide whether an earlier take was completed by what was marked later."""


@dataclass(frozen=True, slots=True)
class CompletionReviewContext:
    """An administrator before a superseded take to decide on, and whose it is."""

    row: models.CompletionReview
    person_id: int


def may_begin_take_for(actor: Actor, subject: ParticipantContext) -> bool:
    """Return whether the actor may let a learner take the course again: who edits it does, but nobody for themself."""
    return TAKE_PERMISSIONS[TakeAction.BEGIN](actor, subject) is Verdict.ALLOW


def _begin(actor: Actor, subject: ParticipantContext) -> Verdict:
    """Let those who edit the course begin a take for its learners, at any time."""
    return allow_if(edits(actor, subject.context.staff_role))


def _leave(_actor: Actor, subject: LearnerContext) -> Verdict:
    return allow_if(subject.is_learner)


def _take_learner(subject: ParticipantContext) -> tuple[int, ...]:
    return (subject.enrolment.person_id,)


TAKE_PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        TakeAction.BEGIN: Permission(
            changes_record(_begin, _take_learner), {"own_course": EDITORS.because("with a reason; what was done before is kept")}
        ),
        TakeAction.LEAVE: Permission(_leave, {"own": ENROLLED.because("what is compulsory is refused with the way to ask for a waiver")}),
        TakeAction.SETTLE: Permission(changes_record(administrator, lambda review: (review.person_id,)), {"any": Roles.ADMINISTRATORS}),
    }
)
