"""Course folders for tests: a small complete one, changes to it by file and text, and what the check says."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from courses.content.lessons import KIND as PAGE
from courses.content.model import CourseFolder, Finding, FolderReadResult
from courses.content.reader import read_directory, read_folder
from quizzes.content.quiz import BANKS
from quizzes.content.quiz import KIND as QUIZ
from webinars.content import KIND as RECORDING

FOLDERS = Path(__file__).resolve().parents[1] / "samples" / "folders"
TODAY = date(2026, 6, 1)
KINDS = (PAGE, QUIZ, RECORDING)
PARTS = (BANKS,)

COURSE = "course.yaml"
GLOSSARY = "glosario.yaml"
PARAMETERS = "parametros.yaml"
RESOURCES = "recursos.yaml"
MODULE = "01-contar/module.yaml"
OTHER_MODULE = "02-cuidar/module.yaml"
BANK = "01-contar/banco.yaml"
QUIZ_FILE = "01-contar/90-cuestionario.quiz.yaml"
RECORDING_FILE = "01-contar/02-charla.recording.yaml"
LESSON = "01-contar/01-litros.es.md"
TWIN = "01-contar/01-litros.en.md"
OTHER_LESSON = "02-cuidar/01-llave.es.md"

Files = dict[str, bytes]


def a_folder() -> Files:
    """Return the files of the sample course, in which the check finds nothing."""
    return read_directory(FOLDERS / "agua")


def changed(path: str, old: str, new: str, files: Mapping[str, bytes] | None = None) -> Files:
    """Return the sample with one text replaced once; fails where the text is not there."""
    files = dict(files if files is not None else a_folder())
    text = files[path].decode()
    assert old in text, f"{old!r} is not in {path}"
    return {**files, path: text.replace(old, new, 1).encode()}


def with_file(path: str, content: str | bytes, files: Mapping[str, bytes] | None = None) -> Files:
    """Return the sample with a file added or replaced."""
    return {**(files if files is not None else a_folder()), path: content.encode() if isinstance(content, str) else content}


def without(*paths: str) -> Files:
    """Return the sample without some files."""
    return {path: content for path, content in a_folder().items() if path not in paths}


def reading(files: Mapping[str, bytes], today: date = TODAY, topics: tuple[str, ...] = ()) -> FolderReadResult:
    """Read a folder with all kinds of this house."""
    return read_folder(files, KINDS, PARTS, today=today, site_topics=topics)


def findings(files: Mapping[str, bytes], code: str = "") -> list[Finding]:
    """Return what the check says, all or of one code."""
    return [finding for finding in reading(files).findings if code in ("", finding.code)]


def codes(files: Mapping[str, bytes]) -> set[str]:
    """Return the codes of all findings."""
    return {finding.code for finding in findings(files)}


def course(files: Mapping[str, bytes] | None = None) -> CourseFolder:
    """Return the course of a folder that has no errors."""
    found = reading(files if files is not None else a_folder())
    assert found.course is not None, [finding.message for finding in found.errors]
    return found.course
