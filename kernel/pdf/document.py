"""A tagged PDF: its structure tree in reading order, metadata, attachment and room for a seal, and the document composed of them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from types import SimpleNamespace

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFArray, PDFCatalog, PDFDictionary, PDFDocument, PDFObjectReference, PDFStream, PDFString
from reportlab.pdfgen.canvas import Canvas

from kernel.pdf.pen import TEXT, TURN, PdfPen, register_fonts

GROUPS = frozenset({"Document", "Sect", "Table", "THead", "TBody", "TR", "L", "LI"})
"""Roles that hold other elements; every other one holds what is drawn."""
_ATTRIBUTES = {"TH": "<< /O /Table /Scope /Column >>"}


@dataclass(slots=True)
class TaggedElement:
    """An element of the tree: a group of others, or one marked piece of a page."""

    role: str
    alt: str = ""
    language: str = ""
    box: tuple[float, ...] = ()
    """Where a figure stands, in the unit of the page."""
    page: int = 0
    place: int = 0
    """The number of the marked piece on its page."""
    kids: list["TaggedElement"] = field(default_factory=list)

    def pieces(self) -> Iterator["TaggedElement"]:
        """Yield the marked pieces, in reading order."""
        if self.role not in GROUPS:
            yield self
        for kid in self.kids:
            yield from kid.pieces()


def add_structure(document: PDFDocument, root: TaggedElement, pages: int, field: PDFDictionary | None = None) -> None:
    """Give a document its tree, and each page the way back from its pieces to their elements; a seal's field is an element of its own."""
    tree = PDFDictionary({"Type": "/StructTreeRoot"})
    document.Reference(tree)
    made: dict[int, PDFObjectReference] = {}
    top = _element_dictionary(document, root, document.Reference(tree), made)
    places = [PDFArray([made[id(piece)] for piece in root.pieces() if piece.page == page]) for page in range(1, pages + 1)]
    numbers: list[object] = [part for at, refs in enumerate(places) for part in (at, refs)]
    if field is not None:
        numbers += [pages, _field_element(document, top, field, pages)]
    tree["K"] = PDFArray([document.Reference(top)])
    tree["ParentTree"] = PDFDictionary({"Nums": PDFArray(numbers)})
    tree["ParentTreeNextKey"] = pages + (field is not None)
    document.Catalog.StructTreeRoot = tree
    document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
    for page in range(1, pages + 1):
        amend(document.idToObject[f"Page{page}"], {"StructParents": page - 1, "Tabs": "/S"})


def _element_dictionary(
    document: PDFDocument, element: TaggedElement, parent: object, made: dict[int, PDFObjectReference]
) -> PDFDictionary:
    written = PDFDictionary({"Type": "/StructElem", "S": f"/{element.role}", "P": parent})
    own = made[id(element)] = document.Reference(written)
    if element.alt:
        written["Alt"] = PDFString(element.alt)
    if element.language:
        written["Lang"] = PDFString(element.language)
    if element.box:
        written["A"] = PDFDictionary({"O": "/Layout", "BBox": PDFArray(element.box), "Placement": "/Block"})
    elif element.role in _ATTRIBUTES:
        written["A"] = _ATTRIBUTES[element.role]
    if element.role in GROUPS:
        written["K"] = PDFArray([document.Reference(_element_dictionary(document, kid, own, made)) for kid in element.kids])
    else:
        written["K"], written["Pg"] = element.place, PDFObjectReference(f"Page{element.page}")
    return written


def _field_element(document: PDFDocument, top: PDFDictionary, field: PDFDictionary, pages: int) -> object:
    page = PDFObjectReference("Page1")
    kid = PDFDictionary({"Type": "/OBJR", "Obj": document.Reference(field), "Pg": page})
    element = PDFDictionary({"Type": "/StructElem", "S": "/Form", "P": document.Reference(top), "K": kid, "Pg": page})
    field["StructParent"] = pages
    top["K"] = PDFArray([*top["K"].sequence, document.Reference(element)])
    return document.Reference(element)


def amend(of: PDFCatalog, entries: Mapping[str, object]) -> None:
    """Add entries to a page or a catalogue that ReportLab does not know by itself."""
    of.__NoDefault__ = [*of.__NoDefault__, *entries]  # the names of what it writes
    for name, value in entries.items():
        setattr(of, name, value)


