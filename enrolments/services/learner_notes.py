"""Verbs of the notes that a course's team keeps on its learners."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import (
    Announcement,
    CompletionReview,
    Enrolment,
    LearnerNote,
    ManualGrade,
    MessageRecipient,
    ResultOverride,
    WaitingPlace,
)
from enrolments.permissions import LearnerNoteContext, ParticipantContext
from kernel import audit
from kernel.permissions import Actor

UNSAID = "…"
"""Stands where the words of a search named somebody who is forgotten."""


def write_note(session: Session, actor: Actor, subject: ParticipantContext, text: str, number: UUID, *, now: datetime) -> None:
    """Keep a note on a learner; a second time with one number changes nothing. Its words do not go into the audit log."""
    if session.scalar(select(LearnerNote.id).where(LearnerNote.uuid == number)) is not None:
        return
    note = LearnerNote(uuid=number, enrolment_id=subject.enrolment.id, author_id=actor.person_id, words=text, written_at=now)
    session.add(note)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.NOTE_WRITTEN, note, now=now, enrolment=subject.enrolment.id)


def delete_note(session: Session, actor: Actor, subject: LearnerNoteContext, *, now: datetime) -> None:
    """Delete a note: its author does, or who edits the course."""
    note = session.get_one(LearnerNote, subject.note.id)
    audit.record(session, actor, EnrolmentVerb.NOTE_DELETED, note, now=now, enrolment=note.enrolment_id, author=note.author_id)
    session.delete(note)


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of what a team noted of a person, of what they wait for, and of the words by which a message found them.

    Marks and results stay; why the team set them, and what it wrote beside them, goes.
    """
    parts = select(Enrolment.id).where(Enrolment.person_id == person.id)
    messages = select(MessageRecipient.announcement_id).where(MessageRecipient.person_id == person.id)
    session.execute(delete(LearnerNote).where(LearnerNote.enrolment_id.in_(parts)))
    session.execute(update(ResultOverride).where(ResultOverride.enrolment_id.in_(parts)).values(reason=""))
    session.execute(update(ManualGrade).where(ManualGrade.enrolment_id.in_(parts)).values(comment=""))
    session.execute(update(CompletionReview).where(CompletionReview.enrolment_id.in_(parts)).values(reason=""))
    session.execute(delete(WaitingPlace).where(WaitingPlace.person_id == person.id))
    statement = update(Announcement).where(Announcement.id.in_(messages), Announcement.name_words.is_not(None))
    session.execute(statement.values(name_words=UNSAID))
