"""Show text of people who write without markup: comments, answers."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from bleach.linkifier import Linker

from kernel.markup.model import SafeHtml
from kernel.markup.sanitise import REL
from kernel.markup.source import normalise

_Attributes = dict[tuple[str | None, str] | str, str]


def render_plain(text: str) -> SafeHtml:
    """Answer the text escaped, in paragraphs, with its web addresses as links.

    Blank lines part paragraphs, single line breaks stay; nothing in the text is read as markup or HTML.
    """
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", normalise(text).strip("\n")) if part.strip()]
    escaped = "".join(f"<p>{escape(part.strip(chr(10)), quote=False)}</p>" for part in paragraphs)
    if "." not in escaped:
        return SafeHtml(_broken(escaped))
    return SafeHtml(_broken(_linker().linkify(escaped)))


def _broken(html: str) -> str:
    return html.replace("\n", "<br>")


@lru_cache(maxsize=1)
def _linker() -> Linker:
    return Linker(callbacks=[_only_web_addresses], skip_tags={"pre", "code"}, parse_email=False)


def _only_web_addresses(attributes: _Attributes, new: bool = False) -> _Attributes | None:
    """Keep links that begin with https:// or http:// as typed; a bare `example.com` stays text."""
    typed = str(attributes.get("_text", ""))
    if not new or not typed.startswith(("https://", "http://")):
        return None
    attributes[(None, "rel")] = REL
    return attributes
