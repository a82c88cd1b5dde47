"""Check the raw text for what Markdown silently reads otherwise than meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.markup.findings import (
    FORMULA_NOT_ALONE,
    MONEY,
    NO_BLANK_LINE,
    NOTE_IN_FIELD,
    NOTE_MISSING,
    NOTE_TWICE,
    NOTE_UNUSED,
    MarkupFindingKind,
)
from kernel.markup.model import MarkupFinding
from kernel.markup.render_state import RenderMode
from kernel.markup.source import Finder

_NOTE_TEXT = re.compile(r"(?m)^[ ]{0,3}\[\^([^\]\n]*)\]:")
_NOTE_MARK = re.compile(r"\[\^([^\[\]\n]*)\](?!:)")
_DOLLAR_NUMBER = re.compile(r"(?<![\\$\w])\$[ ]?(?=\d)")
_FORMULA = re.compile(r"\$(?!\s)((?:\\.|[^\\$])+?)(?<!\s)\$")
_PROSE = re.compile(r"\s[^\W\d_]{3,}\s")
_MARKER = re.compile(r"[ ]{0,3}(?:[-*+]|\d{1,2}[.)])(?:[ ]+\S|[ ]{2,}$)")
"""An entry of a list; one of code alone is blank here."""
_RULE = re.compile(r"[ ]*+\|?[ ]*+:?-++:?[ ]*+(?:\|[ ]*+:?-++:?[ ]*+)*+\|?[ ]*+")
_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_BOUNDARY = re.compile(r"[ ]{0,3}(?:#{1,6}|\[!|(?:[-*_][ ]*){3,}$|\[\^[^\]]*\]:)")


def check_text(masked: str, mode: RenderMode, finder: Finder) -> list[MarkupFinding]:
    """Answer C309, C313, C317 and C321 of a text whose code and comments are blank."""
    findings = [*_money(masked, finder), *_loose_formulas(masked, finder), *_notes(masked, mode, finder)]
    return findings if mode is RenderMode.INLINE else [*findings, *_missing_blank_lines(masked)]


def _problem(finding: MarkupFindingKind, line: int, **facts: str) -> MarkupFinding:
    return MarkupFinding(finding.code, finding.text, finding.fix, facts, line)


def _money(masked: str, finder: Finder) -> Iterator[MarkupFinding]:
    """Report a `$` before a number unless it opens a formula that looks like one (`$5-$6` and `$5 or $6` do not)."""
    skip = 0
    for dollar in _DOLLAR_NUMBER.finditer(masked):
        if dollar.start() < skip:
            continue
        line_end = masked.find("\n\n", dollar.start())
        formula = _FORMULA.match(masked, dollar.start(), line_end if line_end >= 0 else len(masked))
        if formula and not masked[formula.end() : formula.end() + 1].isdigit() and not _PROSE.search(formula[1]):
            skip = formula.end()
            continue
        yield _problem(MONEY, finder.line_at(dollar.start()), text=" ".join(masked[dollar.start() : dollar.start() + 20].split()))


def _loose_formulas(masked: str, finder: Finder) -> Iterator[MarkupFinding]:
    offset = 0
    for block in re.split(r"(\n[ >]*\n)", masked):
        if "$$" in block:
            text = "\n".join(_QUOTE.sub("", line) for line in block.strip().split("\n")).strip()
            if not (text.startswith("$$") and text.endswith("$$") and len(text) > 4 and text.count("$$") == 2):
                yield _problem(FORMULA_NOT_ALONE, finder.line_at(offset + block.find("$$")))
        offset += len(block)


def _notes(masked: str, mode: RenderMode, finder: Finder) -> Iterator[MarkupFinding]:
    texts: dict[str, int] = {}
    if mode is RenderMode.LESSON:
        for text in _NOTE_TEXT.finditer(masked):
            if text[1] in texts:
                yield _problem(NOTE_TWICE, finder.line_at(text.start()), name=text[1])
            texts[text[1]] = text.start()
    used: set[str] = set()
    for mark in _NOTE_MARK.finditer(masked):
        if mode is not RenderMode.LESSON:
            yield _problem(NOTE_IN_FIELD, finder.line_at(mark.start()), name=mark[1])
        elif mark[1] not in texts and mark[1] not in used:
            yield _problem(NOTE_MISSING, finder.line_at(mark.start()), name=mark[1])
        used.add(mark[1])
    for name, offset in texts.items():
        if name not in used:
            yield _problem(NOTE_UNUSED, finder.line_at(offset), name=name)


def _missing_blank_lines(masked: str) -> Iterator[MarkupFinding]:
    """Report a list or a table that begins straight after a line of running text."""
    in_text, in_list, depth = False, False, 0
    lines = masked.split("\n")
    for number, raw in enumerate(lines, start=1):
        line, level = _unquoted(raw)
        if level != depth or not line.strip() or _BOUNDARY.match(line):
            in_text, in_list, depth = False, False, level
        if not line.strip() or _BOUNDARY.match(line):
            continue
        starts_list = _MARKER.match(line) is not None
        starts_table = (
            "|" in line and number < len(lines) and "|" in lines[number] and _RULE.fullmatch(_unquoted(lines[number])[0]) is not None
        )
        if in_text and (starts_list or starts_table):
            yield _problem(NO_BLANK_LINE, number)
        in_list = in_list or starts_list
        in_text = not in_list and not starts_table


def _unquoted(line: str) -> tuple[str, int]:
    level = 0
    while quote := _QUOTE.match(line):
        line, level = line[quote.end() :], level + 1
    return line, level
