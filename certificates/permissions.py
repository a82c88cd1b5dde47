"""Permissions to see, download and revoke certificates; verifying is for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from courses.models import StaffRole
from courses.permissions import CourseContext, edits
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Predicate, Verdict, allow_if, open_to_strangers, signed_in


class CertificateAction(StrEnum):
    """Acts on credentials."""

    LIST_OWN = "certificate:list_own"
    VIEW = "certificate:view"
    VIEW_HISTORY = "certificate:view_history"
    """See who did what with it."""
    DOWNLOAD = "certificate:download"
    BADGE = "certificate:badge"
    """Have the badge, by the code; whether there still is one follows from the certificate's state."""
    REVOKE = "certificate:revoke"
    REPLACE = "certificate:replace"
    """Correct a sound one and issue it again."""
    RENEW = "certificate:renew"
    """Issue another one instead of one that was revoked; what an administrator revoked only administrators restore."""
    LIST = "certificate:list"
    """See the register of certificates: all of them, or those of a course."""
    EXPORT = "certificate:export"
    """Take the register out as a table, identity numbers masked."""
    EXPORT_IDENTITY = "certificate:export_identity"
    """Take it out with identity numbers, for a reason."""


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """A person before a credential: the row, its state, and what the person is in its course."""

    row: Credential
    state: CredentialState
    staff_role: StaffRole | None
    slug: str


@dataclass(frozen=True, slots=True)
class RegisterContext:
    """A person before the register of certificates: that of a course, or that of the whole site."""

    course: CourseContext | None


def _list(actor: Actor, subject: object) -> Verdict:
    """Administrators, and of a course its owners and editors; to others there is no register."""
    assert isinstance(subject, RegisterContext)
    return allow_if(edits(actor, subject.course.staff_role if subject.course else None), Verdict.HIDE)


def _export_identity(actor: Actor, subject: object) -> Verdict:
    verdict = _list(actor, subject)
    return allow_if(actor.is_administrator) if verdict is Verdict.ALLOW else verdict


def _view(actor: Actor, subject: object) -> Verdict:
    """The holder, the course's instructors and administrators; to anybody else it does not exist."""
    assert isinstance(subject, CredentialContext)
    return allow_if(is_own(actor, subject.row.person_id) or edits(actor, subject.staff_role), Verdict.HIDE)


def _view_history(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    verdict = _view(actor, subject)
    return allow_if(edits(actor, subject.staff_role)) if verdict is Verdict.ALLOW else verdict


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


@open_to_strangers
def _badge(_actor: Actor, _subject: object) -> Verdict:
    """Allow everybody who has the code, as with verifying."""
    return Verdict.ALLOW


def _holder(subject: CredentialContext) -> tuple[int]:
    return (subject.row.person_id,)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    CertificateAction.LIST_OWN: signed_in,
    CertificateAction.VIEW: _view,
    CertificateAction.VIEW_HISTORY: _view_history,
    CertificateAction.DOWNLOAD: _view,
    CertificateAction.BADGE: _badge,
    CertificateAction.REVOKE: changes_record(_revoke, _holder),
    CertificateAction.REPLACE: changes_record(_replace, _holder),
    CertificateAction.RENEW: changes_record(_renew, _holder),
    CertificateAction.LIST: _list,
    CertificateAction.EXPORT: _list,
    CertificateAction.EXPORT_IDENTITY: _export_identity,
}
