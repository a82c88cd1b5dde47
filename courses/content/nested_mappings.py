"""Nested mappings of a file, taken out as texts of their own and put back: unchanged parts keep every character."""

import re
from collections.abc import Sequence

from courses.content.editing import EditRefused, Written, last_line, read_fields, write_field
from courses.content.writing import scalar
from kernel import yaml_tree
from kernel.yaml_tree import YamlMapping

_COMMENT = re.compile(r"\s*#")
STEP = 2


def find_nested(text: str, name: str) -> str | None:
    """Return the fields of the mapping in a field, at the left edge; None where they do not stand on lines of their own."""
    span = _place(text, name)
    if span is None:
        return None
    first, last, columns = span
    lines = [line[columns:] if line.strip() else "" for line in text.split("\n")[first:last]]
    return "\n".join(lines) + "\n"


def replace_nested(text: str, name: str, inner: str) -> str:
    """Return a file whose field holds another mapping; raises EditRefused where its present one does not stand on lines of its own."""
    span = _place(text, name)
    if span is None:
        raise EditRefused
    first, last, columns = span
    lines = text.split("\n")
    lines[first:last] = [" " * columns + line if line.strip() else "" for line in inner.rstrip("\n").split("\n")]
    after = "\n".join(lines)
    before = read_fields(text)
    if read_fields(after) != {**before, name: read_fields(inner)}:
        raise EditRefused
    return after


def _place(text: str, name: str) -> tuple[int, int, int] | None:
    """Return the lines of a field's mapping, from 0, and the column at which it stands."""
    root = yaml_tree.parse(text).root
    if not isinstance(root, YamlMapping) or name not in root.entries:
        return None
    key, value = root.entries[name].key, root.entries[name].value
    if not isinstance(value, YamlMapping) or value.flow or not value.entries or value.line == key.line:
        return None
    lines, columns = text.split("\n"), value.column - 1
    first, last = key.line, last_line(value)
    while last > first and not lines[last - 1].strip():
        last -= 1
    if any(line[:columns].strip() for line in lines[first:last]):
        return None
    return first, last, columns


def with_named(text: str, name: str, values: dict[str, Written], order: Sequence[str]) -> str:
    """Return a file whose field is a mapping of these names to these values; names that keep their value keep their lines."""
    present = read_fields(text).get(name)
    if present == (values or None):
        return text
    inner = find_nested(text, name)
    if inner is None or not values or not set(values) & set(present if isinstance(present, dict) else ()):
        return write_field(text, name, values or None, order)
    held = read_fields(inner)
    for gone in [key for key in held if key not in values]:
        inner = write_field(inner, gone, None, ())
    for key, value in values.items():
        if held.get(key) != value or key not in held:
            inner = write_field(inner, key, value, (), flow=True)
    return replace_nested(text, name, inner)


# --- Files that are a mapping of keys to entries: the lists of a course ---


def add_keyed(text: str, key: str, fields: str) -> str:
    """Return a file with an entry after the last one, a blank line between them where the others have one."""
    entry = [f"{scalar(key, flow=False)}:", *(" " * STEP + line if line.strip() else "" for line in fields.rstrip("\n").split("\n"))]
    whole = text.rstrip("\n")
    between = "\n\n" if _is_spaced(text) else "\n"
    after = (whole + between if whole else "") + "\n".join(entry) + "\n"
    if read_fields(after) != {**keys_of(text), key: read_fields(fields)}:
        raise EditRefused
    return after


def keys_of(text: str) -> dict[str, Written]:
    """Return the entries of a file by key; none where it holds only comments."""
    if all(not line.strip() or _COMMENT.match(line) for line in text.split("\n")):
        return {}
    return read_fields(text)


def _is_spaced(text: str) -> bool:
    root = yaml_tree.parse(text).root
    if not isinstance(root, YamlMapping) or len(root.entries) < 2:
        return False
    lines, second = text.split("\n"), list(root.entries.values())[1]
    above = second.key.line - 2
    while above > 0 and _COMMENT.match(lines[above]):
        above -= 1
    return not lines[above].strip()


def without_keyed(text: str, key: str) -> str:
    """Return a file without an entry; comments directly above it go with it, those at the head of the file stay."""
    root = yaml_tree.parse(text).root
    if not isinstance(root, YamlMapping) or root.flow or key not in root.entries:
        raise EditRefused
    lines, entry = text.split("\n"), root.entries[key]
    first, last = entry.key.line - 1, max(entry.key.line, last_line(entry.value))
    while last > first + 1 and not lines[last - 1].strip():
        last -= 1
    if next(iter(root.entries)) != key:
        while _COMMENT.match(lines[first - 1]):
            first -= 1
    if first and not lines[first - 1].strip() and (last >= len(lines) or not lines[last].strip()):
        first -= 1
    after = "\n".join([*lines[:first], *lines[last:]])
    left = {other: value for other, value in read_fields(text).items() if other != key}
    if keys_of(after) != left:
        raise EditRefused
    return after
