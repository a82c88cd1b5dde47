"""Verdicts on badges as files: the golden cases, and attacks that must fail (spec/certificates 10)."""

import base64
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certificates.rules.badges import (
    KEYWORD,
    MOST_BYTES,
    PNG_MARK,
    badge_document,
    badge_quads,
    baked_png,
    baked_svg,
    compact_json,
    png_badge,
    signed_document,
    signed_token,
    svg_badge,
)
from certificates.rules.verification import BadgeForm, BadgeVerdict, DocumentFault, OfflineState, judge, verify_document, verify_status_list
from tests.support.attacks import OTHER, SVG, chunk, leaves, with_change, with_chunks
from tests.support.badges import BADGE, METHOD, VECTOR_KEY, VECTORS, token_of, trusted, vector, vector_document

TRUSTED = (trusted(),)
CASES = [case for case in json.loads(vector("cases.json")) if not case["file"].endswith(".pdf")]
CREDENTIAL = vector("credential.json")


def state_on(case: dict[str, Any], content: bytes) -> BadgeVerdict | None:
    names = [case.get(name) for name in ("with_status", "and_newer")]
    lists = [found for name in names if name and (found := verify_status_list(vector(name), TRUSTED))]
    badge = verify_document(content, TRUSTED).badge
    return judge(badge, lists, datetime.fromisoformat(case["on"]).replace(tzinfo=UTC)) if badge else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']} {case['what']}")
def test_the_verdict_is_that_of_the_golden_case(case: dict[str, Any]) -> None:
    """spec/certificates V1, V7, K7; attacks 1, 9, 11 and 13."""
    finding = verify_document(vector(case["file"]), TRUSTED)
    if case["says"] == "altered":
        assert not finding.is_genuine
        assert finding.is_readable
        return
    verdict = state_on(case, vector(case["file"]))
    assert finding.is_genuine
    assert finding.badge == BADGE
    assert verdict is not None
    expected = OfflineState.REVOKED if case["says"] == "revoked" else OfflineState.IN_FORCE
    assert verdict.state is (OfflineState.UNKNOWN if "unknown" in case["says"] else expected)
    assert (verdict.status_list is None) is (case["with_status"] is None)


def test_each_value_changed_or_gone_alone_makes_it_altered() -> None:
    """spec/certificates, attack 1: every value of the document and of the proof, and every member taken out."""
    paths = leaves(vector_document())
    assert len(paths) > 30
    for path in paths:
        for is_gone in (False, True):
            assert not verify_document(with_change(path, is_gone=is_gone), TRUSTED).is_genuine, (path, is_gone)


def test_space_and_order_of_members_do_not_matter() -> None:
    document = dict(reversed(vector_document().items()))
    finding = verify_document(b"\n " + json.dumps(document, indent=4).encode() + b"\n", TRUSTED)
    assert (finding.form, finding.is_genuine, finding.badge) == (BadgeForm.JSON, True, BADGE)
    assert BADGE.code == "7K4M-92XD-C3QF-8TRA"


PAYLOAD = json.loads(base64.urlsafe_b64decode(vector("credential.jwt").split(b".")[1] + b"=="))
HEAD = {"alg": "EdDSA", "kid": METHOD, "typ": "vc+jwt"}


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ({**HEAD, "alg": "none"}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "alg": "ES256"}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "alg": "HS256"}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "typ": "JWT"}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "jwk": {"kty": "OKP"}}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "crit": []}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "kid": 1}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "kid": "../../keys/k1"}, DocumentFault.NOT_OUR_PROFILE),
        ({**HEAD, "kid": "did:web:aulario.example#../k1"}, DocumentFault.UNKNOWN_KEY),
        ({**HEAD, "kid": "did:web:evil.example#k1"}, DocumentFault.UNKNOWN_KEY),
        ({**HEAD, "kid": "did:web:aulario.example#k2"}, DocumentFault.UNKNOWN_KEY),
        (HEAD, None),
    ],
)
def test_a_token_has_one_form_of_head(head: dict[str, Any], fault: DocumentFault | None) -> None:
    """spec/certificates B8, attack 11: each is signed by the right key all the same."""
    assert verify_document(token_of(head, PAYLOAD).encode(), TRUSTED).fault is fault


