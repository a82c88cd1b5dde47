"""Write questions as a package of QTI 2.1, with the parts that the writer of QTI 1.2 shares: fields that are lost, words, gaps."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from kernel.errors import N_
from questions.rules import definitions
from standards import xml
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.qti.bodies import EXPLANATION, ITEM_2, RESPONSE
from standards.qti.read import package
from standards.texts import (
    GAP_MARK,
    NOWHERE,
    decimal,
    file_names,
    gap_name,
    gap_placeholder,
    in_language,
    lose,
    nominal,
    one_line,
    option_weights,
    refuse_kind,
    remark_changed_text,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
    split_at_gaps,
    to_fraction,
    to_html,
    to_plain,
)
from standards.xml import Element

INLINE, BLOCKS = definitions.TextShape.INLINE, definitions.TextShape.MARKDOWN
DIGITS = 10
_TRUTH = {"es": ("Verdadero", "Falso"), "en": ("True", "False")}


def truth(language: str) -> tuple[str, str]:
    """Return the words for true and false."""
    return _TRUTH.get(language, _TRUTH["en"])


def lose_written(remarks: TransferRemarkCollector, body: object, names: Sequence[str], **others: bool) -> None:
    """Report the fields of a body that are not empty, and the others that are true, as left out."""
    for name in (*(name for name in names if getattr(body, name)), *(name for name, lost in others.items() if lost)):
        lose(remarks, name)


def whole_words(answer: definitions.TextPattern, language: str) -> str:
    """Return the words of a pattern; raises NotTranslatable where it stands for more than one answer."""
    pattern = one_line(in_language(answer.patterns, language))
    if "*" in pattern.replace("\\*", ""):
        raise NotTranslatable(N_("A pattern with * cannot be exported."), N_("The format compares whole answers."))
    return pattern.replace("\\*", "*")


def matches_of(body: definitions.MatchingBody) -> Mapping[str, definitions.Texts]:
    """Return the distinct choices of a matching by key."""
    return {pair.match_key: pair.match for pair in body.pairs} | {label.key: label.text for label in body.extra}


def gaps_in_order(body: definitions.GapsBody, text: str, remarks: TransferRemarkCollector) -> tuple[definitions.Gap, ...]:
    """Return the gaps as they stand in the text; their weights and names stay behind.

    Raises NotTranslatable where one is missing or there twice.
    """
    names = [gap.name for gap in body.gaps]
    if any(gap.weight != 1 for gap in body.gaps):
        lose(remarks, "weight")
    if len(split_at_gaps(text, names)) != len(names) + 1:
        raise NotTranslatable(N_("Not every gap appears exactly once in the text."))
    places = tuple(sorted(body.gaps, key=lambda gap: text.find("{" + gap.name + "}")))
    if [gap.name for gap in places] != [gap_name(at, len(places)) for at in range(1, len(places) + 1)]:
        remarks.loss(N_("The names of the gaps are left out."), N_("They are numbered when the question is imported again."))
    return places


def tag(name: str) -> str:
    """Return a name in QTI's name space."""
    return f"{{{ITEM_2}}}{name}"


