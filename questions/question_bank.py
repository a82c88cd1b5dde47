"""Read and change the draft banks of a course, render questions, and read their published versions and origins."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, delete, func, insert, select, type_coerce
from sqlalchemy.orm import Session

from courses import catalogue, drafts
from courses.content.editing import (
    EditRefused,
    ListEntrySpan,
    add_entries,
    find_entry,
    list_entries,
    replace_entry,
    set_field,
    tidy,
    without_entries,
)
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.model import CourseFolder
from courses.content.writing import proposed_key
from courses.history import FileContent
from courses.models import Course
from courses.rendering import Renderer
from kernel.bulk_rows import insert_all
from kernel.compiled_statements import compile_once
from kernel.db import Cache, Hook, HookList, connection_of
from kernel.errors import N_, Conflict, DomainError, NotFound, require_found
from kernel.i18n import choose, shortened
from kernel.markup.model import fold
from kernel.permissions import Actor
from questions.access import BankQuestionContext
from questions.content.answers import names_in_text
from questions.content.banks import (
    FIELD_ORDER,
    DraftBankFile,
    QuestionIdentity,
    bank_files_of,
    claims,
    digest_of,
    key_lists,
    names_in,
    read_bank_file,
    sources_of,
    with_origins,
)
from questions.models import DraftBank, DraftQuestion, Question, QuestionOrigin, QuestionVersion
from questions.models import Question as QuestionRow
from questions.rules import definitions
from questions.rules.definitions import (
    CalculatedBody,
    ChoiceNumbers,
    GapsBody,
    QuestionDefinition,
    SingleChoiceBody,
    Texts,
    TextShape,
    map_texts,
    without_notes,
)
from questions.rules.encoding import from_document

MOST_SNAPSHOTS, MOST_QUESTIONS, KEPT_LAYOUTS = 1000, 20_000, 4096


_DOCUMENTS = compile_once(
    select(QuestionVersion.id, QuestionVersion.document).where(QuestionVersion.id.in_(bindparam("versions", expanding=True)))
)


CACHED_QUESTIONS = Cache[int, definitions.QuestionDefinition]()
"""Keeps question versions."""


def get_questions(session: Session, version_ids: Sequence[int]) -> dict[int, definitions.QuestionDefinition]:
    """Return question versions by id; those in memory cost nothing, the others one statement."""
    cached = CACHED_QUESTIONS.of(session)
    questions = {version_id: cached[version_id] for version_id in version_ids if version_id in cached}
    missing = [version_id for version_id in dict.fromkeys(version_ids) if version_id not in questions]
    if not missing:
        return questions
    rows = connection_of(session).execute(_DOCUMENTS, {"versions": missing})
    read = {row.id: from_document(json.loads(row.document)) for row in rows}
    if len(cached) + len(read) > MOST_QUESTIONS:
        cached.clear()
    cached.update(read)
    return questions | read


@dataclass(frozen=True, slots=True)
class QuestionName:
    """A version of a question: the question's key, and the version's number."""

    key: str
    number: int


def list_question_names(session: Session, version_ids: Sequence[int]) -> dict[int, QuestionName]:
    """Return the names of question versions by id."""
    statement = (
        select(QuestionVersion.id, QuestionRow.key, QuestionVersion.number)
        .join(QuestionRow, QuestionRow.id == QuestionVersion.question_id)
        .where(QuestionVersion.id.in_(version_ids))
    )
    return {row.id: QuestionName(row.key, row.number) for row in session.execute(statement)}


MAXIMUM_SHOWN = 5_000


DraftQuestionRow = Row[*tuple[Any, ...]]
"""A question of a draft: its columns that a list shows, and the `bank`, `path` and `bank_title` of its bank."""


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """The filter of a list of questions; empty fields narrow nothing. `text` is searched word by word."""

    text: str = ""
    bank: str = ""
    kind: str = ""
    state: str = ""
    difficulty: str = ""
    tag: str = ""


def is_up_to_date(session: Session, course_id: int) -> bool:
    """Return whether the rows of a course's draft banks are those of its text; a copy from before there were rows is not."""
    checksums = drafts.list_draft_checksums(session, course_id)
    digests = {path: digest_of(path, checksums) for path in checksums if claims(path)}
    rows = session.execute(select(DraftBank.path, DraftBank.source).where(DraftBank.course_id == course_id))
    return dict(rows.all()) == digests


