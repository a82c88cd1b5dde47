"""The status of a person under an obligation: every vector of spec/compulsory 9, and what the vectors leave out."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from compliance.rules.record import UnitZone
from compliance.rules.states import TrainingState, next_change, status_of, training_case
from tests.support.training_cases import LONG_AGO, QUITO, RULES, ZONES, TrainingVector, training_record, training_status, training_vectors

VECTORS = list(training_vectors())


def test_no_vector_is_missing() -> None:
    assert [vector.number for vector in VECTORS] == list(range(1, len(VECTORS) + 1))
    assert len(VECTORS) >= 73


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"row-{vector.number}")
def test_a_vector_has_its_status(vector: TrainingVector) -> None:
    """spec/compulsory 9."""
    status = training_status(RULES[vector.rule], vector.record, vector.at, vector.known)

    assert (status.state, " ".join(status.flags), status.last_on) == (vector.state, vector.flag, vector.last_on)


def test_the_zone_of_a_cycle_stays_that_of_the_day_on_which_it_opened() -> None:
    """spec/compulsory 4.3: Galápagos is an hour behind; who moves to Quito on 2 December keeps the later midnight."""
    moved = [UnitZone(day, zone, LONG_AGO) for day, zone in ((date(2020, 1, 1), ZONES["P"]), (date(2026, 12, 2), ZONES["G"]))]
    at = datetime(2026, 12, 16, 0, 30, tzinfo=ZONES["G"])
    islander = replace(training_record("in 2026-01-10..", ZONES["G"]), zones=moved)
    retracted = replace(islander, zones=[replace(moved[0], retracted_at=at), moved[1]])

    assert training_status(RULES["A"], islander, at, at).state is TrainingState.NOT_STARTED
    assert training_status(RULES["A"], retracted, at, at).state is TrainingState.OVERDUE


def test_a_renewal_has_the_zone_of_the_day_on_which_its_window_opens() -> None:
    """spec/compulsory 4.3 and 8.3."""
    record = training_record("in 2024-01-10..; done 2024-02-29T10:00 v1", ZONES["G"])
    record = replace(record, zones=[UnitZone(date(2024, 6, 1), ZONES["P"], LONG_AGO)])

    def state(at: datetime) -> TrainingState:
        return training_status(RULES["V"], record, at, at).state

    assert state(datetime(2024, 12, 30, 0, 30, tzinfo=ZONES["G"])) is TrainingState.DONE
    assert state(datetime(2024, 12, 30, 0, 0, tzinfo=ZONES["P"])) is TrainingState.RENEWAL_DUE


@pytest.mark.parametrize(
    ("entries", "last_on"),
    [("entry 2026-05-04; entry 2019-02-01", date(2026, 6, 3)), ("entry 2026-06-01", date(2026, 7, 1)), ("", date(2026, 6, 9))],
)
def test_the_entry_that_counts_is_the_latest_before_joining(entries: str, last_on: date) -> None:
    """spec/compulsory 4.2: without one before it the next one, without any the day of joining."""
    record = training_record(f"in 2026-05-10..; {entries}", QUITO)
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    assert training_status(RULES["E"], record, at, at).last_on == last_on


def test_a_deadline_that_begins_to_run_leaves_the_notice() -> None:
    """spec/compulsory 4.4: nobody who was not enrolled had a deadline before the change."""
    terms = RULES["I"][0]
    change = replace(terms, recorded_at=datetime(2026, 6, 1, 8, tzinfo=QUITO), effective_on=date(2026, 6, 1), deadline=date(2026, 6, 5))
    at = datetime(2026, 6, 10, 8, tzinfo=QUITO)

    assert training_status([terms, change], training_record("in 2026-01-10..", QUITO), at, at).last_on == date(2026, 6, 16)


def test_who_was_never_in_the_audience_and_did_it_is_not_required() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    case = training_case(RULES["V"], training_record("done 2023-03-01T10:00 v1", QUITO), at)

    assert status_of(case, at).state is TrainingState.NOT_REQUIRED
    assert next_change(case, datetime(2023, 3, 2, tzinfo=QUITO)) is None


def test_what_was_done_before_joining_is_not_late() -> None:
    at = datetime(2027, 2, 1, 12, tzinfo=QUITO)
    record = training_record("done 2026-12-20T10:00 v1; in 2027-01-10..", QUITO)

    assert training_status(RULES["A"], record, at, at).flags == ()


def test_the_next_change_is_the_midnight_after_the_last_day() -> None:
    """spec/compulsory 7.3."""
    at = datetime(2026, 3, 1, 12, tzinfo=QUITO)

    ahead = next_change(training_case(RULES["A"], training_record("in 2026-01-10..", QUITO), at), at)

    assert ahead is not None
    assert (ahead.at, ahead.status.state) == (datetime(2026, 12, 16, tzinfo=QUITO), TrainingState.OVERDUE)


def test_what_is_done_for_ever_never_changes() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=QUITO)

    assert next_change(training_case(RULES["A"], training_record("in 2026-01-10..; done 2026-02-01 v1", QUITO), at), at) is None


def test_a_waiver_revoked_before_its_first_day_excuses_nothing() -> None:
    """spec/compulsory 4.10: a revocation counts from its day."""
    at = datetime(2026, 12, 16, 8, tzinfo=QUITO)
    record = training_record("in 2026-01-10..; waive 2026-12-01..2026-12-31 !2026-11-01 x2026-11-20T09:00", QUITO)

    assert training_status(RULES["A"], record, at, at).state is TrainingState.OVERDUE


def test_a_waiver_that_begins_after_the_grace_extends_nothing() -> None:
    """spec/compulsory 4.4: after an expiry as before it."""
    at = datetime(2025, 5, 2, 8, tzinfo=QUITO)
    record = training_record("in 2024-01-10..; done 2024-02-29T10:00 v1; waive 2025-04-01..2025-05-01", QUITO)

    assert training_status(RULES["V"], record, at, at).state is TrainingState.EXPIRED


def test_terms_that_begin_later_are_foreseen() -> None:
    """spec/compulsory 7.3."""
    later = replace(RULES["A"][0], effective_on=date(2026, 2, 1))
    at = datetime(2026, 1, 15, 12, tzinfo=QUITO)

    ahead = next_change(training_case([later], training_record("in 2026-01-10..", QUITO), at), at)

    assert ahead is not None
    assert (ahead.at, ahead.status.state) == (datetime(2026, 2, 1, tzinfo=QUITO), TrainingState.NOT_STARTED)


def test_what_holds_for_a_year_is_foreseen_step_by_step() -> None:
    """spec/compulsory 8.1 and 8.3: window, last valid day, grace."""
    record = training_record("in 2024-01-10..; done 2024-02-29T10:00 v1", QUITO)
    moment = datetime(2024, 3, 1, tzinfo=QUITO)
    steps = []
    while (ahead := next_change(training_case(RULES["V"], record, moment), moment)) is not None:
        moment = ahead.at
        steps.append((moment.date().isoformat(), ahead.status.state, ahead.status.cycle, ahead.status.opened_on))

    opened = date(2024, 12, 30)
    assert steps == [
        ("2024-12-30", TrainingState.RENEWAL_DUE, 2, opened),
        ("2025-03-01", TrainingState.RENEWAL_DUE, 2, opened),
        ("2025-03-11", TrainingState.EXPIRED, 2, opened),
    ]


def test_a_leave_in_the_grace_is_foreseen_too() -> None:
    """spec/compulsory 4.4."""
    record = training_record("in 2024-01-10..; done 2024-02-29T10:00 v1; waive 2025-03-05..2025-03-20", QUITO)
    moment = datetime(2025, 3, 21, tzinfo=QUITO)

    ahead = next_change(training_case(RULES["V"], record, moment), moment)

    assert ahead is not None
    assert (ahead.at.date(), ahead.status.state) == (date(2025, 4, 5), TrainingState.EXPIRED)
