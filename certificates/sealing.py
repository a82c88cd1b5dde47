"""Seals of PDF files, PAdES B-B with EC P-256, and verdicts on sealed PDFs, badges and transcripts.

Seals are made without chance, and judged by one form alone: a seal is genuine where writing it anew from its certificates, its digest
and its signature gives the same bytes: nothing can be hidden in what a seal's signature does not cover. No other module imports asn1crypto.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from asn1crypto import algos, cms, core, tsp, x509

from certificates.rules.badges import BadgeContent, host_of
from certificates.rules.transcripts import TranscriptContent, TranscriptFinding, verify_transcript
from certificates.rules.verification import BadgeFinding, BadgeForm, DocumentFault, TrustedKey, verify_document
from kernel.crypto import is_signed, read_public_keys
from kernel.keys import CertifiedKey, KeyState, PublishedKey, holds, is_issued_by
from kernel.pdf.document import BYTE_RANGE

_ROOM = re.compile(rb"/ByteRange (\[0 9{10} 9{10} 9{10}\])\s*/Contents (<0+>)")
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
_MARKS = (b"/Adobe.PPKLite", b"/ETSI.CAdES.detached")
"""What stays of a seal whose range was taken away."""
_CLAIMED = re.compile(rb"/M\s*\(D(?::|\\07[2])(\d{14})Z\)")
_SHA256 = {"algorithm": "sha256", "parameters": core.Null()}


def seal(content: bytes, key: CertifiedKey, authority: CertifiedKey) -> bytes:
    """Return a PDF with its room for a seal filled: the same document and key give the same bytes."""
    room = _ROOM.search(content)
    if room is None:
        raise ValueError("this PDF has no room for a seal")
    start, end = room.span(2)
    covered = f"[0 {start} {end} {len(content) - end}]".encode().ljust(len(BYTE_RANGE))
    content = content[: room.start(1)] + covered + content[room.end(1) :]
    digest = hashlib.sha256(content[:start] + content[end:]).digest()
    certificates = (authority.certificate_der, key.certificate_der)
    signature = key.sign(_signed_attributes(digest, certificates[1]))
    written = _signed_data(certificates, digest, signature).hex().upper()
    return content[: start + 1] + written.ljust(end - start - 2, "0").encode() + content[end - 1 :]


def _signed_attributes(digest: bytes, certificate: bytes) -> bytes:
    """Return the attributes that the signature covers: the digest of the file, and the certificate of its key."""
    return _attributes_form(certificate).replace(_DIGEST, digest)


def _signed_data(certificates: tuple[bytes, bytes], digest: bytes, signature: bytes) -> bytes:
    """Return a seal."""
    return _seal_form(certificates, len(signature)).replace(_DIGEST, digest).replace(_SIGNATURE[: len(signature)], signature)


_DIGEST = b"digest of the document goes here"
_SIGNATURE = b"signature goes here " * 10
"""Stand in the forms for what differs between seals of one key: asn1crypto takes milliseconds to write a form, so it is kept."""


@lru_cache(maxsize=8)
def _attributes_form(certificate: bytes) -> bytes:
    written: bytes = _attributes(certificate).dump()
    return written


def _attributes(certificate: bytes) -> cms.CMSAttributes:
    parsed = x509.Certificate.load(certificate)
    named = tsp.ESSCertIDv2(
        {
            "cert_hash": hashlib.sha256(certificate).digest(),
            "issuer_serial": {"issuer": [x509.GeneralName("directory_name", parsed.issuer)], "serial_number": parsed.serial_number},
        }
    )
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [_DIGEST]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]}),
        ]
    )


@lru_cache(maxsize=64)
def _seal_form(certificates: tuple[bytes, bytes], length: int) -> bytes:
    """Return a seal without its digest and its signature, whose length is given."""
    authority, own = (x509.Certificate.load(certificate) for certificate in certificates)
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", {"issuer": own.issuer, "serial_number": own.serial_number}),
            "digest_algorithm": algos.DigestAlgorithm(_SHA256),
            "signed_attrs": _attributes(certificates[1]),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": _SIGNATURE[:length],
        }
    )
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm(_SHA256)],
            "encap_content_info": {"content_type": "data"},
            "certificates": [authority, own],
            "signer_infos": [signer],
        }
    )
    written: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return written


@dataclass(frozen=True, slots=True)
class SealVerifier:
    """A key that seals or sealed here, in a form that another process can be given."""

    spki: bytes
    certificate: bytes = b""
    """DER; empty where any certificate of this key will do."""
    is_compromised: bool = False


def seal_verifiers(keys: Sequence[PublishedKey]) -> tuple[SealVerifier, ...]:
    """Return keys as verifiers take them."""
    return tuple(SealVerifier(key.spki, key.certificate, key.state is KeyState.COMPROMISED) for key in keys)


class SealState(StrEnum):
    """The state of the seal of a PDF."""

    NONE = "none"
    GENUINE = "genuine"
    NOT_WHOLE = "not_whole"
    """More than one, or one that does not cover every byte of the file."""
    CHANGED = "changed"
    """A byte is another than the one that was sealed, or the seal is not in our form."""
    OTHER_KEY = "other_key"
    """Sealed by somebody else, whatever name they gave themselves."""
    OUT_OF_TIME = "out_of_time"
    """Sealed as of a moment for which the key's certificate does not hold."""
    COMPROMISED = "compromised"
    """Sealed by a key that came into other hands."""


