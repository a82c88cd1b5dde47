"""The pace of a group before a last day, reminders, their plans, and team digests (spec/compulsory 11.5 and 11.6)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import DAY, CountedDays, WorkingDays

AT_RISK_POINTS = 15
LAST_DAYS = 5
FEWEST = 5
DAYS_LEFT, MINUTES_A_DAY = 10, 45
LONGEST = timedelta(days=366)
"""A trajectory reaches no further back, and no further ahead."""
PACE_STEPS = 60
"""Points of a trajectory at most, beside those of today and of the last day."""
CycleSpan = tuple[date | None, date | None]
"""The first and the last day of somebody's cycle; no last day where no deadline runs."""


class PaceVerdict(StrEnum):
    """The verdicts on a group's pace."""

    ON_TIME = "on_time"
    BEHIND = "behind"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class RequiredGroup:
    """The required people of a group: how many have which cycle, and how many were done on which local day."""

    spans: Mapping[CycleSpan, int]
    done: Mapping[date, int]

    @property
    def people(self) -> int:
        """Return how many there are."""
        return sum(self.spans.values())

    def done_by(self, day: date) -> int:
        """Return how many were done by the end of a day."""
        return sum(count for done_on, count in self.done.items() if done_on <= day)


@dataclass(frozen=True, slots=True)
class GroupPace:
    """The pace of a group at the end of a day; shares in [0, 1], people a working day, points in percent."""

    needed: Fraction
    done: Fraction
    needed_daily: Fraction | None
    """How many people a working day are needed from here; None where no working day is left."""
    recent_daily: Fraction
    """How many people a working day were done in the last five."""
    foreseen: int
    """How many are done on the last day at this pace, the whole group at most."""
    last_on: date | None = None
    """The last day of the last of them; None where no deadline runs."""

    @property
    def points_behind(self) -> Fraction:
        """Return how many points of a hundred the share done lies below the needed one; negative where it lies above."""
        return (self.needed - self.done) * 100

    @property
    def verdict(self) -> PaceVerdict:
        """Return the verdict on the points behind."""
        return pace_verdict(self.needed, self.done)


def pace_verdict(needed: Fraction, done: Fraction) -> PaceVerdict:
    """Return the verdict on a share done beside the needed one."""
    points = (needed - done) * 100
    if points >= AT_RISK_POINTS:
        return PaceVerdict.AT_RISK
    return PaceVerdict.BEHIND if points > 0 else PaceVerdict.ON_TIME


def group_pace(group: RequiredGroup, day: date, working: WorkingDays) -> GroupPace | None:
    """Return the pace of a group at the end of a day; None below five people, of whom only a list is shown."""
    count = group.people
    if count < FEWEST:
        return None
    done = group.done_by(day)
    lasts = [last for _first, last in group.spans if last is not None]
    last_on = max(lasts, default=None)
    days_left = 0 if last_on is None else working.count(day + DAY, last_on)
    first_recent = _working_days_back(day, working)
    recent = Fraction(sum(many for on, many in group.done.items() if first_recent <= on <= day), LAST_DAYS)
    return GroupPace(
        NeededShare(group.spans, counted_days([group.spans], day, working)).on(day),
        Fraction(done, count),
        Fraction(count - done, days_left) if days_left else None,
        recent,
        min(count, done + int(recent * days_left)),
        last_on,
    )


class NeededShare:
    """The share of a group that is needed by the end of a day, for any day (spec/compulsory 11.5)."""

    def __init__(self, spans: Mapping[CycleSpan, int], days: CountedDays) -> None:
        self._people = sum(spans.values())
        self._days = days
        self._spans = [
            (first, last, days.count(first, last), count)
            for (first, last), count in spans.items()
            if first is not None and last is not None
        ]

    def on(self, day: date) -> Fraction:
        """Return the mean over its people of the working days passed of all there are; nothing where no deadline runs."""
        passed = Counter[int]()
        for first, last, whole, count in self._spans:
            passed[whole or 1] += count * (min(whole, self._days.count(first, day)) if whole else int(day >= last))
        return sum((Fraction(days, whole * self._people) for whole, days in passed.items()), Fraction(0))


