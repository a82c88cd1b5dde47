"""The schema's history: brought up to date once, by one of however many start together (spec/security 6.8)."""

import json
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Numeric, Table, Uuid, column, insert, select, table, text
from sqlalchemy.exc import IntegrityError

from kernel import clock, migrations, outbox
from kernel.db import Database
from kernel.migrations import BrokenReferences, SchemaTooNew
from organisations.models import OrganisationAbove, UnitParent
from tests.support.former_versions import rows_by_table

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


def test_an_empty_database_is_brought_up_to_date_once(empty_database: Database) -> None:
    database = empty_database
    assert migrations.current(database) == ""
    assert migrations.upgrade(database)
    assert migrations.current(database) == migrations.head()
    assert {"person", "device", "job", "audit_entry"} <= set(migrations.table_names(database))
    assert not migrations.upgrade(database)


def test_a_server_that_waits_for_its_turn_holds_no_connection(empty_database: Database, database_kind: str) -> None:
    """Behind a pooler with few connections, those that wait would leave none to the one whose turn it is."""
    if database_kind == "sqlite":
        pytest.skip("on SQLite the turn is a file's lock")
    waiting, entered, in_use = Database(empty_database.url), threading.Event(), set[int]()

    def start() -> None:
        with migrations.turn(waiting):
            entered.set()

    thread = threading.Thread(target=start)
    with migrations.turn(empty_database):
        thread.start()
        ends = time.monotonic() + 30
        while in_use != {0, 1} and time.monotonic() < ends:
            in_use.add(waiting.writing.pool.checkedout())  # type: ignore[attr-defined]  # a pool that counts
            time.sleep(0.0005)
        assert not entered.is_set()
    thread.join(30)
    waiting.dispose()

    assert in_use == {0, 1}
    assert entered.is_set()


@pytest.mark.faults
@pytest.mark.slow
def test_servers_that_start_together_migrate_once(empty_database: Database) -> None:
    gate = threading.Barrier(3)
    failures: list[Exception] = []

    def start() -> None:
        database = Database(empty_database.url)
        gate.wait()
        try:
            migrations.upgrade(database)
        except Exception as error:
            failures.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=start) for _turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert migrations.current(empty_database) == migrations.head()


@pytest.mark.slow
def test_a_newer_schema_is_refused_and_left_alone(empty_database: Database) -> None:
    database = empty_database
    migrations.upgrade(database)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_1'"))
    with pytest.raises(SchemaTooNew, match="2099_01_01_1"):
        migrations.upgrade(database)

    assert migrations.current(database) == "2099_01_01_1"


@pytest.mark.slow
def test_jobs_that_nobody_does_any_more_go_with_the_upgrade(empty_database: Database) -> None:
    migrations.upgrade(empty_database, to="2026_11_20_1")
    with empty_database.unit_of_work() as session:
        names = ("kind", "arguments", "unique_key", "attempts", "last_error", "request_id", "created_at", "available_at")
        job = table("job", *(column(name, outbox.Job.__table__.c[name].type) for name in names))
        for kind in ("lms.forget_jobs", "accounts.send_digests"):  # as the program of that release wrote them
            row = {"kind": kind, "arguments": "{}", "unique_key": kind, "attempts": 0, "last_error": "", "request_id": ""}
            session.execute(insert(job).values(**row, created_at=clock.now(), available_at=clock.now()))

    migrations.upgrade(empty_database)

    with empty_database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(outbox.Job.kind))) == ["accounts.send_digests"]


BEFORE_TAKES = "2026_11_24_6-1"


def insert_row(database: Database, name: str, **values: object) -> None:
    """Add a row as a program of before wrote it: what it does not say and has to be there is nothing, zero or a name."""
    with database.writing.begin() as connection:
        there = Table(name, MetaData(), autoload_with=connection)
        for one in there.columns:
            if one.name not in values and not one.nullable and one.server_default is None and not one.primary_key:
                values[one.name] = _anything(one)
        connection.execute(there.insert().values(**values))


def _anything(one: Column[Any]) -> object:
    if isinstance(one.type, DateTime):
        return NOON
    if isinstance(one.type, Uuid) or one.name == "uuid":
        return uuid4() if isinstance(one.type, Uuid) else uuid4().hex
    if isinstance(one.type, Boolean):
        return False
    return 0 if isinstance(one.type, Integer | Numeric) else "x"


