"""Approving the parallel forms of a published quiz: by two editors, each once, for as long as its version stands (spec/selection 1.21)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses.models import Course
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.queries import attempts as queries
from quizzes.queries.form_approvals import list_approvals
from quizzes.selection_models import FormApproval

APPROVALS = 2
"""Editors that approve the forms of a quiz, at most."""


class FormApprovalVerb(StrEnum):
    """The audit verbs of approving parallel forms."""

    APPROVED = "forms.approved"


class FormsChanged(Conflict):
    """The forms that were looked at are not those of the published quiz, or it has none."""

    code = "forms_changed"
    message = N_("The quiz was published again in the meantime. Look at its forms before you approve them.")


class FormsApproved(Conflict):
    """Forms that two others have approved, or the same editor."""

    code = "forms_approved"
    message = N_("These forms are approved already.")


def approve_forms(session: Session, actor: Actor, course: Course, key: str, quiz_version_id: int, *, now: datetime) -> None:
    """Approve the parallel forms of a quiz version that is published; raise FormsChanged or FormsApproved. The course is locked."""
    assert actor.person_id is not None
    snapshot = queries.find_published_snapshot(session, course, key)
    if snapshot is None or snapshot.quiz_version_id != quiz_version_id or snapshot.balance is None or not snapshot.balance.forms:
        raise FormsChanged
    approvals = list_approvals(session, quiz_version_id)
    if len(approvals) >= APPROVALS or actor.person_id in [approval.person_id for approval in approvals]:
        raise FormsApproved
    session.add(FormApproval(quiz_version_id=quiz_version_id, approved_by=actor.person_id, approved_at=now))
    audit.record(session, actor, FormApprovalVerb.APPROVED, course, now=now, activity=key)
