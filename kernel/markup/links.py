"""Resolve links: inside the course, to resources and files, on the page, outside."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from kernel.markup.findings import ADDRESS_REFUSED, DEAD_ANCHOR, DEAD_LINK, IMAGE_IN_TEXT, LINK_TEXT, NO_FILE, UNKNOWN_RESOURCE
from kernel.markup.inlines import append_text, replace_children, text_of
from kernel.markup.numbers import NO_BREAK, format_size

if TYPE_CHECKING:
    from kernel.markup.render_state import RenderState

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\<>\"]")
_SAYS_NOTHING = re.compile(
    "aquí|acá|haga clic aquí|clic aquí|pulse aquí|este enlace|enlace|vínculo|ver|más|ver más|leer más|esto|"
    "here|click here|this link|link|more|read more|this|"
)
_NUMBERED = frozenset({"figura", "figure", "tabla", "table"})


def read_links(root: Element, work: RenderState) -> None:
    """Give every link its address, or take the link away and say why."""
    for image in root.iter("img"):
        alternative = image.get("alt", "")
        work.report(IMAGE_IN_TEXT, f"![{alternative}]", text=alternative)
        image.tag = "x-image"
        image.attrib.clear()
        replace_children(image, alternative)
    for link in list(root.iter("a")):
        work.check_time()
        if not link.get("class", "").startswith("footnote"):
            _read(link, work)


def _read(link: Element, work: RenderState) -> None:
    written = link.get("href", "")
    target = work.forget(written)
    label = text_of(link).strip()
    shown = work.forget(label).strip(" .,;:!?()[]").casefold()
    identity = link.get("id")
    link.attrib.clear()
    if identity:
        link.set("id", identity)
    if _SAYS_NOTHING.fullmatch(shown):
        work.report(LINK_TEXT, f"[{label}](", text=label)
    scheme = _SCHEME.match(target)
    kind = scheme[1].lower() if scheme else ("#" if target.startswith("#") else "path")
    reader = _READERS.get(kind)
    rest = target[scheme.end() :] if scheme else target
    if reader is None or not target or target.startswith("//") or _UNPRINTABLE.search(target) or target != written:
        _refuse(link, target, work)
    else:
        reader(link, rest, target, label, work)


def _refuse(link: Element, target: str, work: RenderState) -> None:
    work.report(ADDRESS_REFUSED, f"({target}", target=target[:80])
    link.tag = "span"


def _to_course(link: Element, rest: str, target: str, _label: str, work: RenderState) -> None:
    key, _, fragment = rest.partition("#")
    address = work.context.link(key, fragment)
    if address is None:
        work.report(DEAD_LINK, target, target=rest)
        link.tag = "span"
        return
    link.set("href", address)


def _to_resource(link: Element, key: str, target: str, _label: str, work: RenderState) -> None:
    resource = work.context.resource(key)
    if resource is None or not resource.url:
        work.report(UNKNOWN_RESOURCE, target, name=key)
        link.tag = "span"
        return
    link.set("href", resource.url)
    if resource.language and resource.language != work.context.language:
        link.set("hreflang", resource.language)
    facts = [resource.host] if resource.host else []
    if resource.size:
        facts += [_kind_of(resource.url), format_size(resource.size, work.context.language)]
    _add(link, facts)


def _to_file(link: Element, _rest: str, target: str, _label: str, work: RenderState) -> None:
    media = None if target.startswith("/") else work.context.media(target)
    if media is None:
        work.report(NO_FILE, f"({target}", path=target)
        link.tag = "span"
        return
    if target not in work.media:
        work.media.append(target)
    link.set("href", media.url)
    _add(link, [_kind_of(target), format_size(media.size, work.context.language)])


def _on_page(link: Element, _rest: str, target: str, label: str, work: RenderState) -> None:
    address = work.addresses.known.get(target[1:])
    if address is None:
        work.report(DEAD_ANCHOR, f"({target}", target=target[1:])
        link.tag = "span"
        return
    link.set("href", f"#{work.prefixed(address)}")
    if label.casefold() in _NUMBERED:
        numbers = work.table_numbers | {figure.address: figure.number for figure in work.figures}
        if address in numbers:
            append_text(link, f"{NO_BREAK}{numbers[address]}")


def _outside(link: Element, _rest: str, target: str, label: str, work: RenderState) -> None:
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        host = ""
    if not host:
        _refuse(link, target, work)
        return
    link.set("href", target)
    if label != target:
        _add(link, [host.removeprefix("www.")])


def _mail(link: Element, rest: str, target: str, _label: str, work: RenderState) -> None:
    if "@" not in rest:
        _refuse(link, target, work)
        return
    link.set("href", target)


def _kind_of(path: str) -> str:
    return PurePosixPath(urlsplit(path).path).suffix.removeprefix(".").upper()


def _add(link: Element, facts: list[str]) -> None:
    """Say behind the link where it leads or what it brings."""
    remark = ", ".join(fact for fact in facts if fact)
    if remark:
        link.tail = f"{NO_BREAK}({remark}){link.tail or ''}"


_READERS = {
    "course": _to_course,
    "resource": _to_resource,
    "path": _to_file,
    "#": _on_page,
    "https": _outside,
    "http": _outside,
    "mailto": _mail,
}
