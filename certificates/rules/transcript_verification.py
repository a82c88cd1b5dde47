"""Verifying a transcript without the register: its summary as JSON, alone or with the badges of its certificates (spec/certificates R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from certificates.rules.profiles import Document, NotOurProfile
from certificates.rules.proofs import JCS_SUITE, Proof, canonical_json, jcs_options, jcs_signing_input, read_proof
from certificates.rules.status_lists import StatusListContent
from certificates.rules.strict_json import AmbiguousDocument, UnreadableDocument, read_strict
from certificates.rules.transcripts import (
    KIND,
    TranscriptContent,
    TranscriptRecord,
    printed_codes,
    read_transcript,
    status_address,
    transcript_document,
)
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

END_OF_DAY = time(23, 59, 59, tzinfo=UTC)
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


def judge_record(record: TranscriptRecord, address: str, lists: Sequence[StatusListContent], now: datetime) -> BadgeVerdict | None:
    """Return the state of a record's certificate by verified lists; None where it has none."""
    held = record.certificate
    if held is None:
        return None
    if held.status is None:
        return BadgeVerdict(OfflineState.UNKNOWN)
    until = datetime.combine(held.expires_on, END_OF_DAY) if held.expires_on else None
    return judge_place(status_address(address, held.status[0]), held.status[1], until, lists, now)


def judge_transcript(content: TranscriptContent, lists: Sequence[StatusListContent], now: datetime) -> BadgeVerdict:
    """Return the worst that verified lists say of a certificate that was in force on the day of the transcript."""
    judged = [judge_record(record, content.address, lists, now) for record in content.records if record.counts]
    verdicts = {verdict.state: verdict for verdict in judged if verdict is not None}
    return next((verdicts[state] for state in _FROM_WORST if state in verdicts), BadgeVerdict(OfflineState.IN_FORCE))


_FROM_WORST = (OfflineState.REVOKED, OfflineState.REPLACED, OfflineState.EXPIRED, OfflineState.UNKNOWN, OfflineState.IN_FORCE)
