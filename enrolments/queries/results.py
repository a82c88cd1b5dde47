"""Reading what the team has set of a learner's results, what it wrote down of them, and their marks by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses import versions
from enrolments.models import ActivityResult, LearnerNote, ManualGrade, ManualGradeItem, ResultOverride
from enrolments.permissions import LearnerNoteContext, ResultContext
from enrolments.queries.editions import get_place
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import NotFound
from kernel.permissions import Actor

MOST_SHOWN = 200


def get_result_context(session: Session, actor: Actor, slug: str, person: UUID, key: str) -> ResultContext:
    """Return the page context of a learner's result of an activity of the version that the learner follows; raise NotFound."""
    participant = get_place(session, actor, slug, person)
    outline = versions.get_outline(session, participant.enrolment.course_version_id)
    activity = outline.by_key.get(key)
    if activity is None or not activity.gives_marks:
        raise NotFound
    return ResultContext(participant.context, participant.enrolment, outline, activity)


def find_override(session: Session, override: UUID) -> int | None:
    """Return the number of an override by what names it."""
    return session.scalar(select(ResultOverride.id).where(ResultOverride.uuid == override))


_RESULT = compile_once(
    select(*columns_of(ActivityResult)).where(
        ActivityResult.enrolment_id == bindparam("enrolment_id"), ActivityResult.activity_key == bindparam("activity_key")
    )
)


def find_result(session: Session, enrolment_id: int, activity_key: str) -> ActivityResult | None:
    """Return what a learner has to show for an activity, with what they earned where the team's word counts."""
    rows = connection_of(session).execute(_RESULT, {"enrolment_id": enrolment_id, "activity_key": activity_key})
    return next((result for (result,) in entity_rows(session, rows, ActivityResult)), None)


@dataclass(frozen=True, slots=True)
class ResultOverrideRow:
    """A word of the team on a result: what it set (none: what was earned counts again), what counted before, why, who and when."""

    activity_key: str
    score: Fraction | None
    before: Fraction | None
    reason: str
    author: str
    made_at: datetime


def list_overrides(session: Session, enrolment_id: int) -> list[ResultOverrideRow]:
    """List what the team has set of a learner's results, the newest first."""
    statement = (
        select(ResultOverride, Person)
        .join(Person, Person.id == ResultOverride.author_id)
        .where(ResultOverride.enrolment_id == enrolment_id)
        .order_by(ResultOverride.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        ResultOverrideRow(row.activity_key, _exact(row.score), _exact(row.before), row.reason, author.full_name, row.made_at)
        for row, author in session.execute(statement)
    ]


def _exact(value: object) -> Fraction | None:
    return None if value is None else Fraction(str(value))


@dataclass(frozen=True, slots=True)
class GradeItemMark:
    """An item marked by hand with a learner's mark for it, where there is one."""

    key: str
    title: str
    maximum: Fraction
    weight: Fraction
    category: str
    due_at: datetime | None
    points: Fraction | None
    comment: str
    marked_at: datetime | None


def list_item_marks(session: Session, course_id: int, enrolment_id: int) -> list[GradeItemMark]:
    """List the items of a course that count, with a learner's present marks."""
    last = select(func.max(ManualGrade.id)).where(ManualGrade.enrolment_id == enrolment_id).group_by(ManualGrade.item_id)
    statement = (
        select(ManualGradeItem, ManualGrade)
        .outerjoin(ManualGrade, (ManualGrade.item_id == ManualGradeItem.id) & ManualGrade.id.in_(last))
        .where(ManualGradeItem.course_id == course_id, ManualGradeItem.retired_at.is_(None))
        .order_by(ManualGradeItem.id)
        .limit(MOST_SHOWN)
    )
    return [
        GradeItemMark(
            item.key,
            item.title,
            Fraction(item.maximum),
            Fraction(item.weight),
            item.category,
            item.due_at,
            None if mark is None else _exact(mark.points),
            "" if mark is None else mark.comment,
            None if mark is None or mark.points is None else mark.marked_at,
        )
        for item, mark in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class LearnerNoteRow:
    """A note of the team on a learner."""

    uuid: UUID
    author_id: int
    author: str
    words: str
    written_at: datetime


def list_notes(session: Session, enrolment_id: int) -> Sequence[LearnerNoteRow]:
    """List the notes on a learner, the newest first."""
    statement = (
        select(LearnerNote, Person)
        .join(Person, Person.id == LearnerNote.author_id)
        .where(LearnerNote.enrolment_id == enrolment_id)
        .order_by(LearnerNote.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        LearnerNoteRow(row.uuid, row.author_id, author.full_name, row.words, row.written_at) for row, author in session.execute(statement)
    ]


def get_note_context(session: Session, actor: Actor, slug: str, person: UUID, note: UUID) -> LearnerNoteContext:
    """Return the page context of a note on a learner; raise NotFound."""
    participant = get_place(session, actor, slug, person)
    row = session.scalar(select(LearnerNote).where(LearnerNote.uuid == note, LearnerNote.enrolment_id == participant.enrolment.id))
    if row is None:
        raise NotFound
    return LearnerNoteContext(participant.context, participant.enrolment, row)
