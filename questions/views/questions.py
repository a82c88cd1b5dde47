"""Pages that ask a question of the bank field by field, a form for each kind, and write it to the draft."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from courses import authoring, catalogue, draft_checks, drafts, publishing
from courses.access import CourseArchived, CourseContext
from courses.authoring import DraftOutline
from courses.content.differences import compared_lines
from courses.content.editing import EditRefused, former_keys, read_fields
from courses.content.model import CourseFolder, Finding
from courses.content.settings import FieldShape, FieldSpec, FormValues
from courses.content.writing import proposed_key
from courses.draft_checks import DraftCheck
from courses.editor import LANGUAGE_NAMES, FormFindings, SettingsForm, course_header, course_kinds, settings_form
from courses.publishing import CheckedCourse
from kernel import clock
from kernel.errors import N_, Conflict, NotFound
from kernel.i18n import _, choose, site_day
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from questions import bank_page, question_bank
from questions.access import BankQuestionContext, QuestionAction
from questions.bank_page import NewQuestionForm, QuestionEditForm, give_lines, samples_of
from questions.content import question_fields
from questions.content.question_editing import (
    ANSWER,
    COLUMNS,
    RIGHT,
    WRONG,
    QuestionFormValues,
    begun,
    is_blank,
    kind_of,
    pressed,
    values_in,
    with_kind,
    with_lines,
    with_question,
)
from questions.question_bank import EntryChanged, EntryText, checksum_of
from questions.rules.definitions import QuestionState

Sent = Mapping[str, str]
Field = Any
"""A field of a form."""
AT, SHOWN, LINES = "at", "shown", "__lines"
_NO_FILES: Mapping[str, Sequence[tuple[str, str]]] = {"": []}


@dataclass(frozen=True, slots=True)
class FormRow:
    """A part of a form: the fields of one setting, or a list with its rows."""

    setting: FieldSpec | None
    fields: tuple[Field, ...]
    rows: question_fields.RowFields | None = None
    path: str = ""
    sheets: "tuple[QuestionFormView, ...]" = ()
    pasted: tuple[tuple[str, str, str], ...] = ()
    """For each language a field for a list of rows: its name, its label, and what stands in it."""

    @property
    def has_one_mark(self) -> bool:
        """Return whether one mark stands for all rows: exactly one is to be right, and no more are."""
        rights = sum(sheet.values.text(question_fields.VERDICT) == RIGHT for sheet in self.sheets)
        return self.rows is not None and self.rows.has_one_right and rights < 2

    @property
    def from_text(self) -> bool:
        """Return whether the text names the rows in braces."""
        return self.rows is not None and self.rows.name in question_fields.FROM_TEXT


class QuestionFormView:
    """The fields of a question, or of one of its rows."""

    def __init__(
        self,
        specs: Sequence[question_fields.Asked],
        languages: Sequence[str],
        values: QuestionFormValues,
        prefix: str = "",
        shown: str = "",
    ) -> None:
        self.specs, self.languages, self.values, self.prefix, self.shown = specs, languages, values, prefix, shown
        self.form: SettingsForm = settings_form(question_fields.leaves(specs), languages, FormValues(values.texts), _NO_FILES)(
            formdata=None, prefix=prefix
        )
        self.form.fill(FormValues(values.texts))
        self.inner: dict[str, tuple[QuestionFormView, ...]] = {spec.name: self._sheets(spec) for spec in question_fields.lists(specs)}

    def _sheets(self, rows: question_fields.RowFields) -> "tuple[QuestionFormView, ...]":
        made = []
        for number, row in enumerate(self.values.rows.get(rows.name, ())):
            kind = kind_of(rows, row)
            sheet = QuestionFormView(rows.fields_of(kind), self.languages, row, f"{self.prefix}{rows.name}__{number}__", kind)
            sheet.make_room()
            made.append(sheet)
        return tuple(made)

    def make_room(self) -> None:
        """Let the texts of a row take two lines of the page: an option is often a sentence, and its feedback always."""
        for setting in question_fields.leaves(self.specs):
            for field in self.fields(setting) if setting.shape is FieldShape.WORDS else ():
                give_lines(field)

    def fields(self, setting: FieldSpec) -> tuple[Field, ...]:
        """Return the fields of a setting, one for each language where it has words."""
        return tuple(self.form.rows(setting)[0])

    def lines(self, specs: Sequence[question_fields.Asked] | None = None) -> list[FormRow]:
        """Return the parts of the form in order."""
        return [
            FormRow(None, (), spec, f"{self.prefix}{spec.name}", sheets=self.inner[spec.name], pasted=self._pasted(spec))
            if isinstance(spec, question_fields.RowFields)
            else FormRow(spec, self.fields(spec))
            for spec in (self.specs if specs is None else specs)
        ]

    def _pasted(self, rows: question_fields.RowFields) -> tuple[tuple[str, str, str], ...]:
        names = [(f"{rows.name}{LINES}", language) for language in self.languages] if rows.takes_lines else []
        return tuple(
            (f"{self.prefix}{name}_{language}", str(LANGUAGE_NAMES[language]) if len(names) > 1 else "", self.values.text(name, language))
            for name, language in names
        )

    @property
    def has_lists_left(self) -> bool:
        """Return whether a pasted list waits, because it has more lines than there is room for."""
        return any(text and name.endswith(LINES) for sheet in self.walk() for (name, _language), text in sheet.values.texts.items())

    def blocks(self, specs: Sequence[question_fields.Asked]) -> list[list[FormRow]]:
        """Return parts of a row: fields that stand side by side together, each list by itself."""
        return [list(lines) for _is_list, lines in groupby(self.lines(specs), key=lambda line: line.path)]

    def own_blocks(self, rows: question_fields.RowFields) -> list[list[FormRow]]:
        """Return the parts that the kind of a row has alone."""
        return self.blocks(rows.kinds.get(self.shown, ()))

    def says(self, specs: Sequence[question_fields.Asked]) -> bool:
        """Return whether something stands in some fields, or is wrong with them."""
        fields = [(setting, field) for setting in question_fields.leaves(specs) for field in self.fields(setting)]
        return any(field.errors or (field.data or "") not in ("", setting.usual) for setting, field in fields) or any(
            sheet.faults or not is_blank(rows, sheet.values) for rows in question_fields.lists(specs) for sheet in self.inner[rows.name]
        )

    def walk(self) -> "Iterator[QuestionFormView]":
        """Yield this and all rows in it."""
        yield self
        for sheets in self.inner.values():
            for sheet in sheets:
                yield from sheet.walk()

    @property
    def faults(self) -> list[tuple[Field, str]]:
        """List the fields with the first fault of each."""
        return [fault for sheet in self.walk() for fault in sheet.form.faults]

    def check_names(self) -> None:
        """Refuse rows without the name that they need, and duplicate names: as text they would be indistinguishable."""
        for rows in question_fields.lists(self.specs):
            sheets = [sheet for sheet in self.inner[rows.name] if not is_blank(rows, sheet.values)]
            seen: set[str] = set()
            for sheet in sheets:
                sheet.check_names()
                if rows.written in (question_fields.RowNotation.NAMED, question_fields.RowNotation.FACTORS):
                    sheet._check_name(seen)

    def _check_name(self, seen: set[str]) -> None:
        name = self.values.text(question_fields.NAME)
        if not name or name in seen:
            self.form.refuse(self.form[question_fields.NAME], _("This cannot be empty.") if not name else _("Another row has this name."))
        seen.add(name)

    def field_of(self, finding: Finding) -> Field | None:
        """Return the field that a finding names: `text.es`, `options[2].why`, `gaps.anio.answers[1]`, or a field that is missing."""
        by_words = self._by_expression(finding)
        if by_words is not None:
            return by_words
        name, rest = _cut(finding.field)
        rows = next((spec for spec in question_fields.lists(self.specs) if spec.name == name), None)
        if rows is None:
            field_name = f"{question_fields.WORDS}{rest and '.'}{rest}" if name in (RIGHT, WRONG) else finding.field
            return self.form.field_of(replace(finding, field=field_name))
        head, rest = _cut(rest)
        sheet = self._row(rows, head)
        if sheet is None:
            return self._of_list(rows)
        called = next((here for here, there in rows.written_as.items() if _cut(rest)[0] == there), "")
        return sheet.field_of(replace(finding, field=called or rest)) or sheet.first

    @property
    def first(self) -> Field:
        """Return the first field."""
        return self.fields(question_fields.leaves(self.specs)[0])[0]

    def _of_list(self, rows: question_fields.RowFields) -> Field | None:
        sheets = self.inner[rows.name]
        return sheets[0].first if sheets else None

    def _row(self, rows: question_fields.RowFields, head: str) -> "QuestionFormView | None":
        written = [sheet for sheet in self.inner[rows.name] if not is_blank(rows, sheet.values)]
        if rows.written in (question_fields.RowNotation.NAMED, question_fields.RowNotation.FACTORS):
            return next((sheet for sheet in written if sheet.values.text(question_fields.NAME) == head), None)
        return written[int(head) - 1] if head.isdecimal() and 0 < int(head) <= len(written) else None

    def _by_expression(self, finding: Finding) -> Field | None:
        """Return the field with the formula that a finding is about."""
        expression = finding.facts.get("expression")
        if expression is None:
            return None
        return next(
            (
                sheet.form[question_fields.WORDS]
                for sheet in self.inner.get("answers", ())
                if sheet.values.text(question_fields.WORDS) == expression
            ),
            None,
        )


def _cut(address: str) -> tuple[str, str]:
    """Return the first part of a place and the rest: `options[2].why` gives `options` and `2.why`."""
    for number, sign in enumerate(address):
        if sign in ".[":
            rest = address[number + 1 :]
            return address[:number], rest.replace("]", "", 1) if sign == "[" else rest
    return address, ""


# --- What was sent -----------------------------------------------------------------------------------------------------------------------


def submitted_values(specs: Sequence[question_fields.Asked], languages: Sequence[str], sent: Sent, prefix: str = "") -> QuestionFormValues:
    """Return the values that a page has sent: the rows in the order of their numbers."""
    form = settings_form(question_fields.leaves(specs), languages, FormValues(_empty(specs, languages)), _NO_FILES)(
        formdata=sent, prefix=prefix
    )
    rows = {
        spec.name: tuple(
            _submitted_row(spec, languages, sent, f"{prefix}{spec.name}", number) for number in _numbers(sent, f"{prefix}{spec.name}__")
        )
        for spec in question_fields.lists(specs)
    }
    texts = dict(form.values().texts)
    for spec in question_fields.lists(specs):
        for language in languages if spec.takes_lines else ():
            pasted = sent.get(f"{prefix}{spec.name}{LINES}_{language}", "").strip()
            made = with_lines(spec, rows[spec.name], language, pasted) if pasted else rows[spec.name]
            if made is None:
                texts[f"{spec.name}{LINES}", language] = pasted
            else:
                rows[spec.name] = made
    at = sent.get(f"{prefix}{AT}", "")
    return QuestionFormValues(texts, rows, int(at) if at.isascii() and at.isdigit() and len(at) < 4 else None)


def _submitted_row(rows: question_fields.RowFields, languages: Sequence[str], sent: Sent, path: str, number: int) -> QuestionFormValues:
    prefix = f"{path}__{number}__"
    shown = sent.get(f"{prefix}{SHOWN}", rows.usual_kind)
    values = submitted_values(rows.fields_of(shown), languages, sent, prefix)
    if rows.written is question_fields.RowNotation.JUDGED and not values.text(question_fields.VERDICT):  # a mark that was not set
        verdict = RIGHT if sent.get(f"{path}__{RIGHT}") == str(number) else WRONG
        values = replace(values, texts={**values.texts, (question_fields.VERDICT, ""): verdict})
    return with_kind(rows, values, shown, languages) if rows.kinds and kind_of(rows, values) != shown else values


def _empty(specs: Sequence[question_fields.Asked], languages: Sequence[str]) -> dict[tuple[str, str], str]:
    return {
        (spec.name, language): "" for spec in question_fields.leaves(specs) for language in (languages if spec.has_languages else ("",))
    }


def _numbers(sent: Sent, prefix: str) -> list[int]:
    numbers = {name.removeprefix(prefix).partition("__")[0] for name in sent if name.startswith(prefix)}
    return sorted(int(number) for number in numbers if number.isdecimal() and len(number) < 4)[: question_fields.MOST_ROWS]


def changed_kinds(specs: Sequence[question_fields.Asked], sent: Sent, prefix: str = "") -> bool:
    """Return whether a row got another kind than that of the fields which the page showed."""
    return any(
        sent.get(f"{prefix}{rows.name}__{number}__kind", rows.usual_kind)
        != sent.get(f"{prefix}{rows.name}__{number}__{SHOWN}", rows.usual_kind)
        for rows in question_fields.lists(specs)
        if rows.kinds
        for number in _numbers(sent, f"{prefix}{rows.name}__")
    )


# --- A whole question --------------------------------------------------------------------------------------------------------------------


class KindFormView(QuestionFormView):
    """The form of a question of a kind."""

    def __init__(self, kind: str, languages: Sequence[str], values: QuestionFormValues, *, has_other_kinds: bool = False) -> None:
        self.kind, self.has_other_kinds = kind, has_other_kinds
        """`has_other_kinds` says that a row got another kind than that of the fields which the page showed."""
        super().__init__(_with_columns(question_fields.fields_of_kind(kind), values, languages), languages, values)

    def groups(self, noted: Sequence[Field]) -> list[tuple[Any, list[FormRow], bool]]:
        """Return the parts of the form below the name of each group, and whether something stands in them or is wrong with them.

        The checks say something of `noted` fields.
        """
        own = {spec.name: spec for spec in self.specs}
        made = []
        for name, group_specs in question_fields.groups_of(self.kind):
            specs = [own[spec.name] for spec in group_specs]
            lines = self.lines(specs)
            fields = [field for line in lines for field in line.fields]
            fields += [field for line in lines for row in line.sheets for sheet in row.walk() for field in sheet.form]
            made.append((name, lines, self.says(specs) or any(field is other for field in noted for other in fields)))
        return made


def begun_sheet(kind: str, languages: Sequence[str]) -> KindFormView:
    """Return the form of a new question."""
    return KindFormView(
        kind,
        languages,
        begun(question_fields.fields_of_kind(kind), QuestionFormValues(_empty(question_fields.fields_of_kind(kind), languages))),
    )


def submitted_form(kind: str, languages: Sequence[str], sent: Sent, act: str) -> KindFormView:
    """Return the form of a question as it was sent, after its button was pressed: `row gaps__0__answers`, `up options 2`, or another."""
    specs = question_fields.fields_of_kind(kind)
    word, _blank, rest = act.partition(" ")
    path, _blank, number = rest.partition(" ")
    values = submitted_values(specs, languages, sent)
    values = pressed(specs, values, word, path, int(number) if number.isdecimal() else -1, languages[0])
    return KindFormView(kind, languages, values, has_other_kinds=changed_kinds(specs, sent))


def _with_columns(
    specs: Sequence[question_fields.Asked], values: QuestionFormValues, languages: Sequence[str]
) -> tuple[question_fields.Asked, ...]:
    """Let the rows of a matrix choose among its columns."""
    columns = values.rows.get(COLUMNS, ())
    offered = tuple(
        (str(number), f"{number}. {column.text(question_fields.TEXT, languages[0])}".strip())
        for number, column in enumerate(columns, start=1)
    )
    return tuple(_choosing(spec, offered) if isinstance(spec, question_fields.RowFields) else spec for spec in specs)


def _choosing(rows: question_fields.RowFields, offered: tuple[tuple[str, str], ...]) -> question_fields.RowFields:
    fields = (replace(spec, choices=offered) if isinstance(spec, FieldSpec) and spec.name == ANSWER else spec for spec in rows.fields)
    return replace(rows, fields=tuple(fields))


bp = Blueprint("questions", __name__)


@dataclass(frozen=True, slots=True)
class QuestionEditor:
    """A question before its form: where it stands, what is asked of it, and what its text was when the editor began."""

    subject: CourseContext
    sheet: KindFormView
    seen: QuestionEditForm
    key: str = ""
    """Of a question that is in the draft; '' for a new one."""
    quiz: str = ""
    """Of a new question: the key of the quiz that it is written for."""

    @property
    def kind(self) -> str:
        """Return the kind of the question."""
        return self.sheet.kind


def _languages(course_id: int) -> tuple[str, ...]:
    session = current_session()
    return authoring.load_draft_outline(session, catalogue.get_course(session, course_id), course_kinds()).tree.languages


def _act() -> str:
    """Return the act of the pressed button: save (also where another question follows), preview, or something with rows."""
    act = request.form.get("do", "save")
    return "save" if act.startswith("next ") else act


@bp.route("/teaching/<slug>/questions/<key>/form", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, question_bank.get_taught_question, reads_first=True)
def question(subject: BankQuestionContext) -> Answer:
    """Ask a question of the draft field by field."""
    entry = question_bank.get_entry(current_session(), subject.id, subject.path, subject.key)
    kind, languages = _kind_of(entry.text), _languages(subject.id)
    values = _form_values(entry.text, kind, languages)
    if values is None:
        flash(_("This question has parts that the form does not support, so it is shown as text."), "info")
        return see_page("questions_banks.question", slug=subject.slug, key=subject.key)
    seen = QuestionEditForm()
    if request.method != "POST":
        seen.seen.data = checksum_of(entry.text)
        editor = QuestionEditor(subject, KindFormView(kind, languages, values), seen, subject.key)
        return _page(editor, draft_check=_draft_check(subject.id))
    editor = QuestionEditor(subject, submitted_form(kind, languages, request.form, _act()), seen, subject.key)
    if not _is_ready(editor):
        return _page(editor), _status()
    return _save_form(editor, subject.path, entry.text)


def _form_values(text: str, kind: str, languages: tuple[str, ...]) -> QuestionFormValues | None:
    """Return the values of a question's form, None where it has parts that no form knows."""
    try:
        return values_in(text, kind, languages) if kind else None
    except EditRefused:
        return None


