"""Parts of a QTI item as they are read: texts, declarations, rules of the score, feedback, pairs and gaps; and QTI's own names."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from questions.rules.definitions import Gap, GapsBody, KeyedLabel, MatchingBody, Pair, ShortAnswerBody, TextPattern, Texts, TextShape
from standards.files import plain_to_markdown, to_markdown
from standards.model import NotTranslatable, TransferRemarkCollector
from standards.texts import (
    KeyAllocator,
    WeightedOption,
    clean,
    credit,
    gap_name,
    gap_placeholder,
    is_number,
    matched,
    one_line,
    required_text,
    single_choice,
    to_fraction,
    with_gap_names,
    without_gap_placeholders,
)
from standards.xml import Element, child, children, descendants, example_of, inner_markup, local, strip, words

ITEM_2 = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
ITEM_1 = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"

INTERACTIONS = frozenset(
    {
        *("choiceInteraction", "orderInteraction", "matchInteraction", "gapMatchInteraction"),
        *("textEntryInteraction", "inlineChoiceInteraction", "extendedTextInteraction", "uploadInteraction"),
    }
)
"""Interactions that are read; hotspots, hot text, sliders and drawings are not."""
NUMBERS = frozenset({"float", "integer"})
EXPLANATION = "explanation"
"""The identifier of the modal feedback that holds an explanation of ours."""
RESPONSE = "RESPONSE"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A response declaration: its base type, the right values, and what each value is worth."""

    kind: str
    several: bool
    correct: Sequence[str]
    mapping: Mapping[str, Fraction] = field(default_factory=dict)
    sensitive: bool = False
    usual: Fraction = Fraction(0)
    """What is gained by a choice that the mapping does not name."""
    most: Fraction = Fraction(0)
    """What is gained at most; nought: everything."""
    least: Fraction | None = None
    """What is gained at least; None: whatever the sum is."""

    def bounded(self, points: Fraction) -> Fraction:
        """Return points within the bounds of the mapping."""
        raised = points if self.least is None else max(points, self.least)
        return min(raised, self.most) if self.most > 0 else raised


def declaration(element: Element) -> Declaration:
    """Read a response declaration."""
    correct = [clean(words(value)).strip() for value in children(child(element, "correctResponse"), "value")]
    table = child(element, "mapping")
    entries = children(table, "mapEntry")
    mapping = {one_line(clean(entry.get("mapKey", ""))): to_fraction(entry.get("mappedValue", "0")) for entry in entries}
    sensitive = any(entry.get("caseSensitive", "false") == "true" for entry in entries) or _differs_by_case(mapping)
    usual, most = (Fraction(0) if table is None else to_fraction(table.get(name, "0")) for name in ("defaultValue", "upperBound"))
    low = table.get("lowerBound") if table is not None else None
    least = to_fraction(low) if low is not None else None
    return Declaration(
        element.get("baseType", ""),
        element.get("cardinality") == "multiple",
        correct,
        mapping=mapping,
        sensitive=sensitive,
        usual=usual,
        most=most,
        least=least,
    )


def _differs_by_case(mapping: Mapping[str, Fraction]) -> bool:
    """Return whether words that differ only in case are worth different points, which ignoring case would make equal."""
    worth: dict[str, Fraction] = {}
    return any(worth.setdefault(word.casefold(), points) != points for word, points in mapping.items())


INLINE, BLOCKS = TextShape.INLINE, TextShape.MARKDOWN


