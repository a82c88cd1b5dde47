"""Queries of enrolment by an obligation: whom it enrols in which courses, and who is not enrolled yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, CycleEnrolment, Obligation, ObligationVersion
from compliance.queries.agreements import list_missing
from compliance.queries.assignments import state_at
from compliance.queries.records import ObligationRules
from compliance.rules.states import NEEDED
from compliance.rules.terms import certain_courses, courses_of
from enrolments.models import Completion, Enrolment
from enrolments.takes import EnrolmentObstacle, RequiredCourse, find_obstacle


@dataclass(frozen=True, slots=True)
class OrderedCourse:
    """A course that an obligation asks for: how it has to be taken, and what keeps everybody out of it now."""

    required: RequiredCourse
    slug: str
    obstacle: EnrolmentObstacle | None


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The courses that the version of an obligation in force asks for, and those of them in which it enrols people."""

    courses: Sequence[OrderedCourse] = ()
    enrolled: Sequence[OrderedCourse] = ()
    """None where it only offers them; none of those among which people choose."""


def get_order(session: Session, rules: ObligationRules, *, now: datetime) -> TrainingOrder:
    """Return which courses an obligation asks for now."""
    version = find_version_in_force(session, rules.obligation_id, now=now)
    if version is None:
        return TrainingOrder()
    terms, is_automatic = rules.terms[version.number - 1], version.enrolment == "automatic"
    course_slugs, certain = set(courses_of(terms.requirement)), set(certain_courses(terms.requirement)) if is_automatic else set()
    missing = {agreement.course.id for agreement in list_missing(session, rules.obligation_id, course_slugs, now=now)}
    courses = []
    for number, slug in sorted(rules.courses.items()):
        if slug in course_slugs:
            edition, lowest = version.edition_id if slug in certain else None, terms.lowest_versions.get(slug, 0)
            required = RequiredCourse(number, edition, lowest, is_agreed=number not in missing)
            courses.append(OrderedCourse(required, slug, find_obstacle(session, required, now=now)))
    return TrainingOrder(courses, [course for course in courses if course.slug in certain])


def find_version_in_force(session: Session, obligation_id: int, *, now: datetime) -> ObligationVersion | None:
    """Return the version of an obligation that is in force: of those whose day has come, the one recorded last."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == obligation_id)
    return session.scalar(statement.where(ObligationVersion.effective_on <= now.date()).order_by(ObligationVersion.number.desc()).limit(1))


def list_to_enrol(session: Session, obligation: Obligation, order: TrainingOrder, after: int, limit: int, *, now: datetime) -> list[int]:
    """Return a portion of the people who have something to take and of whom it is not settled in which take, by their number.

    It is settled where a course has its take, or an obstacle that still holds for everybody, and nothing has changed since.
    """
    if not order.enrolled:
        return []
    state = state_at(now)
    open_courses = or_(*(~_is_settled(course) for course in order.enrolled))
    statement = select(Assignment.person_id).where(
        Assignment.obligation_id == obligation.id,
        Assignment.person_id > after,
        state.in_([needed.value for needed in NEEDED]),
        open_courses,
    )
    return list(session.scalars(statement.order_by(Assignment.person_id).limit(limit)))


def _is_settled(course: OrderedCourse) -> ColumnElement[bool]:
    obstacle = CycleEnrolment.obstacle
    stands = obstacle.is_(None) if course.obstacle is None else or_(obstacle.is_(None), obstacle == course.obstacle.value)
    same = (CycleEnrolment.assignment_id == Assignment.id, CycleEnrolment.cycle == Assignment.cycle)
    of_course = CycleEnrolment.course_id == course.required.course_id
    return exists().where(*same, of_course, CycleEnrolment.checked_at >= Assignment.computed_at, stands)


def list_taken_out(session: Session, assignments: Sequence[int], course_id: int) -> set[tuple[int, int]]:
    """Return of which assignments, in which cycle, staff took the person out of a course: it is theirs to let them in again."""
    statement = (
        select(CycleEnrolment.assignment_id, CycleEnrolment.cycle)
        .join(Enrolment, Enrolment.id == CycleEnrolment.enrolment_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(CycleEnrolment.assignment_id.in_(assignments), CycleEnrolment.course_id == course_id)
        .where(Enrolment.left_at.is_not(None), Enrolment.superseded_at.is_(None), Completion.id.is_(None))
    )
    return {(assignment, cycle) for assignment, cycle in session.execute(statement)}
