"""Past days that have an answer, changes that need a second person, and what a dry run counts (spec/compulsory 4.8 and 11.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from compliance.rules.history import timeline
from compliance.rules.record import TrainingRecord, first_instant
from compliance.rules.reminders import TOO_LATE, ReminderContext, ReminderKind, overdue_days, reminder_steps, why_suppressed
from compliance.rules.states import StateFlag, TrainingCase, TrainingState, TrainingStatus, status_of, training_case
from compliance.rules.terms import DAY, ObligationTerms, WorkingDays
from organisations.rules.units import NUMBER_ABOVE

INSTANT = timedelta(microseconds=1)


class PastRefusal(StrEnum):
    """The reasons why there is no answer for a day."""

    FUTURE = "future"
    BEFORE_RECORD = "before_record"
    KNOWN_EARLIER = "known_earlier"
    """What was known on a day says nothing of a later one."""


@dataclass(frozen=True, slots=True)
class PastMoments:
    """A day asked for, and the day as known on which it is asked, with the moments that answer for them: the last of each day, or now."""

    day: date
    known_on: date
    at: datetime
    known: datetime


def first_known_on(versions: Sequence[ObligationTerms], record: TrainingRecord, zone: ZoneInfo) -> date:
    """Return the first day on which the record says anything of a person under an obligation."""
    versions_on = min(terms.recorded_at for terms in versions).astimezone(zone).date()
    stays_on = min((stay.recorded_at for stay in record.stays), default=None)
    return versions_on if stays_on is None else max(versions_on, stays_on.astimezone(zone).date())


def first_day(versions: Sequence[ObligationTerms], record: TrainingRecord) -> date:
    """Return the first day of which the record says anything: of the obligation, or of the person in its audience."""
    return min((*(terms.starts for terms in versions), *(stay.first_on for stay in record.stays)))


def why_refused(day: date, known_on: date, today: date, first: date, first_known: date) -> tuple[PastRefusal | None, PastRefusal | None]:
    """Return why there is no answer for a day, and why there is none as known on another; None each where there is."""
    of_day = PastRefusal.FUTURE if day > today else PastRefusal.BEFORE_RECORD if day < first else None
    if known_on > today:
        return of_day, PastRefusal.FUTURE
    if known_on < first_known:
        return of_day, PastRefusal.BEFORE_RECORD
    return of_day, PastRefusal.KNOWN_EARLIER if known_on < day <= today else None


def past_moments(day: date, known_on: date, zone: ZoneInfo, now: datetime) -> PastMoments:
    """Return the moments that answer for a day as known on another."""
    return PastMoments(day, known_on, _last_moment(day, zone, now), _last_moment(known_on, zone, now))


def _last_moment(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    return now if day == now.astimezone(zone).date() else first_instant(day + DAY, zone) - INSTANT


class SecondPersonReason(StrEnum):
    """The reasons why another person than the author of a change has to apply it."""

    PAST = "past"
    """It holds from a day before today."""
    MANY = "many"
    """It gives many people another state or another last day."""


def why_second_person(people: int, *, is_past: bool) -> SecondPersonReason | None:
    """Return why a change that concerns some people needs a second person; None where one person is enough."""
    if is_past:
        return SecondPersonReason.PAST
    return SecondPersonReason.MANY if people > NUMBER_ABOVE else None


UNITS_SHOWN = 20
_ASKS_NOTHING = (TrainingState.NOT_REQUIRED, TrainingState.DONE, TrainingState.WAIVED)


@dataclass(frozen=True, slots=True)
class TermsBeside:
    """The versions of an obligation as they are, and as they would be, with the reminder steps that would hold."""

    before: Sequence[ObligationTerms]
    after: Sequence[ObligationTerms]
    steps: Sequence[int]


@dataclass(frozen=True, slots=True)
class StatusShift:
    """The status of one person under one obligation without a change and with it, and the mails that it causes at once."""

    before: TrainingStatus
    after: TrainingStatus
    mails: tuple[ReminderKind, ...]
    rewrites_past: bool = False
    """A state of a day before is another."""

    @property
    def is_change(self) -> bool:
        """Return whether the state is another."""
        return self.before.state is not self.after.state

    @property
    def moves_last_day(self) -> bool:
        """Return whether the state stays and its last day is another."""
        return not self.is_change and self.before.last_on != self.after.last_on


def shift_of(
    terms: TermsBeside,
    record: TrainingRecord,
    would_be: TrainingRecord,
    at: datetime,
    known: datetime,
    working: WorkingDays,
    *,
    is_retroactive: bool = False,
) -> StatusShift:
    """Compare the status of a person at a moment without a change and with it, both by what is known now.

    Of a change that holds from a day before, the states of the days until then are compared too.
    """
    cases = training_case(terms.before, record, known), training_case(terms.after, would_be, known)
    before, after = (status_of(case, at) for case in cases)
    mails = _mails(before, after, terms.steps, at.astimezone(after.zone).date(), working)
    return StatusShift(before, after, mails, is_retroactive and _states(cases[0], at) != _states(cases[1], at))


def _states(case: TrainingCase, until: datetime) -> list[tuple[object, ...]]:
    """Return the states of a person up to a moment, each with its time; that nothing was required is no state."""
    return [(*row.says, row.valid_to) for row in timeline(case, until) if row.state is not TrainingState.NOT_REQUIRED]


def _mails(
    before: TrainingStatus, after: TrainingStatus, steps: Sequence[int], day: date, working: WorkingDays
) -> tuple[ReminderKind, ...]:
    if after.state in _ASKS_NOTHING:
        return ()
    kinds = list[ReminderKind]()
    if before.state is TrainingState.NOT_REQUIRED:
        kinds.append(ReminderKind.ASSIGNED)
    if after.state is TrainingState.RENEWAL_DUE and (before.state, before.flags) != (after.state, after.flags):
        kinds.append(ReminderKind.VERSION if StateFlag.VERSION in after.flags else ReminderKind.RENEWAL_OPENS)
    if before.last_on != after.last_on and after.last_on is not None:
        if any(due <= day <= due + TOO_LATE for due in overdue_days(after.last_on, working)):
            kinds.append(ReminderKind.OVERDUE)
        if _step_is_due(after, after.last_on, steps, day, working):
            kinds.append(ReminderKind.STEP)
    return tuple(kinds)


def _step_is_due(after: TrainingStatus, last_on: date, steps: Sequence[int], day: date, working: WorkingDays) -> bool:
    planned = reminder_steps(last_on, working, steps)
    return any(
        step.due_on <= day
        and why_suppressed(
            step,
            day,
            ReminderContext(after, after.opened_on or day, later_steps=[later.due_on for later in planned[number + 1 :]]),
        )
        is None
        for number, step in enumerate(planned)
    )


@dataclass(frozen=True, slots=True)
class DryRunOutcome:
    """The outcome of a dry run over some people: counts by status, by kind of mail, by unit."""

    people: int = 0
    """Of whom something is asked, without the change or with it; also who has done it or is waived."""
    changed: int = 0
    moved: int = 0
    """People who stay in their status with another last day."""
    mailed: int = 0
    shifts: Mapping[tuple[int, str, str], int] = field(default_factory=dict)
    """By obligation, status before, status afterwards."""
    mails: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[int, int] = field(default_factory=dict)
    """Changed people by the number of their main unit; 0 for those without one."""
    past: int = 0
    """People whose status and last day of today stay, and whose status of a day before is another."""

    def joined(self, other: "DryRunOutcome") -> "DryRunOutcome":
        """Return the outcome over the people of both."""
        return DryRunOutcome(
            self.people + other.people,
            self.changed + other.changed,
            self.moved + other.moved,
            mailed=self.mailed + other.mailed,
            shifts=Counter(self.shifts) + Counter(other.shifts),
            mails=Counter(self.mails) + Counter(other.mails),
            units=Counter(self.units) + Counter(other.units),
            past=self.past + other.past,
        )

    @property
    def concerned(self) -> int:
        """Return the number of people whose status or last day is another, today or on a day before."""
        return self.changed + self.moved + self.past

    @property
    def most_affected(self) -> list[tuple[int, int]]:
        """Return the units in which most people change, with how many do."""
        return sorted(self.units.items(), key=lambda item: (-item[1], item[0]))[:UNITS_SHOWN]


def outcome_of(shifts: Mapping[int, Sequence[tuple[int, StatusShift]]], units: Mapping[int, int]) -> DryRunOutcome:
    """Count the shifts of some people: by person, each with its obligation; a person under several is counted once."""
    changed = {person for person, own in shifts.items() if any(shift.is_change for _obligation, shift in own)}
    moved = {person for person, own in shifts.items() if any(shift.moves_last_day for _obligation, shift in own)} - changed
    past = {person for person, own in shifts.items() if any(shift.rewrites_past for _obligation, shift in own)} - changed - moved
    return DryRunOutcome(
        people=sum(_asks_something(shift for _obligation, shift in own) for own in shifts.values()),
        changed=len(changed),
        moved=len(moved),
        mailed=sum(any(shift.mails for _obligation, shift in own) for own in shifts.values()),
        shifts=Counter(
            (obligation, shift.before.state.value, shift.after.state.value)
            for own in shifts.values()
            for obligation, shift in own
            if shift.is_change
        ),
        mails=Counter(kind.value for own in shifts.values() for _obligation, shift in own for kind in shift.mails),
        units=Counter(units.get(person, 0) for person in changed),
        past=len(past),
    )


def _asks_something(shifts: Iterable[StatusShift]) -> bool:
    """Return whether something is or was asked of somebody, without the change or with it."""
    return any(status.state is not TrainingState.NOT_REQUIRED for shift in shifts for status in (shift.before, shift.after))


def outcome_document(outcome: DryRunOutcome) -> dict[str, Any]:
    """Return an outcome as a document of plain values."""
    return {
        "people": outcome.people,
        "changed": outcome.changed,
        "moved": outcome.moved,
        "mailed": outcome.mailed,
        "shifts": [[*key, count] for key, count in sorted(outcome.shifts.items())],
        "mails": dict(sorted(outcome.mails.items())),
        "units": {str(unit): count for unit, count in sorted(outcome.units.items())},
        "past": outcome.past,
    }


def read_outcome(document: Mapping[str, Any]) -> DryRunOutcome:
    """Return an outcome from its document."""
    return DryRunOutcome(
        document["people"],
        document["changed"],
        document["moved"],
        mailed=document["mailed"],
        shifts={(obligation, before, after): count for obligation, before, after, count in document["shifts"]},
        mails=document["mails"],
        units={int(unit): count for unit, count in document["units"].items()},
        past=document.get("past", 0),
    )
