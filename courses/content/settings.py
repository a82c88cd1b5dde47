"""Settings that forms edit field by field, as data: the label, the meaning, and the written form of each.

Values are not validated here: the resulting text is read by the reader of the format, whose findings name the field.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from courses.content.editing import Written

LINES = "\n"
TEXT = "text"
"""The field of an entry that is a text with a key."""


class FieldShape(StrEnum):
    """The shape of a field, as it is written and edited."""

    WORDS = "words"
    """A text of one line, one for each language."""
    MARKDOWN = "markdown"
    """A text of several paragraphs, one for each language."""
    LISTED = "listed"
    """A list of texts of one line, one list for each language."""
    WORD = "word"
    """A date, an address: the same in all languages."""
    NUMBER = "number"
    """A number, alone or with a unit: typed with a decimal point or comma, written with a point."""
    NUMBERS = "numbers"
    """A list of numbers, written in brackets."""
    LENGTH = "length"
    """A length of time: `90 min`, shown and typed in words, as the next ones are (`courses.content.typed_values`)."""
    PERIOD = "period"
    """Whole days, months or years by the calendar: `24 months`."""
    DAY = "day"
    MOMENT = "moment"
    """A day, alone or with a time."""
    DATED = "dated"
    """A year, a month or a day."""
    DAY_OR_NO = "day_or_no"
    """A day, or `false`."""
    LANGUAGE = "language"
    """The code of a language, shown and typed by its name."""
    CHOICE = "choice"
    COLOUR = "colour"
    """A choice of colours, which are seen."""
    FLAG = "flag"
    KEYS = "keys"
    """A list of keys, written in brackets."""
    LINES = "lines"
    """A list of words, the same in all languages, asked for one on a line."""
    FILE = "file"
    """A path of the working copy."""
    ENTRIES = "entries"
    """A list of mappings, whose fields are `fields`."""
    NAMED = "named"
    """A mapping of names, the first of `fields`, to mappings with the others; of names to plain values where there is one other."""


class BareValueRule(StrEnum):
    """The meaning of a bare value in the place of a mapping of several settings (`review: exam`)."""

    BESIDE = "beside"
    """This setting; it stands inside the mapping as soon as others do."""
    INSTEAD = "instead"
    """This setting, and none of the others."""
    EACH = "each"
    """Every setting of the mapping."""


_DECIMAL_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)([^0-9,.]*)")


def number_typed(text: str) -> str:
    """Return a number as files write it: a decimal comma becomes a point; what is no number stays, for the reader to refuse."""
    match = _DECIMAL_COMMA.fullmatch(text.strip())
    return f"{match[1]}.{match[2]}{match[3]}" if match else text


def numbers_typed(text: str) -> str:
    """Return a list of numbers as a form shows it; a comma within a number is decimal where semicolons or blanks part the numbers."""
    parts = re.split(r"[;\s]+", text.strip())
    if len(parts) == 1 and ";" not in text:
        return text
    return ", ".join(number_typed(part.strip(",")) for part in parts if part.strip(","))


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. `name` may be inside another (`completion.grade`); `usual` is what counts where it is not written.

    `bare` says what a value without mapping is to a setting inside another; `nothing` is the choice that stands for an empty list.
    """

    name: str
    shape: FieldShape
    label: Any
    help: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()
    usual: str = ""
    fields: "tuple[FieldSpec, ...]" = ()
    bare: BareValueRule | None = None
    nothing: str = ""
    spare: int = 1
    """Empty rows for further entries."""
    is_judged_by_site: bool = False
    """The site says why a value cannot be: one that is not offered is no mistake of the form."""
    former: tuple[tuple[str, Any], ...] = ()
    """Choices of earlier times, offered only where a file still has them."""
    accepts: tuple[str, ...] = ()
    """Beginnings of media types of the files that may be chosen; none for any."""
    takes_upload: bool = False
    """A file may be uploaded beside the choice."""
    is_chosen: bool = False
    """A word chosen from a list, where the site has one, or from `choices`; others that a file says stay."""
    is_searched: bool = False
    """Keys that are typed by the names of what they stand for."""
    group: Any = ""
    """The title of the group of the form in which it stands."""
    is_essential: bool = False
    """It stands open in its group, the others are folded."""
    opens_group: bool = True
    """The folded part of its group is open where it is set."""
    summary: str = ""
    """A message with `value` that says in the line of its group that it is set; else its label and value do."""
    compared: str = ""
    """The label by which versions are compared, where another than `label` reads better."""

    @property
    def has_rows(self) -> bool:
        """Return whether it is asked for in rows, one for each entry."""
        return self.shape in (FieldShape.ENTRIES, FieldShape.NAMED)

    @property
    def has_languages(self) -> bool:
        """Return whether it is asked for in each language of the course."""
        return self.shape in (FieldShape.WORDS, FieldShape.MARKDOWN, FieldShape.LISTED)

    @property
    def outer(self) -> str:
        """Return the name of the field of the file that it is, or is inside of."""
        return self.name.partition(".")[0]

    @property
    def inner(self) -> str:
        """Return the name inside that field, '' where it is the field itself."""
        return self.name.partition(".")[2]


