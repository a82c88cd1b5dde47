"""Applies changes of forms to files of a course folder, and renames what others refer to."""

import re
from collections.abc import Mapping, Sequence

from courses.content import editing
from courses.content.changes import COMMON, DraftChange, apart
from courses.content.course_fields import DEEP_FLOWS, FLOWS
from courses.content.course_settings import COURSE_ORDER
from courses.content.editing import EditRefused, Written, former_keys, read_fields, with_named, write_field
from courses.content.layout import COURSE
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import FieldShape, FieldSpec, FormValues, changed_fields, entry_fields, named_values
from kernel.errors import Invalid

Texts = Mapping[tuple[str, str], str]


def with_values(
    text: str, path: str, settings: Sequence[FieldSpec], languages: Sequence[str], given: FormValues, order: Sequence[str]
) -> str:
    """Return a file in which some settings say something else; raises EditRefused where its form does not let them be parted."""
    fields, rebuild = apart(text, path)
    for name, value in changed_fields(read_fields(fields), settings, languages, given).items():
        fields = write_field(fields, name, value, order, flow=name in FLOWS, deep_flow=name in DEEP_FLOWS)
    for setting in settings:
        rows = given.entries.get(setting.name, ())
        if setting.shape is FieldShape.ENTRIES:
            fields = _with_entries(fields, setting, languages, rows, order)
        elif setting.shape is FieldShape.NAMED:
            values = named_values(read_fields(fields).get(setting.name), setting, languages, rows)
            fields = with_named(fields, setting.name, values, order)
    return rebuild(fields)


def _with_entries(text: str, setting: FieldSpec, languages: Sequence[str], rows: Sequence[Texts], order: Sequence[str]) -> str:
    """Change the entries of a list by position; a row with an empty first field removes its entry, one beyond the last adds one.

    A new row without its first field is written too: the format's reader reports the missing field, and nothing typed is lost.
    """
    present = read_fields(text).get(setting.name)
    number = len(present) if isinstance(present, list) else 0
    first = setting.fields[0].name
    names = [field.outer for field in setting.fields]
    gone = [index for index in range(number) if index < len(rows) and is_empty(rows[index], first)]
    for index in range(min(number, len(rows))):
        if index not in gone:
            text = _changed(text, setting, languages, index, rows[index], names)
    new = [row for row in rows[number:] if not _is_blank(row, setting)]
    if len(gone) == number and number:
        return write_field(text, setting.name, [_entry(setting, languages, row) for row in new] or None, order)
    if gone:
        text = editing.without_entries(text, setting.name, gone)
    if not new:
        return text
    if not number:
        return write_field(text, setting.name, [_entry(setting, languages, row) for row in new], order)
    return editing.add_entries(text, setting.name, [_scalar_text(_entry(setting, languages, row)) for row in new])


def is_empty(row: Texts, name: str) -> bool:
    """Return whether a row holds nothing in a field, in any language."""
    return not any(text for (other, _language), text in row.items() if other == name)


def _is_blank(row: Texts, setting: FieldSpec) -> bool:
    """Return whether nobody typed anything into a row: what stands there from the beginning is nothing."""
    usual = {field.name: field.usual for field in setting.fields}
    return all(text in ("", usual.get(name)) for (name, _language), text in row.items())


def _changed(text: str, setting: FieldSpec, languages: Sequence[str], index: int, row: Texts, names: Sequence[str]) -> str:
    present = read_fields(text)[setting.name]
    held = present[index] if isinstance(present, list) else None
    changed = entry_fields(held if isinstance(held, dict) else {}, setting, languages, row)
    if not changed:
        return text  # also where the entry stands on one line and could not be parted
    after = editing.list_entries(text, setting.name)[index].text
    for name, value in changed.items():
        after = write_field(after, name, value, names)
    return editing.replace_entry(text, setting.name, index, after)


def _entry(setting: FieldSpec, languages: Sequence[str], row: Texts) -> dict[str, Written]:
    return {name: value for name, value in entry_fields({}, setting, languages, row).items() if value is not None}


def _scalar_text(entry: Mapping[str, Written]) -> str:
    text = ""
    for name, value in entry.items():
        text = write_field(text, name, value, list(entry))
    return text


_LISTS = r"(?m)^(\s*(?:- )?(?:from|see|only)\s*:)(.*)$"


def with_key(texts: Mapping[str, str], path: str, old: str, new: str) -> DraftChange:
    """Return the edits that give another key to the part whose settings stand in a file; raise EditRefused."""
    word = re.compile(rf"(?<![\w-]){re.escape(old)}(?![\w-])")
    links = re.compile(rf"(?<=course:){re.escape(old)}(?![\w-])")
    written: dict[str, str] = {}
    for file, text in texts.items():
        after = links.sub(new, text)
        if file.endswith(".yaml"):
            after = re.sub(_LISTS, lambda line: line[1] + word.sub(new, line[2]), after)
        if file.endswith((".yaml", ".md")) and word.search(after):
            after = _with_fields(after, file, old, new, is_part=file == path)
        if after != text:
            written[file] = after
    return DraftChange(written)


def with_course_key(files: Mapping[str, bytes], key: str) -> dict[str, bytes]:
    """Return the files of a course folder under another key; raises EditRefused where its settings cannot be written."""
    try:
        text = files[COURSE].decode()
    except UnicodeDecodeError:
        return dict(files)  # which the checks tell
    return {**files, COURSE: write_field(text, "key", key, COURSE_ORDER).encode()}


def _with_fields(text: str, file: str, old: str, new: str, *, is_part: bool) -> str:
    """Return a file with the key, and the conditions that name it, written anew; others are left as they are."""
    try:
        fields, rebuild = apart(text, file)
        present = read_fields(fields)
    except EditRefused:
        if is_part:
            raise
        return text
    except Invalid as error:  # a lesson without fields
        raise EditRefused from error
    if is_part and present.get("key") == old:
        fields = write_field(fields, "key", new, COMMON)
        fields = write_field(fields, FORMERLY, None, COMMON)
        fields = write_field(fields, FORMER_KEYS, [*former_keys(present), old], COMMON, flow=True)
    requires = present.get("requires")
    if isinstance(requires, list) and old in requires:
        fields = write_field(fields, "requires", _replaced(requires, old, new), COMMON, flow=True)
    completion = present.get("completion")
    if file == COURSE and isinstance(completion, dict) and isinstance(modules := completion.get("modules"), list) and old in modules:
        fields = write_field(fields, "completion", {**completion, "modules": _replaced(modules, old, new)}, COURSE_ORDER, flow=True)
    return rebuild(fields)


def _replaced(keys: list[Written], old: str, new: str) -> list[Written]:
    return [new if key == old else key for key in keys]
