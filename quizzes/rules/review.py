"""What a learner sees of an attempt, and when (5.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from quizzes.rules.settings import Behaviour, Flag, Moment, Preset, Review

IMMEDIATELY = timedelta(minutes=2)
GIVES_FEEDBACK_AT_ONCE = frozenset({Behaviour.IMMEDIATE, Behaviour.INTERACTIVE, Behaviour.ADAPTIVE})

_ALL = frozenset(Flag)
_NONE: frozenset[Flag] = frozenset()
_BASE = frozenset({Flag.ATTEMPT, Flag.MAX_MARKS})
_AT_ONCE = _BASE | {Flag.CORRECTNESS, Flag.SPECIFIC, Flag.GENERAL}
_OF_THE_WHOLE = frozenset({Flag.MAX_MARKS, Flag.MARKS, Flag.OVERALL})
_WITHOUT_KEY = _ALL - {Flag.RIGHT_ANSWER}
_OF_THE_KEY = frozenset({Flag.RIGHT_ANSWER, Flag.SPECIFIC, Flag.GENERAL, Flag.SOURCE})
_AFTER_LOCKING = frozenset({Flag.GENERAL, Flag.RIGHT_ANSWER, Flag.SOURCE})
_AFTER_CHECKING = frozenset({Flag.CORRECTNESS, Flag.MARKS, Flag.SPECIFIC})

PRESETS: Mapping[Preset, Mapping[Moment, frozenset[Flag]]] = {
    Preset.PRACTICE: {Moment.DURING: _ALL, Moment.AFTER: _ALL, Moment.LATER: _ALL, Moment.CLOSED: _ALL},
    Preset.LEARNING: {Moment.AFTER: _WITHOUT_KEY, Moment.LATER: _WITHOUT_KEY, Moment.CLOSED: _ALL},
    Preset.EXAM: {Moment.AFTER: _OF_THE_WHOLE, Moment.LATER: _OF_THE_WHOLE, Moment.CLOSED: _WITHOUT_KEY},
    Preset.HIDDEN: {Moment.AFTER: _NONE, Moment.LATER: _NONE, Moment.CLOSED: _OF_THE_WHOLE},
}


class Reader(Enum):
    """Who looks at an attempt."""

    LEARNER = "learner"
    """Whoever made it."""
    GRADER = "grader"
    """Works with the answers of others and is never shown a key (security 9, quiz.view_answers)."""
    EDITOR = "editor"
    """Sees all at any moment."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner is with a question during an attempt: checked at least once; locked for good."""

    checked: bool = False
    locked: bool = False


def moment_of(ended_at: datetime | None, closes: datetime | None, *, another_open: bool = False, now: datetime) -> Moment:
    """Return the moment of an attempt that was handed in or abandoned then; None: it goes on.

    After the close date it is ``closed``, once no other attempt of the learner is open; without a close date that never comes.
    """
    if ended_at is None:
        return Moment.DURING
    if closes is not None and now >= closes and not another_open:
        return Moment.CLOSED
    return Moment.AFTER if now < ended_at + IMMEDIATELY else Moment.LATER


def flags_for(review: Review, moment: Moment, behaviour: Behaviour, reader: Reader = Reader.LEARNER) -> frozenset[Flag]:
    """Return what may be shown of an attempt: to editors all, to graders what the learner sees but the key and what tells it.

    Without ``attempt`` everything about single questions is off; what remains is of the attempt as a whole: its marks,
    their maximum and the overall feedback. During an attempt the questions are always shown, and more than their
    maximum marks only with a behaviour that gives feedback at once.
    """
    if reader is Reader.EDITOR:
        return _ALL
    shown = _shown_to_learner(review, moment, behaviour)
    return shown - _OF_THE_KEY if reader is Reader.GRADER else shown


def _shown_to_learner(review: Review, moment: Moment, behaviour: Behaviour) -> frozenset[Flag]:
    override = review.overrides.get(moment)
    chosen = PRESETS[review.preset].get(moment, _AT_ONCE) if override is None else frozenset(override)
    if moment is Moment.DURING:
        allowed = _ALL if behaviour in GIVES_FEEDBACK_AT_ONCE else _BASE
        return chosen & allowed | {Flag.ATTEMPT}
    return chosen if Flag.ATTEMPT in chosen else chosen & _OF_THE_WHOLE


def flags_for_item(flags: frozenset[Flag], moment: Moment, progress: Progress) -> frozenset[Flag]:
    """Return what may be shown of one question: during an attempt its feedback after checking, its solution after locking."""
    if moment is not Moment.DURING:
        return flags
    hidden = (_NONE if progress.checked else _AFTER_CHECKING) | (_NONE if progress.locked else _AFTER_LOCKING)
    return flags - hidden


def may_download_answers(flags: frozenset[Flag]) -> bool:
    """Tell whether a learner may take along what they answered: always once marks are visible."""
    return bool(flags & {Flag.ATTEMPT, Flag.MARKS})


def shows_key_early(review: Review, behaviour: Behaviour) -> bool:
    """Tell whether right answers are shown while attempts may remain (the check C506)."""
    early = (Moment.DURING, Moment.AFTER, Moment.LATER)
    return any(Flag.RIGHT_ANSWER in flags_for(review, moment, behaviour) for moment in early)
