"""Passes over the tree of a text: figures numbered with their drawings, embedded recordings and questions, and marks made elements."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from kernel.markup import model, references
from kernel.markup.reading import CALLOUTS, STASHED, replace_children, sub_element, text_of
from kernel.markup.render_state import FormulaError, RenderMode, to_mathml
from kernel.markup.sanitise import clean_svg, is_fitting
from kernel.markup.source import is_address, printable, slug

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
        if not any(problem.code == model.TWIN_DIFFERS.code for problem in work.problems):
            work.report(model.TWIN_DIFFERS)
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
        work.report(model.NO_ALTERNATIVE, raw, path=path)
    if "dropped" in facts:
        work.report(model.ATTRIBUTE, facts["dropped"], text=facts["dropped"].strip("{} "))
    address = _address(facts["address"], original, work)
    drawing = _drawing(path, raw, alternative, number, work)
    caption_text = text_of(caption[0]) if caption is not None else ""
    work.figures.append(model.Figure(number, address, path, alternative, caption_text))
    mark.tag = "figure"
    mark.attrib.clear()
    if address:
        mark.set("id", work.prefixed(address))
    mark.text = work.hold(drawing) if drawing is not None else None
    _write_caption(mark, caption, number, work, raw=raw, path=path)


def _address(written: str, original: str, work: RenderState) -> str:
    if written and not is_address(written):
        work.report(model.ADDRESS_FORM, f"#{written}", text=written)
        written = ""
    preferred = original or written
    if not preferred:
        return ""
    if work.addresses.is_taken(preferred):
        work.report(model.ADDRESS_TWICE, f"#{preferred}", text=preferred)
    address = work.addresses.claim(preferred)
    work.addresses.lead(written or address, address)
    work.addresses.lead(address, address)
    return address


def _write_caption(figure: Element, caption: Element | None, number: int, work: RenderState, *, raw: str, path: str) -> None:
    box = SubElement(figure, "figcaption")
    sub_element(box, "strong", f"{work.words.figure} {number}.")
    if caption is None:
        work.report(model.NO_CAPTION, raw, path=path)
        return
    text, credit = caption
    box[0].tail = " " + (text.text or "")
    box.extend(list(text))
    if not (credit.text or len(credit)):
        work.report(model.NO_CREDIT, raw, path=path)
        return
    if len(box):
        box[-1].tail = (box[-1].tail or "") + " "
    credit.tag = "span"
    box.append(credit)


def _drawing(path: str, raw: str, alternative: str, number: int, work: RenderState) -> model.SafeHtml | None:
    """Return the picture as HTML, or None where it cannot be shown (and say why)."""
    if ":" in path or path.startswith(("/", "#")) or not path:
        work.report(model.IMAGE_REFUSED, raw, target=path)
        return None
    media = work.context.media(path)
    if media is None:
        work.report(model.NO_FILE, raw, path=path)
        return None
    if path not in work.media:
        work.media.append(path)
    if media.media_type == _SVG:
        return _inlined(media, raw, alternative, number, work)
    if media.media_type not in _IMAGES:
        work.report(model.NOT_AN_IMAGE, raw, path=path)
        return None
    size = {"width": str(media.width), "height": str(media.height)} if media.width and media.height else {}
    written = model.element("img", {"src": media.url, **size, "loading": "lazy", "decoding": "async"})
    return model.SafeHtml(written.replace("<img", f'<img alt="{_attribute(alternative)}"', 1))


def _attribute(text: str) -> str:
    """Return a text for an attribute that may be empty."""
    return model.element("i", {"title": text})[len('<i title="') : -len('"></i>')] if text else ""


def _inlined(media: model.MediaReference, raw: str, alternative: str, number: int, work: RenderState) -> model.SafeHtml:
    label = alternative or f"{work.words.figure} {number}"
    drawing, problems = clean_svg(media.content, work.prefixed(f"-f{number}-"), label)
    line = work.finder.line(raw) if problems else 0
    work.problems += [model.MarkupFinding(problem.code, problem.text, problem.fix, problem.facts, line) for problem in problems]
    if not drawing or is_fitting(drawing):
        return drawing
    name = f"{work.words.figure} {number}"
    return model.element("div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": name}, drawing)


def _embed(mark: Element, path: str, work: RenderState) -> None:
    facts = dict(mark.attrib)
    title, raw = facts["alt"], facts["raw"]
    kind, _, target = path.partition(":")
    mark.tag = "x-embed"
    mark.attrib.clear()
    if work.mode is not RenderMode.LESSON:
        work.report(model.EMBED_IN_FIELD, raw, path=path)
        return
    shown = _question(target, title, raw, work) if kind == "question" else _recording(target, title, raw, work)
    mark.text = work.hold(shown) if shown is not None else None


def _question(key: str, title: str, raw: str, work: RenderState) -> model.SafeHtml | None:
    question = work.context.question(key)
    if question is None:
        work.report(model.NO_QUESTION, raw, target=key)
        return None
    work.questions.append(key)
    return model.element("section", {"class": "panel", "aria-label": title or work.words.check}, question)


def _recording(target: str, title: str, raw: str, work: RenderState) -> model.SafeHtml | None:
    """Return a card that links to the recording: nothing of it loads until it is opened."""
    key, _, fragment = target.partition("#")
    recording = work.context.recording(key)
    address = work.context.link(key, fragment)
    if recording is None or address is None:
        work.report(model.NO_RECORDING, raw, target=target)
        return None
    work.recordings.append(key)
    facts: list[model.SafeHtml] = []
    if recording.duration:
        facts.append(model.element("span", {}, work.icon("clock"), recording.duration))
    if fragment.startswith("t="):
        facts.append(model.element("span", {}, work.icon("play"), work.words.begins % fragment[2:]))
    if recording.host:
        facts.append(model.element("span", {}, work.icon("external-link"), recording.host))
    name = title or recording.title
    symbol = work.icon("headphones" if recording.kind == "audio" else "video")
    meta = model.element("p", {"class": "meta up-s"}, *facts) if facts else model.SafeHtml()
    link = model.element("a", {"href": address}, work.words.recording % name)
    return model.element("div", {"class": "panel"}, model.element("p", {"class": "h4"}, model.join(symbol, " "), link), meta)


if TYPE_CHECKING:
    from kernel.markup.render_state import RenderState

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LONG_FORMULA = 48
"""Signs of LaTeX, commands counted as one, from which a formula may be wider than a phone."""
_KINDS = {
    "DEFINITION": ("callout", "book-a"),
    "EXAMPLE": ("callout eg", "sigma"),
    "WARNING": ("callout warn", "triangle-alert"),
    "SUMMARY": ("callout", "list-checks"),
    "CHECK": ("callout eg", "circle-help"),
}


def finish(root: Element, work: RenderState) -> None:
    """Turn the marks of the tree into elements; RenderTimeExceeded where the time is over."""
    for step in _STEPS:
        work.check_time()
        step(root, work)


def plain_text(node: Element, work: RenderState) -> str:
    """Return the words of a heading: without citations, numbers of notes, HTML, held pieces and the marks around formulas."""
    pieces = [node.text or ""]
    for child in node:
        if child.tag != "x-cite" and not references.is_mark(child):
            inner = plain_text(child, work)
            pieces.append(inner[2:-2] if child.get("class") == "arithmatex" else inner)
        pieces.append(child.tail or "")
    return " ".join(printable(unescape(work.forget(STASHED.sub("", "".join(pieces))))).replace(model.NO_BREAK, " ").split())


def _report_loose_captions(root: Element, work: RenderState) -> None:
    for paragraph in root.iter("p"):
        if paragraph.attrib.pop("x-loose", None):
            text = text_of(paragraph)
            work.report(model.LOOSE_CAPTION, text, text=text[:40])


def _read_headings(root: Element, work: RenderState) -> None:
    boxed = {heading for box in root.iter() if box.tag in ("blockquote", "x-callout") for heading in box.iter() if heading.tag in HEADINGS}
    nodes = [node for node in root.iter() if node.tag in HEADINGS]
    if work.mode is not RenderMode.LESSON:
        for node in nodes:
            work.report(model.HEADING_IN_FIELD, text_of(node), text=plain_text(node, work))
            node.tag = "p"
        return
    own = [_own_address(node, work) for node in nodes]
    originals = work.original_headings
    follows = originals is not None and len(originals) == len(nodes)
    if originals is not None and not follows:
        work.report(model.TWIN_DIFFERS)
    level = 1
    for position, node in enumerate(nodes):
        text = plain_text(node, work)
        level = _checked_level(node, text, level, work, boxed=node in boxed)
        address = work.addresses.claim(originals[position].address if originals and follows else own[position])
        work.addresses.lead(own[position], address)
        work.addresses.lead(address, address)
        node.set("id", work.prefixed(address))
        work.headings.append(model.Heading(level, work.prefixed(address), text, address))


def _own_address(node: Element, work: RenderState) -> str:
    written = node.attrib.pop("x-address", "")
    if written and not is_address(written):
        work.report(model.ADDRESS_FORM, f"#{written}", text=written)
    return slug(written or plain_text(node, work)) or "parte"


def _checked_level(node: Element, text: str, previous: int, work: RenderState, *, boxed: bool) -> int:
    """Report what is wrong with a heading's level and return the level at which it is shown."""
    level = int(node.tag[1])
    if boxed:
        work.report(model.HEADING_IN_BOX, text, text=text)
    elif level == 1:
        work.report(model.TOP_HEADING, text, text=text)
    elif level > 4:
        work.report(model.DEEP_HEADING, text, text=text)
    elif level > previous + 1:
        work.report(model.HEADING_JUMP, text, text=text, marks="#" * (previous + 1))
    node.tag = f"h{max(level, 2)}"
    return max(level, 2)


