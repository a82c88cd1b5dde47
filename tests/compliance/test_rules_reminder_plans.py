"""Plans of reminders: what is ahead of a status, what is decided on a day, when to look again (spec/compulsory 10)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.rules.reminders import (
    STEPS,
    PlannedReminder,
    ReminderBasis,
    ReminderDecision,
    ReminderKind,
    ReminderOutcome,
    SuppressionReason,
    decide,
    read_plan,
    reminders_of,
    write_plan,
)
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import WorkingDays
from tests.support.reminders import CHRISTMAS, quito
from tests.support.training_cases import QUITO

DUE = date(2026, 12, 15)
OPENED = date(2026, 1, 10)
WORKING = WorkingDays({CHRISTMAS})
STATUS = TrainingStatus(TrainingState.NOT_STARTED, last_on=DUE, zone=QUITO, opened_on=OPENED)
ASSIGNED = ReminderOutcome(PlannedReminder(ReminderKind.ASSIGNED, 0, date(2026, 1, 12), DUE))
STEP_7 = PlannedReminder(ReminderKind.STEP, 7, date(2026, 12, 8), DUE)


def basis(status: TrainingStatus = STATUS, *outcomes: ReminderOutcome, late_since: date | None = None) -> ReminderBasis:
    return ReminderBasis(status, late_since, (ASSIGNED, *outcomes), STEPS)


def on(at: str, found: ReminderBasis, *planned: PlannedReminder, mailed: bool = False) -> ReminderDecision:
    return decide(found, planned, WORKING, QUITO, quito(at), was_mailed_today=mailed)


def shown(decision: ReminderDecision) -> list[tuple[str, int, str]]:
    return [(one.planned.kind.value, one.planned.step, one.reason.value if one.reason else "") for one in decision.outcomes]


@given(
    st.lists(
        st.builds(PlannedReminder, st.sampled_from(ReminderKind), st.integers(0, 400), st.dates(), st.one_of(st.none(), st.dates())),
        max_size=8,
    )
)
def test_a_plan_is_read_as_it_was_written(plan: list[PlannedReminder]) -> None:
    assert read_plan(write_plan(plan)) == plan


def test_the_longest_plan_fits_its_column() -> None:
    plan = [PlannedReminder(ReminderKind.RENEWAL_OPENS, 365, DUE, DUE)] * 9

    assert len(write_plan(plan)) <= 400


def test_the_first_look_tells_of_the_assignment_and_plans_the_steps() -> None:
    found = on("2026-01-12T09:00", replace(basis(), outcomes=()))

    assert shown(found) == [("assigned", 0, "")]
    assert [one.step for one in found.ahead] == [30, 7, 1]
    assert found.look_at == quito("2026-11-16T08:00")


def test_outside_of_office_hours_nothing_is_decided() -> None:
    found = on("2026-12-08T18:00", basis())

    assert shown(found) == []
    assert found.look_at == quito("2026-12-09T08:00")


@pytest.mark.parametrize(
    ("status", "late_since", "kinds"),
    [
        (STATUS, None, ["assigned", "step", "step", "step"]),
        (replace(STATUS, last_on=None), None, ["assigned"]),
        (replace(STATUS, state=TrainingState.IN_PROGRESS), None, ["assigned", "step", "step", "step"]),
        (replace(STATUS, state=TrainingState.RENEWAL_DUE), None, ["renewal_opens", "step", "step", "step"]),
        (replace(STATUS, state=TrainingState.RENEWAL_DUE, flags=(StateFlag.VERSION,)), None, ["step", "step", "step", "version"]),
        (replace(STATUS, state=TrainingState.OVERDUE), date(2026, 12, 16), ["overdue"] * 3),
        (replace(STATUS, state=TrainingState.EXPIRED), date(2026, 12, 16), ["overdue"] * 3),
        (replace(STATUS, state=TrainingState.OVERDUE), None, []),
        (replace(STATUS, state=TrainingState.WAIVED), None, ["waiver_ends"]),
        (replace(STATUS, state=TrainingState.WAIVED, last_on=None), None, []),
        (replace(STATUS, state=TrainingState.DONE), None, []),
        (replace(STATUS, state=TrainingState.NOT_REQUIRED), None, []),
    ],
)
def test_each_status_has_its_reminders(status: TrainingStatus, late_since: date | None, kinds: list[str]) -> None:
    """spec/compulsory 10.1."""
    found = reminders_of(basis(status, late_since=late_since), WORKING, date(2026, 11, 1))

    assert sorted(one.kind.value for one in found) == kinds


def test_who_is_told_once_is_not_told_again_in_the_same_stay() -> None:
    assert shown(on("2026-06-01T09:00", basis())) == []
    again = basis(replace(STATUS, opened_on=date(2026, 6, 1)))
    assert shown(on("2026-06-01T09:00", again)) == [("assigned", 0, "")]


def test_what_is_planned_of_a_status_that_asks_for_nothing_is_still_decided() -> None:
    """spec/compulsory 10.3."""
    done = basis(replace(STATUS, state=TrainingState.DONE, last_on=None))

    assert shown(on("2026-12-08T08:00", done, STEP_7)) == [("step", 7, "done")]
    assert on("2026-12-01T08:00", done, STEP_7).look_at == quito("2026-12-08T08:00")


def test_a_waiver_that_ends_is_told_beside_the_steps_that_it_suppresses() -> None:
    waived = basis(replace(STATUS, state=TrainingState.WAIVED, last_on=date(2026, 12, 15)))
    old = PlannedReminder(ReminderKind.WAIVER_ENDS, 0, date(2026, 12, 1), date(2026, 12, 8))

    assert shown(on("2026-12-08T08:00", waived, STEP_7, old)) == [("waiver_ends", 0, ""), ("step", 7, "waived")]
    assert shown(on("2026-12-08T08:00", waived, mailed=True)) == [("waiver_ends", 0, "cap")]
    assert shown(on("2026-12-14T08:00", waived)) == [("waiver_ends", 0, "too_late")]


def test_what_the_cap_holds_back_is_due_on_the_next_working_day() -> None:
    """spec/compulsory 10.4."""
    held = on("2026-12-11T15:00", replace(basis(), outcomes=()), mailed=True)
    assert ("assigned", 0, "cap") in shown(held)
    assert [one.due_on for one in held.ahead if one.kind is ReminderKind.ASSIGNED] == [date(2026, 12, 14)]

    again = replace(basis(), outcomes=held.outcomes)
    assert ("assigned", 0) not in [(kind, step) for kind, step, _reason in shown(on("2026-12-11T16:00", again, *held.ahead))]
    assert ("assigned", 0, "") in shown(on("2026-12-14T08:00", again, *held.ahead))


def test_a_step_that_was_held_back_goes_out_the_day_after_unless_the_last_day_moved() -> None:
    held = on("2026-12-08T15:00", basis(), mailed=True)
    assert shown(held)[-1] == ("step", 7, "cap")
    again = basis(STATUS, *held.outcomes)

    assert shown(on("2026-12-09T08:00", again, *held.ahead)) == [("step", 7, "")]
    moved = basis(replace(STATUS, last_on=date(2026, 12, 30)), *held.outcomes)
    assert ("step", 7, "") not in shown(on("2026-12-09T08:00", moved, *held.ahead))


@given(st.integers(0, 14 * 30 * 24 * 4), st.sampled_from(TrainingState), st.booleans())
def test_nothing_is_decided_twice_and_nothing_is_looked_at_again_at_once(quarters: int, state: TrainingState, mailed: bool) -> None:
    """spec/compulsory 10.4."""
    found = basis(replace(STATUS, state=state), late_since=date(2026, 12, 16))
    now = quito("2026-01-10T00:00") + quarters * timedelta(minutes=15)
    first = decide(found, [STEP_7], WORKING, QUITO, now, was_mailed_today=mailed)
    second = decide(replace(found, outcomes=(*found.outcomes, *first.outcomes)), first.ahead, WORKING, QUITO, now, was_mailed_today=True)

    assert second.outcomes == ()
    assert first.look_at is None or first.look_at > now
    assert all(one.reason is not SuppressionReason.RECENT for one in first.outcomes)
    keys = [(one.planned.kind, one.planned.step, one.planned.due_on) for one in first.outcomes]
    assert len(keys) == len(set(keys))
    assert second.look_at is None or second.look_at - now > timedelta(0)
