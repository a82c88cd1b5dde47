"""Pages that import questions into a bank of the draft, and export them, with their forms."""

import io
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256

from flask import Blueprint, Response, flash, request
from wtforms import Field, HiddenField, SelectField, ValidationError

from accounts.rules import PENDING_UPLOAD_LIFETIME
from accounts.uploads import get_pending_upload
from courses import catalogue, drafts
from courses.access import CourseContext
from courses.content.editing import EditRefused
from courses.editor import LANGUAGE_NAMES, course_header
from kernel import clock
from kernel.errors import DomainError
from kernel.filetypes import media_type
from kernel.i18n import _, choose, lazy_, ngettext
from kernel.sandbox import run_sandboxed
from kernel.web.file_responses import send_generated
from kernel.web.forms import Form
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, reading_file, requires, see_page
from kernel.web.uploads import UploadForm
from questions import question_bank
from questions.access import QuestionAction
from questions.content.question_fields import KINDS
from questions.question_bank import QuestionFilter, first_words
from questions.rules.definitions import QuestionDefinition
from standards import imports
from standards.importing import FORMATS, files_named, import_file
from standards.imports import DraftQuestions, ImportContext, QuestionImportPlan, bank_files_of, chosen, plan
from standards.model import ExportedFile, RemarkSeverity, TransferRemark
from standards.models import PendingImport
from standards.xml import Categories

NEW = "new:"
NAMES = tuple(FORMATS)
WRITTEN = tuple(name for name, file_format in FORMATS.items() if file_format.writer)
TITLES = {
    "gift": "GIFT",
    "aiken": "Aiken",
    "moodle-xml": "Moodle XML",
    "cloze": "Moodle Cloze",
    "csv": "CSV",
    "xlsx": "Excel (XLSX)",
    "qti": "QTI 2.1",
    "qti-canvas": "QTI 1.2 (Canvas)",
}


class QuestionUploadForm(UploadForm):
    """A file of questions and, where the name does not show it, its format."""

    format = SelectField(lazy_("Format"), choices=[], validate_choice=False)

    def offer(self) -> None:
        """Fill the list of formats."""
        self.format.choices = [("", _("Detect from the file")), *((name, TITLES[name]) for name in NAMES)]

    def validate_file(self, _field: Field) -> None:
        """Refuse where nothing was sent."""
        if not self.content:
            raise ValidationError(_("Choose a file that is not empty."))

    def validate_format(self, field: Field) -> None:
        """Refuse a format that is not known here."""
        if field.data and field.data not in NAMES:
            raise ValidationError(_("Choose one of the list."))


class ConfirmForm(Form):
    """Into which bank the questions go, what becomes of their categories, and the plan that was looked at."""

    bank = SelectField(lazy_("Add to bank"), choices=[], validate_choice=False)
    categories = SelectField(lazy_("Categories in the file"), choices=[], validate_choice=False)
    seen = HiddenField()

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the list of banks: paths and titles."""
        self.bank.choices = list(banks)
        self.categories.choices = [(Categories.TAGS, _("Turn them into tags of their questions")), (Categories.LEAVE, _("Leave them out"))]

    def category_handling(self) -> Categories:
        """Return the handling of the file's categories; tags where none of the list was asked for."""
        return Categories.LEAVE if self.categories.data == Categories.LEAVE else Categories.TAGS

    def is_offered(self) -> bool:
        """Return whether the bank is one of the list, with a fault beside the field where it is not."""
        if self.bank.data in {choice[0] for choice in self.bank.iter_choices()}:
            return True
        self.refuse(self.bank, _("Choose one of the list."))
        return False


class ExportForm(Form):
    """In which format questions go out, and of a course in several languages in which one."""

    format = SelectField(lazy_("Format"), choices=[], validate_choice=False)
    language = SelectField(lazy_("Language"), choices=[], validate_choice=False)

    def offer(self, languages: Sequence[str]) -> None:
        """Fill the lists of formats and of languages, the course's own first."""
        self.format.choices = [(name, TITLES[name]) for name in WRITTEN]
        self.language.choices = [(language, LANGUAGE_NAMES[language]) for language in languages]

    def chosen(self) -> str:
        """Return the format, the first one where none of the list was asked for."""
        return self.format.data if self.format.data in WRITTEN else WRITTEN[0]

    def spoken(self) -> str:
        """Return the language, the course's own where none of the list was asked for."""
        offered: list[str] = [choice[0] for choice in self.language.iter_choices()]
        return next((language for language in offered if language == self.language.data), offered[0])


bp = Blueprint("standards", __name__)

