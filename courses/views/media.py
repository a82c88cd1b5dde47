"""The page of a course's files: send one into the course or a module, see what uses each, take out what nothing uses."""

from posixpath import basename
from typing import cast
from urllib.parse import quote

from flask import Blueprint, current_app, flash, render_template, request

from courses.content import uploads
from courses.content.changes import DraftChange
from courses.content.filetypes import MAXIMUM_DOCUMENT
from courses.content.layout import is_media
from courses.content.uses import media_uses
from courses.forms import MediaForm
from courses.models import Course
from courses.pages.editor_header import course_header
from courses.pages.uses import used_in
from courses.permissions import CourseAction, CourseContext
from courses.queries import catalogue, drafts
from courses.queries.drafts import DraftContent
from courses.rules import file_url
from courses.services import authoring
from courses.services import drafts as draft_services
from courses.services.archive_guard import CourseArchived
from courses.services.authoring import DraftOutline
from courses.views.outline import kinds, save
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.files import FileStore
from kernel.i18n import _, choose, file_size
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page

bp = Blueprint("courses_media", __name__)
UPLOAD_LIMIT = MAXIMUM_DOCUMENT + 1_000_000
OWN = "media"


@bp.route("/teaching/<slug>/media", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=UPLOAD_LIMIT)
def media(subject: CourseContext) -> Answer:
    """Show the files of a course's draft; take one in, or out what nothing uses."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, kinds())
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
    if not form.validate_on_post():
        return _page(course, draft_outline, form), 422
    try:
        name = _store_upload(draft_outline, form)
    except (Invalid, CourseArchived) as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _page(course, draft_outline, form), 422
    flash(_("The file “%(name)s” is in the draft. It is shown where a text refers to it.", name=name), "ok")
    return see_page("courses_media.media", slug=subject.slug, folder=form.folder.data or None)


def _store_upload(draft_outline: DraftOutline, form: MediaForm) -> str:
    """Keep the file that was sent and put it into the draft; raises Invalid with what is wrong with it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."))
    folder = f"{form.folder.data}/{OWN}" if form.folder.data else OWN
    content = sent.read()
    sent.close()
    upload = uploads.accepted(sent.filename, content, folder=folder, taken=draft_outline.checksums)
    stored = draft_services.keep_contents(
        cast("FileStore", current_app.extensions["files"]), {upload.path: upload.content}, {upload.path: upload.media_type}
    )
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


def _page(course: Course, draft_outline: DraftOutline, form: MediaForm) -> str:
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
    return render_template(
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
