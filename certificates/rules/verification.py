"""Verdicts on badges and status lists, with words that are the same on every page and in the command (spec/certificates V2)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from certificates.rules import badges
from certificates.rules.status_lists import StatusListContent, StatusPurpose, read_status_list, status_list_quads
from kernel.errors import N_

IN_FORCE = N_("Genuine and in force")
EXPIRED = N_("Genuine, expired on %(day)s")
REPLACED_BY = N_("Genuine, replaced by %(code)s")
REPLACED_BY_EXPIRED = N_("Genuine, replaced by %(code)s, which has expired")
REPLACED_BY_REVOKED = N_("Genuine, replaced by %(code)s, which was revoked")
REPLACED = N_("Genuine, replaced by another certificate")
"""Where only a status list says so, which names no code."""
REVOKED_FOR = N_("Genuine, revoked on %(day)s (%(why)s)")
REVOKED_ON = N_("Genuine, revoked on %(day)s")
REVOKED = N_("Genuine, revoked")
"""Where only a status list says so, which names no day."""
UNKNOWN = N_("Genuine, state unknown")
ALTERED = N_("Altered or not issued here")
UNSEALED = N_("Genuine credential on a sheet without a seal: believe only what it says here")
WITHOUT_SEAL = N_("Sheet without a seal: compare it with the register")
"""A sheet from before there were seals, where the register cannot be asked."""
UNREADABLE = N_("It cannot be read")
TRANSCRIPT_SAME = N_("Genuine as of %(day)s, and nothing has changed since")
TRANSCRIPT_CHANGED = N_("Genuine as of %(day)s; something has changed since")
TRANSCRIPT_UNKNOWN = N_("Genuine as of %(day)s, present state unknown")
"""Where no status list at hand says what is true today of a certificate that was in force."""


_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
MOST_PICTURE_BYTES = 2_097_152


class BadgeForm(StrEnum):
    """The forms of a badge."""

    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"


class DocumentFault(StrEnum):
    """Why a document is not genuine."""

    UNREADABLE = "unreadable"
    """No document of a form known here: damaged, or something else."""
    AMBIGUOUS = "ambiguous"
    """A member twice, text not in NFC, a control character, a number with a point."""
    NOT_OUR_PROFILE = "not_our_profile"
    """A member more or less, another context, a second proof, a head of a token that ours do not have."""
    OTHER_ISSUER = "other_issuer"
    """A badge of our form, by an issuer none of whose keys is known here."""
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    """A text was changed after signing."""
    COMPROMISED_KEY = "compromised_key"
    """Signed by a key after it had come into other hands."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that signs, or once signed, badges and lists here."""

    method: str
    """As documents name it: `did:web:HOST#KEY`."""
    holds: Callable[[bytes, bytes], bool]
    """Whether a signature is of this key over a content, in this order; it raises nothing."""
    compromised_since: datetime | None = None
    """From when on its signatures count for nothing."""


@dataclass(frozen=True, slots=True)
class BadgeFinding:
    """A file as verified: genuine where there is no fault. ``badge`` may be shown as signed only then."""

    form: BadgeForm | None
    fault: DocumentFault | None = None
    badge: badges.BadgeContent | None = None
    key: TrustedKey | None = None

    @property
    def is_genuine(self) -> bool:
        """Return whether it is signed by one of the keys, and unchanged."""
        return self.fault is None

    @property
    def compromised_since(self) -> datetime | None:
        """Return since when its key is in other hands, which can claim any earlier moment (spec/certificates K4)."""
        return self.key.compromised_since if self.key else None

    @property
    def is_readable(self) -> bool:
        """Return whether it is a document of a known form at all."""
        return self.fault is not DocumentFault.UNREADABLE


def verify_document(content: bytes, trusted: Sequence[TrustedKey]) -> BadgeFinding:
    """Return the finding on a file or pasted text; nothing in it raises, and no key in it is used."""
    form = form_of(content)
    try:
        if form is BadgeForm.PNG:
            return _finding(form, _text(badges.png_badge(content)), trusted)
        if form is BadgeForm.SVG:
            return _finding(form, badges.svg_badge(_text(content)), trusted)
        return _finding(form, _text(content), trusted)
    except badges.UnreadableDocument:
        return BadgeFinding(form, DocumentFault.UNREADABLE)
    except badges.AmbiguousDocument:
        return BadgeFinding(form, DocumentFault.AMBIGUOUS)
    except badges.NotOurProfile:
        return BadgeFinding(form, DocumentFault.NOT_OUR_PROFILE)


def form_of(content: bytes) -> BadgeForm | None:
    """Return the form that a file begins like; None where it begins like none."""
    start = content[:200].lstrip()
    if content.startswith(badges.PNG_MARK):
        return BadgeForm.PNG
    if start.startswith(b"<"):
        return BadgeForm.SVG
    if start.startswith(b"{"):
        return BadgeForm.JSON
    return BadgeForm.JWT if start.startswith(b"ey") else None


def _text(content: bytes) -> str:
    if len(content) > MOST_PICTURE_BYTES:
        raise badges.UnreadableDocument
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise badges.UnreadableDocument from None


