"""Signed tokens of providers: each rule with the honest token first, then what it refuses."""

import hashlib
import hmac
import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from kernel import jose
from kernel.jose import (
    ALGORITHMS,
    LONGEST_TOKEN,
    MOST_KEYS,
    Expected,
    KeySet,
    TokenFault,
    TokenRefused,
    make_key,
    public_key,
    read_token,
    sign,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://idp.example.org/realm", "aulario", "n-0S6_WzA2Mj"
EXPECTED = Expected(ISSUER, CLIENT, NONCE)
LOGOUT = Expected(ISSUER, CLIENT, longest_age=300, needs_subject=False)
Claims = Mapping[str, Any]


@cache
def key_of(algorithm: str, number: int = 0) -> str:
    return make_key(algorithm)


def moment(**after: float) -> int:
    return int((NOW + timedelta(**after)).timestamp())


def claims(**changes: object) -> dict[str, Any]:
    """Return the claims of an honest token with changes; None takes one away."""
    honest = {"iss": ISSUER, "aud": CLIENT, "sub": "ana", "exp": moment(minutes=5), "iat": moment(), "nonce": NONCE}
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def key_set(*keys: Claims | str) -> KeySet:
    return KeySet.read(json.dumps({"keys": [public_key(key) if isinstance(key, str) else key for key in keys]}))


KEY = key_of("ES256")
KEYS = key_set(KEY)


def fault(token: str, keys: KeySet = KEYS, expected: Expected = EXPECTED) -> TokenFault | None:
    """Return why a token is refused, None where it is believed."""
    try:
        read_token(token, keys, expected, now=NOW)
    except TokenRefused as refused:
        return refused.fault
    return None


def fault_of(expected: Expected = EXPECTED, **changes: object) -> TokenFault | None:
    return fault(sign(claims(**changes), KEY), expected=expected)


def encoded(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_is_believed_by_each_of_four_algorithms(algorithm: str) -> None:
    key = key_of(algorithm)
    token = sign(claims(email="ana@example.org"), key)

    assert read_token(token, key_set(key), EXPECTED, now=NOW) == claims(email="ana@example.org")
    body, _dot, signature = token.rpartition(".")
    assert fault(f"{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}", key_set(key)) is TokenFault.SIGNATURE


def test_a_token_without_a_signature_is_refused() -> None:
    """Attack 1."""
    header = {"alg": "none", "kid": public_key(KEY)["kid"]}

    assert fault(sign(claims(), KEY)) is None
    assert fault(f"{encoded(header)}.{encoded(claims())}.") is TokenFault.ALGORITHM
    assert fault(f"{encoded({'alg': 'None'})}.{encoded(claims())}.") is TokenFault.ALGORITHM


@pytest.mark.parametrize("secret", ["jwk", "pem"])
def test_a_public_key_is_no_secret_for_hmac(secret: str) -> None:
    """Attack 2."""
    public = public_key(key_of("RS256"))
    secrets = {"jwk": json.dumps(public).encode(), "pem": jose.jwk.import_key(dict(public)).as_pem()}
    signed = f"{encoded({'alg': 'HS256', 'kid': public['kid']})}.{encoded(claims())}"
    token = f"{signed}.{encoded(hmac.digest(secrets[secret], signed.encode(), 'sha256'))}"

    assert fault(sign(claims(), key_of("RS256")), key_set(public)) is None
    assert fault(token, key_set(public)) is TokenFault.ALGORITHM
    assert fault(token, key_set({"kty": "oct", "k": encoded(secrets[secret]), "kid": public["kid"]}, public)) is TokenFault.ALGORITHM


def test_a_key_of_another_provider_is_refused_also_under_the_same_key_id() -> None:
    """Attack 3."""
    other = key_of("ES256", 1)

    assert fault(sign(claims(), other), key_set(other)) is None
    assert fault(sign(claims(), other)) is TokenFault.UNKNOWN_KEY
    assert fault(sign(claims(), other, kid=public_key(KEY)["kid"])) is TokenFault.SIGNATURE
    assert fault(sign(claims(), other, kid=None)) is TokenFault.SIGNATURE


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": []},
        {"aud": None},
        {"aud": ["other"]},
        {"aud": f"{CLIENT} other"},
        {"aud": {CLIENT: 1}},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"azp": [CLIENT]},
    ],
    ids=str,
)
def test_a_token_for_another_client_is_refused(changes: Claims) -> None:
    """Attack 4."""
    assert fault_of(aud=[CLIENT]) is None
    assert fault_of(aud=CLIENT, azp=CLIENT) is None
    assert fault_of(aud=["other", CLIENT], azp=CLIENT) is None
    assert fault(sign({**claims(), **changes}, KEY)) is TokenFault.AUDIENCE


