"""The dry run of a change: whose status it changes and which mails it causes; and which days of the past there is an answer for.

spec/compulsory 4.8, 11.2, 18.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from compliance.rules.planned_changes import (
    DryRunOutcome,
    PastRefusal,
    SecondPersonReason,
    StatusShift,
    TermsBeside,
    first_day,
    first_known_on,
    outcome_document,
    outcome_of,
    past_moments,
    read_outcome,
    shift_of,
    why_refused,
    why_second_person,
)
from compliance.rules.record import AchievedCourse, RecordedSpan, TrainingRecord
from compliance.rules.reminders import ReminderKind
from compliance.rules.states import TrainingState, explain_last_day, status_of, training_case
from compliance.rules.terms import ObligationTerms, WorkingDays
from tests.support.training_cases import COURSE, LONG_AGO, QUITO, VERSION_3, A, training_record

NOW = datetime(2026, 6, 1, 12, tzinfo=QUITO)
INSIDE = TrainingRecord(QUITO, stays=(RecordedSpan(date(2026, 1, 10), None, LONG_AGO),))
OUTSIDE = TrainingRecord(QUITO)
DONE = replace(INSIDE, completions=(AchievedCourse(COURSE, datetime(2026, 3, 1, 10, tzinfo=QUITO), 2, LONG_AGO),))
RECORDED_TODAY = replace(A, recorded_at=NOW, effective_on=NOW.date(), starts=NOW.date())


def shift(
    before: Sequence[ObligationTerms],
    after: Sequence[ObligationTerms],
    record: TrainingRecord,
    would_be: TrainingRecord | None = None,
    at: datetime = NOW,
) -> StatusShift:
    return shift_of(TermsBeside(before, after, (30, 7, 1)), record, would_be or record, at, NOW, WorkingDays())


@pytest.mark.parametrize(
    ("what", "before", "after", "record", "would_be", "states", "mails"),
    [
        ("activated", (), (RECORDED_TODAY,), INSIDE, INSIDE, ("not_required", "not_started"), ("assigned",)),
        ("activated, done", (), (RECORDED_TODAY,), DONE, DONE, ("not_required", "done"), ()),
        ("activated, outside", (), (RECORDED_TODAY,), OUTSIDE, OUTSIDE, ("not_required", "not_required"), ()),
        (
            "ended",
            (A,),
            (A, replace(RECORDED_TODAY, starts=A.starts, ends=date(2026, 5, 31))),
            INSIDE,
            INSIDE,
            ("not_started", "not_required"),
            (),
        ),
        ("into the audience", (A,), (A,), OUTSIDE, INSIDE, ("not_required", "not_started"), ("assigned",)),
        ("out of the audience", (A,), (A,), INSIDE, OUTSIDE, ("not_started", "not_required"), ()),
        ("same", (A,), (A, replace(RECORDED_TODAY, starts=A.starts)), INSIDE, INSIDE, ("not_started", "not_started"), ()),
    ],
)
def test_a_change_shifts_a_status(
    what: str,
    before: Sequence[ObligationTerms],
    after: Sequence[ObligationTerms],
    record: TrainingRecord,
    would_be: TrainingRecord,
    states: tuple[str, str],
    mails: tuple[str, ...],
) -> None:
    """spec/compulsory 4.8."""
    found = shift(before, after, record, would_be)

    assert (found.before.state.value, found.after.state.value) == states, what
    assert tuple(kind.value for kind in found.mails) == mails


def test_a_version_asked_again_is_told_at_once() -> None:
    """spec/compulsory 4.7, 4.8 and 10.1."""
    found = shift((A,), (A, replace(VERSION_3, recorded_at=NOW)), DONE, at=datetime(2026, 9, 1, 12, tzinfo=QUITO))

    assert (found.before.state, found.after.state, found.mails) == (TrainingState.DONE, TrainingState.RENEWAL_DUE, (ReminderKind.VERSION,))


def test_a_deadline_put_forward_moves_the_last_day_without_a_new_status() -> None:
    """spec/compulsory 4.4 and 4.8: and the step that then falls due is counted."""
    found = shift((A,), (A, replace(RECORDED_TODAY, starts=A.starts, deadline=date(2026, 6, 20))), INSIDE)

    assert (found.is_change, found.moves_last_day, found.after.last_on) == (False, True, date(2026, 6, 20))
    assert found.mails == ()
    late = shift((A,), (A, replace(RECORDED_TODAY, starts=A.starts, deadline=date(2026, 6, 20), notice=0)), INSIDE, at=NOW.replace(day=15))
    assert late.mails == (ReminderKind.STEP,)


def test_what_becomes_overdue_is_reminded_of() -> None:
    """spec/compulsory 4.8 and 10.1."""
    retroactive = replace(A, recorded_at=NOW, effective_on=date(2026, 1, 1), deadline=date(2026, 5, 31), notice=0)

    found = shift((replace(A, effective_on=date(2025, 1, 1)),), (retroactive,), INSIDE, at=NOW.replace(day=2))

    assert (found.after.state, found.mails) == (TrainingState.OVERDUE, (ReminderKind.OVERDUE,))


def test_a_change_that_reaches_back_is_compared_on_each_day_before() -> None:
    """spec/compulsory 4.8: done in May, and in April no longer overdue."""
    done = replace(INSIDE, completions=(AchievedCourse(COURSE, datetime(2026, 5, 1, 10, tzinfo=QUITO), 2, LONG_AGO),))
    early = replace(A, deadline=date(2026, 3, 31))
    put_off = TermsBeside((early,), (early, replace(A, recorded_at=NOW, effective_on=date(2026, 3, 1))), (30, 7, 1))

    rewritten, unchanged = (
        shift_of(terms, done, done, NOW, NOW, WorkingDays(), is_retroactive=True) for terms in (put_off, replace(put_off, after=(early,)))
    )

    assert (rewritten.before.state, rewritten.after.state, rewritten.rewrites_past) == (TrainingState.DONE, TrainingState.DONE, True)
    assert not unchanged.rewrites_past
    assert not shift_of(put_off, done, done, NOW, NOW, WorkingDays()).rewrites_past


def counted() -> Mapping[int, Sequence[tuple[int, StatusShift]]]:
    comes, goes = shift((), (RECORDED_TODAY,), INSIDE), shift((A,), (A,), INSIDE, OUTSIDE)
    same = shift((A,), (A,), INSIDE)
    return {
        1: [(7, comes), (8, goes)],
        2: [(7, comes), (8, same)],
        3: [(7, same), (8, same)],
        4: [(7, shift((), (RECORDED_TODAY,), OUTSIDE))],
    }


def test_people_are_counted_once_and_statuses_by_obligation() -> None:
    """spec/compulsory 4.8."""
    found = outcome_of(counted(), {1: 11, 3: 11})

    assert (found.people, found.changed, found.moved, found.mailed) == (3, 2, 0, 2)
    assert found.shifts == {(7, "not_required", "not_started"): 2, (8, "not_started", "not_required"): 1}
    assert found.mails == {"assigned": 2}
    assert found.units == {11: 1, 0: 1}


def test_concerned_are_all_whose_state_or_last_day_is_another_on_whatever_day() -> None:
    """spec/compulsory 4.5a; who is only mailed is not."""
    assert DryRunOutcome(people=90, changed=5, moved=3, mailed=40, past=2).concerned == 10


def test_portions_add_up_and_are_stored() -> None:
    whole = outcome_of(counted(), {1: 11, 3: 11})
    parts = DryRunOutcome()
    for person, own in counted().items():
        parts = parts.joined(outcome_of({person: own}, {1: 11, 3: 11}))

    assert parts == whole
    assert read_outcome(json.loads(json.dumps(outcome_document(whole)))) == whole


def test_the_twenty_most_affected_units_come_first() -> None:
    """spec/compulsory 4.8."""
    found = DryRunOutcome(units={unit: unit for unit in range(1, 31)}).most_affected

    assert (len(found), found[0], found[-1]) == (20, (30, 30), (11, 11))


TODAY, FIRST, KNOWN = date(2026, 11, 22), date(2026, 1, 1), date(2026, 1, 10)


@pytest.mark.parametrize(
    ("day", "known_on", "refused"),
    [
        (TODAY, TODAY, (None, None)),
        (FIRST, KNOWN, (None, None)),
        (date(2026, 11, 23), TODAY, (PastRefusal.FUTURE, None)),
        (TODAY, date(2026, 11, 23), (None, PastRefusal.FUTURE)),
        (date(2025, 12, 31), TODAY, (PastRefusal.BEFORE_RECORD, None)),
        (FIRST, date(2026, 1, 9), (None, PastRefusal.BEFORE_RECORD)),
        (TODAY, date(2026, 11, 21), (None, PastRefusal.KNOWN_EARLIER)),
    ],
)
def test_days_without_an_answer_are_refused(day: date, known_on: date, refused: tuple[PastRefusal | None, PastRefusal | None]) -> None:
    """spec/compulsory 18: as of a day in the future or before the first record."""
    assert why_refused(day, known_on, TODAY, FIRST, KNOWN) == refused


def test_a_day_of_the_past_is_asked_at_its_last_moment_and_today_now() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=QUITO)

    moments = past_moments(date(2026, 11, 21), TODAY, QUITO, now)

    assert moments.at == datetime(2026, 11, 22, tzinfo=QUITO) - timedelta(microseconds=1)
    assert moments.known == now


def test_the_record_begins_with_the_obligation_and_what_is_known_with_the_later_of_both() -> None:
    record = training_record("in 2026-01-10..", QUITO)

    assert first_day([A], record) == date(2026, 1, 1)
    assert first_known_on([A], record, QUITO) == date(2026, 1, 10)


def test_the_sum_of_a_past_day_knows_nothing_that_was_recorded_later() -> None:
    """spec/compulsory 11.2: a waiver recorded on 20 November explains nothing as known before."""
    record = training_record("in 2026-01-10..; waive 2026-11-01..2027-01-31 !2026-11-20T09:00", QUITO)
    at = datetime(2026, 11, 10, 12, tzinfo=QUITO)

    before, after = (training_case([A], record, datetime(2026, 11, day, 12, tzinfo=QUITO)) for day in (19, 21))

    assert [term.reason for term in explain_last_day(before, at)] == ["deadline"]
    assert [term.reason for term in explain_last_day(after, at)] == ["deadline", "waiver"]
    assert (status_of(before, at).state, status_of(after, at).state) == ("not_started", "waived")


@pytest.mark.parametrize(
    ("people", "is_past", "why"),
    [
        (0, False, None),
        (50, False, None),
        (51, False, SecondPersonReason.MANY),
        (0, True, SecondPersonReason.PAST),
        (51, True, SecondPersonReason.PAST),
    ],
)
def test_one_rule_says_why_a_second_person_is_needed(people: int, is_past: bool, why: SecondPersonReason | None) -> None:
    """spec/compulsory 4.5a."""
    assert why_second_person(people, is_past=is_past) is why
