"""States of a person under an obligation, and what a status says (spec/compulsory 7.5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from compliance.rules.record import (
    FOREVER,
    NOT_DONE,
    AchievedCourse,
    DaySpan,
    RecordedDay,
    RequirementStanding,
    TermsInForce,
    TrainingRecord,
    UnitZone,
    course_standing,
    current_stay,
    instant_of,
    is_known,
    known_closures,
    known_completions,
    known_stays,
    known_waivers,
    known_zones,
    recorded_days,
    recorded_since,
    requirement_standing,
    terms_in_force,
    window_opens,
)
from compliance.rules.terms import (
    DAY,
    DeadlineAnchor,
    LastDayReason,
    LastDayTerm,
    ObligationTerms,
    RelativeDeadline,
    certain_courses,
    courses_of,
)
from kernel.durations import add_duration

UTC_ZONE = ZoneInfo("UTC")


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
    zone: ZoneInfo = UTC_ZONE
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


_FoundState = tuple[TrainingState, tuple[StateFlag, ...], date | None]
"""A state with its flags, and the last day that it speaks of."""


@dataclass(frozen=True, slots=True)
class KnownTerms:
    """The versions of an obligation that were known at a moment, for everybody under it: what they have in common is found once."""

    known: datetime
    versions: tuple[ObligationTerms, ...]
    """In the order in which they were recorded."""
    days: frozenset[date]
    """On which they may change a status by the clock."""
    held: Sequence[tuple[date, TermsInForce]]
    """From which day on which of them held, in order."""
    is_common: bool
    """No deadline counts from entry or enrolment: people with the same stays who were never excused have the same last day."""
    last_days: dict[tuple[object, ...], date | None] = field(default_factory=dict, compare=False, repr=False)
    """The last days of such people that were found so far."""
    readings: dict[tuple[object, ...], "_Reading"] = field(default_factory=dict, compare=False, repr=False)
    """What was found of such people at moments before they had done anything."""

    def in_force(self, day: date) -> TermsInForce:
        """Return which terms held from which day on, up to a day."""
        latest: TermsInForce = ()
        for since, in_force in self.held:
            if since > day:
                break
            latest = in_force
        return latest


def known_terms(versions: Sequence[ObligationTerms], known: datetime) -> KnownTerms:
    """Return the versions that were known at a moment; what was recorded later changes nothing."""
    in_order = tuple(sorted((terms for terms in versions if terms.recorded_at <= known), key=lambda terms: terms.recorded_at))
    days = {terms.starts for terms in in_order} | {terms.ends + DAY for terms in in_order if terms.ends is not None}
    effective = {terms.effective_on for terms in in_order}
    held = [(day, terms_in_force(in_order, day)) for day in sorted(effective)]
    anchors = {terms.deadline.anchor for terms in in_order if isinstance(terms.deadline, RelativeDeadline)}
    return KnownTerms(known, in_order, frozenset(days | effective), held, anchors <= {DeadlineAnchor.JOIN})


@dataclass(slots=True)
class TrainingCase:
    """One person under one obligation, as known at one moment."""

    record: TrainingRecord
    terms: KnownTerms
    zones: list[UnitZone]
    stays: list[DaySpan]
    waivers: list[DaySpan]
    closures: list[DaySpan]
    completions: list[AchievedCourse]
    days: frozenset[date]
    """On which the terms, or the spans on record, may change the status by the clock."""
    recorded: tuple[RecordedDay, ...]
    """When the days in the audience came into the register."""
    shared: tuple[object, ...] | None
    """What everybody has in common with this person who has the same stays; None where waivers, closures or zones are their own."""
    readings: dict[datetime, "_Reading"] = field(default_factory=dict, compare=False, repr=False)
    """What was found at each moment so far: history and next change look at the same moments again."""

    @property
    def known(self) -> datetime:
        """Return the moment as of which it is known."""
        return self.terms.known

    def close(self) -> None:
        """Forget what was found: readings and their case refer to each other, and would wait for the garbage collector."""
        self.readings.clear()

    @property
    def versions(self) -> tuple[ObligationTerms, ...]:
        """Return the versions of the obligation that were known."""
        return self.terms.versions

    def zone_on(self, day: date) -> ZoneInfo:
        """Return the time zone of the person's main unit on a day."""
        return next((unit_zone.zone for unit_zone in self.zones if unit_zone.since_on <= day), self.record.zone)


