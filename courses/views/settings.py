"""Pages of settings of courses, modules and activities: a form over fields of a file, and the merge of two people's changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from posixpath import basename
from urllib.parse import quote

from flask import Blueprint, Response, flash, request

from accounts.forms import zones_by_name
from courses import authoring, catalogue, draft_checks, drafts, history
from courses.access import CourseAction, CourseContext, PartContext
from courses.authoring import DraftOutline
from courses.catalogue import list_offered_viewers, open_institutions
from courses.content import course_fields, course_settings, media, merging
from courses.content.applying import with_key, with_values
from courses.content.changes import COMMON, DraftChange, apart
from courses.content.editing import EditRefused, keys_of, read_fields
from courses.content.layout import COURSE, RESOURCES
from courses.content.media import Upload
from courses.content.merging import MergeSide, ThreeWayMerge
from courses.content.model import Finding
from courses.content.settings import FieldSpec, FormValues, Groups, values_of
from courses.content.tree import TreeModule
from courses.content.writing import LONGEST_NAME
from courses.editor import (
    UPLOAD,
    FormFindings,
    SettingsForm,
    TypedField,
    course_header,
    course_kinds,
    list_course_keys,
    settings_form,
    whole,
)
from courses.models import Course
from courses.rules import file_url
from courses.views.outline import KeyedForm, find_part, save
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.filetypes import MAXIMUM_IMAGE
from kernel.i18n import _, choose, language, lazy_, site_day
from kernel.pictures import FORMATS
from kernel.web.forms import line
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page


class RenameKeyForm(KeyedForm):
    """Another key for a part of a course."""

    key = line(lazy_("Key"), most=LONGEST_NAME, required=lazy_("Write a key."))


MOST_TOLD = 5
OF_TEXT = frozenset({"C111", "C113"})
"""Codes whose advice is how a value is written in the file, not how it is typed in a form."""
CERTIFICATE = "certificate.template"


@dataclass(frozen=True, slots=True)
class SettingsEditor:
    """A file of settings before its editor: what is asked, in which order it is written, and what its fields may choose from."""

    course: Course
    draft_outline: DraftOutline
    path: str
    groups: Groups
    order: tuple[str, ...]
    key: str = ""

    @property
    def settings(self) -> tuple[FieldSpec, ...]:
        """Return all fields that are asked for."""
        return tuple(setting for _title, settings in self.groups for setting in settings)

    @property
    def text(self) -> str:
        """Return the file."""
        return self.draft_outline.texts.get(self.path, "")

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of the course."""
        return self.draft_outline.tree.languages

    def values(self, text: str) -> FormValues:
        """Return the values of the file."""
        return values_of(read_fields(apart(text, self.path)[0]), self.settings, self.languages)

    def composed(self, text: str, given: FormValues) -> str:
        """Return the file with what was typed; raises EditRefused, or Invalid with what to do."""
        return with_values(text, self.path, self.settings, self.languages, given, self.order)

    def placed(self, finding: Finding) -> Finding | None:
        """Return a finding with its place among the fields of the form, None where it is of something else."""
        return finding if finding.file == self.path else None

    def choices(self) -> dict[str, list[tuple[str, str]]]:
        """Return the choices: parts of the course to complete first, modules, documents, files of media by their path from here."""
        modules = [(module.key, choose(dict(module.title)) or module.key) for module in self.draft_outline.tree.modules]
        parts: list[tuple[str, str]] = []
        for module, (key, title) in zip(self.draft_outline.tree.modules, modules, strict=True):
            parts += [
                (key, title),
                *((activity.key, f"— {choose(dict(activity.title)) or activity.key}") for activity in module.activities),
            ]
        parts = [entry for entry in parts if entry[0] != self.key]
        folder = self.path.rpartition("/")[0]
        own = [path.removeprefix(f"{folder}/") for path in self.draft_outline.checksums if folder and path.startswith(f"{folder}/media/")]
        shared = [f"{'../' if folder else ''}{path}" for path in self.draft_outline.checksums if path.startswith("media/")]
        files = [(path, path) for path in (*own, *shared)]
        own_choices = {"requires": parts, "completion.modules": modules, "resource": self._documents(), "": files}
        if any(field.is_chosen for setting in self.settings for field in (setting, *setting.fields)):
            own_choices |= list_course_keys(self.draft_outline) | {"pairs_with": self._of_the_same_kind()}
        return own_choices | (self._of_the_course() if self.path == COURSE else {})

    def _of_the_course(self) -> dict[str, list[tuple[str, str]]]:
        """Return the names of the site that the course as a whole may use, with certificates, topics and time zones."""
        institutions = open_institutions(current_session(), current_actor(), self.course)
        own = next((institution.id for institution in institutions if institution.id == self.course.institution_id), None)
        own = own or next((institution.id for institution in institutions if institution.is_first), None)
        units, listed = list_offered_viewers(current_session(), own)
        return {
            "institution": [(entry.key, choose(entry.names) or entry.name) for entry in institutions if entry.key],
            CERTIFICATE: _certificates(self.settings, self.course.institution_id),
            "staff_of": units,
            "audiences": listed,
            "topic": list(course_kinds().topics.items()),
            "timezone": [(zone, name) for name, zone in zones_by_name(language()).items()],
        }

    def _of_the_same_kind(self) -> list[tuple[str, str]]:
        """Return the other activities of the kind of this one."""
        activities = [activity for module in self.draft_outline.tree.modules for activity in module.activities]
        own = next((activity.kind for activity in activities if activity.key == self.key), "")
        others = [activity for activity in activities if activity.kind == own and activity.key != self.key]
        return [(activity.key, choose(dict(activity.title)) or activity.key) for activity in others]

    def _documents(self) -> list[tuple[str, str]]:
        """Return the documents of the course, which only some forms ask for."""
        if not any(field.name == "resource" for setting in self.settings for field in setting.fields):
            return []
        try:
            entries = keys_of(self.draft_outline.texts.get(RESOURCES, ""))
        except EditRefused:
            return []
        return [("", _("Not specified")), *((key, _title(entry, self.languages[0]) or key) for key, entry in entries.items())]