LARGEST = 20_000_000
NARROWED_BY = ("text", "bank", "kind", "state", "difficulty", "tag")
SUFFIXES = {"gift": "gift", "aiken": "txt", "moodle-xml": "xml", "csv": "csv", "xlsx": "xlsx", "qti": "zip", "qti-canvas": "zip"}
HEADINGS = {
    RemarkSeverity.PROBLEM: ("bad", "circle-x"),
    RemarkSeverity.TO_CORRECT: ("warn", "triangle-alert"),
    RemarkSeverity.LOSS: ("warn", "circle-alert"),
    RemarkSeverity.NOTE: ("", "info"),
}


def _course_header(course_id: int) -> dict[str, object]:
    course = catalogue.get_course(current_session(), course_id)
    return course_header(course)


# --- In ----------------------------------------------------------------------------------------------------------------------------------


@bp.route("/teaching/<slug>/imports", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course, reads_first=True, body_limit=LARGEST)
def upload(subject: CourseContext) -> Answer:
    """Take a file of questions and keep it aside; the next page shows what would come of it."""
    form = QuestionUploadForm()
    form.offer()
    if form.validate_on_submit():
        name, (language, *further) = form.file_name, imports.draft_languages(current_session(), subject.id)
        read = partial(run_sandboxed, import_file, name, format_name=form.format.data or None, language=language, further=further)
        imported = form.read(read, refused_by=DomainError)
        if imported is not None:
            session, actor = begin_writing(), current_actor()
            row = imports.store_upload(session, actor, subject.id, name, imported.format, form.content, now=clock.now())
            return see_page("standards.confirm", slug=subject.slug, upload=str(row.uuid))
    kept_hours = PENDING_UPLOAD_LIFETIME.days * 24
    return page("standards/upload.html", course=_course_header(subject.id), form=form, largest=LARGEST, kept=kept_hours)


MOST_PLACES = 6


def remark_lines(remarks: tuple[TransferRemark, ...]) -> list[tuple[str, str, int]]:
    """Return remarks in words with the places of the first few and how many there are; those that say the same are one line."""
    groups: dict[str, list[TransferRemark]] = {}
    for remark in remarks:
        groups.setdefault(remark.message, []).append(remark)
    return [(message, _places(group), len(group)) for message, group in groups.items()]


def _places(group: list[TransferRemark]) -> str:
    named = [
        ", ".join(part for part in (_("line %(line)s", line=remark.line) if remark.line else "", remark.question) if part)
        for remark in group
    ]
    shown = [name for name in named if name]
    rest = len(shown) - MOST_PLACES
    more = [_("and %(count)s more", count=rest)] if rest > 0 else []
    return "; ".join([*shown[:MOST_PLACES], *more])


@bp.route("/teaching/<slug>/imports/<uuid:upload>", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, imports.get_taught_import, reads_first=True)
def confirm(subject: ImportContext) -> Answer:
    """Show what is imported, what cannot be and why; with a yes it is added to a bank of the draft."""
    pending = subject.pending
    draft = imports.draft_questions(current_session(), subject.id)
    form = ConfirmForm(formdata=request.form if request.method == "POST" else request.args)
    form.offer(_banks(subject.id, draft))
    target = (
        form.bank.data
        if any(form.bank.data == choice[0] for choice in form.bank.iter_choices())
        else next((choice[0] for choice in form.bank.iter_choices()), "")
    )
    plan = _plan(pending, draft, target, form.category_handling())
    if request.method != "POST":
        form.bank.data, form.categories.data = target, form.category_handling()
        return _confirm_page(subject, pending, form, plan)
    if not form.is_offered() or not plan.entries:
        return _confirm_page(subject, pending, form, plan), 422
    if form.seen.data != _digest(plan):
        flash(_("The draft has changed, or you chose something else. Review it once more before importing."), "warn")
        return _confirm_page(subject, pending, form, plan), 409
    entries, media = bank_files_of(plan, target.removeprefix(NEW))
    files = file_store()
    stored_media = drafts.keep_contents(files, media, {path: media_type(path) for path in media})
    writing, actor = begin_writing(), current_actor()
    waiting = get_pending_upload(writing, PendingImport, actor.person_id, pending.uuid)
    try:
        imports.import_questions(writing, actor, waiting, target.removeprefix(NEW), entries, stored_media, now=clock.now())
    except EditRefused as refused:
        form.refuse(form.bank, _(refused.text, **refused.facts))
        return _confirm_page(subject, pending, form, plan)
    flash(
        ngettext("%(count)s question was imported into the draft.", "%(count)s questions were imported into the draft.", len(plan.entries)),
        "ok",
    )
    return see_page("questions_banks.questions", slug=subject.slug)


def _banks(course_id: int, draft: DraftQuestions) -> list[tuple[str, str]]:
    """Return where questions may go: the banks that are there, and new ones for modules without."""
    rows = question_bank.list_banks(current_session(), course_id)
    present = [(row.path, f"{choose(row.title) or row.key} ({row.questions})") for row in rows]
    taken = {row.path.partition("/")[0] for row in rows}
    new = [
        (f"{NEW}{folder}/banco.yaml", _("New bank: %(title)s", title=choose(dict(title))))
        for folder, title in draft.modules.items()
        if folder not in taken
    ]
    return present + new


