"""Signed tokens of other servers and our own (JWS and JWT): the one door to joserfc.

A token is believed by four algorithms and by keys that its provider published, never by a key or an address that it brings along:
`jku`, `jwk`, `x5u` and `x5c` are not read.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from joserfc import jwk, jws
from joserfc.errors import BadSignatureError, JoseError

LONGEST_TOKEN, LONGEST_SUBJECT, LONGEST_RSA, MOST_KEYS = 16_384, 255, 8192, 50
LEEWAY, FOREVER = 120, 10**11  # seconds by which clocks may differ, and that no moment reaches
_RSA: tuple[str, int | str] = ("RSA", 2048)
ALGORITHMS = {"RS256": _RSA, "PS256": _RSA, "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""The type of key with which each signs, and its size or curve; nothing else is read or made."""
GARBAGE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)  # of reading no token, or no key


class TokenFault(StrEnum):
    """Why a token is refused."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    SUBJECT = "subject"
    TIME = "time"
    NONCE = "nonce"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a fault


class TokenRefused(Exception):
    """A token that is not believed, and where its times are the reason how many seconds after the present it says it was made."""

    def __init__(self, fault: TokenFault, seconds: int = 0) -> None:
        self.fault, self.seconds = fault, seconds
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True)
class Expected:
    """Issuer, addressee and exchange that a token has to be of; `longest_age` is in seconds.

    Without a nonce it may have none, as tokens of a logout, which may be about no subject. `access_token` came with it, for `at_hash`.
    """

    issuer: str
    client_id: str
    nonce: str | None = None
    access_token: str | None = None
    longest_age: int = 600
    needs_subject: bool = True


class _Registry(jws.JWSRegistry):
    """The algorithms of this module. Header members that say nothing to it are passed over, critical ones refused."""

    max_header_length = max_payload_length = max_signature_length = LONGEST_TOKEN

    def get_alg(self, name: str) -> Any:
        """Return an algorithm, without the library's warning of the name EdDSA, which providers use."""
        if name not in ALGORITHMS:
            raise TokenRefused(TokenFault.ALGORITHM)
        return self.algorithms[name]

    def check_header(self, header: dict[str, Any]) -> None:
        """Raise TokenRefused for a header that wants to be read otherwise than usual."""
        if "crit" in header or "b64" in header or not isinstance(header.get("kid", ""), str):
            raise TokenRefused(TokenFault.MALFORMED)
        self.get_alg(header["alg"])


_REGISTRY = _Registry()


def _read_key(data: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...], jwk.Key]:
    """Return the id, the algorithms and the key of a public JWK; raise one of GARBAGE where it is for nothing that is read here."""
    bits = int.from_bytes(urlsafe_b64decode(data["n"] + "==")).bit_length() if "n" in data else 0
    kind = (data["kty"], data.get("crv", min(bits, 2048)))
    names = tuple(name for name, known in ALGORITHMS.items() if known == kind and data.get("alg", name) == name)
    if not names or bits > LONGEST_RSA or data.get("use", "sig") != "sig" or "verify" not in data.get("key_ops", ["verify"]):
        raise ValueError("a key for something else")
    public = {name: data[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in data}
    return data.get("kid"), names, jwk.import_key(public)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a provider, of the first fifty that it published: key id, algorithms, key."""

    keys: tuple[tuple[str | None, tuple[str, ...], jwk.Key], ...]

    @classmethod
    def read(cls, text: str | bytes) -> Self:
        """Read a JWK Set, passing over keys that cannot be used; raise ValueError where it is none."""
        keys = []
        try:
            published = json.loads(text)["keys"][:MOST_KEYS]
        except GARBAGE:
            raise ValueError("no JWK Set") from None
        for data in published:
            with suppress(*GARBAGE):
                keys.append(_read_key(data))
        return cls(tuple(keys))

    def key_for(self, kid: str | None, algorithm: str) -> jwk.Key:
        """Return the key of a token; raise TokenRefused where none fits, or where a token without a key id could mean several."""
        named = [(names, key) for own, names, key in self.keys if kid in (None, own)]
        fitting = [key for names, key in named if algorithm in names]
        if not fitting or (kid is None and len(named) > 1):
            raise TokenRefused(TokenFault.UNKNOWN_KEY)
        return fitting[0]


def read_token(text: str, keys: KeySet, expected: Expected, *, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token that is signed, for us, of this moment and of this exchange; raise TokenRefused otherwise."""
    try:
        header = jws.extract_compact(text.encode("ascii") if len(text) <= LONGEST_TOKEN else b"", None, _REGISTRY).headers()
        _REGISTRY.check_header(header)
        token = jws.deserialize_compact(text, keys.key_for(header.get("kid"), header["alg"]), registry=_REGISTRY)
        claims = dict[str, Any](json.loads(token.payload or b"").items())
    except BadSignatureError:
        raise TokenRefused(TokenFault.SIGNATURE) from None
    except GARBAGE:
        raise TokenRefused(TokenFault.MALFORMED) from None
    for is_wrong, fault in _checks(claims, expected, now.timestamp(), header["alg"]):
        if is_wrong:
            raise TokenRefused(fault, round(claims["iat"] - now.timestamp()) if fault is TokenFault.TIME else 0)
    return claims


def _checks(claims: Mapping[str, Any], expected: Expected, now: float, algorithm: str) -> Iterator[tuple[bool, TokenFault]]:
    """Yield the faults that a token may have, and whether it has each; a later check relies on those before."""
    audience, client_id, subject = claims.get("aud"), expected.client_id, claims.get("sub")
    audiences = audience if isinstance(audience, list) else [audience]
    presenter = claims.get("azp", client_id if len(audiences) == 1 else None)
    yield claims.get("iss") != expected.issuer, TokenFault.ISSUER
    yield client_id not in audiences or presenter != client_id, TokenFault.AUDIENCE
    is_subject = isinstance(subject, str) and 1 <= len(subject) <= LONGEST_SUBJECT and subject.isprintable()
    yield not is_subject and (expected.needs_subject or "sub" in claims), TokenFault.SUBJECT
    ends, made, begins = times = [claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)]
    yield not all(type(value) in (int, float) and abs(value) < FOREVER for value in times), TokenFault.MALFORMED
    yield max(made, begins) > now + LEEWAY or ends <= now - LEEWAY or made < now - expected.longest_age, TokenFault.TIME
    yield claims.get("nonce") != expected.nonce or ("nonce" in claims and expected.nonce is None), TokenFault.NONCE
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)((expected.access_token or "").encode()).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    yield claims.get("at_hash", half) != half, TokenFault.ACCESS_TOKEN


def make_key(algorithm: str) -> str:
    """Return a new private key with an id of its own, as a JWK that is stored sealed only; raise KeyError for another algorithm."""
    kind, size = ALGORITHMS[algorithm]
    key = jwk.JWKRegistry.generate_key(kind, size, {"use": "sig", "alg": algorithm}, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def public_key(key: str) -> Mapping[str, Any]:
    """Return the public part of a private key, as a JWK Set lists it."""
    return jwk.import_key(json.loads(key)).as_dict(private=False)


def sign(claims: Mapping[str, Any], key: str, **header: Any) -> str:
    """Return a signed token of claims; `header` adds members to its header, or leaves one out by None."""
    data = json.loads(key)
    members = {"typ": "JWT", "alg": data["alg"], "kid": data["kid"], **header}
    protected = {name: value for name, value in members.items() if value is not None}
    return jws.serialize_compact(protected, json.dumps(dict(claims)), jwk.import_key(data), registry=_REGISTRY)