def _certificates(settings: Sequence[FieldSpec], institution_id: int | None) -> list[tuple[str, str]]:
    """Return the certificates that a course may give: those of every site, and the templates of its institution."""
    usual = next((list(setting.choices) for setting in settings if setting.name == CERTIFICATE), [])
    listed = course_kinds().certificate_templates
    own = [(key, choose(titles) or key) for key, titles in listed(current_session(), institution_id)] if listed is not None else []
    return [*usual[:1], *own, *usual[1:]]


def _title(entry: object, language: str) -> str:
    title = entry.get("title") if isinstance(entry, dict) else None
    return str(title.get(language, "")) if isinstance(title, dict) else str(title or "")


Draw = Callable[[SettingsForm, ThreeWayMerge | None], Response]
Done = Callable[[str], Answer]


def answered(subject: CourseContext, sheet: SettingsEditor, draw: Draw, done: Done) -> Answer:
    """Show the form of a sheet, or save what was typed into it; `done` gets the text that was saved."""
    try:
        base = _base(sheet)
        form = _form(sheet, sheet.text if base is None else base)
        if request.method != "POST":
            form.fill(sheet.values(sheet.text))
            form.seen.data = str(sheet.draft_outline.revision)
            return draw(form, None)
    except EditRefused as refused:
        form = settings_form((), (), FormValues({}), {})()
        form.form_errors.append(_(refused.text))
        page = draw(form, None)
        return page if request.method != "POST" else (page, 422)
    if not form.validate_on_submit():
        _attach_further(form, sheet, base)
        return draw(form, None)
    try:
        upload = _upload(sheet, form)
    except Invalid as refused:
        form.refuse(form[f"{PICTURE}{UPLOAD}"], _(refused.text, **refused.facts))
        return draw(form, None)
    if _lacks_alternative(sheet, form, upload):
        return draw(form, None)
    if base is None:
        form.form_errors.append(
            _("Someone else changed this course in the meantime. What you typed is shown here: review it and save it again.")
        )
        form.seen.data = str(sheet.draft_outline.revision)
        return draw(form, None), 409
    try:
        mine = sheet.composed(base, form.values())
    except (EditRefused, Invalid) as refused:
        form.form_errors.append(_(refused.text, **refused.facts))
        return draw(form, None)
    text, merge = _joined(sheet, form, base, mine)
    if text is None:
        return draw(form, merge), 422 if form.form_errors else 409
    return _saved(subject, sheet, form, draw=draw, done=done, text=text, upload=upload)


