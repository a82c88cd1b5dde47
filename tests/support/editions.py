"""Editions for tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from courses.models import Course
from enrolments import editions, learners
from enrolments.editions import EditionValues, EnrolOutcome
from enrolments.models import Edition, Enrolment
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.builders import a_person
from tests.support.learning import actor_of
from tests.support.scenes import scene

PLAN = EditionValues("Marzo", self_enrolment=True, enrols_from=None, enrols_until=None, starts_at=None, ends_at=None, capacity=None)


@scene
def an_edition(
    instance: Instance,
    course: Course,
    name: str = "Marzo",
    *,
    capacity: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    open_to_all: bool = True,
) -> Edition:
    """Add an edition to a course."""
    plan = EditionValues(name, open_to_all, None, None, starts_at, ends_at, capacity)
    with instance.database.unit_of_work() as session:
        return editions.make_edition(session, SYSTEM, course.id, plan, now=clock.now())


def join(instance: Instance, actor: Actor, course: Course, edition: Edition) -> EnrolOutcome:
    """Let somebody want a place in an edition."""
    assert course.published_version_id is not None
    with instance.database.unit_of_work() as session:
        return editions.join(session, actor, edition, course.published_version_id, now=clock.now())


def ten(instance: Instance) -> list[Actor]:
    """Add ten people."""
    return [actor_of(a_person(instance, f"p{number}@example.org")) for number in range(10)]


def enrol(instance: Instance, course: Course, people: list[Actor], edition: Edition | None = None) -> tuple[int, int]:
    """Enrol people as the team does; return how many were enrolled, and how many wait."""
    with instance.database.unit_of_work() as session:
        ids = [person.person_id or 0 for person in people]
        return editions.enrol_others(session, SYSTEM, course.id, edition, ids, now=clock.now())


@scene
def a_learner_of(instance: Instance, course: Course, edition: Edition | None, email: str = "ana@example.org") -> Actor:
    """Add a person who takes a course in one of its editions."""
    person = actor_of(a_person(instance, email))
    enrol(instance, course, [person], edition)
    return person


def take_out(instance: Instance, course: Course, actor: Actor) -> None:
    """End somebody's part in a course as the team does."""
    row = enrolment_of(instance, actor, course)
    assert row is not None
    with instance.database.unit_of_work() as session:
        editions.leave(session, SYSTEM, row, now=clock.now())


def enrolment_of(instance: Instance, actor: Actor, course: Course) -> Enrolment | None:
    """Return somebody's part in a course, ended or not."""
    with instance.database.unit_of_work(write=False) as session:
        return learners.find_enrolment(session, actor.person_id or 0, course.id)


def line_of(instance: Instance, edition: Edition) -> editions.EditionRow:
    """Return an edition with its numbers."""
    with instance.database.unit_of_work(write=False) as session:
        return editions.get_edition_row(session, edition.id)


def end_edition(instance: Instance) -> None:
    """Let every edition have ended an hour ago."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(starts_at=clock.now() - timedelta(days=9), ends_at=clock.now() - timedelta(hours=1)))