def test_a_token_is_taken_with_line_breaks_and_in_no_second_form() -> None:
    """spec/certificates 15, B8: neither bits beyond its end, nor another payload, nor a signature by another key."""
    token = signed_token(BADGE, METHOD, VECTOR_KEY.sign)
    assert token == signed_token(BADGE, METHOD, VECTOR_KEY.sign)
    finding = verify_document("\r\n".join([token[:70], token[70:900], token[900:], ""]).encode(), TRUSTED)
    assert (finding.form, finding.badge, finding.is_genuine) == (BadgeForm.JWT, BADGE, True)
    other = token[:-1] + chr(ord(token[-1]) + 1)
    for text, fault in (
        (other, DocumentFault.NOT_OUR_PROFILE),
        (token_of(HEAD, {**PAYLOAD, "exp": 4_102_444_800}), DocumentFault.NOT_OUR_PROFILE),
        (token_of(HEAD, {**PAYLOAD, "sub": "urn:uuid:1"}), DocumentFault.NOT_OUR_PROFILE),
        (token_of(HEAD, PAYLOAD, OTHER), DocumentFault.BAD_SIGNATURE),
        (token_of(HEAD, PAYLOAD, None), DocumentFault.BAD_SIGNATURE),
        ("eyJ9.e30.x", DocumentFault.UNREADABLE),
        ("ey.e", DocumentFault.UNREADABLE),
    ):
        assert verify_document(text.encode(), TRUSTED).fault is fault, text[:20]


def test_a_badge_that_ends_does_so_in_every_form() -> None:
    ending = replace(BADGE, valid_until=BADGE.valid_from + timedelta(days=90))
    document = signed_document(badge_document(ending), badge_quads(ending), METHOD, BADGE.valid_from, VECTOR_KEY.sign)
    token = signed_token(ending, METHOD, VECTOR_KEY.sign)
    for content in (compact_json(document), token.encode()):
        badge = verify_document(content, TRUSTED).badge
        assert badge == ending
        assert judge(ending, (), BADGE.valid_from + timedelta(days=90, seconds=1)).state is OfflineState.EXPIRED
        assert judge(ending, (), BADGE.valid_from + timedelta(days=90)).state is OfflineState.UNKNOWN


def test_another_installation_of_this_program_is_another_issuer() -> None:
    """spec/certificates, attack 14: its address is there to be shown as text."""
    theirs = replace(BADGE, issuer="did:web:other.example")
    document = signed_document(badge_document(theirs), badge_quads(theirs), "did:web:other.example#k1", BADGE.valid_from, OTHER.sign)
    finding = verify_document(compact_json(document), TRUSTED)
    assert finding.fault is DocumentFault.OTHER_ISSUER
    assert finding.badge is not None
    assert finding.badge.issuer == "did:web:other.example"


def test_our_issuer_by_a_key_of_another_is_no_key_of_ours() -> None:
    """spec/certificates B8: a known key proves its own issuer only."""
    both = (trusted(), trusted("did:web:other.example#k1", OTHER.public_key()))
    document = signed_document(badge_document(BADGE), badge_quads(BADGE), "did:web:other.example#k1", BADGE.valid_from, OTHER.sign)
    assert verify_document(compact_json(document), both).fault is DocumentFault.UNKNOWN_KEY


def test_a_compromised_key_counts_until_then_and_for_no_token() -> None:
    """spec/certificates K4: a token does not say when it was signed."""
    for since, fault in ((BADGE.valid_from, DocumentFault.COMPROMISED_KEY), (BADGE.valid_from + timedelta(seconds=1), None)):
        keys = (trusted(compromised_since=since),)
        assert verify_document(CREDENTIAL, keys).fault is fault
        assert verify_document(vector("credential.jwt"), keys).fault is DocumentFault.COMPROMISED_KEY


