"""The formats by name: how each is read and written, and how a file's own is detected."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import Any, TypeAlias

from kernel.errors import N_
from standards.model import ExportedFile, FileRefused, ImportedQuestions

Read: TypeAlias = Callable[[bytes, str], ImportedQuestions]
Write: TypeAlias = Callable[..., ExportedFile]
"""Of questions, a language, and the files that their texts name (standards.model.Files), which may be left out."""


@dataclass(frozen=True, slots=True)
class QuestionFormat:
    """A format of outside files, with the functions that read and write it as `module:name`; empty where it is not read, or not written.

    They are loaded when they are used: few requests read XML, and no start should wait for it.
    """

    name: str
    reader: str = ""
    writer: str = ""

    @property
    def read(self) -> Read | None:
        """Return the function that reads it."""
        return _function(self.reader) if self.reader else None

    @property
    def write(self) -> Write | None:
        """Return the function that writes it."""
        return _function(self.writer) if self.writer else None


def _function(address: str) -> Any:
    module, _colon, name = address.partition(":")
    return getattr(import_module(f"standards.{module}"), name)


FORMATS: Mapping[str, QuestionFormat] = {
    file_format.name: file_format
    for file_format in (
        QuestionFormat("gift", "gift.read:read", "gift.write:write"),
        QuestionFormat("aiken", "aiken.read:read", "aiken.write:write"),
        QuestionFormat("moodle-xml", "moodle_xml.read:read", "moodle_xml.write:write"),
        QuestionFormat("cloze", "moodle_xml.cloze:read"),
        QuestionFormat("csv", "spreadsheet.read:read_csv", "spreadsheet.write:write_csv"),
        QuestionFormat("xlsx", "spreadsheet.read:read_xlsx", "spreadsheet.write:write_xlsx"),
        QuestionFormat("qti", "qti.read:read", "qti.write:write"),
        QuestionFormat("qti-canvas", "qti.read:read", "qti.write_canvas:write"),
    )
}
_BY_SUFFIX = {".gift": "gift", ".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".zip": "qti", ".imscc": "qti", ".qti": "qti"}
_ANSWER = re.compile(rb"(?mi)^\s*ANSWER:")
_CLOZE = re.compile(rb"\{[0-9]*:[A-Z_]{2,20}:")


def guess(name: str, content: bytes) -> QuestionFormat:
    """Return the format of a file by its name's ending, else by how it begins; raises FileRefused where nothing identifies it."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _BY_SUFFIX:
        return FORMATS[_BY_SUFFIX[suffix]]
    if suffix == ".xml":
        from standards import _xml  # noqa: PLC0415 - lxml: 50 ms that no start should wait for

        return FORMATS["moodle-xml" if _xml.local(_xml.parse(content)) == "quiz" else "qti"]
    if _ANSWER.search(content):
        return FORMATS["aiken"]
    if _CLOZE.search(content):
        return FORMATS["cloze"]
    if b"{" in content and b"}" in content:
        return FORMATS["gift"]
    raise FileRefused(N_("Could not detect the format of %(name)s. Specify it with --format."), name=PurePath(name).name)
