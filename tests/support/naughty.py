"""Strings and files that mean harm: a few of our own, and the shared lists, read in place; and a judge of the pages that show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import chain

from tests.support.project import ROOT
from tests.support.shared import SHARED

LISTS = SHARED / "fixtures" / "security"
MARK = "<xss-was-here onxss=1>"
"""An element that no page of ours has: where it is parsed as one, something was not escaped."""
SHARPEST = (
    f"\"'></textarea></title></script></select>-->{MARK}",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd\x00.yaml",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}%s%n{0.__class__}",
    "\ufeff\u202e\U000e0041Ω≈ç√\ud800 ´‘’“”\t\r\nBcc: nadie@example.org\r\n\r\n",
    "99999999999999999999999999999",
    "javascript:alert(1)//",
    "[[[[" * 40 + "`" * 9 + "$" * 9 + "\\",
    "1e309",
    "true: [*a, !!python/object/apply:os.system [id]]",
    "' OR 1=1; DROP TABLE person; --",
    "٣",
)
"""The ways that differ: markup, formulas, paths, templates, signs without a shape, numbers out of bounds, scripts, YAML, SQL."""


def _lines(name: str, *, encoding: str = "utf-8") -> list[str]:
    text = (LISTS / name).read_text(encoding, errors="replace")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("# ")]


def formulas() -> list[str]:
    """Return the formulas of the shared list."""
    return [line.strip() for line in _lines("csv-injection.md") if re.match(r"\s+[=+@-]\S", line)]


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """Return the shared lists of strings, by their names."""
    names = (
        "blns.txt",
        "directory_traversal.txt",
        "open-redirect-payloads.txt",
        "ssti.txt",
        *(f"xss/{path.name}" for path in sorted((LISTS / "xss").glob("*.txt"))),
    )
    bleach = tuple(path.read_text("utf-8").split("\n--\n")[0] for path in sorted((LISTS / "bleach").glob("*.test")))
    return {name: tuple(_lines(name)) for name in names} | {"csv-injection.md": tuple(formulas()), "bleach": bleach}


def a_sample(each: int = 2) -> list[str]:
    """Return so many strings of every shared list, the longest with most signs of markup first: they differ most from plain text."""
    signs = re.compile(r"[^\w\s]")
    return list(
        chain.from_iterable(
            sorted(found, key=lambda text: -len(set(signs.findall(text))))[:each] for _name, found in sorted(lists().items())
        )
    )


def files() -> dict[str, bytes]:
    """Return the shared files that mean harm, by their names."""
    folders = ("xml", "xss-files")
    paths = [path for folder in folders for path in sorted((LISTS / folder).iterdir())] + sorted(LISTS.glob("*.zip"))
    return {path.name: path.read_bytes() for path in paths}


_WORD = re.compile(r"[a-z][a-z0-9-]*")


@cache
def _ours() -> frozenset[str]:
    """Return the words of templates, drawings and the renderer: our tags and attributes are among them (`minlength` comes of forms)."""
    places = (*(ROOT / "templates").rglob("*.*ml"), *(ROOT / "templates").rglob("*.svg"), *(ROOT / "kernel").rglob("*.py"))
    return frozenset(chain.from_iterable(_WORD.findall(path.read_text("utf-8").lower()) for path in places)) - {"xss-was-here", "onxss"} | {
        "minlength"
    }


_ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "xlink:href"}
_SAFE = re.compile(r"(?!//)(?:[/#?]|https?://|webcal://|mailto:|otpauth://totp/|data:image/png;base64,|[\w.-]*(?:$|[/?#]))")
_DRAWN = re.compile(r"data:image/svg\+xml;charset=utf-8,")
"""A drawing that runs nothing where it is shown as a picture."""


class Judge(HTMLParser):
    """Reads a page and lists what none of our templates can have written."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one element."""
        self.faults += [*_faults(tag, {name: value or "" for name, value in attrs})]


def _faults(tag: str, given: dict[str, str]) -> Iterator[str]:
    if tag not in _ours():
        yield f"<{tag}>"
    if tag == "script" and not (given.get("src", "").startswith("/static/") or given.get("type") == "application/json"):
        yield f"<script {given}>"
    if tag in ("iframe", "object", "embed", "base", "style", "marquee", "frameset"):
        yield f"<{tag}>"
    for name, value in given.items():
        if (
            name.startswith("on")
            or name in ("style", "srcdoc")
            or not _WORD.fullmatch(name.replace(":", "-"))
            or name.split(":")[0] not in _ours()
        ):
            yield f"<{tag} {name}={value!r}>"
        if name in _ADDRESSES and not _SAFE.match(value.strip()) and not (tag == "img" and _DRAWN.match(value)):
            yield f"<{tag} {name}={value!r}>"


def faults(html: str) -> list[str]:
    """Return what stands in a page that we did not write."""
    return Judge(html).faults