class QtiTextReader:
    """Reads texts into one language."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def html(self, source: str, shape: TextShape) -> str:
        """Return HTML as Markdown."""
        return to_markdown(clean(source), shape, self.remarks)

    def content(self, element: Element, shape: TextShape) -> str:
        """Return the content of an element of QTI 2 as Markdown."""
        return self.html(inner_markup(element), shape)

    def material(self, element: Element | None, shape: TextShape) -> str:
        """Return the `mattext` of a `material` of QTI 1.2 as Markdown, by the type that it names."""
        material = child(element, "material") if element is not None else None
        if material is None:
            return ""
        parts = []
        for unread in (*(node for node in material if local(node) not in ("mattext", "matbreak")), *children(element, "material")[1:]):
            self.remarks.leave_out(CONTENT, example_of(unread))
        for text in descendants(material, "mattext"):
            kind = without_gap_placeholders(clean(words(text)))
            parts.append(self.html(kind, shape) if text.get("texttype") == "text/html" else plain_to_markdown(kind, shape, self.remarks))
        return "\n\n".join(part for part in parts if part)

    def texts(self, text: str) -> Texts | None:
        """Return words by language, None where there are none."""
        return {self.language: text} if text else None


SCORE, MAXIMUM = "SCORE", "MAXSCORE"
_NOTHING = Fraction(0)
_BRANCHES = ("responseIf", "responseElseIf")
_MAPPED = ("mapResponse", "mapResponsePoint")
_ADDED = frozenset({"sum", "variable", "baseValue", "correct", *_MAPPED})
"""What a score may be made of; everything else is told by its name."""
_COMPARED = frozenset({"match", "equal", "stringMatch", "member"})
_ENDS = frozenset({"gte", "gt", "lte", "lt"})
_TEMPLATES = ("match_correct", "map_response", "map_response_point", "match_basic")


class Basis(Enum):
    """The basis on which a rule gives its points."""

    MAPPING = "mapping"
    CORRECT = "correct"
    VALUES = "values"
    RANGE = "range"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting of the score: for which answers to which responses, how much, and the element that names it."""

    basis: Basis
    name: str
    responses: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    worth: Fraction = _NOTHING


