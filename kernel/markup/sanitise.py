"""Cleaning of HTML with the one allow-list (spec/security 4.1). Drawings, formulas and the renderer's own HTML are inserted afterwards."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3

from kernel.markup.html import names
from kernel.markup.model import ID_PREFIX, SafeHtml
from kernel.markup.source import normalise, printable

REL = "noopener nofollow ugc"

TAGS = names(
    "a abbr aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i "
    "ins kbd li mark ol p pre q s section small span strong sub summary sup table tbody td tfoot th thead tr ul var"
)
ATTRIBUTES = {
    "*": names("id lang dir aria-label aria-labelledby"),
    "a": names("href hreflang"),
    "abbr": names("title"),
    "div": names("tabindex role"),
    "ol": names("start"),
    "pre": names("tabindex role"),
    "td": names("colspan rowspan"),
    "th": names("scope colspan rowspan"),
}
CLASSES = {
    "aside": names("callout eg warn"),
    "details": names("callout eg"),
    "div": names("scroll"),
    "p": names("small muted"),
    "pre": names("scroll mono"),
    "span": names("small muted nowrap vh"),
    "table": names("data"),
    "td": names("r center"),
    "th": names("r center"),
}
SCHEMES = names("https http mailto")
_VALUES = {
    "tabindex": re.compile(r"0"),
    "role": re.compile(r"group"),
    "scope": re.compile(r"col|row|colgroup|rowgroup"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "lang": re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"),
    "hreflang": re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"),
    "id": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*"),
    "start": re.compile(r"[0-9]{1,9}"),
    "colspan": re.compile(r"[0-9]{1,3}"),
    "rowspan": re.compile(r"[0-9]{1,3}"),
    "href": re.compile(r"(?![/\\]{2})[^\x00-\x20\x7f\\]+"),
}
_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>')
_INSIDE = re.compile(r' href="(?:#|/(?!/)|\?)')


def sanitise(html: str, id_prefix: str = ID_PREFIX) -> SafeHtml:
    """Answer HTML with what the allow-list has and nothing else: ids prefixed, outside links marked with `rel`, no comments."""
    return SafeHtml(_LINK.sub(_without_rel_inside, printable(_cleaner(id_prefix).clean(normalise(html)))))


@lru_cache(maxsize=64)
def _cleaner(id_prefix: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
        attribute_filter=_filtered,
        url_schemes=set(SCHEMES),
        link_rel=REL,
        id_prefix=id_prefix,
        strip_comments=True,
    )


def _filtered(_tag: str, name: str, value: str) -> str | None:
    """Keep an attribute whose value has the expected form; the class list and the schemes are the library's part.

    A sign that is taken out afterwards may not part an address here: `java&#x200e;script:` would become one that runs.
    """
    form = _VALUES.get(name)
    return value if value == printable(value) and (form is None or form.fullmatch(value)) else None


def _without_rel_inside(link: re.Match[str]) -> str:
    """Take `rel` from links that stay on this site: the serialised form is the cleaner's own, so a pattern can read it."""
    return link[0].replace(f' rel="{REL}"', "") if _INSIDE.search(link[1]) else link[0]
