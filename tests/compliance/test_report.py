"""The numbers of the report and the people behind them (spec/compulsory 7.6, 11.3, 11.5 and 11.6), in few statements.

spec/compulsory 17 K5 to K7.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.passwords import NOBODYS
from compliance.models import Assignment
from compliance.report import (
    PlacePart,
    ReportObligation,
    ReportTime,
    TrainingFileRow,
    TrainingFilter,
    count_done_by_day,
    count_states,
    list_report_obligations,
    list_training_people,
    stream_training_people,
)
from compliance.rules.history import REQUIRED, ReportState, TrainingTally
from compliance.rules.pace import GroupPace, RequiredGroup, TrajectoryPoint, is_at_risk
from compliance.rules.states import TrainingState
from compliance.rules.terms import WorkingDays
from compliance.views.report import DayLabel, PlaceLines, percent_of, trajectory_view
from courses.models import Activity
from kernel import clock
from kernel.db import KeysetPage, PageDirection
from kernel.i18n import reading
from lms.instance import Instance
from organisations.models import Membership
from organisations.rules.units import UnitSummary
from organisations.tree import list_tree
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.places import a_place, employ, put
from tests.support.training_crowd import a_training_crowd
from tests.support.training_reports import NOON, REPORT, STATES, ReportedInstitution, a_reported_institution

NOW = ReportTime(NOON.date(), NOON, NOON)
DAYS = WorkingDays()


@pytest.fixture
def reported(instance: Instance) -> ReportedInstitution:
    return a_reported_institution(instance)


def a_filter(session: Session, reported: ReportedInstitution, place: str = "iess", **options: object) -> TrainingFilter:
    row = reported.places[place]
    obligations = list_report_obligations(session, reported.places["iess"].id)
    return replace(TrainingFilter(row.id, row.kind == "institution", tuple(obligations)), **options)  # type: ignore[arg-type]  # options by name


def lines_of(session: Session, reported: ReportedInstitution, place: str = "iess", time: ReportTime = NOW) -> PlaceLines:
    wanted = a_filter(session, reported, place)
    tree = {one.id: one for one in list_tree(session)}
    counted = count_states(session, time, wanted, DAYS)
    return PlaceLines(counted, tree[wanted.place_id], tree, time.on, None if time.is_past else DAYS)


def children_of(session: Session, reported: ReportedInstitution, place: str) -> list[UnitSummary]:
    return [one for one in list_tree(session) if one.parent_id == reported.places[place].id]


def names_of(rows: list[Any]) -> list[str]:
    return [row.given_names.split()[0].lower() for row in rows]


def expected(*states: str) -> list[str]:
    return sorted(name for name, state in STATES.items() if state in states)


def test_every_state_is_counted_once(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.6: required = done + renewal due + in progress + not started + overdue + expired; waived stand beside."""
    with instance.database.unit_of_work(write=False) as session:
        tally = lines_of(session, reported).whole.tally

    assert {state.value: count for state, count in tally.states.items()} == Counter(STATES.values())
    assert (tally.required, tally.people(ReportState.VALID), tally.people(ReportState.WAIVED)) == (10, 5, 1)
    assert tally.required == sum(tally.people(ReportState(state.value)) for state in REQUIRED)
    assert tally.share == tally.people(ReportState.VALID) / tally.required == 0.5


