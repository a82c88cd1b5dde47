"""The history of a status (spec/compulsory 7.1 and 7.3), the days for which there is a report, and the numbers that it adds up."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from compliance.rules.record import TrainingRecord, instant_of
from compliance.rules.states import StateFlag, TrainingCase, TrainingState, next_change_before, state_of, training_case

INSTANT = timedelta(microseconds=1)
LATE = timedelta(hours=1)
"""So long after its moment at most something that was recorded is written: a request or a job that stamps it takes seconds."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A state with its flags: valid from a moment until before another, known likewise; open where the end is None.

    It answers for every moment `at` within its validity and every moment `known`, not before `at`, within its knowledge.
    """

    state: TrainingState
    flags: tuple[StateFlag, ...]
    valid_from: datetime
    valid_to: datetime | None
    known_from: datetime
    known_to: datetime | None = None

    @property
    def says(self) -> tuple[TrainingState, tuple[StateFlag, ...], datetime]:
        """Return the state, its flags, and since when it holds."""
        return self.state, self.flags, self.valid_from

    def covers(self, at: datetime, known: datetime) -> bool:
        """Return whether the row answers for a moment as known at another."""
        is_valid = self.valid_from <= at and (self.valid_to is None or at < self.valid_to)
        return is_valid and self.known_from <= known and (self.known_to is None or known < self.known_to)


def extend_history(rows: Sequence[HistoryRow], case: TrainingCase, computed_at: datetime | None) -> list[HistoryRow]:
    """Return the rows of a history as known in a case, where earlier rows were complete as of another moment, or there were none.

    Each moment at which something was recorded is gone through by itself, so that what was known before it stays as it was known. Where
    nothing was, and the history says what it has to, the same rows come back.
    """
    history, now = list(rows), case.known
    recorded = {moment for moment in _recorded_under(case) if computed_at is None or moment >= computed_at}
    between = sorted(moment for moment in recorded if moment < now and moment != computed_at)
    if not between and computed_at is not None and _is_timeline(history, timeline(case, now)):
        return history
    for known in (*between, now):
        then = case if known == now else training_case(case.versions, case.record, known)
        if computed_at is not None:
            before = training_case(case.versions, case.record, known - INSTANT) if known in recorded else then
            history = _continued(history, before, known)
        history = _corrected(history, then, known)
        computed_at = known
    return history


def late_moments(case: TrainingCase, computed_at: datetime) -> list[datetime]:
    """Return the moments before a computation at which something was recorded that it may not have seen, in order."""
    return sorted({moment for moment in _recorded_under(case) if computed_at - LATE <= moment <= computed_at and moment < case.known})


def rewrite_history(rows: Sequence[HistoryRow], case: TrainingCase, computed_at: datetime) -> list[HistoryRow]:
    """Return the rows of a history where something may have been written after the computation of a later moment.

    From the first moment on at which the history does not say what was on record by then, it is gone through again: what was recorded is
    known from then on, whenever it was written. `rows` are all that were known at one of those moments or later.
    """
    for moment in late_moments(case, computed_at):
        then = timeline(training_case(case.versions, case.record, moment), moment)
        if _known_at(rows, moment) != [(row.says, row.valid_to) for row in then]:
            return extend_history(_known_before(rows, moment), case, moment - INSTANT)
    return extend_history(rows, case, computed_at)


def _known_at(rows: Sequence[HistoryRow], known: datetime) -> list[tuple[object, datetime | None]]:
    """Return the states of a history up to a moment as known then: each state, and its end where that had come."""
    present = sorted((row for row in rows if row.known_from <= known and not _is_over(row.known_to, known)), key=lambda row: row.valid_from)
    return [(row.says, row.valid_to if _is_over(row.valid_to, known) else None) for row in present]


def _known_before(rows: Sequence[HistoryRow], moment: datetime) -> list[HistoryRow]:
    """Return the rows of a history without what was written into it as known from a moment on."""
    eve = moment - INSTANT
    return [
        replace(
            row,
            valid_to=row.valid_to if _is_over(row.valid_to, eve) else None,
            known_to=row.known_to if _is_over(row.known_to, eve) else None,
        )
        for row in rows
        if row.known_from < moment
    ]


def _is_over(end: datetime | None, moment: datetime) -> bool:
    return end is not None and end <= moment


def has_news(record: TrainingRecord, after: datetime, until: datetime) -> bool:
    """Return whether something was recorded or taken back of a person after one moment and not after another."""
    return any(after < moment <= until for moment in _recorded(record))


def _recorded_under(case: TrainingCase) -> Iterator[datetime]:
    """Yield each moment at which a version of the obligation was recorded, or something of the person."""
    yield from (terms.recorded_at for terms in case.versions)
    yield from _recorded(case.record)


def _recorded(record: TrainingRecord) -> list[datetime]:
    """Return each moment at which something was recorded of a person, or taken back."""
    moments = [*(start.at for start in record.starts), *record.enrolled_at]
    for facts in (record.stays, record.closures, record.completions, record.entries, record.zones):
        for fact in facts:
            moments.append(fact.recorded_at)
            if fact.retracted_at is not None:
                moments.append(fact.retracted_at)
    for waiver in record.waivers:
        moments.append(waiver.recorded_at)
        if waiver.revoked_at is not None:
            moments.append(waiver.revoked_at)
    return moments


def timeline(case: TrainingCase, until: datetime) -> list[HistoryRow]:
    """Return which state held from when on, as known in a case, up to a moment; the last one is open. Nothing where nothing began."""
    since = begins_at(case)
    if since is None or since > until:
        return []
    acts = (*(done.achieved_at for done in case.completions), *(start.at for start in case.record.starts), *case.record.enrolled_at)
    cuts = sorted({since, *(moment for moment in acts if since < moment <= until)})
    changes: list[tuple[datetime, TrainingState, tuple[StateFlag, ...]]] = []
    for first, end in pairwise((*cuts, until + INSTANT)):
        for change in _changes(case, first, end):
            if not changes or changes[-1][1:] != change[1:]:
                changes.append(change)
    ends = (*(moment for moment, _state, _flags in changes[1:]), None)
    return [HistoryRow(state, flags, moment, end, case.known) for (moment, state, flags), end in zip(changes, ends, strict=True)]


def _is_timeline(history: Sequence[HistoryRow], expected: Sequence[HistoryRow]) -> bool:
    """Return whether the rows of a history that stand as known now are those of a timeline, in its order."""
    present = [(row.says, row.valid_to) for row in history if row.known_to is None]
    return present == [(row.says, row.valid_to) for row in expected]


def begins_at(case: TrainingCase) -> datetime | None:
    """Return since when a person has a status, as known in a case: the first day of their first stay; None where there is none."""
    days = [span.first for span in case.stays]
    return instant_of(min(days), case.record.zone) if days and case.versions else None


def _changes(case: TrainingCase, first: datetime, end: datetime) -> Iterator[tuple[datetime, TrainingState, tuple[StateFlag, ...]]]:
    moment: datetime | None = first
    while moment is not None:
        yield moment, *state_of(case, moment)
        moment = next_change_before(case, moment, end)


def _continued(history: Iterable[HistoryRow], case: TrainingCase, until: datetime) -> list[HistoryRow]:
    """Carry a history on by the clock alone: what a day ends is ended, what it begins was known as it began."""
    rows = list(history)
    valid = {row.says: row for row in timeline(case, until - INSTANT)}
    present = {row.says for row in rows if row.known_to is None}
    carried = [replace(row, valid_to=valid[row.says].valid_to) if row.known_to is None and row.says in valid else row for row in rows]
    return carried + [replace(row, known_from=row.valid_from) for row in valid.values() if row.says not in present]


def _corrected(history: Iterable[HistoryRow], case: TrainingCase, known: datetime) -> list[HistoryRow]:
    """Write what was recorded at a moment into a history: what it says otherwise was known until then."""
    expected = {(row.says, row.valid_to): row for row in timeline(case, known)}
    rows: list[HistoryRow] = []
    for row in history:
        if row.known_to is not None:
            rows.append(row)
        elif (row.says, row.valid_to) in expected:
            rows.append(row)
            del expected[row.says, row.valid_to]
        elif row.valid_to is None and (row.says, known) in expected:
            rows.append(replace(row, valid_to=known))
            del expected[row.says, known]
        else:
            rows.append(replace(row, known_to=known))
    return rows + [replace(row, known_from=known) for row in expected.values()]


class ReportDayFault(StrEnum):
    """The reasons for which there is no report of a day."""

    FUTURE = "future"
    BEFORE_RECORDS = "before_records"
    KNOWN_EARLIER = "known_earlier"
    """What a day was cannot be known before that day."""


@dataclass(frozen=True, slots=True)
class ReportDays:
    """The wanted days, and what is wrong with each; where nothing is wanted, both are today."""

    on: date
    known: date
    on_fault: ReportDayFault | None = None
    known_fault: ReportDayFault | None = None

    @property
    def is_refused(self) -> bool:
        """Return whether there is no such report."""
        return self.on_fault is not None or self.known_fault is not None


def report_days(on: date | None, known: date | None, today: date, first_on: date | None, known_since: date | None) -> ReportDays:
    """Return the days of a report; where nothing is said of what was known, it is what was known on the day itself.

    `first_on` is the first day of which anything is on record, `known_since` the first on which it was recorded; None where nothing is.
    """
    day = on or today
    seen = known or day
    if day == seen == today:
        return ReportDays(day, seen)
    return ReportDays(day, seen, _fault(day, today, first_on), _known_fault(day, seen, today, known_since))


def _fault(day: date, today: date, first: date | None) -> ReportDayFault | None:
    if day > today:
        return ReportDayFault.FUTURE
    return ReportDayFault.BEFORE_RECORDS if first is None or day < first else None


def _known_fault(on: date, known: date, today: date, since: date | None) -> ReportDayFault | None:
    fault = _fault(known, today, since)
    return ReportDayFault.KNOWN_EARLIER if fault is None and known < on else fault


VALID = (TrainingState.DONE, TrainingState.RENEWAL_DUE)
"""The states of who has done it and for whom it holds."""
MISSING = (TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED, TrainingState.OVERDUE, TrainingState.EXPIRED)
"""The states of who has still to do it."""
REQUIRED = (*VALID, *MISSING)


class ReportState(StrEnum):
    """The people of a report that a number stands for and a list is filtered by."""

    REQUIRED = "required"
    VALID = "valid"
    MISSING = "missing"
    DONE = "done"
    RENEWAL_DUE = "renewal_due"
    IN_PROGRESS = "in_progress"
    NOT_STARTED = "not_started"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    WAIVED = "waived"
    AT_RISK = "at_risk"
    NO_ACCOUNT = "no_account"


STATES: Mapping[ReportState, tuple[TrainingState, ...]] = {
    ReportState.REQUIRED: REQUIRED,
    ReportState.VALID: VALID,
    ReportState.MISSING: MISSING,
    ReportState.AT_RISK: (TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED),
    ReportState.NO_ACCOUNT: MISSING,
    **{ReportState(state.value): (state,) for state in (*REQUIRED, TrainingState.WAIVED)},
}
"""The states among which each filter looks."""
PRESENT_ONLY = (ReportState.AT_RISK, ReportState.NO_ACCOUNT)
"""What is known of today alone: no past day was recorded."""


@dataclass(frozen=True, slots=True)
class TrainingTally:
    """The number of people in each state; of those who have still to do it, how many are at risk and how many have no active account."""

    states: Mapping[TrainingState, int] = field(default_factory=dict)
    at_risk: int = 0
    without_account: int = 0

    def count(self, states: Iterable[TrainingState]) -> int:
        """Return how many people are in any of some states."""
        return sum(self.states.get(state, 0) for state in states)

    def people(self, state: ReportState) -> int:
        """Return how many people a filter finds."""
        if state is ReportState.AT_RISK:
            return self.at_risk
        return self.without_account if state is ReportState.NO_ACCOUNT else self.count(STATES[state])

    @property
    def required(self) -> int:
        """Return of how many it is required."""
        return self.count(REQUIRED)

    @property
    def share(self) -> Fraction | None:
        """Return the share done of the required; None where it is required of nobody."""
        return Fraction(self.count(VALID), self.required) if self.required else None


def tally_sum(tallies: Iterable[TrainingTally]) -> TrainingTally:
    """Return several tallies as one."""
    states, at_risk, without_account = Counter[TrainingState](), 0, 0
    for tally in tallies:
        states.update(tally.states)
        at_risk += tally.at_risk
        without_account += tally.without_account
    return TrainingTally(states, at_risk, without_account)