def judge_seal(content: bytes, trusted: Sequence[SealVerifier]) -> SealState:
    """Return the state of a file's seal by the keys that are known here; nothing in it raises (spec/certificates V3 a, b)."""
    if b"/ByteRange" not in content:
        return SealState.NOT_WHOLE if any(mark in content for mark in _MARKS) else SealState.NONE
    match = _RANGE.search(content)
    if content.count(b"/ByteRange") != 1 or match is None:
        return SealState.NOT_WHOLE
    start, end, rest = (int(group) for group in match.groups())
    hole = content[start:end]
    if end + rest != len(content) or not re.fullmatch(rb"<[0-9A-F]+>", hole) or len(hole) % 2:
        return SealState.NOT_WHOLE
    parsed = _parsed(bytes.fromhex(hole[1:-1].decode()))
    if parsed is None:
        return SealState.CHANGED
    (authority, own), spki, signature = parsed
    is_issued = is_issued_by(own, authority) and is_issued_by(authority, authority)
    key = next((key for key in trusted if key.spki == spki and key.certificate in (b"", own)), None) if is_issued else None
    if key is None:
        return SealState.OTHER_KEY
    digest = hashlib.sha256(content[:start] + content[end:]).digest()
    written = _signed_data((authority, own), digest, signature).hex().upper()
    is_signed = holds(key.spki, signature, _signed_attributes(digest, own))
    if not is_signed or hole[1:-1] != written.ljust(len(hole) - 2, "0").encode():
        return SealState.CHANGED
    return _in_time(content, own, key)


def _parsed(contents: bytes) -> tuple[tuple[bytes, bytes], bytes, bytes] | None:
    """Return the certificates of authority and key, the public key of the second, and the signature of a seal.

    None where it is not one of two certificates and one signature.
    """
    try:
        data = cms.ContentInfo.load(contents)["content"]
        certificates, signers = data["certificates"], data["signer_infos"]
        if len(certificates) != 2 or len(signers) != 1:
            return None
        authority, own = sorted((certificate.chosen for certificate in certificates), key=lambda certificate: certificate.ca is not True)
        return (authority.dump(), own.dump()), own.public_key.dump(), signers[0]["signature"].native
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):  # as asn1crypto says that it is something else
        return None


