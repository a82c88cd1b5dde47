"""Links, images, HTML and signs of other tools within a paragraph, written as this format has them (spec/content-format 7)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape

from courses.content.foreign.model import ForeignRemarkCollector, LinkTargets, RemarkKind
from kernel.errors import N_
from kernel.markup.foreign import PLAIN_ATTRIBUTES
from kernel.markup.model import names
from kernel.markup.source import slug

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

    collector: ForeignRemarkCollector
    around: LinkTargets
    headings: frozenset[str]
    references: dict[str, str]
    figures: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What of the present paragraph stays as it is, while its other signs are written anew."""
    written: dict[str, str] = field(default_factory=dict)
    """How addresses were written that were resolved before they are looked up."""

    def words(self, text: str, line: int) -> str:
        """Return a paragraph in this format; images leave it for `figures`."""
        held = self.kept = []

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
            before = _KEPT.sub(lambda held: self.kept[int(held[1])], before)
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
        if self.around.media(source)[0]:
            self._image(label, source, "", "", self._at(match, line))
        return self._link(match, label or target, target, line, keep)

    def _shown_source(self, match: re.Match[str], line: int) -> str:
        return self._image(match[1], match[2], match[3] or match[4] or "", match[5] or "", self._at(match, line))

    def _image(self, label: str, source: str, title: str, attributes: str, line: int) -> str:
        values = dict(_ATTRIBUTE.findall(attributes))
        alternative = " ".join((label or values.get("alt") or values.get("fig-alt") or "").split())
        path, why = self.around.media(source)
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
            address = self.around.page(target) or self.around.media(target)[0]
            if address:
                return address
        self.collector.add(RemarkKind.LINK, line, _NOWHERE, target=self.written.get(target, target))
        return ""

    def _wiki(self, match: re.Match[str], line: int, keep: Callable[[str], str]) -> str:
        address = self.around.page(match[1])
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
