"""The session's cookie: the same as Flask's own, whose signature is verified once for each value that comes again."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import EnvironBuilder

from kernel.web import sessions
from kernel.web.sessions import SessionCookie

SAID = {"_user_id": "secret", "seen": 1, "proof": [7, 3, "hash", "/learning"], "language": "ñ"}
FLASKS = SecureCookieSessionInterface()


def an_app(key: bytes = b"k" * 32, *older: bytes) -> Flask:
    app = Flask("cookie")
    app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=list(older))
    app.session_interface = SessionCookie(app)
    return app


def ours(app: Flask) -> SessionCookie:
    assert isinstance(app.session_interface, SessionCookie)
    return app.session_interface


def signed(app: Flask, said: Mapping[str, Any]) -> str:
    signer = FLASKS.get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps(said))


def opened(app: Flask, value: str) -> dict[str, Any]:
    request = Request(EnvironBuilder(headers={"Cookie": f"session={value}"}).get_environ())
    session = app.session_interface.open_session(app, request)
    assert session is not None
    return dict(session)


def test_what_flask_signs_is_read_and_what_is_signed_here_flask_reads() -> None:
    app = an_app()
    long = {**SAID, "_flashes": [("ok", "x" * 900)]}  # is compressed
    for said in (SAID, long, {}):
        assert opened(app, signed(app, said)) == said

    signer = ours(app).get_signing_serializer(app)
    request = Request(EnvironBuilder(headers={"Cookie": f"session={signer.dumps(SAID)}"}).get_environ())
    assert dict(FLASKS.open_session(app, request) or {}) == SAID


def test_what_another_key_signed_or_somebody_changed_is_an_empty_session_each_time() -> None:
    app = an_app()
    value = signed(app, SAID)
    for wrong in (
        signed(an_app(b"other" * 8), SAID),
        f"{value}x",
        value[:-3],
        f"x{value}",
        "x",
        ".",
        "a.b.c",
        "ñ",
        value.rsplit(".", 1)[0],
    ):
        for _time in range(2):
            assert opened(app, wrong) == {}
    assert opened(app, value) == SAID


def test_only_cookies_that_we_signed_are_kept_in_memory() -> None:
    app = an_app()
    kept = ours(app)._verified.cache_info
    for number in range(20):
        opened(app, f"stranger.{number}.x")
    assert kept().currsize == 0
    for _time in range(3):
        opened(app, signed(app, {"csrf_token": "1"}))

    assert kept().currsize >= 1
    assert kept().maxsize == sessions.KEPT_COOKIES


def test_an_older_key_opens_and_the_present_one_signs() -> None:
    before, after = an_app(b"old" * 11), an_app(b"new" * 11, b"old" * 11)

    assert opened(after, signed(before, SAID)) == SAID
    assert opened(before, ours(after).get_signing_serializer(after).dumps(SAID)) == {}


@pytest.mark.parametrize(("seconds", "said"), [(31 * 86_400 - 2, SAID), (31 * 86_400 + 2, {}), (-2, {})])
def test_a_cookie_that_is_kept_ends_when_it_would_end_anyway(monkeypatch: pytest.MonkeyPatch, seconds: int, said: object) -> None:
    app, now = an_app(), time.time()
    value = signed(app, SAID)
    assert opened(app, value) == SAID
    monkeypatch.setattr(time, "time", lambda: now + seconds)

    assert opened(app, value) == said
    assert dict(FLASKS.open_session(app, Request(EnvironBuilder(headers={"Cookie": f"session={value}"}).get_environ())) or {}) == said


def test_each_request_has_values_of_its_own() -> None:
    app = an_app()
    value = signed(app, SAID)
    opened(app, value)["proof"].append("mine")

    assert opened(app, value) == SAID


def test_a_session_is_sent_again_only_where_it_changed_and_named_where_it_was_read() -> None:
    app = an_app()

    @app.get("/<act>")
    def answer(act: str) -> str:
        from flask import session

        if act == "reads":
            session.get("seen")
        if act == "writes":
            session["seen"] = 2
        if act == "empties":
            session.clear()
        return ""

    client = app.test_client()
    said = {}
    for act in ("nothing", "reads", "writes", "empties"):
        client.set_cookie("session", signed(app, SAID))
        response = client.get(f"/{act}")
        said[act] = ("Set-Cookie" in response.headers, response.headers.get("Vary"))

    assert said == {"nothing": (False, None), "reads": (False, "Cookie"), "writes": (True, "Cookie"), "empties": (True, "Cookie")}
