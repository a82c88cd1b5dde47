"""Reading who approved the parallel forms of a quiz."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from quizzes.selection_models import FormApproval


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An approval of forms: by whom, and when."""

    person_id: int
    name: str
    at: datetime


def list_approvals(session: Session, quiz_version_id: int) -> list[ApprovalRow]:
    """List the approvals of a quiz version's parallel forms, the first one first."""
    statement = (
        select(Person.id, Person.given_names, Person.first_surname, Person.second_surname, FormApproval.approved_at)
        .join(FormApproval, FormApproval.approved_by == Person.id)
        .where(FormApproval.quiz_version_id == quiz_version_id)
        .order_by(FormApproval.id)
    )
    return [
        ApprovalRow(row.id, full_name(row.given_names, row.first_surname, row.second_surname), row.approved_at)
        for row in session.execute(statement)
    ]
