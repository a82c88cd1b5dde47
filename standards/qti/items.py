"""Items of QTI 2.1 and 2.2 (IMS QTI, Assessment Test, Section and Item Information Model) as questions of ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from kernel.errors import N_
from quizzes.rules.definitions import (
    Body,
    Description,
    Essay,
    File,
    Gap,
    Gaps,
    Label,
    Matching,
    Multiple,
    MultipleRule,
    Numerical,
    NumericalAnswer,
    Option,
    Ordering,
    OrderingRule,
    Pair,
    Question,
    Short,
    ShortAnswer,
    Single,
    Texts,
    Tolerance,
    ToleranceKind,
    TrueFalse,
)
from standards import _choices, _gap
from standards._keys import Keys, matched
from standards._numbers import credit, is_number, number
from standards._texts import clean, literal, one_line
from standards._xml import Element, child, children, descendants, inner_markup, local, strip, words
from standards.model import Notebook, NotTranslatable
from standards.qti.feedback import Feedbacks
from standards.qti.model import EXPLANATION, INTERACTIONS, NUMBERS
from standards.qti.texts import BLOCKS, INLINE, TextReader

_GAPS = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})
_ANY_FILE = ("pdf", "docx", "odt", "jpg", "png")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a response declaration says: its base type, the right values, and what each value is worth."""

    kind: str
    several: bool
    correct: Sequence[str]
    mapping: Mapping[str, Fraction] = field(default_factory=dict)
    sensitive: bool = False
    usual: Fraction = Fraction(0)
    """What is gained by a choice that the mapping does not name."""
    most: Fraction = Fraction(0)
    """What is gained at most; nought: everything."""


def declaration(element: Element) -> Declaration:
    """Read a response declaration."""
    correct = [clean(words(value)).strip() for value in children(child(element, "correctResponse"), "value")]
    table = child(element, "mapping")
    entries = children(table, "mapEntry")
    mapping = {one_line(clean(entry.get("mapKey", ""))): number(entry.get("mappedValue", "0")) for entry in entries}
    sensitive = any(entry.get("caseSensitive", "false") == "true" for entry in entries)
    usual, most = (Fraction(0) if table is None else number(table.get(name, "0")) for name in ("defaultValue", "upperBound"))
    return Declaration(element.get("baseType", ""), element.get("cardinality") == "multiple", correct, mapping, sensitive, usual, most)


