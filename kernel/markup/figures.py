"""Number figures, bring their drawings in, and show embedded recordings and questions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from kernel.markup.addresses import is_address
from kernel.markup.findings import (
    ADDRESS_FORM,
    ADDRESS_TWICE,
    ATTRIBUTE,
    EMBED_IN_FIELD,
    IMAGE_REFUSED,
    NO_ALTERNATIVE,
    NO_CAPTION,
    NO_CREDIT,
    NO_FILE,
    NO_QUESTION,
    NO_RECORDING,
    NOT_AN_IMAGE,
    TWIN_DIFFERS,
)
from kernel.markup.html import element, join
from kernel.markup.inlines import sub_element, text_of
from kernel.markup.model import Figure, MarkupFinding, MediaReference, SafeHtml
from kernel.markup.render_state import RenderMode
from kernel.markup.svg import clean_svg, is_fitting

if TYPE_CHECKING:
    from kernel.markup.render_state import RenderState

_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"})
_SVG = "image/svg+xml"


def read_figures(root: Element, work: RenderState) -> None:
    """Turn the marks of lone images into figures, cards of recordings and self-checks."""
    parents = {child: parent for parent in root.iter() for child in parent}
    marks = list(root.iter("x-figure"))
    drawn = [mark for mark in marks if not mark.get("path", "").startswith(("course:", "question:"))]
    originals = work.original_figures
    if originals is not None and len(originals) != len(drawn):
        originals = None
        if not any(problem.code == TWIN_DIFFERS.code for problem in work.problems):
            work.report(TWIN_DIFFERS)
    for mark in marks:
        work.check_time()
        caption = _caption_after(mark, parents[mark])
        path = mark.get("path", "")
        if path.startswith(("course:", "question:")):
            _embed(mark, path, work)
        else:
            _draw(mark, caption, originals[len(work.figures)].address if originals else "", work)


def _caption_after(mark: Element, parent: Element) -> Element | None:
    siblings = list(parent)
    following = siblings[siblings.index(mark) + 1 :][:1]
    if not following or following[0].tag != "x-caption":
        return None
    parent.remove(following[0])
    return following[0]


def _draw(mark: Element, caption: Element | None, original: str, work: RenderState) -> None:
    facts = dict(mark.attrib)
    path, raw, alternative = facts["path"], facts["raw"], facts["alt"]
    number = len(work.figures) + 1
    if not alternative:
        work.report(NO_ALTERNATIVE, raw, path=path)
    if "dropped" in facts:
        work.report(ATTRIBUTE, facts["dropped"], text=facts["dropped"].strip("{} "))
    address = _address(facts["address"], original, work)
    drawing = _drawing(path, raw, alternative, number, work)
    caption_text = text_of(caption[0]) if caption is not None else ""
    work.figures.append(Figure(number, address, path, alternative, caption_text))
    mark.tag = "figure"
    mark.attrib.clear()
    if address:
        mark.set("id", work.prefixed(address))
    mark.text = work.hold(drawing) if drawing is not None else None
    _write_caption(mark, caption, number, work, raw=raw, path=path)


def _address(written: str, original: str, work: RenderState) -> str:
    if written and not is_address(written):
        work.report(ADDRESS_FORM, f"#{written}", text=written)
        written = ""
    preferred = original or written
    if not preferred:
        return ""
    if work.addresses.is_taken(preferred):
        work.report(ADDRESS_TWICE, f"#{preferred}", text=preferred)
    address = work.addresses.claim(preferred)
    work.addresses.lead(written or address, address)
    work.addresses.lead(address, address)
    return address


def _write_caption(figure: Element, caption: Element | None, number: int, work: RenderState, *, raw: str, path: str) -> None:
    box = SubElement(figure, "figcaption")
    sub_element(box, "strong", f"{work.words.figure} {number}.")
    if caption is None:
        work.report(NO_CAPTION, raw, path=path)
        return
    text, credit = caption
    box[0].tail = " " + (text.text or "")
    box.extend(list(text))
    if not (credit.text or len(credit)):
        work.report(NO_CREDIT, raw, path=path)
        return
    if len(box):
        box[-1].tail = (box[-1].tail or "") + " "
    credit.tag = "span"
    box.append(credit)


def _drawing(path: str, raw: str, alternative: str, number: int, work: RenderState) -> SafeHtml | None:
    """Answer the picture as HTML, or None where it cannot be shown (and say why)."""
    if ":" in path or path.startswith(("/", "#")) or not path:
        work.report(IMAGE_REFUSED, raw, target=path)
        return None
    media = work.context.media(path)
    if media is None:
        work.report(NO_FILE, raw, path=path)
        return None
    if path not in work.media:
        work.media.append(path)
    if media.media_type == _SVG:
        return _inlined(media, raw, alternative, number, work)
    if media.media_type not in _IMAGES:
        work.report(NOT_AN_IMAGE, raw, path=path)
        return None
    size = {"width": str(media.width), "height": str(media.height)} if media.width and media.height else {}
    written = element("img", {"src": media.url, **size, "loading": "lazy", "decoding": "async"})
    return SafeHtml(written.replace("<img", f'<img alt="{_attribute(alternative)}"', 1))


def _attribute(text: str) -> str:
    """Answer a text for an attribute that may be empty."""
    return element("i", {"title": text})[len('<i title="') : -len('"></i>')] if text else ""


def _inlined(media: MediaReference, raw: str, alternative: str, number: int, work: RenderState) -> SafeHtml:
    label = alternative or f"{work.words.figure} {number}"
    drawing, problems = clean_svg(media.content, work.prefixed(f"-f{number}-"), label)
    line = work.finder.line(raw) if problems else 0
    work.problems += [MarkupFinding(problem.code, problem.text, problem.fix, problem.facts, line) for problem in problems]
    if not drawing or is_fitting(drawing):
        return drawing
    name = f"{work.words.figure} {number}"
    return element("div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": name}, drawing)


def _embed(mark: Element, path: str, work: RenderState) -> None:
    facts = dict(mark.attrib)
    title, raw = facts["alt"], facts["raw"]
    kind, _, target = path.partition(":")
    mark.tag = "x-embed"
    mark.attrib.clear()
    if work.mode is not RenderMode.LESSON:
        work.report(EMBED_IN_FIELD, raw, path=path)
        return
    shown = _question(target, title, raw, work) if kind == "question" else _recording(target, title, raw, work)
    mark.text = work.hold(shown) if shown is not None else None


def _question(key: str, title: str, raw: str, work: RenderState) -> SafeHtml | None:
    question = work.context.question(key)
    if question is None:
        work.report(NO_QUESTION, raw, target=key)
        return None
    work.questions.append(key)
    return element("section", {"class": "panel", "aria-label": title or work.words.check}, question)


def _recording(target: str, title: str, raw: str, work: RenderState) -> SafeHtml | None:
    """Return a card that links to the recording: nothing of it loads until it is opened."""
    key, _, fragment = target.partition("#")
    recording = work.context.recording(key)
    address = work.context.link(key, fragment)
    if recording is None or address is None:
        work.report(NO_RECORDING, raw, target=target)
        return None
    work.recordings.append(key)
    facts: list[SafeHtml] = []
    if recording.duration:
        facts.append(element("span", {}, work.icon("clock"), recording.duration))
    if fragment.startswith("t="):
        facts.append(element("span", {}, work.icon("play"), work.words.begins % fragment[2:]))
    if recording.host:
        facts.append(element("span", {}, work.icon("external-link"), recording.host))
    name = title or recording.title
    symbol = work.icon("headphones" if recording.kind == "audio" else "video")
    meta = element("p", {"class": "meta up-s"}, *facts) if facts else SafeHtml()
    link = element("a", {"href": address}, work.words.recording % name)
    return element("div", {"class": "panel"}, element("p", {"class": "h4"}, join(symbol, " "), link), meta)