def _read_addresses(root: Element, work: RenderState) -> None:
    """Give what remains with a written address (paragraphs, items, tables) its id."""
    for node in root.iter():
        written = node.attrib.pop("x-address", "")
        if not written:
            continue
        if node.tag.startswith("x-") or node.tag == "img" or node.get("class") == "arithmatex":  # these become something else
            work.report(model.ATTRIBUTE, f"{{#{written}}}", text=f"#{written}")
        elif not is_address(written):
            work.report(model.ADDRESS_FORM, f"#{written}", text=written)
        elif work.addresses.is_taken(written):
            work.report(model.ADDRESS_TWICE, f"#{written}", text=written)
        else:
            address = work.addresses.claim(written)
            work.addresses.lead(written, address)
            node.set("id", work.prefixed(address))


def _read_tables(root: Element, work: RenderState) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    tables = list(root.iter("table"))
    lines = work.finder.table_lines() if tables else []
    for table in tables:
        work.tables += 1
        line = lines[work.tables - 1] if len(lines) == len(tables) else work.finder.line(_first_words(table))
        parent = parents[table]
        following = list(parent)[list(parent).index(table) + 1 :][:1]
        caption = following[0] if following and following[0].tag == "x-caption" else None
        if caption is not None:
            parent.remove(caption)
        _read_cells(table, line, work)
        _wrap_table(table, caption, line, work)


