"""YAML as a tree of texts with their places: every scalar is what was written, typed later by its field (spec/content-format 1.2 to 1.4).

The tree is built from events, because only they show what composing hides: anchors, aliases, tags, second documents, keys twice. They are
libyaml's where it reads a text as ruamel does, some twenty times as fast, and nothing is wrong with it; else ruamel's, whose places every
finding has.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml as libyaml
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kernel.errors import N_
from kernel.markup.source import normalise

MAXIMUM_DEPTH = 12
_DOCUMENT_START = (events.DocumentStartEvent, libyaml.DocumentStartEvent)
_STREAM_END = (events.StreamEndEvent, libyaml.StreamEndEvent)
_ALIAS = (events.AliasEvent, libyaml.AliasEvent)
_SCALAR = (events.ScalarEvent, libyaml.ScalarEvent)
_SEQUENCE_START = (events.SequenceStartEvent, libyaml.SequenceStartEvent)
_SEQUENCE_END = (events.SequenceEndEvent, libyaml.SequenceEndEvent)
_MAPPING_START = (events.MappingStartEvent, libyaml.MappingStartEvent)
_MAPPING_END = (events.MappingEndEvent, libyaml.MappingEndEvent)


@dataclass(slots=True, eq=False)
class YamlNode:
    """Anything in a YAML file; `line` and `column` count from 1; it ends before `last_column` of `last_line`."""

    line: int
    column: int
    last_line: int = 0
    last_column: int = 0


@dataclass(slots=True, eq=False)
class YamlScalar(YamlNode):
    """A text; `style` is '' for plain, else the sign that begins it."""

    text: str = ""
    style: str = ""


@dataclass(slots=True, eq=False)
class YamlSequence(YamlNode):
    """A sequence."""

    items: list[YamlNode] = field(default_factory=list)
    flow: bool = False


@dataclass(slots=True, eq=False)
class YamlPair:
    """A key of a mapping and its value."""

    key: YamlScalar
    value: YamlNode


@dataclass(slots=True, eq=False)
class YamlMapping(YamlNode):
    """A mapping, in the order of the file."""

    entries: dict[str, YamlPair] = field(default_factory=dict)
    flow: bool = False


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """Something wrong with the YAML itself."""

    code: str
    line: int
    column: int
    template: str
    fix: str = ""
    name: str = ""


class YamlError(Exception):
    """The YAML cannot be read any further; `args[0]` is the Trouble."""


@dataclass(frozen=True, slots=True)
class ParsedYaml:
    """The root (None for an empty file or a broken one) and what is wrong."""

    root: YamlNode | None
    troubles: tuple[YamlProblem, ...]


CUT = re.compile(r"[ \t]+#(?=[^ \t])")
EMPTY_CUT = re.compile(r"[ \t]*:[ \t]+#(?=[^ \t])")
CUT_MESSAGE = N_("The text is cut off at #, because what follows would be a comment.")

QUOTES = N_("Put the text in quotes.")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ruamel counts as the end of a line."""


_READ_DIFFERENTLY = re.compile(
    "(?m)[\t\r\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]"
    r"|[|>][-+0-9]*#"
    r"|[\"']:[^ \n]"
    r"|^(?:---|\.\.\.|%)"
)
"""What ruamel reads by YAML 1.2 and libyaml by 1.1, or places differently: tabs, other ends of lines, a comment right after `|`, a colon
right after a quoted text, several documents."""


def parse(text: str) -> ParsedYaml:
    """Parse one YAML document; report all its problems at once, up to the first that ends the reading."""
    root = _parse_quickly(text)
    return ParsedYaml(root, ()) if root is not None else _parse_with_places(text)


def _parse_quickly(text: str) -> YamlMapping | None:
    """Return the mapping that a text without problems is; None where ruamel has to read it."""
    loader = getattr(libyaml, "CSafeLoader", None)  # PyYAML can be built without it
    if loader is None or not text.endswith("\n") or _READ_DIFFERENTLY.search(text):
        return None
    with suppress(libyaml.YAMLError, UnicodeError, YamlError):
        builder = _YamlTreeBuilder(text, libyaml.parse(text, Loader=loader))
        root = builder.build()
        if isinstance(root, YamlMapping) and not builder.troubles:
            return root
    return None


def _parse_with_places(text: str) -> ParsedYaml:
    builder = _YamlTreeBuilder(text, YAML(typ="safe", pure=True).parse(text))
    try:
        root = builder.build()
    except YamlError as broken:
        return ParsedYaml(None, (*builder.troubles, broken.args[0]))
    except MarkedYAMLError as error:
        return ParsedYaml(None, (*builder.troubles, _syntax(error)))
    except YAMLError as error:
        return ParsedYaml(
            None,
            (
                *builder.troubles,
                YamlProblem("C102", 1, 1, template=N_("The YAML cannot be read: %(name)s"), fix="", name=str(error).splitlines()[0]),
            ),
        )
    return ParsedYaml(root, tuple(builder.troubles))


def _syntax(error: MarkedYAMLError) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    problem = str(error.problem or "")
    if problem.startswith("mapping values are not allowed"):
        return YamlProblem("C102", line, column, N_("The YAML cannot be read here: the text contains a colon and a space."), QUOTES)
    if "cannot start any token" in problem:
        return YamlProblem(
            "C102", line, column, N_("The YAML cannot be read here: the text starts with a character that has a meaning in YAML."), QUOTES
        )
    return YamlProblem(
        "C102", line, column, N_("The YAML cannot be read here: check the indentation, the quotes and the brackets."), QUOTES
    )


