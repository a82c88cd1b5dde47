"""Pages of a lesson's text: write it, preview it, save it, and merge what two people wrote at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, jsonify, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.widgets import TextArea

from courses import authoring, catalogue, draft_checks, drafts, history
from courses.access import CourseAction, CourseArchived, PartContext
from courses.authoring import DraftOutline, FileChanged
from courses.content import changes, merging
from courses.content import media as uploads
from courses.content.changes import DraftChange, apart
from courses.content.differences import DiffParagraph, DiffPiece, compared, compared_text
from courses.content.editing import read_fields
from courses.content.layout import GLOSSARY
from courses.content.lessons import LessonText, lesson_text_of, terms_of, tidy_body, with_words
from courses.content.media import Upload
from courses.content.merging import ThreeWayMerge
from courses.content.model import Finding
from courses.content.translations import is_stamp, split, stamp_of
from courses.content.tree import TreeActivity, TreeModule, ending_of
from courses.draft_checks import LessonPreview
from courses.editor import LONGEST_TITLE, FormFindings, course_header, course_kinds
from courses.history import find_stamped_source
from courses.kinds import CourseKinds
from courses.models import Course
from courses.views.outline import save
from kernel import clock
from kernel.errors import N_, Invalid, NotFound, require_found
from kernel.filetypes import MAXIMUM_DOCUMENT, media_type
from kernel.i18n import _, choose, format_time, lazy_, ngettext, site_day
from kernel.markup.passages import anchored
from kernel.markup.render import count_words
from kernel.web.forms import FileField, Form, line
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page

LONGEST_SUMMARY = 2_000
MOST_PIECES = 300
"""Of each sort that the page offers to insert."""


class LessonForm(Form):
    """The words of a lesson in one language, and a file that goes into it."""

    title = line(lazy_("Title"), most=LONGEST_TITLE, required=lazy_("Write a title."))
    summary = line(lazy_("Summary"), most=LONGEST_SUMMARY, widget=TextArea())
    body = TextAreaField(lazy_("Lesson text in Markdown"))
    up_to_date = BooleanField(lazy_("The translation is up to date"))
    file = FileField(lazy_("File"))
    alternative = line(lazy_("Alternative text"), most=LONGEST_TITLE)
    caption = line(lazy_("Caption"), most=LONGEST_SUMMARY)
    next_title = line(lazy_("Title of the next lesson (optional)"), most=LONGEST_TITLE)
    seen = HiddenField()
    theirs = HiddenField()
    follows = HiddenField()
    """Of a translation: the stamp of the original that stood beside it."""


TOOLS = (
    ("bold", "bold", N_("Bold"), N_("words")),
    ("italic", "italic", N_("Italic"), N_("words")),
    ("heading", "H2", N_("Heading"), ""),
    ("subheading", "H3", N_("Subheading"), ""),
    ("list", "list", N_("List"), ""),
    ("numbers", "list-ordered", N_("Numbered list"), ""),
    ("link", "link", N_("Link"), N_("words")),
    ("table", "table", N_("Table"), N_("Table title")),
    ("definition", "lightbulb", N_("Callout: definition"), N_("Title")),
    ("example", "pencil", N_("Callout: example"), N_("Title")),
    ("warning", "triangle-alert", N_("Callout: warning"), N_("Title")),
    ("summary", "list-checks", N_("Callout: summary"), N_("Title")),
    ("check", "circle-help", N_("Self-check question"), N_("Question")),
    ("formula", "sigma", N_("Formula"), ""),
    ("term", "book-a", N_("Glossary term"), N_("term")),
    ("question", "square-pen", N_("Question from the bank"), N_("Review")),
    ("recording", "video", N_("Recording"), N_("Recording")),
    ("activity", "book-open", N_("Link to another activity"), N_("words")),
    ("image", "image", N_("Picture or file"), ""),
)
"""What the toolbar writes: its name, symbol and words, and the words with which it begins."""


@dataclass(frozen=True, slots=True)
class LessonEditor:
    """One lesson in one language before its editor: its file, and the revision that wrote it (0: it is not there yet)."""

    course: Course
    draft_outline: DraftOutline
    module: TreeModule
    activity: TreeActivity
    language: str
    path: str
    revision: int

    @property
    def text(self) -> str | None:
        """Return the file's text in the draft."""
        return self.draft_outline.texts.get(self.path)

    @property
    def is_translation(self) -> bool:
        """Return whether this is a translation."""
        return self.path != self.activity.path

    @property
    def source(self) -> str:
        """Return the lesson in the course's own language."""
        return self.draft_outline.texts.get(self.activity.path, "")

    @property
    def source_stamp(self) -> str:
        """Return the stamp of `source`: a translation names the stamp of what it was made from."""
        return stamp_of(self.source, self.draft_outline.tree.languages[0])

    @property
    def words(self) -> LessonText:
        """Return the words of the draft."""
        return lesson_text_of(self.text, self.path, self.language) if self.text is not None else LessonText("", "", "")


