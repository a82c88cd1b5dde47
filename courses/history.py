"""Reading the history of working copies: who changed what and when, and what a file or the whole draft was at a revision."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.content.translations import stamp_of
from courses.content.tree import ending_of, key_of
from courses.models import Course, CourseVersion, DraftFileVersion, DraftRevision, PlannedPublication, RevisionOrigin
from kernel.errors import NotFound
from kernel.files import FileStore, StoredFile

PAGE = 50
STATES = 50
"""Last states of a lesson among which the one that a translation follows is looked for."""
MOST_EDITS = 2_000
"""Lines of the history that tell who edited what a folder does not know."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of a working copy; `by` is empty where the command line made it, `restored` the revision that it brought back."""

    number: int
    origin: RevisionOrigin
    restored: int | None
    changed_at: datetime
    changed_by: int | None
    by: str
    written: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file of a draft, at a revision or on its way in: its text, or the checksum under which its bytes are kept already."""

    sha256: str
    size: int
    text: str | None
    media_type: str = ""

    def read(self, files: FileStore) -> bytes:
        """Return its bytes."""
        return files.read(self.sha256) if self.text is None else self.text.encode()


def list_revisions(session: Session, course_id: int, *, before: int | None = None, limit: int = PAGE) -> list[Revision]:
    """List the changes of a course's working copy with their files, the newest first; those `before` a revision for the next page."""
    statement = select(DraftRevision, Person).outerjoin(Person, Person.id == DraftRevision.changed_by)
    statement = statement.where(DraftRevision.course_id == course_id).order_by(DraftRevision.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(DraftRevision.number < before)
    rows = session.execute(statement).all()
    written: defaultdict[int, list[str]] = defaultdict(list)
    removed: defaultdict[int, list[str]] = defaultdict(list)
    if rows:
        for file in session.execute(_files_between(course_id, rows[-1].DraftRevision.number, rows[0].DraftRevision.number)):
            (removed if file.sha256 is None else written)[file.revision].append(file.path)
    return [_revision(row, person, tuple(written[row.number]), tuple(removed[row.number])) for row, person in rows]


def _files_between(course_id: int, first: int, last: int) -> Select[int, str, str | None]:
    return (
        select(DraftFileVersion.revision, DraftFileVersion.path, DraftFileVersion.sha256)
        .where(DraftFileVersion.course_id == course_id, DraftFileVersion.revision.between(first, last))
        .order_by(DraftFileVersion.revision, DraftFileVersion.path)
    )


def _revision(row: DraftRevision, person: Person | None, written: tuple[str, ...], removed: tuple[str, ...]) -> Revision:
    by = person.full_name if person else ""
    return Revision(
        row.number,
        RevisionOrigin(row.origin),
        row.restored,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        by=by,
        written=written,
        removed=removed,
    )


def list_file_changes(session: Session, course_id: int, path: str, *, before: int | None = None, limit: int = PAGE) -> list[Revision]:
    """List the changes of one file as if there were no other file, the newest first; it may be gone by now."""
    statement = (
        select(DraftFileVersion.sha256, DraftRevision, Person)
        .join(
            DraftRevision,
            (DraftRevision.course_id == DraftFileVersion.course_id) & (DraftRevision.number == DraftFileVersion.revision),
        )
        .outerjoin(Person, Person.id == DraftRevision.changed_by)
        .where(DraftFileVersion.course_id == course_id, DraftFileVersion.path == path)
        .order_by(DraftFileVersion.revision.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(DraftFileVersion.revision < before)
    return [
        replace(_revision(row, person, (path,) if sha256 else (), () if sha256 else (path,)), restored=None)
        for sha256, row, person in session.execute(statement)
    ]


def list_files_at(session: Session, course_id: int, revision: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the files of a working copy as they were at a revision, by path: each with the revision that wrote it and its `sha256`.

    Raise NotFound where there was no such revision.
    """
    _check_revision(session, course_id, revision)
    statement = _versions_at(course_id, revision).where(DraftFileVersion.sha256.is_not(None))
    return session.execute(statement.with_only_columns(DraftFileVersion.path, DraftFileVersion.revision, DraftFileVersion.sha256)).all()


def list_paths_since(session: Session, course_id: int, revision: int) -> list[str]:
    """List the files of a working copy that were written or removed after a revision."""
    later = (DraftFileVersion.course_id == course_id, DraftFileVersion.revision > revision)
    return list(session.scalars(select(DraftFileVersion.path).where(*later).distinct().order_by(DraftFileVersion.path)))


def get_file_at(session: Session, course_id: int, path: str, revision: int) -> FileContent:
    """Return a file as it was at a revision; raise NotFound where it was not there."""
    _check_revision(session, course_id, revision)
    contents = list_contents_at(session, course_id, [path], revision)
    if path not in contents:
        raise NotFound
    return contents[path]


def find_text_at(session: Session, course_id: int, path: str, revision: int) -> str | None:
    """Return a text file as it was at a revision, None where it was no text or not there."""
    contents = list_contents_at(session, course_id, [path], revision)
    return contents[path].text if path in contents else None


def find_stamped_source(session: Session, course_id: int, path: str, language: str, stamp: str) -> str | None:
    """Return a lesson's whole file as it was when it had a stamp, the newest such; None where none of its last states had it."""
    states = (
        select(DraftFileVersion.body)
        .where(DraftFileVersion.course_id == course_id, DraftFileVersion.path == path, DraftFileVersion.body.is_not(None))
        .order_by(DraftFileVersion.revision.desc())
        .limit(STATES)
    )
    return next((body for body in session.scalars(states) if body is not None and stamp_of(body, language) == stamp), None)


def find_path_at(session: Session, course_id: int, path: str, key: str, revision: int) -> str:
    """Return where the file of a part (by its key), which is at a path now, was at a revision: to move one gives it another number."""
    ending = ending_of(path)
    changed = [other for other in list_paths_since(session, course_id, revision) if other.endswith(ending)]
    contents = list_contents_at(session, course_id, changed, revision)
    return next((other for other, file in contents.items() if key_of(other, file.text or "") == key), path)


def list_contents_at(session: Session, course_id: int, paths: Collection[str] | None, revision: int) -> dict[str, FileContent]:
    """Return some files, or all (None), as they were at a revision, by path; those that were not there are left out."""
    rows = session.execute(_versions_at(course_id, revision, paths))
    return {version.path: _content(version, stored) for version, stored in rows if version.sha256 is not None}


def _content(version: DraftFileVersion, stored: StoredFile | None) -> FileContent:
    if stored is None:
        text = version.body or ""
        return FileContent(version.sha256 or "", len(text.encode()), text)
    return FileContent(stored.sha256, stored.size, None, stored.media_type)


def _versions_at(course_id: int, revision: int, paths: Collection[str] | None = None) -> Select[DraftFileVersion, StoredFile]:
    """Select the newest version of each path up to a revision, by path, with its stored content.

    That may say that the file was removed.
    """
    newest = select(DraftFileVersion.path, func.max(DraftFileVersion.revision).label("revision")).where(
        DraftFileVersion.course_id == course_id, DraftFileVersion.revision <= revision
    )
    if paths is not None:
        newest = newest.where(DraftFileVersion.path.in_(list(paths)))
    last = newest.group_by(DraftFileVersion.path).subquery()
    return (
        select(DraftFileVersion, StoredFile)
        .join(last, (last.c.path == DraftFileVersion.path) & (last.c.revision == DraftFileVersion.revision))
        .outerjoin(StoredFile, StoredFile.id == DraftFileVersion.stored_file_id)
        .where(DraftFileVersion.course_id == course_id)
        .order_by(DraftFileVersion.path)
    )


def _check_revision(session: Session, course_id: int, revision: int) -> None:
    known = select(DraftRevision.id).where(DraftRevision.course_id == course_id, DraftRevision.number == revision)
    if session.scalar(known) is None:
        raise NotFound


def read_at(session: Session, files: FileStore, course_id: int, paths: Collection[str], revision: int) -> dict[str, bytes]:
    """Return the bytes of some files as they were at a revision, by path; those that were not there are left out."""
    return {path: file.read(files) for path, file in list_contents_at(session, course_id, paths, revision).items()}


def read_all_at(session: Session, files: FileStore, course_id: int, revision: int) -> dict[str, bytes]:
    """Return the bytes of the whole working copy as it was at a revision, by path."""
    return {path: file.read(files) for path, file in list_contents_at(session, course_id, None, revision).items()}


def list_steps(session: Session, course_id: int) -> Sequence[Row[int, str, str | None]]:
    """List every revision of a draft with each file that it wrote, with its checksum, or removed, the oldest first: without contents."""
    statement = (
        select(DraftFileVersion.revision, DraftFileVersion.path, DraftFileVersion.sha256)
        .where(DraftFileVersion.course_id == course_id)
        .order_by(DraftFileVersion.revision)
    )
    return session.execute(statement).all()


def find_last_import(session: Session, course_id: int, *, by: int | None = None) -> int | None:
    """Return the last revision that was a folder as it came in, if one was: anybody's, or that of a person."""
    statement = select(func.max(DraftRevision.number)).where(
        DraftRevision.course_id == course_id, DraftRevision.origin == RevisionOrigin.IMPORTED.value
    )
    return session.scalar(statement if by is None else statement.where(DraftRevision.changed_by == by))


def read_versions(session: Session, files: FileStore, course_id: int, checksums: Mapping[str, str]) -> dict[str, bytes]:
    """Return the bytes of some files of a draft's history by path, each as it was with a checksum; those that never were are left out."""
    rows = session.execute(
        select(DraftFileVersion.path, DraftFileVersion.sha256, DraftFileVersion.body)
        .where(
            DraftFileVersion.course_id == course_id,
            DraftFileVersion.path.in_(list(checksums)),
            DraftFileVersion.sha256.in_(set(checksums.values())),
        )
        .order_by(DraftFileVersion.path, DraftFileVersion.revision)
    )
    rows_by_path = {row.path: row for row in rows if checksums[row.path] == row.sha256}
    return {path: files.read(row.sha256) if row.body is None else row.body.encode() for path, row in rows_by_path.items()}


def list_edits_since(session: Session, course_id: int, before: Mapping[str, str | None]) -> list[Revision]:
    """List the changes of some files since each was as a checksum says (None: it was not there), the newest first.

    Of a file that never was so, its whole history counts; at most MOST_EDITS lines of it are read.
    """
    rows = session.execute(
        select(DraftFileVersion.path, DraftFileVersion.sha256, DraftRevision, Person)
        .join(
            DraftRevision,
            (DraftRevision.course_id == DraftFileVersion.course_id) & (DraftRevision.number == DraftFileVersion.revision),
        )
        .outerjoin(Person, Person.id == DraftRevision.changed_by)
        .where(DraftFileVersion.course_id == course_id, DraftFileVersion.path.in_(list(before)))
        .order_by(DraftFileVersion.revision.desc(), DraftFileVersion.path)
        .limit(MOST_EDITS)
    )
    settled: set[str] = set()
    revisions: dict[int, Revision] = {}
    for row in rows:
        if row.path in settled or row.sha256 == before[row.path]:
            settled.add(row.path)
            continue
        known = revisions.get(row.DraftRevision.number) or _revision(row.DraftRevision, row.Person, (), ())
        if row.sha256 is None:
            known = replace(known, removed=(*known.removed, row.path))
        else:
            known = replace(known, written=(*known.written, row.path))
        revisions[known.number] = known
    return list(revisions.values())


def find_automatic(session: Session, course: Course, person_id: int | None, path: str, *, since: datetime) -> DraftRevision | None:
    """Return the newest change of a locked course's working copy where a page of theirs saved just this file by itself, since a moment.

    None where that was published or planned.
    """
    number = course.draft_revision
    others = exists().where(DraftFileVersion.course_id == course.id, DraftFileVersion.revision == number, DraftFileVersion.path != path)
    published = exists().where(CourseVersion.course_id == course.id, CourseVersion.draft_revision == number)
    planned = exists().where(PlannedPublication.course_id == course.id, PlannedPublication.revision == number)
    return session.scalar(
        select(DraftRevision).where(
            DraftRevision.course_id == course.id,
            DraftRevision.number == number,
            DraftRevision.changed_by == person_id,
            DraftRevision.automatic_since >= since,
            ~others,
            ~published,
            ~planned,
        )
    )
