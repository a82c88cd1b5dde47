"""Reading files that wait to be imported, and the parts of a draft that they go into."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import catalogue, drafts
from courses.access import CourseContext
from courses.content.layout import COURSE, MODULE, PARAMETERS
from courses.content.model import LocalisedText
from courses.waiting import TeamCourse, WaitingItem, edited, list_unconfirmed, unconfirmed_item
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.permissions import Actor
from questions.content.banks import claims, languages_of, module_title, read_bank_file, sources_of
from questions.rules.definitions import QuestionDefinition
from standards.exporting import LARGEST
from standards.models import PendingImport

_UNDATED = date(2000, 1, 1)
"""Reading a bank asks for a day, and no rule of questions looks at it."""


@dataclass(frozen=True, slots=True)
class ImportContext(CourseContext):
    """The context of a file that a member of the course team uploaded."""

    upload: UUID


def get_taught_import(session: Session, actor: Actor, slug: str, upload: UUID) -> ImportContext:
    """Return a waiting file before the person who sent it; to everybody else it is not there."""
    course = catalogue.get_taught_course(session, actor, slug)
    statement = select(PendingImport.id).where(
        PendingImport.uuid == upload, PendingImport.course_id == course.id, PendingImport.person_id == actor.person_id
    )
    if session.scalar(statement) is None:
        raise NotFound
    return ImportContext(course.id, course.slug, course.staff_role, upload)


def waiting_imports(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the files of questions that the actor uploaded and has not confirmed."""
    mine = edited(actor, courses)
    for row in list_unconfirmed(session, actor, PendingImport, now, PendingImport.course_id.in_(mine)) if mine else ():
        course = mine[row.course_id]
        yield unconfirmed_item(course, row, f"/teaching/{course.slug}/imports/{row.uuid}")


def get_upload(session: Session, upload: UUID) -> PendingImport:
    """Return a waiting file with its content; raise NotFound."""
    row = session.scalar(select(PendingImport).where(PendingImport.uuid == upload))
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True)
class DraftQuestions:
    """The questions of a course's draft: languages, titles of modules by folder, and the questions of each bank by path."""

    languages: Sequence[str]
    modules: Mapping[str, LocalisedText]
    banks: Mapping[str, Sequence[QuestionDefinition]]

    @property
    def language(self) -> str:
        """Return the course's first language."""
        return self.languages[0]

    @property
    def used_keys(self) -> frozenset[str]:
        """Return every key that a question has or had."""
        questions = [question for bank in self.banks.values() for question in bank]
        return frozenset(key for question in questions for key in (question.key, *question.former_keys))

    @property
    def used_origins(self) -> frozenset[str]:
        """Return the origins that are written of its questions."""
        questions = (question for bank in self.banks.values() for question in bank)
        return frozenset(question.selection.origin for question in questions if question.selection.origin)


def draft_languages(session: Session, course_id: int) -> Sequence[str]:
    """Return the languages of a course's draft, the first one first, from its one file that says so."""
    bodies = drafts.draft_bodies(session, course_id, [COURSE])
    return languages_of({path: body.encode() for path, body in bodies.items()})


def draft_questions(session: Session, course_id: int) -> DraftQuestions:
    """Return the questions of a course's draft: its banks and what these depend on are read, no lesson and no medium."""
    paths = drafts.list_draft_checksums(session, course_id)
    banks = [path for path in paths if claims(path)]
    folders = [path.partition("/")[0] for path in paths if path.count("/") == 1 and path.endswith(f"/{MODULE}")]
    needed = {COURSE, PARAMETERS, *banks, *(f"{folder}/{MODULE}" for folder in folders)}
    files = {path: body.encode() for path, body in drafts.draft_bodies(session, course_id, needed).items()}
    read_banks = {path: read_bank_file({name: files[name] for name in sources_of(path) if name in files}, path, _UNDATED) for path in banks}
    return DraftQuestions(
        languages_of(files),
        {folder: module_title(files, folder) for folder in folders},
        {path: bank_file.bank.questions if bank_file.bank is not None else () for path, bank_file in read_banks.items()},
    )


def draft_contents(session: Session, files: FileStore, course_id: int, paths: Collection[str]) -> dict[str, bytes]:
    """Return files of a course's draft by path, LARGEST bytes together at most: what is beyond is left out."""
    contents: dict[str, bytes] = {}
    left = LARGEST
    for file in drafts.list_draft_contents(session, course_id, paths):
        if file.size <= left:
            contents[file.path] = files.read(file.sha256) if file.body is None else file.body.encode()
            left -= file.size
    return contents
