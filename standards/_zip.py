"""Archives of outside packages: judged by their list before anything is unpacked, and unpacked in memory only (security, 4.4)."""

import lzma
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePosixPath

from kernel.errors import N_
from standards._xml import judge
from standards.model import FileRefused

MAXIMUM_PACKED = 200_000_000
MAXIMUM_UNPACKED = 1_000_000_000
MAXIMUM_RATIO = 100
MAXIMUM_ENTRIES = 10_000
SMALL = 100_000
"""A file up to this size may have any ratio: short XML full of spaces is no bomb."""
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)
"""What reading a damaged or foreign archive raises: BadZipFile for a broken list or checksum, zlib.error and LZMAError for broken data
(OSError and ValueError with bzip2), NotImplementedError for an unknown compression or version, EOFError for data that end early,
OSError for a place before the beginning, RuntimeError for an entry that wants a password, ValueError for impossible numbers.
FileRefused is none of them."""
_ENCRYPTED = 0x1
_CHUNK = 1 << 16
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def read_archive(content: bytes, *suffixes: str) -> Mapping[str, bytes]:
    """Return the files of an archive with one of these endings (lower case; none for all), path -> bytes.

    Raises FileRefused for more than the limits, for entries that lead out of the archive (.., absolute, drive), links, devices,
    names twice, encryption, and for what is no archive. The whole list is judged, the files not asked for too.
    """
    if len(content) > MAXIMUM_PACKED:
        raise FileRefused(N_("The archive has more than %(limit)s MB."), limit=MAXIMUM_PACKED // 10**6)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _judge(entries)
            wanted = [entry for entry in entries if not entry.is_dir() and entry.filename.lower().endswith(suffixes or ("",))]
            return {entry.filename: _unpacked(archive, entry) for entry in wanted}
    except _BROKEN as error:
        raise FileRefused(N_("The archive is broken or no ZIP file.")) from error


def judge_document(content: bytes) -> None:
    """Judge an archive that a library will read (a spreadsheet): its list, and each XML in it by any name; raises FileRefused."""
    for part in read_archive(content).values():
        if part[:1000].lstrip(_BEFORE_XML).startswith(b"<"):
            judge(part)


def _judge(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAXIMUM_ENTRIES:
        raise FileRefused(N_("The archive has more than %(limit)s entries."), limit=MAXIMUM_ENTRIES)
    if sum(entry.file_size for entry in entries) > MAXIMUM_UNPACKED:
        raise FileRefused(N_("The archive unpacks to more than %(limit)s MB."), limit=MAXIMUM_UNPACKED // 10**6)
    seen: set[str] = set()
    for entry in entries:
        _judge_entry(entry)
        name = unicodedata.normalize("NFC", entry.filename.rstrip("/")).casefold()
        if name in seen:
            raise FileRefused(N_("The archive has the name “%(name)s” twice."), name=entry.filename[:200])
        seen.add(name)


def _judge_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in entry.orig_filename or not name.strip("/"):
        raise FileRefused(N_("The archive has an entry that leads out of it: “%(name)s”."), name=name[:200])
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileRefused(N_("The archive has a link or a device: “%(name)s”."), name=name[:200])
    if entry.flag_bits & _ENCRYPTED:
        raise FileRefused(N_("The archive is encrypted: “%(name)s”."), name=name[:200])
    if entry.file_size > SMALL and entry.file_size > MAXIMUM_RATIO * max(entry.compress_size, 1):
        raise FileRefused(N_("“%(name)s” unpacks to more than %(ratio)s times its size."), name=name[:200], ratio=MAXIMUM_RATIO)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's bytes; what its header says is not believed."""
    parts: list[bytes] = []
    size = 0
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > entry.file_size:
                raise FileRefused(N_("“%(name)s” is larger than the archive says."), name=entry.filename[:200])
            parts.append(chunk)
    return b"".join(parts)
