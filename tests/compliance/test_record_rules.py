"""The record of a person under an obligation: which of their facts belong to it (spec/compulsory 7.2)."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from compliance.rules.record import (
    AchievedCourse,
    CourseStart,
    DaySpan,
    FactKind,
    InstitutionEntry,
    PersonFact,
    RecordedSpan,
    RecordScope,
    TrainingRecord,
    UnitZone,
    WaivedSpan,
    known_closures,
    record_under,
)
from organisations.rules.units import OrganisationKind, TreeHistory, UnitSummary
from tests.support.training_cases import COURSE, LONG_AGO, QUITO, ZONES, a_fact

INSTITUTION, ISLANDS = 1, 2
PLACES = {
    number: UnitSummary(number, UUID(int=number), parent, kind, name, name, "", False)
    for number, parent, kind, name in (
        (INSTITUTION, None, OrganisationKind.INSTITUTION, "instituto"),
        (ISLANDS, INSTITUTION, OrganisationKind.PROVINCE, "galapagos"),
    )
}
UNDER = RecordScope(7, 5, INSTITUTION, {COURSE}, "", TreeHistory(PLACES))
FIRST, LAST = date(2026, 1, 10), date(2026, 6, 30)
ACT = datetime(2026, 3, 1, 23, 30, tzinfo=QUITO)


def recorded(*facts: tuple[FactKind, PersonFact], scope: RecordScope = UNDER) -> TrainingRecord:
    by_kind = defaultdict[FactKind, list[PersonFact]](list)
    for kind, fact in facts:
        by_kind[kind].append(fact)
    return record_under(by_kind, scope)


def test_a_record_has_the_facts_of_its_obligation() -> None:
    """spec/compulsory 7.2."""
    record = recorded(
        (FactKind.STAY, a_fact(first_on=FIRST, last_on=LAST, key=5)),
        (FactKind.WAIVED, a_fact(first_on=FIRST, last_on=LAST, key=7)),
        (FactKind.DONE, a_fact(at=ACT, version=2, course=COURSE, last_on=LAST)),
        (FactKind.RECOGNISED, a_fact(first_on=FIRST, course=COURSE)),
        (FactKind.STARTED, a_fact(at=ACT, course=COURSE)),
        (FactKind.ENROLLED, a_fact(at=ACT, course=COURSE)),
        (FactKind.ENTRY, a_fact(first_on=FIRST, key=INSTITUTION)),
    )

    assert record == TrainingRecord(
        QUITO,
        stays=(RecordedSpan(FIRST, LAST, LONG_AGO),),
        waivers=(WaivedSpan(FIRST, LAST, LONG_AGO),),
        completions=(
            AchievedCourse(COURSE, ACT, 2, LONG_AGO, valid_until=LAST),
            AchievedCourse(COURSE, datetime(2026, 1, 10, tzinfo=QUITO), None, LONG_AGO),
        ),
        starts=(CourseStart(COURSE, ACT),),
        entries=(InstitutionEntry(FIRST, LONG_AGO),),
        enrolled_at=(ACT,),
    )


def test_facts_of_other_audiences_obligations_courses_and_institutions_are_left_out() -> None:
    record = recorded(
        (FactKind.STAY, a_fact(first_on=FIRST, key=6)),
        (FactKind.WAIVED, a_fact(first_on=FIRST, key=8)),
        (FactKind.DONE, a_fact(at=ACT, version=2, course="another")),
        (FactKind.RECOGNISED, a_fact(first_on=FIRST, course="another")),
        (FactKind.STARTED, a_fact(at=ACT, course="another")),
        (FactKind.ENROLLED, a_fact(at=ACT, course="another")),
        (FactKind.ENTRY, a_fact(first_on=FIRST, key=ISLANDS)),
    )

    assert record == TrainingRecord(QUITO)


def test_a_waiver_of_no_obligation_holds_under_each_and_24_months_without_an_end() -> None:
    """spec/compulsory 4.10."""
    assert recorded((FactKind.WAIVED, a_fact(first_on=FIRST))).waivers == (WaivedSpan(FIRST, date(2028, 1, 9), LONG_AGO),)


@pytest.mark.parametrize(
    ("scope", "zone", "zones"),
    [
        (UNDER, QUITO, [UnitZone(date(2026, 3, 1), ZONES["P"], LONG_AGO)]),
        (RecordScope(7, 5, ISLANDS, {COURSE}, "", TreeHistory(PLACES)), ZONES["P"], [UnitZone(date(2026, 3, 1), ZONES["P"], LONG_AGO)]),
        (RecordScope(7, 5, ISLANDS, {COURSE}, "America/Guayaquil", TreeHistory(PLACES)), QUITO, []),
    ],
)
def test_days_go_by_the_main_unit_or_by_the_zone_of_the_obligation(scope: RecordScope, zone: ZoneInfo, zones: list[UnitZone]) -> None:
    """spec/compulsory 4.1 and 4.3: half past midnight in Quito is still the day before on the islands."""
    record = recorded((FactKind.PLACE, a_fact(at=ACT + timedelta(hours=1), key=ISLANDS)), scope=scope)

    assert (record.zone, list(record.zones)) == (zone, zones)


def test_the_main_unit_of_a_list_holds_from_the_day_that_it_names() -> None:
    record = recorded((FactKind.PLACE, a_fact(first_on=FIRST, at=ACT, key=ISLANDS)))

    assert [unit_zone.since_on for unit_zone in record.zones] == [FIRST]


CLOSED, OPENED = datetime(2026, 11, 1, 9, tzinfo=QUITO), datetime(2026, 12, 21, 8, tzinfo=QUITO)


@pytest.mark.parametrize(
    ("opened", "known", "spans"),
    [
        (None, OPENED, [DaySpan(CLOSED.date(), None)]),
        (OPENED, OPENED - timedelta(seconds=1), [DaySpan(CLOSED.date(), None)]),
        (OPENED, OPENED, [DaySpan(CLOSED.date(), date(2026, 12, 20))]),
        (CLOSED + timedelta(hours=1), OPENED, []),
        (CLOSED + timedelta(days=1), OPENED, [DaySpan(CLOSED.date(), CLOSED.date())]),
    ],
)
def test_before_an_account_was_opened_again_nobody_knew_when(opened: datetime | None, known: datetime, spans: list[DaySpan]) -> None:
    """spec/compulsory 7.2: closed from the day of closing to the day before that of opening."""
    record = recorded((FactKind.CLOSED, a_fact(at=CLOSED, ended_at=opened)))

    assert known_closures(record.closures, known) == spans