class ItemReader:
    """Reads one assessmentItem."""

    def __init__(self, item: Element, language: str, notebook: Notebook) -> None:
        self.item, self.language, self.notebook = item, language, notebook
        self.texts = TextReader(language, notebook)
        self.declared = {found.get("identifier", ""): declaration(found) for found in children(item, "responseDeclaration")}
        body = child(item, "itemBody")
        if body is None:
            raise NotTranslatable(N_("The item has no body."))
        self.body = body
        self.feedbacks = Feedbacks(item, body, frozenset(self.declared))
        self.graders = self._for_graders()
        self.interactions = [found for found in body.iter() if isinstance(found.tag, str) and local(found).endswith("Interaction")]

    def question(self, name: str, keys: Keys) -> Question:
        """Return the question; raises NotTranslatable for interactions that are not known here."""
        if children(self.item, "templateDeclaration"):
            raise NotTranslatable(N_("The item draws values for each learner."), N_("Write it anew as a “calculated” one."))
        unknown = [local(found) for found in self.interactions if local(found) not in INTERACTIONS]
        if unknown:
            raise NotTranslatable(N_("An interaction “%(kind)s” is not known here."), kind=unknown[0][:60])
        inline = [found for found in self.interactions if local(found) in _GAPS]
        if len(self.interactions) > 1 and len(inline) < len(self.interactions):
            raise NotTranslatable(N_("The item asks %(count)s things; a question asks one."), count=len(self.interactions))
        text, body = self._inline(inline) if inline else self._block()
        self._tell_graders(body)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        return Question(
            keys.of_question(name, text), {self.language: text}, body, mark=self._mark(), explanation=self.texts.texts(self._explanation())
        )

    def _mark(self) -> Fraction:
        for outcome in children(self.item, "outcomeDeclaration"):
            if outcome.get("identifier") == "MAXSCORE":
                said = words(child(outcome, "defaultValue", "value")).strip()
                return max(number(said), Fraction(0)) if said else Fraction(1)
            if outcome.get("identifier") == "SCORE" and outcome.get("normalMaximum"):
                return max(number(outcome.get("normalMaximum", "1")), Fraction(0))
        return Fraction(1)

    def _declared(self, interaction: Element) -> Declaration:
        found = self.declared.get(interaction.get("responseIdentifier", ""))
        if found is None:
            raise NotTranslatable(N_("A response is not declared."))
        return found

    def _uses_mapping(self, interaction: Element) -> bool:
        """Say whether the values of a response are added up, not compared with the right answer."""
        self._declared(interaction)
        return self._is_mapped(interaction.get("responseIdentifier", ""))

    def _is_mapped(self, ident: str) -> bool:
        processing = child(self.item, "responseProcessing")
        if processing is None or ident not in self.declared or not self.declared[ident].mapping:
            return False
        if "map_response" in processing.get("template", ""):
            return True
        return any(found.get("identifier") == ident for found in descendants(processing, "mapResponse"))

    # --- Feedback ------------------------------------------------------------------------------------------------------------------

    def _for_graders(self) -> list[Element]:
        """Take out of the body what is not for learners: instructions and model answers of who marks."""
        found = [block for block in descendants(self.body, "rubricBlock") if "candidate" not in block.get("view", "candidate").split()]
        for block in found:
            block.tag = "ungiven"
        strip(self.body, "ungiven")
        return found

    def _why(self, found: Sequence[Element]) -> Texts | None:
        parts = (self.texts.content(element, INLINE) for element in found)
        return self.texts.texts(" ".join(part for part in parts if part))

    def _explanation(self) -> str:
        """Return the feedback that belongs to no answer of the question."""
        parts = dict.fromkeys(self.texts.content(one.element, BLOCKS) for one in self.feedbacks.left)
        if any(one.name != EXPLANATION and words(one.element).strip() for one in self.feedbacks.left):
            self.notebook.note(N_("The feedback to right and wrong answers became part of the explanation."))
        return "\n\n".join(part for part in parts if part)

    def _tell_graders(self, body: Body) -> None:
        if self.graders and not isinstance(body, Essay):
            self.notebook.loss(N_("The information for graders is left out."), N_("Only an essay has a model answer."))

    # --- One interaction as a block --------------------------------------------------------------------------------------------------

    def _block(self) -> tuple[str, Body]:
        if not self.interactions:
            return self.texts.content(self.body, BLOCKS), Description()
        interaction = self.interactions[0]
        readers: Mapping[str, Callable[[Element], Body]] = {
            "choiceInteraction": self._choice,
            "orderInteraction": self._ordering,
            "matchInteraction": self._matching,
            "extendedTextInteraction": self._essay,
            "uploadInteraction": self._upload,
            "gapMatchInteraction": self._dragged,
        }
        body = readers[local(interaction)](interaction)
        return self._text_around(interaction, body), body

    def _text_around(self, interaction: Element, body: Body) -> str:
        """Return the body's text without the interaction, with its prompt; the text of a gap match is the interaction's own."""
        prompt = child(interaction, "prompt")
        asked = self.texts.content(prompt, BLOCKS) if prompt is not None else ""
        inside = self._gap_text(interaction) if isinstance(body, Gaps) else ""
        for inner in list(interaction):
            interaction.remove(inner)
        interaction.text = None
        around = self.texts.content(self.body, BLOCKS)
        return "\n\n".join(part for part in (around, asked, inside) if part)

    def _choice(self, interaction: Element) -> Body:
        declared = self._declared(interaction)
        choices = children(interaction, "simpleChoice")
        ids = [found.get("identifier", "") for found in choices]
        if {ident.lower() for ident in ids} == {"true", "false"} and len(declared.correct) == 1:
            return TrueFalse(declared.correct[0].lower() == "true")
        worth = self._worths(interaction, ids)
        weighted = [
            _choices.Weighted(
                {self.language: self.texts.content(found, INLINE)},
                worth[found.get("identifier", "")],
                self._why(self.feedbacks.of_choice(interaction.get("responseIdentifier", ""), found.get("identifier", ""))),
                found.get("fixed") == "true",
            )
            for found in choices
        ]
        shuffle = interaction.get("shuffle") == "true"
        if not declared.several:
            return _choices.single(weighted, shuffle=shuffle)
        return _choices.multiple(weighted, shuffle=shuffle) if self._uses_mapping(interaction) else _all_or_nothing(weighted, shuffle)

    def _worths(self, interaction: Element, ids: Sequence[str]) -> dict[str, Fraction]:
        declared = self._declared(interaction)
        if not self._uses_mapping(interaction):
            return {ident: Fraction(ident in declared.correct) for ident in ids}
        gained = [declared.mapping.get(ident, declared.usual) for ident in ids]
        rights = [value for value in gained if value > 0]
        reached = (sum(rights, Fraction(0)) if declared.several else max(rights, default=Fraction(0))) or Fraction(1)
        whole = min(reached, declared.most) if declared.most > 0 else reached
        shares = [max(min(value / whole, Fraction(1)), Fraction(-1)) for value in gained]
        return {ident: credit(share * 100) for ident, share in zip(ids, shares, strict=True)}

    def _ordering(self, interaction: Element) -> Body:
        texts = {found.get("identifier", ""): self.texts.content(found, INLINE) for found in children(interaction, "simpleChoice")}
        order = [ident for ident in self._declared(interaction).correct if ident in texts]
        if set(order) != set(texts):
            raise NotTranslatable(N_("The right order does not name every item."))
        keys = Keys()
        return Ordering(tuple(Label(keys.of(texts[ident]), {self.language: texts[ident]}) for ident in order), OrderingRule.ALL_OR_NOTHING)

    def _matching(self, interaction: Element) -> Body:
        sets = children(interaction, "simpleMatchSet")
        if len(sets) != 2:
            raise NotTranslatable(N_("A matching has two sets."))
        items, matches = (
            {
                found.get("identifier", ""): _choices.said(self.texts.content(found, INLINE))
                for found in children(part, "simpleAssociableChoice")
            }
            for part in sets
        )
        found = [pair.split() for pair in self._declared(interaction).correct]
        right = {pair[0]: pair[1] for pair in found if len(pair) == 2}
        if len(right) != len(found) or set(right) != set(items) or not set(right.values()) <= set(matches):
            raise NotTranslatable(N_("Not every item of the matching has exactly one match."), N_("A matching here gives each item one."))
        keys, choices = Keys(), matched([matches[right[ident]] for ident in items] + list(matches.values()))
        pairs = tuple(
            Pair(
                keys.of(item),
                {self.language: item},
                choices[matches[right[ident]]],
                {self.language: matches[right[ident]]},
                self._why(self.feedbacks.of_choice("", ident)),
            )
            for ident, item in items.items()
        )
        used = {pair.match_key for pair in pairs}
        extra = tuple(Label(key, {self.language: text}) for text, key in choices.items() if key not in used)
        return Matching(pairs, extra, interaction.get("shuffle") == "true")

    def _essay(self, interaction: Element) -> Body:
        model = "\n\n".join(part for part in (self.texts.content(block, BLOCKS) for block in self.graders) if part)
        return Essay(model=self.texts.texts(model))

    def _upload(self, interaction: Element) -> Body:
        self.notebook.note(N_("Which files are taken is not said; the usual ones are."))
        return File(_ANY_FILE)

    def _dragged(self, interaction: Element) -> Body:
        texts = {found.get("identifier", ""): self.texts.content(found, INLINE) for found in children(interaction, "gapText")}
        gaps = [found.get("identifier", "") for found in descendants(interaction, "gap")]
        pairs = [pair.split() for pair in self._declared(interaction).correct]
        right = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
        if not gaps or set(right) != set(gaps) or not set(right.values()) <= set(texts):
            raise NotTranslatable(N_("Not every gap has one right text."))
        keys = matched([texts[right[gap]] for gap in gaps] + list(texts.values()))
        accents = self.language == "es"
        made = []
        for at, gap in enumerate(gaps, start=1):
            text = texts[right[gap]]
            answer = ShortAnswer({self.language: text}, True, Fraction(1), None, keys[text])
            made.append(Gap(_gap.name(at, len(gaps)), Short((answer,), True, accents)))
        return Gaps(tuple(made), True, tuple(Label(key, {self.language: text}) for text, key in keys.items()))

    def _gap_text(self, interaction: Element) -> str:
        gaps = descendants(interaction, "gap")
        _replace(gaps)
        for element in (*children(interaction, "gapText"), *children(interaction, "prompt")):
            interaction.remove(element)
        return _gap.with_names(self.texts.html(inner_markup(interaction), BLOCKS), len(gaps))

    # --- Interactions inside the text ------------------------------------------------------------------------------------------------

    def _inline(self, interactions: Sequence[Element]) -> tuple[str, Body]:
        idents = [found.get("responseIdentifier", "") for found in interactions]
        bodies = [self._entry(found) if local(found) == "textEntryInteraction" else self._selected(found) for found in interactions]
        _replace(interactions)
        markdown = self.texts.content(self.body, BLOCKS)
        before, _, after = markdown.rpartition(_gap.mark(1))
        first = bodies[0]
        if len(bodies) == 1 and not any(sign.isalnum() for sign in after) and before.strip() and not isinstance(first, Single):
            return before.strip(), first
        gaps = tuple(
            Gap(_gap.name(at, len(bodies)), body, weight)
            for at, (body, weight) in enumerate(zip(bodies, self._weights(idents), strict=True), start=1)
        )
        return _gap.with_names(markdown, len(bodies)), Gaps(gaps)

    def _weights(self, idents: Sequence[str]) -> Sequence[Fraction]:
        """Return what each gap counts for among all: what the item gives for it, where it says so of each."""
        found = [self._gained(ident) for ident in idents]
        known = [worth for worth in found if worth]
        return known if len(known) == len(idents) and len(set(known)) > 1 else [Fraction(1)] * len(idents)

    def _gained(self, ident: str) -> Fraction:
        """Return what the right answer of a response adds to the score; 0 where that is not said."""
        if self._is_mapped(ident):
            declared = self.declared[ident]
            best = max(declared.mapping.values())
            return max(min(best, declared.most) if declared.most > 0 else best, Fraction(0))
        gained = [Fraction(0)]
        for setting in (one for branch in self._scoring(ident) for one in children(branch, "setOutcomeValue")):
            values = [words(value) for value in descendants(setting, "baseValue")]
            if setting.get("identifier") == "SCORE" and len(values) == 1:
                gained.append(number(values[0]))
        return max(gained)

    def _entry(self, interaction: Element) -> Short | Numerical:
        declared, ident = self._declared(interaction), interaction.get("responseIdentifier", "")
        worth = declared.mapping or dict.fromkeys((one_line(value) for value in declared.correct), Fraction(1))
        if declared.kind in NUMBERS and not self._is_mapped(ident):
            worth = dict.fromkeys(declared.correct[:1] or list(declared.mapping)[:1], Fraction(1))
        whole = max(worth.values(), default=Fraction(1))
        if whole <= 0:
            raise NotTranslatable(N_("No answer is right."))
        shares = {value: max(gained / whole, Fraction(-1)) for value, gained in worth.items() if value}
        if declared.kind in NUMBERS:
            return self._number(ident, shares)
        fold = str if declared.sensitive else str.casefold
        others = [value for value in self.feedbacks.values(ident) if value and fold(value) not in {fold(known) for known in shares}]
        answers = tuple(
            ShortAnswer({self.language: literal(value)}, share > 0, share, self._why(self.feedbacks.of(ident, value)))
            for value, share in {**shares, **dict.fromkeys(others, Fraction(0))}.items()
        )
        return Short(answers, not declared.sensitive, self.language == "es")

    def _number(self, ident: str, shares: Mapping[str, Fraction]) -> Numerical:
        """Return a number with those that gain less, and wrong ones for which something is said."""
        right = {number(value): share for value, share in shares.items()}
        values = [value for value in self.feedbacks.values(ident) if is_number(value)]
        said = {number(value): self._why(self.feedbacks.of(ident, value)) for value in values}
        answers = [NumericalAnswer(value, share > 0, share, said.get(value)) for value, share in right.items()]
        wrong = ((value, why) for value, why in said.items() if value not in right)
        answers += [NumericalAnswer(value, False, Fraction(0), why, Tolerance()) for value, why in wrong]
        return Numerical(tuple(answers), self._tolerance(ident, next(iter(right), None)))

    def _tolerance(self, ident: str, right: Fraction | None) -> Tolerance:
        """Return the tolerance of the comparison with the right number; a relative one is written in per cent, a range by its ends."""
        for equal in descendants(self.item, "equal"):
            named = {found.get("identifier") for found in descendants(equal, "variable")}
            if ident not in named or not equal.get("tolerance"):
                continue
            amount = max(abs(number(part)) for part in equal.get("tolerance", "0").split())
            relative = equal.get("toleranceMode") == "relative"
            return Tolerance(ToleranceKind.RELATIVE, amount / 100) if relative else Tolerance(amount=amount)
        branch = next((found for found in self._scoring(ident)), None)
        ends = [_ends(branch[0], ident, *names) for names in (("gte", "gt"), ("lte", "lt"))] if branch is not None else []
        if right is None or [len(found) for found in ends] != [1, 1] or not ends[0][0] <= right <= ends[1][0]:
            return Tolerance()
        return Tolerance(amount=min(abs(end - right) for found in ends for end in found))

    def _scoring(self, ident: str) -> Iterator[Element]:
        """Yield the branches that look at a response and say what it scores, in order."""
        for branch in (found for found in descendants(self.item, "responseIf", "responseElseIf") if len(found)):
            named = {found.get("identifier") for found in descendants(branch[0], "variable")}
            if ident in named and any(one.get("identifier") == "SCORE" for one in children(branch, "setOutcomeValue")):
                yield branch

    def _selected(self, interaction: Element) -> Single:
        choices = children(interaction, "inlineChoice")
        worth = self._worths(interaction, [found.get("identifier", "") for found in choices])
        weighted = [
            _choices.Weighted(
                {self.language: self.texts.content(found, INLINE)},
                worth[found.get("identifier", "")],
                self._why(self.feedbacks.of_choice(interaction.get("responseIdentifier", ""), found.get("identifier", ""))),
            )
            for found in choices
        ]
        return _choices.single(weighted, shuffle=interaction.get("shuffle") == "true")


def _ends(condition: Element, ident: str, *comparisons: str) -> list[Fraction]:
    """Return the numbers with which a condition compares a response so."""
    found = [one for one in descendants(condition, *comparisons) if ident in {inner.get("identifier") for inner in one}]
    return [number(words(value)) for one in found for value in children(one, "baseValue")]


def _all_or_nothing(weighted: Sequence[_choices.Weighted], shuffle: bool) -> Multiple:
    keys = Keys()
    options = []
    for one in weighted:
        text = next(iter(one.text.values()), "")
        options.append(Option(keys.of(text), one.text, one.credit > 0, Fraction(one.credit > 0), one.why, one.fixed))
    return Multiple(tuple(options), MultipleRule.ALL_OR_NOTHING, shuffle)


def _replace(interactions: Sequence[Element]) -> None:
    """Put the sign of a gap in the place of each interaction."""
    for at, found in enumerate(interactions, start=1):
        for inner in list(found):
            found.remove(inner)
        found.tag, found.text = "span", _gap.mark(at)
        for name in list(found.attrib):
            del found.attrib[name]