def _first_words(table: Element) -> str:
    return text_of(table[0]).strip().split("\n")[0]


def _wrap_table(table: Element, caption: Element | None, line: int, work: RenderState) -> None:
    """Put the table with its caption into a box that slides and can be reached by keyboard."""
    label = f"{work.words.table} {work.tables}"
    rows = list(table)
    inner = Element("table", {"class": "data"})
    if caption is None:
        work.report_at(line, model.TABLE_CAPTION, text=_first_words(table))
    else:
        inner.append(_caption(caption, label))
        if address := caption.get("address"):
            table.set("x-address", address)
            work.table_numbers[address] = work.tables
    inner.extend(rows)
    for row in rows:
        table.remove(row)
    table.text = None
    table.tag = "div"
    table.attrib.update({"class": "scroll", "tabindex": "0", "role": "group", "aria-label": label})
    table.append(inner)


def _caption(mark: Element, label: str) -> Element:
    caption = Element("caption")
    content = mark[0]
    caption.text = f"{label}. {content.text or ''}"
    caption.extend(list(content))
    return caption


def _read_cells(table: Element, line: int, work: RenderState) -> None:
    """Mark the cells that head a column or a row; alignment becomes a class, because styles are not allowed."""
    for row in table.iter("tr"):
        for position, cell in enumerate(row):
            align = cell.attrib.pop("align", "")
            if align in ("right", "center"):
                cell.set("class", "r" if align == "right" else "center")
            if cell.tag == "th":
                cell.set("scope", "col")
            elif position == 0:
                cell.tag = "th"
                cell.set("scope", "row")
    empty = [cell for cell in table[0].iter("th") if not text_of(cell).strip() and not len(cell)]
    if empty:
        work.report_at(line, model.TABLE_HEADER, text=_first_words(table))
    for cell in empty:
        cell.tag = "td"
        del cell.attrib["scope"]


