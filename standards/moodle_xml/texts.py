"""Texts of Moodle XML, which carry their format, as our Markdown."""

from base64 import b64decode
from urllib.parse import unquote

from kernel.errors import N_
from questions.rules.definitions import Texts, TextShape
from standards._files import in_markdown
from standards._gap import without_gap_placeholders
from standards._html import is_like_html, to_markdown
from standards._texts import clean, from_plain, one_line
from standards._xml import Element, child, children, words
from standards.model import TransferRemarkCollector
from standards.moodle_xml.model import AUTO, HTML, MARKDOWN

INLINE, BLOCKS = TextShape.INLINE, TextShape.MARKDOWN


class MoodleTextReader:
    """A reader of texts in one language; attached files are reported as losses."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def raw(self, element: Element | None) -> str:
        """Return what stands in `<text>`, cleaned of control signs."""
        return clean(words(child(element, "text"))) if element is not None else ""

    def plain(self, element: Element | None) -> str:
        """Return a text that has no markup, on one line."""
        return one_line(without_gap_placeholders(self.raw(element)))

    def markdown(self, element: Element | None, shape: TextShape, usual: str = HTML) -> str:
        """Return a text as Markdown, '' where it is not there."""
        return self.converted(without_gap_placeholders(self.raw(element)), element, shape, usual)

    def converted(self, written: str, element: Element | None, shape: TextShape, usual: str = HTML) -> str:
        """Return words as Markdown by the format that their element names."""
        if element is None:
            return ""
        for file in children(element, "file"):
            name = file.get("name", "")[:80]
            if f"@@PLUGINFILE@@/{file.get('name', '')}" in unquote(written):
                self._offer(file)
                continue  # shown, or told, where the text names it
            self.remarks.loss(N_("The file “%(name)s” is left out."), N_("Put it into media/ and refer to it in the text."), name=name)
        form = element.get("format") or usual
        if form == MARKDOWN:
            written = in_markdown(written, self.remarks)
            return one_line(written) if shape is INLINE else written.strip("\n").rstrip()
        if form == HTML or (form == AUTO and is_like_html(written)):
            return to_markdown(written, shape, self.remarks)
        return from_plain(written, shape)

    def _offer(self, file: Element) -> None:
        """Offer a file that was attached to a text to those who show it; what is no base64 is not there."""
        try:
            self.remarks.offered[file.get("name", "")] = b64decode(words(file), validate=False)
        except ValueError:
            return

    def texts(self, element: Element | None, shape: TextShape, usual: str = HTML) -> Texts | None:
        """Return a text by language, None where nothing is written."""
        text = self.markdown(element, shape, usual)
        return {self.language: text} if text else None

    def needed(self, element: Element | None, shape: TextShape, usual: str = HTML) -> Texts:
        """Return a text by language; empty words where nothing is written."""
        return {self.language: self.markdown(element, shape, usual)}
