"""Writes values and new files of a course folder in the order and form that its author finds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from courses.content.mapping_cursor import MappingCursor, is_empty
from courses.content.scalars import MAXIMUM_KEY
from kernel.markup.source import slug
from kernel.yaml_tree import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

WIDTH = 100
LANGUAGE_ORDER = ("es", "en")
_STEP = 2
_SIGNS = ",[]{}#&*!|>'\"%@`"
_SPACED_SIGNS = "-?:"
_FLOW_SIGNS = re.compile(r"\A[:?]|[,\[\]{}]")
_COMMENT = re.compile(r"\s*#")
_BESIDE = re.compile(r"[\s,:\]}]*\s(#.*)\Z")


def scalar(text: str, *, flow: bool) -> str:
    """Return a text on one line: plain where that reads back the same, else in single quotes."""
    if _is_plain(text) and not (flow and _FLOW_SIGNS.search(text)):
        return text
    return "'" + text.replace("'", "''") + "'"


def _is_plain(text: str) -> bool:
    if not text or text != text.strip() or text[0] in _SIGNS or text.endswith(":"):
        return False
    if text[0] in _SPACED_SIGNS and (len(text) == 1 or text[1] == " "):
        return False
    return ": " not in text and " #" not in text and "\t" not in text


class Comments:
    """The comments of a file: those on their own lines belong to the entry below, those beside an entry to it."""

    def __init__(self, text: str, root: YamlNode) -> None:
        self.above: dict[int, list[str]] = {}
        self.beside: dict[int, str] = {}
        lines = text.split("\n")
        inside, ends = set(_inner_lines(root)), _ends(root)
        waiting: list[str] = []
        for number, line in enumerate(lines, start=1):
            if number in inside or not line.strip():
                continue
            if _COMMENT.match(line):
                waiting.append(line.strip())
                continue
            if waiting:
                self.above[number] = waiting
                waiting = []
            beside = _BESIDE.match(line[ends.get(number, 1) - 1 :])
            if beside:
                self.beside[number] = beside[1]
        self.below = waiting

    @property
    def left(self) -> bool:
        """Return whether comments were not written."""
        return bool(self.above or self.beside)


def _walk(node: YamlNode) -> Iterator[YamlNode]:
    yield node
    if isinstance(node, YamlSequence):
        for item in node.items:
            yield from _walk(item)
    elif isinstance(node, YamlMapping):
        for entry in node.entries.values():
            yield entry.key
            yield from _walk(entry.value)


def _inner_lines(root: YamlNode) -> Iterator[int]:
    """Yield the lines inside texts of several lines, where # is no comment."""
    for node in _walk(root):
        if isinstance(node, YamlScalar):
            yield from range(node.line + 1, node.last_line + (1 if node.style in ("|", ">") else 0))


def _ends(root: YamlNode) -> dict[int, int]:
    """Return for each line the column after the last thing that ends on it."""
    ends: dict[int, int] = {}
    for node in _walk(root):
        if isinstance(node, YamlScalar):
            line, column = (node.line, node.column + 1) if node.style in ("|", ">") else (node.last_line, node.last_column)
        elif getattr(node, "flow", False):
            line, column = node.last_line, node.last_column
        else:
            continue
        ends[line] = max(ends.get(line, 1), column)
    return ends