def test_the_lines_of_every_table_add_up(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.6: a test adds them up in every table."""
    with instance.database.unit_of_work(write=False) as session:
        for place in ("iess", "guayas", "loja_provincia", "direccion"):
            lines = lines_of(session, reported, place)
            tables = (lines.by_place(children_of(session, reported, place)), lines.by_obligation(a_filter(session, reported).obligations))
            for table in tables:
                assert table.total == lines.whole.tally
                for line in table.lines:
                    assert line.tally.required == sum(count for state, count in line.numbers if state is not ReportState.WAIVED)
                assert table.total.required == sum(line.tally.required for line in table.lines)


def test_each_line_is_what_stands_below(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: institution, province, unit."""
    with instance.database.unit_of_work(write=False) as session:
        root = lines_of(session, reported).by_place(children_of(session, reported, "iess"))
        province = lines_of(session, reported, "guayas").by_place(children_of(session, reported, "guayas"))

    assert {line.name: line.tally.required for line in root.lines} == {"Guayas": 9, "Loja": 1}
    assert {line.name: line.tally.required for line in province.lines[:2]} == {"Dirección": 5, "Afiliación": 3}
    assert [(line.tally.required, line.part) for line in province.lines[2:]] == [(1, PlacePart.HERE)]


def test_who_is_counted_in_no_unit_is_still_counted_by_the_institution(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.6."""
    other = a_place(instance, "BIESS", code="BIESS")
    put(instance, reported.people["abad"], other)
    with instance.database.unit_of_work() as session:
        session.execute(
            update(Membership).where(Membership.person_id == reported.people["bravo"].id).values(until=NOON, until_on=NOON.date())
        )

    with instance.database.unit_of_work(write=False) as session:
        table = lines_of(session, reported).by_place(children_of(session, reported, "iess"))
        elsewhere = list_training_people(session, NOW, a_filter(session, reported, part=PlacePart.ELSEWHERE), DAYS, KeysetPage(), limit=50)

    assert table.total.required == 10
    assert [(line.tally.required, line.part) for line in table.lines][-1] == (2, PlacePart.ELSEWHERE)
    assert names_of(list(elsewhere.rows)) == ["abad", "bravo"]


@pytest.mark.parametrize("state", [state for state in ReportState if state not in (ReportState.AT_RISK, ReportState.NO_ACCOUNT)])
def test_each_number_is_that_of_its_people(instance: Instance, reported: ReportedInstitution, state: ReportState) -> None:
    """spec/compulsory 11.3: each number is a link to its people."""
    with instance.database.unit_of_work(write=False) as session:
        for place in ("iess", "guayas", "afiliacion"):
            wanted = a_filter(session, reported, place, state=state)
            found = list_training_people(session, NOW, wanted, DAYS, KeysetPage(), limit=50)
            assert len(found.rows) == lines_of(session, reported, place).whole.tally.people(state)


def test_people_are_found_by_their_name_or_unit(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: the filter by text."""

    def found(session: Session, words: str) -> list[str]:
        return names_of(
            list(list_training_people(session, NOW, a_filter(session, reported, words=words), DAYS, KeysetPage(), limit=50).rows)
        )

    with instance.database.unit_of_work(write=False) as session:
        assert found(session, "GARCIA") == ["garcia"]
        assert found(session, "direccion") == ["abad", "bravo", "calle", "duran", "erazo"]
        assert found(session, "afiliacion flores") == ["flores"]
        assert found(session, "%") == []


def test_people_are_found_by_the_staff_number_under_their_name(instance: Instance, reported: ReportedInstitution) -> None:
    employ(instance, reported.people["garcia"], reported.places["iess"], "S-7120")
    employ(instance, reported.people["abad"], reported.places["iess"], "S-7121", left_on=date(2025, 1, 31))
    with instance.database.unit_of_work(write=False) as session:
        wanted = (a_filter(session, reported, words=words) for words in ("s-7120", "s-712"))
        lists = [list_training_people(session, NOW, one, DAYS, KeysetPage(), limit=50).rows for one in wanted]

    assert [names_of(list(rows)) for rows in lists] == [["garcia"], ["garcia"]], "the number of who left stands under no name"


def test_who_is_not_required_is_on_no_list(instance: Instance, reported: ReportedInstitution) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Assignment).where(Assignment.person_id == reported.people["abad"].id).values(state="not_required"))

    with instance.database.unit_of_work(write=False) as session:
        found = list_training_people(session, NOW, a_filter(session, reported), DAYS, KeysetPage(), limit=50)
        tally = lines_of(session, reported).whole.tally

    assert "abad" not in names_of(list(found.rows))
    assert tally.required == 9


