"""The worth of the answers of one item of QTI 2, as shares for its readers; and what the question will not have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.errors import N_
from standards._numbers import credit
from standards._xml import Element, children
from standards.model import NotTranslatable
from standards.qti.declarations import Declaration, declaration
from standards.qti.scoring import Basis, Scoring

_NOTHING = Fraction(0)
_ALL = Fraction(1)
ANYTHING = "*"
"""The value that stands for every other one."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The worth of each choice at each place of a matching or a text with gaps: the place's weight, the choice's share of it."""

    weights: Mapping[str, Fraction]
    shares: Mapping[tuple[str, str], Fraction]

    @property
    def is_even(self) -> bool:
        """Say whether every place weighs the same and all but one choice at each is worth nothing."""
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
        """Return what all right answers score together, 0 where the item does not say so of each."""
        gained = self.gained.values()
        return sum(gained, _NOTHING) if all(gained) else _NOTHING

    def of(self, response: str) -> Declaration:
        """Return a declaration; raises NotTranslatable where there is none."""
        if response not in self.declared:
            raise NotTranslatable(N_("A response is not declared."))
        return self.declared[response]

    def is_mapped(self, response: str) -> bool:
        """Say whether the mapping of a response counts."""
        return bool(self.of(response).mapping) and self.scoring.is_mapped(response)

    def is_added(self, response: str) -> bool:
        """Say whether the values of a response are added up, not compared with the right answer."""
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
