"""Reminders of compulsory training: on which day each step is due, and whether it is sent then (spec/compulsory 10.1 to 10.4)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from compliance.rules.record import DAY
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.working_days import WorkingDays

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
