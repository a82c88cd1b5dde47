"""Reading the working copy of a course."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.filetypes import media_type
from courses.content.layout import is_media
from courses.models import (
    DraftFile,
    DraftFileVersion,
)
from kernel.files import FileStore, StoredFile


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
        DraftContent(row.path, row.body, row.sha256, row.size or len((row.body or "").encode()), row.media_type or "", row.revision)
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
        return DraftContent(row.path, None, row.sha256, row.size, row.media_type, row.revision)
    return DraftContent(row.path, row.body, row.sha256, len((row.body or "").encode()), media_type(row.path), row.revision)


def draft_digest(session: Session, course_id: int) -> str:
    """Return the SHA-256 over paths and contents of a working copy, made of the checksums alone."""
    return digest_of_checksums(list_draft_checksums(session, course_id))


def digest_of_checksums(checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 over paths and the hexadecimal SHA-256 of their contents."""
    total = hashlib.sha256()
    for path in sorted(checksums):
        total.update(path.encode() + b"\0" + bytes.fromhex(checksums[path]))
    return total.hexdigest()