def test_a_list_of_a_day_before_the_badge_says_nothing_of_it() -> None:
    """spec/certificates K7, V7: one of the same day counts, because a list begins at midnight."""
    clean, now = verify_status_list(vector("status-clean-older.json"), TRUSTED), BADGE.valid_from + timedelta(days=1)
    assert clean is not None
    lists = {days: replace(clean, valid_from=BADGE.valid_from.replace(hour=0) - timedelta(days=days)) for days in (0, 1)}

    states = {days: judge(BADGE, [status_list], now) for days, status_list in lists.items()}

    assert {days: verdict.state for days, verdict in states.items()} == {0: OfflineState.IN_FORCE, 1: OfflineState.UNKNOWN}
    assert states[1].status_list == lists[1]


def test_a_badge_by_a_key_that_was_lost_later_is_in_force_only_by_the_register() -> None:
    """spec/certificates K4: who has the key can claim any earlier moment; a status list by it counts for nothing."""
    keys, now = (trusted(compromised_since=BADGE.valid_from + timedelta(days=30)),), datetime(2026, 12, 1, tzinfo=UTC)
    clean = verify_status_list(vector("status-clean-older.json"), TRUSTED)
    revoked = verify_status_list(vector("status-revoked.json"), TRUSTED)
    assert clean is not None
    assert revoked is not None

    finding = verify_document(CREDENTIAL, keys)

    assert finding.is_genuine
    assert judge(BADGE, [clean], now).state is OfflineState.IN_FORCE
    assert judge(BADGE, [clean], now, finding.compromised_since).state is OfflineState.UNKNOWN
    assert judge(BADGE, [revoked], now, finding.compromised_since).state is OfflineState.REVOKED
    assert verify_status_list(vector("status-clean-older.json"), keys) is None


def test_without_keys_the_golden_files_are_of_another_issuer() -> None:
    """spec/certificates, attack 16: the keys of the golden files are in no installation's list."""
    for path in VECTORS.glob("credential.*"):
        if path.suffix in (".json", ".jwt"):
            assert verify_document(path.read_bytes(), ()).fault is DocumentFault.OTHER_ISSUER
    assert verify_status_list(vector("status-revoked.json"), ()) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        bytes(2_000_000),
        b"{",
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"\xef\xbb\xbf" + CREDENTIAL,
        CREDENTIAL.decode().encode("utf-16"),
        b'{"a": "' + b"x" * MOST_BYTES + b'"}',
        b"%PDF-1.7",
        b"<html></html>",
        PNG_MARK,
        vector("badge.png") + b"x",
        vector("badge.png")[:-20],
        b"[]",
        b'{"a": \xff}',
    ],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_badge_is_unreadable_and_not_altered(content: bytes) -> None:
    """spec/certificates 15."""
    finding = verify_document(content, TRUSTED)
    assert finding.fault is DocumentFault.UNREADABLE
    assert not finding.is_genuine


@pytest.mark.parametrize("extra", [b'"a": 1.5', b'"a": NaN', b'"id": "x"', b'"a": "\\u0007"', b'"a": "\\ud800"'])
def test_what_readers_understand_differently_is_altered(extra: bytes) -> None:
    """spec/certificates B3, B4."""
    assert verify_document(CREDENTIAL.replace(b"{", b"{" + extra + b",", 1), TRUSTED).fault is DocumentFault.AMBIGUOUS


def test_a_png_holds_one_badge_and_baking_again_replaces_it() -> None:
    """spec/certificates B7."""
    token = vector("credential.jwt").strip()
    picture = baked_png(baked_png(vector("badge.png"), b"{}"), token)
    assert picture.count(KEYWORD) == 1
    assert png_badge(picture) == token
    finding = verify_document(picture, TRUSTED)
    assert (finding.form, finding.badge) == (BadgeForm.PNG, BADGE)
    packed = chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(CREDENTIAL))
    assert verify_document(with_chunks(packed), TRUSTED).is_genuine


