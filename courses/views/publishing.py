"""Pages that check a draft, show what differs from what is published, publish it, and decide on planned publications."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf

from courses import catalogue, draft_checks, drafts, history, planned_publications, versions
from courses import publishing as publication
from courses.access import CourseAction, CourseArchived, CourseContext, PublicationPlanContext
from courses.catalogue import is_unsigned
from courses.content.differences import DiffParagraph, compared_text
from courses.content.editing import EditRefused
from courses.content.lessons import lesson_text_of
from courses.content.model import ActivitySource
from courses.draft_checks import DraftCheck
from courses.drafts import AutosavedText
from courses.editor import course_header, course_kinds, whole
from courses.kinds import PreparedCourse
from courses.models import Course, PlannedPublication, PublicationNature
from courses.planned_publications import PublishInputs
from courses.publishing import CheckedCourse, DraftChangedSinceReview, InstitutionNotOpen, MissingOnSite, PublishOptions, UnknownViewers
from courses.views import changes as views_changes
from kernel import clock
from kernel.i18n import _, lazy_, local, ngettext, site_day
from kernel.web.forms import Form, MomentField, area, clean_text
from kernel.web.request import Answer, begin_writing, current_actor, current_session, current_settings, file_store, page, requires, see_page

MOST_AUTOSAVED = 1_000
_NATURES = ("correction", "improvement", "choice")


class NatureForm(Form):
    """The nature of a publication, and its note; `choice` is an improvement that asks each learner."""

    note = area(lazy_("What changes"), most=1000)
    nature = RadioField(
        lazy_("Learners in progress"),
        choices=[
            SelectChoice(value="correction", label=lazy_("Everyone moves to the new version")),
            SelectChoice(value="improvement", label=lazy_("They finish the version they have")),
            SelectChoice(value="choice", label=lazy_("Each learner chooses")),
        ],
        default="improvement",
        validators=[AnyOf(_NATURES, message=lazy_("Choose one of the three."))],
    )

    def publishing(self, *, revision: int | None = None, revision_to_publish: int | None = None) -> PublishOptions:
        """Return how to publish."""
        return PublishOptions(
            nature=PublicationNature.CORRECTION if self.nature.data == "correction" else PublicationNature.IMPROVEMENT,
            note=clean_text(self.note.data or "", lines=True),
            revision=revision,
            asks_learners=self.nature.data == "choice",
            revision_to_publish=revision_to_publish,
        )


class PublishForm(NatureForm):
    """The options for publishing the draft as a version."""

    tell = BooleanField(lazy_("Notify learners who completed the activities that change"))
    when = MomentField(lazy_("Publish later"))
    autosaved = SelectMultipleField(lazy_("Autosaved only"), validate_choice=False)
    revision = HiddenField()
    reviewed_digest = HiddenField()

    def moment_in(self, zone: str) -> datetime | None:
        """Return the moment that was typed, taken as one of a zone: the course's, whatever the reader's is."""
        moment = self.when.moment
        return None if moment is None else moment.replace(tzinfo=ZoneInfo(zone))

    def command(self, notified_keys: tuple[str, ...]) -> PublishOptions:
        """Return the publishing options for the reviewed revision; `notified_keys` name the activities that learners hear of."""
        options = self.publishing(revision=whole(self.revision.data))
        reviewed_digest = (self.reviewed_digest.data or "")[:64]
        return replace(options, notified_keys=notified_keys, autosaved=self.included, reviewed_digest=reviewed_digest)

    @property
    def included(self) -> tuple[int, ...]:
        """Return the revisions of the texts that go out although they were only saved by themselves."""
        return tuple(whole(text) for text in (self.autosaved.data or [])[:MOST_AUTOSAVED])


def autosaved_lines(
    texts: Sequence[AutosavedText], places: Mapping[str, str]
) -> Iterator[tuple[AutosavedText, str, str, tuple[DiffParagraph, ...]]]:
    """Yield texts that were only saved by themselves, each with its title, its language, and what differs from the saved text.

    `places` are titles by file, without its ending too.
    """
    for text in texts:
        stem, _dot, language = text.path.removesuffix(".md").rpartition(".")
        title = _("%(title)s, in %(language)s", title=places.get(stem) or text.path, language=_in_words(language))
        saved = "" if text.saved_text is None else _words(text.saved_text, text.path, language)
        yield text, title, language, compared_text(saved, _words(text.text, text.path, language))


def _words(text: str, path: str, language: str) -> str:
    try:
        lesson_text = lesson_text_of(text, path, language)
    except EditRefused:  # its fields cannot be read: the text as it stands
        return text
    return "\n\n".join(part for part in (lesson_text.title, lesson_text.summary, lesson_text.body) if part)


def _in_words(language: str) -> str:
    return {"es": _("Spanish"), "en": _("English")}.get(language, language)


publishing_bp = Blueprint("courses", __name__)

SHOWN_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class PublicationCheck:
    """The draft check that a page shows of what would be published, and the digest of its files."""

    draft_check: DraftCheck
    digest: str


@publishing_bp.route("/teaching/<slug>/publishing", methods=["GET", "POST"])
@requires(CourseAction.PUBLISH, catalogue.get_taught_course, reads_first=True)
def publishing(subject: CourseContext) -> Answer:
    """Show what the checks say of a draft, and publish it. Everything is read and rendered before the transaction begins."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    form = PublishForm(revision=str(course.draft_revision), reviewed_digest=drafts.outgoing_digest(session, course.id))
    if request.method != "POST":
        return _page(subject, course, _publication_check(session, course), form)
    contents = drafts.outgoing_files(session, file_store(), course.id, form.included)
    checked = publication.prepare(contents, course_kinds(), today=site_day(clock.now()))
    digest = drafts.outgoing_digest(session, course.id, form.included)
    if not form.validate_on_submit() or checked.prepared is None:
        return _page(subject, course, _draft_check(session, course, checked, digest), form), 422
    publish_at = form.moment_in(checked.prepared.course.timezone)
    if publish_at is not None and publish_at <= clock.now():
        form.refuse(form.when, _("Choose a date and time in the future."))
        return _page(subject, course, _draft_check(session, course, checked, digest), form)
    changed = _list_changed(course, _draft_check(session, course, checked, digest)) if form.tell.data else []
    options = form.command(tuple(key for activity in changed for key in (activity.key, *activity.former_keys)))
    writing = begin_writing()
    locked = catalogue.lock_course(writing, subject.id)
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
    """Return the checks of what goes out: of the publication that waits, else of what was saved."""
    last_plan, now = planned_publications.find_last_plan(session, course.id), clock.now()
    plan, digest = last_plan[0] if last_plan else None, drafts.outgoing_digest(session, course.id)
    if plan is not None and plan.state in planned_publications.OPEN and not drafts.saved_since(session, course.id, plan.revision):
        planned = drafts.digest_at(session, course.id, plan.revision)
        if planned != digest:
            contents = history.read_all_at(session, file_store(), course.id, plan.revision)
            return _draft_check(session, course, publication.check(contents, course_kinds(), today=site_day(now)), planned)
    return PublicationCheck(draft_checks.outgoing_draft_check(session, file_store(), course, course_kinds(), now=now), digest)


