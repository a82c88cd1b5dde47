"""Changes fields and entries of a file of a course folder, nested ones too, and leaves all else as it stands."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY, is_empty
from courses.content.writing import scalar
from kernel import yaml_tree
from kernel.errors import N_, DomainError
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence

Written = str | list["Written"] | dict[str, "Written"] | None
"""A value of a YAML file as it is written: every scalar is a text; None where nothing is."""

_COMMENT = re.compile(r"\s*#")
_LED = re.compile(r"( *)-( +)\Z")
_EMPTY_LIST = re.compile(r"\[\s*\]")
DASH, CONTENT = 2, 4


class EditRefused(DomainError):
    """The file is written in a form whose entries cannot be taken out and put back as lines."""

    status = 422
    message = N_("This file is written in a way that forms cannot change. Edit it as text.")


@dataclass(frozen=True, slots=True)
class ListEntrySpan:
    """An entry of a list: its `key` ('' where it has none), its text, and the lines of the file that it takes, both counted from 1."""

    key: str
    text: str
    first: int
    last: int
    dash: int
    content: int
    """Columns, from 0, of the dash and of the fields behind it."""


def list_entries(text: str, name: str) -> tuple[ListEntrySpan, ...]:
    """Return the entries of the list in the field `name` of a file; raise EditRefused where lines cannot separate them."""
    listing = _listing(text, name)
    if listing is None:
        return ()
    lines = text.split("\n")
    entries: list[ListEntrySpan] = []
    for item in listing.items:
        entries.append(_entry(lines, item, above=entries[-1].last if entries else 0))
    return tuple(entries)


def find_entry(entries: Sequence[ListEntrySpan], key: str) -> int | None:
    """Return the place of the entry with a key, counted from 0."""
    return next((index for index, entry in enumerate(entries) if entry.key == key), None)


def _listing(text: str, name: str) -> YamlSequence | None:
    """Return the list of a field, None where it is absent or empty."""
    root = yaml_tree.parse(text).root
    if root is None and not text.strip():
        return None
    if not isinstance(root, YamlMapping):
        raise EditRefused
    field = root.entries.get(name)
    if field is None or is_empty(field.value):
        return None
    if not isinstance(field.value, YamlSequence):
        raise EditRefused
    if field.value.flow and field.value.items:
        raise EditRefused
    return field.value


def _entry(lines: Sequence[str], item: YamlNode, above: int) -> ListEntrySpan:
    led = _LED.match(lines[item.line - 1][: item.column - 1])
    if led is None or not isinstance(item, YamlMapping):
        raise EditRefused
    dash, content = len(led[1]), item.column - 1
    first, last = item.line, last_line(item)
    while last > item.line and not lines[last - 1].strip():
        last -= 1
    while first - 1 > above and _COMMENT.match(lines[first - 2]):
        first -= 1
    key = item.entries.get("key")
    content_lines = [line.strip() for line in lines[first - 1 : item.line - 1]]
    content_lines.append(lines[item.line - 1][content:])
    content_lines += [outdented(line, content) for line in lines[item.line : last]]
    name = key.value.text if key is not None and isinstance(key.value, YamlScalar) else ""
    return ListEntrySpan(name, "\n".join(content_lines) + "\n", first, last=last, dash=dash, content=content)


def outdented(line: str, columns: int) -> str:
    """Return a line of something that stands so many columns in, as it is at the left edge.

    Raises EditRefused where it stands further out.
    """
    if not line.strip():
        return ""
    if not line[:columns].strip():
        return line[columns:]
    if _COMMENT.match(line):
        return line.strip()
    raise EditRefused


def last_line(node: YamlNode) -> int:
    """Return the line on which a node's text ends; blank lines after it do not count to it."""
    if isinstance(node, YamlScalar) or getattr(node, "flow", False):
        return max(node.line, node.last_line)
    if isinstance(node, YamlSequence):
        return max((last_line(item) for item in node.items), default=node.line)
    if isinstance(node, YamlMapping):
        return max((max(entry.key.line, last_line(entry.value)) for entry in node.entries.values()), default=node.line)
    return node.line


