"""Files that were submitted with answers: who may fetch one, and which an attempt has."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import CourseStaff, StaffRole
from kernel.errors import NotFound, SignInNeeded
from kernel.files import StoredFile
from kernel.permissions import Actor
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem
from quizzes.permissions import AttemptContext
from quizzes.queries.answers import IS_RESPONSE
from quizzes.rules.attempts import AttemptState
from quizzes.rules.responses import FILES, Parts, clean_parts


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A file of an answer."""

    uuid: UUID
    item_id: int
    name: str
    size: int
    uploaded_at: datetime
    sha256: str


@dataclass(frozen=True)
class AttemptFileContext(AttemptContext):
    """A person before a file of an attempt."""

    sha256: str
    name: str
    media_type: str


def get_file(session: Session, actor: Actor, attempt: UUID, file: UUID) -> AttemptFileContext:
    """Return a file of an attempt as the actor finds it; raise NotFound, or SignInNeeded whether or not there is such a file."""
    if actor.is_anonymous:
        raise SignInNeeded
    row = session.execute(
        select(Attempt, AnswerFile.name, StoredFile.sha256, StoredFile.media_type, CourseStaff.role)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(AnswerFile, AnswerFile.item_id == AttemptItem.id)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Attempt.course_id) & (CourseStaff.person_id == actor.person_id))
        .where(Attempt.uuid == attempt, AnswerFile.uuid == file)
    ).one_or_none()
    if row is None:
        raise NotFound
    attempt_row: Attempt = row[0]
    return AttemptFileContext(
        id=attempt_row.id,
        uuid=attempt_row.uuid,
        person_id=attempt_row.person_id,
        course_id=attempt_row.course_id,
        state=AttemptState(attempt_row.state),
        preview=attempt_row.preview,
        staff_role=StaffRole(row.role) if row.role else None,
        sha256=row.sha256,
        name=row.name,
        media_type=row.media_type,
    )


def list_files(session: Session, item_ids: Sequence[int]) -> dict[str, SubmittedFile]:
    """Return the files of some items by the name that answers give them, each item's oldest first; no statement without items."""
    if not item_ids:
        return {}
    statement = (
        select(AnswerFile.uuid, AnswerFile.item_id, AnswerFile.name, StoredFile.size, AnswerFile.uploaded_at, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(AnswerFile.item_id.in_(item_ids))
        .order_by(AnswerFile.id)
    )
    return {str(row.uuid): SubmittedFile(*row) for row in session.execute(statement)}


def files_in(parts: Parts, item_id: int, known: Mapping[str, SubmittedFile]) -> list[SubmittedFile]:
    """Return the files that a response names and that were submitted for its item; other names are ignored."""
    named = dict.fromkeys(parts.get(FILES, ()))
    return [known[name] for name in named if name in known and known[name].item_id == item_id]


def bytes_handed_in(session: Session, person_id: int, course_id: int, named: Collection[str] = ()) -> tuple[int, int]:
    """Return the bytes of a person's answer files in a course, including those `named` by a page, and of all ever sent."""
    mine = (
        select(AttemptItem.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id, Attempt.course_id == course_id)
    )
    sent = select(AnswerFile.uuid, AnswerFile.item_id, StoredFile.size).join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
    files = session.execute(sent.where(AnswerFile.item_id.in_(mine))).all()
    items = {file.item_id for file in files}
    responses = session.execute(select(AnswerEvent.item_id, AnswerEvent.payload).where(AnswerEvent.item_id.in_(items), IS_RESPONSE))
    present = {(row.item_id, name) for row in responses for name in clean_parts(json.loads(row.payload)).get(FILES, ())}
    counted = [file.size for file in files if (file.item_id, str(file.uuid)) in present or str(file.uuid) in named]
    return sum(counted), sum(file.size for file in files)


def list_handed_in(session: Session, person_id: int) -> list[tuple[UUID, str, str]]:
    """List all files that a person ever submitted with answers: public id, name and SHA-256 of the content of each."""
    statement = (
        select(AnswerFile.uuid, AnswerFile.name, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .join(AttemptItem, AttemptItem.id == AnswerFile.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id)
        .order_by(AnswerFile.id)
    )
    return [(row.uuid, row.name, row.sha256) for row in session.execute(statement)]
