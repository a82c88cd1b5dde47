"""Reads and writes manual grade items and their marks, and keeps course grades in step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.people import by_name
from courses.models import Course
from enrolments.access import GradeItemContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.gradebook import GradebookFilter, conditions_of
from enrolments.learners import get_learner_context
from enrolments.models import ActivityResult, Completion, Enrolment, ManualGrade, ManualGradeItem
from enrolments.muting import source_of
from enrolments.notices import GRADED_NOTICE
from enrolments.progress import LockedEnrolment, exact_decimal, lock_enrolments, update_progress
from enrolments.rules import GradeItemWeight
from kernel import audit, outbox
from kernel.db import count_rows
from kernel.errors import N_, Conflict, NotFound
from kernel.i18n import _, choose, in_every_language, trimmed
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor, ActorChannel

MOST_ITEMS = 200


def get_item_context(session: Session, actor: Actor, slug: str, item: UUID) -> GradeItemContext:
    """Return the page context of an item of a course that is published; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = session.scalar(select(ManualGradeItem).where(ManualGradeItem.uuid == item, ManualGradeItem.course_id == context.course_id))
    if row is None or context.version_id is None:
        raise NotFound
    return GradeItemContext(context, row, actor.person_id if _counts_for(session, context.enrolment_id, row) else None)


def _counts_for(session: Session, enrolment_id: int | None, item: ManualGradeItem) -> bool:
    """Return whether an enrolment has a mark for an item now."""
    mark = select(ActivityResult.id).where(ActivityResult.enrolment_id == enrolment_id, ActivityResult.activity_key == item.key)
    return enrolment_id is not None and session.scalar(mark.where(ActivityResult.score.is_not(None))) is not None


def list_items(session: Session, course_id: int, *, retired: bool = False) -> Sequence[ManualGradeItem]:
    """List the items of a course that count, or those that do not any more, in the order in which they were made."""
    state = ManualGradeItem.retired_at.is_not(None) if retired else ManualGradeItem.retired_at.is_(None)
    return session.scalars(
        select(ManualGradeItem).where(ManualGradeItem.course_id == course_id, state).order_by(ManualGradeItem.id).limit(MOST_ITEMS)
    ).all()


def has_marks(session: Session, item_id: int) -> bool:
    """Return whether anybody was ever marked for an item."""
    return bool(session.scalar(select(exists().where(ManualGrade.item_id == item_id))))


MarkKey = tuple[int, int]
"""Of an item, and of the enrolment that is marked."""


def _last(items: Sequence[int]) -> Select[int]:
    return select(func.max(ManualGrade.id)).where(ManualGrade.item_id.in_(items)).group_by(ManualGrade.item_id, ManualGrade.enrolment_id)


def present_marks(session: Session, items: Sequence[int], enrolments: Sequence[int] | None = None) -> Mapping[MarkKey, ManualGrade]:
    """Return the marks that learners have now for some items: these learners, or all."""
    last = _last(items) if enrolments is None else _last(items).where(ManualGrade.enrolment_id.in_(enrolments))
    return {(row.item_id, row.enrolment_id): row for row in session.scalars(select(ManualGrade).where(ManualGrade.id.in_(last)))}


LearnerMarkRow = Row[int, Person, ManualGrade | None]
"""The enrolment of a learner (`id`), the learner, and the mark that they have for an item."""


def list_marks(
    session: Session, item: ManualGradeItem, filters: GradebookFilter, *, unmarked: bool, now: datetime, offset: int, limit: int
) -> Sequence[LearnerMarkRow]:
    """List some learners of an item's course by name with their marks; all, or those without one."""
    conditions = conditions_of(item.course_id, filters, now)
    if unmarked:
        conditions.append(ManualGrade.points.is_(None))
    return _mark_lines(session, item, conditions, offset, limit)


def list_marks_of(session: Session, item: ManualGradeItem, people: Sequence[UUID]) -> Sequence[LearnerMarkRow]:
    """List these learners of an item's course by name with their marks."""
    mine = (Enrolment.course_id == item.course_id, Enrolment.left_at.is_(None), Person.uuid.in_(people))
    return _mark_lines(session, item, mine, 0, len(people))