def _read_callouts(root: Element, work: RenderState) -> None:
    level = 1
    callouts: list[tuple[Element, int]] = []
    for node in root.iter():
        if node.tag in HEADINGS:
            level = int(node.tag[1])
        elif node.tag == "x-callout":
            callouts.append((node, level))
    for callout, above in callouts:
        _read_callout(callout, above, work)


def _read_callout(callout: Element, level: int, work: RenderState) -> None:
    kind, raw = callout.attrib.pop("kind"), callout.attrib.pop("raw")
    title = callout[0]
    has_title = bool(text_of(title).strip() or len(title))
    if kind not in CALLOUTS or work.mode is not RenderMode.LESSON:
        work.report(model.CALLOUT_KIND if kind not in CALLOUTS else model.CALLOUT_IN_FIELD, raw, kind=kind)
        callout.tag, title.tag = "blockquote", "p"
        return
    if len(callout) == 1 and not (callout.text or "").strip():
        work.report(model.CALLOUT_EMPTY, raw, kind=kind)
    classes, icon = _KINDS[kind]
    callout.set("class", classes)
    kind_label: str = getattr(work.words, kind.lower())
    if kind == "CHECK":
        work.checks += 1
        if not has_title:
            work.report(model.CHECK_TITLE, raw)
        callout.tag, title.tag = "details", "summary"
        label = model.element("span", {"class": "small muted"}, kind_label)
        _fill_title(title, work.hold(work.icon(icon)), work.hold(model.join(label, model.SafeHtml("<br>"))))
        sub_element(title, "x-held", work.hold(work.icon("chevron-down", turning=True)))
        return
    work.callouts += 1
    callout.tag, title.tag = "aside", f"h{min(level + 1, 6)}"
    name = work.prefixed(f"-callout-{work.callouts}")
    title.set("id", name)
    callout.set("aria-labelledby", name)
    _fill_title(title, work.hold(work.icon(icon)), f"{kind_label}: " if has_title else kind_label)


def _fill_title(title: Element, icon: str, prefix: str) -> None:
    """Put icon and word before the title; the words stay together in one box beside the icon."""
    box = Element("span")
    box.text = prefix + (title.text or "")
    box.extend(list(title))
    for child in list(title):
        title.remove(child)
    title.text = icon
    title.append(box)


def _read_formulas(root: Element, work: RenderState) -> None:
    for node in root.iter():
        if node.get("class") != "arithmatex":
            continue
        work.check_time()
        display = node.tag == "div"
        latex = unescape(node.text or "").strip()[2:-2]
        work.formulas += display
        node.tag = "x-formula"
        node.attrib.clear()
        try:
            formula = to_mathml(latex, display=display)
        except FormulaError as error:
            work.report(error.finding, latex.strip(), text=" ".join(latex.split())[:80], **error.facts)
            formula = model.element("code", {}, latex)
        if display and len(re.sub(r"\\[A-Za-z]+|\s", "", latex)) > _LONG_FORMULA:
            formula = model.element("div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": work.words.formula}, formula)
        replace_children(node, work.hold(formula))


def _join_texts(root: Element, _work: RenderState) -> None:
    """Keep numbers beside their unit and dashes beside their word, everywhere but in code."""
    skipped = {node for code in root.iter() if code.tag in ("code", "pre") for node in code.iter()}
    for node in root.iter():
        if node.text and node not in skipped:
            node.text = model.join_dashes(model.join_numbers(node.text))
        if node.tail and (node not in skipped or node.tag in ("code", "pre")):
            node.tail = model.join_dashes(model.join_numbers(node.tail))
            if node.tail.startswith(" %") and (text_of(node) or " ")[-1].isdigit():
                node.tail = model.NO_BREAK + node.tail[1:]


_STEPS = (
    _report_loose_captions,
    _read_headings,
    read_figures,
    _read_tables,
    _read_addresses,
    _read_callouts,
    references.read_links,
    _read_formulas,
    references.read_references,
    references.read_notes,
    _join_texts,
)
"""In the order in which each needs the one before: links need addresses, references need to know what is a heading."""
