"""Change a bank of a course's working copy: one entry as text, some fields of many, entries from one bank to another.

The text is the source: each change is a change of lines in a bank's file, and rows are made anew from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

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
from courses.drafts import FileContent
from courses.models import Course
from kernel.errors import N_, Conflict, DomainError, NotFound
from kernel.permissions import Actor
from quizzes.content.banks import FIELD_ORDER
from quizzes.queries import banks as queries
from quizzes.queries.banks import DraftQuestionRow

QUESTIONS = "questions"


class EntryChanged(Conflict):
    """A change or deletion of this question by someone else since its text was shown."""

    code = "entry_changed"
    message = N_("Someone else changed this question in the meantime.")


class CannotMove(DomainError):
    """A question uses files that its new bank cannot reach."""

    code = "cannot_move"
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
    body = drafts.draft_bodies(session, course_id, [path]).get(path)
    if body is None:
        raise NotFound
    return body


def get_entry(session: Session, course_id: int, path: str, key: str) -> ListEntrySpan:
    """Return a question as it stands in a bank's file; raise NotFound."""
    entries = list_entries(body_of(session, course_id, path), QUESTIONS)
    index = find_entry(entries, key)
    if index is None:
        raise NotFound
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
    media: Mapping[str, FileContent] | None = None,
    now: datetime,
) -> None:
    """Add questions at the end of a bank's file, which is made where it is new, and the files that they show, kept already."""
    course = catalogue.lock_course(session, course_id)
    body = drafts.draft_bodies(session, course_id, [path]).get(path, "")
    text = drafts.text_content(add_entries(body, QUESTIONS, entries))
    drafts.save_files(session, actor, course, {path: text, **(media or {})}, now=now)


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
    rows = queries.find_questions(session, course_id, keys)
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