class Scoring:
    """The rules of one item by response; a reader says which it kept, and what is left is to be reported.

    `several` holds the responses with more than one value: of these only what is added for each value is read, because a comparison
    with a single value says nothing about the others.
    """

    def __init__(self, item: Element, correct: Mapping[str, Collection[str]], several: Collection[str]) -> None:
        self._correct, self._several = correct, several
        self._processing = child(item, "responseProcessing")
        self._maximum = _default_of(item, MAXIMUM)
        self.template = self._processing.get("template", "").removesuffix(".xml") if self._processing is not None else ""
        self.rules = [rule for setting in self._settings() if (rule := self._rule(setting)) is not None]
        self._kept: set[int] = set()

    def is_mapped(self, response: str) -> bool:
        """Return whether what the mapping of a response gives counts."""
        return "map_response" in self.template or any(response in rule.responses for rule in self._of(Basis.MAPPING))

    def keep(self, response: str, *bases: Basis) -> None:
        """Keep the values that rules of these bases give for a response."""
        self._kept |= {id(rule) for rule in self._of(*bases) if response in rule.responses}

    def keep_range(self, response: str, worth: Fraction) -> None:
        """Keep the range of a number that gives so much."""
        self._kept |= {id(rule) for rule in self._of(Basis.RANGE) if response in rule.responses and rule.worth == worth}

    def worth_of_correct(self, response: str) -> Fraction:
        """Return the worth of the right answer to a response by comparison, 0 where no rule gives one."""
        return max((rule.worth for rule in self._of(Basis.CORRECT) if response in rule.responses), default=_NOTHING)

    def worths(self, response: str) -> dict[str, Fraction]:
        """Return the worth of single values of a response, value -> points."""
        points: dict[str, Fraction] = {}
        for rule in (rule for rule in self._of(Basis.VALUES) if response in rule.responses):
            for value in rule.values:
                points[value] = points.get(value, _NOTHING) + rule.worth
        return points

    def best(self, response: str) -> Fraction:
        """Return the most that a comparison of a response gives."""
        rules = self._of(Basis.CORRECT, Basis.VALUES, Basis.RANGE)
        return max((rule.worth for rule in rules if response in rule.responses), default=_NOTHING)

    def left(self) -> list[str]:
        """Return the names of the elements whose points the question does not have, each once."""
        names = [rule.name for rule in self.rules if id(rule) not in self._kept]
        return list(dict.fromkeys([*names, *self._unknown_template()]))

    def _unknown_template(self) -> list[str]:
        known = not self.template or any(self.template.endswith(name) for name in _TEMPLATES)
        return [] if known else [self.template.rpartition("/")[2]]

    def _of(self, *bases: Basis) -> Iterator[Rule]:
        return (rule for rule in self.rules if rule.basis in bases)

    # --- One setting of the score -------------------------------------------------------------------------------------------------

    def _settings(self) -> list[Element]:
        """Return the settings of the score, or of something that the score is made of."""
        every = descendants(self._processing, "setOutcomeValue") if self._processing is not None else []
        names, size = {SCORE}, 0
        while size < len(names):
            size = len(names)
            inside = [setting for setting in every if setting.get("identifier") in names]
            names |= {variable.get("identifier", "") for setting in inside for variable in descendants(setting, "variable")} - {MAXIMUM}
        return [setting for setting in every if setting.get("identifier") in names]

    def _rule(self, setting: Element) -> Rule | None:
        """Return the rule of a setting; None where it gives nothing."""
        foreign = next((local(node) for node in setting.iterdescendants() if isinstance(node.tag, str) and local(node) not in _ADDED), "")
        if foreign:
            return Rule(Basis.OTHER, foreign)
        mapped = frozenset(node.get("identifier", "") for node in descendants(setting, *_MAPPED))
        worth = self._points(setting)
        if not mapped and not worth:
            return None
        parts, earlier = _conditions(setting)
        if mapped:
            return Rule(Basis.OTHER, local((*parts, *earlier)[0])) if parts or earlier else Rule(Basis.MAPPING, "mapResponse", mapped)
        if not parts:
            return Rule(Basis.OTHER, "responseElse" if earlier else "baseValue")
        rule = self._compared(parts, worth)
        others = frozenset(response for part in earlier for response in _responses(part, self._correct))
        return rule if others <= rule.responses else Rule(Basis.OTHER, rule.name)

    def _points(self, setting: Element) -> Fraction:
        texts = [words(value).strip() for value in descendants(setting, "baseValue")]
        whole = any(variable.get("identifier") == MAXIMUM for variable in descendants(setting, "variable"))
        return sum((to_fraction(text) for text in texts if is_number(text)), self._maximum if whole else _NOTHING)

    def _compared(self, parts: list[Element], worth: Fraction) -> Rule:
        name = local(parts[0])
        responses = frozenset(response for part in parts for response in _responses(part, self._correct))
        other = Rule(Basis.OTHER, name, responses)
        if len(responses) != 1:
            return other
        if all(local(part) in _ENDS for part in parts):
            return Rule(Basis.RANGE, name, responses, worth=worth)
        comparison = parts[0]
        alternatives = list(comparison) if local(comparison) == "or" else [comparison]
        if len(parts) > 1 or any(local(each) not in _COMPARED for each in alternatives):
            return other
        response = next(iter(responses))
        values = [_value(each) for each in alternatives]
        if values == [None] and descendants(comparison, "correct"):
            return Rule(Basis.CORRECT, name, responses, worth=worth)
        container = descendants(comparison, "ordered", "multiple")
        if container:
            same = [words(value).strip() for value in descendants(container[0], "baseValue")] == list(self._correct[response])
            return Rule(Basis.CORRECT, name, responses, worth=worth) if same else Rule(Basis.OTHER, local(container[0]), responses)
        listed = tuple(value for value in values if value is not None)
        if len(listed) < len(values) or (response in self._several and not self._adds(comparison)):
            return other
        return Rule(Basis.VALUES, name, responses, listed, worth)

    def _adds(self, condition: Element) -> bool:
        """Return whether points for one of several values come on top of the others'."""
        branch = condition.getparent()
        rest = branch.getparent() if branch is not None else None
        return local(condition) == "member" and rest is not None and len(rest) == 1


