"""Read Moodle XML (docs.moodle.org, "Moodle XML format"): questions of ours and remarks out."""

import re
from fractions import Fraction

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    FileBody,
    GapsBody,
    QuestionDefinition,
    QuestionState,
    TrueFalseBody,
)
from standards._gap import gap_placeholder, with_gap_names, without_gap_placeholders
from standards._keys import KeyAllocator
from standards._numbers import credit, number
from standards._tags import remark_left_category, tags_and_family
from standards._texts import clean, one_line
from standards._xml import Element, child, children, example_of, line, local, parse, words
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.moodle_xml.bodies import BodyReader, flag, unread
from standards.moodle_xml.calculated import calculated, variable_names, with_marks, with_variables
from standards.moodle_xml.cloze import gaps_of
from standards.moodle_xml.model import CALCULATED, COMBINED, INSIDE, LOOKS, READ
from standards.moodle_xml.texts import BLOCKS, INLINE, MoodleTextReader

USUAL_PENALTY = QuestionDefinition("", {}, DescriptionBody()).penalty


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a Moodle XML file; raises FileRefused for XML that is broken or hostile, and for another root."""
    root = parse(content)
    if local(root) != "quiz":
        raise FileRefused(N_("The file is not Moodle XML: it begins with <%(name)s> instead of <quiz>."), name=local(root)[:40])
    remarks, keys = TransferRemarkCollector(), KeyAllocator()
    remarks.carries_files = True
    sources: list[SourceQuestion] = []
    category = ""
    for element in root:
        if local(element) != "question":
            remarks.begin_question("", line(element))
            remarks.leave_out(CONTENT, example_of(element))
            continue
        kind = element.get("type", "")
        name = one_line(clean(words(child(element, "name", "text"))))
        remarks.begin_question(name[:80], line(element))
        remarks.offered.clear()
        if kind == "category":
            category = one_line(clean(words(child(element, "category", "text"))))
            remark_left_category(category, remarks)
            continue
        try:
            sources.append(SourceQuestion(_MoodleReader(element, language, remarks).question(kind, name, keys), line(element), category))
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ImportedQuestions(tuple(sources), remarks.result(), remarks.media)


class _MoodleReader:
    """Reads one question."""

    def __init__(self, element: Element, language: str, remarks: TransferRemarkCollector) -> None:
        self.element, self.language, self.remarks = element, language, remarks
        self.texts = MoodleTextReader(language, remarks)

    def question(self, kind: str, name: str, keys: KeyAllocator) -> QuestionDefinition:
        """Return the question."""
        text, body = self._text_and_body(kind)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        explanation = self._explanation(kind)
        self._remark_unread()
        identifier = one_line(clean(words(child(self.element, "idnumber"))))
        hints = tuple(hint for hint in (self.texts.texts(node, INLINE) for node in children(self.element, "hint")) if hint)
        tags, selection = tags_and_family([self.texts.plain(tag) for tag in children(child(self.element, "tags"), "tag")], self.remarks)
        return QuestionDefinition(
            keys.of_question(identifier or name, text),
            {self.language: text},
            body,
            state=self._state(),
            tags=tags,
            mark=self._mark(body),
            hints=hints,
            penalty=self._penalty(body),
            explanation={self.language: explanation} if explanation else None,
            selection=selection,
        )

    def _state(self) -> QuestionState:
        """Return the state, which is read last: a question with a missing file is a draft."""
        if self.remarks.lacks_file:
            return QuestionState.DRAFT
        return QuestionState.HIDDEN if flag(self.element, "hidden", False) else QuestionState.READY

    def _text_and_body(self, kind: str) -> tuple[str, Body]:
        element = child(self.element, "questiontext")
        written = without_gap_placeholders(self.texts.raw(element))
        if kind == "cloze":
            written, gaps = gaps_of(written, self.language, self.remarks)
            return with_gap_names(self.texts.converted(written, element, BLOCKS), len(gaps.gaps)), gaps
        if kind in CALCULATED:
            names = variable_names(self.element)
            text = self.texts.converted(with_marks(written, names), element, BLOCKS)
            units = BodyReader(self.element, self.texts, self.remarks).units()
            return with_variables(text, names), calculated(self.element, self.texts, self.remarks, names, units)
        body = BodyReader(self.element, self.texts, self.remarks).read(kind)
        if isinstance(body, GapsBody):
            numbers = iter(range(1, len(body.gaps) + 1))
            written = re.sub(r"\[\[[0-9]{1,3}\]\]", lambda _match: gap_placeholder(next(numbers)), written)
            return with_gap_names(self.texts.converted(written, element, BLOCKS), len(body.gaps)), body
        return self.texts.converted(written, element, BLOCKS), body

    def _explanation(self, kind: str) -> str:
        general = self.texts.markdown(child(self.element, "generalfeedback"), BLOCKS)
        parts = [general] if general else []
        if kind == "truefalse":
            own = [self.texts.markdown(child(answer, "feedback"), BLOCKS) for answer in children(self.element, "answer")]
            if any(own):
                self.remarks.note(N_("The feedback for true and false became part of the explanation."))
            parts += [part for part in dict.fromkeys(own) if part]
        return "\n\n".join(parts)

    def _mark(self, body: Body) -> Fraction:
        text = words(child(self.element, "defaultgrade")).strip()
        if isinstance(body, DescriptionBody):
            return Fraction(1)
        if not text and isinstance(body, GapsBody):
            return sum((gap.weight for gap in body.gaps), Fraction(0))
        mark = number(text or "1")
        if mark < 0:
            raise NotTranslatable(N_("The mark %(mark)s is below 0."), mark=text)
        return mark

    def _penalty(self, body: Body) -> Fraction:
        """Return the penalty; Moodle writes always 1 for true or false and 0 where there are no tries, which says nothing."""
        text = words(child(self.element, "penalty")).strip()
        if not text or isinstance(body, DescriptionBody | EssayBody | FileBody):
            return USUAL_PENALTY
        penalty = abs(credit(number(text) * 100))
        return USUAL_PENALTY if isinstance(body, TrueFalseBody) and penalty == 1 else penalty

    def _remark_unread(self) -> None:
        if any(self.texts.raw(child(self.element, name)).strip() for name in COMBINED):
            self.remarks.loss(
                N_("The overall feedback for right, partly right and wrong answers is left out."),
                N_("Each option has its own feedback here."),
            )
        known = READ | LOOKS | INSIDE | frozenset(COMBINED)
        for outer in (node for node in self.element if local(node) in known - {"dataset_definitions"}):
            for inner in outer.iterdescendants():
                if local(inner) not in known and (inner.text or "").strip():
                    self.remarks.leave_out(CONTENT, example_of(inner))
        for name in unread(self.element, READ | LOOKS | frozenset(COMBINED)):
            self.remarks.loss(N_("<%(name)s> is left out."), N_("There is no equivalent here."), name=name)
