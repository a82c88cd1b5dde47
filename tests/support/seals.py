"""Seals for tests: a sealed sheet, and the trust in the key of the golden files."""

import json
from base64 import b64decode
from datetime import UTC, datetime

from certificates.pdf import render
from certificates.sealing import SealVerifier, SignatureVerifier, VerifierKeys, seal
from certificates.sheet import compose
from kernel.crypto import public_key_text
from kernel.keys import SealKeys
from kernel.pdf.document import PdfAttachment, PdfSealField
from tests.support.badges import METHOD, VECTOR_KEY, vector
from tests.support.certificates import FACTS

ISSUED_AT = datetime(2026, 7, 14, 12, tzinfo=UTC)
GOLDEN_SEAL = SealVerifier(b64decode(json.loads(vector("keys.json"))["seal_p256"]["public_spki_base64"]))
"""The public key that sealed the golden files."""
GOLDEN_KEYS = VerifierKeys((SignatureVerifier(METHOD, public_key_text(VECTOR_KEY.public_key())),), (GOLDEN_SEAL,))
"""The public keys of the golden files."""


def a_sheet_with_room(keys: SealKeys, at: datetime | None = None, credential: bytes | None = None) -> bytes:
    """Return a sheet with a credential attached and room for a seal."""
    attachment = PdfAttachment("credential.json", "application/vc+ld+json", vector("credential.json") if credential is None else credential)
    field = PdfSealField("IESS-EDUCA", at or max(ISSUED_AT, keys.current.begins), "Sello")
    return render(compose(FACTS), attachment, field)


def a_sealed_sheet(keys: SealKeys, at: datetime | None = None, credential: bytes | None = None) -> bytes:
    """Return a sheet with a credential attached, sealed with the present key."""
    return seal(a_sheet_with_room(keys, at, credential), keys.current, keys.authority)
