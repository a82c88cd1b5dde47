"""Read a bank's file by itself; its rules are those of `quizzes.content`, what stands around it in a course is not looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from courses.content.course_file import read_course
from courses.content.layout import COURSE
from courses.content.lists import read_parameters
from courses.content.model import Finding, Severity
from courses.content.reading_session import ReadingSession
from courses.content.source import read_table
from kernel import clock
from kernel.errors import N_
from kernel.i18n import LANGUAGES
from questions.content.banks import read_banks
from standards.model import FileRefused, ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark

PATH = "banco/banco.yaml"
CODE = "code"
"""The fact of a remark that names the code of the check."""
_CONTEXT_CODES = frozenset({"C305", "C306", "C307", "C308", "C114", "C116"})


@dataclass(frozen=True, slots=True)
class OpenBank:
    """A bank that was read, and the session that holds its tables and findings."""

    imported: ImportedQuestions
    session: ReadingSession


def read(content: bytes, language: str = "es", context: Mapping[str, bytes] | None = None) -> ImportedQuestions:
    """Return the questions of `banco.yaml`; `context` may hold the course's course.yaml and parametros.yaml.

    Raises FileRefused where the YAML itself cannot be read; errors of a question are problems (C1xx, C2xx) or to be corrected.
    """
    opened = open_bank({PATH: content, **(context or {})}, PATH, language)
    broken = next((remark for remark in opened.imported.of_severity(RemarkSeverity.PROBLEM) if not remark.question), None)
    if broken is not None and not opened.imported.sources:
        raise FileRefused(N_("The bank cannot be read, line %(line)s: %(reason)s"), line=broken.line, reason=broken.message)
    return opened.imported


def open_bank(files: Mapping[str, bytes], path: str, language: str) -> OpenBank:
    """Read the bank at a path of these files."""
    session = ReadingSession(files, clock.now().date(), languages=(language, *(other for other in LANGUAGES if other != language)))
    if COURSE in files:
        session.course = replace(read_course(session), parameters=read_parameters(session))
    table = read_table(session, path)
    banks = read_banks({path: table}, session) if table is not None else ()
    if table is not None:
        table.close()
    questions = banks[0].questions if banks else ()
    lines = {key: cursor.node.line for key, cursor in session.questions.items()}
    sources = tuple(SourceQuestion(question, lines.get(question.key, 0)) for question in questions)
    remarks = tuple(_remark(finding) for finding in session.findings if finding.file == path and finding.code not in _CONTEXT_CODES)
    return OpenBank(ImportedQuestions(sources, remarks), session)


def _remark(finding: Finding) -> TransferRemark:
    severity = (
        RemarkSeverity.PROBLEM
        if finding.refuses_import
        else RemarkSeverity.TO_CORRECT
        if finding.severity is Severity.ERROR
        else RemarkSeverity.NOTE
    )
    facts = {"reason": finding.message, "fix": finding.fix, CODE: finding.code}
    question = finding.facts.get("subject", "")
    return TransferRemark(severity, N_("%(reason)s %(fix)s"), line=finding.line, question=question, facts=facts)
