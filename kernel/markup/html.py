"""Build small pieces of HTML out of text that is escaped here and of HTML that is safe already."""

from __future__ import annotations

import re
from html import escape

from kernel.markup.model import SafeHtml

_VOID = ("img", "br", "hr")
_USE = re.compile(r'<use href="#([a-z0-9-]+)"/>')


def names(written: str) -> frozenset[str]:
    """Answer the names that a text lists, parted by spaces: the allow-lists are written that way."""
    return frozenset(written.split())


def element(tag: str, attributes: dict[str, str], *children: str) -> SafeHtml:
    """Answer one element: texts are escaped, SafeHtml stays; attributes without a value are left out."""
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value)
    if tag in _VOID:
        return SafeHtml(f"<{tag}{written}>")
    return SafeHtml(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*pieces: str) -> SafeHtml:
    """Join pieces: texts are escaped, SafeHtml stays."""
    return SafeHtml("".join(str(piece) if isinstance(piece, SafeHtml) else escape(piece, quote=False) for piece in pieces))


def icon(name: str, *, turning: bool = False) -> SafeHtml:
    """Answer the use of a symbol that the page carries; `turning` for the mark of a fold."""
    return SafeHtml(f'<svg class="i{" chev" if turning else ""}" aria-hidden="true"><use href="#{name}"/></svg>')


def icons_in(html: str) -> tuple[str, ...]:
    """Answer the symbols that a piece of rendered HTML uses: its page has to carry them."""
    return tuple(sorted(set(_USE.findall(html))))
