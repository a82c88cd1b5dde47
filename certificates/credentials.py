"""Credentials: read by holder, code or enrolment, issued, revoked, replaced, renewed and transferred."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.names import is_checked
from accounts.people import is_permanently_closed, was_deleted_condition
from accounts.rules import NoticeKind
from certificates.access import CredentialContext, CredentialReviewContext
from certificates.badges import insert_with_place
from certificates.issuing import get_issuer_design, get_issuer_names, list_signers_on
from certificates.layout.reading import FACADE, NEWEST
from certificates.models import Credential, CredentialReview, CredentialSignatory, SignaturePicture
from certificates.reviews import settle_reviews
from certificates.rules.credentials import (
    CODE_LENGTH,
    CONTENT_FORMAT,
    DECLARED,
    SOUND,
    AwardPolicy,
    CredentialSigner,
    CredentialState,
    ReplacementReason,
    ReviewDecision,
    RevocationReason,
    SignedContent,
    award_refusal,
    canonical_content,
    state_of,
)
from certificates.rules.transcripts import signable_text
from certificates.sheet import SHEET_LANGUAGES, passed_words
from certificates.templates import find_used_template, get_drawn_template
from courses.models import Course, CourseStaff, CourseVersion, StaffRole
from courses.rules import Outline
from courses.versions import find_published_version, get_outline
from enrolments.awards import LatestCertificate
from enrolments.editions import find_edition_of
from enrolments.learners import find_completion
from enrolments.models import Completion, Enrolment
from enrolments.progress import ensure_last_day
from enrolments.rules import Progress, asks_to_pass, required_modules
from kernel import audit, clock, outbox
from kernel.codes import code_from_bits, read_code
from kernel.compiled_statements import compile_once
from kernel.crypto import SigningKeys
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_, Conflict, NotFound, SignInNeeded, require_found
from kernel.i18n import choose, site_day
from kernel.permissions import Actor
from kernel.settings import Settings
from organisations.access import InstitutionScope
from organisations.institutions import Institution, find_institution, find_issuer, get_institution_scope
from organisations.training_scope import get_training_scope, in_places, list_training_places

CERTIFICATE_NOTICE = NoticeKind("certificate", label=N_("Certificates"), hint=N_("You are issued a certificate."), icon="award")


def today() -> date:
    """Return the day that decides about expiry."""
    return site_day(clock.now())


def state(row: Credential) -> CredentialState:
    """Return the state of a credential in the register today."""
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
    audited = get_training_scope(session, actor).auditor
    return _find_context(session, actor, scope, Credential.uuid == credential, visible_credentials(actor, scope, audited), audited=audited)


def visible_credentials(actor: Actor, scope: InstitutionScope, audited: frozenset[int] = frozenset()) -> ColumnElement[bool]:
    """Return the condition that the actor may see a credential, as `CertificateAction.VIEW` decides, beside its course's staff."""
    if actor.is_administrator or scope.everywhere:
        return true()
    own, edited = Credential.person_id == actor.person_id, CourseStaff.role.in_((StaffRole.OWNER.value, StaffRole.EDITOR.value))
    of_institutions = [Credential.institution_key.in_(scope.keys)] if scope.keys else []
    return or_(own, edited, *of_institutions, *([in_places(Credential.person_id.expression, audited)] if audited else []))


def get_by_code(session: Session, actor: Actor, code: str, **_form: str) -> CredentialContext:
    """Return the context of a credential by its code as people write it, also for strangers; raise NotFound."""
    stored = require_found(read_code(code, CODE_LENGTH))
    return require_found(_find_context(session, actor, get_institution_scope(session, actor), Credential.code == stored))


def _find_context(
    session: Session, actor: Actor, scope: InstitutionScope, *conditions: ColumnElement[bool], audited: frozenset[int] = frozenset()
) -> CredentialContext | None:
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
    places = list_training_places(session, [credential.person_id])[credential.person_id] if audited else frozenset()
    audits = not audited.isdisjoint(places)
    return CredentialContext(
        credential,
        state(credential),
        StaffRole(role) if role else None,
        slug=slug,
        signatory_ids=signatories,
        administers=administers,
        audits=audits,
    )


def find_by_code(session: Session, code: str) -> Credential | None:
    """Return the credential with this code, in its stored form."""
    return session.scalar(select(Credential).where(Credential.code == code))


def is_holder_deleted(session: Session, row: Credential) -> bool:
    """Return whether the data of a credential's person were deleted: nothing names them any more (spec/certificates R8)."""
    return session.scalar(select(Person.id).where(Person.id == row.person_id, was_deleted_condition())) is not None


