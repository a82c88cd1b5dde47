"""Reads and writes the draft of a course: its files, what pages autosaved, and the revision of each change."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses import catalogue, history
from courses.access import check_open
from courses.audit_verbs import CourseVerb
from courses.content.layout import is_media
from courses.content.model import CourseFolder
from courses.history import FileContent
from courses.kinds import COURSE_KINDS
from courses.models import Course, DraftFile, DraftFileVersion, DraftRevision, RevisionOrigin
from courses.rendering import plain_texts
from kernel import audit
from kernel import files as stored_files
from kernel.errors import N_, Conflict, Invalid
from kernel.files import FileStore, StoredFile, quotas_of
from kernel.filetypes import media_type
from kernel.i18n import file_size
from kernel.permissions import Actor


def draft_files(session: Session, files: FileStore, course_id: int) -> dict[str, bytes]:
    """Return the working copy of a course: contents by path."""
    rows = session.execute(
        select(DraftFile.path, DraftFile.body, DraftFile.sha256).where(DraftFile.course_id == course_id).order_by(DraftFile.path)
    )
    return {row.path: files.read(row.sha256) if row.body is None else row.body.encode() for row in rows}


def list_draft_checksums(session: Session, course_id: int) -> dict[str, str]:
    """Return the SHA-256 of each file of a course's working copy, by path."""
    rows = session.execute(select(DraftFile.path, DraftFile.sha256).where(DraftFile.course_id == course_id).order_by(DraftFile.path))
    return dict(rows.all())


def draft_bodies(session: Session, course_id: int, paths: Iterable[str]) -> dict[str, str]:
    """Return some text files of a course's working copy by path; those that are not there are left out."""
    statement = select(DraftFile.path, DraftFile.body).where(DraftFile.course_id == course_id, DraftFile.path.in_(list(paths)))
    return {row.path: row.body for row in session.execute(statement) if row.body is not None}


def all_draft_bodies(session: Session, course_id: int) -> dict[str, str]:
    """Return all text files of a course's working copy by path."""
    statement = select(DraftFile.path, DraftFile.body).where(DraftFile.course_id == course_id, DraftFile.body.is_not(None))
    return {row.path: row.body or "" for row in session.execute(statement.order_by(DraftFile.path))}


@dataclass(frozen=True, slots=True)
class DraftContent:
    """A file of a working copy: its text, or None for what is kept by checksum; `revision` is the one that wrote it."""

    path: str
    body: str | None
    sha256: str
    size: int
    media_type: str
    revision: int


def list_draft_contents(session: Session, course_id: int, paths: Iterable[str]) -> list[DraftContent]:
    """List some files of a course's working copy."""
    statement = (
        select(DraftFile.path, DraftFile.body, DraftFile.sha256, DraftFile.revision, StoredFile.size, StoredFile.media_type)
        .outerjoin(StoredFile, StoredFile.id == DraftFile.stored_file_id)
        .where(DraftFile.course_id == course_id, DraftFile.path.in_(list(paths)))
        .order_by(DraftFile.path)
    )
    return [
        DraftContent(
            row.path,
            row.body,
            row.sha256,
            size=row.size or len((row.body or "").encode()),
            media_type=row.media_type or "",
            revision=row.revision,
        )
        for row in session.execute(statement)
    ]


def media_sizes(session: Session, course_id: int) -> dict[str, int]:
    """Return the sizes of all media that a course's working copy has or had, by checksum: its history keeps them."""
    mine = (DraftFileVersion.course_id == course_id, DraftFileVersion.stored_file_id.is_not(None))
    statement = select(StoredFile.sha256, StoredFile.size).where(StoredFile.id.in_(select(DraftFileVersion.stored_file_id).where(*mine)))
    return {row.sha256: row.size for row in session.execute(statement)}


def find_draft_file(session: Session, course_id: int, sha256: str) -> DraftContent | None:
    """Return a media file of a course's working copy by its checksum; its text where no stored file has it."""
    statement = (
        select(DraftFile.path, DraftFile.body, DraftFile.sha256, DraftFile.revision, StoredFile.size, StoredFile.media_type)
        .outerjoin(StoredFile, StoredFile.sha256 == DraftFile.sha256)
        .where(DraftFile.course_id == course_id, DraftFile.sha256 == sha256)
        .order_by(DraftFile.path)
        .limit(20)
    )
    row = next((row for row in session.execute(statement) if is_media(row.path)), None)
    if row is None:
        return None
    if row.size is not None:
        return DraftContent(row.path, None, row.sha256, size=row.size, media_type=row.media_type, revision=row.revision)
    return DraftContent(
        row.path, row.body, row.sha256, size=len((row.body or "").encode()), media_type=media_type(row.path), revision=row.revision
    )


