"""Permissions on certificates, their register and reviews, on templates and on transcripts; verifying is for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from certificates.models import BulkDownload, Credential, CredentialReview, StoredTemplate, Transcript
from certificates.rules.credentials import SOUND, CredentialState
from courses.access import CourseContext, edits
from courses.models import StaffRole
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if, open_to_strangers, signed_in
from organisations.access import NOWHERE, InstitutionContext, InstitutionScope


class CertificateAction(StrEnum):
    """Acts on credentials."""

    LIST_OWN = "certificate:list_own"
    VIEW = "certificate:view"
    VIEW_HISTORY = "certificate:view_history"
    """See who did what with it."""
    DOWNLOAD = "certificate:download"
    BADGE = "certificate:badge"
    """Have the badge, by the code; whether there still is one follows from the certificate's state."""
    VERIFY = "certificate:verify"
    """Let a file be judged; a code is checked without an action."""
    REVOKE = "certificate:revoke"
    REPLACE = "certificate:replace"
    """Correct a sound one and issue it again."""
    RENEW = "certificate:renew"
    """Issue another one instead of one that was revoked: an administrator's act, of the institution too."""
    LIST = "certificate:list"
    """See the register of certificates: all of them, or those of a course."""
    EXPORT = "certificate:export"
    """Take the register out as a table, identity numbers masked."""
    EXPORT_IDENTITY = "certificate:export_identity"
    """Take it out with identity numbers, for a reason."""
    ASK_CORRECTION = "certificate:ask_correction"
    PRINT_IDENTITY = "certificate:print_identity"
    """Have one's identity number printed, or no longer."""
    LIST_REVIEWS = "certificate:list_reviews"
    """See what waits for a decision: in a course, or everywhere."""
    DECIDE = "certificate:decide"
    CALL_REPLACED = "certificate:call_replaced"
    """Say that what was revoked and issued again because of a name was replaced."""
    CORRECT_NAME = "certificate:correct_name"
    """Issue all certificates of a person again, whose name was corrected."""
    BULK_ZIP = "certificate:bulk_zip"
    """Let the certificates of the register be drawn as files."""
    SET_VALIDITY = "certificate:set_validity"
    """Set the validity of a course for certificates already issued."""
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


class TranscriptAction(StrEnum):
    """Acts on transcripts."""

    MAKE = "transcript:make"
    """See one's own and make one of it with a code."""
    VIEW = "transcript:view"
    """See what a person completed, as it stands now."""
    DOWNLOAD = "transcript:download"
    """Have one that was made, as PDF or JSON."""


@dataclass(frozen=True, slots=True)
class TranscriptContext:
    """A person before a transcript that was made."""

    row: Transcript


@dataclass(frozen=True, slots=True)
class TemplateContext:
    """A person before a template or one of its versions.

    `teaches` says whether they own or edit a course of its institution, `administers` whether they administer that.
    """

    row: StoredTemplate
    teaches: bool = False
    administers: bool = False
    number: int = 0
    """Of the version that the address names."""
    audits: bool = False
    """Whether they audit a place of its institution."""


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """A person before a credential: the row, its state, and what the person is in its course."""

    row: Credential
    state: CredentialState
    staff_role: StaffRole | None
    slug: str
    signatory_ids: tuple[int, ...] = ()
    """The accounts of those who signed it."""
    administers: bool = False
    """Whether the person administers the institution that it names."""
    audits: bool = False
    """Whether the person audits a place of its holder."""

    @property
    def is_sound(self) -> bool:
        """Say whether it may be revoked, replaced or corrected now."""
        return self.state in SOUND

    @property
    def is_restorable(self) -> bool:
        """Say whether it is revoked and nothing was issued instead."""
        return self.state is CredentialState.REVOKED and self.row.replaced_by_id is None


@dataclass(frozen=True, slots=True)
class CredentialReviewContext:
    """Something to decide on, locked, with its credential as the actor sees it."""

    row: CredentialReview
    credential: CredentialContext


@dataclass(frozen=True, slots=True)
class ReviewListContext:
    """A person before what waits for a decision: in a course, or in the institutions that they administer."""

    course: CourseContext | None
    scope: InstitutionScope = NOWHERE


