"""Views of a test under /test: what they write, and how they are asked without a browser."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from kernel.web.request import current_session, public
from lms.instance import Instance

SITE = "https://localhost"
View = Callable[[], Any]


def add_view(app: Flask, view: View, *, reads_first: bool = False, declared: bool = True) -> None:
    """Serve a view of a test under /test."""
    guarded = public("a sample", reads_first=reads_first)(view) if declared else view
    app.add_url_rule("/test", "test", guarded, methods=["GET", "POST"])


def write(word: str = "kept") -> None:
    """Write a word to the table of the fixture `note`, in the request's session."""
    session = current_session()
    highest = session.execute(text("SELECT coalesce(max(id), 0) FROM test_note")).scalar_one()
    session.execute(text("INSERT INTO test_note (id, word) VALUES (:id, :word)"), {"id": highest + 1, "word": word})


def words(instance: Instance) -> list[str]:
    """Return the words that were kept."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.execute(text("SELECT word FROM test_note ORDER BY id")).scalars())


def send(app: Flask, method: str = "POST", path: str = "/test", **options: Any) -> TestResponse:
    """Ask the application and read the whole answer."""
    response = app.test_client().open(path, method=method, base_url=options.pop("base_url", SITE), **options)
    response.get_data()
    response.close()
    return response
