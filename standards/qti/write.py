"""Write questions as a package of QTI 2.1 items (IMS QTI 2.1), texts as HTML; what the standard has no place for is reported."""

from collections.abc import Mapping, Sequence

from questions.rules.definitions import DescriptionBody, QuestionDefinition, TextShape
from standards import _xml
from standards._fields import remark_lost_fields, remark_lost_keys, remark_lost_languages
from standards._numbers import decimal, number
from standards._texts import file_names, remark_changed_text, remark_lost_files
from standards._xml import Element
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.qti.model import EXPLANATION, ITEM_2
from standards.qti.package import package
from standards.qti.write_bodies import ItemBody, tag

_KEPT = frozenset({"mark", "explanation"})
_DIGITS = 10


def write(questions: Sequence[QuestionDefinition], language: str = "es", files: Files = NO_FILES) -> ExportedFile:
    """Return a package with one item a question and the files that these show; kinds unknown to QTI are problems."""
    remarks = TransferRemarkCollector()
    items: dict[str, bytes] = {}
    media: dict[str, bytes] = {}
    for question in questions:
        remarks.begin_question(question.key)
        try:
            carried = files.get(question.key, {})
            names = {address: f"{question.key}/{name}" for address, name in file_names(carried).items()}
            addresses = {address: f"../media/{name}" for address, name in names.items()}
            items[f"items/{question.key}.xml"] = _xml.written_as_is(_item(question, language, remarks, addresses))
            media |= {f"media/{name}": carried[address] for address, name in names.items()}
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile(package(items, "imsqti_item_xmlv2p1", "1.1.4", media), len(items), tuple(remarks.remarks))


def _item(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector, addresses: Mapping[str, str]) -> Element:
    item = _xml.root("assessmentItem", ITEM_2, identifier=f"q-{question.key}", title=question.key, adaptive="false", timeDependent="false")
    body = ItemBody(question, language, remarks, addresses)
    made = body.element()
    for declared in body.declarations:
        item.append(declared)
    _outcome(item, "SCORE", "float", "0")
    _outcome(item, "MAXSCORE", "float", decimal(question.mark, _DIGITS))
    if body.feedback:
        _xml.add(item, tag("outcomeDeclaration"), identifier="FEEDBACK", cardinality="multiple", baseType="identifier")
    if question.explanation:
        _outcome(item, "EXPLANATION", "identifier", EXPLANATION)
    item.append(made)
    if body.processing is not None:
        item.append(body.processing)
    for ident, texts in body.feedback:
        item.append(body.modal("FEEDBACK", ident, texts, TextShape.INLINE))
    if question.explanation:
        item.append(body.modal("EXPLANATION", EXPLANATION, question.explanation, TextShape.MARKDOWN))
    _remark(question, language, remarks)
    remark_lost_files(question, language, remarks, addresses)
    return item


def _outcome(item: Element, name: str, kind: str, value: str) -> None:
    outcome = _xml.add(item, tag("outcomeDeclaration"), identifier=name, cardinality="single", baseType=kind)
    _xml.add(_xml.add(outcome, tag("defaultValue")), tag("value"), value)


def _remark(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    names = _KEPT if number(decimal(question.mark, _DIGITS)) == question.mark else _KEPT - {"mark"}
    remark_lost_fields(question, names - {"mark"} if isinstance(question.body, DescriptionBody) and question.mark != 1 else names, remarks)
    remark_lost_languages(question, language, remarks)
    remark_lost_keys(question, remarks)
    remark_changed_text(question, language, remarks)
