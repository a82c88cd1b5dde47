"""Texts of QTI, which are HTML or plain words, as our Markdown."""

from kernel.markup.foreign import CONTENT
from questions.rules.definitions import Texts, TextShape
from standards._gap import without_gap_placeholders
from standards._html import to_markdown
from standards._texts import clean, from_plain
from standards._xml import Element, child, children, descendants, example_of, inner_markup, local, words
from standards.model import TransferRemarkCollector

INLINE, BLOCKS = TextShape.INLINE, TextShape.MARKDOWN


class QtiTextReader:
    """Reads texts into one language."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def html(self, source: str, shape: TextShape) -> str:
        """Return HTML as Markdown."""
        return to_markdown(clean(source), shape, self.remarks)

    def content(self, element: Element, shape: TextShape) -> str:
        """Return what is inside an element of QTI 2 as Markdown."""
        return self.html(inner_markup(element), shape)

    def material(self, element: Element | None, shape: TextShape) -> str:
        """Return the `mattext` of a `material` of QTI 1.2 as Markdown, by the type that it names."""
        material = child(element, "material") if element is not None else None
        if material is None:
            return ""
        parts = []
        for unread in (*(node for node in material if local(node) not in ("mattext", "matbreak")), *children(element, "material")[1:]):
            self.remarks.leave_out(CONTENT, example_of(unread))
        for text in descendants(material, "mattext"):
            kind = without_gap_placeholders(clean(words(text)))
            parts.append(self.html(kind, shape) if text.get("texttype") == "text/html" else from_plain(kind, shape))
        return "\n\n".join(part for part in parts if part)

    def texts(self, text: str) -> Texts | None:
        """Return words by language, None where there are none."""
        return {self.language: text} if text else None
