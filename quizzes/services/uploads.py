"""Files handed in with answers: checked, kept by their content, named by a row that answers refer to (security 4.3).

Contents are checked and written to the disk before the transaction begins (`keep_contents`): nobody waits for a large file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.filetypes import kind_of
from kernel.files import Files, StoredFile, note_stored, quotas_of
from quizzes.models import AnswerFile
from quizzes.queries import sittings as queries
from quizzes.queries.files import bytes_handed_in
from quizzes.queries.sittings import Sitting
from quizzes.rules.responses import FILES, clean_parts
from quizzes.rules.uploads import Misfit, UploadLimits, room_left, shown_name, upload_limits


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came: the name that its sender's device gives it, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A file whose content is kept, or why it is not taken."""

    name: str
    sha256: str
    size: int
    misfit: Misfit | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the files of a page: names for the answers by place, and the first reason why one was not taken."""

    added: Mapping[int, tuple[str, ...]]
    refused: Mapping[int, Misfit]


def keep_contents(session: Session, files: Files, sitting: Sitting, sent: Mapping[int, Sequence[Sent]]) -> dict[int, list[Kept]]:
    """Keep the contents that fit what their questions take, without a row of their own; places that take none are left out."""
    room = _room(session, sitting) if sent else 0
    kept = {}
    for place, arriving in sent.items():
        limits = limits_at(session, sitting, place)
        if limits is not None:
            kept[place] = [_kept(files, one, limits, room) for one in arriving]
    return kept


def _room(session: Session, sitting: Sitting, named: Collection[str] = ()) -> int:
    """Return how many bytes a person may still hand in to the course."""
    return room_left(quotas_of(session).person, *bytes_handed_in(session, sitting.person_id, sitting.course_id, named))


def limits_at(session: Session, sitting: Sitting, place: int) -> UploadLimits | None:
    """Return what files a place takes; None where it takes none."""
    item = sitting.item_at(place)
    if item is None:
        return None
    return upload_limits(queries.get_questions(session, [item.question_version_id])[item.question_version_id])


def _kept(files: Files, one: Sent, limits: UploadLimits, room: int) -> Kept:
    name, size = shown_name(one.name), len(one.content)
    misfit = _misfit(one, limits) or (Misfit.QUOTA if size > room else None)
    return Kept(name, "" if misfit else files.put(one.content), size, misfit)


def receive_files(
    session: Session,
    sitting: Sitting,
    kept: Mapping[int, Sequence[Kept]],
    *,
    named: Mapping[int, Collection[str]] | None = None,
    dropped: Collection[str] = (),
    now: datetime,
) -> Received:
    """Give the files that were kept a name for their answers; what does not fit is told and changes nothing.

    The answer names a file only after `save_answers`; a file that no answer names is not part of the attempt. `named` are the names that
    the page has already and that may not have arrived, `dropped` those that it takes out of its answers, which makes room.
    """
    added: dict[int, tuple[str, ...]] = {}
    refused: dict[int, Misfit] = {}
    room = _room(session, sitting, {name for names in (named or {}).values() for name in names}) if kept else 0
    for place, arriving in kept.items():
        item, limits = sitting.item_at(place), limits_at(session, sitting, place)
        if item is None or limits is None:
            continue
        names = [name for name in dict.fromkeys([*_named(sitting, item.id), *(named or {}).get(place, ())]) if name not in dropped]
        present = len(names)
        for one in arriving:
            known = None if one.misfit else _find(session, item.id, one)
            if known in names:
                continue
            misfit = one.misfit or (Misfit.COUNT if len(names) >= limits.files else Misfit.QUOTA if one.size > room else None)
            if misfit is not None:
                refused.setdefault(place, misfit)
                continue
            room -= one.size
            names.append(known or _add(session, item.id, one, now=now))
        added[place] = tuple(names[present:])
    return Received(added, refused)


def _named(sitting: Sitting, item_id: int) -> list[str]:
    response = sitting.responses.get(item_id)
    return [] if response is None else list(clean_parts(response.payload).get(FILES, []))


def _misfit(sent: Sent, limits: UploadLimits) -> Misfit | None:
    kind = kind_of(shown_name(sent.name).lower())
    if kind is None or not shown_name(sent.name).lower().endswith(tuple(f".{extension}" for extension in limits.accept)):
        return Misfit.KIND
    if not sent.content:
        return Misfit.EMPTY
    if len(sent.content) > min(limits.size, kind.limit):
        return Misfit.SIZE
    return None if kind.fits(sent.content) else Misfit.CONTENT


def _find(session: Session, item_id: int, kept: Kept) -> str | None:
    """Return the name of the same file sent before for the same item: a page that is sent twice hands nothing in twice."""
    statement = (
        select(AnswerFile.uuid)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(AnswerFile.item_id == item_id, AnswerFile.name == kept.name)
        .where(StoredFile.sha256 == kept.sha256)
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else str(found)


def _add(session: Session, item_id: int, kept: Kept, *, now: datetime) -> str:
    kind = kind_of(kept.name)
    assert kind is not None
    stored = note_stored(session, kept.sha256, size=kept.size, media_type=kind.media_type, now=now)
    row = AnswerFile(uuid=uuid4(), item_id=item_id, stored_file_id=stored.id, name=kept.name, uploaded_at=now)
    session.add(row)
    session.flush()
    return str(row.uuid)
