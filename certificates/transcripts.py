"""Transcripts: what a person completed as it stands now, and those that were made, signed, transferred or erased."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import get_person_by_uuid, lock_person
from certificates.access import HolderContext, TranscriptContext
from certificates.badges import BadgeSigner, badge_content
from certificates.credentials import find_by_code, find_entries, state
from certificates.models import Credential, CredentialReview, Transcript
from certificates.rules.badges import Document, compact_json, method_of
from certificates.rules.credentials import CODE_LENGTH, SOUND, CredentialState
from certificates.rules.transcripts import (
    BADGES,
    SUMMARY,
    OpenCourse,
    TranscriptCertificate,
    TranscriptContent,
    TranscriptRecord,
    printed_codes,
    read_stored,
    signable_text,
    signed_transcript,
    stored_transcript,
)
from certificates.sealing import seal
from certificates.transcript_pdf import render_transcript, seal_label
from courses.models import Course, CourseVersion
from courses.rules import Outline
from courses.versions import list_outlines
from enrolments.models import Completion, Enrolment
from enrolments.rules import asks_to_pass
from kernel import audit
from kernel.codes import code_from_bits, printed_code, read_code
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict, SignInNeeded, require_found
from kernel.i18n import choose
from kernel.keys import SealKeys
from kernel.pdf.document import PdfAttachment, PdfSealField
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from kernel.settings import Settings
from organisations.access import EVERYWHERE, InstitutionScope
from organisations.institutions import FIRST, get_institution_scope

MOST_RECORDS = 500
MOST_MADE = 100


def get_holder(session: Session, actor: Actor, person: UUID) -> HolderContext:
    """Return the person whose transcript is wanted; raise NotFound, or SignInNeeded whether or not there is such a person."""
    if actor.is_anonymous:
        raise SignInNeeded
    holder, scope = get_person_by_uuid(session, person), get_institution_scope(session, actor)
    held = select(Credential.id).where(Credential.person_id == holder.id, Credential.institution_key.in_(scope.keys)).limit(1)
    return HolderContext(holder, scope, is_of_institution=scope.any and not scope.everywhere and session.scalar(held) is not None)


def get_transcript(session: Session, actor: Actor, code: str) -> TranscriptContext:
    """Return a transcript that was made by its code as people write it; raise NotFound, or SignInNeeded whether or not there is one."""
    if actor.is_anonymous:
        raise SignInNeeded
    stored = read_code(code, CODE_LENGTH)
    row = require_found(find_transcript(session, stored) if stored else None)
    return TranscriptContext(row)


def find_transcript(session: Session, code: str) -> Transcript | None:
    """Return the transcript with this code, in its stored form."""
    return session.scalar(select(Transcript).where(Transcript.code == code))


def find_transcript_of_form(session: Session, number: UUID) -> Transcript | None:
    """Return the transcript that the form with a number made."""
    return session.scalar(select(Transcript).where(Transcript.uuid == number))


def list_transcripts(session: Session, person_id: int) -> list[Transcript]:
    """List the transcripts that a person made, the newest first."""
    statement = select(Transcript).where(Transcript.person_id == person_id, Transcript.content != "")
    return list(session.scalars(statement.order_by(Transcript.id.desc()).limit(MOST_MADE)))


def list_records(
    session: Session, person: Person, settings: Settings, language: str, scope: InstitutionScope = EVERYWHERE
) -> list[TranscriptRecord]:
    """List what a person completed, the latest first: each take with its newest certificate, or without one.

    Of a scope only what its institutions issued, and the courses that are theirs.
    """
    credentials = select(Credential).where(Credential.person_id == person.id).order_by(Credential.id)
    newest = {row.enrolment_id: row for row in session.scalars(credentials)}
    completed = (
        select(Enrolment.id, Enrolment.take, Completion.course_version_id, Completion.completed_at)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person.id)
    )
    if not scope.everywhere:
        completed = completed.join(Course, Course.id == Enrolment.course_id)
        completed = completed.where(func.coalesce(Course.institution_id, FIRST).in_(scope.own))
    without = [row for row in session.execute(completed) if row.id not in newest]
    outlines = list_outlines(session, [row.course_version_id for row in without])
    records = [_of_certificate(row, settings, language) for row in newest.values() if scope.covers_key(row.institution_key)]
    records += [_of_completion(outlines[row.course_version_id], row.take, row.completed_at, settings, language) for row in without]
    return sorted(records, key=lambda record: (record.completed_on, record.course, record.take), reverse=True)[:MOST_RECORDS]


def _of_certificate(row: Credential, settings: Settings, language: str) -> TranscriptRecord:
    status = None if row.status_list is None or row.status_place is None else (row.status_list, row.status_place)
    name = choose(settings.names, language) if row.institution in settings.names.values() else row.institution
    return TranscriptRecord(
        course=row.course_key,
        version=row.course_version,
        take=row.take,
        title=signable_text(choose(dict(row.course_titles), language)),
        institution=signable_text(name),
        minutes=round(Fraction(row.hours) * 60),
        hours_basis=row.hours_basis,
        completed_on=row.completed_on,
        is_passed=row.with_assessment,
        certificate=TranscriptCertificate(row.printed_code, row.issued_on, row.expires_on, status),
        state=state(row),
    )


def _of_completion(outline: Outline, take: int, completed_at: datetime, settings: Settings, language: str) -> TranscriptRecord:
    return TranscriptRecord(
        course=outline.slug,
        version=outline.number,
        take=take,
        title=signable_text(choose(outline.title, language)),
        institution=signable_text(choose(settings.names, language)),
        minutes=round(outline.hours * 60),
        hours_basis=outline.length.stored_basis,
        completed_on=completed_at.astimezone(ZoneInfo(outline.zone)).date(),
        is_passed=asks_to_pass(outline),
    )


def list_open_courses(session: Session, person: Person, language: str) -> list[OpenCourse]:
    """List the courses that a person takes and has not completed, as their transcript shows them if they want it."""
    statement = (
        select(Enrolment.enrolled_at, Enrolment.done, Enrolment.total, CourseVersion.title, CourseVersion.zone)
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person.id, Enrolment.left_at.is_(None), Completion.id.is_(None))
        .order_by(Enrolment.enrolled_at.desc(), Enrolment.id.desc())
        .limit(MOST_RECORDS)
    )
    return [
        OpenCourse(
            signable_text(choose(dict(row.title), language)), row.enrolled_at.astimezone(ZoneInfo(row.zone)).date(), row.done, row.total
        )
        for row in session.execute(statement)
    ]


def list_badge_holders(session: Session, codes: Sequence[str]) -> list[Credential]:
    """List those of these certificates, by their printed codes, that are still in force or expired, in the order of the codes."""
    sound = {row.printed_code: row for row, _after in find_entries(session, _stored(codes)) if state(row) in SOUND}
    return [sound[code] for code in codes if code in sound]


def present_states(session: Session, codes: Sequence[str]) -> dict[str, tuple[CredentialState, str]]:
    """Return of these printed codes the state today, and the printed code of what stands in its place; unknown ones are left out."""
    return {row.printed_code: (state(row), after.printed_code if after else "") for row, after in find_entries(session, _stored(codes))}


def _stored(codes: Sequence[str]) -> list[str]:
    return [code.replace("-", "") for code in codes]


ATTACHED, ATTACHED_TYPE = "transcript.json", "application/json"


class TranscriptVerb(
    audit.Verb,
    facts={
        "records": N_("Completions"),
    },
):
    """The audit verbs of transcripts."""

    MADE = "transcript.made", N_("Made a transcript")


@dataclass(frozen=True, slots=True)
class TranscriptOrder:
    """A transcript to make: in which language, whether with the courses that are not completed, and the number of the form."""

    language: str
    number: UUID
    has_open_courses: bool = False


def make_transcript(
    session: Session, actor: Actor, person: Person, order: TranscriptOrder, settings: Settings, keys: SigningKeys, *, now: datetime
) -> Transcript:
    """Freeze and sign what a person completed; a second time with one number changes nothing.

    Raise Conflict where they completed nothing yet.
    """
    lock_person(session, person.id)  # several requests at once with one number make one transcript
    present = find_transcript_of_form(session, order.number)
    if present is not None and present.person_id == person.id:
        return present
    records = list_records(session, person, settings, order.language)
    if not records:
        raise Conflict(N_("You have not completed any course yet, so a transcript would be empty."))
    code = _new_code(session)
    content = TranscriptContent(
        code=printed_code(code),
        person_name=signable_text(person.full_name),
        institution=signable_text(choose(settings.names, order.language)),
        language=order.language,
        made_at=now.replace(microsecond=0),
        records=tuple(records),
        open_courses=tuple(list_open_courses(session, person, order.language)) if order.has_open_courses else (),
    )
    stored = stored_transcript(content)
    row = Transcript(
        uuid=order.number if present is None else uuid4(),
        code=code,
        person_id=person.id,
        made_at=content.made_at,
        content=stored.decode(),
        key_id=keys.identifier,
        signature=keys.sign(stored),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, TranscriptVerb.MADE, row, now=now, person=person.id, code=printed_code(code), records=len(records))
    return row


def _new_code(session: Session) -> str:
    """Return a code that no certificate has."""
    while True:
        code = code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH)
        if find_by_code(session, code) is None:
            return code


def has_signature(row: Transcript, keys: SigningKeys) -> bool:
    """Return whether what is stored of a transcript is what was signed, by a key that counts."""
    return keys.counts(row.key_id) and keys.verifies(row.key_id, row.content.encode(), row.signature)


@dataclass(frozen=True, slots=True)
class TranscriptSealer:
    """The address and the keys of a site; the same transcript and keys give the same bytes, as with certificates."""

    address: str
    keys: SigningKeys
    seals: SealKeys

    def summary(self, content: TranscriptContent) -> Document:
        """Return the signed document. An old one that is signed by a newer key claims the beginning of that key, as badges do."""
        begun_at = self.keys.trusted[0].history.begun_at
        created = max(content.made_at, begun_at) if begun_at else content.made_at
        return signed_transcript(content, method_of(self.address, self.keys.identifier), created, self.keys.sign_raw)

    def sealed(self, row: Transcript) -> bytes:
        """Return a transcript as a sealed PDF, with its signed document in it."""
        content = read_stored(row.content, self.address)
        attachment = PdfAttachment(ATTACHED, ATTACHED_TYPE, compact_json(self.summary(content)))
        field = PdfSealField(content.institution, max(row.made_at, self.seals.current.begins), seal_label(content))
        return seal(render_transcript(content, attachment, field), self.seals.current, self.seals.authority)

    def document(self, session: Session, row: Transcript) -> bytes:
        """Return a transcript as JSON: the signed summary, and the badges of those of its certificates that still have one."""
        content, signer = read_stored(row.content, self.address), BadgeSigner(self.address, self.keys)
        held = list_badge_holders(session, printed_codes(content.records))
        badges = [
            json.loads(signer.document(badge))
            for badge in (badge_content(credential, self.address) for credential in held)
            if badge is not None
        ]
        return compact_json({SUMMARY: self.summary(content), BADGES: badges})


def erase_transcripts(session: Session, person: Person, *, now: datetime) -> None:
    """Forget what a person's transcripts say; their codes are still known as issued (spec/certificates R8)."""
    del now
    session.execute(update(Transcript).where(Transcript.person_id == person.id).values(content="", signature=""))


