"""Any text of a draft as it stands: for what has no form of its own. Nothing is saved that the draft could not be read with."""

from flask import Blueprint, flash, render_template, request

from courses.content.changes import DraftChange
from courses.content.editing import EditRefused, read_fields
from courses.content.layout import COURSE, LISTS
from courses.content.lesson_text import tidy_body
from courses.content.text_diff import compared_lines
from courses.forms import SourceTextForm
from courses.models import Course
from courses.pages.editor_header import course_header
from courses.permissions import CourseAction, CourseContext
from courses.queries import catalogue, drafts
from courses.services import authoring
from courses.services.archive_guard import CourseArchived
from courses.services.authoring import FileChanged
from courses.views.outline import kinds
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page

bp = Blueprint("courses_texts", __name__)
TEXT_LIMIT = 3_000_000
ENDINGS = (".yaml", ".md", ".vtt", ".svg", ".txt")


@bp.route("/teaching/<slug>/text", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=TEXT_LIMIT)
def text(subject: CourseContext) -> Answer:
    """Change a text of the draft: glossary, documents, figures, a quiz's places for questions, a recording's chapters."""
    session, path, form = current_session(), request.args.get("path", "")[:400], SourceTextForm()
    course = catalogue.get_course(session, subject.id)
    present = next(iter(drafts.list_draft_contents(session, course.id, [path])), None)
    if (present is None and path not in LISTS) or not path.endswith(ENDINGS) or (present is not None and present.body is None):
        raise NotFound
    body, revision = (present.body or "", present.revision) if present is not None else ("", 0)
    if request.method != "POST":
        form.text.data, form.seen.data = body, str(revision)
        return _page(course, path, form)
    typed = tidy_body(form.text.data or "")
    if form.seen.data != str(revision) and typed != body:
        form.seen.data = str(revision)
        return _page(course, path, form, theirs=body), 409
    faults = _faults(course, path, typed)
    if faults:
        form.form_errors.extend(faults)
        return _page(course, path, form), 422
    return _saved(subject, course, path, form, typed, revision)


def _faults(course: Course, path: str, typed: str) -> list[str]:
    """Return what keeps a text out of the draft."""
    draft_outline = authoring.load_draft_outline(current_session(), course, kinds())
    findings = authoring.blocking_findings(draft_outline, DraftChange({path: typed}), kinds(), today=clock.now().date())
    faults = [f"{finding.file}:{finding.line}: {finding.message} {finding.fix}".strip() for finding in findings[:20]]
    if path == COURSE and not faults and _key(typed) != course.slug:
        faults.append(_("The address of a course cannot change: its key is %(key)s.", key=course.slug))
    return faults


def _key(typed: str) -> object:
    try:
        return read_fields(typed).get("key")
    except EditRefused:
        return None


def _saved(subject: CourseContext, course: Course, path: str, form: SourceTextForm, typed: str, revision: int) -> Answer:
    course_id = course.id
    writing = begin_writing()
    locked = catalogue.lock_course(writing, course_id)
    try:
        authoring.save_text(writing, current_actor(), locked, path, typed, base_revision=revision, now=clock.now())
    except FileChanged:
        theirs = next(iter(drafts.list_draft_contents(writing, course_id, [path])), None)
        form.seen.data = str(theirs.revision if theirs else 0)
        return _page(locked, path, form, theirs=(theirs.body or "") if theirs else ""), 409
    except CourseArchived as refused:
        form.form_errors.append(_(refused.text))
        return _page(locked, path, form), 409
    flash(_("Saved in the draft."), "ok")
    return see_page("courses_texts.text", slug=subject.slug, path=path)


def _page(course: Course, path: str, form: SourceTextForm, *, theirs: str | None = None) -> str:
    both = compared_lines(theirs, form.text.data or "") if theirs is not None else ()
    return render_template("courses/text.html", course=course_header(course), path=path, form=form, theirs=theirs, both=both)