def _default_of(item: Element, name: str) -> Fraction:
    default = [
        words(child(node, "defaultValue", "value")) for node in children(item, "outcomeDeclaration") if node.get("identifier") == name
    ]
    return to_fraction(default[0]) if default and is_number(default[0]) else _NOTHING


def _conditions(setting: Element) -> tuple[list[Element], list[Element]]:
    """Return the conditions under which a setting happens, and those of earlier branches that must not hold; without "is answered"."""
    own: list[Element] = []
    earlier: list[Element] = []
    for branch in (ancestor for ancestor in setting.iterancestors() if local(ancestor) in (*_BRANCHES, "responseElse")):
        if local(branch) in _BRANCHES:
            own += _parts(branch[0])
        earlier += [part for sibling in branch.itersiblings(*_tags(branch), preceding=True) if len(sibling) for part in _parts(sibling[0])]
    return own, earlier


def _tags(branch: Element) -> list[str]:
    space = str(branch.tag).rpartition("}")[0]
    return [f"{space}}}{name}" if space else name for name in _BRANCHES]


def _parts(condition: Element) -> list[Element]:
    """Return the conditions that have to hold together, without whether the response is answered at all."""
    if local(condition) == "and":
        return [part for inner in condition for part in _parts(inner)]
    bare = condition[0] if local(condition) == "not" and len(condition) else condition
    return [] if local(bare) == "isNull" else [condition]


def _responses(condition: Element, declared: Collection[str]) -> Iterator[str]:
    names = (
        responses.get("identifier", "")
        for responses in condition.iter()
        if isinstance(responses.tag, str) and local(responses) == "variable"
    )
    return (name for name in names if name in declared)


def _value(comparison: Element) -> str | None:
    """Return the one value with which a response is compared."""
    values = [one_line(clean(words(node))) for node in children(comparison, "baseValue")]
    return values[0] if len(values) == 1 and len(comparison) == 2 else None


_ALL = Fraction(1)
ANYTHING = ""
"""The value that stands for every other one: none that is typed is empty, while somebody may ask for an asterisk."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The worth of each choice at each place of a matching or a text with gaps: the place's weight, the choice's share of it."""

    weights: Mapping[str, Fraction]
    shares: Mapping[tuple[str, str], Fraction]

    @property
    def is_even(self) -> bool:
        """Return whether every place weighs the same and all but one choice at each is worth nothing."""
        given = [share for share in self.shares.values() if share]
        return len(set(self.weights.values())) == 1 and given == [_ALL] * len(self.weights)

    def right(self, item: str) -> str:
        """Return the best choice for a place."""
        return max((choice for at, choice in self.shares if at == item), key=lambda choice: self.shares[item, choice])


