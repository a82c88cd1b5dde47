"""The page that checks a draft, shows what differs from what is published, and publishes it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from flask import Blueprint, current_app, flash, render_template, request
from sqlalchemy.orm import Session

from courses import publication
from courses.forms import PublishForm
from courses.kinds import CourseKinds, PreparedCourse
from courses.models import Course
from courses.pages import changes as pages
from courses.pages.autosaved import AutosavedDraftView, autosaved_lines
from courses.pages.editor_header import course_header
from courses.permissions import CourseAction, CourseContext
from courses.publication import CheckedCourse
from courses.queries import autosaved, history
from courses.queries import catalogue as course_catalogue
from courses.queries import plans as plan_queries
from courses.queries import versions as course_versions
from courses.queries.institutions import is_unsigned
from courses.services import draft_checks
from courses.services import publication_plans as planning_services
from courses.services.archive_guard import CourseArchived
from courses.services.draft_checks import DraftCheck
from courses.services.publication_plans import PublishInputs
from courses.services.publishing import InstitutionNotOpen, MissingOnSite, PublishOptions, UnknownViewers
from kernel import clock
from kernel.files import FileStore
from kernel.i18n import _, local, ngettext
from kernel.web.request import Answer, begin_writing, current_actor, current_session, current_settings, requires, see_page

bp = Blueprint("courses", __name__)

SHOWN_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class PublicationCheck:
    """The draft check that a page shows of what would be published, and the digest of its files."""

    draft_check: DraftCheck
    digest: str


def kinds() -> CourseKinds:
    """Return the activity kinds of this instance."""
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def stored() -> FileStore:
    """Return the file store of this instance."""
    return cast("FileStore", current_app.extensions["files"])


@bp.route("/teaching/<slug>/publishing", methods=["GET", "POST"])
@requires(CourseAction.PUBLISH, course_catalogue.get_taught_course, reads_first=True)
def publishing(subject: CourseContext) -> Answer:
    """Show what the checks say of a draft, and publish it. Everything is read and rendered before the transaction begins."""
    session = current_session()
    course = course_catalogue.get_course(session, subject.id)
    form = PublishForm(revision=str(course.draft_revision), reviewed_digest=autosaved.outgoing_digest(session, course.id))
    if request.method != "POST":
        return _page(subject, course, _publication_check(session, course), form)
    contents = autosaved.outgoing_files(session, stored(), course.id, form.included)
    checked = publication.prepare(contents, kinds(), today=clock.now().date())
    digest = autosaved.outgoing_digest(session, course.id, form.included)
    if not form.validate_on_post() or checked.prepared is None:
        return _page(subject, course, _draft_check(session, course, checked, digest), form), 422
    publish_at = form.moment_in(checked.prepared.course.timezone)
    if publish_at is not None and publish_at <= clock.now():
        form.refuse(form.when, _("Choose a date and time in the future."))
        return _page(subject, course, _draft_check(session, course, checked, digest), form), 422
    options = form.command(_change_audience(course, _draft_check(session, course, checked, digest)).keys if form.tell.data else ())
    writing = begin_writing()
    locked = course_catalogue.lock_course(writing, subject.id)
    try:
        message = _publish_or_plan(writing, locked, checked.prepared, options, publish_at)
    except (CourseArchived, UnknownViewers, MissingOnSite, InstitutionNotOpen) as refused:
        form.form_errors.append(_(refused.text))
        return _page(subject, locked, _draft_check(writing, locked, checked, digest), form), 409
    flash(message, "ok")
    _flash_left_out(writing, locked, options)
    _flash_unsigned(writing, locked, checked.prepared.course.certificate)
    return see_page("courses.publishing", slug=subject.slug)


def _publication_check(session: Session, course: Course) -> PublicationCheck:
    """Return what the checks say of what goes out: of the publication that waits, else of what was saved."""
    plan, now, digest = plan_queries.find_last_plan(session, course.id), clock.now(), autosaved.outgoing_digest(session, course.id)
    if plan is not None and plan.is_open and not autosaved.saved_since(session, course.id, plan.revision):
        planned = autosaved.digest_at(session, course.id, plan.revision)
        if planned != digest:
            contents = history.read_all_at(session, stored(), course.id, plan.revision)
            return _draft_check(session, course, publication.check(contents, kinds(), today=now.date()), planned)
    return PublicationCheck(draft_checks.outgoing_draft_check(session, stored(), course, kinds(), now=now), digest)


def _flash_unsigned(session: Session, course: Course, certificate: str) -> None:
    """Say that the certificates of a course would carry no signature today."""
    by_environment = bool(current_settings().signatories)
    if is_unsigned(session, course, certificate, local(clock.now()).date(), by_environment=by_environment):
        flash(_("No one signs the certificates of this course today: they are issued without a signature."), "warn")


def _flash_left_out(session: Session, course: Course, options: PublishOptions) -> None:
    left_out = len(autosaved.left_out(session, course.id, options.autosaved))
    if left_out:
        message = ngettext(
            "%(count)s text that was only autosaved was not published; it stays in the draft.",
            "%(count)s texts that were only autosaved were not published; they stay in the draft.",
            left_out,
        )
        flash(message, "warn")


def _draft_check(session: Session, course: Course, checked: CheckedCourse, digest: str) -> PublicationCheck:
    return PublicationCheck(draft_checks.check_draft(session, course, checked, kinds(), now=clock.now()), digest)


def _beside_learners(session: Session, course: Course, check: DraftCheck) -> DraftCheck:
    """Add what those who finished the course tell of it."""
    click_through = publication.find_click_through(session, course, check.folder)
    return replace(check, findings=(*check.findings, *click_through))


def _change_audience(course: Course, shown: PublicationCheck) -> pages.ChangeAudience:
    """Return the audience of the changes to be published: the activities whose learners may be notified."""
    return pages.change_audience(_changes(current_session(), course, shown, []), shown.draft_check.folder)


def _publish_or_plan(
    session: Session, locked: Course, prepared: PreparedCourse, options: PublishOptions, publish_at: datetime | None
) -> str:
    """Publish a locked course's draft, or plan it for its date or for approval; return the message to show."""
    actor = current_actor()
    if locked.needs_approval or publish_at is not None:
        planning_services.request_publication(session, actor, locked, prepared.digest, options, publish_at, now=clock.now())
        return _("Approval requested.") if locked.needs_approval else _("The publication is planned.")
    inputs = PublishInputs(prepared, kinds(), stored())
    version = planning_services.publish_draft(session, actor, locked, inputs, options, now=clock.now())
    return _("Version %(number)s is published.", number=version.number)


