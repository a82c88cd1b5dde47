"""Reminders: their days, and what keeps them from being sent (spec/compulsory 10)."""

from datetime import UTC, date, datetime

import pytest

from compliance.rules.reminders import (
    ReminderContext,
    ReminderStep,
    SuppressionReason,
    digest_day,
    overdue_days,
    reminder_steps,
    sending_moment,
    why_suppressed,
)
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import WorkingDays
from tests.support.training_cases import QUITO, RULES, ZONES, training_record, training_status

CHRISTMAS = WorkingDays({date(2026, 12, 25)})
DUE = date(2026, 12, 15)
OPEN = TrainingStatus(TrainingState.NOT_STARTED)


def status_at(record: str, at: str) -> TrainingStatus:
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)
    return training_status(RULES["A"], training_record(record, QUITO), moment, moment)


def step_days(last_on: date) -> dict[int, date]:
    return {step.step: step.due_on for step in reminder_steps(last_on, CHRISTMAS)}


def test_a_step_on_a_sunday_goes_out_on_monday() -> None:
    """spec/compulsory 10.2, case 1."""
    assert step_days(DUE) == {30: date(2026, 11, 16), 7: date(2026, 12, 8), 1: date(2026, 12, 14)}


@pytest.mark.parametrize(("zone", "hour"), [("G", 13), ("P", 14)])
def test_eight_in_the_morning_is_local(zone: str, hour: int) -> None:
    """spec/compulsory 10.1, case 2."""
    night = datetime(2026, 12, 8, 0, 5, tzinfo=ZONES[zone])

    assert sending_moment(night, ZONES[zone], CHRISTMAS) == datetime(2026, 12, 8, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "at", "reason"),
    [
        ("in 2026-01-10..", "2026-12-08T08:00", None),
        ("in 2026-01-10..; done 2026-12-07T22:00 v1", "2026-12-08T08:00", SuppressionReason.DONE),
        ("in 2026-01-10..; waive 2026-12-01..2026-12-20", "2026-12-08T08:00", SuppressionReason.WAIVED),
        ("in 2026-01-10..2026-12-01", "2026-12-08T08:00", SuppressionReason.NOT_REQUIRED),
        ("in 2026-01-10..; off 2026-12-01..", "2026-12-08T08:00", SuppressionReason.NOT_REQUIRED),
    ],
)
def test_a_step_is_decided_when_it_is_due(record: str, at: str, reason: SuppressionReason | None) -> None:
    """spec/compulsory 10.3, cases 3 and 4."""
    context = ReminderContext(status_at(record, at), date(2026, 1, 10))

    assert why_suppressed(ReminderStep(7, date(2026, 12, 8)), date(2026, 12, 8), context) is reason


def test_after_a_waiver_the_steps_of_the_new_last_day_stand() -> None:
    """spec/compulsory 10.3, case 4."""
    last_on = status_at("in 2026-01-10..; waive 2026-12-01..2026-12-20", "2026-12-21T08:00").last_on

    assert last_on == date(2027, 1, 4)
    assert step_days(last_on)[7] == date(2026, 12, 28)
    assert step_days(last_on)[1] == date(2027, 1, 1)


def test_who_joins_late_gets_the_steps_that_are_left() -> None:
    """spec/compulsory 10.3, case 5."""
    status = status_at("in 2026-12-10..", "2026-12-10T12:00")
    steps = reminder_steps(status.last_on or DUE, CHRISTMAS)
    context = ReminderContext(status, date(2026, 12, 10))

    assert [(step.step, step.due_on) for step in steps] == [(30, date(2026, 11, 24)), (7, date(2026, 12, 17)), (1, date(2026, 12, 23))]
    assert [why_suppressed(step, step.due_on, context) for step in steps] == [SuppressionReason.BEFORE_JOINING, None, None]


def test_a_step_of_a_size_that_went_out_this_week_is_not_sent_again() -> None:
    """spec/compulsory 10.3, case 6."""
    steps = step_days(date(2026, 12, 18))
    context = ReminderContext(OPEN, date(2026, 1, 10), sent_steps={(7, date(2026, 12, 8))})

    assert steps[7] == date(2026, 12, 11)
    assert why_suppressed(ReminderStep(7, steps[7]), steps[7], context) is SuppressionReason.RECENT
    assert why_suppressed(ReminderStep(1, steps[1]), steps[1], context) is None


@pytest.mark.parametrize(
    ("today", "reason"), [(date(2026, 11, 17), None), (date(2026, 11, 19), None), (date(2026, 11, 25), SuppressionReason.TOO_LATE)]
)
def test_what_could_not_be_sent_in_time_is_sent_within_three_days(today: date, reason: SuppressionReason | None) -> None:
    """spec/compulsory 10.3, case 7."""
    context = ReminderContext(OPEN, date(2026, 1, 10), later_steps=(date(2026, 12, 8), date(2026, 12, 14)))

    assert why_suppressed(ReminderStep(30, date(2026, 11, 16)), today, context) is reason


def test_a_step_is_too_late_once_a_later_one_is_due() -> None:
    context = ReminderContext(OPEN, date(2026, 1, 10), later_steps=(date(2026, 12, 9),))

    assert why_suppressed(ReminderStep(7, date(2026, 12, 8)), date(2026, 12, 9), context) is SuppressionReason.TOO_LATE


def test_what_would_fall_on_the_last_day_goes_out_before_it() -> None:
    """spec/compulsory 10.2, case 9."""
    assert step_days(date(2026, 12, 28))[1] == date(2026, 12, 24)


def test_who_is_overdue_is_reminded_three_times() -> None:
    """spec/compulsory 10.1, case 10."""
    assert overdue_days(DUE, CHRISTMAS) == [date(2026, 12, 16), date(2026, 12, 30), date(2027, 1, 13)]


def test_an_overdue_person_is_named_on_mondays() -> None:
    """spec/compulsory 10.6, case 10."""
    assert digest_day(date(2026, 12, 16)) == date(2026, 12, 21)
    assert digest_day(date(2026, 12, 21)) == date(2026, 12, 21)


def test_one_mail_a_day() -> None:
    """spec/compulsory 10.4."""
    context = ReminderContext(OPEN, date(2026, 1, 10), was_mailed_today=True)

    assert why_suppressed(ReminderStep(7, date(2026, 12, 8)), date(2026, 12, 8), context) is SuppressionReason.CAP


def test_an_obligation_that_ended_reminds_nobody() -> None:
    context = ReminderContext(TrainingStatus(TrainingState.NOT_REQUIRED, (StateFlag.ENDED,)), date(2026, 1, 10))

    assert why_suppressed(ReminderStep(7, date(2026, 12, 8)), date(2026, 12, 8), context) is SuppressionReason.ENDED


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        ("2026-12-24T10:00", "2026-12-24T10:00"),
        ("2026-12-24T18:00", "2026-12-28T08:00"),
        ("2026-12-26T10:00", "2026-12-28T08:00"),
        ("2026-12-28T07:59", "2026-12-28T08:00"),
    ],
)
def test_mail_goes_out_in_working_hours(now: str, sent: str) -> None:
    """spec/compulsory 10.2."""
    assert sending_moment(datetime.fromisoformat(now).replace(tzinfo=QUITO), QUITO, CHRISTMAS) == datetime.fromisoformat(sent).replace(
        tzinfo=QUITO
    )
