"""Reading the objections to a question for its correction log: outcomes and who decided, never who objected (spec/selection 2.6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from questions.models import QuestionVersion
from quizzes.models import RegradeDryRunRow
from selections.objection_models import Objection, ObjectionGroup, ObjectionProposal
from selections.queries.objections import IS_DECISION

MOST_LOGGED = 200


@dataclass(frozen=True, slots=True)
class LoggedObjectionsRow:
    """Objections to a version that are decided together: how many, when, and what was decided by whom; '' and None before that."""

    opened_at: datetime
    decided_at: datetime | None
    version: int
    objections: int
    outcome: str
    ground: str
    proposed_by: str
    decided_by: str
    attempts: int
    """Whose marks the outcome changed."""


def list_logged_objections(session: Session, question_id: int) -> list[LoggedObjectionsRow]:
    """List the objections to all versions of a question, the newest first; where all were withdrawn there is nothing to tell."""
    proposer, decider = aliased(Person), aliased(Person)
    counted = (
        select(func.count(Objection.id)).where(Objection.group_id == ObjectionGroup.id, Objection.withdrawn_at.is_(None)).scalar_subquery()
    )
    changed = (
        select(func.count(RegradeDryRunRow.attempt_id))
        .where(RegradeDryRunRow.regrade_id == ObjectionProposal.regrade_id, RegradeDryRunRow.changed)
        .scalar_subquery()
    )
    statement = (
        select(ObjectionGroup, QuestionVersion.number, counted.label("objections"), ObjectionProposal, proposer, decider, changed)
        .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .outerjoin(proposer, proposer.id == ObjectionProposal.proposed_by)
        .outerjoin(decider, decider.id == ObjectionProposal.answered_by)
        .where(QuestionVersion.question_id == question_id, counted > 0)
        .order_by(ObjectionGroup.id.desc())
        .limit(MOST_LOGGED)
    )
    return [
        LoggedObjectionsRow(
            opened_at=group.opened_at,
            decided_at=group.decided_at,
            version=version,
            objections=objections,
            outcome=proposal.outcome if proposal else "",
            ground=proposal.ground if proposal else "",
            proposed_by=proposed_by.full_name if proposed_by else "",
            decided_by=decided_by.full_name if decided_by else "",
            attempts=attempts,
        )
        for group, version, objections, proposal, proposed_by, decided_by, attempts in session.execute(statement)
    ]
