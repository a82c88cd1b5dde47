"""The review of an attempt: what a learner sees of it, and when (spec/quiz-engine 5.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from quizzes.rules.settings import Behaviour, ReviewFlag, ReviewMoment, ReviewOptions, ReviewPreset

IMMEDIATELY = timedelta(minutes=2)
GIVES_FEEDBACK_AT_ONCE = frozenset({Behaviour.IMMEDIATE, Behaviour.INTERACTIVE, Behaviour.ADAPTIVE})

_ALL = frozenset(ReviewFlag)
_NONE: frozenset[ReviewFlag] = frozenset()
_BASE = frozenset({ReviewFlag.ATTEMPT, ReviewFlag.MAX_MARKS})
_AT_ONCE = _BASE | {ReviewFlag.CORRECTNESS, ReviewFlag.SPECIFIC, ReviewFlag.GENERAL}
_OF_THE_WHOLE = frozenset({ReviewFlag.MAX_MARKS, ReviewFlag.MARKS, ReviewFlag.OVERALL})
_WITHOUT_KEY = _ALL - {ReviewFlag.RIGHT_ANSWER}
_OF_THE_KEY = frozenset({ReviewFlag.RIGHT_ANSWER, ReviewFlag.SPECIFIC, ReviewFlag.GENERAL, ReviewFlag.SOURCE})
_AFTER_LOCKING = frozenset({ReviewFlag.GENERAL, ReviewFlag.RIGHT_ANSWER, ReviewFlag.SOURCE})
_AFTER_CHECKING = frozenset({ReviewFlag.CORRECTNESS, ReviewFlag.MARKS, ReviewFlag.SPECIFIC})

PRESETS: Mapping[ReviewPreset, Mapping[ReviewMoment, frozenset[ReviewFlag]]] = {
    ReviewPreset.PRACTICE: {ReviewMoment.DURING: _ALL, ReviewMoment.AFTER: _ALL, ReviewMoment.LATER: _ALL, ReviewMoment.CLOSED: _ALL},
    ReviewPreset.LEARNING: {ReviewMoment.AFTER: _WITHOUT_KEY, ReviewMoment.LATER: _WITHOUT_KEY, ReviewMoment.CLOSED: _ALL},
    ReviewPreset.EXAM: {ReviewMoment.AFTER: _OF_THE_WHOLE, ReviewMoment.LATER: _OF_THE_WHOLE, ReviewMoment.CLOSED: _WITHOUT_KEY},
    ReviewPreset.HIDDEN: {ReviewMoment.AFTER: _NONE, ReviewMoment.LATER: _NONE, ReviewMoment.CLOSED: _OF_THE_WHOLE},
}


class Reader(Enum):
    """The role in which a person views an attempt."""

    LEARNER = "learner"
    """Whoever made it."""
    GRADER = "grader"
    """Works with the answers of others and is never shown a key (spec/security 9, quiz.view_answers)."""
    EDITOR = "editor"
    """Sees all at any moment."""


@dataclass(frozen=True, slots=True)
class QuestionProgress:
    """A learner's progress with a question during an attempt: checked at least once; locked for good."""

    checked: bool = False
    locked: bool = False


def moment_of(ended_at: datetime | None, closes: datetime | None, *, another_open: bool = False, now: datetime) -> ReviewMoment:
    """Return the review moment of an attempt that was submitted or abandoned then; None: it goes on.

    After the close date it is ``closed``, once no other attempt of the learner is open; without a close date that never comes.
    """
    if ended_at is None:
        return ReviewMoment.DURING
    if closes is not None and now >= closes and not another_open:
        return ReviewMoment.CLOSED
    return ReviewMoment.AFTER if now < ended_at + IMMEDIATELY else ReviewMoment.LATER


def flags_for(review: ReviewOptions, moment: ReviewMoment, behaviour: Behaviour, reader: Reader = Reader.LEARNER) -> frozenset[ReviewFlag]:
    """Return what may be shown of an attempt: to editors all, to graders what the learner sees but nothing that reveals the key.

    Without ``attempt`` everything about single questions is off; what remains is of the attempt as a whole: its marks,
    their maximum and the overall feedback. During an attempt the questions are always shown, and more than their
    maximum marks only with a behaviour that gives feedback at once.
    """
    if reader is Reader.EDITOR:
        return _ALL
    shown = _shown_to_learner(review, moment, behaviour)
    return shown - _OF_THE_KEY if reader is Reader.GRADER else shown


def _shown_to_learner(review: ReviewOptions, moment: ReviewMoment, behaviour: Behaviour) -> frozenset[ReviewFlag]:
    override = review.overrides.get(moment)
    chosen = PRESETS[review.preset].get(moment, _AT_ONCE) if override is None else frozenset(override)
    if moment is ReviewMoment.DURING:
        allowed = _ALL if behaviour in GIVES_FEEDBACK_AT_ONCE else _BASE
        return chosen & allowed | {ReviewFlag.ATTEMPT}
    return chosen if ReviewFlag.ATTEMPT in chosen else chosen & _OF_THE_WHOLE


def flags_for_item(flags: frozenset[ReviewFlag], moment: ReviewMoment, progress: QuestionProgress) -> frozenset[ReviewFlag]:
    """Return what may be shown of one question: during an attempt its feedback after checking, its solution after locking."""
    if moment is not ReviewMoment.DURING:
        return flags
    hidden = (_NONE if progress.checked else _AFTER_CHECKING) | (_NONE if progress.locked else _AFTER_LOCKING)
    return flags - hidden


def may_download_answers(flags: frozenset[ReviewFlag]) -> bool:
    """Return whether a learner may download their answers: always once marks are visible."""
    return bool(flags & {ReviewFlag.ATTEMPT, ReviewFlag.MARKS})


_EARLY = (ReviewMoment.DURING, ReviewMoment.AFTER, ReviewMoment.LATER)
EXPLAINING = frozenset({ReviewFlag.RIGHT_ANSWER, ReviewFlag.SPECIFIC, ReviewFlag.GENERAL})
"""What tells the key of a question: right answers, feedback on answers and explanations."""


def shows_key_early(review: ReviewOptions, behaviour: Behaviour) -> bool:
    """Return whether right answers are shown while attempts may remain (the check C506)."""
    return any(ReviewFlag.RIGHT_ANSWER in flags_for(review, moment, behaviour) for moment in _EARLY)


def shows_key_closed(review: ReviewOptions) -> bool:
    """Return whether right answers, explanations or feedback on answers are shown once a quiz is closed."""
    return bool(EXPLAINING & flags_for(review, ReviewMoment.CLOSED, Behaviour.DEFERRED))


def explains_early(review: ReviewOptions, behaviour: Behaviour) -> bool:
    """Return whether right answers, explanations or feedback on answers are shown before the quiz is closed (spec/selection 0.2)."""
    return any(EXPLAINING & flags_for(review, moment, behaviour) for moment in _EARLY)
