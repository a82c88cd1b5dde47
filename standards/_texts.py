"""Plain words and our Markdown: escaping the one into the other, and seeing what only our own renderer understands."""

import html
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from courses.content.filetypes import media_type
from kernel.errors import N_
from kernel.markup.model import MarkupContext, MediaReference
from kernel.markup.render import render_inline, render_markdown
from kernel.markup.source import mask, normalise
from questions.rules.definitions import QuestionDefinition, Texts, TextShape, map_texts
from standards.model import TransferRemarkCollector

NOWHERE: Mapping[str, str] = MappingProxyType({})
_SIGNS = re.compile(r"[\\`*\[{<$]|(?<!\w)_|_(?!\w)")
_BLOCK_SIGNS = re.compile(r"(?m)^([ \t]*)([#>:=+~-])|^([ \t]*[0-9]+)([.)])(?=\s|$)|(\|)")
_HOST = re.compile(r"(</a>) \([^()<>]*\)")
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"</(?:p|li|tr|pre|blockquote)>|<br>")
FILE = re.compile(r"(?<=\]\()(?:\.\./)*media/[^()<>\s]+(?=\s*\))")
"""The address of a file of the course in a Markdown text."""
_OURS = (
    (re.compile(r"(?<!\\)\[\["), N_("a glossary term")),
    (re.compile(r"(?<!\\)\{\{"), N_("a course parameter")),
    (re.compile(r"(?<!\\)\[@"), N_("a citation")),
    (re.compile(r"\]\((?:course|resource|question):"), N_("a link within the course")),
    (re.compile(r"(?<!\\)\$[^$\n]+(?<!\\)\$|^\$\$$", re.MULTILINE), N_("a formula")),
)


def escape(text: str, shape: TextShape = TextShape.MARKDOWN) -> str:
    """Return Markdown that shows plain words as they are."""
    escaped = _SIGNS.sub(lambda sign: "\\" + sign[0], text)
    return escaped if shape is TextShape.INLINE else _BLOCK_SIGNS.sub(_escaped_block, escaped)


def _escaped_block(match: re.Match[str]) -> str:
    if match[5]:
        return "\\|"
    before, sign = (match[1], match[2]) if match[2] else (match[3], match[4])
    return f"{before}\\{sign}"


def from_plain(text: str, shape: TextShape) -> str:
    """Return plain words of an outside file as Markdown: one line where the field has only one, else with their line breaks."""
    if shape is TextShape.INLINE:
        return escape(one_line(text), shape)
    lines = [line.strip() for line in text.strip().split("\n")]
    return escape(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())


def literal(text: str) -> str:
    """Return whole words of a format without wildcards as a pattern of ours: a star is a star."""
    return text.replace("*", "\\*")


def clean(text: str) -> str:
    """Return a text in NFC without control signs and without the line separators that YAML would read as line ends."""
    return normalise(text).replace("\u2028", "\n").replace("\u2029", "\n\n")


def rendered(markdown: str, shape: TextShape, language: str, addresses: Mapping[str, str] = NOWHERE) -> str:
    """Return the HTML of a Markdown text, as far as possible without the course around it; as it is written where it is refused.

    `addresses` are those under which its files are shown, by address as written.
    """

    def media_of(path: str) -> MediaReference | None:
        return MediaReference(addresses[path], media_type(path), 0) if path in addresses else None

    draw = render_inline if shape is TextShape.INLINE else render_markdown
    return str(draw(markdown, MarkupContext(language, media=media_of)).html) or html.escape(markdown.strip(), quote=False)


def to_plain(markdown: str, shape: TextShape, language: str) -> tuple[str, bool]:
    """Return the plain words of a Markdown text, and whether it had markup that is lost."""
    if not _SIGNS.search(markdown) and not _BLOCK_SIGNS.search(markdown) and "\n" not in markdown:
        return markdown, False
    shown = rendered(markdown, shape, language).removeprefix("<p>").removesuffix("</p>")
    bare = html.unescape(_TAG.sub("", _BREAK.sub("\n", shown))).replace("\u00a0", " ").strip()
    return bare, "<" in shown.replace("</p>\n<p>", "")


def to_html(texts: Texts | None, shape: TextShape, language: str, addresses: Mapping[str, str] = NOWHERE) -> str:
    """Return a text as HTML for other products: without the host, or the kind and size of a file, that our pages show behind a link."""
    html_text = rendered(in_language(texts, language), shape, language, addresses).replace("\u00a0", " ")
    return _HOST.sub(r"\1", html_text.replace("&nbsp;", " "))


def file_names(addresses: Iterable[str]) -> dict[str, str]:
    """Return a name of its own for each file that goes along, made of the end of its address."""
    names: dict[str, str] = {}
    for address in addresses:
        name, dot, ending = address.rpartition("/")[2].rpartition(".")
        names[address] = f"{name}-{len(names) + 1}{dot}{ending}" if f"{name}{dot}{ending}" in names.values() else f"{name}{dot}{ending}"
    return names


def remark_lost_files(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector, carried: Collection[str] = ()) -> None:
    """Report as lost the files of the course that texts show or link to and that are not exported."""
    for text in texts_of(question, language):
        for address in dict.fromkeys(FILE.findall(text)):
            if address not in carried:
                remarks.loss(
                    N_("The file “%(name)s” is left out."),
                    N_("The format cannot include files, or the file is not in the course."),
                    name=address.rpartition("/")[2],
                )


def remark_changed_text(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Report as lost what a text in HTML shows as plain words, because it means something only inside a course of ours."""
    for text in texts_of(question, language):
        masked = mask(text)
        for pattern, name in _OURS:
            if pattern.search(masked):
                remarks.loss(
                    N_("A text contains %(thing)s, which becomes plain text."), N_("Only this product understands it."), thing=name
                )


def remark_own_markup(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Note what other products will show as it is written, because it means something only inside a course of ours."""
    for text in texts_of(question, language):
        masked = mask(text)
        for pattern, name in _OURS:
            if pattern.search(masked):
                remarks.note(
                    N_("A text contains %(thing)s, which only this product understands."),
                    N_("Elsewhere it is shown as it is written."),
                    thing=name,
                )


def texts_of(question: QuestionDefinition, language: str) -> list[str]:
    """Return all Markdown texts of a question in one language."""
    texts: list[str] = []

    def note(text: str, of: str, _shape: TextShape) -> str:
        if of == language:
            texts.append(text)
        return text

    map_texts(question, note)
    return texts


def in_language(texts: Texts | None, language: str) -> str:
    """Return a text in a language, in its first one where that is missing, '' where nothing is written."""
    if not texts:
        return ""
    return texts.get(language) or next(iter(texts.values()))