def _flash_unsigned(session: Session, course: Course, certificate: str) -> None:
    """Warn that the certificates of a course would carry no signature today."""
    by_environment = bool(current_settings().signatories)
    if is_unsigned(session, course, certificate, local(clock.now()).date(), by_environment=by_environment):
        flash(_("No one signs the certificates of this course today: they are issued without a signature."), "warn")


def _flash_left_out(session: Session, course: Course, options: PublishOptions) -> None:
    left_out = len(drafts.left_out(session, course.id, options.autosaved))
    if left_out:
        message = ngettext(
            "%(count)s text that was only autosaved was not published; it stays in the draft.",
            "%(count)s texts that were only autosaved were not published; they stay in the draft.",
            left_out,
        )
        flash(message, "warn")


def _draft_check(session: Session, course: Course, checked: CheckedCourse, digest: str) -> PublicationCheck:
    return PublicationCheck(draft_checks.check_draft(session, course, checked, course_kinds(), now=clock.now()), digest)


def _beside_learners(session: Session, course: Course, check: DraftCheck) -> DraftCheck:
    """Add what those who finished the course tell of it."""
    click_through = publication.find_click_through(session, course, check.folder)
    return replace(check, findings=(*check.findings, *click_through))


def _list_changed(course: Course, shown: PublicationCheck) -> list[ActivitySource]:
    """List the activities with changes to be published, whose learners may be notified."""
    return views_changes.list_changed(_changes(current_session(), course, shown, []), shown.draft_check.folder)


