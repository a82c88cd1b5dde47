"""References of a text: links to the course, to resources, files and outside, terms, citations and footnotes, each with its list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from kernel.markup import model
from kernel.markup.reading import STASHED, append_text, replace_children, text_of
from kernel.markup.render_state import RenderMode

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
        work.report(model.IMAGE_IN_TEXT, f"![{alternative}]", text=alternative)
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
        work.report(model.LINK_TEXT, f"[{label}](", text=label)
    scheme = _SCHEME.match(target)
    kind = scheme[1].lower() if scheme else ("#" if target.startswith("#") else "path")
    reader = _READERS.get(kind)
    rest = target[scheme.end() :] if scheme else target
    if reader is None or not target or target.startswith("//") or _UNPRINTABLE.search(target) or target != written:
        _refuse(link, target, work)
    else:
        reader(link, rest, target, label, work)


def _refuse(link: Element, target: str, work: RenderState) -> None:
    work.report(model.ADDRESS_REFUSED, f"({target}", target=target[:80])
    link.tag = "span"


def _to_course(link: Element, rest: str, target: str, _label: str, work: RenderState) -> None:
    key, _, fragment = rest.partition("#")
    address = work.context.link(key, fragment)
    if address is None:
        work.report(model.DEAD_LINK, target, target=rest)
        link.tag = "span"
        return
    link.set("href", address)


def _to_resource(link: Element, key: str, target: str, _label: str, work: RenderState) -> None:
    resource = work.context.resource(key)
    if resource is None or not resource.url:
        work.report(model.UNKNOWN_RESOURCE, target, name=key)
        link.tag = "span"
        return
    link.set("href", resource.url)
    if resource.language and resource.language != work.context.language:
        link.set("hreflang", resource.language)
    facts = [resource.host] if resource.host else []
    if resource.size:
        facts += [_kind_of(resource.url), model.format_size(resource.size, work.context.language)]
    _add(link, facts)


def _to_file(link: Element, _rest: str, target: str, _label: str, work: RenderState) -> None:
    media = None if target.startswith("/") else work.context.media(target)
    if media is None:
        work.report(model.NO_FILE, f"({target}", path=target)
        link.tag = "span"
        return
    if target not in work.media:
        work.media.append(target)
    link.set("href", media.url)
    _add(link, [_kind_of(target), model.format_size(media.size, work.context.language)])


def _on_page(link: Element, _rest: str, target: str, label: str, work: RenderState) -> None:
    address = work.addresses.known.get(target[1:])
    if address is None:
        work.report(model.DEAD_ANCHOR, f"({target}", target=target[1:])
        link.tag = "span"
        return
    link.set("href", f"#{work.prefixed(address)}")
    if label.casefold() in _NUMBERED:
        numbers = work.table_numbers | {figure.address: figure.number for figure in work.figures}
        if address in numbers:
            append_text(link, f"{model.NO_BREAK}{numbers[address]}")


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
    """Add a note behind the link of where it leads or what it brings."""
    remark = ", ".join(fact for fact in facts if fact)
    if remark:
        link.tail = f"{model.NO_BREAK}({remark}){link.tail or ''}"


_READERS = {
    "course": _to_course,
    "resource": _to_resource,
    "path": _to_file,
    "#": _on_page,
    "https": _outside,
    "http": _outside,
    "mailto": _mail,
}


if TYPE_CHECKING:
    from kernel.markup.render_state import RenderState

_CITATION = re.compile(r"@([a-z0-9]+(?:-[a-z0-9]+)*)(?:\s*,\s*(.+))?", re.DOTALL)
_NO_BUTTON = frozenset({"h2", "h3", "h4", "h5", "h6", "summary", "a", "th", "x-term"})
_SOURCES, _TERMS, _NOTES = "-sources", "-terms", "-notes"
"""Addresses of the lists: no heading can have one that begins with a hyphen."""


def read_references(root: Element, work: RenderState) -> None:
    """Walk in the order of reading: terms become buttons at their first appearance, citations get their numbers."""
    linked: set[str] = set()
    waiting: list[tuple[Element, bool]] = [(root, False)]
    while waiting:
        node, plain = waiting.pop()
        inside = plain or node.tag in _NO_BUTTON
        waiting += [(child, inside) for child in reversed(node)]
        if node.tag in ("x-term", "x-cite"):
            work.check_time()
        if node.tag == "x-term":
            _read_term(node, linked, work, plain=plain)
        elif node.tag == "x-cite":
            _read_citation(node, work)


def _read_term(mark: Element, linked: set[str], work: RenderState, *, plain: bool) -> None:
    """Show the first appearance with its definition, the others as plain words."""
    term = work.context.term(model.fold(mark.get("form", "")))
    label = " ".join(text_of(mark).split())
    if term is None:
        work.report(model.UNKNOWN_TERM, mark.get("raw", ""), name=mark.get("form", ""))
    else:
        if term.key not in work.terms:
            work.terms.append(term.key)
        if work.context.link_terms and not plain and term.key not in linked:
            linked.add(term.key)
            label = work.hold(_button(term, STASHED.sub("", label), work))
    mark.attrib.clear()
    replace_children(mark, label)


def _button(term: model.TermReference, label: str, work: RenderState) -> model.SafeHtml:
    """Return the word as a button and its definition: shown on a press, and on hover or focus where the browser can.

    No script takes part: `popovertarget` and `interestfor` are the browser's. The list of terms says the same without either.
    """
    name = work.prefixed(f"-term-{term.key}")
    button = model.element("button", {"class": "term", "type": "button", "popovertarget": name, "interestfor": name}, label)
    more = model.SafeHtml()
    if work.mode is RenderMode.LESSON:
        more = model.join(
            model.SafeHtml("<br>"), model.element("a", {"class": "small", "href": f"#{work.prefixed(_TERMS)}"}, work.words.terms)
        )
    language = term.language if term.language != work.context.language else ""
    body = model.element(
        "span", {"lang": language}, model.element("strong", {"class": "h4"}, term.text), model.SafeHtml("<br>"), term.definition_html
    )
    popover = model.element("span", {"class": "pop", "id": name}, body, more)
    return model.join(button, model.SafeHtml(popover.replace("<span ", "<span popover ", 1)))


def _read_citation(mark: Element, work: RenderState) -> None:
    written, raw = mark.text or "", mark.get("raw", "")
    space = model.NO_BREAK if mark.get("space") else ""
    mark.attrib.clear()
    if work.mode is not RenderMode.LESSON:
        work.report(model.CITATION_IN_FIELD, raw, text=raw)
        replace_children(mark, "")
        return
    parts: list[model.SafeHtml] = []
    for entry in written.split(";"):
        citation = _CITATION.fullmatch(entry.strip())
        if citation is None:
            work.report(model.CITATION_FORM, raw, text=raw)
        elif work.context.resource(citation[1]) is None:
            work.report(model.UNKNOWN_RESOURCE, raw, name=citation[1])
        else:
            parts.append(_cited(citation[1], citation[2] or "", work))
    held = work.hold(model.join("[", *_between(parts, "; "), "]")) if parts else ""
    replace_children(mark, space + held if parts else "")


def _cited(key: str, locator: str, work: RenderState) -> model.SafeHtml:
    locator = " ".join(locator.split())
    work.citations.append(model.Citation(key, locator))
    number = str(work.sources.setdefault(key, len(work.sources) + 1))
    name = work.words.source % number
    link = model.element("a", {"href": f"#{work.prefixed(f'-source-{number}')}", "aria-label": name}, number)
    return model.join(link, f", {locator}") if locator else link


def _between(parts: Sequence[str], mark: str) -> list[str]:
    return [piece for part in parts for piece in (mark, part)][1:]


def read_notes(root: Element, work: RenderState) -> None:
    """Turn the library's footnotes into a list with a heading, in our language and with our addresses."""
    box = next((node for node in root.iter("div") if node.get("class") == "footnote"), None)
    if box is None:
        return
    _order_notes(root, box)
    numbers = {item.get("id", "").partition(":")[2]: str(number) for number, item in enumerate(box[1], start=1)}
    marks = _name_marks(root, numbers, work)
    for number, item in zip(numbers.values(), list(box[1]), strict=True):
        item.set("id", work.prefixed(f"-note-{number}"))
        for link in item.iter("a"):
            if link.get("class") == "footnote-backref":
                _name_way_back(link, number, marks, work)
    _name_notes(box, work)