def a_database_of_before(database: Database) -> None:
    """Fill the tables around an enrolment as they were before a course could be taken again."""
    migrations.upgrade(database, to=BEFORE_TAKES)
    insert_row(database, "person", id=1, email="ana@example.org", language="es")
    for course in (1, 2):
        insert_row(database, "course", id=course, slug=f"curso-{course}")
        insert_row(database, "course_version", id=course, course_id=course, number=1, nature="correction")
        insert_row(database, "enrolment", id=course * 10, person_id=1, course_id=course, course_version_id=course)
        insert_row(database, "task_save", person_id=1, course_id=course, activity_key="tarea-1")
    insert_row(database, "completion", enrolment_id=10, course_version_id=1)
    insert_row(database, "activity_result", enrolment_id=10, activity_key="leccion-1", viewed_at=NOON)
    insert_row(database, "task_save", person_id=1, course_id=1, activity_key="tarea-2")


@pytest.mark.slow
def test_enrolments_become_takes_and_keep_what_points_to_them(empty_database: Database) -> None:
    """spec/compulsory 6.6: row counts are equal, what was saved finds its enrolment, foreign keys hold."""
    a_database_of_before(empty_database)
    before = rows_by_table(empty_database)

    migrations.upgrade(empty_database)

    after = rows_by_table(empty_database)
    assert {name: after[name] for name in before} == before
    with empty_database.reading.connect() as connection:
        takes = connection.execute(text("SELECT id, take, superseded_at, begun_at IS NOT NULL FROM enrolment ORDER BY id")).all()
        saves = connection.execute(text("SELECT course_id, activity_key, enrolment_id FROM task_save ORDER BY id")).all()
    assert [tuple(row) for row in takes] == [(10, 1, None, True), (20, 1, None, False)]
    assert [tuple(row) for row in saves] == [(1, "tarea-1", 10), (2, "tarea-1", 20), (1, "tarea-2", 10)]
    with pytest.raises(IntegrityError):
        insert_row(empty_database, "completion", enrolment_id=999, course_version_id=1)


@pytest.mark.slow
def test_an_upgrade_that_leaves_rows_pointing_to_nothing_has_no_effect(empty_database: Database) -> None:
    """spec/compulsory 6.6: SQLite changes tables without foreign keys, which are checked at the end."""
    a_database_of_before(empty_database)
    if not empty_database.is_sqlite:  # PostgreSQL checks foreign keys all the time
        with pytest.raises(IntegrityError), empty_database.writing.begin() as connection:
            connection.execute(text("UPDATE completion SET enrolment_id = 999"))
        return
    revision = migrations.current(empty_database)
    broken = sqlite3.connect(empty_database.writing.url.database or "")
    broken.execute("UPDATE completion SET enrolment_id = 999")
    broken.commit()
    broken.close()

    with pytest.raises(BrokenReferences, match="completion to enrolment"):
        migrations.upgrade(empty_database)

    assert migrations.current(empty_database) == revision
    with empty_database.writing.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


@pytest.mark.slow
def test_what_is_in_force_counts_as_agreed_by_the_teams_of_its_courses(empty_database: Database) -> None:
    """spec/compulsory 4.9a: every course of an obligation in force, whichever version requires it; drafts and what ended ask."""
    migrations.upgrade(empty_database, to="2026_12_01_10")
    insert_row(empty_database, "organisation", id=1, kind="institution")
    insert_row(empty_database, "audience", id=1, institution_id=1)
    for number in (1, 2, 3):
        insert_row(empty_database, "course", id=number, slug=f"curso-{number}")
    alone, several = {"course": "curso-1"}, {"all": [{"course": "curso-1"}, {"any": [{"course": "curso-2"}, {"course": "borrado"}]}]}
    for number, state in enumerate(("active", "draft", "ended"), 1):
        activated = None if state == "draft" else NOON
        fields = {"key": state, "institution_id": 1, "audience_id": 1, "latest": 2, "activated_at": activated}
        insert_row(empty_database, "obligation", id=number, state=state, **fields)
        for version, requirement in enumerate((alone, several), 1):
            terms = json.dumps({"requirement": requirement})
            insert_row(
                empty_database,
                "obligation_version",
                obligation_id=number,
                number=version,
                terms=terms,
                enrolment="automatic",
                effective_on=NOON.date(),
            )

    migrations.upgrade(empty_database)

    with empty_database.reading.connect() as connection:
        rows = connection.execute(
            text("SELECT obligation_id, course_id, agreed, decided_by FROM course_agreement ORDER BY course_id")
        ).all()
    assert [(row[0], row[1], bool(row[2]), row[3]) for row in rows] == [(1, 1, True, None), (1, 2, True, None)]


