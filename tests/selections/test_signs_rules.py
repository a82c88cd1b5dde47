"""Signs in the records of a sitting: what is one, and how rare it is (spec/selection 6.4 and 6.10)."""

from dataclasses import fields

import pytest

from quizzes.rules.states import AnsweringSession, IntegrityRecord
from selections.rules.signs import AttemptSign, RecordedAttempt, SignKind, find_signs, rapid_thresholds


def a_sitting(times: list[dict[int, int]]) -> list[RecordedAttempt]:
    """Return a record for each attempt at two questions, 11 and 12, with the seconds of each."""
    return [RecordedAttempt(at, IntegrityRecord(seconds=one), {1: 11, 2: 12}) for at, one in enumerate(times, 1)]


def test_answers_faster_than_reading_are_a_sign_from_a_hundred_answers_on() -> None:
    """spec/selection 6.4: under the lesser of ten seconds and a tenth of the mean; a question of few answers gives none."""
    usual = [{1: 50, 2: 300} for _one in range(99)]
    assert rapid_thresholds(a_sitting(usual)) == {}
    sitting = a_sitting([*usual, {1: 1, 2: 300}])

    found = [sign for sign in find_signs(sitting) if sign.kind is SignKind.RAPID]

    assert rapid_thresholds(sitting) == pytest.approx({11: 4.951, 12: 10.0})
    assert found == [AttemptSign(100, SignKind.RAPID, 0.5, 1, 2, 1, 100)]


def test_what_no_device_recorded_is_no_sign() -> None:
    """spec/selection 6.3: an attempt without script, or of somebody whose absences are not recorded, shows nothing."""
    assert find_signs(a_sitting([{} for _one in range(200)])) == []


def test_each_sign_says_in_how_many_attempts_it_is_as_large() -> None:
    """spec/selection 6.10: how rare by chance, among the attempts that could show one."""
    away = [IntegrityRecord(absent=1, absent_seconds=seconds) for seconds in (5, 40, 40, 600)]
    sitting = [RecordedAttempt(at, record, {}) for at, record in enumerate([*away, IntegrityRecord()], 1)]

    found = find_signs(sitting)

    assert [(sign.attempt_id, sign.as_large, sign.among) for sign in found] == [(1, 4, 5), (2, 3, 5), (3, 3, 5), (4, 1, 5)]


def test_two_sessions_at_once_are_counted_with_devices_and_networks() -> None:
    """spec/selection 6.6: an attempt without encounters is none, however many devices it had."""
    pair = (AnsweringSession(1, "10.0.0.0", 1, 0, 9), AnsweringSession(2, "10.1.0.0", 2, 5, 12))
    records = [IntegrityRecord(sessions=pair, encounters=(12,)), IntegrityRecord(sessions=pair)]

    found = find_signs([RecordedAttempt(at, record, {}) for at, record in enumerate(records, 1)])

    assert found == [AttemptSign(1, SignKind.SESSIONS, 1, 2, 2, 1, 2)]


def test_there_is_no_total_over_signs() -> None:
    """spec/selection 6.10: kinds come one after the other, people in the order they came in, and nothing adds them up."""
    record = IntegrityRecord(
        absent=2, absent_seconds=30, sessions=(AnsweringSession(1, "a", 1, 0, 1), AnsweringSession(2, "b", 1, 1, 2)), encounters=(2,)
    )
    quiet = IntegrityRecord(absent=9, absent_seconds=900)

    found = find_signs([RecordedAttempt(1, record, {}), RecordedAttempt(2, quiet, {})])

    assert [(sign.kind, sign.attempt_id) for sign in found] == [(SignKind.SESSIONS, 1), (SignKind.ABSENCES, 1), (SignKind.ABSENCES, 2)]
    assert not {"total", "score", "level", "colour"} & {field.name for field in fields(AttemptSign)}
