"""Signatures: certificates' Ed25519 keys, one current and the older ones kept to verify; and values that travel through browsers."""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
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


Secret: TypeAlias = str | bytes | Sequence[bytes]
"""A secret key, or several: the first seals, all of them open."""


def _serializer(secret: Secret, purpose: str) -> URLSafeTimedSerializer:
    given = [secret.encode()] if isinstance(secret, str) else [secret] if isinstance(secret, bytes) else secret
    keys: list[bytes] = list(reversed(given))
    return URLSafeTimedSerializer(keys, salt=purpose)


def seal(secret: Secret, purpose: str, value: object) -> str:
    """Return a value as a signed text with its time; whoever carries it can read it, and not change it."""
    sealed: str = _serializer(secret, purpose).dumps(value)
    return sealed


def unseal(secret: Secret, purpose: str, text: str, *, seconds: int) -> Any:
    """Return what was sealed for this purpose within the last seconds, or nothing."""
    try:
        return _serializer(secret, purpose).loads(text, max_age=seconds)
    except BadSignature:
        return None


LOCKED = b"aulario locked 1\n"
_SALT, _NONCE = 16, 12


def _key_of(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode())


def lock(passphrase: str, content: bytes) -> bytes:
    """Return a content that only who knows the passphrase can read (scrypt, AES-256-GCM)."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    return LOCKED + salt + nonce + AESGCM(_key_of(passphrase, salt)).encrypt(nonce, content, LOCKED)


def unlock(passphrase: str, locked: bytes) -> bytes | None:
    """Return what was locked, or nothing where the passphrase is another or a byte has changed."""
    body = locked.removeprefix(LOCKED)
    salt, nonce, sealed = body[:_SALT], body[_SALT : _SALT + _NONCE], body[_SALT + _NONCE :]
    if body == locked or not sealed:
        return None
    try:
        return AESGCM(_key_of(passphrase, salt)).decrypt(nonce, sealed, LOCKED)
    except InvalidTag:
        return None


def _lockers(keys: Sequence[bytes], purpose: str) -> MultiFernet:
    """Return locks made of the secret keys, one for each purpose; the first key locks, all of them open."""
    made = (HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key) for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in made])


def lock_text(keys: Sequence[bytes], purpose: str, text: str) -> str:
    """Return a text so that nobody without the secret key can read it or change it."""
    return _lockers(keys, purpose).encrypt(text.encode()).decode()


def unlock_text(keys: Sequence[bytes], purpose: str, locked: str, *, seconds: int | None = None) -> str | None:
    """Return a text that was locked for this purpose (within the last seconds), or nothing."""
    try:
        return _lockers(keys, purpose).decrypt(locked.encode(), ttl=seconds).decode()
    except InvalidToken:
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
