"""Keys that seal PDF files: P-256, each with a certificate of five years by an authority of the instance's own (spec/certificates K1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_public_key, load_pem_private_key
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    InvalidVersion,
    KeyUsage,
    Name,
    NameAttribute,
    SubjectKeyIdentifier,
    load_der_x509_certificate,
    load_pem_x509_certificate,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

from kernel import clock
from kernel.key_files import (
    KeyCompromise,
    KeyHistory,
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
    certificate: Certificate
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
        """Return what others may know of it."""
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
        CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(min(begins + lasts, authority.ends) if authority else begins + lasts)
        .add_extension(BasicConstraints(ca=authority is None, path_length=None if authority else 0), critical=True)
        .add_extension(_usage(is_authority=authority is None), critical=True)
        .add_extension(SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(AuthorityKeyIdentifier.from_issuer_public_key(signer_public), critical=False)
        .sign(signer, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyHistory(begun_at=begins).write() + private + certificate.public_bytes(Encoding.PEM)


def _subject(name: str) -> Name:
    return Name([NameAttribute(NameOID.COMMON_NAME, _cut(name, NAME_LENGTH))])


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode(errors="ignore").strip()


def _usage(*, is_authority: bool) -> KeyUsage:
    """Return for what a key serves: an authority signs certificates, a seal documents."""
    return KeyUsage(
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
        key, certificate = load_pem_private_key(content, password=None), load_pem_x509_certificate(content)
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


def _has_issued(authority: Certificate, certificate: Certificate) -> bool:
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
    """Say whether the certificate of the seal is in its last year."""
    return now >= keys.current.ends - RENEWED_BEFORE


def holds(spki: bytes, signature: bytes, content: bytes) -> bool:
    """Say whether an ECDSA signature is of a public key, as DER, over the SHA-256 of a content."""
    key = load_der_public_key(spki)
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, content, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_issued_by(certificate: bytes, authority: bytes) -> bool:
    """Say whether a certificate, as DER, was issued by an authority and is unchanged; an authority issues its own."""
    try:
        return _has_issued(load_der_x509_certificate(authority), load_der_x509_certificate(certificate))
    except (ValueError, UnsupportedAlgorithm, InvalidVersion):
        return False
