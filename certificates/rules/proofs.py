"""Proofs of W3C Data Integrity: the bytes that Ed25519 signs, and the proof that stands in the document.

Badges and status lists are signed as `eddsa-rdfc-2022`, plain JSON (lists of keys, transcripts) as `eddsa-jcs-2022`.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certificates.rules import quads
from certificates.rules.profiles import Document, NotOurProfile, is_address, moment_text, read_exactly, read_moment
from certificates.rules.quads import DATE_TIME, RDF_TYPE, SECURITY, iri, literal, quad

CRYPTOSUITE, JCS_SUITE = "eddsa-rdfc-2022", "eddsa-jcs-2022"
CREATED = "http://purl.org/dc/terms/created"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SIGNATURE_BYTES = 64

Sign = Callable[[bytes], bytes]
"""A private Ed25519 key, as it signs."""


def encoded_base58(content: bytes) -> str:
    """Return bytes in the base 58 of Bitcoin; those before the first that is not zero are written as ones."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + digits


def decoded_base58(text: str, length: int) -> bytes:
    """Return so many bytes from their base 58; raise ValueError where the text is not that of so many."""
    number = 0
    for sign in text:
        number = number * 58 + _ALPHABET.index(sign)
    try:
        content = number.to_bytes(length)
    except OverflowError:
        raise ValueError("not the base 58 of so many bytes") from None
    if encoded_base58(content) != text:
        raise ValueError("not the base 58 of so many bytes")
    return content


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a document: when it was made, by which key, and the signature."""

    created: datetime
    method: str
    """The key: `did:web:HOST#KEY`."""
    signature: bytes = b""
    suite: str = CRYPTOSUITE


def proof_quads(proof: Proof) -> bytes:
    """Return the canonical N-Quads of a proof without its signature."""
    return quads.canonical(
        (
            quad("_:proof", RDF_TYPE, iri(f"{SECURITY}DataIntegrityProof")),
            quad("_:proof", CREATED, literal(moment_text(proof.created), DATE_TIME)),
            quad("_:proof", f"{SECURITY}cryptosuite", literal(CRYPTOSUITE, f"{SECURITY}cryptosuiteString")),
            quad("_:proof", f"{SECURITY}proofPurpose", iri(f"{SECURITY}assertionMethod")),
            quad("_:proof", f"{SECURITY}verificationMethod", iri(proof.method)),
        )
    )


def signing_input(document_quads: bytes, proof: Proof) -> bytes:
    """Return the bytes that are signed for a document, given as its canonical N-Quads."""
    return hashlib.sha256(proof_quads(proof)).digest() + hashlib.sha256(document_quads).digest()


def proof_document(proof: Proof) -> Document:
    """Return a proof as it stands in the document."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": proof.suite,
        "created": moment_text(proof.created),
        "verificationMethod": proof.method,
        "proofPurpose": "assertionMethod",
        "proofValue": f"z{encoded_base58(proof.signature)}",
    }


def read_proof(document: object, suite: str = CRYPTOSUITE) -> Proof:
    """Return a proof; raise NotOurProfile where it is not exactly one of this kind."""
    return read_exactly(document, lambda fields: _content(fields, suite), proof_document)


def _content(document: Document, suite: str) -> Proof:
    proof = Proof(
        created=read_moment(document["created"]),
        method=document["verificationMethod"],
        signature=decoded_base58(document["proofValue"][1:], _SIGNATURE_BYTES),
        suite=suite,
    )
    if not is_address(proof.method):
        raise NotOurProfile
    return proof


def signed_document(document: Document, document_quads: bytes, method: str, created: datetime, sign: Sign) -> Document:
    """Return a document with its proof by a key; ``document_quads`` are its canonical N-Quads. Equal input, equal proof."""
    blank = Proof(created, method)
    proof = Proof(created, method, sign(signing_input(document_quads, blank)))
    return {**document, "proof": proof_document(proof)}


def canonical_json(document: Document) -> bytes:
    """Return a document of texts and whole numbers, with names in ASCII, as RFC 8785 writes it."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def jcs_signing_input(document: Document, options: Document) -> bytes:
    """Return the bytes that `eddsa-jcs-2022` signs for a document and the options of its proof, without the value of it."""
    return b"".join(hashlib.sha256(canonical_json(part)).digest() for part in (options, document))


def jcs_options(proof: Proof) -> Document:
    """Return a proof as it is signed: without its value."""
    return {name: value for name, value in proof_document(proof).items() if name != "proofValue"}


def signed_json(document: Document, method: str, created: datetime, sign: Sign) -> Document:
    """Return a document of texts and whole numbers with its proof `eddsa-jcs-2022` by a key. Equal input, equal proof."""
    blank = Proof(created, method, suite=JCS_SUITE)
    return {**document, "proof": proof_document(Proof(created, method, sign(jcs_signing_input(document, jcs_options(blank))), JCS_SUITE))}
