"""Cleaning of HTML with the one allow-list (spec/security 4.1), of drawings and logos.

Drawings, formulas and the renderer's own HTML are inserted afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from xml.parsers import expat

import nh3

from kernel.markup.model import (
    ID_PREFIX,
    SVG_ATTRIBUTE,
    SVG_DESCRIPTION,
    SVG_ELEMENT,
    SVG_ENCODING,
    SVG_SIZE,
    SVG_TEXT,
    SVG_XML,
    MarkupFinding,
    MarkupFindingKind,
    SafeHtml,
    names,
)
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
    """Return HTML with what the allow-list has and nothing else: ids prefixed, outside links marked with `rel`, no comments."""
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


_POST_TAGS = names("a blockquote br code div em li ol p pre strong table tbody td th thead tr ul")
_POST_ATTRIBUTES = {"a": names("href"), "div": names("tabindex"), "ol": names("start"), "pre": names("tabindex"), "th": names("scope")}
_POST_CLASSES = {tag: CLASSES[tag] for tag in ("div", "pre", "table", "td", "th")}
_SIGNS = r"[^\s<>\"`\\\x02\x03]"
POST_ADDRESS = re.compile(
    rf"(?i:https?)://(?P<host>[\w.-]+)(?::\d{{1,5}})?(?:[/?#]{_SIGNS}*)?|(?i:mailto):(?P<mail>[^\s<>\"\\@?]+@[\w.-]+)(?:\?{_SIGNS}*)?"
    rf"|/(?!/){_SIGNS}*"
)
"""What a link may lead to: the web, a mailbox, or a page of this site. No user before a host: it would look like the host."""


def sanitise_post(html: str) -> SafeHtml:
    """Return the HTML of a reader's post with what its shorter allow-list has: no ids, each link marked with `rel`."""
    return SafeHtml(_post_cleaner().clean(html))


@lru_cache(maxsize=1)
def _post_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_POST_TAGS),
        attributes={tag: set(allowed) for tag, allowed in _POST_ATTRIBUTES.items()},
        allowed_classes={tag: set(allowed) for tag, allowed in _POST_CLASSES.items()},
        attribute_filter=lambda _tag, name, value: value if name != "href" or POST_ADDRESS.fullmatch(value) else None,
        url_schemes=set(SCHEMES),
        link_rel=REL,
    )


MAXIMUM_DRAWING = 512_000
"""Bytes of a drawing."""
_MAXIMUM_ELEMENTS = 5000
_MAXIMUM_DEPTH = 32
_NAMESPACE = "http://www.w3.org/2000/svg"

DRAWING_CLASSES = names("chart fit b0 b1 b2 b3 axis grid-l line area goal dot strong onbar")
DRAWING_ELEMENTS = names("svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker")
_NUMBERS = re.compile(r"[0-9eE.,+\-%\s]*|auto|auto-start-reverse|userSpaceOnUse|strokeWidth")
_GEOMETRY = names(
    "x y x1 y1 x2 y2 cx cy r rx ry dx dy width height viewBox points rotate textLength pathLength markerWidth markerHeight refX refY "
    "orient markerUnits"
)
_FORMS = {
    "d": re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE.,+\-\s]*"),
    "transform": re.compile(r"(?:(?:translate|scale|rotate|matrix|skewX|skewY)\([0-9eE.,+\-\s]*\)[\s,]*)*"),
    "text-anchor": re.compile(r"start|middle|end"),
    "preserveAspectRatio": re.compile(r"[A-Za-z ]{1,30}"),
    "role": re.compile(r"img|presentation|none"),
}
_REFERENCES = frozenset({"marker-start", "marker-mid", "marker-end"})
_REFERENCE = re.compile(r"url\(#([A-Za-z][\w.-]*)\)")
_IDENTIFIER = re.compile(r"[A-Za-z][\w.-]*")
_HARMLESS = frozenset({"version", "http://www.w3.org/XML/1998/namespace|space"})


