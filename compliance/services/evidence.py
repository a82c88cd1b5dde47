"""Services of evidence: files that prove a waiver or recognition, checked and kept before a transaction begins (spec/compulsory 4.10)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.queries import evidence as queries
from compliance.queries.retention import is_named
from courses.content.filetypes import kind_of, media_type
from kernel import outbox
from kernel.db import Database
from kernel.errors import Invalid, Unavailable
from kernel.files import FileStore, StoredFile, extension_of, forget_stored, note_stored, quotas_of, shown_name
from kernel.pictures import FORMATS, cleaned

ACCEPTED = ("pdf", "jpg", "jpeg", "png", "docx", "odt")
"""The kinds of files, by their extensions."""
REMOVE = "compliance.remove_evidence"
LARGEST = 10_000_000
"""Bytes of a file."""


class EvidenceRefusal(StrEnum):
    """Why a file is not taken."""

    KIND = "kind"
    CONTENT = "content"
    SIZE = "size"
    EMPTY = "empty"
    PERSON_FULL = "person_full"
    INSTITUTION_FULL = "institution_full"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file as it is kept: the name that its sender gave it, its digest, its size."""

    name: str
    sha256: str
    size: int


def keep_evidence(files: FileStore, name: str, content: bytes) -> EvidenceFile | EvidenceRefusal:
    """Keep the content of a file without a row of its own, or return why it is not taken; of a picture only what it shows is kept."""
    shown = shown_name(name)
    kind = kind_of(shown.lower())
    if kind is None or extension_of(shown) not in ACCEPTED:
        return EvidenceRefusal.KIND
    if not content:
        return EvidenceRefusal.EMPTY
    if len(content) > LARGEST:
        return EvidenceRefusal.SIZE
    if not kind.fits(content):
        return EvidenceRefusal.CONTENT
    if extension_of(shown) in FORMATS:
        try:
            content = cleaned(content, extension_of(shown))
        except Invalid:
            return EvidenceRefusal.CONTENT
    return EvidenceFile(shown, files.put(content), len(content))


def find_full_quota(session: Session, sender_id: int, person_id: int, size: int) -> EvidenceRefusal | None:
    """Return which quota a file of so many bytes would exceed that somebody sends in about a person, before it is kept."""
    quotas = quotas_of(session)
    if queries.count_bytes_of_proposer(session, sender_id) + size > quotas.evidence_person:
        return EvidenceRefusal.PERSON_FULL
    if queries.count_bytes_of_institution(session, person_id) + size > quotas.evidence_institution:
        return EvidenceRefusal.INSTITUTION_FULL
    return None


def note_evidence(session: Session, file: EvidenceFile, *, now: datetime) -> None:
    """Let backups and checks know of a file that was kept; raise Unavailable where the same content was deleted at this moment.

    Whoever deletes it holds its row until the content is gone, so that what is found here stays.
    """
    row = note_stored(session, file.sha256, size=file.size, media_type=media_type(file.name), now=now)
    stored_id = session.scalar(select(StoredFile.id).where(StoredFile.id == row.id).with_for_update(read=True))
    if stored_id is None or not cast("FileStore", session.info["files"]).holds(file.sha256):
        raise Unavailable


def request_removal(session: Session, digests: Collection[str], *, now: datetime) -> None:
    """Let files be deleted that prove something no more, unless something else names them."""
    for sha256 in sorted(digests):
        outbox.enqueue(session, REMOVE, {"sha256": sha256}, now=now)


def remove_evidence(database: Database, files: FileStore, sha256: str) -> None:
    """Delete a file that nothing names, content and row together; done twice it is gone once."""
    with database.unit_of_work() as session:
        if not is_named(session, sha256) and forget_stored(session, sha256):
            files.remove(sha256)