def counted_days(groups: Iterable[Mapping[CycleSpan, int]], day: date, working: WorkingDays) -> CountedDays:
    """Return the working days counted over everything that the cycles of some groups span, and a day."""
    known = [on for spans in groups for span in spans for on in span if on is not None]
    return CountedDays(working, min([day, *known]), max([day, *known]))


@dataclass(frozen=True, slots=True)
class TrajectoryPoint:
    """One day of a trajectory: the needed share at its end, and the share done; None after today."""

    on: date
    needed: Fraction
    done: Fraction | None


def trajectory(group: RequiredGroup, day: date, working: WorkingDays) -> Sequence[TrajectoryPoint]:
    """Return the share done and the needed one from the first opening to the last day; nothing below five people, or without a deadline."""
    opened = [first for first, last in group.spans if first is not None and last is not None and first <= last]
    lasts = [last for _first, last in group.spans if last is not None]
    if group.people < FEWEST or not opened or min(opened) > day:
        return ()
    first, last = max(min(opened), day - LONGEST), min(max(day, *lasts), day + LONGEST)
    needed = NeededShare(group.spans, counted_days([group.spans], day, working))
    return [
        TrajectoryPoint(on, needed.on(on), Fraction(group.done_by(on), group.people) if on <= day else None)
        for on in _days_drawn(first, day, last)
    ]


