"""When an attempt may start, how long it lasts and which state follows which (spec/quiz-engine 5.2, 5.3, 5.10).

All times are aware; all durations whole seconds. The server's clock is passed in as ``now`` and decides alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from quizzes.rules.access import EffectiveSettings
from quizzes.rules.settings import AtEnd

NETWORK_TOLERANCE = timedelta(seconds=60)
MIN_TIME_TO_CONTINUE = timedelta(seconds=2)


class AttemptState(StrEnum):
    """The states of an attempt."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class AttemptEvent(StrEnum):
    """An event of an attempt."""

    START = "start"
    RUN_OUT = "run_out"
    EXTEND = "extend"
    SUBMIT = "submit"
    FINISH = "finish"
    ABANDON = "abandon"
    REOPEN = "reopen"


TRANSITIONS: Mapping[tuple[AttemptState, AttemptEvent], AttemptState] = {
    (AttemptState.NOT_STARTED, AttemptEvent.START): AttemptState.IN_PROGRESS,
    (AttemptState.IN_PROGRESS, AttemptEvent.RUN_OUT): AttemptState.OVERDUE,
    (AttemptState.IN_PROGRESS, AttemptEvent.SUBMIT): AttemptState.SUBMITTED,
    (AttemptState.IN_PROGRESS, AttemptEvent.ABANDON): AttemptState.ABANDONED,
    (AttemptState.OVERDUE, AttemptEvent.EXTEND): AttemptState.IN_PROGRESS,
    (AttemptState.OVERDUE, AttemptEvent.SUBMIT): AttemptState.SUBMITTED,
    (AttemptState.OVERDUE, AttemptEvent.ABANDON): AttemptState.ABANDONED,
    (AttemptState.SUBMITTED, AttemptEvent.FINISH): AttemptState.FINISHED,
    (AttemptState.ABANDONED, AttemptEvent.REOPEN): AttemptState.IN_PROGRESS,
    (AttemptState.FINISHED, AttemptEvent.REOPEN): AttemptState.IN_PROGRESS,
}

OPEN_STATES = frozenset({AttemptState.IN_PROGRESS, AttemptState.OVERDUE})
ENDED_STATES = frozenset({AttemptState.SUBMITTED, AttemptState.FINISHED, AttemptState.ABANDONED})


class TransitionError(ValueError):
    """An event that cannot happen in this state."""


def advance(state: AttemptState, event: AttemptEvent) -> AttemptState:
    """Return the state that follows; raises TransitionError where the table has none."""
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise TransitionError(f"{event} cannot happen to an attempt that is {state}")
    return following


class AttemptRefusalReason(StrEnum):
    """Why an attempt may not start."""

    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    NO_ATTEMPTS_LEFT = "no_attempts_left"
    PAUSE = "pause"
    PASSWORD = "password"  # noqa: S105 - the name of a reason
    NETWORK = "network"
    PREREQUISITES = "prerequisites"


@dataclass(frozen=True, slots=True)
class AttemptRefusal:
    """A reason, and the moment it ends where waiting helps."""

    reason: AttemptRefusalReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """An earlier or open attempt of the learner; ``limit`` is the one that held for it, with what incidents added, in seconds."""

    number: int
    state: AttemptState
    started_at: datetime
    finished_at: datetime | None = None
    limit: int | None = None
    preview: bool = False


@dataclass(frozen=True, slots=True)
class StartConditions:
    """The facts about a request to start an attempt, as the service found them."""

    password_fits: bool = True
    network_fits: bool = True
    prerequisites_met: bool = True
    preview: bool = False


@dataclass(frozen=True, slots=True)
class StartRuling:
    """The ruling on whether an attempt may start.

    ``open_number`` is the attempt to go back to instead of starting; ``refusals`` holds all reasons at once;
    ``attempts_left`` is None where there is no limit; ``needs_confirmation`` where a time limit begins to run; ``needs_password``
    where one has to be entered.
    """

    number: int
    open_number: int | None
    refusals: tuple[AttemptRefusal, ...]
    attempts_left: int | None
    needs_confirmation: bool
    needs_password: bool = False

    @property
    def allowed(self) -> bool:
        """Return whether a new attempt may start now."""
        return self.open_number is None and not self.refusals