def preview_values(editor: LessonEditor, preview: LessonPreview, text: str, kinds: CourseKinds) -> dict[str, object]:
    """Return the values that `courses/_lesson_preview.html` shows."""
    parts = split(text)
    first = len(parts[0]) + 3 if parts is not None else 1
    page, form_findings = preview.page, FormFindings(kinds)
    return {
        "told": [_line(finding, first, editor.path, form_findings) for finding in preview.findings],
        "body": anchored(page.rendered.html) if page is not None else None,
        "icons": page.rendered.icons if page is not None else (),
        "minutes": page.minutes if page is not None else None,
        "words": count_words(parts[1]) if parts is not None else 0,
        "shown_language": editor.language,
    }


def _line(finding: Finding, first: int, path: str, form_findings: FormFindings) -> dict[str, object]:
    line = max(finding.line - first + 1, 0)
    message = form_findings.message(finding) if finding.file == path else f"{finding.file}: {form_findings.message(finding)}"
    advice = finding.fix if line and not finding.field else form_findings.advice(finding)
    return {"line": line, "severity": finding.severity.value, "message": message, "advice": advice}


@dataclass(frozen=True, slots=True)
class OriginalChange:
    """The change of an original since a translation was brought up to date; no paragraphs where the earlier state is not known."""

    title: tuple[DiffPiece, ...] = ()
    summary: tuple[DiffPiece, ...] = ()
    body: tuple[DiffParagraph, ...] = ()


def find_original_change(session: Session, editor: LessonEditor) -> OriginalChange | None:
    """Return how the original of a translation has changed since its stamp; None where it has not."""
    stamped = read_fields(apart(editor.text or "", editor.path)[0]).get("translated_from")
    if stamped == editor.source_stamp:
        return None
    path, own = editor.activity.path, editor.draft_outline.tree.languages[0]
    earlier = find_stamped_source(session, editor.course.id, path, own, stamped) if isinstance(stamped, str) else None
    if earlier is None:
        return OriginalChange()
    before, now = lesson_text_of(earlier, path, own), lesson_text_of(editor.source, path, own)
    return OriginalChange(
        compared(before.title, now.title) if before.title != now.title else (),
        compared(before.summary, now.summary) if before.summary != now.summary else (),
        compared_text(before.body, now.body) if before.body != now.body else (),
    )


def entry(activity: TreeActivity, kinds: CourseKinds) -> dict[str, object]:
    """Return an activity as the list beside the text shows it."""
    kind = next(kind for kind in kinds.kinds if kind.name == activity.kind)
    return {"key": activity.key, "kind": activity.kind, "title": choose(dict(activity.title)) or activity.key, "icon": kind.icon}


