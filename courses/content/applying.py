"""Write the values of a form into a file of settings, as whole lines: what stays the same is not touched."""

from collections.abc import Mapping, Sequence

from courses.content import editing
from courses.content.changes import apart
from courses.content.course_fields import DEEP_FLOWS, FLOWS
from courses.content.editing import Written, read_fields, write_field
from courses.content.nested_mappings import with_named
from courses.content.settings import FieldShape, FieldSpec, FormValues, changed_fields, entry_fields, named_values

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
    """Say whether a row holds nothing in a field, in any language."""
    return not any(text for (other, _language), text in row.items() if other == name)


def _is_blank(row: Texts, setting: FieldSpec) -> bool:
    """Say whether nobody typed anything into a row: what stands there from the beginning is nothing."""
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
