"""The settings of a quiz, those that hold for one person, the review that they allow, and when the quiz is complete."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from fractions import Fraction
from ipaddress import ip_address, ip_network
from math import ceil

from enrolments.rules import GradedCompletionRule, GradingMethod, grade_over, has_passed
from questions.rules.feedback import ReviewFlag


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


COMMON = (1, 2, 3)
"""So many attempts are compared, whatever the quiz allows."""
MOST_COMPARED = 10


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """The settings of a quiz that decide: pass mark in percent (None: none), attempts (0: without limit), and which of them counts."""

    pass_mark: Fraction | None = None
    attempts: int = 0
    grading: GradingMethod = GradingMethod.HIGHEST

    @property
    def compared(self) -> tuple[int, ...]:
        """Return the numbers of attempts to compare: one, two, three, and what the quiz allows."""
        allowed = min(self.attempts or MOST_COMPARED, MOST_COMPARED)
        return tuple(sorted({*COMMON, allowed})) if self.counts_best else COMMON

    @property
    def counts_best(self) -> bool:
        """Return whether several attempts are allowed of which the best counts."""
        return self.grading is GradingMethod.HIGHEST and self.attempts != 1


class OverridableSetting(StrEnum):
    """The settings that an override may set."""

    OPENS = "opens"
    CLOSES = "closes"
    LIMIT = "limit"
    ATTEMPTS = "attempts"
    PASSWORD = "password"  # noqa: S105 - the name of a setting
    NETWORKS = "networks"


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """The effective settings of a person; ``limit`` in seconds, None: none; ``attempts`` 0: unlimited; one of ``passwords`` fits.

    ``networks`` are addresses or networks (``10.0.0.0/8``) from which one may start; none means from everywhere.
    """

    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()
    pause: AttemptPause = field(default_factory=AttemptPause)
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OverriddenSettings:
    """Values instead of the quiz's; only the settings in ``sets`` count, so that "no limit" can be said too."""

    sets: frozenset[OverridableSetting]
    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AccommodationValues:
    """A person's accommodation: limit × ``factor`` (at least 1) plus ``breaks`` in seconds, and extra attempts."""

    factor: Fraction = Fraction(1)
    extra_attempts: int = 0
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class SettingSources:
    """Everything that decides about the dates, time and attempts of one person at one quiz, as it is now.

    ``everyone`` stands for the quiz itself: groups, persons and accommodations are measured against it. ``at_end``, ``grace`` and
    ``offline_window_seconds`` (spec/quiz-engine 5.3.9) belong to the quiz alone.
    """

    quiz: EffectiveSettings
    everyone: OverriddenSettings | None = None
    groups: tuple[OverriddenSettings, ...] = ()
    own: OverriddenSettings | None = None
    accommodation: AccommodationValues | None = None
    at_end: AtEnd = AtEnd.SUBMIT
    grace: int = 0
    offline_window_seconds: int = 0
    final_submitted_at: datetime | None = None
    """When the final test was submitted, or graded, that this initial one is reviewed with: since then it is as good as closed."""

    awaits_final: bool = False
    """Nothing is shown of this initial test before then (spec/selection 7.2)."""

    def is_held(self, now: datetime) -> bool:
        """Return whether the result of this initial test is still kept for the final one's."""
        return self.awaits_final and (self.final_submitted_at is None or now < self.final_submitted_at)

    def limit_of(self, started_at: datetime, extra_seconds: int) -> int | None:
        """Return the limit that holds for an attempt that began then, with what incidents added, in seconds."""
        limit = self.effective_settings(started_at).limit
        return None if limit is None else limit + extra_seconds

    def review_closes(self, started_at: datetime) -> datetime | None:
        """Return from when on an attempt that began then is reviewed as after the close."""
        return min(
            (moment for moment in (self.effective_settings(started_at).closes, self.final_submitted_at) if moment is not None), default=None
        )

    def effective_settings(self, started_at: datetime | None = None) -> EffectiveSettings:
        """Return the effective settings of the person, for an attempt that began then."""
        quiz = self.quiz if self.everyone is None else effective(self.quiz, own=self.everyone)
        return effective(quiz, own=self.own, groups=self.groups, accommodation=self.accommodation, started_at=started_at)

    @property
    def sets_closing(self) -> bool:
        """Return whether a date set for the person alone decides until when one may start, whatever the edition says."""
        return self.own is not None and OverridableSetting.CLOSES in self.own.sets and self.own.closes is not None

    @property
    def sets_opening(self) -> bool:
        """Return whether an override decides when one may start, whatever opens the activity otherwise."""
        overrides = [*self.groups, *(override for override in (self.everyone, self.own) if override is not None)]
        return any(OverridableSetting.OPENS in override.sets for override in overrides)


def is_kinder(after: EffectiveSettings, before: EffectiveSettings) -> bool:
    """Return whether a person may begin earlier, end later, take longer or try more often than before."""
    opens = before.opens is not None and (after.opens is None or after.opens < before.opens)
    closes = before.closes is not None and (after.closes is None or after.closes > before.closes)
    limit = before.limit is not None and (after.limit is None or after.limit > before.limit)
    attempts = before.attempts > 0 and (after.attempts == 0 or after.attempts > before.attempts)
    return opens or closes or limit or attempts


def is_within(networks: frozenset[str], address: str) -> bool:
    """Return whether an address lies in one of the networks, IPv4 or IPv6; without networks everything does (spec/quiz-engine 5.2.2)."""
    if not networks:
        return True
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in ip_network(network, strict=False) for network in networks)