def _mark_lines(
    session: Session, item: ManualGradeItem, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> Sequence[LearnerMarkRow]:
    statement = (
        select(Enrolment.id, Person, ManualGrade)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(
            ManualGrade,
            (ManualGrade.enrolment_id == Enrolment.id) & (ManualGrade.item_id == item.id) & ManualGrade.id.in_(_last([item.id])),
        )
        .where(*conditions)
        .order_by(*by_name(), Enrolment.id)
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def count_marks(session: Session, course_id: int, items: Sequence[int]) -> Mapping[int, int]:
    """Count the learners who have a mark now for each of some items."""
    statement = (
        select(ManualGrade.item_id, func.count())
        .join(Enrolment, Enrolment.id == ManualGrade.enrolment_id)
        .where(
            ManualGrade.id.in_(_last(items)), ManualGrade.points.is_not(None), Enrolment.left_at.is_(None), Enrolment.course_id == course_id
        )
        .group_by(ManualGrade.item_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def list_stale(session: Session, *, limit: int) -> list[int]:
    """List enrolments whose course grade has to be computed again."""
    return list(session.scalars(select(Enrolment.id).where(Enrolment.grade_stale.is_(True)).order_by(Enrolment.id).limit(limit)))


def count_stale(session: Session, course_id: int) -> int:
    """Count the learners of a course whose grade has to be computed again."""
    return count_rows(session, Enrolment, Enrolment.course_id == course_id, Enrolment.grade_stale.is_(True))


PORTION = 200
"""Learners whose grade is computed again in one transaction."""


@dataclass(frozen=True, slots=True)
class GradeItemValues:
    """The values of a manual grade item."""

    title: str
    maximum: Decimal
    weight: Decimal
    category: str
    due_at: datetime | None


class ItemIsMarked(Conflict):
    """The maximum of an item that has marks would change what they are worth."""

    message = N_("This item already has marks, so its maximum cannot be changed. Retire it and create another one.")


def make_item(session: Session, actor: Actor, course_id: int, plan: GradeItemValues, *, now: datetime) -> ManualGradeItem:
    """Add an item to a course; it counts from the first mark on."""
    item = ManualGradeItem(course_id=course_id, key=f"hand:{uuid4().hex}", made_at=now)
    _apply(item, plan)
    session.add(item)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.ITEM_MADE, item, now=now, **_facts(item))
    return item


def change_item(session: Session, actor: Actor, item: ManualGradeItem, plan: GradeItemValues, *, now: datetime) -> None:
    """Change an item; the grades of those who have a mark follow. Raise ItemIsMarked."""
    row = session.get_one(ManualGradeItem, item.id, with_for_update=True)
    if plan.maximum != row.maximum and has_marks(session, row.id):
        raise ItemIsMarked
    before, counted = _facts(row), (row.weight, row.category)
    _apply(row, plan)
    audit.record(session, actor, EnrolmentVerb.ITEM_CHANGED, row, now=now, before=before, after=_facts(row))
    if (row.weight, row.category) != counted:
        _follow(session, row, now=now)


def retire_item(session: Session, actor: Actor, item: ManualGradeItem, *, retired: bool, now: datetime) -> None:
    """Let an item count no more, or again; its marks stay. A second time changes nothing."""
    row = session.get_one(ManualGradeItem, item.id, with_for_update=True)
    if (row.retired_at is not None) == retired:
        return
    row.retired_at = now if retired else None
    audit.record(session, actor, EnrolmentVerb.ITEM_RETIRED if retired else EnrolmentVerb.ITEM_TAKEN_UP, row, now=now, title=row.title)
    _follow(session, row, now=now)


def _apply(item: ManualGradeItem, plan: GradeItemValues) -> None:
    item.title, item.maximum, item.weight = plan.title, plan.maximum, plan.weight
    item.category, item.due_at = plan.category, plan.due_at


def _facts(item: ManualGradeItem) -> dict[str, str]:
    due = "" if item.due_at is None else item.due_at.isoformat()
    return {
        "title": item.title,
        "maximum": str(trimmed(item.maximum)),
        "weight": str(trimmed(item.weight)),
        "category": item.category,
        "due": due,
    }


def _follow(session: Session, item: ManualGradeItem, *, now: datetime) -> None:
    """Let the course grades of those who have a mark be computed again."""
    marked = select(ActivityResult.enrolment_id).where(ActivityResult.activity_key == item.key)
    session.execute(update(Enrolment).where(Enrolment.id.in_(marked)).values(grade_stale=True))
    outbox.enqueue(session, "enrolments.keep_grades", {}, now=now)


@dataclass(frozen=True, slots=True)
class GradeEntry:
    """A mark as it was typed for a learner (none: no mark), and the number of the mark that the page had shown (0: there was none).

    Where `comment` is None, the one that the learner has stays.
    """

    points: Decimal | None
    comment: str | None
    seen: int


@dataclass(frozen=True, slots=True)
class GradeEntryResult:
    """The number of new marks; or, where nothing was written, whom someone else marked meanwhile, with the marks they have now."""

    count: int
    conflicts: Mapping[MarkKey, ManualGrade]


class MaximumChanged(Conflict):
    """The highest mark is not the one that the page had shown: what was typed would be worth something else."""

    message = N_("The maximum mark was changed in the meantime. Check the marks again.")


def mark_items(
    session: Session,
    actor: Actor,
    items: Sequence[ManualGradeItem],
    entries: Mapping[MarkKey, GradeEntry],
    number: UUID,
    *,
    now: datetime,
) -> GradeEntryResult:
    """Record marks of a course's learners; all of them, or none where someone else marked one of them meanwhile.

    What stands as the page had shown it, or as it is by now, is left alone, and so is the actor's own record (`kernel.own_records`).
    Progress, grade and completion follow in the same transaction, and the learners are notified. Raise MaximumChanged.
    """
    assert actor.person_id is not None
    rows = {item.id: _lock_item(session, item) for item in sorted(items, key=lambda item: item.id)}
    locked = lock_enrolments(session, sorted({enrolment_id for _item, enrolment_id in entries}))
    learners = {record.enrolment.id: record for record in locked if not is_own(actor, record.enrolment.person_id)}
    own = {record.enrolment.id for record in locked} - learners.keys()
    for item_id in sorted({item_id for item_id, enrolment_id in entries if enrolment_id in own}):
        note_left_out(session, actor, rows[item_id], now=now)
    present = present_marks(session, list(rows), list(learners))
    changed = _changed(session, {key: entry for key, entry in entries.items() if key[1] in learners}, present)
    conflicts = {key: present[key] for key, entry in changed.items() if key in present and present[key].id != entry.seen}
    if conflicts or not changed:
        return GradeEntryResult(0, conflicts)
    for key, entry in changed.items():
        mark = present.get(key)
        comment = entry.comment if entry.comment is not None else mark.comment if mark else ""
        session.add(
            ManualGrade(
                item_id=key[0],
                enrolment_id=key[1],
                points=entry.points,
                comment=comment,
                author_id=actor.person_id,
                marked_at=now,
            )
        )
        _count_mark(session, learners[key[1]], rows[key[0]], entry.points)
    for enrolment_id in dict.fromkeys(enrolment_id for _item, enrolment_id in changed):
        update_progress(session, actor, learners[enrolment_id], now=now)
    for item in rows.values():
        mine = {enrolment_id: entry.points for (item_id, enrolment_id), entry in changed.items() if item_id == item.id}
        people = {enrolment_id: learners[enrolment_id].enrolment.person_id for enrolment_id in mine}
        if mine:
            marks = [[people[learner], _old(present.get((item.id, learner))), str(points)] for learner, points in mine.items()]
            audit.record(session, actor, EnrolmentVerb.ITEM_MARKED, item, now=now, title=item.title, marks=marks)
            notices.notify(session, _message(session.get_one(Course, item.course_id), item, number), list(people.values()), now=now)
    return GradeEntryResult(len(changed), {})


def _lock_item(session: Session, item: ManualGradeItem) -> ManualGradeItem:
    """Return an item as it is now, which nobody changes meanwhile; raise MaximumChanged."""
    shown = item.maximum
    row = session.get_one(ManualGradeItem, item.id, with_for_update={"read": True})
    if row.maximum != shown:
        raise MaximumChanged
    return row


def _changed(session: Session, entries: Mapping[MarkKey, GradeEntry], present: Mapping[MarkKey, ManualGrade]) -> dict[MarkKey, GradeEntry]:
    """Return the entries that change something: neither what the page had shown nor what stands there by now."""
    earlier = [entry.seen for key, entry in entries.items() if entry.seen and (key not in present or present[key].id != entry.seen)]
    visible = {row.id: row for row in session.scalars(select(ManualGrade).where(ManualGrade.id.in_(earlier)))} if earlier else {}
    visible |= {row.id: row for row in present.values()}
    return {key: entry for key, entry in entries.items() if _differs(entry, present.get(key)) and _differs(entry, visible.get(entry.seen))}


def _differs(entry: GradeEntry, mark: ManualGrade | None) -> bool:
    if mark is None:
        return entry.points is not None or bool(entry.comment)
    return entry.points != mark.points or (entry.comment is not None and entry.comment != mark.comment)


def _old(mark: ManualGrade | None) -> str | None:
    return None if mark is None else str(mark.points)


def _count_mark(session: Session, locked: LockedEnrolment, item: ManualGradeItem, points: Decimal | None) -> None:
    row = locked.result(item.key)
    if row.id is None:
        session.add(row)
    row.score = None if points is None else exact_decimal(Fraction(points) * 100 / Fraction(item.maximum))
    if item.retired_at is None:
        locked.item_weights[item.key] = GradeItemWeight(item.category, Fraction(item.weight))


def _message(course: Course, item: ManualGradeItem, number: UUID) -> Message:
    return Message(
        GRADED_NOTICE,
        key=f"item:{number}:{item.id}",
        subject=in_every_language(lambda: _("You have a mark for “%(title)s”", title=item.title)),
        words=in_every_language(lambda: _("The course team of “%(course)s” has marked it.", course=choose(course.title))),
        path=f"/courses/{course.slug}/results",
        source=source_of(course.id),
    )


def save_grades(session: Session, enrolments: Sequence[int], *, now: datetime) -> None:
    """Compute the grade of some enrolments again; whom it completes the course for has completed it."""
    actor = Actor(via=ActorChannel.JOB)
    for locked in lock_enrolments(session, enrolments):
        update_progress(session, actor, locked, now=now)
