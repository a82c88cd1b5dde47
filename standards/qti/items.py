"""Items of QTI 2.1 and 2.2 (IMS QTI, Assessment Test, Section and Item Information Model) as questions of ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MultipleChoiceBody,
    MultipleRule,
    NumericalAnswer,
    NumericalBody,
    Option,
    OrderingBody,
    OrderingRule,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
)
from standards._choices import WeightedOption, multiple_choice, single_choice
from standards._gap import gap_name, gap_placeholder, with_gap_names
from standards._keys import KeyAllocator
from standards._numbers import decimal, is_number, number
from standards._texts import literal, one_line
from standards._xml import Element, child, children, descendants, example_of, local, strip, words
from standards.model import NotTranslatable, TransferRemarkCollector
from standards.qti.declarations import Declaration
from standards.qti.feedback import ItemFeedback
from standards.qti.model import EXPLANATION, INTERACTIONS, NUMBERS
from standards.qti.pairs import PairReader, replace_by_gaps
from standards.qti.texts import BLOCKS, INLINE, QtiTextReader
from standards.qti.worths import ANYTHING, Worths

_GAPS = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})
_PARTS = frozenset({"responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback", "stylesheet"})
"""What an item has that is read, or says how it looks."""
_NEAR = Fraction(1, 10**6)
_ANY_FILE = ("pdf", "docx", "odt", "jpg", "png")


class ItemReader:
    """Reads one assessmentItem."""

    def __init__(self, item: Element, language: str, remarks: TransferRemarkCollector) -> None:
        self.item, self.language, self.remarks = item, language, remarks
        self.texts = QtiTextReader(language, remarks)
        self.worths = Worths(item)
        body = child(item, "itemBody")
        if body is None:
            raise NotTranslatable(N_("The item has no body."))
        self.body = body
        self.feedbacks = ItemFeedback(item, body, frozenset(self.worths.declared))
        self.graders = self._for_graders()
        self.interactions = [node for node in body.iter() if isinstance(node.tag, str) and local(node).endswith("Interaction")]

    def question(self, name: str, keys: KeyAllocator) -> QuestionDefinition:
        """Return the question; raises NotTranslatable for interactions that are not known here."""
        if children(self.item, "templateDeclaration"):
            raise NotTranslatable(N_("The item draws values for each learner."), N_("Rewrite it as a “calculated” question."))
        unknown = [local(node) for node in self.interactions if local(node) not in INTERACTIONS]
        if unknown:
            raise NotTranslatable(N_("An interaction “%(kind)s” is not supported."), kind=unknown[0][:60])
        inline = [node for node in self.interactions if local(node) in _GAPS]
        if len(self.interactions) > 1 and len(inline) < len(self.interactions):
            raise NotTranslatable(N_("The item asks %(count)s things; a question asks one."), count=len(self.interactions))
        for element in self.item:
            if local(element) not in _PARTS:
                self.remarks.leave_out(CONTENT, example_of(element))
        text, body = self._inline(inline) if inline else self._block()
        self._remark_graders(body)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        mark = self._mark()
        if not isinstance(body, EssayBody | FileBody | DescriptionBody):
            self._remark_scoring(mark)
        return QuestionDefinition(
            keys.of_question(name, text), {self.language: text}, body, mark=mark, explanation=self.texts.texts(self._explanation())
        )

    def _mark(self) -> Fraction:
        for outcome in children(self.item, "outcomeDeclaration"):
            if outcome.get("identifier") == "MAXSCORE":
                text = words(child(outcome, "defaultValue", "value")).strip()
                return max(number(text), Fraction(0)) if text else self.worths.total or Fraction(1)
            if outcome.get("identifier") == "SCORE" and outcome.get("normalMaximum"):
                return max(number(outcome.get("normalMaximum", "1")), Fraction(0))
        return self.worths.total or Fraction(1)

    def _remark_scoring(self, mark: Fraction) -> None:
        """Report what of the response processing the question does not have, by element name: no mark changes in silence."""
        for name in dict.fromkeys([*self.worths.lost, *self.worths.scoring.left()]):
            self.remarks.loss(
                N_("What “%(name)s” scores in the item is left out."), N_("Compare the question's marks with its source."), name=name[:60]
            )
        total = self.worths.total
        if total and mark and abs(total - mark) > _NEAR * mark:
            self.remarks.loss(
                N_("The right answers score %(total)s in the item, which gives %(mark)s as the maximum."),
                N_("The question is worth %(mark)s."),
                total=decimal(total, 4),
                mark=decimal(mark, 4),
            )

    def _declared(self, interaction: Element) -> Declaration:
        return self.worths.of(ident_of(interaction))

    # --- Feedback ------------------------------------------------------------------------------------------------------------------

    def _for_graders(self) -> list[Element]:
        """Take out of the body what is not for learners: instructions and model answers of who marks."""
        blocks = [block for block in descendants(self.body, "rubricBlock") if "candidate" not in block.get("view", "candidate").split()]
        for block in blocks:
            block.tag = "ungiven"
        strip(self.body, "ungiven")
        return blocks

    def _why(self, feedback: Sequence[Element]) -> Texts | None:
        parts = (self.texts.content(element, INLINE) for element in feedback)
        return self.texts.texts(" ".join(part for part in parts if part))

    def _explanation(self) -> str:
        """Return the feedback that belongs to no answer of the question."""
        parts = dict.fromkeys(self.texts.content(feedback.element, BLOCKS) for feedback in self.feedbacks.left)
        if any(feedback.name != EXPLANATION and words(feedback.element).strip() for feedback in self.feedbacks.left):
            self.remarks.note(N_("The feedback for right and wrong answers became part of the explanation."))
        return "\n\n".join(part for part in parts if part)

    def _remark_graders(self, body: Body) -> None:
        if self.graders and not isinstance(body, EssayBody):
            self.remarks.loss(N_("The information for graders is left out."), N_("Only an essay has a model answer."))

    # --- One interaction as a block --------------------------------------------------------------------------------------------------

    def _block(self) -> tuple[str, Body]:
        if not self.interactions:
            return self.texts.content(self.body, BLOCKS), DescriptionBody()
        interaction = self.interactions[0]
        pairs = PairReader(self.texts, self.worths, lambda ident: self._why(self.feedbacks.of_choice("", ident)))
        readers: Mapping[str, Callable[[Element], Body]] = {
            "choiceInteraction": self._choice,
            "orderInteraction": self._ordering,
            "matchInteraction": pairs.matching,
            "extendedTextInteraction": self._essay,
            "uploadInteraction": self._upload,
            "gapMatchInteraction": pairs.dragged,
        }
        body = readers[local(interaction)](interaction)
        return self._text_around(interaction, pairs.inside), body

    def _text_around(self, interaction: Element, inside: str) -> str:
        """Return the body's text without the interaction, with its prompt and the text with gaps that the interaction gives."""
        prompt = child(interaction, "prompt")
        prompt_text = self.texts.content(prompt, BLOCKS) if prompt is not None else ""
        strip(self.body, local(interaction))
        around = self.texts.content(self.body, BLOCKS)
        return "\n\n".join(part for part in (around, prompt_text, inside) if part)

    def _choice(self, interaction: Element) -> Body:
        declared = self._declared(interaction)
        idents = [node.get("identifier", "") for node in children(interaction, "simpleChoice")]
        if {ident.lower() for ident in idents} == {"true", "false"} and len(declared.correct) == 1:
            shares = self.worths.of_choices(ident_of(interaction), idents)
            if sorted(shares.values()) == [0, 1]:
                return TrueFalseBody(max(idents, key=lambda ident: shares[ident]).lower() == "true")
        weighted = self._weighted(interaction, "simpleChoice")
        shuffle = interaction.get("shuffle") == "true"
        if not declared.several:
            return single_choice(weighted, shuffle=shuffle)
        added = self.worths.is_added(ident_of(interaction))
        return multiple_choice(weighted, shuffle=shuffle) if added else _all_or_nothing(weighted, shuffle)

    def _weighted(self, interaction: Element, name: str) -> list[WeightedOption]:
        """Return the choices of an interaction with what each is worth and what is said of it."""
        choices, response = children(interaction, name), ident_of(interaction)
        worth = self.worths.of_choices(response, [node.get("identifier", "") for node in choices])
        return [
            WeightedOption(
                {self.language: self.texts.content(node, INLINE)},
                worth[node.get("identifier", "")],
                self._why(self.feedbacks.of_choice(response, node.get("identifier", ""))),
                node.get("fixed") == "true",
            )
            for node in choices
        ]

    def _ordering(self, interaction: Element) -> Body:
        texts = {node.get("identifier", ""): self.texts.content(node, INLINE) for node in children(interaction, "simpleChoice")}
        order = [ident for ident in self._declared(interaction).correct if ident in texts]
        if set(order) != set(texts):
            raise NotTranslatable(N_("The right order does not include every item."))
        self.worths.of_whole(ident_of(interaction))
        keys = KeyAllocator()
        return OrderingBody(
            tuple(KeyedLabel(keys.of(texts[ident]), {self.language: texts[ident]}) for ident in order), OrderingRule.ALL_OR_NOTHING
        )

    def _essay(self, interaction: Element) -> Body:
        model = "\n\n".join(part for part in (self.texts.content(block, BLOCKS) for block in self.graders) if part)
        return EssayBody(model=self.texts.texts(model))

    def _upload(self, interaction: Element) -> Body:
        self.remarks.note(N_("The accepted file types are not specified; the usual ones are used."))
        return FileBody(_ANY_FILE)

    # --- Interactions inside the text ------------------------------------------------------------------------------------------------

    def _inline(self, interactions: Sequence[Element]) -> tuple[str, Body]:
        idents = [ident_of(node) for node in interactions]
        bodies = [self._entry(node) if local(node) == "textEntryInteraction" else self._selected(node) for node in interactions]
        replace_by_gaps(interactions)
        markdown = self.texts.content(self.body, BLOCKS)
        before, _, after = markdown.rpartition(gap_placeholder(1))
        first = bodies[0]
        if len(bodies) == 1 and not any(sign.isalnum() for sign in after) and before.strip() and not isinstance(first, SingleChoiceBody):
            return before.strip(), first
        gaps = tuple(
            Gap(gap_name(at, len(bodies)), body, weight)
            for at, (body, weight) in enumerate(zip(bodies, self._weights(idents), strict=True), start=1)
        )
        return with_gap_names(markdown, len(bodies)), GapsBody(gaps)

    def _weights(self, idents: Sequence[str]) -> Sequence[Fraction]:
        """Return what each gap counts for among all: what the item gives for it, where it says so of each."""
        known = [worth for ident in idents if (worth := self.worths.gained.get(ident, Fraction(0)))]
        return known if len(known) == len(idents) and len(set(known)) > 1 else [Fraction(1)] * len(idents)

    def _entry(self, interaction: Element) -> ShortAnswerBody | NumericalBody:
        declared, ident = self._declared(interaction), ident_of(interaction)
        right = [one_line(value) for value in declared.correct] or list(declared.mapping)
        shares = self.worths.of_values(ident, right[:1] if declared.kind in NUMBERS else right)
        if declared.kind in NUMBERS:
            return self._number(ident, shares)
        fold = str if declared.sensitive else str.casefold
        others = [value for value in self.feedbacks.values(ident) if value and fold(value) not in {fold(known) for known in shares}]
        usual = {ANYTHING: shares.pop(ANYTHING)} if ANYTHING in shares else {}
        answers = [(literal(value), value, share) for value, share in {**shares, **dict.fromkeys(others, Fraction(0))}.items()]
        answers += [(value, value, share) for value, share in usual.items()]
        return ShortAnswerBody(
            tuple(
                TextPattern({self.language: pattern}, share > 0, share, self._why(self.feedbacks.of(ident, value)))
                for pattern, value, share in answers
            ),
            not declared.sensitive,
            self.language == "es",
        )

    def _number(self, ident: str, shares: Mapping[str, Fraction]) -> NumericalBody:
        """Return a number with those that gain less, and wrong ones for which something is said."""
        right = {number(value): share for value, share in shares.items() if value != ANYTHING}
        values = [value for value in self.feedbacks.values(ident) if is_number(value)]
        feedback = {number(value): self._why(self.feedbacks.of(ident, value)) for value in values}
        answers = [NumericalAnswer(value, share > 0, share, feedback.get(value)) for value, share in right.items()]
        wrong = ((value, why) for value, why in feedback.items() if value not in right)
        answers += [NumericalAnswer(value, False, Fraction(0), why, Tolerance()) for value, why in wrong]
        answers += [NumericalAnswer(None, share > 0, share) for value, share in shares.items() if value == ANYTHING]
        return NumericalBody(tuple(answers), self._tolerance(ident, next(iter(right), None)))

    def _tolerance(self, ident: str, right: Fraction | None) -> Tolerance:
        """Return the tolerance of the comparison with the right number; a relative one is written in per cent, a range by its ends."""
        for equal in descendants(self.item, "equal"):
            named = {node.get("identifier") for node in descendants(equal, "variable")}
            if ident not in named or not equal.get("tolerance"):
                continue
            amount = max(abs(number(part)) for part in equal.get("tolerance", "0").split())
            relative = equal.get("toleranceMode") == "relative"
            return Tolerance(ToleranceKind.RELATIVE, amount / 100) if relative else Tolerance(amount=amount)
        branch = next((rule for rule in self._scoring(ident)), None)
        ends = [_ends(branch[0], ident, *names) for names in (("gte", "gt"), ("lte", "lt"))] if branch is not None else []
        if right is None or [len(bounds) for bounds in ends] != [1, 1] or not ends[0][0] <= right <= ends[1][0]:
            return Tolerance()
        return Tolerance(amount=min(abs(end - right) for bounds in ends for end in bounds))

    def _scoring(self, ident: str) -> Iterator[Element]:
        """Yield the branches that look at a response and say what it scores, in order."""
        for branch in (node for node in descendants(self.item, "responseIf", "responseElseIf") if len(node)):
            named = {variable.get("identifier") for variable in descendants(branch[0], "variable")}
            if ident in named and any(outcome.get("identifier") == "SCORE" for outcome in children(branch, "setOutcomeValue")):
                yield branch

    def _selected(self, interaction: Element) -> SingleChoiceBody:
        return single_choice(self._weighted(interaction, "inlineChoice"), shuffle=interaction.get("shuffle") == "true")


def ident_of(interaction: Element) -> str:
    """Return the name of an interaction's response."""
    return interaction.get("responseIdentifier", "")


def _ends(condition: Element, ident: str, *comparisons: str) -> list[Fraction]:
    """Return the numbers with which a condition compares a response so."""
    comparing = [node for node in descendants(condition, *comparisons) if ident in {inner.get("identifier") for inner in node}]
    return [number(words(value)) for node in comparing for value in children(node, "baseValue")]


def _all_or_nothing(weighted: Sequence[WeightedOption], shuffle: bool) -> MultipleChoiceBody:
    keys = KeyAllocator()
    options = []
    for option in weighted:
        text = next(iter(option.text.values()), "")
        options.append(Option(keys.of(text), option.text, option.credit > 0, Fraction(option.credit > 0), option.why, option.fixed))
    return MultipleChoiceBody(tuple(options), MultipleRule.ALL_OR_NOTHING, shuffle)