def _kind_of(text: str) -> str:
    """Return the kind that a question's text names, '' where it is none."""
    try:
        kind = str(read_fields(text).get("kind"))
    except EditRefused:
        return ""
    return kind if kind in question_fields.KINDS else ""


def _save_form(editor: QuestionEditor, path: str, before: str) -> Answer:
    """Write the form into the question's text; what someone else saved meanwhile is shown beside it."""
    subject, seen = editor.subject, editor.seen
    try:
        text = _text(editor, before)
    except EditRefused as refused:
        seen.form_errors.append(_(refused.text))
        return _page(editor)
    if seen.seen.data != checksum_of(before) and text != before:
        seen.seen.data = checksum_of(before)
        return _page(editor, both=(before, text)), 409
    return _preview_or_save(editor, EntryText(path, editor.key, text, checksum_of(before)), subject)


def _text(editor: QuestionEditor, before: str) -> str:
    """Return the text of the question as the form has it; options that were published keep their keys."""
    names = [editor.key, *former_keys(read_fields(before))]
    published = question_bank.published_keys(current_session(), editor.subject.id, names) if editor.key else {}
    return with_question(before, editor.kind, editor.sheet.languages, editor.sheet.values, published)


def _status() -> int:
    """Return the status of a page that is shown again: rows were changed, or something is wrong."""
    return 422 if _act() in ("save", "preview") else 200


