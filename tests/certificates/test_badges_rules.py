"""The badge's profile, its canonical form and its proof, against the golden files."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from certificates.layout.reading import read_template
from certificates.rules.badges import (
    BadgeContent,
    Document,
    NotOurProfile,
    Proof,
    badge_document,
    badge_quads,
    decoded_base58,
    encoded_base58,
    is_signable,
    proof_document,
    proof_quads,
    read_badge,
    read_proof,
    signed_document,
)
from certificates.rules.status_lists import (
    StatusListContent,
    StatusPurpose,
    encoded_bits,
    read_status_list,
    status_list_document,
    status_list_quads,
)
from certificates.rules.transcripts import signable_text
from tests.support import folders
from tests.support.badges import BADGE, METHOD, VECTOR_KEY, vector, vector_document

CREATED = datetime(2026, 7, 14, 12, tzinfo=UTC)
HASHES = vector_document("keys.json")["hashes"]


def signed(content: BadgeContent) -> Document:
    return signed_document(badge_document(content), badge_quads(content), METHOD, CREATED, VECTOR_KEY.sign)


def test_content_document_quads_and_proof_are_those_of_the_golden_badge() -> None:
    """spec/certificates B2, B3."""
    golden = vector_document()
    assert signed(BADGE) == golden
    assert badge_quads(BADGE) == vector("credential.nq")
    assert hashlib.sha256(badge_quads(BADGE)).hexdigest() == HASHES["document_sha256"]
    assert proof_quads(read_proof(golden["proof"])) == vector("proof.nq")
    assert hashlib.sha256(vector("proof.nq")).hexdigest() == HASHES["proof_sha256"]
    assert read_badge({name: value for name, value in golden.items() if name != "proof"}) == BADGE


def test_both_golden_status_lists_are_read_and_written_alike() -> None:
    """spec/certificates K6: the form that other programs verify; one place of one list is set."""
    for name, is_set in (("status-clean-older.json", False), ("status-revoked.json", True)):
        golden = vector_document(name)
        proof = golden.pop("proof")
        content = read_status_list(golden)
        made = signed_document(
            status_list_document(content), status_list_quads(content), METHOD, read_proof(proof).created, VECTOR_KEY.sign
        )
        assert made["proof"] == proof
        assert content.is_set(4711) is is_set
        assert not content.is_set(4712)
        assert not content.is_set(10**9)


def test_places_of_a_status_list_come_back() -> None:
    """spec/certificates K6: the first place is the highest bit of the first byte; equal places, equal text."""
    encoded = encoded_bits((0, 9, 131_071), 131_072)
    content = StatusListContent("https://a.example/status/1", "did:web:a.example", encoded, CREATED, CREATED, StatusPurpose.REFRESH)
    assert [place for place in range(131_072) if place in (0, 1, 8, 9, 10, 131_071) and content.is_set(place)] == [0, 9, 131_071]
    assert encoded == encoded_bits((131_071, 9, 0), 131_072)
    assert read_status_list(status_list_document(content)) == content


@pytest.mark.parametrize("encoded", ["", "u", "x", "uH4sI", "zH4sIANEeA2sC", encoded_bits((1,), 64) + "AAAA"])
def test_a_status_list_that_cannot_be_read_is_not_ours(encoded: str) -> None:
    content = StatusListContent("https://a.example/status/1", "did:web:a.example", encoded, CREATED, CREATED)
    with pytest.raises(NotOurProfile):
        content.is_set(1)


CHANGES = {
    "another context": lambda document: document["@context"].append("https://aulario.example/own"),
    "a member more": lambda document: document.update(nota="20/20"),
    "a member more inside": lambda document: document["issuer"].update(email="a@example.org"),
    "a type more": lambda document: document["type"].append("Diploma"),
    "a subject's type gone": lambda document: document["credentialSubject"].pop("type"),
    "no status": lambda document: document.pop("credentialStatus"),
    "two identifiers": lambda document: document["credentialSubject"]["identifier"].append({"type": "IdentityObject"}),
    "a zero for false": lambda document: document["credentialSubject"]["identifier"][0].update(hashed=0),
    "another name of the course": lambda document: document["credentialSubject"]["achievement"].update(name="Medicina"),
    "another place in the address": lambda document: document["credentialStatus"].update(statusListIndex="4712"),
    "a place in other digits": lambda document: document["credentialStatus"].update(statusListIndex="٤٧١١"),
    "a day for a moment": lambda document: document.update(validFrom="2026-07-14"),
    "no text": lambda document: document.update(name=None),
    "an address that needs escapes": lambda document: document.update(id="https://aulario.example/v/a b"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_exactly_the_profile_is_read(change: str) -> None:
    """spec/certificates B3."""
    document = vector_document()
    del document["proof"]
    CHANGES[change](document)
    with pytest.raises(NotOurProfile):
        read_badge(document)


@pytest.mark.parametrize("text", ["a\tb", "a\x00b", "a\rb", "a\x7fb", "Jose\u0301", "\ud800", "a\ufffe"])
def test_text_that_canonicalisers_write_differently_is_not_signed(text: str) -> None:
    """spec/certificates B4."""
    assert not is_signable(text)
    assert not replace(BADGE, person_name=text).is_sound
    assert is_signable("dos\nlíneas \U0001f600 \u200f")


def test_they_are_taken_out_where_titles_and_templates_come_in() -> None:
    """spec/certificates B4: also where YAML writes them between double quotes."""
    course = folders.course(folders.changed("course.yaml", "  es: El agua en casa", '  es: "El agua\\u0007 en casa"'))
    text = 'format: 1\nkey: a\ntitle: {es: "A\\0"}\nelements:\n  - {kind: text, text: "a\\u0007", at: [20, 60], width: 30, size: 4}\n'
    required = "  - {kind: qr, at: [200, 20], size: 26}\n  - {kind: code, at: [200, 60], width: 41}\n"
    template = read_template({"template.yaml": (text + required).encode()}, today=date(2026, 1, 1)).template

    assert course.title["es"] == "El agua en casa"
    assert template is not None
    assert (template.title["es"], getattr(template.elements[0], "text", {})["es"]) == ("A", "a")
    assert signable_text("Jose\u0301\u0007") == "José"


def test_base_58_takes_exactly_its_own_form() -> None:
    assert decoded_base58(encoded_base58(b"\0\0\1"), 3) == b"\0\0\1"
    for text, length in (("1" * 4, 3), ("z" * 90, 64), ("0", 1), ("", 1)):
        with pytest.raises(ValueError, match=r"base 58|substring"):
            decoded_base58(text, length)


def test_a_proof_of_another_kind_is_not_read() -> None:
    """spec/certificates D1, B3: one suite, one purpose, no member more."""
    golden = proof_document(Proof(CREATED, METHOD, bytes(64)))
    assert read_proof(golden) == Proof(CREATED, METHOD, bytes(64))
    changes: tuple[object, ...] = (
        {**golden, "cryptosuite": "ecdsa-rdfc-2019"},
        {**golden, "proofPurpose": "authentication"},
        {**golden, "id": "urn:uuid:1"},
        {**golden, "proofValue": golden["proofValue"] + "1"},
        {**golden, "verificationMethod": "javascript:alert(1)"},
        [golden],
        None,
    )
    for document in changes:
        with pytest.raises(NotOurProfile):
            read_proof(document)