def select_own_data(person_id: int) -> PersonalTables:
    """Return somebody's certificates with what was decided about them, and transcripts, a statement a table."""
    mine, ended = Credential.person_id == person_id, "replaced_at replaced_class replaced_reason revoked_at revoked_class revoked_reason"
    shown = "code person_name course_titles issued_on expires_on edition_title grade prints_identity name_basis"
    review = (Credential.code, *of(CredentialReview, "cause words opened_at settled_at decision note"))
    transcript = of(Transcript, "code made_at content")
    return {
        "certificates": own_rows(Credential, columns=of(Credential, f"{shown} {ended}"), mine=mine),
        "transcripts": own_rows(Transcript, columns=transcript, mine=Transcript.person_id == person_id),
        "certificate_decisions": own_rows(CredentialReview, Credential, columns=review, mine=mine),
    }


def sign_transcripts(session: Session, compromised: str, keys: SigningKeys) -> tuple[int, tuple[str, ...]]:
    """Sign the transcripts of a compromised key anew; return how many, and the codes of those whose signature did not hold (K4)."""
    signed, unsound = 0, list[str]()
    statement = select(Transcript).where(Transcript.key_id == compromised, Transcript.content != "").order_by(Transcript.id)
    for row in session.scalars(statement.with_for_update()):
        if not keys.verifies(row.key_id, row.content.encode(), row.signature):
            unsound.append(row.code)
            continue
        row.key_id, row.signature = keys.identifier, keys.sign(row.content.encode())
        signed += 1
    return signed, tuple(unsound)
