"""The reminders ahead of a person under an obligation, and which of them are decided on a day (spec/compulsory 10.1 to 10.4)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from compliance.rules.record import DAY
from compliance.rules.reminders import (
    OPENS,
    OVERDUE_AT_MOST,
    OVERDUE_EVERY,
    TOO_LATE,
    ReminderContext,
    ReminderKind,
    ReminderStep,
    SuppressionReason,
    reminder_steps,
    sending_moment,
    why_suppressed,
    working_day_for,
)
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.working_days import WorkingDays

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
