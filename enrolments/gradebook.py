"""Reads the gradebook of a course, filtered and sorted, by page or as a stream, and records its exports in the audit log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Subquery, false, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from accounts.rules import viewer_role
from courses import versions as course_outlines
from courses.models import Activity, Course, Module
from courses.rules import Outline
from enrolments.learners import results_of_many
from enrolments.models import ActivityResult, Completion, Edition, EditionPlace, Enrolment, GroupMember, LearnerGroup
from enrolments.rules import Results, course_grade, merit
from kernel import audit
from kernel.errors import N_
from kernel.permissions import Actor
from organisations.models import Organisation
from organisations.tree import belongs_to

BATCH = 500


class GradebookSort(StrEnum):
    """The sort key of a gradebook, except for the results of one activity."""

    NAME = "name"
    GRADE = "grade"
    """Course grade as it was when something was last recorded (`enrolment.grade`)."""
    DONE = "done"
    VISITED = "visited"
    ENROLLED = "enrolled"


class GradebookState(StrEnum):
    """The completion state of the wanted learners."""

    COMPLETED = "completed"
    OPEN = "open"
    """Who has not completed the course."""


@dataclass(frozen=True, slots=True)
class GradebookFilter:
    """The learners wanted of a course; nothing each: all."""

    words: str = ""
    by_address: bool = field(default=False, compare=False)
    """The words may be of addresses too: only for those who see them."""
    edition: UUID | None = None
    group: UUID | None = None
    unit: UUID | None = None
    """Who belongs to this place of the tree, or to something below it."""
    state: GradebookState | None = None
    next_key: str = ""
    """Whose next required activity this is."""
    idle_days: int = 0
    """Who has not come for so many days."""
    only: tuple[UUID, ...] = ()
    """These people, whatever else is wanted: those of a page that was sent."""


@dataclass(frozen=True, slots=True)
class GradebookOrder:
    """The sort order of a gradebook: by `activity`'s results where that is given."""

    by: GradebookSort = GradebookSort.NAME
    activity: str = ""
    before: tuple[str, ...] = ()
    """Keys that the activity had in earlier versions."""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class GradebookRow:
    """A learner with the results that count; `scores` in percent by the keys of the columns."""

    learner: Row[*tuple[Any, ...]]
    """`person_id`, `uuid`, `email`, `edition`, `enrolment_id`, `enrolled_at`, `visited_at`, `done`, `total`, `completed_at`."""
    name: str
    grade: Fraction | None
    scores: Mapping[str, Fraction]
    overridden: frozenset[str]
    """Columns whose result the team set."""


_ORDERS: Mapping[GradebookSort, tuple[ColumnElement[Any], ...]] = {
    GradebookSort.NAME: by_name(),
    GradebookSort.GRADE: (func.coalesce(Enrolment.grade, -1),),
    GradebookSort.DONE: (Enrolment.done * 1000 / func.coalesce(func.nullif(Enrolment.total, 0), 1),),
    GradebookSort.VISITED: (func.coalesce(Enrolment.last_visited_at, Enrolment.enrolled_at),),
    GradebookSort.ENROLLED: (Enrolment.enrolled_at.expression,),
}


PLACES = 10_000
"""More than the places of activities in a module."""