def training_case(versions: Sequence[ObligationTerms], record: TrainingRecord, known: datetime) -> TrainingCase:
    """Return the facts known of a person under an obligation at a moment; what was recorded later changes nothing."""
    return case_under(known_terms(versions, known), record)


def case_under(terms: KnownTerms, record: TrainingRecord) -> TrainingCase:
    """Return the facts known of a person at the moment as of which the terms of an obligation are known."""
    stays = known_stays(record.stays, terms.known)
    waivers = known_waivers(record.waivers, terms.known, record.zone)
    closures = known_closures(record.closures, terms.known)
    spans = (*stays, *waivers, *closures)
    days = terms.days.union(
        [span.first for span in spans],
        [span.last + DAY for span in spans if span.last is not None],
    )
    completions, zones = known_completions(record.completions, terms.known), known_zones(record, terms.known)
    is_shared = terms.is_common and not (waivers or closures or zones)
    recorded = recorded_days(record.stays, terms.known, record.zone)
    shared = (record.zone, recorded, *((stay.first, stay.last) for stay in stays)) if is_shared else None
    return TrainingCase(
        record,
        terms,
        zones,
        stays=stays,
        waivers=waivers,
        closures=closures,
        completions=completions,
        days=days,
        recorded=recorded,
        shared=shared,
    )


def status_of(case: TrainingCase, at: datetime) -> TrainingStatus:
    """Return the status in a case at a moment."""
    return _Reading.of(case, at).status


def state_of(case: TrainingCase, at: datetime) -> tuple[TrainingState, tuple[StateFlag, ...]]:
    """Return the state in a case at a moment with its flags, without the days of the status."""
    reading = _Reading.of(case, at)
    return reading.state, reading.flags


def next_change(case: TrainingCase, at: datetime) -> NextChange | None:
    """Return when the clock alone changes the status after a moment, and into what; None where it never does."""
    ahead = next_change_before(case, at, None)
    return None if ahead is None else NextChange(ahead, status_of(case, ahead))


def next_change_before(case: TrainingCase, at: datetime, end: datetime | None) -> datetime | None:
    """Return when the clock alone changes the status after a moment and before another; None where it does not."""
    reading = _Reading.of(case, at)
    before = reading.state, reading.flags
    ahead = reading.next_moment(at)
    while ahead is not None and (end is None or ahead < end):
        reading = _Reading.of(case, ahead)
        if (reading.state, reading.flags) != before:
            return ahead
        ahead = reading.next_moment(ahead)
    return None


def courses_to_take(case: TrainingCase, at: datetime) -> list[str]:
    """Return the courses that a person has to do in the present cycle and has not done in it (spec/compulsory 4.9).

    Of those of which any one will do there are none: the person chooses.
    """
    reading = _Reading.of(case, at)
    return reading.courses_open(certain_courses(reading.terms.requirement), at) if reading.state in NEEDED else []


def renewable_courses(case: TrainingCase, at: datetime) -> list[str]:
    """Return the courses that a person may begin anew now, those to choose from too; also while waived (spec/compulsory 6.2)."""
    reading = _Reading.of(case, at)
    is_asked = reading.state in NEEDED or reading.state is TrainingState.WAIVED
    return reading.courses_open(courses_of(reading.terms.requirement), at) if is_asked else []


def explain_last_day(case: TrainingCase, at: datetime) -> list[LastDayTerm]:
    """Return the terms of the sum by which the last day at a moment came about; the last of them makes it (spec/compulsory 11.2)."""
    return _Reading.of(case, at).explain()


