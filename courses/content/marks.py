"""The mark of an exported folder, `.aulario`: which state of the draft it was made from, to bring it back (decision 42)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

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
    """Return what a mark says, None where it is none any more: a folder without one is judged by its files."""
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