def tidy(typed: str) -> str:
    """Return typed text as lines of a file: NFC, LF, no blank lines at either end, a final newline.

    Spaces at the end of a line stay: in a text of several lines two of them are a line break.
    """
    lines = [
        line if line.strip() else "" for line in unicodedata.normalize("NFC", typed).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    return "\n".join(lines).strip("\n") + "\n"


def replace_entry(text: str, name: str, index: int, entry: str) -> str:
    """Return the file with the entry in a place (from 0) replaced by another text."""
    return replace_entries(text, name, {index: entry})


def replace_entries(text: str, name: str, changed: Mapping[int, str]) -> str:
    """Return the file with the entries in some places (from 0) replaced by other texts; all others stay to the byte."""
    entries = list_entries(text, name)
    lines = text.split("\n")
    for index in sorted(changed, reverse=True):
        old = entries[index]
        lines[old.first - 1 : old.last] = behind_dash(changed[index], old.dash, old.content)
    expected = [tidy(changed[index]) if index in changed else entry.text for index, entry in enumerate(entries)]
    return _checked("\n".join(lines), name, expected)


def add_entries(text: str, name: str, added: Sequence[str]) -> str:
    """Return the file with entries added at the end of a list, a blank line before each; the list is made where there is none."""
    if not added:
        return text
    entries = list_entries(text, name)
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    if entries:
        at, dash, content = entries[-1].last, entries[-1].dash, entries[-1].content
    else:
        lines, at = _opened(lines, name)
        dash, content = DASH, CONTENT
    written: list[str] = []
    for number, entry in enumerate(added):
        written += [""] if entries or number else []
        written += behind_dash(entry, dash, content)
    whole = "\n".join([*lines[:at], *written, *lines[at:]]) + "\n"
    return _checked(whole, name, [*(entry.text for entry in list_entries(text, name)), *map(tidy, added)])


def add_alike(text: str, name: str, added: str) -> str:
    """Return the file with an entry added at the end of a list, a blank line before it only where the others have one between them."""
    after = add_entries(text, name, [added])
    entries = list_entries(after, name)
    spaced = any(entry.last + 1 < other.first for entry, other in pairwise(entries[:-1]))
    lines, above = after.split("\n"), entries[-1].first - 2
    if len(entries) < 2 or spaced or lines[above].strip():
        return after
    return "\n".join([*lines[:above], *lines[above + 1 :]])


def _opened(lines: list[str], name: str) -> tuple[list[str], int]:
    """Return the lines with an open field for a list that is empty or absent, and the line after which entries come."""
    for number, line in enumerate(lines):
        if re.match(rf"{re.escape(name)}\s*:", line):
            return [*lines[:number], _EMPTY_LIST.sub("", line, count=1).rstrip(), *lines[number + 1 :]], number + 1
    return [*lines, f"{name}:"], len(lines) + 1


def without_entries(text: str, name: str, places: Sequence[int]) -> str:
    """Return the file without the entries in some places; comments above them go with them."""
    gone = set(places)
    entries = list_entries(text, name)
    lines = text.split("\n")
    if len(gone) == len(entries):
        remaining = [*lines[: entries[0].first - 1], *lines[entries[-1].last :]]
        return "\n".join(f"{line.rstrip()} []" if re.match(rf"{re.escape(name)}\s*:", line) else line for line in remaining)
    for index in sorted(gone, reverse=True):
        first, last = entries[index].first - 1, entries[index].last
        if index and not lines[first - 1].strip():
            first -= 1
        elif last < len(lines) and not lines[last].strip() and not index:
            last += 1
        del lines[first:last]
    whole = "\n".join(lines)
    left = [entry.text for index, entry in enumerate(entries) if index not in gone]
    if [entry.text for entry in list_entries(whole, name)] != left:
        raise EditRefused
    return whole


def with_entry_moved(text: str, name: str, index: int, to: int) -> str:
    """Return the file with the entry in a place (from 0) at another one; comments above it go with it, blank lines between entries stay."""
    entries = list_entries(text, name)
    order = list(range(len(entries)))
    order.insert(to, order.pop(index))
    lines = text.split("\n")
    pieces = lines[: entries[0].first - 1]
    for number, (old, new) in enumerate(zip(entries, (entries[moved] for moved in order), strict=True)):
        pieces += behind_dash(new.text, old.dash, old.content) if new is not old else lines[old.first - 1 : old.last]
        pieces += lines[old.last : entries[number + 1].first - 1] if number + 1 < len(entries) else lines[old.last :]
    whole = "\n".join(pieces)
    if [entry.text for entry in list_entries(whole, name)] != [entries[moved].text for moved in order]:
        raise EditRefused
    return whole


def behind_dash(entry: str, dash: int, content: int) -> list[str]:
    """Return the lines of an entry in a list: its fields behind the dash, the comments that it begins with above."""
    lines = entry.rstrip("\n").split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)), len(lines) - 1)
    above = [" " * dash + line.strip() for line in lines[:head] if line.strip()]
    first = f"{' ' * dash}-{' ' * (content - dash - 1)}{lines[head]}"
    return [*above, first, *(" " * content + line if line.strip() else "" for line in lines[head + 1 :])]


def _checked(after: str, name: str, expected: Sequence[str]) -> str:
    """Return the changed file; raise EditRefused where its entries read otherwise than those expected."""
    if [_bare(entry.text) for entry in list_entries(after, name)] != [_bare(text) for text in expected]:
        raise EditRefused
    return after


