"""Reading credentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import was_deleted_condition
from certificates.models import Credential, CredentialSignatory, SignaturePicture
from certificates.permissions import CredentialContext
from certificates.rules.credentials import CODE_LENGTH, CredentialSigner, CredentialState, SignedContent, state_of
from courses.models import Course, CourseStaff, CourseVersion, StaffRole
from enrolments.awards import LatestCertificate
from enrolments.models import Completion, Enrolment
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from organisations.access import InstitutionScope
from organisations.institutions import get_institution_scope


def today() -> date:
    """Return the day that decides about expiry."""
    return clock.now().date()


def state(row: Credential) -> CredentialState:
    """Return what the register says of a credential today."""
    return state_of(revoked=row.revoked_at is not None, replaced=row.replaced_by_id is not None, expires_on=row.expires_on, today=today())


def get_credential(session: Session, actor: Actor, credential: UUID) -> CredentialContext:
    """Return the page context of a credential; raise NotFound, or SignInNeeded whether or not there is such a credential.

    One that the actor may not see is not looked for any further than one that does not exist: both take the same time
    (spec/certificates V4, attack 10).
    """
    context = None if actor.is_anonymous else find_visible_credential(session, actor, credential)
    if context is None:
        raise SignInNeeded if actor.is_anonymous else NotFound
    return context


def find_visible_credential(session: Session, actor: Actor, credential: UUID) -> CredentialContext | None:
    """Return the page context of a credential; nothing where the actor may not see it, as where there is none."""
    scope = get_institution_scope(session, actor)
    return _find_context(session, actor, scope, Credential.uuid == credential, visible_credentials(actor, scope))


def visible_credentials(actor: Actor, scope: InstitutionScope) -> ColumnElement[bool]:
    """Return the condition that the actor may see a credential, as `CertificateAction.VIEW` decides, beside its course's staff."""
    if actor.is_administrator or scope.everywhere:
        return true()
    own, edited = Credential.person_id == actor.person_id, CourseStaff.role.in_((StaffRole.OWNER.value, StaffRole.EDITOR.value))
    return or_(own, edited, Credential.institution_key.in_(scope.keys)) if scope.keys else or_(own, edited)


def get_by_code(session: Session, actor: Actor, code: str, **_form: str) -> CredentialContext:
    """Return the context of a credential by its code as people write it, also for strangers; raise NotFound."""
    stored = read_code(code, CODE_LENGTH)
    if stored is None:
        raise NotFound
    context = _find_context(session, actor, get_institution_scope(session, actor), Credential.code == stored)
    if context is None:
        raise NotFound
    return context


def _find_context(session: Session, actor: Actor, scope: InstitutionScope, *conditions: ColumnElement[bool]) -> CredentialContext | None:
    row = session.execute(
        select(Credential, CourseStaff.role, Course.slug)
        .join(Course, Course.id == Credential.course_id)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Credential.course_id) & (CourseStaff.person_id == actor.person_id))
        .where(*conditions)
    ).one_or_none()
    if row is None:
        return None
    credential, role, slug = row
    signed = select(CredentialSignatory.person_id).where(CredentialSignatory.credential_id == credential.id)
    signatories = tuple(account for account in session.scalars(signed) if account is not None)
    administers = scope.covers_key(credential.institution_key)
    return CredentialContext(credential, state(credential), StaffRole(role) if role else None, slug, signatories, administers)


def find_by_code(session: Session, code: str) -> Credential | None:
    """Return the credential with this code, in its stored form."""
    return session.scalar(select(Credential).where(Credential.code == code))


def is_holder_deleted(session: Session, row: Credential) -> bool:
    """Say whether the data of a credential's person were deleted: nothing names them any more (spec/certificates R8)."""
    return session.scalar(select(Person.id).where(Person.id == row.person_id, was_deleted_condition())) is not None


def find_entries(session: Session, codes: Sequence[str]) -> list[tuple[Credential, CredentialState, str]]:
    """Return those of these codes that the register knows: the credential, its state, and the code of what replaced it, or none.

    Nobody whose data were deleted is among them.
    """
    after = aliased(Credential)
    statement = select(Credential, after.code).outerjoin(after, after.id == Credential.replaced_by_id).where(Credential.code.in_(codes))
    statement = statement.join(Person, Person.id == Credential.person_id).where(~was_deleted_condition())
    return [(row, state(row), code or "") for row, code in session.execute(statement)]


