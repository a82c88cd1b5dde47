"""A passkey made of software: it makes one key pair and signs what a site asks, as a browser would send it (WebAuthn level 2)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


def text(content: bytes) -> str:
    """Return URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey."""

    origin: str = "https://localhost"
    host: str = "localhost"
    counter: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _answer(self, **response: bytes) -> str:
        kept = {name: text(content) for name, content in response.items()}
        return json.dumps({"id": text(self.credential), "rawId": text(self.credential), "type": "public-key", "response": kept})

    @property
    def public_key(self) -> bytes:
        """Return the public key as a site is told it (COSE, ES256)."""
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def create(self, options: dict[str, str]) -> str:
        """Answer the request for a new passkey."""
        data = self._data(0x45) + bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + self.public_key
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}))

    def get(self, options: dict[str, str]) -> str:
        """Sign what a site asks."""
        self.counter += 1
        client, data = self._client("webauthn.get", options["challenge"]), self._data(0x05)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)
