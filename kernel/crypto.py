"""Signatures and locks: Ed25519 keys of certificates, one current and the older ones to verify, and values that travel through browsers."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from itsdangerous import BadSignature, URLSafeTimedSerializer

from kernel import clock
from kernel.db import Hook
from kernel.keys import (
    KeyCompromise,
    KeyHistory,
    KeyState,
    PublishedKey,
    Stamp,
    keep_as_older,
    mark_compromised,
    older_files,
    read_history,
    refuse_test_key,
    replace_file,
    stamps,
    state_of_file,
)
from kernel.settings import ALWAYS, SettingsError, made_once, read_private


def raw_public_key(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_identifier(key: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the public key."""
    return hashlib.sha256(raw_public_key(key)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The current private key and every key that ever signed here."""

    current: Ed25519PrivateKey
    public: dict[str, Ed25519PublicKey]
    trusted: tuple[PublishedKey, ...]
    """Every key with its dates and its state, the current one first, then the latest."""

    @property
    def identifier(self) -> str:
        """Return the identifier of the current key."""
        return key_identifier(self.current.public_key())

    def sign(self, content: bytes) -> str:
        """Return the signature, URL-safe base64."""
        return base64.urlsafe_b64encode(self.current.sign(content)).decode()

    def sign_raw(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.current.sign(content)

    def verifies(self, identifier: str, content: bytes, signature: str) -> bool:
        """Return whether the named key signed this content."""
        return is_signed(self.public, identifier, content, signature)

    def counts(self, identifier: str) -> bool:
        """Return whether a key is one of these and nobody else may have signed with it."""
        return any(key.identifier == identifier and key.state is not KeyState.COMPROMISED for key in self.trusted)

    def public_text(self, identifier: str = "") -> str:
        """Return a public key as PEM, or all of them, the current one first."""
        identifiers = [identifier] if identifier else sorted(self.public, key=lambda name: (name != self.identifier, name))
        return "".join(public_key_text(self.public[name]) for name in identifiers)


PublicKeys: TypeAlias = Mapping[str, Ed25519PublicKey]
"""Public keys by their identifiers."""
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----")


def public_key_text(key: Ed25519PublicKey) -> str:
    """Return a public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_keys(text: str) -> PublicKeys:
    """Return the Ed25519 keys of a text that holds one or several as PEM; none where it holds none."""
    keys = []
    for block in _PEM.findall(text):
        try:
            keys.append(load_pem_public_key(block.encode()))
        except (ValueError, UnsupportedAlgorithm):
            continue
    return {key_identifier(key): key for key in keys if isinstance(key, Ed25519PublicKey)}


def is_signed(keys: PublicKeys, identifier: str, content: bytes, signature: str) -> bool:
    """Return whether the named key, which has to be one of these, signed this content."""
    key = keys.get(identifier)
    try:
        return key is not None and holds(key, base64.urlsafe_b64decode(signature), content)
    except ValueError:
        return False


def holds(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Return whether the bytes of a signature are of this key over this content."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _load(path: Path) -> tuple[Ed25519PrivateKey, KeyHistory]:
    content = read_private(path)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):  # not PEM, or protected by a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} is not an Ed25519 key.")
    refuse_test_key(path, key.public_key())
    return key, read_history(content)


Secret: TypeAlias = str | bytes | Sequence[bytes]
"""A secret key, or several: the first seals, all of them open."""


def _serializer(secret: Secret, purpose: str) -> URLSafeTimedSerializer:
    given = [secret.encode()] if isinstance(secret, str) else [secret] if isinstance(secret, bytes) else secret
    keys: list[bytes] = list(reversed(given))
    return URLSafeTimedSerializer(keys, salt=purpose)


def seal(secret: Secret, purpose: str, value: object) -> str:
    """Return a value as a signed text with its time; its bearer can read it, but not change it."""
    sealed: str = _serializer(secret, purpose).dumps(value)
    return sealed


def unseal(secret: Secret, purpose: str, text: str, *, seconds: int) -> Any:
    """Return the content that was sealed for this purpose within the last seconds, or nothing."""
    try:
        return _serializer(secret, purpose).loads(text, max_age=seconds)
    except BadSignature:
        return None


SECRET_KEYS = Hook[Callable[[], Sequence[bytes]]]("secret_keys")
"""Gives the secret keys of the instance: the present one, and those that are still read."""


def keyed_hashes(keys: Sequence[bytes], purpose: str, text: str) -> list[str]:
    """Return the hash of a text under each key, by which it is recognised and which tells nothing of it without the key (HMAC-SHA-256)."""
    return [hmac.digest(_drawn(key, purpose), text.encode(), "sha256").hex() for key in keys]


LOCKED = b"aulario locked 1\n"
_SALT, _NONCE = 16, 12


def _key_of(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode())


def lock(passphrase: str, content: bytes) -> bytes:
    """Return a content that only who knows the passphrase can read (scrypt, AES-256-GCM)."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    return LOCKED + salt + nonce + AESGCM(_key_of(passphrase, salt)).encrypt(nonce, content, LOCKED)


def unlock(passphrase: str, locked: bytes) -> bytes | None:
    """Return the locked content, or nothing where the passphrase is another or a byte has changed."""
    body = locked.removeprefix(LOCKED)
    salt, nonce, sealed = body[:_SALT], body[_SALT : _SALT + _NONCE], body[_SALT + _NONCE :]
    if body == locked or not sealed:
        return None
    try:
        return AESGCM(_key_of(passphrase, salt)).decrypt(nonce, sealed, LOCKED)
    except InvalidTag:
        return None


SECOND_LOCK = "gcm1"
"""AES-256-GCM under a key that HKDF-SHA-256 draws from a secret key; the next algorithm gets a name of its own beside it."""
_STAMP = 8
EARLY = 60
"""Seconds by which the clock of another machine may be ahead."""


def _drawn(key: bytes, purpose: str, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(key)


def _name_of(key: bytes) -> str:
    """Return by what a locked text names its key; nothing follows from it."""
    return _drawn(key, "name of the key", 8).hex()


def _first_lock(keys: Sequence[bytes], purpose: str) -> MultiFernet:
    """Return the cipher that opens texts that were locked before `gcm1`: Fernet, AES-128-CBC with HMAC-SHA-256."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_drawn(key, purpose))) for key in keys])


def lock_text(keys: Sequence[bytes], purpose: str, text: str) -> str:
    """Return a text so that nobody without the secret key can read it or change it; the first key locks.

    It reads `gcm1.KEY.BODY`: algorithm, name of the key, and URL-safe base64 of the time, the nonce and what is locked.
    """
    head, stamp, nonce = f"{SECOND_LOCK}.{_name_of(keys[0])}", int(clock.now().timestamp()).to_bytes(_STAMP), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_drawn(keys[0], f"{SECOND_LOCK} {purpose}")).encrypt(nonce, text.encode(), head.encode() + stamp)
    return f"{head}.{base64.urlsafe_b64encode(stamp + nonce + sealed).decode()}"


