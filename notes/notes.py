"""A person's own notes: read, searched, written, changed, deleted, and put into Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from accounts.rules import fold
from courses.models import Course, LessonPage
from courses.rules import Outline
from courses.versions import list_lesson_texts, list_outlines
from kernel.audit import Verb
from kernel.db import require_room
from kernel.errors import N_, require_found
from kernel.i18n import choose, format_date, language
from kernel.markup.model import ID_PREFIX
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from notes.models import PersonalNote
from spaces.acts import SpaceAct, added, begin, lock_person

MOST_NOTES = 2_000
LONGEST = 5_000


class NoteVerb(Verb):
    """The audit verbs of personal notes; what a note says is never recorded."""

    WRITTEN = "personal_note.written", N_("Wrote a personal note")
    CHANGED = "personal_note.changed", N_("Changed a personal note")
    DELETED = "personal_note.deleted", N_("Deleted a personal note")


@dataclass(frozen=True, slots=True)
class NoteAnchor:
    """Where a note stands: a heading of a lesson, or the activity as a whole where `heading` is empty."""

    course_id: int
    activity_key: str
    activity_title: str
    heading: str = ""
    heading_text: str = ""


def list_headings(session: Session, activity_id: int) -> dict[str, str]:
    """Return the headings of a lesson by address, in the reader's language where it is translated; none of a recording."""
    texts = list_lesson_texts(session, activity_id)
    if not texts:
        return {}
    page = next((row for row in texts if row.language == language()), texts[0])
    headings = (heading.removeprefix(ID_PREFIX).split("|", 1) for heading in page.headings)
    return {name: title for name, title in headings if not name.startswith("-")}  # lists that are made, of terms and sources


def get_own_note(session: Session, actor: Actor, note: UUID) -> PersonalNote:
    """Return a note that the actor wrote; raise NotFound of anybody else's."""
    mine = (PersonalNote.uuid == note, PersonalNote.person_id == actor.person_id)
    return require_found(session.scalar(select(PersonalNote).where(*mine)))


def list_notes_of_activity(session: Session, actor: Actor, course_id: int, outline: Outline, key: str) -> Sequence[PersonalNote]:
    """List the actor's notes at an activity, also those from before its key was another."""
    keys = [key, *(former for former, present in outline.renames.items() if present == key)]
    mine = (PersonalNote.person_id == actor.person_id, PersonalNote.course_id == course_id, PersonalNote.activity_key.in_(keys))
    return session.scalars(select(PersonalNote).where(*mine).order_by(PersonalNote.id).limit(MOST_NOTES)).all()


def list_notes(
    session: Session, person_id: int, query: str = "", *, offset: int = 0, limit: int = MOST_NOTES
) -> list[Row[PersonalNote, Course]]:
    """List a person's notes with their courses, or those in which words are found: as the course has them, then as they were written."""
    anchors = (PersonalNote.id, PersonalNote.course_id, PersonalNote.activity_key, PersonalNote.heading, Course.published_version_id)
    statement = select(*anchors).join(Course, Course.id == PersonalNote.course_id).where(PersonalNote.person_id == person_id)
    for word in fold(query).split():
        statement = statement.where(PersonalNote.search_key.contains(word, autoescape=True))
    rows = session.execute(statement.limit(MOST_NOTES)).all()
    numbers = [row.id for row in sorted(rows, key=_course_order(session, rows))][offset : offset + limit]
    chosen = select(PersonalNote, Course).join(Course, Course.id == PersonalNote.course_id).where(PersonalNote.id.in_(numbers))
    by_number = {row.PersonalNote.id: row for row in session.execute(chosen)}
    return [by_number[number] for number in numbers]