def pieces(session: Session, editor: LessonEditor, glossary: str) -> list[tuple[str, str, Sequence[tuple[str, str]]]]:
    """List the pieces of its course that a lesson may show: the tool that inserts it, a heading, and of each its title and Markdown."""
    titled = [(choose(dict(activity.title)) or activity.key, activity) for _module, activity in editor.draft_outline.tree.activities()]
    here, course = f"{editor.module.folder}/media/", "media/"
    media = [f"media/{path.removeprefix(here)}" for path in editor.draft_outline.checksums if path.startswith(here)]
    media += [f"../{path}" for path in editor.draft_outline.checksums if path.startswith(course)]
    return [
        ("term", _("Glossary terms"), [(term, f"[[{term}]]") for term in terms_of(glossary, editor.language)]),
        (
            "question",
            _("Questions of the bank"),
            [
                (title, f"![{_('Review')}](question:{key})")
                for list_questions in course_kinds().question_lists
                for key, title in list_questions(session, editor.course.id, MOST_PIECES + 1)
            ],
        ),
        (
            "recording",
            _("Recordings"),
            [(title, f"![{title}](course:{activity.key})") for title, activity in titled if activity.kind == "recording"],
        ),
        (
            "activity",
            _("Links to other activities"),
            [(title, f"[{title}](course:{activity.key})") for title, activity in titled if activity.key != editor.activity.key],
        ),
        (
            "file",
            _("Pictures and files"),
            [
                (path, f"![…]({path})" if media_type(path).startswith("image/") else f"[…]({path})")
                for path in media
                if not path.endswith(".vtt")
            ],
        ),
    ]


bp = Blueprint("courses_lessons", __name__)

BODY_LIMIT = 600_000
"""Bytes of a form: a lesson of 100 kB, percent-encoded."""
PASTE_LIMIT = 4_000_000
UPLOAD_LIMIT = MAXIMUM_DOCUMENT + 1_000_000


def _lesson_editor(subject: PartContext) -> LessonEditor:
    """Return the lesson that the address names, in the language that is asked for; raise NotFound."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, course_kinds())
    located = draft_outline.tree.find_activity(subject.key)
    if located is None or not located[1].path.endswith(".md"):
        raise NotFound
    module, activity = located
    language = request.values.get("language") or draft_outline.tree.languages[0]
    if language not in draft_outline.tree.languages:
        raise NotFound
    stem = activity.path.removesuffix(".md").rpartition(".")[0]
    path = activity.language_paths().get(language) or f"{stem}.{language}.md"
    rows = drafts.list_draft_contents(session, course.id, [path])
    return LessonEditor(
        course, draft_outline, module, activity=activity, language=language, path=path, revision=rows[0].revision if rows else 0
    )


def _submitted_text(form: LessonForm) -> LessonText:
    return LessonText(form.title.data or "", form.summary.data or "", tidy_body(form.body.data or ""))


def _base_revision(form: LessonForm) -> int:
    text = form.seen.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _base(editor: LessonEditor, form: LessonForm) -> str | None:
    """Return the text that the editor had before them; None where there was none."""
    base_revision = _base_revision(form)
    if base_revision == editor.revision:
        return editor.text
    return history.find_text_at(current_session(), editor.course.id, _path_at(editor, base_revision), base_revision)


def _path_at(editor: LessonEditor, revision: int) -> str:
    """Return the path of the lesson's file at a revision."""
    source = editor.activity.path
    then = history.find_path_at(current_session(), editor.course.id, source, editor.activity.key, revision)
    return f"{then.removesuffix(ending_of(source))}.{editor.language}.md"


def _composed(editor: LessonEditor, form: LessonForm) -> str:
    """Return the file as it is typed, made of the text that its editor had before them."""
    text = _base(editor, form)
    followed = form.up_to_date.data or text is None
    stamp = _followed(editor, form) if editor.is_translation and followed else ""
    return with_words(text, editor.path, editor.language, _submitted_text(form), stamp=stamp)


def _followed(editor: LessonEditor, form: LessonForm) -> str:
    """Return the stamp of the original that its translator had before them, which may have changed since."""
    shown = form.follows.data or ""
    return shown if is_stamp(shown) else editor.source_stamp


