"""Transcripts: what a person completed as of a moment, the sums of its hours, and the document that is signed (spec/certificates R6, R7).

A document has a fixed form, as a badge has: it is read only where writing its content gives the document back.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from fractions import Fraction

from certificates.rules.badges import (
    JCS_SUITE,
    UNSIGNABLE,
    AmbiguousDocument,
    Document,
    NotOurProfile,
    Proof,
    UnreadableDocument,
    canonical_json,
    is_address,
    issuer_of,
    jcs_options,
    jcs_signing_input,
    moment_text,
    read_exactly,
    read_moment,
    read_proof,
    read_strict,
    signed_json,
)
from certificates.rules.credentials import CredentialState, last_second
from certificates.rules.status_lists import StatusListContent
from certificates.rules.verification import (
    MOST_PICTURE_BYTES,
    BadgeVerdict,
    DocumentFault,
    OfflineState,
    SignedText,
    TrustedKey,
    judge_place,
    signature_fault,
    signing_key,
    verify_document,
)

FORMAT = 1
KIND = "Transcript"
NO_CERTIFICATE = "none"


@dataclass(frozen=True, slots=True)
class TranscriptCertificate:
    """The certificate of a record: its code as printed, its days, and its place in a status list where it has one."""

    code: str
    issued_on: date
    expires_on: date | None = None
    status: tuple[int, int] | None = None
    """The number of the list, and the place in it."""


@dataclass(frozen=True, slots=True)
class TranscriptRecord:
    """A take of a course that was completed; `state` is that of its certificate on the day of the transcript."""

    course: str
    version: int
    take: int
    title: str
    institution: str
    minutes: int
    hours_basis: str
    """As `courses.rules.CourseHours` stores it; empty where it is not known."""
    completed_on: date
    is_passed: bool
    """Whether passing was asked for; else it was completed."""
    certificate: TranscriptCertificate | None = None
    state: CredentialState | None = None
    """None where the course gives no certificate."""

    @property
    def counts(self) -> bool:
        """Return whether its hours are in the sums: its certificate was in force."""
        return self.state is CredentialState.VALID

    @property
    def hours(self) -> Fraction:
        """Return the hours, as they are printed."""
        return Fraction(self.minutes, 60)


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """A course that is not completed yet, shown only because the person wants it: since when, and how much of it is done."""

    title: str
    since: date
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TranscriptSum:
    """The hours in force of an institution, completed in one year."""

    institution: str
    year: int
    minutes: int

    @property
    def hours(self) -> Fraction:
        """Return the sum in hours."""
        return Fraction(self.minutes, 60)


@dataclass(frozen=True, slots=True)
class TranscriptContent:
    """Everything that a transcript says, in one language; `address` is that of the site, empty as it is stored."""

    code: str
    """As printed."""
    person_name: str
    institution: str
    language: str
    made_at: datetime
    records: tuple[TranscriptRecord, ...]
    open_courses: tuple[OpenCourse, ...] = ()
    address: str = ""

    @property
    def sums(self) -> tuple[TranscriptSum, ...]:
        """Return the hours of what was in force, by institution and year."""
        return sums_of(self.records)

    @property
    def where(self) -> str:
        """Return the address at which it is verified."""
        return f"{self.address}/v/{self.code}"


def sums_of(records: Sequence[TranscriptRecord]) -> tuple[TranscriptSum, ...]:
    """Return the hours of the records in force by institution and year of completion, the latest year first."""
    minutes_by_group: dict[tuple[str, int], int] = {}
    for record in records:
        if record.counts:
            key = (record.institution, record.completed_on.year)
            minutes_by_group[key] = minutes_by_group.get(key, 0) + record.minutes
    ordered = sorted(minutes_by_group.items(), key=lambda item: (item[0][0], -item[0][1]))
    return tuple(TranscriptSum(institution, year, minutes) for (institution, year), minutes in ordered)


def status_address(address: str, number: int) -> str:
    """Return the address of a status list of the site with an address."""
    return f"{address}/status/{number}"


def signable_text(text: str) -> str:
    """Return a text as it can be signed: in NFC, without characters that programs write differently."""
    return unicodedata.normalize("NFC", UNSIGNABLE.sub("", text))


def transcript_document(content: TranscriptContent) -> Document:
    """Return the document of a transcript, without its proof."""
    return {
        "format": FORMAT,
        "type": KIND,
        "id": content.where,
        "issuer": issuer_of(content.address),
        "institution": content.institution,
        "language": content.language,
        "person": content.person_name,
        "as_of": moment_text(content.made_at),
        "records": [_record(record, content.address) for record in content.records],
        "totals": [{"institution": subtotal.institution, "year": subtotal.year, "minutes": subtotal.minutes} for subtotal in content.sums],
        **({"in_progress": [_open_course(open_course) for open_course in content.open_courses]} if content.open_courses else {}),
    }


def _record(record: TranscriptRecord, address: str) -> Document:
    return {
        "course": record.course,
        "version": record.version,
        "take": record.take,
        "title": record.title,
        "institution": record.institution,
        "minutes": record.minutes,
        "hours_basis": record.hours_basis,
        "completed_on": record.completed_on.isoformat(),
        "result": "passed" if record.is_passed else "completed",
        "state": record.state.value if record.state else NO_CERTIFICATE,
        **({"certificate": _certificate(record.certificate, address)} if record.certificate else {}),
    }


def _certificate(held: TranscriptCertificate, address: str) -> Document:
    status = {"status": {"list": status_address(address, held.status[0]), "place": held.status[1]}} if held.status else {}
    until = {"expires_on": held.expires_on.isoformat()} if held.expires_on else {}
    return {"code": held.code, "issued_on": held.issued_on.isoformat(), **until, **status}


def _open_course(course: OpenCourse) -> Document:
    return {"title": course.title, "since": course.since.isoformat(), "done": course.done, "total": course.total}


def read_transcript(document: object) -> TranscriptContent:
    """Return the content of a transcript's document, without its proof; raise NotOurProfile unless it is exactly one."""
    content = read_exactly(document, _content, transcript_document)
    if not content.records or not _CODE.fullmatch(content.code) or (content.address and not is_address(content.address)):
        raise NotOurProfile
    return content


_CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}")


def _content(document: Document) -> TranscriptContent:
    address, _, code = document["id"].rpartition("/v/")
    return TranscriptContent(
        code=code,
        person_name=_text(document["person"]),
        institution=_text(document["institution"]),
        language=_text(document["language"]),
        made_at=read_moment(document["as_of"]),
        records=tuple(_read_record(record) for record in document["records"]),
        open_courses=tuple(
            OpenCourse(
                _text(open_course["title"]), date.fromisoformat(open_course["since"]), int(open_course["done"]), int(open_course["total"])
            )
            for open_course in document.get("in_progress", ())
        ),
        address=address,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _read_record(record: Document) -> TranscriptRecord:
    held = record.get("certificate")
    return TranscriptRecord(
        course=_text(record["course"]),
        version=int(record["version"]),
        take=int(record["take"]),
        title=_text(record["title"]),
        institution=_text(record["institution"]),
        minutes=int(record["minutes"]),
        hours_basis=_text(record["hours_basis"]),
        completed_on=date.fromisoformat(record["completed_on"]),
        is_passed=record["result"] == "passed",
        certificate=None if held is None else _read_certificate(held),
        state=None if record["state"] == NO_CERTIFICATE else CredentialState(record["state"]),
    )


def _read_certificate(held: Document) -> TranscriptCertificate:
    status = held.get("status")
    return TranscriptCertificate(
        code=_text(held["code"]),
        issued_on=date.fromisoformat(held["issued_on"]),
        expires_on=date.fromisoformat(held["expires_on"]) if "expires_on" in held else None,
        status=None if status is None else (int(status["list"].rpartition("/")[2]), int(status["place"])),
    )


def stored_transcript(content: TranscriptContent) -> bytes:
    """Return a transcript as it is stored and signed in the register, whatever the site is called."""
    return canonical_json(transcript_document(replace(content, address="")))


def read_stored(stored: str, address: str) -> TranscriptContent:
    """Return a stored transcript, as one of the site with an address."""
    return replace(read_transcript(read_strict(stored.encode())), address=address)


def signed_transcript(content: TranscriptContent, method: str, created: datetime, sign: Callable[[bytes], bytes]) -> Document:
    """Return the document of a transcript with its proof by a key."""
    return signed_json(transcript_document(content), method, created, sign)


def printed_codes(records: Sequence[TranscriptRecord]) -> list[str]:
    """Return the codes of the certificates of these records, in their order."""
    return [record.certificate.code for record in records if record.certificate]


SUMMARY, BADGES = "summary", "badges"


@dataclass(frozen=True, slots=True)
class TranscriptFinding:
    """A transcript as verified: genuine where there is no fault; its content may be shown as signed only then."""

    fault: DocumentFault | None = None
    transcript: TranscriptContent | None = None


def verify_transcript(content: bytes, trusted: Sequence[TrustedKey]) -> TranscriptFinding | None:
    """Return the finding on a file; None where it is no transcript at all. Nothing in it raises, and no key in it is used."""
    if f'"{KIND}"'.encode() not in content:
        return None
    try:
        document = read_strict(content, MOST_PICTURE_BYTES)
    except UnreadableDocument:
        return None
    except AmbiguousDocument:
        return TranscriptFinding(DocumentFault.AMBIGUOUS)
    if not isinstance(document, dict):
        return None
    if set(document) == {SUMMARY, BADGES}:
        return _with_badges(document, trusted)
    return _summary(document, trusted) if document.get("type") == KIND else None


def _with_badges(document: Document, trusted: Sequence[TrustedKey]) -> TranscriptFinding:
    """Judge a summary with badges: each of these has to be genuine, and of a certificate that the summary names."""
    summary, badges = document[SUMMARY], document[BADGES]
    if not isinstance(summary, dict) or not isinstance(badges, list):
        return TranscriptFinding(DocumentFault.NOT_OUR_PROFILE)
    finding = _summary(summary, trusted)
    if finding.transcript is None:
        return finding
    codes = set(printed_codes(finding.transcript.records))
    for badge in badges:
        judged = verify_document(canonical_json(badge), trusted)
        if judged.fault is not None:
            return TranscriptFinding(judged.fault)
        if judged.badge is None or judged.badge.code not in codes:
            return TranscriptFinding(DocumentFault.NOT_OUR_PROFILE)
    return finding


def _summary(document: Document, trusted: Sequence[TrustedKey]) -> TranscriptFinding:
    try:
        proof = read_proof(document.get("proof"), JCS_SUITE)
        content = read_transcript({name: value for name, value in document.items() if name != "proof"})
    except NotOurProfile:
        return TranscriptFinding(DocumentFault.NOT_OUR_PROFILE)
    signed = _signed_text(content, document["issuer"], proof)
    fault = signature_fault(signed, trusted)
    key = signing_key(signed, trusted)
    if fault is None and key is not None and key.compromised_since:
        fault = DocumentFault.COMPROMISED_KEY  # whoever has the key can claim any moment: the register signs its own anew
    return TranscriptFinding(fault, None if fault else content)


def _signed_text(content: TranscriptContent, issuer: str, proof: Proof) -> SignedText:
    signed = jcs_signing_input(transcript_document(content), jcs_options(proof))
    return SignedText(issuer, proof.method, signed, proof.signature, proof.created)


def judge_record(
    record: TranscriptRecord, address: str, lists: Sequence[StatusListContent], *, zone: tzinfo, now: datetime
) -> BadgeVerdict | None:
    """Return the state of a record's certificate by verified lists; None where it has none."""
    held = record.certificate
    if held is None:
        return None
    if held.status is None:
        return BadgeVerdict(OfflineState.UNKNOWN)
    until = last_second(held.expires_on, zone) if held.expires_on else None
    return judge_place(status_address(address, held.status[0]), held.status[1], until, lists, begins=held.issued_on, now=now)


def judge_transcript(content: TranscriptContent, lists: Sequence[StatusListContent], *, zone: tzinfo, now: datetime) -> BadgeVerdict:
    """Return the worst that verified lists say of a certificate that was in force on the day of the transcript."""
    judged = [judge_record(record, content.address, lists, zone=zone, now=now) for record in content.records if record.counts]
    verdicts = {verdict.state: verdict for verdict in judged if verdict is not None}
    return next((verdicts[state] for state in _FROM_WORST if state in verdicts), BadgeVerdict(OfflineState.IN_FORCE))


_FROM_WORST = (OfflineState.REVOKED, OfflineState.REPLACED, OfflineState.EXPIRED, OfflineState.UNKNOWN, OfflineState.IN_FORCE)
