"""The states of an attempt, its pages and locked questions, the merge of late answers, and its integrity record."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeGuard

from questions.rules.answers import MalformedAnswer, Parts, answer_from_page, payload_of
from questions.rules.definitions import GapsBody, MatchingBody, MatrixBody, QuestionDefinition
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, is_unanswered, mark_answer
from questions.rules.numbers import Convention
from quizzes.rules.settings import GIVES_FEEDBACK_AT_ONCE, AtEnd, Behaviour, EffectiveSettings, Navigation

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
    ``attempts_left`` counts those that may still begin, None where there is no limit; ``needs_confirmation`` where a time limit begins
    to run; ``needs_password`` where one has to be entered.
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
    begun = used + (still_open is not None)
    left = max(0, access.attempts - begun) if access.attempts and not conditions.preview else None
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
        return TimeRuling(may_answer=True, may_submit=True, event=AttemptEvent.EXTEND) if clock.state is AttemptState.OVERDUE else _ALL_OPEN
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
    """Return the attempt after reopening one that ended: submitted at once where its time is past (spec/quiz-engine 5.3.7)."""
    if clock.end is not None and clock.end <= now:
        return (AttemptEvent.REOPEN, AttemptEvent.SUBMIT)
    return (AttemptEvent.REOPEN,)


def accepts_evidence(end: datetime | None, offline_window_seconds: int, *, token_time: datetime, now: datetime) -> bool:
    """Return whether an event from a device's journal still counts.

    The last time that the server signed for the device must lie before the end, and the window after the end must not
    have passed; a window of 0 is off (spec/quiz-engine 5.3.9).
    """
    return end is not None and offline_window_seconds > 0 and token_time <= end and now <= end + timedelta(seconds=offline_window_seconds)


def _in_grace(clock: AttemptClock, last: datetime, now: datetime) -> TimeRuling:
    """Let an attempt be submitted but not answered until the grace ends (and the network's tolerance for the request)."""
    if now > last + NETWORK_TOLERANCE:
        return TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=last)
    event = AttemptEvent.RUN_OUT if clock.state is AttemptState.IN_PROGRESS else None
    return TimeRuling(may_answer=False, may_submit=True, event=event)


MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class AnswerSequence:
    """A place in the order of a question's answers: page epoch first, then the device's own counter."""

    page_epoch: int
    counter: int


@dataclass(frozen=True, slots=True)
class AnswerSave:
    """An answer to save: the position of its question in the attempt, its sequence, and the payload."""

    position: int
    sequence: AnswerSequence
    payload: Mapping[str, object]


class SaveOutcome(StrEnum):
    """The outcome of a saved answer that arrived."""

    CURRENT = "current"
    KNOWN = "known"
    HISTORY = "history"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class ArrivedSave:
    """An event and its outcome: ``overtaken`` when a newer page has changed the question, ``history`` when it is merely older."""

    event: AnswerSave
    outcome: SaveOutcome


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The answers to append, the outcome of each that arrived, and the current answer of every question."""

    added: tuple[AnswerSave, ...]
    arrivals: tuple[ArrivedSave, ...]
    current: Mapping[int, AnswerSave]


def merge(stored: Iterable[AnswerSave], arriving: Iterable[AnswerSave]) -> SaveResult:
    """Merge a journal into what is stored.

    The same (position, sequence) twice has no effect, in any order of arrival; of two different payloads under one sequence
    the first stored stays. Journals merged in any order give the same current answers.
    """
    known = {(event.position, event.sequence): event for event in stored}
    added: list[AnswerSave] = []
    repeated: list[bool] = []
    events = list(arriving)
    for event in events:
        key = (event.position, event.sequence)
        repeated.append(key in known)
        if key not in known:
            known[key] = event
            added.append(event)
    current = current_answers(known.values())
    arrivals = tuple(
        ArrivedSave(event, _outcome(event, known=again, current=current)) for event, again in zip(events, repeated, strict=True)
    )
    return SaveResult(tuple(added), arrivals, current)


def current_answers(events: Iterable[AnswerSave]) -> Mapping[int, AnswerSave]:
    """Return for every position the event with the highest sequence."""
    current: dict[int, AnswerSave] = {}
    for event in events:
        held = current.get(event.position)
        if held is None or event.sequence > held.sequence:
            current[event.position] = event
    return current


def acknowledged(events: Iterable[AnswerSave], page_epoch: int) -> Mapping[int, int]:
    """Return per position the highest n for which all of the page's events 1 … n are stored: the device may drop those."""
    counts: dict[int, set[int]] = {}
    for event in events:
        if event.sequence.page_epoch == page_epoch:
            counts.setdefault(event.position, set()).add(event.sequence.counter)
    return {position: _contiguous(counters) for position, counters in counts.items()}


