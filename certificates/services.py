"""Verbs of credentials: issue, revoke, issue another one."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import is_permanently_closed
from certificates import queries
from certificates.models import Credential, CredentialSignatory, SignaturePicture
from certificates.rules import CODE_LENGTH, AwardPolicy, CredentialSigner, award_refusal, canonical_content
from courses.queries.outlines import get_outline
from courses.rules import Outline
from enrolments.models import Completion, Enrolment
from enrolments.queries.learning import find_completion
from enrolments.rules import Progress, asks_to_pass, required_modules
from kernel import audit, outbox
from kernel.codes import code_from_bits
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict
from kernel.i18n import LANGUAGES, choose
from kernel.permissions import Actor
from kernel.pictures import cleaned
from kernel.settings import Settings, SignatorySetting
from organisations.queries.profile import list_signatories_on

MOST_SIGNERS = 2
"""Who has a place on the sheet."""


class CertificateVerb(StrEnum):
    """The audit verbs of credentials."""

    ISSUED = "certificate.issued"
    REVOKED = "certificate.revoked"
    RENEWED = "certificate.renewed"


@dataclass(frozen=True, slots=True)
class AwardInputs:
    """Everything a credential is made from, read before it is issued."""

    person: Person
    enrolment: Enrolment
    completion: Completion
    outline: Outline


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
    outline, newest_credential = get_outline(session, completion.course_version_id), queries.find_newest(session, enrolment_id)
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
    if (
        award_refusal(policy, _progress(enrolment, completion), held=queries.state(newest_credential) if newest_credential else None)
        is not None
    ):
        return None
    return AwardInputs(session.get_one(Person, enrolment.person_id), enrolment, completion, outline)


def _had_left(enrolment: Enrolment, completion: Completion) -> bool:
    return enrolment.left_at is not None and enrolment.left_at < (completion.achieved_at or completion.completed_at)


def _progress(enrolment: Enrolment, completion: Completion) -> Progress:
    """Return how far the learner was when the course was completed: that is a fact, whatever has changed since."""
    grade = None if completion.grade is None else Fraction(completion.grade)
    return Progress(enrolment.done, enrolment.total, modules=(), grade=grade, completed=True, next_activity=None)


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
    """Freeze an award as a signed row, valid until the end of a day where one is given, and tell its holder by mail."""
    row = _row(award, settings, now)
    signers = _signers(session, settings, row.issued_on)
    row.expires_on = expires_on
    row.key_id = keys.identifier
    row.signature = keys.sign(canonical_content(queries.signed_content(row, signers)))
    session.add(row)
    session.flush()  # its signatories, the audit entry and the mail name it
    for place, signer in enumerate(signers, 1):
        picture_id = _picture(session, signer) if signer.picture else None
        session.add(CredentialSignatory(credential_id=row.id, place=place, name=signer.name, offices=signer.offices, picture_id=picture_id))
    audit.record(session, actor, CertificateVerb.ISSUED, row, now=now, person=row.person_id)
    outbox.enqueue(session, "certificates.send_issued", {"credential": row.id}, now=now)
    return row


def _signers(session: Session, settings: Settings, day: date) -> tuple[CredentialSigner, ...]:
    """Return who signs on a day: whom the environment names, else those of the institution's profile."""
    if settings.signatories:
        return tuple(_signer(one) for one in settings.signatories)
    named = list_signatories_on(session, day)[:MOST_SIGNERS]
    return tuple(CredentialSigner(one.name, {code: choose(one.offices, code) for code in LANGUAGES}, one.picture or b"") for one in named)


def _signer(given: SignatorySetting) -> CredentialSigner:
    return CredentialSigner(given.name, given.offices, _cleaned(given.picture.read_bytes()) if given.picture else b"")


@lru_cache(maxsize=4)
def _cleaned(picture: bytes) -> bytes:
    """Return a picture of a signature written anew, once for all the certificates that are issued with it."""
    return cleaned(picture, "png" if picture.startswith(b"\x89PNG") else "jpg")


def _picture(session: Session, signer: CredentialSigner) -> int:
    """Return the row of a picture, which is made when the first certificate prints it."""
    known = session.scalar(select(SignaturePicture.id).where(SignaturePicture.sha256 == signer.sha256))
    if known is not None:
        return known
    made = SignaturePicture(sha256=signer.sha256, content=signer.picture)
    session.add(made)
    session.flush()  # its number is needed
    return made.id


def _row(award: AwardInputs, settings: Settings, now: datetime) -> Credential:
    person, outline = award.person, award.outline
    zone = ZoneInfo(outline.zone)
    hours = Decimal(outline.hours.numerator) / Decimal(outline.hours.denominator)
    asked = required_modules(outline)
    language = person.language if person.language in outline.languages else outline.languages[0]
    return Credential(
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        enrolment_id=award.enrolment.id,
        person_id=person.id,
        course_id=outline.course_id,
        template=outline.certificate,
        language=language,
        person_name=person.full_name,
        surnames=" ".join(part for part in (person.first_surname, person.second_surname) if part),
        course_key=outline.slug,
        course_titles=outline.title,
        course_version=outline.number,
        module_minutes=tuple(str(module.minutes) for module in outline.numbered if module.key in asked),
        with_assessment=asks_to_pass(outline),
        hours=hours.quantize(Decimal("0.01")),
        institution=choose(settings.names, language),
        site_name=choose(settings.short_names, language),
        completed_on=award.completion.completed_at.astimezone(zone).date(),
        issued_on=now.astimezone(zone).date(),
        issued_at=now,
    )


def revoke_credential(session: Session, actor: Actor, row: Credential, reason: str, *, now: datetime) -> None:
    """Revoke a credential, with the reason; its verification says so at once."""
    row.revoked_at = now
    row.revoked_reason = reason
    row.revoked_by = actor.person_id
    row.revoked_by_administrator = actor.is_administrator or actor.person_id is None
    audit.record(session, actor, CertificateVerb.REVOKED, row, now=now, reason=reason)


def renew_credential(
    session: Session, actor: Actor, row: Credential, reason: str, settings: Settings, keys: SigningKeys, *, now: datetime
) -> Credential:
    """Issue another credential instead of a revoked one, with the name that the person has now; raise AwardNotAllowed."""
    award = find_award(session, row.enrolment_id, instead_of=row)
    if award is None:
        raise AwardNotAllowed
    made = issue_credential(session, actor, award, settings, keys, now=now)
    row.replaced_by_id = made.id
    audit.record(session, actor, CertificateVerb.RENEWED, row, now=now, by=made.id, reason=reason)
    return made


def transfer_credentials(session: Session, course_id: int, giver: int, taker: int) -> None:
    """Transfer a person's certificates of a course to another person: their content and signature stay as they are."""
    session.execute(update(Credential).where(Credential.course_id == course_id, Credential.person_id == giver).values(person_id=taker))