def _is_ready(editor: QuestionEditor) -> bool:
    """Return whether what was sent is to be looked at: no button changed rows, and nothing keeps it from being written as text."""
    if _status() == 200:
        return False
    editor.sheet.check_names()
    if editor.sheet.has_lists_left:
        editor.seen.form_errors.append(_("The pasted list is too long: there is room for %(most)s rows.", most=question_fields.MOST_ROWS))
    if editor.sheet.has_other_kinds:
        editor.seen.form_errors.append(_("A gap now has a different kind of answer, with its fields below. Check them and save."))
    return not editor.sheet.faults and not editor.sheet.has_other_kinds and not editor.sheet.has_lists_left


@bp.route("/teaching/<slug>/new-question/form", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course, reads_first=True)
def new_question(subject: CourseContext) -> Answer:
    """Begin a question of a kind, field by field."""
    kind = request.values.get("kind", "single")
    if kind not in question_fields.KINDS:
        raise NotFound
    languages, session = _languages(subject.id), current_session()
    begun, quiz = NewQuestionForm(), request.values.get("quiz", "")
    banks = [(row.path, f"{choose(row.title) or row.key} ({row.questions})") for row in question_bank.list_banks(session, subject.id)]
    quiz_place = _find_place(session, subject.id, quiz) if quiz else None
    if quiz_place is None and quiz and request.method != "POST":
        raise NotFound
    if quiz_place is not None and not quiz_place.banks(banks):
        banks.insert(0, (f"{quiz_place.folder}/banco.yaml", _("A new bank of the module")))
    begun.offer(banks)
    if request.method != "POST":
        own = quiz_place.banks(banks) if quiz_place is not None else []
        begun.kind.data, begun.bank.data = kind, request.args.get("bank", "") or next(iter(own), begun.bank.data)
        sheet = begun_sheet(kind, languages)
        sheet.first.render_kw = {"autofocus": True}
        return _page(QuestionEditor(subject, sheet, begun, quiz=quiz))
    editor = QuestionEditor(subject, submitted_form(kind, languages, request.form, _act()), begun, quiz=quiz)
    if not _is_ready(editor) or not begun.validate_on_submit():
        return _page(editor), _status()
    try:
        return _preview_or_add(editor, begun)
    except (EditRefused, CourseArchived) as refused:
        begun.form_errors.append(_(refused.text))
        return _page(editor), 422 if isinstance(refused, EditRefused) else 409
    except PlaceGone as refused:
        begun.form_errors.append(_(refused.text))
        return _page(replace(editor, quiz="")), 409


