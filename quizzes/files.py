"""Read and store the files that learners submit with answers."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import CourseStaff, StaffRole
from kernel.errors import Invalid, SignInNeeded, require_found
from kernel.files import FileStore, StoredFile, checksum, extension_of, note_stored, quotas_of, shown_name
from kernel.filetypes import kind_of
from kernel.permissions import Actor
from kernel.pictures import FORMATS, cleaned
from questions import question_bank
from questions.rules.answers import FILES, Parts, SubmittedFile, UploadLimits, UploadRefusal, clean_parts, room_left, upload_limits
from quizzes.access import AttemptContext
from quizzes.attempts import IS_RESPONSE, LoadedAttempt
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem
from quizzes.rules.states import AttemptState


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
    row = require_found(
        session.execute(
            select(Attempt, AnswerFile.name, StoredFile.sha256, StoredFile.media_type, CourseStaff.role)
            .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
            .join(AnswerFile, AnswerFile.item_id == AttemptItem.id)
            .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
            .outerjoin(CourseStaff, (CourseStaff.course_id == Attempt.course_id) & (CourseStaff.person_id == actor.person_id))
            .where(Attempt.uuid == attempt, AnswerFile.uuid == file)
        ).one_or_none()
    )
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


def list_handed_in(session: Session, person_id: int) -> list[tuple[str, str]]:
    """List all files that a person ever submitted with answers: the path in the copy of their data, and the content's SHA-256."""
    statement = (
        select(AnswerFile.uuid, AnswerFile.name, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .join(AttemptItem, AttemptItem.id == AnswerFile.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id)
        .order_by(AnswerFile.id)
    )
    return [(f"files/{row.uuid}/{row.name}", row.sha256) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A file whose content is kept, or why it is not taken and not kept."""

    name: str
    sha256: str
    size: int
    refusal: UploadRefusal | None = None


def keep_contents(
    session: Session,
    files: FileStore,
    loaded: LoadedAttempt,
    sent: Mapping[int, Sequence[tuple[str, bytes]]],
    *,
    named: Mapping[int, Collection[str]] | None = None,
    removed: Collection[str] = (),
) -> dict[int, list[StoredUpload]]:
    """Keep the contents of files `sent` with their names that find a place, without a row of their own; other places are left out.

    What finds none is not kept: nothing counts it, and nothing would ever take it away. `named` and `removed` as in `receive_files`,
    which asks the same again of the locked attempt.
    """
    judged, contents = dict[int, list[StoredUpload]](), dict[str, bytes]()
    for position, arriving in sent.items():
        limits = limits_at(session, loaded, position)
        if limits is not None:
            readied = [ready(name, content, limits) for name, content in arriving]
            contents |= {upload.sha256: content for upload, content in readied}
            judged[position] = list(dict.fromkeys(upload for upload, _content in readied))
    stored: dict[int, list[StoredUpload]] = {position: [] for position in judged}
    for position, _item_id, upload, _known in _placed(session, loaded, judged, named or {}, removed):
        if upload.refusal is None:
            files.put(contents[upload.sha256])
        stored[position].append(upload)
    return stored


def _room(session: Session, loaded: LoadedAttempt, named: Collection[str] = ()) -> int:
    """Return how many bytes a person may still upload to the course."""
    return room_left(quotas_of(session).person, *bytes_handed_in(session, loaded.person_id, loaded.course_id, named))


def limits_at(session: Session, loaded: LoadedAttempt, position: int) -> UploadLimits | None:
    """Return the upload limits of a place; None where it takes no files."""
    item = loaded.item_at(position)
    if item is None:
        return None
    return upload_limits(question_bank.get_questions(session, [item.question_version_id])[item.question_version_id])


def ready(name: str, content: bytes, limits: UploadLimits) -> tuple[StoredUpload, bytes]:
    """Return a file as it is kept: of a picture only what it shows, not where and with what it was taken (spec/security 4.3).

    It came under the name that its sender's device gives it.
    """
    name = shown_name(name)
    refusal = _refusal(name, content, limits)
    if refusal is None and extension_of(name) in FORMATS:
        try:
            content = cleaned(content, extension_of(name))
        except Invalid:
            refusal = UploadRefusal.PICTURE
    return StoredUpload(name, checksum(content), len(content), refusal), content


def _placed(
    session: Session,
    loaded: LoadedAttempt,
    stored: Mapping[int, Sequence[StoredUpload]],
    named: Mapping[int, Collection[str]],
    removed: Collection[str],
) -> Iterator[tuple[int, int, StoredUpload, str | None]]:
    """Yield each received file that its answer does not name yet: place, item's id, the file, and the name under which it is known.

    A file that breaks a limit carries its `refusal`: too many files in the answer, or no room left in the learner's quota.
    """
    room = _room(session, loaded, {name for names in named.values() for name in names}) if stored else 0
    for position, arriving in stored.items():
        item, limits = loaded.item_at(position), limits_at(session, loaded, position)
        if item is None or limits is None:
            continue
        names = [name for name in dict.fromkeys([*_named(loaded, item.id), *named.get(position, ())]) if name not in removed]
        for upload in arriving:
            known = None if upload.refusal else _find(session, item.id, upload)
            if known in names:
                continue
            refusal = upload.refusal or (
                UploadRefusal.COUNT if len(names) >= limits.files else UploadRefusal.QUOTA if upload.size > room else None
            )
            if refusal is None:
                room -= upload.size
                names.append(known or upload.sha256)
            yield position, item.id, replace(upload, refusal=refusal), known


def receive_files(
    session: Session,
    loaded: LoadedAttempt,
    stored: Mapping[int, Sequence[StoredUpload]],
    *,
    named: Mapping[int, Collection[str]] | None = None,
    removed: Collection[str] = (),
    now: datetime,
) -> tuple[Mapping[int, Sequence[str]], Mapping[int, UploadRefusal]]:
    """Give the stored files a name for their answers, by place; what does not fit is reported and changes nothing.

    Of each place the first reason why a file was refused is returned too.
    The answer names a file only after `save_answers`; a file that no answer names is not part of the attempt. `named` are the names that
    the page has already and that may not have arrived, `removed` those that it takes out of its answers, which makes room.
    """
    added: dict[int, list[str]] = {position: [] for position in stored}
    refused: dict[int, UploadRefusal] = {}
    for position, item_id, upload, known in _placed(session, loaded, stored, named or {}, removed):
        if upload.refusal is not None:
            refused.setdefault(position, upload.refusal)
        else:
            added[position].append(known or _add(session, item_id, upload, now=now))
    return added, refused


def _named(loaded: LoadedAttempt, item_id: int) -> list[str]:
    response = loaded.responses.get(item_id)
    return [] if response is None else list(clean_parts(response.payload).get(FILES, []))


def _refusal(name: str, content: bytes, limits: UploadLimits) -> UploadRefusal | None:
    kind = kind_of(name.lower())
    if kind is None or not name.lower().endswith(tuple(f".{extension}" for extension in limits.accept)):
        return UploadRefusal.KIND
    if not content:
        return UploadRefusal.EMPTY
    if len(content) > min(limits.size, kind.limit):
        return UploadRefusal.SIZE
    return None if kind.fits(content) else UploadRefusal.CONTENT


def _find(session: Session, item_id: int, upload: StoredUpload) -> str | None:
    """Return the name of the same file sent before for the same item: a page that is sent twice hands nothing in twice."""
    statement = (
        select(AnswerFile.uuid)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(AnswerFile.item_id == item_id, AnswerFile.name == upload.name)
        .where(StoredFile.sha256 == upload.sha256)
        .limit(1)
    )
    name = session.execute(statement).scalar_one_or_none()
    return None if name is None else str(name)


def _add(session: Session, item_id: int, upload: StoredUpload, *, now: datetime) -> str:
    kind = kind_of(upload.name)
    assert kind is not None
    stored = note_stored(session, upload.sha256, size=upload.size, media_type=kind.media_type, now=now)
    row = AnswerFile(uuid=uuid4(), item_id=item_id, stored_file_id=stored.id, name=upload.name, uploaded_at=now)
    session.add(row)
    session.flush()
    return str(row.uuid)
