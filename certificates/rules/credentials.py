"""States of credentials, the policy by which a course awards one, the content that is signed, the reasons and causes, and file names."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from fractions import Fraction

from enrolments.rules import Progress, has_passed

LONGEST_PART = 40
_OTHERS = re.compile(r"[^a-z0-9]+")


def archive_name(surnames: str, given: str, code: str) -> str:
    """Return the name of a certificate's file in an archive: `surname-given-CODE.pdf`, without what no letter of ASCII stands for.

    It is unique by its code.
    """
    parts = [part for part in (_plain(surnames), _plain(given)) if part]
    return "-".join([*parts, f"{code}.pdf"])


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _OTHERS.sub("-", "".join(sign for sign in decomposed if not unicodedata.combining(sign))).strip("-")[:LONGEST_PART].rstrip("-")


CODE_LENGTH = 16
"""Signs of a code: 80 random bits (spec/security 5.4)."""
CONTENT_FORMAT = 2
"""The form of the content that new credentials sign; older ones verify in theirs for ever."""


class CredentialState(StrEnum):
    """The state of a credential in the register."""

    VALID = "valid"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REVOKED = "revoked"


DECLARED = "declared"
"""The basis of a name that no one checked: the person says it."""
SOUND = (CredentialState.VALID, CredentialState.EXPIRED)
"""States in which a credential may be revoked or replaced."""


class ReplacementReason(StrEnum):
    """The classes of reasons for which another credential is issued instead of one that was sound."""

    NAME = "name"
    DATA = "data"
    TEMPLATE = "template"
    MERGED = "merged"


class RevocationReason(StrEnum):
    """The classes of reasons for a revocation, as everybody reads them."""

    ISSUED_BY_MISTAKE = "issued_by_mistake"
    CONDITIONS_NOT_MET = "conditions_not_met"
    IRREGULARITY = "irregularity"
    ON_REQUEST = "on_request"


def last_second(day: date, zone: tzinfo) -> datetime:
    """Return the last second of a day in a time zone: until then a credential is valid whose last day it is (spec/certificates E1)."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def state_of(*, revoked: bool, replaced: bool, expires_on: date | None, today: date) -> CredentialState:
    """Return the state; a revoked one is that whatever else it is, and the last day of validity still counts."""
    if revoked:
        return CredentialState.REVOKED
    if replaced:
        return CredentialState.REPLACED
    expired = expires_on is not None and today > expires_on
    return CredentialState.EXPIRED if expired else CredentialState.VALID


@dataclass(frozen=True, slots=True)
class AwardPolicy:
    """The requirements of a course for its certificate; ``template`` is None where it gives none, ``grade`` in percent."""

    template: str | None
    grade: Fraction | None = None


class AwardRefusal(StrEnum):
    """Why no credential is issued."""

    NONE_OFFERED = "none_offered"
    NOT_COMPLETED = "not_completed"
    NOT_GRADED = "not_graded"
    GRADE_TOO_LOW = "grade_too_low"
    ALREADY_HELD = "already_held"


def award_refusal(policy: AwardPolicy, progress: Progress, *, held: CredentialState | None = None) -> AwardRefusal | None:
    """Return why a credential must not be issued; None where it is deserved.

    ``held`` is the state of the person's newest credential for this enrolment: while it is valid there is no second one,
    and a revoked one does not come back by itself.
    """
    if policy.template is None:
        return AwardRefusal.NONE_OFFERED
    if held in (CredentialState.VALID, CredentialState.REVOKED):
        return AwardRefusal.ALREADY_HELD
    if not progress.completed:
        return AwardRefusal.NOT_COMPLETED
    if policy.grade is None:
        return None
    if progress.grade is None:
        return AwardRefusal.NOT_GRADED
    return None if has_passed(progress.grade, policy.grade) else AwardRefusal.GRADE_TOO_LOW


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """The signer of a credential: name, office by language, and the picture of the signature, empty where there is none."""

    name: str
    offices: Mapping[str, str]
    picture: bytes = b""
    person_id: int | None = None
    """Their account; not part of what is signed."""

    @property
    def sha256(self) -> str:
        """Return the checksum of the picture, empty where there is none."""
        return hashlib.sha256(self.picture).hexdigest() if self.picture else ""


