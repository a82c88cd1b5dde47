"""One lesson of another tool, written in this format: its words all stay, in their order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape

from courses.content.folder_formats import RemarkKind
from kernel.errors import N_
from kernel.markup.foreign import PLAIN_ATTRIBUTES
from kernel.markup.model import names
from kernel.markup.source import is_address, slug
from standards.markdown_folder.blocks import (
    BOXES,
    BOXES_AFTER,
    BOXES_BEFORE,
    TITLES,
    Block,
    CalloutKind,
    LessonFrontMatter,
    RemarkCollector,
    blocks,
    read_front,
    references,
)


@dataclass(frozen=True, slots=True)
class LinkTargets:
    """The link targets of a lesson: `page` returns the address of a path in the course, '' for what does not exist.

    `media` imports a file and returns its new path, or '' and the reason why it is not imported.
    """

    page: Callable[[str], str]
    media: Callable[[str], tuple[str, str]]


# --- Within a paragraph: links, images, HTML and signs of other tools (spec/content-format 7) ---

_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_KEPT = re.compile("\ue000([0-9]+)\ue000")
_LABEL = r"((?:[^\[\]]|\[[^\[\]]*\])*)"
_TARGET = r"\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+(?:\"([^\"]*)\"|'([^']*)'))?\s*\)"
_BRACES = r"(?:\{:?[ ]*((?:[.#]|[\w-]+=)[^{}]*)\})?"
_LINKED_IMAGE = re.compile(rf"\[!\[{_LABEL}\]{_TARGET}\]{_TARGET}")
_IMAGE = re.compile(rf"!\[{_LABEL}\]{_TARGET}{_BRACES}")
_LINK = re.compile(rf"(?<![!\\])\[{_LABEL}\]{_TARGET}{_BRACES}")
_REFERRED = re.compile(r"(?<!\\)(!?)\[((?:[^\[\]])+)\](?:\[([^\[\]]*)\])?(?![(\[:])")
_WIKI = re.compile(r"(?<!\\)\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]+))?\]\]")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_-]*)((?:\s[^<>]*)?)(/?)>")
_ANCHOR = re.compile(r"<a(\s[^<>]*href\s*=\s*[\"']([^\"']*)[\"'][^<>]*)>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*[\"']([^\"']*)[\"']")
_FORMULA = re.compile(r"(?<![\\$])\$(?![\s\d$])[^$\n]*[\\^_=][^$\n]*(?<!\s)\$(?!\d)")
_LIQUID = re.compile(r"\{%.*?%\}|\{\{[<%].*?[>%]\}\}", re.DOTALL)
_FROM_ROOT = re.compile(
    r"(?<=[(<\"'])(?:\{\{-?[ ]*(?:page\.root|site\.baseurl|site\.url|relative_root_path)[ ]*-?\}\}/?([^\s()<>\"']*)"
    r"|\{\{-?[ ]*['\"]([^'\"{}]*)['\"][ ]*\|[ ]*(?:relative|absolute)_url[ ]*-?\}\}"
    r"|\{%-?[ ]*link[ ]+([^\s%]+)[ ]*-?%\})"
)
"""An address that Jekyll counts from where its site begins, which is the folder."""
_UNKNOWN = re.compile(
    r"(?<!!)\[([^\[\]]*)\]\(([^()\n]*\{\{[^()\n]*)\)|<a\s[^<>]*href\s*=\s*[\"']([^\"']*\{\{[^\"']*)[\"'][^<>]*>(.*?)</a>", re.I
)
_ALONE = re.compile(r"(?:[ ]*\{:?[ ]*(?:[.#]|[\w-]+=)[^{}\n]*\})+[ ]*$", re.MULTILINE)
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "tt": "`", "samp": "`"}
_ELEMENTS = names(
    "a abbr address article aside b big blockquote center cite dd del details dfn div dl dt em fieldset figcaption figure "
    "font footer form h1 h2 h3 h4 h5 h6 header hr i input ins kbd label li main mark nav ol p picture pre q s section small "
    "source span strike strong sub summary sup table tbody td tfoot th thead tr u ul var wbr"
)
_NOWHERE = N_("The link to %(target)s points to nothing in this folder. Its text is kept.")
_PLAYERS = ("iframe", "video", "audio", "embed", "object", "script", "style")


@dataclass(slots=True)
class InlineWriter:
    """Writes the words of one lesson anew. `figures` are the images of the present paragraph, to be put after it."""

    collector: RemarkCollector
    targets: LinkTargets
    headings: frozenset[str]
    references: dict[str, str]
    figures: list[str] = field(default_factory=list)
    markup_parts: list[str] = field(default_factory=list)
    """What of the present paragraph stays as it is, while its other signs are written anew."""
    written: dict[str, str] = field(default_factory=dict)
    """How addresses were written that were resolved before they are looked up."""

    def words(self, text: str, line: int) -> str:
        """Return a paragraph in this format; images leave it for `figures`."""
        held = self.markup_parts = []

        def keep(markup: str) -> str:
            held.append(markup)
            return f"\ue000{len(held) - 1}\ue000"

        text = text.replace("\ue000", "")
        text = _CODE.sub(lambda match: keep(match[0]), text)
        text = _COMMENT.sub(lambda match: keep(match[0]), text)
        text = _FORMULA.sub(lambda match: keep(match[0]), text)
        text = _FROM_ROOT.sub(self._from_root, text)
        text = _UNKNOWN.sub(lambda match: self._unknown(match, line), text)
        text = self._html(_LIQUID.sub(lambda match: self._liquid(match, line), text), line, keep)
        text = self._references(text)
        text = _LINKED_IMAGE.sub(lambda match: self._linked_image(match, line, keep), text)
        text = _IMAGE.sub(
            lambda match: self._image(match[1], match[2], match[3] or match[4] or "", match[5] or "", self._at(match, line)), text
        )
        text = _LINK.sub(lambda match: self._link(match, match[1], match[2], line, keep), text)
        text = _ALONE.sub(lambda match: self._dropped(match[0]), text)
        text = _WIKI.sub(lambda match: self._wiki(match, line, keep), text)
        text = self._signs(text, line)
        while _KEPT.search(text):
            text = _KEPT.sub(lambda match: held[int(match[1])], text)
        return text

    def _at(self, match: re.Match[str], line: int) -> int:
        """Return the line of a place within a paragraph that begins on a line."""
        before = match.string[: match.start()]
        while _KEPT.search(before):
            before = _KEPT.sub(lambda held: self.markup_parts[int(held[1])], before)
        return line + before.count("\n")

    def _from_root(self, match: re.Match[str]) -> str:
        address = f"/{(match[1] or match[2] or match[3] or '').lstrip('/')}"
        self.written[address] = match[0]
        return address

    def _unknown(self, match: re.Match[str], line: int) -> str:
        """A link whose address another tool would have computed."""
        target = match[2] or match[3] or ""
        self.collector.add(RemarkKind.LINK, self._at(match, line), _NOWHERE, target=target)
        return match[1] or match[4] or ""

    def _liquid(self, match: re.Match[str], line: int) -> str:
        self.collector.add(
            RemarkKind.COMMAND, self._at(match, line), N_("“%(text)s” is a command for another tool and is left out."), text=match[0]
        )
        return ""

    def _dropped(self, text: str) -> str:
        if "#" not in text:
            self.collector.count(text.strip())
        return ""

    def _references(self, text: str) -> str:
        def replaced(match: re.Match[str]) -> str:
            target = self.references.get((match[3] or match[2]).casefold())
            return match[0] if target is None else f"{match[1]}[{match[2]}]({target})"

        return _REFERRED.sub(replaced, text)

    def _linked_image(self, match: re.Match[str], line: int, keep: Callable[[str], str]) -> str:
        """An image that leads somewhere: the image where it came along, and a link in words."""
        label, source, target = match[1], match[2], match[5]
        if self.targets.media(source)[0]:
            self._image(label, source, "", "", self._at(match, line))
        return self._link(match, label or target, target, line, keep)

    def _image(self, label: str, source: str, title: str, attributes: str, line: int) -> str:
        values = dict(_ATTRIBUTE.findall(attributes))
        alternative = " ".join((label or values.get("alt") or values.get("fig-alt") or "").split())
        path, why = self.targets.media(source)
        if not path:
            self.collector.add(RemarkKind.IMAGE, line, why, path=self.written.get(source, source))
            self._count({"title": title})
            return f"*{alternative}*" if alternative else ""
        if not alternative:
            self.collector.add(RemarkKind.CHECK, line, N_("The image %(path)s has no description: write what it shows."), path=source)
        alternative = re.sub(r"[\[\]\\]", "", alternative)
        caption = title or alternative or path.rpartition("/")[2]
        self.figures.append(f"![{alternative}]({path})\n\n: {caption}")
        return ""

    def _link(self, match: re.Match[str], label: str, target: str, line: int, keep: Callable[[str], str]) -> str:
        self._count({"title": match[3] or match[4] or ""} if match.re is _LINK else {})
        text = " ".join(label.split()) or target
        address = self._address(target, self._at(match, line))
        return keep(f"[{text}]({address})") if address else text

    def _address(self, target: str, line: int) -> str:
        if target.startswith(("https://", "http://", "mailto:")):
            return target
        if target.startswith("#"):
            heading = slug(target[1:])
            if heading in self.headings:
                return f"#{heading}"
        elif ":" not in target.partition("/")[0]:
            address = self.targets.page(target) or self.targets.media(target)[0]
            if address:
                return address
        self.collector.add(RemarkKind.LINK, line, _NOWHERE, target=self.written.get(target, target))
        return ""

    def _wiki(self, match: re.Match[str], line: int, keep: Callable[[str], str]) -> str:
        address = self.targets.page(match[1])
        if address:
            return keep(f"[{match[2] or match[1]}]({address})")
        self.collector.add(RemarkKind.LINK, self._at(match, line), _NOWHERE, target=match[1])
        return match[2] or match[1]

    def _html(self, text: str, line: int, keep: Callable[[str], str]) -> str:
        text = _ANCHOR.sub(self._anchor, text)
        return _TAG.sub(lambda match: self._tag(match, line, keep), text)

    def _anchor(self, match: re.Match[str]) -> str:
        self._count(dict(_ATTRIBUTE.findall(match[1])))
        return f"[{match[3]}]({match[2]})"

    def _count(self, attributes: Mapping[str, str]) -> None:
        """Count the attributes with a text, which has no place here."""
        for name, value in attributes.items():
            if value and name not in ("href", "src", "alt") and not PLAIN_ATTRIBUTES.fullmatch(name):
                self.collector.count(f'{name}="{value}"')

    def _tag(self, match: re.Match[str], line: int, keep: Callable[[str], str]) -> str:
        name, attributes = match[2].lower(), dict(_ATTRIBUTE.findall(match[3]))
        if name != "img" and (name in _ELEMENTS or name in _MARKS):
            self._count(attributes)
        if name == "br":
            return " " if "|" in match.string else "  \n"
        if name == "img":
            title = unescape(attributes.get("title", "")).replace('"', "'")
            named = f' "{title}"' if title else ""
            return f"![{unescape(attributes.get('alt', ''))}]({attributes.get('src', '')}{named})"
        if name in _MARKS:
            return _MARKS[name]
        if name in _PLAYERS:
            source = attributes.get("src", "")
            self.collector.add(
                RemarkKind.PLAYER, self._at(match, line), N_("<%(tag)s> is not shown here. A link is kept if it has an address."), tag=name
            )
            return keep(f"<{source}>") if source.startswith("https://") else ""
        if name in _ELEMENTS:
            self.collector.add(RemarkKind.FORM, self._at(match, line), N_("The tag <%(tag)s> is left out and its text is kept."), tag=name)
            return ""
        return keep("&lt;") + match[0][1:]

    def _signs(self, text: str, line: int) -> str:
        if "~~" in text:
            self.collector.add(RemarkKind.FORM, line, N_("Struck-through text becomes plain text."))
            text = text.replace("~~", "")
        text = re.sub(r"(?<!\\)\{\{", r"\\{{", text)
        text = re.sub(r"(?<!\\)\[(?=[\[@])", r"\\[", text)
        return re.sub(r"(?<!\\)\$", r"\\$", text)


# --- The lesson ---

DEEPEST = 4
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(.*)$", re.DOTALL)
_ADDRESS = re.compile(r"[ ]*\{:?[ ]*#([\w.-]+)[^{}]*\}[ ]*$")
_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*$|[ ]{0,3}:?-{2,}:?[ ]*\|")


@dataclass(frozen=True, slots=True)
class ConvertedLesson:
    """A lesson as it will be: the title is empty where the text names none. `lines` are those of its author, one for each of the body's."""

    title: str
    front: LessonFrontMatter
    body: str
    lines: tuple[int, ...] = ()


