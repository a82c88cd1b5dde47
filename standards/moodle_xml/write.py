"""Write questions as Moodle XML (docs.moodle.org, "Moodle XML format"), texts as Markdown, which Moodle shows too."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from questions.rules.definitions import DescriptionBody, EssayBody, FileBody, QuestionDefinition, QuestionState, TextShape, TrueFalseBody
from standards import _xml
from standards._fields import lose, remark_lost_fields, remark_lost_keys, remark_lost_languages
from standards._numbers import credit, decimal, number
from standards._tags import tags_with_family
from standards._texts import FILE, file_names, remark_lost_files, remark_own_markup
from standards._xml import Element
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.moodle_xml.model import MARKDOWN
from standards.moodle_xml.read import USUAL_PENALTY
from standards.moodle_xml.write_bodies import BodyWriter

_KEPT = frozenset({"tags", "family", "explanation", "mark", "hints", "penalty"})
_DIGITS = 7


def write(questions: Sequence[QuestionDefinition], language: str = "es", files: Files = NO_FILES) -> ExportedFile:
    """Return a Moodle XML file with the questions in one language and their files inside; kinds unknown to Moodle are problems."""
    remarks = TransferRemarkCollector()
    root = _xml.root("quiz")
    for question in questions:
        remarks.begin_question(question.key)
        try:
            carried = files.get(question.key, {})
            element = _MoodleWriter(question, language, remarks).element()
            remark_lost_files(question, language, remarks, carried)
            root.append(_with_files(element, carried))
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile(_xml.serialize(root), len(root), tuple(remarks.remarks))


def _with_files(element: Element, carried: Mapping[str, bytes]) -> Element:
    """Put the files that a text names behind it, and their addresses as Moodle writes them into it."""
    for text in [node for node in element.iter("text") if "media/" in (node.text or "")]:
        parent = text.getparent()
        shown = [address for address in dict.fromkeys(FILE.findall(text.text or "")) if address in carried]
        if parent is None or parent.get("format") != MARKDOWN or not shown:
            continue
        names = file_names(shown)
        written = text.text or ""
        for address, name in names.items():
            written = written.replace(f"]({address}", f"](@@PLUGINFILE@@/{name}")
            _xml.add(parent, "file", b64encode(carried[address]).decode(), name_=name, path="/", encoding="base64")
        text.text = written
    return element


class _MoodleWriter:
    """Writes one question."""

    def __init__(self, question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks
        self.element_ = _xml.root("question")

    def element(self) -> Element:
        """Return the question's element."""
        question, element = self.question, self.element_
        bodies = BodyWriter(question, self.language, self.remarks)
        _xml.add(_xml.add(element, "name"), "text", question.key)
        text = _xml.add(element, "questiontext", format=MARKDOWN)
        _xml.add(text, "text", bodies.text())
        bodies.text_of(element, "generalfeedback", question.explanation, TextShape.MARKDOWN)
        self._numbers()
        _xml.add(element, "hidden", "1" if question.state is QuestionState.HIDDEN else "0")
        _xml.add(element, "idnumber", question.key)
        element.set("type", bodies.fill(element))
        for hint in question.hints:
            bodies.text_of(element, "hint", hint, TextShape.INLINE)
        named = tags_with_family(question, self.remarks)
        if named:
            tags = _xml.add(element, "tags")
            for tag in named:
                _xml.add(_xml.add(tags, "tag"), "text", tag)
        self._remark()
        return element

    def _numbers(self) -> None:
        question = self.question
        if isinstance(question.body, DescriptionBody):
            if question.mark != 1:
                lose(self.remarks, "mark")
        else:
            _xml.add(self.element_, "defaultgrade", decimal(question.mark, _DIGITS))
        if number(decimal(question.mark, _DIGITS)) != question.mark:
            lose(self.remarks, "mark")
        _xml.add(self.element_, "penalty", self._penalty())

    def _penalty(self) -> str:
        question = self.question
        if isinstance(question.body, DescriptionBody | EssayBody | FileBody):
            if question.penalty != USUAL_PENALTY:
                lose(self.remarks, "penalty")
            return "0"
        if isinstance(question.body, TrueFalseBody) and question.penalty == USUAL_PENALTY:
            return "1"
        written = decimal(question.penalty, _DIGITS)
        if credit(number(written) * 100) != question.penalty or (isinstance(question.body, TrueFalseBody) and question.penalty == 1):
            lose(self.remarks, "penalty")
        return written

    def _remark(self) -> None:
        question, remarks = self.question, self.remarks
        names = _KEPT | {"state"} if question.state is QuestionState.HIDDEN else _KEPT
        remark_lost_fields(question, names, remarks)
        remark_lost_languages(question, self.language, remarks)
        remark_lost_keys(question, remarks)
        remark_own_markup(question, self.language, remarks)
