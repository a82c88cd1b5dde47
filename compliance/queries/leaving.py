"""Queries of what keeps somebody in a course: an obligation in force by which they take it (spec/compulsory 4.9)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Assignment, CycleEnrolment, Obligation, ObligationVersion
from compliance.queries.assignments import state_at
from compliance.rules.states import NEEDED
from enrolments.models import Enrolment
from enrolments.takes import LeavingObstacle


def list_keeping(session: Session, enrolment: Enrolment, now: datetime) -> list[LeavingObstacle]:
    """List the obligations in whose present cycle the learner of an enrolment takes the course and has something left to do."""
    statement = (
        select(ObligationVersion.title, Assignment.uuid)
        .join(Obligation, (Obligation.id == ObligationVersion.obligation_id) & (Obligation.latest == ObligationVersion.number))
        .join(Assignment, Assignment.obligation_id == Obligation.id)
        .join(CycleEnrolment, (CycleEnrolment.assignment_id == Assignment.id) & (CycleEnrolment.cycle == Assignment.cycle))
        .where(CycleEnrolment.enrolment_id == enrolment.id, Assignment.person_id == enrolment.person_id)
        .where(state_at(now).in_([state.value for state in NEEDED]))
        .order_by(Assignment.id)
    )
    return [LeavingObstacle(title, uuid) for title, uuid in session.execute(statement)]
