"""Queries of what keeps people from a course that an obligation asks of them, for its owner (spec/compulsory 4.9, 8.4 and 18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, CycleEnrolment, Obligation
from compliance.queries.assignments import state_at
from compliance.queries.enrolment import get_order
from compliance.queries.records import get_rules
from compliance.rules.states import NEEDED
from courses.models import Course
from enrolments.takes import EnrolmentObstacle


@dataclass(frozen=True, slots=True)
class ObstacleRow:
    """Something that keeps people from a course: how many who have to take it, and since when it is known; None: only looked at now."""

    slug: str
    title: Mapping[str, str]
    obstacle: EnrolmentObstacle
    people: int
    since: datetime | None


def list_obstacles(session: Session, obligation: Obligation, *, now: datetime) -> list[ObstacleRow]:
    """List what keeps people from the courses of an obligation, by course, five rows of each at most.

    A course that nobody can take is listed with all who have something to take, also where they enrol themselves.
    """
    courses = get_order(session, get_rules(session, obligation), now=now).courses
    slugs = {course.required.course_id: course.slug for course in courses}
    obstacles = _count_obstacles(session, obligation, now=now)
    barred = {(course.required.course_id, course.obstacle.value) for course in courses if course.obstacle is not None}
    if barred - set(obstacles):
        waiting = _count_waiting(session, obligation, now=now)
        obstacles |= dict.fromkeys(barred - set(obstacles), (waiting, None))
    titles = dict(session.execute(select(Course.id, Course.title).where(Course.id.in_(slugs))).all())
    return [
        ObstacleRow(slugs[course], titles[course], EnrolmentObstacle(obstacle), people, since)
        for (course, obstacle), (people, since) in sorted(obstacles.items())
        if course in slugs
    ]


def _count_obstacles(session: Session, obligation: Obligation, *, now: datetime) -> dict[tuple[int, str], tuple[int, datetime | None]]:
    """Return how many people each obstacle was found for in their present cycle, and since when, by course and obstacle."""
    key = (CycleEnrolment.course_id, CycleEnrolment.obstacle)
    statement = (
        select(*key, func.count(), func.min(CycleEnrolment.since))
        .join(Assignment, (Assignment.id == CycleEnrolment.assignment_id) & (Assignment.cycle == CycleEnrolment.cycle))
        .where(_is_waiting(obligation, now), CycleEnrolment.obstacle.is_not(None))
        .group_by(*key)
    )
    return {(course, str(obstacle)): (people, since) for course, obstacle, people, since in session.execute(statement)}


def _count_waiting(session: Session, obligation: Obligation, *, now: datetime) -> int:
    return session.scalar(select(func.count()).select_from(Assignment).where(_is_waiting(obligation, now))) or 0


def _is_waiting(obligation: Obligation, now: datetime) -> ColumnElement[bool]:
    return and_(Assignment.obligation_id == obligation.id, state_at(now).in_([state.value for state in NEEDED]))
