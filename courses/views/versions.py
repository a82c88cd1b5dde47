"""Pages of a draft's history and of published versions: who changed what and when, what differs, and the way back."""

from collections.abc import Iterator

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import HiddenField

from courses import catalogue, drafts, history, planned_publications
from courses import publishing as publication
from courses import versions as course_versions
from courses.access import CourseAction, CourseContext, RevisionContext, VersionContext
from courses.authoring import load_draft_outline
from courses.content.differences import DiffPiece, changed_lines
from courses.content.layout import COURSE
from courses.content.lists import LISTINGS
from courses.editor import course_header, course_kinds, whole
from courses.history import Revision
from courses.models import Course, CourseVersion
from courses.planned_publications import PublishInputs
from courses.publishing import PublishOptions
from courses.views import changes as views_changes
from courses.views.publishing import NatureForm
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, language_name, site_day
from kernel.web.forms import Form
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from kernel.web.table import requested_page


class RepublishForm(NatureForm):
    """The options for publishing an earlier version again."""

    def command(self, version: CourseVersion) -> PublishOptions:
        """Return how to publish."""
        return self.publishing(revision_to_publish=version.draft_revision)


class RestoreForm(Form):
    """The draft's revision that was looked at before an earlier text takes its place."""

    revision = HiddenField()

    @property
    def reviewed_revision(self) -> int:
        """Return the revision."""
        return whole(self.revision.data)


def titles_of_files(session: Session, course: Course) -> dict[str, str]:
    """Return the titles of the parts that the files of a draft hold, by path; files without a title of their own are not in it."""
    tree = load_draft_outline(session, course, course_kinds()).tree
    titles = {COURSE: _("Course settings"), **{spec.path: str(spec.title) for spec in LISTINGS.values()}}
    for module in tree.modules:
        titles[module.path] = _("Module “%(title)s”", title=choose(module.title))
    for _module, activity in tree.activities():
        languages = activity.language_paths()
        titles |= {path: choose(activity.title) for path in activity.paths}
        if len(languages) > 1:
            titles |= {path: f"{choose(activity.title)} ({language_name(code)})" for code, path in languages.items()}
    return titles


MOST_SHOWN = 20
"""Files whose lines one page shows; an import may bring hundreds."""
LONGEST = 300_000
"""Characters of a text whose lines are compared."""


def lines(session: Session, course_id: int, path: str, *, before: int | None, limit: int) -> list[Revision]:
    """List changes of a draft, or those of one file."""
    if not path:
        return history.list_revisions(session, course_id, before=before, limit=limit)
    return history.list_file_changes(session, course_id, path, before=before, limit=limit)


def differences(session: Session, course_id: int, row: Revision) -> Iterator[tuple[str, str, tuple[DiffPiece, ...] | None]]:
    """Yield the change of each file, in two statements: the path, whether it is `new` or `gone`, and its lines.

    Lines are None where they are not shown: of no text, of one that is too long, and of too many files, of which nothing else is known.
    """
    paths = [*row.written, *row.removed]
    after = history.list_contents_at(session, course_id, paths[:MOST_SHOWN], row.number)
    before = history.list_contents_at(session, course_id, paths[:MOST_SHOWN], row.number - 1)
    for path in paths[:MOST_SHOWN]:
        texts = [contents[path].text if path in contents else "" for contents in (before, after)]
        old, new = (None if text is None or len(text) > LONGEST else text for text in texts)
        lines = None if old is None or new is None else changed_lines(old, new)
        yield path, "new" if path not in before else "gone" if path not in after else "", lines
    yield from ((path, "", None) for path in paths[MOST_SHOWN:])


history_bp = Blueprint("courses_history", __name__)
ROWS = 50


def _path_from_address() -> str:
    return request.values.get("path", "")[:400]


@history_bp.get("/teaching/<slug>/history")
@requires(CourseAction.EDIT, catalogue.get_taught_course)
def changes(subject: CourseContext) -> Answer:
    """List the changes of a course's draft, the newest first; those of one file where the address names it."""
    session, path, text = current_session(), _path_from_address(), request.args.get("before", "")
    course = catalogue.get_course(session, subject.id)
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    rows = lines(session, subject.id, path, before=before, limit=ROWS + 1)
    if path and not rows:
        raise NotFound
    return page(
        "courses/history.html",
        course=course_header(course),
        path=path,
        titles=titles_of_files(session, course),
        rows=rows[:ROWS],
        present=course.draft_revision,
        older=rows[ROWS - 1].number if len(rows) > ROWS else None,
    )


