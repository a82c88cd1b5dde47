"""The status of a person under an obligation: a pure function of terms, record, a moment, what was known when (spec/compulsory 7)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from compliance.rules.last_day import LastDayReason, LastDayTerm
from compliance.rules.record import (
    DAY,
    AchievedCourse,
    DaySpan,
    TrainingRecord,
    is_known,
    known_closures,
    known_completions,
    known_stays,
    known_waivers,
    zone_on,
)
from compliance.rules.standing import FOREVER, RequirementStanding, TermsInForce, course_standing, requirement_standing, window_opens
from compliance.rules.terms import DeadlineAnchor, ObligationTerms, RelativeDeadline, certain_courses, courses_of
from kernel.durations import add_duration

UTC = ZoneInfo("UTC")


class TrainingState(StrEnum):
    """The states of a person under an obligation, in their order of precedence (spec/compulsory 7.5)."""

    NOT_REQUIRED = "not_required"
    DONE = "done"
    WAIVED = "waived"
    RENEWAL_DUE = "renewal_due"
    EXPIRED = "expired"
    OVERDUE = "overdue"
    IN_PROGRESS = "in_progress"
    NOT_STARTED = "not_started"


NEEDED = frozenset(
    {TrainingState.RENEWAL_DUE, TrainingState.EXPIRED, TrainingState.OVERDUE, TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED}
)
"""The states in which something is still to be done."""


class StateFlag(StrEnum):
    """A remark beside a state: the reason why nothing is required, or what else holds."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    ACCOUNT = "account"
    OUTSIDE = "outside"
    LATE = "late"
    VERSION = "version"
    GRACE = "grace"
    STARTED = "started"
    OLD_VERSION = "old_version"


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """A state with its flags; the last day of the deadline, waiver or validity that it speaks of; and the zone of its days."""

    state: TrainingState
    flags: tuple[StateFlag, ...] = ()
    last_on: date | None = None
    zone: ZoneInfo = UTC
    first_at: datetime | None = None
    """When the requirement was first done."""
    valid_until: date | None = None
    cycle: int = 1
    """The number of the cycle: the first need, then one for each renewal."""
    opened_on: date | None = None
    """The first day of the cycle; None while there is none."""
    due_on: date | None = None
    """The last day of the first cycle, also where it was done; None where nothing is required or no deadline runs."""
    done_on: date | None = None
    """The local day on which the requirement was first done."""


@dataclass(frozen=True, slots=True)
class NextChange:
    """The first moment at which the clock alone changes a status, and what it then is."""

    at: datetime
    status: TrainingStatus


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """One person under one obligation, as known at one moment."""

    record: TrainingRecord
    known: datetime
    versions: tuple[ObligationTerms, ...]
    stays: list[DaySpan]
    waivers: list[DaySpan]
    closures: list[DaySpan]
    completions: list[AchievedCourse]
    readings: dict[datetime, "_Reading"] = field(default_factory=dict, compare=False, repr=False)
    """What was found at each moment so far: history and next change look at the same moments again."""


def training_case(versions: Sequence[ObligationTerms], record: TrainingRecord, known: datetime) -> TrainingCase:
    """Return what was known of a person under an obligation at a moment; what was recorded later changes nothing."""
    return TrainingCase(
        record,
        known,
        tuple(sorted((terms for terms in versions if terms.recorded_at <= known), key=lambda terms: terms.recorded_at)),
        known_stays(record.stays, known),
        known_waivers(record.waivers, known, record.zone),
        known_closures(record.closures, known),
        known_completions(record.completions, known),
    )


def training_status(versions: Sequence[ObligationTerms], record: TrainingRecord, at: datetime, known: datetime) -> TrainingStatus:
    """Return the status of a person at a moment, as it was known at another."""
    return status_of(training_case(versions, record, known), at)


def status_of(case: TrainingCase, at: datetime) -> TrainingStatus:
    """Return the status in a case at a moment."""
    return _Reading.of(case, at).status


