"""Patching of a YAML mapping with other values, at any depth: unchanged lines stay the same to the character.

`patched` takes a mapping as text, its fields at the left edge, and its new values. Lists name for each entry which of the file's it was,
so that entries keep their comments, their spelling and the fields not in the form while they are changed, moved or removed. The
result is read again: it has the requested values, or EditRefused is raised.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from courses.content import editing
from courses.content.writing import scalar
from kernel import yaml_tree
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence

STEP = 2


@dataclass(frozen=True, slots=True)
class ListEdit:
    """A list: of each entry the place that it had in the file, from 0 (None: it is new), and what it is to say."""

    entries: "tuple[tuple[int | None, Wanted], ...]"


Wanted = str | ListEdit | list[editing.Written] | Mapping[str, "Wanted"] | None
"""What a field is to say. A list without `Items` is matched with the file's by what its entries say."""


def plain(edit: Wanted) -> editing.Written:
    """Return the wanted value as it is read back."""
    if isinstance(edit, ListEdit):
        return [plain(value) for _place, value in edit.entries]
    if isinstance(edit, Mapping):
        return {name: plain(value) for name, value in edit.items()}
    return edit


def patched(text: str, edits: Mapping[str, Wanted], flows: Collection[str] = (), parent: str = "") -> str:
    """Return the text of a mapping that says what is wanted; new fields come where `wanted` has them.

    `flows` are the fields that stand on one line where they fit; `variables.*` means all those inside of `variables`.
    """
    before = editing.read_fields(text)
    if before == plain(edits):
        return text
    for old, new in _renamed(before, edits):
        text = _with_name(text, old, new)
    for name, value in edits.items():
        text = _with_value(text, name, value, list(edits), flows, parent)
    for name in editing.read_fields(text):
        if name not in edits:
            text = editing.write_field(text, name, None, ())
    if editing.read_fields(text) != plain(edits):
        raise editing.EditRefused
    return text


def _renamed(before: Mapping[str, editing.Written], edits: Mapping[str, Wanted]) -> Iterator[tuple[str, str]]:
    """Yield fields that took another name: what the one held the other holds, or it is the only one that came where the only one went."""
    gone = [name for name in before if name not in edits]
    fresh = [name for name in edits if name not in before]
    alone = len(gone) == len(fresh) == 1
    for old in gone:
        for new in fresh:
            value = plain(edits[new])
            in_place = alone and type(before[old]) is type(value) and _above(old, before, edits) == _above(new, edits, before)
            if in_place or (value is not None and value == before[old]):
                fresh.remove(new)
                yield old, new
                break


def _above(name: str, own: Collection[str], other: Collection[str]) -> str:
    """Return the field before this one that stands in both."""
    above = ""
    for field in own:
        if field == name:
            break
        above = field if field in other else above
    return above


def _with_name(text: str, old: str, new: str) -> str:
    root = yaml_tree.parse(text).root
    if not isinstance(root, YamlMapping) or root.flow:
        raise editing.EditRefused
    key = root.entries[old].key
    lines = text.split("\n")
    line = lines[key.line - 1]
    lines[key.line - 1] = f"{line[: key.column - 1]}{scalar(new, flow=False)}{line[key.last_column - 1 :]}"
    return "\n".join(lines)


def _with_value(text: str, name: str, value: Wanted, order: Sequence[str], flows: Collection[str], parent: str) -> str:
    held = editing.read_fields(text)
    if name in held and held[name] == plain(value):
        return text
    root = yaml_tree.parse(text).root
    present = root.entries[name].value if isinstance(root, YamlMapping) and name in root.entries else None
    if isinstance(value, Mapping) and value and isinstance(present, YamlMapping) and not present.flow and present.entries:
        inner = editing.find_nested(text, name)
        if inner is None:
            raise editing.EditRefused
        return editing.replace_nested(text, name, patched(inner, value, flows, name))
    if isinstance(value, list) and isinstance(present, YamlSequence):
        value = _matched(held[name], value)
    if isinstance(value, ListEdit) and value.entries and isinstance(present, YamlSequence) and present.items and not present.flow:
        return _with_items(text, present, value, flows, name)
    flow = name in flows or f"{parent}.*" in flows or bool(getattr(present, "flow", False))
    lines = _new_lines(name, value, flows, flow=flow)
    return editing.with_lines(text, name, lines, order) if text.strip() else "\n".join(lines) + "\n"


def _new_lines(name: str, value: Wanted, flows: Collection[str], *, flow: bool) -> list[str]:
    head = f"{scalar(name, flow=False)}:"
    held = plain(value)
    if flow and not isinstance(held, str) and held is not None and _fits(line := f"{head} {editing.in_brackets(held)}"):
        return [line]
    if isinstance(value, Mapping) and value:
        inner = patched("", value, flows, name).rstrip("\n").split("\n")
        return [head, *(" " * STEP + line if line else "" for line in inner)]
    if isinstance(value, ListEdit | list) and held:
        items = value.entries if isinstance(value, ListEdit) else [(None, item) for item in value]
        return [head, *(line for _place, item in items for line in _new_item(item, editing.DASH, editing.CONTENT, flows, name))]
    if isinstance(held, str):
        return editing.text_lines(head, held)
    return [head if held is None else f"{head} {editing.in_brackets(held)}"]