Groups = tuple[tuple[Any, tuple[FieldSpec, ...]], ...]
"""Fields of a form by the titles of their groups."""


def by_group(fields: Sequence[FieldSpec], groups: Sequence[object]) -> Groups:
    """Return fields by their groups, in the order of the groups."""
    return tuple((group, tuple(field for field in fields if field.group is group)) for group in groups)


@dataclass(frozen=True, slots=True)
class FormValues:
    """The values of some settings in a form: `(name, language)` -> text, the language '' where there is none; entries by number."""

    texts: Mapping[tuple[str, str], str]
    entries: Mapping[str, Sequence[Mapping[tuple[str, str], str]]] = field(default_factory=dict)


def values_of(written: Mapping[str, Written], settings: Sequence[FieldSpec], languages: Sequence[str]) -> FormValues:
    """Return the values of some settings in a file, as a form shows them."""
    texts: dict[tuple[str, str], str] = {}
    entries: dict[str, list[Mapping[tuple[str, str], str]]] = {}
    for setting in settings:
        value = _value_of(written, setting)
        if setting.has_rows:
            items = _named_rows(setting, value) if setting.shape is FieldShape.NAMED else value if isinstance(value, list) else []
            entries[setting.name] = [values_of(item, setting.fields, languages).texts for item in items if isinstance(item, dict)]
        elif setting.has_languages:
            texts.update({(setting.name, language): _in_language(value, language, languages[0]) for language in languages})
        else:
            texts[setting.name, ""] = (
                _as_line(value, LINES if setting.shape is FieldShape.LINES else ", ") if value != [] else setting.nothing
            )
    return FormValues(texts, entries)


def _named_rows(setting: FieldSpec, value: Written) -> list[Written]:
    """Return the entries of a mapping as rows, their names among their fields."""
    names = [field.name for field in setting.fields]
    if not isinstance(value, dict):
        return []
    return [{names[0]: name, **(held if isinstance(held, dict) else {names[1]: held})} for name, held in value.items()]


def named_values(
    present: Written, setting: FieldSpec, languages: Sequence[str], rows: Sequence[Mapping[tuple[str, str], str]]
) -> dict[str, Written]:
    """Return the mapping that rows stand for; what an entry says beyond its fields stays, as long as it keeps its place."""
    names = [field.name for field in setting.fields]
    before = list(present.items()) if isinstance(present, dict) else []
    mapping: dict[str, Written] = {}
    for number, row in enumerate(rows):
        name = row.get((names[0], ""), "")
        if not name:
            continue
        held = before[number][1] if number < len(before) else None
        if len(names) == 2:
            mapping[name] = row.get((names[1], ""), "") or None
            continue
        fields = dict(held) if isinstance(held, dict) else {}
        for inner, value in changed_fields(fields, setting.fields[1:], languages, FormValues(row)).items():
            fields = (
                {other: other_value for other, other_value in fields.items() if other != inner}
                if value is None
                else {**fields, inner: value}
            )
        mapping[name] = fields
    return mapping


def _value_of(written: Mapping[str, Written], setting: FieldSpec) -> Written:
    value = written.get(setting.outer)
    if not setting.inner:
        return value
    if isinstance(value, dict):
        return value.get(setting.inner)
    return value if setting.bare else None


def _in_language(value: Written, language: str, first: str) -> str:
    if isinstance(value, list):
        return LINES.join(_in_language(item, language, first).replace(LINES, " ").strip() for item in value).rstrip(LINES)
    if isinstance(value, dict):
        if TEXT in value:
            return _in_language(value[TEXT], language, first)
        inner = value.get(language)
        return inner.strip(LINES) if isinstance(inner, str) else ""
    return value.strip(LINES) if isinstance(value, str) and language == first else ""


def _as_line(value: Written, between: str) -> str:
    if isinstance(value, list):
        return between.join(item for item in value if isinstance(item, str))
    return value.strip() if isinstance(value, str) else ""