def _in_time(content: bytes, certificate: bytes, key: SealVerifier) -> SealState:
    if key.is_compromised:
        return SealState.COMPROMISED
    claimed, validity = _CLAIMED.search(content), x509.Certificate.load(certificate)["tbs_certificate"]["validity"]
    if claimed is None:
        return SealState.CHANGED
    at = datetime.strptime(claimed[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    is_within = validity["not_before"].native <= at <= validity["not_after"].native
    return SealState.GENUINE if is_within else SealState.OUT_OF_TIME


MOST_FILES, MOST_BYTES = 20, 2_097_152
_ATTACHED = re.compile(rb"/EmbeddedFile(?!s)\b")
_LENGTH = re.compile(rb"/Length (\d{1,7})\b")
_CODE = re.compile(rb"(?<![0-9A-Za-z-])(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}(?![0-9A-Za-z-])")
_MOST_DICTIONARY = 2000


class FileVerdict(StrEnum):
    """The verdict on a file, before anybody asks whether its credential is still in force."""

    GENUINE = "genuine"
    UNSEALED = "unsealed"
    """A genuine credential in a sheet without a seal: the sheet proves nothing."""
    WITHOUT_SEAL = "without_seal"
    """A sheet that names a code and holds neither seal nor credential, as they were before there were seals."""
    ALTERED = "altered"
    """Changed, or not issued here."""
    UNREADABLE = "unreadable"


class FileFault(StrEnum):
    """Why a PDF is not genuine where its seal is not at fault."""

    NO_CREDENTIAL = "no_credential"
    SEVERAL_CREDENTIALS = "several_credentials"
    OTHER_CODE = "other_code"
    """The sheet names another code than its credential."""
    NOTHING_OF_OURS = "nothing_of_ours"
    SAVED_AGAIN = "saved_again"
    """Encrypted, compressed or reordered by a program: nothing can be seen in it."""


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A file as judged. The badge or the transcript, where there is one, is signed by us."""

    name: str
    verdict: FileVerdict
    badge: BadgeContent | None = None
    transcript: TranscriptContent | None = None
    fault: str = ""
    """A value of SealState, FileFault or DocumentFault."""
    codes: tuple[str, ...] = ()
    """The codes that a sheet names."""
    compromised_since: datetime | None = None
    """Since when the key of the badge is in other hands, where no seal says that it was signed before."""
    issuer: str = ""
    """The address of another site that issued it, as it says itself."""


@dataclass(frozen=True, slots=True)
class SignatureVerifier:
    """A key that signs or signed credentials here, in a form that another process can be given."""

    method: str
    public: str
    """PEM."""
    compromised_since: datetime | None = None

    def trusted_key(self) -> TrustedKey:
        """Return the key as badges are verified with it."""
        keys = read_public_keys(self.public)

        def has_signed(signature: bytes, content: bytes) -> bool:
            return any(is_signed(keys, name, content, base64.urlsafe_b64encode(signature).decode()) for name in keys)

        return TrustedKey(self.method, has_signed, self.compromised_since)


@dataclass(frozen=True, slots=True)
class VerifierKeys:
    """Every key by which files are judged."""

    signatures: tuple[SignatureVerifier, ...]
    seals: tuple[SealVerifier, ...]


def judge_files(files: Sequence[tuple[str, bytes]], keys: VerifierKeys) -> list[FileFinding]:
    """Judge files by their names and contents; nothing in them raises."""
    trusted = [key.trusted_key() for key in keys.signatures]
    return [_judged(name, content, trusted, keys.seals) for name, content in files]


def _judged(name: str, content: bytes, trusted: Sequence[TrustedKey], seals: Sequence[SealVerifier]) -> FileFinding:
    if len(content) > MOST_BYTES:
        return FileFinding(name, FileVerdict.UNREADABLE)
    if b"%PDF-" in content[:1024]:
        return _judged_pdf(name, content, trusted, seals)
    summary = verify_transcript(content, trusted)
    if summary is not None:
        verdict = FileVerdict.ALTERED if summary.fault else FileVerdict.GENUINE
        return FileFinding(name, verdict, transcript=summary.transcript, fault=summary.fault or "")
    finding = verify_document(content, trusted)
    badge = finding.badge if finding.is_genuine else None
    return FileFinding(
        name,
        _verdict(finding),
        badge,
        fault=finding.fault or "",
        compromised_since=finding.compromised_since,
        issuer=_other_issuer(finding),
    )


def _other_issuer(finding: BadgeFinding) -> str:
    is_other = finding.badge is not None and finding.fault is DocumentFault.OTHER_ISSUER
    return host_of(finding.badge.issuer) if is_other and finding.badge else ""


def _verdict(finding: BadgeFinding) -> FileVerdict:
    if finding.is_genuine:
        return FileVerdict.GENUINE
    return FileVerdict.ALTERED if finding.is_readable else FileVerdict.UNREADABLE


def _judged_pdf(name: str, content: bytes, trusted: Sequence[TrustedKey], seals: Sequence[SealVerifier]) -> FileFinding:
    """Judge a PDF: its seal first, then its one credential, then the codes that it names beside it."""
    seal = judge_seal(content, seals)
    if seal is not SealState.GENUINE and _is_saved_again(content):
        return FileFinding(name, FileVerdict.UNREADABLE, fault=FileFault.SAVED_AGAIN)
    if seal not in (SealState.GENUINE, SealState.NONE):
        return FileFinding(name, FileVerdict.ALTERED, fault=seal)
    attached = _attached(content)
    codes = _codes(content, attached)
    if not attached:
        return _judged_without_credential(name, seal, codes)
    if len(attached) > 1:
        return FileFinding(name, FileVerdict.ALTERED, fault=FileFault.SEVERAL_CREDENTIALS, codes=codes)
    start, end = attached[0]
    sound = FileVerdict.GENUINE if seal is SealState.GENUINE else FileVerdict.UNSEALED
    summary = verify_transcript(content[start:end], trusted)
    if summary is not None:
        return _judged_transcript(name, summary, codes, sound)
    finding = verify_document(content[start:end], trusted)
    if finding.badge is None or not finding.is_genuine or finding.form is not BadgeForm.JSON:
        fault = finding.fault or FileFault.NO_CREDENTIAL
        return FileFinding(name, FileVerdict.ALTERED, fault=fault, codes=codes, issuer=_other_issuer(finding))
    if any(code != finding.badge.code for code in codes):
        return FileFinding(name, FileVerdict.ALTERED, finding.badge, fault=FileFault.OTHER_CODE, codes=codes)
    if seal is SealState.GENUINE:
        return FileFinding(name, FileVerdict.GENUINE, finding.badge, codes=codes)
    return FileFinding(name, FileVerdict.UNSEALED, finding.badge, codes=codes, compromised_since=finding.compromised_since)


def _judged_transcript(name: str, summary: TranscriptFinding, codes: tuple[str, ...], sound: FileVerdict) -> FileFinding:
    content = summary.transcript
    if content is None:
        return FileFinding(name, FileVerdict.ALTERED, fault=summary.fault or FileFault.NO_CREDENTIAL, codes=codes)
    if any(code != content.code for code in codes):
        return FileFinding(name, FileVerdict.ALTERED, fault=FileFault.OTHER_CODE, codes=codes)
    return FileFinding(name, sound, transcript=content, codes=codes)


def _judged_without_credential(name: str, seal: SealState, codes: tuple[str, ...]) -> FileFinding:
    if seal is SealState.GENUINE:
        return FileFinding(name, FileVerdict.ALTERED, fault=FileFault.NO_CREDENTIAL, codes=codes)
    if len(codes) == 1:
        return FileFinding(name, FileVerdict.WITHOUT_SEAL, codes=codes)
    return FileFinding(name, FileVerdict.ALTERED, fault=FileFault.NOTHING_OF_OURS, codes=codes)


def _is_saved_again(content: bytes) -> bool:
    """Return whether a program wrote a PDF so that what was in it cannot be seen or compared any more; or whether its end is missing."""
    is_cut = b"startxref" not in content[-2048:]
    return is_cut or b"/Linearized" in content[:2048] or b"/Encrypt" in content or b"/ObjStm" in content


def _attached(content: bytes) -> list[tuple[int, int]]:
    """Return where the attached files of a PDF begin and end; a stream that cannot be seen as it is is empty."""
    places = [match.start() for match in _ATTACHED.finditer(content)]
    return [_stream_at(content, offset) for offset in places[:2]]


def _stream_at(content: bytes, offset: int) -> tuple[int, int]:
    start = content.rfind(b" obj", max(0, offset - _MOST_DICTIONARY), offset)
    opening = content.find(b"stream\n", offset, offset + _MOST_DICTIONARY)
    length = _LENGTH.search(content, start, opening) if -1 < start < opening else None
    begins = opening + len(b"stream\n")
    return (begins, begins + int(length[1])) if length else (0, 0)


def _codes(content: bytes, attached: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the codes that a sheet names outside its attachment; a text in UTF-16 has a zero before each sign."""
    for start, end in attached:
        content = content[:start] + content[end:]
    codes = _CODE.findall(content) or _CODE.findall(content.replace(rb"\000", b""))
    return tuple(dict.fromkeys(code.decode() for code in codes[:20]))
