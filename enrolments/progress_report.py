"""Reads the progress of a course's learners and of a unit's people, and the time that a course took."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, extract, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from courses.kinds import ExpectedTime
from courses.models import Activity, Course, Module
from courses.rules import Outline
from enrolments.gradebook import GradebookFilter, conditions_of, idle_since, next_steps
from enrolments.models import ActivityResult, Completion, Enrolment
from enrolments.rules import activities_to_do
from enrolments.takes import completed_in_any_take
from kernel.db import connection_of
from organisations.models import Membership, Organisation
from organisations.tree import MAIN, PRESENT, below

MOST_MEASURED = 500
"""Those who finished last are measured: a course changes."""
LONGEST = 3
"""An activity that stayed open more than so many times its expected minutes was left for something else: its expected minutes count."""

Moments = tuple[datetime, datetime]


def measured_minutes(session: Session, course_id: int, expected: Mapping[str, ExpectedTime]) -> tuple[Fraction, int] | None:
    """Return the median of the minutes that the activities to be published took those who finished last, and how many these were."""
    finished = (
        select(Completion.enrolment_id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.course_id == course_id, Enrolment.take == 1)
        .order_by(Completion.completed_at.desc())
        .limit(MOST_MEASURED)
    )
    people = session.scalars(finished).all()
    if not people:
        return None
    ended = func.coalesce(ActivityResult.submitted_at, ActivityResult.achieved_at, ActivityResult.completed_at)
    statement = select(ActivityResult.enrolment_id, ActivityResult.activity_key, ActivityResult.viewed_at, ended).where(
        ActivityResult.enrolment_id.in_(people), ended.is_not(None)
    )
    done: dict[int, dict[str, Moments]] = {person: {} for person in people}
    for person, key, opened, closed in session.execute(statement):
        if opened is not None:
            done[person][key] = (opened, closed)
    return Fraction(median(_minutes(expected, activities) for activities in done.values())), len(people)


def _minutes(expected: Mapping[str, ExpectedTime], done: Mapping[str, Moments]) -> Fraction:
    """Return the minutes of one person; what was not done, or long left open, counts as expected."""
    return sum(
        (
            _of_activity(expected_time.minutes, _recorded(done, (key, *expected_time.former_keys)))
            for key, expected_time in expected.items()
        ),
        Fraction(0),
    )


def _recorded(done: Mapping[str, Moments], keys: Iterable[str]) -> Moments | None:
    return next((done[key] for key in keys if key in done), None)


def _of_activity(expected: int, moments: Moments | None) -> Fraction:
    if moments is None:
        return Fraction(expected)
    took = Fraction(int((moments[1] - moments[0]).total_seconds()), 60)
    return took if 0 <= took <= LONGEST * expected else Fraction(expected)


def _selected_enrolments(course_id: int, filters: GradebookFilter, now: datetime) -> Subquery:
    statement = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id)
    statement = statement.outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    return statement.where(*conditions_of(course_id, filters, now)).subquery()


def count_modules(session: Session, outline: Outline, filters: GradebookFilter, *, now: datetime) -> dict[str, tuple[int, int]]:
    """Count who has begun and who has completed each module of a version, by its key; one statement."""
    if not outline.modules:
        return {}
    learners = _selected_enrolments(outline.course_id, filters, now)
    needed = {module.key: activities_to_do(module) for module in outline.modules}
    optional = [module.key for module in outline.modules if not module.required]
    done = func.count().filter(or_(Activity.required, Module.key.in_(optional)), ActivityResult.completed_at.is_not(None))
    each = (
        select(Module.key, done.label("done"))
        .join(Activity, Activity.module_id == Module.id)
        .join(ActivityResult, ActivityResult.activity_key == Activity.key)
        .join(learners, learners.c.id == ActivityResult.enrolment_id)
        .where(Module.version_id == outline.version_id)
        .group_by(Module.key, ActivityResult.enrolment_id)
        .subquery()
    )
    enough = each.c.done >= case(needed, value=each.c.key, else_=0)
    statement = select(each.c.key, func.count(), func.count().filter(enough)).group_by(each.c.key)
    return {key: (begun, completed) for key, begun, completed in session.execute(statement)}


def count_activities(session: Session, course_id: int, filters: GradebookFilter, *, now: datetime) -> dict[str, tuple[int, int]]:
    """Count who has opened or tried each activity, and who has completed it, by its key; one statement."""
    learners = _selected_enrolments(course_id, filters, now)
    statement = (
        select(ActivityResult.activity_key, func.count(), func.count(ActivityResult.completed_at))
        .join(learners, learners.c.id == ActivityResult.enrolment_id)
        .group_by(ActivityResult.activity_key)
    )
    return {key: (begun, completed) for key, begun, completed in session.execute(statement)}


def count_waiting(session: Session, course_id: int, filters: GradebookFilter, days: int, *, now: datetime) -> dict[str, tuple[int, int]]:
    """Count whose next required activity each is, and who of them have not come for some days, by its key; one statement."""
    learners, steps = _selected_enrolments(course_id, filters, now), next_steps(course_id, now)
    statement = (
        select(steps.c.key, func.count(), func.count().filter(idle_since(now - timedelta(days=days))))
        .select_from(steps)
        .join(learners, learners.c.id == steps.c.enrolment_id)
        .join(Enrolment, Enrolment.id == steps.c.enrolment_id)
        .group_by(steps.c.key)
    )
    return {key: (count, idle) for key, count, idle in session.execute(statement)}


def count_left_off(session: Session, course_id: int, filters: GradebookFilter, days: int, *, now: datetime) -> Mapping[str | None, int]:
    """Count where those were last who have not completed the course and not come for some time, by key; None: nowhere yet."""
    learners = _selected_enrolments(course_id, filters, now)
    statement = (
        select(Enrolment.last_activity_key, func.count())
        .join(learners, learners.c.id == Enrolment.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Completion.id.is_(None), idle_since(now - timedelta(days=days)))
        .group_by(Enrolment.last_activity_key)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def list_quartiles(session: Session, course_id: int, filters: GradebookFilter, *, now: datetime) -> list[timedelta]:
    """Return the three quartiles of the time from enrolling to completing, each that of a learner; none where nobody completed the course.

    One statement, at most three rows (nearest rank).
    """
    learners = _selected_enrolments(course_id, filters, now)
    seconds = extract("epoch", Completion.completed_at) - extract("epoch", Enrolment.enrolled_at)
    each = (
        select(seconds.label("seconds"), func.row_number().over(order_by=seconds).label("place"), func.count().over().label("total"))
        .select_from(Completion)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .join(learners, learners.c.id == Enrolment.id)
        .subquery()
    )
    rows = session.execute(select(each.c.seconds, each.c.place, each.c.total).where(or_(*(_is_quartile(each, q) for q in (1, 2, 3))))).all()
    by_place = {int(row.place): timedelta(seconds=int(row.seconds)) for row in rows}
    return [by_place[-(-int(rows[0].total) * quarter // 4)] for quarter in (1, 2, 3)] if rows else []


def _is_quartile(each: Subquery, quarter: int) -> ColumnElement[bool]:
    """Select the row whose place is the smallest that is not below so many quarters of all."""
    return (each.c.place * 4 >= each.c.total * quarter) & ((each.c.place - 1) * 4 < each.c.total * quarter)


BATCH = 500
MOST_COURSES = 200


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """The number of people in a unit, how many of them take courses (or one), and how many of these were completed, in any take."""

    people: int = 0
    learners: int = 0
    enrolments: int = 0
    completed: int = 0

    def __add__(self, other: "UnitCounts") -> "UnitCounts":
        return UnitCounts(
            self.people + other.people,
            self.learners + other.learners,
            self.enrolments + other.enrolments,
            self.completed + other.completed,
        )


def _takes_course(course_id: int | None) -> ColumnElement[bool]:
    taken = and_(Enrolment.person_id == Membership.person_id, Enrolment.left_at.is_(None))
    return taken if course_id is None else and_(taken, Enrolment.course_id == course_id)


def tallies_statement(roots: Select[int], course_id: int | None) -> Select[*tuple[Any, ...]]:
    """Build the statement of `count_places`."""
    people = func.count(Membership.person_id.distinct())
    learners = func.count(Enrolment.person_id.distinct())
    return (
        select(Membership.organisation_id, people, learners, func.count(Enrolment.id), func.count(completed_in_any_take()))
        .outerjoin(Enrolment, _takes_course(course_id))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(MAIN, Membership.organisation_id.in_(below(roots)))
        .group_by(Membership.organisation_id)
    )


def count_places(session: Session, roots: Select[int], course_id: int | None = None) -> dict[int, UnitCounts]:
    """Count the people of some places and of everything below them, each place by itself; in all courses or in one."""
    return {row[0]: UnitCounts(*row[1:]) for row in connection_of(session).execute(tallies_statement(roots, course_id))}


@dataclass(frozen=True, slots=True)
class CourseTally:
    """A course that people of a place take: how many, how many completed it, and the mean share done in percent."""

    course_id: int
    slug: str
    title: Mapping[str, str]
    learners: int
    completed: int
    percent: int


def count_courses(session: Session, roots: Select[int]) -> list[CourseTally]:
    """Count by course the people of some places and of everything below them, the course with most of them first."""
    learners = func.count(Enrolment.id)
    done = func.sum(Enrolment.done * 100 / func.coalesce(func.nullif(Enrolment.total, 0), 1))
    statement = (
        select(Course.id, Course.slug, Course.title, learners, func.count(completed_in_any_take()), done)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .join(Membership, (Membership.person_id == Enrolment.person_id) & MAIN)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.left_at.is_(None), Membership.organisation_id.in_(below(roots)))
        .group_by(Course.id, Course.slug, Course.title)
        .order_by(learners.desc(), Course.id)
        .limit(MOST_COURSES)
    )
    return [
        CourseTally(row[0], row[1], row[2], learners=row[3], completed=row[4], percent=round(row[5] / row[3]))
        for row in connection_of(session).execute(statement)
    ]


class UnitLearnerState(StrEnum):
    """The progress of the people of a unit in a course."""

    COMPLETED = "completed"
    OPEN = "open"
    OUTSIDE = "outside"
    """Who does not take it."""


_STANDINGS: Mapping[UnitLearnerState, tuple[ColumnElement[bool], ...]] = {
    UnitLearnerState.COMPLETED: (completed_in_any_take().is_not(None),),
    UnitLearnerState.OPEN: (Enrolment.id.is_not(None), completed_in_any_take().is_(None)),
    UnitLearnerState.OUTSIDE: (Enrolment.id.is_(None),),
}


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """The people wanted of a unit, and the course for which."""

    course_id: int | None = None
    words: str = ""
    standing: UnitLearnerState | None = None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One person of a place before a course: no address, no mark, no answer. `is_main` is false where they are counted in another place."""

    uuid: UUID
    name: str
    place: str
    is_main: bool
    enrolled_at: datetime | None
    visited_at: datetime | None
    done: int | None
    total: int | None
    completed_at: datetime | None


