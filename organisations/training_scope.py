"""The places for which somebody looks after, audits or heads compulsory training: read as scopes, granted and ended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Row, Select, and_, delete, exists, literal, or_, select, union, union_all
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import Standing, by_name
from kernel import audit
from kernel.errors import N_
from kernel.permissions import Actor, ActorChannel
from organisations import audiences
from organisations.access import AudienceContext, TrainingScope
from organisations.models import Employment, Membership, Organisation, OrganisationAbove, TrainingGrant, UnitManager
from organisations.rules.units import TrainingRole, UnitSummary, lineage
from organisations.tree import PRESENT

_HEAD = "head"
_ABOVE = "above"


def training_standings() -> tuple[Standing, Standing]:
    """Return the standings of training officers and auditors of any place."""
    return Standing("is_training_officer", _holds(TrainingRole.OFFICER)), Standing("is_auditor", _holds(TrainingRole.AUDITOR))


def _holds(role: TrainingRole) -> ColumnElement[bool]:
    return exists().where(TrainingGrant.person_id == Person.id, TrainingGrant.role == role.value)


def get_training_scope(session: Session, actor: Actor, places: Mapping[int, UnitSummary] | None = None) -> TrainingScope:
    """Return for which places the actor looks after, audits or heads compulsory training: in one statement, in none for learners.

    With the places as they stood on a past day, by their numbers, it is what of that day they see.
    """
    everywhere = actor.is_administrator
    has_grants = actor.is_training_officer or actor.is_auditor or actor.manages_units
    if actor.person_id is None or (actor.via is ActorChannel.WEB and not has_grants):
        return TrainingScope(everywhere)
    by_standing = defaultdict[str, set[int]](set)
    if places is None:
        for standing, unit_id in session.execute(_reach(actor.person_id)):
            by_standing[standing].add(unit_id)
    else:
        parents = {number: unit.parent_id for number, unit in places.items()}
        for standing, root in session.execute(_granted(actor.person_id)):
            by_standing[standing] |= {unit_id for unit_id in parents if root in lineage(parents, unit_id)}
            by_standing[_ABOVE] |= set(lineage(parents, root))
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
    roots = _granted(person_id).cte("granted")
    down = select(roots.c.standing, OrganisationAbove.unit_id).join(OrganisationAbove, OrganisationAbove.above_id == roots.c.place)
    up = select(literal(_ABOVE), OrganisationAbove.above_id).join(roots, OrganisationAbove.unit_id == roots.c.place)
    both = union(down, up).subquery()
    return select(both.c.standing, both.c.unit_id)


def _granted(person_id: int) -> CompoundSelect[str, int]:
    return union_all(
        select(literal(_HEAD).label("standing"), UnitManager.organisation_id.label("place")).where(UnitManager.person_id == person_id),
        select(TrainingGrant.role, TrainingGrant.organisation_id).where(TrainingGrant.person_id == person_id),
    )


def in_places(person_id: ColumnElement[int], places: Collection[int] | Select[int]) -> ColumnElement[bool]:
    """Return the condition that a person belongs to one of some places or, belonging nowhere now, worked at one (spec/compulsory 16)."""
    present = select(Membership.person_id).where(PRESENT)
    worked = select(Employment.person_id).where(Employment.retracted_at.is_(None), Employment.institution_id.in_(places))
    belongs = person_id.in_(present.where(Membership.organisation_id.in_(places)))
    return or_(belongs, and_(person_id.in_(worked), person_id.not_in(present)))


def list_audited_institutions(session: Session, actor: Actor) -> frozenset[int]:
    """Return the institutions for which, or for a part of which, the actor is auditor: in no statement for those who are none."""
    if not actor.is_auditor:
        return frozenset()
    granted = select(TrainingGrant.organisation_id).where(
        TrainingGrant.person_id == actor.person_id, TrainingGrant.role == TrainingRole.AUDITOR.value
    )
    above = select(OrganisationAbove.above_id).where(OrganisationAbove.unit_id.in_(granted))
    return frozenset(session.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None), Organisation.id.in_(above))))


def list_audited_roots(session: Session, places: Collection[int]) -> Sequence[int]:
    """Return those of some places that stand below none of the others."""
    upper = or_(Organisation.parent_id.is_(None), Organisation.parent_id.not_in(places))
    return session.scalars(select(Organisation.id).where(Organisation.id.in_(places), upper)).all() if places else ()


def list_training_places(
    session: Session, people: Collection[int], belonging: Sequence[ColumnElement[bool]] = (PRESENT,)
) -> dict[int, frozenset[int]]:
    """Return the places by which it is decided who sees the training of some people: their present ones, or those of a past day.

    Who has none any more counts for the institutions where they worked: heads of units see them no longer, who looks after the
    compulsory training of the whole institution does.
    """
    units_of = defaultdict[int, set[int]](set)
    present = select(Membership.person_id, Membership.organisation_id).where(Membership.person_id.in_(people), *belonging)
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


def list_training_grants(session: Session, organisation_id: int) -> Sequence[Row[Person, str]]:
    """List the training officers of a place itself and then its auditors, by name, each with the role."""
    statement = (
        select(Person, TrainingGrant.role)
        .join(TrainingGrant, TrainingGrant.person_id == Person.id)
        .where(TrainingGrant.organisation_id == organisation_id)
        .order_by(TrainingGrant.role.desc(), *by_name())
        .limit(200)
    )
    return session.execute(statement).all()


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


class TrainingGrantVerb(
    audit.Verb,
    facts={
        "training_grant.ended reason": N_("Name"),
        "training_grant.given reason": N_("Name"),
    },
):
    """The audit-log verbs of grants over compulsory training."""

    GIVEN = "training_grant.given", N_("Named a training officer or auditor")
    ENDED = "training_grant.ended", N_("No longer training officer or auditor")


def give_training_role(session: Session, actor: Actor, unit: Organisation, person: Person, role: TrainingRole, *, now: datetime) -> None:
    """Let a person look after or audit the compulsory training of a place and of what stands below it; a second time changes nothing."""
    if session.get(TrainingGrant, (person.id, role.value, unit.id)) is None:
        session.add(
            TrainingGrant(person_id=person.id, role=role.value, organisation_id=unit.id, granted_at=now, granted_by=actor.person_id)
        )
        session.flush()
        _note(session, actor, TrainingGrantVerb.GIVEN, unit, person, role, now=now)


def end_training_role(session: Session, actor: Actor, unit: Organisation, person: Person, role: TrainingRole, *, now: datetime) -> None:
    """Let a person no longer look after or audit the compulsory training of a place; a second time changes nothing."""
    gone = delete(TrainingGrant).where(
        TrainingGrant.person_id == person.id, TrainingGrant.role == role.value, TrainingGrant.organisation_id == unit.id
    )
    if session.scalar(gone.returning(TrainingGrant.person_id)) is not None:
        _note(session, actor, TrainingGrantVerb.ENDED, unit, person, role, now=now)


def _note(
    session: Session,
    actor: Actor,
    verb: TrainingGrantVerb,
    organisation: Organisation,
    person: Person,
    role: TrainingRole,
    *,
    now: datetime,
) -> None:
    audit.record(session, actor, verb, person, now=now, organisation=organisation.id, name=organisation.name, role=role.value)


def transfer_training_roles(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the grants of the one that closes."""
    for _person, role, unit in list_granted_places(session, [closed.id]):
        end_training_role(session, actor, unit, closed, role, now=now)
        give_training_role(session, actor, unit, remaining, role, now=now)


