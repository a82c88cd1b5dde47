"""Verbs of the last valid days of completions."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.rules import Outline
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import Completion, Enrolment
from enrolments.queries.validity import last_day_of
from kernel import audit
from kernel.permissions import Actor


def ensure_last_day(session: Session, enrolment: Enrolment, completion: Completion, outline: Outline) -> date | None:
    """Return the last valid day of a completion; one that a process of an older version recorded gets it now."""
    if completion.valid_until is None:
        completion.valid_until = last_day_of(session, enrolment, outline, completion.achieved_at or completion.completed_at)
    return completion.valid_until


def set_last_day(session: Session, actor: Actor, enrolment_id: int, valid_until: date | None, *, now: datetime) -> None:
    """Give the completion of a take another last valid day; what rests on it follows by jobs."""
    enrolment = session.get_one(Enrolment, enrolment_id, with_for_update=True)
    completion = session.execute(select(Completion).where(Completion.enrolment_id == enrolment_id)).scalar_one()
    days = {"before": str(completion.valid_until or ""), "after": str(valid_until or "")}
    completion.valid_until = valid_until
    audit.record(session, actor, EnrolmentVerb.VALIDITY_CHANGED, enrolment, now=now, person=enrolment.person_id, **days)
