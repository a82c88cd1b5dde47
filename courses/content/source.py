"""Bytes of a file as text and as a tree, with everything that spec/content-format 1 asks of every file."""

import unicodedata
from threading import Lock

from courses.content.mapping_cursor import MappingCursor, ReadFile, ReadingSession, SourceLocation
from courses.content.translations import split
from kernel import yaml_tree
from kernel.errors import N_
from kernel.yaml_tree import ParsedYaml, YamlMapping, YamlNode

MAXIMUM_YAML = 512_000
MAXIMUM_MARKDOWN = 100_000


def decode(session: ReadingSession, path: str, limit: int) -> tuple[str, bool] | None:
    """Return the text of a file in NFC with LF, and whether it was so already, without BOM and with a final newline.

    None with a finding where it is too large or not UTF-8.
    """
    content = session.files[path]
    if len(content) > limit:
        session.report(
            SourceLocation(path),
            "C105",
            N_("The file is %(size)s kB; the limit is %(limit)s kB."),
            size=len(content) // 1000,
            limit=limit // 1000,
        )
        return None
    broken = _broken_at(content)
    if broken is not None:
        before = content[:broken]
        line, column = before.count(b"\n") + 1, broken - (before.rfind(b"\n") + 1) + 1
        session.report(SourceLocation(path, line, column), "C101", N_("The file is not UTF-8 from here on."), N_("Save it as UTF-8."))
        return None
    raw = content.decode("utf-8")
    text = unicodedata.normalize("NFC", raw.removeprefix("\ufeff").replace("\r\n", "\n"))
    return text, text == raw and text.endswith("\n")


def _broken_at(content: bytes) -> int | None:
    """Return the byte from which on a file is no text in UTF-8, None where all of it is; zeros are those of UTF-16."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    zero = content.find(b"\x00")
    return None if zero < 0 else zero


KEPT_CHARACTERS = 2_000_000
"""Of YAML whose trees the process keeps: about two large courses."""


class YamlTreeCache:
    """Trees of texts that were parsed already: nobody changes a tree, and of a draft's files few change between two readings."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._trees: dict[str, ParsedYaml] = {}
        self._size = 0
        self._turn = Lock()

    def parse(self, text: str) -> ParsedYaml:
        """Return the tree of a text, parsed where it is not known."""
        known = self._trees.get(text)
        if known is not None:
            return known
        parsed = yaml_tree.parse(text)
        with self._turn:
            if self._size + len(text) > self._most:
                self._trees, self._size = {}, 0  # another dict: other threads read the old one
            if len(text) <= self._most:
                self._trees[text] = parsed
                self._size += len(text)
        return parsed


_trees = YamlTreeCache(KEPT_CHARACTERS)


def tree(session: ReadingSession, path: str, text: str) -> YamlNode | None:
    """Return the YAML tree of a text, None where it is empty or broken; its troubles become findings."""
    parsed = _trees.parse(text)
    for trouble in parsed.troubles:
        session.report(SourceLocation(path, trouble.line, trouble.column), trouble.code, trouble.template, trouble.fix, name=trouble.name)
    return parsed.root


def root_table(session: ReadingSession, path: str, text: str) -> MappingCursor | None:
    """Return a cursor over the YAML mapping that a file is, None with a finding where it is none."""
    before = len(session.findings)
    root = tree(session, path, text)
    if isinstance(root, YamlMapping):
        return MappingCursor(session, path, root)
    if root is None and len(session.findings) == before:
        session.report(SourceLocation(path, 1, 1), "C110", N_("The file is empty."))
    elif root is not None:
        session.report(SourceLocation(path, root.line, root.column), "C111", N_("The file must contain fields with values."))
    return None


def read_table(session: ReadingSession, path: str) -> MappingCursor | None:
    """Read a YAML file into a cursor; None with findings where it cannot be read."""
    decoded = decode(session, path, MAXIMUM_YAML)
    if decoded is None:
        return None
    text, is_clean = decoded
    table = root_table(session, path, text)
    if table is not None:
        session.note_file(ReadFile(table, table.node, text, text, is_clean))
    return table


def read_lesson(session: ReadingSession, path: str) -> tuple[MappingCursor, str] | None:
    """Split a lesson at the two lines `---` into its fields and its body, and note where in the file the body begins.

    None with findings where that is impossible.
    """
    decoded = decode(session, path, MAXIMUM_MARKDOWN)
    if decoded is None:
        return None
    text, is_clean = decoded
    parts = split(text)
    if parts is None:
        fix = N_("Begin with a line ---, the fields, and another line ---.")
        session.report(SourceLocation(path, 1, 1), "C110", N_("The lesson has no front matter."), fix)
        return None
    lines, body = parts
    fields = "\n" + "\n".join(lines) + "\n"
    table = root_table(session, path, fields)
    if table is None:
        return None
    session.note_file(ReadFile(table, table.node, text, fields[1:], is_clean, before=1))
    session.body_lines[path] = len(lines) + 3
    return table, body