@history_bp.get("/teaching/<slug>/history/<int:revision>")
@requires(CourseAction.EDIT, catalogue.get_taught_revision)
def change(subject: RevisionContext) -> Answer:
    """Show what one change did: the lines of each file before and after."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    revisions = history.list_revisions(session, subject.id, before=subject.revision + 1, limit=1)
    if not revisions or revisions[0].number != subject.revision:
        raise NotFound
    return page(
        "courses/revision.html",
        course=course_header(course),
        row=revisions[0],
        titles=titles_of_files(session, course),
        files=list(differences(session, subject.id, revisions[0])),
        is_present=subject.revision == course.draft_revision,
    )


@history_bp.post("/teaching/<slug>/history/<int:revision>/restoration")
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


versions_bp = Blueprint("courses_versions", __name__)


@versions_bp.get("/teaching/<slug>/versions")
@requires(CourseAction.PUBLISH, catalogue.get_taught_course)
def versions(subject: CourseContext) -> Answer:
    """List what was published of a course: when, by whom, how, and why."""
    session, requested = current_session(), requested_page()
    course = catalogue.get_course(session, subject.id)
    rows = course_versions.list_versions(session, course.id, offset=requested.offset, limit=requested.size + 1)
    return page(
        "courses/versions.html",
        course=course_header(course),
        page=requested.of(rows),
        natures=views_changes.nature_words(),
        published_id=course.published_version_id,
    )


@versions_bp.get("/teaching/<slug>/versions/<int:number>")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version)
def version(subject: VersionContext) -> Answer:
    """Show one version: what it changed, and how to go back to it."""
    return _page(subject, RepublishForm(), RestoreForm())


def _page(subject: VersionContext, form: RepublishForm, restoring: RestoreForm) -> Response:
    session, shown = current_session(), subject.version
    course = catalogue.get_course(session, subject.course.id)
    before = course_versions.find_version_before(session, shown)
    newest = course_versions.latest_version(session, course.id)
    restoring.revision.data = str(course.draft_revision)
    return page(
        "courses/version.html",
        course=course_header(course),
        row=course_versions.get_with_publisher(session, shown.id),
        natures=views_changes.nature_words(),
        is_published=shown.id == course.published_version_id,
        before=before.number if before else None,
        changes=_changes(course, before, shown) if before else None,
        kept=shown.draft_revision is not None,
        in_draft=drafts.draft_digest(session, course.id) == shown.digest,
        is_newest=newest is not None and newest.digest == shown.digest,
        next_number=newest.number + 1 if newest else 1,
        form=form,
        needs_approval=course.needs_approval,
        hints=views_changes.nature_hints(publication.count_learners(session, course.id)),
        restoring=restoring,
    )


def _changes(course: Course, before: CourseVersion, after: CourseVersion) -> views_changes.DraftComparison:
    session = current_session()
    folders = [views_changes.folder_of(session, file_store(), each, course_kinds()) for each in (before, after)]
    return views_changes.changes_between(session, course, folders[0], folders[1], course_kinds(), is_same=before.digest == after.digest)


@versions_bp.post("/teaching/<slug>/versions/<int:number>/restoring")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version)
def restore(subject: VersionContext) -> Answer:
    """Make a version's text the draft again."""
    form, session, revision = RestoreForm(), current_session(), subject.version.draft_revision
    locked = catalogue.lock_course(session, subject.course.id)
    if revision is None:
        raise NotFound
    if locked.draft_revision != form.reviewed_revision:
        raise publication.DraftChangedSinceReview
    changed = drafts.restore_draft(session, current_actor(), locked, revision, now=clock.now())
    message = _("The draft now has the text of version %(number)s.") if changed else _("The draft already has this text.")
    return see_page("courses.publishing", slug=subject.course.slug, flash=message % {"number": subject.version.number})


@versions_bp.post("/teaching/<slug>/versions/<int:number>/publishing")
@requires(CourseAction.PUBLISH, course_versions.get_taught_version, reads_first=True)
def publish(subject: VersionContext) -> Answer:
    """Publish a version's text again as a new version; the draft stays as it is."""
    session, form = current_session(), RepublishForm()
    contents = course_versions.version_files(session, file_store(), subject.version)
    checked = publication.prepare(contents, course_kinds(), today=site_day(clock.now()))
    is_valid = form.validate_on_submit()
    if checked.prepared is None:
        form.form_errors.append(_("This text no longer passes the draft check. Copy it to the draft and correct it there."))
    if not is_valid or checked.prepared is None:
        return _page(subject, form, RestoreForm()), 422
    writing = begin_writing()
    locked = catalogue.lock_course(writing, subject.course.id)
    inputs = PublishInputs(checked.prepared, course_kinds(), file_store())
    made = planned_publications.publish_draft(writing, current_actor(), locked, inputs, form.command(subject.version), now=clock.now())
    flash(_("Version %(number)s is published.", number=made.number), "ok")
    return see_page("courses_versions.version", slug=subject.course.slug, number=made.number)
