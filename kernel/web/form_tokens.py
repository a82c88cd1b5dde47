"""Tokens of forms: Flask-WTF's own, without signing and verifying anew for each request what is the same for all of a session.

They have no time limit (`WTF_CSRF_TIME_LIMIT`): a token is good as long as its session. So neither what a token was found to hold nor the
one that a session got changes with time. The library decides on each request that does not bring the token of its session.
"""

from functools import lru_cache
from hmac import compare_digest

from flask import Flask, g
from flask import session as cookie
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer

from kernel.web.request import is_read_only_request

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