def find_entries(session: Session, codes: Sequence[str]) -> list[tuple[Credential, Credential | None]]:
    """Return those of these codes that the register knows: the credential, and what stands in its place today, or none.

    Nobody whose data were deleted is among them.
    """
    statement = select(Credential).where(Credential.code.in_(codes))
    rows = session.scalars(statement.join(Person, Person.id == Credential.person_id).where(~was_deleted_condition())).all()
    replacements = find_replacements(session, [row.id for row in rows if row.replaced_by_id is not None])
    return [(row, replacements.get(row.id)) for row in rows]


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
    return {row.enrolment_id: LatestCertificate(row.uuid, row.printed_code, state(row) is CredentialState.VALID) for row in rows}


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


def find_replacement(session: Session, row: Credential) -> Credential | None:
    """Return the credential in the place of another today, in force or not: the last one of those that replaced one another."""
    return find_replacements(session, [row.id]).get(row.id) if row.replaced_by_id is not None else None


def find_replacements(session: Session, credentials: Sequence[int]) -> dict[int, Credential]:
    """Return by number what stands instead of each of these credentials that were replaced."""
    if not credentials:
        return {}
    first = select(Credential.id.label("replaced"), Credential.replaced_by_id.label("after")).where(Credential.id.in_(credentials))
    chain = first.cte(recursive=True)
    later = select(chain.c.replaced, Credential.replaced_by_id).where(
        Credential.id == chain.c.after, Credential.replaced_by_id.is_not(None)
    )
    chain = chain.union(later)
    statement = select(chain.c.replaced, Credential).where(Credential.id == chain.c.after, Credential.replaced_by_id.is_(None))
    return dict(session.execute(statement).all())


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
    """Return the content that the signature of a credential covers, from its row."""
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


def get_review(session: Session, actor: Actor, review: UUID) -> CredentialReviewContext:
    """Return something to decide on, its row locked; raise NotFound."""
    row = require_found(session.scalar(select(CredentialReview).where(CredentialReview.uuid == review).with_for_update()))
    return CredentialReviewContext(row, get_credential(session, actor, session.get_one(Credential, row.credential_id).uuid))


class CertificateVerb(
    audit.Verb,
    facts={
        "by": N_("By"),
        "certificate.renewed by": audit.Fact(table="credential"),
        "certificate.replaced by": audit.Fact(table="credential"),
        "reason_class": audit.Fact(
            N_("Kind of reason"),
            values={
                "name": N_("The person's name was corrected"),
                "data": N_("Another detail was wrong"),
                "template": N_("The design of the certificate was corrected"),
                "merged": N_("The person's accounts were merged"),
                "issued_by_mistake": N_("It was issued by mistake"),
                "conditions_not_met": N_("The course's requirements were not met"),
                "irregularity": N_("Irregularity in the course or the assessment"),
                "on_request": N_("At the holder's request"),
            },
        ),
    },
):
    """The audit verbs of credentials."""

    ISSUED = "certificate.issued", N_("Certificate issued")
    REPLACED = "certificate.replaced", N_("Corrected a certificate and issued it again")
    REVOKED = "certificate.revoked", N_("Revoked a certificate")
    RENEWED = "certificate.renewed", N_("Renewed a certificate")


@dataclass(frozen=True, slots=True)
class AwardInputs:
    """Everything a credential is made from, read before it is issued."""

    person: Person
    enrolment: Enrolment
    completion: Completion
    outline: Outline


class AlreadyReplaced(Conflict):
    """A credential is not in force any more."""

    code = "certificate_not_in_force"
    message = N_("This certificate is no longer in force: someone replaced or revoked it meanwhile.")


class NothingToRestore(Conflict):
    """A credential is not revoked, or was restored."""

    code = "certificate_not_restorable"
    message = N_("There is nothing to restore: this certificate is not revoked, or someone already issued another one in its place.")


class AwardNotAllowed(Conflict):
    """No credential can be issued now."""

    code = "certificate_not_deserved"
    message = N_("The course is not completed, or a valid certificate has already been issued.")


