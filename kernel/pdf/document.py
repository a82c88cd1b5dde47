"""Tagged PDF documents: structure, language, metadata, an attachment, and room for a seal. Equal input gives equal bytes."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from io import BytesIO
from types import SimpleNamespace

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from kernel.pdf.catalogue import PRODUCER, PdfProperties, add_metadata, attach, seal_field
from kernel.pdf.fonts import TEXT, TURN, register_fonts
from kernel.pdf.pen import PdfPen
from kernel.pdf.structure import GROUPS, TaggedElement, add_structure

rl_config.useA85 = 0  # streams as bytes and not as text: a fifth less; nothing else in the program draws with ReportLab


class PdfDocument:
    """A document while it is drawn: a pen, and the element of the structure tree that it draws."""

    def __init__(self, canvas: Canvas, height: float) -> None:
        self._canvas = canvas
        self._height = height
        self._page, self._places = 1, 0
        self._root = TaggedElement("Document")
        self._open = [self._root]
        self.pen = PdfPen(canvas, height)

    @contextmanager
    def element(self, role: str, *, alt: str = "", language: str = "", box: Sequence[float] = ()) -> Iterator[PdfPen]:
        """Draw a heading, a paragraph or a figure; groups hold other elements. A box is x, y, width and height."""
        element = TaggedElement(role, alt, language, self._corners(box), self._page, self._places)
        self._open[-1].kids.append(element)
        if role in GROUPS:
            self._open.append(element)
            yield self.pen
            self._open.pop()
            return
        self._canvas.addLiteral(f"/{role} <</MCID {self._places}>> BDC")
        self._places += 1
        yield self.pen
        self._canvas.addLiteral("EMC")

    @contextmanager
    def artifact(self) -> Iterator[PdfPen]:
        """Draw what only decorates."""
        self._canvas.addLiteral("/Artifact BMC")
        yield self.pen
        self._canvas.addLiteral("EMC")

    def next_page(self) -> None:
        """Go on with another page."""
        self._canvas.showPage()
        self._page, self._places = self._page + 1, 0

    def _corners(self, box: Sequence[float]) -> tuple[float, ...]:
        if not box:
            return ()
        x, y, width, height = box
        return (x * mm, (self._height - y - height) * mm, (x + width) * mm, (self._height - y) * mm)

    def finish(self, facts: PdfProperties) -> None:
        """Write what is not drawn."""
        self._canvas.showPage()
        document = self._canvas._doc
        self._root.language = facts.language
        field = None if facts.seal is None else seal_field(document, facts.seal)
        add_structure(document, self._root, self._page, field)
        add_metadata(document, facts)
        if facts.attachment is not None:
            attach(document, facts.attachment, facts.made_at)


def compose_pdf(facts: PdfProperties, draw: Callable[[PdfDocument], None]) -> bytes:
    """Return a document, one at a time in a process; the same facts and drawing give the same bytes with the same libraries."""
    with TURN:
        register_fonts()
        target = BytesIO()
        canvas = Canvas(
            target,
            pagesize=(facts.width * mm, facts.height * mm),
            pageCompression=1,
            invariant=1,
            pdfVersion=(1, 7),
            lang=facts.language,
            initialFontName=TEXT,
        )
        _describe(canvas, facts)
        document = PdfDocument(canvas, facts.height)
        draw(document)
        document.finish(facts)
        canvas.save()
        return target.getvalue()


def _describe(canvas: Canvas, facts: PdfProperties) -> None:
    canvas.setTitle(facts.title)
    canvas.setAuthor(facts.author)
    canvas.setSubject(facts.subject)
    canvas.setKeywords(facts.keywords)
    canvas.setCreator(facts.creator)
    canvas.setProducer(PRODUCER)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    document, made_at = canvas._doc, facts.made_at.astimezone(UTC)
    document._timeStamp = SimpleNamespace(YMDhms=made_at.timetuple()[:6], dhh=0, dmm=0)
    identifier = hashlib.sha256(facts.identifier.encode()).hexdigest()[:32].encode()
    document._ID = b"[<%b> <%b>]" % (identifier, identifier)