@dataclass(frozen=True, slots=True)
class HolderContext:
    """A person before somebody's certificates.

    `is_of_institution` says whether that one holds a certificate of an institution in their scope.
    """

    person: Person
    scope: InstitutionScope = NOWHERE
    is_of_institution: bool = False


@dataclass(frozen=True, slots=True)
class RegisterContext:
    """A person before the register of certificates: of a course, of the institutions that they administer, or of the places they audit."""

    course: CourseContext | None
    scope: InstitutionScope = NOWHERE
    audited: frozenset[int] = frozenset()
    """The places whose people's certificates an auditor reads; without any, the reader is none or administers an institution."""

    @property
    def institution_keys(self) -> frozenset[str] | None:
        """Return the keys of the institutions whose certificates alone are seen; None: all of them."""
        return None if self.course is not None or self.scope.everywhere or self.audited else self.scope.keys


def _sees_list(actor: Actor, course: CourseContext | None, scope: InstitutionScope) -> Verdict:
    """Decide on a list: of a course for its owners and editors, of all courses for administrators; to others there is none."""
    return allow_if(edits(actor, course.staff_role) if course is not None else scope.any, Verdict.HIDE)


def _list(actor: Actor, subject: RegisterContext) -> Verdict:
    return Verdict.ALLOW if subject.audited else _sees_list(actor, subject.course, subject.scope)


def _take_files(actor: Actor, subject: RegisterContext) -> Verdict:
    """Decide on what the register makes: not for auditors, who only read it."""
    return Verdict.FORBID if subject.audited else _list(actor, subject)


def _export_identity(actor: Actor, subject: RegisterContext) -> Verdict:
    """Decide on identity numbers: for administrators, whom the register of a course alone does not show them."""
    verdict = _take_files(actor, subject)
    return allow_if(actor.is_administrator or subject.course is None) if verdict is Verdict.ALLOW else verdict


@dataclass(frozen=True, slots=True)
class ValidityContext:
    """A person before the validity of the certificates of a course, and whether they administer its institution."""

    course: CourseContext
    administers: bool = False


def _set_validity(_actor: Actor, subject: ValidityContext) -> Verdict:
    """Administrators of the course's institution; to others there is no such page."""
    return allow_if(subject.administers, Verdict.HIDE)


@dataclass(frozen=True, slots=True)
class BulkContext:
    """A person before a bulk download of certificates: what they are in its course, and whether they administer its institution."""

    row: BulkDownload
    staff_role: StaffRole | None
    administers: bool = False


def _open_bulk_zip(actor: Actor, subject: BulkContext) -> Verdict:
    """Administrators, and the person who requested it while they may see the register; to others there is none."""
    is_maker = subject.row.course_id is not None and is_own(actor, subject.row.requested_by)
    return allow_if(actor.is_administrator or subject.administers or (is_maker and edits(actor, subject.staff_role)), Verdict.HIDE)


def decides(actor: Actor, subject: CredentialContext) -> bool:
    """Say whether an actor may act on a credential: the team of its course, and who administers its institution."""
    return edits(actor, subject.staff_role) or subject.administers


def _view(actor: Actor, subject: CredentialContext) -> Verdict:
    """The holder, the course's instructors, administrators and auditors; to anybody else it does not exist."""
    return allow_if(is_own(actor, subject.row.person_id) or decides(actor, subject) or subject.audits, Verdict.HIDE)


def _view_history(actor: Actor, subject: CredentialContext) -> Verdict:
    verdict = _view(actor, subject)
    return allow_if(decides(actor, subject) or subject.audits) if verdict is Verdict.ALLOW else verdict


def _change(actor: Actor, subject: CredentialContext) -> Verdict:
    """Allow the team and administrators, in whatever state it is: one that does not admit the act is answered 409, not 403."""
    verdict = _view(actor, subject)
    return allow_if(decides(actor, subject)) if verdict is Verdict.ALLOW else verdict


def _renew(actor: Actor, subject: CredentialContext) -> Verdict:
    """Decide as for other changes, but that only administrators restore what was revoked, whoever did it (spec/certificates E9)."""
    verdict = _change(actor, subject)
    return allow_if(actor.is_administrator or subject.administers) if verdict is Verdict.ALLOW else verdict