def find_award(session: Session, enrolment_id: int, *, instead_of: Credential | None = None) -> AwardInputs | None:
    """Lock an enrolment, and return what a credential is made from where it deserves one now.

    A revoked one does not return by itself: another one is issued instead of it, or the course is completed again.
    A learner who left the course keeps what they had earned by then, and earns nothing after it.
    """
    enrolment = session.execute(select(Enrolment).where(Enrolment.id == enrolment_id).with_for_update()).scalar_one()
    completion = find_completion(session, enrolment_id)
    if completion is None or _had_left(enrolment, completion) or is_permanently_closed(session, enrolment.person_id):
        return None
    outline, newest_credential = get_outline(session, completion.course_version_id), find_newest(session, enrolment_id)
    if (
        newest_credential is not None
        and newest_credential.revoked_at is not None
        and (newest_credential is instead_of or newest_credential.revoked_at < completion.completed_at)
    ):
        newest_credential = None
    if (
        newest_credential is not None
        and newest_credential.expires_on is not None
        and newest_credential.issued_at >= completion.completed_at
    ):
        return None  # a completion is awarded once: what has expired is not issued again for it
    policy = AwardPolicy(None if outline.certificate == "none" else outline.certificate, outline.completion_grade)
    if award_refusal(policy, _progress(enrolment, completion), held=state(newest_credential) if newest_credential else None) is not None:
        return None
    return AwardInputs(session.get_one(Person, enrolment.person_id), enrolment, completion, outline)


def _had_left(enrolment: Enrolment, completion: Completion) -> bool:
    return enrolment.left_at is not None and enrolment.left_at < (completion.achieved_at or completion.completed_at)


def _progress(enrolment: Enrolment, completion: Completion) -> Progress:
    """Return how far the learner was when the course was completed: that is a fact, whatever has changed since."""
    grade = None if completion.grade is None else Fraction(completion.grade)
    return Progress(enrolment.done, enrolment.total, modules=(), grade=grade, completed=True)


def issue_credential(
    session: Session,
    actor: Actor,
    award: AwardInputs,
    settings: Settings,
    keys: SigningKeys,
    *,
    expires_on: date | None = None,
    now: datetime,
) -> Credential:
    """Freeze an award as a signed row, and tell its holder by mail; valid as long as its course says, or until the day that is given."""
    institution = find_institution(session, session.get_one(Course, award.outline.course_id).institution_id)
    row = _row(award, settings, institution, now)
    row.name_basis = _name_basis(session, award.person)
    row.expires_on = expires_on or ensure_last_day(session, award.enrolment, award.completion, award.outline)
    _take_edition(session, row, ZoneInfo(award.outline.zone))
    most = _take_design(session, row, institution, award.outline.certificate)
    row.institution_key = str(institution.uuid) if institution is not None else ""
    _sign(session, row, list_signers_on(session, settings, institution, row.issued_on)[:most], keys)
    audit.record(session, actor, CertificateVerb.ISSUED, row, now=now, person=row.person_id)
    outbox.enqueue(session, "certificates.send_issued", {"credential": row.id}, now=now)
    return row


def _sign(session: Session, row: Credential, signers: Sequence[CredentialSigner], keys: SigningKeys) -> None:
    """Give a new row its place in a status list and its signature, and write it with its signatories."""
    row.format, row.key_id = CONTENT_FORMAT, keys.identifier
    row.key_fingerprint = keys.trusted[0].fingerprint

    def sign() -> None:
        row.signature = keys.sign(canonical_content(signed_content(row, tuple(signers))))

    insert_with_place(session, row, sign, now=row.issued_at)
    for position, signer in enumerate(signers, 1):
        picture_id = _picture_id(session, signer.picture) if signer.picture else None
        facts = {"name": signer.name, "offices": signer.offices, "person_id": signer.person_id}
        session.add(CredentialSignatory(credential_id=row.id, place=position, picture_id=picture_id, **facts))


def _name_basis(session: Session, person: Person) -> str:
    return "" if is_checked(session, person.id) else DECLARED


def _take_edition(session: Session, row: Credential, zone: ZoneInfo) -> None:
    """Freeze the edition in which the course was taken, with its first and last day where it has them."""
    edition = find_edition_of(session, row.enrolment_id)
    if edition is None:
        return
    row.edition_title = signable_text(edition.name)
    row.edition_from = edition.starts_at.astimezone(zone).date() if edition.starts_at else None
    row.edition_until = (edition.ends_at - timedelta(microseconds=1)).astimezone(zone).date() if edition.ends_at else None


def _take_design(session: Session, row: Credential, institution: Institution | None, key: str) -> int:
    """Freeze the template that the course asks for, in the version in use, with its institution's colours and logo.

    Return how many signatories it has a place for.
    """
    own = find_used_template(session, institution, key)
    row.template, row.template_version = (own.key, own.number) if own is not None else (FACADE, NEWEST)
    row.brand_colour, row.accent_colour, logo = get_issuer_design(session, institution)
    row.logo_id = _picture_id(session, logo) if logo else None
    return get_drawn_template(session, row.template, row.template_version).most_signatories


