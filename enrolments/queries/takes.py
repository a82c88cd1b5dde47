"""Reading the takes of a course: which there are, completions in any of them, what keeps people out (spec/compulsory 6 and 4.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from courses.kinds import CourseKinds, SubmittedWork
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Edition, Enrolment
from enrolments.take_rules import EnrolmentObstacle, RequiredCourse

_Other, _Completed = aliased(Enrolment), aliased(Completion)


def completed_in_any_take() -> ColumnElement[datetime | None]:
    """Return when the person of an `enrolment` completed the course: in this take, else last in one before.

    The statement joins the `completion` of the enrolment.
    """
    earlier = (
        select(func.max(_Completed.completed_at))
        .join(_Other, _Other.id == _Completed.enrolment_id)
        .where(_Other.person_id == Enrolment.person_id, _Other.course_id == Enrolment.course_id)
        .correlate(Enrolment)
    )
    return func.coalesce(Completion.completed_at, case((Enrolment.take > 1, earlier.scalar_subquery())))


@dataclass(frozen=True, slots=True)
class TakeRow:
    """One take of a course by a person."""

    enrolment_id: int
    version_id: int
    take: int
    since: datetime
    ended_at: datetime | None
    is_present: bool
    done: int
    total: int
    completed_at: datetime | None


def list_takes(session: Session, person_id: int, course_id: int) -> list[TakeRow]:
    """List a person's takes of a course, the newest first."""
    statement = (
        select(
            Enrolment.id,
            Enrolment.course_version_id,
            Enrolment.take,
            Enrolment.enrolled_at,
            Enrolment.left_at,
            Enrolment.superseded_at.is_(None),
            Enrolment.done,
            Enrolment.total,
            Completion.completed_at,
        )
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == course_id)
        .order_by(Enrolment.take.desc())
    )
    return [TakeRow(*row) for row in session.execute(statement)]


def list_submitted(session: Session, enrolment_id: int) -> dict[str, Sequence[SubmittedWork]]:
    """Return what was submitted in a take of a course, by activity key: where its learner reviews it."""
    submitted: dict[str, Sequence[SubmittedWork]] = {}
    for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
        submitted |= publisher.submitted(session, enrolment_id)
    return submitted


def find_obstacle(session: Session, required: RequiredCourse, *, now: datetime) -> EnrolmentObstacle | None:
    """Return why nobody can be enrolled now in a course that people have to take, or nothing."""
    course = session.get_one(Course, required.course_id, populate_existing=True)
    published = None if course.published_version_id is None else session.get_one(CourseVersion, course.published_version_id)
    if published is None or published.number < required.lowest:
        return EnrolmentObstacle.UNPUBLISHED
    if course.archived_at is not None:
        return EnrolmentObstacle.ARCHIVED
    if not required.is_agreed:
        return EnrolmentObstacle.NOT_AGREED
    edition = None if required.edition_id is None else session.get_one(Edition, required.edition_id, populate_existing=True)
    if edition is None or edition.course_id != course.id:
        return None
    is_over = edition.ends_at is not None and edition.ends_at <= now
    return EnrolmentObstacle.EDITION_CLOSED if is_over or edition.closed_at is not None else None
