"""The result of marking: the share of the mark, its name, and the result of every part."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

TOLERANCE = Fraction(1, 1_000_000)
_NOTHING = Fraction(0)
_ALL = Fraction(1)


class MarkState(StrEnum):
    """The state of an answer after marking."""

    NOT_ANSWERED = "not_answered"
    INVALID = "invalid"
    WRONG = "wrong"
    PARTIAL = "partial"
    RIGHT = "right"
    NEEDS_GRADING = "needs_grading"
    NOT_MARKED = "not_marked"


@dataclass(frozen=True, slots=True)
class PartMark:
    """The result of a part: a chosen option, pair, item, gap, row, or the whole ("").

    ``matched`` names the answer that decided: an option's, match's or column's key, or the place of the entry in
    ``answers`` counted from 0; empty: none. ``feedback.why`` finds what the author wrote for it.
    """

    part: str
    state: MarkState
    fraction: Fraction
    weight: Fraction = _ALL
    matched: str = ""
    unit_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Marking:
    """The result of an answer; ``fraction`` is None where a person marks it and where there is no mark at all."""

    state: MarkState
    fraction: Fraction | None
    parts: tuple[PartMark, ...] = ()


def state_of(fraction: Fraction) -> MarkState:
    """Name a share: below a millionth wrong, above one less a millionth right, else partly right (spec/quiz-engine 5.1.6)."""
    if fraction < TOLERANCE:
        return MarkState.WRONG
    return MarkState.RIGHT if fraction > _ALL - TOLERANCE else MarkState.PARTIAL


def whole(part: PartMark) -> Marking:
    """Make the only part the result."""
    return Marking(part.state, part.fraction, (part,))


def mean(results: Iterable[PartMark]) -> Marking:
    """Make the weighted mean of the parts the result; 0 where all weights are 0."""
    parts = tuple(results)
    weight = sum(part.weight for part in parts)
    fraction = Fraction(sum(part.fraction * part.weight for part in parts), weight) if weight else _NOTHING
    return Marking(state_of(fraction), fraction, parts)