def _page(subject: CourseContext, course: Course, shown: PublicationCheck, form: PublishForm) -> str:
    session = current_session()
    draft_check = _beside_learners(session, course, shown.draft_check)
    published_versions = course_versions.list_versions(session, course.id, limit=SHOWN_VERSIONS + 1)
    lines = pages.version_lines(course, published_versions)
    problems = pages.problems_of(course.slug, draft_check.findings, draft_check.folder, kinds())
    changes = _changes(session, course, shown, problems)
    shown_problems = pages.beside(problems, changes)
    severities = [problem.severity for problem in problems]
    return render_template(
        "courses/publishing.html",
        course=course_header(course),
        next_number=published_versions[0].number + 1 if published_versions else 1,
        published=next((line for line in lines if line.current), None),
        form=form,
        needs_approval=course.needs_approval,
        plan=_plan(course),
        zone=draft_check.folder.timezone if draft_check.folder else "",
        hints=pages.nature_hints(publication.count_learners(session, course.id)),
        problems=shown_problems,
        finding_groups=pages.group_findings([problem for problem in shown_problems if problem.severity == "warning"]),
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        checked_at=draft_check.checked_at,
        passed_checks=_passed_checks(draft_check),
        changes=changes,
        notified_titles=pages.change_audience(changes, draft_check.folder).titles,
        changed_answers=_changed_answers(session, course),
        autosaved=_autosaved(session, course, draft_check, form),
        versions=lines[:SHOWN_VERSIONS],
        more_versions=len(lines) > SHOWN_VERSIONS,
    )


def _autosaved(session: Session, course: Course, draft_check: DraftCheck, form: PublishForm) -> list[AutosavedDraftView]:
    places = pages.places_of(draft_check.folder) if draft_check.folder else {}
    return autosaved_lines(autosaved.list_autosaved(session, course.id), places, form.included)


def _changes(
    session: Session, course: Course, shown: PublicationCheck, problems: list[pages.CheckFindingView]
) -> pages.DraftComparison | None:
    """Return what differs from the published version; None where nothing is published."""
    if course.published_version_id is None:
        return None
    current = course_versions.get_version_by_id(session, course.published_version_id)
    if shown.digest == current.digest:
        return pages.DraftComparison()
    before = pages.folder_of(session, stored(), current, kinds())
    return pages.changes_between(session, course, before, shown.draft_check.folder, kinds(), problems)


def _changed_answers(session: Session, course: Course) -> tuple[pages.ChangedPart, ...]:
    """Return the answered questions whose right answer the published version changed."""
    if course.published_version_id is None:
        return ()
    current = course_versions.get_version_by_id(session, course.published_version_id)
    before = course_versions.find_version_before(session, current)
    if before is None:
        return ()
    folders = [pages.folder_of(session, stored(), version, kinds()) for version in (before, current)]
    changes = pages.changes_between(session, course, folders[0], folders[1], kinds())
    return tuple(part for part in changes.changed_answers if part.regrades)


def _plan(course: Course) -> pages.PublicationPlanView | None:
    """Return the publication that waits, or the last one as long as nothing has come after it."""
    session = current_session()
    last_plan = plan_queries.find_last_plan(session, course.id)
    if last_plan is None:
        return None
    outdated = autosaved.saved_since(session, course.id, last_plan.revision)
    return pages.plan_of(last_plan, current_actor().person_id, outdated=outdated)


def _passed_checks(draft_check: DraftCheck) -> list[str]:
    if draft_check.refuses_publishing or draft_check.folder is None:
        return []
    activities = sum(1 for _activity in draft_check.folder.activities())
    modules = ngettext("%(count)s module", "%(count)s modules", len(draft_check.folder.modules))
    return [
        _(
            "The draft has %(modules)s and %(activities)s.",
            modules=modules,
            activities=ngettext("%(count)s activity", "%(count)s activities", activities),
        )
    ]
