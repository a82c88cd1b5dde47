"""Enrolment of whoever has to take a course: for the first time, or again; or the obstacle to it (spec/compulsory 4.9)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course
from enrolments.models import Completion, Edition, EditionPlace, Enrolment, TakeCause
from enrolments.queries.editions import lock_edition
from enrolments.queries.takes import find_obstacle
from enrolments.services.editions import EnrolmentTarget, enrol_people, fill_places
from enrolments.services.takes import TakeNotAllowed, begin_take
from enrolments.take_rules import EnrolmentObstacle, RenewalWindow, RequiredCourse, TakeRefusal
from kernel.permissions import Actor, ActorChannel

BY_JOB = Actor(via=ActorChannel.JOB)


_OBSTACLES = {
    TakeRefusal.NOT_PUBLISHED: EnrolmentObstacle.UNPUBLISHED,
    TakeRefusal.ARCHIVED: EnrolmentObstacle.ARCHIVED,
    TakeRefusal.WORK_OPEN: EnrolmentObstacle.WORK_OPEN,
}
Outcomes = Mapping[int, int | EnrolmentObstacle]
"""By person, the number of the enrolment in which they take the course, or the obstacle."""


def enrol_required(session: Session, required: RequiredCourse, people: Mapping[int, datetime], *, now: datetime) -> Outcomes:
    """Enrol some hundreds of people at most who have to take a course, each from the moment on at which their cycle opened.

    Who takes it goes on; who left it unfinished finds everything as it was; who has completed it begins a further take. Nobody is told:
    the obligation has notices of its own. Suspended accounts are passed over. A second time changes nothing.
    """
    able = select(Person.id).where(Person.id.in_(people), Person.suspended_at.is_(None)).order_by(Person.id)
    able_people = session.scalars(able.with_for_update(key_share=True)).all()
    completed, unfinished = _present_takes(session, required.course_id, people)
    outcomes: dict[int, int | EnrolmentObstacle] = {person: row.id for person, row in unfinished.items() if row.left_at is None}
    newcomers = [person for person in able_people if person not in outcomes]
    if not newcomers:
        return outcomes
    obstacle = find_obstacle(session, required, now=now)
    if obstacle is not None:
        return outcomes | dict.fromkeys(newcomers, obstacle)
    edition, free = _find_room(session, required, len(newcomers), now=now)
    for person in newcomers:
        if person in completed and free > 0:
            outcomes[person] = _begin_again(session, completed[person], edition, people[person], now=now)
            free -= isinstance(outcomes[person], int)
    entering = [person for person in newcomers if person not in completed][:free]
    outcomes |= _enter(session, required.course_id, edition, entering, now=now)
    return outcomes | {person: EnrolmentObstacle.EDITION_FULL for person in newcomers if person not in outcomes}


def _present_takes(session: Session, course_id: int, people: Collection[int]) -> tuple[Mapping[int, Enrolment], Mapping[int, Enrolment]]:
    """Return people's present takes of a course by person: those that are completed, and the others."""
    statement = (
        select(Enrolment, Completion.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.person_id.in_(people), Enrolment.superseded_at.is_(None))
    )
    takes: tuple[dict[int, Enrolment], dict[int, Enrolment]] = ({}, {})
    for enrolment, completion in session.execute(statement.execution_options(populate_existing=True)):
        takes[completion is None][enrolment.person_id] = enrolment
    return takes


def _find_room(session: Session, required: RequiredCourse, most: int, *, now: datetime) -> tuple[int | None, int]:
    """Return the edition, if it is one of the course, and how many fit in; its free places go first to those who wait for them."""
    edition = None if required.edition_id is None else session.get_one(Edition, required.edition_id)
    if edition is None or edition.course_id != required.course_id:
        return None, most
    lock_edition(session, edition.id)
    fill_places(session, BY_JOB, edition.id, now=now)
    row = lock_edition(session, edition.id)
    return edition.id, most if row.edition.capacity is None else max(row.edition.capacity - row.taken, 0)


def _begin_again(
    session: Session, before: Enrolment, edition_id: int | None, opens_at: datetime, *, now: datetime
) -> int | EnrolmentObstacle:
    try:
        take = begin_take(session, BY_JOB, before, TakeCause.OBLIGATION, window=RenewalWindow(opens_at), now=now)
    except TakeNotAllowed as refused:
        return _OBSTACLES[TakeRefusal(str(refused.facts["reason"]))]
    if edition_id is not None:
        session.add(EditionPlace(enrolment_id=take.id, edition_id=edition_id))
        session.flush()
    return take.id


def _enter(session: Session, course_id: int, edition_id: int | None, people: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Enrol people who do not take a course now, and return their enrolments."""
    version_id = session.get_one(Course, course_id).published_version_id
    assert version_id is not None  # else there was an obstacle
    enrol_people(session, BY_JOB, EnrolmentTarget(course_id, edition_id, version_id, TakeCause.OBLIGATION), people, now=now)
    mine = select(Enrolment.person_id, Enrolment.id).where(Enrolment.course_id == course_id, Enrolment.superseded_at.is_(None))
    return dict(session.execute(mine.where(Enrolment.person_id.in_(people))).all())
