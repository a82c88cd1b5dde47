"""Courses taken again, for tests."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments import learners, takes
from enrolments.models import Enrolment, TakeCause
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance

Found = TypeVar("Found")


def retake(instance: Instance, learner: Actor, course: Course, actor: Actor = SYSTEM, *, now: datetime | None = None) -> Enrolment:
    """Let somebody take a course again, as its team does."""
    with instance.database.unit_of_work() as session:
        present = learners.find_enrolment(session, learner.person_id or 0, course.id)
        assert present is not None
        return takes.begin_take(session, actor, present, TakeCause.STAFF, "Cambió la norma.", now=now or clock.now())


def takes_of(instance: Instance, learner: Actor, course: Course) -> list[Enrolment]:
    """Return a person's takes of a course, the first one first."""
    statement = select(Enrolment).where(Enrolment.person_id == learner.person_id, Enrolment.course_id == course.id)
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(statement.order_by(Enrolment.take)))


def read(instance: Instance, query: Callable[[Session], Found]) -> Found:
    """Return what a query finds."""
    with instance.database.unit_of_work(write=False) as session:
        return query(session)