def _bare(text: str) -> list[str]:
    """Return the lines without blank ones above and between comments, which are joined to the entry."""
    return [line for line in text.split("\n") if line.strip()]


def set_field(entry: str, name: str, value: str | Sequence[str] | None, order: Sequence[str]) -> str:
    """Return an entry's text with one of its fields written anew: a text, a list in brackets, or None to leave it out.

    `order` is the canonical order of fields: a new field comes after the last one before it that is there.
    """
    root = yaml_tree.parse(entry).root
    if isinstance(root, YamlMapping) and root.flow:
        return _in_braces(entry, root, name, value if value is None or isinstance(value, str) else list(value), order)
    return with_lines(entry, name, [] if value is None else [f"{name}: {_value(value)}"], order)


def with_lines(entry: str, name: str, written: Sequence[str], order: Sequence[str]) -> str:
    """Return an entry's text whose field is these lines, at its place or by `order`; none take it out. It is not read again."""
    root = yaml_tree.parse(entry).root
    if not isinstance(root, YamlMapping) or root.flow:
        raise EditRefused
    lines = entry.rstrip("\n").split("\n")
    present = root.entries.get(name)
    if present is not None:
        return _rewritten(lines, present, written)
    if not written:
        return entry
    before = [other for other in order[: order.index(name)] if other in root.entries] if name in order else list(root.entries)
    at = last_line(root.entries[before[-1]].value) if before else root.line - 1
    if before:
        at = max(at, root.entries[before[-1]].key.line)
        while at > 1 and not lines[at - 1].strip():
            at -= 1
    return "\n".join([*lines[:at], *written, *lines[at:]]) + "\n"


def _rewritten(lines: list[str], present: yaml_tree.YamlPair, written: Sequence[str]) -> str:
    key, value = present.key, present.value
    first, last = key.line, max(key.line, last_line(value))
    while last > first and not lines[last - 1].strip():
        last -= 1
    beside = ""
    if first == last and written:
        beside = lines[first - 1][value.last_column - 1 :] if value.line == key.line and value.last_column else ""
    lines[first - 1 : last] = [written[0] + beside, *written[1:]] if written else []
    return "\n".join(lines) + "\n"


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return scalar(value, flow=False)
    return f"[{', '.join(scalar(entry, flow=True) for entry in value)}]"


# --- Fields of any shape -----------------------------------------------------------------------------------------------------------------

FLOW = 100
"""Columns within which lists of keys and mappings of words stay on one line (spec/content-format 11)."""


def read_fields(text: str) -> dict[str, Written]:
    """Return the fields of a file, every scalar as the text that was written.

    Raises EditRefused where it is no mapping that can be read.
    """
    root = yaml_tree.parse(text).root
    if root is None and not text.strip():
        return {}
    if not isinstance(root, YamlMapping):
        raise EditRefused
    return {name: _plain(entry.value) for name, entry in root.entries.items()}


def former_keys(fields: Mapping[str, Written]) -> list[str]:
    """Return the keys that the part or question with these fields had before, under either name of their field."""
    values = [fields.get(name) for name in (FORMER_KEYS, FORMERLY)]
    return [key for keys in values for key in (keys if isinstance(keys, list) else [keys]) if key and isinstance(key, str)]


def _plain(node: YamlNode) -> Written:
    if isinstance(node, YamlScalar):
        return node.text.strip("\n") or None
    if isinstance(node, YamlSequence):
        return [_plain(item) for item in node.items]
    assert isinstance(node, YamlMapping)
    return {name: _plain(entry.value) for name, entry in node.entries.items()}


def write_field(text: str, name: str, value: Written, order: Sequence[str], *, flow: bool = False, deep_flow: bool = False) -> str:
    """Return a file, or an entry of a list, with a field of any shape written anew; None takes it out.

    `flow`: on one line where it fits; `deep_flow`: each value inside it on one line.

    What comes of it is read again: this field holds the value, and all others what they held.
    """
    before = read_fields(text)
    root = yaml_tree.parse(text).root
    if isinstance(root, YamlMapping) and root.flow:
        return _read_again(_in_braces(text, root, name, value, order), before, name, value)
    lines = [] if value is None else _lines_of(name, value, flow=flow, deep_flow=deep_flow)
    after = with_lines(text, name, lines, order) if text.strip() else ""
    if not text.strip():
        after = "\n".join(_lines_of(name, value, flow=flow, deep_flow=deep_flow)) + "\n"
    return _read_again(after, before, name, value)


def _read_again(after: str, before: Mapping[str, Written], name: str, value: Written) -> str:
    """Return a text that was changed; raises EditRefused where it does not say what was asked for."""
    expected = {other: held for other, held in before.items() if other != name}
    if value is not None:
        expected[name] = value
    if read_fields(after) != expected:
        raise EditRefused
    return after


