"""Judgement of a file by its bytes: the seal of a PDF, the credential within it, or a badge by itself (spec/certificates V2, V3).

    findings = judge_files([("sheet.pdf", content)], keys)

Nothing is opened and nothing is executed: a PDF is searched for the few words that a sheet of ours holds uncompressed. What is found in one
is believed only after its seal holds, which covers every byte; so it does not matter what other readers would see in it.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certificates.rules.badges import BadgeContent
from certificates.rules.issuers import host_of
from certificates.rules.transcript_verification import TranscriptFinding, verify_transcript
from certificates.rules.transcripts import TranscriptContent
from certificates.rules.verification import BadgeFinding, BadgeForm, DocumentFault, TrustedKey, verify_document
from certificates.sealing import SealState, SealVerifier, judge_seal
from kernel.crypto import is_signed, read_public_keys

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
        return FileFinding(name, _verdict_on(summary), transcript=summary.transcript, fault=summary.fault or "")
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


def _verdict_on(summary: TranscriptFinding) -> FileVerdict:
    return FileVerdict.ALTERED if summary.fault else FileVerdict.GENUINE


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
    """Say whether a program wrote a PDF so that what was in it cannot be seen or compared any more; or whether its end is missing."""
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