def _picture_id(session: Session, content: bytes) -> int:
    """Return the row of a picture, which is made when the first certificate prints it."""
    sha256 = hashlib.sha256(content).hexdigest()
    known = session.scalar(select(SignaturePicture.id).where(SignaturePicture.sha256 == sha256))
    if known is not None:
        return known
    made = SignaturePicture(sha256=sha256, content=content)
    session.add(made)
    session.flush()  # its number is needed
    return made.id


def _printed_grade(award: AwardInputs) -> Decimal | None:
    """Return the grade with which the course was completed, where the course prints it (spec/certificates T4)."""
    grade = award.completion.grade
    return grade.quantize(Decimal("0.01"), ROUND_HALF_UP) if award.outline.print_grade and grade is not None else None


def _row(award: AwardInputs, settings: Settings, institution: Institution | None, now: datetime) -> Credential:
    """Return a row that is not signed yet; where the clock was put back it is issued when the course was completed, never before."""
    person, outline, (names, short_names) = award.person, award.outline, get_issuer_names(settings, institution)
    zone, issued_at = ZoneInfo(outline.zone), max(now, award.completion.completed_at)
    hours = Decimal(outline.hours.numerator) / Decimal(outline.hours.denominator)
    required = required_modules(outline)
    language = person.language if person.language in outline.languages else outline.languages[0]
    return Credential(
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        enrolment_id=award.enrolment.id,
        person_id=person.id,
        course_id=outline.course_id,
        hours_basis=outline.length.stored_basis,
        language=language,
        person_name=person.full_name,
        surnames=surnames_of(person),
        course_key=outline.slug,
        course_titles={language: signable_text(title) for language, title in outline.title.items()},
        course_version=outline.number,
        module_minutes=tuple(str(module.time.total) for module in outline.numbered if module.key in required),
        with_assessment=asks_to_pass(outline),
        passed=_passed(outline),
        hours=hours.quantize(Decimal("0.01")),
        take=award.enrolment.take,
        grade=_printed_grade(award),
        institution=signable_text(choose(names, language)),
        site_name=signable_text(choose(short_names, language)),
        completed_on=award.completion.completed_at.astimezone(zone).date(),
        issued_on=issued_at.astimezone(zone).date(),
        issued_at=issued_at,
    )


def _passed(outline: Outline) -> dict[str, str]:
    """Return the assessments that whoever completed a version has passed, in each language of sheets; empty where nothing had to be."""
    return {language: sentence for language in SHEET_LANGUAGES if (sentence := passed_words(outline, language))}


def _locked(session: Session, row: Credential) -> Credential:
    """Return a credential as it is now, for whoever changes it first."""
    statement = select(Credential).where(Credential.id == row.id).with_for_update()
    return session.execute(statement.execution_options(populate_existing=True)).scalar_one()


def revoke_credential(
    session: Session,
    actor: Actor,
    row: Credential,
    reason_class: RevocationReason,
    reason: str,
    *,
    as_administrator: bool = False,
    now: datetime,
) -> None:
    """Revoke a credential, with the class of reason that everybody reads and the words for its holder; its verification says so at once.

    Raise AlreadyReplaced where somebody else replaced or revoked it meanwhile.
    """
    row = _locked(session, row)
    if state(row) not in SOUND:
        raise AlreadyReplaced
    row.revoked_at = _not_before_completion(session, row, now)
    row.revoked_class, row.revoked_reason = reason_class.value, reason
    row.revoked_by = actor.person_id
    row.revoked_by_administrator = as_administrator or actor.is_administrator or actor.person_id is None
    settle_reviews(session, actor, row, ReviewDecision.REVOKE, reason, now=now)
    audit.record(session, actor, CertificateVerb.REVOKED, row, now=now, reason_class=reason_class.value, reason=reason)
    outbox.enqueue(session, "certificates.send_revoked", {"credential": row.id}, now=now)


def _not_before_completion(session: Session, row: Credential, now: datetime) -> datetime:
    """Return the present moment, or that of the completion where the clock was put back: what is revoked is not issued again for it."""
    completion = find_completion(session, row.enrolment_id)
    return now if completion is None else max(now, completion.completed_at)


