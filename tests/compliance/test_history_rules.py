"""The stored history of a status answers as the pure function does; the properties of every status; the days and numbers of reports.

spec/compulsory 7.3, 7.6, 9.1, 18.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules.history import (
    INSTANT,
    REQUIRED,
    HistoryRow,
    ReportDayFault,
    ReportState,
    TrainingTally,
    extend_history,
    has_news,
    late_moments,
    report_days,
    rewrite_history,
    tally_sum,
    timeline,
)
from compliance.rules.record import AchievedCourse, RecordedSpan, TrainingRecord, UnitZone, is_known
from compliance.rules.states import TrainingState, case_under, known_terms, next_change, status_of, training_case
from tests.support.drawn_records import FIRST, at_hour, days, moments, records, rules
from tests.support.training_cases import COURSE, LONG_AGO, QUITO, RULES, ZONES, A, in_days, training_record, training_status

Fact = TypeVar("Fact", RecordedSpan, AchievedCourse)


def midnight(day: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=QUITO) + timedelta(days=day)


def history(rule: str, record: TrainingRecord, moments: list[datetime]) -> list[HistoryRow]:
    rows: list[HistoryRow] = []
    computed_at = None
    for now in moments:
        rows = extend_history(rows, training_case(RULES[rule], record, now), computed_at)
        computed_at = now
    return rows


def answer(rows: list[HistoryRow], at: datetime, known: datetime) -> tuple[object, ...] | None:
    found = [row for row in rows if row.covers(at, known)]
    assert len(found) <= 1
    return (found[0].state, found[0].flags) if found else None


@settings(max_examples=40)
@given(rules, records(), st.lists(st.integers(1, 700), min_size=1, max_size=4, unique=True), st.data())
def test_stored_equals_computed(rule: str, record: TrainingRecord, days: list[int], data: st.DataObject) -> None:
    """spec/compulsory 7.3 and 9.1: exactly one row for each pair of moments."""
    moments = [midnight(day) + timedelta(hours=7) for day in sorted(days)]
    rows = history(rule, record, moments)
    for _number in range(20):
        known = midnight(0) + timedelta(minutes=data.draw(st.integers(0, (moments[-1] - midnight(0)) // timedelta(minutes=1))))
        at = known - timedelta(hours=data.draw(st.integers(0, 24 * 400)))
        status = training_status(RULES[rule], record, at, known)
        stored = answer(rows, at, known)
        if stored is None:
            assert status.state is TrainingState.NOT_REQUIRED
        else:
            assert stored == (status.state, status.flags)


def unwritten(record: TrainingRecord, since: datetime, computed_at: datetime) -> TrainingRecord:
    """Return a record without what was recorded, or taken back, from a moment up to that of a computation."""

    def is_late(moment: datetime | None) -> bool:
        return moment is not None and since <= moment <= computed_at

    def seen(facts: Sequence[Fact]) -> list[Fact]:
        return [
            replace(fact, retracted_at=None) if is_late(fact.retracted_at) else fact  # type: ignore[type-var]  # all are dataclasses
            for fact in facts
            if not is_late(fact.recorded_at)
        ]

    return replace(
        record,
        stays=seen(record.stays),
        closures=seen(record.closures),
        completions=seen(record.completions),
        waivers=[waiver for waiver in record.waivers if not is_late(waiver.recorded_at)],
        starts=[start for start in record.starts if not is_late(start.at)],
        enrolled_at=[moment for moment in record.enrolled_at if not is_late(moment)],
    )


@settings(max_examples=60)
@given(rules, records(), st.lists(st.integers(1, 400), max_size=2, unique=True), st.integers(0, 59), st.data())
def test_what_is_written_after_a_computation_is_known_from_when_it_was_recorded(
    rule: str, record: TrainingRecord, days: list[int], minutes: int, data: st.DataObject
) -> None:
    """spec/compulsory 7.3: stored equals computed also where a job or request stamped what it writes before the computation began."""
    moments = sorted(
        {
            *(fact.recorded_at for facts in (record.stays, record.closures, record.completions, record.waivers) for fact in facts),
            *(fact.retracted_at for fact in record.completions if fact.retracted_at is not None),
            *(start.at for start in record.starts),
            *record.enrolled_at,
        }
    )
    late = data.draw(st.sampled_from(moments))
    computed_at = late + timedelta(minutes=minutes)
    rows, before = list[HistoryRow](), None
    for now in (*(moment for moment in map(midnight, sorted(days)) if moment < late), computed_at):
        rows = extend_history(rows, training_case(RULES[rule], unwritten(record, late, computed_at), now), before)
        before = now

    last = computed_at + timedelta(minutes=data.draw(st.integers(0, 60 * 24 * 60))) + INSTANT
    rows = rewrite_history(rows, training_case(RULES[rule], record, last), computed_at)

    around = [late - INSTANT, late, computed_at, last]
    span = max(0, (last - midnight(0)) // timedelta(minutes=1))
    drawn = [midnight(0) + timedelta(minutes=data.draw(st.integers(0, span))) for _number in range(8)]
    for known in (*around, *(moment for moment in drawn if moment <= last)):
        for at in (known, known - timedelta(hours=data.draw(st.integers(0, 24 * 400)))):
            status = training_status(RULES[rule], record, at, known)
            stored = answer(rows, at, known)
            assert (status.state, status.flags) == (stored or (TrainingState.NOT_REQUIRED, status.flags))


def test_a_waiver_written_after_a_computation_is_not_known_before_it_was_recorded() -> None:
    """spec/compulsory 7.3: of a day in November, as known then and as known since."""
    without = training_record("in 2026-01-10..", QUITO)
    record = training_record("in 2026-01-10..; waive 2026-11-01..2027-01-31 !2026-12-01T09:00", QUITO)
    recorded, day = datetime(2026, 12, 1, 9, tzinfo=QUITO), datetime(2026, 11, 20, tzinfo=QUITO)
    computed_at = recorded + timedelta(seconds=2)
    rows = history("A", without, [midnight(300), computed_at])

    after = rewrite_history(rows, training_case(RULES["A"], record, computed_at + INSTANT), computed_at)

    assert answer(after, day, recorded - INSTANT) == (TrainingState.NOT_STARTED, ())
    assert [answer(after, day, known) for known in (recorded, computed_at)] == [(TrainingState.WAIVED, ())] * 2


def test_moments_that_a_computation_may_not_have_seen_are_those_of_the_hour_before_it() -> None:
    record = training_record("in 2026-01-10..; start 2026-02-01T09:00; start 2026-02-01T09:40", QUITO)
    nine = datetime(2026, 2, 1, 9, tzinfo=QUITO)
    later = training_case(RULES["A"], record, nine + timedelta(days=1))

    assert late_moments(later, nine + timedelta(minutes=80)) == [nine + timedelta(minutes=40)]
    assert late_moments(later, nine + timedelta(minutes=60)) == [nine, nine + timedelta(minutes=40)]
    assert late_moments(training_case(RULES["A"], record, nine + timedelta(minutes=40)), nine + timedelta(minutes=60)) == [nine]


def test_a_history_that_lacks_nothing_is_extended_as_it_is() -> None:
    record = training_record("in 2026-01-10..; start 2026-02-01T09:00; waive 2026-11-01..2027-01-31 !2026-11-02T09:00", QUITO)
    computed_at = datetime(2026, 11, 2, 9, 30, tzinfo=QUITO)
    rows = history("A", record, [midnight(100), computed_at])
    case = training_case(RULES["A"], record, midnight(500))

    assert rewrite_history(rows, case, computed_at) == extend_history(rows, case, computed_at)


def test_a_paper_of_the_tenth_recorded_on_the_28th_leaves_what_was_known() -> None:
    """spec/compulsory 9, rows 37 and 38."""
    record = training_record("in 2026-01-10..; done 2026-12-10T10:00 v2 !2026-12-28T09:00", QUITO)

    rows = history("A", record, [datetime(2026, 12, 20, 8, tzinfo=QUITO), datetime(2026, 12, 29, 8, tzinfo=QUITO)])

    at = datetime(2026, 12, 20, 8, tzinfo=QUITO)
    assert answer(rows, at, at) == (TrainingState.OVERDUE, ())
    assert answer(rows, at, datetime(2026, 12, 28, 9, tzinfo=QUITO)) == (TrainingState.DONE, ())
    assert [row.state for row in rows if row.known_to is None] == [TrainingState.NOT_STARTED, TrainingState.DONE]


def test_a_day_that_passed_unwatched_is_known_as_of_its_midnight() -> None:
    """spec/compulsory 7.3: the job writes afterwards, with the exact moment."""
    rows = history("A", training_record("in 2026-01-10..", QUITO), [midnight(20), midnight(400)])

    assert [(row.state, row.known_from) for row in rows if row.state is TrainingState.OVERDUE] == [
        (TrainingState.OVERDUE, datetime(2026, 12, 16, tzinfo=QUITO))
    ]


def test_nothing_new_writes_nothing() -> None:
    record = training_record("in 2026-01-10..; start 2026-02-01T09:00", QUITO)
    rows = history("A", record, [midnight(100)])

    assert extend_history(rows, training_case(RULES["A"], record, midnight(101)), midnight(100)) == rows


def test_computing_twice_at_the_moment_of_a_record_changes_nothing() -> None:
    revoked = datetime(2026, 12, 1, 9, tzinfo=QUITO)
    record = training_record("in 2026-01-10..; waive 2026-11-01..2027-01-31 x2026-12-01T09:00", QUITO)
    rows = history("A", record, [midnight(320), revoked])

    assert extend_history(rows, training_case(RULES["A"], record, revoked), revoked) == rows


def test_a_record_of_the_moment_of_a_computation_is_known_from_then_on() -> None:
    """It may be written just after a status was computed at the same moment."""
    moment, day = datetime(2026, 12, 20, 9, tzinfo=QUITO), datetime(2026, 12, 16, 12, tzinfo=QUITO)
    rows = history("A", training_record("in 2026-01-10..", QUITO), [moment])
    recognised = training_record("in 2026-01-10..; recog 2026-03-03 !2026-12-20T09:00", QUITO)

    after = extend_history(rows, training_case(RULES["A"], recognised, moment), moment)

    assert [row.state for row in after if row.covers(day, moment - INSTANT)] == [TrainingState.OVERDUE]
    assert [row.state for row in after if row.covers(day, moment)] == [TrainingState.DONE]


def test_who_was_never_in_the_audience_has_no_history() -> None:
    assert history("A", training_record("done 2026-02-01 v1", QUITO), [midnight(100)]) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rows_of_one_knowledge_follow_each_other(rule: str) -> None:
    record = training_record("in 2026-01-10..2026-06-30; in 2026-08-01..; start 2026-02-01T09:00; waive 2026-09-01..2026-09-30", QUITO)
    rows = [row for row in history(rule, record, [midnight(800)]) if row.known_to is None]

    assert [row.valid_to for row in rows] == [*(row.valid_from for row in rows[1:]), None]
    assert rows[0].valid_from.date() == date(2026, 1, 10)


def test_a_waiver_that_was_revoked_was_known_until_then() -> None:
    """spec/compulsory 9, row 31, as known before and after."""
    record = training_record("in 2026-01-10..; waive 2026-11-01..2027-01-31 x2026-12-01T09:00", QUITO)
    rows = history("A", record, [midnight(320), midnight(400)])

    at, revoked = datetime(2026, 11, 20, tzinfo=QUITO), datetime(2026, 12, 1, 9, tzinfo=QUITO)
    assert answer(rows, at, at) == (TrainingState.WAIVED, ())
    assert answer(rows, revoked - timedelta(hours=1), revoked - timedelta(seconds=1)) == (TrainingState.WAIVED, ())
    assert answer(rows, revoked - timedelta(hours=1), revoked) == (TrainingState.NOT_STARTED, ())


def test_news_are_what_was_recorded_or_taken_back_since() -> None:
    record = training_record("in 2026-01-10..; waive 2026-11-01..2027-01-31 x2026-12-01T09:00", QUITO)
    revoked = datetime(2026, 12, 1, 9, tzinfo=QUITO)

    assert has_news(record, revoked - timedelta(seconds=1), revoked)
    assert not has_news(record, revoked, revoked + timedelta(days=1))


Value = TypeVar("Value")
FIXED = {name: RULES[name] for name in ("A", "Ag", "L", "S", "N", "M")}
BETTER = {
    TrainingState.DONE: 0,
    TrainingState.RENEWAL_DUE: 1,
    TrainingState.WAIVED: 1,
    TrainingState.IN_PROGRESS: 2,
    TrainingState.NOT_STARTED: 3,
    TrainingState.OVERDUE: 4,
    TrainingState.EXPIRED: 4,
}


@given(rules, records(), moments, moments, st.randoms(use_true_random=False))
@pytest.mark.slow
def test_the_order_of_what_is_on_record_does_not_matter(
    rule: str, record: TrainingRecord, at: datetime, known: datetime, chance: Random
) -> None:
    def shuffled(values: Sequence[Value]) -> list[Value]:
        return chance.sample(values, len(values))

    other = replace(
        record,
        stays=shuffled(record.stays),
        waivers=shuffled(record.waivers),
        closures=shuffled(record.closures),
        completions=shuffled(record.completions),
        starts=shuffled(record.starts),
        enrolled_at=shuffled(record.enrolled_at),
    )

    assert training_status(shuffled(RULES[rule]), other, at, known) == training_status(RULES[rule], record, at, known)


@given(rules, records(), moments, moments)
def test_what_was_recorded_later_changes_nothing(rule: str, record: TrainingRecord, at: datetime, known: datetime) -> None:
    earlier = replace(
        record,
        stays=[stay for stay in record.stays if stay.recorded_at <= known],
        waivers=[waiver for waiver in record.waivers if waiver.recorded_at <= known],
        closures=[closure for closure in record.closures if closure.recorded_at <= known],
        completions=[done for done in record.completions if is_known(done, known)],
    )
    versions = [terms for terms in RULES[rule] if terms.recorded_at <= known]

    assert training_status(versions, earlier, at, known) == training_status(RULES[rule], record, at, known)


@given(rules, records(), st.lists(records(), min_size=1, max_size=4), moments, moments)
@pytest.mark.slow
def test_judging_people_together_gives_what_judging_each_alone_gives(
    rule: str, first: TrainingRecord, others: Sequence[TrainingRecord], at: datetime, known: datetime
) -> None:
    """People who were in the audience on the same days share what is found of moments before they did anything."""
    alike = [replace(other, stays=first.stays, waivers=(), closures=()) for other in others]
    together = known_terms(RULES[rule], known)

    for record in (first, *others, *alike, replace(first, waivers=(), closures=(), completions=(), starts=())):
        case, alone = case_under(together, record), training_case(RULES[rule], record, known)
        for moment in (at, known):
            assert status_of(case, moment) == status_of(alone, moment)
            assert next_change(case, moment) == next_change(alone, moment)
        assert timeline(case, known) == timeline(alone, known)


@settings(max_examples=60)
@given(rules, records(), moments)
@pytest.mark.slow
def test_the_clock_changes_a_status_only_when_it_was_foreseen(rule: str, record: TrainingRecord, known: datetime) -> None:
    case = training_case(RULES[rule], record, known)
    moment = at_hour(FIRST, 0)
    ahead = next_change(case, moment)
    before = training_status(RULES[rule], record, moment, known)
    for hours in range(0, 24 * 620, 24):
        at = moment + timedelta(hours=hours)
        if ahead is not None and at >= ahead.at:
            assert ahead.at == at
            before, ahead = ahead.status, next_change(case, at)
        now = training_status(RULES[rule], record, at, known)
        has_acted = any(
            moment < act <= at
            for act in (*(start.at for start in record.starts), *(done.achieved_at for done in record.completions), *record.enrolled_at)
        )
        if has_acted:
            before, ahead = now, next_change(case, at)
        assert (now.state, now.flags) == (before.state, before.flags)


zones = st.lists(st.builds(UnitZone, days, st.sampled_from(sorted(ZONES.values(), key=str)), st.just(LONG_AGO)), min_size=1, max_size=3)


@settings(max_examples=100)
@given(rules, records(), zones, moments, moments)
@pytest.mark.slow
def test_the_clock_goes_on_wherever_people_move(
    rule: str, record: TrainingRecord, places: list[UnitZone], moment: datetime, known: datetime
) -> None:
    """Each change by the clock is later than the one before, also where midnights of two zones differ, and there is a last one."""
    case = training_case(RULES[rule], replace(record, zones=places), known)
    for _number in range(200):
        ahead = next_change(case, moment)
        if ahead is None:
            break
        assert ahead.at > moment
        assert status_of(case, ahead.at) == ahead.status
        moment = ahead.at
    assert next_change(case, moment) is None


def test_a_person_of_another_zone_has_a_history() -> None:
    """Whose audience begins on the day on which the obligation does, and whose midnight is an hour later, is computed."""
    joined = RecordedSpan(date(2026, 1, 1), None, LONG_AGO)
    record = TrainingRecord(ZONES["G"], stays=[joined], zones=[UnitZone(date(2020, 1, 1), ZONES["P"], LONG_AGO)])

    rows = timeline(training_case(RULES["A"], record, at_hour(date(2027, 1, 1))), at_hour(date(2027, 1, 1)))

    assert [(row.state.value, row.valid_from.astimezone(ZONES["P"]).isoformat()[:16]) for row in rows][-2:] == [
        ("not_started", "2026-01-01T00:00"),
        ("overdue", "2026-12-16T00:00"),
    ]


@given(st.sampled_from(sorted(FIXED)), records(), moments)
@pytest.mark.slow
def test_nobody_is_overdue_within_the_notice(rule: str, record: TrainingRecord, at: datetime) -> None:
    """spec/compulsory 4.4: of joining, a return from a span that counts, the first record of a stay, a date brought forward."""
    known = at_hour(in_days(FIRST, 2000))
    if training_status(FIXED[rule], record, at, known).state is not TrainingState.OVERDUE:
        return

    case = training_case(FIXED[rule], record, known)
    joined = [span.first for span in case.stays if span.first <= at.date()]
    latest = next(span for span in reversed(case.stays) if span.first == joined[-1])
    before = [span for span in case.stays if span.last is not None and span.last < latest.first]
    if not before or (latest.first - before[-1].last).days - 1 > A.gap:  # type: ignore[operator]  # these have a last day
        assert (at.date() - latest.first).days >= A.notice
        touching = [stay for stay in record.stays if stay.last_on is None or stay.last_on >= latest.first]
        assert (at.date() - min(stay.recorded_at for stay in touching).date()).days >= A.notice
    assert rule != "S" or at.date() > in_days(date(2026, 6, 1), A.notice)


@given(rules, records(), moments, st.sampled_from([1, 2, 3]))
@pytest.mark.slow
def test_doing_it_never_makes_a_status_worse(rule: str, record: TrainingRecord, at: datetime, version: int) -> None:
    before = training_status(RULES[rule], record, at, at)
    record = replace(record, completions=[*record.completions, AchievedCourse(COURSE, at, version, at)])
    after = training_status(RULES[rule], record, at, at)

    if before.state is TrainingState.NOT_REQUIRED:
        assert after.state is TrainingState.NOT_REQUIRED
    else:
        assert BETTER[after.state] <= BETTER[before.state]


TODAY, BEGINNING, KNOWN_SINCE = date(2026, 11, 22), date(2026, 1, 1), date(2026, 1, 10)
YESTERDAY, TOMORROW = in_days(TODAY, -1), in_days(TODAY, 1)


@pytest.mark.parametrize(
    ("on", "known", "faults"),
    [
        (None, None, (None, None)),
        (YESTERDAY, None, (None, None)),
        (BEGINNING, KNOWN_SINCE, (None, None)),
        (TOMORROW, TODAY, (ReportDayFault.FUTURE, ReportDayFault.KNOWN_EARLIER)),
        (TODAY, TOMORROW, (None, ReportDayFault.FUTURE)),
        (in_days(BEGINNING, -1), TODAY, (ReportDayFault.BEFORE_RECORDS, None)),
        (BEGINNING, in_days(KNOWN_SINCE, -1), (None, ReportDayFault.BEFORE_RECORDS)),
        (TODAY, YESTERDAY, (None, ReportDayFault.KNOWN_EARLIER)),
    ],
)
def test_a_report_of_a_day_without_records_is_refused(
    on: date | None, known: date | None, faults: tuple[ReportDayFault | None, ReportDayFault | None]
) -> None:
    """spec/compulsory 18: as of a day in the future or before the first record; never invented numbers."""
    days = report_days(on, known, TODAY, BEGINNING, KNOWN_SINCE)

    assert (days.on_fault, days.known_fault) == faults
    assert days.is_refused is any(faults)


def test_a_report_of_a_day_alone_is_as_known_on_that_day() -> None:
    days = report_days(YESTERDAY, None, TODAY, BEGINNING, KNOWN_SINCE)

    assert (days.on, days.known) == (YESTERDAY, YESTERDAY)


def test_where_nothing_is_on_record_there_is_a_report_of_today_alone() -> None:
    """spec/compulsory 18."""
    assert not report_days(TODAY, None, TODAY, None, None).is_refused
    assert report_days(YESTERDAY, TODAY, TODAY, None, None).on_fault is ReportDayFault.BEFORE_RECORDS


PEOPLE = TrainingTally({state: 2**power for power, state in enumerate(TrainingState)}, at_risk=3, without_account=5)


def test_required_are_the_done_and_the_missing_and_waived_stand_beside() -> None:
    """spec/compulsory 7.6: counts add up; not required are not counted."""
    states = [ReportState.DONE, ReportState.RENEWAL_DUE, ReportState.IN_PROGRESS, ReportState.NOT_STARTED]
    numbers = [PEOPLE.people(state) for state in (*states, ReportState.OVERDUE, ReportState.EXPIRED)]

    assert PEOPLE.required == PEOPLE.people(ReportState.REQUIRED) == sum(numbers) == 2 + 8 + 16 + 32 + 64 + 128
    assert PEOPLE.people(ReportState.VALID) + PEOPLE.people(ReportState.MISSING) == PEOPLE.required
    assert (PEOPLE.people(ReportState.WAIVED), TrainingState.NOT_REQUIRED in REQUIRED) == (4, False)


def test_people_at_risk_and_without_an_account_are_counted_by_themselves() -> None:
    assert (PEOPLE.people(ReportState.AT_RISK), PEOPLE.people(ReportState.NO_ACCOUNT)) == (3, 5)


def test_the_share_done_is_of_the_required() -> None:
    """spec/compulsory 7.6."""
    tally = TrainingTally({TrainingState.DONE: 1, TrainingState.RENEWAL_DUE: 1, TrainingState.OVERDUE: 1, TrainingState.WAIVED: 7})

    assert tally.share == Fraction(2, 3)
    assert TrainingTally({TrainingState.WAIVED: 7}).share is None


def test_the_numbers_of_several_groups_add_up() -> None:
    whole = tally_sum([PEOPLE, TrainingTally({TrainingState.DONE: 1}, at_risk=1), TrainingTally(without_account=1)])

    assert {state: whole.people(state) - PEOPLE.people(state) for state in ReportState if whole.people(state) != PEOPLE.people(state)} == {
        ReportState.REQUIRED: 1,
        ReportState.VALID: 1,
        ReportState.DONE: 1,
        ReportState.AT_RISK: 1,
        ReportState.NO_ACCOUNT: 1,
    }
    assert tally_sum([]) == TrainingTally()