def next_steps(course_id: int, now: datetime) -> Subquery:
    """Select the next required activity of each learner who has not completed the course: `enrolment_id` and its `key`.

    It is the first in order that they have not completed, can still try, and that is not set to open later. What has to come before it
    stands before it in nearly every course; where it does not, `rules.find_next_activity` names that other activity.
    """
    opened = [or_(part.opens_at.is_(None), part.opens_at <= now) for part in (Module, Activity)]
    done = (ActivityResult.enrolment_id == Enrolment.id) & (ActivityResult.activity_key == Activity.key)
    first = (
        select(Enrolment.id, Enrolment.course_version_id, func.min(Module.position * PLACES + Activity.position).label("place"))
        .join(Module, Module.version_id == Enrolment.course_version_id)
        .join(Activity, Activity.module_id == Module.id)
        .outerjoin(ActivityResult, done)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None), Completion.id.is_(None), Activity.required, *opened)
        .where(ActivityResult.completed_at.is_(None), func.coalesce(ActivityResult.exhausted, false()).is_(false()))
        .group_by(Enrolment.id, Enrolment.course_version_id)
        .subquery()
    )
    return (
        select(first.c.id.label("enrolment_id"), Activity.key)
        .join(Module, Module.version_id == first.c.course_version_id)
        .join(Activity, (Activity.module_id == Module.id) & (Module.position * PLACES + Activity.position == first.c.place))
        .subquery()
    )


def idle_since(moment: datetime) -> ColumnElement[bool]:
    """Select the enrolments whose learners have not come since a moment."""
    return func.coalesce(Enrolment.last_visited_at, Enrolment.enrolled_at) < moment


def within(enrolment: Any, edition: UUID | None, group: UUID | None) -> list[ColumnElement[bool]]:
    """Select those enrolments (a column of their numbers) that are in an edition and in a group; None each: in any or none."""
    conditions = []
    if edition is not None:
        places = select(EditionPlace.enrolment_id).join(Edition, Edition.id == EditionPlace.edition_id)
        conditions.append(enrolment.in_(places.where(Edition.uuid == edition)))
    if group is not None:
        members = select(GroupMember.enrolment_id).join(LearnerGroup, LearnerGroup.id == GroupMember.group_id)
        conditions.append(enrolment.in_(members.where(LearnerGroup.uuid == group)))
    return conditions


