"""Folders that come and go on the web: kept until they are confirmed, and written down when they leave."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import uploads
from courses.audit_verbs import CourseVerb
from courses.content.model import CourseFolder
from courses.models import Course, PendingFolder, StaffRole
from courses.queries import catalogue
from courses.services import importing, team
from courses.services.drafts import FileContent
from courses.services.importing import ImportPlan
from kernel import audit
from kernel.errors import N_, Conflict, SignInNeeded
from kernel.permissions import Actor

MOST_WAITING = 3
"""Archives that wait for the same person and course: who compares two of them finds both pages."""


def store_uploaded_folder(
    session: Session, actor: Actor, course_id: int | None, name: str, content: bytes, *, now: datetime
) -> PendingFolder:
    """Keep an archive until it is confirmed; of earlier ones of the same person for the same course the newest stay."""
    if actor.person_id is None:
        raise SignInNeeded
    row = PendingFolder(course_id=course_id, person_id=actor.person_id, name=name[-120:], content=content)
    uploads.store_pending_upload(session, row, PendingFolder.course_id.is_not_distinct_from(course_id), keep=MOST_WAITING, now=now)
    audit.record(session, actor, CourseVerb.FOLDER_RECEIVED, row, now=now, course=course_id, size=len(content))
    return row


def apply_uploaded_folder(
    session: Session,
    actor: Actor,
    pending: PendingFolder,
    plan: ImportPlan,
    course: CourseFolder,
    contents: dict[str, FileContent],
    *,
    now: datetime,
) -> Course:
    """Make the result of an import the draft of its course, or a new course of the actor's; delete the archive.

    Raise Conflict where the draft changed meanwhile, the address of a new course is taken, or the result is another course's.
    """
    if pending.course_id is None and catalogue.find_course(session, course.key) is not None:
        raise Conflict(N_("There is already a course with the address “%(key)s”."), key=course.key)
    if pending.course_id is not None and catalogue.get_course(session, pending.course_id).slug != course.key:
        raise Conflict(N_("This folder belongs to the course “%(key)s”, not to this one."), key=course.key)
    row = importing.apply_import_plan(session, actor, plan, course, contents, now=now)
    if pending.course_id is None and actor.person_id is not None:
        team.add_staff(session, actor, row, actor.person_id, StaffRole.OWNER, now=now)
    session.delete(pending)
    return row


def discard(session: Session, actor: Actor, pending: PendingFolder, *, now: datetime) -> None:
    """Discard an uploaded archive."""
    audit.record(session, actor, CourseVerb.FOLDER_DISCARDED, pending, now=now)
    session.delete(pending)


def record_folder_export(session: Session, actor: Actor, course: Course, *, origins: bool = False, now: datetime) -> None:
    """Record in the audit log who exported a draft, with the keys of its questions; `origins`: and with where these come from."""
    facts = {"origins": True} if origins else {}
    audit.record(session, actor, CourseVerb.EXPORTED, course, now=now, revision=course.draft_revision, **facts)
