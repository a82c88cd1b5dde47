"""An identity provider of tests: it answers what the product fetches, and plays the browser's way through its sign-in page."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from kernel import clock, jose
from kernel.outgoing import OutgoingError, OutgoingFault, OutgoingReach, Reply

ISSUER = "https://entrada.example.org/realms/iess"
CLIENT_ID, CLIENT_SECRET = "aulario", "un secreto de prueba"
Tamper = Callable[[dict[str, Any]], None]


class NotRegistered(Exception):
    """The provider shows a page of its own: the address to which it was to lead back is not registered."""


@dataclass
class FakeProvider:
    """The provider with its keys; a test changes what it says before the browser comes."""

    issuer: str = ISSUER
    keys: list[str] = field(default_factory=lambda: [jose.make_key("ES256")])
    claims: dict[str, Any] = field(default_factory=dict)
    """Of whoever signs in there."""
    tamper: Tamper = lambda _claims: None
    """Changes the claims of a token before it is signed."""
    header: dict[str, Any] = field(default_factory=dict)
    signed_by: str | None = None
    """A key that is not published."""
    fault: OutgoingFault | None = None
    document: dict[str, Any] = field(default_factory=dict)
    date: datetime | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    forge: Callable[[dict[str, Any]], str] | None = None
    """Makes a whole token of the claims, instead of the one that it would sign."""
    published: list[dict[str, Any]] | None = None
    """Keys that it publishes instead of its own."""
    moved_to: str = ""
    """Where it sends on whoever asks for its configuration."""
    registered: str = ""
    """The only address to which it leads back; any, without one."""
    checks_challenge: bool = True

    def configuration(self) -> dict[str, Any]:
        """Return what it publishes of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            **self.document,
        }

    def fetch(
        self, url: str, reach: OutgoingReach, *, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Answer as `kernel.outgoing.fetch` does."""
        assert isinstance(reach, OutgoingReach)
        self.calls.append(url)
        if self.fault is not None:
            raise OutgoingError(self.fault)
        page = url.removeprefix(self.issuer)
        if page == "/.well-known/openid-configuration" and self.moved_to:
            return Reply(302, {"location": self.moved_to}, b"", None)
        if page == "/.well-known/openid-configuration":
            return self._reply(self.configuration())
        if page == "/keys":
            return self._reply({"keys": self.published or [dict(jose.public_key(key)) for key in self.keys]})
        if page == "/token":
            assert method == "POST"
            return self._token(dict(parse_qsl(body.decode())), headers or {})
        assert page == "/userinfo"
        return self._reply({"sub": self.claims["sub"], **self.claims})

    def _reply(self, content: object, status: int = 200) -> Reply:
        return Reply(status, {"content-type": "application/json"}, json.dumps(content).encode(), self.date or clock.now())

    def _token(self, form: dict[str, str], headers: Mapping[str, str]) -> Reply:
        granted = self.codes.pop(form["code"], None)
        pair = b64decode(headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode().partition(":")
        secret = form.get("client_secret") or unquote(pair[2])
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        is_same = not self.checks_challenge or (granted is not None and challenge == granted["code_challenge"])
        if secret != CLIENT_SECRET:
            return self._reply({"error": "invalid_client"}, 401)
        if granted is None or not is_same:
            return self._reply({"error": "invalid_grant"}, 400)
        return self._reply({"access_token": "opaco", "token_type": "Bearer", "id_token": self.token(granted["nonce"])})

    def token(self, nonce: str) -> str:
        """Return the ID token of an exchange."""
        now = int(clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, "auth_time": now, **self.claims}
        self.tamper(claims)
        if self.forge is not None:
            return self.forge(claims)
        return jose.sign(claims, self.signed_by or self.keys[-1], **self.header)

    def logout_token(self, **claims: Any) -> str:
        """Return a logout token."""
        now = int(clock.now().timestamp())
        usual = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": f"salida-{now}-{len(self.calls)}",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }  # fmt: skip
        return jose.sign({name: value for name, value in {**usual, **claims}.items() if value is not None}, self.keys[-1], typ="logout+jwt")

    def authorize(self, address: str, **changed: str) -> str:
        """Sign in at its page, to which the product sent the browser; return the path to which it leads back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        if self.registered not in ("", query["redirect_uri"]):
            raise NotRegistered(query["redirect_uri"])
        code = f"codigo{len(self.codes)}{query['state'][:6]}"
        self.codes[code] = query
        back = urlsplit(query["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer, **changed})}"

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer the product's calls."""
        with patch("federation.discovery.fetch", self.fetch):
            yield