PICTURE, ALTERNATIVE = "image", "image_alt"


def _upload(sheet: SettingsEditor, form: SettingsForm) -> Upload | None:
    """Return the picture that was sent with a form, which names it from now on; raises Invalid with what to do where it is none."""
    sent = request.files.get(f"{PICTURE}{UPLOAD}")
    if sent is None or not sent.filename or f"{PICTURE}{UPLOAD}" not in form:
        return None
    content = sent.read()
    sent.close()
    upload = media.accepted(sent.filename, content, folder="media", taken=sheet.draft_outline.checksums)
    if upload.path.rpartition(".")[2] not in FORMATS:
        raise Invalid(N_("Choose a picture: a PNG, JPEG or WebP file."))
    form[PICTURE].data = upload.path
    return upload


def _lacks_alternative(sheet: SettingsEditor, form: SettingsForm, upload: Upload | None) -> bool:
    """Put on the form what a picture without alternative text needs; return whether it has none in the course's own language."""
    if f"{PICTURE}{UPLOAD}" not in form or not form[PICTURE].data:
        return False
    alternative = form[f"{ALTERNATIVE}_{sheet.languages[0]}"]
    if alternative.data:
        return False
    form.refuse(alternative, _("Describe what someone who cannot see the picture needs to know."))
    if upload is not None:
        _ask_again(form)
    return True


def _ask_again(form: SettingsForm) -> None:
    """Ask for the picture anew, because no browser sends a file twice by itself."""
    form.refuse(form[f"{PICTURE}{UPLOAD}"], _("Choose the picture again."))
    form[PICTURE].data = form.present(PICTURE)


def _base(sheet: SettingsEditor) -> str | None:
    """Return the file as the page showed it that was sent, wherever it was then; None where it was not there."""
    seen = whole(request.form.get("seen"))
    if request.method != "POST" or seen == sheet.draft_outline.revision or seen < 0:
        return sheet.text
    path = history.find_path_at(current_session(), sheet.course.id, sheet.path, sheet.key, seen)
    return history.find_text_at(current_session(), sheet.course.id, path, seen)


def _form(sheet: SettingsEditor, text: str) -> SettingsForm:
    return settings_form(sheet.settings, sheet.languages, sheet.values(text), sheet.choices())()


def _joined(sheet: SettingsEditor, form: SettingsForm, base: str, mine: str) -> tuple[str | None, ThreeWayMerge | None]:
    """Merge what was typed with what another person saved meanwhile: as chosen, or None with both to choose from."""
    theirs = sheet.text
    if theirs == base:
        return mine, None
    if mine in (base, theirs):
        return theirs, None
    merge, form_action = merging.merge(base, mine, theirs), request.form.get("do", "save")
    shown, present = form.theirs.data, sheet.draft_outline.checksums.get(sheet.path, "")
    form.theirs.data = present
    if shown != present or form_action not in ("merge", "overwrite"):
        return None, merge
    if form_action == "overwrite":
        return merge.preferring(MergeSide.MINE), None
    text = merging.chosen(merge, request.form)
    if text is None:
        form.form_errors.append(_("For each difference, choose which text to keep."))
    return text, merge


