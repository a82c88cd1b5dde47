"""Which days of the past there is an answer for (spec/compulsory 11.2 and 18)."""

from datetime import date, datetime, timedelta

import pytest

from compliance.rules.planned_changes import PastRefusal, first_day, first_known_on, past_moments, why_refused
from compliance.rules.states import explain_last_day, status_of, training_case
from tests.support.training_cases import QUITO, A, training_record

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
