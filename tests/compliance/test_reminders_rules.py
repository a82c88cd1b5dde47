"""Reminders: their days and plans, what keeps them from being sent, team digests (spec/compulsory 10), and people at risk (11.5 and 11.6).

spec/compulsory 11.5, 11.6.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.rules.pace import GroupPace, PaceVerdict, RequiredGroup, group_pace, is_at_risk, last_days_left, trajectory
from compliance.rules.reminders import (
    STEPS,
    PlannedReminder,
    ReminderBasis,
    ReminderContext,
    ReminderDecision,
    ReminderKind,
    ReminderOutcome,
    ReminderStep,
    SuppressionReason,
    decide,
    overdue_days,
    read_plan,
    reminder_steps,
    reminders_of,
    sending_moment,
    why_suppressed,
    write_plan,
)
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.team_digests import AssignedPerson, HeadedTree, ObligationCounts, StateCount, digest_monday, team_digests
from compliance.rules.terms import WorkingDays
from tests.support.reminders import CHRISTMAS, quito
from tests.support.training_cases import QUITO, RULES, ZONES, training_record, training_status

WORKING_DAYS = WorkingDays({date(2026, 12, 25)})
DUE = date(2026, 12, 15)
NOT_STARTED = TrainingStatus(TrainingState.NOT_STARTED)


def status_at(record: str, at: str) -> TrainingStatus:
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)
    return training_status(RULES["A"], training_record(record, QUITO), moment, moment)


def step_days(last_on: date) -> dict[int, date]:
    return {step.step: step.due_on for step in reminder_steps(last_on, WORKING_DAYS)}


def test_a_step_on_a_sunday_goes_out_on_monday() -> None:
    """spec/compulsory 10.2, case 1."""
    assert step_days(DUE) == {30: date(2026, 11, 16), 7: date(2026, 12, 8), 1: date(2026, 12, 14)}


@pytest.mark.parametrize(("zone", "hour"), [("G", 13), ("P", 14)])
def test_eight_in_the_morning_is_local(zone: str, hour: int) -> None:
    """spec/compulsory 10.1, case 2."""
    night = datetime(2026, 12, 8, 0, 5, tzinfo=ZONES[zone])

    assert sending_moment(night, ZONES[zone], WORKING_DAYS) == datetime(2026, 12, 8, hour, tzinfo=UTC)


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
    steps = reminder_steps(status.last_on or DUE, WORKING_DAYS)
    context = ReminderContext(status, date(2026, 12, 10))

    assert [(step.step, step.due_on) for step in steps] == [(30, date(2026, 11, 24)), (7, date(2026, 12, 17)), (1, date(2026, 12, 23))]
    assert [why_suppressed(step, step.due_on, context) for step in steps] == [SuppressionReason.BEFORE_JOINING, None, None]


def test_a_step_of_a_size_that_went_out_this_week_is_not_sent_again() -> None:
    """spec/compulsory 10.3, case 6."""
    steps = step_days(date(2026, 12, 18))
    context = ReminderContext(NOT_STARTED, date(2026, 1, 10), sent_steps={(7, date(2026, 12, 8))})

    assert steps[7] == date(2026, 12, 11)
    assert why_suppressed(ReminderStep(7, steps[7]), steps[7], context) is SuppressionReason.RECENT
    assert why_suppressed(ReminderStep(1, steps[1]), steps[1], context) is None


@pytest.mark.parametrize(
    ("today", "reason"), [(date(2026, 11, 17), None), (date(2026, 11, 19), None), (date(2026, 11, 25), SuppressionReason.TOO_LATE)]
)
def test_what_could_not_be_sent_in_time_is_sent_within_three_days(today: date, reason: SuppressionReason | None) -> None:
    """spec/compulsory 10.3, case 7."""
    context = ReminderContext(NOT_STARTED, date(2026, 1, 10), later_steps=(date(2026, 12, 8), date(2026, 12, 14)))

    assert why_suppressed(ReminderStep(30, date(2026, 11, 16)), today, context) is reason


def test_a_step_is_too_late_once_a_later_one_is_due() -> None:
    context = ReminderContext(NOT_STARTED, date(2026, 1, 10), later_steps=(date(2026, 12, 9),))

    assert why_suppressed(ReminderStep(7, date(2026, 12, 8)), date(2026, 12, 9), context) is SuppressionReason.TOO_LATE


def test_what_would_fall_on_the_last_day_goes_out_before_it() -> None:
    """spec/compulsory 10.2, case 9."""
    assert step_days(date(2026, 12, 28))[1] == date(2026, 12, 24)


def test_who_is_overdue_is_reminded_three_times() -> None:
    """spec/compulsory 10.1, case 10."""
    assert overdue_days(DUE, WORKING_DAYS) == [date(2026, 12, 16), date(2026, 12, 30), date(2027, 1, 13)]


def test_one_mail_a_day() -> None:
    """spec/compulsory 10.4."""
    context = ReminderContext(NOT_STARTED, date(2026, 1, 10), was_mailed_today=True)

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
    assert sending_moment(datetime.fromisoformat(now).replace(tzinfo=QUITO), QUITO, WORKING_DAYS) == datetime.fromisoformat(sent).replace(
        tzinfo=QUITO
    )


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


NONE_FREE = WorkingDays()
OPEN, LAST = date(2026, 11, 16), date(2026, 11, 27)
FRIDAY = date(2026, 11, 20)


def a_group(*done: date | None, opened: date = OPEN, last: date = LAST) -> RequiredGroup:
    """Return people of one cycle, each with the day on which they were done."""
    return RequiredGroup({(opened, last): len(done)}, Counter(on for on in done if on is not None))


FIVE = a_group(date(2026, 11, 17), date(2026, 11, 20), None, None, None)


def test_the_pace_of_five_people_in_the_middle() -> None:
    """spec/compulsory 11.5."""
    pace = group_pace(FIVE, FRIDAY, NONE_FREE)

    assert pace == GroupPace(Fraction(1, 2), Fraction(2, 5), Fraction(3, 5), Fraction(2, 5), 4, LAST)
    assert (pace.points_behind, pace.verdict) == (10, PaceVerdict.BEHIND)


@pytest.mark.parametrize(
    ("done", "verdict"), [(0, PaceVerdict.AT_RISK), (2, PaceVerdict.BEHIND), (3, PaceVerdict.ON_TIME), (5, PaceVerdict.ON_TIME)]
)
def test_the_verdict_follows_the_points_behind(done: int, verdict: PaceVerdict) -> None:
    pace = group_pace(a_group(*(FRIDAY if number < done else None for number in range(5))), FRIDAY, NONE_FREE)

    assert pace is not None
    assert pace.verdict is verdict


def test_fifteen_points_are_at_risk() -> None:
    pace = group_pace(a_group(*(FRIDAY if number < 7 else None for number in range(20))), FRIDAY, NONE_FREE)

    assert pace is not None
    assert (pace.points_behind, pace.verdict) == (15, PaceVerdict.AT_RISK)


def test_below_five_people_there_is_no_pace() -> None:
    """spec/compulsory 11.6."""
    assert group_pace(a_group(FRIDAY, None, None, None), FRIDAY, NONE_FREE) is None
    assert not trajectory(a_group(FRIDAY, None, None, None), FRIDAY, NONE_FREE)


def test_on_the_last_day_no_working_day_is_left() -> None:
    pace = group_pace(FIVE, LAST, NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.needed_daily, pace.foreseen) == (1, None, 2)


def test_on_a_free_day_the_last_five_working_days_count() -> None:
    pace = group_pace(FIVE, date(2026, 11, 22), NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.recent_daily) == (Fraction(1, 2), Fraction(2, 5))


def test_a_cycle_without_a_working_day_is_over_with_its_last_one() -> None:
    people = a_group(*[None] * 5, opened=date(2026, 11, 21), last=date(2026, 11, 22))
    before, after = group_pace(people, date(2026, 11, 21), NONE_FREE), group_pace(people, date(2026, 11, 22), NONE_FREE)

    assert before is not None
    assert after is not None
    assert (before.needed, after.needed) == (0, 1)


@pytest.mark.parametrize(
    ("today", "has_started", "minutes_left", "expected"),
    [
        (date(2026, 11, 16), False, 60, True),
        (date(2026, 11, 13), False, 60, False),
        (date(2026, 11, 16), True, 450, False),
        (date(2026, 11, 16), True, 451, True),
        (date(2026, 11, 28), True, 1, True),
    ],
)
def test_a_person_at_risk(today: date, has_started: bool, minutes_left: int, expected: bool) -> None:
    """spec/compulsory 11.6."""
    assert is_at_risk(today, LAST, has_started=has_started, minutes_left=minutes_left, working=NONE_FREE) is expected


def test_free_days_are_no_working_days() -> None:
    working = WorkingDays({date(2026, 11, 3), date(2026, 11, 2)})

    assert working.count(date(2026, 11, 1), date(2026, 11, 8)) == 3
    assert working.on_or_after(date(2026, 11, 1)) == date(2026, 11, 4)
    assert working.before(date(2026, 11, 4)) == date(2026, 10, 30)
    assert working.count(date(2026, 11, 8), date(2026, 11, 1)) == 0


def test_without_a_deadline_nothing_is_needed() -> None:
    pace = group_pace(RequiredGroup({(OPEN, None): 4, (OPEN, LAST): 4}, {FRIDAY: 2}), FRIDAY, NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.done) == (Fraction(1, 4), Fraction(1, 4))


def test_a_trajectory_goes_from_the_first_opening_to_the_last_day() -> None:
    """spec/compulsory 11.3."""
    points = {point.on: point for point in trajectory(FIVE, FRIDAY, NONE_FREE)}

    assert (min(points), max(points), len(points)) == (OPEN, LAST, 12)
    assert (points[OPEN].needed, points[OPEN].done) == (Fraction(1, 10), 0)
    assert (points[FRIDAY].needed, points[FRIDAY].done) == (Fraction(1, 2), Fraction(2, 5))
    assert (points[LAST].needed, points[LAST].done) == (1, None)


def test_a_long_trajectory_has_few_points_and_ends_today_and_on_the_last_day() -> None:
    group = a_group(*[None] * 6, opened=date(2020, 1, 1), last=date(2027, 3, 1))

    points = [point.on for point in trajectory(group, FRIDAY, NONE_FREE)]

    assert len(points) <= 62
    assert (points[0], points[-1], FRIDAY in points) == (date(2025, 11, 19), date(2027, 3, 1), True)


def test_without_a_deadline_there_is_no_trajectory() -> None:
    assert not trajectory(RequiredGroup({(OPEN, None): 9}, {}), FRIDAY, NONE_FREE)


def test_the_days_compared_in_a_query_are_those_of_the_rule() -> None:
    """spec/compulsory 11.6: the last day on which so many working days are left."""
    days = last_days_left(FRIDAY, 10, WorkingDays({date(2026, 11, 23)}))

    assert days[:4] == [date(2026, 11, 19), date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)]
    for left, day in enumerate(days):
        assert WorkingDays({date(2026, 11, 23)}).count(FRIDAY, day) == left


OWNER, BOSS, HEAD, ANA = 1, 2, 3, 4
MONDAY = date(2026, 12, 21)


def test_an_obligation_without_escalation_reaches_heads_alone() -> None:
    late = [AssignedPerson(ANA, 11, 7, TrainingState.OVERDUE, date(2026, 11, 1))]
    tree = HeadedTree({10: None, 11: 10}, {10: [BOSS], 11: [HEAD]}, {7: OWNER}, frozenset())

    found = team_digests(tree, [StateCount(11, 7, TrainingState.OVERDUE, 1)], [], late, MONDAY)

    assert sorted(found) == [BOSS, HEAD]
    assert found[BOSS].above == 0
    assert OWNER in team_digests(HeadedTree(tree.parents, tree.heads, tree.owners, {7}), [], [], late, MONDAY)


def test_who_is_of_no_place_and_who_is_done_is_told_of_rightly() -> None:
    counts = [StateCount(11, 7, TrainingState.DONE, 2), StateCount(None, 7, TrainingState.OVERDUE, 1)]
    late = [AssignedPerson(ANA, None, 7, TrainingState.OVERDUE)]
    tree = HeadedTree({10: None, 11: 10}, {11: [HEAD]}, {7: OWNER}, {7})

    found = team_digests(tree, counts, [], late, MONDAY)

    assert sorted(found) == [OWNER]
    assert (found[OWNER].headless, found[OWNER].counts) == (1, ())


def test_a_head_who_is_late_is_counted_by_the_place_above_alone() -> None:
    """spec/compulsory 10.6: late for a week on Monday is new since the last digest, for eight days is not."""
    late = [AssignedPerson(person, 11, 7, TrainingState.OVERDUE, date(2026, 12, day)) for person, day in ((HEAD, 14), (ANA, 13))]
    tree = HeadedTree({10: None, 11: 10}, {10: [BOSS], 11: [HEAD]}, {7: OWNER})

    digests = team_digests(tree, [StateCount(11, 7, TrainingState.OVERDUE, 2)], late[:1], late, MONDAY)

    assert digests[HEAD].counts == (ObligationCounts(7, required=1, done=0, late=1, new=0),)
    assert digests[BOSS].counts == (ObligationCounts(7, required=2, done=0, late=2, new=1),)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-12-21T07:59", None),
        ("2026-12-21T08:00", MONDAY),
        ("2026-12-24T17:59", MONDAY),
        ("2026-12-24T18:00", None),
        ("2026-12-25T09:00", None),
    ],
)
def test_the_digest_goes_out_on_monday_or_as_soon_as_it_can(now: str, monday: date | None) -> None:
    assert digest_monday(quito(now), QUITO, WorkingDays()) == monday
