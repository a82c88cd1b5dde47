"""The form of a question as a tree of fields: what is asked of it and of each of its rows, filled with what is said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from courses.content.model import Finding
from courses.content.settings import FieldShape, FieldSpec, FormValues
from courses.editor import SettingsForm, settings_form
from kernel.i18n import _
from quizzes.content.question_editing import RIGHT, WRONG
from quizzes.content.question_fields import FROM_TEXT, fields_of_kind, groups_of
from quizzes.content.question_rows import ANSWER, COLUMNS, QuestionFormValues, begun, is_blank, kind_of, pressed, with_kind
from quizzes.content.row_fields import MOST_ROWS, NAME, TEXT, WORDS, Asked, RowFields, RowNotation, leaves, lists
from quizzes.forms.quizzes import give_lines

Sent = Mapping[str, str]
Field = Any
"""A field of a form."""
AT, SHOWN = "at", "shown"
_NO_FILES: Mapping[str, Sequence[tuple[str, str]]] = {"": []}


@dataclass(frozen=True, slots=True)
class FormRow:
    """A part of a form: the fields of one setting, or a list with its rows."""

    setting: FieldSpec | None
    fields: tuple[Field, ...]
    rows: RowFields | None = None
    path: str = ""
    sheets: "tuple[QuestionFormView, ...]" = ()

    @property
    def from_text(self) -> bool:
        """Say whether the text names the rows in braces."""
        return self.rows is not None and self.rows.name in FROM_TEXT


class QuestionFormView:
    """The fields of a question, or of one of its rows."""

    def __init__(
        self, asked: Sequence[Asked], languages: Sequence[str], said: QuestionFormValues, prefix: str = "", shown: str = ""
    ) -> None:
        self.asked, self.languages, self.said, self.prefix, self.shown = asked, languages, said, prefix, shown
        self.form: SettingsForm = settings_form(leaves(asked), languages, FormValues(said.texts), _NO_FILES)(formdata=None, prefix=prefix)
        self.form.fill(FormValues(said.texts))
        self.inner: dict[str, tuple[QuestionFormView, ...]] = {spec.name: self._sheets(spec) for spec in lists(asked)}

    def _sheets(self, rows: RowFields) -> "tuple[QuestionFormView, ...]":
        made = []
        for number, row in enumerate(self.said.rows.get(rows.name, ())):
            kind = kind_of(rows, row)
            sheet = QuestionFormView(rows.fields_of(kind), self.languages, row, f"{self.prefix}{rows.name}__{number}__", kind)
            sheet.make_room()
            made.append(sheet)
        return tuple(made)

    def make_room(self) -> None:
        """Let the texts of a row take two lines of the page: an option is often a sentence, and its feedback always."""
        for setting in leaves(self.asked):
            for field in self.fields(setting) if setting.shape is FieldShape.WORDS else ():
                give_lines(field)

    def fields(self, setting: FieldSpec) -> tuple[Field, ...]:
        """Return the fields of a setting, one for each language where it has words."""
        return tuple(self.form.rows(setting)[0])

    def lines(self, specs: Sequence[Asked] | None = None) -> list[FormRow]:
        """Return the parts of the form in order."""
        return [
            FormRow(None, (), spec, f"{self.prefix}{spec.name}", self.inner[spec.name])
            if isinstance(spec, RowFields)
            else FormRow(spec, self.fields(spec))
            for spec in (self.asked if specs is None else specs)
        ]

    def blocks(self, specs: Sequence[Asked]) -> list[list[FormRow]]:
        """Return parts of a row: fields that stand side by side together, each list by itself."""
        return [list(lines) for _is_list, lines in groupby(self.lines(specs), key=lambda line: line.path)]

    def own_blocks(self, rows: RowFields) -> list[list[FormRow]]:
        """Return the parts that the kind of a row has alone."""
        return self.blocks(rows.kinds.get(self.shown, ()))

    def is_open(self, rows: RowFields) -> bool:
        """Say whether something stands in the folded fields of a row, or is wrong with them."""
        fields = [(setting, field) for setting in rows.more for field in self.fields(setting)]
        return any(field.errors or (field.data or "") not in ("", setting.usual) for setting, field in fields)

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
        for rows in lists(self.asked):
            sheets = [sheet for sheet in self.inner[rows.name] if not is_blank(rows, sheet.said)]
            seen: set[str] = set()
            for sheet in sheets:
                sheet.check_names()
                if rows.written in (RowNotation.NAMED, RowNotation.FACTORS):
                    sheet._check_name(seen)

    def _check_name(self, seen: set[str]) -> None:
        name = self.said.text(NAME)
        if not name or name in seen:
            self.form.refuse(self.form[NAME], _("This cannot be empty.") if not name else _("Another row has this name."))
        seen.add(name)

    def field_of(self, finding: Finding) -> Field | None:
        """Return the field that a finding names: `text.es`, `options[2].why`, `gaps.anio.answers[1]`, or a field that is missing."""
        by_words = self._by_expression(finding)
        if by_words is not None:
            return by_words
        name, rest = _cut(finding.field)
        rows = next((spec for spec in lists(self.asked) if spec.name == name), None)
        if rows is None:
            field_name = f"{WORDS}{rest and '.'}{rest}" if name in (RIGHT, WRONG) else finding.field
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
        return self.fields(leaves(self.asked)[0])[0]

    def _of_list(self, rows: RowFields) -> Field | None:
        sheets = self.inner[rows.name]
        return sheets[0].first if sheets else None

    def _row(self, rows: RowFields, head: str) -> "QuestionFormView | None":
        written = [sheet for sheet in self.inner[rows.name] if not is_blank(rows, sheet.said)]
        if rows.written in (RowNotation.NAMED, RowNotation.FACTORS):
            return next((sheet for sheet in written if sheet.said.text(NAME) == head), None)
        return written[int(head) - 1] if head.isdecimal() and 0 < int(head) <= len(written) else None

    def _by_expression(self, finding: Finding) -> Field | None:
        """Return the field with the formula that a finding is about."""
        expression = finding.facts.get("expression")
        if expression is None:
            return None
        return next((sheet.form[WORDS] for sheet in self.inner.get("answers", ()) if sheet.said.text(WORDS) == expression), None)


def _cut(address: str) -> tuple[str, str]:
    """Return the first part of a place and the rest: `options[2].why` gives `options` and `2.why`."""
    for number, sign in enumerate(address):
        if sign in ".[":
            rest = address[number + 1 :]
            return address[:number], rest.replace("]", "", 1) if sign == "[" else rest
    return address, ""


# --- What was sent -----------------------------------------------------------------------------------------------------------------------


def submitted_values(specs: Sequence[Asked], languages: Sequence[str], sent: Sent, prefix: str = "") -> QuestionFormValues:
    """Return what a page has sent: the rows in the order of their numbers."""
    form = settings_form(leaves(specs), languages, FormValues(_empty(specs, languages)), _NO_FILES)(formdata=sent, prefix=prefix)
    rows = {
        spec.name: tuple(
            _submitted_row(spec, languages, sent, f"{prefix}{spec.name}__{number}__") for number in _numbers(sent, f"{prefix}{spec.name}__")
        )
        for spec in lists(specs)
    }
    at = sent.get(f"{prefix}{AT}", "")
    return QuestionFormValues(form.values().texts, rows, int(at) if at.isascii() and at.isdigit() and len(at) < 4 else None)


def _submitted_row(rows: RowFields, languages: Sequence[str], sent: Sent, prefix: str) -> QuestionFormValues:
    shown = sent.get(f"{prefix}{SHOWN}", rows.usual_kind)
    values = submitted_values(rows.fields_of(shown), languages, sent, prefix)
    return with_kind(rows, values, shown, languages) if rows.kinds and kind_of(rows, values) != shown else values


def _empty(specs: Sequence[Asked], languages: Sequence[str]) -> dict[tuple[str, str], str]:
    return {(spec.name, language): "" for spec in leaves(specs) for language in (languages if spec.has_languages else ("",))}


def _numbers(sent: Sent, prefix: str) -> list[int]:
    numbers = {name.removeprefix(prefix).partition("__")[0] for name in sent if name.startswith(prefix)}
    return sorted(int(number) for number in numbers if number.isdecimal() and len(number) < 4)[:MOST_ROWS]


def changed_kinds(specs: Sequence[Asked], sent: Sent, prefix: str = "") -> bool:
    """Say whether a row got another kind than that of the fields which the page showed."""
    return any(
        sent.get(f"{prefix}{rows.name}__{number}__kind", rows.usual_kind)
        != sent.get(f"{prefix}{rows.name}__{number}__{SHOWN}", rows.usual_kind)
        for rows in lists(specs)
        if rows.kinds
        for number in _numbers(sent, f"{prefix}{rows.name}__")
    )


# --- A whole question --------------------------------------------------------------------------------------------------------------------


class KindFormView(QuestionFormView):
    """The form of a question of a kind."""

    def __init__(self, kind: str, languages: Sequence[str], values: QuestionFormValues, *, has_other_kinds: bool = False) -> None:
        self.kind, self.has_other_kinds = kind, has_other_kinds
        """`has_other_kinds` says that a row got another kind than that of the fields which the page showed."""
        super().__init__(_with_columns(fields_of_kind(kind), values, languages), languages, values)

    def groups(self) -> list[tuple[Any, list[FormRow]]]:
        """Return the parts of the form in their groups."""
        own = {spec.name: spec for spec in self.asked}
        return [(name, self.lines([own[spec.name] for spec in specs])) for name, specs in groups_of(self.kind)]


def begun_sheet(kind: str, languages: Sequence[str]) -> KindFormView:
    """Return the form of a new question."""
    return KindFormView(kind, languages, begun(fields_of_kind(kind), QuestionFormValues(_empty(fields_of_kind(kind), languages))))


def submitted_form(kind: str, languages: Sequence[str], sent: Sent, act: str) -> KindFormView:
    """Return the form of a question as it was sent, after its button was pressed: `row gaps__0__answers`, `up options 2`, or another."""
    specs = fields_of_kind(kind)
    word, _blank, rest = act.partition(" ")
    path, _blank, number = rest.partition(" ")
    values = submitted_values(specs, languages, sent)
    values = pressed(specs, values, word, path, int(number) if number.isdecimal() else -1, languages[0])
    return KindFormView(kind, languages, values, has_other_kinds=changed_kinds(specs, sent))


def _with_columns(specs: Sequence[Asked], values: QuestionFormValues, languages: Sequence[str]) -> tuple[Asked, ...]:
    """Let the rows of a matrix choose among its columns."""
    columns = values.rows.get(COLUMNS, ())
    offered = tuple((str(number), f"{number}. {column.text(TEXT, languages[0])}".strip()) for number, column in enumerate(columns, start=1))
    return tuple(_choosing(spec, offered) if isinstance(spec, RowFields) else spec for spec in specs)


def _choosing(rows: RowFields, offered: tuple[tuple[str, str], ...]) -> RowFields:
    fields = (replace(spec, choices=offered) if isinstance(spec, FieldSpec) and spec.name == ANSWER else spec for spec in rows.fields)
    return replace(rows, fields=tuple(fields))