class Worths:
    """The declarations and rules of one item; `lost` names what scores otherwise in it, `total` is what all right answers score."""

    def __init__(self, item: Element) -> None:
        self.declared = {node.get("identifier", ""): declaration(node) for node in children(item, "responseDeclaration")}
        several = frozenset(ident for ident, declared in self.declared.items() if declared.several)
        self.scoring = Scoring(item, {ident: declared.correct for ident, declared in self.declared.items()}, several)
        self.lost: list[str] = []
        self.gained: dict[str, Fraction] = {}
        """What the best answer to each response scores in the item, 0 where it does not say so."""

    @property
    def total(self) -> Fraction:
        """Return the total of all right answers together, 0 where the item does not have it of each."""
        gained = self.gained.values()
        return sum(gained, _NOTHING) if all(gained) else _NOTHING

    def of(self, response: str) -> Declaration:
        """Return a declaration; raises NotTranslatable where there is none."""
        if response not in self.declared:
            raise NotTranslatable(N_("A response is not declared."))
        return self.declared[response]

    def is_mapped(self, response: str) -> bool:
        """Return whether the mapping of a response counts."""
        return bool(self.of(response).mapping) and self.scoring.is_mapped(response)

    def is_added(self, response: str) -> bool:
        """Return whether the values of a response are added up, not compared with the right answer."""
        return self.is_mapped(response) or bool(self.scoring.worths(response))

    def of_choices(self, response: str, idents: Sequence[str]) -> dict[str, Fraction]:
        """Return the share that each choice gains."""
        declared = self.of(response)
        if declared.several and not self.is_added(response):
            self.of_whole(response)
            return {ident: Fraction(ident in declared.correct) for ident in idents}
        points, usual = self._points(response, declared.correct)
        gained = {ident: points.get(ident, usual) for ident in idents}
        if not declared.several:
            return self._shares(
                response, {ident: declared.bounded(value) for ident, value in gained.items()}, max(gained.values(), default=_ALL)
            )
        reached = sum((value for value in gained.values() if value > 0), _NOTHING)
        if declared.least is None and any(value < 0 for value in gained.values()):
            self.lost.append("mapping")  # a sum of choices ends at nothing here
        return self._shares(response, gained, reached)

    def of_whole(self, response: str) -> None:
        """Take the points that a right answer as a whole gains."""
        self.scoring.keep(response, Basis.CORRECT)
        self.gained[response] = self.scoring.worth_of_correct(response) or Fraction(self.scoring.template.endswith("match_correct"))

    def of_values(self, response: str, right: Sequence[str]) -> dict[str, Fraction]:
        """Return the share of each value that is typed, ANYTHING for those without a share of their own."""
        declared = self.of(response)
        points, usual = self._points(response, right)
        if not points or max(points.values()) <= 0:
            raise NotTranslatable(N_("No answer is right."))
        gained = {value: declared.bounded(worth) for value, worth in points.items() if value}
        if declared.bounded(usual):
            gained[ANYTHING] = declared.bounded(usual)
        best = max(gained.values())
        self.scoring.keep_range(response, best)
        return self._shares(response, dict(sorted(gained.items(), key=lambda pair: (pair[0] == ANYTHING, -pair[1]))), best)

    def of_pairs(self, response: str, places: Sequence[str], choices: Sequence[str], name: Callable[[str, str], str]) -> Paired | None:
        """Return the worth of choices at places; None where nothing or only the whole is compared, which is reported as lost.

        `name` makes the pair of a place and a choice as the mapping writes it. Raises NotTranslatable for a place without a right choice.
        """
        declared = self.of(response)
        if not self.is_added(response):
            self.gained[response] = self.scoring.worth_of_correct(response)
            if self.scoring.template.endswith("match_correct"):
                self.lost.append("match_correct")
            return None
        points, usual = self._points(response, ())
        gained = {(item, choice): points.get(name(item, choice), usual) for item in places for choice in choices}
        weights = {item: max(gained[item, choice] for choice in choices) for item in places}
        if min(weights.values()) <= 0:
            raise NotTranslatable(N_("No answer is right."))
        if declared.least is not None and any(value < 0 for value in gained.values()):
            self.lost.append("lowerBound")
        self.gained[response] = sum(weights.values(), _NOTHING)
        if 0 < declared.most < self.gained[response]:
            self.lost.append("upperBound")
        return Paired(weights, {(item, choice): self._share(value, weights[item]) for (item, choice), value in gained.items()})

    def _points(self, response: str, right: Sequence[str]) -> tuple[Mapping[str, Fraction], Fraction]:
        """Return the points of values and of every other one: by the mapping, else what is compared, else one for the right ones."""
        declared = self.of(response)
        if self.is_mapped(response):
            self.scoring.keep(response, Basis.MAPPING)
            return declared.mapping, declared.usual
        given = self.scoring.worths(response)
        self.scoring.keep(response, Basis.VALUES, Basis.CORRECT)
        full = self.scoring.worth_of_correct(response) or self.scoring.best(response)
        self.gained[response] = full
        whole = full or _ALL
        named = {} if declared.several or (given and not self.scoring.worth_of_correct(response) and max(given.values()) == full) else right
        return {**dict.fromkeys(named, whole), **given}, _NOTHING

    def _shares(self, response: str, gained: Mapping[str, Fraction], reached: Fraction) -> dict[str, Fraction]:
        declared = self.of(response)
        whole = (min(reached, declared.most) if declared.most > 0 else reached) or _ALL
        if self.is_added(response) or self.gained.get(response):
            self.gained[response] = whole
        else:
            self.gained[response] = Fraction(self.scoring.template.endswith("match_correct"))
        return {value: self._share(points, whole) for value, points in gained.items()}

    def _share(self, points: Fraction, whole: Fraction) -> Fraction:
        share = points / whole
        if share < -_ALL:
            self.lost.append("mapping")  # nothing costs more than the whole here
        return credit(max(min(share, _ALL), -_ALL) * 100)