def effective(
    quiz: EffectiveSettings,
    *,
    own: OverriddenSettings | None = None,
    groups: Sequence[OverriddenSettings] = (),
    accommodation: AccommodationValues | None = None,
    started_at: datetime | None = None,
) -> EffectiveSettings:
    """Return the effective settings, one by one: own override, else the groups', else the quiz's, with the ``accommodation`` added.

    What is set for many moves what an accommodation is added to; only what is set for the person replaces it. ``started_at`` is the start
    of the attempt in question: the close date moves by the accommodation's extra time only for an attempt that began before it.
    """
    mine = frozenset() if own is None else own.sets
    settings = quiz
    for setting in OverridableSetting:
        if setting not in mine:
            settings = _set(settings, setting, [group for group in groups if setting in group.sets])
    if accommodation is not None:
        settings = _accommodated(settings, accommodation, mine, started_at)
    for setting in OverridableSetting:
        if own is not None and setting in mine:
            settings = _set(settings, setting, [own])
    return settings


def _accommodated(
    settings: EffectiveSettings, accommodation: AccommodationValues, mine: Container[OverridableSetting], started_at: datetime | None
) -> EffectiveSettings:
    """Add an accommodation to what was set for many; where the person has a limit of their own, no time is added."""
    attempts = settings.attempts + accommodation.extra_attempts if settings.attempts else 0
    if settings.limit is None or OverridableSetting.LIMIT in mine:
        return replace(settings, attempts=attempts)
    limit = ceil(settings.limit * accommodation.factor) + accommodation.breaks
    closes = settings.closes
    if closes is not None and started_at is not None and started_at < closes:
        closes += timedelta(seconds=limit - settings.limit)
    return replace(settings, attempts=attempts, limit=limit, closes=closes)


def _set(settings: EffectiveSettings, setting: OverridableSetting, overrides: Sequence[OverriddenSettings]) -> EffectiveSettings:
    """Put one setting from overrides that set it: earliest opening, latest closing, most time and attempts, all passwords."""
    if not overrides:
        return settings
    match setting:
        case OverridableSetting.OPENS:
            opens = [override.opens for override in overrides]
            return replace(settings, opens=None if None in opens else min(moment for moment in opens if moment))
        case OverridableSetting.CLOSES:
            closes = [override.closes for override in overrides]
            return replace(settings, closes=None if None in closes else max(moment for moment in closes if moment))
        case OverridableSetting.LIMIT:
            limits = [override.limit or 0 for override in overrides]
            return replace(settings, limit=None if 0 in limits else max(limits))
        case OverridableSetting.ATTEMPTS:
            attempts = [override.attempts for override in overrides]
            return replace(settings, attempts=0 if 0 in attempts else max(attempts))
        case OverridableSetting.PASSWORD:
            passwords = [override.passwords for override in overrides]
            return replace(settings, passwords=frozenset[str]().union(*passwords) if all(passwords) else frozenset())
        case OverridableSetting.NETWORKS:  # pragma: no branch - the last case
            networks = [override.networks for override in overrides]
            return replace(settings, networks=frozenset[str]().union(*networks) if all(networks) else frozenset())


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
    """Return the parts of an attempt that may be shown: to editors all, to graders what the learner sees without what reveals the key.

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
    """Return the parts of one question that may be shown: during an attempt its feedback after checking, its solution after locking."""
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


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that ended: when, its percentage (None: abandoned or not yet graded) and when that was known.

    An abandoned one counts for the attempts that were used, and for no grade.
    """

    ended_at: datetime
    percent: Fraction | None = None
    graded_at: datetime | None = None
    preview: bool = False
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class QuizRecord:
    """A learner's record of a quiz: first view, and the attempts in the order in which they ended."""

    viewed_at: datetime | None = None
    attempts: tuple[EndedAttempt, ...] = ()


def completed_at(
    completion: QuizCompletion, record: QuizRecord, *, pass_mark: Fraction | None, grading: GradingMethod, allowed: int
) -> datetime | None:
    """Return the time of the event that satisfied the rule; None while it is not satisfied.

    ``allowed`` is the person's effective number of attempts, 0 for no limit: then they are never used up. A quiz is passed by the grade
    over all attempts of that moment, not by one of them alone, and stays passed whatever comes after.
    """
    attempts = [attempt for attempt in record.attempts if not attempt.preview]
    match completion.rule:
        case GradedCompletionRule.VIEWED:
            return record.viewed_at
        case GradedCompletionRule.ATTEMPTED:
            return _ended(attempts, completion.attempts)
        case GradedCompletionRule.GRADED:
            return _first_passing(attempts, None, grading)
        case GradedCompletionRule.PASSED:
            return _first_passing(attempts, pass_mark, grading)
        case GradedCompletionRule.PASSED_OR_USED:  # pragma: no branch - the last case
            moments = (_first_passing(attempts, pass_mark, grading), _ended(attempts, allowed))
            return min((moment for moment in moments if moment is not None), default=None)


def _ended(attempts: Sequence[EndedAttempt], count: int) -> datetime | None:
    return attempts[count - 1].ended_at if 0 < count <= len(attempts) else None


def _first_passing(attempts: Sequence[EndedAttempt], pass_mark: Fraction | None, grading: GradingMethod) -> datetime | None:
    """Return when the grade over the attempts passed for the first time; any grade does where there is no pass mark."""
    graded = [attempt for attempt in attempts if not attempt.abandoned]
    for moment in sorted(_graded_at(attempt) for attempt in graded if attempt.percent is not None):
        by_then = [attempt.percent if _graded_at(attempt) <= moment else None for attempt in graded if attempt.ended_at <= moment]
        score = grade_over(grading, by_then)
        if score is not None and has_passed(score, pass_mark) is not False:
            return moment
    return None


def _graded_at(attempt: EndedAttempt) -> datetime:
    return attempt.graded_at or attempt.ended_at