@pytest.mark.slow
def test_the_one_calendar_address_of_a_person_becomes_the_first_of_several(empty_database: Database) -> None:
    """decision 50: other calendars go on reading under the secret that they have."""
    migrations.upgrade(empty_database, to="2026_12_01_81")
    for number, language in ((1, "es"), (2, "en")):
        insert_row(empty_database, "person", id=number, email=f"p{number}@example.org", language=language)
        insert_row(empty_database, "calendar_feed", person_id=number, secret_hash=str(number) * 64, made_at=NOON, entries='{"a": []}')

    migrations.upgrade(empty_database)

    with empty_database.reading.connect() as connection:
        columns = "person_id, name, alarm_minutes, secret_hash, read_at, entries"
        rows = connection.execute(text(f"SELECT {columns} FROM calendar_address ORDER BY person_id")).all()  # noqa: S608 - a constant
    assert [tuple(row) for row in rows] == [
        (1, "Mi calendario", 0, "1" * 64, None, '{"a": []}'),
        (2, "My calendar", 0, "2" * 64, None, '{"a": []}'),
    ]


@pytest.mark.slow
def test_the_upgrade_reads_the_days_of_the_tree_from_the_log(empty_database: Database) -> None:
    """Of a place whose beginning the log does not know, or that it contradicts, the days before are assumed."""
    migrations.upgrade(empty_database, to="2026_12_11_01")
    made = NOON - timedelta(days=100)
    insert_row(empty_database, "organisation", id=1, kind="institution", parent_id=None, created_at=made)
    for number, parent in ((2, 1), (3, 1), (4, 3), (5, 3), (6, 3), (7, 2)):
        insert_row(empty_database, "organisation", id=number, kind="unit", parent_id=parent, created_at=made, name_key=str(number))
    log: list[tuple[int, str, int, dict[str, int]]] = [
        *((number, "organisation.made", 100, {"parent": parent}) for number, parent in ((2, 1), (3, 1), (4, 2), (6, 2))),
        (4, "organisation.moved", 20, {"old_parent": 2, "parent": 3}),
        (5, "organisation.moved", 20, {"old_parent": 2, "parent": 3}),
        (6, "organisation.moved", 20, {"old_parent": 3, "parent": 2}),
    ]
    for number, verb, days, facts in log:
        moment = NOON - timedelta(days=days)
        insert_row(
            empty_database, "audit_entry", verb=verb, subject_kind="organisation", subject_id=number, at=moment, facts=json.dumps(facts)
        )

    migrations.upgrade(empty_database)

    with empty_database.reading.begin() as connection:
        rows = connection.execute(select(UnitParent.__table__).order_by(UnitParent.unit_id, UnitParent.id)).all()
        pairs = {(row.unit_id, row.above_id) for row in connection.execute(select(OrganisationAbove.__table__))}
    moved, eve = (NOON - timedelta(days=20)).date(), (NOON - timedelta(days=21)).date()
    found = {
        number: [
            (row.parent_id, row.since_on, row.until_on, row.retracted_at is None, row.is_assumed) for row in rows if row.unit_id == number
        ]
        for number in range(2, 8)
    }
    assert found == {
        2: [(1, None, None, True, False)],
        3: [(1, None, None, True, False)],
        4: [(2, None, None, False, False), (2, None, eve, True, False), (3, moved, None, True, False)],
        5: [(2, None, None, False, True), (2, None, eve, True, True), (3, moved, None, True, False)],
        6: [(3, None, None, True, True)],
        7: [(2, None, None, True, True)],
    }
    assert {(4, 4), (4, 3), (4, 1), (7, 2), (7, 1)} <= pairs
    assert (4, 2) not in pairs


def test_the_upgrade_gives_names_one_apostrophe_and_one_hyphen(empty_database: Database) -> None:
    """Of two units of one parent that would have one name the second keeps its own."""
    migrations.upgrade(empty_database, to="2026_12_12_03")
    insert_row(empty_database, "person", id=1, email="ana@example.org", name_key="d\u2019angelo ana\u2011lucia", created_at=NOON)
    insert_row(empty_database, "organisation", id=1, kind="institution", parent_id=None, created_at=NOON, name_key="instituto")
    for number, name in ((2, "d'angelo"), (3, "d\u2019angelo"), (4, "ana\u2011lucia")):
        insert_row(empty_database, "organisation", id=number, kind="unit", parent_id=1, created_at=NOON, name_key=name)

    migrations.upgrade(empty_database)

    with empty_database.reading.begin() as connection:
        people = connection.execute(text("SELECT name_key FROM person")).scalars().all()
        units = connection.execute(text("SELECT name_key FROM organisation ORDER BY id")).scalars().all()
    assert people == ["d'angelo ana-lucia"]
    assert units == ["instituto", "d'angelo", "d\u2019angelo", "ana-lucia"]