def read_events(page_epoch: int, batch: object) -> tuple[AnswerSave, ...]:
    """Read ``[{"item": 1, "seq": 3, "response": {…}}, …]`` of a device; entries that are not events are left out. Never raises."""
    if not isinstance(batch, Sequence) or isinstance(batch, str | bytes):
        return ()
    events = (_read(page_epoch, entry) for entry in batch)
    return tuple(event for event in events if event is not None)


def _read(page_epoch: int, entry: object) -> AnswerSave | None:
    if not isinstance(entry, Mapping):
        return None
    position, counter, response = entry.get("item"), entry.get("seq"), entry.get("response")
    if not (_is_count(position) and _is_count(counter)) or not isinstance(response, Mapping):
        return None
    return AnswerSave(position, AnswerSequence(page_epoch, counter), response)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT


def _contiguous(counts: set[int]) -> int:
    last = 0
    while last + 1 in counts:
        last += 1
    return last


def _outcome(event: AnswerSave, *, known: bool, current: Mapping[int, AnswerSave]) -> SaveOutcome:
    winner = current[event.position].sequence
    if winner.page_epoch > event.sequence.page_epoch:
        return SaveOutcome.OVERTAKEN
    if known:
        return SaveOutcome.KNOWN
    return SaveOutcome.CURRENT if winner == event.sequence else SaveOutcome.HISTORY


MOST_SECONDS = 86_400
MOST_ABSENCES, MOST_SESSIONS, MOST_ENCOUNTERS = 100, 40, 20
MOST_IN_A_SAVE = 60
TOGETHER = 60
"""Seconds within which two sessions that save are noted as at once (spec/selection 6.6)."""
RAPID_SECONDS, RAPID_SHARE, LEAST_ANSWERS = 10.0, 0.1, 100
"""Wise and Ma's NT10: faster than the lesser of ten seconds and a tenth of the item's mean time, from a hundred answers on."""


@dataclass(frozen=True, slots=True)
class IntegrityRules:
    """The settings of a quiz: whether it asks for a declaration, and what it records; the words of the declaration by language."""

    honour: bool = False
    times: bool = False
    focus: bool = False
    sessions: bool = False
    declaration: Mapping[str, str] = field(default_factory=dict)

    @property
    def records(self) -> bool:
        """Return whether anything is recorded while somebody answers."""
        return self.times or self.focus or self.sessions


NO_RULES = IntegrityRules()


@dataclass(frozen=True, slots=True)
class PageAbsence:
    """A time during which the page was hidden: when it began, and how long it lasted."""

    at: int
    seconds: int


@dataclass(frozen=True, slots=True)
class AnsweringSession:
    """A page of an attempt that saved: its number, its network and device, and its first and last save."""

    lease: int
    network: str
    device: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class IntegrityRecord:
    """The record of an attempt; ``seconds`` by position of pages before the present one, ``present`` of the present one."""

    seconds: Mapping[int, int] = field(default_factory=dict)
    lease: int = 0
    present: Mapping[int, int] = field(default_factory=dict)
    absences: tuple[PageAbsence, ...] = ()
    absent: int = 0
    """How often the page was hidden, those included that are not listed one by one."""
    absent_seconds: int = 0
    counted: int = 0
    """The last absence of the present page that was counted."""
    sessions: tuple[AnsweringSession, ...] = ()
    encounters: tuple[int, ...] = ()
    """When two sessions saved at once from different networks."""

    def times(self) -> dict[int, int]:
        """Return the seconds that each question took, by position."""
        return {position: self.seconds.get(position, 0) + self.present.get(position, 0) for position in {*self.seconds, *self.present}}


NO_RECORD = IntegrityRecord()


@dataclass(frozen=True, slots=True)
class DeviceNotes:
    """Notes that a page sends with a save: seconds by position, and absences as (number, seconds ago that it ended, seconds)."""

    times: Mapping[int, int] = field(default_factory=dict)
    absences: Sequence[tuple[int, int, int]] = ()


