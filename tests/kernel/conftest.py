"""What tests of requests share: a table to write to, and an application that takes forms without a token."""

import pytest
from flask import Flask
from sqlalchemy import text

from lms.instance import Instance


@pytest.fixture
def note(instance: Instance) -> Instance:
    """Give the instance a table whose rows may point to rows that are checked at COMMIT only."""
    with instance.database.unit_of_work() as session:
        session.execute(text("CREATE TABLE test_note (id INTEGER PRIMARY KEY, word VARCHAR(40))"))
        parent = "REFERENCES test_note(id) DEFERRABLE INITIALLY DEFERRED"
        session.execute(text(f"CREATE TABLE test_child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL {parent})"))
    return instance


@pytest.fixture
def plain(app: Flask) -> Flask:
    """Let the tests send forms without fetching a token first."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app