@bp.route("/teaching/<slug>/lessons/<key>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True, body_limit=UPLOAD_LIMIT)
def lesson(subject: PartContext) -> Answer:
    """Write a lesson in one of the course's languages."""
    editor, form = _lesson_editor(subject), LessonForm()
    if request.method != "POST":
        _fill(form, editor, editor.words)
        form.follows.data = editor.source_stamp if editor.is_translation else ""
        return _page(editor, form)
    if not form.validate_on_submit() or _submitted_text(form).is_too_long:
        if not form.faults:
            form.refuse(form.body, _("The text is longer than a lesson can be (100 kB). Split it into two lessons."))
        return _page(editor, form)
    form_action = request.form.get("do", "save")
    if form_action == "preview":
        return _page(editor, form, preview=_preview(editor, _composed(editor, form)))
    if form_action == "upload":
        return _with_upload(editor, form)
    if form_action == "merge":
        return _apply_merge_choices(editor, form)
    if form_action == "overwrite":
        form.seen.data = form.theirs.data
    return _saved(subject, editor, form, adds_another=form_action == "another")


def _fill(form: LessonForm, editor: LessonEditor, lesson_text: LessonText) -> None:
    form.title.data, form.summary.data, form.body.data = lesson_text.title, lesson_text.summary, lesson_text.body
    form.seen.data = str(editor.revision)


def _saved(subject: PartContext, editor: LessonEditor, form: LessonForm, *, adds_another: bool = False) -> Answer:
    """Save the text; go on with this lesson, or with another one of its module: at once where its title was typed beside the button."""
    text = _composed(editor, form)
    if editor.text not in (text, _base(editor, form)):
        return _conflict(editor, form)
    try:
        _save_text(editor, text, base_revision=editor.revision)
    except FileChanged:
        return _conflict(_lesson_editor(subject), form)
    except CourseArchived as refused:
        form.form_errors.append(_(refused.text))
        return _page(_lesson_editor(subject), form), 409
    saved = _("Saved in the draft.")
    if form.next_title.data:  # Enter in its field presses the first button of the form
        return _begin_next(subject, editor, form.next_title.data)
    if adds_another:
        return see_page("courses_outline.new_activity", slug=subject.slug, module=editor.module.key, kind="page", flash=saved)
    return see_page("courses_lessons.lesson", slug=subject.slug, key=subject.key, language=editor.language, flash=saved)


def _begin_next(subject: PartContext, editor: LessonEditor, title: str) -> Answer:
    """Begin another lesson at the end of a lesson's module, and go on there."""
    session = current_session()  # that of the text, which is kept together with it
    course = catalogue.lock_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, course_kinds())
    module, kind = draft_outline.tree.find_module(editor.module.key), next(kind for kind in course_kinds().kinds if kind.name == "page")
    try:
        key, change = changes.add_activity(draft_outline.tree, draft_outline.paths, require_found(module), kind, title)
        authoring.save_change(session, current_actor(), course, change, base_revision=draft_outline.revision, now=clock.now())
    except (Invalid, CourseArchived) as refused:
        flash(_(refused.text, **refused.facts), "bad")
        return see_page("courses_outline.new_activity", slug=subject.slug, module=editor.module.key, kind="page")
    return see_page("courses_lessons.lesson", slug=subject.slug, key=key, flash=_("“%(title)s” was added to the draft.", title=title))


def _save_text(editor: LessonEditor, text: str, *, base_revision: int, automatic: bool = False) -> int:
    writing = begin_writing()
    course = catalogue.lock_course(writing, editor.draft_outline.course_id)
    return authoring.save_text(
        writing, current_actor(), course, editor.path, text, base_revision=base_revision, automatic=automatic, now=clock.now()
    )


@bp.post("/teaching/<slug>/lessons/<key>/autosave")
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True, body_limit=BODY_LIMIT)
def autosave(subject: PartContext) -> tuple[Response, int]:
    """Save an autosave request; return the revision that the next one builds on. Never overwrite a change saved by another person."""
    editor, form = _lesson_editor(subject), LessonForm()
    if not form.validate_on_submit() or _submitted_text(form).is_too_long:
        messages = [text for _field, text in form.faults] or [
            _("The text is longer than a lesson can be (100 kB). Split it into two lessons.")
        ]
        return jsonify(state="refused", message=messages[0]), 422
    text = _composed(editor, form)
    if editor.text not in (text, _base(editor, form)):
        return _conflict_response()
    try:
        revision = _save_text(editor, text, base_revision=editor.revision, automatic=True)
    except FileChanged:
        return _conflict_response()
    except CourseArchived as refused:
        return jsonify(state="refused", message=_(refused.text)), 409
    return jsonify(state="saved", seen=revision, at=format_time(clock.now())), 200


def _conflict_response() -> tuple[Response, int]:
    return jsonify(state="conflict"), 409


