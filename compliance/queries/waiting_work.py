"""Queries of what waits for those who look after compulsory training: requests, and drafts and changes for a second person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Person
from accounts.people import by_name, list_administrators
from compliance.models import Obligation, PlannedChange
from compliance.queries.claim_lists import count_waiting, latest_waiting
from kernel.db import UtcDateTime
from kernel.permissions import Actor, ActorChannel, SiteRole
from organisations.access import TrainingScope
from organisations.models import Audience, TrainingGrant
from organisations.rules.units import TrainingRole
from organisations.training_scope import get_training_scope

MOST_NAMED = 100


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


def list_second_persons(session: Session, institution_id: int | None, authors: Collection[int | None]) -> list[str]:
    """Return the names of those who may apply what its authors may not."""
    return [person.full_name for person in find_second_persons(session, institution_id, authors)]


def find_second_persons(session: Session, institution_id: int | None, authors: Collection[int | None]) -> Sequence[Person]:
    """Return who may apply what its authors may not: officers of an institution, and administrators."""
    officers = select(TrainingGrant.person_id).where(
        TrainingGrant.role == TrainingRole.OFFICER.value, TrainingGrant.organisation_id == institution_id
    )
    may = or_(Person.id.in_(officers), Person.id.in_(list_administrators(session)))
    statement = select(Person).where(
        may, Person.suspended_at.is_(None), Person.id.not_in([author for author in authors if author is not None])
    )
    return session.scalars(statement.order_by(*by_name()).limit(MOST_NAMED)).all()


def _drafts(person_id: int, scope: TrainingScope) -> Select[int, datetime | None]:
    """Select how many drafts of others wait for somebody as a second person, and since when the newest does (spec/compulsory 4.8)."""
    statement = select(func.count(Obligation.id), func.max(Obligation.created_at, type_=UtcDateTime()))
    of_others = (Obligation.state == "draft", Obligation.created_by.is_distinct_from(person_id))
    return statement.where(*of_others, *_reach(scope, Obligation.institution_id))


def _reach(scope: TrainingScope, institution: ColumnElement[int] | InstrumentedAttribute[int]) -> list[ColumnElement[bool]]:
    return [] if scope.everywhere else [institution.in_(scope.officer)]


def _waiting(scope: TrainingScope) -> list[ColumnElement[bool]]:
    """Return the conditions of a change that only a second person applies, and that nothing has overtaken (spec/compulsory 4.5)."""
    is_present = or_(
        PlannedChange.based_on == Obligation.edited,
        and_(Obligation.id.is_(None), PlannedChange.based_on == Audience.latest),
        PlannedChange.kind == "free_day",
    )
    waits = (PlannedChange.state == "ready", PlannedChange.second_person != "", PlannedChange.kind != "activate")
    return [*waits, is_present, *_reach(scope, Audience.institution_id)]


def list_waiting_changes(
    session: Session, scope: TrainingScope, *conditions: ColumnElement[bool]
) -> list[tuple[PlannedChange, Audience | None]]:
    """List the changes that wait for a second person in a scope and fulfil some conditions, the oldest first."""
    statement = select(PlannedChange, Audience).outerjoin(Audience, Audience.id == PlannedChange.audience_id)
    statement = statement.outerjoin(Obligation, Obligation.id == PlannedChange.obligation_id).where(*_waiting(scope), *conditions)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(PlannedChange.id).limit(MOST_NAMED))]


def _changes(person_id: int, scope: TrainingScope) -> Select[int, datetime | None]:
    """Select how many changes of others wait for somebody as a second person, and since when the newest does."""
    statement = select(func.count(PlannedChange.id), func.max(PlannedChange.created_at, type_=UtcDateTime()))
    statement = statement.outerjoin(Audience, Audience.id == PlannedChange.audience_id)
    statement = statement.outerjoin(Obligation, Obligation.id == PlannedChange.obligation_id)
    return statement.where(PlannedChange.created_by.is_distinct_from(person_id), *_waiting(scope))


def find_work(session: Session, person_id: int, administrators: Sequence[int]) -> WaitingWork:
    """Return what waits for a training officer or an administrator."""
    is_administrator = person_id in administrators
    roles = frozenset({SiteRole.ADMINISTRATOR} if is_administrator else ())
    actor = Actor(person_id=person_id, roles=roles, via=ActorChannel.JOB)
    scope = get_training_scope(session, actor)
    counted = [session.execute(statement).one() for statement in (_drafts(person_id, scope), _changes(person_id, scope))]
    latest = [moment for moment in (latest_waiting(session, scope, actor), *(row[1] for row in counted)) if moment is not None]
    return WaitingWork(count_waiting(session, scope, actor), sum(row[0] for row in counted), max(latest, default=None))
