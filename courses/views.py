"""Pages of those who make courses: check the draft and publish it."""

from typing import cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for

from courses import publication, queries, services
from courses.content.model import Finding
from courses.forms import PublishForm
from courses.models import Course
from courses.permissions import CourseAction, TaughtCourse
from courses.publication import CourseKinds, Verdict
from kernel import clock
from kernel.files import Files
from kernel.i18n import _, choose
from kernel.web.request import begin_writing, current_actor, current_session, requires

bp = Blueprint("courses", __name__)

Answer = str | Response | tuple[str, int]


def _kinds() -> CourseKinds:
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def _files() -> Files:
    return cast("Files", current_app.extensions["files"])


@bp.route("/teaching/<slug>/publishing", methods=["GET", "POST"])
@requires(CourseAction.PUBLISH, queries.get_taught_course, reads_first=True)
def publishing(subject: TaughtCourse) -> Answer:
    """Show what the checks say of a draft, and publish it. Everything is read and rendered before the transaction begins."""
    session = current_session()
    course = queries.get_course(session, subject.id)
    form = PublishForm(revision=str(course.draft_revision))
    if request.method != "POST":
        return _page(course, publication.kept_verdict(session, _files(), course, _kinds(), now=clock.now()), form)
    checked = publication.prepare(queries.draft_files(session, _files(), course.id), _kinds(), today=clock.now().date())
    if not form.validate_on_post() or checked.prepared is None:
        return _page(course, publication.judge(session, course, checked, _kinds(), now=clock.now()), form), 422
    writing = begin_writing()
    locked = queries.lock_course(writing, subject.id)
    version = services.publish_version(
        writing, current_actor(), locked, checked.prepared, _kinds(), _files(), form.command(), now=clock.now()
    )
    flash(_("Version %(number)s is published.", number=version.number), "ok")
    return cast("Response", redirect(url_for("courses.publishing", slug=subject.slug), code=303))


def _problem(finding: Finding) -> dict[str, str]:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return {"code": finding.code, "severity": finding.severity.value, "place": place, "message": finding.message, "advice": finding.fix}


def _page(course: Course, verdict: Verdict, form: PublishForm) -> str:
    versions = queries.list_versions(current_session(), course.id)
    listed = [
        {
            "number": version.number,
            "published_at": version.published_at,
            "by": version.by or _("the system"),
            "note": version.note,
            "nature": version.nature,
            "current": version.id == course.published_version_id,
        }
        for version in versions
    ]
    current = next((version for version in versions if version.id == course.published_version_id), None)
    severities = [finding.severity.value for finding in verdict.findings]
    return render_template(
        "courses/publishing.html",
        course={"slug": course.slug, "title": choose(dict(course.title))},
        next_number=versions[0].number + 1 if versions else 1,
        published=next((row for row in listed if row["current"]), None),
        has_changes=current is None or queries.draft_digest(current_session(), course.id) != current.digest,
        form=form,
        problems=[_problem(finding) for finding in verdict.findings],
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        checked_at=verdict.checked_at,
        good=_good(verdict),
        versions=listed,
    )


def _good(verdict: Verdict) -> list[str]:
    if verdict.refuses_publishing or verdict.folder is None:
        return []
    activities = sum(1 for _activity in verdict.folder.activities())
    return [_("%(modules)s modules and %(activities)s activities were read.", modules=len(verdict.folder.modules), activities=activities)]
