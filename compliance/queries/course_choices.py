"""Courses that somebody may choose in compulsory training: those that they may look at, and those that are required already."""

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation, ObligationVersion
from compliance.rules.documents import read_terms
from compliance.rules.terms import courses_of
from courses.models import Course
from enrolments.learners import visible_course_ids
from kernel.permissions import Actor
from organisations.access import TrainingScope

MOST_COURSES = 500


def known_to(actor: Actor, required: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an actor knows of the course of a statement: may look at it, or it is required (spec/security 1.3).

    `required` are slugs. The statement is executed with the actor's `person_id`.
    """
    return or_(Course.id.in_(visible_course_ids(actor)), Course.slug.in_(required))


def list_known_courses(session: Session, actor: Actor, required: Collection[str] = ()) -> list[Course]:
    """List the courses that are published and not archived, and that an actor knows of, by slug."""
    is_published = (Course.published_version_id.is_not(None), Course.archived_at.is_(None))
    statement = select(Course).where(*is_published, known_to(actor, required)).order_by(Course.slug).limit(MOST_COURSES)
    return list(session.scalars(statement, {"person_id": actor.person_id}))


def required_of(session: Session, person_id: int) -> set[str]:
    """Return the slugs of the courses that are required of a person."""
    return _required(session, select(Assignment.obligation_id).where(Assignment.person_id == person_id))


def required_in(session: Session, scope: TrainingScope) -> set[str]:
    """Return the slugs of the courses that the institutions of somebody's training scope require."""
    there = Obligation.institution_id.in_(scope.officer | scope.auditor | scope.above)
    return _required(session, select(Obligation.id).where(there, Obligation.state != "draft"))


def _required(session: Session, obligations: Select[int]) -> set[str]:
    statement = (
        select(ObligationVersion)
        .join(Obligation, and_(Obligation.id == ObligationVersion.obligation_id, Obligation.latest == ObligationVersion.number))
        .where(Obligation.id.in_(obligations))
        .limit(MOST_COURSES)
    )
    return {
        slug
        for version in session.scalars(statement)
        for slug in courses_of(read_terms(json.loads(version.terms), version.recorded_at, version.effective_on).requirement)
    }
