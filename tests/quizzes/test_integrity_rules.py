"""The integrity record of an attempt: seconds, absences and sessions that saves bring, and rapid answers (spec/selection 6.2 to 6.6)."""

import json

import pytest

from quizzes.rules.states import (
    MOST_ABSENCES,
    MOST_SECONDS,
    MOST_SESSIONS,
    NO_NOTES,
    NO_RECORD,
    AnsweringSession,
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

ALL_KEPT = IntegrityRules(honour=True, times=True, focus=True, sessions=True)
HOME, MOBILE = "10.1.2.0", "186.4.5.0"


def saved(
    record: IntegrityRecord, at: int, notes: DeviceNotes = NO_NOTES, *, lease: int = 1, network: str = HOME, device: int = 7
) -> IntegrityRecord:
    return add_save(record, ALL_KEPT, SaveMoment(lease, at, network, device), notes, spares_focus=False)


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


def test_a_save_takes_back_no_seconds_and_adds_none_of_its_own() -> None:
    """spec/selection 6.3: of the present page never fewer than before, whatever is sent anew."""
    first = saved(NO_RECORD, 100, DeviceNotes({1: 40, 2: 0}))

    assert first.present == saved(first, 110).present == {1: 40, 2: 0}
    assert saved(first, 110, DeviceNotes({1: 10, 3: 0})).present == {1: 40, 2: 0, 3: 0}


def test_pages_before_leave_only_the_seconds_since() -> None:
    """spec/selection 6.3: together no more than the server saw pass."""
    full = saved(NO_RECORD, 50, DeviceNotes({1: 50}))

    assert saved(full, 50, DeviceNotes({2: 9}), lease=2).times() == {1: 50, 2: 0}
    assert saved(full, 53, DeviceNotes({2: 9}), lease=2).times() == {1: 50, 2: 3}


def test_notes_are_read_as_they_were_sent() -> None:
    """spec/selection 6.3 and 6.5: seconds up to a day; what no page counts to is none."""
    billion = 10**9
    notes = read_notes({"times": {"1": 5, "2": billion - 1, "3": billion}, "away": [[1, 8, 12], [2, billion - 1, 0], [3, billion, 1]]})

    assert notes == DeviceNotes({1: 5, 2: MOST_SECONDS}, [(1, 8, 12), (2, MOST_SECONDS, 0)])


def test_each_page_numbers_its_absences_and_each_counts_once() -> None:
    """spec/selection 6.5: what a save repeats is passed over, what follows it and what a new page sends is not."""
    first = saved(NO_RECORD, 60, DeviceNotes(absences=[(1, 8, 12)]))
    more = saved(first, 65, DeviceNotes(absences=[(1, 13, 12), (2, 0, 3)]))
    reloaded = saved(more, 90, DeviceNotes(absences=[(1, 0, 4)]), lease=2)

    assert more.absences == (PageAbsence(40, 12), PageAbsence(62, 3))
    assert reloaded.absences == (*more.absences, PageAbsence(86, 4))
    assert (reloaded.absent, reloaded.absent_seconds) == (3, 19)


def test_no_absence_lies_before_the_attempt() -> None:
    """spec/selection 6.5 and 12: a device whose clock is wrong."""
    assert saved(NO_RECORD, 5, DeviceNotes(absences=[(1, 10, 12)])).absences == (PageAbsence(0, 0),)


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

    found = add_save(NO_RECORD, ALL_KEPT, SaveMoment(1, 60, HOME, 7), notes, spares_focus=True)

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


def test_a_session_has_its_first_and_its_last_save() -> None:
    """spec/selection 6.6: page, network and device; another device of the same page is another session."""
    record = NO_RECORD
    for at_second, device in ((100, 7), (130, 8), (160, 7)):
        record = saved(record, at_second, device=device)

    assert record.sessions == (AnsweringSession(1, HOME, 8, 130, 130), AnsweringSession(1, HOME, 7, 100, 160))


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
    before = saved(NO_RECORD, 60, DeviceNotes({1: 5, 12: 7}, [(1, 0, 12)]))
    found = saved(before, 90, DeviceNotes({2: 4}, [(3, 0, 6)]), lease=2, network=MOBILE)

    assert read_record(write_record(found)) == found
    assert " " not in write_record(found)
    assert json.loads(write_record(found))["sessions"]
    assert (write_record(NO_RECORD), read_record("")) == ("", NO_RECORD)


@pytest.mark.parametrize(("mean", "answers", "expected"), [(60, 100, 6), (200, 100, 10), (60, 99, None), (0, 100, 0)])
def test_faster_than_reading_is_reported_from_a_hundred_answers_on(mean: float, answers: int, expected: float | None) -> None:
    """spec/selection 6.4: Wise and Ma's NT10."""
    assert rapid_threshold(mean, answers) == expected


def test_the_share_of_rapid_answers_is_of_those_whose_time_is_known() -> None:
    """spec/selection 6.3 and 6.4: not known counts against nobody."""
    assert rapid_share({1: 2, 2: 30, 3: 1}, {1: 6.0, 2: 6.0}) == 0.5
    assert rapid_share({1: 6}, {1: 6.0}) == 0
    assert rapid_share({}, {1: 6.0}) is None


@pytest.mark.parametrize(
    ("rules", "records"),
    [
        (IntegrityRules(), False),
        (IntegrityRules(honour=True), False),
        (IntegrityRules(times=True), True),
        (IntegrityRules(focus=True), True),
        (IntegrityRules(sessions=True), True),
    ],
)
def test_a_declaration_alone_records_nothing(rules: IntegrityRules, *, records: bool) -> None:
    """spec/selection 6.2 to 6.5."""
    assert rules.records is records
