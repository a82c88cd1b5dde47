"""Read one bank of a working copy by itself: quick enough for every change of it. What stands around it in the course is not looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from courses.content.course_file import read_course
from courses.content.layout import COURSE, MODULE, PARAMETERS
from courses.content.lists import read_parameters
from courses.content.model import NO_TEXT, CourseFolder, LocalisedText
from courses.content.reading_session import ReadingSession
from courses.content.source import read_table
from quizzes.content.banks import banks_of, read_banks
from quizzes.content.model import BankSource

_UNDATED = date(2000, 1, 1)
"""Reading languages and titles asks for a day, and no rule of theirs looks at it."""


@dataclass(frozen=True, slots=True)
class DraftBankFile:
    """A bank as read; None where its YAML is broken. `title` is its own, else its module's."""

    bank: BankSource | None
    title: LocalisedText


def sources_of(path: str) -> tuple[str, ...]:
    """Return the files that a bank's reading depends on: its own, and those of languages, parameters and the module's key."""
    folder, slash, name = path.partition("/")
    module = (f"{folder}/{MODULE}",) if slash and folder != "banco" and name else ()
    return (path, COURSE, PARAMETERS, *module)


def digest_of(path: str, checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 over the files that a bank's reading depends on."""
    return sha256("\n".join(f"{name}:{checksums.get(name, '')}" for name in sources_of(path)).encode()).hexdigest()


def read_bank_file(files: Mapping[str, bytes], path: str, today: date) -> DraftBankFile:
    """Read the bank at a path; `files` holds what `sources_of` names, as far as it is there."""
    session = ReadingSession(files, today)
    if COURSE in files:
        session.course = read_course(session)
        session.course = replace(session.course, parameters=read_parameters(session))
    title = _module(session, path)
    table = read_table(session, path)
    bank = next(iter(read_banks({path: table}, session)), None) if table is not None else None
    return DraftBankFile(bank, (bank.title if bank is not None else NO_TEXT) or title)


def bank_files_of(folder: CourseFolder) -> dict[str, DraftBankFile]:
    """Return the banks of a whole folder by path, as `read_bank_file` reads each by itself."""
    titles = {module.path.partition("/")[0]: module.title for module in folder.modules}
    return {bank.path: DraftBankFile(bank, bank.title or titles.get(bank.path.partition("/")[0], NO_TEXT)) for bank in banks_of(folder)}


def languages_of(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the languages that course.yaml names, the first one first; Spanish where it names none."""
    return read_course(ReadingSession({COURSE: files[COURSE]}, _UNDATED)).languages if COURSE in files else ("es",)


def module_title(files: Mapping[str, bytes], folder: str) -> LocalisedText:
    """Return the title of the module in a folder; `files` holds course.yaml and the module's own."""
    session = ReadingSession(files, _UNDATED)
    session.languages = languages_of(files)
    return _module(session, f"{folder}/{MODULE}")


def _module(session: ReadingSession, path: str) -> LocalisedText:
    """Note the key of the bank's module, and return the module's title."""
    folder = path.partition("/")[0]
    if f"{folder}/{MODULE}" not in session.files:
        return NO_TEXT
    table = read_table(session, f"{folder}/{MODULE}")
    if table is None:
        return NO_TEXT
    entry = table.get("key")
    session.module_keys[folder] = entry.as_text() if entry is not None else ""
    return table.text("title")
