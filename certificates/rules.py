"""Pure rules of credentials: their codes, their states, who deserves one, and what exactly is signed."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from enrolments.rules import Progress

CODE_BITS = 80
CODE_LENGTH = 16
GRADE_TOLERANCE = Fraction(1, 1_000_000)
CONTENT_FORMAT = 1

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = 4
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212_.")


def code_from_bits(bits: int) -> str:
    """Return 80 random bits as 16 signs of Crockford's base 32, without hyphens, as they are stored."""
    if not 0 <= bits < 2**CODE_BITS:
        raise ValueError("a code has 80 bits")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))


def printed_code(code: str) -> str:
    """Return a code in groups of four: ``7K4M-92XD-C3QF-8TRA``."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read_code(typed: str) -> str | None:
    """Return the stored form of a code as people type it; None where it cannot be one.

    Case, spaces and hyphens do not matter; I and L are read as 1, O as 0.
    """
    if len(typed) > 4 * CODE_LENGTH:
        return None
    signs = "".join(sign for sign in typed if not sign.isspace() and sign not in _DASHES)
    if not signs.isascii():
        return None
    signs = signs.upper().translate(_MISREAD)
    return signs if len(signs) == CODE_LENGTH and all(sign in _ALPHABET for sign in signs) else None


class CredentialState(StrEnum):
    """What the register says of a credential."""

    VALID = "valid"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REVOKED = "revoked"


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
    """What a course asks for its certificate; ``template`` is None where it gives none, ``grade`` in percent."""

    template: str | None
    grade: Fraction | None = None


class Refusal(StrEnum):
    """Why no credential is issued."""

    NONE_OFFERED = "none_offered"
    NOT_COMPLETED = "not_completed"
    NOT_GRADED = "not_graded"
    GRADE_TOO_LOW = "grade_too_low"
    ALREADY_HELD = "already_held"


def deserves(policy: AwardPolicy, progress: Progress, *, held: CredentialState | None = None) -> Refusal | None:
    """Return why a credential must not be issued; None where it is deserved.

    ``held`` is the state of the person's newest credential for this enrolment: while it is valid there is no second one,
    and a revoked one does not come back by itself.
    """
    if policy.template is None:
        return Refusal.NONE_OFFERED
    if held in (CredentialState.VALID, CredentialState.REVOKED):
        return Refusal.ALREADY_HELD
    if not progress.completed:
        return Refusal.NOT_COMPLETED
    if policy.grade is None:
        return None
    if progress.grade is None:
        return Refusal.NOT_GRADED
    return Refusal.GRADE_TOO_LOW if progress.grade < policy.grade - GRADE_TOLERANCE else None


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What a credential states, and all that its signature covers; ``hours`` as printed, titles by language."""

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


def canonical_content(content: SignedContent) -> bytes:
    """Return the bytes that are signed: UTF-8 JSON in NFC, keys sorted, no spaces; dates as ISO 8601, hours as a fraction."""
    document = {
        "format": CONTENT_FORMAT,
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
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", text).encode()
