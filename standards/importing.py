"""From an outside file to a bank's file: read, held against the rules of our own banks, and written."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.errors import N_
from standards._languages import read_languages
from standards._tags import Categories, with_category_tags
from standards.bank.read import CODE, PATH, open_bank
from standards.bank.write import write
from standards.formats import FORMATS, guess
from standards.model import FileRefused, ImportedQuestions, RemarkSeverity, TransferRemark

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
    opened = open_bank({PATH: write(imported.questions, language).content}, PATH, language)
    lines = {source.question.key: source.line for source in imported.sources}
    remarks = [_with_author_lines(remark, lines) for remark in opened.imported.remarks if _is_reported(remark)]
    whole = next((remark for remark in remarks if remark.severity is RemarkSeverity.PROBLEM and not remark.question), None)
    if whole is not None:
        raise FileRefused(N_("The questions do not fit in one bank: %(reason)s"), reason=whole.message)
    refused = {remark.question for remark in remarks if remark.severity is RemarkSeverity.PROBLEM}
    others = len(opened.imported.remarks) - len(remarks)
    if others:
        remarks.append(
            TransferRemark(
                RemarkSeverity.NOTE,
                N_("The check has %(count)s more findings, shown next to each question in the bank."),
                facts={"count": str(others)},
            )
        )
    sources = tuple(source for source in imported.sources if source.question.key not in refused)
    return ImportedQuestions(sources, (*imported.remarks, *remarks), imported.media)


def _is_reported(remark: TransferRemark) -> bool:
    return remark.severity in _REPORTED_SEVERITIES or remark.facts.get(CODE) in _REPORTED_CODES


def _with_author_lines(remark: TransferRemark, lines: dict[str, int]) -> TransferRemark:
    return TransferRemark(remark.severity, remark.what, remark.why, lines.get(remark.question, 0), remark.question, remark.facts)