def convert(text: str, language: str, collector: RemarkCollector, targets: LinkTargets) -> ConvertedLesson:
    """Return a lesson in this format; what was not understood is added to `collector`."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(4).split("\n")
    front = read_front(lines, collector)
    referred = references(lines, front.first_line, collector)
    parts = list(blocks(lines, front.first_line, collector))
    title, parts = _title(front, parts)
    parts = [*_boxes(front, BOXES_BEFORE), *parts, *_boxes(front, BOXES_AFTER)]
    headings = frozenset(slug(_plain(block.lines[0])) for block in parts if block.kind == "heading")
    writer = _LessonWriter(language, InlineWriter(collector, targets, headings, referred))
    body, places = writer.render(parts)
    return ConvertedLesson(title, front, body, places)


def _boxes(front: LessonFrontMatter, box_names: tuple[str, ...]) -> list[Block]:
    """Return the lists of the front matter as the boxes that they are in lessons that fence them."""
    boxes: list[Block] = []
    for name in box_names:
        items = front.boxes.get(name, ())
        if items:
            items_of_box = [Block("words", line, [f"- {' '.join(text.split())}"]) for line, text in items]
            first, last = items[0][0], items[-1][0]
            boxes += [
                Block("open", first, box=BOXES[name], name=name),
                Block("blank", first),
                *items_of_box,
                Block("close", last, name=name),
            ]
    return boxes


def _title(front: LessonFrontMatter, parts: list[Block]) -> tuple[str, list[Block]]:
    """Take the title out of the text where it begins with one; the front matter's counts before it."""
    first = next((at for at, block in enumerate(parts) if block.kind not in ("blank", "comment")), None)
    if first is None or parts[first].kind != "heading" or parts[first].level != 1:
        return front.title, parts
    heading = _plain(parts[first].lines[0])
    if front.title and slug(front.title) != slug(heading):
        return front.title, parts
    return heading, [*parts[:first], *parts[first + 1 :]]