class PlaceGone(Conflict):
    """The quiz for which a question was written is no longer in the draft."""

    message = N_("Someone else removed the activity that this question was written for. Save again to keep it in the bank.")


@dataclass(frozen=True, slots=True)
class QuestionPlace:
    """The activity for which a question is written: its file, and the folder of its module."""

    draft_outline: DraftOutline
    folder: str
    path: str

    def banks(self, offered: Sequence[tuple[str, str]]) -> list[str]:
        """Return the paths of the banks of its module."""
        return [path for path, _title in offered if path.startswith(f"{self.folder}/")]

    def with_question(self, session: Session, key: str) -> str:
        """Return the file with a question at its end; raise EditRefused where nothing can be put into it."""
        text = question_bank.PLACE_QUESTION.of(session)(self.draft_outline.texts[self.path], key)
        return authoring.in_form(self.draft_outline, self.path, text, course_kinds(), today=site_day(clock.now()))


def _find_place(session: Session, course_id: int, key: str) -> QuestionPlace | None:
    """Return the quiz with a key; None where the draft has none such."""
    draft_outline = authoring.load_draft_outline(session, catalogue.get_course(session, course_id), course_kinds())
    located = draft_outline.tree.find_activity(key)
    if located is None or located[1].kind != "quiz":
        return None
    return QuestionPlace(draft_outline, located[0].folder, located[1].path)


