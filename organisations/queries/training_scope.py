"""Reading for which places somebody looks after, audits or heads compulsory training."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, exists, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import by_name
from kernel.permissions import Actor, ActorChannel
from organisations.models import Employment, Membership, Organisation, TrainingGrant, UnitManager
from organisations.permissions import TrainingScope
from organisations.queries.tree import PRESENT
from organisations.rules import TrainingRole

_HEAD = "head"
_ABOVE = "above"


def training_standings() -> Mapping[str, ColumnElement[bool]]:
    """Return the conditions that a person of the statement is training officer or auditor of some place, by the actor's fields."""
    return {"is_training_officer": _holds(TrainingRole.OFFICER), "is_auditor": _holds(TrainingRole.AUDITOR)}


def _holds(role: TrainingRole) -> ColumnElement[bool]:
    return exists().where(TrainingGrant.person_id == Person.id, TrainingGrant.role == role.value)


def get_training_scope(session: Session, actor: Actor) -> TrainingScope:
    """Return for which places the actor looks after, audits or heads compulsory training: in one statement, in none for learners."""
    everywhere = actor.is_administrator
    has_grants = actor.is_training_officer or actor.is_auditor or actor.manages_units
    if actor.person_id is None or (actor.via is ActorChannel.WEB and not has_grants):
        return TrainingScope(everywhere)
    by_standing = defaultdict[str, set[int]](set)
    for standing, unit_id in session.execute(_reach(actor.person_id)):
        by_standing[standing].add(unit_id)
    held = {standing: frozenset(places) for standing, places in by_standing.items()}
    nothing = frozenset[int]()
    return TrainingScope(
        everywhere,
        heads=held.get(_HEAD, nothing),
        officer=held.get(TrainingRole.OFFICER, nothing),
        auditor=held.get(TrainingRole.AUDITOR, nothing),
        above=held.get(_ABOVE, nothing),
    )


def _reach(person_id: int) -> Select[str, int]:
    """Select each place with what somebody is there: down from those of their grants, and those that stand above them."""
    roots = union_all(
        select(literal(_HEAD).label("standing"), UnitManager.organisation_id.label("place")).where(UnitManager.person_id == person_id),
        select(TrainingGrant.role, TrainingGrant.organisation_id).where(TrainingGrant.person_id == person_id),
    ).cte("granted")
    down = _down(roots)
    up = select(Organisation.id, Organisation.parent_id).join(roots, Organisation.id == roots.c.place).cte("lineage", recursive=True)
    upper = aliased(Organisation)
    up = up.union(select(upper.id, upper.parent_id).join(up, upper.id == up.c.parent_id))
    both = union_all(select(down.c.standing, down.c.place), select(literal(_ABOVE), up.c.id)).subquery()
    return select(both.c.standing, both.c.place)


def _down(roots: CTE) -> CTE:
    base = select(roots.c.standing, roots.c.place).cte("reach", recursive=True)
    return base.union(select(base.c.standing, Organisation.id).join(base, Organisation.parent_id == base.c.place))


def list_training_places(session: Session, people: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the places by which it is decided who sees the training of some people: their present ones.

    Who has none any more counts for the institutions where they worked: heads of units see them no longer, who looks after the
    compulsory training of the whole institution does.
    """
    units_of = defaultdict[int, set[int]](set)
    present = select(Membership.person_id, Membership.organisation_id).where(Membership.person_id.in_(people), PRESENT)
    for person, unit_id in session.execute(present):
        units_of[person].add(unit_id)
    left = [person for person in people if person not in units_of]
    if left:
        worked = select(Employment.person_id, Employment.institution_id).where(
            Employment.person_id.in_(left), Employment.retracted_at.is_(None)
        )
        for person, unit_id in session.execute(worked):
            units_of[person].add(unit_id)
    return {person: frozenset(units_of[person]) for person in people}


@dataclass(frozen=True, slots=True)
class TrainingGrantRow:
    """A training officer or auditor of a place."""

    uuid: UUID
    name: str
    role: TrainingRole
    granted_at: datetime


def list_training_grants(session: Session, organisation_id: int) -> list[TrainingGrantRow]:
    """List the training officers of a place itself and then its auditors, by name."""
    statement = (
        select(Person, TrainingGrant.role, TrainingGrant.granted_at)
        .join(TrainingGrant, TrainingGrant.person_id == Person.id)
        .where(TrainingGrant.organisation_id == organisation_id)
        .order_by(TrainingGrant.role.desc(), *by_name())
        .limit(200)
    )
    return [
        TrainingGrantRow(row.Person.uuid, row.Person.full_name, TrainingRole(row.role), row.granted_at)
        for row in session.execute(statement)
    ]


def list_granted_places(
    session: Session, people: Collection[int], there: Select[int] | None = None
) -> list[tuple[int, TrainingRole, Organisation]]:
    """List the grants over compulsory training of some people: who, which, for which place; with `there` of these places alone."""
    statement = (
        select(TrainingGrant.person_id, TrainingGrant.role, Organisation)
        .join(Organisation, Organisation.id == TrainingGrant.organisation_id)
        .where(TrainingGrant.person_id.in_(people))
        .order_by(TrainingGrant.person_id, TrainingGrant.role, Organisation.id)
    )
    rows = session.execute(statement if there is None else statement.where(TrainingGrant.organisation_id.in_(there)))
    return [(person, TrainingRole(role), unit) for person, role, unit in rows]
