"""Read Moodle XML: the questions of a file, each type as a body of ours."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from questions.rules import definitions
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.moodle_xml.texts import (
    AUTO,
    BLOCKS,
    CALCULATED,
    COMBINED,
    HTML,
    INLINE,
    INSIDE,
    LOOKS,
    ORDERINGS,
    PLAIN,
    READ,
    MoodleTextReader,
    calculated,
    gaps_of,
    variable_names,
    with_marks,
    with_variables,
)
from standards.texts import (
    KeyAllocator,
    WeightedOption,
    clean,
    credit,
    gap_name,
    gap_placeholder,
    matched,
    multiple_choice,
    noted_for_graders,
    one_line,
    single_choice,
    to_fraction,
    whole,
    with_common_tolerance,
    with_gap_names,
    without_gap_placeholders,
)
from standards.xml import Element, child, children, example_of, line, local, parse, remark_left_category, tags_and_family, words

_TRUE = frozenset({"true", "1"})
_MEGABYTE = 1 << 20
MAXIMUM_FILES = 20
_BYTES = re.compile(r"[0-9]{1,15}\Z")
_EXTENSION = re.compile(r"[a-z0-9]{1,8}\Z")


def flag(element: Element, name: str, usual: bool) -> bool:
    """Return an element that is true or false, 1 or 0; an empty one is true."""
    node = child(element, name)
    if node is None:
        return usual
    text = words(node).strip().lower()
    return text in _TRUE or not text


class BodyReader:
    """Reads the body of one question."""

    def __init__(self, element: Element, texts: MoodleTextReader, remarks: TransferRemarkCollector) -> None:
        self.element, self.texts, self.remarks = element, texts, remarks

    def read(self, kind: str) -> definitions.Body:
        """Return the body; raises NotTranslatable for a type that is not known here."""
        readers: Mapping[str, Callable[[], definitions.Body]] = {
            "multichoice": self._choice,
            "truefalse": self._truth,
            "shortanswer": self._short,
            "numerical": self._numerical,
            "matching": self._matching,
            "ddmatch": self._matching,
            "ordering": self._ordering,
            "essay": self._essay,
            "gapselect": self._selected,
            "ddwtos": self._dragged,
            "description": definitions.DescriptionBody,
        }
        if kind not in readers:
            raise NotTranslatable(N_("A question of the type “%(kind)s” is not supported."), kind=kind[:40])
        return readers[kind]()

    def _worth(self, answer: Element) -> Fraction:
        return credit(to_fraction(answer.get("fraction", "0")))

    def _why(self, answer: Element) -> definitions.Texts | None:
        return self.texts.texts(child(answer, "feedback"), INLINE)

    def _choice(self) -> definitions.Body:
        answers = children(self.element, "answer")
        weighted = [WeightedOption(self.texts.needed(answer, INLINE), self._worth(answer), self._why(answer)) for answer in answers]
        make = single_choice if flag(self.element, "single", True) else multiple_choice
        return make(weighted, shuffle=flag(self.element, "shuffleanswers", True))

    def _truth(self) -> definitions.Body:
        worth = {self.texts.plain(answer).lower(): self._worth(answer) for answer in children(self.element, "answer")}
        if not {"true", "false"} & set(worth):
            raise NotTranslatable(N_("The answers are neither true nor false."))
        return definitions.TrueFalseBody(worth.get("true", Fraction(0)) > worth.get("false", Fraction(0)))

    def _short(self) -> definitions.Body:
        answers = []
        for answer in children(self.element, "answer"):
            worth = self._worth(answer)
            answers.append(definitions.TextPattern({self.texts.language: self.texts.plain(answer)}, worth > 0, worth, self._why(answer)))
        return definitions.ShortAnswerBody(tuple(answers), not flag(self.element, "usecase", False), self.texts.language == "es")

    def _numerical(self) -> definitions.Body:
        answers, tolerance = with_common_tolerance(self._number(answer) for answer in children(self.element, "answer"))
        units = self.units()
        penalty = child(self.element, "unitpenalty")
        graded = words(child(self.element, "unitgradingtype")).strip()
        taken = to_fraction(words(penalty) or "0") if units and penalty is not None and graded in ("1", "2") else Fraction(0)
        of = definitions.UnitPenaltyOf.MAXIMUM if graded == "2" else definitions.UnitPenaltyOf.MARK
        return definitions.NumericalBody(
            answers, tolerance, None, units, credit(taken * 100), of if taken else definitions.UnitPenaltyOf.MARK
        )

    def _number(self, answer: Element) -> definitions.NumericalAnswer:
        worth, text = self._worth(answer), self.texts.plain(answer)
        if text in ("*", ""):
            return definitions.NumericalAnswer(None, worth > 0, worth, self._why(answer))
        amount = abs(to_fraction(words(child(answer, "tolerance")) or "0"))
        return definitions.NumericalAnswer(to_fraction(text), worth > 0, worth, self._why(answer), definitions.Tolerance(amount=amount))

    def units(self) -> Mapping[str, Fraction]:
        """Return word -> factor to the answers' unit; Moodle's multiplier is its inverse. They count only where they are asked for."""
        factors: dict[str, Fraction] = {}
        for unit in children(child(self.element, "units"), "unit"):
            times = to_fraction(words(child(unit, "multiplier")) or "1")
            if not times:
                raise NotTranslatable(N_("A unit has the multiplier 0."))
            factors[" ".join(words(child(unit, "unit_name")).split())] = 1 / times
        if factors and words(child(self.element, "showunits")).strip() == "3":
            self.remarks.loss(N_("Units that are not asked for are left out."))
            return {}
        return factors

    def _matching(self) -> definitions.Body:
        answer_form = PLAIN if self.element.get("type") == "matching" else AUTO
        texts_of_pairs = []
        for sub in children(self.element, "subquestion"):
            match = child(sub, "answer")
            texts_of_pairs.append((self.texts.markdown(sub, INLINE), self.texts.markdown(match, INLINE, answer_form)))
        keys, language = KeyAllocator(), self.texts.language
        choices = matched([match for _, match in texts_of_pairs])
        pairs = tuple(
            definitions.Pair(keys.of(item), {language: item}, choices[match], {language: match}) for item, match in texts_of_pairs if item
        )
        used = {pair.match_key for pair in pairs}
        extra = dict.fromkeys(match for item, match in texts_of_pairs if not item and choices[match] not in used)
        labels = tuple(definitions.KeyedLabel(choices[match], {language: match}) for match in extra)
        return definitions.MatchingBody(pairs, labels, flag(self.element, "shuffleanswers", True))

    def _ordering(self) -> definitions.Body:
        keys = KeyAllocator()
        items = [self.texts.needed(answer, INLINE) for answer in sorted(children(self.element, "answer"), key=_place)]
        grading_type = words(child(self.element, "gradingtype")).strip()
        if words(child(self.element, "selecttype")).strip() not in ("", "ALL", "0"):
            self.remarks.loss(N_("The selection of some of the items to order is left out."), N_("All items are shown."))
        labels = tuple(definitions.KeyedLabel(keys.of(item[self.texts.language]), item) for item in items)
        return definitions.OrderingBody(labels, ORDERINGS.get(grading_type, definitions.OrderingRule.ABSOLUTE_POSITION))

    def _essay(self) -> definitions.Body:
        settings = {
            name: words(child(self.element, name)).strip() for name in ("attachments", "minwordlimit", "maxwordlimit", "responseformat")
        }
        files = MAXIMUM_FILES if settings["attachments"] == "-1" else min(whole(settings["attachments"], 0), MAXIMUM_FILES)
        template = self.texts.texts(child(self.element, "responsetemplate"), BLOCKS)
        if settings["responseformat"] == "noinline" and files and (accept := self._extensions()):
            if template:
                self.remarks.loss(N_("The template is left out."), N_("A file upload question has none."))
            said_bytes = words(child(self.element, "maxbytes")).strip()
            size = int(said_bytes) // _MEGABYTE if _BYTES.match(said_bytes) else 0
            return definitions.FileBody(accept, files, min(size or 10, 50))
        limits = definitions.WordLimits(_limit(settings["minwordlimit"]), _limit(settings["maxwordlimit"]))
        return definitions.EssayBody(limits, template, None, (), files)

    def _extensions(self) -> tuple[str, ...]:
        listed = re.split(r"[\s,;]+", words(child(self.element, "filetypeslist")).strip().lower())
        return tuple(dict.fromkeys(name.lstrip(".") for name in listed if _EXTENSION.match(name.lstrip("."))))

    def _boxes(self, name: str) -> list[tuple[str, str]]:
        """Return the words and the group of each box; a box to drag is HTML, an entry of a list plain words."""
        boxes, form = children(self.element, name), HTML if name == "dragbox" else PLAIN
        return [(self.texts.markdown(box, INLINE, form), words(child(box, "group")).strip() or "1") for box in boxes]

    def places(self) -> list[int]:
        """Return the number of the right box of each gap `[[n]]`, in the order of the text."""
        return [int(at) for at in re.findall(r"\[\[([0-9]{1,3})\]\]", self.texts.raw(child(self.element, "questiontext")))]

    def _selected(self) -> definitions.Body:
        return self._singles(self._boxes("selectoption"))

    def _singles(self, boxes: list[tuple[str, str]]) -> definitions.Body:
        places = self.places()
        shuffle = flag(self.element, "shuffleanswers", True)
        gaps = []
        for at, right in enumerate(places, start=1):
            _check_box(right, boxes)
            group = [(text, box) for box, (text, of) in enumerate(boxes, start=1) if of == boxes[right - 1][1]]
            weighted = [WeightedOption({self.texts.language: text}, Fraction(box == right)) for text, box in group]
            gaps.append(definitions.Gap(gap_name(at, len(places)), single_choice(weighted, shuffle=shuffle)))
        return definitions.GapsBody(tuple(gaps))

    def _dragged(self) -> definitions.Body:
        boxes = self._boxes("dragbox")
        if len({group for _, group in boxes}) > 1:
            self.remarks.note(N_("The groups of boxes became drop-down lists."))
            return self._singles(boxes)
        places, language = self.places(), self.texts.language
        for right in places:
            _check_box(right, boxes)
        keys = matched([boxes[right - 1][0] for right in places] + [text for text, _ in boxes])
        gaps = []
        for at, right in enumerate(places, start=1):
            text = boxes[right - 1][0]
            answer = definitions.TextPattern({language: text}, True, Fraction(1), None, keys[text])
            gaps.append(definitions.Gap(gap_name(at, len(places)), definitions.ShortAnswerBody((answer,), True, language == "es")))
        return definitions.GapsBody(tuple(gaps), True, tuple(definitions.KeyedLabel(key, {language: text}) for text, key in keys.items()))


def _check_box(right: int, boxes: list[tuple[str, str]]) -> None:
    if not 0 < right <= len(boxes):
        raise NotTranslatable(N_("The gap [[%(at)s]] has no box."), at=right)


def _place(answer: Element) -> Fraction:
    return to_fraction(answer.get("fraction", "0"))


def _limit(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,6}", text) else None


def unread(element: Element, known: frozenset[str]) -> list[str]:
    """Return the names of elements with words that nobody reads."""
    names = (local(inner) for inner in element if words(inner).strip())
    return sorted({name for name in names if name not in known})


USUAL_PENALTY = definitions.QuestionDefinition("", {}, definitions.DescriptionBody()).penalty


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

    def question(self, kind: str, name: str, keys: KeyAllocator) -> definitions.QuestionDefinition:
        """Return the question."""
        text, body = self._text_and_body(kind)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        explanation = self._explanation(kind)
        self._remark_unread()
        identifier = one_line(clean(words(child(self.element, "idnumber"))))
        hints = tuple(hint for hint in (self.texts.texts(node, INLINE) for node in children(self.element, "hint")) if hint)
        tags, selection = tags_and_family([self.texts.plain(tag) for tag in children(child(self.element, "tags"), "tag")], self.remarks)
        return definitions.QuestionDefinition(
            keys.of_question(identifier or name, text),
            {self.language: text},
            body,
            state=self._state(),
            tags=tags,
            mark=self._mark(body),
            hints=hints,
            penalty=self._penalty(body),
            explanation={self.language: explanation} if explanation else None,
            note=noted_for_graders([self.texts.markdown(child(self.element, "graderinfo"), BLOCKS)], self.language, self.remarks),
            selection=selection,
        )

    def _state(self) -> definitions.QuestionState:
        """Return the state, which is read last: a question with a missing file is a draft."""
        if self.remarks.lacks_file:
            return definitions.QuestionState.DRAFT
        return definitions.QuestionState.HIDDEN if flag(self.element, "hidden", False) else definitions.QuestionState.READY

    def _text_and_body(self, kind: str) -> tuple[str, definitions.Body]:
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
        if isinstance(body, definitions.GapsBody):
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

    def _mark(self, body: definitions.Body) -> Fraction:
        text = words(child(self.element, "defaultgrade")).strip()
        if isinstance(body, definitions.DescriptionBody):
            return Fraction(1)
        if not text and isinstance(body, definitions.GapsBody):
            return sum((gap.weight for gap in body.gaps), Fraction(0))
        mark = to_fraction(text or "1")
        if mark < 0:
            raise NotTranslatable(N_("The mark %(mark)s is below 0."), mark=text)
        return mark

    def _penalty(self, body: definitions.Body) -> Fraction:
        """Return the penalty; Moodle writes always 1 for true or false and 0 where there are no tries, which says nothing."""
        text = words(child(self.element, "penalty")).strip()
        if not text or isinstance(body, definitions.DescriptionBody | definitions.EssayBody | definitions.FileBody):
            return USUAL_PENALTY
        penalty = abs(credit(to_fraction(text) * 100))
        return USUAL_PENALTY if isinstance(body, definitions.TrueFalseBody) and penalty == 1 else penalty

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