def may_start(access: EffectiveSettings, history: Sequence[AttemptSummary], conditions: StartConditions, *, now: datetime) -> StartRuling:
    """Decide on a start; an open attempt is returned instead of starting another (spec/quiz-engine 5.2.1, 5.2.2)."""
    ours = [attempt for attempt in history if attempt.preview == conditions.preview]
    still_open = next((attempt.number for attempt in ours if attempt.state in OPEN_STATES), None)
    refusals = () if conditions.preview or still_open is not None else tuple(_refusals(access, ours, conditions, now))
    used = sum(attempt.state in ENDED_STATES for attempt in ours)
    left = max(0, access.attempts - used) if access.attempts and not conditions.preview else None
    number = max((attempt.number for attempt in history), default=0) + 1
    return StartRuling(
        number,
        still_open,
        refusals,
        left,
        needs_confirmation=access.limit is not None and not conditions.preview,
        needs_password=bool(access.passwords) and not conditions.preview,
    )


def pause_ends(access: EffectiveSettings, history: Iterable[AttemptSummary]) -> datetime | None:
    """Return when the next attempt may start because of the pause; None where there is none.

    It counts from the finish of the last attempt, or from start + limit where that was earlier, so that a learner who
    returned late does not wait twice.
    """
    ended = sorted((attempt for attempt in history if attempt.state in ENDED_STATES), key=lambda attempt: attempt.number)
    if not ended:
        return None
    pause = access.pause.first if len(ended) == 1 else access.pause.later
    last = ended[-1]
    finish = last.finished_at or last.started_at
    if last.limit is not None:
        finish = min(finish, last.started_at + timedelta(seconds=last.limit))
    return finish + timedelta(seconds=pause) if pause else None


def _refusals(
    access: EffectiveSettings, history: Sequence[AttemptSummary], conditions: StartConditions, now: datetime
) -> Iterable[AttemptRefusal]:
    if access.opens is not None and now < access.opens:
        yield AttemptRefusal(AttemptRefusalReason.NOT_OPEN_YET, access.opens)
    if access.closes is not None and now >= access.closes:
        yield AttemptRefusal(AttemptRefusalReason.CLOSED)
    if access.attempts and sum(attempt.state in ENDED_STATES for attempt in history) >= access.attempts:
        yield AttemptRefusal(AttemptRefusalReason.NO_ATTEMPTS_LEFT)
    pause = pause_ends(access, history)
    if pause is not None and now < pause:
        yield AttemptRefusal(AttemptRefusalReason.PAUSE, pause)
    if access.passwords and not conditions.password_fits:
        yield AttemptRefusal(AttemptRefusalReason.PASSWORD)
    if not conditions.network_fits:
        yield AttemptRefusal(AttemptRefusalReason.NETWORK)
    if not conditions.prerequisites_met:
        yield AttemptRefusal(AttemptRefusalReason.PREREQUISITES)


@dataclass(frozen=True, slots=True)
class AttemptClock:
    """The clock of an attempt: state, effective end (None: none), and what the quiz does there.

    ``offline_window_seconds`` are those after the end in which a device may still send what it wrote before it;
    0: off (spec/quiz-engine 5.3.9).
    """

    state: AttemptState
    end: datetime | None
    at_end: AtEnd = AtEnd.SUBMIT
    grace: int = 0
    offline_window_seconds: int = 0


@dataclass(frozen=True, slots=True)
class TimeRuling:
    """The ruling on what a request to an attempt may do now.

    ``event`` must happen first (None: nothing); ``finished_at`` is the time to write where it ends the attempt (None: now).
    ``may_accept_offline`` says that answers are taken for which the device proves that it wrote them in time.
    """

    may_answer: bool
    may_submit: bool
    event: AttemptEvent | None = None
    finished_at: datetime | None = None
    may_accept_offline: bool = False


_NOTHING_LEFT = TimeRuling(may_answer=False, may_submit=False)
_ALL_OPEN = TimeRuling(may_answer=True, may_submit=True)


