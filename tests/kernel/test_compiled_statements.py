"""Statements that are compiled once and run on the driver: the same values, events and errors as SQLAlchemy gives."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count, product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Integer, Row, String, bindparam, column, event, insert, inspect, literal, select, type_coerce, update
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlalchemy.types import TypeEngine

from accounts.models import Person
from courses.models import Course
from kernel import clock, compiled_statements, deadline
from kernel.compiled_statements import MOST_LISTED, StatementConnection, compile_once, compiled_for, insertion, known_statements
from kernel.db import Base, Database, UtcDateTime, connection_of
from kernel.entity_rows import entity_of
from lms.app import FEATURES
from lms.instance import Instance
from tests.support.builders import a_person

MOMENT = datetime(2026, 11, 24, 17, 30, 15, 123456, tzinfo=UTC)
VALUES: Mapping[type, tuple[Any, ...]] = {
    bool: (True, False),
    int: (0, -7, 2**31 - 1),
    str: ("", "ñandú, «así»", "None"),
    datetime: (MOMENT,),
    date: (date(2026, 11, 24),),
    UUID: (UUID(int=1), UUID("b3c8f1de-9f1a-4d15-8c53-0f3b8a8f0b57")),
    Decimal: (Decimal("0"), Decimal("6.6666667"), Decimal("-33.3333333")),
    float: (0.25,),
    bytes: (b"", b"\x00\xff"),
}
OTHERS: Mapping[str, tuple[Any, ...]] = {
    "LocalisedTextType": ({"es": "Hola", "en": "Hello"},),
    "WordListType": ((), ("es", "en")),
    "CountByLanguageType": ({"es": 3},),
    "WordFormsType": ({"es": ("aporte", "aportes")},),
    "UtcDateTime": (MOMENT,),
}


def kinds_of_columns() -> list[TypeEngine[Any]]:
    """List the types of all columns of all tables, each once."""
    assert FEATURES  # every table is known
    kinds = {repr(column.type): column.type for table in Base.metadata.tables.values() for column in table.columns}
    return [kinds[name] for name in sorted(kinds)]


def values_of(kind: TypeEngine[Any]) -> tuple[Any, ...]:
    """Return values that a column of a type may hold."""
    return OTHERS.get(type(kind).__name__) or VALUES[kind.python_type]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.dispose()


def test_every_type_of_a_column_is_bound_and_read_as_sqlalchemy_does(database: Database) -> None:
    tried = 0
    with database.unit_of_work(write=False) as session:
        known = connection_of(session)
        for kind in kinds_of_columns():
            statement = compile_once(select(type_coerce(bindparam("value", type_=kind), kind).label("value")))
            for value in (*values_of(kind), None):
                usual = known.connection.execute(statement, {"value": value}).one()
                ours = known.execute(statement, {"value": value}).one()
                assert (ours.value, type(ours.value), ours._fields) == (usual.value, type(usual.value), usual._fields), repr(kind)
                tried += 1

    assert tried > 20


def test_every_known_statement_is_compiled_once(database: Database) -> None:
    """One that has to be compiled each time would not need to be known."""
    mine = [statement for statement in known_statements() if "value" not in str(statement)]

    assert len(mine) > 10
    assert [str(statement) for statement in mine if compiled_statements._compile(database.writing.dialect, statement) is None] == []


def test_a_list_is_bound_as_sqlalchemy_does_whatever_it_holds(database: Database) -> None:
    """Long ones go their usual way; constant lists and values stand beside them, and a list that is missing is an error."""
    value, constants = bindparam("value", type_=String), ["x", "y"]
    listed = [bindparam("texts", expanding=True), bindparam("days", expanding=True)]
    words, days = column("word", String), column("day", UtcDateTime())
    statement = compile_once(
        select(words.in_(listed[0]), days.in_(listed[1]), words.in_(constants), words + value).select_from(
            select(literal("x").label("word"), literal(MOMENT, UtcDateTime()).label("day")).subquery()
        )
    )
    moments = [MOMENT, *(MOMENT + timedelta(days=number) for number in range(1, MOST_LISTED + 2))]
    with database.unit_of_work(write=False) as session:
        known = connection_of(session)
        for texts, number in product(([], ["x"], ["a", "x"], ["a"] * (MOST_LISTED + 1)), (0, 1, 2, MOST_LISTED, MOST_LISTED + 1)):
            given = {"texts": texts, "days": moments[:number], "value": "z"}
            usual = known.connection.execute(statement, given).one()

            assert known.execute(statement, given).one() == usual
            assert (compiled_for(known.connection.dialect, statement, given) is None) == (max(len(texts), number) > MOST_LISTED)
        with pytest.raises(KeyError):
            known.execute(statement, {"days": [], "value": "z"})


_NAMED = compile_once(select(Person.id, Person.email, Person.created_at).where(Person.email == bindparam("email")).order_by(Person.id))
_RENAMED = compile_once(update(Person).where(Person.id == bindparam("person")).values(given_names=bindparam("name", type_=String)))
_WITH_OWN_VALUE = compile_once(select(Person.id).where(Person.given_names == "Rosa", Person.email == bindparam("email")))
_COURSE = compile_once(
    insert(Course).values(
        uuid=bindparam("uuid"),
        slug=bindparam("slug"),
        title={"es": "Uno"},
        draft_revision=0,
        created_at=clock.now(),
        needs_approval=False,
    )
)


def test_rows_and_counts_are_those_of_the_transaction(instance: Instance) -> None:
    person = a_person(instance)
    with instance.database.unit_of_work() as session:
        changed = connection_of(session).execute(_RENAMED, {"person": person.id, "name": "Rosa"}).rowcount
        found = connection_of(session).execute(_NAMED, {"email": person.email}).one()
        named = connection_of(session).scalar(_WITH_OWN_VALUE, {"email": person.email})
        nobody = connection_of(session).execute(_NAMED, {"email": "nadie@example.org"}).one_or_none()
        session.rollback()
        session.expire_all()
        kept = session.get_one(Person, person.id).given_names

    assert (changed, found.id, found.email, named, nobody) == (1, person.id, person.email, person.id, None)
    assert found.created_at.tzinfo is not None
    assert kept != "Rosa"


_PEOPLE = compile_once(
    select(Person.id, Person.email, Person.id, Person.email.label("class")).where(Person.email != bindparam("but")).order_by(Person.id)
)


def _outcome(ask: Callable[[], Any]) -> object:
    try:
        found = ask()
    except (NoResultFound, MultipleResultsFound) as refusal:
        return type(refusal)
    return tuple(found) if isinstance(found, tuple | Row) else found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_results_give_their_rows_as_sqlalchemys_do(instance: Instance, number: int) -> None:
    """Also where two columns have one name, and where one has a word of Python's."""
    first = [a_person(instance, f"{name}@example.org").id for name in ("ana", "eva")[:number]][:1]
    ways: list[Callable[[Any], Any]] = [
        lambda result: result.first(),
        lambda result: result.one(),
        lambda result: result.one_or_none(),
        lambda result: result.scalar(),
        lambda result: result.scalars().first(),
        lambda result: result.scalars().one_or_none(),
        lambda result: [tuple(row) for row in result],
        lambda result: [row.email for row in result.all()],
        lambda result: [value for row in result for value in row[1:3]],
        lambda result: list(result.scalars()),
    ]
    with instance.database.unit_of_work(write=False) as session:
        known, given = connection_of(session), {"but": "nadie@example.org"}
        found = [
            [_outcome(partial(lambda way, run: way(run(_PEOPLE, given)), way, run)) for way in ways]
            for run in (known.connection.execute, known.execute)
        ]

    assert found[0] == found[1]
    assert found[1][3] == (first[0] if first else None)


