"""The parts of a lesson of another tool: its front matter (YAML between ---, TOML between +++) and the blocks of its text.

Blocks are code, words, headings, and the boxes of other tools (fenced divisions, admonitions, alerts, details).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from courses.content.folder_formats import ConversionRemark, RemarkKind
from kernel import yaml_tree
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence


@dataclass(slots=True)
class RemarkCollector:
    """Collects the remarks on one file, each text once a line, and counts attributes that mean nothing here."""

    file: str
    remarks: list[ConversionRemark] = field(default_factory=list)
    attributes: Counter[str] = field(default_factory=Counter)

    def add(self, kind: RemarkKind, line: int, template: str, **facts: str) -> None:
        """Note something."""
        remark = ConversionRemark(kind, self.file, line, template, tuple((name, text[:120]) for name, text in facts.items()))
        if remark not in self.remarks:
            self.remarks.append(remark)

    def count(self, attribute: str) -> None:
        """Note an attribute that means nothing here."""
        self.attributes[attribute[:60]] += 1


# --- Front matter ---

TITLE = ("title", "linkTitle", "sidebar_label")
SUMMARY = ("description", "summary", "abstract")
AUTHORS = ("author", "authors")
BOXES_BEFORE = ("questions", "objectives")
BOXES_AFTER = ("keypoints",)
"""Lists that stand in boxes: before the text, and after it, as where they come from."""
_UNSEEN = ("lang", "language", "layout", "slug", "id", "permalink", "order", "weight", "nav_order", "sidebar_position")
"""Fields that say nothing to a learner, or that the order of the files says already."""


@dataclass(frozen=True, slots=True)
class LessonFrontMatter:
    """The front matter of a lesson as far as we use it, and the line on which the text begins."""

    title: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    is_draft: bool = False
    first_line: int = 1
    boxes: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """The lists of BOXES_BEFORE and BOXES_AFTER: each item with its line."""


def read_front(lines: list[str], collector: RemarkCollector) -> LessonFrontMatter:
    """Return the front matter of a text; fields without an equivalent here are reported by name and line."""
    fence = lines[0].strip() if lines else ""
    if fence not in ("---", "+++"):
        return LessonFrontMatter()
    end = next((at for at, line in enumerate(lines[1:], start=1) if line.strip() in (fence, "..." if fence == "---" else fence)), None)
    if end is None:
        return LessonFrontMatter()
    fields = _yaml(lines[1:end], collector) if fence == "---" else _toml(lines[1:end], collector)
    if fields is None:
        return (
            LessonFrontMatter()
            if fence == "---" and end > 1 and ":" not in "".join(lines[1:end])
            else LessonFrontMatter(first_line=end + 2)
        )
    for name, (line, items) in fields.items():
        if name not in (*TITLE, *SUMMARY, *AUTHORS, *_UNSEEN, "draft") and not (name in (*BOXES_BEFORE, *BOXES_AFTER) and items):
            collector.add(RemarkKind.FIELD, line, N_("The field “%(name)s” has no equivalent in lessons here."), name=name)
    return LessonFrontMatter(
        _first(fields, TITLE),
        _first(fields, SUMMARY),
        tuple(", ".join(text for _line, text in fields[name][1]) for name in AUTHORS if name in fields),
        is_draft=_first(fields, ("draft",)).lower() == "true",
        first_line=end + 2,
        boxes={name: fields[name][1] for name in (*BOXES_BEFORE, *BOXES_AFTER) if name in fields},
    )


Fields = Mapping[str, tuple[int, tuple[tuple[int, str], ...]]]
"""By name the line of a field's value, and its texts with theirs."""


def _first(fields: Fields, names: tuple[str, ...]) -> str:
    return next((" ".join(fields[name][1][0][1].split()) for name in names if name in fields and fields[name][1]), "")


def _yaml(lines: list[str], collector: RemarkCollector) -> Fields | None:
    parsed = yaml_tree.parse("\n" + "\n".join(lines) + "\n")
    if not isinstance(parsed.root, YamlMapping):
        if parsed.troubles:
            collector.add(RemarkKind.FIELD, parsed.troubles[0].line, N_("The front matter cannot be read as YAML."))
        return None
    return {name: (entry.value.line, _texts(entry.value)) for name, entry in parsed.root.entries.items()}


def _texts(value: YamlNode) -> tuple[tuple[int, str], ...]:
    if isinstance(value, YamlScalar):
        return ((value.line, value.text),) if value.text else ()
    if not isinstance(value, YamlSequence):
        return ()
    return tuple((item.line, text) for item in value.items if (text := _item_text(item)))


