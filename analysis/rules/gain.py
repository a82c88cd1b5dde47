"""The gain of a group between two parallel tests (spec/selection 7.3, spec/compulsory 15.2).

Half of the people have form A first, half form B, so that the difference of the forms falls out of the mean of both halves. Floats: these
figures inform people, and decide nothing. Scores are in percent of the maximum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

from analysis.rules.significance import t_quantile

LEAST_PEOPLE = 30
LEAST_ROOM = 10.0
"""Percent that the mean of the first test leaves to the maximum; with less there was little to gain."""
SURE = 0.975
_EVEN = 1e-9


@dataclass(frozen=True, slots=True)
class PairedScores:
    """The scores of one person: in the first and in the second test."""

    first: float
    second: float

    @property
    def difference(self) -> float:
        """Return the second less the first."""
        return self.second - self.first


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its standard error, degrees of freedom, and the interval that is right 95 of 100 times."""

    value: float
    error: float
    degrees: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CrossedGain:
    """The mean gain with the forms crossed, and by how much form B is harder than A."""

    gain: Estimate
    forms: float


def _estimate(value: float, error: float, degrees: float) -> Estimate:
    reach = t_quantile(SURE, degrees) * error
    return Estimate(value, error, degrees, value - reach, value + reach)


def crossed_gain(a_first: Sequence[PairedScores], b_first: Sequence[PairedScores]) -> CrossedGain | None:
    """Return the gain from two halves of a group; None below two people in either, or where no gain differs from another.

    Welch's degrees of freedom (Satterthwaite 1946), because the halves may spread differently.
    """
    if min(len(a_first), len(b_first)) < 2:
        return None
    first, two = ([person.difference for person in half] for half in (a_first, b_first))
    parts = variance(first) / len(first), variance(two) / len(two)
    if sum(parts) < _EVEN:
        return None
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(two) - 1))
    gain = _estimate((fmean(first) + fmean(two)) / 2, sqrt(sum(parts)) / 2, degrees)
    return CrossedGain(gain, (fmean(two) - fmean(first)) / 2)


@dataclass(frozen=True, slots=True)
class ShareOfRoom:
    """The gain of the means as a share of what the first test left to gain, with the plain difference of the means."""

    first: float
    second: float
    share: Estimate
    difference: Estimate
    change: float | None
    """The mean of single people's normalised changes (Marx and Cummings 2007); None where nobody has one."""


def normalised_change(person: PairedScores) -> float | None:
    """Return a person's change as a share of what could be gained or lost; None at both ends. Never shown of anybody."""
    if person.second > person.first:
        return person.difference / (100 - person.first)
    if person.second < person.first:
        return person.difference / person.first
    return None if person.first in (0, 100) else 0.0


def share_of_room(people: Sequence[PairedScores]) -> ShareOfRoom | None:
    """Return G = (second − first) ÷ (100 − first) of the means; None where there is no room, no second person, or no spread."""
    if len(people) < 2:
        return None
    first, second = fmean(person.first for person in people), fmean(person.second for person in people)
    room = 100 - first
    if room < LEAST_ROOM:
        return None
    share = (second - first) / room
    residues = [(person.second - second) - (1 - share) * (person.first - first) for person in people]
    degrees = len(people) - 1
    error = sqrt(sum(residue * residue for residue in residues) / degrees / len(people)) / room
    if error < _EVEN:
        return None
    spread = sqrt(variance(person.difference for person in people) / len(people))
    changes = [change for person in people if (change := normalised_change(person)) is not None]
    return ShareOfRoom(
        first,
        second,
        _estimate(share, error, degrees),
        _estimate(second - first, spread, degrees),
        fmean(changes) if changes else None,
    )