def _fits(line: str) -> bool:
    return len(line) <= editing.FLOW and "\n" not in line


def _new_item(value: Wanted, dash: int, content: int, flows: Collection[str], parent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        return editing.behind_dash(patched("", value, flows, parent), dash, content)
    held = plain(value)
    lines = editing.text_lines("-", held if isinstance(held, str) else editing.in_brackets(held))
    lead = " " * (content - dash - 2)
    return [f"{' ' * dash}-{lead}{lines[0][1:]}", *(" " * content + line[STEP:] if line else "" for line in lines[1:])]


def _last(lines: Sequence[str], node: YamlNode) -> int:
    last = max(node.line, editing.last_line(node))
    while last > node.line and not lines[last - 1].strip():
        last -= 1
    return last


# --- Lists -------------------------------------------------------------------------------------------------------------------------------


def _matched(before: editing.Written, after: list[editing.Written]) -> ListEdit:
    """Match each entry of a list with the one that it was: those that are the same, and those that stand between the same ones."""
    old = [repr(entry) for entry in before] if isinstance(before, list) else []
    places: list[int | None] = [None] * len(after)
    for _tag, first, last, begin, end in SequenceMatcher(None, old, [repr(entry) for entry in after], autojunk=False).get_opcodes():
        for index, number in zip(range(begin, end), range(first, last), strict=False):
            places[index] = number
    return ListEdit(tuple(zip(places, after, strict=True)))


@dataclass(frozen=True, slots=True)
class _Old:
    """An entry as it stands, lines counted from 0.

    `first` is that of the first comment above, `begin` that of the dash, `last` the one after.
    """

    node: YamlNode
    first: int
    begin: int
    last: int
    dash: int


def _with_items(text: str, listing: YamlSequence, edit: ListEdit, flows: Collection[str], name: str) -> str:
    lines = text.split("\n")
    old: list[_Old] = []
    for item in listing.items:
        old.append(_old(lines, item, old[-1].last if old else 0))
    held = editing.read_fields(text)[name]
    assert isinstance(held, list)
    between = [lines[span.last : other.first] for span, other in pairwise(old)]
    after: list[str] = []
    seen: set[int] = set()
    for number, (index, value) in enumerate(edit.entries):
        after += between[min(number, len(between)) - 1] if number and between else []
        span = old[index] if index is not None and index < len(old) and index not in seen else None
        if span is None or index is None:
            after += _new_item(value, old[0].dash, old[0].node.column - 1, flows, name)
            continue
        seen.add(index)
        after += lines[span.first : span.last] if held[index] == plain(value) else _changed_item(lines, span, value, flows, name)
    left = between[max(len(edit.entries) - 1, 0) :]
    after += [line for lines_between in left for line in lines_between if line.strip()]
    return "\n".join([*lines[: old[0].first], *after, *lines[old[-1].last :]])


def _old(lines: Sequence[str], item: YamlNode, above: int) -> _Old:
    lead = lines[item.line - 1][: item.column - 1]
    if not lead.strip() == "-":
        raise editing.EditRefused
    first = begin = item.line - 1
    while first > above and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return _Old(item, first, begin, _last(lines, item), lead.index("-"))


def _changed_item(lines: Sequence[str], old: _Old, value: Wanted, flows: Collection[str], parent: str) -> list[str]:
    """Return the lines of an entry that says something else; the comments above it stay."""
    node, content, comments = old.node, old.node.column - 1, list(lines[old.first : old.begin])
    lead = lines[old.begin][:content]
    on_one_line = old.last == old.begin + 1
    beside = lines[old.begin][node.last_column - 1 :] if on_one_line and node.last_line == node.line else ""
    if isinstance(node, YamlMapping) and node.flow and on_one_line and _fits(line := f"{lead}{editing.in_brackets(plain(value))}"):
        return [*comments, line + beside]
    if isinstance(node, YamlScalar) and on_one_line and isinstance(value, str) and "\n" not in value:
        return [*comments, f"{lead}{scalar(value, flow=False)}{beside}"]
    if isinstance(node, YamlScalar) and on_one_line and isinstance(value, Mapping) and value:
        bare = f"{next(iter(value))}: {lines[old.begin][content:]}\n"
        return [*comments, *editing.behind_dash(patched(bare, value, flows, parent), old.dash, content)]
    if isinstance(node, YamlMapping) and not node.flow and isinstance(value, Mapping) and value:
        own = [lines[old.begin][content:], *(editing.outdented(line, content) for line in lines[old.begin + 1 : old.last])]
        return [*comments, *editing.behind_dash(patched("\n".join(own) + "\n", value, flows, parent), old.dash, content)]
    return [*comments, *_new_item(value, old.dash, content, flows, parent)]
