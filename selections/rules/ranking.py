"""Ranks, bands and outcomes of the people of a selection, exactly (spec/selection 4.3 to 4.6).

Equal results are drawn in public: anybody makes the draw again from the provisional acta and the announced text.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import sqrt

from enrolments.rules import GradingMethod, has_passed
from kernel.codes import round_half_up
from quizzes.rules.grades import AttemptGrade, grade_over_attempts

APART_AT = 1.959964
"""Normal quantile of 97.5 %: two results farther apart than so many standard errors of a difference are told apart at 95 %."""


class SelectionOutcome(StrEnum):
    """The outcome of a person in a selection."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"
    RANKED = "ranked"
    """A result in a quiz without pass mark."""
    WAITING = "waiting"
    """Something of theirs waits for a grader: the acta cannot be final."""
    DID_NOT_SIT = "did_not_sit"
    EXCLUDED = "excluded"
    """Left out by the jury, on a ground of its own: without rank."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of a selection with all their attempts; `order` sorts those of equal rank, and nothing else."""

    id: int
    name: str
    order: str
    attempts: tuple[AttemptGrade, ...] = ()
    is_waiting: bool = False
    basis: int = 0
    """The last mark event of their attempts."""
    enrolment_id: int = 0
    """The take whose attempts these are."""
    is_excluded: bool = False
    """By a decision of the jury."""


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """The settings by which results become outcomes: which attempt counts, the pass mark, and how many attempts everybody has (0: any)."""

    grading: GradingMethod
    pass_mark: Fraction | None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Precision:
    """The precision of results, in points of 100: the standard error of measurement, and the mean of x(100 − x) of those it is from."""

    sem: float
    doubt: float

    def csem(self, percent: Fraction) -> float | None:
        """Return the standard error at a result (spec/selection 3.3); None outside 0 to 100."""
        if not 0 <= percent <= 100 or self.doubt <= 0:
            return None
        return self.sem * sqrt(float(percent * (100 - percent)) / self.doubt)


@dataclass(frozen=True, slots=True)
class RankedPerson:
    """A person in their place: `alike` are the first and last places that the test does not tell apart from this one."""

    person: Participant
    outcome: SelectionOutcome
    percent: Fraction | None = None
    rank: int | None = None
    numbers: tuple[int, ...] = ()
    counted: tuple[int, ...] = ()
    """The attempts that count by their own numbers, which no acta shows: more than everybody has would tell of an accommodation."""
    csem: float | None = None
    alike: tuple[int, int] | None = None
    broken: "TieBreak | None" = None
    """What put the person before or behind others with an equal result."""


@dataclass(frozen=True, slots=True)
class TieBreak:
    """The subtotals of a person in percent by which equal results are ordered, in the order of the criteria, and the lot that was drawn.

    None where a person has no marked question of an objective: behind those who have. Of lots the lower one goes ahead.
    """

    subtotals: tuple[Fraction | None, ...] = ()
    lot: str = ""

    @property
    def order(self) -> tuple[tuple[Fraction, ...], str]:
        """Return by what tied people are sorted; equal orders share a rank."""
        return tuple(Fraction(1) if subtotal is None else -subtotal for subtotal in self.subtotals), self.lot


def two_decimals(percent: Fraction) -> str:
    """Write a result with two decimals, halves up; what decides is the fraction."""
    hundredths = int(round_half_up(percent, 2) * 100)
    return f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"


def rank_people(
    people: Sequence[Participant],
    rules: SelectionRules,
    precision: Precision | None,
    ties: Callable[[Sequence[RankedPerson]], Mapping[int, TieBreak]] | None = None,
) -> list[RankedPerson]:
    """Put people in order: by result, those of equal result by name; then who waits, who did not sit and who was left out, by name.

    Ranks are 1, 2, 2, 4: one more than the people with a higher unrounded result. `ties` gives, of people who share a result with
    others, what orders them, by the number of the take; those whom nothing orders share the rank.
    """
    judged = [_judged(person, rules) for person in people]
    graded = sorted(
        (person for person in judged if person.percent is not None), key=lambda person: (-(person.percent or 0), person.person.order)
    )
    others = sorted(
        (person for person in judged if person.percent is None),
        key=lambda person: (person.outcome.value != SelectionOutcome.WAITING, person.person.order),
    )
    graded = _order_ties(graded, ties)
    falling = [-(person.percent or Fraction(0)) for person in graded]
    ranked = [_placed(person, falling, precision) for person in graded]
    return [*_part_ties(ranked), *others]