def people_statement(roots: Select[int], filters: UnitFilter) -> Select[*tuple[Any, ...]]:
    """Build the statement of the people of some places, by name: each once, also who has a further place there (spec/compulsory 2.4)."""
    inside = below(roots)
    other = aliased(Membership)
    same = (other.person_id == Membership.person_id, other.until.is_(None), other.organisation_id.in_(inside))
    counted = exists().where(*same, or_(other.is_main, other.id < Membership.id))
    statement = (
        select(
            Person.uuid,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
            Organisation.name,
            Membership.is_main,
            Enrolment.enrolled_at,
            Enrolment.last_visited_at,
            Enrolment.done,
            Enrolment.total,
            completed_in_any_take(),
        )
        .join(Membership, (Membership.person_id == Person.id) & PRESENT)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Enrolment, _takes_course(-1 if filters.course_id is None else filters.course_id))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Membership.organisation_id.in_(inside), or_(Membership.is_main, ~counted))
        .where(*name_matches(filters.words, with_address=False))
    )
    return statement if filters.standing is None else statement.where(*_STANDINGS[filters.standing])


def list_people(session: Session, roots: Select[int], filters: UnitFilter, *, after: UUID | None, limit: int) -> list[UnitRow]:
    """List some people of some places and of everything below them, by name, those after one of them."""
    statement = people_statement(roots, filters).order_by(*by_name()).limit(limit)
    if after is not None:
        position = session.execute(select(Person.name_key, Person.id).where(Person.uuid == after)).one_or_none()
        if position is not None:
            statement = statement.where(tuple_(Person.name_key, Person.id) > tuple_(*position))
    return [_row(row) for row in session.execute(statement)]


def stream_people(session: Session, roots: Select[int], filters: UnitFilter) -> Iterator[UnitRow]:
    """Yield everybody, some at a time: memory does not grow with their number."""
    statement = people_statement(roots, filters).order_by(*by_name())
    for portion in session.execute(statement, execution_options={"yield_per": BATCH}).partitions():
        yield from map(_row, portion)


def _row(row: Any) -> UnitRow:
    return UnitRow(row[0], full_name(row[1], row[2], row[3]), *row[4:])
