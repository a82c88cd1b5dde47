"""Write questions as a package of QTI 1.2 with the question types of Canvas, texts as HTML."""

from collections.abc import Sequence
from fractions import Fraction

from kernel.errors import N_
from questions.rules import definitions
from standards import xml
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.qti.bodies import ITEM_1
from standards.qti.read import package
from standards.qti.write import BLOCKS, DIGITS, INLINE, gaps_in_order, lose_written, matches_of, truth, whole_words
from standards.texts import (
    decimal,
    in_language,
    lose,
    nominal,
    refuse_kind,
    remark_changed_text,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
    to_fraction,
    to_html,
)
from standards.xml import Element

_KEPT = frozenset({"mark", "explanation"})


def write(questions: Sequence[definitions.QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return a package with one assessment of all questions; kinds unknown to Canvas are problems."""
    remarks = TransferRemarkCollector()
    root = xml.root("questestinterop", ITEM_1)
    assessment = xml.add(root, _tag("assessment"), ident="banco", title="banco")
    section = xml.add(assessment, _tag("section"), ident="root_section")
    for question in questions:
        remarks.begin_question(question.key)
        try:
            section.append(_Item(question, language, remarks).element())
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    count = len(section)
    files = {"banco/banco.xml": xml.written_as_is(root)}
    return ExportedFile(package(files, "imsqti_xmlv1p2", "1.1.3"), count, tuple(remarks.remarks))


def _tag(name: str) -> str:
    return f"{{{ITEM_1}}}{name}"


class _Item:
    """Writes one item."""

    def __init__(self, question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks
        self.item = xml.root(_tag("item"), None, ident=f"q-{question.key}", title=question.key)
        self.metadata = xml.add(xml.add(self.item, _tag("itemmetadata")), _tag("qtimetadata"))
        self.presentation = xml.add(self.item, _tag("presentation"))
        self.processing = xml.root(_tag("resprocessing"))
        outcomes = xml.add(self.processing, _tag("outcomes"))
        xml.add(outcomes, _tag("decvar"), maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
        self.feedback: list[tuple[str, definitions.Texts, definitions.TextShape]] = []

    def element(self) -> Element:
        """Return the item; raises NotTranslatable for kinds unknown to Canvas."""
        question = self.question
        text = in_language(question.text, self.language)
        if isinstance(question.body, definitions.GapsBody):
            text = self._gap_text(text, question.body)
        self._material(self.presentation, to_html({self.language: text}, BLOCKS, self.language))
        self._field("question_type", self._body())
        self._field("points_possible", decimal(question.mark, DIGITS))
        if not isinstance(question.body, definitions.DescriptionBody):
            self.item.append(self.processing)
        if question.explanation:
            self.feedback.append(("general_fb", question.explanation, BLOCKS))
        for ident, texts, shape in self.feedback:
            holder = xml.add(xml.add(self.item, _tag("itemfeedback"), ident=ident), _tag("flow_mat"))
            self._material(holder, to_html(texts, shape, self.language))
        self._remark()
        return self.item

    def _remark(self) -> None:
        question, remarks = self.question, self.remarks
        unmarked = isinstance(question.body, definitions.DescriptionBody) and question.mark != 1
        names = _KEPT - {"mark"} if unmarked or to_fraction(decimal(question.mark, DIGITS)) != question.mark else _KEPT
        remark_lost_fields(question, names, remarks)
        remark_lost_languages(question, self.language, remarks)
        remark_lost_keys(question, remarks)
        remark_changed_text(question, self.language, remarks)
        remark_lost_files(question, self.language, remarks)

    def _field(self, label: str, entry: str) -> None:
        field = xml.add(self.metadata, _tag("qtimetadatafield"))
        xml.add(field, _tag("fieldlabel"), label)
        xml.add(field, _tag("fieldentry"), entry)

    def _material(self, parent: Element, text: str, kind: str = "text/html") -> None:
        xml.add(xml.add(parent, _tag("material")), _tag("mattext"), text, texttype=kind)

    def _body(self) -> str:
        match self.question.body:
            case definitions.SingleChoiceBody(options, shuffle, None):
                return self._single(options, shuffle)
            case definitions.MultipleChoiceBody() as multiple:
                return self._multiple(multiple)
            case definitions.TrueFalseBody(answer):
                return self._truth(answer)
            case definitions.ShortAnswerBody() as short:
                return self._short(short)
            case definitions.NumericalBody() as numerical:
                return self._numerical(numerical)
            case definitions.MatchingBody() as matching:
                return self._matching(matching)
            case definitions.GapsBody() as gaps:
                return self._gaps(gaps)
            case other:
                return self._longer(other)

    def _longer(self, body: object) -> str:
        match body:
            case definitions.EssayBody() as essay:
                lose_written(
                    self.remarks,
                    essay,
                    ("template", "model", "rubric", "files"),
                    words=essay.words != definitions.EssayBody().words,
                    review=essay.self_review,
                )
                self._text_response()
                return "essay_question"
            case definitions.FileBody():
                for name in ("accept", "files", "size"):
                    lose(self.remarks, name)
                return "file_upload_question"
            case definitions.DescriptionBody():
                return "text_only_question"
            case _:
                raise refuse_kind(self.question)

    def _text_response(self) -> None:
        response = xml.add(self.presentation, _tag("response_str"), ident="response1", rcardinality="Single")
        xml.add(xml.add(response, _tag("render_fib")), _tag("response_label"), ident="answer1", rshuffle="No")

    def _choice_response(self, ident: str, cardinality: str, texts: Sequence[str], name: str = "", *, shuffle: bool = False) -> list[str]:
        """Add a response with labels; return their identifiers."""
        response = xml.add(self.presentation, _tag("response_lid"), ident=ident, rcardinality=cardinality)
        if name:
            self._material(response, name, "text/plain" if not name.startswith("<") else "text/html")
        render = xml.add(response, _tag("render_choice"), **({"shuffle": "Yes"} if shuffle else {}))
        idents = [f"{ident}_{at}" for at in range(1, len(texts) + 1)]
        for label, text in zip(idents, texts, strict=True):
            self._material(xml.add(render, _tag("response_label"), ident=label), text)
        return idents

    def _condition(self, score: str, action: str = "Set") -> Element:
        condition = xml.add(self.processing, _tag("respcondition"), continue_="No" if action == "Set" else "Yes")
        inner = xml.add(condition, _tag("conditionvar"))
        xml.add(condition, _tag("setvar"), score, action=action, varname="SCORE")
        return inner

    def _equal(self, parent: Element, ident: str, value: str, *, sensitive: bool = False) -> None:
        xml.add(parent, _tag("varequal"), value, respident=ident, **({"case": "Yes"} if sensitive else {}))

    def _html(self, texts: definitions.Texts) -> str:
        return to_html(texts, INLINE, self.language)

    def _options(self, options: Sequence[definitions.Option], cardinality: str, *, shuffle: bool) -> list[str]:
        if any(option.fixed for option in options):
            lose(self.remarks, "fixed")
        idents = self._choice_response("response1", cardinality, [self._html(option.text) for option in options], shuffle=shuffle)
        self.feedback += [(f"{ident}_fb", option.why, INLINE) for ident, option in zip(idents, options, strict=True) if option.why]
        return idents

    def _single(self, options: Sequence[definitions.Option], shuffle: bool) -> str:
        rights = [option for option in options if option.credit == 1]
        if len(rights) != 1:
            raise NotTranslatable(N_("The question does not have exactly one right option with full credit."))
        if any(option.credit not in (0, 1) or option.right is not (option.credit == 1) for option in options):
            lose(self.remarks, "credit")
        idents = self._options(options, "Single", shuffle=shuffle)
        self._equal(
            self._condition("100"), "response1", next(ident for ident, option in zip(idents, options, strict=True) if option.credit == 1)
        )
        return "multiple_choice_question"

    def _multiple(self, body: definitions.MultipleChoiceBody) -> str:
        if body.rule is not definitions.MultipleRule.RIGHT_MINUS_WRONG:
            self.remarks.loss(
                N_("The rule “%(rule)s” becomes “%(other)s”."),
                N_("Canvas has no other rule."),
                rule=body.rule.value,
                other=definitions.MultipleRule.RIGHT_MINUS_WRONG.value,
            )
        if body.shuffle:
            lose(self.remarks, "shuffle")
        idents = self._options(body.options, "Multiple", shuffle=False)
        every = xml.add(self._condition("100"), _tag("and"))
        for ident, option in zip(idents, body.options, strict=True):
            self._equal(every if option.right else xml.add(every, _tag("not")), "response1", ident)
        return "multiple_answers_question"

    def _truth(self, answer: bool) -> str:
        idents = self._choice_response("response1", "Single", truth(self.language))
        self._equal(self._condition("100"), "response1", idents[0 if answer else 1])
        return "true_false_question"

    def _patterns(self, answers: Sequence[definitions.TextPattern]) -> list[str]:
        """Return the right answers as whole words."""
        if any(answer.credit not in (0, 1) or not answer.right or answer.why for answer in answers):
            self.remarks.loss(N_("Wrong answers, part credits and their feedback are left out."), N_("The format has only right answers."))
        rights = [whole_words(answer, self.language) for answer in answers if answer.right]
        if not rights:
            raise NotTranslatable(N_("No answer is right."))
        return rights

    def _short(self, body: definitions.ShortAnswerBody) -> str:
        accents = body.ignore_accents is not (self.language == "es")
        lose_written(self.remarks, body, ("model", "criteria"), ignore_accents=accents)
        self._text_response()
        condition = self._condition("100")
        for pattern in self._patterns(body.answers):
            self._equal(condition, "response1", pattern, sensitive=not body.ignore_case)
        return "short_answer_question"

    def _numerical(self, body: definitions.NumericalBody) -> str:
        lose_written(self.remarks, body, ("unit", "units", "unit_penalty"), decimals=body.decimals is not None)
        rights = [answer for answer in body.answers if answer.credit == 1 and answer.value is not None]
        if len(rights) < len(body.answers) or any(answer.why for answer in rights):
            self.remarks.loss(N_("Wrong answers, part credits and their feedback are left out."), N_("The format has only right answers."))
        if not rights:
            raise NotTranslatable(N_("No answer is right."))
        self._text_response()
        for answer in rights:
            amount = nominal(answer, body.tolerance, self.remarks).amount
            value = answer.value or Fraction(0)
            either = xml.add(self._condition("100"), _tag("or"))
            self._equal(either, "response1", decimal(value))
            between = xml.add(either, _tag("and"))
            xml.add(between, _tag("vargte"), decimal(value - amount), respident="response1")
            xml.add(between, _tag("varlte"), decimal(value + amount), respident="response1")
        return "numerical_question"

    def _matching(self, body: definitions.MatchingBody) -> str:
        if not body.shuffle:
            lose(self.remarks, "shuffle")
        matches = matches_of(body)
        share = decimal(Fraction(100, len(body.pairs)), 2)
        for at, pair in enumerate(body.pairs, start=1):
            ident = f"response_{at}"
            item = f"<p>{self._html(pair.item)}</p>"
            labels = self._choice_response(ident, "Single", [self._html(texts) for texts in matches.values()], item)
            self._equal(self._condition(share, "Add"), ident, labels[list(matches).index(pair.match_key)])
            if pair.why:
                self.feedback.append((f"{at}_fb", pair.why, INLINE))
        return "matching_question"

    def _gap_text(self, text: str, body: definitions.GapsBody) -> str:
        for gap in gaps_in_order(body, text, self.remarks):
            text = text.replace("{" + gap.name + "}", f"\\[{gap.name}]", 1)
        return text

    def _gaps(self, body: definitions.GapsBody) -> str:
        share = decimal(Fraction(100, max(len(body.gaps), 1)), 2)
        places = gaps_in_order(body, in_language(self.question.text, self.language), self.remarks)
        if all(isinstance(gap.body, definitions.SingleChoiceBody) for gap in places):
            for gap in places:
                self._dropdown(gap.name, gap.body.options if isinstance(gap.body, definitions.SingleChoiceBody) else (), share)
            return "multiple_dropdowns_question"
        if body.drag or not all(isinstance(gap.body, definitions.ShortAnswerBody) for gap in places):
            raise NotTranslatable(
                N_("Gaps of different kinds, or filled from one set, cannot be exported."), N_("Canvas supports lists or typed words.")
            )
        for gap in places:
            self._blank(gap.name, gap.body.answers if isinstance(gap.body, definitions.ShortAnswerBody) else (), share)
        return "fill_in_multiple_blanks_question"

    def _dropdown(self, name: str, options: Sequence[definitions.Option], share: str) -> None:
        if any(option.why or option.credit not in (0, 1) for option in options):
            self.remarks.loss(N_("Part credits and the feedback of a gap are left out."), N_("The format has only right and wrong."))
        labels = self._choice_response(f"response_{name}", "Single", [self._html(option.text) for option in options], name)
        for label, option in zip(labels, options, strict=True):
            if option.credit == 1:
                self._equal(self._condition(share, "Add"), f"response_{name}", label)

    def _blank(self, name: str, answers: Sequence[definitions.TextPattern], share: str) -> None:
        patterns = self._patterns(answers)
        response = xml.add(self.presentation, _tag("response_lid"), ident=f"response_{name}", rcardinality="Single")
        self._material(response, name, "text/plain")
        render = xml.add(response, _tag("render_choice"))
        for at, pattern in enumerate(patterns, start=1):
            self._material(xml.add(render, _tag("response_label"), ident=f"{name}_{at}"), pattern, "text/plain")
            self._equal(self._condition(share, "Add"), f"response_{name}", f"{name}_{at}")
