"""Read QTI: items of 2.1 and 2.2, QTI 1.2 of Canvas and Common Cartridge, each as one XML or as a package in a ZIP."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition, QuestionState
from standards._files import SUFFIXES
from standards._keys import KeyAllocator
from standards._texts import clean, one_line
from standards._xml import Element, child, descendants, line, local, parse, words
from standards._zip import names_in, read_archive
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.qti.canvas import CanvasReader, name_of
from standards.qti.items import ItemReader

MANIFEST = "imsmanifest.xml"
DOCUMENTS = (".xml", ".qti")
_THIRD = b"qti-assessment-"
"""Begins the names of roots of QTI 3; its manifests name the version instead."""
_THIRD_MANIFEST = "xmlv3p0"
_THIRD_REFUSED = N_("This is QTI 3. Only 1.2, 2.1 and 2.2 can be imported.")
_ROOTS = (b"assessmentItem", b"assessmentTest", b"questestinterop", _THIRD)
"""Without one of these names a document of a package is none of QTI, and nobody looks into it."""
_TWINS = "non_cc_assessments/"
OTHER_FILES = N_("Other files of the package: pages, settings, assignments, files that no question shows")


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a QTI file or package; raises FileRefused for what is hostile, broken, or holds no item."""
    remarks = TransferRemarkCollector()
    remarks.carries_files = content.startswith(b"PK")
    files = read_archive(content, *DOCUMENTS, *SUFFIXES) if remarks.carries_files else {"": content}
    remarks.offered.update({path: content for path, content in files.items() if path.lower().endswith(SUFFIXES)})
    files = {path: content for path, content in files.items() if path not in remarks.offered}
    reader = _QtiReader(language, remarks)
    for path, root in _documents(files):
        reader.read(path, root)
    if not reader.found:
        is_third = reader.third or _THIRD_MANIFEST in files.get(MANIFEST, b"").decode("utf-8", "replace")
        raise FileRefused(_THIRD_REFUSED if is_third else N_("There are no QTI items in the file."))
    remarks.begin_question("")
    for path in names_in(content) if remarks.carries_files else ():
        if path not in reader.known | remarks.taken and not _is_duplicate(path, files):
            remarks.leave_out(OTHER_FILES, path)
    return ImportedQuestions(tuple(reader.sources), remarks.result(), remarks.media)


def _documents(files: Mapping[str, bytes]) -> Iterator[tuple[str, Element]]:
    """Yield the documents in the manifest's order; Canvas writes each quiz twice, and its own form says more."""
    manifest = files.get(MANIFEST, b"").decode("utf-8", "replace")
    places = {path: manifest.find(path) for path in files}
    for path in sorted(files, key=lambda path: (places[path] < 0, places[path], path)):
        if _is_duplicate(path, files):
            continue
        if not path or (path != MANIFEST and any(name in files[path].replace(b"\0", b"") for name in _ROOTS)):
            yield path, parse(files[path])


def _is_duplicate(path: str, files: Mapping[str, bytes]) -> bool:
    """Return whether a quiz of Canvas is there in its own form too."""
    name = PurePosixPath(path)
    return name.name == "assessment_qti.xml" and f"{_TWINS}{name.parent.name}.xml.qti" in files


class _QtiReader:
    """Collects the questions of all documents."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks
        self.keys = KeyAllocator()
        self.sources: list[SourceQuestion] = []
        self.found = self.third = False
        self.known = {MANIFEST}
        self.taken: dict[str, QuestionDefinition] = {}

    def read(self, path: str, root: Element) -> None:
        """Read one document; one that holds no items is passed over."""
        name = local(root)
        if name in ("assessmentItem", "questestinterop", "assessmentTest"):
            self.known.add(path)
        if name == "assessmentItem":
            self._take(root, one_line(clean(root.get("title") or root.get("identifier") or "")), path)
        elif name == "questestinterop":
            for item in descendants(root, "item"):
                self._take(item, name_of(item), path)
        elif name.startswith(_THIRD.decode()) or (name == "manifest" and _is_third(root)):
            self.third = True
            self.remarks.begin_question(path, line(root))
            self.remarks.refuse(NotTranslatable(_THIRD_REFUSED))
        elif name == "assessmentTest":
            self.remarks.begin_question("", 0)
            self.remarks.loss(
                N_("The test “%(name)s” is left out."),
                N_("Only its questions are imported. Create a quiz from them."),
                name=root.get("title", "")[:80],
            )

    def _take(self, item: Element, name: str, path: str) -> None:
        self.found = True
        shown = name or item.get("ident", "") or item.get("identifier", "")
        self.remarks.begin_question(f"{path}: {shown}" if path else shown, line(item))
        try:
            question = self._question(item, name)
            if self.remarks.lacks_file:
                question = replace(question, state=QuestionState.DRAFT)
            if self._is_copy(_identity(item), question):
                self.remarks.note(N_("The question appears twice and is imported once."))
            else:
                self.sources.append(SourceQuestion(question, line(item)))
        except NotTranslatable as refusal:
            self.remarks.refuse(refusal)

    def _is_copy(self, identity: str, question: QuestionDefinition) -> bool:
        """Say whether a question came in before; a copy that was changed inside a quiz is a question of its own."""
        known = self.taken.setdefault(identity, question)
        return known is not question and replace(question, key=known.key, mark=known.mark) == known

    def _question(self, item: Element, name: str) -> QuestionDefinition:
        if local(item) == "item":
            return CanvasReader(item, self.language, self.remarks).question(name, self.keys)
        return ItemReader(item, self.language, self.remarks).question(name, self.keys)


def _is_third(manifest: Element) -> bool:
    """Say whether a manifest names resources of QTI 3."""
    return any(_THIRD_MANIFEST in node.get("type", "") for node in descendants(manifest, "resource"))


def _identity(item: Element) -> str:
    """Return what identifies an item: for a copy inside a quiz of Canvas, the question that it was made of."""
    for field in descendants(item, "qtimetadatafield"):
        if words(child(field, "fieldlabel")).strip() == "assessment_question_identifierref":
            return words(child(field, "fieldentry")).strip()
    return item.get("ident") or item.get("identifier") or str(id(item))
