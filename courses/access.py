"""Permissions of a course for its team, with the contexts on which they decide, and the refusal of changes to an archived one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from courses.models import Course, CourseVersion, PendingFolder, StaffRole
from kernel.errors import N_, Conflict
from kernel.permissions import Actor, Permission, Roles, Verdict, allow_if
from organisations.access import INSTITUTION_ADMINISTRATORS


class CourseAction(StrEnum):
    """Acts of those who make courses."""

    PUBLISH = "course:publish"
    CREATE = "course:create"
    EDIT = "course:edit"
    DELETE = "course:delete"
    ARCHIVE = "course:archive"
    IMPORT = "course:import"
    MANAGE_TEAM = "course:assign_staff"
    VIEW_LOG = "course:view_log"
    JOIN_TEAM = "course:join_team"


@dataclass(frozen=True, slots=True)
class CourseContext:
    """A course as its staff sees it."""

    id: int
    slug: str
    staff_role: StaffRole | None


@dataclass(frozen=True, slots=True)
class PartContext(CourseContext):
    """A module or activity of a course's working copy, by the key that the address gives."""

    key: str


@dataclass(frozen=True, slots=True)
class CourseListContext(CourseContext):
    """One of the lists of a course's working copy, by the name that the address gives."""

    listing: str


@dataclass(frozen=True, slots=True)
class ListEntryContext(CourseListContext):
    """An entry of one of the lists, by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class RevisionContext(CourseContext):
    """A change of a course's working copy, by its number."""

    revision: int


@dataclass(frozen=True, slots=True)
class AuthoringContext:
    """The subject of authoring: whether the actor makes courses, as site instructor or as owner or editor of any course."""

    makes_courses: bool


@dataclass(frozen=True, slots=True)
class VersionContext:
    """A version of a course as the course's staff sees it."""

    course: CourseContext
    version: CourseVersion


@dataclass(frozen=True, slots=True)
class FolderUploadContext(CourseContext):
    """A folder that a member of the course team uploaded for the course."""

    pending: PendingFolder


@dataclass(frozen=True, slots=True)
class NewCourseUpload(AuthoringContext):
    """A folder uploaded to become a course."""

    pending: PendingFolder


@dataclass(frozen=True, slots=True)
class PublicationPlanContext:
    """A planned publication of a course, by its number, as the course's staff sees it."""

    course: CourseContext
    plan_id: int


@dataclass(frozen=True, slots=True)
class InvitationContext:
    """An invitation into a course's team, and whether it is for the account that looks at it."""

    invitation_id: int
    course_id: int
    title: Mapping[str, str]
    slug: str
    role: StaffRole
    is_for_reader: bool


def edits(actor: Actor, role: StaffRole | None) -> bool:
    """Return whether an actor may change a course: its owners and editors, and administrators."""
    return actor.is_administrator or role in (StaffRole.OWNER, StaffRole.EDITOR)


def teaches(actor: Actor, role: StaffRole | None) -> bool:
    """Return whether an actor works in a course at all: its team, and administrators."""
    return actor.is_administrator or role is not None


def _edit(actor: Actor, subject: CourseContext | VersionContext | PublicationPlanContext) -> Verdict:
    course = subject if isinstance(subject, CourseContext) else subject.course
    return allow_if(edits(actor, course.staff_role), Verdict.HIDE)


def _create(actor: Actor, subject: AuthoringContext) -> Verdict:
    return allow_if(subject.makes_courses or actor.is_administrator)


def owns(actor: Actor, role: StaffRole | None) -> bool:
    """Return whether an actor may decide on the team, and on the course as a whole: its owners, and administrators."""
    return actor.is_administrator or role is StaffRole.OWNER


def _own(actor: Actor, subject: CourseContext) -> Verdict:
    if owns(actor, subject.staff_role):
        return Verdict.ALLOW
    return Verdict.FORBID if subject.staff_role is StaffRole.EDITOR else Verdict.HIDE


def _join(_actor: Actor, subject: InvitationContext) -> Verdict:
    return allow_if(subject.is_for_reader)


NOT_ENROLLED, ENROLLED = Roles.EVERYBODY.only("learner"), Roles.EVERYBODY.only("enrolled")
OWNERS = Roles.EVERYBODY.only("course_owner", "site_admin")
EDITORS = OWNERS | Roles.EVERYBODY.only("course_editor")
TEAM = EDITORS | Roles.EVERYBODY.only("grader")
TEACHERS = EDITORS | Roles.EVERYBODY.only("other_instructor")

PERMISSIONS: Mapping[StrEnum, Permission] = {
    CourseAction.PUBLISH: Permission(
        _edit,
        {
            "own_course_complete": EDITORS,
            "own_course_with_broken_quiz": Roles.NOBODY.because("a quiz without key may not go out, whoever asks"),
            "course.approve asked_by_another": EDITORS.hidden,
        },
    ),
    CourseAction.CREATE: Permission(_create, {"any": TEACHERS}),
    CourseAction.EDIT: Permission(
        _edit,
        {
            "own_course": EDITORS,
            "lesson.edit own_course": EDITORS,
            "course.set_institution to_another_institution": Roles.ADMINISTRATORS.tried_by(INSTITUTION_ADMINISTRATORS),
        },
    ),
    CourseAction.DELETE: Permission(
        _edit,
        {
            "draft_without_attempts": EDITORS,
            "with_certificates_issued": Roles.NOBODY.because("archived, never deleted: certificates point at it"),
        },
    ),
    CourseAction.ARCHIVE: Permission(_own, {"published": OWNERS.because("closing a course for everybody is the owner's decision")}),
    CourseAction.IMPORT: Permission(_create, {"package_upload": TEACHERS.because("Moodle restore CVEs: never a learner")}),
    CourseAction.MANAGE_TEAM: Permission(_own, {"own_course": OWNERS.because("who teaches beside them is the owner's decision")}),
    CourseAction.VIEW_LOG: Permission(_edit, {"own_course": EDITORS.hidden}),
    CourseAction.JOIN_TEAM: Permission(_join, {"invited": NOT_ENROLLED}),
}


class CourseArchived(Conflict):
    """The course was put away."""

    message = N_("This course is archived, so it cannot be changed or published. Restore it first.")


def check_open(course: Course) -> None:
    """Raise CourseArchived where a locked course was put away."""
    if course.archived_at is not None:
        raise CourseArchived
