"""Parts of a PDF that are not drawn: metadata, an attachment, and the field with room for a seal."""

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFObjectReference, PDFStream, PDFString

from kernel.pdf.structure import amend

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
