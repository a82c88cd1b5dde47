"""Files: kept by checksum in a folder outside the web root; the name a person gave is only shown."""

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Key, Moment
from kernel.errors import NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")


class StoredFile(Base):
    """One content, kept once whatever its names."""

    __tablename__ = "stored_file"

    id: Mapped[Key]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[Moment]


@dataclass(frozen=True, slots=True)
class Files:
    """The folder that holds the contents."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Return where a content lies; raise NotFound for what is no SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise NotFound
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep a content durably and return its SHA-256; writing it again changes nothing."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"{sha256}.{uuid4().hex}")
        with partial.open("wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
        self._keep_name(path.parent)
        return sha256

    @staticmethod
    def _keep_name(folder: Path) -> None:
        """Make the new name in a folder durable too: without this a power cut forgets it."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, sha256: str) -> bytes:
        """Return a content; raise NotFound where it is missing."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound from None


def note_stored(session: Session, sha256: str, *, size: int, media_type: str, now: datetime) -> StoredFile:
    """Return the row of a content, made where it is new."""
    stored = session.scalar(select(StoredFile).where(StoredFile.sha256 == sha256))
    if stored is None:
        stored = StoredFile(sha256=sha256, size=size, media_type=media_type, created_at=now)
        session.add(stored)
        session.flush()  # its id is needed by the rows that point to it
    return stored