def test_a_missing_value_is_an_error(database: Database) -> None:
    with database.unit_of_work(write=False) as session, pytest.raises(KeyError):
        connection_of(session).execute(_NAMED, {})


def test_what_the_database_refuses_is_sqlalchemys_error(database: Database) -> None:
    session = database.begin(write=True)
    connection_of(session).execute(_COURSE, {"uuid": uuid4(), "slug": "uno"})
    with pytest.raises(IntegrityError):
        connection_of(session).execute(_COURSE, {"uuid": uuid4(), "slug": "uno"})
    database.finish(session, commit=False)

    with database.unit_of_work(write=False) as session:
        assert session.query(Course).count() == 0


def test_nothing_is_asked_after_the_deadline(database: Database) -> None:
    """spec/security 3.5."""
    with database.unit_of_work(write=False) as session:
        known = connection_of(session)
        known.execute(_NAMED, {"email": "a@example.org"})
        deadline.begin(-1)
        try:
            with pytest.raises(deadline.DeadlineExceeded):
                known.execute(_NAMED, {"email": "a@example.org"})
        finally:
            deadline.end()


def test_other_statements_go_their_usual_way(database: Database) -> None:
    with database.unit_of_work(write=False) as session:
        known = connection_of(session)
        found = known.execute(select(Person.id).where(Person.id.in_([1, 2]))).all()

        assert isinstance(known, StatementConnection)
        assert found == []