# --- Pictures, files, and what is pasted -------------------------------------------------------------------------------------------------


def _uploaded(editor: LessonEditor, form: LessonForm) -> Upload:
    """Keep the file that was sent, and put it into the module's media; raises Invalid with what is wrong with it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."))
    folder = f"{editor.module.folder}/media"
    texts = {"alternative": form.alternative.data or "", "caption": form.caption.data or ""}
    content = sent.read()
    sent.close()
    upload = uploads.prepared(sent.filename, content, folder=folder, taken=editor.draft_outline.checksums, **texts)
    stored = drafts.keep_contents(file_store(), {upload.path: upload.content}, {upload.path: upload.media_type})
    writing = begin_writing()
    course = catalogue.lock_course(writing, editor.draft_outline.course_id)
    authoring.add_file(writing, current_actor(), course, upload.path, stored[upload.path], now=clock.now())
    return upload


def _with_upload(editor: LessonEditor, form: LessonForm) -> Answer:
    """Put a file into the module and its Markdown at the end of the text, which waits to be saved."""
    try:
        upload = _uploaded(editor, form)
    except (Invalid, CourseArchived) as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _page(editor, form)
    body = tidy_body(form.body.data or "")
    form.body.data = f"{body}\n{upload.markdown}".lstrip("\n")
    form.alternative.data = form.caption.data = ""
    flash(_("The file is in the draft and at the end of the text. Move it where you want it and save."), "ok")
    return _page(editor, form)


@bp.post("/teaching/<slug>/lessons/<key>/files")
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True, body_limit=UPLOAD_LIMIT)
def files_of_lesson(subject: PartContext) -> tuple[Response, int]:
    """Put a file into the lesson's module; answer with the Markdown that shows it."""
    editor, form = _lesson_editor(subject), LessonForm()
    try:
        upload = _uploaded(editor, form)
    except (Invalid, CourseArchived) as refused:
        return jsonify(message=_(refused.text, **refused.facts)), 422
    return jsonify(markdown=upload.markdown, picture=upload.markdown.startswith("!")), 200


@bp.post("/teaching/<slug>/lessons/<key>/paste")
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True, body_limit=PASTE_LIMIT)
def paste(subject: PartContext) -> tuple[Response, int]:
    """Return text pasted from a word processor as Markdown. Nothing is saved."""
    from kernel.markup.foreign import pasted  # noqa: PLC0415 - beautifulsoup4 and markdownify: a tenth of a second that no start should wait for

    try:
        text = pasted(request.form.get("html", ""))
        message = ngettext(
            "%(count)s picture was left out. Upload it under “A picture or a file”.",
            "%(count)s pictures were left out. Upload them one by one under “A picture or a file”.",
            text.pictures,
        )
        left_out = [left.message for left in text.left_out]
        return jsonify(markdown=text.markdown, left=message if text.pictures else "", left_out=left_out), 200
    except Invalid as refused:
        return jsonify(message=_(refused.text, **refused.facts)), 422


# --- One language ------------------------------------------------------------------------------------------------------------------------


@bp.route("/teaching/<slug>/lessons/<key>/removal", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def removal(subject: PartContext) -> Answer:
    """Ask whether a lesson is to go in one language, and take that out; the course's own language goes only with the lesson."""
    editor = _lesson_editor(subject)
    if not editor.is_translation or editor.text is None:
        raise NotFound
    if request.method == "POST":
        save(subject, editor.draft_outline, DraftChange(removed=(editor.path,)))
        flash(_("Removed from the draft. What was published stays, and you can restore it from the course history."), "ok")
        return see_page("courses_lessons.lesson", slug=subject.slug, key=subject.key)
    title = choose(dict(editor.activity.title)) or subject.key
    return page(
        "courses/language_removal.html", course=course_header(editor.course), key=subject.key, title=title, language=editor.language
    )


# --- As the learner will see it ----------------------------------------------------------------------------------------------------------


def _preview(editor: LessonEditor, text: str) -> LessonPreview:
    today = site_day(clock.now())
    around = draft_checks.course_references(current_session(), file_store(), editor.draft_outline, course_kinds(), today=today)
    return draft_checks.preview_lesson(around, editor.draft_outline, course_kinds(), {editor.path: text}, editor.path, today=today)


@bp.post("/teaching/<slug>/lessons/<key>/preview-fragment")
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True, body_limit=BODY_LIMIT)
def preview_fragment(subject: PartContext) -> Answer:
    """Draw a lesson as it is typed, with what there is to say of it: a piece of the editor's page. Nothing is saved."""
    editor, form = _lesson_editor(subject), LessonForm()
    form.validate_on_submit()
    text = _composed(editor, form)
    return page("courses/lesson_preview_fragment.html", **preview_values(editor, _preview(editor, text), text, course_kinds()))


