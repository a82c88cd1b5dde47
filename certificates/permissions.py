"""Permissions to see, download and revoke certificates; verifying is for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from certificates.models import BulkDownload, Credential, CredentialReview, StoredTemplate
from certificates.rules.credentials import CredentialState
from courses.models import StaffRole
from courses.permissions import CourseContext, edits
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if, open_to_strangers, signed_in


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
    ASK_CORRECTION = "certificate:ask_correction"
    LIST_REVIEWS = "certificate:list_reviews"
    """See what waits for a decision: in a course, or everywhere."""
    DECIDE = "certificate:decide"
    CALL_REPLACED = "certificate:call_replaced"
    """Say that what was revoked and issued again because of a name was replaced."""
    CORRECT_NAME = "certificate:correct_name"
    """Issue all certificates of a person again, whose name was corrected."""
    BULK_ZIP = "certificate:bulk_zip"
    """Let the certificates of the register be drawn as files."""
    OPEN_BULK_ZIP = "certificate:open_bulk_zip"
    """See such a download, let it rest or end it, and take its files."""


class TemplateAction(StrEnum):
    """Acts on templates of certificates."""

    LIST = "template:list"
    VIEW = "template:view"
    """See a template's published versions."""
    PREVIEW = "template:preview"
    """Draw a published version with an invented person."""
    EDIT = "template:edit"
    """Write the draft, give it pictures, draw it."""
    PUBLISH = "template:publish"


@dataclass(frozen=True, slots=True)
class TemplateContext:
    """A person before a template or one of its versions; `teaches` says whether they own or edit a course."""

    row: StoredTemplate
    teaches: bool = False
    number: int = 0
    """Of the version that the address names."""


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """A person before a credential: the row, its state, and what the person is in its course."""

    row: Credential
    state: CredentialState
    staff_role: StaffRole | None
    slug: str
    signatory_ids: tuple[int, ...] = ()
    """The accounts of those who signed it."""


@dataclass(frozen=True, slots=True)
class CredentialReviewContext:
    """Something to decide on, locked, with its credential as the actor sees it."""

    row: CredentialReview
    credential: CredentialContext


@dataclass(frozen=True, slots=True)
class ReviewListContext:
    """A person before what waits for a decision: in a course, or everywhere."""

    course: CourseContext | None


@dataclass(frozen=True, slots=True)
class HolderContext:
    """A person before somebody's certificates."""

    person: Person


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


@dataclass(frozen=True, slots=True)
class BulkContext:
    """A person before a bulk download of certificates, and what the person is in its course."""

    row: BulkDownload
    staff_role: StaffRole | None


def _open_bulk_zip(actor: Actor, subject: object) -> Verdict:
    """Administrators, and the person who requested it while they may see the register; to others there is none."""
    assert isinstance(subject, BulkContext)
    is_maker = subject.row.course_id is not None and is_own(actor, subject.row.requested_by)
    return allow_if(actor.is_administrator or (is_maker and edits(actor, subject.staff_role)), Verdict.HIDE)


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


def _see_template(actor: Actor, subject: object) -> Verdict:
    """Administrators, and instructors once it is published; to others it does not exist."""
    assert isinstance(subject, TemplateContext)
    published = subject.row.published_number is not None
    return allow_if(actor.is_administrator or (subject.teaches and published), Verdict.HIDE)


def _edit_template(actor: Actor, _subject: object) -> Verdict:
    """Administrators of the institution; to others it does not exist."""
    return allow_if(actor.is_administrator, Verdict.HIDE)


def _ask_correction(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    is_sound = subject.state in (CredentialState.VALID, CredentialState.EXPIRED)
    return allow_if(is_own(actor, subject.row.person_id) and is_sound)


def _call_replaced(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialContext)
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    issued_again = subject.state is CredentialState.REVOKED and subject.row.replaced_by_id is not None
    return allow_if(actor.is_administrator and issued_again)


def _list_reviews(actor: Actor, subject: object) -> Verdict:
    """Administrators, and of a course its owners and editors."""
    assert isinstance(subject, ReviewListContext)
    return allow_if(edits(actor, subject.course.staff_role if subject.course else None), Verdict.HIDE)


def _decide(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, CredentialReviewContext)
    return allow_if(edits(actor, subject.credential.staff_role), Verdict.HIDE)


def _holder(subject: CredentialContext) -> tuple[int, ...]:
    """Return on whose record an act on a credential is: its holder's, and that of those who signed it (spec/certificates E8)."""
    return (subject.row.person_id, *subject.signatory_ids)


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
    CertificateAction.ASK_CORRECTION: _ask_correction,
    CertificateAction.LIST_REVIEWS: _list_reviews,
    CertificateAction.DECIDE: changes_record(_decide, lambda subject: _holder(subject.credential)),
    CertificateAction.CALL_REPLACED: changes_record(_call_replaced, _holder),
    CertificateAction.CORRECT_NAME: changes_record(administrator, lambda subject: (subject.person.id,)),
    CertificateAction.BULK_ZIP: _list,
    CertificateAction.OPEN_BULK_ZIP: _open_bulk_zip,
    TemplateAction.LIST: _edit_template,
    TemplateAction.VIEW: _see_template,
    TemplateAction.PREVIEW: _see_template,
    TemplateAction.EDIT: _edit_template,
    TemplateAction.PUBLISH: _edit_template,
}
