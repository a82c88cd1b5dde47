"""Permissions on certificates, their register and reviews, on templates and on transcripts; verifying is for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from certificates.models import BulkDownload, Credential, CredentialReview, StoredTemplate, Transcript
from certificates.rules.credentials import SOUND, CredentialState
from courses.access import EDITORS, ENROLLED, TEACHERS, CourseContext, edits
from courses.models import StaffRole
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, open_to_strangers, signed_in
from organisations.access import (
    AUDITORS,
    COURSE_INSTRUCTORS,
    INSTITUTION_ADMINISTRATORS,
    INSTITUTION_TEAM,
    NOWHERE,
    ONESELF,
    InstitutionContext,
    InstitutionScope,
)


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
    PRINT_IDENTITY = "certificate:print_id"
    """Have one's identity number printed, or no longer."""
    LIST_REVIEWS = "certificate:list_reviews"
    """See what waits for a decision: in a course, or everywhere."""
    DECIDE = "certificate:decide"
    CALL_REPLACED = "certificate:call_replaced"
    """State that what was revoked and issued again because of a name was replaced."""
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
        """Return whether it may be revoked, replaced or corrected now."""
        return self.state in SOUND

    @property
    def is_restorable(self) -> bool:
        """Return whether it is revoked and nothing was issued instead."""
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
    """Return whether an actor may act on a credential: the team of its course, and who administers its institution."""
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


