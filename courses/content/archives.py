"""Archives of course folders, and the marks of where they come from."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from courses.content.layout import COURSE, MAXIMUM_FILES
from kernel.archives import ArchiveLimits, ArchiveRefused, open_archive, write_archive
from kernel.errors import N_

MARK = ".aulario"
LARGEST_MARK = 2_000_000
_ABOUT = "# The draft that this folder was made from. Leave this file beside course.yaml: bringing the folder back begins with it.\n"
_FIRST = re.compile(r"course ([a-z0-9-]{1,64}) revision ([0-9]{1,9})\Z")
_FILE = re.compile(r"([0-9a-f]{64})  (.+)\Z")


@dataclass(frozen=True, slots=True)
class FolderMark:
    """The draft that a folder was made from: its course, its revision, and the SHA-256 of each of its files by path."""

    course: str
    revision: int
    checksums: Mapping[str, str]


def write_mark(course: str, revision: int, files: Mapping[str, bytes]) -> bytes:
    """Return the mark of a folder that holds these files: two lines, then one a file as `sha256sum` writes them."""
    lines = (f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))
    return f"{_ABOUT}course {course} revision {revision}\n{''.join(lines)}".encode()


def read_mark(content: bytes) -> FolderMark | None:
    """Read a mark; return None where it is none any more: a folder without one is judged by its files."""
    try:
        lines = content[: LARGEST_MARK + 1].decode().splitlines() if len(content) <= LARGEST_MARK else []
    except UnicodeDecodeError:
        return None
    lines_of_mark = [line for line in lines if line.strip() and not line.startswith("#")]
    first = _FIRST.match(lines_of_mark[0]) if lines_of_mark else None
    files = [_FILE.match(line) for line in lines_of_mark[1:]]
    if first is None or not all(files):
        return None
    return FolderMark(first[1], int(first[2]), {match[2]: match[1] for match in files if match})


LARGEST = 50_000_000
"""Bytes of an archive that is sent to a page; larger courses come in by the command line."""
LIMITS = ArchiveLimits(packed=LARGEST, unpacked=150_000_000, entries=MAXIMUM_FILES + 1)
"""The mark stands beside the files of the course."""
_COMMENT = re.compile(rb"aulario ([a-z0-9-]{1,64}) ([0-9]{1,9})\Z")
_JUNK = ("__MACOSX", ".git", "__pycache__")
_JUNK_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class FolderArchive:
    """The files of a folder by path, and its mark; archives of earlier releases name course and revision in their comment instead."""

    files: Mapping[str, bytes]
    mark: FolderMark | None = None
    course: str = ""
    revision: int = 0


def write_folder(target: IO[bytes], files: Mapping[str, bytes], course: str, revision: int) -> None:
    """Write a draft as an archive with the mark of its revision, so that it can be merged with what comes after."""
    write_archive(target, {**files, MARK: write_mark(course, revision, files)})


def read_folder_archive(content: bytes) -> FolderArchive:
    """Return the folder in an archive, also where it stands in a folder of its own; raise ArchiveRefused and name what is wrong."""
    archive = open_archive(content, limits=LIMITS)
    if archive.old_names:
        raise ArchiveRefused(
            N_("The name “%(name)s” is not in UTF-8. Rename the file using letters without accents and create the archive again."),
            name=archive.old_names[0],
        )
    for name in archive.files:
        if "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
            raise ArchiveRefused(N_("“%(name)s” is not a path that works everywhere. Separate folders with /."), name=name[:200])
    files = {name: content for name, content in archive.files.items() if not _is_junk(name)}
    root = _root(files)
    match = _COMMENT.match(archive.comment)
    base = (match[1].decode(), int(match[2])) if match else ("", 0)
    inside = {name.removeprefix(root): content for name, content in files.items()}
    mark = read_mark(inside.get(MARK, b""))
    contents = {name: content for name, content in inside.items() if name.partition("/")[0] != MARK}
    return FolderArchive(contents, mark, *base)


def _is_junk(name: str) -> bool:
    parts = name.split("/")
    return any(part in _JUNK for part in parts[:-1]) or parts[-1] in _JUNK_NAMES


def _root(names: Iterable[str]) -> str:
    """Return the folder in which all of it stands, with its slash; empty where the course's file stands at the top."""
    firsts = {name.partition("/")[0] for name in names}
    if COURSE in firsts or len(firsts) != 1 or any("/" not in name for name in names):
        return ""
    return f"{firsts.pop()}/"