def _additions(session: Session, editor: QuestionEditor, begun: NewQuestionForm) -> tuple[EntryText, dict[str, str]]:
    """Return a new question as it is written now, and what else changes with it: the quiz that it is written for."""
    values, languages = editor.sheet.values, editor.sheet.languages
    first = next((text for language in languages if (text := values.text(question_fields.TEXT, language))), "")
    key = begun.key.data or proposed_key(first or _("Question"), question_bank.list_keys(session, editor.subject.id))
    entry = EntryText(begun.bank.data, "", _text(editor, f"key: {key}\nkind: {editor.kind}\n"))
    if not editor.quiz:
        return entry, {}
    quiz_place = _find_place(session, editor.subject.id, editor.quiz)
    if quiz_place is None:
        raise PlaceGone
    return entry, {quiz_place.path: quiz_place.with_question(session, key)}


def _preview_or_add(editor: QuestionEditor, begun: NewQuestionForm) -> Answer:
    """Preview a new question, or save it in its bank and in the quiz that it is written for: both or neither."""
    course_id, slug = editor.subject.id, editor.subject.slug
    seen = catalogue.get_course(current_session(), course_id).draft_revision
    change, beside = _additions(current_session(), editor, begun)
    checked = _check(editor, change, beside)
    if not isinstance(checked, CheckedCourse):
        return checked
    writing = begin_writing()
    course = catalogue.lock_course(writing, course_id)
    is_as_checked = course.draft_revision == seen
    if not is_as_checked:  # keys may be taken, and the quiz may have other questions or another path
        change, beside = _additions(writing, editor, begun)
    contents = {path: drafts.text_content(text) for path, text in beside.items()}
    question_bank.add_to_bank(writing, current_actor(), course_id, change.path, [change.text], beside=contents, now=clock.now())
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, course_kinds(), now=clock.now())
    message = _("The question is saved in the bank and in the quiz.") if beside else _("The question is saved in the draft.")
    act, _blank, kind = request.form.get("do", "").partition(" ")
    if act == "next":
        quiz, undo = editor.quiz or None, course.draft_revision if beside else None
        return see_page("questions.new_question", slug=slug, kind=kind, quiz=quiz, bank=change.path, undo=undo, flash=message)
    if beside:
        return see_page("quizzes_slots.slots", slug=slug, key=editor.quiz, undo=course.draft_revision, flash=message)
    key = str(read_fields(change.text)["key"])
    return see_page("questions.question", slug=slug, key=key, flash=message)


