"""Signatures: certificates' Ed25519 keys, one current and the older ones kept to verify; and values that travel through browsers."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key
from itsdangerous import BadSignature, URLSafeTimedSerializer

from kernel.settings import SettingsError, private_file, read_private


def _public_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_identifier(key: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the public key."""
    return hashlib.sha256(_public_bytes(key)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The current private key and every key that ever signed here."""

    current: Ed25519PrivateKey
    public: dict[str, Ed25519PublicKey]

    @property
    def identifier(self) -> str:
        """Return the identifier of the current key."""
        return key_identifier(self.current.public_key())

    def sign(self, content: bytes) -> str:
        """Return the signature, URL-safe base64."""
        return base64.urlsafe_b64encode(self.current.sign(content)).decode()

    def verifies(self, identifier: str, content: bytes, signature: str) -> bool:
        """Say whether the named key signed this content."""
        key = self.public.get(identifier)
        if key is None:
            return False
        try:
            key.verify(base64.urlsafe_b64decode(signature), content)
        except (InvalidSignature, ValueError):
            return False
        return True


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError):  # not PEM, or protected by a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} is not an Ed25519 key.")
    return key


def seal(secret: str | bytes, purpose: str, value: object) -> str:
    """Return a value as a signed text with its time; whoever carries it can read it, and not change it."""
    return URLSafeTimedSerializer(secret, salt=purpose).dumps(value)


def unseal(secret: str | bytes, purpose: str, text: str, *, seconds: int) -> Any:
    """Return what was sealed for this purpose within the last seconds, or nothing."""
    try:
        return URLSafeTimedSerializer(secret, salt=purpose).loads(text, max_age=seconds)
    except BadSignature:
        return None


def signing_keys(folder: Path) -> SigningKeys:
    """Return the keys of an instance; the first start makes `signing.key`, older keys lie in `signing.old/*.key`."""
    path = folder / "signing.key"
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        private_file(path, pem)
    current = _load(path)
    keys = [current, *(_load(old) for old in sorted((folder / "signing.old").glob("*.key")))]
    return SigningKeys(current, {key_identifier(key.public_key()): key.public_key() for key in keys})
