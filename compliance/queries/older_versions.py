"""Queries of who takes a course in a version that an obligation does not count any more (spec/compulsory 4.7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation
from compliance.queries.assignments import state_at
from compliance.rules.states import NEEDED
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment


class OlderTake(NamedTuple):
    """Somebody under way in a version of a course that is older than the lowest that counts."""

    person_id: int
    slug: str
    title: Mapping[str, str]


def list_older_takes(
    session: Session, obligation: Obligation, lowest: Mapping[str, int], after: int, limit: int, *, now: datetime
) -> list[OlderTake]:
    """List the present takes, not completed, of people with something left to do, in a version below the lowest; by person after one."""
    below = [and_(Course.slug == slug, CourseVersion.number < number) for slug, number in sorted(lowest.items())]
    if not below:
        return []
    person = Assignment.person_id
    statement = (
        select(person, Course.slug, Course.title)
        .join(Enrolment, (Enrolment.person_id == person) & Enrolment.superseded_at.is_(None) & Enrolment.left_at.is_(None))
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Assignment.obligation_id == obligation.id, person > after, Completion.id.is_(None), or_(*below))
        .where(state_at(now).in_([state.value for state in NEEDED]))
        .order_by(person, Course.slug)
        .limit(limit)
    )
    return [OlderTake(*row) for row in session.execute(statement)]
