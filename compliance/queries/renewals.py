"""Queries of what somebody may take again because an obligation asks for it (spec/compulsory 6.2)."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation, ObligationVersion
from compliance.queries.records import ObligationRules, get_rules, load_records
from compliance.rules.documents import read_requirement
from compliance.rules.record import first_instant
from compliance.rules.states import TrainingState
from compliance.rules.status import renewable_courses, status_of, training_case
from compliance.rules.terms import courses_of
from compliance.take_permissions import RenewalContext
from courses.models import Course
from enrolments.awards import find_own_renewal
from enrolments.learners import get_learner_context
from enrolments.models import Completion, Enrolment
from enrolments.takes import RenewalWindow
from kernel import clock
from kernel.permissions import Actor


def get_renewal(session: Session, actor: Actor, slug: str) -> RenewalContext:
    """Return the actor before a course that they may have completed; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    statement = (
        select(Enrolment, Completion.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == context.course_id, Enrolment.person_id == actor.person_id, Enrolment.superseded_at.is_(None))
    )
    row = session.execute(statement).one_or_none()
    if row is None or actor.person_id is None:
        return RenewalContext(context.course_id, slug, None, None, is_under_way=False)
    present, completion = row
    window = None if completion is None else _window(session, actor.person_id, context.course_id, slug, now=clock.now())
    return RenewalContext(context.course_id, slug, present, window, is_under_way=completion is None and present.take > 1)


def _window(session: Session, person_id: int, course_id: int, slug: str, *, now: datetime) -> RenewalWindow | None:
    """Return the open window of an obligation, else that of the certificate where no obligation rules (spec/certificates E3)."""
    obligated = find_window(session, person_id, slug, now=now)
    own = find_own_renewal(session, person_id, course_id) if obligated is None else None
    return own.window if own is not None and own.is_open(now) else obligated


def list_ruled_courses(session: Session, person_id: int) -> Collection[int]:
    """Return the courses that obligations in force ask of a person, done or not: there their windows rule, not those of certificates."""
    texts = session.scalars(_RULING, {"person": person_id})
    slugs = {slug for text in texts for slug in courses_of(read_requirement(json.loads(text)))}
    return set(session.scalars(select(Course.id).where(Course.slug.in_(slugs)))) if slugs else ()


_RULING = (
    select(ObligationVersion.terms)
    .join(Obligation, (Obligation.id == ObligationVersion.obligation_id) & (ObligationVersion.number == Obligation.latest))
    .join(Assignment, Assignment.obligation_id == Obligation.id)
    .where(Assignment.person_id == bindparam("person"), Assignment.state != TrainingState.NOT_REQUIRED.value, Obligation.state != "draft")
)


def find_window(session: Session, person_id: int, slug: str, *, now: datetime) -> RenewalWindow | None:
    """Return since when a person may take a course again because an obligation asks for it; None where none does now."""
    statement = select(Obligation).join(Assignment, Assignment.obligation_id == Obligation.id)
    mine = statement.where(Assignment.person_id == person_id, Obligation.state != "draft").order_by(Obligation.id)
    opened = [_opened_at(session, get_rules(session, row), person_id, slug, now=now) for row in session.scalars(mine)]
    return RenewalWindow(min(moments)) if (moments := [moment for moment in opened if moment is not None]) else None


def _opened_at(session: Session, rules: ObligationRules, person_id: int, slug: str, *, now: datetime) -> datetime | None:
    if slug not in rules.courses.values():
        return None
    case = training_case(rules.terms, load_records(session, rules, [person_id])[person_id], now)
    if slug not in renewable_courses(case, now):
        return None
    status = status_of(case, now)
    return now if status.opened_on is None else min(now, first_instant(status.opened_on, status.zone))