CHOICES = frozenset({"simpleChoice", "inlineChoice", "simpleAssociableChoice", "gapText", "hottext"})
_INSIDE = ("feedbackInline", "feedbackBlock")
_COMPARISONS = ("match", "equal", "stringMatch", "member")
ANY = ""
"""Instead of a response: whichever response has the choice."""


@dataclass(slots=True)
class ModalFeedback:
    """A text that is shown for some answers: its name, and the answers as response and value; whether an answer took it."""

    element: Element
    name: str
    answers: frozenset[tuple[str, str]]
    taken: bool = False


class ItemFeedback:
    """The feedback of one item; what stands inside the body is taken out of it, so that nobody reads it before answering."""

    def __init__(self, item: Element, body: Element, responses: frozenset[str]) -> None:
        self._item, self._responses = item, responses
        self.shown = [self._read(node) for node in children(item, "modalFeedback")]
        inside = [node for node in descendants(body, *_INSIDE) if not _is_within(node, _INSIDE)]
        self.shown += [self._read(node) for node in inside]
        strip(body, *_INSIDE)

    def of(self, response: str, value: str) -> list[Element]:
        """Return the feedback for a value of a response; it is taken then."""
        return self._take({(response, value)})

    def of_choice(self, response: str, choice: str) -> list[Element]:
        """Return the feedback for a choice, also one that is only named as it is; it is taken then."""
        return self._take({(response, choice), (ANY, choice)})

    def _take(self, answers: set[tuple[str, str]]) -> list[Element]:
        taken = [feedback for feedback in self.shown if feedback.answers & answers]
        for feedback in taken:
            feedback.taken = True
        return [feedback.element for feedback in taken]

    def values(self, response: str) -> Iterator[str]:
        """Yield the values of a response for which something is shown."""
        yield from dict.fromkeys(value for feedback in self.shown for of, value in sorted(feedback.answers) if of == response)

    @property
    def left(self) -> list[ModalFeedback]:
        """Return the feedback that no answer took."""
        return [feedback for feedback in self.shown if not feedback.taken]

    def _read(self, element: Element) -> ModalFeedback:
        name, outcome = element.get("identifier", ""), element.get("outcomeIdentifier", "")
        answers = {(ANY, name)}
        around = next((ancestor for ancestor in element.iterancestors() if local(ancestor) in CHOICES), None)
        if around is not None:
            answers.add((ANY, around.get("identifier", "")))
        for setting in descendants(self._item, "setOutcomeValue"):
            if setting.get("identifier") != outcome:
                continue
            answers |= self._compared(setting)
            branch = setting.getparent()
            if branch is not None and local(branch) in ("responseIf", "responseElseIf") and words(setting).strip() == name:
                answers |= self._compared(branch[0])
        bare = deepcopy(element)
        bare.tail = None
        return ModalFeedback(bare, name, frozenset() if element.get("showHide") == "hide" else frozenset(answers))

    def _compared(self, expression: Element) -> set[tuple[str, str]]:
        """Return the answers for which an expression alone is true: a value, or one of several; none where more has to hold."""
        answers: set[tuple[str, str]] = set()
        for comparison in (node for node in expression.iter() if isinstance(node.tag, str) and local(node) in _COMPARISONS):
            responses = [inner.get("identifier", "") for inner in descendants(comparison, "variable")]
            values = [one_line(clean(words(inner))) for inner in descendants(comparison, "baseValue")]
            if _is_within(comparison, ("not",)):
                return set()
            if len(responses) == len(values) == 1 and responses[0] in self._responses:
                answers.add((responses[0], values[0]))
        several = len(answers) > 1 and any(True for _one in descendants(expression, "and"))
        return set() if several else answers


