"""The page where a course's owner puts it away, or brings it back."""

from flask import Blueprint, flash, render_template

from courses.audit_verbs import CourseVerb
from courses.forms import ArchiveForm
from courses.pages.editor_header import course_header
from courses.permissions import CourseAction, CourseContext
from courses.queries import catalogue, team
from courses.services import archiving
from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _
from kernel.web.request import Answer, current_actor, current_session, requires, see_page

bp = Blueprint("courses_archiving", __name__)


@bp.route("/teaching/<slug>/archive", methods=["GET", "POST"])
@requires(CourseAction.ARCHIVE, catalogue.get_taught_course)
def archive(subject: CourseContext) -> Answer:
    """Ask whether a course is to be put away, or brought back, and why."""
    session, form = current_session(), ArchiveForm()
    course = catalogue.get_course(session, subject.id)
    if form.validate_on_post():
        course, reason = catalogue.lock_course(session, subject.id), form.reason.data or ""
        puts_away = form.wish.data != "back"
        try:
            change = archiving.archive if puts_away else archiving.unarchive
            changed = change(session, current_actor(), course, reason, now=clock.now())
        except Conflict as refused:
            form.form_errors.append(_(refused.text))
        else:
            if changed:
                flash(
                    _("The course is archived. You can restore it here at any time.") if puts_away else _("The course has been restored."),
                    "ok",
                )
            return see_page("courses_archiving.archive", slug=subject.slug)
    put_away = team.find_last_entry(session, course.id, CourseVerb.ARCHIVED) if course.archived_at is not None else None
    page = render_template(
        "courses/archive.html", course=course_header(course), archived_at=course.archived_at, put_away=put_away, form=form
    )
    return (page, 422) if form.errors or form.form_errors else page
