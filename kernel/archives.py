"""ZIP archives, written and read, and the only code that opens them: checked by their directory before unpacking (spec/security 4.4)."""

import lzma
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from pathlib import PurePosixPath
from typing import IO

from kernel.errors import N_, DomainError

MAXIMUM_RATIO = 100
SMALL = 100_000
"""A file up to this size may have any ratio: short XML full of spaces is no bomb."""
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)
"""What reading a damaged or foreign archive raises: BadZipFile for a broken list or checksum, zlib.error and LZMAError for broken data
(OSError and ValueError with bzip2), NotImplementedError for an unknown compression or version, EOFError for data that end early,
OSError for a place before the beginning, RuntimeError for an entry that wants a password, ValueError for impossible numbers.
ArchiveRefused is none of them."""
_ENCRYPTED = 0x1
_CHUNK = 1 << 16
_UTF8 = 0x800
_DAY = (1980, 1, 1, 0, 0, 0)
_PACKED = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".mp3",
    ".mp4",
    ".m4a",
    ".ogg",
    ".oga",
    ".webm",
    ".docx",
    ".xlsx",
    ".pptx",
    ".odt",
    ".ods",
)
"""Endings of what is compressed already."""


class ArchiveRefused(DomainError):
    """An archive as a whole is not read: hostile, too large, damaged, or none."""

    status = 422
    message = N_("The archive is damaged or is not a ZIP file.")


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The limits of an archive: bytes packed and unpacked, and entries."""

    packed: int = 200_000_000
    unpacked: int = 1_000_000_000
    entries: int = 10_000


LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive's files by path, the comment it carries, and the names that are not written as today's archives write them."""

    files: Mapping[str, bytes]
    comment: bytes
    old_names: tuple[str, ...]
    """Neither ASCII nor UTF-8: what they say depends on the computer that packed them."""


def read_archive(content: bytes, *suffixes: str, limits: ArchiveLimits = LIMITS) -> Mapping[str, bytes]:
    """Return the files of an archive with one of these endings (lower case; none for all), path -> bytes.

    Raise ArchiveRefused for more than the limits, for entries that lead out of the archive (.., absolute, drive), links, devices,
    names twice, encryption, and for what is no archive. The whole list is judged, the files not asked for too.

    It is unpacked in memory only.
    """
    return open_archive(content, *suffixes, limits=limits).files


def open_archive(content: bytes, *suffixes: str, limits: ArchiveLimits = LIMITS) -> Archive:
    """Return an archive with the files that have one of these endings; raise ArchiveRefused as `read_archive` does."""
    if len(content) > limits.packed:
        raise ArchiveRefused(N_("The archive is larger than %(limit)s MB."), limit=limits.packed // 10**6)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _judge(entries, limits)
            chosen = [entry for entry in entries if not entry.is_dir() and entry.filename.lower().endswith(suffixes or ("",))]
            old = tuple(entry.filename for entry in entries if not entry.flag_bits & _UTF8 and not entry.filename.isascii())
            return Archive({entry.filename: b"".join(_pieces(archive, entry)) for entry in chosen}, archive.comment, old)
    except _BROKEN as error:
        raise ArchiveRefused from error


def write_archive(target: IO[bytes], files: Mapping[str, bytes], *, comment: bytes = b"") -> None:
    """Write files into an archive by path: the same files give the same bytes whenever and wherever it is done."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for path in sorted(files):
            archive.writestr(_entry_of(path), files[path])


def write_large_archive(target: IO[bytes], files: Iterable[tuple[str, IO[bytes]]]) -> None:
    """Write files into an archive in this order, each in pieces: memory does not grow with them. The same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, source in files:
            entry = _entry_of(path)
            entry.file_size = source.seek(0, SEEK_END)
            source.seek(0)
            with archive.open(entry, "w") as target_file:
                shutil.copyfileobj(source, target_file, _CHUNK)


@dataclass(frozen=True, slots=True)
class LargeArchive:
    """An archive that is read in pieces, its list judged as `read_archive` judges it."""

    _archive: zipfile.ZipFile

    @property
    def names(self) -> list[str]:
        """Return the names of its files, in its order."""
        return [entry.filename for entry in self._archive.infolist() if not entry.is_dir()]

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file piece by piece; raise ArchiveRefused where it is damaged."""
        try:
            yield from _pieces(self._archive, self._archive.getinfo(name))
        except (KeyError, *_BROKEN) as error:
            raise ArchiveRefused from error

    def open(self, name: str) -> IO[bytes]:
        """Open a file that is known to be sound."""
        return self._archive.open(name)


@contextmanager
def reading_large_archive(source: IO[bytes], limits: ArchiveLimits) -> Iterator[LargeArchive]:
    """Give an archive that is read in pieces; raise ArchiveRefused as `read_archive` does, before anything of it is unpacked."""
    try:
        if source.seek(0, SEEK_END) > limits.packed:
            raise ArchiveRefused(N_("The archive is larger than %(limit)s MB."), limit=limits.packed // 10**6)
        archive = zipfile.ZipFile(source)
        _judge(archive.infolist(), limits)
    except _BROKEN as error:
        raise ArchiveRefused from error
    with archive:
        yield LargeArchive(archive)


def _entry_of(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _DAY)
    entry.create_system, entry.external_attr = 3, 0o100644 << 16
    entry.compress_type = zipfile.ZIP_STORED if path.lower().endswith(_PACKED) else zipfile.ZIP_DEFLATED
    return entry


def _judge(entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(entries) > limits.entries:
        raise ArchiveRefused(N_("The archive has more than %(limit)s entries."), limit=limits.entries)
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise ArchiveRefused(N_("The archive unpacks to more than %(limit)s MB."), limit=limits.unpacked // 10**6)
    seen: set[str] = set()
    for entry in entries:
        _judge_entry(entry)
        name = unicodedata.normalize("NFC", entry.filename.rstrip("/")).casefold()
        if name in seen:
            raise ArchiveRefused(N_("The archive has the name “%(name)s” twice."), name=entry.filename[:200])
        seen.add(name)


def _judge_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in entry.orig_filename or not name.strip("/"):
        raise ArchiveRefused(N_("The archive contains an entry that points outside it: “%(name)s”."), name=name[:200])
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused(N_("The archive contains a link or a device file: “%(name)s”."), name=name[:200])
    if entry.flag_bits & _ENCRYPTED:
        raise ArchiveRefused(N_("The archive is encrypted: “%(name)s”."), name=name[:200])
    if entry.file_size > SMALL and entry.file_size > MAXIMUM_RATIO * max(entry.compress_size, 1):
        raise ArchiveRefused(N_("“%(name)s” unpacks to more than %(ratio)s times its size."), name=name[:200], ratio=MAXIMUM_RATIO)


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield an entry's bytes; what its header says is not believed."""
    size = 0
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > entry.file_size:
                raise ArchiveRefused(N_("“%(name)s” is larger than declared in the archive."), name=entry.filename[:200])
            yield chunk