PRODUCER = "ReportLab"
SEAL_ROOM = 2048
"""Bytes that a seal may take."""
BYTE_RANGE = f"[0 {'9' * 10} {'9' * 10} {'9' * 10}]"
"""Stands for what a seal covers, until the document is written and its length is known."""
_LOCKED, _PRINTED = 128, 4
_NEVER_CHANGED = (
    "[ << /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P 1 >> >> ]"  # ISO 32000, 12.8.2.2
)


@dataclass(frozen=True, slots=True)
class PdfAttachment:
    """A file within the document, uncompressed."""

    name: str
    media_type: str
    content: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class PdfSealField:
    """Room for a seal: whose it is, the time that it claims, and what a screen reader says of it."""

    name: str
    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class PdfProperties:
    """All of a document that is not drawn on it; `identifier` names it for ever, lengths are in millimetres."""

    title: str
    author: str
    language: str
    made_at: datetime
    identifier: str
    subject: str = ""
    keywords: str = ""
    creator: str = ""
    width: float = 210.0
    height: float = 297.0
    attachment: PdfAttachment | None = None
    seal: PdfSealField | None = None


def add_metadata(document: PDFDocument, facts: PdfProperties) -> None:
    """Give a document its XMP; it says that it is tagged as PDF/UA asks."""
    made_at = f"{facts.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    title, author, subject, keywords, creator = (
        escape(text, quote=False) for text in (facts.title, facts.author, facts.subject, facts.keywords, facts.creator)
    )
    content = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{facts.language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{made_at}</xmp:CreateDate><xmp:ModifyDate>{made_at}</xmp:ModifyDate><xmp:CreatorTool>{creator}</xmp:CreatorTool>
<pdf:Producer>{PRODUCER}</pdf:Producer><pdf:Keywords>{keywords}</pdf:Keywords>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>
"""
    document.Catalog.Metadata = PDFStream(PDFDictionary({"Type": "/Metadata", "Subtype": "/XML"}), content.encode())


def attach(document: PDFDocument, file: PdfAttachment, made_at: datetime) -> None:
    """Put a file into a document, as data that belong to the whole of it."""
    facts = PDFDictionary({"Size": len(file.content), "ModDate": PDFString(_date(made_at))})
    kind = "/" + file.media_type.replace("/", "#2F")
    held = document.Reference(PDFStream(PDFDictionary({"Type": "/EmbeddedFile", "Subtype": kind, "Params": facts}), file.content))
    name = PDFString(file.name)
    specification = {
        "Type": "/Filespec",
        "F": name,
        "UF": name,
        "Desc": PDFString(file.description or file.name),
        "AFRelationship": "/Data",
        "EF": PDFDictionary({"F": held, "UF": held}),
    }
    named = document.Reference(PDFDictionary(specification))
    document.Catalog.Names = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray([name, named])})})
    amend(document.Catalog, {"AF": PDFArray([named])})


def seal_field(document: PDFDocument, seal: PdfSealField) -> PDFDictionary:
    """Put an invisible field on the first page with room for a seal, after which nothing of the document may change; return it."""
    room = PDFDictionary(
        {
            "Type": "/Sig",
            "Filter": "/Adobe.PPKLite",
            "SubFilter": "/ETSI.CAdES.detached",
            "ByteRange": BYTE_RANGE,
            "Contents": f"<{'0' * 2 * SEAL_ROOM}>",
            "M": PDFString(_date(seal.at)),
            "Name": PDFString(seal.name),
            "Reference": _NEVER_CHANGED,
        }
    )
    value = document.Reference(room)
    field = PDFDictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": PDFString("seal"),
            "TU": PDFString(seal.label),
            "F": _LOCKED + _PRINTED,
            "Rect": PDFArray([0, 0, 0, 0]),
            "P": PDFObjectReference("Page1"),
            "V": value,
        }
    )
    reference = document.Reference(field)
    document.idToObject["Page1"].Annots = [reference]
    document.Catalog.AcroForm = PDFDictionary({"Fields": PDFArray([reference]), "SigFlags": 3})
    amend(document.Catalog, {"Perms": PDFDictionary({"DocMDP": value})})
    return field


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):D:%Y%m%d%H%M%SZ}"


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
        element = TaggedElement(role, alt, language, box=self._corners(box), page=self._page, place=self._places)
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
