"""Lists of very many people: any stretch is found by the index, whose end is as near as its beginning (spec/performance P24)."""

from uuid import uuid4

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite

from accounts import people as accounts_people
from accounts.models import Person
from accounts.rules import name_key
from kernel import clock
from kernel.db import KeysetPage, PageDirection
from lms.instance import Instance
from tests.support.browser import every_statement

MANY = 3_000


def fill(instance: Instance) -> list[str]:
    """Add many people of few names; return their names in the order of the list."""
    with instance.database.unit_of_work() as session:
        people = [
            {
                "uuid": uuid4(),
                "email": f"p{number}@example.org",
                "password_hash": "x",
                "given_names": f"N{number:05}",
                "first_surname": f"Apellido {number % 7}",
                "second_surname": "",
                "name_key": name_key(f"N{number:05}", f"Apellido {number % 7}", ""),
                "language": "es",
                "zone": "America/Guayaquil",
                "created_at": clock.now(),
            }
            for number in range(MANY)
        ]
        session.execute(insert(Person), people)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))
    return [f"{one['given_names']} {one['first_surname']}" for one in sorted(people, key=lambda one: str(one["name_key"]))]


@pytest.mark.slow
def test_every_stretch_is_read_once_and_in_order(instance: Instance) -> None:
    names, found = fill(instance), list[str]()
    counter = every_statement(instance.database)
    with instance.database.unit_of_work(write=False) as session:
        stretch, costs = KeysetPage(), set[int]()
        while rows := accounts_people.list_people(session, "", None, stretch, limit=500).rows:
            found += [row.Person.full_name for row in rows]
            stretch = KeysetPage(PageDirection.AFTER, rows[-1].uuid)
            costs.add(len(counter.statements))
            counter.reset()
        last = accounts_people.list_people(session, "", None, KeysetPage(PageDirection.LAST), limit=50).rows
        before = accounts_people.list_people(session, "", None, KeysetPage(PageDirection.BEFORE, last[0].uuid), limit=50).rows

    assert found == names
    assert [row.Person.full_name for row in (*before, *last)] == names[-100:]
    assert costs == {1, 2}


def explained(instance: Instance, way: PageDirection) -> list[str]:
    """Return the database's plan for the stretch around somebody in the middle."""
    with instance.database.unit_of_work(write=False) as session:
        middle = accounts_people.list_people(session, "", None, KeysetPage(), limit=MANY // 2).rows[-1]
        row = session.get_one(Person, accounts_people.get_person_by_uuid(session, middle.uuid).id)
        statement = accounts_people.keyset_statement("", None, way, (row.name_key, row.id)).limit(50)
        dialect = sqlite.dialect() if instance.database.is_sqlite else postgresql.dialect()
        words = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        if not instance.database.is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        found = session.execute(text(f"EXPLAIN {'QUERY PLAN ' if instance.database.is_sqlite else ''}{words}")).all()
    return [str(line[-1]) for line in found]


@pytest.mark.slow
@pytest.mark.parametrize("way", list(PageDirection))
def test_a_stretch_is_found_by_the_index_and_nothing_is_sorted(instance: Instance, way: PageDirection) -> None:
    fill(instance)

    plan = explained(instance, way)

    assert any("ix_person_list" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line or "Sort" in line for line in plan), plan
    if way is not PageDirection.LAST and instance.database.is_sqlite:
        assert any("SEARCH person" in line for line in plan), plan
