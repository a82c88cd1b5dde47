"""Pages of a draft's files: send media in and take them out, and change any text as it stands."""

from posixpath import basename
from urllib.parse import quote

from flask import Blueprint, Response, flash, request
from wtforms import HiddenField, SelectField, TextAreaField

from courses import authoring, catalogue, drafts
from courses.access import CourseAction, CourseArchived, CourseContext
from courses.authoring import DraftOutline, FileChanged
from courses.content import media as uploads
from courses.content.changes import DraftChange
from courses.content.differences import compared_lines
from courses.content.editing import EditRefused, read_fields
from courses.content.layout import COURSE, LISTS, is_media
from courses.content.lessons import tidy_body
from courses.content.media import media_uses
from courses.drafts import DraftContent
from courses.editor import course_header, course_kinds, used_in
from courses.models import Course
from courses.rules import file_url
from courses.views.outline import save
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.filetypes import MAXIMUM_DOCUMENT
from kernel.i18n import _, choose, file_size, lazy_, site_day
from kernel.web.forms import FileField, Form
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page


class MediaForm(Form):
    """A file for the media of a course or of one of its modules."""

    file = FileField(lazy_("File"))
    folder = SelectField(lazy_("For"))


class SourceTextForm(Form):
    """A file as text."""

    text = TextAreaField(lazy_("Text"))
    seen = HiddenField()


media_bp = Blueprint("courses_media", __name__)
UPLOAD_LIMIT = MAXIMUM_DOCUMENT + 1_000_000
OWN = "media"


@media_bp.route("/teaching/<slug>/media", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=UPLOAD_LIMIT)
def media(subject: CourseContext) -> Answer:
    """Show the files of a course's draft; take one in, or out what nothing uses."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, course_kinds())
    form = MediaForm(folder=request.args.get("folder", ""))
    form.folder.choices = [
        ("", _("The whole course")),
        *((module.folder, choose(dict(module.title)) or module.key) for module in draft_outline.tree.modules),
    ]
    if request.method != "POST":
        return _page(course, draft_outline, form)
    action = request.form.get("do", "")
    if action != "send":
        return _taken_out(subject, course, draft_outline, every=action == "clear")
    if form.validate_on_submit():
        with form.refusals(form.file, Invalid, CourseArchived):
            name = _store_upload(draft_outline, form)
            flash(_("The file “%(name)s” is in the draft. It is shown where a text refers to it.", name=name), "ok")
            return see_page("courses_media.media", slug=subject.slug, folder=form.folder.data or None)
    return _page(course, draft_outline, form)


def _store_upload(draft_outline: DraftOutline, form: MediaForm) -> str:
    """Keep the file that was sent and put it into the draft; raises Invalid with what is wrong with it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."))
    folder = f"{form.folder.data}/{OWN}" if form.folder.data else OWN
    content = sent.read()
    sent.close()
    upload = uploads.accepted(sent.filename, content, folder=folder, taken=draft_outline.checksums)
    stored = drafts.keep_contents(file_store(), {upload.path: upload.content}, {upload.path: upload.media_type})
    writing = begin_writing()
    row = catalogue.lock_course(writing, draft_outline.course_id)
    authoring.add_file(writing, current_actor(), row, upload.path, stored[upload.path], now=clock.now())
    return basename(upload.path)


def _taken_out(subject: CourseContext, course: Course, draft_outline: DraftOutline, *, every: bool) -> Answer:
    """Take out one file, or all, as far as nothing uses them."""
    paths = [path for path in draft_outline.paths if is_media(path)]
    uses = media_uses(drafts.all_draft_bodies(current_session(), course.id), paths)
    chosen = paths if every else [request.form.get("remove", "")]
    if not every and chosen[0] not in paths:
        raise NotFound
    gone = tuple(path for path in chosen if not uses[path])
    if not gone:
        flash(_("Not removed: a text in the draft uses it."), "warn")
        return see_page("courses_media.media", slug=subject.slug)
    save(subject, draft_outline, DraftChange(removed=gone))
    flash(_("Removed from the draft. What was published stays, and you can restore it from the course history."), "ok")
    return see_page("courses_media.media", slug=subject.slug)


def _page(course: Course, draft_outline: DraftOutline, form: MediaForm) -> Response:
    session = current_session()
    paths = [path for path in draft_outline.paths if is_media(path)]
    contents = drafts.list_draft_contents(session, course.id, paths)
    uses = media_uses(drafts.all_draft_bodies(session, course.id), paths)
    titles = {"": _("The whole course")} | {
        module.folder: choose(dict(module.title)) or module.key for module in draft_outline.tree.modules
    }
    groups: dict[str, list[dict[str, object]]] = {folder: [] for folder in titles}
    for content in contents:
        top = content.path.partition("/")[0]
        groups.setdefault("" if top == OWN else top, []).append(
            _row(course, content) | {"uses": used_in(draft_outline, course.slug, uses[content.path])}
        )
    return page(
        "courses/media.html",
        course=course_header(course),
        form=form,
        total=file_size(sum(content.size for content in contents)),
        groups=[(titles.get(folder, folder), rows) for folder, rows in groups.items() if rows],
        unused=sum(1 for path in paths if not uses[path]),
    )


def _row(course: Course, content: DraftContent) -> dict[str, object]:
    name = basename(content.path)
    return {
        "path": content.path,
        "name": name,
        "size": file_size(content.size),
        "kind": name.rpartition(".")[2].upper(),
        "address": file_url(course.slug, content.sha256, quote(name)),
    }


texts_bp = Blueprint("courses_texts", __name__)
TEXT_LIMIT = 3_000_000
ENDINGS = (".yaml", ".md", ".vtt", ".svg", ".txt")


@texts_bp.route("/teaching/<slug>/text", methods=["GET", "POST"])
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
        return _text_page(course, path, form)
    typed = tidy_body(form.text.data or "")
    if form.seen.data != str(revision) and typed != body:
        form.seen.data = str(revision)
        return _text_page(course, path, form, theirs=body), 409
    faults = _faults(course, path, typed)
    if faults:
        form.form_errors.extend(faults)
        return _text_page(course, path, form)
    return _saved(subject, course, path, form, typed, revision)


def _faults(course: Course, path: str, typed: str) -> list[str]:
    """List the faults that keep a text out of the draft."""
    draft_outline = authoring.load_draft_outline(current_session(), course, course_kinds())
    findings = authoring.blocking_findings(draft_outline, DraftChange({path: typed}), course_kinds(), today=site_day(clock.now()))
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
        return _text_page(locked, path, form, theirs=(theirs.body or "") if theirs else ""), 409
    except CourseArchived as refused:
        form.form_errors.append(_(refused.text))
        return _text_page(locked, path, form), 409
    return see_page("courses_texts.text", slug=subject.slug, path=path, flash=_("Saved in the draft."))


def _text_page(course: Course, path: str, form: SourceTextForm, *, theirs: str | None = None) -> Response:
    both = compared_lines(theirs, form.text.data or "") if theirs is not None else ()
    return page("courses/text.html", course=course_header(course), path=path, form=form, theirs=theirs, both=both)