def _check(editor: QuestionEditor, change: EntryText, beside: Mapping[str, str]) -> CheckedCourse | Answer:
    """Check the draft with a change; return the page where it is only previewed, or refused with each fault beside its field."""
    session, course_id = current_session(), editor.subject.id
    body = question_bank.with_entry(drafts.draft_bodies(session, course_id, [change.path]).get(change.path, ""), change)
    files = {path: text.encode() for path, text in {**beside, change.path: body}.items()}
    contents = drafts.draft_files(session, file_store(), course_id)
    checked = publishing.check({**contents, **files}, course_kinds(), today=site_day(clock.now()))
    entry = question_bank.written_entry(body, change)
    own = [finding for finding in checked.findings if bank_page.concerns(finding, change.path, entry)]
    if _act() == "preview":
        return _page(editor, findings=own, folder=checked.folder, shown=entry.key)
    is_draft = editor.sheet.values.text("state") == QuestionState.DRAFT
    refusing = [finding for finding in checked.findings if finding.refuses_import]
    refusing += [finding for finding in own if finding.code == NOTHING_RIGHT and not is_draft]
    if refusing:
        _attach_findings(editor, own, refusing)
        return _page(editor), 422
    return checked


NOTHING_RIGHT = "C401"
"""The code of a finding (spec/content-format 12): a draft of a question may have it, a question that is ready may not."""


