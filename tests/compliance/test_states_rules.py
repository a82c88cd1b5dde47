"""The status of a person under an obligation: every vector of spec/compulsory 9, several courses, the last day, what is still to take.

spec/compulsory 5.3, 8, 4.2, 4.4, 8.3, 11.2, 4.9.
"""

from dataclasses import replace
from datetime import date, datetime

import pytest

from compliance.rules.record import (
    AchievedCourse,
    CourseStart,
    InstitutionEntry,
    RecordedSpan,
    TrainingRecord,
    UnitZone,
    WaivedSpan,
    last_valid_day,
    window_opens,
)
from compliance.rules.states import (
    NEEDED,
    StateFlag,
    TrainingState,
    courses_to_take,
    explain_last_day,
    next_change,
    renewable_courses,
    status_of,
    training_case,
)
from compliance.rules.terms import (
    AllRequirement,
    AnyRequirement,
    CourseRequirement,
    LastDayReason,
    Requirement,
    YearDay,
    certain_courses,
    courses_of,
)
from kernel.durations import Duration, RenewalBasis, add_duration
from tests.support.drawn_records import at_hour
from tests.support.training_cases import (
    LONG_AGO,
    QUITO,
    RULES,
    ZONES,
    A,
    TrainingVector,
    V,
    in_days,
    training_record,
    training_status,
    training_vectors,
)

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


@pytest.mark.parametrize("rule", ["A", "E", "J"])
@pytest.mark.parametrize("days_late", [0, 1, 20, 90, 400])
def test_whoever_the_register_learns_of_late_has_the_notice_from_the_record(rule: str, days_late: int) -> None:
    """spec/compulsory 4.4: not overdue before the notice is over, and overdue once it is."""
    joined = date(2026, 1, 10)
    recorded_on = in_days(joined, days_late)
    moment, end = at_hour(recorded_on), in_days(recorded_on, A.notice - 1)
    record = TrainingRecord(QUITO, stays=[RecordedSpan(joined, None, moment)], entries=[InstitutionEntry(joined, moment)])
    known = at_hour(in_days(recorded_on, 500))

    states = [training_status(RULES[rule], record, at_hour(day), known).state for day in (recorded_on, end)]
    last_on = training_status(RULES[rule], record, known, known).last_on

    assert TrainingState.OVERDUE not in states
    assert last_on is not None
    assert last_on >= end
    assert training_status(RULES[rule], record, at_hour(in_days(last_on, 1)), known).state is TrainingState.OVERDUE


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


a, b, c = (CourseRequirement(course) for course in "abc")


def done_on(course: str, day: str, version: int | None = 1) -> AchievedCourse:
    moment = datetime.fromisoformat(day).replace(hour=10, tzinfo=QUITO)
    return AchievedCourse(course, moment, version, moment)


@pytest.mark.parametrize(
    ("requirement", "done", "first", "until"),
    [
        (AnyRequirement((a, b)), [("a", "2026-03-01")], "2026-03-01", "2027-03-01"),
        (AnyRequirement((a, b)), [("a", "2026-03-01"), ("b", "2026-05-01")], "2026-03-01", "2027-05-01"),
        (AllRequirement((a, b)), [("a", "2026-03-01")], None, None),
        (AllRequirement((a, b)), [("a", "2026-03-01"), ("b", "2026-05-01")], "2026-05-01", "2027-03-01"),
        (AnyRequirement((AllRequirement((a, b)), c)), [("a", "2026-03-01"), ("c", "2026-04-01")], "2026-04-01", "2027-04-01"),
        (AllRequirement((a, AnyRequirement((b, c)))), [("a", "2026-03-01"), ("c", "2026-04-01")], "2026-04-01", "2027-03-01"),
    ],
)
def test_a_requirement_of_several_courses(
    requirement: Requirement, done: list[tuple[str, str]], first: str | None, until: str | None
) -> None:
    """spec/compulsory 5.3."""
    terms = replace(A, requirement=requirement, validity=Duration(months=12), basis=RenewalBasis.COMPLETION)
    record = replace(training_record("in 2026-01-10..", QUITO), completions=[done_on(*each) for each in done])
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    status = training_status([terms], record, at, at)

    assert status.state == (TrainingState.DONE if first else TrainingState.IN_PROGRESS)
    assert (status.first_at and status.first_at.date().isoformat()) == first
    assert (status.last_on and status.last_on.isoformat()) == (until or A.deadline.isoformat())  # type: ignore[union-attr]  # a fixed day


