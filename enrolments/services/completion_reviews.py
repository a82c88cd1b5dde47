"""Decisions on superseded takes that would have been completed then, by what was marked later (spec/compulsory 6.5)."""

from datetime import datetime

from sqlalchemy.orm import Session

from courses.versions import get_outline
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import CompletionReview
from enrolments.rules import evaluate_completion
from enrolments.services.progress import lock_enrolment, record_completion
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


def settle_review(session: Session, actor: Actor, row: CompletionReview, reason: str, *, records: bool, now: datetime) -> None:
    """Record the completion of a superseded take, with its certificate, or leave it as it is; raise Conflict.

    A completion is recorded only while the results still suffice.
    """
    if row.settled_at is not None:
        raise Conflict(N_("This has already been decided."))
    locked = lock_enrolment(session, row.enrolment_id)
    row.settled_at, row.settled_by, row.recorded, row.reason = now, actor.person_id, records, reason
    facts = {"recorded": records, "reason": reason, "enrolment": row.enrolment_id}
    audit.record(session, actor, EnrolmentVerb.COMPLETION_SETTLED, row, now=now, **facts)
    if records and not locked.is_completed:
        outline = get_outline(session, locked.enrolment.course_version_id)
        if not evaluate_completion(outline, locked.results(), now).completed:
            raise Conflict(N_("The results no longer complete the course."))
        record_completion(session, actor, locked.enrolment, outline, row.achieved_at, now=now)
