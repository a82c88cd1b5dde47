"""The formats by name: how each is read and written, how a file's own is detected, and the bank that a file makes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from posixpath import dirname, join, normpath
from typing import Any, TypeAlias

from kernel.by_name import load_by_name
from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition
from standards.bank.read import CODE, PATH, open_bank
from standards.bank.write import write
from standards.model import ExportedFile, FileRefused, ImportedQuestions, RemarkSeverity, TransferRemark
from standards.texts import FILE, read_languages, texts_of
from standards.xml import Categories, with_category_tags

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
    return load_by_name(f"standards.{module}", name)


FORMATS: Mapping[str, QuestionFormat] = {
    file_format.name: file_format
    for file_format in (
        QuestionFormat("gift", "gift.read:read", "gift.write:write"),
        QuestionFormat("aiken", "aiken.read:read", "aiken.write:write"),
        QuestionFormat("moodle-xml", "moodle_xml.read:read", "moodle_xml.write:write"),
        QuestionFormat("cloze", "moodle_xml.texts:read"),
        QuestionFormat("csv", "spreadsheet.read:read_csv_questions", "spreadsheet.write:write_csv"),
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
        from standards import xml  # noqa: PLC0415 - lxml: 50 ms that no start should wait for

        return FORMATS["moodle-xml" if xml.local(xml.parse(content)) == "quiz" else "qti"]
    if _ANSWER.search(content):
        return FORMATS["aiken"]
    if _CLOZE.search(content):
        return FORMATS["cloze"]
    if b"{" in content and b"}" in content:
        return FORMATS["gift"]
    raise FileRefused(N_("Could not detect the format of %(name)s. Specify it with --format."), name=PurePath(name).name)


_REPORTED_SEVERITIES = (RemarkSeverity.PROBLEM, RemarkSeverity.TO_CORRECT)
_REPORTED_CODES = frozenset({"C413"})
"""What the check finds that changes a mark: an answer that is never reached."""


@dataclass(frozen=True, slots=True)
class QuestionImport:
    """The content of a file: the format's name, the questions to import with all remarks, and the bytes of the bank."""

    format: str
    imported: ImportedQuestions
    bank: bytes


def import_file(
    name: str,
    content: bytes,
    format_name: str | None = None,
    language: str = "es",
    categories: str = Categories.LEAVE,
    further: Sequence[str] = (),
) -> QuestionImport:
    """Return the bank that a file makes; nothing is written anywhere. Raises FileRefused for a file that is not read at all.

    `categories` says what becomes of those of GIFT and Moodle XML (Categories), `further` which languages the course has besides.
    """
    file_format = FORMATS[format_name] if format_name is not None else guess(name, content)
    if file_format.read is None:
        raise FileRefused(N_("Files in the format %(name)s cannot be imported."), name=file_format.name)
    questions = read_languages(file_format.read, content, (language, *further))
    imported = validated_as_bank(with_category_tags(questions) if categories == Categories.TAGS else questions, language)
    return QuestionImport(file_format.name, imported, write(imported.questions, language).content)


def validated_as_bank(imported: ImportedQuestions, language: str) -> ImportedQuestions:
    """Return the questions that our own reader takes; what it refuses is a problem, what it could not publish is to be corrected."""
    judged, _session = open_bank({PATH: write(imported.questions, language).content}, PATH, language)
    lines = {source.question.key: source.line for source in imported.sources}
    remarks = [_with_author_lines(remark, lines) for remark in judged.remarks if _is_reported(remark)]
    whole = next((remark for remark in remarks if remark.severity is RemarkSeverity.PROBLEM and not remark.question), None)
    if whole is not None:
        raise FileRefused(N_("The questions do not fit in one bank: %(reason)s"), reason=whole.message)
    refused = {remark.question for remark in remarks if remark.severity is RemarkSeverity.PROBLEM}
    others = len(judged.remarks) - len(remarks)
    if others:
        remarks.append(
            TransferRemark(
                RemarkSeverity.NOTE,
                N_("The draft check has %(count)s more findings: “Check and publish” lists them once the questions are in the draft."),
                facts={"count": str(others)},
            )
        )
    sources = tuple(source for source in imported.sources if source.question.key not in refused)
    return ImportedQuestions(sources, (*imported.remarks, *remarks), imported.media)


def _is_reported(remark: TransferRemark) -> bool:
    return remark.severity in _REPORTED_SEVERITIES or remark.facts.get(CODE) in _REPORTED_CODES


def _with_author_lines(remark: TransferRemark, lines: dict[str, int]) -> TransferRemark:
    return TransferRemark(
        remark.severity, remark.what, remark.why, line=lines.get(remark.question, 0), question=remark.question, facts=remark.facts
    )


LARGEST = 40_000_000
"""Bytes of all files that go out at once; what is beyond is told as left out."""


def addresses_of(question: QuestionDefinition, language: str) -> list[str]:
    """Return the addresses of files that the texts of a question name, each once."""
    return list(dict.fromkeys(address for text in texts_of(question, language) for address in FILE.findall(text)))


def files_named(question: QuestionDefinition, language: str, bank: str) -> dict[str, str]:
    """Return the files that a question of a bank shows or links to, by address as written: their paths in the folder."""
    return {
        address: path
        for address in addresses_of(question, language)
        if not (path := normpath(join(dirname(bank), address))).startswith("..")
    }