def _preview_or_save(editor: QuestionEditor, change: EntryText, subject: CourseContext) -> Answer:
    """Preview or save; what cannot be saved is shown again as it was typed, each fault beside its field."""
    seen = catalogue.get_course(current_session(), subject.id).draft_revision
    checked = _check(editor, change, {})
    if not isinstance(checked, CheckedCourse):
        return checked
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    is_as_checked = course.draft_revision == seen
    try:
        question_bank.save_entry(writing, current_actor(), subject.id, change, now=clock.now())
    except EntryChanged:
        return _page(editor, both=(question_bank.get_entry(writing, subject.id, change.path, change.key).text, change.text)), 409
    except CourseArchived as refused:
        editor.seen.form_errors.append(_(refused.text))
        return _page(editor), 409
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, course_kinds(), now=clock.now())
    return see_page("questions.question", slug=subject.slug, key=editor.key, flash=_("The question is saved in the draft."))


def _attach_findings(editor: QuestionEditor, own: list[Finding], refusing: list[Finding]) -> None:
    """Attach each finding to the field that it names; the others go above the form."""
    form_findings = FormFindings(course_kinds())
    for finding in refusing:
        field = editor.sheet.field_of(finding) if finding in own else None
        if field is not None and finding.code == NOTHING_RIGHT:
            text = _("Say which answer is right. To finish the question later, choose the state “Draft” under “For large banks”.")
            editor.sheet.form.refuse(field, text)
        elif field is not None:
            editor.sheet.form.refuse(field, form_findings.beside_field(finding))
        else:
            editor.seen.form_errors.append(form_findings.message(finding))


