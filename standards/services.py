"""Keep a file of questions until it is confirmed, and bring its questions into a bank of the draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from accounts import uploads
from courses import catalogue
from courses.drafts import FileContent
from kernel import audit
from kernel.errors import SignInNeeded
from kernel.permissions import Actor
from questions import question_bank
from standards.models import PendingImport


class TransferVerb(StrEnum):
    """The audit verbs of question imports and exports."""

    RECEIVED = "questions.received"
    IMPORTED = "questions.imported"
    DISCARDED = "questions.discarded"
    EXPORTED = "questions.exported"


def store_upload(
    session: Session, actor: Actor, course_id: int, name: str, format_name: str, content: bytes, *, now: datetime
) -> PendingImport:
    """Keep a file until it is confirmed; an earlier one of the same person for the same course is forgotten."""
    if actor.person_id is None:
        raise SignInNeeded
    row = PendingImport(course_id=course_id, person_id=actor.person_id, name=name, format=format_name, content=content)
    uploads.store_pending_upload(session, row, PendingImport.course_id == course_id, now=now)
    audit.record(session, actor, TransferVerb.RECEIVED, row, now=now, course=course_id, format=format_name, size=len(content))
    return row


@dataclass(frozen=True, slots=True)
class IncomingQuestions:
    """Questions to import into a bank: its path, the entries, and the files that they show, stored already."""

    path: str
    entries: Sequence[str]
    media: Mapping[str, FileContent]


def import_questions(
    session: Session, actor: Actor, course_id: int, incoming: IncomingQuestions, pending: PendingImport, *, now: datetime
) -> None:
    """Add questions to a bank of the draft, which is made where it is new, and delete the file."""
    path, entries = incoming.path, incoming.entries
    question_bank.add_to_bank(session, actor, course_id, path, entries, media=incoming.media, now=now)
    course = catalogue.get_course(session, course_id)
    audit.record(session, actor, TransferVerb.IMPORTED, course, now=now, format=pending.format, bank=path, questions=len(entries))
    session.delete(pending)


def discard(session: Session, actor: Actor, pending: PendingImport, *, now: datetime) -> None:
    """Delete an uploaded file."""
    audit.record(session, actor, TransferVerb.DISCARDED, pending, now=now)
    session.delete(pending)


def record_question_export(session: Session, actor: Actor, course_id: int, format_name: str, count: int, *, now: datetime) -> None:
    """Record who exported questions, with their keys, from the installation."""
    audit.record(
        session, actor, TransferVerb.EXPORTED, catalogue.get_course(session, course_id), now=now, format=format_name, questions=count
    )


def short_name(name: str) -> str:
    """Return the last part of a file's name as it is shown: at most 120 characters."""
    return name.replace("\\", "/").rsplit("/", 1)[-1][-120:] or "questions"