def changed_fields(
    written: Mapping[str, Written], settings: Sequence[FieldSpec], languages: Sequence[str], given: FormValues
) -> dict[str, Written]:
    """Return the fields of the file that become another value, None for those that go; lists of entries are not among them."""
    before = values_of(written, settings, languages)
    changed: dict[str, Written] = {}
    for setting in settings:
        if setting.has_rows:
            continue
        names = [(setting.name, language) for language in (languages if setting.has_languages else ("",))]
        if all(_same(setting, before.texts[name], given.texts.get(name, "")) for name in names):
            continue
        value = _value_as_written(
            setting, {language: given.texts.get((setting.name, language), "") for _name, language in names}, languages[0]
        )
        if setting.shape is FieldShape.LISTED:
            value = _with_keys(_value_of(written, setting), value)
        if setting.inner:
            beside = [other for other in settings if other.outer == setting.outer]
            value = _with_inner(changed.get(setting.outer, written.get(setting.outer)), setting, value, beside)
        changed[setting.outer] = value
    return changed


def _with_keys(before: Written, after: Written) -> Written:
    """Let entries of a list that are written with a key keep it: by their text, else by their place in a list as long as before."""
    keyed = [entry for entry in before if isinstance(entry, dict) and TEXT in entry] if isinstance(before, list) else []
    if not keyed or not isinstance(before, list) or not isinstance(after, list):
        return after
    moved = [next((entry for entry in keyed if entry[TEXT] == text), None) for text in after]
    stays = [entry if entry in keyed and entry not in moved and len(before) == len(after) else None for entry in before]
    stays += [None] * len(after)
    return [
        {**(moved_entry or unmoved_entry or {}), TEXT: text} if moved_entry or unmoved_entry else text
        for text, moved_entry, unmoved_entry in zip(after, moved, stays, strict=False)
    ]


def _with_inner(whole: Written, setting: FieldSpec, value: Written, beside: Sequence[FieldSpec]) -> Written:
    """Return a field with one of the settings inside it changed; bare where nothing but that is to be said."""
    if setting.bare is BareValueRule.INSTEAD:
        return value if value is not None or not isinstance(whole, dict) else whole
    if setting.bare is None and value is None and not isinstance(whole, dict):
        return whole  # a plain value, in whose place the mapping goes
    mapping = dict(whole) if isinstance(whole, dict) else {}
    if isinstance(whole, str):
        mapping = {other.inner: whole for other in beside if other.bare in (BareValueRule.BESIDE, BareValueRule.EACH)}
    mapping.pop(setting.inner, None)
    if value is not None:
        mapping[setting.inner] = value
    ordered = {name: mapping.pop(name) for name in (other.inner for other in beside) if name in mapping} | mapping
    each = [other.inner for other in beside if other.bare is BareValueRule.EACH]
    values = [ordered.get(name) for name in each]
    if each and list(ordered) == each and all(other == values[0] for other in values):
        return values[0]
    alone = next((other.inner for other in beside if other.bare is BareValueRule.BESIDE), "")
    return (ordered[alone] if list(ordered) == [alone] else ordered) or None


def _same(setting: FieldSpec, before: str, given: str) -> bool:
    """Return whether a value stays; the usual value of a choice that is not written stays unwritten."""
    if setting.shape is FieldShape.WORDS and before.split() == given.split():
        return True  # a field of one line cannot show where the lines of a text end
    return before == given or (before == "" and setting.usual != "" and given == setting.usual)


def _value_as_written(setting: FieldSpec, by_language: Mapping[str, str], first: str) -> Written:
    if setting.shape is FieldShape.LISTED:
        return _lists(by_language, first)
    if setting.has_languages:
        texts: dict[str, Written] = {language: text for language, text in by_language.items() if text}
        return _alone(texts, first)
    text = by_language[""]
    if not text or (setting.usual and text == setting.usual):
        return None
    if setting.shape is FieldShape.LINES:
        return [line.strip() for line in text.split(LINES) if line.strip()] or None
    if setting.shape in (FieldShape.KEYS, FieldShape.NUMBERS):
        return [key for key in text.replace(",", " ").split() if key != setting.nothing]
    return text


def _alone(texts: dict[str, Written], first: str) -> Written:
    """Return a text by languages; bare where it is in the course's own language only."""
    if not texts:
        return None
    return texts[first] if list(texts) == [first] else texts


def _lists(by_language: Mapping[str, str], first: str) -> Written:
    lines = {language: [line.strip() for line in text.split(LINES)] for language, text in by_language.items()}
    longest = max((len(own) for own in lines.values()), default=0)
    rows = ({language: own[number] for language, own in lines.items() if number < len(own) and own[number]} for number in range(longest))
    return [_alone(dict(row), first) for row in rows if row] or None


def entry_fields(
    before: Mapping[str, Written], setting: FieldSpec, languages: Sequence[str], texts: Mapping[tuple[str, str], str]
) -> dict[str, Written]:
    """Return the fields of one entry of a list that become another value."""
    return changed_fields(before, setting.fields, languages, FormValues(texts))
