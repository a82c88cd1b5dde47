"""References of comments and docstrings to specifications and decisions: which are cited, which exist, and which are bare numbers."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

from tests.support.project import ROOT

SPECIFICATIONS = (
    *("quiz-engine", "security", "content-format", "performance", "compulsory", "certificates", "selection", "communities", "identity"),
)
NUMBER = r"(?:[B-EGHIKMPRTV]\d{1,3}|\d{1,2}(?:\.\d{1,2}){0,2}a?)\b"
CITED = re.compile(rf"spec/([a-z-]+) ({NUMBER}(?:(?:, | and | to ){NUMBER})*)")
DECISION = re.compile(r"\b[Dd]ecisions? (\d+(?:(?:, | and )\d+)*)")
BARE = (
    re.compile(r"(?<![\w.])5\.\d{1,2}\.\d{1,2}\b"),
    re.compile(r"[(\"]5\.\d{1,2}(?=[),;:.])"),
    re.compile(r"(?<!\w)P\d{1,2}\b(?!\()"),
    re.compile(r"\(C\d{3}\b"),
    re.compile(r"(?i)\b(?:architecture|security|quiz engine|format|performance|rules?|guide|issue),? (?:section )?\d"),
)
BETWEEN = (tokenize.NL, tokenize.COMMENT)
BEFORE = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a module and the strings that stand alone as statements, each with its line."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    last = tokenize.ENCODING
    for token in tokens:
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and last in BEFORE):
            yield token.start[0], token.string
        if token.type not in BETWEEN:
            last = token.type


@cache
def numbers_of(specification: str) -> frozenset[str]:
    """Return the numbers of a specification: sections, their numbered items, codes and bars."""
    found, section = set(), ""
    text = (ROOT / "docs" / "spec" / f"{specification}.md").read_text("utf-8")
    for line in text.splitlines():
        if heading := re.match(r"## (\d+(?:\.\d+)?)\.? ", line):
            section = heading[1]
            found.add(section)
        elif section and (item := re.match(rf"(\d+)\. |({re.escape(section)}\.\d+a?) ", line)):
            found.add(item[2] or f"{section}.{item[1]}")
    return frozenset(found | set(re.findall(r"\b[B-EGHIKMPRTV]\d{1,3}\b", text)))


@cache
def decisions() -> frozenset[int]:
    """Return the numbers of the decisions."""
    return frozenset(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def dead(text: str) -> list[str]:
    """Return the references of a text that lead nowhere."""
    found = []
    for specification, numbers in CITED.findall(text):
        known = numbers_of(specification) if specification in SPECIFICATIONS else frozenset()
        found += [f"spec/{specification} {number}" for number in re.findall(NUMBER, numbers) if number not in known]
    for numbers in DECISION.findall(text):
        found += [f"decision {number}" for number in re.findall(r"\d+", numbers) if int(number) not in decisions()]
    return found


def bare(text: str) -> list[str]:
    """Return the numbers of a text that name no document."""
    rest = CITED.sub("", text)
    return [found[0] for pattern in BARE for found in pattern.finditer(rest)]
