"""Services of evidence: files that prove a waiver or recognition, checked and kept before a transaction begins (spec/compulsory 4.10)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses.content.filetypes import kind_of, media_type
from kernel.errors import Invalid
from kernel.file_names import extension_of, shown_name
from kernel.files import FileStore, note_stored
from kernel.pictures import FORMATS, cleaned

ACCEPTED = ("pdf", "jpg", "jpeg", "png", "docx", "odt")
"""The kinds of files, by their extensions."""
LARGEST = 10_000_000
"""Bytes of a file."""


class EvidenceRefusal(StrEnum):
    """Why a file is not taken."""

    KIND = "kind"
    CONTENT = "content"
    SIZE = "size"
    EMPTY = "empty"


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


def note_evidence(session: Session, kept: EvidenceFile, *, now: datetime) -> None:
    """Let backups and checks know of a file that was kept."""
    note_stored(session, kept.sha256, size=kept.size, media_type=media_type(kept.name), now=now)
