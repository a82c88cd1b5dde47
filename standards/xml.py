"""XML of outside files: parsed, judged, read by local names and written; and tags and categories as keys."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TypeAlias
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import sax
from defusedxml.common import DefusedXmlException
from lxml import etree

from courses.content.mapping_cursor import slug
from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition, QuestionSelection
from standards.model import FileRefused, ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark, TransferRemarkCollector
from standards.texts import as_key

CATEGORY_LEFT = N_("The category “%(name)s” is left out.")


class Categories(StrEnum):
    """The treatment of a file's categories."""

    TAGS = "tags"
    LEAVE = "leave"


def remark_left_category(name: str, remarks: TransferRemarkCollector, line: int = 0) -> None:
    """Report a category that is left out, unless the import makes tags of categories."""
    remarks.loss(CATEGORY_LEFT, N_("A bank is one list."), line=line, name=name[:200])


def with_category_tags(imported: ImportedQuestions) -> ImportedQuestions:
    """Return the questions with a tag each for their category; one that gives no tag stays reported as left out."""
    tags = {source.category: category_tag(source.category) for source in imported.sources if source.category}
    named = {category[:200]: tag for category, tag in tags.items() if tag}
    remarks = [_became_tag(remark, named) for remark in imported.remarks if _is_reported(remark, named, tags)]
    sources = tuple(_tagged(source, tags.get(source.category, "")) for source in imported.sources)
    return ImportedQuestions(sources, tuple(remarks), imported.media)


def category_tag(category: str) -> str:
    """Return the tag of a category: its names without those that every file has at the top."""
    names = [name.strip() for name in category.split("/")]
    return slug(" ".join(name for name in names if name and name != "top" and not (name.startswith("$") and name.endswith("$"))))


def _tagged(source: SourceQuestion, tag: str) -> SourceQuestion:
    tags = source.question.tags
    return replace(source, question=replace(source.question, tags=(*tags, tag))) if tag and tag not in tags else source


def _is_reported(remark: TransferRemark, named: dict[str, str], tags: dict[str, str]) -> bool:
    """Return whether a remark is to be reported: not of a category without a question, of which nothing is lost."""
    return remark.what != CATEGORY_LEFT or remark.facts["name"] in named or remark.facts["name"] in tags


def _became_tag(remark: TransferRemark, named: dict[str, str]) -> TransferRemark:
    name = remark.facts.get("name", "")
    if remark.what != CATEGORY_LEFT or name not in named:
        return remark
    facts = {"name": name, "tag": named[name]}
    return replace(remark, severity=RemarkSeverity.NOTE, what=N_("The category “%(name)s” became the tag “%(tag)s”."), why="", facts=facts)


FAMILY = "family:"
"""What the tag of a question begins with that names its family (spec/selection 11.6)."""


def tags_with_family(question: QuestionDefinition, remarks: TransferRemarkCollector) -> tuple[str, ...]:
    """Return the tags of a question for formats that have tags and no families; the family is a tag too, which is reported."""
    family = question.selection.family
    if not family:
        return question.tags
    remarks.note(
        N_("The family “%(family)s” is written as a tag."), N_("It is a family again when the file is imported here."), family=family
    )
    return (*question.tags, FAMILY + family)


def tags_and_family(tags: Iterable[str], remarks: TransferRemarkCollector) -> tuple[tuple[str, ...], QuestionSelection]:
    """Return tags as keys, and the family that one of them names."""
    named = [word.strip() for word in tags]
    families = [as_key(word.removeprefix(FAMILY).strip()) for word in named if word.startswith(FAMILY)]
    family = next((family_tag for family_tag in families if family_tag), "")
    return tags_of([word for word in named if not word.startswith(FAMILY)], remarks), QuestionSelection(family=family)


def tags_of(tags: Iterable[str], remarks: TransferRemarkCollector) -> tuple[str, ...]:
    """Return tags as keys, each once; a changed or empty one is reported."""
    keys: dict[str, None] = {}
    for word in tags:
        tag = slug(word)
        if tag and tag != word.strip():
            remarks.note(N_("The tag “%(word)s” became “%(tag)s”."), word=word.strip()[:80], tag=tag)
        elif not tag:
            remarks.loss(N_("The tag “%(word)s” is left out."), N_("It has no letters or digits."), word=word.strip()[:80])
        if tag:
            keys[tag] = None
    return tuple(keys)


MAXIMUM_BYTES = 50_000_000
MAXIMUM_DEPTH = 100
MAXIMUM_ELEMENTS = 500_000
Element: TypeAlias = etree._Element
BROKEN = N_("The XML cannot be read from line %(line)s onwards: %(reason)s.")