class ItemBody:
    """Makes the body of one item; `declarations`, `processing` and `feedback` are what the item needs besides."""

    def __init__(
        self,
        question: definitions.QuestionDefinition,
        language: str,
        remarks: TransferRemarkCollector,
        addresses: Mapping[str, str] = NOWHERE,
    ) -> None:
        self.question, self.language, self.remarks = question, language, remarks
        self.addresses = addresses
        """Where the files that the texts name lie, seen from the item."""
        self.declarations: list[Element] = []
        self.processing: Element | None = None
        self.feedback: list[tuple[str, definitions.Texts]] = []
        self.scale = question.mark or Fraction(1)

    def element(self) -> Element:
        """Return the itemBody; raises NotTranslatable for kinds unknown to QTI."""
        body = self.question.body
        if isinstance(body, definitions.GapsBody):
            return self._gaps(body)
        made = xml.root(tag("itemBody"))
        made.append(self._html(in_language(self.question.text, self.language)))
        if isinstance(body, definitions.ShortAnswerBody | definitions.NumericalBody):
            self._entry(xml.add(xml.add(made, tag("p")), tag("textEntryInteraction"), responseIdentifier=RESPONSE), RESPONSE, body)
            self._score([RESPONSE], mapped=isinstance(body, definitions.ShortAnswerBody))
        elif not isinstance(body, definitions.DescriptionBody):
            made.append(self._interaction())
        return made

    def modal(self, outcome: str, ident: str, texts: definitions.Texts, shape: definitions.TextShape) -> Element:
        """Return a modal feedback."""
        made = xml.root(tag("modalFeedback"), None, outcomeIdentifier=outcome, identifier=ident, showHide="show")
        made.append(self._html(in_language(texts, self.language), shape))
        return made

    def _html(self, markdown: str, shape: definitions.TextShape = BLOCKS) -> Element:
        made = xml.fragment(to_html({self.language: markdown}, shape, self.language, self.addresses), ITEM_2)
        for caption in plain_figures(made):
            self.remarks.loss(N_("The caption “%(caption)s” becomes a paragraph below its picture."), caption=caption[:80])
        return made

    def _inside(self, parent: Element, texts: definitions.Texts) -> None:
        """Put a text of one line into an element."""
        made = self._html(in_language(texts, self.language), INLINE)
        parent.text = made.text
        for inner in list(made):
            parent.append(inner)

    def _interaction(self) -> Element:
        match self.question.body:
            case definitions.SingleChoiceBody(options, shuffle, None):
                if any(option.right is not (option.credit == 1) for option in options):
                    self.remarks.loss(N_("Only the credits show which options are right."), N_("The format cannot express it."))
                return self._choice(options, [option.credit for option in options], shuffle, several=False)
            case definitions.MultipleChoiceBody() as multiple:
                return self._several(multiple)
            case definitions.TrueFalseBody(answer):
                return self._truth(answer)
            case definitions.MatchingBody() as matching:
                return self._matching(matching)
            case definitions.OrderingBody() as ordering:
                return self._ordering(ordering)
            case definitions.EssayBody() as essay:
                lose_written(
                    self.remarks,
                    essay,
                    ("template", "model", "rubric", "files"),
                    words=essay.words != definitions.EssayBody().words,
                    review=essay.self_review,
                )
                self._declare(RESPONSE, "single", "string")
                return xml.root(tag("extendedTextInteraction"), None, responseIdentifier=RESPONSE)
            case definitions.FileBody():
                for name in ("accept", "files", "size"):
                    lose(self.remarks, name)
                self._declare(RESPONSE, "single", "file")
                return xml.root(tag("uploadInteraction"), None, responseIdentifier=RESPONSE)
            case _:
                raise refuse_kind(self.question)

    # --- Declarations and processing -------------------------------------------------------------------------------------------------

    def _declare(
        self,
        ident: str,
        cardinality: str,
        kind: str,
        correct: Sequence[str] = (),
        mapping: Mapping[str, Fraction] | None = None,
        *,
        sensitive: bool = False,
        most: Fraction | None = None,
    ) -> None:
        declared = xml.root(tag("responseDeclaration"), None, identifier=ident, cardinality=cardinality, baseType=kind)
        if correct:
            held = xml.add(declared, tag("correctResponse"))
            for value in correct:
                xml.add(held, tag("value"), value)
        if mapping:
            bounds = {"lowerBound": "0", "upperBound": decimal(most or self.scale, DIGITS), "defaultValue": "0"}
            held = xml.add(declared, tag("mapping"), **bounds)
            for value, worth in mapping.items():
                entry = {"mapKey": value, "mappedValue": decimal(worth, DIGITS)}
                xml.add(held, tag("mapEntry"), **entry, **({"caseSensitive": str(sensitive).lower()} if kind == "string" else {}))
        self.declarations.append(declared)

    def _processing(self) -> Element:
        if self.processing is None:
            self.processing = xml.root(tag("responseProcessing"))
        return self.processing

    def _score(self, idents: Sequence[str], *, mapped: bool, tolerance: Mapping[str, str] | None = None) -> None:
        """Add what makes the score: the mapped values, or the whole mark where the response is the right one."""
        if tolerance is None and not mapped and self.processing is not None:
            return
        if mapped:
            setting = xml.add(self._processing(), tag("setOutcomeValue"), identifier="SCORE")
            parent = setting if len(idents) == 1 else xml.add(setting, tag("sum"))
            for ident in idents:
                xml.add(parent, tag("mapResponse"), identifier=ident)
            return
        for ident in idents:
            self._match(ident, tolerance)

    def _match(self, ident: str, tolerance: Mapping[str, str] | None) -> None:
        condition = xml.add(xml.add(self._processing(), tag("responseCondition")), tag("responseIf"))
        compare = xml.add(condition, tag("equal"), **tolerance) if tolerance is not None else xml.add(condition, tag("match"))
        xml.add(compare, tag("variable"), identifier=ident)
        xml.add(compare, tag("correct"), identifier=ident)
        total = xml.add(xml.add(condition, tag("setOutcomeValue"), identifier="SCORE"), tag("sum"))
        xml.add(total, tag("variable"), identifier="SCORE")
        share = self.scale / max(len(self.question.body.gaps), 1) if isinstance(self.question.body, definitions.GapsBody) else self.scale
        xml.add(total, tag("baseValue"), decimal(share, DIGITS), baseType="float")

    # --- Choices -------------------------------------------------------------------------------------------------------------------

    def _several(self, body: definitions.MultipleChoiceBody) -> Element:
        if body.rule is definitions.MultipleRule.ALL_OR_NOTHING:
            return self._choice(body.options, None, body.shuffle, several=True)
        return self._choice(body.options, option_weights(body, self.remarks), body.shuffle, several=True)

    def _choice(self, options: Sequence[definitions.Option], worths: Sequence[Fraction] | None, shuffle: bool, *, several: bool) -> Element:
        names = [f"choice_{at}" for at in range(1, len(options) + 1)]
        right = [name for name, option in zip(names, options, strict=True) if option.right]
        plain = worths is None or (not several and set(worths) <= {0, 1})
        mapping = (
            None if worths is None or plain else {name: worth * self.scale for name, worth in zip(names, worths, strict=True) if worth}
        )
        self._declare(RESPONSE, "multiple" if several else "single", "identifier", right, mapping)
        made = xml.root(
            tag("choiceInteraction"), None, responseIdentifier=RESPONSE, shuffle=str(shuffle).lower(), maxChoices="0" if several else "1"
        )
        for name, option in zip(names, options, strict=True):
            fixed = {"fixed": "true"} if option.fixed else {}
            self._inside(xml.add(made, tag("simpleChoice"), identifier=name, **fixed), option.text)
            if option.why:
                self.feedback.append((name, option.why))
        self._score([RESPONSE], mapped=not plain)
        if self.feedback:
            setting = xml.add(self._processing(), tag("setOutcomeValue"), identifier="FEEDBACK")
            xml.add(xml.add(setting, tag("multiple")), tag("variable"), identifier=RESPONSE)
        return made

    def _truth(self, answer: bool) -> Element:
        self._declare(RESPONSE, "single", "identifier", [str(answer).lower()])
        made = xml.root(tag("choiceInteraction"), None, responseIdentifier=RESPONSE, shuffle="false", maxChoices="1")
        for name, label in zip(("true", "false"), truth(self.language), strict=True):
            xml.add(made, tag("simpleChoice"), label, identifier=name)
        self._score([RESPONSE], mapped=False)
        return made

    def _ordering(self, body: definitions.OrderingBody) -> Element:
        if body.rule is not definitions.OrderingRule.ALL_OR_NOTHING:
            self.remarks.loss(
                N_("The rule “%(rule)s” becomes “%(other)s”."),
                N_("The format compares with the right order and has no other rule."),
                rule=body.rule.value,
                other=definitions.OrderingRule.ALL_OR_NOTHING.value,
            )
        names = [f"item_{at}" for at in range(1, len(body.items) + 1)]
        self._declare(RESPONSE, "ordered", "identifier", names)
        made = xml.root(tag("orderInteraction"), None, responseIdentifier=RESPONSE, shuffle="true")
        for name, label in zip(names, body.items, strict=True):
            self._inside(xml.add(made, tag("simpleChoice"), identifier=name), label.text)
        self._score([RESPONSE], mapped=False)
        return made

    def _matching(self, body: definitions.MatchingBody) -> Element:
        if any(pair.why for pair in body.pairs):
            lose(self.remarks, "why")
        matches = matches_of(body)
        names = {key: f"match_{at}" for at, key in enumerate(matches, start=1)}
        correct = [f"item_{at} {names[pair.match_key]}" for at, pair in enumerate(body.pairs, start=1)]
        share = self.scale / len(body.pairs)
        self._declare(RESPONSE, "multiple", "directedPair", correct, dict.fromkeys(correct, share))
        made = xml.root(
            tag("matchInteraction"),
            None,
            responseIdentifier=RESPONSE,
            shuffle=str(body.shuffle).lower(),
            maxAssociations=str(len(body.pairs)),
        )
        first, second = xml.add(made, tag("simpleMatchSet")), xml.add(made, tag("simpleMatchSet"))
        for at, pair in enumerate(body.pairs, start=1):
            self._inside(xml.add(first, tag("simpleAssociableChoice"), identifier=f"item_{at}", matchMax="1"), pair.item)
        for key, texts in matches.items():
            self._inside(xml.add(second, tag("simpleAssociableChoice"), identifier=names[key], matchMax="0"), texts)
        self._score([RESPONSE], mapped=True)
        return made

    # --- Words, numbers and gaps -------------------------------------------------------------------------------------------------------

    def _entry(self, interaction: Element, ident: str, body: definitions.ShortAnswerBody | definitions.NumericalBody) -> None:
        if isinstance(body, definitions.NumericalBody):
            self._number(ident, body)
            return
        if not body.answers:
            raise NotTranslatable(N_("A self-check without patterns cannot be exported."))
        accents = body.ignore_accents is not (self.language == "es")
        lose_written(self.remarks, body, ("model", "criteria"), ignore_accents=accents, why=any(answer.why for answer in body.answers))
        if any(self._takes_all(answer) for answer in body.answers):
            self.remarks.loss(N_("The answer “*” for everything else is left out."), N_("The format has no place for it."))
        best = max(answer.credit for answer in body.answers)
        if best <= 0:
            raise NotTranslatable(N_("No answer is right."))
        share = self._share()
        mapping = {whole_words(answer, self.language): answer.credit * share for answer in body.answers if not self._takes_all(answer)}
        right = [whole_words(answer, self.language) for answer in body.answers if answer.credit == best][:1]
        self._declare(ident, "single", "string", right, mapping, sensitive=not body.ignore_case, most=share)

    def _share(self) -> Fraction:
        return self.scale / len(self.question.body.gaps) if isinstance(self.question.body, definitions.GapsBody) else self.scale

    def _takes_all(self, answer: definitions.TextPattern) -> bool:
        """Return whether an answer is the one for everything else, which is worth nothing and only carries feedback."""
        return in_language(answer.patterns, self.language) == "*" and not answer.credit

    def _number(self, ident: str, body: definitions.NumericalBody) -> None:
        lose_written(self.remarks, body, ("unit", "units", "unit_penalty"), decimals=body.decimals is not None)
        right = next((answer for answer in body.answers if answer.credit == 1 and answer.value is not None), None)
        if right is None or right.value is None:
            raise NotTranslatable(N_("No answer is right."))
        if len(body.answers) > 1 or right.why:
            self.remarks.loss(
                N_("The other answers and the feedback of a number are left out."), N_("The format compares with one number.")
            )
        tolerance = right.tolerance or body.tolerance
        attributes = {"toleranceMode": "relative", "tolerance": decimal(tolerance.amount * 100)}
        if tolerance.kind is not definitions.ToleranceKind.RELATIVE:
            attributes = {"toleranceMode": "absolute", "tolerance": decimal(nominal(right, body.tolerance, self.remarks).amount)}
        self._declare(ident, "single", "float", [decimal(right.value)])
        self._score([ident], mapped=False, tolerance=attributes)

    def _gaps(self, body: definitions.GapsBody) -> Element:
        text = in_language(self.question.text, self.language)
        places = gaps_in_order(body, text, self.remarks)
        for at, gap in enumerate(places, start=1):
            text = text.replace("{" + gap.name + "}", gap_placeholder(at), 1)
        made = xml.root(tag("itemBody"))
        if body.drag:
            self._dragged(made, text, body, places)
        else:
            made.append(self._html(text))
            self._fill(made, {at: self._gap(at, gap) for at, gap in enumerate(places, start=1)})
            typed = [f"{RESPONSE}_{at}" for at, gap in enumerate(places, start=1) if not isinstance(gap.body, definitions.NumericalBody)]
            if typed:
                self._sum(typed)
        return made

    def _sum(self, idents: Sequence[str]) -> None:
        total = xml.add(xml.add(self._processing(), tag("setOutcomeValue"), identifier="SCORE"), tag("sum"))
        xml.add(total, tag("variable"), identifier="SCORE")
        for ident in idents:
            xml.add(total, tag("mapResponse"), identifier=ident)

    def _gap(self, at: int, gap: definitions.Gap) -> Element:
        ident = f"{RESPONSE}_{at}"
        if not isinstance(gap.body, definitions.SingleChoiceBody):
            made = xml.root(tag("textEntryInteraction"), None, responseIdentifier=ident)
            self._entry(made, ident, gap.body)
            return made
        options = gap.body.options
        if any(option.why for option in options):
            lose(self.remarks, "why")
        names = [f"choice_{at}_{number}" for number in range(1, len(options) + 1)]
        worths = {name: option.credit * self._share() for name, option in zip(names, options, strict=True) if option.credit}
        right = [name for name, option in zip(names, options, strict=True) if option.credit == 1]
        self._declare(ident, "single", "identifier", right, worths, most=self._share())
        made = xml.root(tag("inlineChoiceInteraction"), None, responseIdentifier=ident, shuffle=str(gap.body.shuffle).lower())
        for name, option in zip(names, options, strict=True):
            text, lost = to_plain(in_language(option.text, self.language), INLINE, self.language)
            if lost:
                self.remarks.loss(
                    N_("Text inside a gap is written without its markup."), N_("Gaps can hold only plain text in the format.")
                )
            xml.add(made, tag("inlineChoice"), one_line(text), identifier=name)
        return made

    def _fill(self, body: Element, made: Mapping[int, Element]) -> None:
        """Put each interaction in the place of its sign."""
        for node in list(body.iter()):
            _fill_text(node, made)
            if node is not body:
                _fill_tail(node, made)

    def _dragged(self, body: Element, text: str, gaps: definitions.GapsBody, places: Sequence[definitions.Gap]) -> None:
        keys = [label.key for label in gaps.choices]
        correct = []
        for at, gap in enumerate(places, start=1):
            answers = [
                answer
                for answer in (gap.body.answers if isinstance(gap.body, definitions.ShortAnswerBody) else ())
                if answer.right and answer.key in keys
            ]
            if not answers:
                raise NotTranslatable(N_("A gap has no right text."))
            if answers[0].why or (isinstance(gap.body, definitions.ShortAnswerBody) and len(gap.body.answers) > 1):
                self.remarks.loss(
                    N_("The other answers and the feedback of a gap are left out."), N_("The format allows one right text per gap.")
                )
            correct.append(f"text_{keys.index(answers[0].key) + 1} gap_{at}")
        self._declare(RESPONSE, "multiple", "directedPair", correct, dict.fromkeys(correct, self.scale / len(correct)))
        made = xml.add(body, tag("gapMatchInteraction"), responseIdentifier=RESPONSE, shuffle="true")
        for at, label in enumerate(gaps.choices, start=1):
            label_text, lost = to_plain(in_language(label.text, self.language), INLINE, self.language)
            if lost:
                self.remarks.loss(
                    N_("Text inside a gap is written without its markup."), N_("Gaps can hold only plain text in the format.")
                )
            xml.add(made, tag("gapText"), one_line(label_text), identifier=f"text_{at}", matchMax="0")
        made.append(self._html(text))
        self._fill(made, {at: xml.root(tag("gap"), None, identifier=f"gap_{at}") for at in range(1, len(places) + 1)})
        self._score([RESPONSE], mapped=True)


