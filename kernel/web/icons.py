"""Icons: `icon()` in a template prints a reference, and the base template prints, once, the symbols that the page refers to.

The drawings come from our own `static/icons.svg` (Lucide, ISC): the one text beside the sanitiser's that is printed as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, g
from markupsafe import Markup

from kernel.paths import STATIC

KEPT_SETS = 512
"""Sets of symbols, as pages use them together."""
_SYMBOL = re.compile(r'<symbol id="(?P<name>[a-z0-9-]+)".*?</symbol>', re.DOTALL)


class UnknownIconError(LookupError):
    """A template names a symbol that the set does not have."""


def read_symbols(source: Path) -> Mapping[str, str]:
    """Return the symbols of an SVG file by name."""
    return {match["name"]: match[0] for match in _SYMBOL.finditer(source.read_text("utf-8"))}


def used_icons() -> dict[str, None]:
    """Return the names the present page has used so far, in order."""
    names: dict[str, None] = g.setdefault("icons", {})
    return names


@contextmanager
def icons_apart() -> Iterator[dict[str, None]]:
    """Give the names that a part of a page uses, which is kept for other pages; the page's own stay as they were."""
    before = used_icons()
    g.icons = names = dict[str, None]()
    try:
        yield names
    finally:
        g.icons = before


class Icons:
    """The set of symbols, and what a page takes of it."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self.symbols = symbols
        self._unnamed = {
            (name, flip): Markup('<svg class="i{}" aria-hidden="true"><use href="#{}"/></svg>').format(" flip" if flip else "", name)
            for name in symbols
            for flip in (False, True)
        }
        self._drawn = lru_cache(maxsize=KEPT_SETS)(self._draw)

    def icon(self, name: str, label: object = None, flip: bool = False) -> Markup:
        """Print a reference to a symbol; `label` names it where no words stand beside it, `flip` turns it in right-to-left pages."""
        self.use([name])
        if label is None:
            return self._unnamed[name, flip]
        turned = " flip" if flip else ""
        return Markup('<svg class="i{}" role="img" aria-label="{}"><use href="#{}"/></svg>').format(turned, str(label), name)

    def use(self, names: Iterable[str]) -> str:
        """Note symbols that stored HTML refers to; return nothing, so that a template can print the call."""
        for name in names:
            if name not in self.symbols:
                raise UnknownIconError(name)
            used_icons()[name] = None
        return ""

    def definitions(self) -> Markup:
        """Return the symbols that the present page has used."""
        return self._drawn(tuple(sorted(used_icons())))

    def _draw(self, names: tuple[str, ...]) -> Markup:
        return Markup("").join(Markup(self.symbols[name]) for name in names)  # noqa: S704 - read from our own file


@cache
def _read_icons(source: Path) -> Icons:
    return Icons(read_symbols(source))


def install_icons(app: Flask, source: Path = STATIC / "icons.svg") -> None:
    """Give templates `icon(name, label=None, flip=False)`, `use_icons(names)` and `icon_definitions()`."""
    icons = _read_icons(source)
    app.jinja_env.globals.update(icon=icons.icon, use_icons=icons.use, icon_definitions=icons.definitions)