_LOGO_ELEMENTS = DRAWING_ELEMENTS | names("linearGradient radialGradient stop clipPath")
_PAINT = re.compile(r"none|currentColor|#[0-9A-Fa-f]{3,8}|[a-z]{3,20}|rgba?\([0-9.,%\s]+\)|url\(#[A-Za-z][\w.-]*\)")
_WORD = re.compile(r"[a-zA-Z-]{1,20}")
_LENGTH = re.compile(r"[0-9.,\s]+(px)?|bold|normal|none")
_LOGO_FORMS = {
    **_FORMS,
    **dict.fromkeys(("fill", "stroke", "stop-color", "clip-path"), _PAINT),
    **dict.fromkeys(("opacity", "fill-opacity", "stroke-opacity", "stop-opacity", "offset", "fx", "fy"), _NUMBERS),
    **dict.fromkeys(("stroke-width", "stroke-miterlimit", "stroke-dasharray", "font-size", "font-weight"), _LENGTH),
    **dict.fromkeys(("fill-rule", "clip-rule", "stroke-linecap", "stroke-linejoin", "gradientUnits", "spreadMethod"), _WORD),
    "gradientTransform": _FORMS["transform"],
}
"""A logo has colours of its own; a figure takes those of the page."""


class _RefusedError(Exception):
    """A drawing that contains something not on the allow-list."""

    def __init__(self, finding: MarkupFindingKind, **facts: str) -> None:
        super().__init__(finding.text)
        self.finding = finding
        self.facts = facts


class _Copier:
    """Copies a drawing as it is read, and stops at the first thing that may not be in it."""

    elements = DRAWING_ELEMENTS
    forms: Mapping[str, re.Pattern[str]] = _FORMS

    def __init__(self, prefix: str, label: str) -> None:
        self._prefix = prefix
        self._label = label
        self._open: list[str] = []
        self._elements = 0
        self.parts: list[str] = []
        self.beginning: list[str] = []
        self.has_box = False

    def doctype(self, *_arguments: object) -> None:
        raise _RefusedError(SVG_ELEMENT, what="<!DOCTYPE>")

    def instruction(self, target: str, _text: str) -> None:
        raise _RefusedError(SVG_ELEMENT, what=f"<?{target}?>")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition("|")
        self._elements += 1
        if namespace not in (_NAMESPACE, "") or tag not in self.elements:
            raise _RefusedError(SVG_ELEMENT, what=f"<{tag}>")
        if bool(self._open) == (tag == "svg") or len(self._open) > _MAXIMUM_DEPTH or self._elements > _MAXIMUM_ELEMENTS:
            raise _RefusedError(SVG_SIZE)
        if len(self._open) == 1 and len(self.beginning) < 2:
            self.beginning.append(tag)
        written = self._root(attributes) if tag == "svg" else ""
        for attribute, value in attributes.items():
            written += self._attribute(tag, attribute, value)
        if tag == "desc" and len(self._open) == 1 and "id" not in attributes:
            written += f' id="{self._prefix}desc"'
        self._open.append(tag)
        self.parts.append(f"<{tag}{written}>")

    def _root(self, attributes: dict[str, str]) -> str:
        self.has_box = "viewBox" in attributes
        return f' role="img" aria-label="{escape(self._label)}" aria-describedby="{self._prefix}desc"'

    def _attribute(self, tag: str, name: str, value: str) -> str:
        if name in _HARMLESS or (name == "role" and tag == "svg"):
            return ""
        if name == "id" and _IDENTIFIER.fullmatch(value):
            value = "desc" if tag == "desc" and len(self._open) == 1 else value
            return f' id="{self._prefix}{value}"'
        if name == "class" and DRAWING_CLASSES.issuperset(value.split()):
            return f' class="{" ".join(value.split())}"'
        reference = _REFERENCE.fullmatch(value) if name in _REFERENCES else None
        if reference:
            return f' {name}="url(#{self._prefix}{reference[1]})"'
        form = _NUMBERS if name in _GEOMETRY else self.forms.get(name)
        if form is None or not form.fullmatch(value):
            raise _RefusedError(SVG_ATTRIBUTE, what=f'{name}="{value[:40]}"', tag=tag)
        return f' {name}="{escape(value)}"'

    def text(self, text: str) -> None:
        if self._open and self._open[-1] in ("text", "tspan", "title", "desc"):
            self.parts.append(escape(printable(text), quote=False))
        elif text.strip():
            raise _RefusedError(SVG_TEXT, text=text.strip()[:40])

    def end(self, name: str) -> None:
        self._open.pop()
        self.parts.append(f"</{name.rpartition('|')[2]}>")


