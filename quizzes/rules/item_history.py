"""The history of a question in sums that say nothing of a person (spec/selection 2.1, 2.3 and 2.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from math import log, sqrt
from typing import Self

from kernel.codes import rounded_units

PLACES = 12
UNIT = 10**PLACES
"""Sums are whole numbers of this many parts: exact on both databases, so that a replay gives the same."""
NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class HistorySums:
    """Sums of the answers to a question: shares of its mark and of the rest's maximum, in units; and how often it was shown and blank.

    ``practice_count`` and ``practice_shares`` are of quizzes that do not count; ``log_seconds`` of so many ``timed`` answers, in units.
    """

    shown: int = 0
    count: int = 0
    blank: int = 0
    shares: int = 0
    squares: int = 0
    rests: int = 0
    rest_squares: int = 0
    products: int = 0
    practice_count: int = 0
    practice_shares: int = 0
    timed: int = 0
    log_seconds: int = 0

    def __add__(self, other: Self) -> Self:
        """Return both together."""
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    def columns(self) -> dict[str, int]:
        """Return the sums by their names, which are those of the table's columns."""
        return {name: getattr(self, name) for name in SUMS}


SUMS = tuple(field.name for field in fields(HistorySums))


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A question of an ended attempt: the stored share of its mark (None: not marked), its maximum, whether it was voided or blank."""

    version: int
    share: Fraction | None
    maximum: Fraction
    blank: bool = False
    voided: bool = False
    removed: bool = False
    """Voided, and out of the total."""
    variant: str = ""
    """The values of its variables, where each has a facility of its own (1.23)."""
    seconds: int | None = None
    """The time that the question took, None where it is not known (6.3)."""


def sums_of(items: Sequence[HistoryItem], *, first: bool, counts: bool) -> list[tuple[int, str, HistorySums]]:
    """Return the sums that an ended attempt adds to its questions' history; only that they were shown while a grader is awaited.

    Only first attempts count, and practice apart from quizzes that count (2.3). What is of a variant counts for it too.
    """
    sums = _sums_by_version(items, first=first, counts=counts)
    return [
        (item.version, variant, item_sums)
        for item, item_sums in zip(items, sums, strict=True)
        for variant in dict.fromkeys(("", item.variant))
    ]


def _sums_by_version(items: Sequence[HistoryItem], *, first: bool, counts: bool) -> list[HistorySums]:
    pending = any(item.share is None and item.maximum > 0 and not item.removed for item in items)
    if pending or not first:
        return [HistorySums(shown=1)] * len(items)
    total = sum((_mark(item) for item in items if not item.removed), Fraction(0))
    maximum = sum((item.maximum for item in items if not item.removed), Fraction(0))
    return [_sums(item, total, maximum, counts=counts) for item in items]


def _mark(item: HistoryItem) -> Fraction:
    return (item.share or Fraction(0)) * item.maximum


def _sums(item: HistoryItem, total: Fraction, maximum: Fraction, *, counts: bool) -> HistorySums:
    if item.voided or item.share is None or item.maximum <= 0:
        return HistorySums(shown=1)
    share = item.share
    if not counts:
        return HistorySums(shown=1, practice_count=1, practice_shares=_units(share))
    other = maximum - item.maximum
    rest = (total - _mark(item)) / other if other > 0 else Fraction(0)
    return HistorySums(
        shown=1,
        count=1,
        blank=int(item.blank),
        shares=_units(share),
        squares=_units(share * share),
        rests=_units(rest),
        rest_squares=_units(rest * rest),
        products=_units(share * rest),
        timed=int(item.seconds is not None),
        log_seconds=0 if item.seconds is None else round(log(max(1, item.seconds)) * UNIT),
    )


def _units(value: Fraction) -> int:
    return rounded_units(value, PLACES)


@dataclass(frozen=True, slots=True)
class PooledFacility:
    """The mean share of a question's mark, with Wilson's interval at 95 %: shares count as so many answers."""

    count: int
    facility: Fraction
    low: float
    high: float


def pooled_facility(sums: HistorySums) -> PooledFacility | None:
    """Return the facility of all answers together; None without any (spec/selection 2.4)."""
    if not sums.count:
        return None
    share = Fraction(sums.shares, UNIT * sums.count)
    low, high = wilson(min(1.0, max(0.0, float(share))), sums.count)
    return PooledFacility(sums.count, share, low, high)


def practice_facility(sums: HistorySums) -> Fraction | None:
    """Return the mean share of the mark in quizzes that do not count; None without any (spec/selection 2.3)."""
    return Fraction(sums.practice_shares, UNIT * sums.practice_count) if sums.practice_count else None


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's interval at 95 % of a share of so many answers."""
    square = NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = NORMAL / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def pooled_discrimination(groups: Iterable[HistorySums]) -> float | None:
    """Return the correlation of a question with the rest, within each group: what differs between classes does not count.

    spec/selection 2.4; None where the answers or the rests of no group differ.
    """
    shared = answered = rested = Fraction(0)
    for group in groups:
        if group.count:
            shared += Fraction(group.products, UNIT) - Fraction(group.shares * group.rests, UNIT * UNIT * group.count)
            answered += Fraction(group.squares, UNIT) - Fraction(group.shares**2, UNIT * UNIT * group.count)
            rested += Fraction(group.rest_squares, UNIT) - Fraction(group.rests**2, UNIT * UNIT * group.count)
    return float(shared) / sqrt(answered * rested) if answered > 0 and rested > 0 else None