def _item_text(item: YamlNode) -> str:
    """Return an item of a list as text; one with a colon and no quotation marks is a field to YAML, and words to its author."""
    if isinstance(item, YamlMapping):
        return ", ".join(f"{name}: {entry.value.text}" for name, entry in item.entries.items() if isinstance(entry.value, YamlScalar))
    return item.text if isinstance(item, YamlScalar) else ""


def _toml(lines: list[str], collector: RemarkCollector) -> Fields | None:
    try:
        values = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        collector.add(RemarkKind.FIELD, 1, N_("The front matter cannot be read as TOML."))
        return None
    places = {line.partition("=")[0].strip(): at for at, line in enumerate(lines, start=2)}
    return {name: (line := places.get(name, 1), tuple((line, text) for text in _plain(value))) for name, value in values.items()}


def _plain(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(value).lower(),)
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


# --- Blocks ---

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(.*)$")
_DIVISION = re.compile(r"[ ]{0,3}:{3,}[ \t]*(.*?)[ \t]*:*[ \t]*$")
_ADMONITION = re.compile(r"(!!!|\?\?\?\+?)[ \t]*([\w-]+)[^\"]*(?:\"([^\"]*)\")?[ \t]*$")
_ALERT = re.compile(r"[ ]{0,3}>[ ]?\[!(\w+)\][-+]?[ \t]*(.*)$")
_QUOTED = re.compile(r"^[ ]{0,3}>[ ]?")
_DETAILS = re.compile(r"[ \t]*<(/?)details[^>]*>[ \t]*(?:<summary[^>]*>(.*?)</summary>)?[ \t]*$", re.IGNORECASE)
_SUMMARY = re.compile(r"[ \t]*<summary[^>]*>(.*?)</summary>[ \t]*$", re.IGNORECASE)
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"[ ]{0,3}(=+|-+)[ \t]*$")
_REFERENCE = re.compile(r"[ ]{0,3}\[([^\[\]^][^\[\]]*)\]:[ \t]*<?(\S+?)>?(?:[ \t]+([\"'(].*))?[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_ATTRIBUTES = re.compile(r"[ ]{0,3}\{:[ ]*([^{}]*?)[ ]*\}[ \t]*$")
_CLASS = re.compile(r"\.([\w-]+)")
_NAME = re.compile(r"[\w-]+")
_LANGUAGE = re.compile(r"[A-Za-z][\w+#.-]*")


class CalloutKind(StrEnum):
    """The kind of box that a callout of another tool becomes here."""

    CHECK = "CHECK"
    WARNING = "WARNING"
    EXAMPLE = "EXAMPLE"
    DEFINITION = "DEFINITION"
    SUMMARY = "SUMMARY"
    QUOTE = "quote"
    OPEN = "open"
    """Its text stands without a box."""


BOXES = {
    **dict.fromkeys(("solution", "answer", "hint", "details", "spoiler", "collapse"), CalloutKind.CHECK),
    **dict.fromkeys(
        ("warning", "caution", "danger", "important", "callout-warning", "callout-important", "callout-caution"), CalloutKind.WARNING
    ),
    **dict.fromkeys(("example", "callout-example"), CalloutKind.EXAMPLE),
    **dict.fromkeys(("definition",), CalloutKind.DEFINITION),
    **dict.fromkeys(("objectives", "keypoints", "questions", "summary", "abstract", "overview"), CalloutKind.SUMMARY),
    **dict.fromkeys(
        (
            *("note", "tip", "info", "callout", "prereq", "discussion", "testimonial", "checklist", "instructor", "quote"),
            *("callout-note", "callout-tip"),
        ),
        CalloutKind.QUOTE,
    ),
    **dict.fromkeys(("challenge", "exercise", "question", "tab", "tabs", "group-tab"), CalloutKind.OPEN),
}
TITLES = {
    "es": {"objectives": "Objetivos", "keypoints": "Puntos clave", "questions": "Preguntas", "solution": "Solución", "": "Ver"},
    "en": {"objectives": "Objectives", "keypoints": "Key points", "questions": "Questions", "solution": "Solution", "": "Show"},
}


@dataclass(slots=True)
class Block:
    """A piece of a lesson: `kind` is code, words, heading, blank, open or close (of a box)."""

    kind: str
    line: int
    lines: list[str] = field(default_factory=list)
    box: CalloutKind = CalloutKind.OPEN
    name: str = ""
    title: str = ""
    level: int = 0


def references(lines: list[str], first: int, collector: RemarkCollector) -> dict[str, str]:
    """Return the addresses that references of a text stand for, and blank their lines; their titles are counted."""
    addresses: dict[str, str] = {}
    inside = ""
    for at in range(first - 1, len(lines)):
        fence = _FENCE.match(lines[at])
        if fence and (not inside or (fence[2].startswith(inside) and not fence[3])):
            inside = "" if inside else fence[2]
        match = None if inside else _REFERENCE.match(lines[at])
        if match:
            addresses[match[1].casefold()] = match[2]
            if match[3]:
                collector.count(f"title={match[3]}")
            lines[at] = ""
    return addresses


def blocks(lines: list[str], first: int, collector: RemarkCollector) -> Iterator[Block]:
    """Divide a text from its `first` line (counted from 1) into blocks."""
    at = first - 1
    boxes: list[str] = []
    in_list = False
    while at < len(lines):
        line = lines[at].rstrip("\r\n")
        step = _box(line, at, lines, boxes, collector)
        if step is not None:
            yield from step[0]
            at = step[1]
            continue
        fence = _FENCE.match(line)
        if fence:
            block, at = _code(lines, at, fence, collector)
            yield block
            continue
        if not line.strip():
            yield Block("blank", at + 1)
            at += 1
            continue
        if not in_list and re.match(r"(?: {4}|\t)", line):
            block, at = _indented(lines, at)
            yield block
            continue
        if line.lstrip().startswith("<!--"):
            end = next((index for index in range(at, len(lines)) if "-->" in lines[index]), len(lines) - 1)
            yield Block("comment", at + 1, [text.rstrip() for text in lines[at : end + 1]])
            at = end + 1
            continue
        heading = _HEADING.match(line)
        if heading:
            yield Block("heading", at + 1, [heading[2]], level=len(heading[1]))
            at, in_list = at + 1, False
            continue
        block, at = _words(lines, at)
        in_list = any(_ITEM.match(text) for text in block.lines) or (in_list and block.lines[0].startswith((" ", "\t")))
        yield block
    for name in boxes:
        collector.add(RemarkKind.CHECK, len(lines), N_("The box “%(name)s” is not closed."), name=name)
        yield Block("close", len(lines), name=name)


def _box(line: str, at: int, lines: list[str], boxes: list[str], collector: RemarkCollector) -> tuple[list[Block], int] | None:
    details = _DETAILS.match(line)
    if details:
        return _details(details, at, lines, boxes)
    division = _DIVISION.match(line)
    if division:
        return _division(division[1].strip(":{} \t"), at, boxes, collector)
    admonition = _ADMONITION.match(line)
    if admonition:
        return _admonition(admonition, at, lines, collector)
    alert = _ALERT.match(line)
    if alert:
        return _alert(alert, at, lines, collector)
    return _quotation(at, lines, collector) if _QUOTED.match(line) else None


def _division(info: str, at: int, boxes: list[str], collector: RemarkCollector) -> tuple[list[Block], int]:
    if not info:
        closed = [Block("close", at + 1, name=boxes.pop())] if boxes else []
        return closed, at + 1
    name, _blank, title = info.lstrip(".").partition(" ")
    boxes.append(name)
    return [_opened(name, title.strip("[] ") if "=" not in title and not title.startswith(".") else "", at, collector)], at + 1


def _opened(name: str, title: str, at: int, collector: RemarkCollector) -> Block:
    key = (_NAME.match(name.lower()) or [""])[0]
    if key not in BOXES:
        collector.add(RemarkKind.BOX, at + 1, N_("The box “%(name)s” belongs to another tool. Its text is kept as a quotation."), name=name)
    return Block("open", at + 1, box=BOXES.get(key, CalloutKind.QUOTE), name=key, title=title)


def _details(match: re.Match[str], at: int, lines: list[str], boxes: list[str]) -> tuple[list[Block], int]:
    if match[1]:
        return [Block("close", at + 1, name=boxes.pop())] if boxes else [], at + 1
    title, after = (match[2] or "").strip(), at + 1
    summary = _SUMMARY.match(lines[after]) if not title and after < len(lines) else None
    if summary:
        title, after = summary[1].strip(), after + 1
    boxes.append("details")
    return [Block("open", at + 1, box=CalloutKind.CHECK, name="details", title=re.sub(r"<[^>]*>", "", title))], after


def _admonition(match: re.Match[str], at: int, lines: list[str], collector: RemarkCollector) -> tuple[list[Block], int]:
    """An admonition of MkDocs: what is indented belongs to it."""
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(("    ", "\t"))):
        end += 1
    inner = [re.sub(r"^(?: {4}|\t)", "", text) for text in lines[at + 1 : end]]
    return [*_nested(_opened(match[2], match[3] or "", at, collector), inner, at + 1, collector)], end