def _publish_or_plan(
    session: Session, locked: Course, prepared: PreparedCourse, options: PublishOptions, publish_at: datetime | None
) -> str:
    """Publish a locked course's draft, or plan it for its date or for approval; return the message to show."""
    actor = current_actor()
    if locked.needs_approval or publish_at is not None:
        planned_publications.request_publication(session, actor, locked, prepared.digest, options, publish_at, now=clock.now())
        return _("Approval requested.") if locked.needs_approval else _("The publication is planned.")
    inputs = PublishInputs(prepared, course_kinds(), file_store())
    version = planned_publications.publish_draft(session, actor, locked, inputs, options, now=clock.now())
    return _("Version %(number)s is published.", number=version.number)


def _page(subject: CourseContext, course: Course, shown: PublicationCheck, form: PublishForm) -> Response:
    session = current_session()
    draft_check = _beside_learners(session, course, shown.draft_check)
    published_versions = versions.list_versions(session, course.id, limit=SHOWN_VERSIONS + 1)
    problems = views_changes.problems_of(course.slug, draft_check.findings, draft_check.folder, course_kinds())
    changes = _changes(session, course, shown, problems)
    shown_problems = views_changes.beside(problems, changes)
    places = views_changes.places_of(draft_check.folder) if draft_check.folder else {}
    return page(
        "courses/publishing.html",
        course=course_header(course),
        next_number=published_versions[0].CourseVersion.number + 1 if published_versions else 1,
        published=next((row for row in published_versions if row.CourseVersion.id == course.published_version_id), None),
        form=form,
        needs_approval=course.needs_approval,
        plan=_plan(course),
        zone=draft_check.folder.timezone if draft_check.folder else "",
        hints=views_changes.nature_hints(publication.count_learners(session, course.id)),
        problems=shown_problems,
        finding_groups=views_changes.group_findings([problem for problem in shown_problems if problem.severity == "warning"]),
        errors=sum(problem.severity == "error" for problem in problems),
        checked_at=draft_check.checked_at,
        passed_checks=_passed_checks(draft_check),
        changes=changes,
        notified=views_changes.list_changed(changes, draft_check.folder),
        changed_answers=_changed_answers(session, course),
        autosaved=list(autosaved_lines(drafts.list_autosaved(session, course.id), places)),
        versions=published_versions[:SHOWN_VERSIONS],
        natures=views_changes.nature_words(),
        more_versions=len(published_versions) > SHOWN_VERSIONS,
    )


def _changes(
    session: Session, course: Course, shown: PublicationCheck, problems: list[views_changes.CheckFindingView]
) -> views_changes.DraftComparison | None:
    """Return the differences from the published version; None where nothing is published."""
    if course.published_version_id is None:
        return None
    current = versions.get_version_by_id(session, course.published_version_id)
    if shown.digest == current.digest:
        return views_changes.DraftComparison()
    before = views_changes.folder_of(session, file_store(), current, course_kinds())
    return views_changes.changes_between(session, course, before, shown.draft_check.folder, course_kinds(), problems)