def _days_drawn(first: date, today: date, last: date) -> Iterator[date]:
    step = max(1, -(-((last - first).days + 1) // PACE_STEPS))
    drawn = {first + timedelta(days=at) for at in range(0, (last - first).days + 1, step)}
    yield from sorted(drawn | {today, last})


def _working_days_back(day: date, working: WorkingDays) -> date:
    first = day if working.has(day) else working.before(day)
    for _number in range(LAST_DAYS - 1):
        first = working.before(first)
    return first


def is_at_risk(today: date, last_on: date, *, has_started: bool, minutes_left: int, working: WorkingDays) -> bool:
    """Say whether a person may not finish in time: not started with ten working days left, or more to do than 45 minutes a day."""
    days_left = working.count(today, last_on)
    return (not has_started and days_left <= DAYS_LEFT) or minutes_left > MINUTES_A_DAY * days_left


def last_days_left(today: date, most: int, working: WorkingDays) -> Sequence[date]:
    """Return for each number of working days from none to another the latest last day on which so many, today included, are left.

    The query form of `is_at_risk` compares the last days of many people with these.
    """
    days, day, left = list[date](), today - DAY, 0
    while len(days) <= most:
        following = day + DAY
        if working.has(following):
            days.append(day)
            left += 1
        day = following
    return days


STEPS = (30, 7, 1)
OPENS, CLOSES = time(8), time(18)
RECENT = timedelta(days=7)
TOO_LATE = timedelta(days=3)
OVERDUE_EVERY, OVERDUE_AT_MOST = 14, 3
ESCALATED_ABOVE, ESCALATED_TO_OWNER = 15, 30
MONDAY = 0


class ReminderKind(StrEnum):
    """The occasions on which a person is reminded of an obligation."""

    ASSIGNED = "assigned"
    STEP = "step"
    RENEWAL_OPENS = "renewal_opens"
    OVERDUE = "overdue"
    WAIVER_ENDS = "waiver_ends"
    VERSION = "version"
    ASKED = "asked"


class SuppressionReason(StrEnum):
    """The reasons for which a reminder that was due is not sent (spec/compulsory 10.3)."""

    DONE = "done"
    WAIVED = "waived"
    NOT_REQUIRED = "not_required"
    BEFORE_JOINING = "before_joining"
    RECENT = "recent"
    CAP = "cap"
    SWITCHED_OFF = "switched_off"
    NO_ADDRESS = "no_address"
    TOO_LATE = "too_late"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ReminderStep:
    """One reminder before a last day: how many days before, and the local day on which it goes out."""

    step: int
    due_on: date


def working_day_for(day: date, last_on: date, working: WorkingDays) -> date:
    """Return the day on which mail of a day goes out: the next working day, or the last one before the last day (spec/compulsory 10.2)."""
    moved = working.on_or_after(day)
    return moved if moved < last_on or day >= last_on else working.before(last_on)


def reminder_steps(last_on: date, working: WorkingDays, steps: Sequence[int] = STEPS) -> list[ReminderStep]:
    """Return the reminders before a last day, the earliest first (spec/compulsory 10.1)."""
    return [ReminderStep(step, working_day_for(last_on - timedelta(days=step), last_on, working)) for step in sorted(steps, reverse=True)]


def overdue_days(last_on: date, working: WorkingDays) -> list[date]:
    """Return the days on which somebody is reminded of what is overdue: the day after, then every fourteen days, three at most."""
    return [working.on_or_after(last_on + DAY + timedelta(days=OVERDUE_EVERY * number)) for number in range(OVERDUE_AT_MOST)]


def digest_day(day: date) -> date:
    """Return the Monday on which what happened by a day reaches the head of a unit (spec/compulsory 10.6)."""
    return day + timedelta(days=(MONDAY - day.weekday()) % 7)


def sending_moment(now: datetime, zone: ZoneInfo, working: WorkingDays) -> datetime:
    """Return the first moment at or after another at which mail goes out in a zone: working days from 08:00 to 18:00."""
    local = now.astimezone(zone)
    if working.has(local.date()) and OPENS <= local.time() < CLOSES:
        return now
    day = local.date() if local.time() < OPENS else local.date() + DAY
    return datetime.combine(working.on_or_after(day), OPENS, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class ReminderContext:
    """The facts that decide on a reminder when it is due: status, joining, and the reminders that went out before."""

    status: TrainingStatus
    joined_on: date
    sent_steps: Collection[tuple[int, date]] = ()
    """The steps sent before, with their local day."""
    later_steps: Collection[date] = ()
    """The days of the later steps of the same last day."""
    was_mailed_today: bool = False


def why_suppressed(step: ReminderStep, today: date, context: ReminderContext) -> SuppressionReason | None:
    """Return why a step is not sent on a day, None where it is; whether mail reaches the person is for the sender to say."""
    state, flags = context.status.state, context.status.flags
    if state is TrainingState.NOT_REQUIRED:
        return SuppressionReason.ENDED if StateFlag.ENDED in flags else SuppressionReason.NOT_REQUIRED
    if state is TrainingState.DONE:
        return SuppressionReason.DONE
    if state is TrainingState.WAIVED:
        return SuppressionReason.WAIVED
    if step.due_on < context.joined_on:
        return SuppressionReason.BEFORE_JOINING
    if today - step.due_on > TOO_LATE or any(day <= today for day in context.later_steps):
        return SuppressionReason.TOO_LATE
    if any(size == step.step and today - day <= RECENT for size, day in context.sent_steps):
        return SuppressionReason.RECENT
    return SuppressionReason.CAP if context.was_mailed_today else None


WAIVER_STEP = timedelta(days=7)
ONCE = frozenset({ReminderKind.ASSIGNED, ReminderKind.RENEWAL_OPENS, ReminderKind.VERSION})
"""Kinds of which a cycle has one."""
OPEN_STATES = frozenset({TrainingState.NOT_STARTED, TrainingState.IN_PROGRESS, TrainingState.RENEWAL_DUE})
LATE_STATES = frozenset({TrainingState.OVERDUE, TrainingState.EXPIRED})


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """A reminder ahead: its kind, its step or number, the local day on which it is due, the last day that it speaks of."""

    kind: ReminderKind
    step: int
    due_on: date
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReminderOutcome:
    """A reminder that was decided, earlier or now; no reason: it is sent."""

    planned: PlannedReminder
    reason: SuppressionReason | None = None


@dataclass(frozen=True, slots=True)
class ReminderBasis:
    """The facts of one assignment that its reminders follow from; `outcomes` are those decided before in this cycle."""

    status: TrainingStatus
    late_since: date | None = None
    """The local day from which on the record says that it is overdue or expired."""
    outcomes: Sequence[ReminderOutcome] = ()
    steps: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class ReminderDecision:
    """The decisions on an assignment now, what stays ahead of it, and when to look again; None: never by itself."""

    outcomes: tuple[ReminderOutcome, ...]
    ahead: tuple[PlannedReminder, ...]
    look_at: datetime | None


def write_plan(ahead: Sequence[PlannedReminder]) -> str:
    """Return the reminders ahead as an assignment stores them, parted by blanks."""
    return " ".join(f"{reminder.kind}.{reminder.step}.{reminder.due_on}.{reminder.last_on or ''}" for reminder in ahead)


def read_plan(text: str) -> list[PlannedReminder]:
    """Return the reminders ahead of a stored plan."""
    reminders = []
    for part in text.split():
        kind, step, due_on, last_on = part.split(".")
        last = date.fromisoformat(last_on) if last_on else None
        reminders.append(PlannedReminder(ReminderKind(kind), int(step), date.fromisoformat(due_on), last))
    return reminders


def reminders_of(basis: ReminderBasis, working: WorkingDays, today: date) -> list[PlannedReminder]:
    """Return every reminder of the present status, decided or not, the earliest first."""
    return sorted(_reminders_of(basis, working, today), key=lambda reminder: (reminder.due_on, reminder.kind, reminder.step))


def _reminders_of(basis: ReminderBasis, working: WorkingDays, today: date) -> Iterator[PlannedReminder]:
    status = basis.status
    last_on = status.last_on
    if status.state in OPEN_STATES:
        kind = _first_kind(status)
        held = [done.planned.due_on + DAY for done in basis.outcomes if done.planned.kind is kind and done.reason is SuppressionReason.CAP]
        yield PlannedReminder(kind, 0, working.on_or_after(max([today, *held])), last_on)
        for step in reminder_steps(last_on, working, basis.steps) if last_on is not None else ():
            yield PlannedReminder(ReminderKind.STEP, step.step, step.due_on, last_on)
    elif status.state in LATE_STATES and basis.late_since is not None:
        for number in range(OVERDUE_AT_MOST):
            day = working.on_or_after(basis.late_since + timedelta(days=OVERDUE_EVERY * number))
            yield PlannedReminder(ReminderKind.OVERDUE, number + 1, day, last_on)
    elif status.state is TrainingState.WAIVED and last_on is not None:
        yield PlannedReminder(ReminderKind.WAIVER_ENDS, 0, working_day_for(last_on - WAIVER_STEP, last_on, working), last_on)


def _first_kind(status: TrainingStatus) -> ReminderKind:
    if status.state is not TrainingState.RENEWAL_DUE:
        return ReminderKind.ASSIGNED
    return ReminderKind.VERSION if StateFlag.VERSION in status.flags else ReminderKind.RENEWAL_OPENS


def decide(
    basis: ReminderBasis,
    planned: Sequence[PlannedReminder],
    working: WorkingDays,
    zone: ZoneInfo,
    now: datetime,
    *,
    was_mailed_today: bool = False,
) -> ReminderDecision:
    """Decide the reminders of an assignment that are due at a moment, where mail goes out at it, and plan the others.

    Where the status asks for none any more, those planned before are still decided, each on its day: why none was sent is told.
    """
    today = now.astimezone(zone).date()
    every = reminders_of(basis, working, today)
    ahead = [reminder for reminder in _still_ahead(basis, planned, every) if not _is_decided(reminder, basis)]
    sending = sending_moment(now, zone, working)
    outcomes: list[ReminderOutcome] = []
    if sending == now:
        context = _context(basis, today, was_mailed_today=was_mailed_today)
        due = [reminder for reminder in ahead if reminder.due_on <= today]
        outcomes = [ReminderOutcome(reminder, _why_not(reminder, today, context, every)) for reminder in due]
        ahead = [reminder for reminder in ahead if reminder.due_on > today]
        next_day = working.on_or_after(today + DAY)
        ahead += [replace(outcome.planned, due_on=next_day) for outcome in outcomes if outcome.reason is SuppressionReason.CAP]
    ahead.sort(key=lambda reminder: (reminder.due_on, reminder.kind, reminder.step))
    look_at = max(sending, datetime.combine(ahead[0].due_on, OPENS, tzinfo=zone)) if ahead else None
    return ReminderDecision(tuple(outcomes), tuple(ahead), look_at)


def _still_ahead(basis: ReminderBasis, planned: Sequence[PlannedReminder], every: Sequence[PlannedReminder]) -> Iterator[PlannedReminder]:
    """Yield the reminders of the present status, with those planned before that still stand beside them.

    Of an open status these are the ones that were put off from another day; of one that asks for nothing, all of them.
    """
    yield from every
    is_open = basis.status.state in OPEN_STATES | LATE_STATES
    held = {(done.planned.kind, done.planned.step) for done in basis.outcomes if done.reason is SuppressionReason.CAP}
    for reminder in planned:
        if is_open:
            if reminder.kind not in ONCE and (reminder.kind, reminder.step) in held and reminder.last_on == basis.status.last_on:
                yield reminder
        elif reminder.kind is not ReminderKind.WAIVER_ENDS or basis.status.state is not TrainingState.WAIVED:
            yield reminder


def _is_decided(reminder: PlannedReminder, basis: ReminderBasis) -> bool:
    """Say whether something was decided on a reminder: of some kinds a cycle has one, whatever its day."""
    if reminder.kind in ONCE:
        opened_on = basis.status.opened_on or date.min
        decided = [done for done in basis.outcomes if done.planned.kind is reminder.kind and done.reason is not SuppressionReason.CAP]
        return any(done.planned.due_on >= opened_on for done in decided)
    return any(
        (done.planned.kind, done.planned.step, done.planned.due_on) == (reminder.kind, reminder.step, reminder.due_on)
        for done in basis.outcomes
    )


def _context(basis: ReminderBasis, today: date, *, was_mailed_today: bool) -> ReminderContext:
    sent = [
        (done.planned.step, done.planned.due_on)
        for done in basis.outcomes
        if done.planned.kind is ReminderKind.STEP and done.reason is None
    ]
    return ReminderContext(basis.status, basis.status.opened_on or today, sent, was_mailed_today=was_mailed_today)


def _why_not(
    reminder: PlannedReminder, today: date, context: ReminderContext, every: Collection[PlannedReminder]
) -> SuppressionReason | None:
    if reminder.kind is ReminderKind.WAIVER_ENDS and context.status.state is TrainingState.WAIVED:
        if today - reminder.due_on > TOO_LATE:
            return SuppressionReason.TOO_LATE
        return SuppressionReason.CAP if context.was_mailed_today else None
    later = [other.due_on for other in every if other.kind is reminder.kind and other.due_on > reminder.due_on]
    sent = context.sent_steps if reminder.kind is ReminderKind.STEP else ()
    return why_suppressed(ReminderStep(reminder.step, reminder.due_on), today, replace(context, later_steps=later, sent_steps=sent))


WEEK = timedelta(days=7)
LATE = frozenset({TrainingState.OVERDUE, TrainingState.EXPIRED})
COUNTED = frozenset({TrainingState.DONE, TrainingState.RENEWAL_DUE})
"""The states that count as done."""


@dataclass(frozen=True, slots=True)
class AssignedPerson:
    """One person under one obligation: their main place, state, and since when they are late."""

    person_id: int
    place_id: int | None
    obligation_id: int
    state: TrainingState
    late_since: date | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """The number of people of a main place in a state under an obligation."""

    place_id: int | None
    obligation_id: int
    state: TrainingState
    people: int


@dataclass(frozen=True, slots=True)
class HeadedTree:
    """The places with what stands above each, who heads them, and who owns each obligation that escalates."""

    parents: Mapping[int, int | None]
    heads: Mapping[int, Collection[int]]
    owners: Mapping[int, int]
    escalated: Collection[int] = ()
    """The obligations that are escalated."""

    def lineage(self, unit: int | None) -> list[int]:
        """Return a place and everything above it."""
        above: list[int] = []
        while unit is not None and unit in self.parents:
            above.append(unit)
            unit = self.parents[unit]
        return above

    def heads_above(self, assigned: AssignedPerson) -> list[Collection[int]]:
        """Return who heads the places of a person, the nearest first, without themself and without a head named before."""
        levels: list[Collection[int]] = []
        seen = {assigned.person_id}
        for unit in self.lineage(assigned.place_id):
            new = [head for head in self.heads.get(unit, ()) if head not in seen]
            if new:
                levels.append(new)
                seen.update(new)
        return levels


@dataclass(frozen=True, slots=True)
class ObligationCounts:
    """The people of a head under one obligation: all of whom it is asked, done, late, and late since the last digest."""

    obligation_id: int
    required: int
    done: int
    late: int
    new: int


@dataclass(frozen=True, slots=True)
class TeamDigest:
    """The content of the digest of one person: numbers alone, never names."""

    counts: tuple[ObligationCounts, ...] = ()
    above: int = 0
    """People of places below with another head, late for fifteen days."""
    owned: int = 0
    """People under obligations of one's own, late for thirty days."""
    headless: int = 0
    """Late people under obligations of one's own whom nobody heads."""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is to be told."""
        return not (self.above or self.owned or self.headless) and all(count.done == count.required for count in self.counts)


def team_digests(
    tree: HeadedTree, counts: Sequence[StateCount], heads: Sequence[AssignedPerson], late: Sequence[AssignedPerson], monday: date
) -> Mapping[int, TeamDigest]:
    """Return the digest of each head and owner who has something to read; `heads` are the assignments of the heads themselves."""
    required, done, overdue, new = _sums(tree, counts, heads, late, monday)
    above, owned, headless = Counter[int](), Counter[int](), Counter[int]()
    for assigned in late:
        days = (monday - assigned.late_since).days if assigned.late_since is not None else 0
        heads_above, owner = tree.heads_above(assigned), tree.owners.get(assigned.obligation_id)
        if assigned.obligation_id in tree.escalated and days >= ESCALATED_ABOVE and len(heads_above) > 1:
            above.update(heads_above[1])
        if owner is not None and not heads_above:
            headless[owner] += 1
        elif owner is not None and assigned.obligation_id in tree.escalated and days >= ESCALATED_TO_OWNER:
            owned[owner] += 1
    people = {head for unit in tree.heads.values() for head in unit} | {*above, *owned, *headless}
    digests = {
        person: TeamDigest(
            tuple(
                ObligationCounts(number, required[person, number], done[person, number], overdue[person, number], new[person, number])
                for number in sorted({number for head, number in required if head == person})
                if required[person, number]
            ),
            above[person],
            owned[person],
            headless[person],
        )
        for person in sorted(people)
    }
    return {person: digest for person, digest in digests.items() if not digest.is_empty}


Sums = Counter[tuple[int, int]]


def _sums(
    tree: HeadedTree, counts: Sequence[StateCount], heads: Sequence[AssignedPerson], late: Sequence[AssignedPerson], monday: date
) -> tuple[Sums, Sums, Sums, Sums]:
    """Return required, done, late, newly late by head and obligation; nobody is counted among their own people."""
    required, done, overdue, new = Sums(), Sums(), Sums(), Sums()
    by_place: dict[int | None, set[int]] = defaultdict(set)
    for unit in tree.parents:
        by_place[unit] = {head for above in tree.lineage(unit) for head in tree.heads.get(above, ())}
    rows = [(head, count, count.people) for count in counts for head in by_place[count.place_id]]
    own = [(assigned.person_id, assigned) for assigned in heads if assigned.person_id in by_place[assigned.place_id]]
    every = [*((head, own_row.obligation_id, own_row.state, count) for head, own_row, count in rows)]
    every += [(head, assigned.obligation_id, assigned.state, -1) for head, assigned in own]
    for head, number, state, count in every:
        required[head, number] += count
        done[head, number] += count if state in COUNTED else 0
        overdue[head, number] += count if state in LATE else 0
    for assigned in late:
        if assigned.late_since is not None and monday - assigned.late_since <= WEEK:
            for head in by_place[assigned.place_id] - {assigned.person_id}:
                new[head, assigned.obligation_id] += 1
    return required, done, overdue, new


def digest_monday(now: datetime, zone: ZoneInfo, working: WorkingDays) -> date | None:
    """Return the Monday whose digest goes out now in a zone: on it at 08:00 or on the next working day; None where none does.

    One that could not go out in time does so within three days.
    """
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=(today.weekday() - MONDAY) % 7)
    day = working.on_or_after(monday)
    begins = datetime.combine(day, time(OPENS.hour), tzinfo=zone)
    return monday if begins <= now and today - day <= TOO_LATE and sending_moment(now, zone, working) == now else None