def _plain(heading: str) -> str:
    """Return a heading as plain words."""
    bare = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", _ADDRESS.sub("", heading))
    return " ".join(re.sub(r"[*`]|\{[^{}]*\}|<[^<>]*>", "", bare).split())


@dataclass(slots=True)
class _LessonWriter:
    """Writes blocks one after the other; `quotes` says for each open box whether its lines are quoted."""

    language: str
    inline: InlineWriter
    out: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """For each line that is written, the line of the source."""
    code: set[int] = field(default_factory=set)
    """Places in `out` that stay as they are."""
    line: int = 1
    """Of the source, for what is written next."""
    around: list[list[bool]] = field(default_factory=list)
    """The boxes around a CHECK: it stands outside them, because only there it folds."""
    boxes: list[CalloutKind] = field(default_factory=list)
    quotes: list[bool] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    """For each list that is open, the column at which its text begins in the source."""

    def render(self, parts: list[Block]) -> tuple[str, tuple[int, ...]]:
        """Return the text, and for each of its lines that of the source."""
        at = 0
        while at < len(parts):
            block = parts[at]
            self.line = block.line
            if block.kind == "open":
                at = self._open(parts, at)
                continue
            getattr(self, f"_{block.kind}")(block)
            at += 1
        lines: list[tuple[str, int]] = []
        for number, (line, source_line) in enumerate(zip(self.out, self.places, strict=True)):
            bare = line if line.endswith("  ") and line.strip() else line.rstrip()
            if bare or number in self.code or (lines and lines[-1][0]):
                lines.append((bare, source_line))
        while lines and not lines[-1][0]:
            lines.pop()
        return "".join(f"{line}\n" for line, _place in lines), tuple(source_line for _line, source_line in lines)

    def _put(self, *lines: str, step: int = 0) -> None:
        """Write lines: all of the present line of the source, or with a `step` of 1 each of the next."""
        prefix = "> " * sum(self.quotes)
        for number, line in enumerate(lines):
            self.out.append(f"{prefix}{line}" if line else prefix.rstrip())
            self.places.append(self.line + number * step)

    def _pop_empty(self) -> None:
        """Take back the empty lines of a box that ends."""
        while self.out and not self.out[-1].strip("> ") and self.out[-1] and len(self.out) - 1 not in self.code:
            self.out.pop()
            self.places.pop()

    def _gap(self) -> None:
        if self.out and self.out[-1].strip("> "):
            self._put("")

    def _open(self, parts: list[Block], at: int) -> int:
        """Write the first line of a box; a heading that begins it is its title."""
        block, after = parts[at], at + 1
        title = block.title
        first = next((index for index in range(after, len(parts)) if parts[index].kind != "blank"), len(parts))
        if block.box is not CalloutKind.OPEN and not title and first < len(parts) and parts[first].kind == "heading":
            title, after = _plain(parts[first].lines[0]), first + 1
        self.items.clear()
        self._gap()
        if block.box is CalloutKind.CHECK and any(self.quotes) and CalloutKind.CHECK not in self.boxes:
            self._pop_empty()
            self.around.append(self.quotes)
            self.quotes = []
        if not any(self.quotes):
            self._put("")
        self.quotes.append(block.box is not CalloutKind.OPEN)
        self.boxes.append(block.box)
        if block.box in (CalloutKind.OPEN, CalloutKind.QUOTE) or sum(self.quotes) > 1:
            if title:
                self._put(f"**{title}**", "")
        else:
            titles = TITLES.get(self.language, TITLES["en"])
            title = title or titles.get(block.name, titles[""] if block.box is CalloutKind.CHECK else "")
            self._put(f"[!{block.box.value}] {title}".rstrip())
        return after

    def _close(self, _block: Block) -> None:
        self._pop_empty()
        self.quotes.pop()
        self.boxes.pop()
        self.items.clear()
        self._put("")
        if not self.quotes and self.around:
            self.quotes = self.around.pop()

    def _blank(self, _block: Block) -> None:
        self._gap()

    def _comment(self, block: Block) -> None:
        if any(self.quotes):
            return
        self._put(*block.lines, step=1)

    def _code(self, block: Block) -> None:
        self.items = [column for column in self.items if column <= block.level]
        if not self.items:
            self._gap()
        longest = max((len(run) for line in block.lines for run in re.findall(r"`{3,}", line)), default=2)
        marks, indent = "`" * (longest + 1), "    " * len(self.items)
        first = len(self.out)
        self._put(*(f"{indent}{line}" for line in (f"{marks}{block.name}", *block.lines, marks)), step=1)
        self.code.update(range(first, len(self.out)))
        if not self.items:
            self._put("")

    def _heading(self, block: Block) -> None:
        self.items.clear()
        self._gap()
        address = _ADDRESS.search(block.lines[0])
        text = self.inline.words(_ADDRESS.sub("", block.lines[0]), block.line)
        if any(self.quotes):
            self._put(f"**{text.replace('**', '')}**", "")
        else:
            while self.levels and self.levels[-1] >= block.level:
                self.levels.pop()
            self.levels.append(block.level)
            marks = "#" * min(1 + len(self.levels), DEEPEST)
            named = f" {{#{slug(address[1])}}}" if address and is_address(slug(address[1])) else ""
            self._put(f"{marks} {text}{named}", "")
        self._figures()

    def _words(self, block: Block) -> None:
        for line in self.inline.words("\n".join(block.lines), block.line).split("\n"):
            self._line(line)
            self.line = min(self.line + 1, block.line + len(block.lines) - 1)
        self._figures()

    def _figures(self) -> None:
        for figure in self.inline.figures:
            self._gap()
            self._put(*figure.split("\n"), "")
        self.inline.figures.clear()

    def _line(self, line: str) -> None:
        item = _ITEM.match(line)
        before = self.out[-1].strip() if self.out else ""
        after_blank = not before.strip("> ")
        if item is None:
            self._continued(line, before, after_blank=after_blank)
            return
        column = len(item[1])
        self.items = [text for text in self.items if text <= column]
        if not self.items and not after_blank and not _ITEM.match(before.lstrip("> ")) and not self._in_list:
            self._put("")
        marker = item[2] if item[2] in "-*+" else f"{item[2][:-1]}."
        self._put(f"{'    ' * len(self.items)}{marker} {item[4].strip() if not item[4].endswith('  ') else item[4].lstrip()}")
        self.items.append(column + len(item[2]) + min(len(item[3]), 4))

    @property
    def _in_list(self) -> bool:
        """Return whether the line before belongs to a list item."""
        before = next((line for line in reversed(self.out) if line.strip("> ")), "")
        return bool(_ITEM.match(before.lstrip("> "))) or before.lstrip("> ") != before.lstrip(">").removeprefix(" ")

    def _continued(self, line: str, before: str, *, after_blank: bool) -> None:
        indent = len(line) - len(line.lstrip())
        if after_blank:
            self.items = [text for text in self.items if text <= indent + 1] if indent else []
        if _ROW.match(line) and not after_blank and not _ROW.match(before.lstrip("> ")) and "|" not in before:
            self._put("")
        self._put(f"{'    ' * len(self.items)}{line.lstrip()}" if self.items else line.lstrip() if indent < 4 else line)