def _changed_answers(session: Session, course: Course) -> tuple[views_changes.ChangedPart, ...]:
    """Return the answered questions whose right answer the published version changed, until a regrade has settled them."""
    if course.published_version_id is None:
        return ()
    current = versions.get_version_by_id(session, course.published_version_id)
    before = versions.find_version_before(session, current)
    if before is None:
        return ()
    folders = [views_changes.folder_of(session, file_store(), version, course_kinds()) for version in (before, current)]
    changes = views_changes.changes_between(session, course, folders[0], folders[1], course_kinds())
    regraded = {pair for list_regraded in course_kinds().regrade_lists for pair in list_regraded(session, course.id, current.published_at)}
    parts = [
        replace(part, regrades=tuple(quiz for quiz in part.regrades if not {(quiz[0], part.part.key), (quiz[0], None)} & regraded))
        for part in changes.changed_answers
    ]
    return tuple(part for part in parts if part.regrades)


def _plan(course: Course) -> views_changes.PublicationPlanView | None:
    """Return the publication that waits, or the last one as long as nothing has come after it."""
    session = current_session()
    last_plan = planned_publications.find_last_plan(session, course.id)
    if last_plan is None:
        return None
    outdated = drafts.saved_since(session, course.id, last_plan[0].revision)
    return views_changes.plan_of(last_plan, current_actor().person_id, outdated=outdated)


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


plans_bp = Blueprint("courses_plans", __name__)

LONGEST_REMARK = 1000


def _back(subject: PublicationPlanContext) -> Response:
    return see_page("courses.publishing", slug=subject.course.slug)


def _remark() -> str:
    return clean_text(request.form.get("remark", ""), lines=True)[:LONGEST_REMARK]


def _locked(subject: PublicationPlanContext) -> PlannedPublication:
    return planned_publications.lock_plan(current_session(), subject.plan_id)


@plans_bp.post("/teaching/<slug>/plans/<uuid:plan>/approval")
@requires(CourseAction.PUBLISH, planned_publications.get_taught_plan, reads_first=True)
def approve(subject: PublicationPlanContext) -> Response:
    """Approve another person's publication request; without a date it is published at once. Rendering comes before the transaction."""
    session = current_session()
    contents = history.read_all_at(
        session, file_store(), subject.course.id, planned_publications.get_plan(session, subject.plan_id).revision
    )
    prepared = publication.prepare(contents, course_kinds(), today=site_day(clock.now())).prepared
    if prepared is None:
        raise DraftChangedSinceReview
    writing = begin_writing()
    locked = catalogue.lock_course(writing, subject.course.id)
    inputs = PublishInputs(prepared, course_kinds(), file_store())
    version = planned_publications.approve(writing, current_actor(), locked, _locked(subject), inputs, _remark(), now=clock.now())
    flash(
        _("Version %(number)s is published.", number=version.number)
        if version
        else _("Approved. It will be published at the scheduled time."),
        "ok",
    )
    return _back(subject)


@plans_bp.post("/teaching/<slug>/plans/<uuid:plan>/refusal")
@requires(CourseAction.PUBLISH, planned_publications.get_taught_plan)
def refuse(subject: PublicationPlanContext) -> Response:
    """Refuse another person's publication request."""
    session = current_session()
    locked = catalogue.lock_course(session, subject.course.id)
    planned_publications.refuse(session, current_actor(), locked, _locked(subject), _remark(), now=clock.now())
    flash(_("Not published. The person who requested it will be notified."), "ok")
    return _back(subject)


@plans_bp.post("/teaching/<slug>/plans/<uuid:plan>/withdrawal")
@requires(CourseAction.PUBLISH, planned_publications.get_taught_plan)
def withdraw(subject: PublicationPlanContext) -> Response:
    """Take a publication back that waits."""
    session = current_session()
    locked = catalogue.lock_course(session, subject.course.id)
    planned_publications.withdraw(session, current_actor(), locked, _locked(subject), now=clock.now())
    flash(_("The publication has been withdrawn."), "ok")
    return _back(subject)