_PERSON = compile_once(select(*Person.__table__.columns).where(Person.id == bindparam("person")))


def test_an_entity_made_of_columns_is_the_one_that_the_mapper_reads(instance: Instance) -> None:
    """Its changes are written, and nothing of it where nothing has changed."""
    person_id = a_person(instance).id
    names = [column.key for column in Person.__table__.columns]
    with instance.database.unit_of_work(write=False) as session:
        usual = session.get_one(Person, person_id)
        expected = {name: getattr(usual, name) for name in names}
    with instance.database.unit_of_work() as session:
        columns = connection_of(session).execute(_PERSON, {"person": person_id}).one()
        made = entity_of(session, Person, columns)

        assert not session.dirty
        assert not inspect(made).unloaded
        assert {name: getattr(made, name) for name in names} == expected
        assert session.get_one(Person, person_id) is made
        made.given_names = "Rosa"
        assert entity_of(session, Person, columns) is made  # as it is, with what has changed
        assert made.given_names == "Rosa"
    with instance.database.unit_of_work(write=False) as session:
        kept = session.get_one(Person, person_id)
        assert {name: getattr(kept, name) for name in names} == {**expected, "given_names": "Rosa"}


def test_an_entity_that_is_read_anew_is_as_the_database_has_it(instance: Instance) -> None:
    """As with `populate_existing`: what this session read before, or changed and did not write, is forgotten; later changes are written."""
    person_id = a_person(instance).id
    with instance.database.unit_of_work() as session:
        read = session.get_one(Person, person_id)
        connection_of(session).execute(update(Person).where(Person.id == person_id).values(given_names="Rosa"))
        with session.no_autoflush:
            read.first_surname = "Nadie"
            columns = connection_of(session).execute(_PERSON, {"person": person_id}).one()
            assert entity_of(session, Person, columns, anew=True) is read

            assert (read.given_names, read.first_surname) == ("Rosa", columns.first_surname)
            assert not session.is_modified(read)
        read.second_surname = "Ejemplo"
    with instance.database.unit_of_work(write=False) as session:
        kept = session.get_one(Person, person_id)
        assert (kept.given_names, kept.first_surname, kept.second_surname) == ("Rosa", columns.first_surname, "Ejemplo")


def test_many_rows_are_one_statement_with_the_values_of_columns(instance: Instance) -> None:
    """Whether there are several or one, the row is that of the mapper; the events tell one statement."""
    names = [column.key for column in Person.__table__.columns if column.key != "id"]
    person_id = a_person(instance).id
    for emails in (["b@example.org", "c@example.org"], ["d@example.org"]):
        with instance.database.unit_of_work() as session:
            usual = session.get_one(Person, person_id)
            kept = {name: getattr(usual, name) for name in names}
            told: list[object] = []
            event.listen(session.connection(), "before_cursor_execute", lambda *about, told=told: told.append(about[5]))
            rows = [{**kept, "uuid": uuid4(), "email": email} for email in emails]
            connection_of(session).execute(insertion(Person, tuple(names)), rows)
        with instance.database.unit_of_work(write=False) as session:
            found = session.scalars(select(Person).where(Person.email.in_(emails)).order_by(Person.email)).all()

            assert [{name: getattr(one, name) for name in names} for one in found] == rows
            assert told == [len(emails) > 1]


def test_a_value_that_is_worked_out_is_worked_out_each_time(instance: Instance) -> None:
    """A statement that is kept may compare with the present moment."""
    values = count()
    statement = compile_once(select(bindparam(None, callable_=lambda: next(values), type_=Integer(), unique=True).label("value")))
    with instance.database.unit_of_work(write=False) as session:
        first, second = (connection_of(session).scalar(statement) for _time in range(2))
    assert first < second
