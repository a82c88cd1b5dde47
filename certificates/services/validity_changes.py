"""Verbs that set the validity of a course for certificates already issued: each is replaced, none is edited (spec/certificates E2)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.models import Credential, ValidityChange
from certificates.queries import validity_changes as queries
from certificates.rules.credentials import ReplacementReason
from certificates.services.credentials import replace_credential
from courses.rules import Outline
from courses.versions import get_outline
from enrolments.progress import set_last_day
from kernel import audit, outbox
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict
from kernel.permissions import Actor, ActorChannel
from kernel.settings import Settings

PORTION = 20
"""People whose certificates are replaced in one transaction."""
MOST_UNTYPED = 50
"""Of more certificates their number is typed by whoever confirms it."""


class ValidityVerb(StrEnum):
    """The audit verbs of changes of the validity of issued certificates."""

    REQUESTED = "validity_change.requested"
    DONE = "validity_change.done"


class ValidityChangeUnderWay(Conflict):
    """Another change of the same course is still being carried out."""

    code = "validity_change_under_way"
    message = N_("The certificates of this course are being replaced now. Wait until that is done.")


def request_change(
    session: Session, actor: Actor, outline: Outline, number: UUID, reason: str, count: int, *, sentences: bool = False, now: datetime
) -> None:
    """Let the certificates of a course be replaced that would end on another day, or whose sentence of what was passed is corrected.

    A second time with one number changes nothing.
    """
    if session.scalar(select(ValidityChange.id).where(ValidityChange.uuid == number)) is not None:
        return
    last = queries.find_last_change(session, outline.course_id)
    if last is not None and last.done_at is None:
        raise ValidityChangeUnderWay
    row = ValidityChange(
        uuid=number,
        course_id=outline.course_id,
        version_id=outline.version_id,
        corrects_sentences=sentences,
        reason=reason,
        total=count,
        requested_by=actor.person_id,
        requested_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry and the job name it
    facts = {
        "course": outline.slug,
        "valid": str(outline.certificate_valid or "none"),
        "certificates": count,
        "sentences": sentences,
        "reason": reason,
    }
    audit.record(session, actor, ValidityVerb.REQUESTED, row, now=now, **facts)
    outbox.enqueue(session, "certificates.change_validity", {"change": row.id}, now=now)


def replace_portion(session: Session, number: int, settings: Settings, keys: SigningKeys, *, now: datetime) -> bool:
    """Replace the certificates of the next people; return whether anybody is left. Killed, a portion is done again as a whole."""
    change = session.get_one(ValidityChange, number, with_for_update=True)
    if change.done_at is not None:
        return False
    actor = Actor(person_id=change.requested_by, via=ActorChannel.JOB)
    outline = get_outline(session, change.version_id)
    people = queries.list_holders_after(session, change.course_id, change.place, PORTION)
    of_sentences = change.corrects_sentences
    for changed in queries.list_changed_days(session, outline, change.requested_by, change.place, PORTION, sentences=of_sentences):
        row = session.get_one(Credential, changed.credential_id)
        if not of_sentences:
            set_last_day(session, actor, changed.enrolment_id, changed.after, now=now)
        reason = ReplacementReason.DATA
        replace_credential(session, actor, row, reason, change.reason, settings, keys, facts={"expires_on": changed.after}, now=now)
        change.done += 1
    if len(people) == PORTION:
        change.place = people[-1]
        return True
    change.done_at = now
    audit.record(session, actor, ValidityVerb.DONE, change, now=now, certificates=change.done)
    return False