def end_of(access: EffectiveSettings, started_at: datetime, *, exempt: bool = False, extra: int = 0) -> datetime | None:
    """Return the end E: the earlier of start + limit and the close date;
    None without either or for exempt persons (spec/quiz-engine 5.3.1).

    ``extra`` are the seconds that incidents gave this attempt: they move the end whatever it follows from (spec/quiz-engine 5.10.4).
    """
    if exempt:
        return None
    ends = [] if access.limit is None else [started_at + timedelta(seconds=access.limit)]
    end = min([*ends, *([] if access.closes is None else [access.closes])], default=None)
    return None if end is None else end + timedelta(seconds=extra)


def rule_on_time(clock: AttemptClock, *, now: datetime) -> TimeRuling:
    """Decide what time allows; the background job acts on ``event`` just as a request does (spec/quiz-engine 5.3.3, 5.3.4, 5.3.6)."""
    if clock.state not in OPEN_STATES:
        return _NOTHING_LEFT
    if clock.end is None or now <= clock.end:
        return _back_in_time() if clock.state is AttemptState.OVERDUE else _ALL_OPEN
    if clock.state is AttemptState.IN_PROGRESS and now <= clock.end + NETWORK_TOLERANCE:
        return _ALL_OPEN
    may_accept_offline = clock.offline_window_seconds > 0 and now <= clock.end + timedelta(seconds=clock.offline_window_seconds)
    if clock.at_end is AtEnd.GRACE:
        ruling = _in_grace(clock, clock.end + timedelta(seconds=clock.grace), now)
        return replace(ruling, may_accept_offline=may_accept_offline and ruling.may_submit)
    if may_accept_offline and clock.at_end is AtEnd.SUBMIT:
        return TimeRuling(may_answer=False, may_submit=True, finished_at=clock.end, may_accept_offline=True)
    event = AttemptEvent.ABANDON if clock.at_end is AtEnd.ABANDON else AttemptEvent.SUBMIT
    return TimeRuling(may_answer=False, may_submit=False, event=event, finished_at=clock.end)


def seconds_left(clock: AttemptClock, *, now: datetime) -> int | None:
    """Return the whole seconds until the end, never below 0, for the browser's timer; None without an end (spec/quiz-engine 5.3.2)."""
    return None if clock.end is None else max(0, int((clock.end - now).total_seconds()))


def finishes_on_page_change(clock: AttemptClock, *, now: datetime) -> bool:
    """Return whether a page change finishes the attempt as less than two seconds remain (spec/quiz-engine 5.3.5)."""
    return clock.end is not None and clock.end - now < MIN_TIME_TO_CONTINUE


def reopened(clock: AttemptClock, *, now: datetime) -> tuple[AttemptEvent, ...]:
    """Return what reopening an attempt that ended makes happen: submitted at once where its time is past (spec/quiz-engine 5.3.7)."""
    if clock.end is not None and clock.end <= now:
        return (AttemptEvent.REOPEN, AttemptEvent.SUBMIT)
    return (AttemptEvent.REOPEN,)


def accepts_evidence(end: datetime | None, offline_window_seconds: int, *, token_time: datetime, now: datetime) -> bool:
    """Return whether an event from a device's journal still counts.

    The last time that the server signed for the device must lie before the end, and the window after the end must not
    have passed; a window of 0 is off (spec/quiz-engine 5.3.9).
    """
    return end is not None and offline_window_seconds > 0 and token_time <= end and now <= end + timedelta(seconds=offline_window_seconds)


def _back_in_time() -> TimeRuling:
    return TimeRuling(may_answer=True, may_submit=True, event=AttemptEvent.EXTEND)


def _in_grace(clock: AttemptClock, last: datetime, now: datetime) -> TimeRuling:
    """Let an attempt be submitted but not answered until the grace ends (and the network's tolerance for the request)."""
    if now > last + NETWORK_TOLERANCE:
        return TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=last)
    event = AttemptEvent.RUN_OUT if clock.state is AttemptState.IN_PROGRESS else None
    return TimeRuling(may_answer=False, may_submit=True, event=event)