def plain_figures(root: Element) -> list[str]:
    """Make figures what QTI has: a block with the picture and with its caption; return the captions' words."""
    captions = []
    for figure in xml.descendants(root, "figure"):
        figure.tag = tag("div")
        for picture in xml.children(figure, "img"):
            held = xml.root(tag("p"))
            figure.replace(picture, held)
            held.append(picture)
        for caption in xml.children(figure, "figcaption"):
            caption.tag = tag("p")
            captions.append(one_line(xml.words(caption)))
    return captions


def _fill_text(node: Element, made: Mapping[int, Element]) -> None:
    for index, element in enumerate(_split(node.text, made)):
        if isinstance(element, str):
            node.text = element
        else:
            node.insert(index - 1, element)


def _fill_tail(node: Element, made: Mapping[int, Element]) -> None:
    pieces = _split(node.tail, made)
    parent = node.getparent()
    if len(pieces) < 2 or parent is None:
        return
    node.tail = pieces[0] if isinstance(pieces[0], str) else None
    at = parent.index(node)
    for index, element in enumerate(pieces[1:], start=1):
        if not isinstance(element, str):
            parent.insert(at + index, element)


def _split(text: str | None, made: Mapping[int, Element]) -> list[str | Element]:
    """Return the words before the first sign, then the elements, each with the words after it as its tail."""
    parts = (text or "").split(GAP_MARK)
    nodes: list[str | Element] = [parts[0]]
    for number, after in zip(parts[1::2], parts[2::2], strict=True):
        element = made[int(number)]
        element.tail = after
        nodes.append(element)
    return nodes


