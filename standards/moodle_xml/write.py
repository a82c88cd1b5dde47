"""Write questions as Moodle XML, their bodies as its elements and their files inside."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape

from kernel.errors import N_
from questions.content.answers import names_in_text
from questions.rules import definitions
from standards import xml
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.moodle_xml.read import MAXIMUM_FILES, USUAL_PENALTY
from standards.moodle_xml.texts import AUTO, MARKDOWN, ORDERINGS, PLAIN, ClozeWriter
from standards.texts import (
    FILE,
    credit,
    decimal,
    file_names,
    gap_name,
    in_language,
    lose,
    nominal,
    one_line,
    option_weights,
    percent,
    refuse_kind,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
    remark_own_markup,
    split_at_gaps,
    to_fraction,
    to_plain,
)
from standards.xml import Element, tags_with_family

_NAMES = {rule: name for name, rule in ORDERINGS.items()}
_MEGABYTE = 1 << 20
INLINE = definitions.TextShape.INLINE


class BodyWriter:
    """Writes the text and the body of one question."""

    def __init__(self, question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks

    def text(self) -> str:
        """Return the question's text, its gaps as Moodle writes them."""
        text, body = in_language(self.question.text, self.language), self.question.body
        if not isinstance(body, definitions.GapsBody):
            return text
        return self._dragged_text(text, body) if body.drag else ClozeWriter(self.language, self.remarks).text(text, body)

    def text_of(self, parent: Element, name: str, texts: definitions.Texts | None, shape: definitions.TextShape) -> Element:
        """Add an element with a Markdown text; an empty one where nothing is written."""
        text = in_language(texts, self.language)
        made = xml.add(parent, name, format=MARKDOWN)
        xml.add(made, "text", one_line(text) if shape is INLINE else text)
        return made

    def fill(self, element: Element) -> str:
        """Add what the kind needs; return Moodle's name of the type. Raises NotTranslatable for kinds unknown to Moodle."""
        match self.question.body:
            case definitions.SingleChoiceBody(options, shuffle, None):
                return self._choice(element, options, [option.credit for option in options], shuffle)
            case definitions.MultipleChoiceBody() as multiple:
                return self._choice(element, multiple.options, option_weights(multiple, self.remarks), multiple.shuffle, several=True)
            case definitions.TrueFalseBody(answer):
                return self._truth(element, answer)
            case definitions.ShortAnswerBody() as short:
                return self._short(element, short)
            case definitions.NumericalBody() as numerical:
                return self._numerical(element, numerical)
            case definitions.GapsBody(drag=drag) as gaps:
                return self._dragged(element, gaps) if drag else "cloze"
            case definitions.DescriptionBody():
                return "description"
            case _:
                return self._longer(element)

    def _longer(self, element: Element) -> str:
        match self.question.body:
            case definitions.MatchingBody() as matching:
                return self._matching(element, matching)
            case definitions.OrderingBody() as ordering:
                return self._ordering(element, ordering)
            case definitions.EssayBody() as essay:
                return self._essay(element, essay)
            case definitions.FileBody() as file:
                return self._file(element, file)
            case _:
                raise refuse_kind(self.question)

    def _answer(self, element: Element, share: Fraction, text: str, why: definitions.Texts | None, form: str) -> Element:
        written = percent(share)
        if credit(to_fraction(written)) != share:
            self.remarks.loss(N_("The credit %(credit)s is written as %(percent)s %%."), credit=share, percent=written)
        answer = xml.add(element, "answer", fraction=written, format=form)
        xml.add(answer, "text", text)
        self.text_of(answer, "feedback", why, INLINE)
        return answer

    def _choice(
        self, element: Element, options: Sequence[definitions.Option], worths: Sequence[Fraction], shuffle: bool, *, several: bool = False
    ) -> str:
        if not several and any(option.right is not (option.credit == 1) for option in options):
            self.remarks.loss(N_("Only the credits show which options are right."), N_("The format cannot express it."))
        if any(option.fixed for option in options):
            lose(self.remarks, "fixed")
        xml.add(element, "single", "false" if several else "true")
        xml.add(element, "shuffleanswers", "true" if shuffle else "false")
        xml.add(element, "answernumbering", "abc")
        for option, worth in zip(options, worths, strict=True):
            self._answer(element, worth, one_line(in_language(option.text, self.language)), option.why, MARKDOWN)
        return "multichoice"

    def _truth(self, element: Element, answer: bool) -> str:
        for word, worth in (("true", answer), ("false", not answer)):
            self._answer(element, Fraction(worth), word, None, AUTO)
        return "truefalse"

    def _short(self, element: Element, body: definitions.ShortAnswerBody) -> str:
        if not body.answers:
            raise NotTranslatable(N_("A self-check without patterns cannot be exported."))
        for field, lost in (
            ("ignore_accents", body.ignore_accents is not (self.language == "es")),
            ("model", bool(body.model)),
            ("criteria", bool(body.criteria)),
        ):
            if lost:
                lose(self.remarks, field)
        xml.add(element, "usecase", "0" if body.ignore_case else "1")
        for answer in body.answers:
            self._answer(element, answer.credit, one_line(in_language(answer.patterns, self.language)), answer.why, PLAIN)
        return "shortanswer"

    def _numerical(self, element: Element, body: definitions.NumericalBody) -> str:
        for field in ("unit", "decimals"):
            if getattr(body, field) is not None:
                lose(self.remarks, field)
        for answer in body.answers:
            self._number(element, answer, body)
        self._units(element, body)
        return "numerical"

    def _number(self, element: Element, answer: definitions.NumericalAnswer, body: definitions.NumericalBody) -> None:
        if answer.value is None:
            self._answer(element, answer.credit, "*", answer.why, AUTO)
            return
        written = self._answer(element, answer.credit, decimal(answer.value), answer.why, AUTO)
        xml.add(written, "tolerance", decimal(nominal(answer, body.tolerance, self.remarks).amount))

    def _units(self, element: Element, body: definitions.NumericalBody) -> None:
        if not body.units:
            if body.unit_penalty:
                lose(self.remarks, "unit_penalty")
            return
        units = xml.add(element, "units")
        for name, factor in body.units.items():
            times = decimal(1 / factor, 15) if factor else "0"
            if not factor or 1 / to_fraction(times) != factor:
                raise NotTranslatable(N_("The factor of the unit “%(unit)s” cannot be written."), unit=name)
            unit = xml.add(units, "unit")
            xml.add(unit, "multiplier", times)
            xml.add(unit, "unit_name", name)
        graded = "0" if not body.unit_penalty else "2" if body.unit_penalty_of is definitions.UnitPenaltyOf.MAXIMUM else "1"
        xml.add(element, "unitgradingtype", graded)
        xml.add(element, "unitpenalty", decimal(body.unit_penalty, 7))
        xml.add(element, "showunits", "0")

    def _plain(self, texts: definitions.Texts) -> str:
        text, lost = to_plain(in_language(texts, self.language), INLINE, self.language)
        if lost:
            self.remarks.loss(N_("A match is written without its markup."), N_("Matches are plain text in the format."))
        return one_line(text)

    def _matching(self, element: Element, body: definitions.MatchingBody) -> str:
        if any(pair.why for pair in body.pairs):
            lose(self.remarks, "why")
        xml.add(element, "shuffleanswers", "true" if body.shuffle else "false")
        for pair in body.pairs:
            self._sub(element, one_line(in_language(pair.item, self.language)), pair.match)
        for label in body.extra:
            self._sub(element, "", label.text)
        return "matching"

    def _sub(self, element: Element, item: str, match: definitions.Texts) -> None:
        sub = xml.add(element, "subquestion", format=MARKDOWN)
        xml.add(sub, "text", item)
        xml.add(xml.add(sub, "answer"), "text", self._plain(match))

    def _ordering(self, element: Element, body: definitions.OrderingBody) -> str:
        for name, setting in (("layouttype", "VERTICAL"), ("selecttype", "ALL"), ("selectcount", "0"), ("gradingtype", _NAMES[body.rule])):
            xml.add(element, name, setting)
        for at, label in enumerate(body.items, start=1):
            answer = xml.add(element, "answer", fraction=str(at), format=MARKDOWN)
            xml.add(answer, "text", one_line(in_language(label.text, self.language)))
        return "ordering"

    def _essay(self, element: Element, body: definitions.EssayBody) -> str:
        if body.rubric:
            lose(self.remarks, "rubric")
        settings = {"responseformat": "editor", "attachments": str(body.files), "attachmentsrequired": "0"}
        limits = {"minwordlimit": body.words.minimum, "maxwordlimit": body.words.maximum}
        for name, value in {**settings, **limits}.items():
            xml.add(element, name, "" if value is None else str(value))
        if body.model:
            lose(self.remarks, "model")
        self.text_of(element, "responsetemplate", body.template, definitions.TextShape.MARKDOWN)
        if body.words.minimum == 0:
            lose(self.remarks, "words")
        if body.self_review:
            lose(self.remarks, "review")
        return "essay"

    def _file(self, element: Element, body: definitions.FileBody) -> str:
        if body.rubric:
            lose(self.remarks, "rubric")
        files = str(min(body.files, MAXIMUM_FILES))
        settings = {"responseformat": "noinline", "attachments": files, "attachmentsrequired": "1", "maxbytes": str(body.size * _MEGABYTE)}
        for name, value in settings.items():
            xml.add(element, name, value)
        xml.add(element, "filetypeslist", ",".join(f".{name}" for name in body.accept))
        return "essay"

    def _dragged_text(self, text: str, body: definitions.GapsBody) -> str:
        pieces = split_at_gaps(text, [gap.name for gap in body.gaps])
        places = sorted(body.gaps, key=lambda gap: text.find("{" + gap.name + "}"))
        if len(pieces) != len(places) + 1 or sorted(names_in_text(text)) != sorted(gap.name for gap in places):
            raise NotTranslatable(N_("Not every gap appears exactly once in the text."))
        if [gap.name for gap in places] != [gap_name(at, len(places)) for at in range(1, len(places) + 1)]:
            self.remarks.loss(N_("The names of the gaps are left out."), N_("They are numbered when the question is imported again."))
        numbers = [self._box(gap.body.answers if isinstance(gap.body, definitions.ShortAnswerBody) else (), body.choices) for gap in places]
        return pieces[0] + "".join(f"[[{at}]]{piece}" for at, piece in zip(numbers, pieces[1:], strict=True))

    def _box(self, answers: Sequence[definitions.TextPattern], choices: Sequence[definitions.KeyedLabel]) -> int:
        """Return the number of the right box of a gap."""
        keys = [label.key for label in choices]
        rights = [answer for answer in answers if answer.right and answer.key in keys]
        if not rights:
            raise NotTranslatable(N_("A gap has no right text."))
        if len(answers) > 1 or rights[0].why:
            self.remarks.loss(
                N_("The other answers and the feedback of a gap are left out."), N_("The format allows one right text per gap.")
            )
        return keys.index(rights[0].key) + 1

    def _dragged(self, element: Element, body: definitions.GapsBody) -> str:
        if any(gap.weight != 1 for gap in body.gaps):
            lose(self.remarks, "weight")
        shorts = [gap.body for gap in body.gaps if isinstance(gap.body, definitions.ShortAnswerBody)]
        if any(not short.ignore_case or short.ignore_accents is not (self.language == "es") for short in shorts):
            lose(self.remarks, "ignore_accents")
        xml.add(element, "shuffleanswers", "1")
        for label in body.choices:
            box = xml.add(element, "dragbox")
            xml.add(box, "text", escape(self._plain(label.text), quote=False))
            xml.add(box, "group", "1")
        return "ddwtos"


