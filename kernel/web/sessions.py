"""The session's cookie and the tokens of forms: Flask's own, signed with the same keys, made once; and preferences of browsers.

A browser sends the same cookie with most of its requests. What its signature was found to hold is kept in memory, with the time at which it
was signed, which is compared with each request's own: a cookie ends when it would end without this.
"""

import json
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from flask import Flask, Request, Response, g, message_flashed, request
from flask import session as cookie
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadData, BadSignature, TimestampSigner, URLSafeTimedSerializer
from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

from kernel.web.headers import vary_by
from kernel.web.request import is_read_only_request

KEPT_COOKIES = 2048
"""Verified cookies that a process keeps in memory, half a kilobyte each."""


class _Text(TaggedJSONSerializer):
    """Reads a session as the JSON that was signed, so that each request makes values of its own of it."""

    def loads(self, value: str) -> str:
        """Return the text itself."""
        return value


class SessionCookie(SecureCookieSessionInterface):
    """Sessions in a signed cookie, of one application whose keys stay the same as long as it runs."""

    def __init__(self, app: Flask) -> None:
        signer = super().get_signing_serializer(app)
        assert signer is not None
        self._signer = signer
        texts = URLSafeTimedSerializer(
            signer.secret_keys,
            salt=self.salt,
            serializer=_Text(),
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

        @lru_cache(maxsize=KEPT_COOKIES)
        def verified(value: str) -> tuple[str, int]:
            text, signed_at = texts.loads(value, return_timestamp=True)
            return text, int(signed_at.timestamp())

        self._verified = verified
        self._now = TimestampSigner(signer.secret_keys).get_timestamp  # the clock by which cookies are signed
        self._name = self.get_cookie_name(app)
        self._life = int(app.permanent_session_lifetime.total_seconds())

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        """Return the signer of cookies."""
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return the session of a request's cookie; an empty one where it has none, where another signed it, and where it is too old."""
        value = request.cookies.get(self._name)
        if not value:
            return self.session_class()
        try:
            text, signed_at = self._verified(value)
        except BadSignature:  # not kept: what strangers send fills no memory
            return self.session_class()
        if not -CLOCK_LEEWAY <= self._now() - signed_at <= self._life:
            return self.session_class()
        values: dict[str, Any] = self.serializer.loads(text)
        return self.session_class(values)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie again where the request has changed it; where it was read, say that the answer depends on it."""
        if session.modified or session.permanent:
            super().save_session(app, session, response)
        elif session.accessed:
            vary_by(response, "Cookie")


CLOCK_LEEWAY = 120
"""Seconds by which the clock of another machine may be ahead that signed the cookie, as identity providers are granted."""
MOST_FLASH_BYTES = 1500
"""Of all messages as they are written into the cookie, which has other things to hold."""
LONGEST_FLASH = 240
"""Characters of one message."""
_KEPT = "_flashes"


def _bound(response: Response) -> Response:
    """Keep the latest messages that fit, each once and in their order. Without a new one the session is not touched (`Vary`)."""
    if "flashed" not in g:
        return response
    waiting = [(str(kind), str(text)) for kind, text in cookie.get(_KEPT, ())]
    fitting: list[tuple[str, str]] = []
    room = MOST_FLASH_BYTES
    for kind, text in reversed(waiting):
        message = (kind, text if len(text) <= LONGEST_FLASH else f"{text[: LONGEST_FLASH - 1]}…")
        room -= len(json.dumps(message))
        if message in fitting:
            continue
        if room < 0 and fitting:
            break
        fitting.append(message)
    fitting.reverse()
    if fitting != waiting:
        cookie[_KEPT] = fitting
    return response


def _note(_app: Flask, **_message: object) -> None:
    g.flashed = True


def install_flashes(app: Flask) -> None:
    """Bound what every request leaves for the next page."""
    message_flashed.connect(_note, app)
    app.after_request(_bound)


KEPT_TOKENS = 2048
"""Verified tokens that a process keeps in memory, and as many that it signed."""
NAME = "csrf_token"
"""Of the token in a session, in a form and in `g`, as the library has it."""


class FormTokens(CSRFProtect):  # type: ignore[misc]  # Flask-WTF has no types
    """Checks the token of every form of one application, whose key stays the same as long as it runs."""

    def __init__(self, app: Flask) -> None:
        assert app.secret_key
        assert app.config["WTF_CSRF_TIME_LIMIT"] is None, "tokens that end have to be verified each time"
        signer = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")
        self._verified = lru_cache(maxsize=KEPT_TOKENS)(signer.loads)
        self._signed = lru_cache(maxsize=KEPT_TOKENS)(signer.dumps)
        super().__init__(app)

    def token(self) -> str:
        """Return the token of the present session, which gets one where it has none."""
        token = g.get(NAME)
        if token is None and (known := cookie.get(NAME)):
            token = g.csrf_token = self._signed(known)
        return str(token or generate_csrf())

    def protect(self, apply_exemptions: bool = False) -> None:
        """Let pass what brings the token of its session; the library decides on all else, and says why it refuses."""
        if is_read_only_request():
            return
        if self._is_good(self._get_csrf_token()):
            g.csrf_valid = True
        else:
            super().protect(apply_exemptions)

    def _is_good(self, token: str | None) -> bool:
        try:
            return bool(token) and compare_digest(self._verified(token), cookie.get(NAME, ""))
        except BadData:  # not kept: what strangers send fills no memory
            return False


KEPT_PREFERENCES, LONGEST_PREFERENCE = 256, 300
"""So many headers are kept, of so many characters at most: what strangers send fills no memory."""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _language(header: str, offered: tuple[str, ...]) -> str:
    return parse_accept_header(header, LanguageAccept).best_match(offered) or ""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _media_type(header: str, offered: tuple[str, ...]) -> str:
    return parse_accept_header(header, MIMEAccept).best_match(offered) or ""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _accepts(header: str, encoding: str) -> bool:
    return parse_accept_header(header)[encoding] > 0


def preferred_language(offered: tuple[str, ...]) -> str:
    """Return the language that the browser asks for among those offered; empty where it asks for none of them."""
    header = request.headers.get("Accept-Language", "")
    return (_language if len(header) <= LONGEST_PREFERENCE else _language.__wrapped__)(header, offered)


def preferred_media_type(offered: tuple[str, ...]) -> str:
    """Return the media type that whoever asks prefers among those offered; empty where none of them is wanted."""
    header = request.headers.get("Accept", "")
    return (_media_type if len(header) <= LONGEST_PREFERENCE else _media_type.__wrapped__)(header, offered)


def accepts_encoding(encoding: str) -> bool:
    """Return whether the browser takes what is compressed like this."""
    header = request.headers.get("Accept-Encoding", "")
    return (_accepts if len(header) <= LONGEST_PREFERENCE else _accepts.__wrapped__)(header, encoding)