def is_mark(node: Element) -> bool:
    """Return whether an element is the library's mark of a footnote."""
    link = node.find("a") if node.tag == "sup" else None
    return link is not None and link.get("class") == "footnote-ref"


def _marks(root: Element) -> Iterator[tuple[Element, Element]]:
    for mark in root.iter("sup"):
        if is_mark(mark):
            yield mark, mark[0]


def _order_notes(root: Element, box: Element) -> None:
    """Put the notes in the order of reading: the library knows only that of definition, or that of its own visits."""
    order = {link.get("href", "")[1:]: index for index, (_mark, link) in reversed(list(enumerate(_marks(root))))}
    box[1][:] = sorted(box[1], key=lambda item: order.get(item.get("id", ""), len(order)))


def _name_marks(root: Element, numbers: dict[str, str], work: RenderState) -> set[str]:
    """Give the numbers in the text our addresses and answer those."""
    named: set[str] = set()
    for mark, link in _marks(root):
        number = numbers.get(link.get("href", "").partition(":")[2], "")
        name = work.prefixed(_mark_address(mark.get("id", ""), number))
        named.add(name)
        mark.set("id", name)
        link.attrib.clear()
        link.text = number
        if number:
            link.attrib.update({"href": f"#{work.prefixed(f'-note-{number}')}", "aria-label": work.words.note % number})
        else:  # a note defined inside a note is not read
            link.tag = "span"
    return named


