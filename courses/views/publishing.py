"""The page that checks a draft, shows what differs from what is published, and publishes it."""

from datetime import datetime
from typing import cast

from flask import Blueprint, Response, current_app, flash, render_template, request
from sqlalchemy.orm import Session

from courses import publication
from courses.forms import PublishForm
from courses.models import Course
from courses.pages import changes as pages
from courses.pages.place import place_of
from courses.permissions import CourseAction, TaughtCourse
from courses.publication import Checked, CourseKinds, Prepared
from courses.queries import catalogue as course_catalogue
from courses.queries import drafts as course_drafts
from courses.queries import plans as plan_queries
from courses.queries import versions as course_versions
from courses.services import planning as planning_services
from courses.services import verdicts
from courses.services.archived import CourseArchived
from courses.services.planning import Publisher
from courses.services.publishing import Publishing
from courses.services.verdicts import Verdict
from kernel import clock
from kernel.files import Files
from kernel.i18n import _
from kernel.web.request import allows, begin_writing, current_actor, current_session, requires, see_page

bp = Blueprint("courses", __name__)

Answer = str | Response | tuple[str, int]
SHOWN_VERSIONS = 3


def kinds() -> CourseKinds:
    """Return the kinds of activity of this house."""
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def stored() -> Files:
    """Return the files of this house."""
    return cast("Files", current_app.extensions["files"])


@bp.route("/teaching/<slug>/publishing", methods=["GET", "POST"])
@requires(CourseAction.PUBLISH, course_catalogue.get_taught_course, reads_first=True)
def publishing(subject: TaughtCourse) -> Answer:
    """Show what the checks say of a draft, and publish it. Everything is read and rendered before the transaction begins."""
    session = current_session()
    course = course_catalogue.get_course(session, subject.id)
    form = PublishForm(revision=str(course.draft_revision))
    if request.method != "POST":
        return _page(subject, course, verdicts.kept_verdict(session, stored(), course, kinds(), now=clock.now()), form)
    checked = publication.prepare(course_drafts.draft_files(session, stored(), course.id), kinds(), today=clock.now().date())
    if not form.validate_on_post() or checked.prepared is None:
        return _page(subject, course, verdicts.judge(session, course, checked, kinds(), now=clock.now()), form), 422
    later = form.moment_in(checked.prepared.course.timezone)
    if later is not None and later <= clock.now():
        form.refuse(form.when, _("Choose a moment that is still to come."))
        return _page(subject, course, verdicts.judge(session, course, checked, kinds(), now=clock.now()), form), 422
    how = form.command(_told(course, checked).keys if form.tell.data else ())
    writing = begin_writing()
    locked = course_catalogue.lock_course(writing, subject.id)
    try:
        said = _publish_or_plan(writing, locked, checked.prepared, how, later)
    except CourseArchived as refused:
        form.form_errors.append(_(refused.text))
        return _page(subject, locked, verdicts.judge(writing, locked, checked, kinds(), now=clock.now()), form), 409
    flash(said, "ok")
    return see_page("courses.publishing", slug=subject.slug)


def _told(course: Course, checked: Checked) -> pages.Told:
    """Return whose learners may be told, of what is to be published."""
    verdict = verdicts.judge(current_session(), course, checked, kinds(), now=clock.now())
    return pages.told_of(_changes(current_session(), course, verdict, []), verdict.folder)


def _publish_or_plan(session: Session, locked: Course, prepared: Prepared, how: Publishing, later: datetime | None) -> str:
    """Publish a locked course's draft, or let it wait for its moment or a second person; return what to tell."""
    actor = current_actor()
    if locked.needs_approval or later is not None:
        planning_services.plan(session, actor, locked, prepared.digest, how, later, now=clock.now())
        return _("The approval is asked for.") if locked.needs_approval else _("The publication is planned.")
    publisher = Publisher(prepared, kinds(), stored())
    version = planning_services.publish_draft(session, actor, locked, publisher, how, now=clock.now())
    return _("Version %(number)s is published.", number=version.number)


def _page(subject: TaughtCourse, course: Course, verdict: Verdict, form: PublishForm) -> str:
    session = current_session()
    found = course_versions.list_versions(session, course.id, limit=SHOWN_VERSIONS + 1)
    lines = pages.version_lines(course, found)
    problems = pages.problems_of(course.slug, verdict.findings, verdict.folder)
    changes = _changes(session, course, verdict, problems)
    severities = [problem.severity for problem in problems]
    return render_template(
        "courses/publishing.html",
        course=place_of(course),
        next_number=found[0].number + 1 if found else 1,
        published=next((line for line in lines if line.current), None),
        form=form,
        may_manage=allows(CourseAction.MANAGE_TEAM, subject),
        needs_approval=course.needs_approval,
        plan=_plan(course),
        zone=verdict.folder.timezone if verdict.folder else "",
        hints=pages.nature_hints(publication.count_learners(session, course.id)),
        problems=pages.beside(problems, changes),
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        checked_at=verdict.checked_at,
        good=_good(verdict),
        changes=changes,
        told=pages.told_of(changes, verdict.folder).titles,
        keys=_changed_keys(session, course),
        versions=lines[:SHOWN_VERSIONS],
        more_versions=len(lines) > SHOWN_VERSIONS,
    )


def _changes(session: Session, course: Course, verdict: Verdict, problems: list[pages.Problem]) -> pages.Changes | None:
    """Return what differs from the published version; None where nothing is published."""
    if course.published_version_id is None:
        return None
    current = course_versions.get_version_by_id(session, course.published_version_id)
    if course_drafts.draft_digest(session, course.id) == current.digest:
        return pages.Changes()
    before = pages.folder_of(session, stored(), current, kinds())
    return pages.changes_between(session, course, before, verdict.folder, kinds(), problems)


def _changed_keys(session: Session, course: Course) -> tuple[pages.ChangedPart, ...]:
    """Return the questions whose right answer the published version changed and that somebody had answered."""
    if course.published_version_id is None:
        return ()
    current = course_versions.get_version_by_id(session, course.published_version_id)
    before = course_versions.find_version_before(session, current)
    if before is None:
        return ()
    folders = [pages.folder_of(session, stored(), version, kinds()) for version in (before, current)]
    changes = pages.changes_between(session, course, folders[0], folders[1], kinds())
    return tuple(part for part in changes.keys if part.regrades)


def _plan(course: Course) -> pages.Plan | None:
    """Return the publication that waits, or the last one as long as nothing has come after it."""
    found = plan_queries.find_last_plan(current_session(), course.id)
    return None if found is None else pages.plan_of(found, course.draft_revision, current_actor().person_id)


def _good(verdict: Verdict) -> list[str]:
    if verdict.refuses_publishing or verdict.folder is None:
        return []
    activities = sum(1 for _activity in verdict.folder.activities())
    return [_("%(modules)s modules and %(activities)s activities were read.", modules=len(verdict.folder.modules), activities=activities)]
