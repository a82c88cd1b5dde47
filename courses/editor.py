"""Parts of every page of a course's editor, here and above: its header, settings as a form, findings by field, where things are used."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from flask import current_app, url_for
from wtforms import Field, HiddenField, RadioField, SelectField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.widgets import CheckboxInput

from courses import catalogue
from courses.access import CourseAction
from courses.authoring import DraftOutline
from courses.content.course_fields import labelled_place, labels_of_file
from courses.content.editing import EditRefused, Written, read_fields
from courses.content.kinds import FieldLabel
from courses.content.layout import COURSE
from courses.content.lists import LISTINGS
from courses.content.mapping_cursor import slug
from courses.content.model import Finding
from courses.content.settings import LINES, BareValueRule, FieldShape, FieldSpec, FormValues
from courses.content.typed_values import CONVERSIONS, language_names, show_date, shown_value, typed_value
from courses.kinds import CourseKinds
from courses.models import Course
from kernel import i18n
from kernel.errors import Invalid
from kernel.filetypes import media_type
from kernel.i18n import _, choose, lazy_, shortened
from kernel.markup.model import fold
from kernel.web.forms import FileField, Form, LineField, clean_text
from kernel.web.request import allows, current_actor, current_session

_FOR_THE_TEXT = re.compile(r"[“«`{][a-z_]+:|\w\[\d|lms courses|\.(yaml|md)\b")
"""Advice on the text: “source:”, options[1], a command, the name of a file."""
_SENTENCE = re.compile(r"(?<=[.:?!]) (?=[A-ZÁÉÍÓÚÑ¿¡])")


class FormFindings:
    """Puts the findings of a course into the words of its forms."""

    def __init__(self, kinds: CourseKinds) -> None:
        self._kinds = kinds
        self._labels: dict[str, Mapping[str, FieldLabel]] = {}

    def _place(self, finding: Finding) -> tuple[str, Mapping[str, FieldLabel]]:
        if finding.file not in self._labels:
            self._labels[finding.file] = labels_of_file(finding.file, self._kinds.kinds, self._kinds.parts)
        return labelled_place(self._labels[finding.file], finding.field)

    def what(self, finding: Finding) -> str:
        """Return the fault, for the field that it concerns."""
        known = self._place(finding)[1].get(finding.facts.get("field", ""))
        facts = {**finding.facts, "field": str(known.label)} if known is not None else finding.facts
        return _(finding.template, **facts)

    def advice(self, finding: Finding) -> str:
        """Return the advice, without the sentences that are for whoever writes the text."""
        return " ".join(sentence for sentence in _SENTENCE.split(finding.fix) if not _FOR_THE_TEXT.search(sentence))

    def beside_field(self, finding: Finding) -> str:
        """Return the fault and the advice, for the field that it concerns."""
        return _with_advice(self.what(finding), self.advice(finding))

    def message(self, finding: Finding) -> str:
        """Return where something is the matter and what, for a list of findings."""
        subject = _(finding.subject, **finding.facts) if finding.subject else ""
        where = ", ".join(part for part in (subject, self._place(finding)[0]) if part)
        return f"{where}: {self.what(finding)}" if where else self.what(finding)

    def line(self, finding: Finding) -> str:
        """Return the message of a finding followed by its advice."""
        return _with_advice(self.message(finding), self.advice(finding))


def _with_advice(message: str, advice: str) -> str:
    return f"{message} {advice}" if advice else message


def list_course_keys(draft_outline: DraftOutline) -> dict[str, list[tuple[str, str]]]:
    """Return the parts of the grade and the objectives that settings name by key, each with its title, by the field that names it."""
    paths = [COURSE, *(module.path for module in draft_outline.tree.modules)]
    files = [_fields_or_none(draft_outline.texts.get(path, "")) for path in paths]
    parts = [entry for entry in _mappings(files[0].get("grade")) if "category" in entry]
    offered = {"category": [(str(entry["category"]), _words_of(entry.get("title"))) for entry in parts], "objective": []}
    for entry in (entry for fields in files for entry in _listed(fields.get("objectives"))):
        text = entry.get("text", entry) if isinstance(entry, dict) else entry
        own = str(entry["key"]) if isinstance(entry, dict) and "text" in entry and "key" in entry else ""
        first = str(next(iter(text.values()), "")) if isinstance(text, dict) else str(text)
        offered["objective"].append((own or slug(first), _words_of(text)))
    return {name: list({key: (key, title or key) for key, title in pairs if key}.values()) for name, pairs in offered.items()}


def _fields_or_none(text: str) -> Mapping[str, Written]:
    try:
        return read_fields(text)
    except EditRefused:
        return {}


def _listed(value: Written | None) -> list[Written]:
    return value if isinstance(value, list) else []


def _mappings(value: Written | None) -> list[dict[str, Written]]:
    return [entry for entry in _listed(value) if isinstance(entry, dict)]


def _words_of(value: Written | None) -> str:
    """Return a text of a file in the reader's language."""
    return choose({language: str(text) for language, text in value.items()}) if isinstance(value, dict) else str(value or "")


