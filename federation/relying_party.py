"""The exchange with a provider (OpenID Connect Core 3.1, with PKCE): where the browser is sent, and what a code is changed for.

Only the ID token is used, and what the provider says of the person where it is set up so; access and refresh tokens are dropped unread.
"""

import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from federation.discovery import ProviderAway, call, endpoint_of, read_object
from federation.models import IdentityProvider
from kernel import jose
from kernel.crypto import unlock_text
from kernel.errors import N_, Invalid
from kernel.jose import Expected, KeySet
from kernel.outgoing import OutgoingReach

SECRET_LOCK = "client secret of a provider"  # noqa: S105 - what it is locked for
FLOWS = 3
"""Tabs in which one browser may be on its way at the same time."""
FLOW_SECONDS = 600
FRESH_SECONDS = 120
"""How long ago somebody may have proved who they are at the provider where a fresh proof is wanted."""
ASSERTION_SECONDS = 120
Claims = Mapping[str, Any]


class Purpose(StrEnum):
    """Why a browser goes to a provider."""

    ENTER = "enter"
    LINK = "link"
    PROVE = "prove"


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to a provider and back; it lies sealed in the browser."""

    provider: str
    state: str
    nonce: str
    verifier: str
    target: str
    purpose: str
    began: int
    """In seconds since 1970."""
    person_id: int = 0
    """Who was signed in, and proves or links something."""

    @property
    def needs_fresh_proof(self) -> bool:
        """Return whether the person has to prove anew who they are."""
        return self.purpose != Purpose.ENTER


def new_flow(provider: IdentityProvider, target: str, purpose: Purpose, person_id: int | None, now: datetime) -> Flow:
    """Return a way to a provider: state and nonce have 256 bits."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    began = int(now.timestamp())
    return Flow(provider.key, state, nonce, verifier=verifier, target=target, purpose=purpose.value, began=began, person_id=person_id or 0)


def pack(flows: Sequence[Flow]) -> list[Any]:
    """Return the sealed record of the last ways of a browser."""
    return [asdict(flow) for flow in flows[-FLOWS:]]


def unpack(packed: Any, now: datetime) -> list[Flow]:
    """Return the ways of a browser that have not expired."""
    flows = [Flow(**values) for values in packed or ()]
    return [flow for flow in flows if 0 <= now.timestamp() - flow.began + 60 <= FLOW_SECONDS + 60]


def address_of(provider: IdentityProvider, flow: Flow, return_url: str) -> str:
    """Return where the browser is sent."""
    challenge = urlsafe_b64encode(sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": return_url,
        "scope": " ".join(dict.fromkeys(("openid", *provider.scopes))),
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"max_age": "0"} if flow.needs_fresh_proof else {}),
    }
    address = endpoint_of(provider, "authorization_endpoint")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


class SecretUnreadable(Invalid):
    """The client secret was locked with keys that are not here, as after a restore without them."""

    message = N_("The client secret can no longer be read: the keys of this site are other ones. Enter the secret again.")


def read_secret(provider: IdentityProvider, keys: Sequence[bytes]) -> str:
    """Return the secret by which this site proves to a provider who it is; raise SecretUnreadable."""
    secret = unlock_text(keys, SECRET_LOCK, provider.secret) if provider.secret else ""
    if secret is None:
        raise SecretUnreadable
    return secret


def exchange(
    provider: IdentityProvider, flow: Flow, code: str, return_url: str, reach: OutgoingReach, keys: Sequence[bytes], now: datetime
) -> Claims:
    """Change a code for tokens, which come unread; raise ProviderAway or SecretUnreadable. No connection is held meanwhile."""
    address = endpoint_of(provider, "token_endpoint")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_url, "code_verifier": flow.verifier}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secret = read_secret(provider, keys)
    if provider.authentication == "client_secret_basic":
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    elif provider.authentication == "client_secret_post":
        form |= {"client_id": provider.client_id, "client_secret": secret}
    else:
        form |= {
            "client_id": provider.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(provider, address, secret, now),
        }
    answer = read_object(call(address, reach, method="POST", body=urlencode(form).encode(), headers=headers).body)
    if not isinstance(answer.get("id_token"), str) or not isinstance(answer.get("access_token", ""), str):
        raise ProviderAway
    return answer


def _assertion(provider: IdentityProvider, audience: str, key: str, now: datetime) -> str:
    """Return the signed token by which this site says who it is (`private_key_jwt`)."""
    made = int(now.timestamp())
    claims = {"iss": provider.client_id, "sub": provider.client_id, "aud": audience, "jti": secrets.token_urlsafe(16)}
    return jose.sign({**claims, "iat": made, "exp": made + ASSERTION_SECONDS}, key)


def read_id_token(provider: IdentityProvider, flow: Flow, tokens: Claims, *, now: datetime) -> Claims:
    """Return the claims of the ID token of an exchange; raise `kernel.jose.TokenRefused`."""
    return _read_token(provider, tokens["id_token"], now, nonce=flow.nonce, access_token=tokens.get("access_token", ""))


def _read_token(provider: IdentityProvider, text: str, now: datetime, **more: Any) -> Claims:
    return jose.read_token(text, KeySet.read(provider.key_set), Expected(provider.issuer, provider.client_id, **more), now=now)


def with_userinfo(provider: IdentityProvider, claims: Claims, tokens: Claims, reach: OutgoingReach) -> Claims:
    """Add what the provider says of the person besides, where it is set up so; raise ProviderAway where it is of somebody else."""
    address = endpoint_of(provider, "userinfo_endpoint")
    if not provider.uses_userinfo or not address:
        return claims
    headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}", "Accept": "application/json"}
    answer = read_object(call(address, reach, headers=headers).body)
    if answer.get("sub") != claims["sub"]:
        raise ProviderAway
    return {**answer, **claims}


LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_AGE = 300


def read_logout_token(provider: IdentityProvider, text: str, *, now: datetime) -> Claims:
    """Return the claims of a logout token (OpenID Connect Back-Channel Logout 2.4); raise TokenRefused or ValueError."""
    claims = _read_token(provider, text, now, longest_age=LOGOUT_AGE, needs_subject=False)
    events = claims.get("events")
    is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
    names_session = isinstance(claims.get("sid"), str) and claims["sid"]
    if not is_logout or not isinstance(claims.get("jti"), str) or not (claims.get("sub") or names_session):
        raise ValueError("no logout token")
    return claims
