"""The content of a response declaration of QTI 2: the right values, and what each value is worth by its mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from standards._numbers import number
from standards._texts import clean, one_line
from standards._xml import Element, child, children, words


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
    mapping = {one_line(clean(entry.get("mapKey", ""))): number(entry.get("mappedValue", "0")) for entry in entries}
    sensitive = any(entry.get("caseSensitive", "false") == "true" for entry in entries) or _differs_by_case(mapping)
    usual, most = (Fraction(0) if table is None else number(table.get(name, "0")) for name in ("defaultValue", "upperBound"))
    low = table.get("lowerBound") if table is not None else None
    least = number(low) if low is not None else None
    return Declaration(
        element.get("baseType", ""), element.get("cardinality") == "multiple", correct, mapping, sensitive, usual, most, least
    )


def _differs_by_case(mapping: Mapping[str, Fraction]) -> bool:
    """Return whether words that differ only in case are worth different points, which ignoring case would make equal."""
    worth: dict[str, Fraction] = {}
    return any(worth.setdefault(word.casefold(), points) != points for word, points in mapping.items())
