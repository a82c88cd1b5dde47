"""Changes of a YAML file as lines of text, so that everything beside the change stays as it is to the byte (format, section 13).

A list of mappings (`questions:`) is edited entry by entry. An entry travels as text of its own, its fields at the left edge, the comments
directly above it first; in the file it stands behind its dash. What a change gives is parsed again before it is handed out: the entry
holds what was asked for, and no other entry has moved by a letter.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from courses.content import nodes
from courses.content.nodes import Keyed, Listing, Node, Scalar
from courses.content.writing import scalar
from kernel.errors import N_, DomainError

_COMMENT = re.compile(r"\s*#")
_LED = re.compile(r"( *)-( +)\Z")
_EMPTY_LIST = re.compile(r"\[\s*\]")
DASH, CONTENT = 2, 4


class EditRefused(DomainError):
    """The file is written in a form whose entries cannot be taken out and put back as lines."""

    code = "edit_refused"
    status = 422
    message = N_("This file is written in a form that cannot be edited here. Write it with “lms courses format” and import it again.")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list: its `key` ('' where it has none), its text, and the lines of the file that it takes, both counted from 1."""

    key: str
    text: str
    first: int
    last: int
    dash: int
    content: int
    """Columns, from 0, of the dash and of the fields behind it."""


def list_entries(text: str, name: str) -> tuple[Entry, ...]:
    """Return the entries of the list in the field `name` of a file; raises EditRefused where they cannot be told apart by lines."""
    listing = _listing(text, name)
    if listing is None:
        return ()
    lines = text.split("\n")
    entries: list[Entry] = []
    for item in listing.items:
        entries.append(_entry(lines, item, above=entries[-1].last if entries else 0))
    return tuple(entries)


def find_entry(entries: Sequence[Entry], key: str) -> int | None:
    """Return the place of the entry with a key, counted from 0."""
    return next((place for place, entry in enumerate(entries) if entry.key == key), None)


def _listing(text: str, name: str) -> Listing | None:
    """Return the list of a field, None where it is absent or empty."""
    root = nodes.parse(text).root
    if root is None and not text.strip():
        return None
    if not isinstance(root, Keyed):
        raise EditRefused
    field = root.entries.get(name)
    if field is None or (isinstance(field.value, Scalar) and not field.value.text):
        return None
    if not isinstance(field.value, Listing):
        raise EditRefused
    if field.value.flow and field.value.items:
        raise EditRefused
    return field.value


def _entry(lines: Sequence[str], item: Node, above: int) -> Entry:
    led = _LED.match(lines[item.line - 1][: item.column - 1])
    if led is None or not isinstance(item, Keyed) or item.flow:
        raise EditRefused
    dash, content = len(led[1]), item.column - 1
    first, last = item.line, last_line(item)
    while last > item.line and not lines[last - 1].strip():
        last -= 1
    while first - 1 > above and _COMMENT.match(lines[first - 2]):
        first -= 1
    key = item.entries.get("key")
    words = [line.strip() for line in lines[first - 1 : item.line - 1]]
    words.append(lines[item.line - 1][content:])
    words += [_outdented(line, content) for line in lines[item.line : last]]
    name = key.value.text if key is not None and isinstance(key.value, Scalar) else ""
    return Entry(name, "\n".join(words) + "\n", first, last, dash, content)


def _outdented(line: str, columns: int) -> str:
    if not line.strip():
        return ""
    if not line[:columns].strip():
        return line[columns:]
    if _COMMENT.match(line):
        return line.strip()
    raise EditRefused


def last_line(node: Node) -> int:
    """Return the line on which a node's text ends; blank lines after it do not count to it."""
    if isinstance(node, Scalar) or getattr(node, "flow", False):
        return max(node.line, node.last_line)
    if isinstance(node, Listing):
        return max((last_line(item) for item in node.items), default=node.line)
    if isinstance(node, Keyed):
        return max((max(entry.key.line, last_line(entry.value)) for entry in node.entries.values()), default=node.line)
    return node.line