def list_banks(session: Session, course_id: int) -> Sequence[Row[str, str, Mapping[str, str], int]]:
    """List the banks of a course's draft in the order of its folder: `key`, `path`, `title`, and how many `questions` each has."""
    counts = select(func.count()).where(DraftQuestion.bank_id == DraftBank.id).correlate(DraftBank).scalar_subquery()
    statement = (
        select(DraftBank.key, DraftBank.path, DraftBank.title, counts.label("questions"))
        .where(DraftBank.course_id == course_id)
        .order_by(DraftBank.path)
        .limit(MAXIMUM_SHOWN)
    )
    return session.execute(statement).all()


_ROWS = select(
    DraftQuestion.key,
    DraftQuestion.kind,
    DraftQuestion.state,
    DraftQuestion.difficulty,
    DraftQuestion.mark,
    DraftQuestion.tags,
    DraftQuestion.title,
    DraftBank.key.label("bank"),
    DraftBank.path,
    DraftBank.title.label("bank_title"),
).join(DraftBank, DraftBank.id == DraftQuestion.bank_id)


def _narrowed(course_id: int, filters: QuestionFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [DraftBank.course_id == course_id]
    conditions += [DraftQuestion.words.contains(word, autoescape=True) for word in fold(filters.text).split()[:20]]
    for column, value in (
        (DraftBank.key, filters.bank),
        (DraftQuestion.kind, filters.kind),
        (DraftQuestion.state, filters.state),
        (DraftQuestion.difficulty, filters.difficulty),
    ):
        if value:
            conditions.append(column == value)
    if filters.tag:
        conditions.append(type_coerce(DraftQuestion.tags, String).contains(f'"{filters.tag}"', autoescape=True))
    return conditions


def search_questions(session: Session, course_id: int, filters: QuestionFilter, *, offset: int, limit: int) -> Sequence[DraftQuestionRow]:
    """List the draft's questions that a search finds, in the order of the folder."""
    return session.execute(_ordered(_ROWS.where(*_narrowed(course_id, filters))).offset(offset).limit(limit)).all()


def list_choices(session: Session, course_id: int, limit: int) -> list[tuple[str, str]]:
    """List the draft's first questions by key and title, to choose from."""
    rows = search_questions(session, course_id, QuestionFilter(), offset=0, limit=limit)
    return [(row.key, choose(row.title) or row.key) for row in rows]


def _ordered(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.order_by(DraftBank.path, DraftQuestion.position)


def count_questions(session: Session, course_id: int, filters: QuestionFilter) -> int:
    """Count the draft's questions that a search finds."""
    counted = select(func.count()).select_from(DraftQuestion).join(DraftBank, DraftBank.id == DraftQuestion.bank_id)
    return session.scalar(counted.where(*_narrowed(course_id, filters))) or 0


def list_tags(session: Session, course_id: int) -> list[str]:
    """List the tags of a course's draft questions, sorted."""
    statement = select(DraftQuestion.tags).join(DraftBank, DraftBank.id == DraftQuestion.bank_id).where(DraftBank.course_id == course_id)
    return sorted({tag for tags in session.scalars(statement.distinct().limit(MAXIMUM_SHOWN)) for tag in tags})


def list_keys(session: Session, course_id: int) -> list[str]:
    """List the keys of a course's draft questions, sorted."""
    statement = select(DraftQuestion.key).join(DraftBank, DraftBank.id == DraftQuestion.bank_id).where(DraftBank.course_id == course_id)
    return list(session.scalars(statement.order_by(DraftQuestion.key).limit(MAXIMUM_SHOWN)))


def find_questions(session: Session, course_id: int, keys: Sequence[str]) -> Sequence[DraftQuestionRow]:
    """Return the draft's questions with some keys, in the order of the folder; those that are not there are left out."""
    return session.execute(_ordered(_ROWS.where(DraftBank.course_id == course_id, DraftQuestion.key.in_(keys)))).all()


QuestionUsage = Row[str, Mapping[str, str], int, int]
"""`key` and `title` of a published quiz that gives a question: fixed, or one of so many `candidates` of which it `draws` some."""


@dataclass(frozen=True, slots=True)
class QuestionUses:
    """Where questions are used, as a package above reads it: published quizzes that give one, and attempts that had each of several."""

    list_quizzes: Callable[[Session, Course, str], Sequence[QuestionUsage]]
    count_attempts: Callable[[Session, int, Sequence[str]], Mapping[str, int]]


PLACE_QUESTION = Hook[Callable[[str, str], str]]("place_question")
"""Gives the file of an activity that asks questions with one more at its end; it takes the file and the question's key."""
QUESTION_USES = HookList[QuestionUses]("question_uses")
"""Gives where questions of a bank are used."""


def list_uses(session: Session, course: Course, key: str) -> list[QuestionUsage]:
    """List the quizzes of the published version that give a question."""
    return [use for source in QUESTION_USES.of(session) for use in source.list_quizzes(session, course, key)]


def count_attempts_of_questions(session: Session, course_id: int, keys: Sequence[str]) -> Mapping[str, int]:
    """Count the attempts that had each question, in any version, without previews."""
    counts = Counter[str]()
    for source in QUESTION_USES.of(session):
        counts.update(source.count_attempts(session, course_id, keys))
    return counts


def list_versions(session: Session, course_id: int, key: str) -> Sequence[Row[int, int, datetime]]:
    """List the published wordings of a question by `id`, `number` and `created_at`, the newest first."""
    statement = (
        select(QuestionVersion.id, QuestionVersion.number, QuestionVersion.created_at)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course_id, Question.key == key)
        .order_by(QuestionVersion.number.desc())
        .limit(200)
    )
    return session.execute(statement).all()


def find_newest_numbers(session: Session, course_id: int, keys: Collection[str]) -> dict[str, int]:
    """Return the number of the newest published wording of questions, by key."""
    statement = (
        select(Question.key, func.max(QuestionVersion.number))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(Question.course_id == course_id, Question.key.in_(keys))
        .group_by(Question.key)
    )
    return dict(session.execute(statement).all())


def published_keys(session: Session, course_id: int, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the keys of options, pairs, rows… of a question as it was published last, by the list in which they stand.

    `names` are the keys that the question has and had: the first under which it was published counts.
    """
    for name in names:
        versions = list_versions(session, course_id, name)
        if versions:
            published = get_questions(session, [versions[0].id])[versions[0].id]
            return {part: frozenset(keys) for part, keys in key_lists(published)}
    return {}


def get_taught_question(session: Session, actor: Actor, slug: str, key: str) -> BankQuestionContext:
    """Return a question of a course's draft with what the actor is in the course; raise NotFound, or SignInNeeded as for any key."""
    course = catalogue.get_taught_course(session, actor, slug)
    rows = find_questions(session, course.id, [key])
    if not rows:
        raise NotFound
    return BankQuestionContext(course.id, course.slug, course.staff_role, key, rows[0].path)


QUESTIONS = "questions"


class EntryChanged(Conflict):
    """A change or deletion of this question by someone else since its text was shown."""

    message = N_("Someone else changed this question in the meantime.")


class CannotMove(DomainError):
    """A question uses files that its new bank cannot reach."""

    status = 422
    message = N_("“%(key)s” uses files of its module (media/…): it cannot move to a bank of another module.")


@dataclass(frozen=True, slots=True)
class EntryText:
    """A question's text as an editor gives it; `seen` is the checksum of the text that the editor began with ('' for a new one)."""

    path: str
    key: str
    text: str
    seen: str = ""


def checksum_of(text: str) -> str:
    """Return the checksum that distinguishes one text of an entry from another."""
    return sha256(text.encode()).hexdigest()


def body_of(session: Session, course_id: int, path: str) -> str:
    """Return the text of a bank's file; raise NotFound."""
    return require_found(drafts.draft_bodies(session, course_id, [path]).get(path))


def get_entry(session: Session, course_id: int, path: str, key: str) -> ListEntrySpan:
    """Return a question as it stands in a bank's file; raise NotFound."""
    entries = list_entries(body_of(session, course_id, path), QUESTIONS)
    index = require_found(find_entry(entries, key))
    return entries[index]


def with_entry(body: str, change: EntryText) -> str:
    """Return a bank's text with a question changed or added; raise EntryChanged where it is not what the editor saw."""
    if not change.key:
        return add_entries(body, QUESTIONS, [change.text])
    entries = list_entries(body, QUESTIONS)
    index = find_entry(entries, change.key)
    if index is None or checksum_of(entries[index].text) != change.seen:
        raise EntryChanged
    return replace_entry(body, QUESTIONS, index, change.text)


def written_entry(body: str, change: EntryText) -> ListEntrySpan:
    """Return the entry that a change has made of a bank's text."""
    entries = list_entries(body, QUESTIONS)
    return next((entry for entry in reversed(entries) if tidy(entry.text) == tidy(change.text)), entries[-1])


def save_entry(session: Session, actor: Actor, course_id: int, change: EntryText, *, now: datetime) -> None:
    """Write a question's text into its bank; raise EntryChanged where someone else was faster."""
    course = catalogue.lock_course(session, course_id)
    body = body_of(session, course_id, change.path)
    _save(session, actor, course, {change.path: with_entry(body, change)}, now=now)


def add_to_bank(
    session: Session,
    actor: Actor,
    course_id: int,
    path: str,
    entries: Sequence[str],
    *,
    beside: Mapping[str, FileContent] | None = None,
    now: datetime,
) -> None:
    """Add questions at the end of a bank's file, which is made where it is new, and write other files in the same change."""
    course = catalogue.lock_course(session, course_id)
    body = drafts.draft_bodies(session, course_id, [path]).get(path, "")
    text = drafts.text_content(add_entries(body, QUESTIONS, entries))
    drafts.save_files(session, actor, course, {path: text, **(beside or {})}, now=now)


def copy_entry(session: Session, course_id: int, row: DraftQuestionRow) -> tuple[str, str]:
    """Return the key and the text of a copy of a question; what the question was before, and where it comes from, is not the copy's."""
    key = proposed_key(row.key, list_keys(session, course_id))
    text = get_entry(session, course_id, row.path, row.key).text
    for name in (FORMER_KEYS, FORMERLY, "origin"):
        text = set_field(text, name, None, FIELD_ORDER)
    return key, set_field(text, "key", key, FIELD_ORDER)


def with_variants(body: str, pattern: EntryText, variants: Sequence[str]) -> str:
    """Return a bank's text with variants behind its questions, and their pattern changed; raise EntryChanged."""
    return add_entries(with_entry(body, pattern), QUESTIONS, variants)


def save_variants(session: Session, actor: Actor, course_id: int, pattern: EntryText, variants: Sequence[str], *, now: datetime) -> None:
    """Write variants of a question into its bank, and the question as it is beside them; raise EntryChanged."""
    course = catalogue.lock_course(session, course_id)
    body = with_variants(body_of(session, course_id, pattern.path), pattern, variants)
    _save(session, actor, course, {pattern.path: body}, now=now)


def delete_entry(session: Session, actor: Actor, course_id: int, change: EntryText, *, now: datetime) -> None:
    """Take a question out of its bank; raise EntryChanged where it is not what the editor saw. Published versions stay."""
    course = catalogue.lock_course(session, course_id)
    body = body_of(session, course_id, change.path)
    entries = list_entries(body, QUESTIONS)
    index = find_entry(entries, change.key)
    if index is None or checksum_of(entries[index].text) != change.seen:
        raise EntryChanged
    _save(session, actor, course, {change.path: without_entries(body, QUESTIONS, [index])}, now=now)


@dataclass(frozen=True, slots=True)
class FieldChanges:
    """A bulk edit of each question; None leaves a field as it is, '' takes it out. `bank` is the path of the bank to move to."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    state: str | None = None
    difficulty: str | None = None
    mark: str | None = None
    bank: str | None = None


def change_questions(session: Session, actor: Actor, course_id: int, keys: Sequence[str], changes: FieldChanges, *, now: datetime) -> int:
    """Change fields of some questions, or their bank, in one transaction; return how many were changed.

    Questions that are gone meanwhile are passed over; raise CannotMove and EditRefused, with nothing changed.
    """
    course = catalogue.lock_course(session, course_id)
    rows = find_questions(session, course_id, keys)
    paths = {row.path for row in rows} | ({changes.bank} if changes.bank else set())
    bodies = drafts.draft_bodies(session, course_id, paths)
    before = dict(bodies)
    if changes.bank and changes.bank not in bodies:
        raise NotFound
    for row in rows:
        bodies[row.path] = _edited(bodies[row.path], row, changes)
        if changes.bank and changes.bank != row.path:
            _move(bodies, row.key, row.path, changes.bank)
    _save(session, actor, course, {path: body for path, body in bodies.items() if body != before[path]}, now=now)
    return len(rows)


def _edited(body: str, row: DraftQuestionRow, changes: FieldChanges) -> str:
    entries = list_entries(body, QUESTIONS)
    index = find_entry(entries, row.key)
    if index is None:
        raise EditRefused
    edited = _with_fields(entries[index].text, row.tags, changes)
    return body if edited == entries[index].text else replace_entry(body, QUESTIONS, index, edited)


def _with_fields(entry: str, tags: Sequence[str], changes: FieldChanges) -> str:
    if changes.add_tags or changes.remove_tags:
        new_tags = [tag for tag in dict.fromkeys((*tags, *changes.add_tags)) if tag not in changes.remove_tags]
        if new_tags != list(tags):
            entry = set_field(entry, "tags", new_tags or None, FIELD_ORDER)
    if changes.state is not None:
        entry = set_field(entry, "state", None if changes.state in ("", "ready") else changes.state, FIELD_ORDER)
    if changes.difficulty is not None:
        entry = set_field(entry, "difficulty", changes.difficulty or None, FIELD_ORDER)
    if changes.mark is not None:
        entry = set_field(entry, "mark", None if changes.mark in ("", "1") else changes.mark, FIELD_ORDER)
    return entry


def _move(bodies: dict[str, str], key: str, source: str, target: str) -> None:
    entries = list_entries(bodies[source], QUESTIONS)
    index = find_entry(entries, key)
    if index is None:
        raise EditRefused
    folders = source.partition("/")[0], target.partition("/")[0]
    if folders[0] != folders[1] and "media/" in entries[index].text.replace("../media/", ""):
        raise CannotMove(key=key)
    bodies[target] = add_entries(bodies[target], QUESTIONS, [entries[index].text])
    bodies[source] = without_entries(bodies[source], QUESTIONS, [index])


def _save(session: Session, actor: Actor, course: Course, bodies: Mapping[str, str], *, now: datetime) -> None:
    contents = {path: drafts.text_content(body) for path, body in bodies.items()}
    drafts.save_files(session, actor, course, contents, now=now)


TITLE = 160
_MARK = Decimal("0.0000001")
_UNDATED = date(2000, 1, 1)
"""Reading a bank asks for a day, and no rule of questions looks at it."""


def index_banks(session: Session, course_id: int, folder: CourseFolder | None = None) -> None:
    """Update the rows of a course's draft banks whose text, or what it depends on, has changed.

    Banks are taken from `folder`, the whole draft as it was read just before; without it they are read from the draft's texts.
    """
    session.flush()  # the files may have been written in this transaction
    checksums = drafts.list_draft_checksums(session, course_id)
    present = {row.path: row for row in session.scalars(select(DraftBank).where(DraftBank.course_id == course_id))}
    digests = {path: digest_of(path, checksums) for path in checksums if claims(path)}
    stale = [path for path, source in digests.items() if path not in present or present[path].source != source]
    gone = [row.id for path, row in present.items() if path not in digests or path in stale]
    if gone:
        session.execute(delete(DraftQuestion).where(DraftQuestion.bank_id.in_(gone)))
        session.execute(delete(DraftBank).where(DraftBank.id.in_(gone)))
    if not stale:
        return
    read = {} if folder is None else bank_files_of(folder)
    read |= _read_banks(session, course_id, [path for path in stale if path not in read])
    for path in stale:
        _write_bank(session, course_id, path, digests[path], read[path])


def _read_banks(session: Session, course_id: int, paths: Sequence[str]) -> dict[str, DraftBankFile]:
    if not paths:
        return {}
    names = {name for path in paths for name in sources_of(path)}
    files = {path: body.encode() for path, body in drafts.draft_bodies(session, course_id, names).items()}
    present = {path: {name: files[name] for name in sources_of(path) if name in files} for path in paths}
    return {path: read_bank_file(present[path], path, _UNDATED) for path in paths}


def _write_bank(session: Session, course_id: int, path: str, source: str, read: DraftBankFile) -> None:
    row = DraftBank(course_id=course_id, path=path, source=source, key=read.bank.key if read.bank else "", title=dict(read.title))
    session.add(row)
    session.flush()  # its questions point to it
    questions = read.bank.questions if read.bank is not None else ()
    if questions:
        session.execute(insert(DraftQuestion), [_question_row(row.id, at, question) for at, question in enumerate(questions)])


def _question_row(bank_id: int, position: int, question: QuestionDefinition) -> dict[str, object]:
    return {
        "bank_id": bank_id,
        "position": position,
        "key": question.key,
        "kind": question.kind.value,
        "state": question.state.value,
        "difficulty": question.difficulty.value if question.difficulty else "",
        "mark": (Decimal(question.mark.numerator) / Decimal(question.mark.denominator)).quantize(_MARK),
        "tags": question.tags,
        "title": first_words(question.text),
        "words": searched_words(question),
    }


def first_words(texts: Texts) -> dict[str, str]:
    """Return the beginning of what is asked, by language, on one line."""
    return {language: shortened(" ".join(_plain(text).split()), TITLE) for language, text in texts.items()}


def _plain(text: str) -> str:
    for name in names_in_text(text):
        text = text.replace("{" + name + "}", "…")
    return text


def searched_words(question: QuestionDefinition) -> str:
    """Return everything that a search looks into: key, tags, every text, folded."""
    texts = [question.key, *question.tags, question.note]

    def collect(text: str, _language: str, _shape: TextShape) -> str:
        texts.append(text)
        return text

    map_texts(question, collect)
    return fold(" ".join(texts))


KeptOrigins = Mapping[str, tuple[str, bool]]
"""By the keys of questions of a course their origins, and whether each is reserved for some quizzes there."""


def find_origins(session: Session, course_id: int) -> KeptOrigins:
    """Return the origins of a course's questions, by key."""
    statement = select(QuestionOrigin.key, QuestionOrigin.origin, QuestionOrigin.reserved).where(QuestionOrigin.course_id == course_id)
    return {key: (origin, reserved) for key, origin, reserved in session.execute(statement)}


def keep_origins(session: Session, course_id: int, questions: Sequence[QuestionDefinition]) -> None:
    """Keep the origins of questions that are published now: as their text says, else that of a former key that was published.

    What is reserved now is noted of each that has an origin.
    """
    stored = find_origins(session, course_id)
    names = [
        QuestionIdentity(question.key, question.former_keys, question.selection.origin, bool(question.selection.only))
        for question in questions
    ]
    if not stored and not any(identity.origin or identity.former_keys for identity in names):
        return
    published = frozenset(session.scalars(select(Question.key).where(Question.course_id == course_id)))
    origins = _origins_of(names, stored, published, every=False)
    reserved = {identity.key: identity.reserved for identity in names}
    _write_rows(session, course_id, stored, {key: (origin, _is_reserved(reserved, stored, key)) for key, origin in origins.items()})


def write_origins(session: Session, course_id: int, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a draft whose questions say where they come from; those without an origin get one, which is kept.

    Raise OriginsRefused where a bank is written in a form into which nothing can be put.
    """
    catalogue.lock_course(session, course_id)
    stored = find_origins(session, course_id)
    banks = {path: content.decode() for path, content in files.items() if claims(path)}
    names = [identity for path, text in banks.items() for identity in names_in(path, text)]
    origins = _origins_of(names, stored, frozenset(key for identity in names for key in identity.former_keys), every=True)
    reserved = {identity.key: True for identity in names if identity.reserved}
    _write_rows(session, course_id, stored, {key: (origin, _is_reserved(reserved, stored, key)) for key, origin in origins.items()})
    return {**files, **{path: with_origins(path, text, origins, FIELD_ORDER).encode() for path, text in banks.items()}}


def _origins_of(names: Sequence[QuestionIdentity], stored: KeptOrigins, known: frozenset[str], *, every: bool) -> dict[str, str]:
    """Return the origins of questions and of their former keys that are `known`, with all that are kept, by key.

    A question without a written origin has what it or a former key had; `every`: else a new one.
    """
    origins = {key: origin for key, (origin, _reserved) in stored.items()}
    for identity in names:
        former = [key for key in identity.former_keys if key in known]
        earlier = [origins[key] for key in (identity.key, *former) if key in origins]
        origin = identity.origin or next(iter(earlier), "") or (uuid4().hex if every or former else "")
        if origin:
            origins |= {identity.key: origin, **{key: origins.get(key, origin) for key in former}}
    return origins


def _is_reserved(now: Mapping[str, bool], stored: KeptOrigins, key: str) -> bool:
    return now.get(key, key in stored and stored[key][1])


def _write_rows(session: Session, course_id: int, stored: KeptOrigins, present: KeptOrigins) -> None:
    changed = {key: row for key, row in present.items() if stored.get(key) != row}
    if changed:
        mine = QuestionOrigin.course_id == course_id
        session.execute(delete(QuestionOrigin).where(mine, QuestionOrigin.key.in_([key for key in changed if key in stored])))
        insert_all(
            session,
            [QuestionOrigin(course_id=course_id, key=key, origin=origin, reserved=reserved) for key, (origin, reserved) in changed.items()],
        )


def render_question(question: definitions.QuestionDefinition, renderer: Renderer, path: str) -> definitions.QuestionDefinition:
    """Turn a question's Markdown into HTML in every language; its identifiers say nothing of its key."""
    prefix = f"q{hashlib.sha256(question.key.encode()).hexdigest()[:8]}-"
    gaps = _gap_names(question)

    def render(text: str, language: str, shape: TextShape) -> str:
        if shape is TextShape.INLINE:
            return renderer.inline({language: text}, path, prefix=prefix).get(language, "")
        return renderer.markdown({language: text}, path, prefix=prefix, gaps=gaps).get(language, "")

    return map_texts(without_notes(question), render)


def _gap_names(question: definitions.QuestionDefinition) -> frozenset[str]:
    match question.body:
        case GapsBody(gaps):
            return frozenset(gap.name for gap in gaps)
        case CalculatedBody(variables) | SingleChoiceBody(numbers=ChoiceNumbers(variables)):
            return frozenset(variable.name for variable in variables)
        case _:
            return frozenset()
