"""Files handed in with answers: checked, kept by their content, named by a row that answers refer to (security 4.3)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.filetypes import kind_of
from kernel.files import Files, StoredFile, note_stored
from quizzes.models import AnswerFile
from quizzes.queries import sittings as queries
from quizzes.queries.files import bytes_handed_in
from quizzes.queries.sittings import Sitting
from quizzes.rules.responses import FILES, clean_parts
from quizzes.rules.uploads import MEGABYTE, Misfit, UploadLimits, shown_name, upload_limits

QUOTA = 200 * MEGABYTE
"""Of one person in one course (security 4.3)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came: the name that its sender's device gives it, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the files of a page: names for the answers by place, and the first reason why one was not taken."""

    added: Mapping[int, tuple[str, ...]]
    refused: Mapping[int, Misfit]


def receive_files(
    session: Session,
    files: Files,
    sitting: Sitting,
    sent: Mapping[int, Sequence[Sent]],
    *,
    dropped: Collection[str] = (),
    now: datetime,
) -> Received:
    """Keep the files that fit what their questions take; what does not fit is told and changes nothing.

    The answer names a file only after `save_answers`; a file that no answer names is not part of the attempt. `dropped` are names that
    the same page takes out of its answers, which makes room.
    """
    added: dict[int, tuple[str, ...]] = {}
    refused: dict[int, Misfit] = {}
    room = QUOTA - bytes_handed_in(session, sitting.person_id, sitting.course_id) if sent else 0
    for place, arriving in sent.items():
        item = sitting.item_at(place)
        limits = (
            None if item is None else upload_limits(queries.get_questions(session, [item.question_version_id])[item.question_version_id])
        )
        if item is None or limits is None:
            continue
        names = [name for name in _named(sitting, item.id) if name not in dropped]
        present = len(names)
        for one in arriving:
            known = _find(session, item.id, one)
            if known in names:
                continue
            misfit = _misfit(one, limits, taken=len(names), room=room)
            if misfit is not None:
                refused.setdefault(place, misfit)
                continue
            room -= len(one.content)
            names.append(known or _keep(session, files, item.id, one, now=now))
        added[place] = tuple(names[present:])
    return Received(added, refused)


def _named(sitting: Sitting, item_id: int) -> list[str]:
    response = sitting.responses.get(item_id)
    return [] if response is None else list(clean_parts(response.payload).get(FILES, []))


def _misfit(sent: Sent, limits: UploadLimits, *, taken: int, room: int) -> Misfit | None:
    kind = kind_of(shown_name(sent.name).lower())
    if kind is None or not shown_name(sent.name).lower().endswith(tuple(f".{extension}" for extension in limits.accept)):
        return Misfit.KIND
    if not sent.content:
        return Misfit.EMPTY
    if len(sent.content) > min(limits.size, kind.limit):
        return Misfit.SIZE
    if not kind.fits(sent.content):
        return Misfit.CONTENT
    if taken >= limits.files:
        return Misfit.COUNT
    return Misfit.QUOTA if len(sent.content) > room else None


def _find(session: Session, item_id: int, sent: Sent) -> str | None:
    """Return the name of the same file sent before for the same item: a page that is sent twice hands nothing in twice."""
    statement = (
        select(AnswerFile.uuid)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(AnswerFile.item_id == item_id, AnswerFile.name == shown_name(sent.name))
        .where(StoredFile.sha256 == hashlib.sha256(sent.content).hexdigest())
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else str(found)


def _keep(session: Session, files: Files, item_id: int, sent: Sent, *, now: datetime) -> str:
    name = shown_name(sent.name)
    kind = kind_of(name)
    assert kind is not None
    stored = note_stored(session, files.put(sent.content), size=len(sent.content), media_type=kind.media_type, now=now)
    row = AnswerFile(uuid=uuid4(), item_id=item_id, stored_file_id=stored.id, name=name, uploaded_at=now)
    session.add(row)
    session.flush()
    return str(row.uuid)
