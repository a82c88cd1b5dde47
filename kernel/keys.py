"""Files of the keys that sign and seal: the key as PEM, and above it in plain lines since when it is used and why no longer.

A file carries its own history, so a copy of it on another machine, or in the file of `lms backup-keys`, carries it too.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from kernel import clock
from kernel.codes import in_fours
from kernel.settings import ALWAYS, SettingsError, made_once, private_file, read_private

FROM, UNTIL, COMPROMISED, MARKED, REASON = "From", "Until", "Compromised-Since", "Marked", "Reason"
_FACT = re.compile(rf"^({FROM}|{UNTIL}|{COMPROMISED}|{MARKED}|{REASON}): (.*)$")
_BEGIN = b"-----BEGIN "


class KeyState(StrEnum):
    """The state of a key: it signs now, it signed until another took its place, or somebody else may have signed with it."""

    CURRENT = "current"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The history that the file of a key states; a key older than this form states no beginning."""

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    compromised_since: datetime | None = None
    marked_at: datetime | None = None
    """When it was said to be compromised."""
    reason: str = ""

    def write(self) -> bytes:
        """Return them as the first lines of a file."""
        moments = {FROM: self.begun_at, UNTIL: self.ended_at, COMPROMISED: self.compromised_since, MARKED: self.marked_at}
        lines = [f"{name}: {moment.isoformat(timespec='seconds')}" for name, moment in moments.items() if moment is not None]
        return "".join(f"{line}\n" for line in [*lines, *([f"{REASON}: {' '.join(self.reason.split())}"] if self.reason else [])]).encode()


@dataclass(frozen=True, slots=True)
class KeyCompromise:
    """The moment from which somebody else may have signed with a key, why that is believed, and when it is said."""

    since: datetime
    marked_at: datetime
    reason: str


def read_history(content: bytes) -> KeyHistory:
    """Return the facts in the first lines of a key's file."""
    head = content.partition(_BEGIN)[0].decode(errors="replace")
    facts = {match[1]: match[2] for line in head.splitlines() if (match := _FACT.match(line))}
    return KeyHistory(
        _moment(facts, FROM), _moment(facts, UNTIL), _moment(facts, COMPROMISED), _moment(facts, MARKED), facts.get(REASON, "")
    )


