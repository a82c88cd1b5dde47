"""The session's cookie, messages for the next page, and preferences of browsers, which are read once for each header."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, Request, flash
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import EnvironBuilder

from kernel.web import sessions
from kernel.web.sessions import SessionCookie, accepts_encoding, preferred_language, preferred_media_type

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


@pytest.mark.parametrize(("ahead", "is_read"), [(0, True), (1, True), (120, True), (121, False)])
def test_a_cookie_of_a_machine_whose_clock_is_ahead_is_read(ahead: int, is_read: bool) -> None:
    """The other machine signed it; this one's clock is two minutes behind at most."""
    app = an_app()
    value = signed(app, SAID)
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=ahead), tick=False):
        assert opened(app, value) == (SAID if is_read else {})


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


@pytest.mark.parametrize(("seconds", "said"), [(31 * 86_400 - 2, SAID), (31 * 86_400 + 2, {}), (-122, {})])
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


OFFERED = ("es", "en")
MEDIA = ("text/html", "application/json", "application/problem+json")
LANGUAGES = ["", "es", "en-GB,en;q=0.9", "es-EC,es;q=0.9,en-US;q=0.8", "qu,en;q=0.1", "*", "fr", "en;q=0", "es;q=2", ",;=", "en," * 200]
MEDIA_TYPES = [
    "",
    "*/*",
    "text/html",
    "application/json",
    "application/problem+json, */*;q=0.1",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "application/*",
    "image/png",
    "application/json;q=0.2,text/html;q=0.1",
    "a/b," * 200 + "application/json",
]
ENCODINGS = ["", "gzip", "gzip, deflate, br, zstd", "gzip;q=0", "*", "identity", "br;q=1, gzip;q=0.5", "x," * 200 + "gzip"]


@pytest.mark.parametrize("again", [False, True])
def test_headers_are_read_as_the_library_reads_them(again: bool) -> None:
    app = Flask("preferences")
    for language, media, encoding in zip(LANGUAGES * 10, MEDIA_TYPES * 11, ENCODINGS * 14, strict=False):
        headers = {"Accept-Language": language, "Accept": media, "Accept-Encoding": encoding}
        environ = EnvironBuilder(headers=headers).get_environ()
        asked = Request(environ)
        with app.request_context(environ):
            assert preferred_language(OFFERED) == (asked.accept_languages.best_match(OFFERED) or ""), (language, again)
            assert preferred_media_type(MEDIA) == (asked.accept_mimetypes.best_match(MEDIA) or ""), (media, again)
            assert accepts_encoding("gzip") == (asked.accept_encodings["gzip"] > 0), (encoding, again)


def test_long_headers_are_not_kept() -> None:
    app = Flask("preferences")
    before = [kept.cache_info().currsize for kept in (sessions._language, sessions._media_type, sessions._accepts)]
    for number in range(3):
        long = f"x{number}," * sessions.LONGEST_PREFERENCE
        with app.request_context(EnvironBuilder(headers={"Accept-Language": long, "Accept": long, "Accept-Encoding": long}).get_environ()):
            preferred_language(OFFERED), preferred_media_type(MEDIA), accepts_encoding("gzip")

    assert [kept.cache_info().currsize for kept in (sessions._language, sessions._media_type, sessions._accepts)] == before
