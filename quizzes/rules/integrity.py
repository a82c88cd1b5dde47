"""The integrity record of an attempt: what is kept beside its answers, as values and as JSON (spec/selection 6.1 to 6.6).

It never changes a mark, and what a device did not say counts against nobody. All moments are seconds since the attempt began, by the
server's clock: the device says only how long something lasted and how long ago it was, so that a wrong clock changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

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
    """Return what a page sent, as far as it makes sense; never raises."""
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