def _moment(facts: Mapping[str, str], name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(facts[name])
    except (KeyError, ValueError):
        return None


def with_history(content: bytes, history: KeyHistory) -> bytes:
    """Return the file of a key with other history above the same key."""
    _head, begin, key = content.partition(_BEGIN)
    return history.write() + begin + key


def replace_file(path: Path, content: bytes) -> None:
    """Put a whole new file, which only its owner reads, in the place of one of that name."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    private_file(fresh, content)
    fresh.replace(path)


PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey


def spki_of(key: PublicKey) -> bytes:
    """Return a public key as DER (SubjectPublicKeyInfo)."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


TEST_KEYS = frozenset(
    {
        "54ecbd4e19a8a2f5be3abad966399bec1ca25f2e615c3f130b2153145b5493c5",
        "07474a817ba28673d60e5222f8cdaeb85ba1b40cf6abf5f31343bbae4f84b78e",
    }
)
"""SHA-256 of the public keys of the golden files, whose private halves everybody can read."""


def refuse_test_key(path: Path, key: PublicKey) -> None:
    """Raise SettingsError for a key of the golden files: no instance signs with it."""
    if hashlib.sha256(spki_of(key)).hexdigest() in TEST_KEYS:
        raise SettingsError(f"{path} is the key of published examples: delete the file, or put your own there.")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that signs or signed here: its public half, from when until when, its state, and its certificate where it has one."""

    identifier: str
    public: PublicKey
    state: KeyState
    history: KeyHistory
    certificate: bytes = b""
    """DER; empty for the keys of credentials."""

    @property
    def spki(self) -> bytes:
        """Return the public key as DER (SubjectPublicKeyInfo)."""
        return spki_of(self.public)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate, or of the public key where there is none, as 64 hexadecimal digits."""
        return hashlib.sha256(self.certificate or self.spki).hexdigest()

    @property
    def printed_fingerprint(self) -> str:
        """Return the fingerprint in groups of four, as people compare it."""
        return in_fours(self.fingerprint)


def state_of_file(history: KeyHistory, *, is_current: bool) -> KeyState:
    """Return the state of a key, given where its file lies and what it states."""
    if history.compromised_since is not None:
        return KeyState.COMPROMISED
    return KeyState.CURRENT if is_current else KeyState.RETIRED


Stamp: TypeAlias = tuple[str, int, int, int]
"""Of a file: its name, number, size, and when it last changed in whatever way, so that a changed key is read again at once."""


def stamps(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    """Return a value that changes when one of these files does."""
    states = ((path.as_posix(), path.stat()) for path in paths)
    return tuple((name, about.st_ino, about.st_size, about.st_ctime_ns) for name, about in states)


def older_files(folder: Path, kind: str) -> list[Path]:
    """List the files of the older keys of a kind."""
    return sorted((folder / f"{kind}.old").glob("*.key"))


def keep_as_older(folder: Path, kind: str, identifier: str, *, ended_at: datetime) -> None:
    """Lay the present key of a kind among the older ones, with its end; what lies there already is left as it is."""
    older = folder / f"{kind}.old"
    older.mkdir(mode=0o700, exist_ok=True)
    content, target = read_private(folder / f"{kind}.key"), older / f"{identifier}.key"
    history = read_history(content)
    if not target.exists():
        private_file(target, with_history(content, KeyHistory(history.begun_at, ended_at)))


def mark_compromised(path: Path, compromise: KeyCompromise) -> None:
    """Write into the file of a key since when somebody else may have signed with it, and why that is believed."""
    content = read_private(path)
    history = read_history(content)
    marked = KeyHistory(history.begun_at, history.ended_at, compromise.since, compromise.marked_at, compromise.reason)
    replace_file(path, with_history(content, marked))


SEAL, AUTHORITY = "seal", "authority"
"""Kinds of keys, and with `.key` and `.old/` the names of their files, each with its certificate below the key."""
OF_AUTHORITY = " (autoridad de sellos)"
SEAL_LASTS, AUTHORITY_LASTS = timedelta(days=5 * 365), timedelta(days=20 * 365)
RENEWED_BEFORE = timedelta(days=365)
NAME_LENGTH = 64
"""Bytes that a name in a certificate may have."""


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A private key, its certificate, and what its file states."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate
    history: KeyHistory

    @property
    def identifier(self) -> str:
        """Return the first 16 hexadecimal digits of the SHA-256 of the certificate."""
        return self.certificate.fingerprint(SHA256()).hex()[:16]

    @property
    def certificate_der(self) -> bytes:
        """Return the certificate as DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def begins(self) -> datetime:
        """Return the moment from which the certificate holds; nothing is sealed as of an earlier one."""
        return self.certificate.not_valid_before_utc

    @property
    def ends(self) -> datetime:
        """Return the last moment of the certificate."""
        return self.certificate.not_valid_after_utc

    def sign(self, content: bytes) -> bytes:
        """Return the ECDSA signature of the SHA-256 of a content, as DER: of the same content always the same (RFC 6979)."""
        return self.key.sign(content, ECDSA(SHA256(), deterministic_signing=True))

    def public_half(self, *, is_current: bool) -> PublishedKey:
        """Return the public half of the key."""
        state = state_of_file(self.history, is_current=is_current)
        return PublishedKey(self.identifier, self.key.public_key(), state, self.history, self.certificate_der)


@dataclass(frozen=True, slots=True)
class SealKeys:
    """The key that seals now and its authority, and every one that ever did."""

    current: CertifiedKey
    authority: CertifiedKey
    trusted: tuple[PublishedKey, ...]
    """Every key that sealed, the current one first."""
    authorities: tuple[PublishedKey, ...]


def _new_file(now: datetime, name: str, lasts: timedelta, key: EllipticCurvePrivateKey, authority: CertifiedKey | None) -> bytes:
    """Return the file of a new key: its history, the key, and a certificate by an authority, or by itself where it is one."""
    begins, issuer = now.replace(microsecond=0), authority.certificate.subject if authority else _subject(name)
    signer = authority.key if authority else key
    signer_public = signer.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(min(begins + lasts, authority.ends) if authority else begins + lasts)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None if authority else 0), critical=True)
        .add_extension(_usage(is_authority=authority is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_public), critical=False)
        .sign(signer, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyHistory(begun_at=begins).write() + private + certificate.public_bytes(Encoding.PEM)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _cut(name, NAME_LENGTH))])


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode(errors="ignore").strip()


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    """Return for what a key serves: an authority signs certificates, a seal documents."""
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_authority(now: datetime, name: str) -> bytes:
    return _new_file(
        now, f"{_cut(name, NAME_LENGTH - len(OF_AUTHORITY))}{OF_AUTHORITY}", AUTHORITY_LASTS, generate_private_key(SECP256R1()), None
    )


def _new_seal(now: datetime, name: str, authority: CertifiedKey) -> bytes:
    return _new_file(now, name, SEAL_LASTS, generate_private_key(SECP256R1()), authority)


def _load(path: Path) -> CertifiedKey:
    content = read_private(path)
    try:
        key, certificate = load_pem_private_key(content, password=None), x509.load_pem_x509_certificate(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{path} is not a P-256 key with its certificate.") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise SettingsError(f"{path} is not a P-256 key with its certificate.")
    refuse_test_key(path, key.public_key())
    return CertifiedKey(key, certificate, read_history(content))


def seal_keys(folder: Path, name: str) -> SealKeys:
    """Return the keys that seal PDF files; the first start makes `authority.key` and `seal.key` for an institution of this name.

    The files are read again once one of them has changed.
    """
    now = clock.now()
    made_once(folder / "authority.key", lambda: _new_authority(now, name))
    made_once(folder / "seal.key", lambda: _new_seal(now, name, _load(folder / "authority.key")))
    seals, authorities = ([folder / f"{kind}.key", *older_files(folder, kind)] for kind in (SEAL, AUTHORITY))
    return _read(stamps(seals), stamps(authorities))


@lru_cache(maxsize=16)
def _read(seal_files: tuple[Stamp, ...], authority_files: tuple[Stamp, ...]) -> SealKeys:
    seals, authorities = _in_order(seal_files), _in_order(authority_files)
    authority = next((candidate for candidate in authorities if _has_issued(candidate.certificate, seals[0].certificate)), None)
    if authority is None:
        raise SettingsError(f"{seal_files[0][0]} has a certificate of another authority than {authority_files[0][0]}.")
    return SealKeys(seals[0], authority, _public_halves(seals), _public_halves(authorities))


def _has_issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _in_order(files: tuple[Stamp, ...]) -> list[CertifiedKey]:
    current, *older = (_load(Path(name)) for name, *_changes in files)
    older = [key for key in older if key.identifier != current.identifier]
    return [current, *sorted(older, key=lambda key: key.history.ended_at or ALWAYS, reverse=True)]


def _public_halves(keys: list[CertifiedKey]) -> tuple[PublishedKey, ...]:
    return tuple(key.public_half(is_current=index == 0) for index, key in enumerate(keys))


def rotate_seal_key(folder: Path, name: str, *, with_authority: bool = False) -> SealKeys:
    """Put a new seal key in the place of the present one, which is kept among the older ones; on request with a new authority."""
    now, before = clock.now(), seal_keys(folder, name)
    authority = before.authority
    keep_as_older(folder, SEAL, before.current.identifier, ended_at=now)
    if with_authority:
        keep_as_older(folder, AUTHORITY, authority.identifier, ended_at=now)
        replace_file(folder / "authority.key", _new_authority(now, name))
        authority = _load(folder / "authority.key")
    replace_file(folder / "seal.key", _new_seal(now, name, authority))
    return seal_keys(folder, name)


def compromise_seal_key(folder: Path, name: str, identifier: str, compromise: KeyCompromise) -> SealKeys:
    """Mark a key of a seal or of an authority as compromised, and return them all; one in use gives its place to a new one first."""
    keys = seal_keys(folder, name)
    if identifier in (keys.current.identifier, keys.authority.identifier):
        rotate_seal_key(folder, name, with_authority=identifier == keys.authority.identifier)
    for path in (*older_files(folder, SEAL), *older_files(folder, AUTHORITY)):
        if _load(path).identifier == identifier:
            mark_compromised(path, compromise)
    return seal_keys(folder, name)


def is_renewal_due(keys: SealKeys, *, now: datetime) -> bool:
    """Return whether the certificate of the seal is in its last year."""
    return now >= keys.current.ends - RENEWED_BEFORE


def holds(spki: bytes, signature: bytes, content: bytes) -> bool:
    """Return whether an ECDSA signature is of a public key, as DER, over the SHA-256 of a content."""
    key = load_der_public_key(spki)
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, content, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_issued_by(certificate: bytes, authority: bytes) -> bool:
    """Return whether a certificate, as DER, was issued by an authority and is unchanged; an authority issues its own."""
    try:
        return _has_issued(x509.load_der_x509_certificate(authority), x509.load_der_x509_certificate(certificate))
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return False