def tidy(typed: str) -> str:
    """Return what somebody typed as lines of a file: NFC, LF, no blank lines at either end, a final newline.

    Spaces at the end of a line stay: in a text of several lines two of them are a line break.
    """
    lines = [line if line.strip() else "" for line in unicodedata.normalize("NFC", typed).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def replace_entry(text: str, name: str, place: int, entry: str) -> str:
    """Return the file with the entry in a place (from 0) replaced by another text."""
    entries = list_entries(text, name)
    old = entries[place]
    lines = text.split("\n")
    lines[old.first - 1 : old.last] = _behind_dash(entry, old.dash, old.content)
    return _checked(text, "\n".join(lines), name, gone=place, come=(entry,))


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
        written += _behind_dash(entry, dash, content)
    whole = "\n".join([*lines[:at], *written, *lines[at:]]) + "\n"
    return _checked(text, whole, name, gone=None, come=tuple(added))


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
        kept = [*lines[: entries[0].first - 1], *lines[entries[-1].last :]]
        return "\n".join(f"{line.rstrip()} []" if re.match(rf"{re.escape(name)}\s*:", line) else line for line in kept)
    for place in sorted(gone, reverse=True):
        first, last = entries[place].first - 1, entries[place].last
        if place and not lines[first - 1].strip():
            first -= 1
        elif last < len(lines) and not lines[last].strip() and not place:
            last += 1
        del lines[first:last]
    whole = "\n".join(lines)
    left = [entry.text for place, entry in enumerate(entries) if place not in gone]
    if [entry.text for entry in list_entries(whole, name)] != left:
        raise EditRefused
    return whole


def _behind_dash(entry: str, dash: int, content: int) -> list[str]:
    lines = entry.rstrip("\n").split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)), len(lines) - 1)
    above = [" " * dash + line.strip() for line in lines[:head] if line.strip()]
    first = f"{' ' * dash}-{' ' * (content - dash - 1)}{lines[head]}"
    return [*above, first, *(" " * content + line if line.strip() else "" for line in lines[head + 1 :])]


def _checked(before: str, after: str, name: str, *, gone: int | None, come: Sequence[str]) -> str:
    """Return the changed file; raises EditRefused where another entry changed too, or the new one reads otherwise than by itself."""
    old, new = [entry.text for entry in list_entries(before, name)], [entry.text for entry in list_entries(after, name)]
    expected = [*old, *(tidy(entry) for entry in come)] if gone is None else [*old[:gone], *(tidy(entry) for entry in come), *old[gone + 1 :]]
    if [_bare(text) for text in new] != [_bare(text) for text in expected]:
        raise EditRefused
    return after


def _bare(text: str) -> list[str]:
    """Return the lines without blank ones above and between comments, which are joined to the entry."""
    return [line for line in text.split("\n") if line.strip()]


def set_field(entry: str, name: str, value: str | Sequence[str] | None, order: Sequence[str]) -> str:
    """Return an entry's text with one of its fields written anew: a text, a list in brackets, or None to leave it out.

    `order` is the canonical order of fields: a new field comes after the last one before it that is there.
    """
    root = nodes.parse(entry).root
    if not isinstance(root, Keyed) or root.flow:
        raise EditRefused
    lines = entry.rstrip("\n").split("\n")
    written = None if value is None else f"{name}: {_value(value)}"
    present = root.entries.get(name)
    if present is not None:
        return _rewritten(lines, present, written)
    if written is None:
        return entry
    before = [other for other in order[: order.index(name)] if other in root.entries]
    at = last_line(root.entries[before[-1]].value) if before else root.line - 1
    if before:
        at = max(at, root.entries[before[-1]].key.line)
        while at > 1 and not lines[at - 1].strip():
            at -= 1
    return "\n".join([*lines[:at], written, *lines[at:]]) + "\n"


def _rewritten(lines: list[str], present: nodes.Entry, written: str | None) -> str:
    key, value = present.key, present.value
    first, last = key.line, max(key.line, last_line(value))
    while last > first and not lines[last - 1].strip():
        last -= 1
    beside = ""
    if first == last and written is not None:
        beside = lines[first - 1][value.last_column - 1 :] if value.line == key.line and value.last_column else ""
    lines[first - 1 : last] = [] if written is None else [written + beside]
    return "\n".join(lines) + "\n"


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return scalar(value, flow=False)
    return f"[{', '.join(scalar(entry, flow=True) for entry in value)}]"
