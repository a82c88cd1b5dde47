"""The response processing of an item of QTI 2: for which answers it gives how much, and what of it nobody read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from standards._numbers import is_number, number
from standards._texts import clean, one_line
from standards._xml import Element, child, children, descendants, local, words

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
        self.template = _template(self._processing)
        self.rules = [rule for setting in self._settings() if (rule := self._rule(setting)) is not None]
        self._kept: set[int] = set()

    def is_mapped(self, response: str) -> bool:
        """Say whether what the mapping of a response gives counts."""
        return "map_response" in self.template or any(response in rule.responses for rule in self._of(Basis.MAPPING))

    def keep(self, response: str, *bases: Basis) -> None:
        """Say that the question has what rules of these bases give for a response."""
        self._kept |= {id(rule) for rule in self._of(*bases) if response in rule.responses}

    def keep_range(self, response: str, worth: Fraction) -> None:
        """Say that the question has the range of a number that gives so much."""
        self._kept |= {id(rule) for rule in self._of(Basis.RANGE) if response in rule.responses and rule.worth == worth}

    def worth_of_correct(self, response: str) -> Fraction:
        """Return what the right answer to a response gives by comparison, 0 where no rule says so."""
        return max((rule.worth for rule in self._of(Basis.CORRECT) if response in rule.responses), default=_NOTHING)

    def worths(self, response: str) -> dict[str, Fraction]:
        """Return what single values of a response give, value -> points."""
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
        """Return what sets the score, or something that the score is made of."""
        every = descendants(self._processing, "setOutcomeValue") if self._processing is not None else []
        names, size = {SCORE}, 0
        while size < len(names):
            size = len(names)
            inside = [setting for setting in every if setting.get("identifier") in names]
            names |= {variable.get("identifier", "") for setting in inside for variable in descendants(setting, "variable")} - {MAXIMUM}
        return [setting for setting in every if setting.get("identifier") in names]

    def _rule(self, setting: Element) -> Rule | None:
        """Return what a setting gives; None where it gives nothing."""
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
        return sum((number(text) for text in texts if is_number(text)), self._maximum if whole else _NOTHING)

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
        """Say whether points for one of several values come on top of the others'."""
        branch = condition.getparent()
        rest = branch.getparent() if branch is not None else None
        return local(condition) == "member" and rest is not None and len(rest) == 1


def _template(processing: Element | None) -> str:
    return processing.get("template", "").removesuffix(".xml") if processing is not None else ""


def _default_of(item: Element, name: str) -> Fraction:
    default = [
        words(child(node, "defaultValue", "value")) for node in children(item, "outcomeDeclaration") if node.get("identifier") == name
    ]
    return number(default[0]) if default and is_number(default[0]) else _NOTHING


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
    """Return what has to hold together, without whether the response is answered at all."""
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
