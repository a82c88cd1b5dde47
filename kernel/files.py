"""Files: their names as shown and sent, their contents by SHA-256 in a folder or a bucket with a row each, and quotas."""

import hashlib
import hmac
import io
import os
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import uuid4

from sqlalchemy import ColumnElement, String, delete, exists, not_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.bulk_rows import insert_missing
from kernel.db import Base, Entity, Hook, Moment
from kernel.errors import NotFound, Unavailable
from kernel.settings import Settings

NAME_LENGTH = 120
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def extension_of(name: str) -> str:
    """Return the letters after the last point of a file's name, in lower case; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def shown_name(name: str) -> str:
    """Return a file's name as it may be shown and sent: no folders, nothing unprintable, NFC, its extension kept (spec/security 4.2)."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join("".join(sign for sign in last if unicodedata.category(sign) not in _UNPRINTABLE).split()).strip(". ")
    if len(clean) <= NAME_LENGTH:
        return clean or "archivo"
    extension = f".{extension_of(clean)[:10]}".rstrip(".")
    return clean[: NAME_LENGTH - len(extension)] + extension


UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class UrlSigner:
    """A signer of links to a region of a store."""

    region: str
    access_key: str
    secret_key: str

    def link(self, address: str, answer: Mapping[str, str], *, seconds: int, now: datetime) -> str:
        """Return the address with a signature for so many seconds; `answer` are the headers that the store is to answer with."""
        parts, moment = urlsplit(address), now.astimezone(UTC)
        scope = f"{moment:%Y%m%d}/{self.region}/s3/aws4_request"
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": f"{moment:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
            **{f"response-{name.lower()}": value for name, value in answer.items()},
        }
        query = "&".join(f"{quote(name, safe=UNRESERVED)}={quote(value, safe=UNRESERVED)}" for name, value in sorted(parameters.items()))
        path = quote(parts.path, safe="/" + UNRESERVED)
        canonical = "\n".join(("GET", path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
        to_sign = "\n".join(("AWS4-HMAC-SHA256", parameters["X-Amz-Date"], scope, sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return f"{parts.scheme}://{parts.netloc}{path}?{query}&X-Amz-Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}"


_SHA256 = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20
LINK_SECONDS = 300
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of uploaded files in bytes (spec/security 4.3).

    Of a person in a course, of a course, of the evidence that a person sends in, and of that about the people of an institution.
    """

    person: int
    course: int
    evidence_person: int
    evidence_institution: int


QUOTAS = Hook[Quotas]("quotas")
"""Gives what people and courses may keep."""


def quotas_from(settings: Settings) -> Quotas:
    """Return the quotas of the settings."""
    megabytes = (settings.quota_person_mb, settings.quota_course_mb, settings.quota_evidence_person_mb, settings.quota_evidence_mb)
    return Quotas(*(number * MEGABYTE for number in megabytes))


def quotas_of(session: Session) -> Quotas:
    """Return the quotas of this instance."""
    return QUOTAS.of(session)


class StoredFile(Entity):
    """One content, kept once whatever its names."""

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[Moment]


def checksum(content: bytes) -> str:
    """Return the SHA-256 by which a content is kept."""
    return hashlib.sha256(content).hexdigest()


def checksum_of(source: IO[bytes]) -> str:
    """Return the SHA-256 of what can be read from a source, in pieces."""
    total = hashlib.sha256()
    while chunk := source.read(CHUNK):
        total.update(chunk)
    return total.hexdigest()


def _key(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise NotFound
    return f"{sha256[:2]}/{sha256}"


class StoredContent(NamedTuple):
    """A content that is kept: its SHA-256, and its size in bytes."""

    sha256: str
    size: int


class FileStore(ABC):
    """Where contents lie, by their SHA-256. A name that is none, and a content that is not there, is NotFound."""

    def put(self, content: bytes) -> str:
        """Keep a content durably and return its SHA-256; writing it again changes nothing."""
        sha256 = checksum(content)
        if not self.holds(sha256):
            self.keep(sha256, io.BytesIO(content))
        return sha256

    def put_file(self, source: IO[bytes]) -> StoredContent:
        """Keep what a file holds, however large, and return its checksum and size."""
        source.seek(0)
        sha256 = checksum_of(source)
        size = source.seek(0, io.SEEK_END)
        if not self.holds(sha256):
            source.seek(0)
            self.keep(sha256, source)
        return StoredContent(sha256, size)

    def read(self, sha256: str) -> bytes:
        """Return a content."""
        with self.open(sha256) as source:
            return bytes(source.read())

    @property
    def origin(self) -> str:
        """Return where links lead that are given instead of contents; empty where none are."""
        return ""

    def link(self, sha256: str, answer: Mapping[str, str], *, now: datetime) -> str:
        """Return an address that gives a content for some minutes, with these headers; empty where the program sends it itself."""
        return ""

    @abstractmethod
    def holds(self, sha256: str) -> bool:
        """Return whether a content is there."""

    @abstractmethod
    def size(self, sha256: str) -> int:
        """Return how many bytes a content has."""

    @abstractmethod
    def open(self, sha256: str) -> IO[bytes]:
        """Open a content for reading from anywhere in it."""

    @abstractmethod
    def keep(self, sha256: str, source: IO[bytes]) -> None:
        """Keep what a source holds, which is this content."""

    @abstractmethod
    def remove(self, sha256: str) -> None:
        """Delete a content; where it is not there any more, do nothing."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Yield the SHA-256 of every content."""

    @abstractmethod
    def clear_leftovers(self, before: datetime) -> None:
        """Delete what was broken off before a moment while it was written."""


FILES = Hook[FileStore]("files")
"""Gives the store of files."""


@dataclass(frozen=True, slots=True)
class FolderStore(FileStore):
    """A folder that holds the contents."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Return where a content lies."""
        return self.folder / _key(sha256)

    def holds(self, sha256: str) -> bool:
        """Return whether a content is there."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Return how many bytes a content has."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            raise NotFound from None

    def open(self, sha256: str) -> IO[bytes]:
        """Open a content."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound from None

    def keep(self, sha256: str, source: IO[bytes]) -> None:
        """Write a content beside its place, and give it its name when it is whole on the disk."""
        path = self.path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"{sha256}.{uuid4().hex}")
        try:
            with partial.open("wb") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        keep_name(path.parent)

    def remove(self, sha256: str) -> None:
        """Delete a content and its name."""
        path = self.path(sha256)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            keep_name(path.parent)

    def names(self) -> Iterator[str]:
        """Yield every content; what was broken off while it was written is none."""
        for path in sorted(self.folder.glob("??/*")):
            if _SHA256.fullmatch(path.name):
                yield path.name

    def clear_leftovers(self, before: datetime) -> None:
        """Delete what a process was writing when it was killed."""
        for path in self.folder.glob("??/*.*"):
            with suppress(FileNotFoundError):  # it was whole meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()


def keep_name(folder: Path) -> None:
    """Make the new names in a folder durable too: without this a power cut loses them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BucketStore(FileStore):
    """A bucket of an S3-compatible store that holds the contents, under a prefix."""

    _process = 0
    """The process that first used the library: its threads do not live on in a fork, where every call would wait for ever."""

    def __init__(self, settings: Settings) -> None:
        import obstore  # noqa: PLC0415 - sixteen megabytes that only the scaled form has
        from obstore.store import S3Store  # noqa: PLC0415 - the same

        bucket, _slash, prefix = settings.files_url.removeprefix("s3://").partition("/")
        store = settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com"
        self._service = urlsplit(store).netloc
        self._place = f"{store}/{bucket}/{prefix}".rstrip("/") + "/"
        self._signer = (
            UrlSigner(settings.s3_region, settings.s3_access_key, settings.s3_secret_key.get_secret_value())
            if settings.files_links
            else None
        )
        self._api = obstore
        self._refused = (obstore.exceptions.BaseError, OSError)
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            region=settings.s3_region,
            endpoint=settings.s3_endpoint or None,
            access_key_id=settings.s3_access_key or None,
            secret_access_key=settings.s3_secret_key.get_secret_value() or None,
            client_options={"allow_http": settings.s3_endpoint.startswith("http://"), "timeout": "20s", "connect_timeout": "3s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=15)},
        )

    @property
    def origin(self) -> str:
        """Return the folder of the bucket where links are given."""
        return self._place if self._signer else ""

    def link(self, sha256: str, answer: Mapping[str, str], *, now: datetime) -> str:
        """Return an address of the bucket that is signed for five minutes (spec/security 4.3)."""
        return self._signer.link(self._place + _key(sha256), answer, seconds=LINK_SECONDS, now=now) if self._signer else ""

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Translate the store's errors into the application's: NotFound, or Unavailable as when the database is down."""
        BucketStore._process = BucketStore._process or os.getpid()
        if BucketStore._process != os.getpid():
            raise RuntimeError("the bucket was used before this process was forked")
        try:
            yield
        except FileNotFoundError:
            raise NotFound from None
        except self._refused as error:
            raise Unavailable(service=self._service) from error

    def holds(self, sha256: str) -> bool:
        """Return whether a content is there."""
        try:
            self.size(sha256)
        except NotFound:
            return False
        return True

    def size(self, sha256: str) -> int:
        """Return how many bytes a content has."""
        with self._asking():
            return int(self._api.head(self._store, _key(sha256))["size"])

    def open(self, sha256: str) -> IO[bytes]:
        """Open a content; what is read is fetched a piece at a time."""
        return io.BufferedReader(_Fetched(self, sha256, self.size(sha256)), CHUNK)

    def fetch(self, sha256: str, start: int, end: int) -> bytes:
        """Return some bytes of a content."""
        with self._asking():
            return bytes(self._api.get_range(self._store, _key(sha256), start=start, end=end))

    def keep(self, sha256: str, source: IO[bytes]) -> None:
        """Send a content; the store shows it when it is whole."""
        try:
            with self._asking():
                self._api.put(self._store, _key(sha256), source)
        except NotFound as error:  # the bucket itself
            raise Unavailable(service=self._service) from error

    def remove(self, sha256: str) -> None:
        """Delete a content; the store tells nobody whether it was there."""
        with suppress(NotFound), self._asking():
            self._api.delete(self._store, _key(sha256))

    def names(self) -> Iterator[str]:
        """Yield every content."""
        with self._asking():
            paths = [str(entry["path"]) for some in self._api.list(self._store) for entry in some]
        yield from (name for path in sorted(paths) if _SHA256.fullmatch(name := path.rpartition("/")[2]))

    def clear_leftovers(self, before: datetime) -> None:
        """Do nothing: the store keeps what is whole."""


class _Fetched(io.RawIOBase):
    """A content of a bucket as a file."""

    def __init__(self, bucket: BucketStore, sha256: str, size: int) -> None:
        super().__init__()
        self._bucket, self._sha256, self._size, self._at = bucket, sha256, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        content = self._bucket.fetch(self._sha256, self._at, end)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def files_of(settings: Settings) -> FileStore:
    """Return where an instance keeps its files: the data folder, or the bucket of LMS_FILES_URL."""
    return BucketStore(settings) if settings.files_url else FolderStore(settings.data_dir / "files")


def note_all_stored(session: Session, contents: Mapping[str, tuple[int, str]], *, now: datetime) -> dict[str, int]:
    """Return the numbers of the rows of contents, given by checksum with size and media type; those that are new are made.

    Several may bring one content at once: they share the row of the first. All make rows in one order, so that nobody waits in a circle.
    """
    statement = select(StoredFile.sha256, StoredFile.id).where(StoredFile.sha256.in_(contents))
    known = dict(session.execute(statement).all())
    rows = [
        StoredFile(sha256=sha256, size=size, media_type=media_type, created_at=now)
        for sha256, (size, media_type) in sorted(contents.items())
        if sha256 not in known
    ]
    if rows:
        insert_missing(session, rows, "sha256")
        known = dict(session.execute(statement).all())
    return known


def note_stored(session: Session, sha256: str, *, size: int, media_type: str, now: datetime) -> StoredFile:
    """Return the row of a content, made where it is new as `note_all_stored` makes it."""
    statement = select(StoredFile).where(StoredFile.sha256 == sha256)
    stored = session.scalar(statement)
    if stored is None:
        insert_missing(session, [StoredFile(sha256=sha256, size=size, media_type=media_type, created_at=now)], "sha256")
        stored = session.scalars(statement).one()
    return stored


def _is_used() -> ColumnElement[bool]:
    """Return the condition on `StoredFile` that another table names it."""
    keys = (key for table in Base.metadata.tables.values() for key in table.foreign_keys)
    return or_(*(exists().where(key.parent == StoredFile.id) for key in keys if key.target_fullname == "stored_file.id"))


def is_used(session: Session, sha256: str) -> bool:
    """Return whether a table names the row of a content."""
    return session.scalar(select(StoredFile.id).where(StoredFile.sha256 == sha256, _is_used())) is not None


def forget_stored(session: Session, sha256: str) -> bool:
    """Delete the row of a content that its owner lets go, unless another table still names it; return whether it went."""
    gone = delete(StoredFile).where(StoredFile.sha256 == sha256, not_(_is_used())).returning(StoredFile.id)
    return session.scalar(gone) is not None
