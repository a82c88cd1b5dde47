"""Whose a row is stands at its column, and what it says of erasing and merging is what happens."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from enrolments.models import CalendarFeed, PersonalReminder
from kernel import clock
from kernel.db import Base
from kernel.personal import Erase, Merge, PersonalColumn, erase_rows, move_rows, personal_columns
from lms.instance import Instance
from tests.support.builders import a_person

DID_SOMETHING = ("_by", "author_id")
"""How the columns end that say who did something to a row."""


def columns_to_people() -> Iterator[tuple[str, str, bool]]:
    """Yield the columns that refer to a person, by table and name, and whether each says what becomes of it."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "person" for key in column.foreign_keys):
                yield table.name, column.name, PersonalColumn in column.info


def test_whose_a_row_is_stands_at_its_column() -> None:
    columns = list(columns_to_people())

    assert len(columns) > 120
    assert [(table, name) for table, name, is_personal in columns if not is_personal and not name.endswith(DID_SOMETHING)] == []
    assert [(table, name) for table, name, is_personal in columns if is_personal and name.endswith(DID_SOMETHING)] == []


def test_what_goes_with_a_course_has_one() -> None:
    with_course = [mapper for mapper, _name, column in personal_columns() if column.merge is Merge.MOVE_WITH_COURSE]

    assert with_course
    assert [mapper.local_table.name for mapper in with_course if "course_id" not in mapper.columns] == []


def test_rows_go_or_move_as_their_column_says(instance: Instance) -> None:
    ana, blas = a_person(instance, "ana@example.org"), a_person(instance, "blas@example.org")
    now = clock.now()
    with instance.database.unit_of_work() as session:
        for person in (ana, blas):
            session.add(PersonalReminder(uuid=uuid4(), person_id=person.id, words="Leer", at=now + timedelta(days=1), written_at=now))
        session.add(CalendarFeed(person_id=ana.id, secret_hash="0" * 64, made_at=now, entries="{}"))

    says = {mapper.class_: column for mapper, _name, column in personal_columns()}
    assert says[PersonalReminder] == PersonalColumn(Erase.DELETE, Merge.MOVE)
    assert says[CalendarFeed] == PersonalColumn(Erase.DELETE, Merge.STAY)
    with instance.database.unit_of_work() as session:
        move_rows(session, ana.id, blas.id)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PersonalReminder.person_id)).all() == [blas.id, blas.id]
        assert session.scalars(select(CalendarFeed.person_id)).all() == [ana.id]
    with instance.database.unit_of_work() as session:
        erase_rows(session, ana.id)
        erase_rows(session, blas.id)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PersonalReminder.person_id)).all() == []
        assert session.scalars(select(CalendarFeed.person_id)).all() == []
