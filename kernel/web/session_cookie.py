"""The session's cookie: Flask's own, signed with the same keys, without making anew for each request what is the same for all.

A browser sends the same cookie with most of its requests. What its signature was found to hold is kept in memory, with the time at which it
was signed, which is compared with each request's own: a cookie ends when it would end without this.
"""

from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from kernel.web.headers import vary_by

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
        """Return what signs cookies."""
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return what a request's cookie says; an empty session where it has none, where another signed it, and where it is too old."""
        value = request.cookies.get(self._name)
        if not value:
            return self.session_class()
        try:
            text, signed_at = self._verified(value)
        except BadSignature:  # not kept: what strangers send fills no memory
            return self.session_class()
        if not 0 <= self._now() - signed_at <= self._life:
            return self.session_class()
        values: dict[str, Any] = self.serializer.loads(text)
        return self.session_class(values)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie again where the request has changed it; where it was read, say that the answer depends on it."""
        if session.modified or session.permanent:
            super().save_session(app, session, response)
        elif session.accessed:
            vary_by(response, "Cookie")
