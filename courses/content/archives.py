"""A course folder as one ZIP: written the same each time, read only where every name in it is one that the format knows.

spec/security 4.4.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from courses.content.layout import COURSE, MAXIMUM_FILES
from courses.content.marks import MARK, FolderMark, read_mark, write_mark
from kernel.archives import ArchiveLimits, ArchiveRefused, open_archive, write_archive
from kernel.errors import N_

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
