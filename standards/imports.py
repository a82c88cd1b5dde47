"""Imports of questions: the upload that waits, its effect on a bank, and adding it to the draft; exports are recorded."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.uploads import discard_pending_upload, get_pending_upload, store_pending_upload
from courses import catalogue, drafts
from courses.access import CourseContext
from courses.content.editing import list_entries
from courses.content.layout import COURSE, MODULE, PARAMETERS
from courses.content.model import LocalisedText
from courses.history import FileContent
from courses.waiting import TeamCourse, WaitingItem, edited, list_unconfirmed, unconfirmed_item
from kernel import audit
from kernel.errors import N_
from kernel.files import FileStore
from kernel.permissions import Actor
from questions import question_bank
from questions.content.banks import claims, languages_of, module_title, read_bank_file, sources_of
from questions.rules.definitions import QuestionDefinition
from questions.rules.encoding import checksum
from standards.bank.write import write
from standards.files import PREFIX
from standards.importing import LARGEST
from standards.model import ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark
from standards.models import PendingImport

QUESTIONS = "questions"
KEY_LENGTH = 64


@dataclass(frozen=True, slots=True)
class QuestionImportPlan:
    """The questions to import, with their final keys, their texts as entries of a bank, and all remarks."""

    sources: tuple[SourceQuestion, ...]
    entries: tuple[str, ...]
    remarks: tuple[TransferRemark, ...]
    media: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the entries show or link to, by name."""

    def of_severity(self, severity: RemarkSeverity) -> tuple[TransferRemark, ...]:
        """Return the remarks of a severity."""
        return tuple(remark for remark in self.remarks if remark.severity is severity)


def plan(
    imported: ImportedQuestions,
    present: Iterable[QuestionDefinition],
    taken: Collection[str],
    language: str,
    origins: Collection[str] = (),
) -> QuestionImportPlan:
    """Return the effect of adding to a bank; `present` are the bank's questions, `taken` all keys of the course, `origins` all origins.

    A question identical to one in the bank is skipped; one whose key is taken gets another; one whose origin is in the course already
    loses it. All of this is reported.

    It is pure and writes nothing: it says which questions are new, under which keys, and which are there already.
    """
    known = {checksum(replace(question, key="")) for question in present}
    used = set(taken)
    sources: list[SourceQuestion] = []
    remarks = list(imported.remarks)
    for source in imported.sources:
        question = source.question
        if checksum(replace(question, key="")) in known:
            remarks.append(_remark_of(source, N_("The question is already in the bank and is skipped.")))
            continue
        key = free_key(question.key, used)
        if key != question.key:
            remarks.append(_remark_of(source, N_("Its key is already used in the course; it is imported as “%(key)s”."), key=key))
        used.add(key)
        if question.selection.origin in origins:
            remarks.append(_remark_of(source, N_("A question of the course has the same origin; it is imported without one.")))
            question = replace(question, selection=replace(question.selection, origin=""))
        sources.append(replace(source, question=replace(question, key=key)))
    entries = list_entries(write([source.question for source in sources], language).content.decode(), QUESTIONS)
    texts = tuple(entry.text for entry in entries)
    media = {name: content for name, content in imported.media.items() if any(f"media/{name}" in text for text in texts)}
    return QuestionImportPlan(tuple(sources), texts, tuple(remarks), media)