def _saved(
    subject: CourseContext, sheet: SettingsEditor, form: SettingsForm, *, draw: Draw, done: Done, text: str, upload: Upload | None
) -> Answer:
    outline = sheet.draft_outline
    if upload is not None:
        outline = replace(outline, checksums={**outline.checksums, upload.path: ""})
    change = DraftChange({sheet.path: authoring.in_form(outline, sheet.path, text, course_kinds(), today=site_day(clock.now()))})
    findings = authoring.new_findings(outline, change, course_kinds(), today=site_day(clock.now()))
    refusing = tuple(finding for finding in findings if finding.refuses_import)
    if sheet.path == COURSE:
        refusing += draft_checks.new_site_findings(
            current_session(), sheet.course.id, sheet.text, text, course_kinds(), today=site_day(clock.now())
        )
    if refusing:
        _attach_findings(form, sheet, refusing)
        if upload is not None:
            _ask_again(form)
        return draw(form, None)
    added = drafts.keep_contents(file_store(), {upload.path: upload.content}, {upload.path: upload.media_type}) if upload else {}
    writing = begin_writing()
    row = catalogue.lock_course(writing, subject.id)
    try:
        changed = authoring.save_change(writing, current_actor(), row, change, base_revision=outline.revision, added=added, now=clock.now())
    except Conflict as conflict:  # between reading and locking: the next try puts both together
        form.form_errors.append(_(conflict.text))
        return draw(form, None), 409
    flash(_("Saved in the draft.") if changed else _("There was nothing to change."), "ok")
    message = FormFindings(course_kinds())
    for finding in findings[:MOST_TOLD]:
        flash(_("To correct before publishing:") + " " + message.line(finding), "warn")
    return done(text)


def _attach_further(form: SettingsForm, sheet: SettingsEditor, base: str | None) -> None:
    """Show what the reader refuses of other fields than those whose words were refused already, so that all faults are told at once."""
    try:
        text = sheet.composed(sheet.text if base is None else base, form.values())
    except (EditRefused, Invalid):
        return
    today = site_day(clock.now())
    refused = {setting.outer for setting in sheet.settings if form.asks(setting) and form.has_fault(setting)}
    for finding in authoring.new_findings(sheet.draft_outline, DraftChange({sheet.path: text}), course_kinds(), today=today):
        placed = sheet.placed(finding)
        if placed is None or not finding.refuses_import or placed.field.partition(".")[0] in refused:
            continue  # what stands beside a refused value may be refused because of it
        if form.field_of(placed) is not None:
            _attach_findings(form, sheet, (finding,))


def _attach_findings(form: SettingsForm, sheet: SettingsEditor, findings: tuple[Finding, ...]) -> None:
    """Show each finding beside the field that it names; the others above the form."""
    form_findings = FormFindings(course_kinds())
    for finding in findings:
        placed = sheet.placed(finding)
        field = form.field_of(placed) if placed is not None else None
        if field is not None:
            is_of_text = isinstance(field, TypedField) and finding.code in OF_TEXT
            form.refuse(field, form_findings.what(finding) if is_of_text else form_findings.beside_field(finding))
        else:
            form.form_errors.append(form_findings.message(finding))


bp = Blueprint("courses_settings", __name__)


@bp.route("/teaching/<slug>/settings", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=MAXIMUM_IMAGE + 1_000_000)
def course(subject: CourseContext) -> Answer:
    """Set what a course says of itself."""
    row = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), row, course_kinds())
    sheet = SettingsEditor(row, draft_outline, COURSE, course_settings.COURSE, course_settings.COURSE_ORDER)
    return answered(subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_settings.course", slug=subject.slug))


@bp.route("/teaching/<slug>/parts/<key>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def part(subject: PartContext) -> Answer:
    """Set what a module or an activity says of itself."""
    row = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), row, course_kinds())
    chosen = find_part(draft_outline, subject.key)
    if isinstance(chosen, TreeModule):
        return _part(
            subject,
            SettingsEditor(row, draft_outline, chosen.path, groups=course_fields.MODULE, order=course_fields.MODULE_ORDER, key=subject.key),
        )
    kind = next(kind for kind in course_kinds().kinds if kind.name == chosen.kind)
    groups = course_fields.activity(kind.settings, kind.groups, with_texts=kind.suffix != ".md")
    own = (*kind.settings, *(setting for _title, settings in kind.groups for setting in settings))
    order = (*COMMON, *(kind.order or dict.fromkeys(setting.outer for setting in own)))
    return _part(subject, SettingsEditor(row, draft_outline, chosen.path, groups=groups, order=order, key=subject.key))


def _part(subject: PartContext, sheet: SettingsEditor) -> Answer:
    return answered(
        subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_settings.part", slug=subject.slug, key=subject.key)
    )