@dataclass(frozen=True, slots=True)
class SignedContent:
    """The content of a credential, and all that its signature covers; ``hours`` as printed, titles by language."""

    code: str
    person_name: str
    course_key: str
    course_titles: Mapping[str, str]
    course_version: int
    modules: int
    hours: Fraction
    institution: str
    completed_on: date
    issued_on: date
    expires_on: date | None
    key_id: str
    signers: tuple[CredentialSigner, ...] = ()
    format: int = CONTENT_FORMAT
    institution_key: str = ""
    """The UUID of the institution; in the second form, as all that follows."""
    template: str = ""
    template_version: int = 1
    hours_basis: str = ""
    with_assessment: bool = False
    passed: Mapping[str, str] = field(default_factory=dict)
    """What was passed, by language; empty where nothing had to be, as in all that was issued before certificates said what."""
    take: int = 1
    status: tuple[int, int] | None = None
    """The number of the status list, and the place in it."""
    edition: str = ""
    """The name of the edition; empty where the course was taken in none, as in all that was issued before editions were frozen."""
    edition_from: date | None = None
    edition_until: date | None = None
    grade: str = ""
    """In percent; empty where the course does not print it."""
    name_basis: str = ""
    """`declared` where no one checked the name; empty where someone did, as in all that was issued before it was said."""


def canonical_content(content: SignedContent) -> bytes:
    """Return the bytes that are signed: UTF-8 JSON in NFC, keys sorted, no spaces; dates as ISO 8601, hours as a fraction.

    Where nobody signed there is no word of it: so were the first credentials issued. The second form also covers whose certificate it
    is, how the sheet is drawn, where the hours are from, whether passing was asked, the take and the place in the status list; and,
    where there are any, what was passed, the edition with its days, the grade, and that the name is declared. Where there are none it has
    no word of them, as before there were.
    """
    signers = [{"name": signer.name, "offices": dict(signer.offices), "picture": signer.sha256} for signer in content.signers]
    document = {
        "format": content.format,
        "code": content.code,
        "person_name": content.person_name,
        "course_key": content.course_key,
        "course_titles": dict(content.course_titles),
        "course_version": content.course_version,
        "modules": content.modules,
        "hours": str(content.hours),
        "institution": content.institution,
        "completed_on": content.completed_on.isoformat(),
        "issued_on": content.issued_on.isoformat(),
        "expires_on": content.expires_on.isoformat() if content.expires_on else None,
        "key_id": content.key_id,
        **({"signatories": signers} if signers else {}),
        **(_second_format(content) if content.format >= 2 else {}),
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", text).encode()


def _second_format(content: SignedContent) -> dict[str, object]:
    return {
        "institution_key": content.institution_key,
        "template": content.template,
        "template_version": content.template_version,
        "hours_basis": content.hours_basis,
        "with_assessment": content.with_assessment,
        "take": content.take,
        "status": list(content.status) if content.status else None,
        **{name: value for name, value in _optional(content) if value},
    }


def _optional(content: SignedContent) -> Iterator[tuple[str, object]]:
    yield "passed", dict(content.passed)
    yield "edition", content.edition
    yield "edition_from", content.edition_from.isoformat() if content.edition_from else ""
    yield "edition_until", content.edition_until.isoformat() if content.edition_until else ""
    yield "grade", content.grade
    yield "name_basis", content.name_basis


class ReviewDecision(StrEnum):
    """The decisions about a credential."""

    KEEP = "keep"
    REPLACE = "replace"
    REVOKE = "revoke"
    UNDONE = "undone"
    """What led to it was undone before anyone decided."""


class ReviewCause(StrEnum):
    """The causes of a review."""

    CORRECTION_REQUESTED = "correction_requested"
    """Its holder says that something of it is wrong."""
    COMPLETION_WITHDRAWN = "completion_withdrawn"
    """What completed the course was withdrawn: a result of the team, or work that is open again."""
    REGRADED = "regraded"
    """After a regrade its holder no longer passes what the course asks for."""
    ACCOUNTS_MERGED = "accounts_merged"
    """Its holder's accounts were merged, and the name is another one now."""

    @property
    def concerns_completion(self) -> bool:
        """Return whether the certificate as such is in doubt, not what it says: it stays or is revoked, never issued again."""
        return self in (ReviewCause.COMPLETION_WITHDRAWN, ReviewCause.REGRADED)

    @property
    def decisions_here(self) -> tuple[ReviewDecision, ...]:
        """Return the decisions that may be taken in the list itself; a certificate is revoked on a page of its own."""
        return (ReviewDecision.KEEP,) if self.concerns_completion else (ReviewDecision.KEEP, ReviewDecision.REPLACE)

    @property
    def replaced_for(self) -> ReplacementReason:
        """Return the class of reason for which the credential is replaced after it."""
        return ReplacementReason.MERGED if self is ReviewCause.ACCOUNTS_MERGED else ReplacementReason.NAME
