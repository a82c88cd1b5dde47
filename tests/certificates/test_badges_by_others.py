"""Badges and status lists as programs of others understand them: PyLD writes their canonical form, openbadgeslib verifies them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib.ob3.contexts import document_loader
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openbadgeslib.ob3.verifier import OB3Verifier
from pyld import jsonld
from pytest_socket import disable_socket, enable_socket

from certificates.rules.badges import (
    BadgeContent,
    Document,
    badge_document,
    badge_quads,
    is_signable,
    read_badge,
    signed_document,
    signed_token,
)
from certificates.rules.status_lists import read_status_list, status_list_quads
from certificates.rules.verification import verify_document
from tests.support.badges import BADGE, METHOD, VECTOR_KEY, trusted, vector_document

PUBLIC = VECTOR_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
CREATED = datetime(2026, 7, 14, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """spec/certificates B5: every context is a file; neither issuing nor verifying opens a socket."""
    disable_socket()
    yield
    enable_socket()


def canonical_by_pyld(document: Document) -> bytes:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": document_loader()}
    text: str = jsonld.normalize(document, options)
    return text.encode()


TEXT = st.text(min_size=1, max_size=60).filter(is_signable)
PATH = st.text(alphabet="abcxyzABC0129-._~/%!$&'()*+,;=:@?#[]", max_size=20)
MOMENT = st.integers(-(10**10), 10**11).map(lambda seconds: CREATED + timedelta(seconds=seconds))
CONTENTS = st.builds(
    BadgeContent,
    address=PATH.map("https://aulario.example/v/{}".format),
    issuer=st.sampled_from(("did:web:aulario.example", "did:web:localhost%3A8000")),
    issuer_name=TEXT,
    course=PATH.map("https://aulario.example/courses/{}".format),
    title=TEXT,
    description=TEXT,
    criteria=TEXT,
    person_name=TEXT,
    subject=st.uuids().map(UUID.__str__).map("urn:uuid:{}".format),
    valid_from=MOMENT,
    valid_until=st.none() | MOMENT,
    status_list=st.integers(1, 99).map("https://aulario.example/status/{}".format),
    status_place=st.integers(0, 131_071),
)


@pytest.mark.slow
@settings(max_examples=1000)
@given(CONTENTS)
def test_our_canonical_form_is_that_of_a_json_ld_processor(content: BadgeContent) -> None:
    """spec/certificates B5, B6, D2: 1,000 drawn credentials."""
    document = badge_document(content)
    assert badge_quads(content) == canonical_by_pyld(document)
    assert read_badge(json.loads(json.dumps(document))) == content


def proved(content: BadgeContent) -> Document:
    return signed_document(badge_document(content), badge_quads(content), METHOD, CREATED, VECTOR_KEY.sign)


@settings(max_examples=25)
@given(CONTENTS)
@pytest.mark.slow
def test_a_library_of_others_verifies_badges_of_ours(content: BadgeContent) -> None:
    """spec/certificates B6, B8: the proof and the token."""
    content = replace(content, valid_from=CREATED, valid_until=None, issuer="did:web:aulario.example")
    document = proved(content)
    assert OB3LdpVerifier(PUBLIC).verify(document).id == content.address
    assert OB3Verifier(PUBLIC).verify(signed_token(content, METHOD, VECTOR_KEY.sign)).id == content.address
    assert verify_document(json.dumps(document).encode(), (trusted(),)).badge == content


def test_status_lists_have_the_canonical_form_of_a_json_ld_processor() -> None:
    """spec/certificates K6."""
    for name in ("status-clean-older.json", "status-revoked.json"):
        golden = vector_document(name)
        del golden["proof"]
        assert status_list_quads(read_status_list(golden)) == canonical_by_pyld(golden)


def test_the_golden_badge_is_canonical_in_a_few_lines() -> None:
    """A small one of the slow test above."""
    for content in (BADGE, replace(BADGE, valid_until=CREATED, person_name='Ñ "x" \\ \n')):
        assert badge_quads(content) == canonical_by_pyld(badge_document(content))
