"""Pages of a draft's history: who changed what and when, what differs, and going back."""

from flask import Blueprint, flash, render_template, request

from courses.pages import history as pages
from courses.pages.editor_header import course_header
from courses.permissions import CourseAction, CourseContext, RevisionContext
from courses.queries import catalogue, history
from courses.services import drafts
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.web.request import Answer, current_actor, current_session, requires, see_page

bp = Blueprint("courses_history", __name__)
ROWS = 50


def _path_from_address() -> str:
    return request.values.get("path", "")[:400]


@bp.get("/teaching/<slug>/history")
@requires(CourseAction.EDIT, catalogue.get_taught_course)
def changes(subject: CourseContext) -> Answer:
    """List the changes of a course's draft, the newest first; those of one file where the address names it."""
    session, path, text = current_session(), _path_from_address(), request.args.get("before", "")
    course = catalogue.get_course(session, subject.id)
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    rows = pages.lines(session, subject.id, path, before=before, limit=ROWS + 1)
    if path and not rows:
        raise NotFound
    return render_template(
        "courses/history.html",
        course=course_header(course),
        path=path,
        rows=rows[:ROWS],
        present=course.draft_revision,
        older=rows[ROWS - 1].number if len(rows) > ROWS else None,
    )


@bp.get("/teaching/<slug>/history/<int:revision>")
@requires(CourseAction.EDIT, catalogue.get_taught_revision)
def change(subject: RevisionContext) -> Answer:
    """Show what one change did: the lines of each file before and after."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    revisions = history.list_revisions(session, subject.id, before=subject.revision + 1, limit=1)
    if not revisions or revisions[0].number != subject.revision:
        raise NotFound
    files = pages.differences(session, subject.id, revisions[0])
    return render_template(
        "courses/revision.html",
        course=course_header(course),
        row=pages.line_of(revisions[0]),
        files=files,
        is_present=subject.revision == course.draft_revision,
    )


@bp.post("/teaching/<slug>/history/<int:revision>/restoration")
@requires(CourseAction.EDIT, catalogue.get_taught_revision)
def restoration(subject: RevisionContext) -> Answer:
    """Bring the draft, or one file of it, back to what it was after a change; what is there now stays in the history."""
    session, path, now = current_session(), _path_from_address(), clock.now()
    course = catalogue.lock_course(session, subject.id)
    if path:
        changed = drafts.restore_file(session, current_actor(), course, path, subject.revision, now=now)
    else:
        changed = drafts.restore_draft(session, current_actor(), course, subject.revision, now=now)
    flash(_("Restored as it was after revision %(number)s.", number=subject.revision) if changed else _("It was already the same."), "ok")
    return see_page("courses_history.changes", slug=subject.slug, **({"path": path} if path else {}))
