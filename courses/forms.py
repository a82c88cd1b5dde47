"""Forms of those who make courses."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, cast
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, Length, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, TextArea

from courses.content.filetypes import media_type
from courses.content.model import Finding
from courses.content.settings import LINES, BareValueRule, FieldShape, FieldSpec, FormValues, number_typed, numbers_typed
from courses.content.starter_files import LONGEST_NAME, NewCourse, is_key, proposed_key
from courses.models import CourseVersion, PublicationNature, StaffRole
from courses.services.publishing import PublishOptions
from kernel.i18n import _, lazy_
from kernel.web.forms import FileField, Form, LineField, MomentField, clean_text

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
MOST_AUTOSAVED = 1_000
_NATURES = ("correction", "improvement", "choice")


def whole(text: str | None) -> int:
    """Return a number that came in a hidden field; -1, which nothing has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


class NatureForm(Form):
    """The nature of a publication, and its note; `choice` is an improvement that asks each learner."""

    note = TextAreaField(lazy_("What changes"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    nature = RadioField(
        lazy_("Learners in progress"),
        choices=[
            SelectChoice(value="correction", label=lazy_("Everyone moves to the new version")),
            SelectChoice(value="improvement", label=lazy_("They finish the version they have")),
            SelectChoice(value="choice", label=lazy_("Each learner chooses")),
        ],
        default="improvement",
        validators=[AnyOf(_NATURES, message=lazy_("Choose one of the three."))],
    )

    def publishing(self, *, revision: int | None = None, revision_to_publish: int | None = None) -> PublishOptions:
        """Return how to publish."""
        return PublishOptions(
            nature=PublicationNature.CORRECTION if self.nature.data == "correction" else PublicationNature.IMPROVEMENT,
            note=clean_text(self.note.data or "", lines=True),
            revision=revision,
            asks_learners=self.nature.data == "choice",
            revision_to_publish=revision_to_publish,
        )


class PublishForm(NatureForm):
    """The options for publishing the draft as a version."""

    tell = BooleanField(lazy_("Notify learners who completed the activities that change"))
    when = MomentField(lazy_("Publish later"))
    autosaved = SelectMultipleField(lazy_("Autosaved only"), validate_choice=False)
    revision = HiddenField()
    reviewed_digest = HiddenField()

    def moment_in(self, zone: str) -> datetime | None:
        """Return the moment that was typed, taken as one of a zone: the course's, whatever the reader's is."""
        moment = self.when.moment
        return None if moment is None else moment.replace(tzinfo=ZoneInfo(zone))

    def command(self, notified_keys: tuple[str, ...]) -> PublishOptions:
        """Return the publishing options for the reviewed revision; `notified_keys` name the activities that learners hear of, if wanted."""
        options = self.publishing(revision=whole(self.revision.data))
        reviewed_digest = (self.reviewed_digest.data or "")[:64]
        return replace(
            options, notified_keys=notified_keys if self.tell.data else (), autosaved=self.included, reviewed_digest=reviewed_digest
        )

    @property
    def included(self) -> tuple[int, ...]:
        """Return the revisions of the texts that go out although they were only saved by themselves."""
        return tuple(whole(text) for text in (self.autosaved.data or [])[:MOST_AUTOSAVED])


class TeamForm(Form):
    """The person who joins a course team, and their role."""

    email = LineField(
        lazy_("Email"),
        [
            DataRequired(lazy_("Write the address.")),
            Length(max=254, message=lazy_("Use at most %(max)d characters.")),
            Regexp(EMAIL, message=lazy_("This does not look like an email address.")),
        ],
    )
    role = RadioField(
        lazy_("Role in the team"),
        choices=[
            SelectChoice(value="editor", label=lazy_("Editor")),
            SelectChoice(value="grader", label=lazy_("Grader")),
            SelectChoice(value="owner", label=lazy_("Owner")),
        ],
        default="editor",
        validators=[AnyOf([role.value for role in StaffRole], message=lazy_("Choose one of the three."))],
    )


class ArchiveForm(Form):
    """Why a course is put away, or brought back."""

    wish = HiddenField()
    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Give the reason. It is recorded in the audit log.")),
            Length(max=500, message=lazy_("Use at most %(max)d characters.")),
        ],
    )


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


LONGEST_TITLE = 300
_SHORT_ENOUGH = Length(max=LONGEST_TITLE, message=lazy_("Use at most %(max)d characters."))