_KEPT = frozenset({"tags", "family", "explanation", "mark", "hints", "penalty"})
_DIGITS = 7


def write(questions: Sequence[definitions.QuestionDefinition], language: str = "es", files: Files = NO_FILES) -> ExportedFile:
    """Return a Moodle XML file with the questions in one language and their files inside; kinds unknown to Moodle are problems."""
    remarks = TransferRemarkCollector()
    root = xml.root("quiz")
    for question in questions:
        remarks.begin_question(question.key)
        try:
            carried = files.get(question.key, {})
            element = _MoodleWriter(question, language, remarks).element()
            remark_lost_files(question, language, remarks, carried)
            root.append(_with_files(element, carried))
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile(xml.serialize(root), len(root), tuple(remarks.remarks))


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
            xml.add(parent, "file", b64encode(carried[address]).decode(), name_=name, path="/", encoding="base64")
        text.text = written
    return element


class _MoodleWriter:
    """Writes one question."""

    def __init__(self, question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks
        self.element_ = xml.root("question")

    def element(self) -> Element:
        """Return the question's element."""
        question, element = self.question, self.element_
        bodies = BodyWriter(question, self.language, self.remarks)
        xml.add(xml.add(element, "name"), "text", question.key)
        text = xml.add(element, "questiontext", format=MARKDOWN)
        xml.add(text, "text", bodies.text())
        bodies.text_of(element, "generalfeedback", question.explanation, definitions.TextShape.MARKDOWN)
        self._numbers()
        xml.add(element, "hidden", "1" if question.state is definitions.QuestionState.HIDDEN else "0")
        xml.add(element, "idnumber", question.key)
        element.set("type", bodies.fill(element))
        for hint in question.hints:
            bodies.text_of(element, "hint", hint, definitions.TextShape.INLINE)
        named = tags_with_family(question, self.remarks)
        if named:
            tags = xml.add(element, "tags")
            for tag in named:
                xml.add(xml.add(tags, "tag"), "text", tag)
        self._remark()
        return element

    def _numbers(self) -> None:
        question = self.question
        if isinstance(question.body, definitions.DescriptionBody):
            if question.mark != 1:
                lose(self.remarks, "mark")
        else:
            xml.add(self.element_, "defaultgrade", decimal(question.mark, _DIGITS))
        if to_fraction(decimal(question.mark, _DIGITS)) != question.mark:
            lose(self.remarks, "mark")
        xml.add(self.element_, "penalty", self._penalty())

    def _penalty(self) -> str:
        question = self.question
        if isinstance(question.body, definitions.DescriptionBody | definitions.EssayBody | definitions.FileBody):
            if question.penalty != USUAL_PENALTY:
                lose(self.remarks, "penalty")
            return "0"
        if isinstance(question.body, definitions.TrueFalseBody) and question.penalty == USUAL_PENALTY:
            return "1"
        written = decimal(question.penalty, _DIGITS)
        if credit(to_fraction(written) * 100) != question.penalty or (
            isinstance(question.body, definitions.TrueFalseBody) and question.penalty == 1
        ):
            lose(self.remarks, "penalty")
        return written

    def _remark(self) -> None:
        question, remarks = self.question, self.remarks
        names = _KEPT | {"state"} if question.state is definitions.QuestionState.HIDDEN else _KEPT
        remark_lost_fields(question, names, remarks)
        remark_lost_languages(question, self.language, remarks)
        remark_lost_keys(question, remarks)
        remark_own_markup(question, self.language, remarks)