COPIED = (
    *("enrolment_id", "person_id", "course_id", "template", "template_version", "language", "course_key", "course_titles"),
    *("brand_colour", "accent_colour", "logo_id", "edition_title", "edition_from", "edition_until", "grade"),
    *("course_version", "module_minutes", "with_assessment", "hours", "hours_basis", "take", "completed_on", "expires_on"),
)
"""The facts of the course, which a correction leaves as they were."""


def replace_credential(
    session: Session,
    actor: Actor,
    row: Credential,
    reason_class: ReplacementReason,
    reason: str,
    settings: Settings,
    keys: SigningKeys,
    *,
    facts: Mapping[str, object] | None = None,
    now: datetime,
) -> Credential:
    """Issue a corrected credential instead of a sound one: the name as it is now, the facts of the course and the signatories as before.

    What was passed is said as the version asks for it. It is drawn as before too, unless the design is what is corrected: then by the
    version in use of the template that the course names.
    `facts` are those of the course that change, by their columns.
    Raise AlreadyReplaced where it is not in force any more: somebody else was faster (spec/certificates E5).
    """
    row = _locked(session, row)
    if state(row) not in SOUND:
        raise AlreadyReplaced
    person, outline = session.get_one(Person, row.person_id), get_outline(session, _version_of(session, row))
    institution = find_issuer(session, row.institution_key)
    (names, short_names), issued_at = get_issuer_names(settings, institution), max(now, row.issued_at)
    made = Credential(
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        person_name=person.full_name,
        name_basis=_name_basis(session, person),
        surnames=surnames_of(person),
        institution=signable_text(choose(names, row.language)),
        site_name=signable_text(choose(short_names, row.language)),
        institution_key=str(institution.uuid) if institution is not None else row.institution_key,
        issued_on=issued_at.astimezone(ZoneInfo(outline.zone)).date(),
        issued_at=issued_at,
        passed=_passed(outline) if row.with_assessment else {},
        **{name: getattr(row, name) for name in COPIED} | dict(facts or {}),
    )
    row.replaced_at, row.replaced_by = issued_at, actor.person_id
    row.replaced_class, row.replaced_reason = reason_class.value, reason
    session.flush()  # one in force for an enrolment
    signers = list_signers(session, row)
    if reason_class is ReplacementReason.TEMPLATE:
        signers = signers[: _take_design(session, made, institution, _present_template(session, row, institution))]
    _sign(session, made, signers, keys)
    row.replaced_by_id = made.id
    settle_reviews(session, actor, row, ReviewDecision.REPLACE, reason, now=now)
    audit.record(session, actor, CertificateVerb.REPLACED, row, now=now, by=made.id, reason_class=reason_class.value, reason=reason)
    outbox.enqueue(session, "certificates.send_replaced", {"credential": made.id}, now=now)
    return made


def _version_of(session: Session, row: Credential) -> int:
    statement = select(CourseVersion.id).where(CourseVersion.course_id == row.course_id, CourseVersion.number == row.course_version)
    return session.execute(statement).scalar_one()


def _present_template(session: Session, row: Credential, institution: Institution | None) -> str:
    """Return the key of the template that the course names now; that of the credential where it gives no certificates any more.

    So too where it belongs to another institution by now, whose templates the old one does not use.
    """
    if find_institution(session, session.get_one(Course, row.course_id).institution_id) != institution:
        return row.template
    published = find_published_version(session, row.course_id)
    named = get_outline(session, published).certificate if published is not None else "none"
    return row.template if named == "none" else named


def surnames_of(person: Person) -> str:
    """Return the surnames of a person, as a long name is broken before them."""
    return " ".join(part for part in (person.first_surname, person.second_surname) if part)


def renew_credential(
    session: Session, actor: Actor, row: Credential, reason: str, settings: Settings, keys: SigningKeys, *, now: datetime
) -> Credential:
    """Issue another credential instead of a revoked one, with the name that the person has now.

    Raise NothingToRestore where it is not revoked or was restored, AwardNotAllowed where its holder has earned none.
    """
    row = _locked(session, row)
    if row.revoked_at is None or row.replaced_by_id is not None:
        raise NothingToRestore
    award = find_award(session, row.enrolment_id, instead_of=row)
    if award is None:
        raise AwardNotAllowed
    made = issue_credential(session, actor, award, settings, keys, now=now)
    row.replaced_by_id = made.id
    audit.record(session, actor, CertificateVerb.RENEWED, row, now=now, by=made.id, reason=reason)
    return made


def find_predecessor(session: Session, row: Credential) -> Credential | None:
    """Return the certificate instead of which another was issued."""
    return session.scalar(select(Credential).where(Credential.replaced_by_id == row.id).order_by(Credential.id.desc()).limit(1))