@dataclass(frozen=True, slots=True)
class SignedText:
    """A text, who has signed it as it claims, and when; a token does not say when."""

    issuer: str
    method: str
    content: bytes
    signature: bytes
    created: datetime | None = None


def _finding(form: BadgeForm | None, text: str, trusted: Sequence[TrustedKey]) -> BadgeFinding:
    """Return the finding on a badge as JSON or as a token; a picture may hold either."""
    joined = "".join(text.split())
    if _TOKEN.fullmatch(joined):
        badge, method, content, signature = badges.read_token(joined)
        signed = SignedText(badge.issuer, method, content, signature)
    else:
        document, proof = _signed_json(text)
        badge = badges.read_badge(document)
        signed = _of_document(badge.issuer, badges.badge_quads(badge), proof)
    fault = signature_fault(signed, trusted)
    return BadgeFinding(form, fault, badge, None if fault else signing_key(signed, trusted))


def _signed_json(text: str) -> tuple[badges.Document, badges.Proof]:
    document = badges.read_strict(text.encode())
    if not isinstance(document, dict):
        raise badges.UnreadableDocument
    proof = badges.read_proof(document.pop("proof", None))
    return document, proof


def _of_document(issuer: str, quads: bytes, proof: badges.Proof) -> SignedText:
    return SignedText(issuer, proof.method, badges.signing_input(quads, proof), proof.signature, proof.created)


def signing_key(signed: SignedText, trusted: Sequence[TrustedKey]) -> TrustedKey | None:
    return next((key for key in trusted if key.method == signed.method), None)


def signature_fault(signed: SignedText, trusted: Sequence[TrustedKey]) -> DocumentFault | None:
    """Return the fault of a signature. A compromised key counts for no token, as a token does not say when it was signed."""
    key, issuer = signing_key(signed, trusted), f"{signed.issuer}#"
    if not any(known.method.startswith(issuer) for known in trusted):
        return DocumentFault.OTHER_ISSUER
    if key is None or not key.method.startswith(issuer):
        return DocumentFault.UNKNOWN_KEY
    if not key.holds(signed.signature, signed.content):
        return DocumentFault.BAD_SIGNATURE
    if key.compromised_since and (signed.created is None or signed.created >= key.compromised_since):
        return DocumentFault.COMPROMISED_KEY
    return None


def verify_status_list(content: bytes, trusted: Sequence[TrustedKey]) -> StatusListContent | None:
    """Return a signed status list; None where it is none, was changed, or is by another key or by one that was ever compromised."""
    try:
        document, proof = _signed_json(_text(content))
        content_of_list = read_status_list(document)
    except (badges.UnreadableDocument, badges.AmbiguousDocument, badges.NotOurProfile):
        return None
    signed = _of_document(content_of_list.issuer, status_list_quads(content_of_list), proof)
    key = signing_key(signed, trusted)
    return None if signature_fault(signed, trusted) or key is None or key.compromised_since else content_of_list


class OfflineState(StrEnum):
    """The state of a genuine badge, as lists at hand give it."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BadgeVerdict:
    """The state of a genuine badge on a day, and the list by which it is known: unknown without one, or with one that is out of date."""

    state: OfflineState
    status_list: StatusListContent | None = None


def judge(
    badge: badges.BadgeContent, lists: Sequence[StatusListContent], now: datetime, compromised_since: datetime | None = None
) -> BadgeVerdict:
    """Return the state of a genuine badge by verified lists; of several the newest counts (spec/certificates K7).

    A badge by a key that was compromised later is never in force without the register, which knows whether it was issued (K4).
    """
    begins = badge.valid_from.astimezone(UTC).date()
    verdict = judge_place(badge.status_list, badge.status_place, badge.valid_until, lists, begins=begins, now=now)
    if verdict.state is OfflineState.IN_FORCE and compromised_since:
        return BadgeVerdict(OfflineState.UNKNOWN, verdict.status_list)
    return verdict


def judge_place(
    address: str, index: int, valid_until: datetime | None, lists: Sequence[StatusListContent], *, begins: date, now: datetime
) -> BadgeVerdict:
    """Return the state of what has a place in the status list at an address and began on a day.

    A list that is out of date still shows what is not in force: no code comes back into force. A list of a day before says nothing of it.
    """
    revoked = _newest(lists, address, StatusPurpose.REVOCATION)
    replaced = _newest(lists, f"{address}/replaced", StatusPurpose.REFRESH)
    if revoked and revoked.is_set(index):
        is_replaced = replaced is not None and replaced.is_set(index)
        return BadgeVerdict(OfflineState.REPLACED if is_replaced else OfflineState.REVOKED, revoked)
    if valid_until and now > valid_until:
        return BadgeVerdict(OfflineState.EXPIRED, revoked)
    if revoked is None or now > revoked.valid_until or revoked.valid_from.astimezone(UTC).date() < begins:
        return BadgeVerdict(OfflineState.UNKNOWN, revoked)
    return BadgeVerdict(OfflineState.IN_FORCE, revoked)


def _newest(lists: Sequence[StatusListContent], address: str, purpose: StatusPurpose) -> StatusListContent | None:
    ours = [status_list for status_list in lists if status_list.address == address and status_list.purpose is purpose]
    return max(ours, key=lambda status_list: status_list.valid_from, default=None)
