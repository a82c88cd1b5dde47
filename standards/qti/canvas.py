"""Items of QTI 1.2 as Canvas and Common Cartridge write them (IMS QTI ASI 1.2.1; the question types of Canvas) as questions of ours."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from kernel.markup.model import names
from questions.rules import definitions
from standards import texts
from standards.model import NotTranslatable, TransferRemarkCollector
from standards.qti.bodies import BLOCKS, INLINE, QtiTextReader
from standards.xml import Element, child, children, descendants, example_of, local, words

PROFILES = {
    "cc.multiple_choice.v0p1": "multiple_choice_question",
    "cc.true_false.v0p1": "true_false_question",
    "cc.multiple_response.v0p1": "multiple_response",
    "cc.fib.v0p1": "short_answer_question",
    "cc.pattern_match.v0p1": "short_answer_question",
    "cc.essay.v0p1": "essay_question",
}
"""Profiles of Common Cartridge -> types of Canvas; `multiple_response` is ours, because its marks are all or nothing."""
_COMBINED = ("correct_fb", "general_incorrect_fb")
_GENERAL = "general_fb"
_TRUE = {"true", "t", "yes", "wahr", "ja", "vrai", "oui", "vero", "sim", "verdadeiro"}
_TRUE |= {"verdadero", "verdadera", "v", "cierto", "correcto", "sí", "si"}
_FALSE = {"false", "f", "no", "falso", "falsa", "incorrecto", "não", "nao", "falsch", "nein", "faux", "non"}
_PARTS = names("itemmetadata presentation resprocessing itemfeedback material response_lid response_str response_num")
"""What an item and its presentation have that is read."""
_ANY_FILE = ("pdf", "docx", "odt", "jpg", "png")


class CanvasReader:
    """Reads one item."""

    def __init__(self, item: Element, language: str, remarks: TransferRemarkCollector) -> None:
        self.item, self.language, self.remarks = item, language, remarks
        self.texts = QtiTextReader(language, remarks)
        self.fields = {
            words(child(field, "fieldlabel")).strip(): words(child(field, "fieldentry")).strip()
            for field in descendants(item, "qtimetadatafield")
        }
        presentation = child(item, "presentation")
        if presentation is None:
            raise NotTranslatable(N_("The item has no presentation."))
        self.presentation = presentation
        self.feedback = {node.get("ident", ""): node for node in children(item, "itemfeedback")}
        self.taken = set[str]()

    def question(self, name: str, keys: texts.KeyAllocator) -> definitions.QuestionDefinition:
        """Return the question; raises NotTranslatable for types that are not known here."""
        kind = self._kind()
        for element in (*self.item, *self.presentation):
            if local(element) not in _PARTS:
                self.remarks.leave_out(CONTENT, example_of(element))
        body = self._body(kind)
        text = self._text(body)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        explanation = self._explanation(body)
        if any(self._feedback(ident, INLINE) for ident in _COMBINED):
            self.remarks.loss(
                N_("The overall feedback for right, partly right and wrong answers is left out."),
                N_("Each option has its own feedback here."),
            )
        self._remark_left_feedback()
        points = self.fields.get("points_possible") or self.fields.get("cc_weighting") or "1"
        mark = Fraction(1) if isinstance(body, definitions.DescriptionBody) else texts.to_fraction(points)
        if mark < 0:
            raise NotTranslatable(N_("The mark %(mark)s is below 0."), mark=points)
        return definitions.QuestionDefinition(
            keys.of_question(name, text), {self.language: text}, body, mark=mark, explanation=self.texts.texts(explanation)
        )

    def _kind(self) -> str:
        kind = self.fields.get("question_type") or PROFILES.get(self.fields.get("cc_profile", ""))
        if kind:
            return kind
        choices = descendants(self.presentation, "response_lid")
        if choices:
            return "multiple_response" if choices[0].get("rcardinality") == "Multiple" else "multiple_choice_question"
        if descendants(self.presentation, "response_str"):
            return "short_answer_question" if descendants(self.item, "varequal") else "essay_question"
        if descendants(self.item, "varequal"):
            raise NotTranslatable(N_("The item names right answers, but nothing in it that is known here asks for them."))
        return "text_only_question"

    def _body(self, kind: str) -> definitions.Body:
        readers: Mapping[str, Callable[[], definitions.Body]] = {
            "multiple_choice_question": self._single,
            "true_false_question": self._truth,
            "multiple_answers_question": lambda: self._multiple(definitions.MultipleRule.RIGHT_MINUS_WRONG),
            "multiple_response": lambda: self._multiple(definitions.MultipleRule.ALL_OR_NOTHING),
            "short_answer_question": self._short,
            "numerical_question": self._numerical,
            "matching_question": self._matching,
            "multiple_dropdowns_question": self._dropdowns,
            "fill_in_multiple_blanks_question": self._blanks,
            "essay_question": definitions.EssayBody,
            "file_upload_question": self._file,
            "text_only_question": definitions.DescriptionBody,
        }
        if kind not in readers:
            raise NotTranslatable(N_("A question of the type “%(kind)s” is not supported."), kind=kind[:60])
        return readers[kind]()

    def _text(self, body: definitions.Body) -> str:
        material = child(self.presentation, "material")
        written = "".join(texts.clean(words(text)) for text in descendants(material, "mattext")) if material is not None else ""
        written = texts.without_gap_placeholders(written)
        if not isinstance(body, definitions.GapsBody):
            return self.texts.material(self.presentation, BLOCKS)
        for at, name in enumerate(self._gap_names(), start=1):
            if f"[{name}]" not in written:
                raise NotTranslatable(N_("The gap “%(name)s” does not appear exactly once in the text."), name=name)
            written = written.replace(f"[{name}]", texts.gap_placeholder(at), 1)
        return texts.with_gap_names(self.texts.html(written, BLOCKS), len(body.gaps))

    def _feedback(self, ident: str, shape: definitions.TextShape) -> str:
        node = self.feedback.get(ident)
        if node is None:
            return ""
        self.taken.add(ident)
        inner = child(node, "flow_mat")
        return self.texts.material(inner if inner is not None else node, shape)

    def _explanation(self, body: definitions.Body) -> str:
        """Return the feedback to every answer, with that to true and false, which have none of their own here."""
        parts = [self._feedback(_GENERAL, BLOCKS)]
        if isinstance(body, definitions.TrueFalseBody):
            response = self._response()
            names = [name for ident, _text in self._labels(response) for name in self._named(response.get("ident", ""), ident)]
            own = [self._feedback(name, BLOCKS) for name in dict.fromkeys(names)]
            if any(own):
                self.remarks.note(N_("The feedback for true and false became part of the explanation."))
            parts += own
        return "\n\n".join(dict.fromkeys(part for part in parts if part))

    def _named(self, respident: str, label: str) -> list[str]:
        """Return the names of the feedback to a choice: made of its own, or linked where the response has its value."""
        return [f"{label}_fb", *self._linked.get(respident, {}).get(label, ())]

    @cached_property
    def _linked(self) -> Mapping[str, Mapping[str, list[str]]]:
        """The names of the feedback that each response shows for a value alone."""
        links: dict[str, dict[str, list[str]]] = {}
        for condition in descendants(self.item, "respcondition"):
            if descendants(condition, "not", "and"):
                continue
            for equal in descendants(condition, "varequal"):
                values = links.setdefault(equal.get("respident", ""), {})
                values.setdefault(texts.clean(words(equal)).strip(), []).extend(_links(condition))
        return links

    def _why(self, names: Iterable[str]) -> definitions.Texts | None:
        parts = (self._feedback(name, INLINE) for name in dict.fromkeys(names))
        return self.texts.texts(" ".join(part for part in parts if part))

    def _remark_left_feedback(self) -> None:
        """Report feedback that no answer of the question has a place for."""
        for ident in [name for name in self.feedback if name not in self.taken and name not in _COMBINED]:
            if text := self._feedback(ident, INLINE):
                self.remarks.loss(N_("The feedback “%(text)s” is left out."), N_("No answer has a place for it."), text=text[:80])

    def _rights(self, ident: str) -> list[str]:
        """Return the right values of a response, in order: those of conditions that give a score, those under `not` apart."""
        values: list[str] = []
        for condition in descendants(self.item, "respcondition"):
            if not _scores(condition):
                continue
            for equal in descendants(condition, "varequal"):
                parent = equal.getparent()
                if equal.get("respident") == ident and (parent is None or local(parent) != "not"):
                    values.append(texts.clean(words(equal)).strip())
        return list(dict.fromkeys(values))

    def _labels(self, response: Element) -> list[tuple[str, str]]:
        return [(label.get("ident", ""), self.texts.material(label, INLINE)) for label in descendants(response, "response_label")]

    def _response(self) -> Element:
        responses = descendants(self.presentation, "response_lid")
        if not responses:
            raise NotTranslatable(N_("The question has no options."))
        return responses[0]

    def _options(self) -> list[tuple[texts.WeightedOption, bool]]:
        response = self._response()
        rights = self._rights(response.get("ident", ""))
        options = []
        for ident, text in self._labels(response):
            why = self._why(self._named(response.get("ident", ""), ident))
            options.append((texts.WeightedOption({self.language: text}, Fraction(ident in rights), why), ident in rights))
        return options

    def _single(self) -> definitions.SingleChoiceBody:
        shuffle = any(render.get("shuffle", "").lower() == "yes" for render in descendants(self.presentation, "render_choice"))
        return texts.single_choice([option for option, _ in self._options()], shuffle=shuffle)

    def _truth(self) -> definitions.Body:
        """Return a question of true or false; one of two other words is a single choice."""
        response = self._response()
        rights = self._rights(response.get("ident", ""))
        words_of = {ident in rights: text.strip(" .!").lower() for ident, text in self._labels(response)}
        if not words_of.get(True):
            raise NotTranslatable(N_("No option is marked as right."))
        right, wrong = words_of[True], words_of.get(False, "")
        if right in _TRUE or wrong in _FALSE:
            return definitions.TrueFalseBody(True)
        return definitions.TrueFalseBody(False) if right in _FALSE or wrong in _TRUE else self._single()

    def _multiple(self, rule: definitions.MultipleRule) -> definitions.Body:
        keys = texts.KeyAllocator()
        options = []
        for weighted, right in self._options():
            options.append(definitions.Option(keys.of(weighted.text[self.language]), weighted.text, right, weighted.credit, weighted.why))
        return definitions.MultipleChoiceBody(tuple(options), rule, False)

    def _short(self) -> definitions.Body:
        responses = descendants(self.presentation, "response_str")
        ident = responses[0].get("ident", "") if responses else "response1"
        linked = self._linked.get(ident, {})
        rights = [(text, self._why(linked.get(text, ()))) for text in self._rights(ident)]
        sensitive = any(node.get("case") == "Yes" for node in descendants(self.item, "varequal"))
        known = {text if sensitive else text.casefold() for text, _why in rights}
        others = [text for text in linked if (text if sensitive else text.casefold()) not in known]
        wrong = [(text, why) for text in others if (why := self._why(linked[text]))]
        return self._patterns(rights, wrong, sensitive=sensitive)

    def _patterns(
        self,
        rights: Sequence[tuple[str, definitions.Texts | None]],
        wrong: Sequence[tuple[str, definitions.Texts | None]] = (),
        *,
        sensitive: bool = False,
    ) -> definitions.ShortAnswerBody:
        judged = [(text, why, right) for listed, right in ((rights, True), (wrong, False)) for text, why in listed if text]
        answers = tuple(
            definitions.TextPattern({self.language: texts.literal(texts.one_line(text))}, right, Fraction(right), why)
            for text, why, right in judged
        )
        return definitions.ShortAnswerBody(answers, not sensitive, self.language == "es")

    def _numerical(self) -> definitions.Body:
        """Return the numbers that give a score, and behind them wrong ones for which something is said."""
        read: dict[tuple[Fraction | None, definitions.Tolerance | None], definitions.NumericalAnswer] = {}
        for condition in descendants(self.item, "respcondition"):
            right, links = _scores(condition), _links(condition)
            if not right and not (links and _is_number_condition(condition)):
                continue
            for part in self._parts(condition):
                answer = self._number(part)
                known = read.get((answer.value, answer.tolerance), replace(answer, right=False, credit=Fraction(0)))
                credit = max(known.credit, Fraction(right))
                read[answer.value, answer.tolerance] = replace(known, right=credit > 0, credit=credit, why=known.why or self._why(links))
        judged = [answer for answer in read.values() if answer.right or answer.why]
        answers, tolerance = texts.with_common_tolerance(sorted(judged, key=lambda answer: not answer.right))
        return definitions.NumericalBody(answers, tolerance)

    def _parts(self, condition: Element) -> list[Element]:
        """Return the parts that each stand for one answer: those of `or`, else the condition itself."""
        inner = child(condition, "conditionvar")
        either = child(inner, "or") if inner is not None else None
        return [either] if either is not None else [inner] if inner is not None else []

    def _number(self, part: Element) -> definitions.NumericalAnswer:
        equal = descendants(part, "varequal")
        low, high = ([*descendants(part, f"{name}e"), *descendants(part, name)] for name in ("vargt", "varlt"))
        if low and high:
            ends = texts.to_fraction(words(low[0])), texts.to_fraction(words(high[0]))
            value = texts.to_fraction(words(equal[0])) if equal else (ends[0] + ends[1]) / 2
            return definitions.NumericalAnswer(
                value, True, Fraction(1), None, definitions.Tolerance(amount=max(abs(value - ends[0]), abs(ends[1] - value)))
            )
        if not equal:
            raise NotTranslatable(N_("The condition of a number is not supported."))
        return definitions.NumericalAnswer(texts.to_fraction(words(equal[0])), True, Fraction(1), None, definitions.Tolerance())

    def _matching(self) -> definitions.Body:
        matchings: list[tuple[str, str, definitions.Texts | None]] = []
        all_matches: list[str] = []
        for response in descendants(self.presentation, "response_lid"):
            labels = dict(self._labels(response))
            item = self.texts.material(response, INLINE)
            all_matches += [match for match in labels.values() if match]
            rights = [labels[ident] for ident in self._rights(response.get("ident", "")) if ident in labels]
            if not item and not any(rights):
                continue  # Canvas leaves empty rows
            if not rights or not rights[0]:
                raise NotTranslatable(N_("A matching item has no match."))
            why = self.texts.texts(self._feedback(f"{response.get('ident', '').removeprefix('response_')}_fb", INLINE))
            matchings.append((texts.required_text(item), rights[0], why))
        keys, choices = texts.KeyAllocator(), texts.matched([match for _, match, _ in matchings] + all_matches)
        pairs = tuple(
            definitions.Pair(keys.of(item), {self.language: item}, choices[match], {self.language: match}, why)
            for item, match, why in matchings
        )
        used = {pair.match_key for pair in pairs}
        return definitions.MatchingBody(
            pairs, tuple(definitions.KeyedLabel(key, {self.language: match}) for match, key in choices.items() if key not in used)
        )

    def _gap_names(self) -> list[str]:
        return [
            texts.one_line(texts.clean(words(child(response, "material")))) for response in descendants(self.presentation, "response_lid")
        ]

    def _gaps(self, make: Callable[[Element], definitions.ShortAnswerBody | definitions.SingleChoiceBody]) -> definitions.GapsBody:
        responses = descendants(self.presentation, "response_lid")
        return definitions.GapsBody(
            tuple(definitions.Gap(texts.gap_name(at, len(responses)), make(response)) for at, response in enumerate(responses, start=1))
        )

    def _dropdowns(self) -> definitions.Body:
        def choice(response: Element) -> definitions.SingleChoiceBody:
            rights = self._rights(response.get("ident", ""))
            weighted = [
                texts.WeightedOption(
                    {self.language: text}, Fraction(ident in rights), self._why(self._named(response.get("ident", ""), ident))
                )
                for ident, text in self._labels(response)
            ]
            return texts.single_choice(weighted, shuffle=False)

        return self._gaps(choice)

    def _blanks(self) -> definitions.Body:
        def patterns(response: Element) -> definitions.ShortAnswerBody:
            ident = response.get("ident", "")
            labels = descendants(response, "response_label")
            answers = [
                (texts.clean(words(child(label, "material"))), self._why(self._named(ident, label.get("ident", "")))) for label in labels
            ]
            return self._patterns(answers)

        return self._gaps(patterns)

    def _file(self) -> definitions.Body:
        self.remarks.note(N_("The accepted file types are not specified; the usual ones are used."))
        return definitions.FileBody(_ANY_FILE)


def _is_number_condition(condition: Element) -> bool:
    """Return whether a condition holds for one number or one range, and not for what lies outside."""
    if descendants(condition, "not"):
        return False
    ends = descendants(condition, "vargte", "vargt") and descendants(condition, "varlte", "varlt") and not descendants(condition, "or")
    return bool(descendants(condition, "varequal") or ends)


def _scores(condition: Element) -> bool:
    """Return whether a condition adds to the score."""
    setting = child(condition, "setvar")
    return setting is not None and texts.to_fraction(words(setting) or "0") > 0


def _links(condition: Element) -> list[str]:
    """Return the names of the feedback that a condition shows for one answer."""
    names = [node.get("linkrefid", "") for node in children(condition, "displayfeedback")]
    return [name for name in names if name not in (*_COMBINED, _GENERAL)]


def name_of(item: Element) -> str:
    """Return the name of an item; «Question» is no name."""
    title = texts.one_line(texts.clean(item.get("title", "")))
    return "" if re.fullmatch(r"(?:Question|Q)?\s*[0-9]*", title) else title
