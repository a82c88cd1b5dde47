"""The structure tree of a tagged PDF: what each piece of a page is, in reading order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reportlab.pdfbase.pdfdoc import PDFArray, PDFCatalog, PDFDictionary, PDFDocument, PDFObjectReference, PDFString

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