def _draft_check(course_id: int) -> DraftCheck:
    """Return the checks of the draft as it stands."""
    session = current_session()
    course = catalogue.get_course(session, course_id)
    return draft_checks.cached_draft_check(session, file_store(), course, course_kinds(), now=clock.now())


def _page(
    editor: QuestionEditor,
    *,
    draft_check: DraftCheck | None = None,
    findings: list[Finding] | None = None,
    folder: CourseFolder | None = None,
    shown: str = "",
    both: tuple[str, str] | None = None,
) -> Response:
    """Show the form: `draft_check` is that of the draft, else findings and `folder` are of a text that is only checked."""
    session, sheet = current_session(), editor.sheet
    course = catalogue.get_course(session, editor.subject.id)
    if draft_check is not None and isinstance(editor.subject, BankQuestionContext):
        entry = question_bank.get_entry(session, course.id, editor.subject.path, editor.key)
        findings, folder = (
            [finding for finding in draft_check.findings if bank_page.concerns(finding, editor.subject.path, entry)],
            draft_check.folder,
        )
    located = bank_page.find_question(folder, shown) if folder is not None and shown else None
    form_findings = FormFindings(course_kinds())
    placed = [(finding, sheet.field_of(finding)) for finding in findings or []]
    return page(
        "quizzes/bank/form.html",
        course=course_header(course),
        key=editor.key,
        quiz=editor.quiz,
        kind=editor.kind,
        kind_words=_(question_fields.KINDS[editor.kind]),
        kinds=question_fields.list_kinds(),
        groups=sheet.groups([field for _finding, field in placed if field is not None]),
        faults=sheet.faults,
        seen=editor.seen,
        told=[
            (finding.severity.value, form_findings.beside_field(finding) if field else form_findings.line(finding), field)
            for finding, field in placed
        ],
        checked=bool(shown),
        shown=bank_page.preview(folder, course_kinds(), *located, seed=1, parts=None) if located and folder else None,
        samples=samples_of(folder, shown or editor.key),
        both=compared_lines(*both) if both else (),
        undo=course.draft_revision - 1 if request.args.get("undo") == str(course.draft_revision) else None,
    )
