"""Messages for the next page: however many are left, the cookie that keeps them stays one that browsers take."""

import pytest
from flask import Flask, flash

from kernel.web import sessions

WIDTH = 4093
"""Bytes of a cookie that browsers keep."""


@pytest.fixture
def site() -> Flask:
    """Return an application that leaves as many messages as it is told."""
    app = Flask("flashes")
    app.secret_key = "x" * 32
    sessions.install_flashes(app)

    @app.post("/<int:count>")
    def leave(count: int) -> str:
        for number in range(count):
            flash(f"Mensaje {number}: 日本語 " + "ñandú " * 100, "ok")
        return ""

    return app


@pytest.mark.parametrize("count", [1, 3, 200])
def test_the_cookie_stays_small_and_the_latest_message_is_there(site: Flask, count: int) -> None:
    visitor = site.test_client()
    for _form in range(3):
        visitor.post(f"/{count}")

        with visitor.session_transaction() as session:
            kept = session["_flashes"]
        assert kept[-1][1].startswith(f"Mensaje {count - 1}:")
        assert max(len(text) for _kind, text in kept) <= sessions.LONGEST_FLASH
        cookie = visitor.get_cookie("session")
        assert cookie is not None
        assert len(cookie.value) < WIDTH / 2


def test_a_message_that_comes_again_is_kept_once_and_few_stay_as_they_are(site: Flask) -> None:
    @site.post("/few")
    def few() -> str:
        for text in ("Uno.", "Dos.", "Uno."):
            flash(text, "warn")
        return ""

    visitor = site.test_client()
    visitor.post("/few")

    with visitor.session_transaction() as session:
        assert [tuple(one) for one in session["_flashes"]] == [("warn", "Dos."), ("warn", "Uno.")]