@pytest.mark.parametrize("issuer", [f"{ISSUER}/", ISSUER.upper(), "https://idp.example.org", None, [ISSUER], ""])
def test_an_issuer_that_differs_by_one_character_is_refused(issuer: object) -> None:
    assert fault_of() is None
    assert fault_of(iss=issuer) is TokenFault.ISSUER


@pytest.mark.parametrize("nonce", ["another", "", None, [NONCE], 7])
def test_a_token_of_another_sign_in_is_refused(nonce: object) -> None:
    """Attack 5."""
    assert fault_of(nonce=NONCE) is None
    assert fault_of(nonce=nonce) is TokenFault.NONCE


def test_a_token_of_a_logout_has_no_nonce() -> None:
    """Attack 21."""
    assert fault_of(LOGOUT, nonce=None) is None
    assert fault_of(LOGOUT, nonce=NONCE) is TokenFault.NONCE
    assert fault(sign({**claims(), "nonce": None}, KEY), expected=LOGOUT) is TokenFault.NONCE


def test_a_token_of_a_logout_may_be_about_no_subject() -> None:
    assert fault_of(LOGOUT, nonce=None, sub=None, sid="s") is None
    assert fault_of(sub=None) is TokenFault.SUBJECT
    assert fault_of(LOGOUT, nonce=None, sub="") is TokenFault.SUBJECT


@pytest.mark.parametrize("subject", ["", "x" * 256, 7, ["ana"], None, "a\0b", "\ud800"])
def test_a_subject_has_1_to_255_characters(subject: object) -> None:
    assert fault_of(sub="x") is None
    assert fault_of(sub="x" * 255) is None
    assert fault_of(sub=subject) is TokenFault.SUBJECT


def test_times_have_120_seconds_of_leeway_and_age_has_none() -> None:
    cases: list[dict[str, object]] = [
        {"exp": moment(seconds=-119)},
        {"iat": moment(seconds=120)},
        {"nbf": moment(seconds=120)},
        {"iat": moment(minutes=-10)},
        {"exp": moment(seconds=300) + 0.5, "iat": moment() - 0.5},
    ]
    beyond = [
        {"exp": moment(seconds=-120)},
        {"iat": moment(seconds=121)},
        {"nbf": moment(seconds=121)},
        {"iat": moment(minutes=-10, seconds=-1)},
    ]

    assert [fault_of(**changes) for changes in cases] == [None] * 5
    assert [fault_of(**changes) for changes in beyond] == [TokenFault.TIME] * 4


def test_a_longest_age_can_be_shorter() -> None:
    assert fault_of(LOGOUT, nonce=None, iat=moment(minutes=-5)) is None
    assert fault_of(LOGOUT, nonce=None, iat=moment(minutes=-5, seconds=-1)) is TokenFault.TIME


