"""HTML of outside files as our Markdown: cleaned by the product's sanitiser, then translated; losses are reported."""

import re
from collections.abc import Iterable
from functools import partial

from kernel.errors import N_
from kernel.markup.foreign import FORMULAS, Converter, HtmlElement, put_formulas, simplified
from kernel.markup.sanitise import sanitise
from questions.rules.definitions import TextShape
from standards._files import with_links
from standards._pictures import Picture, as_links, put_back, taken_out
from standards._texts import escape, one_line
from standards.model import NotTranslatable, TransferRemarkCollector

MAXIMUM = 200_000
"""Characters of one text; ours have 20,000 at most."""
_TAGS = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b([^<>]*)>")
_IMAGE = re.compile(r"(?:src|data)\s*=\s*[\"']?(?:@@PLUGINFILE@@/|\$IMS-CC-FILEBASE\$/?)?([^\"'\s>]{1,80})", re.IGNORECASE)
_MEDIA = frozenset({"img", "audio", "video", "iframe", "object", "embed", "svg", "source"})
_ACTIVE = frozenset({"script", "style", "form", "input", "button", "textarea", "select", "link", "meta", "base"})
_BLOCKS = frozenset({"ul", "ol", "table", "pre", "blockquote"})
_DRAWN = re.compile(r"\b(?:style|color|bgcolor|face|class)\s*=", re.IGNORECASE)
_FORMULAS = (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"))
"""The signs around TeX that Moodle and Canvas know."""
_UNDRAWN = frozenset({"font", "center", "small", "big"})


class _Converter(Converter):
    """The library's converter, speaking the dialect of our questions' fields."""

    shape = TextShape.MARKDOWN

    def escape(self, text: str, parent_tags: Iterable[str]) -> str:
        """Escape what means something in our dialect."""
        return escape(text.replace("\u00a0", " "), self.shape)

    def convert_hN(self, n: int, el: HtmlElement, text: str, parent_tags: Iterable[str]) -> str:  # noqa: N802 - the name that the library calls
        """Write a heading as a paragraph in bold: fields of questions have no headings."""
        return f"\n\n**{one_line(text)}**\n\n" if text.strip() else ""

    def convert_pre(self, el: HtmlElement, text: str, parent_tags: Iterable[str]) -> str:
        """Write a block of code between fences that its own text does not close."""
        runs = [len(run) for run in re.findall(r"`+", text)]
        fence = "`" * max(3, *(length + 1 for length in runs), 3)
        return f"\n\n{fence}\n{text.strip(chr(10))}\n{fence}\n\n" if text.strip() else ""


def to_markdown(source: str, shape: TextShape, remarks: TransferRemarkCollector) -> str:
    """Return HTML as Markdown; an inline field becomes one line. Images, embeds, scripts and styles are reported as losses.

    Raises NotTranslatable for more than MAXIMUM characters and for elements nested too deep.
    """
    if len(source) > MAXIMUM:
        raise NotTranslatable(N_("A text has more than %(limit)s characters."), limit=MAXIMUM)
    pictures: list[Picture] = []
    source = with_links(source, remarks)
    if shape is TextShape.MARKDOWN:
        source, pictures = taken_out(source, remarks)
    else:
        source = as_links(source, remarks)
    _remark_losses(source, shape, remarks)
    try:
        converter = _Converter()
        converter.shape = shape
        source, formulas = simplified(source, partial(_leave_out, remarks), _MEDIA | _ACTIVE)
        bare = put_formulas(converter.convert(sanitise(source)), formulas)
    except RecursionError:
        raise NotTranslatable(N_("The HTML of a text is nested too deeply.")) from None
    if shape is TextShape.INLINE:
        return _inline(bare)
    lines = [line if line.endswith("  ") and line.strip() else line.rstrip() for line in bare.strip().split("\n")]
    return put_back(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), pictures, remarks)


LOST_FORMULAS = N_("Formulas that cannot be translated; their questions are imported as drafts")


def _leave_out(remarks: TransferRemarkCollector, kind: str, example: str) -> None:
    """Count what a text leaves out; without a formula of its own a question is a draft, as without a file."""
    remarks.leave_out(LOST_FORMULAS if kind == FORMULAS else kind, example)
    remarks.lacks_file = remarks.lacks_file or kind == FORMULAS


def _inline(markdown: str) -> str:
    return one_line(re.sub(r"(?m)^```+.*$", "", markdown))


def is_like_html(text: str) -> bool:
    """Say whether a text without a declared format has tags or entities."""
    return bool(re.search(r"</?(?:p|br|b|i|em|strong|span|div|ul|ol|li|a|img|code|pre|sub|sup|h[1-6]|table)\b[^<>]*>", text, re.IGNORECASE))


def _remark_losses(source: str, shape: TextShape, remarks: TransferRemarkCollector) -> None:
    if any(source.find(end, source.find(begin) + len(begin)) > 0 for begin, end in _FORMULAS if begin in source):
        remarks.loss(N_("A formula is shown as it is written."), N_("Rewrite it between two $ signs."))
    tags = [(match[1].lower(), match[2]) for match in _TAGS.finditer(source)]
    for tag, attributes in tags:
        if tag in _MEDIA:
            name = _IMAGE.search(attributes)
            remarks.loss(
                N_("%(tag)s “%(name)s” is left out."),
                N_("Put the file into media/ and refer to it in the text."),
                tag=tag,
                name=name[1] if name else "–",
            )
        elif tag in _ACTIVE:
            remarks.loss(N_("<%(tag)s> is left out."), N_("Texts cannot contain scripts, styles or form fields."), tag=tag)
    if any(tag in _UNDRAWN or _DRAWN.search(attributes) for tag, attributes in tags):
        remarks.loss(N_("Colours, sizes and other text formatting are left out."), N_("Texts follow the site's appearance."))
    if shape is TextShape.INLINE and any(tag in _BLOCKS for tag, _ in tags):
        remarks.loss(N_("A list, table or block of code became one line."), N_("Options and feedback are a single paragraph."))