def find_newest(session: Session, enrolment_id: int) -> Credential | None:
    """Return the newest credential of an enrolment."""
    return session.scalar(select(Credential).where(Credential.enrolment_id == enrolment_id).order_by(Credential.id.desc()).limit(1))


_OF_PERSON = compile_once(
    select(*columns_of(Credential)).where(Credential.person_id == bindparam("person_id")).order_by(Credential.id.desc()).limit(100)
)


def list_of(session: Session, person_id: int | None) -> list[Credential]:
    """List a person's credentials, the newest first."""
    rows = connection_of(session).execute(_OF_PERSON, {"person_id": person_id})
    return [credential for (credential,) in entity_rows(session, rows, Credential)]


def last_awards(session: Session, enrolment_ids: Sequence[int]) -> dict[int, LatestCertificate]:
    """Return the newest credential of each of these enrolments that has one."""
    rows = session.scalars(select(Credential).where(Credential.enrolment_id.in_(enrolment_ids)).order_by(Credential.id))
    return {row.enrolment_id: LatestCertificate(row.uuid, printed_code(row.code), state(row) is CredentialState.VALID) for row in rows}


def list_pending(session: Session, actor: Actor) -> list[Mapping[str, str]]:
    """List the titles of completed courses whose certificate is still to come."""
    statement = (
        select(CourseVersion.title)
        .join(Completion, Completion.course_version_id == CourseVersion.id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(
            Enrolment.person_id == actor.person_id,
            CourseVersion.certificate != "none",
            ~exists().where(Credential.enrolment_id == Enrolment.id),
        )
        .limit(50)
    )
    return list(session.scalars(statement))


def get_present_name(session: Session, row: Credential) -> str:
    """Return the name that the holder of a credential has now, which a corrected one would print."""
    return session.get_one(Person, row.person_id).full_name


@dataclass(frozen=True, slots=True)
class Replacement:
    """The credential in force instead of another."""

    uuid: UUID
    code: str


def find_replacement(session: Session, row: Credential) -> Replacement | None:
    """Return what replaced a credential."""
    if row.replaced_by_id is None:
        return None
    replacement = session.get_one(Credential, row.replaced_by_id)
    return Replacement(replacement.uuid, replacement.code)


def accounts_of(session: Session, addresses: Sequence[str]) -> dict[str, int]:
    """Return the accounts with these addresses."""
    rows = session.execute(select(Person.email, Person.id).where(Person.email.in_(addresses)))
    return {row.email: row.id for row in rows}


def list_signers(session: Session, row: Credential) -> tuple[CredentialSigner, ...]:
    """List who signed a credential, in their order."""
    return tuple(list_signers_of(session, [row.id]).get(row.id, ()))


def list_signers_of(session: Session, credentials: Sequence[int]) -> dict[int, list[CredentialSigner]]:
    """Return who signed each of these credentials, in their order; those that nobody signed are left out."""
    statement = (
        select(
            CredentialSignatory.credential_id,
            CredentialSignatory.name,
            CredentialSignatory.offices,
            SignaturePicture.content,
            CredentialSignatory.person_id,
        )
        .outerjoin(SignaturePicture, SignaturePicture.id == CredentialSignatory.picture_id)
        .where(CredentialSignatory.credential_id.in_(credentials))
        .order_by(CredentialSignatory.credential_id, CredentialSignatory.place)
    )
    signers: dict[int, list[CredentialSigner]] = {}
    for credential, name, offices, content, person_id in session.execute(statement):
        signers.setdefault(credential, []).append(CredentialSigner(name, offices, content or b"", person_id))
    return signers


def signed_content(row: Credential, signers: tuple[CredentialSigner, ...]) -> SignedContent:
    """Return what the signature of a credential covers, from its row."""
    return SignedContent(
        code=row.code,
        person_name=row.person_name,
        course_key=row.course_key,
        course_titles=row.course_titles,
        course_version=row.course_version,
        modules=len(row.module_minutes),
        hours=Fraction(row.hours),
        institution=row.institution,
        completed_on=row.completed_on,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        key_id=row.key_id,
        signers=signers,
        format=row.format,
        institution_key=row.institution_key,
        template=row.template,
        template_version=row.template_version,
        hours_basis=row.hours_basis,
        with_assessment=row.with_assessment,
        passed=row.passed,
        take=row.take,
        edition=row.edition_title,
        edition_from=row.edition_from,
        edition_until=row.edition_until,
        name_basis=row.name_basis,
        grade="" if row.grade is None else f"{row.grade:.2f}",
        status=None if row.status_list is None or row.status_place is None else (row.status_list, row.status_place),
    )
