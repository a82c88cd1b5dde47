"""The raw text of a rendering: normalised, without comments, code masked; addresses of headings and figures, and lines of findings."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_ADDRESS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug(text: str) -> str:
    """Return the text as an address: no accents, lower case, everything else as single hyphens; may be empty."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "-".join(re.findall(r"[a-z0-9]+", "".join(letter for letter in letters if not unicodedata.combining(letter))))


def is_address(text: str) -> bool:
    """Return whether an author may write this behind `#`."""
    return _ADDRESS.fullmatch(text) is not None


@dataclass(slots=True)
class Addresses:
    """The addresses taken on one page: what authors write, and the address it has (a translation's differ)."""

    known: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def claim(self, base: str) -> str:
        """Take the address, or the first free one that begins with it (`brecha`, `brecha-2`)."""
        base = base or "parte"
        address, number = base, self._numbers.get(base, 1)
        while address in self._taken:
            number += 1
            address = f"{base}-{number}"
        self._numbers[base] = number
        self._taken.add(address)
        return address

    def is_taken(self, address: str) -> bool:
        """Return whether something on the page has it already."""
        return address in self._taken

    def lead(self, written: str, final: str) -> None:
        """Let links to `written` find what has the address `final`; the first one stays."""
        self.known.setdefault(written, final)


_FENCE = re.compile(r"([ >]*)(`{3,}(?=[^`]*$)|~{3,})")
_RUN = re.compile(r"`+")
_LETTER = re.compile(r"(?:\\(?=[!-/:-@\[-`{-~]))?([\s\S])")
"""A letter, without the backslash that makes a sign of Markdown a letter."""
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]")
_BREAK = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
"""Signs that part lines or pages in slides and terminals: two words with one between them are not one word."""