def next_change(case: TrainingCase, at: datetime) -> NextChange | None:
    """Return when the clock alone changes the status after a moment, and into what; None where it never does."""
    reading = _Reading.of(case, at)
    before = reading.status
    ahead = reading.next_moment(at)
    while ahead is not None:
        reading = _Reading.of(case, ahead)
        if (reading.status.state, reading.status.flags) != (before.state, before.flags):
            return NextChange(ahead, reading.status)
        ahead = reading.next_moment(ahead)
    return None


def courses_to_take(case: TrainingCase, at: datetime) -> list[str]:
    """Return the courses that a person has to do in the present cycle and has not done in it (spec/compulsory 4.9).

    Of those of which any one will do there are none: the person chooses.
    """
    reading = _Reading.of(case, at)
    return reading.courses_open(certain_courses(reading.terms.requirement), at) if reading.status.state in NEEDED else []


def renewable_courses(case: TrainingCase, at: datetime) -> list[str]:
    """Return the courses that a person may begin anew now, those to choose from too; also while waived (spec/compulsory 6.2)."""
    reading = _Reading.of(case, at)
    is_asked = reading.status.state in NEEDED or reading.status.state is TrainingState.WAIVED
    return reading.courses_open(courses_of(reading.terms.requirement), at) if is_asked else []


def explain_last_day(case: TrainingCase, at: datetime) -> list[LastDayTerm]:
    """Return the terms of the sum by which the last day at a moment came about; the last of them makes it (spec/compulsory 11.2)."""
    return _Reading.of(case, at).explain()


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)


def terms_in_force(versions: Sequence[ObligationTerms], day: date) -> TermsInForce:
    """Return which terms held from which day on, up to a day: what was recorded later stands from its effective day on."""
    in_force: list[tuple[date, ObligationTerms]] = []
    for terms in versions:
        if terms.effective_on <= day:
            in_force = [(since, earlier) for since, earlier in in_force if since < terms.effective_on]
            in_force.append((terms.effective_on, terms))
    return in_force


def _current_stay(stays: Sequence[DaySpan], day: date, gap: int) -> list[DaySpan]:
    """Return the parts of the stay that holds on a day: short gaps are joined, a longer one begins a new stay."""
    parts: list[DaySpan] = []
    for span in stays:
        if span.first > day:
            break
        if parts and parts[-1].last is not None and (span.first - parts[-1].last).days - 1 > gap:
            parts = []
        parts.append(span)
    return parts