def bank_files_of(plan: QuestionImportPlan, path: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Return the entries as they stand in the bank at a path, and the files of its pictures by path of the folder."""
    folder = PurePosixPath(path).parent
    inside = folder.name == "banco"
    home = folder.parent if inside else folder
    entries = tuple(entry.replace(f"](media/{PREFIX}", f"](../media/{PREFIX}") for entry in plan.entries) if inside else plan.entries
    return entries, {(home / "media" / name).as_posix(): content for name, content in plan.media.items()}


def _remark_of(source: SourceQuestion, what: str, **facts: str) -> TransferRemark:
    return TransferRemark(RemarkSeverity.NOTE, what, line=source.line, question=source.question.key, facts=facts)


def free_key(key: str, used: Collection[str]) -> str:
    """Return a key, with a number behind it where it is taken."""
    number = 2
    free = key
    while free in used:
        ending = f"-{number}"
        free = key[: KEY_LENGTH - len(ending)].rstrip("-") + ending
        number += 1
    return free


def chosen(questions: Iterable[QuestionDefinition], keys: Collection[str]) -> Sequence[QuestionDefinition]:
    """Return the questions with some keys, in their order."""
    chosen_keys = frozenset(keys)
    return [question for question in questions if question.key in chosen_keys]


_UNDATED = date(2000, 1, 1)
"""Reading a bank asks for a day, and no rule of questions looks at it."""


@dataclass(frozen=True, slots=True)
class ImportContext(CourseContext):
    """The context of a file that a member of the course team uploaded."""

    pending: PendingImport


def get_taught_import(session: Session, actor: Actor, slug: str, upload: UUID) -> ImportContext:
    """Return a waiting file before the person who sent it; to everybody else it is not there."""
    course = catalogue.get_taught_course(session, actor, slug)
    pending = get_pending_upload(session, PendingImport, actor.person_id, upload, PendingImport.course_id == course.id)
    return ImportContext(course.id, course.slug, course.staff_role, pending)


def waiting_imports(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the files of questions that the actor uploaded and has not confirmed."""
    mine = edited(actor, courses)
    for row in list_unconfirmed(session, actor, PendingImport, now, PendingImport.course_id.in_(mine)) if mine else ():
        course = mine[row.course_id]
        yield unconfirmed_item(course, row, f"/teaching/{course.slug}/imports/{row.uuid}")


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


class TransferVerb(
    audit.Verb,
    facts={
        "bank": N_("Question bank"),
        "format": N_("Format"),
    },
):
    """The audit verbs of question imports and exports."""

    RECEIVED = "questions.received", N_("Uploaded questions")
    IMPORTED = "questions.imported", N_("Imported questions")
    DISCARDED = "questions.discarded", N_("Discarded uploaded questions")
    EXPORTED = "questions.exported", N_("Exported questions")


def store_upload(
    session: Session, actor: Actor, course_id: int, name: str, format_name: str, content: bytes, *, now: datetime
) -> PendingImport:
    """Keep a file until it is confirmed; of earlier ones of the same person for the same course the newest stay."""
    row = PendingImport(course_id=course_id, name=name, format=format_name, content=content)
    earlier, size = PendingImport.course_id == course_id, len(content)
    return store_pending_upload(
        session, actor, TransferVerb.RECEIVED, row, earlier, now=now, course=course_id, format=format_name, size=size
    )


def import_questions(
    session: Session,
    actor: Actor,
    pending: PendingImport,
    path: str,
    entries: Sequence[str],
    media: Mapping[str, FileContent],
    *,
    now: datetime,
) -> None:
    """Add entries to the bank at a path of the draft, which is made where it is new, with the stored files that they show.

    The file that was uploaded is deleted.
    """
    question_bank.add_to_bank(session, actor, pending.course_id, path, entries, beside=media, now=now)
    course = catalogue.get_course(session, pending.course_id)
    audit.record(session, actor, TransferVerb.IMPORTED, course, now=now, format=pending.format, bank=path, questions=len(entries))
    session.delete(pending)


def discard(session: Session, actor: Actor, pending: PendingImport, *, now: datetime) -> None:
    """Delete an uploaded file."""
    discard_pending_upload(session, actor, TransferVerb.DISCARDED, pending, now=now)


def record_question_export(session: Session, actor: Actor, course_id: int, format_name: str, count: int, *, now: datetime) -> None:
    """Record who exported questions, with their keys, from the installation."""
    audit.record(
        session, actor, TransferVerb.EXPORTED, catalogue.get_course(session, course_id), now=now, format=format_name, questions=count
    )