def _name_way_back(link: Element, number: str, marks: set[str], work: RenderState) -> None:
    """Lead from a note to its mark; a note that nothing refers to has no way back."""
    address = work.prefixed(_mark_address(link.get("href", "")[1:], number))
    link.attrib.clear()
    if address not in marks:
        link.tag = "span"
        link.text = None
        return
    link.attrib.update({"href": f"#{address}", "aria-label": work.words.back % number})
    link.text = "↩"


def _mark_address(written: str, number: str) -> str:
    """Return the address of a footnote's mark: the library's `fnref2:name` is the second mark of that note."""
    again = written.partition(":")[0].removeprefix("fnref")
    return f"-mark-{number}-{again}" if again else f"-mark-{number}"


def _name_notes(box: Element, work: RenderState) -> None:
    box.tag = "section"
    name = work.prefixed(_NOTES)
    box.attrib.clear()
    box.set("aria-labelledby", name)
    heading = box[0]
    heading.tag = "h2"
    heading.set("id", name)
    heading.text = work.words.notes
    work.closing.append(model.Heading(2, name, work.words.notes, _NOTES))


def closing_lists(work: RenderState) -> model.SafeHtml:
    """Return the list of terms and the list of sources of a lesson."""
    return model.join(_terms(work), _sources(work))


def _terms(work: RenderState) -> model.SafeHtml:
    terms = [term for term in (work.context.term(model.fold(key)) for key in work.terms) if term is not None]
    if not terms:
        return model.SafeHtml()
    entries: list[model.SafeHtml] = []
    for term in sorted(terms, key=lambda term: model.fold(term.text)):
        language = term.language if term.language != work.context.language else ""
        entries += [model.element("dt", {"lang": language}, term.text), model.element("dd", {"lang": language}, term.definition_html)]
    return _section(_TERMS, work.words.terms, model.element("dl", {}, *entries), work)


def _sources(work: RenderState) -> model.SafeHtml:
    entries: list[model.SafeHtml] = []
    for key, number in work.sources.items():
        resource = work.context.resource(key)
        if resource is not None:
            entries.append(model.element("li", {"id": work.prefixed(f"-source-{number}")}, _source(resource, work)))
    if not entries:
        return model.SafeHtml()
    return _section(_SOURCES, work.words.sources, model.element("ol", {}, *entries), work)


def _source(resource: model.Resource, work: RenderState) -> model.SafeHtml:
    """Return title and host; the title leads to the source where it has an address."""
    language = resource.title_language if resource.title_language != work.context.language else ""
    title = model.element("cite", {"lang": language}, resource.title)
    if resource.url:
        foreign = resource.language if resource.language != work.context.language else ""
        outside = resource.url.startswith(("https://", "http://"))
        title = model.element("a", {"href": resource.url, "hreflang": foreign, "rel": "noopener nofollow ugc" if outside else ""}, title)
    host = model.element("span", {"lang": resource.host_language}, resource.host) if resource.host_language else resource.host
    facts = [host] if resource.host else []
    if resource.size:
        facts.append(model.format_size(resource.size, work.context.language))
    return model.join(title, ". ", *_between(facts, ", "), "." if facts else "")


def _section(address: str, title: str, body: model.SafeHtml, work: RenderState) -> model.SafeHtml:
    name = work.prefixed(address)
    work.closing.append(model.Heading(2, name, title, address))
    return model.element("section", {"aria-labelledby": name}, model.element("h2", {"id": name}, title), body)