def test_the_courses_of_a_requirement_stand_in_their_order() -> None:
    assert list(courses_of(AllRequirement((b, AnyRequirement((c, a)))))) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"), ("2026-01-31", 1, "2026-02-28"), ("2025-12-31", 2, "2026-02-28")],
)
def test_months_clamp_to_the_end_of_a_month(day: str, months: int, until: str) -> None:
    """spec/compulsory 4.2 and 8.1."""
    assert add_duration(date.fromisoformat(day), Duration(months=months)).isoformat() == until


def test_the_last_day_of_february_of_each_year() -> None:
    assert YearDay(2, 29).on_or_after(date(2026, 3, 1)) == date(2027, 2, 28)
    assert YearDay(2, 29).on_or_after(date(2027, 3, 1)) == date(2028, 2, 29)


def test_doing_it_again_never_shortens_what_holds() -> None:
    """spec/compulsory 8.2."""
    terms = replace(A, validity=Duration(months=12), basis=YearDay(6, 30))

    assert last_valid_day(terms, date(2026, 3, 1), date(2027, 12, 31)) == date(2027, 12, 31)
    assert last_valid_day(terms, date(2026, 3, 1), None) == date(2026, 6, 30)


def test_the_window_opens_so_many_days_before_the_last_valid_one() -> None:
    """spec/compulsory 8.3."""
    assert window_opens(replace(A, validity=Duration(months=12)), date(2025, 2, 28)) == date(2024, 12, 30)


def test_other_courses_do_not_count() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)
    record = replace(
        training_record("in 2026-01-10..", QUITO),
        completions=[done_on("another", "2026-03-01")],
        starts=[CourseStart("another", at)],
    )

    assert training_status([A], record, at, at).state is TrainingState.NOT_STARTED


def test_without_terms_nothing_is_required() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    assert training_status([], TrainingRecord(QUITO), at, at).state is TrainingState.NOT_REQUIRED


FIRST = date(2026, 12, 15)

ROWS: dict[int, list[tuple[LastDayReason, date]]] = {
    1: [],
    3: [(LastDayReason.DEADLINE, FIRST)],
    13: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.JOINED, date(2026, 12, 24))],
    14: [(LastDayReason.DEADLINE, date(2026, 6, 3))],
    17: [],
    21: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.GAP, date(2027, 1, 11))],
    26: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.ACCOUNT, date(2027, 1, 4))],
    28: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.WAIVER, date(2027, 2, 15))],
    30: [(LastDayReason.DEADLINE, FIRST)],
    31: [(LastDayReason.DEADLINE, FIRST)],
    42: [(LastDayReason.DEADLINE, date(2026, 6, 30)), (LastDayReason.VERSION, date(2026, 9, 30))],
    46: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.VERSION, date(2026, 6, 5)), (LastDayReason.CHANGED, date(2026, 6, 16))],
    53: [(LastDayReason.VALIDITY, date(2025, 2, 28))],
    55: [(LastDayReason.VALIDITY, date(2025, 2, 28)), (LastDayReason.GRACE, date(2025, 3, 10))],
    64: [
        (LastDayReason.VALIDITY, date(2025, 2, 28)),
        (LastDayReason.GRACE, date(2025, 3, 10)),
        (LastDayReason.WAIVER, date(2025, 7, 15)),
    ],
    76: [
        (LastDayReason.VALIDITY, date(2025, 2, 28)),
        (LastDayReason.GRACE, date(2025, 3, 10)),
        (LastDayReason.JOINED, date(2025, 6, 15)),
    ],
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector.number))
def test_the_sum_ends_on_the_last_day_of_the_status(vector: TrainingVector) -> None:
    """spec/compulsory 11.2: what is asked for has a sum, and its last term is the day that the status names."""
    case = training_case(RULES[vector.rule], vector.record, vector.known)
    status, told = status_of(case, vector.at), explain_last_day(case, vector.at)

    if status.state is TrainingState.EXPIRED:
        assert told[0].last_on == status.last_on
    elif status.state in NEEDED:
        assert (told[-1].last_on if told else None) == status.last_on
    elif status.state is TrainingState.NOT_REQUIRED:
        assert told == []
    if StateFlag.GRACE in status.flags and status.state is TrainingState.RENEWAL_DUE:
        assert told[0].reason is LastDayReason.VALIDITY


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector.number in ROWS], ids=lambda vector: str(vector.number))
def test_each_term_says_why(vector: TrainingVector) -> None:
    """spec/compulsory 4.4 and 11.2."""
    told = explain_last_day(training_case(RULES[vector.rule], vector.record, vector.known), vector.at)

    assert [(term.reason, term.last_on) for term in told] == ROWS[vector.number]