def _order_ties(graded: list[RankedPerson], ties: Callable[[Sequence[RankedPerson]], Mapping[int, TieBreak]] | None) -> list[RankedPerson]:
    """Put people of equal result into the order of the criteria; those who are alone with theirs are not looked at."""
    if ties is None:
        return graded
    sharing = Counter(person.percent for person in graded)
    broken = ties([person for person in graded if sharing[person.percent] > 1])
    ordered = [replace(person, broken=broken.get(person.person.enrolment_id)) for person in graded]
    return sorted(
        ordered, key=lambda person: (-(person.percent or 0), person.broken.order if person.broken else ((), ""), person.person.order)
    )


def _part_ties(ranked: Sequence[RankedPerson]) -> list[RankedPerson]:
    """Give each of those who share a result, and whom the criteria order, a rank of their own behind the others."""
    parted = list[RankedPerson]()
    for rank, person in enumerate(ranked, 1):
        before = parted[-1] if parted else None
        if person.broken is None or before is None or before.percent != person.percent:
            parted.append(person)
        elif before.broken is not None and before.broken.order == person.broken.order:
            parted.append(replace(person, rank=before.rank))
        else:
            parted.append(replace(person, rank=rank))
    return parted


def _judged(person: Participant, rules: SelectionRules) -> RankedPerson:
    if person.is_excluded:
        return RankedPerson(person, SelectionOutcome.EXCLUDED)
    percent = None if person.is_waiting else grade_over_attempts(rules.grading, person.attempts)
    if percent is None:
        return RankedPerson(person, SelectionOutcome.WAITING if person.is_waiting else SelectionOutcome.DID_NOT_SIT)
    passed = has_passed(percent, rules.pass_mark)
    outcome = SelectionOutcome.RANKED if passed is None else SelectionOutcome.PASSED if passed else SelectionOutcome.NOT_PASSED
    counted = _counted(person.attempts, percent, rules)
    return RankedPerson(person, outcome, percent, numbers=_printed_numbers(counted, rules), counted=counted)


def _counted(attempts: Sequence[AttemptGrade], percent: Fraction, rules: SelectionRules) -> tuple[int, ...]:
    """Return the attempts that count: all of them for an average, else the one that gives the result."""
    graded = [attempt for attempt in attempts if attempt.percent is not None and not attempt.abandoned]
    if rules.grading is not GradingMethod.AVERAGE:
        same = [attempt for attempt in graded if attempt.percent == percent]
        graded = same[-1:] if rules.grading is GradingMethod.LAST else same[:1]
    return tuple(attempt.number for attempt in graded)


def _printed_numbers(counted: Sequence[int], rules: SelectionRules) -> tuple[int, ...]:
    """Return the numbers of attempts as an acta shows them, none above what everybody has (4.7)."""
    return tuple(dict.fromkeys(number if not rules.attempts else min(number, rules.attempts) for number in counted))


def _placed(person: RankedPerson, falling: Sequence[Fraction], precision: Precision | None) -> RankedPerson:
    assert person.percent is not None
    rank = bisect_left(falling, -person.percent) + 1
    if precision is None:
        return replace(person, rank=rank)
    reach = Fraction(APART_AT * precision.sem * sqrt(2))
    alike = (bisect_right(falling, -person.percent - reach) + 1, bisect_left(falling, -person.percent + reach))
    return replace(person, rank=rank, csem=precision.csem(person.percent), alike=alike)


def draw_seed(provisional: Iterable[bytes], text: str) -> str:
    """Return the seed: the SHA-256 of the provisional acta, byte for byte, followed by the text announced before the sitting."""
    total = hashlib.sha256()
    for part in provisional:
        total.update(part)
    total.update(text.encode())
    return total.hexdigest()


def lot_of(seed: str, person: str) -> str:
    """Return the lot of a person: the SHA-256 of the seed and of the name of their line in the provisional acta. The lowest goes ahead."""
    return hashlib.sha256(bytes.fromhex(seed) + person.encode()).hexdigest()
