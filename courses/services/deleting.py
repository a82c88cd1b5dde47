"""Deletion of courses never published: learners of a published one, and holders of its certificate, must find it for ever."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses.audit_verbs import CourseVerb
from courses.models import Course, CourseStaff, DraftFile, DraftFileVersion, DraftRevision, PendingFolder
from courses.queries import drafts as draft_queries
from courses.queries import versions
from courses.services import drafts
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


def delete_course(session: Session, actor: Actor, course: Course, *, now: datetime) -> None:
    """Delete a locked course with its draft, history and team; raises Conflict where something of it must stay."""
    if versions.latest_version(session, course.id) is not None:
        raise Conflict(
            N_("This course has been published and cannot be deleted. Its learners and certificate holders must still be able to find it.")
        )
    audit.record(session, actor, CourseVerb.DELETED, course, now=now, key=course.slug)
    paths = list(draft_queries.list_draft_checksums(session, course.id))
    drafts.save_files(session, actor, course, {}, removed=paths, now=now)  # so that every package forgets what it made of the text
    try:
        with session.begin_nested():
            for table in (DraftFile, DraftFileVersion, DraftRevision, CourseStaff, PendingFolder):
                session.execute(delete(table).where(table.course_id == course.id))
            session.delete(course)
            session.flush()  # here it shows whether something else hangs on it
    except IntegrityError:
        raise Conflict(N_("Something still depends on this course, such as its groups. Remove it first.")) from None