def _alert(match: re.Match[str], at: int, lines: list[str], collector: RemarkCollector) -> tuple[list[Block], int]:
    """An alert of GitHub: the quotation that follows belongs to it."""
    end = at + 1
    while end < len(lines) and lines[end].lstrip().startswith(">"):
        end += 1
    inner = [re.sub(r"^[ ]{0,3}>[ ]?", "", text) for text in lines[at + 1 : end]]
    return [*_nested(_opened(match[1], match[2], at, collector), inner, at + 1, collector)], end


def _quotation(at: int, lines: list[str], collector: RemarkCollector) -> tuple[list[Block], int]:
    end = next((index for index in range(at, len(lines)) if not _QUOTED.match(lines[index])), len(lines))
    inner = [_QUOTED.sub("", text) for text in lines[at:end]]
    opened = Block("open", at + 1, box=CalloutKind.QUOTE, name="quote")
    name = _box_named(lines, end, collector)
    if name:
        opened, end = _opened(name, "", at, collector), end + 1
    return [*_nested(opened, inner, at, collector)], end


def _classes(lines: list[str], at: int) -> list[str] | None:
    """Return the classes in a line of nothing but attributes (kramdown), None if it is another line."""
    match = _ATTRIBUTES.match(lines[at].rstrip("\r\n")) if at < len(lines) else None
    return _CLASS.findall(match[1]) if match else None