NO_NOTES = DeviceNotes()


def read_notes(sent: object) -> DeviceNotes:
    """Read the notes that a page sent, as far as they make sense; never raise."""
    if not isinstance(sent, dict):
        return NO_NOTES
    times, away = sent.get("times"), sent.get("away")
    seconds = {
        int(position): min(value, MOST_SECONDS)
        for position, value in (times.items() if isinstance(times, dict) else ())
        if isinstance(position, str) and position.isdecimal() and len(position) < 4 and _is_whole(value)
    }
    entries = [
        entry
        for entry in (away if isinstance(away, list) else [])
        if isinstance(entry, list) and len(entry) == 3 and all(map(_is_whole, entry))
    ]
    return DeviceNotes(
        seconds, [(entry[0], min(entry[1], MOST_SECONDS), min(entry[2], MOST_SECONDS)) for entry in entries[-MOST_IN_A_SAVE:]]
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


@dataclass(frozen=True, slots=True)
class SaveMoment:
    """The circumstances of a save: the page's number, seconds since the attempt began, and from where it came."""

    lease: int
    at: int
    network: str
    device: int


def add_save(
    record: IntegrityRecord, rules: IntegrityRules, save: SaveMoment, notes: DeviceNotes, *, spares_focus: bool
) -> IntegrityRecord:
    """Return the record after a save; of a person with an accommodation in force (``spares_focus``) no absence is kept."""
    if save.lease > record.lease:
        record = replace(record, seconds=record.times(), present={}, lease=save.lease, counted=0)
    if rules.times and save.lease == record.lease:
        record = replace(record, present=_capped(record, notes.times, save.at))
    if rules.focus and not spares_focus and save.lease == record.lease:
        record = _with_absences(record, notes.absences, save.at)
    return _with_session(record, save) if rules.sessions else record


def _capped(record: IntegrityRecord, times: Mapping[int, int], span: int) -> dict[int, int]:
    """Return the seconds of the present page: never fewer than before, together no more than the server saw pass (6.3)."""
    room, episodes = max(0, min(span, MOST_SECONDS) - sum(record.seconds.values())), dict[int, int]()
    for page in sorted({*record.present, *times}):
        limit = max(record.present.get(page, 0), times.get(page, 0))
        episodes[page] = min(limit, room)
        room -= episodes[page]
    return episodes


def _with_absences(record: IntegrityRecord, absences: Sequence[tuple[int, int, int]], now: int) -> IntegrityRecord:
    for number, ago, seconds in sorted(absences):
        if number <= record.counted:
            continue
        ended = max(0, now - ago)
        lasted = min(seconds, ended)
        listed = (*record.absences, PageAbsence(ended - lasted, lasted))[:MOST_ABSENCES]
        record = replace(
            record,
            absences=listed,
            absent=record.absent + number - record.counted,
            absent_seconds=min(MOST_SECONDS, record.absent_seconds + lasted),
            counted=number,
        )
    return record


def _with_session(record: IntegrityRecord, save: SaveMoment) -> IntegrityRecord:
    """Note the session of a save, and that another one saved from another network within a minute (6.6)."""
    others = [
        session
        for session in record.sessions
        if (session.lease, session.network, session.device) != (save.lease, save.network, save.device)
    ]
    same = [session for session in record.sessions if session not in others]
    first = same[0].first if same else save.at
    at_once = any(
        session.lease != save.lease and session.network != save.network and save.at - session.last <= TOGETHER for session in others
    )
    own = AnsweringSession(save.lease, save.network, save.device, first, save.at)
    return replace(
        record,
        sessions=(*others, own)[-MOST_SESSIONS:],
        encounters=(*record.encounters, save.at)[:MOST_ENCOUNTERS] if at_once else record.encounters,
    )


def write_record(record: IntegrityRecord) -> str:
    """Return a record as JSON; '' where nothing is in it."""
    return "" if record == NO_RECORD else json.dumps(asdict(record), separators=(",", ":"))


def read_record(stored: str) -> IntegrityRecord:
    """Return the record that `write_record` wrote."""
    if not stored:
        return NO_RECORD
    fields: dict[str, Any] = json.loads(stored)
    return IntegrityRecord(
        seconds=_by_place(fields["seconds"]),
        lease=fields["lease"],
        present=_by_place(fields["present"]),
        absences=tuple(PageAbsence(**absence) for absence in fields["absences"]),
        absent=fields["absent"],
        absent_seconds=fields["absent_seconds"],
        counted=fields["counted"],
        sessions=tuple(AnsweringSession(**session) for session in fields["sessions"]),
        encounters=tuple(fields["encounters"]),
    )


def _by_place(stored: Mapping[str, int]) -> dict[int, int]:
    return {int(position): seconds for position, seconds in stored.items()}


def rapid_threshold(mean_seconds: float, answers: int) -> float | None:
    """Return below how many seconds an answer came faster than its question can be read; None below a hundred answers (6.4)."""
    return min(RAPID_SECONDS, RAPID_SHARE * mean_seconds) if answers >= LEAST_ANSWERS else None


def rapid_share(times: Mapping[int, int], thresholds: Mapping[int, float]) -> float | None:
    """Return the share of an attempt's questions that were answered faster than reading; None where no time is known."""
    known = [(seconds, thresholds[position]) for position, seconds in times.items() if position in thresholds]
    return sum(seconds < threshold for seconds, threshold in known) / len(known) if known else None


class SummaryState(StrEnum):
    """The state of a question on the summary page; flags are shown beside it."""

    NOT_ANSWERED = "not_answered"
    SAVED = "saved"
    INVALID = "invalid"


class PositionedItem(Protocol):
    """A question in its position, as laid out or as stored."""

    @property
    def position(self) -> int:
        """Return its position, counted from 1 over everything."""

    @property
    def number(self) -> int | None:
        """Return its number; descriptions have none."""

    @property
    def require_previous(self) -> bool:
        """Return whether it waits for the question before it."""


def page_to_show(navigation: Navigation, requested: int, *, current: int, pages: int) -> int:
    """Return the page for a request; ``current`` is the furthest page reached.

    Free: the requested one, or the nearest that exists. Sequential: the next one may be entered, any other request leads
    to the current page, so that a back button or an old bookmark never ends in an error.
    """
    if navigation is Navigation.FREE:
        return min(max(requested, 1), pages)
    return requested if requested == current + 1 <= pages else current


def locked_places(items: Sequence[PositionedItem], finished: Collection[int], behaviour: Behaviour) -> frozenset[int]:
    """Return the places that wait for the question before them; only behaviours that answer at once can lock.

    ``finished`` holds the places of questions that are locked for good. Descriptions are passed over.
    """
    if behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return frozenset()
    locked: set[int] = set()
    previous: int | None = None
    for item in items:
        if item.require_previous and previous is not None and (previous in locked or previous not in finished):
            locked.add(item.position)
        if item.number is not None:
            previous = item.position
    return frozenset(locked)


def summary_state(marking: Marking) -> SummaryState:
    """Return the state of an answer for the summary, which knows whether something readable was answered, never whether it is right."""
    if marking.state is MarkState.NOT_ANSWERED:
        return SummaryState.NOT_ANSWERED
    unreadable = marking.state is MarkState.INVALID or any(part.state is MarkState.INVALID for part in marking.parts)
    return SummaryState.INVALID if unreadable else SummaryState.SAVED


def answer_state(question: QuestionDefinition, layout: ItemLayout, parts: Parts | None, convention: Convention) -> str:
    """Return whether a question is answered: `answered`, `partial`, `invalid` or `unanswered`."""
    if not parts:
        return "unanswered"
    answer = answer_from_page(question, layout, payload_of(question, parts))
    if isinstance(answer, MalformedAnswer):
        return "invalid"
    if is_unanswered(question, answer, layout):
        return "unanswered"
    if summary_state(mark_answer(question, answer, layout, convention)) is SummaryState.INVALID:
        return "invalid"
    filled = sum(1 for name, values in parts.items() if name.isdigit() and values and values[0])
    return "partial" if filled and filled < _parts_needed(question) else "answered"


def _parts_needed(question: QuestionDefinition) -> int:
    """Count the rows that may be answered one by one; an ordering of which some places are missing cannot be read at all."""
    match question.body:
        case MatchingBody(pairs):
            return len(pairs)
        case GapsBody(gaps):
            return len(gaps)
        case MatrixBody(_, rows):
            return len(rows)
        case _:
            return 0
