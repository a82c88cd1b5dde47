"""Permissions to see, download and revoke certificates; verifying is for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from courses.models import StaffRole
from courses.permissions import edits
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Predicate, Verdict, allow_if, signed_in


class CertificateAction(StrEnum):
    """Acts on credentials."""

    LIST_OWN = "certificate:list_own"
    VIEW = "certificate:view"
    DOWNLOAD = "certificate:download"
    REVOKE = "certificate:revoke"
    REPLACE = "certificate:replace"
    """Correct a sound one and issue it again."""
    RENEW = "certificate:renew"
    """Issue another one instead of one that was revoked; what an administrator revoked only administrators restore."""


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """A person before a credential: the row, its state, and what the person is in its course."""

    row: Credential
    state: CredentialState
    staff_role: StaffRole | None
    slug: str


def _view(actor: Actor, subject: object) -> Verdict:
    """The holder, the course's instructors and administrators; to anybody else it does not exist."""
    assert isinstance(subject, CredentialContext)
    return allow_if(is_own(actor, subject.row.person_id) or edits(actor, subject.staff_role), Verdict.HIDE)


def _revoke(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    return allow_if(edits(actor, subject.staff_role) and subject.state is CredentialState.VALID)


def _replace(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    is_sound = subject.state in (CredentialState.VALID, CredentialState.EXPIRED)
    return allow_if(edits(actor, subject.staff_role) and is_sound)


def _renew(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    renewable = subject.state is CredentialState.REVOKED and subject.row.replaced_by_id is None
    may = actor.is_administrator if subject.row.revoked_by_administrator else edits(actor, subject.staff_role)
    return allow_if(may and renewable)


def _holder(subject: CredentialContext) -> tuple[int]:
    return (subject.row.person_id,)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    CertificateAction.LIST_OWN: signed_in,
    CertificateAction.VIEW: _view,
    CertificateAction.DOWNLOAD: _view,
    CertificateAction.REVOKE: changes_record(_revoke, _holder),
    CertificateAction.REPLACE: changes_record(_replace, _holder),
    CertificateAction.RENEW: changes_record(_renew, _holder),
}
