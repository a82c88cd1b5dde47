"""The settings of a quiz: every field of spec/content-format 9, that is about behaviour and not about questions.

The reader makes it from the quiz's file, publishing freezes it (``encoding.encode``), an attempt keeps what it needs.
Dates and persons' settings (overrides, accommodations) are applied by ``access.effective``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from enrolments.rules import GradedCompletionRule, GradingMethod


class Behaviour(StrEnum):
    """When answers are marked and what a learner may do after (spec/quiz-engine 5.6)."""

    DEFERRED = "deferred"
    IMMEDIATE = "immediate"
    INTERACTIVE = "interactive"
    ADAPTIVE = "adaptive"
    CERTAINTY = "certainty"


class Navigation(StrEnum):
    """Any page at any time, or forward only (spec/quiz-engine 5.5)."""

    FREE = "free"
    SEQUENTIAL = "sequential"


class AtEnd(StrEnum):
    """The effect on an open attempt when its time ends (spec/quiz-engine 5.3.3)."""

    SUBMIT = "submit"
    GRACE = "grace"
    ABANDON = "abandon"


class ReviewMoment(StrEnum):
    """The four moments of review (spec/quiz-engine 5.9)."""

    DURING = "during"
    AFTER = "after"
    LATER = "later"
    CLOSED = "closed"


class ReviewFlag(StrEnum):
    """A part of an attempt that may be shown in a review moment (spec/quiz-engine 5.9)."""

    ATTEMPT = "attempt"
    CORRECTNESS = "correctness"
    MAX_MARKS = "max_marks"
    MARKS = "marks"
    SPECIFIC = "specific"
    GENERAL = "general"
    RIGHT_ANSWER = "right_answer"
    OVERALL = "overall"
    SOURCE = "source"


class ReviewPreset(StrEnum):
    """Named sets of flags for all moments."""

    PRACTICE = "practice"
    LEARNING = "learning"
    EXAM = "exam"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class AttemptPause:
    """Seconds to wait between the first attempt and the second, and between later ones."""

    first: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class QuizCompletion:
    """The rule and, for ``attempted``, how many attempts."""

    rule: GradedCompletionRule = GradedCompletionRule.PASSED
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class FeedbackBand:
    """Overall feedback from a percentage on, up to the next band."""

    start: Fraction
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """A preset, and for single moments the flags instead of it (an empty tuple shows nothing)."""

    preset: ReviewPreset = ReviewPreset.LEARNING
    overrides: Mapping[str, tuple[ReviewFlag, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuizSettings:
    """The settings of a quiz; times in whole seconds, percentages from 0 to 100."""

    per_page: int = 0
    navigation: Navigation = Navigation.FREE
    behaviour: Behaviour = Behaviour.DEFERRED
    shuffle_options: bool = True
    build_on_last: bool = False
    attempts: int = 0
    pause: AttemptPause = field(default_factory=AttemptPause)
    grading: GradingMethod = GradingMethod.HIGHEST
    limit: int | None = None
    at_end: AtEnd = AtEnd.SUBMIT
    grace: int = 0
    pass_mark: Fraction | None = Fraction(70)
    max_grade: Fraction = Fraction(100)
    decimals: int = 2
    question_decimals: int | None = None
    allow_negative_total: bool = False
    offline_window: int = 0
    category: str = ""
    weight: Fraction = Fraction(1)
    feedback: tuple[FeedbackBand, ...] = ()
    review: ReviewOptions = field(default_factory=ReviewOptions)
    completion: QuizCompletion = field(default_factory=QuizCompletion)

    @property
    def is_graded(self) -> bool:
        """Return whether the quiz counts in the course grade."""
        return self.weight > 0
