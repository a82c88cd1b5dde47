"""Reminders of one assignment: their steps, when one goes out, why one is suppressed, and plans of those ahead (spec/compulsory 10)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import DAY, WorkingDays

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
    """Return whether something was decided on a reminder: of some kinds a cycle has one, whatever its day."""
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