_KEPT = frozenset({"mark", "explanation"})
_DIGITS = 10


def write(questions: Sequence[definitions.QuestionDefinition], language: str = "es", files: Files = NO_FILES) -> ExportedFile:
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
            items[f"items/{question.key}.xml"] = xml.written_as_is(_item(question, language, remarks, addresses))
            media |= {f"media/{name}": carried[address] for address, name in names.items()}
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile(package(items, "imsqti_item_xmlv2p1", "1.1.4", media), len(items), tuple(remarks.remarks))


def _item(
    question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector, addresses: Mapping[str, str]
) -> Element:
    item = xml.root("assessmentItem", ITEM_2, identifier=f"q-{question.key}", title=question.key, adaptive="false", timeDependent="false")
    body = ItemBody(question, language, remarks, addresses)
    made = body.element()
    for declared in body.declarations:
        item.append(declared)
    _outcome(item, "SCORE", "float", "0")
    _outcome(item, "MAXSCORE", "float", decimal(question.mark, _DIGITS))
    if body.feedback:
        xml.add(item, tag("outcomeDeclaration"), identifier="FEEDBACK", cardinality="multiple", baseType="identifier")
    if question.explanation:
        _outcome(item, "EXPLANATION", "identifier", EXPLANATION)
    item.append(made)
    if body.processing is not None:
        item.append(body.processing)
    for ident, texts in body.feedback:
        item.append(body.modal("FEEDBACK", ident, texts, definitions.TextShape.INLINE))
    if question.explanation:
        item.append(body.modal("EXPLANATION", EXPLANATION, question.explanation, definitions.TextShape.MARKDOWN))
    _remark(question, language, remarks)
    remark_lost_files(question, language, remarks, addresses)
    return item


def _outcome(item: Element, name: str, kind: str, value: str) -> None:
    outcome = xml.add(item, tag("outcomeDeclaration"), identifier=name, cardinality="single", baseType=kind)
    xml.add(xml.add(outcome, tag("defaultValue")), tag("value"), value)


def _remark(question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    names = _KEPT if to_fraction(decimal(question.mark, _DIGITS)) == question.mark else _KEPT - {"mark"}
    remark_lost_fields(
        question, names - {"mark"} if isinstance(question.body, definitions.DescriptionBody) and question.mark != 1 else names, remarks
    )
    remark_lost_languages(question, language, remarks)
    remark_lost_keys(question, remarks)
    remark_changed_text(question, language, remarks)