def _plan(pending: PendingImport, draft: DraftQuestions, target: str, categories: Categories) -> QuestionImportPlan:
    with reading_file():
        language, *further = draft.languages
        stored_plan = run_sandboxed(import_file, pending.name, pending.content, pending.format, language, categories, further=further)
    return plan(stored_plan.imported, draft.banks.get(target, ()), draft.used_keys, draft.language, draft.used_origins)


def _digest(plan: QuestionImportPlan) -> str:
    """Return the checksum that distinguishes one plan from another; the same questions may go into any bank."""
    return sha256("\0".join(plan.entries).encode()).hexdigest()


def _confirm_page(subject: ImportContext, pending: PendingImport, form: ConfirmForm, plan: QuestionImportPlan) -> Response:
    return page(
        "standards/confirm.html",
        course=_course_header(subject.id),
        upload=pending.uuid,
        name=pending.name,
        format=TITLES[pending.format],
        expires_at=pending.expires_at,
        form=form,
        seen=_digest(plan),
        questions=[(source, choose(first_words(source.question.text)), _(KINDS[source.question.kind])) for source in plan.sources],
        remarks={severity.value: remark_lines(plan.of_severity(severity)) for severity in RemarkSeverity},
        has_categories=any(source.category for source in plan.sources),
        problems=len(plan.of_severity(RemarkSeverity.PROBLEM)),
        pictures=len(plan.media),
    )


@bp.post("/teaching/<slug>/imports/<uuid:upload>/removal")
@requires(QuestionAction.EDIT_BANK, imports.get_taught_import)
def discard(subject: ImportContext) -> Answer:
    """Delete a file that was uploaded."""
    imports.discard(current_session(), current_actor(), subject.pending, now=clock.now())
    return see_page("questions_banks.questions", slug=subject.slug, flash=_("The file was discarded. Nothing was imported."))


# --- Out ---------------------------------------------------------------------------------------------------------------------------------


def _selected(subject: CourseContext, draft: DraftQuestions, requested: Mapping[str, str]) -> Sequence[QuestionDefinition]:
    rows = question_bank.search_questions(
        current_session(), subject.id, QuestionFilter(**requested), offset=0, limit=question_bank.MAXIMUM_SHOWN
    )
    questions = {question.key: question for bank in draft.banks.values() for question in bank}
    return chosen(questions.values(), [row.key for row in rows])


def _exported(
    course_id: int, draft: DraftQuestions, questions: Sequence[QuestionDefinition], format_name: str, language: str
) -> ExportedFile:
    write = FORMATS[format_name].write
    assert write is not None
    banks = {question.key: path for path, bank in draft.banks.items() for question in bank}
    named = {question.key: files_named(question, language, banks[question.key]) for question in questions}
    paths = {path for addresses in named.values() for path in addresses.values()}
    contents = imports.draft_contents(current_session(), file_store(), course_id, paths)
    files = {
        key: {address: contents[path] for address, path in addresses.items() if path in contents}
        for key, addresses in named.items()
        if addresses
    }
    return write(questions, language, files)


@bp.route("/teaching/<slug>/exports", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course, reads_first=True)
def export(subject: CourseContext) -> Answer:
    """Show what a format leaves behind of the chosen questions; sent, the file itself."""
    form = ExportForm(formdata=request.form if request.method == "POST" else request.args)
    filters = {name: value for name in NARROWED_BY if (value := request.args.get(name, "").strip()[:130])}
    draft = imports.draft_questions(current_session(), subject.id)
    questions = _selected(subject, draft, filters)
    form.offer(draft.languages)
    form.format.data, form.language.data = form.chosen(), form.spoken()
    exported = _exported(subject.id, draft, questions, form.format.data, form.language.data) if questions else None
    if request.method == "POST" and exported is not None and exported.count:
        imports.record_question_export(begin_writing(), current_actor(), subject.id, form.format.data, exported.count, now=clock.now())
        own = form.language.data == draft.language
        name = f"{subject.slug}{'' if own else f'-{form.language.data}'}.{SUFFIXES[form.format.data]}"
        return send_generated(io.BytesIO(exported.content), "application/octet-stream", name)
    return page(
        "standards/export.html",
        course=_course_header(subject.id),
        form=form,
        several=len(draft.languages) > 1,
        filters=filters,
        total=len(questions),
        count=exported.count if exported is not None else 0,
        remarks={
            severity.value: remark_lines(exported.of_severity(severity)) if exported is not None else [] for severity in RemarkSeverity
        },
    )