def _in_braces(text: str, root: YamlMapping, name: str, value: Written, order: Sequence[str]) -> str:
    """Return a mapping in braces with one field rewritten, the others unchanged to the character.

    A field too long for its line gets lines of its own.
    """
    present = root.entries.get(name)
    if present is None and value is None:
        return text
    others = [entry for entry in root.entries.values() if entry is not present]
    if not others:
        after = _cut(text, _start(root), _end(root), "{}" if value is None else in_brackets({name: value}))
    elif present is None:
        before = [root.entries[other] for other in order[: order.index(name)] if other in root.entries] if name in order else others
        offset, field = (_end(before[-1].value), ", {}") if before else (_start(root.entries[next(iter(root.entries))].key), "{}, ")
        after = _cut(text, offset, offset, field.format(_in_brackets_of(name, value)))
    elif value is not None:
        after = _cut(text, _start(present.key), _end(present.value), _in_brackets_of(name, value))
    else:
        entries = list(root.entries.values())
        number = entries.index(present)
        first, last = (_end(entries[number - 1].value), _end(present.value)) if number else (_start(present.key), _start(entries[1].key))
        after = _cut(text, first, last, "")
    if root.line == root.last_line and (_is_long(value) or len(after.split("\n")[root.line - 1]) > FLOW):
        return _on_lines(text, root, name, value, order)
    return after


def _in_brackets_of(name: str, value: Written) -> str:
    return in_brackets({name: value})[1:-1]


def _is_long(value: Written) -> bool:
    return any(map(_is_long, value.values())) if isinstance(value, dict) else isinstance(value, str) and "\n" in value


def _start(node: YamlNode) -> tuple[int, int]:
    return node.line, node.column


def _end(node: YamlNode) -> tuple[int, int]:
    return node.last_line, node.last_column


def _cut(text: str, first: tuple[int, int], last: tuple[int, int], between: str) -> str:
    """Return a text with what stands from one place (line and column from 1) to before another replaced."""
    lines = text.split("\n")
    head = [*lines[: first[0] - 1], lines[first[0] - 1][: first[1] - 1]]
    tail = [lines[last[0] - 1][last[1] - 1 :], *lines[last[0] :]]
    return "\n".join(head) + between + "\n".join(tail)


def _on_lines(text: str, root: YamlMapping, name: str, value: Written, order: Sequence[str]) -> str:
    """Return a mapping in braces with each field on a line of its own, one of them written anew; a comment beside it stands above."""
    lines = text.rstrip("\n").split("\n")
    beside = lines[root.line - 1][root.last_column - 1 :].strip()
    written = [line for line in (*lines[: root.line - 1], beside) if line]
    for field, held in read_fields(text).items():
        written += _lines_of(field, held, flow=True)
    return write_field("\n".join(written) + "\n", name, value, order, flow=True)


def _lines_of(name: str, value: Written, *, flow: bool = False, deep_flow: bool = False) -> list[str]:
    head = f"{scalar(name, flow=False)}:"
    if deep_flow and isinstance(value, dict):
        return [head, *(f"  {line}" for inner, held in value.items() for line in _lines_of(inner, held, flow=True))]
    if flow and not isinstance(value, str) and not _is_long(value):
        line = f"{head} {in_brackets(value)}"
        if len(line) <= FLOW:
            return [line]
    if value is None:
        return [head]
    if isinstance(value, str):
        return text_lines(head, value)
    if not value:
        return [f"{head} {'[]' if isinstance(value, list) else '{}'}"]
    return [head, *(f"  {line}" if line else "" for line in _block(value))]


def _block(value: "list[Written] | dict[str, Written]") -> list[str]:
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in _lines_of(name, inner)]
    lines: list[str] = []
    for item in value:
        if isinstance(item, dict):
            inner = _block(item)
            lines += [f"- {inner[0]}", *(f"  {line}" if line else "" for line in inner[1:])]
        else:
            lines += text_lines("-", item if isinstance(item, str) else in_brackets(item))
    return lines


def text_lines(head: str, text: str) -> list[str]:
    """Return a text behind a name with its colon, or behind a dash."""
    if "\n" not in text:
        return [f"{head} {scalar(text, flow=False)}"]
    mark = "|2" if text.startswith(" ") else "|"
    return [f"{head} {mark}", *(f"  {line}" if line.strip() else "" for line in text.split("\n"))]


def in_brackets(value: Written) -> str:
    """Return a value on one line."""
    if isinstance(value, list):
        return f"[{', '.join(in_brackets(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name, flow=True)}: {in_brackets(inner)}" for name, inner in value.items()) + "}"
    return scalar(value or "", flow=True)


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