class NewCourseForm(Form):
    """The first settings of a new course."""

    title = LineField(lazy_("Title of the course"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])
    key = LineField(
        lazy_("Address"),
        [Length(max=LONGEST_NAME, message=lazy_("Use at most %(max)d characters."))],
        description=lazy_(
            "Lower-case letters (no accents), digits and hyphens. It cannot be changed later. Leave empty to make it from the title."
        ),
    )
    language = RadioField(
        lazy_("Main language of the course"),
        choices=[SelectChoice(value="es", label="Español"), SelectChoice(value="en", label="English")],
        default="es",
        validators=[AnyOf(["es", "en"], message=lazy_("Choose one of the two."))],
    )
    module = LineField(lazy_("Title of its first module"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])
    lesson = LineField(lazy_("Title of its first lesson"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot be an address."""
        if field.data and not is_key(field.data):
            raise ValidationError(_("Use only lower-case letters (no accents), digits and hyphens."))

    def command(self, author: str) -> NewCourse:
        """Return what to begin."""
        title = self.title.data or ""
        key = self.key.data or proposed_key(title)
        return NewCourse(key, title, (self.language.data,), author, self.module.data or "", self.lesson.data or "")


class NewModuleForm(Form):
    """A module that begins, with its first lesson."""

    title = LineField(lazy_("Title of the module"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])
    lesson = LineField(lazy_("Title of its first lesson"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])


class NewActivityForm(Form):
    """An activity that begins in a module."""

    kind = RadioField(lazy_("What is it?"), default="page")
    title = LineField(lazy_("Title"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])
    module = SelectField(lazy_("In the module"))


LONGEST_SUMMARY = 2_000


class LessonForm(Form):
    """The words of a lesson in one language, and a file that goes into it."""

    title = LineField(lazy_("Title"), [DataRequired(lazy_("Write a title.")), _SHORT_ENOUGH])
    summary = LineField(
        lazy_("Summary"), [Length(max=LONGEST_SUMMARY, message=lazy_("Use at most %(max)d characters."))], widget=TextArea()
    )
    body = TextAreaField(lazy_("Lesson text in Markdown"))
    up_to_date = BooleanField(lazy_("The translation is up to date"))
    file = FileField(lazy_("File"))
    alternative = LineField(lazy_("Alternative text"), [_SHORT_ENOUGH])
    caption = LineField(lazy_("Caption"), [Length(max=LONGEST_SUMMARY, message=lazy_("Use at most %(max)d characters."))])
    seen = HiddenField()
    theirs = HiddenField()
    follows = HiddenField()
    """Of a translation: the stamp of the original that stood beside it."""


class FolderForm(Form):
    """An archive with a course's folder."""

    file = FileField(lazy_("File"))

    def upload(self) -> tuple[str, bytes] | None:
        """Return the name and content of the file; None with a fault beside the field."""
        sent = self.file.data
        content = sent.read() if hasattr(sent, "read") else b""
        if not content:
            self.refuse(self.file, _("Choose a file that is not empty."))
            return None
        return str(sent.filename or "").replace("\\", "/").rpartition("/")[2], content


class NewFolderForm(FolderForm):
    """An archive that becomes a new course."""

    key = LineField(
        lazy_("Address"),
        [Length(max=LONGEST_NAME, message=lazy_("Use at most %(max)d characters."))],
        description=lazy_("Lower-case letters (no accents), digits and hyphens. Leave empty to use the one in the folder."),
    )

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot be an address."""
        if field.data and not is_key(field.data):
            raise ValidationError(_("Use only lower-case letters (no accents), digits and hyphens."))


class RenameKeyForm(Form):
    """Another key for a part of a course."""

    key = LineField(
        lazy_("Key"),
        [DataRequired(lazy_("Write a key.")), Length(max=LONGEST_NAME, message=lazy_("Use at most %(max)d characters."))],
    )

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot be a key."""
        if field.data and not is_key(field.data):
            raise ValidationError(_("Use only lower-case letters (no accents), digits and hyphens."))


class MediaForm(Form):
    """A file for the media of a course or of one of its modules."""

    file = FileField(lazy_("File"))
    folder = SelectField(lazy_("For"))


class SourceTextForm(Form):
    """A file as text."""

    text = TextAreaField(lazy_("Text"))
    seen = HiddenField()


class SiteJudgedSelectField(SelectField):
    """A choice of what the site offers now, on which the site decides: what was sent stays chosen, although it is not offered any more."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was sent, and show it among the choices."""
        super().process_formdata(valuelist)
        offered = cast("list[SelectChoice]", self.choices)
        if self.data and all(choice.value != self.data for choice in offered):
            self.choices = [*offered, SelectChoice(value=self.data, label=self.data)]


TALL = ("summary", "definition", "supports")
"""Texts of one line that are long: they get two."""
LANGUAGE_NAMES = {"es": lazy_("Spanish"), "en": lazy_("English")}


class SettingsForm(Form):
    """The fields of a file of settings; `settings_form` makes one for a file, with a field for each setting and language."""

    _asked: ClassVar[tuple[FieldSpec, ...]] = ()
    _languages: ClassVar[tuple[str, ...]] = ()
    _numbers: ClassVar[Mapping[str, int]] = {}
    """How many rows each list has, an empty one among them."""

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
        """Say whether the form has the fields of a setting: one of a file that cannot be read has none."""
        return setting in self._asked

    def says(self, setting: FieldSpec) -> bool:
        """Say whether a setting says something else than what counts without it, or has a fault."""
        if not setting.has_rows:
            return self._says(setting, "")
        return any(self._says(inner, _row(setting, number)) for number in range(self._numbers[setting.name]) for inner in setting.fields)

    def _says(self, setting: FieldSpec, row: str) -> bool:
        fields = [self[name] for name in _names(setting, self._languages, row)]
        return any(field.errors or (field.data and field.data != setting.usual) for field in fields)

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
            field.data = [key for key in text.replace(",", " ").split() if key != setting.usual] if chosen else text or setting.usual

    def values(self) -> FormValues:
        """Return what was typed."""
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
            data = self[name].data
            text = ", ".join(data) if isinstance(data, list) else str(data or "")
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


READERS = {FieldShape.NUMBER: number_typed, FieldShape.NUMBERS: numbers_typed}
"""How what is typed becomes what files write, by the shape of a field."""


def _cleaned(text: str, shape: FieldShape) -> str:
    """Return what was typed without what no file takes; empty lines before the entries of a list stay: languages are paired by line."""
    if shape is FieldShape.LISTED:
        return LINES.join(clean_text(line, lines=True) for line in text.split(LINES)).rstrip(LINES)
    cleaned = clean_text(text, lines=shape in (FieldShape.MARKDOWN, FieldShape.LINES)).replace("\r", "")
    reader = READERS.get(shape)
    return cleaned if reader is None else reader(cleaned)


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
    return type("SettingsForm", (SettingsForm,), {**fields, "_asked": tuple(settings), "_languages": tuple(languages), "_numbers": numbers})


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
    return fields


def _files(setting: FieldSpec, offered: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the files that a field takes."""
    return [(path, label) for path, label in offered if not setting.accepts or media_type(path).startswith(setting.accepts)]


def _choices(offered: Sequence[tuple[str, object]]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in offered]


def _field_of(setting: FieldSpec, label: str, present: str, choices: Mapping[str, Sequence[tuple[str, str]]]) -> object:
    if setting.shape in (FieldShape.CHOICE, FieldShape.FLAG, FieldShape.FILE):
        offered = _files(setting, choices[""]) if setting.shape is FieldShape.FILE else list(choices.get(setting.name, setting.choices))
        if not setting.usual:
            offered.insert(0, ("", lazy_("Not specified")))
        if present and present not in {value for value, _words in offered}:
            offered.append((present, dict(setting.former).get(present, present)))
        kind, judges = (SiteJudgedSelectField, False) if setting.is_judged_by_site else (SelectField, True)
        return kind(label, choices=_choices(offered), description=setting.help, validate_choice=judges)
    if setting.shape is FieldShape.KEYS and (setting.name in choices or setting.choices):
        offer = choices.get(setting.name, setting.choices)
        chosen = [key for key in present.replace(",", " ").split() if key != setting.usual]
        known = {key for key, _words in offer}
        offered = [*offer, *((key, key) for key in chosen if key not in known)]
        return SelectMultipleField(label, choices=_choices(offered), description=setting.help, option_widget=CheckboxInput())
    if setting.shape in (FieldShape.MARKDOWN, FieldShape.LISTED, FieldShape.LINES) or setting.name in TALL:
        return TextAreaField(label, description=setting.help, render_kw={"rows": 2 if setting.name in TALL else 5})
    return LineField(label, description=setting.help)