def _is_within(element: Element, names: tuple[str, ...]) -> bool:
    return any(local(ancestor) in names for ancestor in element.iterancestors())


class PairReader:
    """Reads one such interaction; `inside` is then the text with gaps that it gives, '' for none."""

    def __init__(self, texts: QtiTextReader, worths: Worths, why: Callable[[str], Texts | None]) -> None:
        self.texts, self.worths, self._why = texts, worths, why
        self.language = texts.language
        self.inside = ""

    # --- Matchings ---------------------------------------------------------------------------------------------------------------------

    def matching(self, interaction: Element) -> MatchingBody | GapsBody:
        """Return a matching; gaps with a list each where its pairs are worth different points."""
        sets = children(interaction, "simpleMatchSet")
        if len(sets) != 2:
            raise NotTranslatable(N_("A matching has two sets."))
        items, matches = (
            {
                node.get("identifier", ""): required_text(self.texts.content(node, INLINE))
                for node in children(part, "simpleAssociableChoice")
            }
            for part in sets
        )
        shuffle = interaction.get("shuffle") == "true"
        response = interaction.get("responseIdentifier", "")
        paired = self.worths.of_pairs(response, list(items), list(matches), lambda item, match: f"{item} {match}")
        if paired is not None and not paired.is_even:
            return self._lists(items, matches, paired, shuffle)
        right = {item: paired.right(item) for item in items} if paired is not None else self._correct(response, items, matches)
        return self._matching(items, matches, right, shuffle)

    def _correct(self, response: str, items: Mapping[str, str], matches: Mapping[str, str]) -> dict[str, str]:
        stated = [pair.split() for pair in self.worths.of(response).correct]
        right = {pair[0]: pair[1] for pair in stated if len(pair) == 2}
        if len(right) != len(stated) or set(right) != set(items) or not set(right.values()) <= set(matches):
            raise NotTranslatable(
                N_("Not every item of the matching has exactly one match."), N_("Here, each matching item has exactly one.")
            )
        return right

    def _matching(self, items: Mapping[str, str], matches: Mapping[str, str], right: Mapping[str, str], shuffle: bool) -> MatchingBody:
        keys, choices = KeyAllocator(), matched([matches[right[ident]] for ident in items] + list(matches.values()))
        pairs = tuple(
            Pair(
                keys.of(item),
                {self.language: item},
                choices[matches[right[ident]]],
                {self.language: matches[right[ident]]},
                self._why(ident),
            )
            for ident, item in items.items()
        )
        used = {pair.match_key for pair in pairs}
        extra = tuple(KeyedLabel(key, {self.language: text}) for text, key in choices.items() if key not in used)
        return MatchingBody(pairs, extra, shuffle)

    def _lists(self, items: Mapping[str, str], matches: Mapping[str, str], paired: Paired, shuffle: bool) -> GapsBody:
        """Return one gap an item, each with the list of all matches and its own weight: pairs of a matching count all the same here."""
        self.texts.remarks.note(
            N_("The matching became gaps with a list to choose from."),
            N_("Its pairs are worth different marks, which gaps allow and pairs do not."),
        )
        gaps, lines = [], []
        for at, (ident, item) in enumerate(items.items(), start=1):
            name = gap_name(at, len(items))
            weighted = [WeightedOption({self.language: text}, paired.shares[ident, match]) for match, text in matches.items()]
            gaps.append(Gap(name, single_choice(weighted, shuffle=shuffle), paired.weights[ident]))
            lines.append(f"- {item}: {{{name}}}")
        self.inside = "\n".join(lines)
        return GapsBody(tuple(gaps))

    # --- Texts with gaps ---------------------------------------------------------------------------------------------------------------

    def dragged(self, interaction: Element) -> GapsBody:
        """Return a text with gaps that are filled from one set; a wrong text costs what the mapping takes for it."""
        texts = {node.get("identifier", ""): self.texts.content(node, INLINE) for node in children(interaction, "gapText")}
        places = [node.get("identifier", "") for node in descendants(interaction, "gap")]
        response = interaction.get("responseIdentifier", "")
        if not places or not texts:
            raise NotTranslatable(N_("Not every gap has one right text."))
        paired = self.worths.of_pairs(response, places, list(texts), lambda gap, text: f"{text} {gap}")
        right = {gap: paired.right(gap) for gap in places} if paired is not None else self._right_texts(response, places, texts)
        keys = matched([texts[right[gap]] for gap in places] + list(texts.values()))
        gaps = []
        for at, gap in enumerate(places, start=1):
            answers = [TextPattern({self.language: texts[right[gap]]}, True, Fraction(1), None, keys[texts[right[gap]]])]
            answers += self._others(gap, right[gap], texts, keys, paired)
            weight = paired.weights[gap] if paired is not None and not paired.is_even else Fraction(1)
            gaps.append(Gap(gap_name(at, len(places)), ShortAnswerBody(tuple(answers), True, self.language == "es"), weight))
        self.inside = self._gap_text(interaction)
        return GapsBody(tuple(gaps), True, tuple(KeyedLabel(key, {self.language: text}) for text, key in keys.items()))

    def _others(self, gap: str, right: str, texts: Mapping[str, str], keys: Mapping[str, str], paired: Paired | None) -> list[TextPattern]:
        """Return the other texts that gain or cost something in a gap."""
        shares = {texts[ident]: paired.shares[gap, ident] for ident in texts if ident != right} if paired is not None else {}
        return [
            TextPattern({self.language: text}, share > 0, share, None, keys[text])
            for text, share in shares.items()
            if share and text != texts[right]
        ]

    def _right_texts(self, response: str, places: Sequence[str], texts: Mapping[str, str]) -> dict[str, str]:
        pairs = [pair.split() for pair in self.worths.of(response).correct]
        right = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
        if set(right) != set(places) or not set(right.values()) <= set(texts):
            raise NotTranslatable(N_("Not every gap has one right text."))
        return right

    def _gap_text(self, interaction: Element) -> str:
        gaps = descendants(interaction, "gap")
        replace_by_gaps(gaps)
        for element in (*children(interaction, "gapText"), *children(interaction, "prompt")):
            interaction.remove(element)
        return with_gap_names(self.texts.html(inner_markup(interaction), BLOCKS), len(gaps))


def replace_by_gaps(interactions: Sequence[Element]) -> None:
    """Put the sign of a gap in the place of each interaction."""
    for at, interaction in enumerate(interactions, start=1):
        for inner in list(interaction):
            interaction.remove(inner)
        interaction.tag, interaction.text = "span", gap_placeholder(at)
        for name in list(interaction.attrib):
            del interaction.attrib[name]
