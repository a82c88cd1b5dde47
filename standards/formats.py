"""The formats by name: how each is read and written, and how a file's own is told."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from kernel.errors import N_
from quizzes.rules.definitions import Question
from standards import _xml
from standards.aiken import read as aiken_read
from standards.aiken import write as aiken_write
from standards.gift import read as gift_read
from standards.gift import write as gift_write
from standards.model import Exported, FileRefused, Imported
from standards.moodle_xml import cloze
from standards.moodle_xml import read as moodle_read
from standards.moodle_xml import write as moodle_write
from standards.qti import read as qti_read
from standards.qti import write as qti_write
from standards.qti import write_canvas
from standards.sheet import read as sheet_read
from standards.sheet import write as sheet_write

Read: TypeAlias = Callable[[bytes, str], Imported]
Write: TypeAlias = Callable[[Sequence[Question], str], Exported]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of outside files; None where it is not read, or not written."""

    name: str
    read: Read | None
    write: Write | None


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("gift", gift_read.read, gift_write.write),
        Format("aiken", aiken_read.read, aiken_write.write),
        Format("moodle-xml", moodle_read.read, moodle_write.write),
        Format("cloze", cloze.read, None),
        Format("csv", sheet_read.read_csv, sheet_write.write_csv),
        Format("xlsx", sheet_read.read_xlsx, sheet_write.write_xlsx),
        Format("qti", qti_read.read, qti_write.write),
        Format("qti-canvas", qti_read.read, write_canvas.write),
    )
}
_BY_SUFFIX = {".gift": "gift", ".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".zip": "qti", ".imscc": "qti", ".qti": "qti"}
_ANSWER = re.compile(rb"(?mi)^\s*ANSWER:")
_CLOZE = re.compile(rb"\{[0-9]*:[A-Z_]{2,20}:")


def guess(name: str, content: bytes) -> Format:
    """Return the format of a file by its name's ending, else by how it begins; raises FileRefused where nothing tells."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _BY_SUFFIX:
        return FORMATS[_BY_SUFFIX[suffix]]
    if suffix == ".xml":
        return FORMATS["moodle-xml" if _xml.local(_xml.parse(content)) == "quiz" else "qti"]
    if _ANSWER.search(content):
        return FORMATS["aiken"]
    if _CLOZE.search(content):
        return FORMATS["cloze"]
    if b"{" in content and b"}" in content:
        return FORMATS["gift"]
    raise FileRefused(N_("Nothing tells the format of %(name)s; name it with --format."), name=PurePath(name).name)
