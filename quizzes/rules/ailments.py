"""What may be wrong with a question or a quiz, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.significance import FIVE_PERCENT, ONE_PER_MILLE, ONE_PERCENT


class Ailment(StrEnum):
    """What a finding says."""

    WRONG_KEY = "wrong_key"
    """The best choose another answer, and the key is nobody's of them."""
    SECOND_KEY = "second_key"
    """The best choose the key or another answer: two are right."""
    RIGHT_AVOIDED = "right_avoided"
    """Of several options, one that is held for right is left out by the best."""
    CHANCE = "chance"
    """Even the best get it no more often right than by chance."""
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


class Strength(StrEnum):
    """How sure a finding is, by the chance that a class without the defect gives it."""

    SIGN = "sign"
    """Below 5 %."""
    LIKELY = "likely"
    """Below 1 %."""
    CLEAR = "clear"
    """Below 0.1 %."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; ``answers`` attempts stand behind it.

    ``part`` and ``answer`` name what it is about: an option's key, or what was typed; ``count`` attempts gave that. Of the best
    ``top``, ``top_answer`` gave it and ``top_key`` gave the key. ``share`` is the facility, the discrimination or the difference
    that the finding speaks of.
    """

    ailment: Ailment
    strength: Strength
    answers: int
    part: str = ""
    answer: str = ""
    count: int = 0
    top: int = 0
    top_answer: int = 0
    top_key: int = 0
    share: Fraction | None = None


def strength_of(square: Fraction) -> Strength:
    """Return how sure a finding is by the square of its test."""
    if abs(square) >= ONE_PER_MILLE:
        return Strength.CLEAR
    return Strength.LIKELY if abs(square) >= ONE_PERCENT else Strength.SIGN


def is_shown(square: Fraction) -> bool:
    """Say whether a test's square is large enough to be told at all."""
    return abs(square) >= FIVE_PERCENT
