"""Reading how the people of an institution, province or unit get on: totals by place and by course, and a list. Each is one statement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from courses.models import Course
from enrolments.models import Completion, Enrolment
from enrolments.queries.takes import completed_in_any_take
from kernel.db import connection_of
from organisations.models import Membership, Organisation
from organisations.tree import MAIN, PRESENT, below

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
        CourseTally(row[0], row[1], row[2], row[3], row[4], round(row[5] / row[3])) for row in connection_of(session).execute(statement)
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
