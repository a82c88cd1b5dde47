"""The history of what was published: each version with what it changed, and the way back to any of them."""

from flask import Blueprint, flash, render_template

from courses import publication
from courses.forms import RepublishForm, RestoreForm
from courses.models import Course, CourseVersion
from courses.pages import changes as pages
from courses.pages.editor_header import course_header
from courses.permissions import CourseAction, CourseContext, VersionContext
from courses.queries import catalogue as course_catalogue
from courses.queries import drafts as course_drafts
from courses.queries import versions as course_versions
from courses.services import drafts as draft_services
from courses.services import publication_plans as planning_services
from courses.services import publishing as publishing_services
from courses.services.publication_plans import PublishInputs
from courses.views.publishing import kinds, stored
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page

bp = Blueprint("courses_versions", __name__)


@bp.get("/teaching/<slug>/versions")
@requires(CourseAction.PUBLISH, course_catalogue.get_taught_course)
def versions(subject: CourseContext) -> Answer:
    """List what was published of a course: when, by whom, how, and why."""
    session, requested = current_session(), requested_page()
    course = course_catalogue.get_course(session, subject.id)
    published_versions = course_versions.list_versions(session, course.id, offset=requested.offset, limit=requested.size + 1)
    page = Page(
        pages.version_lines(course, published_versions[: requested.size]), requested.number, len(published_versions) > requested.size
    )
    return render_template("courses/versions.html", course=course_header(course), page=page)


@bp.get("/teaching/<slug>/versions/<int:number>")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version)
def version(subject: VersionContext) -> Answer:
    """Show one version: what it changed, and how to go back to it."""
    return _page(subject, RepublishForm(), RestoreForm())


def _page(subject: VersionContext, form: RepublishForm, restoring: RestoreForm) -> str:
    session, shown = current_session(), subject.version
    course = course_catalogue.get_course(session, subject.course.id)
    before = course_versions.find_version_before(session, shown)
    newest = course_versions.latest_version(session, course.id)
    restoring.revision.data = str(course.draft_revision)
    return render_template(
        "courses/version.html",
        course=course_header(course),
        version=course_versions.describe_version(session, shown),
        line=pages.version_lines(course, [course_versions.describe_version(session, shown)])[0],
        before=before.number if before else None,
        changes=_changes(course, before, shown) if before else None,
        kept=pages.folder_of(session, stored(), shown, kinds()) is not None,
        in_draft=course_drafts.draft_digest(session, course.id) == shown.digest,
        is_newest=newest is not None and newest.digest == shown.digest,
        next_number=newest.number + 1 if newest else 1,
        form=form,
        needs_approval=course.needs_approval,
        hints=pages.nature_hints(publication.count_learners(session, course.id)),
        restoring=restoring,
    )


def _changes(course: Course, before: CourseVersion, after: CourseVersion) -> pages.DraftComparison:
    session = current_session()
    folders = [pages.folder_of(session, stored(), each, kinds()) for each in (before, after)]
    return pages.changes_between(session, course, folders[0], folders[1], kinds(), is_same=before.digest == after.digest)


@bp.post("/teaching/<slug>/versions/<int:number>/restoring")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version)
def restore(subject: VersionContext) -> Answer:
    """Make a version's text the draft again."""
    form, session, revision = RestoreForm(), current_session(), subject.version.draft_revision
    locked = course_catalogue.lock_course(session, subject.course.id)
    if revision is None:
        raise NotFound
    if locked.draft_revision != form.reviewed_revision:
        raise publishing_services.DraftChangedSinceReview
    changed = draft_services.restore_draft(session, current_actor(), locked, revision, now=clock.now())
    message = _("The draft now has the text of version %(number)s.") if changed else _("The draft already has this text.")
    flash(message % {"number": subject.version.number}, "ok")
    return see_page("courses.publishing", slug=subject.course.slug)


@bp.post("/teaching/<slug>/versions/<int:number>/publishing")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version, reads_first=True)
def publish(subject: VersionContext) -> Answer:
    """Publish a version's text again as a new version; the draft stays as it is."""
    session, form = current_session(), RepublishForm()
    contents = course_versions.version_files(session, stored(), subject.version)
    checked = publication.prepare(contents, kinds(), today=clock.now().date())
    is_valid = form.validate_on_post()
    if checked.prepared is None:
        form.form_errors.append(_("This text no longer passes the draft check. Copy it to the draft and correct it there."))
    if not is_valid or checked.prepared is None:
        return _page(subject, form, RestoreForm()), 422
    writing = begin_writing()
    locked = course_catalogue.lock_course(writing, subject.course.id)
    inputs = PublishInputs(checked.prepared, kinds(), stored())
    made = planning_services.publish_draft(writing, current_actor(), locked, inputs, form.command(subject.version), now=clock.now())
    flash(_("Version %(number)s is published.", number=made.number), "ok")
    return see_page("courses_versions.version", slug=subject.course.slug, number=made.number)
