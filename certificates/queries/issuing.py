"""Reading what an institution gives to the certificates that are issued in its name: names, colours, logo, who signs on a day.

Issuing and the preview of a template ask the same, so that a preview shows what would be issued.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from certificates.queries.credentials import accounts_of
from certificates.rules.credentials import CredentialSigner
from kernel.i18n import DEFAULT_LANGUAGE, LANGUAGES, choose
from kernel.pictures import cleaned
from kernel.settings import Settings, SignatorySetting
from organisations.institutions import Institution
from organisations.profile import find_profile, list_signatories_on

PRINTED_LOGO = "image/png"


@dataclass(frozen=True, slots=True)
class IssuerNames:
    """The full and the short name of an institution by language."""

    names: Mapping[str, str]
    short_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IssuerDesign:
    """The colours of an institution and the logo that its certificates print; empty what it has not chosen."""

    brand_colour: str = ""
    accent_colour: str = ""
    logo: bytes = b""


def get_issuer_names(settings: Settings, institution: Institution | None) -> IssuerNames:
    """Return the names that a certificate prints: those of the site for its own institution, where the environment wins."""
    if institution is None or institution.is_first:
        return IssuerNames(settings.names, settings.short_names)
    full = institution.names or {DEFAULT_LANGUAGE: institution.name}
    return IssuerNames(full, institution.short_names or full)


def get_issuer_design(session: Session, institution: Institution | None) -> IssuerDesign:
    """Return the colours and the logo of an institution as they are now; a logo that is a drawing is not printed."""
    profile = find_profile(session, institution.id) if institution is not None else None
    if profile is None:
        return IssuerDesign()
    logo = profile.logo if profile.logo and profile.logo_type == PRINTED_LOGO else b""
    return IssuerDesign(profile.brand_colour, profile.accent_colour, logo)


def list_signers_on(session: Session, settings: Settings, institution: Institution | None, day: date) -> tuple[CredentialSigner, ...]:
    """Return who signs on a day: for the first institution whom the environment names, else those of the institution's profile."""
    if settings.signatories and (institution is None or institution.is_first):
        return tuple(_signer(setting) for setting in settings.signatories)
    named = list_signatories_on(session, day, institution.id if institution else None)
    accounts = accounts_of(session, [signatory.email for signatory in named if signatory.email])
    return tuple(
        CredentialSigner(
            signatory.name,
            {code: choose(signatory.offices, code) for code in LANGUAGES},
            signatory.picture or b"",
            accounts.get(signatory.email),
        )
        for signatory in named
    )


def _signer(given: SignatorySetting) -> CredentialSigner:
    return CredentialSigner(given.name, given.offices, _cleaned(given.picture.read_bytes()) if given.picture else b"")


@lru_cache(maxsize=4)
def _cleaned(picture: bytes) -> bytes:
    """Return a picture of a signature written anew, once for all the certificates that are issued with it."""
    return cleaned(picture, "png" if picture.startswith(b"\x89PNG") else "jpg")