PERMISSIONS: Mapping[StrEnum, Permission] = {
    CertificateAction.LIST_OWN: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    CertificateAction.VIEW: Permission(
        _view,
        {
            "of_a_person_of_the_places": (ONESELF | AUDITORS | Roles.ADMINISTRATORS)
            .untried_by(COURSE_INSTRUCTORS)
            .hidden_but(Roles.ANONYMOUS)
        },
    ),
    CertificateAction.VIEW_HISTORY: Permission(_view_history, {}),
    CertificateAction.DOWNLOAD: Permission(
        _view,
        {
            "own_valid": ENROLLED,
            "of_another_learner": EDITORS,
            "revoked": EDITORS.because("spec/certificates 11: its holder is answered 410, the team keeps it for the record"),
            "of_an_institution": INSTITUTION_TEAM.hidden,
        },
    ),
    CertificateAction.BADGE: Permission(
        _everybody,
        {
            "valid_code": Roles.EVERYBODY.because("who has the code has the badge; spec/certificates B1"),
            "revoked_code": EDITORS.because("gone (410) for others; spec/certificates V4"),
            "replaced_code": Roles.NOBODY.because("gone (410); the new code has its own"),
        },
    ),
    CertificateAction.VERIFY: Permission(
        _everybody,
        {
            "file": Roles.EVERYBODY.because("spec/certificates 11: public, a session of a suspended account excepted"),
            "identity_number": Roles.EVERYBODY.because(
                "spec/certificates P7: public while its holder has it printed, a session of a suspended account excepted"
            ),
            "valid_code": (Roles.EVERYBODY | Roles.SUSPENDED).because(
                "public, shows what the certificate prints and its state, nothing else"
            ),
            "revoked_code": Roles.EVERYBODY | Roles.SUSPENDED,
            "keys.read published": (Roles.EVERYBODY | Roles.SUSPENDED).because(
                "spec/certificates 11: whoever checks a certificate needs them"
            ),
            "status.read published": (Roles.EVERYBODY | Roles.SUSPENDED).because("spec/certificates 11: says of no place whose it is"),
        },
    ),
    CertificateAction.REVOKE: Permission(
        changes_record(_change, _holder),
        {"valid": EDITORS.because("with a reason; shown at verification within 1 s"), "of_an_institution": INSTITUTION_TEAM.hidden},
    ),
    CertificateAction.REPLACE: Permission(
        changes_record(_change, _holder),
        {"valid": EDITORS.because("another's; corrected and issued again in one step"), "of_an_institution": INSTITUTION_TEAM.hidden},
    ),
    CertificateAction.RENEW: Permission(
        changes_record(_renew, _holder),
        {
            "revoked": Roles.ADMINISTRATORS,
            "certificate.restore revoked_by_administrator": Roles.ADMINISTRATORS.because(
                "what an administrator revoked only an administrator restores"
            ),
            "certificate.restore of_an_institution_revoked_by_its_administrator": INSTITUTION_ADMINISTRATORS.hidden_but(INSTITUTION_TEAM),
        },
    ),
    CertificateAction.LIST: Permission(
        _list,
        {
            "own_course": EDITORS.hidden.because("the register of a course: its owners and editors"),
            "any": Roles.ADMINISTRATORS.hidden.because("the whole register"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
            "of_the_places": (AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS),
        },
    ),
    CertificateAction.EXPORT: Permission(
        _list,
        {
            "own_course": EDITORS.hidden.because("the register as a table, identity numbers masked"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    CertificateAction.EXPORT_IDENTITY: Permission(
        _export_identity,
        {
            "any": Roles.ADMINISTRATORS.hidden.because("with a reason, which is kept in the audit log"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    CertificateAction.ASK_CORRECTION: Permission(_as_holder, {"own_valid": ENROLLED.because("the holder asks; the team decides")}),
    CertificateAction.PRINT_IDENTITY: Permission(
        _as_holder, {"own_valid": ENROLLED.because("spec/certificates P7 and 11: its holder alone")}
    ),
    CertificateAction.LIST_REVIEWS: Permission(
        _list_reviews,
        {
            "own_course": EDITORS.hidden.because("what waits for a decision in a course: its owners and editors"),
            "any": Roles.ADMINISTRATORS.hidden.because("what waits for a decision anywhere"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    CertificateAction.DECIDE: Permission(
        changes_record(_decide, lambda subject: _holder(subject.credential)),
        {"open": EDITORS.hidden.because("never on one's own, nor on what one signed")},
    ),
    CertificateAction.CALL_REPLACED: Permission(
        changes_record(_call_replaced, _holder),
        {"revoked_for_a_name": Roles.ADMINISTRATORS.because("revoked and issued again because of a name; never by guess")},
    ),
    CertificateAction.CORRECT_NAME: Permission(
        changes_record(administrator, lambda subject: (subject.person.id,)),
        {"any": Roles.ADMINISTRATORS.because("all certificates of a person whose name was corrected")},
    ),
    CertificateAction.BULK_ZIP: Permission(
        _take_files,
        {
            "own_course": EDITORS.hidden.because("drawn in the background from the list as it stood"),
            "of_the_places": Roles.ADMINISTRATORS.tried_by(AUDITORS).hidden_but(Roles.ANONYMOUS | AUDITORS),
        },
    ),
    CertificateAction.SET_VALIDITY: Permission(
        _set_validity,
        {
            "own_course": Roles.ADMINISTRATORS.hidden.because("those already issued; their own are left out"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    CertificateAction.OPEN_BULK_ZIP: Permission(
        _open_bulk_zip,
        {
            "of_another": Roles.ADMINISTRATORS.hidden.because("only its maker and administrators open it"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    TranscriptAction.MAKE: Permission(signed_in, {"own": Roles.SIGNED_IN.because("one's own: what one completed, made with a code")}),
    TranscriptAction.VIEW: Permission(
        _view_transcript,
        {
            "of_another_learner": Roles.ADMINISTRATORS.hidden.because("of a learner of the course nobody; administrators, logged"),
            "of_a_holder_of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    TranscriptAction.DOWNLOAD: Permission(
        _download_transcript,
        {"of_another_learner": Roles.NOBODY.hidden.because("only the person themself has the file"), "own_made": ENROLLED},
    ),
    TemplateAction.LIST: Permission(
        _list_templates,
        {
            "any": Roles.ADMINISTRATORS.hidden.because("templates are the institution's"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    TemplateAction.VIEW: Permission(
        _see_template,
        {
            "published": TEACHERS.hidden.because("instructors see what their courses may name"),
            "draft": Roles.ADMINISTRATORS.hidden,
            "draft_of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
            "published_by_an_institution": INSTITUTION_TEAM.hidden,
            "published_of_the_institution": (AUDITORS | Roles.ADMINISTRATORS).untried_by(COURSE_INSTRUCTORS).hidden_but(Roles.ANONYMOUS),
        },
    ),
    TemplateAction.PREVIEW: Permission(
        _see_template, {"published": TEACHERS.hidden, "published_by_an_institution": INSTITUTION_TEAM.hidden}
    ),
    TemplateAction.EDIT: Permission(
        _edit_template,
        {
            "any": Roles.ADMINISTRATORS.hidden.because("a published version never changes"),
            "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden,
        },
    ),
    TemplateAction.PUBLISH: Permission(
        _edit_template, {"any": Roles.ADMINISTRATORS.hidden, "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden}
    ),
}