@open_to_strangers
def _everybody(_actor: Actor, _subject: object) -> Verdict:
    """Allow everybody who has the code or the file; a session of a suspended account is refused wherever an action is asked for."""
    return Verdict.ALLOW


def _see_template(actor: Actor, subject: TemplateContext) -> Verdict:
    """Administrators, and instructors and auditors once it is published; to others it does not exist."""
    published = subject.row.published_number is not None
    return allow_if(subject.administers or ((subject.teaches or subject.audits) and published), Verdict.HIDE)


def _list_templates(_actor: Actor, subject: InstitutionContext) -> Verdict:
    """Administrators and auditors of some institution, each with its loader; to others there is no list."""
    return allow_if(subject.scope.any, Verdict.HIDE)


def _edit_template(_actor: Actor, subject: TemplateContext) -> Verdict:
    """Administrators of the institution; to others it does not exist."""
    return allow_if(subject.administers, Verdict.HIDE)


def _as_holder(actor: Actor, subject: CredentialContext) -> Verdict:
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    return allow_if(is_own(actor, subject.row.person_id))


def _call_replaced(actor: Actor, subject: CredentialContext) -> Verdict:
    if _view(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    return allow_if(actor.is_administrator or subject.administers)


def _list_reviews(actor: Actor, subject: ReviewListContext) -> Verdict:
    return _sees_list(actor, subject.course, subject.scope)


def _decide(actor: Actor, subject: CredentialReviewContext) -> Verdict:
    return allow_if(decides(actor, subject.credential), Verdict.HIDE)


def _view_transcript(actor: Actor, subject: HolderContext) -> Verdict:
    """The person themself and administrators, also those of an institution that issued them a certificate; to others there is none."""
    return allow_if(is_own(actor, subject.person.id) or actor.is_administrator or subject.is_of_institution, Verdict.HIDE)


def _download_transcript(actor: Actor, subject: TranscriptContext) -> Verdict:
    return allow_if(is_own(actor, subject.row.person_id), Verdict.HIDE)


def _holder(subject: CredentialContext) -> tuple[int, ...]:
    """Return on whose record an act on a credential is: its holder's, and that of those who signed it (spec/certificates E8)."""
    return (subject.row.person_id, *subject.signatory_ids)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    CertificateAction.LIST_OWN: signed_in,
    CertificateAction.VIEW: _view,
    CertificateAction.VIEW_HISTORY: _view_history,
    CertificateAction.DOWNLOAD: _view,
    CertificateAction.BADGE: _everybody,
    CertificateAction.VERIFY: _everybody,
    CertificateAction.REVOKE: changes_record(_change, _holder),
    CertificateAction.REPLACE: changes_record(_change, _holder),
    CertificateAction.RENEW: changes_record(_renew, _holder),
    CertificateAction.LIST: _list,
    CertificateAction.EXPORT: _list,
    CertificateAction.EXPORT_IDENTITY: _export_identity,
    CertificateAction.ASK_CORRECTION: _as_holder,
    CertificateAction.PRINT_IDENTITY: _as_holder,
    CertificateAction.LIST_REVIEWS: _list_reviews,
    CertificateAction.DECIDE: changes_record(_decide, lambda subject: _holder(subject.credential)),
    CertificateAction.CALL_REPLACED: changes_record(_call_replaced, _holder),
    CertificateAction.CORRECT_NAME: changes_record(administrator, lambda subject: (subject.person.id,)),
    CertificateAction.BULK_ZIP: _take_files,
    CertificateAction.SET_VALIDITY: _set_validity,
    CertificateAction.OPEN_BULK_ZIP: _open_bulk_zip,
    TranscriptAction.MAKE: signed_in,
    TranscriptAction.VIEW: _view_transcript,
    TranscriptAction.DOWNLOAD: _download_transcript,
    TemplateAction.LIST: _list_templates,
    TemplateAction.VIEW: _see_template,
    TemplateAction.PREVIEW: _see_template,
    TemplateAction.EDIT: _edit_template,
    TemplateAction.PUBLISH: _edit_template,
}