def _course_order(session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> Callable[[Row[*tuple[Any, ...]]], tuple[Any, ...]]:
    """Return the order of notes by their numbers and anchors: that of activities and headings in the published versions."""
    outlines = list_outlines(session, {row.published_version_id for row in rows if row.published_version_id is not None})
    positions = {version: {key: position for position, key in enumerate(outline.by_key)} for version, outline in outlines.items()}
    activities = (
        [activity.id for outline in outlines.values() for activity in outline.activities()] if any(row.heading for row in rows) else []
    )
    texts = select(LessonPage.activity_id, LessonPage.headings).where(LessonPage.activity_id.in_(activities)).order_by(LessonPage.id)
    headings: dict[tuple[int, str], int] = {}
    for activity, lines in session.execute(texts):
        for number, line in enumerate(lines, start=1):
            headings.setdefault((activity, line.removeprefix(ID_PREFIX).split("|", 1)[0]), number)

    def order(row: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
        outline = outlines.get(row.published_version_id)
        key = outline.renames.get(row.activity_key, row.activity_key) if outline is not None else row.activity_key
        activity = outline.by_key.get(key) if outline is not None else None
        position = positions[row.published_version_id][key] if activity is not None else MOST_NOTES
        at = headings.get((activity.id, row.heading), MOST_NOTES) if activity is not None and row.heading else 0
        return row.course_id, position, key, at, row.heading, row.id

    return order


def write_note(session: Session, actor: Actor, anchor: NoteAnchor, text: str, number: UUID, *, now: datetime) -> None:
    """Keep a note; a second time with one number changes nothing. Raise NoRoom."""
    assert actor.person_id is not None
    lock_person(session, actor.person_id)
    if session.scalar(select(PersonalNote.id).where(PersonalNote.uuid == number)) is not None:
        return
    require_room(session, MOST_NOTES, PersonalNote, PersonalNote.person_id == actor.person_id)
    row = PersonalNote(
        uuid=number,
        person_id=actor.person_id,
        course_id=anchor.course_id,
        activity_key=anchor.activity_key,
        activity_title=anchor.activity_title[:300],
        heading=anchor.heading,
        heading_text=anchor.heading_text[:300],
        text=text,
        search_key=fold(f"{text} {anchor.activity_title} {anchor.heading_text}"),
        written_at=now,
        changed_at=now,
    )
    added(session, actor, row, now=now).note(NoteVerb.WRITTEN)


def change_note(session: Session, actor: Actor, note: PersonalNote, text: str, *, seen: str, now: datetime) -> bool:
    """Give a note another text; return whether anything changed. Raise RowWasChanged where it is not what `seen` says of its form."""
    if note.text == text:
        return False
    act = begin(session, actor, note, seen=seen, now=now)
    act.change({"text": text, "changed_at": now, "search_key": fold(f"{text} {note.activity_title} {note.heading_text}")})
    act.note(NoteVerb.CHANGED)
    return True


def delete_note(session: Session, actor: Actor, note: PersonalNote, *, now: datetime) -> None:
    """Delete a note."""
    SpaceAct(session, actor, now, note, note).note(NoteVerb.DELETED)
    session.delete(note)


def write_markdown(title: str, rows: Sequence[Row[PersonalNote, Course]]) -> str:
    """Return notes as Markdown: courses, lessons and headings as headings, each note with its day."""
    lines = [f"# {title}"]
    for course, of_course in groupby(rows, key=lambda row: row.Course):
        lines.append(f"## {choose(course.title)}")
        for _key, of_activity in groupby(of_course, key=lambda row: row.PersonalNote.activity_key):
            at_activity = list(of_activity)
            lines.append(f"### {at_activity[0].PersonalNote.activity_title}")
            for heading, of_heading in groupby(at_activity, key=lambda row: row.PersonalNote.heading_text):
                lines += [f"#### {heading}"] if heading else []
                lines += [f"{row.PersonalNote.text}\n\n*{format_date(row.PersonalNote.written_at)}*" for row in of_heading]
    return "\n\n".join(lines) + "\n"


def select_own_data(person_id: int) -> PersonalTables:
    """Return a person's notes for the copy of their data."""
    note = "activity_key activity_title heading heading_text text written_at changed_at"
    columns, mine = (*of(Course, course="slug"), *of(PersonalNote, note)), PersonalNote.person_id == person_id
    return {"personal_notes": own_rows(PersonalNote, Course, columns=columns, mine=mine)}
