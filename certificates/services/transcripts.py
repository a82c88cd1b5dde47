"""Transcripts: made by a person of what they completed, given as a sealed PDF and as JSON, forgotten with the person (R6)."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import lock_person
from certificates.models import Transcript
from certificates.queries import transcripts as queries
from certificates.queries.credentials import find_by_code
from certificates.rules.credentials import CODE_LENGTH
from certificates.rules.issuers import method_of
from certificates.rules.profiles import Document
from certificates.rules.tokens import compact_json
from certificates.rules.transcript_verification import BADGES, SUMMARY
from certificates.rules.transcripts import (
    TranscriptContent,
    printed_codes,
    read_stored,
    signable_text,
    signed_transcript,
    stored_transcript,
)
from certificates.sealing import seal
from certificates.services.badges import BadgeSigner, badge_content
from certificates.transcript_pdf import render_transcript, seal_label
from kernel import audit
from kernel.codes import code_from_bits, printed_code
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict
from kernel.i18n import choose
from kernel.keys import SealKeys
from kernel.pdf.document import PdfAttachment, PdfSealField
from kernel.permissions import Actor
from kernel.settings import Settings

ATTACHED, ATTACHED_TYPE = "transcript.json", "application/json"


class TranscriptVerb(StrEnum):
    """The audit verbs of transcripts."""

    MADE = "transcript.made"


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
    present = queries.find_transcript_of_form(session, order.number)
    if present is not None and present.person_id == person.id:
        return present
    records = queries.list_records(session, person, settings, order.language)
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
        open_courses=tuple(queries.list_open_courses(session, person, order.language)) if order.has_open_courses else (),
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
        held = queries.list_badge_holders(session, printed_codes(content.records))
        badges = [
            json.loads(signer.document(badge))
            for badge in (badge_content(credential, self.address) for credential in held)
            if badge is not None
        ]
        return compact_json({SUMMARY: self.summary(content), BADGES: badges})


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Forget what a person's transcripts say; their codes are still known as issued (spec/certificates R8)."""
    del now
    session.execute(update(Transcript).where(Transcript.person_id == person.id).values(content="", signature=""))


def transfer_transcripts(session: Session, giver: int, taker: int) -> None:
    """Transfer the transcripts of a person to another person: their content and signature stay as they are."""
    session.execute(update(Transcript).where(Transcript.person_id == giver).values(person_id=taker))


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