class _LogoCopier(_Copier):
    """Copies a logo: with its colours, and without what drawing programs note for themselves."""

    elements = _LOGO_ELEMENTS
    forms = _LOGO_FORMS

    def _root(self, attributes: dict[str, str]) -> str:
        self.has_box = "viewBox" in attributes
        return f' xmlns="{_NAMESPACE}"'

    def _attribute(self, tag: str, name: str, value: str) -> str:
        if "|" in name or name == "class" or name.startswith("data-") or (tag == "svg" and name in ("width", "height")):
            return ""
        if name == "style":
            declared = (part.partition(":") for part in value.split(";") if part.strip())
            return "".join(super(_LogoCopier, self)._attribute(tag, key.strip(), content.strip()) for key, _sign, content in declared)
        return super()._attribute(tag, name, value)


def clean_logo(content: bytes) -> str:
    """Return a drawing as a file of its own, with its colours; nothing where it has anything but shapes, or no size to be scaled by."""
    copier = _LogoCopier("", "")
    try:
        _read(content, copier)
    except (_RefusedError, expat.ExpatError, UnicodeDecodeError, ValueError):
        return ""
    return "".join(copier.parts) if copier.has_box else ""


def clean_svg(content: bytes, prefix: str, label: str) -> tuple[SafeHtml, tuple[MarkupFinding, ...]]:
    """Return the drawing to inline: ids prefixed, `label` as its name, its <desc> as its description.

    Empty with C605 where it has anything outside the allow-list, with C606 added where viewBox, <title> or <desc> is missing.
    """
    copier = _Copier(prefix, label)
    try:
        _read(content, copier)
    except _RefusedError as refusal:
        return SafeHtml(), (_problem(refusal.finding, **refusal.facts),)
    except expat.ExpatError as error:
        return SafeHtml(), (_problem(SVG_XML, line=str(error.lineno)),)
    except (UnicodeDecodeError, ValueError):
        return SafeHtml(), (_problem(SVG_ENCODING),)
    missing = [] if copier.has_box else ["viewBox"]
    missing += [f"<{tag}>" for index, tag in enumerate(("title", "desc")) if copier.beginning[index : index + 1] != [tag]]
    problems = (_problem(SVG_DESCRIPTION, what=", ".join(missing)),) if missing else ()
    return SafeHtml("".join(copier.parts)), problems


def is_fitting(drawing: SafeHtml) -> bool:
    """Return whether a drawing as it is inlined has the class `fit`: drawn for a phone's width, it needs no sliding."""
    classes = re.search(r' class="([^"]*)"', drawing[: drawing.index(">")])
    return classes is not None and "fit" in classes[1].split()


def _read(content: bytes, copier: _Copier) -> None:
    if len(content) > MAXIMUM_DRAWING:
        raise _RefusedError(SVG_SIZE)
    text = content.decode("utf-8-sig")
    declared = re.match(r"<\?xml[^>]*encoding=[\"']([^\"']*)", text)
    if declared and declared[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise _RefusedError(SVG_ENCODING)
    parser = expat.ParserCreate("utf-8", namespace_separator="|")
    parser.StartDoctypeDeclHandler = copier.doctype
    parser.ProcessingInstructionHandler = copier.instruction
    parser.StartElementHandler = copier.start
    parser.EndElementHandler = copier.end
    parser.CharacterDataHandler = copier.text
    parser.Parse(text.encode(), True)


def _problem(finding: MarkupFindingKind, **facts: str) -> MarkupFinding:
    return MarkupFinding(finding.code, finding.text, finding.fix, facts)