def test_what_the_clock_changed_is_counted_before_a_job_wrote_it(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.3: change by the clock alone is never late."""
    later = NOON + timedelta(days=5)
    with instance.database.unit_of_work(write=False) as session:
        tally = lines_of(session, reported, time=ReportTime(later.date(), later, later)).whole.tally

    assert (tally.people(ReportState.NOT_STARTED), tally.people(ReportState.IN_PROGRESS), tally.people(ReportState.OVERDUE)) == (0, 0, 4)


def test_pages_are_read_forwards_backwards_and_from_the_end(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 17 K7: by key, the last page as cheap as the first."""
    with instance.database.unit_of_work(write=False) as session:
        wanted = a_filter(session, reported)
        every = sorted(STATES)
        page, forwards = KeysetPage(), list[str]()
        while True:
            found = list_training_people(session, NOW, wanted, DAYS, page, limit=4)
            forwards += names_of(list(found.rows))
            if not found.has_next:
                break
            page = KeysetPage(PageDirection.AFTER, found.rows[-1].uuid)
        last = list_training_people(session, NOW, wanted, DAYS, KeysetPage(PageDirection.LAST), limit=4)
        before = list_training_people(session, NOW, wanted, DAYS, KeysetPage(PageDirection.BEFORE, last.rows[0].uuid), limit=4)

    assert forwards == every
    assert (names_of(list(last.rows)), last.has_previous, last.has_next) == (every[-4:], True, False)
    assert (names_of(list(before.rows)), before.has_previous, before.has_next) == (every[-8:-4], True, True)


def test_the_stream_is_the_list(instance: Instance, reported: ReportedInstitution) -> None:
    with instance.database.unit_of_work(write=False) as session:
        wanted = a_filter(session, reported)
        listed = list_training_people(session, NOW, wanted, DAYS, KeysetPage(), limit=50)

        streamed = list(stream_training_people(session, NOW, wanted, DAYS))

    assert streamed == [
        TrainingFileRow(
            *(row.Person.full_name, row.staff_number, "", row.place, row.obligation_id, row.state, row.flags),
            *(row.last_on, row.done_on, row.valid_until, row.is_at_risk, row.lacks_account),
        )
        for row in listed.rows
    ]
    assert len(streamed) > 5


def test_the_cycle_and_the_day_done_make_the_pace(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.5: what was done is counted on its local day, what is due on the last day of each cycle."""
    with instance.database.unit_of_work(write=False) as session:
        done = count_done_by_day(session, NOW, a_filter(session, reported))
        spans = lines_of(session, reported).whole.spans

    assert done == {
        date(2025, 12, 20): 1,
        date(2026, 2, 2): 1,
        date(2026, 8, 3): 1,
        date(2026, 9, 1): 1,
        date(2026, 10, 5): 1,
    }
    assert RequiredGroup(spans, done).people == 10
    assert spans[date(2026, 11, 10), date(2026, 11, 24)] == 2


@pytest.mark.parametrize(("minutes", "days"), [(10, 1), (135, 1), (136, 1), (4_000, 1), (136, 15), (4_000, 15)])
def test_people_at_risk_are_those_of_the_rule(instance: Instance, reported: ReportedInstitution, minutes: int, days: int) -> None:
    """spec/compulsory 11.6: not started with ten working days left, or more minutes left than 45 a working day."""
    last_on = NOON.date() + timedelta(days=3 + days)
    with instance.database.unit_of_work() as session:
        session.execute(update(Activity).values(required=False))
        session.execute(update(Activity).where(Activity.position == 0).values(required=True, minutes=minutes))
        ids = [reported.people[name].id for name in ("duran", "erazo")]
        session.execute(
            update(Assignment).where(Assignment.person_id.in_(ids)).values(last_on=last_on, next_change_at=None, next_state=None)
        )
        course_minutes = sum(session.scalars(select(Activity.minutes).where(Activity.required)))

    with instance.database.unit_of_work(write=False) as session:
        wanted = a_filter(session, reported, state=ReportState.AT_RISK)
        found = names_of(list(list_training_people(session, NOW, wanted, DAYS, KeysetPage(), limit=50).rows))
        counted = lines_of(session, reported).whole.tally.at_risk

    risk = {
        name: is_at_risk(NOON.date(), last_on, has_started=name == "erazo", minutes_left=course_minutes, working=DAYS)
        for name in ("duran", "erazo")
    }
    assert found == [name for name, at_risk in risk.items() if at_risk]
    assert counted == len(found)


def test_who_cannot_sign_in_has_no_active_account(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 10 row 12: named in the head's list."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == reported.people["flores"].id).values(password_hash=NOBODYS))

    with instance.database.unit_of_work(write=False) as session:
        wanted = a_filter(session, reported, state=ReportState.NO_ACCOUNT)
        found = names_of(list(list_training_people(session, NOW, wanted, DAYS, KeysetPage(), limit=50).rows))
        counted = lines_of(session, reported).whole.tally.without_account

    assert (found, counted) == (["flores"], 1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "-05:00")


def test_a_past_day_is_counted_as_it_was_known(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.3 and 11.3: as of a past day and as known on a day, from the stored history."""
    before = ReportTime(date(2026, 8, 2), moment("2026-08-02T23:59"), moment("2026-08-02T23:59"), is_past=True)
    after = replace(before, on=date(2026, 8, 4), at=moment("2026-08-04T23:59"), known=moment("2026-08-04T23:59"))
    with instance.database.unit_of_work(write=False) as session:
        tallies = [lines_of(session, reported, time=time).whole.tally for time in (before, after)]
        listed = list_training_people(session, after, a_filter(session, reported, state=ReportState.VALID), DAYS, KeysetPage(), limit=50)

    assert [tally.people(ReportState.VALID) for tally in tallies] == [3, 4]
    assert [tally.people(ReportState.OVERDUE) for tally in tallies] == [5, 4]
    assert [tally.required for tally in tallies] == [8, 8]
    assert names_of(list(listed.rows)) == ["abad", "calle", "haro", "lara"]


def test_on_a_past_day_people_are_counted_where_they_were_then(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: by the rows of memberships, as known then; each person once."""
    time = ReportTime(date(2026, 8, 4), moment("2026-08-04T23:59"), NOON, is_past=True)
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Membership).where(Membership.person_id == reported.people["abad"].id)).one()
        row.until, row.until_on = moment("2026-10-01T08:00"), date(2026, 9, 30)
        session.flush()
        session.add(
            Membership(
                person_id=row.person_id,
                organisation_id=reported.places["loja"].id,
                since=moment("2026-10-01T08:00"),
                since_on=date(2026, 10, 1),
                recorded_at=moment("2026-10-01T08:00"),
            )
        )

    with instance.database.unit_of_work(write=False) as session:
        then = lines_of(session, reported, time=time).by_place(children_of(session, reported, "iess"))
        now = lines_of(session, reported).by_place(children_of(session, reported, "iess"))
        there = lines_of(session, reported, "direccion", time=time).whole.tally

    assert {line.name: line.tally.required for line in then.lines} == {"Guayas": 7, "Loja": 1}
    assert {line.name: line.tally.required for line in now.lines} == {"Guayas": 8, "Loja": 2}
    assert there.required == 3


def test_shares_are_rounded_so_that_nothing_looks_whole_that_is_not() -> None:
    tally = TrainingTally({TrainingState.DONE: 999, TrainingState.OVERDUE: 1})

    assert [percent_of(share) for share in (tally.share, TrainingTally().share)] == [99, None]


def test_an_obligation_with_alternatives_counts_the_shortest(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.6 and 5.3: of any of several courses the one with least left."""
    a_course(instance, "otra-etica", modules=1)
    with instance.database.unit_of_work() as session:
        session.execute(update(Activity).values(required=True, minutes=1))
        short = session.scalars(select(Activity.version_id).order_by(Activity.id.desc()).limit(1)).one()
        session.execute(update(Activity).where(Activity.version_id != short).values(minutes=3_000))

    with instance.database.unit_of_work(write=False) as session:
        wanted = a_filter(session, reported, state=ReportState.AT_RISK, words="erazo")
        [one] = wanted.obligations

        def found(is_any: bool) -> list[str]:
            asked: ReportObligation = replace(one, courses=("etica", "otra-etica"), is_any=is_any)
            people = list_training_people(session, NOW, replace(wanted, obligations=(asked,)), DAYS, KeysetPage(), limit=9)
            return names_of(list(people.rows))

        assert (found(is_any=False), found(is_any=True)) == (["erazo"], [])


BARS = {"": 8, "?on=2026-03-01&known=2026-11-20": 8, "/people": 6, "/people?last=1": 6, "/people?state=at_risk": 6}
"""Statements at most of each page, the reader's own session included."""


@pytest.mark.slow
def test_the_statements_do_not_grow(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 17 K5, K6 and K7."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.checks = False
    few = a_training_crowd(instance, people=30, units=3, obligations=2)
    many = a_training_crowd(instance, people=300, units=30, obligations=20, email="otra")
    counter, costs = every_statement(instance.database), dict[str, list[int]]()

    for place in (few, many):
        for page in BARS:
            boss.get(f"{REPORT}/{place}{page}")
            counter.reset()
            boss.get(f"{REPORT}/{place}{page}")
            costs.setdefault(page, []).append(len(counter.statements))

    assert {page: pair for page, pair in costs.items() if pair[0] != pair[1]} == {}
    assert {page: pair for page, pair in costs.items() if pair[1] > BARS[page]} == {}


FIRST, LAST = date(2026, 10, 6), date(2027, 1, 25)
CHARACTER = 7.5
"""Units of the drawing that a character of a label is wide."""
PACE = GroupPace(Fraction(1, 2), Fraction(1, 2), Fraction(1), Fraction(1), 20, LAST)


def extent(label: DayLabel) -> tuple[float, float]:
    width = len(label.words) * CHARACTER
    left = label.x - width * {"start": 0, "middle": 0.5, "end": 1}[label.anchor]
    return left, left + width


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("passed", range(1, 111, 3))
def test_days_below_the_drawing_do_not_touch(passed: int, language: str) -> None:
    today = FIRST + timedelta(days=passed)
    points = [TrajectoryPoint(FIRST, Fraction(0), Fraction(0)), TrajectoryPoint(today, Fraction(1, 2), Fraction(1, 2))]
    with reading(language):
        view = trajectory_view([*points, TrajectoryPoint(LAST, Fraction(1), None)], PACE, today, 20)

    assert view is not None
    extents = [extent(label) for label in view.labels]
    assert len(extents) >= 3
    assert all(before[1] < after[0] for before, after in pairwise(extents))