def test_a_waiver_names_its_days_and_the_notice() -> None:
    vector = next(vector for vector in VECTORS if vector.number == 28)

    *_deadline, term = explain_last_day(training_case(RULES["A"], vector.record, vector.known), vector.at)

    assert (term.first, term.last, term.days) == (date(2026, 11, 1), date(2027, 1, 31), 15)


COURSE_A, COURSE_B, COURSE_C = CourseRequirement("a"), CourseRequirement("b"), CourseRequirement("c")
STAY = RecordedSpan(date(2024, 1, 10), None, LONG_AGO)


def done(course: str, moment: str) -> AchievedCourse:
    at = datetime.fromisoformat(moment).replace(tzinfo=QUITO)
    return AchievedCourse(course, at, 1, at)


def to_take(requirement: Requirement, at: str, *completions: AchievedCourse, stays: tuple[RecordedSpan, ...] = (STAY,)) -> list[str]:
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)
    record = TrainingRecord(QUITO, stays=stays, completions=completions)
    return courses_to_take(training_case([replace(V, requirement=requirement)], record, moment), moment)


@pytest.mark.parametrize(
    ("requirement", "courses"),
    [
        (COURSE_A, ["a"]),
        (AnyRequirement((COURSE_A, COURSE_B)), []),
        (AllRequirement((COURSE_A, COURSE_B)), ["a", "b"]),
        (AllRequirement((COURSE_A, AnyRequirement((COURSE_B, COURSE_C)))), ["a"]),
    ],
)
def test_of_several_of_which_any_one_will_do_nobody_is_told_which(requirement: Requirement, courses: list[str]) -> None:
    """spec/compulsory 4.9: of `any`, nothing until chosen."""
    assert list(certain_courses(requirement)) == courses
    assert to_take(requirement, "2024-03-01T12:00") == courses


def test_what_is_done_is_not_taken_until_its_window_opens() -> None:
    """spec/compulsory 4.9 and 8.3: of all of several, only what is not done, or due again."""
    both = AllRequirement((COURSE_A, COURSE_B))
    first, second = done("a", "2024-02-29T10:00"), done("b", "2024-10-01T10:00")

    assert to_take(both, "2024-03-01T12:00", first) == ["b"]
    assert to_take(both, "2024-12-29T12:00", first, second) == []
    assert to_take(both, "2024-12-30T12:00", first, second) == ["a"]
    assert to_take(both, "2025-09-01T12:00", first, second) == ["a", "b"]


def test_who_is_outside_or_before_the_beginning_takes_nothing() -> None:
    assert to_take(COURSE_A, "2024-03-01T12:00", stays=()) == []
    assert to_take(COURSE_A, "2022-03-01T12:00") == []


def test_what_never_ends_is_taken_once() -> None:
    moment = datetime(2026, 6, 1, 12, tzinfo=QUITO)
    record = TrainingRecord(QUITO, stays=(STAY,), completions=(done("a", "2026-03-01T10:00"),))
    assert courses_to_take(training_case([replace(A, requirement=COURSE_A)], record, moment), moment) == []


ANY = AnyRequirement((COURSE_A, COURSE_B))


@pytest.mark.parametrize(
    ("waivers", "completions", "at", "courses"),
    [
        ((), (), "2024-03-01T12:00", ["a", "b"]),
        ((), (done("a", "2024-02-29T10:00"),), "2024-12-29T12:00", []),
        ((), (done("a", "2024-02-29T10:00"),), "2024-12-30T00:00", ["a", "b"]),
        ((WaivedSpan(date(2024, 3, 1), date(2024, 3, 31), LONG_AGO),), (), "2024-03-01T12:00", ["a", "b"]),
        ((), (), "2022-12-31T12:00", []),
    ],
)
def test_what_may_be_begun_anew_has_all_to_choose_from(
    waivers: tuple[WaivedSpan, ...], completions: tuple[AchievedCourse, ...], at: str, courses: list[str]
) -> None:
    """spec/compulsory 6.2: inside the renewal window or not done, also while waived; not where nothing is required."""
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)
    record = TrainingRecord(QUITO, stays=(STAY,), waivers=waivers, completions=completions)

    assert renewable_courses(training_case([replace(V, requirement=ANY)], record, moment), moment) == courses


def test_a_closed_case_has_the_status_that_it_had() -> None:
    moment = datetime(2026, 12, 16, tzinfo=QUITO)
    case = training_case([A], training_record("in 2026-01-10..", QUITO), moment)
    before = status_of(case, moment)

    case.close()

    assert case.readings == {}
    assert status_of(case, moment) == before
