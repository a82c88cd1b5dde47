"""Tokens of forms: the library's own, which are signed and verified once for each session that comes again."""

from collections.abc import Mapping

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import URLSafeTimedSerializer
from wtforms import ValidationError

from kernel.web import sessions
from kernel.web.forms import form_token, form_token_at
from kernel.web.sessions import FormTokens

OURS, ANOTHERS = "a" * 40, "b" * 40
"""What a session holds, and what another one does."""


def an_app(key: bytes = b"k" * 32) -> Flask:
    app = Flask("tokens")
    app.config.update(SECRET_KEY=key, WTF_CSRF_TIME_LIMIT=None)
    FormTokens(app)
    app.add_url_rule("/", view_func=lambda: "", methods=["GET", "POST"], endpoint="act")
    return app


def ours(app: Flask) -> FormTokens:
    tokens = app.extensions["csrf"]
    assert isinstance(tokens, FormTokens)
    return tokens


def signed(raw: str, key: bytes = b"k" * 32, salt: str = "wtf-csrf-token") -> str:
    return str(URLSafeTimedSerializer(key, salt=salt).dumps(raw))


def answered(app: Flask, token: str, raw: str | None = OURS, *, headers: Mapping[str, str] | None = None) -> int:
    client = app.test_client()
    if raw is not None:
        with client.session_transaction() as kept:
            kept["csrf_token"] = raw
    return client.post("/", data={} if headers else {"csrf_token": token}, headers=headers or {}).status_code


def test_a_form_with_the_token_of_its_session_is_taken_each_time() -> None:
    app = an_app()
    for _time in range(3):
        assert answered(app, signed(OURS)) == 200
        assert answered(app, "", headers={"X-CSRFToken": signed(OURS)}) == 200


WRONG = {
    "none": "",
    "altered": f"{signed(OURS)}x",
    "cut": signed(OURS)[:-3],
    "another key": signed(OURS, b"o" * 32),
    "another purpose": signed(OURS, salt="cookie-session"),
    "the raw value": OURS,
    "no token": "a.b.c",
    "no ascii": "ñ",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_another_token_is_refused_each_time_also_where_the_good_one_is_kept(wrong: str) -> None:
    app = an_app()
    for _time in range(2):
        assert answered(app, signed(OURS)) == 200
        assert answered(app, wrong) == 400


def test_a_kept_token_is_good_for_its_own_session_alone() -> None:
    app, token = an_app(), signed(OURS)
    for _time in range(2):
        assert answered(app, token) == 200
        assert answered(app, token, ANOTHERS) == 400
        assert answered(app, token, None) == 400  # signed out meanwhile
        assert answered(app, token, "") == 400


def test_what_strangers_send_fills_no_memory() -> None:
    app = an_app()
    for number in range(20):
        answered(app, f"stranger.{number}.x")
        app.test_client().get("/")
    assert ours(app)._verified.cache_info().currsize == 0
    answered(app, signed(OURS))
    assert ours(app)._verified.cache_info().currsize == 1
    assert ours(app)._verified.cache_info().maxsize == ours(app)._signed.cache_info().maxsize == sessions.KEPT_TOKENS


def test_a_session_gets_a_token_that_the_library_takes_and_the_same_again() -> None:
    app = an_app()
    with app.test_request_context():
        first = form_token()
        validate_csrf(first)
        assert ours(app)._signed.cache_info().currsize == 0  # whoever brings no session is not kept
        raw = session["csrf_token"]
    for _time in range(2):
        with app.test_request_context():
            session["csrf_token"] = raw
            assert form_token() == form_token() == generate_csrf()
            validate_csrf(form_token())
    with app.test_request_context():
        session["csrf_token"] = ANOTHERS
        with pytest.raises(ValidationError):
            validate_csrf(first)
        validate_csrf(form_token())


def test_a_place_for_the_token_is_no_token() -> None:
    app = an_app()
    with app.test_request_context():
        session["csrf_token"] = OURS
        with form_token_at("place"):
            assert form_token() == "place"
        validate_csrf(form_token())


def test_tokens_that_end_after_a_time_are_not_kept_for_ever() -> None:
    app = Flask("tokens")
    app.config.update(SECRET_KEY=b"k" * 32, WTF_CSRF_TIME_LIMIT=3600)
    with pytest.raises(AssertionError):
        FormTokens(app)
