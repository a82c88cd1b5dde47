"""Queries of planned changes: what is tried, over whom, and what stands in the way of the courses that are required."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import Assignment, Obligation, PlannedChange
from compliance.queries import assignments
from compliance.queries.free_days import NATIONAL, province_of
from compliance.rules.states import TrainingState
from compliance.rules.terms import Requirement, courses_of
from courses.models import Course
from kernel.errors import NotFound
from kernel.i18n import choose
from organisations import audiences, tree
from organisations.audience_kinds import AudienceScope, may_be_in
from organisations.models import Audience, AudienceStayRecord, Membership, Organisation
from organisations.tree import MAIN

MOST_SHOWN = 20


def get_change(session: Session, uuid: UUID, *, lock: bool = False) -> PlannedChange:
    """Return a planned change by what addresses name it; raise NotFound."""
    statement = select(PlannedChange).where(PlannedChange.uuid == uuid)
    row = session.scalar(statement.with_for_update().execution_options(populate_existing=True) if lock else statement)
    if row is None:
        raise NotFound
    return row


def lock_change_by_id(session: Session, number: int) -> PlannedChange | None:
    """Return a planned change, locked; None where it was deleted with its draft."""
    statement = select(PlannedChange).where(PlannedChange.id == number).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def list_changes(session: Session, obligation_id: int) -> list[PlannedChange]:
    """List the changes of an obligation that are tried and not applied or discarded, the newest first."""
    statement = select(PlannedChange).where(
        PlannedChange.obligation_id == obligation_id, PlannedChange.state.in_(("planning", "ready", "applying"))
    )
    return list(session.scalars(statement.order_by(PlannedChange.id.desc()).limit(MOST_SHOWN)))


def find_open_change(session: Session, values: Mapping[str, object]) -> PlannedChange | None:
    """Return the change with these values that is tried and neither applied nor discarded, locked."""
    statement = select(PlannedChange).filter_by(**values).where(PlannedChange.state.in_(("planning", "ready")))
    return session.scalar(statement.order_by(PlannedChange.id.desc()).limit(1).with_for_update())


def find_version_change(session: Session, obligation_id: int, uuid: UUID) -> PlannedChange | None:
    """Return the planned version of an obligation that an address names."""
    statement = select(PlannedChange).where(PlannedChange.uuid == uuid, PlannedChange.obligation_id == obligation_id)
    return session.scalar(statement.where(PlannedChange.kind == "version"))


def list_obligations_of(session: Session, row: PlannedChange) -> list[Obligation]:
    """Return the obligations whose statuses a change may touch: its own, or those in force for its audience."""
    statement = select(Obligation).order_by(Obligation.id)
    if row.kind == "free_day":
        return []
    if row.obligation_id is not None:
        return list(session.scalars(statement.where(Obligation.id == row.obligation_id)))
    return list(session.scalars(statement.where(Obligation.audience_id == row.audience_id, Obligation.state == "active")))


def is_used(session: Session, audience_id: int) -> bool:
    """Say whether an obligation in force asks something of an audience."""
    statement = select(Obligation.id).where(Obligation.audience_id == audience_id, Obligation.state == "active").limit(1)
    return session.scalar(statement) is not None


def count_people(session: Session, row: PlannedChange) -> int:
    """Count the people to look at: who is or was in the audience, or with another rule who might be."""
    if row.kind == "free_day":
        return count_people_in(session, {province for days in json.loads(row.content).values() for _day, _name, province in days})
    if row.obligation_id is None:
        audience = session.get_one(Audience, row.audience_id)
        return audiences.count_candidates(session, audience)
    person = func.count(AudienceStayRecord.person_id.distinct())
    return session.scalar(select(person).where(AudienceStayRecord.audience_id == row.audience_id)) or 0


def count_people_in(session: Session, provinces: Collection[str]) -> int:
    """Count the people under compulsory training whose working days are counted by the calendar of some provinces; by the empty one all."""
    statement = select(Assignment.person_id).where(Assignment.state != TrainingState.NOT_REQUIRED.value).distinct()
    if NATIONAL in provinces:
        return session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    places = {unit.id: unit for unit in tree.list_tree(session)}
    there = [unit for unit in places if province_of(places, unit) in provinces]
    in_them = select(Membership.person_id).where(MAIN, Membership.organisation_id.in_(there))
    return session.scalar(select(func.count()).select_from(statement.where(Assignment.person_id.in_(in_them)).subquery())) or 0


def list_people_after(session: Session, row: PlannedChange, after: int, limit: int) -> list[int]:
    """Return a portion of these people, by their number."""
    if row.obligation_id is None:
        return audiences.list_people_after(session, session.get_one(Audience, row.audience_id), after, limit)
    return assignments.list_people_after(session, session.get_one(Obligation, row.obligation_id), after, limit)


def main_units(session: Session, people: Collection[int]) -> dict[int, int]:
    """Return the main unit of each of some people who have one."""
    statement = select(Membership.person_id, Membership.organisation_id).where(MAIN, Membership.person_id.in_(people))
    return {row[0]: row[1] for row in session.execute(statement)}


def unit_names(session: Session, units: Collection[int]) -> dict[int, str]:
    """Return the names of some units, by their number."""
    return {row[0]: row[1] for row in session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(units)))}


def count_employed(session: Session, scope: AudienceScope) -> int:
    """Count who can be in any audience of an institution on a day."""
    return session.scalar(select(func.count()).select_from(Person).where(may_be_in(scope))) or 0


class CourseObstacle(StrEnum):
    """The reasons why nobody can be asked to take a course (spec/compulsory 18)."""

    DELETED = "deleted"
    UNPUBLISHED = "unpublished"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class ObstructedCourse:
    """A required course that cannot be taken, and why."""

    name: str
    obstacle: CourseObstacle


def list_obstructed_courses(session: Session, requirement: Requirement) -> list[ObstructedCourse]:
    """Return the courses of a requirement that are deleted, archived or not published, in its order."""
    slugs = list(dict.fromkeys(courses_of(requirement)))
    rows = {row.slug: row for row in session.scalars(select(Course).where(Course.slug.in_(slugs)))}
    obstructed = list[ObstructedCourse]()
    for slug in slugs:
        course = rows.get(slug)
        if course is None:
            obstructed.append(ObstructedCourse(slug, CourseObstacle.DELETED))
        elif course.archived_at is not None:
            obstructed.append(ObstructedCourse(choose(course.title), CourseObstacle.ARCHIVED))
        elif course.published_version_id is None:
            obstructed.append(ObstructedCourse(choose(course.title), CourseObstacle.UNPUBLISHED))
    return obstructed