def _anchor_on(
    case: TrainingCase, anchor: DeadlineAnchor, terms: ObligationTerms, joined_on: date, zone: ZoneInfo, day: date
) -> date | None:
    if anchor is DeadlineAnchor.ENROL:
        enrolled = [moment.astimezone(zone).date() for moment in case.record.enrolled_at if moment <= case.known]
        return min((on for on in enrolled if on <= day), default=None)
    if anchor is DeadlineAnchor.JOIN:
        return max(joined_on, terms.starts)
    entries = sorted(entry.on for entry in case.record.entries if is_known(entry, case.known))
    before = [on for on in entries if on <= joined_on]
    entered_on = before[-1] if before else (entries[0] if entries else joined_on)
    return max(entered_on, terms.starts)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A case looked at on one day."""

    case: TrainingCase
    day: date
    zone: ZoneInfo
    in_force: TermsInForce
    parts: list[DaySpan]
    standing: RequirementStanding
    status: TrainingStatus
    last_days: dict[date, date | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, case: TrainingCase, at: datetime) -> "_Reading":
        """Return a case looked at at a moment; the same moment is computed once."""
        if at not in case.readings:
            case.readings[at] = cls.compute(case, at)
        return case.readings[at]

    @classmethod
    def compute(cls, case: TrainingCase, at: datetime) -> "_Reading":
        zone = zone_on(case.record, at.astimezone(case.record.zone).date(), case.known)
        day = at.astimezone(zone).date()
        in_force = terms_in_force(case.versions, day)
        if not in_force:
            status = TrainingStatus(TrainingState.NOT_REQUIRED, (StateFlag.NOT_BEGUN,), zone=zone)
            return cls(case, day, zone, (), [], RequirementStanding(), status)
        terms = in_force[-1][1]
        parts = _current_stay(case.stays, day, terms.gap)
        zone = zone_on(case.record, max(parts[0].first, terms.starts) if parts else day, case.known)
        standing = _standing_of(case, in_force, zone, at)
        day, opens = at.astimezone(zone).date(), window_opens(terms, standing.valid_until)
        if standing.is_done and opens != FOREVER:
            renewal = zone_on(case.record, opens, case.known)
            if at >= first_instant(opens, renewal):
                day, zone = at.astimezone(renewal).date(), renewal
            else:
                day = min(day, opens - DAY)
        reading = cls(case, day, zone, in_force, parts, standing, TrainingStatus(TrainingState.NOT_REQUIRED, zone=zone))
        return replace(reading, status=reading.find_status())

    def beginning_of(self, day: date) -> datetime:
        """Return when a later day begins: in the zone of the renewal from its window on, until then in that of this cycle."""
        opens = window_opens(self.terms, self.standing.valid_until) if self.in_force and self.standing.is_done else FOREVER
        return first_instant(day, self.zone if day < opens or opens == FOREVER else zone_on(self.case.record, opens, self.case.known))

    def next_moment(self, after: datetime) -> datetime | None:
        """Return the first moment after another at which a day that matters begins: always later, whatever the zones are."""
        return min((moment for day in self.days_ahead() if (moment := self.beginning_of(day)) > after), default=None)

    @property
    def terms(self) -> ObligationTerms:
        return self.in_force[-1][1]

    def find_status(self) -> TrainingStatus:
        reason = self.why_not_required()
        if reason is not None:
            return self.in_state(TrainingState.NOT_REQUIRED, (reason,), None)
        standing, terms = self.standing, self.terms
        valid_until = None if standing.valid_until == FOREVER else standing.valid_until
        if standing.is_done and self.day < window_opens(terms, standing.valid_until):
            return self.in_state(TrainingState.DONE, self.flags_of_done(), valid_until)
        waived = [waiver for waiver in self.case.waivers if waiver.has(self.day)]
        if waived:
            lasts = [waiver.last for waiver in waived]
            last = None if None in lasts else max(day for day in lasts if day is not None)
            return self.in_state(TrainingState.WAIVED, (), last)
        return self.renewal_status() if standing.is_done else self.first_status()

    def in_state(self, state: TrainingState, flags: tuple[StateFlag, ...], last_on: date | None) -> TrainingStatus:
        standing, opens = self.standing, window_opens(self.terms, self.standing.valid_until)
        valid_until = None if not standing.is_done or standing.valid_until == FOREVER else standing.valid_until
        is_renewal = standing.is_done and self.day >= opens
        first_opened = max(self.parts[0].first, self.terms.starts) if self.parts else None
        cycle = max(standing.times, 1) if standing.is_done and not is_renewal else standing.times + 1
        done_on = None if standing.first_at is None else standing.first_at.astimezone(self.zone).date()
        return TrainingStatus(
            state,
            flags,
            last_on,
            self.zone,
            standing.first_at,
            valid_until,
            cycle,
            opens if is_renewal else first_opened,
            None if state is TrainingState.NOT_REQUIRED or first_opened is None else self.last_day(max(done_on or self.day, first_opened)),
            done_on,
        )

    def why_not_required(self) -> StateFlag | None:
        terms = self.terms
        if self.day < terms.starts:
            return StateFlag.NOT_BEGUN
        if terms.ends is not None and self.day > terms.ends:
            return StateFlag.ENDED
        if any(closure.has(self.day) for closure in self.case.closures):
            return StateFlag.ACCOUNT
        return None if self.parts and self.parts[-1].has(self.day) else StateFlag.OUTSIDE

    def flags_of_done(self) -> tuple[StateFlag, ...]:
        first_at = self.standing.first_at
        if first_at is None or self.standing.is_renewed:
            return ()
        first_on = first_at.astimezone(self.zone).date()
        if not self.parts or first_on < self.parts[0].first:
            return ()
        last = self.last_day(first_on)
        return (StateFlag.LATE,) if last is not None and first_on > last else ()

    def renewal_status(self) -> TrainingStatus:
        until = self.standing.valid_until
        version = (StateFlag.VERSION,) if self.standing.asked_again else ()
        if self.day <= until:
            return self.in_state(TrainingState.RENEWAL_DUE, version, until)
        grace_ends = self.last_grace_day()
        if self.day <= grace_ends:
            return self.in_state(TrainingState.RENEWAL_DUE, (*version, StateFlag.GRACE), grace_ends)
        started = (StateFlag.STARTED,) if self.standing.has_begun else ()
        return self.in_state(TrainingState.EXPIRED, (*version, *started), until)

    def first_status(self) -> TrainingStatus:
        last, begun = self.last_day(self.day), self.standing.has_begun or self.standing.is_outdated
        is_after = last is not None and self.day > last
        if last is not None and self.day > last + timedelta(days=self.terms.grace):
            return self.in_state(TrainingState.OVERDUE, (StateFlag.STARTED,) if begun else (), last)
        grace = (StateFlag.GRACE,) if is_after else ()
        if not begun:
            return self.in_state(TrainingState.NOT_STARTED, grace, last)
        outdated = (StateFlag.OLD_VERSION,) if self.standing.is_outdated else ()
        return self.in_state(TrainingState.IN_PROGRESS, (*grace, *outdated), last)

    def spans_excused(self, day: date) -> Iterator[tuple[LastDayReason, DaySpan]]:
        """Yield the spans that began by a day and have an end: gaps of the stay, closed accounts, waivers."""
        for before, after in pairwise(self.parts):
            assert before.last is not None  # another part follows
            yield LastDayReason.GAP, DaySpan(before.last + DAY, after.first - DAY)
        for reason, spans in ((LastDayReason.ACCOUNT, self.case.closures), (LastDayReason.WAIVER, self.case.waivers)):
            for span in spans:
                if span.first <= day and span.last is not None:
                    yield reason, span

    def last_day(self, day: date) -> date | None:
        """Return the last day of the first cycle as it stood on a day; None while no deadline runs (spec/compulsory 4.2 and 4.4)."""
        if day not in self.last_days:
            self.last_days[day] = self.sum_last_day(day, [])
        return self.last_days[day]

    def sum_last_day(self, day: date, told: list[LastDayTerm]) -> date | None:
        """Return the last day of the first cycle as it stood on a day, and add what made it to the terms of its sum."""
        if not self.parts:
            return None
        in_force = [(since, terms) for since, terms in self.in_force if since <= day] or self.in_force[:1]
        joined_on = max(self.parts[0].first, in_force[-1][1].starts)
        events: list[tuple[date, int, ObligationTerms | tuple[LastDayReason, DaySpan]]] = [(since, 0, terms) for since, terms in in_force]
        events += [(span.first, 1, (reason, span)) for reason, span in self.spans_excused(day)]
        base: date | None = None
        floor = joined_on + timedelta(days=in_force[-1][1].notice - 1)
        notice = in_force[0][1].notice
        begun = False
        for _on, _order, event in sorted(events, key=lambda event: event[:2]):
            if isinstance(event, tuple):
                reason, span = event
                last = None if base is None else max(base, floor)
                if span.last is not None and last is not None and span.first <= last:
                    after = span.last + timedelta(days=notice)
                    if after > last:
                        told.append(LastDayTerm(reason, after, span.first, span.last, notice))
                    floor = max(floor, after)
                continue
            notice, deadline = event.notice, self.deadline_of(event, joined_on, day)
            if deadline is not None and deadline != base:
                told.append(self.term_of_deadline(event, deadline, joined_on, day, is_first=not begun))
            if begun and deadline is not None and (base is None or deadline < base):
                recorded_on = event.recorded_at.astimezone(self.zone).date()
                floor = max(floor, recorded_on + timedelta(days=notice))
                if floor > deadline:
                    told.append(LastDayTerm(LastDayReason.CHANGED, floor, recorded_on, days=notice))
            elif deadline is not None and floor > deadline and not begun:
                told.append(LastDayTerm(LastDayReason.JOINED, floor, joined_on, days=notice))
            base, begun = deadline, True
        return None if base is None else max(base, floor)

    def term_of_deadline(self, terms: ObligationTerms, deadline: date, joined_on: date, day: date, *, is_first: bool) -> LastDayTerm:
        anchor = terms.deadline.anchor if isinstance(terms.deadline, RelativeDeadline) else None
        since = None if anchor is None else _anchor_on(self.case, anchor, terms, joined_on, self.zone, day)
        reason = LastDayReason.DEADLINE if is_first else LastDayReason.VERSION
        return LastDayTerm(reason, deadline, since or (None if is_first else terms.effective_on), anchor=anchor)

    def deadline_of(self, terms: ObligationTerms, joined_on: date, day: date) -> date | None:
        if not isinstance(terms.deadline, RelativeDeadline):
            return terms.deadline
        anchor = _anchor_on(self.case, terms.deadline.anchor, terms, joined_on, self.zone, day)
        return None if anchor is None else add_duration(anchor, terms.deadline.duration)

    def last_grace_day(self, terms_of_sum: list[LastDayTerm] | None = None) -> date:
        """Return the last day of grace after an expiry: nobody gets less than the notice after joining or a return."""
        terms, told = self.terms, [] if terms_of_sum is None else terms_of_sum
        last = self.standing.valid_until + timedelta(days=terms.grace)
        if terms.grace:
            told.append(LastDayTerm(LastDayReason.GRACE, last, days=terms.grace))
        if self.parts:
            joined_on = max(self.parts[0].first, terms.starts)
            after = joined_on + timedelta(days=terms.notice - 1)
            if after > last:
                told.append(LastDayTerm(LastDayReason.JOINED, after, joined_on, days=terms.notice))
            last = max(last, after)
        for reason, span in sorted(self.spans_excused(self.day), key=lambda excused: excused[1].first):
            if span.last is not None and span.first <= last:
                after = span.last + timedelta(days=terms.notice)
                if after > last:
                    told.append(LastDayTerm(reason, after, span.first, span.last, terms.notice))
                last = max(last, after)
        return last

    def explain(self) -> list[LastDayTerm]:
        told: list[LastDayTerm] = []
        if self.why_not_required() is not None:
            return told
        if not self.standing.is_done:
            self.sum_last_day(self.day, told)
        elif self.standing.valid_until != FOREVER:
            told.append(LastDayTerm(LastDayReason.VALIDITY, self.standing.valid_until))
            if self.day > self.standing.valid_until:
                self.last_grace_day(told)
        return told

    def courses_open(self, courses: Iterable[str], at: datetime) -> list[str]:
        """Return those of some courses that are not done, or whose renewal window is open."""
        standings = _course_standings(self.case, self.in_force, self.zone, at)
        return [
            course
            for course in dict.fromkeys(courses)
            if not standings[course].is_done or self.day >= window_opens(self.terms, standings[course].valid_until)
        ]

    def days_ahead(self) -> Iterator[date]:
        """Yield each day after this one on which the status may change by the clock."""
        yield from (day for day in self.days_that_matter() if day is not None and day > self.day)

    def days_that_matter(self) -> Iterator[date | None]:
        for terms in self.case.versions:
            yield terms.effective_on
            yield terms.starts
            yield terms.ends and terms.ends + DAY
        for span in (*self.case.stays, *self.case.waivers, *self.case.closures):
            yield span.first
            yield span.last and span.last + DAY
        if not self.in_force:
            return
        if self.standing.is_done:
            if self.standing.valid_until != FOREVER:
                yield window_opens(self.terms, self.standing.valid_until)
                yield self.standing.valid_until + DAY
                yield self.last_grace_day() + DAY
            return
        last = self.last_day(self.day)
        if last is not None:
            yield last + DAY
            yield last + timedelta(days=self.terms.grace) + DAY


def _standing_of(case: TrainingCase, in_force: TermsInForce, zone: ZoneInfo, at: datetime) -> RequirementStanding:
    return requirement_standing(in_force[-1][1].requirement, _course_standings(case, in_force, zone, at))


def _course_standings(case: TrainingCase, in_force: TermsInForce, zone: ZoneInfo, at: datetime) -> Mapping[str, RequirementStanding]:
    moment = min(at, case.known)
    day = at.astimezone(zone).date()
    done = [completion for completion in case.completions if completion.achieved_at <= at]
    starts = [start for start in case.record.starts if start.at <= moment]
    return {
        course: course_standing(in_force, done, (start.at for start in starts if start.course == course), course, zone, day)
        for course in courses_of(in_force[-1][1].requirement)
    }