@pytest.mark.parametrize(
    ("chunks", "fault"),
    [
        ([chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + CREDENTIAL)] * 2, DocumentFault.NOT_OUR_PROFILE),
        (
            [chunk(b"tEXt", KEYWORD + b"\0" + CREDENTIAL), chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + CREDENTIAL)],
            DocumentFault.NOT_OUR_PROFILE,
        ),
        ([chunk(b"tEXt", KEYWORD + b"\0" + CREDENTIAL)], DocumentFault.NOT_OUR_PROFILE),
        ([chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(b" " * 10**8))], DocumentFault.UNREADABLE),
        ([chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0x")], DocumentFault.UNREADABLE),
        ([chunk(b"iTXt", KEYWORD + b"\0\0\0")], DocumentFault.UNREADABLE),
        ([], DocumentFault.UNREADABLE),
        ([chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + CREDENTIAL)[:-1] + b"x"], DocumentFault.UNREADABLE),
    ],
    ids=["twice", "twice, one plain", "in a plain chunk", "bomb", "not packed", "cut", "none", "checksum"],
)
def test_a_png_of_tricks_is_not_genuine(chunks: list[bytes], fault: DocumentFault) -> None:
    """spec/certificates, attack 12."""
    assert verify_document(with_chunks(*chunks), TRUSTED).fault is fault


def test_an_svg_holds_one_badge_and_baking_again_replaces_it() -> None:
    """spec/certificates B7: also where the badge holds the end of a section."""
    document = json.dumps({"a": "]]>"})
    picture = baked_svg(baked_svg(SVG, CREDENTIAL.decode()), document)
    assert picture.count("<openbadges:credential ") == 1
    assert json.loads(svg_badge(picture)) == json.loads(document)
    finding = verify_document(baked_svg(picture, CREDENTIAL.decode()).encode(), TRUSTED)
    assert (finding.form, finding.badge, finding.is_genuine) == (BadgeForm.SVG, BADGE, True)


BAKED = baked_svg(SVG, CREDENTIAL.decode())


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (BAKED.replace("<path", "<script>alert(1)</script><path"), DocumentFault.NOT_OUR_PROFILE),
        (BAKED.replace("<path", '<path onload="alert(1)"'), DocumentFault.NOT_OUR_PROFILE),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + BAKED, DocumentFault.NOT_OUR_PROFILE),
        (BAKED.replace("<path", '<image href="https://evil.example/a.png"/><path'), DocumentFault.NOT_OUR_PROFILE),
        (BAKED.replace("<path", "<style>@import 'https://evil.example/a.css'</style><path"), DocumentFault.NOT_OUR_PROFILE),
        (BAKED.replace("<path", '<path fill="url(https://evil.example/a)"'), DocumentFault.NOT_OUR_PROFILE),
        (BAKED.replace("</svg>", BAKED[BAKED.index("<openb") : BAKED.index("<path")] + "</svg>"), DocumentFault.NOT_OUR_PROFILE),
        (SVG.replace("<path", '<openbadges:credential verify="x"/><path'), DocumentFault.NOT_OUR_PROFILE),
        (SVG, DocumentFault.UNREADABLE),
    ],
    ids=["script", "handler", "entity", "picture from outside", "import", "paint from outside", "two", "by reference", "none"],
)
def test_an_svg_of_tricks_is_not_genuine(picture: str, fault: DocumentFault) -> None:
    """spec/certificates, attack 12."""
    assert verify_document(picture.encode(), TRUSTED).fault is fault


def test_a_list_that_was_changed_counts_for_nothing() -> None:
    """spec/certificates K7, attack 9."""
    revoked = vector_document("status-revoked.json")
    for change in ({"validUntil": "2036-12-22T00:00:00Z"}, {"issuer": "did:web:evil.example"}, {"nota": "x"}):
        assert verify_status_list(json.dumps({**revoked, **change}).encode(), TRUSTED) is None
    assert verify_status_list(b"[]", TRUSTED) is None
    assert verify_status_list(CREDENTIAL, TRUSTED) is None
    assert not verify_document(vector("status-revoked.json"), TRUSTED).is_genuine