def _visible(text: str) -> str:
    """Return a text without the signs that nobody sees: between double quotes they may be written as `\\0` or `\\u202e`."""
    return text if text.isprintable() else normalise(text)


class _YamlTreeBuilder:
    """Builds the tree from events; recursion follows the nesting of the file, at most MAXIMUM_DEPTH deep."""

    def __init__(self, text: str, stream: Iterable[Any]) -> None:
        self.lines = _LINE_END.split(text)
        self.events = iter(stream)
        self.troubles: list[YamlProblem] = []

    def build(self) -> YamlNode | None:
        root: YamlNode | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, _DOCUMENT_START):
                documents += 1
                if documents > 1:
                    raise YamlError(self._trouble("C104", event, N_("The file contains a second document.")))
            elif isinstance(event, _STREAM_END):
                return root
            elif isinstance(event, (*_SCALAR, *_SEQUENCE_START, *_MAPPING_START, *_ALIAS)):
                root = self._node(event, 0)
        return root

    def _trouble(self, code: str, event: Any, template: str, fix: str = "", name: str = "") -> YamlProblem:
        return YamlProblem(code, event.start_mark.line + 1, event.start_mark.column + 1, template=template, fix=fix, name=name)

    def _node(self, event: Any, depth: int) -> YamlNode:
        self._refuse_cleverness(event)
        if isinstance(event, _SCALAR):
            return self._scalar(event)
        if depth >= MAXIMUM_DEPTH:
            raise YamlError(self._trouble("C105", event, N_("The YAML is nested deeper than %(name)s levels."), "", str(MAXIMUM_DEPTH)))
        return self._listing(event, depth) if isinstance(event, _SEQUENCE_START) else self._table(event, depth)

    def _refuse_cleverness(self, event: Any) -> None:
        if isinstance(event, _ALIAS):
            raise YamlError(
                self._trouble("C104", event, N_("Aliases (*%(name)s) are not allowed."), N_("Write the text again."), str(event.anchor))
            )
        if event.anchor is not None:
            self.troubles.append(self._trouble("C104", event, N_("Anchors (&%(name)s) are not allowed."), QUOTES, str(event.anchor)))
        if event.tag is not None and str(event.tag) != "None":
            self.troubles.append(self._trouble("C104", event, N_("Tags (%(name)s) are not allowed."), QUOTES, str(event.tag)))

    def _scalar(self, event: Any) -> YamlScalar:
        style = event.style or ""
        start, end = event.start_mark, event.end_mark
        if style not in ("'", '"', "|", ">"):
            style = ""
            rest = self.lines[end.line][end.column :] if event.value else ""
            if CUT.match(rest):
                self.troubles.append(YamlProblem("C106", end.line + 1, end.column + 1, CUT_MESSAGE, QUOTES))
        last = end.line if style in ("|", ">") else end.line + 1
        return YamlScalar(start.line + 1, start.column + 1, last, last_column=end.column + 1, text=_visible(str(event.value)), style=style)

    def _listing(self, event: Any, depth: int) -> YamlSequence:
        listing = YamlSequence(event.start_mark.line + 1, event.start_mark.column + 1, flow=bool(event.flow_style))
        for inner in self.events:
            if isinstance(inner, _SEQUENCE_END):
                listing.last_line, listing.last_column = inner.end_mark.line + 1, inner.end_mark.column + 1
                break
            listing.items.append(self._node(inner, depth + 1))
        return listing

    def _table(self, event: Any, depth: int) -> YamlMapping:
        table = YamlMapping(event.start_mark.line + 1, event.start_mark.column + 1, flow=bool(getattr(event, "flow_style", False)))
        for inner in self.events:
            if isinstance(inner, _MAPPING_END):
                table.last_line, table.last_column = inner.end_mark.line + 1, inner.end_mark.column + 1
                break
            key = self._node(inner, depth + 1)
            value = self._node(next(self.events), depth + 1)
            self._place_empty(key, value)
            self._put(table, inner, key, value)
        return table

    def _place_empty(self, key: YamlNode, value: YamlNode) -> None:
        """Put an empty text beside its key, where the reader of a finding looks; ruamel places it at the next token."""
        if not isinstance(value, YamlScalar) or value.text or value.style:
            return
        value.line, value.column, value.last_line, value.last_column = key.line, key.column, key.line, key.last_column
        rest = self.lines[key.line - 1][key.column - 1 + len(getattr(key, "text", "")) :]
        if EMPTY_CUT.match(rest):
            self.troubles.append(YamlProblem("C106", key.line, key.column, CUT_MESSAGE, QUOTES))

    def _put(self, table: YamlMapping, event: Any, key: YamlNode, value: YamlNode) -> None:
        if not isinstance(key, YamlScalar):
            self.troubles.append(self._trouble("C104", event, N_("A key must be one word.")))
        elif key.text == "<<" and not key.style:
            self.troubles.append(self._trouble("C104", event, N_("Merge keys (<<) are not allowed.")))
        elif key.text in table.entries:
            first = table.entries[key.text].key.line
            self.troubles.append(
                self._trouble(
                    "C103", event, N_("The key appears twice; it is first on line %(name)s."), N_("Delete one of them."), str(first)
                )
            )
        else:
            table.entries[key.text] = YamlPair(key, value)
