"""The kinds of findings on a question or a quiz, and how sure they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TypedDict, Unpack

SIGN = Fraction(1, 20)
LIKELY = Fraction(1, 100)
CLEAR = Fraction(1, 1000)
"""How often at most a class without the defect gives a finding of each strength."""


class FindingKind(StrEnum):
    """The kind of a finding."""

    WRONG_KEY = "wrong_key"
    """The best choose another answer, and the key is nobody's of them."""
    SECOND_KEY = "second_key"
    """The best choose the key or another answer: two are right."""
    RIGHT_AVOIDED = "right_avoided"
    """Of several options, one that is held for right is left out by the best."""
    CHANCE = "chance"
    """The best get it right as often as by chance, and surely less often than if half of them knew it."""
    NEGATIVE = "negative"
    """Who knows more gets it wrong more often."""
    WEAK = "weak"
    """It does not tell who knows from who does not."""
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    UNUSED_OPTION = "unused_option"
    NARROW_TOLERANCE = "narrow_tolerance"
    """Numbers that are nearly right get nothing."""
    SLIPPED_NUMBER = "slipped_number"
    """Right numbers with the decimal sign in another place, or with the other sign."""
    SPELLING = "spelling"
    """Words that are nearly an accepted one get nothing."""
    OTHER_ANSWER = "other_answer"
    """The best type something that gets nothing."""
    PLACE = "place"
    """It goes worse or better in the second half of the paper."""
    VALUES = "values"
    """Of a calculated question: some values of a variable make it harder."""
    FIRST_PLACE = "first_place"
    """The option that stands first is taken because it stands there."""
    PASSED_OVER = "passed_over"
    """Many leave it blank and go on."""
    TOO_LITTLE_TIME = "too_little_time"
    """Of a quiz: many do not reach its last questions."""


class FindingStrength(StrEnum):
    """The strength of a finding, by the chance that a class without the defect gives this very finding."""

    SIGN = "sign"
    """At most 5 %."""
    LIKELY = "likely"
    """At most 1 %."""
    CLEAR = "clear"
    """At most 0.1 %."""


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """A finding of the item analysis; ``answers`` attempts stand behind it.

    ``part`` and ``answer`` name what it is about: an option's key, or what was typed; ``count`` attempts gave that. Of the best
    ``top``, ``top_answer`` gave it and ``top_key`` gave the key. ``share`` is the facility, the discrimination or the difference
    that the finding speaks of; of chance, it is the share that guessing gets right.
    """

    ailment: FindingKind
    strength: FindingStrength
    answers: int
    part: str = ""
    answer: str = ""
    count: int = 0
    top: int = 0
    top_answer: int = 0
    top_key: int = 0
    share: Fraction | None = None
    p: Fraction = field(default=Fraction(0), compare=False)
    """How often a class without the defect gives it."""
    told: bool = field(default=False, compare=False)
    """Whether it stands out among all tests of the quiz; else it is a sign among others."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one test of a question or a quiz: its p-value, also where it found nothing, and its finding, if any."""

    p: Fraction
    finding: ItemFinding | None = None


NOT_MET = Outcome(Fraction(1))
"""Of a test whose conditions are not met, whatever its p-value would be."""


class FindingDetails(TypedDict, total=False):
    """The details of a finding beside its kind, its strength and the number of answers."""

    part: str
    answer: str
    count: int
    top: int
    top_answer: int
    top_key: int
    share: Fraction | None


def outcome(p: Fraction, ailment: FindingKind, answers: int, *, met: bool = True, **facts: Unpack[FindingDetails]) -> Outcome:
    """Return the outcome of a test: with a finding where its other conditions are met and p is at most SIGN."""
    if not met:
        return NOT_MET
    p = min(p, Fraction(1))
    return Outcome(p, ItemFinding(ailment, strength_of(p), answers, **facts, p=p) if p <= SIGN else None)


def strength_of(p: Fraction) -> FindingStrength:
    """Return how sure a finding is by the p-value of its test."""
    if p <= CLEAR:
        return FindingStrength.CLEAR
    return FindingStrength.LIKELY if p <= LIKELY else FindingStrength.SIGN


def findings_in(outcomes: Iterable[Outcome]) -> tuple[ItemFinding, ...]:
    """Return all findings, whether they stand out or not."""
    return tuple(made.finding for made in outcomes if made.finding is not None)