def test_a_refusal_says_how_far_the_clocks_are_apart() -> None:
    for minutes in (-17, 7):
        with pytest.raises(TokenRefused) as caught:
            read_token(sign(claims(iat=moment(minutes=minutes)), KEY), KEYS, EXPECTED, now=NOW)

        assert (caught.value.fault, caught.value.seconds) == (TokenFault.TIME, minutes * 60)
    with pytest.raises(TokenRefused) as caught:
        read_token(sign(claims(iss="x"), KEY), KEYS, EXPECTED, now=NOW)
    assert caught.value.seconds == 0


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [math.inf, math.nan, 10**400, "2026", True, [1], "later"])
def test_a_time_that_is_no_moment_is_refused(name: str, value: object) -> None:
    assert fault_of(**{name: moment(seconds=1)}) is None
    assert fault_of(**{name: value}) is TokenFault.MALFORMED


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_a_token_says_when_it_was_made_and_when_it_ends(name: str) -> None:
    assert fault_of() is None
    assert fault_of(**{name: None}) is TokenFault.MALFORMED


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_the_hash_of_an_access_token_is_checked_where_there_is_one(algorithm: str) -> None:
    """OpenID Connect Core 3.1.3.6: the left half of the hash that the algorithm uses."""
    key = key_of(algorithm)
    digest = (hashlib.sha256 if algorithm == "ES256" else hashlib.sha512)(b"token").digest()
    right = encoded(digest[: len(digest) // 2])

    def check(access_token: str | None, at_hash: str | None) -> TokenFault | None:
        return fault(sign(claims(at_hash=at_hash), key), key_set(key), Expected(ISSUER, CLIENT, NONCE, access_token=access_token))

    assert check("token", right) is None
    assert check("token", None) is None
    assert check("other", right) is TokenFault.ACCESS_TOKEN
    assert check("token", right[:-1]) is TokenFault.ACCESS_TOKEN
    assert check(None, right) is TokenFault.ACCESS_TOKEN


def test_a_token_has_16_kb_at_most() -> None:
    """Attack 15."""
    empty = sign(claims(filling=""), KEY)
    filling = "x" * ((LONGEST_TOKEN - len(empty)) * 3 // 4)
    longest, too_long = sign(claims(filling=filling), KEY), sign(claims(filling=f"{filling}xxx"), KEY)

    assert LONGEST_TOKEN - 4 < len(longest) <= LONGEST_TOKEN < len(too_long)
    assert fault(longest) is None
    assert fault(too_long) is TokenFault.MALFORMED
    assert fault(sign(claims(filling="x" * LONGEST_TOKEN), KEY)) is TokenFault.MALFORMED
    assert fault("a" * 1_000_000) is TokenFault.MALFORMED


def test_keys_and_addresses_that_a_token_brings_along_are_not_read() -> None:
    """Attack 16."""
    other = key_of("ES256", 1)
    brought = {
        "jku": "https://evil.example.org/keys",
        "x5u": "not even an address",
        "jwk": public_key(other),
        "x5c": ["AAAA"],
    }

    assert fault(sign(claims(), KEY, **brought)) is None
    assert fault(sign(claims(), other, **brought)) is TokenFault.UNKNOWN_KEY
    assert fault(sign(claims(), other, **brought, kid=public_key(KEY)["kid"])) is TokenFault.SIGNATURE
    assert fault(sign(claims(), other, **brought, kid=None)) is TokenFault.SIGNATURE


def test_headers_that_change_how_a_token_is_read_are_refused() -> None:
    def signed(header: Claims) -> str:
        whole = {"alg": "ES256", "kid": public_key(KEY)["kid"], **header}
        text = f"{encoded(whole)}.{encoded(claims())}"
        algorithm = jose.jws.JWSRegistry.algorithms["ES256"]
        return f"{text}.{encoded(algorithm.sign(text.encode(), jose.jwk.import_key(json.loads(KEY))))}"

    assert fault(signed({"typ": "at+jwt", "x5t": "abc", "own": 1})) is None
    for header in (
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"kid": 7},
        {"kid": ["a"]},
        {"alg": ["ES256"]},
    ):
        assert fault(signed(header)) is TokenFault.MALFORMED, header


def test_only_the_first_fifty_keys_are_read() -> None:
    """Attack 17."""
    public = public_key(KEY)
    others = [{**public, "kid": f"k{number}"} for number in range(1000)]

    assert len(key_set(*others).keys) == MOST_KEYS == 50
    assert fault(sign(claims(), KEY), key_set(*others[:49], public)) is None
    assert fault(sign(claims(), KEY), key_set(*others[:50], public)) is TokenFault.UNKNOWN_KEY


def test_a_token_without_a_key_id_needs_a_set_with_exactly_one_usable_key() -> None:
    token = sign(claims(), KEY, kid=None)
    public = public_key(KEY)
    unusable: list[Claims] = [{**public, "use": "enc"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "AKP"}]

    assert fault(token, key_set(KEY)) is None
    assert fault(token, key_set(*unusable, KEY)) is None
    assert fault(token, key_set(KEY, key_of("ES256", 1))) is TokenFault.UNKNOWN_KEY
    assert fault(token, key_set(KEY, key_of("RS256"))) is TokenFault.UNKNOWN_KEY
    assert fault(token, key_set()) is TokenFault.UNKNOWN_KEY
    assert fault(sign(claims(), KEY, kid=""), key_set(KEY)) is TokenFault.UNKNOWN_KEY


def test_keys_for_something_else_or_of_doubtful_strength_are_passed_over() -> None:
    public, rsa_public = public_key(KEY), public_key(key_of("RS256"))

    def numbers(bits: int) -> dict[str, str]:
        made = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key().public_numbers()
        return {"kty": "RSA", "e": "AQAB", "n": encoded(made.n.to_bytes(bits // 8)), "kid": "weak"}

    curve = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    p384 = {"kty": "EC", "crv": "P-384", "x": encoded(curve.x.to_bytes(48)), "y": encoded(curve.y.to_bytes(48))}
    bare = {name: rsa_public[name] for name in ("kty", "n", "e")}
    unusable: list[object] = [
        {**public, "use": "enc"},
        {**public, "key_ops": ["sign"]},
        {**public, "alg": "ES384"},
        {**public, "x": public["y"]},
        {**public, "x": "*"},
        {**public, "crv": "P-256K"},
        {**rsa_public, "alg": "RSA-OAEP"},
        {**rsa_public, "alg": "RS512"},
        {**bare, "n": encoded(b"\xff" * 1025)},
        numbers(1024),
        p384,
        {"kty": "OKP", "crv": "X25519", "x": encoded(bytes(32))},
        {"kty": "oct", "k": "c2VjcmV0"},
        *({}, {"kty": []}, {"kty": "EC", "crv": []}, [], None, 7, "key"),
    ]

    assert [names for _kid, names, _key in key_set(public, bare, {**rsa_public, "use": "sig", "key_ops": ["verify"]}).keys] == [
        *(("ES256",), ("RS256", "PS256"), ("RS256",))
    ]
    assert KeySet.read(json.dumps({"keys": unusable})).keys == ()


def test_a_key_verifies_by_its_own_algorithm_alone() -> None:
    key = key_of("RS256")
    both = {name: public_key(key)[name] for name in ("kty", "n", "e", "kid")}
    token = sign(claims(), json.dumps({**json.loads(key), "alg": "PS256"}))

    assert fault(token, key_set(both)) is None
    assert fault(token, key_set(key)) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 7}', '{"keys": null}', "[" * 100_000, '{"keys": {}}', "\ud800"])
def test_what_is_no_key_set_is_refused(text: str) -> None:
    assert KeySet.read('{"keys": []}').keys == ()
    with pytest.raises(ValueError, match="no JWK Set"):
        KeySet.read(text)


def test_what_is_no_token_is_refused() -> None:
    signed = sign(claims(), KEY)
    header, body, signature = signed.split(".")
    deep = encoded(b"[" * 9000)
    garbage = [
        *(
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            f"{header}.{body}",
            f"{signed}.{signature}",
            f"{header}..{signature}",
            f"{deep}.{body}.{signature}",
        ),
        *(f"{encoded(7)}.{body}.{signature}", f"{encoded('algb64')}.{body}.{signature}", f"{encoded(['alg'])}.{body}.{signature}"),
        *(f"{encoded({'alg': 7})}.{body}.{signature}", f"{encoded({})}.{body}.{signature}", f"{signed}ñ", "\0", "\ud800"),
    ]

    assert fault(signed) is None
    assert {fault(token) for token in garbage} <= {TokenFault.MALFORMED, TokenFault.ALGORITHM, TokenFault.SIGNATURE}


@pytest.mark.parametrize("payload", [b"[]", b"7", b"null", b'"text"', b"{", b"", b"\xff", b"[" * 9000])
def test_claims_are_an_object(payload: bytes) -> None:
    def signed(content: bytes) -> str:
        members = {"alg": "ES256", "kid": public_key(KEY)["kid"]}
        return jose.jws.serialize_compact(members, content, jose.jwk.import_key(json.loads(KEY)), registry=jose._REGISTRY)

    assert fault(signed(json.dumps(claims()).encode())) is None
    assert fault(signed(payload)) is TokenFault.MALFORMED


@given(st.text(alphabet=st.characters(max_codepoint=200), max_size=80), st.integers(0, 400))
def test_no_text_and_no_changed_token_raises_anything_else(text: str, place: int) -> None:
    signed = sign(claims(), KEY)
    cut = place % len(signed)

    assert fault(text) is not None
    assert fault(signed[:cut] + text + signed[cut + 1 :]) is not None or signed[cut] == text


def test_a_key_of_our_own_is_published_without_its_secret() -> None:
    for algorithm in ALGORITHMS:
        private, public = json.loads(key_of(algorithm)), public_key(key_of(algorithm))

        assert "d" in private
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(public)
        assert (public["use"], public["alg"], public["kid"]) == ("sig", algorithm, private["kid"])
    with pytest.raises(KeyError):
        make_key("HS256")


def test_we_sign_with_no_other_algorithm() -> None:
    assert sign(claims(), KEY)
    with pytest.raises(TokenRefused):
        sign(claims(), KEY, alg="ES384")