def unlock_text(keys: Sequence[bytes], purpose: str, locked: str, *, seconds: int | None = None) -> str | None:
    """Return a text that was locked for this purpose with one of the keys (within the last seconds), or nothing."""
    if not locked.startswith(f"{SECOND_LOCK}."):
        try:
            return _first_lock(keys, purpose).decrypt(locked.encode(), ttl=seconds).decode()
        except InvalidToken:
            return None
    head, _dot, body = locked.rpartition(".")
    key = next((key for key in keys if head == f"{SECOND_LOCK}.{_name_of(key)}"), None)
    try:
        content = base64.b64decode(body, altchars=b"-_", validate=True)
        stamp, nonce, sealed = content[:_STAMP], content[_STAMP : _STAMP + _NONCE], content[_STAMP + _NONCE :]
        age = int(clock.now().timestamp()) - int.from_bytes(stamp)
        if key is None or base64.urlsafe_b64encode(content).decode() != body or (seconds is not None and not -EARLY <= age <= seconds):
            return None
        return AESGCM(_drawn(key, f"{SECOND_LOCK} {purpose}")).decrypt(nonce, sealed, head.encode() + stamp).decode()
    except (InvalidTag, ValueError):
        return None


SIGNING = "signing"
"""Kind of key, and with `.key` and `.old/` the names of its files."""


def _new_signing_key(now: datetime) -> bytes:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyHistory(begun_at=now).write() + key


def signing_keys(folder: Path) -> SigningKeys:
    """Return the keys of an instance; the first start makes `signing.key`, older keys lie in `signing.old/*.key`.

    The files are read again once one of them has changed, so that each process signs with a new key at once.
    """
    made_once(folder / "signing.key", lambda: _new_signing_key(clock.now()))
    return _read_signing_keys(stamps([folder / "signing.key", *older_files(folder, SIGNING)]))


@lru_cache(maxsize=16)
def _read_signing_keys(files: tuple[Stamp, ...]) -> SigningKeys:
    current, *older = (_load(Path(name)) for name, *_changes in files)
    older.sort(key=lambda entry: entry[1].ended_at or ALWAYS, reverse=True)
    published: dict[str, PublishedKey] = {}
    for key, history in (current, *older):
        public = key.public_key()
        state = state_of_file(history, is_current=not published)
        published.setdefault(key_identifier(public), PublishedKey(key_identifier(public), public, state, history))
    public_keys = {key_identifier(key.public_key()): key.public_key() for key, _facts in (current, *older)}
    return SigningKeys(current[0], public_keys, tuple(published.values()))


def rotate_signing_key(folder: Path) -> SigningKeys:
    """Put a new key in the place of the one that signs, and that one among the older ones first; return them all.

    Broken off between the two it has changed nothing but that the present key stands among the older ones too.
    """
    now, before = clock.now(), signing_keys(folder)
    keep_as_older(folder, SIGNING, before.identifier, ended_at=now)
    replace_file(folder / "signing.key", _new_signing_key(now))
    return signing_keys(folder)


def compromise_signing_key(folder: Path, identifier: str, compromise: KeyCompromise) -> SigningKeys:
    """Mark a key that signs or signed as compromised, and return them all; one that signs gives its place to a new one first."""
    if identifier == signing_keys(folder).identifier:
        rotate_signing_key(folder)
    for path in older_files(folder, SIGNING):
        if key_identifier(_load(path)[0].public_key()) == identifier:
            mark_compromised(path, compromise)
    return signing_keys(folder)