@bp.route("/teaching/<slug>/parts/<key>/key", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def rename(subject: PartContext) -> Answer:
    """Give a module or an activity another key; the old one stays in its former keys, so that results of learners follow it."""
    session = current_session()
    row = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, row, course_kinds())
    chosen, form = find_part(draft_outline, subject.key), RenameKeyForm()
    if request.method != "POST":
        form.key.data = subject.key
    elif form.validate_on_submit() and _renamed(subject, draft_outline, chosen.path, form):
        flash(_("The key is now %(key)s. Learners' results will follow it with the next publication.", key=form.key.data), "ok")
        return see_page("courses_settings.part", slug=subject.slug, key=form.key.data)
    title = choose(dict(chosen.title)) or subject.key
    return page("courses/key.html", course=course_header(row), key=subject.key, title=title, form=form)


def _renamed(subject: PartContext, draft_outline: DraftOutline, path: str, form: RenameKeyForm) -> bool:
    """Change a key where nothing breaks by it; else report why."""
    new = form.key.data or ""
    if new in draft_outline.tree.keys:
        form.refuse(form.key, _("Another part of the course has this key."))
        return False
    texts = drafts.all_draft_bodies(current_session(), subject.id)
    try:
        change = with_key(texts, path, subject.key, new)
    except EditRefused as refused:
        form.form_errors.append(_(refused.text))
        return False
    findings = authoring.blocking_findings(draft_outline, change, course_kinds(), today=site_day(clock.now()))
    form.form_errors.extend(FormFindings(course_kinds()).message(finding) for finding in findings[:MOST_TOLD])
    if not findings:
        save(subject, draft_outline, change)
    return not findings


def _other_modules(sheet: SettingsEditor) -> list[tuple[str, str]]:
    """Return the modules that an activity may move to."""
    located = sheet.draft_outline.tree.find_activity(sheet.key)
    own = located[0].key if located is not None else ""
    return [(module.key, choose(dict(module.title)) or module.key) for module in sheet.draft_outline.tree.modules if module.key != own]


def _page(sheet: SettingsEditor, form: SettingsForm, merge: ThreeWayMerge | None) -> Response:
    chosen = find_part(sheet.draft_outline, sheet.key) if sheet.key else None
    title = dict(chosen.title) if chosen is not None else dict(sheet.draft_outline.tree.title)
    return page(
        "courses/settings.html",
        course=course_header(sheet.course),
        key=sheet.key,
        title=choose(title) or sheet.key,
        is_lesson=sheet.path.endswith(".md"),
        is_quiz=sheet.path.endswith(".quiz.yaml"),
        path=sheet.path,
        groups=[
            _group(form, name, settings, is_whole=not index and bool(sheet.key)) for index, (name, settings) in enumerate(sheet.groups)
        ],
        picture=_picture(sheet, form),
        regions=merging.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
        form=form,
        modules=[] if chosen is None or isinstance(chosen, TreeModule) else _other_modules(sheet),
    )


def _picture(sheet: SettingsEditor, form: SettingsForm) -> str:
    """Return the address of the picture that a course names, '' if it names none."""
    path = str(form[PICTURE].data or "") if f"{PICTURE}{UPLOAD}" in form else ""
    checksum = sheet.draft_outline.checksums.get(path, "")
    return file_url(sheet.course.slug, checksum, quote(basename(path))) if checksum else ""


def _group(form: SettingsForm, name: object, settings: tuple[FieldSpec, ...], *, is_whole: bool) -> dict[str, object]:
    """Return a group of fields: what is essential, and the others, folded away where they say nothing and have no fault."""
    shown = [setting for setting in settings if form.asks(setting)]
    folded = [setting for setting in shown if not setting.is_essential]
    return {
        "name": name,
        "essential": [(setting, form.rows(setting)) for setting in shown if setting.is_essential],
        "settings": [(setting, form.rows(setting)) for setting in folded],
        "line": form.line(shown),
        "is_open": is_whole or any(form.has_fault(setting) or (setting.opens_group and form.says(setting)) for setting in folded),
    }