def draft_digest(session: Session, course_id: int) -> str:
    """Return the SHA-256 over paths and contents of a working copy, made of the checksums alone."""
    return digest_of_checksums(list_draft_checksums(session, course_id))


def digest_of_checksums(checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 over paths and the hexadecimal SHA-256 of their contents."""
    total = hashlib.sha256()
    for path in sorted(checksums):
        total.update(path.encode() + b"\0" + bytes.fromhex(checksums[path]))
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class AutosavedText:
    """A draft text that was autosaved and not saved since; `revision` is the one that wrote it.

    `saved` is the newest revision in which the file was saved or removed; None where there is none. `saved_text` is None
    where there was no file then.
    """

    path: str
    text: str
    revision: int
    typed_by: int | None
    name: str
    typed_at: datetime
    since: datetime
    saved: int | None
    saved_text: str | None
    saved_sha256: str | None


def list_autosaved(session: Session, course_id: int) -> list[AutosavedText]:
    """List the texts of a course's working copy that were only saved by themselves and differ from what was saved, by path."""
    earlier, revision = aliased(DraftFileVersion), aliased(DraftRevision)
    last_saved = (
        select(func.max(earlier.revision))
        .join(revision, (revision.course_id == earlier.course_id) & (revision.number == earlier.revision))
        .where(earlier.course_id == DraftFile.course_id, earlier.path == DraftFile.path, revision.automatic_since.is_(None))
        .correlate(DraftFile)
        .scalar_subquery()
    )
    saved, typed = aliased(DraftFileVersion), aliased(DraftFileVersion)
    statement = (
        select(typed, DraftRevision, Person, saved)
        .select_from(DraftFile)
        .join(DraftRevision, (DraftRevision.course_id == DraftFile.course_id) & (DraftRevision.number == DraftFile.revision))
        .join(typed, (typed.course_id == DraftFile.course_id) & (typed.path == DraftFile.path) & (typed.revision == DraftFile.revision))
        .outerjoin(Person, Person.id == DraftRevision.changed_by)
        .outerjoin(saved, (saved.course_id == DraftFile.course_id) & (saved.path == DraftFile.path) & (saved.revision == last_saved))
        .where(DraftFile.course_id == course_id, DraftRevision.automatic_since.is_not(None))
        .order_by(DraftFile.path)
    )
    rows = session.execute(statement).all()
    return [_text(*row) for row in rows if row[3] is None or row[3].sha256 != row[0].sha256]


def _text(file: DraftFileVersion, revision: DraftRevision, person: Person | None, saved: DraftFileVersion | None) -> AutosavedText:
    assert revision.automatic_since is not None
    return AutosavedText(
        file.path,
        file.body or "",
        revision.number,
        typed_by=revision.changed_by,
        name=person.full_name if person else "",
        typed_at=revision.changed_at,
        since=revision.automatic_since,
        saved=saved.revision if saved else None,
        saved_text=saved.body if saved else None,
        saved_sha256=saved.sha256 if saved else None,
    )


def left_out(session: Session, course_id: int, included: Collection[int]) -> list[AutosavedText]:
    """List those of a course that do not go out: all but the ones that the `included` revisions wrote."""
    return [text for text in list_autosaved(session, course_id) if text.revision not in included]


def outgoing_files(session: Session, files: FileStore, course_id: int, included: Collection[int] = ()) -> dict[str, bytes]:
    """Return the working copy as it goes out, by path: of texts that were only saved by themselves what was saved before."""
    contents = draft_files(session, files, course_id)
    for text in left_out(session, course_id, included):
        del contents[text.path]
        if text.saved_text is not None:
            contents[text.path] = text.saved_text.encode()
    return contents


def outgoing_digest(session: Session, course_id: int, included: Collection[int] = ()) -> str:
    """Return the SHA-256 over paths and contents of `outgoing_files`, made of the checksums alone."""
    checksums = list_draft_checksums(session, course_id)
    for text in left_out(session, course_id, included):
        del checksums[text.path]
        if text.saved_sha256 is not None:
            checksums[text.path] = text.saved_sha256
    return digest_of_checksums(checksums)


def digest_at(session: Session, course_id: int, revision: int) -> str:
    """Return the digest of a draft as it was at a revision; raise NotFound where there was no such revision."""
    return digest_of_checksums({path: sha256 for path, _revision, sha256 in history.list_files_at(session, course_id, revision)})


def saved_since(session: Session, course_id: int, revision: int) -> bool:
    """Return whether a draft was saved after a revision; autosaves do not count."""
    later = exists().where(DraftRevision.course_id == course_id, DraftRevision.number > revision, DraftRevision.automatic_since.is_(None))
    return bool(session.scalar(select(later)))


def last_saved(session: Session, course_id: int) -> int | None:
    """Return the newest revision of a draft that was saved, not autosaved."""
    return session.scalar(
        select(func.max(DraftRevision.number)).where(DraftRevision.course_id == course_id, DraftRevision.automatic_since.is_(None))
    )


TEXT_ENDINGS = (".md", ".yaml", ".vtt", ".svg", ".txt", ".py")
MOST_NAMED = 20
"""Files that an audit entry names; of more it tells their number."""


@dataclass(frozen=True, slots=True)
class AutosaveMark:
    """The mark of an autosaved text: since when, and where it is written once more, who typed it and when."""

    since: datetime
    by: int | None = None
    at: datetime | None = None


def keep_contents(files: FileStore, contents: Mapping[str, bytes], media_types: Mapping[str, str]) -> dict[str, FileContent]:
    """Keep the bytes of media outside any transaction, and return what a draft needs of every file."""
    return {path: _content(files, path, content, media_types.get(path)) for path, content in contents.items()}


def _content(files: FileStore, path: str, content: bytes, media_type: str | None) -> FileContent:
    text = _decoded_text(path, content)
    if text is None or media_type is not None:  # drawings and captions are text in the draft, and files of what is published
        files.put(content)
    return FileContent(hashlib.sha256(content).hexdigest(), len(content), text, media_type or "application/octet-stream")


def _decoded_text(path: str, content: bytes) -> str | None:
    if not path.endswith(TEXT_ENDINGS) or b"\x00" in content:  # which PostgreSQL keeps in no text
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def import_draft(
    session: Session,
    actor: Actor,
    course: CourseFolder,
    contents: Mapping[str, FileContent],
    *,
    origin: RevisionOrigin = RevisionOrigin.IMPORTED,
    base_revision: int | None = None,
    now: datetime,
) -> Course:
    """Make or replace a course's working copy; unchanged files keep their revision.

    Raise Conflict where the draft is neither at `base_revision` (None: it was not looked at) nor as it is to become.
    """
    row = catalogue.find_course(session, course.key)
    if row is None:
        row = Course(slug=course.key, title=plain_texts(course.title), created_at=now, draft_revision=0)
        session.add(row)
        session.flush()  # files and the audit entry name it
        audit.record(session, actor, CourseVerb.CREATED, row, now=now)
    row = catalogue.lock_course(session, row.id)
    present = list_draft_checksums(session, row.id)
    if base_revision not in (None, row.draft_revision) and present != {path: content.sha256 for path, content in contents.items()}:
        raise Conflict(N_("Someone changed this course's draft in the meantime. Review again what would change."))
    gone = [path for path in present if path not in contents]
    saved = save_files(session, actor, row, contents, removed=gone, origin=origin, folder=course, now=now)
    if saved and row.published_version_id is None:
        row.title = plain_texts(course.title)
    return row


def _require_room(session: Session, course: Course, contents: Collection[FileContent]) -> None:
    """Refuse media for which a course has no room; those that it has or had already take none."""
    arriving = {content.sha256: content.size for content in contents if content.text is None}
    if not arriving:
        return
    present = media_sizes(session, course.id)
    most = quotas_of(session).course
    if sum((present | arriving).values()) > most and not arriving.keys() <= present.keys():
        raise Invalid(
            N_("A course's files, including its history, can take up %(most)s in total. Ask an administrator for more space."),
            most=file_size(most),
        )


def save_files(
    session: Session,
    actor: Actor,
    course: Course,
    contents: Mapping[str, FileContent],
    *,
    removed: Collection[str] = (),
    origin: RevisionOrigin = RevisionOrigin.EDITED,
    restored: int | None = None,
    autosave: AutosaveMark | None = None,
    folder: CourseFolder | None = None,
    now: datetime,
) -> bool:
    """Write and remove some files of a locked course's working copy as one revision; what is as it was changes nothing.

    The only place that changes a working copy: it keeps the history and lets every package index the draft; `folder` is the whole draft
    that it becomes, where it has been read already. Say whether anything changed; raise CourseArchived.
    """
    check_open(course)
    present = list_draft_checksums(session, course.id)
    changed = {path: content for path, content in contents.items() if present.get(path) != content.sha256}
    gone = sorted(set(removed) & present.keys() - contents.keys())
    if not changed and not gone:
        return False
    _require_room(session, course, changed.values())
    course.draft_revision += 1
    revision = DraftRevision(
        course_id=course.id,
        number=course.draft_revision,
        origin=origin.value,
        restored=restored,
        changed_at=now if autosave is None or autosave.at is None else autosave.at,
        changed_by=actor.person_id if autosave is None or autosave.at is None else autosave.by,
        automatic_since=None if autosave is None else autosave.since,
    )
    session.add(revision)
    session.flush()  # the versions of its files point to it
    _replace_files(session, revision, changed, gone)
    facts = {"files": sorted(changed), "removed": gone} if len(changed) + len(gone) <= MOST_NAMED else {}
    audit.record(
        session,
        actor,
        CourseVerb.DRAFT_SAVED,
        course,
        now=now,
        changed=len(changed),
        gone=len(gone),
        revision=revision.number,
        origin=revision.origin,
        **facts,
    )
    _index(session, course, folder)
    return True


def write_autosaved(session: Session, actor: Actor, course: Course, texts: Mapping[str, AutosavedText], *, now: datetime) -> None:
    """Write texts, each to a path, as a page saved them by itself: whose they are and since when stays."""
    for path, text in texts.items():
        autosave = AutosaveMark(text.since, text.typed_by, text.typed_at)
        save_files(session, actor, course, {path: text_content(text.text)}, autosave=autosave, now=now)


def restore_draft(session: Session, actor: Actor, course: Course, revision: int, *, now: datetime) -> bool:
    """Bring a locked course's working copy back to what it was at a revision, as a new revision; say whether anything changed."""
    checksums = {path: sha256 for path, _revision, sha256 in history.list_files_at(session, course.id, revision)}
    present = list_draft_checksums(session, course.id)
    changed = [path for path, sha256 in checksums.items() if present.get(path) != sha256]
    contents = history.list_contents_at(session, course.id, changed, revision)
    gone = [path for path in present if path not in checksums]
    return save_files(session, actor, course, contents, removed=gone, origin=RevisionOrigin.RESTORED, restored=revision, now=now)


def restore_file(session: Session, actor: Actor, course: Course, path: str, revision: int, *, now: datetime) -> bool:
    """Bring one file of a locked course's working copy back as it was at a revision, also where it was removed since.

    Raise NotFound where it was not there then.
    """
    contents = {path: history.get_file_at(session, course.id, path, revision)}
    return save_files(session, actor, course, contents, origin=RevisionOrigin.RESTORED, restored=revision, now=now)


def text_content(text: str) -> FileContent:
    """Return a text on its way into a draft."""
    content = text.encode()
    return FileContent(hashlib.sha256(content).hexdigest(), len(content), text)


def _index(session: Session, course: Course, folder: CourseFolder | None) -> None:
    kinds = COURSE_KINDS.of(session)
    for index in kinds.indexers if kinds is not None else ():
        index(session, course.id, folder)


def _replace_files(session: Session, revision: DraftRevision, changed: Mapping[str, FileContent], gone: Collection[str]) -> None:
    """Write a revision into the working copy and into its history."""
    session.execute(delete(DraftFile).where(DraftFile.course_id == revision.course_id, DraftFile.path.in_([*changed, *gone])))
    written = [_file_row(session, revision, path, content) for path, content in changed.items()]
    if written:
        who = {"changed_at": revision.changed_at, "changed_by": revision.changed_by}
        session.execute(insert(DraftFile), [row | who for row in written])
    nothing = {"body": None, "stored_file_id": None, "sha256": None}
    removed = [{"course_id": revision.course_id, "path": path, "revision": revision.number, **nothing} for path in gone]
    session.execute(insert(DraftFileVersion), [*written, *removed])


def _file_row(session: Session, revision: DraftRevision, path: str, content: FileContent) -> dict[str, object]:
    stored = None
    if content.text is None:
        now = revision.changed_at
        stored = stored_files.note_stored(session, content.sha256, size=content.size, media_type=content.media_type, now=now).id
    return {
        "course_id": revision.course_id,
        "path": path,
        "revision": revision.number,
        "body": content.text,
        "stored_file_id": stored,
        "sha256": content.sha256,
    }