def composed(text: str) -> str:
    """Return the text in NFC with LF, breaks of other programs as spaces."""
    return _BREAK.sub(" ", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def normalise(source: str) -> str:
    """Return the text `composed`, without what `printable` takes out."""
    return printable(composed(source))


def printable(text: str) -> str:
    """Return a text without control, direction-override and tag characters (spec/security 4.2), and halves of a sign."""
    return _UNWANTED.sub("", text)


def mask_code(source: str) -> str:
    """Return a text of the same length in which fenced and inline code is blank, so that places stay what they are."""
    if "`" not in source and "~~~" not in source:
        return source
    masked: list[str] = []
    paragraph: list[str] = []
    lines = source.split("\n")
    fenced = _fenced(lines)
    for number, line in enumerate(lines):
        if number not in fenced and line.strip(" >"):
            paragraph.append(line)
            continue
        masked += _mask_inline(paragraph)
        paragraph = []
        masked.append(" " * len(line) if number in fenced else line)
    return "\n".join(masked + _mask_inline(paragraph))


def _fenced(lines: list[str]) -> set[int]:
    """Return which lines are code between fences, these with it."""
    return {number for start, end in fences_of(lines) for number in range(start, end + 1)}


def fences_of(lines: list[str]) -> list[tuple[int, int]]:
    """Return the first and last line of each block of code between fences; a fence that nothing closes is text."""
    fences = {number: fence for number, line in enumerate(lines) if (fence := _FENCE.match(line))}
    ends: dict[tuple[str, int], list[int]] = {}
    for number, fence in fences.items():
        if not lines[number][fence.end() :].strip():
            ends.setdefault(_kind(fence), []).append(number)
    blocks: list[tuple[int, int]] = []
    after = -1
    for number, fence in fences.items():
        closing = ends.get(_kind(fence), [])
        index = bisect_right(closing, number)
        if number > after and index < len(closing):
            after = closing[index]
            blocks.append((number, after))
    return blocks


def _kind(fence: re.Match[str]) -> tuple[str, int]:
    """Return the key that pairs a fence with the one that closes it: their signs, and how deep in quotations they stand."""
    return fence[2], fence[1].count(">")


def _mask_inline(paragraph: list[str]) -> list[str]:
    if not paragraph:
        return []
    text = "\n".join(paragraph)
    runs = list(_RUN.finditer(text))
    spans: list[tuple[int, int]] = []
    closers = _closers(runs)
    position = 0
    while position < len(runs):
        closer = 0 if _is_escaped(text, runs[position].start()) else closers[position]
        if closer:
            spans.append((runs[position].start(), runs[closer].end()))
        position = closer + 1 if closer else position + 1
    return _blank(text, spans).split("\n")


def _is_escaped(text: str, offset: int) -> bool:
    """Return whether an odd number of backslashes stands before: such a backtick opens no code, but may close it."""
    before = text[max(offset - 20, 0) : offset]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _closers(runs: list[re.Match[str]]) -> list[int]:
    """Return for each run of backticks the place of the next one of equal length, or 0."""
    nearest: dict[int, int] = {}
    closers = [0] * len(runs)
    for position in range(len(runs) - 1, -1, -1):
        length = len(runs[position][0])
        closers[position] = nearest.get(length, 0)
        nearest[length] = position
    return closers


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    last = 0
    for start, end in spans:
        parts += [text[last:start], "".join(letter if letter == "\n" else " " for letter in text[start:end])]
        last = end
    return "".join([*parts, text[last:]])


def _comments(masked: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = masked.find("<!--")
    while start >= 0:
        end = masked.find("-->", start + 4)
        if end < 0:
            break
        spans.append((start, end + 3))
        start = masked.find("<!--", end + 3)
    return spans


def mask(source: str) -> str:
    """Return the text with code and comments blank, at its own length: what the checks of the raw text read."""
    masked = mask_code(source)
    return _blank(masked, _comments(masked))


def strip_comments(source: str) -> str:
    """Remove the comments: they are for translators and are never published (spec/content-format 7, Comment)."""
    parts: list[str] = []
    last = 0
    for start, end in _comments(mask_code(source)):
        line_start = source.rfind("\n", 0, start) + 1
        alone = not source[line_start:start].strip() and source[end : end + 1] in ("\n", "")
        parts.append(source[last : max(line_start, last) if alone else start])
        last = min(end + 1, len(source)) if alone else end
    return "".join([*parts, source[last:]])


_TABLE = re.compile(r"(?m)^(?=[^\n]*\|)[^\n]*+\n[ >]*+\|?[ ]*+:?-++:?[ ]*+(?:\|[ ]*+:?-++:?[ ]*+)*+\|?[ ]*+$")
"""The header and the rule below it."""


class Finder:
    """Finds the line of a place or of a piece of text; the same piece asked for again is looked for further down."""

    def __init__(self, masked: str) -> None:
        self._text = masked
        self._next: dict[str, int] = {}
        self._places: list[int] | None = None
        self._bare = ""
        self._ends = [end.start() for end in re.finditer("\n", masked)]

    def line(self, snippet: str) -> int:
        """Return the line from 1 on, or 0 where the text is not found as it was written."""
        if not snippet:
            return 0
        offset = self._text.find(snippet, self._next.get(snippet, 0))
        if offset < 0:
            offset = self._text.find(snippet)
        if offset < 0:
            first = snippet.strip().split("\n", 1)[0]
            offset = self._text.find(first) if first else -1
        if offset < 0:
            offset = self._unescaped_place(snippet)
        if offset < 0:
            return 0
        self._next[snippet] = offset + 1
        return self.line_at(offset)

    def _unescaped_place(self, snippet: str) -> int:
        """Return where a piece stands that was written with backslashes before its signs, -1 where it does not."""
        if self._places is None:
            self._places = [match.start(1) for match in _LETTER.finditer(self._text)]
            self._bare = "".join(self._text[offset] for offset in self._places)
        index = self._bare.find(snippet)
        return self._places[index] if index >= 0 else -1

    def table_lines(self) -> list[int]:
        """Return the line on which each table begins."""
        return [self.line_at(match.start()) for match in _TABLE.finditer(self._text)]

    def line_at(self, offset: int) -> int:
        """Return the line of a place in the text."""
        return bisect_left(self._ends, offset) + 1


def compare_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines of two texts in their order: of the first alone with `-`, of the second alone with `+`, of both with nothing."""
    old, new = before.splitlines(), after.splitlines()
    lines = list[tuple[str, str]]()
    for tag, begin, end, new_begin, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            lines += (("", text) for text in old[begin:end])
        else:
            lines += (("-", text) for text in old[begin:end])
            lines += (("+", text) for text in new[new_begin:new_end])
    return lines