@bp.get("/teaching/<slug>/lessons/<key>/preview")
@requires(CourseAction.EDIT, catalogue.get_taught_part)
def preview(subject: PartContext) -> Answer:
    """Show a lesson of the draft as its learner will see it."""
    editor = _lesson_editor(subject)
    if editor.text is None:
        raise NotFound
    shown = _preview(editor, editor.text)
    return page(
        "courses/lesson_preview.html",
        course=course_header(editor.course),
        key=editor.activity.key,
        language=editor.language,
        title=editor.words.title,
        **preview_values(editor, shown, editor.text, course_kinds()),
    )


# --- Two at once -------------------------------------------------------------------------------------------------------------------------


def _merge(editor: LessonEditor, form: LessonForm) -> ThreeWayMerge:
    return merging.merge(_base(editor, form) or "", _composed(editor, form), editor.text or "")


def _conflict(editor: LessonEditor, form: LessonForm) -> Answer:
    """Show what both wrote; the typed text waits in the form, with the revision that it was made from."""
    form.theirs.data = str(editor.revision)
    return _page(editor, form, merge=_merge(editor, form)), 409


def _apply_merge_choices(editor: LessonEditor, form: LessonForm) -> Answer:
    """Put both texts together as chosen, into the form: saving is the next step. Choices are those of the text that was shown alone."""
    if form.theirs.data != str(editor.revision):
        return _conflict(editor, form)
    merge = _merge(editor, form)
    text = merging.chosen(merge, request.form)
    if text is None:
        form.form_errors.append(_("For each difference, choose which text to keep."))
        return _page(editor, form, merge=merge)
    _fill(form, editor, lesson_text_of(text, editor.path, editor.language))
    return _page(editor, form, preview=_preview(editor, text), joined=True)


def _page(
    editor: LessonEditor,
    form: LessonForm,
    *,
    preview: LessonPreview | None = None,
    merge: ThreeWayMerge | None = None,
    joined: bool = False,
) -> Response:
    typed, session = _submitted_text(form), current_session()
    glossary = drafts.draft_bodies(session, editor.course.id, [GLOSSARY]).get(GLOSSARY, "")
    shown = (
        preview_values(editor, preview, _composed(editor, form), course_kinds())
        if preview is not None
        else {"told": None, "body": None, "icons": ()}
    )
    return page(
        "courses/lesson.html",
        course=course_header(editor.course),
        module={"key": editor.module.key, "title": choose(dict(editor.module.title))},
        activity={
            "key": editor.activity.key,
            "title": typed.title or choose(dict(editor.activity.title)),
            "hidden": editor.activity.state.value == "draft",
        },
        neighbours=[entry(activity, course_kinds()) for activity in editor.module.activities],
        path=editor.path,
        language=editor.language,
        languages=[(language, language in editor.activity.language_paths()) for language in editor.draft_outline.tree.languages],
        is_translation=editor.is_translation,
        is_new=editor.text is None,
        source=lesson_text_of(editor.source, editor.activity.path, editor.draft_outline.tree.languages[0])
        if editor.is_translation
        else None,
        original_change=find_original_change(session, editor) if editor.is_translation and editor.text is not None else None,
        form=form,
        regions=merging.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
        joined=joined,
        pieces=[(tool, name, rows[:MOST_PIECES], len(rows) > MOST_PIECES) for tool, name, rows in pieces(session, editor, glossary)],
        tools=[(name, symbol, _(label), _(example) if example else "") for name, symbol, label, example in TOOLS],
        count=count_words(typed.body),
        **shown,
    )