def _box_named(lines: list[str], at: int, collector: RemarkCollector) -> str:
    """Return the box that the attributes below a quotation make of it, '' for none; other classes beside it mean nothing."""
    classes = _classes(lines, at) or []
    name = next((name for name in classes if name.lower() in BOXES), "")
    for other in classes if name else ():
        if other != name:
            collector.count(f"{{: .{other}}}")
    return name


def _nested(opened: Block, inner: list[str], before: int, collector: RemarkCollector) -> Iterator[Block]:
    yield opened
    yield from blocks([*[""] * before, *inner], before + 1, collector)
    yield Block("close", before + len(inner), name=opened.name)


def _code(lines: list[str], at: int, fence: re.Match[str], collector: RemarkCollector) -> tuple[Block, int]:
    """Return fenced code: the language is the first word behind the fence, what else stands there is counted."""
    marks, indent = fence[2], fence[1]
    closing = re.compile(rf"[ \t]*{re.escape(marks[0])}{{{len(marks)},}}[ \t]*$")
    end = next((index for index in range(at + 1, len(lines)) if closing.match(lines[index].rstrip("\r\n"))), None)
    if end is None:
        collector.add(RemarkKind.CHECK, at + 1, N_("The code block that begins here is not closed."))
    inner = [_unindented(text.rstrip("\r\n"), len(indent)) for text in lines[at + 1 : end if end is not None else len(lines)]]
    language = _LANGUAGE.search(fence[3].strip("{} .")) if fence[3].strip() else None
    if fence[3].startswith("{") and "}" in fence[3] and not fence[3].startswith(("{.", "{r", "{python")):
        collector.add(RemarkKind.FORM, at + 1, N_("“%(text)s” is a command for another tool. Its content is kept as code."), text=fence[3])
    elif language and (rest := fence[3].strip("{} .")[language.end() :].strip()):
        collector.count(rest)
    block = Block("code", at + 1, inner, name=language[0].lower() if language else "", level=len(indent))
    after = end + 1 if end is not None else len(lines)
    named = [name for name in _classes(lines, after) or [] if name.startswith("language-")]
    if named and not block.name and (match := _LANGUAGE.fullmatch(named[0].removeprefix("language-"))):
        block.name, after = match[0].lower(), after + 1
    return block, after


def _unindented(text: str, width: int) -> str:
    bare = text.lstrip(" \t")
    return text[min(width, len(text) - len(bare)) :]


def _indented(lines: list[str], at: int) -> tuple[Block, int]:
    end = at
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(("    ", "\t"))):
        end += 1
    inner = [re.sub(r"^(?: {4}|\t)", "", text.rstrip("\r\n")) for text in lines[at:end]]
    while not inner[-1].strip():
        inner.pop()
    return Block("code", at + 1, inner), end


def _words(lines: list[str], at: int) -> tuple[Block, int]:
    """Return the lines up to the next blank one, fence, box or heading; a line of = or - below words makes them a heading."""
    end = at
    while end < len(lines) and lines[end].strip() and not (end > at and _begins_other(lines[end])):
        underline = _UNDERLINE.match(lines[end]) if end == at + 1 and "|" not in lines[at] and not _ITEM.match(lines[at]) else None
        if underline and not lines[at].lstrip().startswith((">", "|", "-", "*")):
            return Block("heading", at + 1, [lines[at].strip()], level=1 if underline[1][0] == "=" else 2), end + 1
        end += 1
    return Block("words", at + 1, [text.rstrip("\r\n") for text in lines[at:end]]), end


def _begins_other(line: str) -> bool:
    begins = any(form.match(line) for form in (_FENCE, _DIVISION, _HEADING, _DETAILS, _ADMONITION, _QUOTED))
    return begins or line.lstrip().startswith("<!--")
