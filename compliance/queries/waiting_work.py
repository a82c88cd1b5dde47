"""Queries of what waits for those who look after compulsory training: requests, and drafts and changes for a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from accounts.queries import list_administrators
from compliance.models import Obligation, PlannedChange
from compliance.queries.claim_lists import count_waiting, latest_waiting
from kernel.db import UtcDateTime
from kernel.permissions import Actor, ActorChannel, SiteRole
from organisations.models import TrainingGrant
from organisations.permissions import TrainingScope
from organisations.queries.training_scope import get_training_scope
from organisations.rules import TrainingRole


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """The work that waits for the decision of one person: requests, drafts and changes, and since when the newest of them waits."""

    requests: int
    drafts: int
    newest: datetime | None


def list_workers(session: Session) -> list[int]:
    """List the training officers and administrators, by their number."""
    officers = session.scalars(select(TrainingGrant.person_id).where(TrainingGrant.role == TrainingRole.OFFICER.value).distinct())
    return sorted({*officers, *list_administrators(session)})


def _drafts(person_id: int, scope: TrainingScope) -> Select[int, datetime | None]:
    """Select how many obligations wait for somebody as a second person, and since when the newest does.

    Drafts of others; for administrators also changes of others from before (spec/compulsory 4.5 and 4.8).
    """
    of_others = and_(Obligation.state == "draft", Obligation.created_by.is_distinct_from(person_id))
    past = and_(
        PlannedChange.obligation_id == Obligation.id,
        PlannedChange.state == "ready",
        PlannedChange.is_retroactive,
        PlannedChange.created_by.is_distinct_from(person_id),
    )
    since = func.max(func.coalesce(PlannedChange.created_at, Obligation.created_at), type_=UtcDateTime())
    statement = select(func.count(Obligation.id.distinct()), since).outerjoin(PlannedChange, past)
    if scope.everywhere:
        return statement.where(or_(of_others, PlannedChange.id.is_not(None)))
    return statement.where(of_others, Obligation.institution_id.in_(scope.officer))


def find_work(session: Session, person_id: int, administrators: Sequence[int]) -> WaitingWork:
    """Return what waits for a training officer or an administrator."""
    is_administrator = person_id in administrators
    roles = frozenset({SiteRole.ADMINISTRATOR} if is_administrator else ())
    actor = Actor(person_id=person_id, roles=roles, via=ActorChannel.JOB)
    scope = get_training_scope(session, actor)
    drafts, newest = session.execute(_drafts(person_id, scope)).one()
    latest = [moment for moment in (latest_waiting(session, scope, actor), newest) if moment is not None]
    return WaitingWork(count_waiting(session, scope, actor), drafts, max(latest, default=None))