class Writer:
    """Writes one file; `tables` gives the cursor that read a mapping, which knows the order of its fields."""

    def __init__(self, text: str, root: YamlMapping, tables: Mapping[int, MappingCursor]) -> None:
        self.comments = Comments(text, root)
        self.tables = tables
        self.lines: list[str] = []
        self.root = root

    def write(self) -> str:
        """Return the whole file."""
        self._table(self.root, 0)
        return "\n".join((*self.lines, *self.comments.below)) + "\n"

    def _ordered(self, node: YamlMapping) -> list[tuple[str, YamlPair]]:
        table = self.tables.get(id(node))
        if table is None or table.is_list:
            names = list(node.entries)
            if set(names) <= set(LANGUAGE_ORDER):
                names = [name for name in LANGUAGE_ORDER if name in node.entries]
        else:
            known = [name for name in table.asked if name in node.entries and name not in table.redundant]
            names = known + [name for name in node.entries if name not in table.asked]
        return [(name, node.entries[name]) for name in names if not is_empty(node.entries[name].value)]

    def _table(self, node: YamlMapping, indent: int, first: str = "") -> None:
        """Write the entries of a mapping; `first` replaces the indent of the first line (`  - `)."""
        table = self.tables.get(id(node))
        for name, entry in self._ordered(node):
            lead = first or " " * indent
            self._above(entry.key.line, indent if not first else indent - _STEP)
            first = ""
            self._entry(lead, name, entry, indent, table)

    def _above(self, line: int, indent: int) -> None:
        self.lines.extend(" " * indent + comment for comment in self.comments.above.pop(line, ()))

    def _beside(self, *lines: int) -> str:
        comments = [self.comments.beside.pop(line) for line in dict.fromkeys(lines) if line in self.comments.beside]
        return f"  {' '.join(comments)}" if comments else ""

    def _entry(self, lead: str, name: str, entry: YamlPair, indent: int, table: MappingCursor | None) -> None:
        value = entry.value
        head = f"{lead}{scalar(name, flow=False)}:"
        if isinstance(value, YamlScalar):
            self._text(head, value, indent)
            return
        flow = self._flow(name, value, table)
        if flow is not None and len(head) + 1 + len(flow) <= WIDTH:
            self.lines.append(f"{head} {flow}{self._beside(value.line, value.last_line)}")
            return
        self.lines.append(head + self._beside(entry.key.line))
        spaced = table is not None and name in table.spaced
        if isinstance(value, YamlMapping):
            self._table(value, indent + _STEP)
        elif isinstance(value, YamlSequence):
            self._listing(value, indent + _STEP, spaced=spaced)

    def _text(self, head: str, value: YamlScalar, indent: int) -> None:
        text = value.text.strip("\n")
        if "\n" not in text:
            self.lines.append(f"{head} {scalar(text, flow=False)}{self._beside(value.line, value.last_line)}")
            return
        mark = "|2" if text.startswith(" ") else "|"
        self.lines.append(f"{head} {mark}{self._beside(value.line)}")
        self.lines.extend(" " * (indent + _STEP) + line if line else "" for line in text.split("\n"))

    def _listing(self, node: YamlSequence, indent: int, *, spaced: bool) -> None:
        for number, item in zip(count(), node.items, strict=False):
            if spaced and number:
                self.lines.append("")
            self._above(item.line, indent)
            lead = " " * indent + "- "
            if isinstance(item, YamlMapping) and self._ordered(item):
                self._table(item, indent + _STEP, lead)
            elif isinstance(item, YamlScalar):
                self._text(lead.rstrip(), item, indent)
            else:
                self.lines.append(f"{lead}{self._as_flow(item) or '[]'}")

    def _flow(self, name: str, value: YamlNode, table: MappingCursor | None) -> str | None:
        """Return a value in flow style where its field is written so, None where it is not."""
        inner = self.tables.get(id(value))
        empty = (isinstance(value, YamlSequence) and not value.items) or (isinstance(value, YamlMapping) and not value.entries)
        if empty or (table is not None and name in table.flows) or (inner is not None and inner.flow_whole):
            return self._as_flow(value)
        return None

    def _as_flow(self, value: YamlNode) -> str | None:
        if isinstance(value, YamlScalar):
            text = value.text.strip("\n")
            return None if "\n" in text else scalar(text, flow=True)
        if isinstance(value, YamlSequence):
            parts = [self._as_flow(item) for item in value.items]
            return None if None in parts else f"[{', '.join(part or '' for part in parts)}]"
        if not isinstance(value, YamlMapping):
            return None
        pairs = [(name, self._as_flow(entry.value)) for name, entry in self._ordered(value)]
        if any(part is None for _, part in pairs):
            return None
        return "{" + ", ".join(f"{scalar(name, flow=True)}: {part}" for name, part in pairs) + "}"


LONGEST_NAME = 60
LESSON = "page"


@dataclass(frozen=True, slots=True)
class NewCourse:
    """The values that begin a new course."""

    key: str
    title: str
    languages: tuple[str, ...]
    author: str
    module: str
    lesson: str


def proposed_key(title: str, taken: Iterable[str] = ()) -> str:
    """Return a key made of a title that nothing has yet: the title's slug, with a number where it is taken."""
    base = slug(title)[:LONGEST_NAME].strip("-") or "parte"
    used, key, number = set(taken), base, 1
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key


def course_files(new: NewCourse) -> dict[str, str]:
    """Return the files of a new course: its settings, one module, one lesson."""
    module = proposed_key(new.module)
    lesson = proposed_key(new.lesson, [module])
    folder = f"01-{module}"
    return {
        "course.yaml": course_text(new),
        f"{folder}/module.yaml": module_text(module, new.module),
        f"{folder}/01-{lesson}.{new.languages[0]}.md": lesson_text(lesson, new.lesson),
    }


def course_text(new: NewCourse) -> str:
    """Return a course's settings, without the rules of style; what is not written here has the format's own defaults."""
    languages = "" if new.languages == ("es",) else f"languages: [{', '.join(new.languages)}]\n"
    title, author = scalar(new.title, flow=False), scalar(new.author, flow=False)
    head = f"format: 1\nkey: {new.key}\ntitle: {title}\n{languages}style_rules: false\n"
    return f"{head}authors:\n  - name: {author}\nlicence: CC-BY-4.0\n"


def module_text(key: str, title: str) -> str:
    """Return the settings of a module."""
    return f"key: {key}\ntitle: {scalar(title, flow=False)}\n"


def lesson_text(key: str, title: str, body: str = "") -> str:
    """Return a lesson in the course's own language."""
    return f"---\nkey: {key}\ntitle: {scalar(title, flow=False)}\n---\n{body}"


def translation_text(title: str, stamp: str, body: str = "") -> str:
    """Return a lesson in another language, which follows the state of its source that the stamp names."""
    return f"---\ntitle: {scalar(title, flow=False)}\ntranslated_from: {stamp}\n---\n{body}"


def activity_text(key: str, title: str, rest: str) -> str:
    """Return an activity that is a file of fields; `rest` are those that its kind needs."""
    return f"key: {key}\ntitle: {scalar(title, flow=False)}\n{rest}"


def is_key(text: str) -> bool:
    """Return whether a text may be a key."""
    return 0 < len(text) <= MAXIMUM_KEY and slug(text) == text