def _reason_of_notice(noticed_on: date, joined_on: date) -> LastDayReason:
    return LastDayReason.RECORDED if noticed_on > joined_on else LastDayReason.JOINED


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


@dataclass(slots=True)
class _Reading:
    """A case looked at on one day."""

    case: TrainingCase
    day: date
    zone: ZoneInfo
    in_force: TermsInForce
    parts: list[DaySpan]
    standing: RequirementStanding
    opens: date
    """The first day of the renewal window."""
    state: TrainingState = TrainingState.NOT_REQUIRED
    flags: tuple[StateFlag, ...] = (StateFlag.NOT_BEGUN,)
    last_on: date | None = None
    last_days: dict[tuple[object, ...], date | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, case: TrainingCase, at: datetime) -> "_Reading":
        """Return a case looked at at a moment; the same moment is computed once, and once for all who had not done anything by then."""
        reading = case.readings.get(at)
        if reading is None:
            reading = case.readings[at] = cls.compute(case, at) if case.shared is None else cls._find_shared(case, at, case.shared)
        return reading

    @classmethod
    def _find_shared(cls, case: TrainingCase, at: datetime, shared: tuple[object, ...]) -> "_Reading":
        if case.completions and case.completions[0].achieved_at <= at:
            return cls.compute(case, at)
        begun = frozenset(start.course for start in case.record.starts if start.at <= at and start.at <= case.known)
        reading = case.terms.readings.get((at, begun, shared))
        if reading is None:
            reading = case.terms.readings[at, begun, shared] = cls.compute(case, at)
        return reading

    @classmethod
    def compute(cls, case: TrainingCase, at: datetime) -> "_Reading":
        zone = case.record.zone
        day = at.astimezone(zone).date()
        if case.zones:
            zone = case.zone_on(day)
            day = at.astimezone(zone).date()
        in_force = case.terms.in_force(day)
        if not in_force:
            return cls(case, day, zone, (), [], NOT_DONE, FOREVER)
        terms = in_force[-1][1]
        parts = current_stay(case.stays, day, terms.gap)
        if case.zones:
            zone = case.zone_on(max(parts[0].first, terms.starts) if parts else day)
            day = at.astimezone(zone).date()
        standing = requirement_standing(terms.requirement, _course_standings(case, in_force, zone, day, at))
        opens = window_opens(terms, standing.valid_until) if standing.is_done else FOREVER
        if opens != FOREVER:
            renewal = case.zone_on(opens)
            if at >= instant_of(opens, renewal):
                day, zone = at.astimezone(renewal).date(), renewal
            else:
                day = min(day, opens - DAY)
        reading = cls(case, day, zone, in_force, parts, standing, opens)
        reading.state, reading.flags, reading.last_on = reading.find_state()
        return reading

    def beginning_of(self, day: date) -> datetime:
        """Return when a later day begins: in the zone of the renewal from its window on, until then in that of this cycle."""
        return instant_of(day, self.zone if day < self.opens or self.opens == FOREVER else self.case.zone_on(self.opens))

    def next_moment(self, after: datetime) -> datetime | None:
        """Return the first moment after another at which a day that matters begins: always later, whatever the zones are."""
        return min((moment for day in self.days_ahead() if (moment := self.beginning_of(day)) > after), default=None)

    @property
    def terms(self) -> ObligationTerms:
        return self.in_force[-1][1]

    def find_state(self) -> _FoundState:
        reason = self.why_not_required()
        if reason is not None:
            return TrainingState.NOT_REQUIRED, (reason,), None
        standing = self.standing
        if standing.is_done and self.day < self.opens:
            return TrainingState.DONE, self.flags_of_done(), None if standing.valid_until == FOREVER else standing.valid_until
        waived = [waiver for waiver in self.case.waivers if waiver.has(self.day)]
        if waived:
            lasts = [waiver.last for waiver in waived]
            return TrainingState.WAIVED, (), None if None in lasts else max(day for day in lasts if day is not None)
        return self.renewal_state() if standing.is_done else self.first_state()

    @property
    def status(self) -> TrainingStatus:
        """Return the status with all of its days."""
        if not self.in_force:
            return TrainingStatus(self.state, self.flags, zone=self.zone)
        standing, state = self.standing, self.state
        is_renewal = standing.is_done and self.day >= self.opens
        first_opened = max(self.parts[0].first, self.terms.starts) if self.parts else None
        done_on = None if standing.first_at is None else standing.first_at.astimezone(self.zone).date()
        return TrainingStatus(
            state,
            self.flags,
            self.last_on,
            zone=self.zone,
            first_at=standing.first_at,
            valid_until=None if not standing.is_done or standing.valid_until == FOREVER else standing.valid_until,
            cycle=max(standing.times, 1) if standing.is_done and not is_renewal else standing.times + 1,
            opened_on=self.opens if is_renewal else first_opened,
            due_on=None
            if state is TrainingState.NOT_REQUIRED or first_opened is None
            else self.last_day(max(done_on or self.day, first_opened)),
            done_on=done_on,
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

    def renewal_state(self) -> _FoundState:
        until = self.standing.valid_until
        version = (StateFlag.VERSION,) if self.standing.asked_again else ()
        if self.day <= until:
            return TrainingState.RENEWAL_DUE, version, until
        grace_ends = self.last_grace_day()
        if self.day <= grace_ends:
            return TrainingState.RENEWAL_DUE, (*version, StateFlag.GRACE), grace_ends
        started = (StateFlag.STARTED,) if self.standing.has_begun else ()
        return TrainingState.EXPIRED, (*version, *started), until

    def first_state(self) -> _FoundState:
        last, begun = self.last_day(self.day), self.standing.has_begun or self.standing.is_outdated
        is_after = last is not None and self.day > last
        if last is not None and self.day > last + timedelta(days=self.terms.grace):
            return TrainingState.OVERDUE, (StateFlag.STARTED,) if begun else (), last
        grace = (StateFlag.GRACE,) if is_after else ()
        if not begun:
            return TrainingState.NOT_STARTED, grace, last
        outdated = (StateFlag.OLD_VERSION,) if self.standing.is_outdated else ()
        return TrainingState.IN_PROGRESS, (*grace, *outdated), last

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
        known_days: dict[tuple[object, ...], date | None] = self.last_days
        key: tuple[object, ...] = (day,)
        if self.case.shared is not None and len(self.parts) == 1:
            known_days, key = self.case.terms.last_days, (day, self.in_force[-1][0], self.parts[0].first, self.zone, self.case.recorded)
        if key not in known_days:
            known_days[key] = self.sum_last_day(day, [])
        return known_days[key]

    def sum_last_day(self, day: date, sum_terms: list[LastDayTerm]) -> date | None:
        """Return the last day of the first cycle as it stood on a day, and add what made it to the terms of its sum."""
        if not self.parts:
            return None
        in_force = [(since, terms) for since, terms in self.in_force if since <= day] or self.in_force[:1]
        joined_on = max(self.parts[0].first, in_force[-1][1].starts)
        events: list[tuple[date, int, ObligationTerms | tuple[LastDayReason, DaySpan]]] = [(since, 0, terms) for since, terms in in_force]
        events += [(span.first, 1, (reason, span)) for reason, span in self.spans_excused(day)]
        base: date | None = None
        noticed_on = max(joined_on, recorded_since(self.case.recorded, self.parts))
        floor = noticed_on + timedelta(days=in_force[-1][1].notice - 1)
        notice = in_force[0][1].notice
        begun = False
        for _on, _order, event in sorted(events, key=lambda event: event[:2]):
            if isinstance(event, tuple):
                reason, span = event
                last = None if base is None else max(base, floor)
                if span.last is not None and last is not None and span.first <= last:
                    after = span.last + timedelta(days=notice)
                    if after > last:
                        sum_terms.append(LastDayTerm(reason, after, span.first, span.last, notice))
                    floor = max(floor, after)
                continue
            notice, deadline = event.notice, self.deadline_of(event, joined_on, day)
            if deadline is not None and deadline != base:
                sum_terms.append(self.term_of_deadline(event, deadline, joined_on, day, is_first=not begun))
            if begun and deadline is not None and (base is None or deadline < base):
                recorded_on = event.recorded_at.astimezone(self.zone).date()
                floor = max(floor, recorded_on + timedelta(days=notice))
                if floor > deadline:
                    sum_terms.append(LastDayTerm(LastDayReason.CHANGED, floor, recorded_on, days=notice))
            elif deadline is not None and floor > deadline and not begun:
                sum_terms.append(LastDayTerm(_reason_of_notice(noticed_on, joined_on), floor, noticed_on, days=notice))
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
        terms, sum_terms = self.terms, [] if terms_of_sum is None else terms_of_sum
        last = self.standing.valid_until + timedelta(days=terms.grace)
        if terms.grace:
            sum_terms.append(LastDayTerm(LastDayReason.GRACE, last, days=terms.grace))
        if self.parts:
            joined_on = max(self.parts[0].first, terms.starts)
            noticed_on = max(joined_on, recorded_since(self.case.recorded, self.parts))
            after = noticed_on + timedelta(days=terms.notice - 1)
            if after > last:
                sum_terms.append(LastDayTerm(_reason_of_notice(noticed_on, joined_on), after, noticed_on, days=terms.notice))
            last = max(last, after)
        for reason, span in sorted(self.spans_excused(self.day), key=lambda excused: excused[1].first):
            if span.last is not None and span.first <= last:
                after = span.last + timedelta(days=terms.notice)
                if after > last:
                    sum_terms.append(LastDayTerm(reason, after, span.first, span.last, terms.notice))
                last = max(last, after)
        return last

    def explain(self) -> list[LastDayTerm]:
        sum_terms: list[LastDayTerm] = []
        if self.why_not_required() is not None:
            return sum_terms
        if not self.standing.is_done:
            self.sum_last_day(self.day, sum_terms)
        elif self.standing.valid_until != FOREVER:
            sum_terms.append(LastDayTerm(LastDayReason.VALIDITY, self.standing.valid_until))
            if self.day > self.standing.valid_until:
                self.last_grace_day(sum_terms)
        return sum_terms

    def courses_open(self, courses: Iterable[str], at: datetime) -> list[str]:
        """Return those of some courses that are not done, or whose renewal window is open."""
        standings = _course_standings(self.case, self.in_force, self.zone, at.astimezone(self.zone).date(), at)
        return [
            course
            for course in dict.fromkeys(courses)
            if not standings[course].is_done or self.day >= window_opens(self.terms, standings[course].valid_until)
        ]

    def days_ahead(self) -> list[date]:
        """Return each day after this one on which the status may change by the clock."""
        return [day for day in (*self.case.days, *self.own_days()) if day > self.day]

    def own_days(self) -> Sequence[date]:
        """Return the days of the deadline, or of what was done, on which the status may change by the clock."""
        if not self.in_force:
            return ()
        if self.standing.is_done:
            until = self.standing.valid_until
            return () if until == FOREVER else (self.opens, until + DAY, self.last_grace_day() + DAY)
        last = self.last_day(self.day)
        return () if last is None else (last + DAY, last + timedelta(days=self.terms.grace) + DAY)


def _course_standings(
    case: TrainingCase, in_force: TermsInForce, zone: ZoneInfo, day: date, at: datetime
) -> Mapping[str, RequirementStanding]:
    moment = min(at, case.known)
    done = [completion for completion in case.completions if completion.achieved_at <= at]
    starts = [start for start in case.record.starts if start.at <= moment]
    courses = courses_of(in_force[-1][1].requirement)
    if not done and not starts:
        return dict.fromkeys(courses, NOT_DONE)
    return {
        course: course_standing(in_force, done, [start.at for start in starts if start.course == course], course, zone, day)
        for course in courses
    }
