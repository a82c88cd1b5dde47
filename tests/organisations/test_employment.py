"""Employment, main and further places, posts: recorded by day and by moment, counted once, seen by every head."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from accounts.models import Person
from enrolments import progress_report
from enrolments.progress_report import UnitFilter
from kernel import migrations
from kernel.db import Database
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import employment, posts, tree
from organisations import units as members
from organisations.employment import EmploymentValues
from organisations.models import Employment, Membership, Organisation, Post
from organisations.rules.units import EmploymentDays, OrganisationKind, next_employment
from organisations.units import MembershipValues
from tests.support.builders import a_person
from tests.support.places import a_place, put

NOON = datetime(2026, 5, 4, 17, tzinfo=UTC)
TODAY = date(2026, 5, 4)
ENTRY = date(2019, 2, 1)


def assign(instance: Instance, person: Person, values: MembershipValues, *, now: datetime = NOON) -> None:
    with instance.database.unit_of_work() as session:
        members.assign_members(session, SYSTEM, {person.id: values}, now=now)


def rows(instance: Instance) -> list[Membership]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Membership).order_by(Membership.id)))


def employments(instance: Instance) -> list[Employment]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Employment).order_by(Employment.id)))


def record(
    instance: Instance, person: Person, root: Organisation, days: EmploymentDays, *, now: datetime = NOON, back: bool = False
) -> None:
    with instance.database.unit_of_work() as session:
        employment.record_employments(session, SYSTEM, {person.id: EmploymentValues(root.id, days, back)}, now.date(), now=now)


KNOWN = EmploymentDays("117", ENTRY)
LEFT = EmploymentDays("117", ENTRY, date(2026, 3, 31))


@pytest.mark.parametrize(
    ("last", "said", "back", "added", "corrects"),
    [
        (None, EmploymentDays(), False, None, False),
        (None, EmploymentDays(), True, EmploymentDays(), False),
        (None, KNOWN, False, KNOWN, False),
        (KNOWN, EmploymentDays(), True, None, False),
        (KNOWN, EmploymentDays("117"), False, None, False),
        (KNOWN, EmploymentDays("118"), False, EmploymentDays("118", ENTRY), True),
        (KNOWN, EmploymentDays(left_on=date(2026, 3, 31)), False, LEFT, True),
        (LEFT, LEFT, False, None, False),
        (LEFT, EmploymentDays("117"), False, None, False),
        (LEFT, EmploymentDays(entered_on=ENTRY), True, KNOWN, True),
        (LEFT, EmploymentDays(), True, EmploymentDays("117", TODAY), False),
        (LEFT, EmploymentDays("9", date(2026, 5, 1)), False, EmploymentDays("9", date(2026, 5, 1)), False),
    ],
)
def test_what_a_list_says_of_an_employment_is_new_a_correction_or_a_re_entry(
    last: EmploymentDays | None, said: EmploymentDays, back: bool, added: EmploymentDays | None, corrects: bool
) -> None:
    """spec/compulsory 2.3."""
    change = next_employment(last, said, TODAY, back=back)

    assert (change and change.days, bool(change and change.corrects)) == (added, corrects)


def test_a_correction_retracts_and_adds_and_a_re_entry_is_another_row(instance: Instance) -> None:
    """spec/compulsory 2.3: append-only; the same person."""
    root, person = a_place(instance), a_person(instance)

    record(instance, person, root, KNOWN)
    record(instance, person, root, EmploymentDays(left_on=date(2026, 5, 31)), now=NOON + timedelta(days=1))
    record(instance, person, root, EmploymentDays(entered_on=date(2027, 1, 4)), now=NOON + timedelta(days=250))

    found = employments(instance)
    assert [(row.entered_on, row.left_on, row.retracted_at is not None) for row in found] == [
        (ENTRY, None, True),
        (ENTRY, date(2026, 5, 31), False),
        (date(2027, 1, 4), None, False),
    ]
    assert [row.staff_number for row in found] == ["117"] * 3
    assert {row.person_id for row in found} == {person.id}


def test_a_staff_number_belongs_to_one_present_row_of_an_institution(instance: Instance) -> None:
    """spec/compulsory 2.3: unique there; another institution may use it, and so may who comes after somebody who left."""
    root, other, ana, luis = a_place(instance), a_place(instance, "Otro"), a_person(instance), a_person(instance, "luis@example.org")
    record(instance, ana, root, KNOWN)

    record(instance, luis, other, KNOWN)
    with pytest.raises(IntegrityError):
        record(instance, luis, root, KNOWN)
    record(instance, ana, root, EmploymentDays(left_on=date(2026, 5, 1)))
    record(instance, luis, root, KNOWN)

    assert sum(row.retracted_at is None and row.left_on is None for row in employments(instance)) == 2


def test_a_person_has_one_main_place_and_further_ones_and_is_counted_once(instance: Instance) -> None:
    """spec/compulsory 2.4: unit tables count a person once; one present row for each person and place."""
    root = a_place(instance)
    finance, works, person = a_place(instance, "Finanzas", root), a_place(instance, "Obras", root), a_person(instance)

    assign(instance, person, MembershipValues(finance.id, further=frozenset({works.id})))

    with instance.database.unit_of_work(write=False) as session:
        assert tree.count_members(session) == {finance.id: 1}
        tallies = progress_report.count_places(session, select(Organisation.id).where(Organisation.id == root.id))
        assert {place: tally.people for place, tally in tallies.items()} == {finance.id: 1}
        memberships = tree.list_memberships(session, person.id)
        assert [(row.Organisation.name, row.Membership.is_main) for row in memberships] == [("Finanzas", True), ("Obras", False)]
    for twice in ({"organisation_id": root.id, "is_main": True}, {"organisation_id": works.id, "is_main": False}):
        with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
            session.execute(insert(Membership), [{"person_id": person.id, "since": NOON, "recorded_at": NOON, **twice}])


def test_a_head_sees_who_has_a_further_place_with_them_and_nobody_twice(instance: Instance) -> None:
    """spec/compulsory 2.4: permissions take every present row."""
    root = a_place(instance)
    finance, works, person = a_place(instance, "Finanzas", root), a_place(instance, "Obras", root), a_person(instance)
    put(instance, a_person(instance, "otra@example.org"), finance)

    assign(instance, person, MembershipValues(finance.id, further=frozenset({works.id, root.id})))

    def seen(place: Organisation) -> list[tuple[str, bool]]:
        with instance.database.unit_of_work(write=False) as session:
            roots = select(Organisation.id).where(Organisation.id == place.id)
            return [(row.place, row.is_main) for row in progress_report.list_people(session, roots, UnitFilter(), after=None, limit=9)]

    assert seen(works) == [("Obras", False)]
    assert seen(finance) == seen(root) == [("Finanzas", True)] * 2


def test_a_move_keeps_the_days_and_a_post_that_was_not_known_is_a_correction(instance: Instance) -> None:
    """spec/compulsory 2.4: days are the institution's, moments are the record's."""
    root, person = a_place(instance), a_person(instance)
    finance, works = a_place(instance, "Finanzas", root), a_place(instance, "Obras", root)
    with instance.database.unit_of_work() as session:
        found = posts.find_or_make_posts(session, SYSTEM, root.id, ["Inspector", "Jefe"], now=NOON)

    assign(instance, person, MembershipValues(finance.id, since_on=ENTRY))
    assign(instance, person, MembershipValues(finance.id, found["inspector"]), now=NOON + timedelta(days=1))
    assign(instance, person, MembershipValues(finance.id, found["jefe"]), now=NOON + timedelta(days=2))
    assign(instance, person, MembershipValues(works.id), now=NOON + timedelta(days=3))

    assert [(row.organisation_id, row.post_id, row.since_on, row.until_on, row.retracted_at is not None) for row in rows(instance)] == [
        (finance.id, None, ENTRY, None, True),
        (finance.id, found["inspector"], ENTRY, date(2026, 5, 5), False),
        (finance.id, found["jefe"], date(2026, 5, 6), date(2026, 5, 6), False),
        (works.id, found["jefe"], date(2026, 5, 7), None, False),
    ]


def test_the_first_day_is_that_of_the_place(instance: Instance) -> None:
    """spec/compulsory 2.2 and 2.4: half past eleven at night in the islands is the next day in Guayaquil."""
    root = a_place(instance)
    islands = a_place(instance, "Galápagos", root, kind=OrganisationKind.PROVINCE)
    here, there = a_place(instance, "Guayaquil", root), a_place(instance, "Isabela", islands)
    late = datetime(2026, 5, 5, 5, 30, tzinfo=UTC)

    assign(instance, a_person(instance), MembershipValues(here.id), now=late)
    assign(instance, a_person(instance, "otra@example.org"), MembershipValues(there.id), now=late)

    assert [row.since_on for row in rows(instance)] == [date(2026, 5, 5), date(2026, 5, 4)]


def test_who_loses_the_main_place_keeps_a_further_one_as_main(instance: Instance) -> None:
    root, person = a_place(instance), a_person(instance)
    finance, works = a_place(instance, "Finanzas", root), a_place(instance, "Obras", root)
    assign(instance, person, MembershipValues(finance.id, further=frozenset({works.id})))

    with instance.database.unit_of_work() as session:
        members.remove_member(session, SYSTEM, person, now=NOON, organisation=finance)

    with instance.database.unit_of_work(write=False) as session:
        place = tree.find_place(session, person.id)
        assert place is not None
        assert place.organisation_id == works.id


def test_closing_a_unit_moves_main_and_further_places(instance: Instance) -> None:
    root, ana, luis = a_place(instance), a_person(instance), a_person(instance, "luis@example.org")
    finance, works, target = (a_place(instance, name, root) for name in ("Finanzas", "Obras", "Nueva"))
    assign(instance, ana, MembershipValues(finance.id, further=frozenset({target.id})))
    assign(instance, luis, MembershipValues(works.id, further=frozenset({finance.id})))

    with instance.database.unit_of_work() as session:
        members.move_members(session, SYSTEM, finance, target, now=NOON)

    present = {(row.person_id, row.organisation_id, row.is_main) for row in rows(instance) if row.until is None}
    assert present == {(ana.id, target.id, True), (luis.id, works.id, True), (luis.id, target.id, False)}


def test_who_belongs_to_a_place_works_at_its_institution(instance: Instance) -> None:
    """spec/compulsory 3.2: a rule asks who is employed, also where no list said since when."""
    root = a_place(instance)
    unit = a_place(instance, "Finanzas", root)

    put(instance, a_person(instance), unit)

    assert [(row.institution_id, row.staff_number, row.entered_on, row.left_on) for row in employments(instance)] == [
        (root.id, None, None, None)
    ]


def test_posts_are_one_by_their_folded_text_and_stay_one_through_a_merge(instance: Instance) -> None:
    """spec/compulsory 2.6: a re-spelling moves nobody, and a key that a rule names leads on."""
    root, person = a_place(instance), a_person(instance)
    with instance.database.unit_of_work() as session:
        found = posts.find_or_make_posts(session, SYSTEM, root.id, ["Inspector", "INSPECTOR  1", "inspector", "Análista"], now=NOON)
        assert sorted(found) == ["analista", "inspector", "inspector 1"]
    assign(instance, person, MembershipValues(root.id, found["inspector 1"]))

    with instance.database.unit_of_work() as session:
        gone, kept = session.get_one(Post, found["inspector 1"]), session.get_one(Post, found["inspector"])
        posts.merge_posts(session, SYSTEM, gone, kept, now=NOON)
        posts.rename_post(session, SYSTEM, kept, "Inspectora o inspector", now=NOON)
        with pytest.raises(Conflict):
            posts.rename_post(session, SYSTEM, kept, "Analista", now=NOON)

    with instance.database.unit_of_work() as session:
        again = posts.find_or_make_posts(session, SYSTEM, root.id, ["Inspector 1", "INSPECTOR"], now=NOON)
        assert set(again.values()) == {found["inspector"]}
        (row,) = posts.list_posts(session, "inspector", limit=9)
        assert (row.Post.name, row.people) == ("Inspectora o inspector", 1)
        assert posts.list_spellings(session, [row.Post.id]) == {row.Post.id: ["Inspector", "INSPECTOR 1"]}
    assert [one.post_id for one in rows(instance)] == [found["inspector"]]


@pytest.mark.slow
def test_the_upgrade_fills_days_places_and_employment(empty_database: Database) -> None:
    """spec/compulsory 2.4: local days of the moments, recorded from the first of them on, every place the main one."""
    migrations.upgrade(empty_database, to="2026_11_23_1")
    moments = {"early": "2026-05-05 05:30:00", "late": "2026-05-06 12:00:00"}
    with empty_database.writing.begin() as connection:
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO person (id, uuid, email, password_hash, given_names, first_surname, second_surname, name_key, language,"
                    " zone, theme, created_at) VALUES (:id, :uuid, :email, '', 'A', 'B', '', 'a', 'es', 'UTC', 'system', :early)"
                ),
                {"id": number, "uuid": f"{number:032}", "email": f"{number}@example.org", **moments},
            )
        for number, parent, kind, name in ((1, None, "institution", "iess"), (2, 1, "province", "galapagos"), (3, 2, "unit", "isabela")):
            connection.execute(
                text(
                    "INSERT INTO organisation (id, uuid, parent_id, kind, name, name_key, created_at)"
                    " VALUES (:id, :uuid, :parent, :kind, :name, :name, :early)"
                ),
                {"id": number, "uuid": f"{number:032}", "parent": parent, "kind": kind, "name": name, **moments},
            )
        for person, place, until in ((1, 1, "late"), (1, 3, None), (2, 1, None)):
            connection.execute(
                text("INSERT INTO membership (person_id, organisation_id, since, until) VALUES (:person, :place, :early, :until)"),
                {"person": person, "place": place, "until": moments.get(until or ""), **moments},
            )

    migrations.upgrade(empty_database)

    with empty_database.reading.begin() as connection:
        found = connection.execute(select(Membership.__table__).order_by(Membership.id)).all()
        working = connection.execute(select(Employment.__table__).order_by(Employment.person_id)).all()
    assert [(row.since_on, row.until_on, row.is_main, row.recorded_at == row.since) for row in found] == [
        (date(2026, 5, 5), date(2026, 5, 6), True, True),
        (date(2026, 5, 4), None, True, True),
        (date(2026, 5, 5), None, True, True),
    ]
    assert [(row.person_id, row.institution_id, row.staff_number, row.left_on) for row in working] == [
        (1, 1, None, None),
        (2, 1, None, None),
    ]