class _Judge(ContentHandler):
    """Counts elements and their depth."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = self.depth = 0
        self.locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - the name that the parser calls
        self.locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - the name that the parser calls
        self.elements += 1
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH or self.elements > MAXIMUM_ELEMENTS:
            line = self.locator.getLineNumber() if self.locator is not None else 0
            raise FileRefused(N_("The XML is nested too deeply or has too many elements, on line %(line)s."), line=line)

    def endElement(self, name: str) -> None:  # noqa: N802 - the name that the parser calls
        self.depth -= 1


def parse(content: bytes) -> Element:
    """Return the root of an XML document; raises FileRefused with the line for anything that is not plain, sound XML."""
    if len(content) > MAXIMUM_BYTES:
        size, limit = len(content) // 10**6, MAXIMUM_BYTES // 10**6
        raise FileRefused(N_("The file is %(size)s MB; the maximum is %(limit)s MB."), size=size, limit=limit)
    content = content.lstrip(b" \t\r\n") if content[:1].isspace() else content
    judge(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True, strip_cdata=True
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None) or 1
        raise FileRefused(BROKEN, line=line, reason=str(error)[:200]) from error


def judge(content: bytes) -> None:
    """Raise FileRefused, with the line where there is one, for XML that is broken, hostile or too large a tree."""
    try:
        sax.parseString(content, _Judge(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as refused:
        raise FileRefused(N_("The XML has a document type or entities, which are not accepted.")) from refused
    except SAXParseException as error:
        raise FileRefused(BROKEN, line=error.getLineNumber() or 1, reason=error.getMessage()) from error
    except (ValueError, LookupError, UnicodeError) as error:
        raise FileRefused(BROKEN, line=1, reason=str(error)[:200]) from error


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def child(element: Element, *path: str) -> Element | None:
    """Return the first element down a path of local names, None where it is not there."""
    node: Element | None = element
    for name in path:
        node = next((inner for inner in node if local(inner) == name), None) if node is not None else None
    return node


def children(element: Element | None, name: str) -> list[Element]:
    """Return the elements of a local name directly inside."""
    return [inner for inner in element if local(inner) == name] if element is not None else []


def descendants(element: Element, *names: str) -> list[Element]:
    """Return the elements with one of these local names at any depth, in order."""
    return [inner for inner in element.iter() if isinstance(inner.tag, str) and local(inner) in names]


def words(element: Element | None) -> str:
    """Return all text of an element, '' where there is none."""
    return "".join(str(part) for part in element.itertext()) if element is not None else ""


def example_of(element: Element) -> str:
    """Return an element as an example of what is left out: its name, and the words in it, or the values of attributes."""
    values = (str(value) for inner in element.iter() for value in inner.attrib.values())
    return f"<{local(element)}> {' '.join(words(element).split()) or ' '.join(values)}"


def inner_markup(element: Element) -> str:
    """Return the content of an element as markup, its namespaces taken away."""
    bare = etree.fromstring(etree.tostring(element, with_tail=False))
    for node in bare.iter():
        if isinstance(node.tag, str):
            node.tag = local(node)
    etree.cleanup_namespaces(bare)
    written = etree.tostring(bare, encoding="unicode", method="html")
    return written[written.index(">") + 1 : written.rindex("</")] if "</" in written else ""


def strip(element: Element, *names: str) -> None:
    """Take elements of these local names out at any depth, with what is inside them; the text after them stays."""
    etree.strip_elements(element, *(f"{{*}}{name}" for name in names), with_tail=False)


def fragment(html: str, namespace: str) -> Element:
    """Return HTML as a `div` of well-formed elements in a name space, with no attribute but addresses and what stands for a picture."""
    body = etree.fromstring(f"<div>{html}</div>", etree.HTMLParser()).find("body/div")
    whole = body if body is not None else etree.Element("div")
    for node in whole.iter():
        if isinstance(node.tag, str):
            for name in [name for name in node.attrib if name not in ("href", "src", "alt")]:
                del node.attrib[name]
            node.tag = f"{{{namespace}}}{node.tag}"
    return whole


def line(element: Element) -> int:
    """Return the line of an element in its file."""
    number = element.sourceline
    return number if isinstance(number, int) else 0


def add(parent: Element, name: str, content: str = "", **attributes: str) -> Element:
    """Add an element with text and attributes; a final _ of an attribute's name is not written."""
    made = etree.SubElement(parent, name, {key.rstrip("_"): value for key, value in attributes.items()})
    if content:
        made.text = content
    return made


def root(name: str, namespace: str | None = None, **attributes: str) -> Element:
    """Return a new root element, in a default namespace where one is given."""
    qualified = f"{{{namespace}}}{name}" if namespace else name
    return etree.Element(qualified, attributes, nsmap={None: namespace} if namespace else None)  # type: ignore[dict-item]  # its stubs know no default name space


def serialize(element: Element) -> bytes:
    """Return a document as UTF-8 bytes, indented."""
    etree.indent(element)
    return written_as_is(element)


def written_as_is(element: Element) -> bytes:
    """Return a document as UTF-8 bytes, without white space that its texts do not have."""
    etree.cleanup_namespaces(element)
    return bytes(etree.tostring(element, xml_declaration=True, encoding="UTF-8"))
