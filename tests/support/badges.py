"""Badges for tests: the golden files, their keys, and a judge by somebody else's program."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certificates.rules.badges import BadgeContent
from certificates.rules.verification import TrustedKey

VECTORS = Path(__file__).resolve().parents[1] / "certificates" / "vectors"
"""The golden files of spec/certificates."""
METHOD = "did:web:aulario.example#k1"
ISSUERS = {
    "did:web:aulario.example": "aulario.example",
    "did:web:localhost%3A8011": "localhost:8011",
    "did:web:aulario.example%3A444:escuela": "aulario.example:444/escuela",
}
"""Issuers as documents name them, and as people read them."""
VECTOR_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"aulario test vector key 1").digest())
BADGE = BadgeContent(
    address="https://aulario.example/v/7K4M-92XD-C3QF-8TRA",
    issuer="did:web:aulario.example",
    issuer_name="IESS-EDUCA",
    course="https://aulario.example/courses/conceptos/12",
    title="Conceptos y gobernanza de la seguridad social",
    description="Curso en línea de 11 horas.",
    criteria="Completó los siete módulos y aprobó la evaluación final.",
    person_name="Luis Alberto Chasi Guamán",
    subject="urn:uuid:7b0e2f0a-1c1e-4b59-9a5c-1f1e5a7a0001",
    valid_from=datetime(2026, 7, 14, 12, tzinfo=UTC),
    status_list="https://aulario.example/status/1",
    status_place=4711,
)
"""The content of the golden badge."""


def vector(name: str) -> bytes:
    """Return a golden file."""
    return (VECTORS / name).read_bytes()


def vector_document(name: str = "credential.json") -> dict[str, Any]:
    """Return a golden JSON document."""
    document: dict[str, Any] = json.loads(vector(name))
    return document


def trusted(method: str = METHOD, key: Ed25519PublicKey | None = None, compromised_since: datetime | None = None) -> TrustedKey:
    """Return a key as verifiers take it; without another one, that of the golden files."""
    public = key or VECTOR_KEY.public_key()

    def holds(signature: bytes, content: bytes) -> bool:
        try:
            public.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    return TrustedKey(method, holds, compromised_since)


def token_of(head: dict[str, Any], payload: object, key: Ed25519PrivateKey | None = VECTOR_KEY) -> str:
    """Return a token with this head and payload, signed by a key or by none."""
    signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, payload))
    return f"{signed}.{_base64(key.sign(signed.encode())) if key else ''}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