def get_audience_context(session: Session, actor: Actor, audience: UUID) -> AudienceContext:
    """Return an audience by what addresses name it, with the actor's grants; raise NotFound."""
    row = audiences.get_audience(session, audience)
    return AudienceContext(row, None, frozenset({row.institution_id}), get_training_scope(session, actor))


def get_audience_list_context(session: Session, actor: Actor, people_list: UUID) -> AudienceContext:
    """Return an uploaded list by what addresses name it, with the actor's grants; raise NotFound."""
    row = audiences.get_audience_list(session, people_list)
    return AudienceContext(None, row, frozenset({row.institution_id}), get_training_scope(session, actor))


def get_audiences_context(session: Session, actor: Actor) -> AudienceContext:
    """Return the institutions with the actor's grants, for the pages of all audiences."""
    institutions = frozenset(session.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None))))
    return AudienceContext(None, None, institutions, get_training_scope(session, actor))


def seen_institutions(context: AudienceContext) -> frozenset[int]:
    """Return the institutions whose audiences the actor sees."""
    return context.places if context.scope.everywhere else context.places & (context.scope.officer | context.scope.auditor)


def edited_institutions(scope: TrainingScope, institutions: frozenset[int]) -> frozenset[int]:
    """Return the institutions whose audiences the actor makes and changes."""
    return institutions if scope.everywhere else institutions & scope.officer