def course_kinds() -> CourseKinds:
    """Return the kinds of activity of this application."""
    kinds: CourseKinds = current_app.extensions["course_kinds"]
    return kinds


def course_header(course: Course) -> dict[str, object]:
    """Return a course's address and title, and of an archived one whether the reader may bring it back."""
    archived = course.archived_at is not None
    return {
        "slug": course.slug,
        "title": choose(dict(course.title)),
        "published": course.published_version_id is not None,
        "archived": archived,
        "may_bring_back": archived
        and allows(CourseAction.ARCHIVE, catalogue.get_taught_course(current_session(), current_actor(), course.slug)),
    }


@dataclass(frozen=True, slots=True)
class UsageLink:
    """A part of the course that uses something, and where it is edited."""

    title: str
    address: str


def used_in(draft_outline: DraftOutline, slug: str, paths: Iterable[str]) -> list[UsageLink]:
    """Return the parts of a course whose files these are, each once, in the order of the files."""
    owners = {path: activity for _module, activity in draft_outline.tree.activities() for path in activity.paths}
    modules = {module.path: module for module in draft_outline.tree.modules}
    listed = {listing.path: listing for listing in LISTINGS.values()}
    links: dict[str, UsageLink] = {}
    for path in paths:
        if path in owners:
            owner = owners[path]
            endpoint = "courses_lessons.lesson" if owner.kind == "page" else "courses_settings.part"
            use = UsageLink(choose(dict(owner.title)) or owner.key, url_for(endpoint, slug=slug, key=owner.key))
        elif path in modules:
            module = modules[path]
            use = UsageLink(choose(dict(module.title)) or module.key, url_for("courses_settings.part", slug=slug, key=module.key))
        elif path == COURSE:
            use = UsageLink(_("Course settings"), url_for("courses_settings.course", slug=slug))
        elif path in listed:
            use = UsageLink(_(listed[path].title), url_for("courses_lists.entries", slug=slug, listing=listed[path].name))
        else:
            use = UsageLink(path, url_for("courses_texts.text", slug=slug, path=path))
        links.setdefault(use.address, use)
    return list(links.values())


def whole(text: str | None) -> int:
    """Return a number that came in a hidden field; -1, which nothing has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


LONGEST_TITLE = 300


def _choices_in(field: SelectField | SelectMultipleField) -> list[SelectChoice]:
    """Return the choices of a field of this module: never pairs, nor groups of them."""
    return cast("list[SelectChoice]", field.choices)


class SiteJudgedSelectField(SelectField):
    """A choice of what the site offers now, on which the site decides: what was sent stays chosen, although it is not offered any more."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was sent, and show it among the choices."""
        super().process_formdata(valuelist)
        offered = _choices_in(self)
        if self.data and all(choice.value != self.data for choice in offered):
            self.choices = [*offered, SelectChoice(value=self.data, label=self.data)]


