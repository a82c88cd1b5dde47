"""Claims of a provider, read into the values that the rest of the package decides on; nothing here reads a database."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.names import NameParts
from accounts.rules import normal_email, valid_cedula
from federation.models import LONGEST_SUBJECT, IdentityProvider
from kernel.i18n import LANGUAGES
from kernel.left_out import LineRefused
from kernel.markup.source import printable
from organisations.list_reading import read_staff_number
from organisations.rules.units import split_surnames


class ClaimField(StrEnum):
    """Values that a claim may give, by names that an administrator may change."""

    GIVEN_NAMES = "given_names"
    SURNAMES = "surnames"
    EMAIL = "email"
    LANGUAGE = "language"
    STAFF_NUMBER = "staff_number"
    NATIONAL_ID = "national_id"
    UNIT = "unit"
    POST = "post"
    GROUPS = "groups"


USUAL_CLAIMS: Mapping[ClaimField, str] = {
    ClaimField.GIVEN_NAMES: "given_name",
    ClaimField.SURNAMES: "family_name",
    ClaimField.EMAIL: "email",
    ClaimField.LANGUAGE: "locale",
}
"""Those of OpenID Connect Core 5.1."""
MOST_GROUPS = 1_000


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """A person as a provider describes them in a token that was checked."""

    subject: str
    given_names: str = ""
    surnames: str = ""
    email: str = ""
    """In the stored form; empty where there is none, or it is none."""
    email_is_proven: bool = False
    language: str = ""
    staff_number: str = ""
    national_id: str = ""
    unit: str = ""
    post: str = ""
    groups: frozenset[str] | None = None
    """None where the provider left them out, or gave a part: no role changes then."""
    has_factor: bool = False
    sid: str = ""
    authenticated_at: float = 0.0

    @property
    def names(self) -> NameParts | None:
        """Return the name, its surnames parted as well as it can be guessed; None where a part is missing."""
        return (self.given_names, *split_surnames(self.surnames)) if self.given_names and self.surnames else None


def read_claims(provider: IdentityProvider, claims: Mapping[str, Any]) -> ProvenIdentity:
    """Return whom claims describe, as a provider is set up."""

    def text(field: ClaimField, most: int = 150) -> str:
        value = claims.get(provider.claims.get(field) or USUAL_CLAIMS.get(field, ""))
        return " ".join(printable(str(value)).split())[:most] if isinstance(value, str | int) and not isinstance(value, bool) else ""

    email, number = (
        _address(claims.get(provider.claims.get(ClaimField.EMAIL) or "email")),
        text(ClaimField.NATIONAL_ID, 20).replace("-", "").replace(" ", ""),
    )
    language = text(ClaimField.LANGUAGE)[:2].lower()
    methods = claims.get("amr")
    factors = {*(methods if isinstance(methods, list) else ()), claims.get("acr")}
    return ProvenIdentity(
        subject=subject_of(provider, claims),
        given_names=text(ClaimField.GIVEN_NAMES),
        surnames=text(ClaimField.SURNAMES),
        email=email,
        email_is_proven=bool(email) and _is_proven(provider, email, claims.get("email_verified")),
        language=language if language in LANGUAGES else "",
        staff_number=_staff_number(text(ClaimField.STAFF_NUMBER)),
        national_id=number if valid_cedula(number) else "",
        unit=text(ClaimField.UNIT, 40),
        post=text(ClaimField.POST),
        groups=_groups(provider, claims),
        has_factor=any(isinstance(value, str) and value in provider.factor_values for value in factors),
        sid=str(claims.get("sid", ""))[:LONGEST_SUBJECT],
        authenticated_at=float(claims.get("auth_time") or 0.0) if isinstance(claims.get("auth_time"), int | float) else 0.0,
    )


def subject_of(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    """Return by what a provider names somebody for good; raise ValueError where it does not."""
    if not provider.uses_object_id:
        return str(claims["sub"])
    parts = [claims.get(name) for name in ("tid", "oid")]
    if not all(isinstance(part, str) and 1 <= len(part) <= LONGEST_SUBJECT for part in parts):
        raise ValueError("no tid or oid")
    return " ".join(map(str, parts))


def _staff_number(text: str) -> str:
    """Return a staff number as lists have it; nothing where it is too long to be one."""
    try:
        return read_staff_number(text)
    except LineRefused:
        return ""


def _address(value: object) -> str:
    """Return an address in its stored form; nothing of a list, or where letters only look like those of another."""
    if not isinstance(value, str) or unicodedata.normalize("NFKC", value) != value:
        return ""
    try:
        return normal_email(value)
    except ValueError:
        return ""


def _is_proven(provider: IdentityProvider, email: str, verified: object) -> bool:
    """Return whether an address is its person's: the provider says so, or it is in a domain of its own and nothing says otherwise."""
    return verified is True or (verified is None and email.rpartition("@")[2] in provider.domains)


def _groups(provider: IdentityProvider, claims: Mapping[str, Any]) -> frozenset[str] | None:
    name = provider.claims.get(ClaimField.GROUPS)
    groups = claims.get(name) if name else None
    elsewhere = claims.get("_claim_names")
    is_partial = claims.get("hasgroups") or (isinstance(elsewhere, dict) and name in elsewhere)
    if is_partial or not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        return None
    return frozenset(group for group in groups if isinstance(group, str))
