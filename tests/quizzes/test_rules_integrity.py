"""The integrity record of an attempt: times, absences and sessions, without a device's clock (spec/selection 6.3 to 6.6 and 12)."""

import json

import pytest

from quizzes.rules.states import (
    MOST_ABSENCES,
    MOST_SECONDS,
    MOST_SESSIONS,
    NO_NOTES,
    NO_RECORD,
    DeviceNotes,
    IntegrityRecord,
    IntegrityRules,
    PageAbsence,
    SaveMoment,
    add_save,
    rapid_share,
    rapid_threshold,
    read_notes,
    read_record,
    write_record,
)

ALL = IntegrityRules(honour=True, times=True, focus=True, sessions=True)
HOME, MOBILE = "10.1.2.0", "186.4.5.0"


def saved(
    record: IntegrityRecord, at: int, notes: DeviceNotes = NO_NOTES, *, lease: int = 1, network: str = HOME, device: int = 7
) -> IntegrityRecord:
    return add_save(record, ALL, SaveMoment(lease, at, network, device), notes, spares_focus=False)


def test_the_times_of_pages_are_added_and_a_save_sent_twice_counts_once() -> None:
    """spec/selection 6.3."""
    first = saved(NO_RECORD, 100, DeviceNotes({1: 40, 2: 30}))
    twice = saved(first, 101, DeviceNotes({1: 40, 2: 30}))
    later = saved(twice, 200, DeviceNotes({2: 25}), lease=2)
    old_tab = saved(later, 210, DeviceNotes({1: 90}), lease=1)

    assert twice.times() == {1: 40, 2: 30}
    assert later.times() == old_tab.times() == {1: 40, 2: 55}


def test_the_seconds_are_no_more_than_the_server_saw_pass() -> None:
    """spec/selection 6.3 and 12: a device whose clock is a year off."""
    year = 365 * MOST_SECONDS

    assert saved(NO_RECORD, 50, read_notes({"times": {"1": year, "2": 10}})).times() == {1: 50, 2: 0}
    assert saved(NO_RECORD, year, read_notes({"times": {"1": year}})).times() == {1: MOST_SECONDS}


def test_an_absence_stands_where_the_server_s_clock_puts_it() -> None:
    """spec/selection 6.5 and 12: by how long ago it was, and once however often it is sent."""
    notes = DeviceNotes(absences=[(1, 8, 12)])

    found = saved(saved(NO_RECORD, 60, notes), 65, DeviceNotes(absences=[(1, 13, 12)]))

    assert found.absences == (PageAbsence(40, 12),)
    assert (found.absent, found.absent_seconds) == (1, 12)
    assert saved(NO_RECORD, 5, DeviceNotes(absences=[(1, 0, 3600)])).absences == (PageAbsence(0, 5),)


def test_ten_thousand_absences_are_counted_and_kept_in_one_short_record() -> None:
    """spec/selection 12: counted, stored as one row."""
    flood = read_notes({"away": [[number, 0, 1] for number in range(1, 10_001)]})

    found = saved(NO_RECORD, 60, flood)
    again = saved(found, 61, flood)

    assert found.absent == again.absent == 10_000
    assert len(found.absences) <= MOST_ABSENCES
    assert len(write_record(found)) < 4_000


def test_nothing_of_focus_is_kept_of_a_person_who_is_spared_it() -> None:
    """spec/selection 6.5."""
    notes = DeviceNotes({1: 5}, [(1, 0, 12)])

    found = add_save(NO_RECORD, ALL, SaveMoment(1, 60, HOME, 7), notes, spares_focus=True)

    assert (found.absent, found.absences, found.times()) == (0, (), {1: 5})


def test_what_is_off_is_not_kept() -> None:
    """spec/selection 6.1."""
    notes = DeviceNotes({1: 5}, [(1, 0, 12)])

    found = add_save(NO_RECORD, IntegrityRules(honour=True), SaveMoment(1, 60, HOME, 7), notes, spares_focus=False)

    assert (found.times(), found.absences, found.sessions) == ({}, (), ())


@pytest.mark.parametrize(
    ("seconds", "network", "lease", "noted"), [(60, MOBILE, 2, 1), (61, MOBILE, 2, 0), (10, HOME, 2, 0), (10, MOBILE, 1, 0)]
)
def test_two_sessions_that_save_at_once_from_different_networks_are_noted(seconds: int, network: str, lease: int, noted: int) -> None:
    """spec/selection 6.6."""
    found = saved(saved(NO_RECORD, 100), 100 + seconds, lease=lease, network=network)

    assert len(found.encounters) == noted
    assert {one.network for one in found.sessions} == {HOME, network}


def test_sessions_are_bounded() -> None:
    record = NO_RECORD
    for number in range(200):
        record = saved(record, number, lease=number + 1, device=number)

    assert len(record.sessions) == MOST_SESSIONS


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "x",
        {"times": []},
        {"times": {"1": -1, "x": 3, "2": "4", "3": True, "9999": 1}},
        {"away": {}},
        {"away": [[1, 2], [1, -2, 3], "x", [1, 2, 10**12]]},
    ],
)
def test_what_makes_no_sense_is_left_out(sent: object) -> None:
    """spec/selection 12."""
    assert read_notes(sent) == DeviceNotes({}, []) or read_notes(sent) == NO_NOTES


def test_a_record_is_read_as_it_was_written() -> None:
    found = saved(saved(NO_RECORD, 60, DeviceNotes({1: 5, 12: 7}, [(1, 0, 12)])), 90, lease=2, network=MOBILE)

    assert read_record(write_record(found)) == found
    assert json.loads(write_record(found))["sessions"]
    assert (write_record(NO_RECORD), read_record("")) == ("", NO_RECORD)


@pytest.mark.parametrize(("mean", "answers", "expected"), [(60, 100, 6), (200, 100, 10), (60, 99, None), (0, 100, 0)])
def test_faster_than_reading_is_told_from_a_hundred_answers_on(mean: float, answers: int, expected: float | None) -> None:
    """spec/selection 6.4: Wise and Ma's NT10."""
    assert rapid_threshold(mean, answers) == expected


def test_the_share_of_rapid_answers_is_of_those_whose_time_is_known() -> None:
    """spec/selection 6.3 and 6.4: not known counts against nobody."""
    assert rapid_share({1: 2, 2: 30, 3: 1}, {1: 6.0, 2: 6.0}) == 0.5
    assert rapid_share({}, {1: 6.0}) is None