class TypedField(LineField):
    """A value that people type and read in their own words: a number, a period, a date; `present` is that of the file."""

    def __init__(self, label: str, *, shape: FieldShape, present: str, **options: Any) -> None:
        super().__init__(label, **options)
        self.shape, self.present = shape, present

    @property
    def offered(self) -> list[str]:
        """Return the suggestions while somebody types."""
        return list(language_names(i18n.language())) if self.shape is FieldShape.LANGUAGE else []

    @property
    def file_value(self) -> str:
        """Return the file's value of it; what is refused stays as typed."""
        try:
            return typed_value(self.shape, self.data or "", i18n.language(), self.present)
        except Invalid:
            return self.data or ""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what could be meant in two ways, or in none."""
        try:
            typed_value(self.shape, self.data or "", i18n.language(), self.present)
        except Invalid as refused:
            raise ValidationError(_(refused.text, **refused.facts)) from None


_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: ([0-9]{2}:[0-9]{2}))?\Z")


class TypedDayField(TypedField):
    """A day, with or without a time, chosen where browsers offer that, else typed."""

    @property
    def is_picked(self) -> bool:
        """Return whether it is empty or a plain day, which a browser's own field can show."""
        return not self.data or _DAY.match(self.data) is not None

    @property
    def has_time(self) -> bool:
        """Return whether a time may stand beside the day."""
        return self.shape is FieldShape.MOMENT

    @property
    def parts(self) -> tuple[str, str]:
        """Return day and time, each empty where there is none."""
        match = _DAY.match(self.data or "")
        return (match[1], match[2] or "") if match else ("", "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Join day and time."""
        self.data = " ".join(part for part in (clean_text(str(value)) for value in valuelist) if part)

    def __call__(self, **options: Any) -> Any:
        """Draw the field of the day, or one line for what is no day."""
        if self.is_picked:
            options |= {"type": "date", "value": self.parts[0]}
        return super().__call__(**options)


class PickedNamesField(SelectMultipleField):
    """Several of many, each typed by part of its name or by its key; `blanks` are left to type more."""

    blanks = 2

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed as keys; what nothing is called stays, and is refused."""
        typed = [clean_text(value) for value in valuelist]
        self.data = list(dict.fromkeys(self._key(text) for text in typed if text))

    def _key(self, text: str) -> str:
        offered = _choices_in(self)
        exact = [choice.value for choice in offered if text in (choice.value, choice.label)]
        alike = [choice.value for choice in offered if fold(text) in fold(choice.label)]
        return next(iter(exact), alike[0] if len(alike) == 1 else text)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is not among the offered ones, or is part of several names."""
        offered = _choices_in(self)
        for text in self.data or []:
            if all(choice.value != text for choice in offered):
                raise ValidationError(_("“%(text)s” is not one of these names. Choose one from the list.", text=text))

    @property
    def rows(self) -> list[str]:
        """Return the names of what is chosen, and blanks."""
        names = {choice.value: choice.label for choice in _choices_in(self)}
        return [*(str(names.get(key, key)) for key in self.data or []), *[""] * self.blanks]


TALL = ("summary", "definition", "supports")
"""Texts of one line that are long: they get two."""
UPLOAD = "__upload"
"""The end of the name of a field that takes a file for the field of that name."""
LANGUAGE_NAMES = {"es": lazy_("Spanish"), "en": lazy_("English")}


class SettingsForm(Form):
    """The fields of a file of settings; `settings_form` makes one for a file, with a field for each setting and language."""

    _asked: ClassVar[tuple[FieldSpec, ...]] = ()
    _languages: ClassVar[tuple[str, ...]] = ()
    _numbers: ClassVar[Mapping[str, int]] = {}
    """How many rows each list has, an empty one among them."""
    _present: ClassVar[Mapping[str, str]] = {}
    """What the file says, by the names of the fields."""

    seen = HiddenField()
    theirs = HiddenField()

    def rows(self, setting: FieldSpec) -> list[list[Field]]:
        """Return the fields of a setting: one row, or one for each entry of its list."""
        if not setting.has_rows:
            return [[self[name] for name in _names(setting, self._languages)]]
        return [
            [self[name] for inner in setting.fields for name in _names(inner, self._languages, _row(setting, number))]
            for number in range(self._numbers[setting.name])
        ]

    def asks(self, setting: FieldSpec) -> bool:
        """Return whether the form has the fields of a setting: one of a file that cannot be read has none."""
        return setting in self._asked

    def says(self, setting: FieldSpec) -> bool:
        """Return whether a setting says something else than what counts without it, or has a fault."""
        if not setting.has_rows:
            return self._says(setting, "")
        return any(self._says(inner, _row(setting, number)) for number in range(self._numbers[setting.name]) for inner in setting.fields)

    def _says(self, setting: FieldSpec, row: str) -> bool:
        fields = [self[name] for name in _names(setting, self._languages, row)]
        usual = [setting.usual] if setting.shape is FieldShape.KEYS else shown_value(setting.shape, setting.usual, i18n.language())
        return any(field.errors or (field.data and field.data != usual) for field in fields)

    def has_fault(self, setting: FieldSpec) -> bool:
        """Return whether a field of a setting has a fault."""
        return any(field.errors for row in self.rows(setting) for field in row)

    def present(self, name: str) -> str:
        """Return the file's value of a setting that is the same in all languages."""
        return self._present.get(name, "")

    def line(self, settings: Sequence[FieldSpec]) -> str:
        """Describe the values of some settings in words: «sí, vence a los 24 meses»; '' where nothing is set."""
        parts = [
            self._set_in_words(setting) for setting in settings if (setting.summary or not setting.is_essential) and self.says(setting)
        ]
        return ", ".join(part for part in parts if part)

    def _set_in_words(self, setting: FieldSpec) -> str:
        if setting.has_rows:
            count = sum(any(field.data for field in row) for row in self.rows(setting))
            return f"{setting.label}: {i18n.number(count)}"
        field = next((self[name] for name in _names(setting, self._languages) if self[name].data), None)
        value = "" if field is None else _value_in_words(field)
        if setting.summary:
            return _(setting.summary, value=value)
        return f"{setting.label}: {value}"

    def fill(self, values: FormValues) -> None:
        """Put what the file says into the fields."""
        for setting in self._asked:
            if not setting.has_rows:
                self._fill(setting, values.texts, "")
                continue
            for number, texts in enumerate(values.entries.get(setting.name, ())):
                for inner in setting.fields:
                    self._fill(inner, texts, _row(setting, number))

    def _fill(self, setting: FieldSpec, texts: Mapping[tuple[str, str], str], row: str) -> None:
        for language, name in _by_language(setting, self._languages, row):
            text, field = texts.get((setting.name, language), ""), self[name]
            chosen = isinstance(field, SelectMultipleField)
            field.data = chosen_keys(setting, text) if chosen else shown_value(setting.shape, text or setting.usual, i18n.language())

    def values(self) -> FormValues:
        """Return the typed values."""
        texts: dict[tuple[str, str], str] = {}
        entries: dict[str, list[Mapping[tuple[str, str], str]]] = {}
        for setting in self._asked:
            if not setting.has_rows:
                texts |= self._row_values(setting, "")
                continue
            rows = range(self._numbers[setting.name])
            entries[setting.name] = [self._typed_row(setting, _row(setting, number)) for number in rows]
        return FormValues(texts, entries)

    def _typed_row(self, setting: FieldSpec, row: str) -> dict[tuple[str, str], str]:
        typed: dict[tuple[str, str], str] = {}
        for inner in setting.fields:
            typed |= self._row_values(inner, row)
        return typed

    def _row_values(self, setting: FieldSpec, row: str) -> dict[tuple[str, str], str]:
        typed: dict[tuple[str, str], str] = {}
        for language, name in _by_language(setting, self._languages, row):
            field = self[name]
            if isinstance(field, TypedField):
                typed[setting.name, language] = field.file_value
                continue
            text = _in_order(field.data, self._present.get(name, "")) if isinstance(field.data, list) else str(field.data or "")
            typed[setting.name, language] = _cleaned(text, setting.shape)
        return typed

    def field_of(self, finding: Finding) -> Field | None:
        """Return the field that a finding names: `title.es`, `authors[2].name`, or a field that is missing."""
        address = finding.field or finding.facts.get("field", "")
        for setting in self._asked:
            if setting.shape is FieldShape.NAMED and address.startswith(f"{setting.name}."):
                return self._in_named(setting, address.removeprefix(f"{setting.name}."))
            outer, _dot, inner = address.partition(".")
            name, _bracket, number = outer.rstrip("]").partition("[")
            if setting.shape is FieldShape.ENTRIES and name == setting.name and number.isdigit() and int(number) <= self._numbers[name]:
                inner_field = next((field for field in setting.fields if field.outer == inner.partition(".")[0]), setting.fields[0])
                return self._in_language(inner_field, inner.partition(".")[2], _row(setting, int(number) - 1))
            is_bare = setting.bare is BareValueRule.BESIDE and address == setting.name.partition(".")[0]
            if not setting.has_rows and (
                is_bare or address == setting.name or address.startswith((f"{setting.name}.", f"{setting.name}["))
            ):
                return self._in_language(setting, address.removeprefix(f"{setting.name}."), "")
        return None

    def _in_named(self, setting: FieldSpec, address: str) -> Field | None:
        """Return the field that `name.field` names; names may hold points themselves."""
        for number in range(self._numbers[setting.name]):
            name = str(self[_names(setting.fields[0], self._languages, _row(setting, number))[0]].data or "")
            if name and (address == name or address.startswith(f"{name}.")):
                inner = address.removeprefix(name).removeprefix(".")
                inner_field = next((field for field in setting.fields[1:] if field.outer == inner), setting.fields[1])
                return self._in_language(inner_field, "", _row(setting, number))
        return None

    def _in_language(self, setting: FieldSpec, language: str, row: str) -> Field:
        names = dict(_by_language(setting, self._languages, row))
        return cast("Field", self[names.get(language, next(iter(names.values())))])


SHORT = 60
"""Letters of a value in the line of its group."""


def _value_in_words(field: Field) -> str:
    if isinstance(field, TypedDayField):
        return show_date(str(field.data), i18n.language())
    if isinstance(field, SelectMultipleField | SelectField | RadioField):
        chosen = field.data if isinstance(field.data, list) else [field.data]
        names = {str(choice.value): str(choice.label) for choice in _choices_in(field)}
        return shortened(", ".join(names.get(str(key), str(key)) for key in chosen), SHORT)
    if isinstance(field, TextAreaField):
        return i18n.number(len(str(field.data).split(LINES)))
    return shortened(str(field.data), SHORT)


def chosen_keys(setting: FieldSpec, text: str) -> list[str]:
    """Return the keys that boxes show as ticked: the usual one is ticked where it is one of the choices."""
    keys = text.replace(",", " ").split()
    if setting.usual in {key for key, _label in setting.choices}:
        return keys or [setting.usual]
    return [key for key in keys if key != setting.usual]


def _in_order(keys: Sequence[str], present: str) -> str:
    """Return chosen keys parted by commas, those of the file in its order."""
    before = [key for key in present.replace(",", " ").split() if key in keys]
    return ", ".join(dict.fromkeys((*before, *keys)))


def _cleaned(text: str, shape: FieldShape) -> str:
    """Return the typed text without what no file takes; empty lines before the entries of a list stay: languages are paired by line."""
    if shape is FieldShape.LISTED:
        return LINES.join(clean_text(line, lines=True) for line in text.split(LINES)).rstrip(LINES)
    return clean_text(text, lines=shape in (FieldShape.MARKDOWN, FieldShape.LINES)).replace("\r", "")


def _row(setting: FieldSpec, number: int) -> str:
    return f"{setting.name}__{number}__"


def _by_language(setting: FieldSpec, languages: Sequence[str], row: str = "") -> list[tuple[str, str]]:
    base = row + setting.name.replace(".", "__")
    return [(language, f"{base}_{language}") for language in languages] if setting.has_languages else [("", base)]


def _names(setting: FieldSpec, languages: Sequence[str], row: str = "") -> list[str]:
    return [name for _language, name in _by_language(setting, languages, row)]


def settings_form(
    settings: Sequence[FieldSpec], languages: Sequence[str], present: FormValues, choices: Mapping[str, Sequence[tuple[str, str]]]
) -> type[SettingsForm]:
    """Make the form of a file of settings. `choices` are those of settings by name, and under '' the files that may be chosen."""
    fields: dict[str, object] = {}
    numbers: dict[str, int] = {}
    for setting in settings:
        if not setting.has_rows:
            fields |= _fields_of(setting, languages, present.texts, choices)
            continue
        entries = present.entries.get(setting.name, ())
        numbers[setting.name] = len(entries) + setting.spare
        for number in range(numbers[setting.name]):
            for inner in setting.fields:
                fields |= _fields_of(inner, languages, entries[number] if number < len(entries) else {}, choices, _row(setting, number))
    plain = [setting for setting in settings if not setting.has_rows and not setting.has_languages]
    shown = {name: present.texts.get((setting.name, ""), "") for setting in plain for name in _names(setting, ())}
    own = {"_asked": tuple(settings), "_languages": tuple(languages), "_numbers": numbers, "_present": shown}
    return type("SettingsForm", (SettingsForm,), {**fields, **own})


def _fields_of(
    setting: FieldSpec,
    languages: Sequence[str],
    present: Mapping[tuple[str, str], str],
    choices: Mapping[str, Sequence[tuple[str, str]]],
    row: str = "",
) -> dict[str, object]:
    names = _by_language(setting, languages, row)
    fields: dict[str, object] = {}
    for language, name in names:
        label = f"{setting.label} ({LANGUAGE_NAMES[language]})" if len(names) > 1 else str(setting.label)
        fields[name] = _field_of(setting, label, present.get((setting.name, language), ""), choices)
        if setting.takes_upload:
            fields[f"{name}{UPLOAD}"] = FileField(lazy_("Picture: upload a file"))
    return fields


def _files(setting: FieldSpec, offered: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the files that a field takes."""
    return [(path, label) for path, label in offered if not setting.accepts or media_type(path).startswith(setting.accepts)]


def _choices(offered: Sequence[tuple[str, object]]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in offered]


def _field_of(setting: FieldSpec, label: str, present: str, choices: Mapping[str, Sequence[tuple[str, str]]]) -> object:
    offered = list(choices.get(setting.name, setting.choices))
    if setting.shape in (FieldShape.CHOICE, FieldShape.FLAG, FieldShape.FILE, FieldShape.COLOUR) or (setting.is_chosen and offered):
        return _choice_of(setting, label, present, _files(setting, choices[""]) if setting.shape is FieldShape.FILE else offered)
    if setting.shape is FieldShape.KEYS and (setting.name in choices or setting.choices):
        chosen = chosen_keys(setting, present)
        known = {key for key, _words in offered}
        offered += ((key, key) for key in chosen if key not in known)
        if setting.is_searched:
            return PickedNamesField(label, choices=_choices(offered), description=setting.help, validate_choice=False)
        return SelectMultipleField(label, choices=_choices(offered), description=setting.help, option_widget=CheckboxInput())
    if setting.shape in (FieldShape.MARKDOWN, FieldShape.LISTED, FieldShape.LINES) or setting.name in TALL:
        return TextAreaField(label, description=setting.help, render_kw={"rows": 2 if setting.name in TALL else 5})
    if setting.shape in CONVERSIONS:
        kind = TypedDayField if setting.shape in (FieldShape.DAY, FieldShape.MOMENT) else TypedField
        return kind(label, shape=setting.shape, present=present, description=setting.help)
    return LineField(label, description=setting.help)


def _choice_of(setting: FieldSpec, label: str, present: str, offered: list[tuple[str, Any]]) -> object:
    """Return a field for one of several; what the file says and is not offered stays a choice."""
    if not setting.usual:
        offered.insert(0, ("", lazy_("Not specified")))
    if present and present not in {value for value, _words in offered}:
        offered.append((present, dict(setting.former).get(present, present)))
    if setting.shape is FieldShape.COLOUR:
        return RadioField(label, choices=_choices(offered), description=setting.help)
    kind, judges = (SiteJudgedSelectField, False) if setting.is_judged_by_site else (SelectField, True)
    return kind(label, choices=_choices(offered), description=setting.help, validate_choice=judges)
