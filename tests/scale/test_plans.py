"""No statement of a learner's day reads through a table that grows with people: SQLite's own plan says so (spec/performance P7)."""

import re
from typing import Any

import pytest
from sqlalchemy import event

from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, folder, publish
from tests.support.statements import walk

GROWS = {
    *("person", "device", "token", "notice", "enrolment", "activity_result", "completion", "credential", "membership", "edition_place"),
    *("attempt", "attempt_item", "answer_event", "answer_file", "mark_event", "watched_span", "audit_entry", "job", "stored_file"),
}
SCAN = re.compile(r"\bSCAN (\w+)")
ALIAS = re.compile(r"\b(\w+) AS (\w+)\b")
Asked = dict[str, Any]


@pytest.fixture
def asked(instance: Instance) -> Asked:
    """Collect what SQLite is asked, each statement once, with the values that it came with."""
    if not instance.database.is_sqlite:
        pytest.skip("PostgreSQL plans by what the tables hold: few rows are read through there, whatever indexes there are")
    found: Asked = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        found[statement] = tuple(values[0] if is_many else values)

    for engine in (instance.database.writing, instance.database.reading):
        event.listen(engine, "before_cursor_execute", note)
    return found


def scans(instance: Instance, asked: Asked) -> list[str]:
    """Return the statements that read through a table that grows, each after the tables."""
    told = []
    with instance.database.reading.connect() as connection:
        for statement, values in list(asked.items()):
            if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                continue
            plan = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            named = {alias: table for table, alias in ALIAS.findall(statement)}
            tables = {named.get(name, name) for step in plan for name in SCAN.findall(step)} & GROWS
            if tables:
                told.append(f"{', '.join(sorted(tables))}: {' '.join(statement.split())}")
    return told


@pytest.mark.slow
def test_a_learners_day_finds_every_row_by_an_index(browser: Browser, instance: Instance, asked: Asked) -> None:
    browser.checks = False
    course, _version = publish(instance, folder("pequeno", modules=1, settings="attempts: 0\n"))
    learner = a_learner_in(browser, course)
    asked.clear()
    walk(learner, every_statement(instance.database), course.slug)
    learner.get("/notices")
    learner.get("/profile")

    assert scans(instance, asked) == []