def conditions_of(course_id: int, filters: GradebookFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions that the wanted enrolments fulfil; `person` and `completion` have to be joined."""
    conditions = [Enrolment.course_id == course_id, Enrolment.left_at.is_(None)]
    if filters.only:
        return [*conditions, Person.uuid.in_(filters.only)]
    conditions += name_matches(filters.words, with_address=filters.by_address)
    conditions += within(Enrolment.id, filters.edition, filters.group)
    if filters.unit is not None:
        conditions.append(belongs_to(Organisation.uuid == filters.unit))
    if filters.state is not None:
        conditions.append(Completion.id.is_not(None) if filters.state is GradebookState.COMPLETED else Completion.id.is_(None))
    if filters.next_key:
        steps = next_steps(course_id, now)
        conditions.append(Enrolment.id.in_(select(steps.c.enrolment_id).where(steps.c.key == filters.next_key)))
    if filters.idle_days:
        conditions.append(idle_since(now - timedelta(days=filters.idle_days)))
    return conditions


def _columns_of(order: GradebookOrder) -> tuple[ColumnElement[Any], ...]:
    if not order.activity:
        return _ORDERS[order.by]
    keys = (order.activity, *order.before)
    score = select(func.max(ActivityResult.score)).where(ActivityResult.enrolment_id == Enrolment.id, ActivityResult.activity_key.in_(keys))
    return (func.coalesce(score.scalar_subquery(), -1),)


def _gradebook(course_id: int, filters: GradebookFilter, order: GradebookOrder, now: datetime) -> Select[*tuple[Any, ...]]:
    columns = [column.desc() if order.descending else column.asc() for column in _columns_of(order)]
    return (
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.course_version_id,
            Enrolment.person_id,
            Person.uuid,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
            Person.email,
            Edition.name.label("edition"),
            Enrolment.enrolled_at,
            Enrolment.last_visited_at.label("visited_at"),
            Enrolment.done,
            Enrolment.total,
            Completion.completed_at,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(*conditions_of(course_id, filters, now))
        .order_by(*columns, *by_name(), Enrolment.id)
    )


def _rows(session: Session, outline: Outline, portion: Sequence[Row[*tuple[Any, ...]]]) -> list[GradebookRow]:
    """Add the results of a portion of learners: one statement, and those of the versions that this process has not read yet."""
    results = results_of_many(session, [row.enrolment_id for row in portion])
    versions = course_outlines.list_outlines(session, {row.course_version_id for row in portion})
    return [_row(row, outline, versions[row.course_version_id], results[row.enrolment_id]) for row in portion]


def _row(row: Row[*tuple[Any, ...]], outline: Outline, followed: Outline, results: Results) -> GradebookRow:
    """Judge a learner by the version that they follow; what the shown version renamed stands in its column, of what it joined the best."""
    shown = {outline.renames.get(key, key): result for key, result in sorted(results.items(), key=lambda item: merit(item[1]))}
    scores = {key: result.score for key, result in shown.items() if result.score is not None}
    overridden = frozenset(key for key, result in shown.items() if result.overridden)
    name = full_name(row.given_names, row.first_surname, row.second_surname)
    return GradebookRow(row, name, course_grade(followed, results), scores, overridden)


def list_gradebook(
    session: Session, outline: Outline, filters: GradebookFilter, order: GradebookOrder, *, now: datetime, offset: int, limit: int
) -> list[GradebookRow]:
    """List some learners of a course with the results of the activities of this version."""
    statement = _gradebook(outline.course_id, filters, order, now).offset(offset).limit(limit)
    return _rows(session, outline, session.execute(statement).all())


def stream_gradebook(
    session: Session, outline: Outline, filters: GradebookFilter, order: GradebookOrder, *, now: datetime
) -> Iterator[GradebookRow]:
    """Yield every learner, some at a time: memory does not grow with their number."""
    statement = _gradebook(outline.course_id, filters, order, now)
    for portion in session.execute(statement, execution_options={"yield_per": BATCH}).partitions():
        yield from _rows(session, outline, portion)


def count_gradebook(session: Session, course_id: int, filters: GradebookFilter, *, now: datetime) -> tuple[int, int]:
    """Count the learners that are wanted, and those of them who have completed the course."""
    statement = (
        select(func.count(Enrolment.id), func.count(Completion.id))
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(*conditions_of(course_id, filters, now))
    )
    learners, completed = session.execute(statement).one()
    return learners, completed


def find_part(session: Session, enrolment_id: int) -> tuple[str, Sequence[str], dict[str, datetime]]:
    """Return a learner's edition, groups, and when they completed each activity; three statements."""
    edition = (
        select(Edition.name).join(EditionPlace, EditionPlace.edition_id == Edition.id).where(EditionPlace.enrolment_id == enrolment_id)
    )
    groups = select(LearnerGroup.name).join(GroupMember, GroupMember.group_id == LearnerGroup.id).order_by(func.lower(LearnerGroup.name))
    moments = select(ActivityResult.activity_key, ActivityResult.completed_at).where(ActivityResult.enrolment_id == enrolment_id)
    return (
        session.scalar(edition) or "",
        session.scalars(groups.where(GroupMember.enrolment_id == enrolment_id)).all(),
        {key: moment for key, moment in session.execute(moments) if moment is not None},
    )


class FollowingVerb(audit.Verb):
    """The audit verbs of learners' marks."""

    EXPORTED = "gradebook.exported"
    UNIT_EXPORTED = "unit.exported", N_("Downloaded the table of a unit")


def record_report_export(session: Session, actor: Actor, course_id: int, what: str, *, now: datetime) -> None:
    """Record the export of a gradebook: `what` names its format."""
    course = session.get_one(Course, course_id)
    audit.record(session, actor, FollowingVerb.EXPORTED, course, now=now, what=what, role=viewer_role(actor))


def record_unit_export(session: Session, actor: Actor, organisation_id: int, course: str, *, now: datetime) -> None:
    """Record the export of the course progress of a unit's people."""
    place, role = session.get_one(Organisation, organisation_id), viewer_role(actor, unit=True)
    audit.record(session, actor, FollowingVerb.UNIT_EXPORTED, place, now=now, course=course, role=role)
