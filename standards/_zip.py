"""Archives of outside packages, as files of questions: what refuses an archive refuses the file (kernel.archives)."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from kernel import archives
from kernel.archives import ArchiveRefused
from standards._xml import judge
from standards.model import FileRefused

_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def read_archive(content: bytes, *suffixes: str) -> Mapping[str, bytes]:
    """Return the files of an archive with one of these endings (lower case; none for all), path -> bytes; raises FileRefused."""
    try:
        return archives.read_archive(content, *suffixes)
    except ArchiveRefused as refused:
        facts: dict[str, Any] = dict(refused.facts)
        raise FileRefused(refused.text, **facts) from refused


def names_in(content: bytes) -> list[str]:
    """Return the paths of all files of an archive that `read_archive` has read."""
    with ZipFile(BytesIO(content)) as archive:
        return [entry.filename for entry in archive.infolist() if not entry.is_dir()]


def judge_document(content: bytes) -> None:
    """Judge an archive that a library will read (a spreadsheet): its list, and each XML in it by any name; raises FileRefused."""
    for part in read_archive(content).values():
        if part[:1000].lstrip(_BEFORE_XML).startswith(b"<"):
            judge(part)
