"""Reading and locking the tree: its places, who belongs where and who manages what."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BindParameter, ColumnElement, Row, Select, and_, bindparam, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import by_name, name_matches
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import require_found
from kernel.permissions import Actor
from organisations.access import ManagedUnits, UnitContext
from organisations.models import Employment, Membership, Organisation, Post, UnitManager
from organisations.rules.units import OrganisationKind, UnitSummary, in_order

MOST_PLACES = 5_000
PRESENT = Membership.until.is_(None)
"""Every present place of a person, the further ones too: for what somebody may see and do."""
EMPLOYED = and_(Employment.retracted_at.is_(None), Employment.left_on.is_(None))
"""Who works at an institution, as far as its lists say; a last day in the future is still to come."""
MAIN = and_(PRESENT, Membership.is_main)
"""The one present place in which a person is counted (spec/compulsory 2.4)."""


def below(roots: Select[int]) -> Select[int]:
    """Select the numbers of some places and of everything that stands below them."""
    base = roots.cte("subtree", recursive=True)
    step = select(Organisation.id).join(base, Organisation.parent_id == base.c[0])
    return select(base.union(step).c[0])


def _above(unit_id: ColumnElement[int]) -> CTE:
    base = select(Organisation.id, Organisation.parent_id).where(Organisation.id == unit_id).cte("lineage", recursive=True)
    upper = aliased(Organisation)
    return base.union(select(upper.id, upper.parent_id).join(base, upper.id == base.c.parent_id))


def former_members_condition(person_id: int) -> CTE:
    """Select the units to which a person belongs or belonged, and those above them: id, since, until."""
    own = (
        select(Organisation.id, Organisation.parent_id, Membership.since, Membership.until)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id)
        .cte("stood", recursive=True)
    )
    upper = aliased(Organisation)
    return own.union(select(upper.id, upper.parent_id, own.c.since, own.c.until).join(own, upper.id == own.c.parent_id))


def belongs_to(is_unit: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a person of the statement belongs to a place that is so, or to something below it."""
    members = select(Membership.person_id).where(PRESENT, Membership.organisation_id.in_(below(select(Organisation.id).where(is_unit))))
    return Person.id.in_(members)


def managed_by(person_id: int | None) -> Select[int]:
    """Select the units of which a person is named manager."""
    return select(UnitManager.organisation_id).where(UnitManager.person_id == person_id)


def manages_something() -> ColumnElement[bool]:
    """Return the condition that a person of the statement manages a place."""
    return exists().where(UnitManager.person_id == Person.id)


def place_of(row: Organisation | Row[*tuple[Any, ...]]) -> UnitSummary:
    """Return a place as rules take it."""
    kind = OrganisationKind(row.kind)
    return UnitSummary(
        row.id,
        row.uuid,
        row.parent_id,
        kind=kind,
        name=row.name,
        name_key=row.name_key,
        code=row.code or "",
        closed=row.closed_at is not None,
        zone=row.zone,
    )


_TREE = (
    select(
        Organisation.id,
        Organisation.uuid,
        Organisation.parent_id,
        Organisation.kind,
        Organisation.name,
        Organisation.name_key,
        Organisation.code,
        Organisation.closed_at,
        Organisation.zone,
    )
    .order_by(Organisation.id)
    .limit(MOST_PLACES)
)


def list_tree(session: Session) -> list[UnitSummary]:
    """Return the whole tree as it is in the database, in one statement."""
    return [place_of(row) for row in connection_of(session).execute(_TREE)]


def unit_options(session: Session) -> list[tuple[UUID, str]]:
    """Return all units to choose from by a filter, each below its own and set in by its depth."""
    return [(row.place.uuid, "\u00a0" * 2 * row.depth + row.place.name) for row in in_order(list_tree(session))]


def count_members(session: Session) -> dict[int, int]:
    """Count whose main place each one is, in one statement: who has several is counted once."""
    statement = select(Membership.organisation_id, func.count()).where(MAIN).group_by(Membership.organisation_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def list_headless(session: Session, institution: int | None) -> list[UnitSummary]:
    """List the open units of an institution to which people belong and that nobody heads; none where heads are not kept at all."""
    if institution is None or not session.scalar(select(exists().where(UnitManager.is_head))):
        return []
    there = Organisation.id.in_(below(select(Organisation.id).where(Organisation.id == institution)))
    headed = exists().where(UnitManager.organisation_id == Organisation.id, UnitManager.is_head)
    peopled = exists().where(Membership.organisation_id == Organisation.id, PRESENT)
    statement = select(Organisation).where(there, Organisation.closed_at.is_(None), ~headed, peopled)
    return [place_of(row) for row in session.scalars(statement.order_by(Organisation.name_key, Organisation.id).limit(200))]


def get_organisation(session: Session, _actor: Actor, organisation: UUID) -> Organisation:
    """Return a place by what addresses name it; raise NotFound."""
    return require_found(session.scalar(select(Organisation).where(Organisation.uuid == organisation)))


_MANAGES = compile_once(
    select(
        exists().where(
            UnitManager.person_id == bindparam("person_id"),
            UnitManager.organisation_id.in_(select(_above(bindparam("place")).c.id)),
        )
    )
)


def get_unit_context(session: Session, actor: Actor, organisation: UUID) -> UnitContext:
    """Return a place and whether the actor manages it, or something above it; raise NotFound."""
    unit = get_organisation(session, actor, organisation)
    return UnitContext(unit, bool(connection_of(session).scalar(_MANAGES, {"place": unit.id, "person_id": actor.person_id})))


def get_own_places(session: Session, actor: Actor) -> ManagedUnits:
    """Return the places of which the actor is named manager, by name."""
    statement = (
        select(Organisation).where(Organisation.id.in_(managed_by(actor.person_id))).order_by(Organisation.name_key, Organisation.id)
    )
    return ManagedUnits(tuple(place_of(row) for row in session.scalars(statement.limit(MOST_PLACES))))


def list_path(session: Session, organisation_id: int) -> list[UnitSummary]:
    """Return a place and what stands above it, from the institution down, in one statement."""
    lineage = _above(literal(organisation_id))
    rows = {row.id: place_of(row) for row in session.scalars(select(Organisation).where(Organisation.id.in_(select(lineage.c.id))))}
    path, at = list[UnitSummary](), rows.get(organisation_id)
    while at is not None:
        path.append(at)
        at = rows.get(at.parent_id) if at.parent_id is not None else None
    return path[::-1]


def list_members(
    session: Session, organisation_id: int, query: str, *, offset: int, limit: int
) -> Sequence[Row[Person, Membership, str | None, str | None]]:
    """List those who belong to a place itself, as their main or a further one, by name, each with their post and their staff number."""
    number = select(func.max(Employment.staff_number)).where(Employment.person_id == Person.id, EMPLOYED).scalar_subquery()
    statement = (
        select(Person, Membership, Post.name, number)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(PRESENT, Membership.organisation_id == organisation_id, *name_matches(query, with_address=True))
        .order_by(*by_name())
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def is_head(session: Session, unit: Organisation, person_id: int) -> bool:
    """Say whether a person heads a place."""
    row = session.get(UnitManager, (unit.id, person_id))
    return row is not None and row.is_head


def list_managers(session: Session, organisation_id: int) -> Sequence[Row[Person, bool]]:
    """List those who are named manager of a place itself, by name, and whether they head it."""
    statement = (
        select(Person, UnitManager.is_head)
        .join(UnitManager, UnitManager.person_id == Person.id)
        .where(UnitManager.organisation_id == organisation_id)
        .order_by(UnitManager.is_head.desc(), *by_name())
        .limit(200)
    )
    return session.execute(statement).all()


def list_managed(session: Session, person_id: int) -> list[UnitSummary]:
    """List the places of which a person is named manager."""
    return list(get_own_places(session, Actor(person_id=person_id)).places)


def list_memberships(session: Session, person_id: int) -> Sequence[Row[Organisation, Membership, str | None]]:
    """List the places of a person with the post there, the present ones first and of these the main one; not what never was true."""
    statement = (
        select(Organisation, Membership, Post.name.label("post"))
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(Membership.person_id == person_id, Membership.retracted_at.is_(None))
        .order_by(PRESENT.desc(), Membership.is_main.desc(), Membership.since.desc(), Membership.id.desc())
        .limit(50)
    )
    return session.execute(statement).all()


def list_employments(session: Session, person_id: int) -> Sequence[Row[Organisation, Employment]]:
    """List the institutions at which a person works or worked, as their lists say, the present first; not what was retracted."""
    statement = (
        select(Organisation, Employment)
        .join(Organisation, Organisation.id == Employment.institution_id)
        .where(Employment.person_id == person_id, Employment.retracted_at.is_(None))
        .order_by(Employment.left_on.is_not(None), Employment.left_on.desc(), Employment.id.desc())
        .limit(50)
    )
    return session.execute(statement).all()


def belongs(person_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Say in SQL that a person belongs to an institution, one of its provinces or one of its units at present."""
    return exists().where(Membership.person_id == person_id, PRESENT)


def find_place(session: Session, person_id: int) -> Membership | None:
    """Return the main place of a person now."""
    return session.scalar(select(Membership).where(Membership.person_id == person_id, MAIN))


def find_neighbour(session: Session, parent_id: int | None, name_key: str) -> int | None:
    """Return the number of what stands directly under a place with a folded name."""
    same = Organisation.parent_id.is_(None) if parent_id is None else Organisation.parent_id == parent_id
    return session.scalar(select(Organisation.id).where(same, Organisation.name_key == name_key))


def has_below(session: Session, organisation_id: int) -> bool:
    """Say whether anything stands directly under a place."""
    return bool(session.scalar(select(exists().where(Organisation.parent_id == organisation_id))))


def list_codes(session: Session) -> Sequence[tuple[int, str]]:
    """Return the numbers and codes of the places that have one."""
    statement = select(Organisation.id, Organisation.code).where(Organisation.code.is_not(None))
    return [(row[0], row[1] or "") for row in session.execute(statement)]


def had_people(session: Session, organisation_id: int) -> bool:
    """Say whether anybody belongs or ever belonged to a place."""
    return bool(session.scalar(select(exists().where(Membership.organisation_id == organisation_id))))


def lock_rows(session: Session) -> dict[int, Organisation]:
    """Return every unit, locked until the transaction ends: concurrent changes of the tree wait for each other."""
    rows = session.scalars(select(Organisation).order_by(Organisation.id).with_for_update().execution_options(populate_existing=True))
    return {row.id: row for row in rows}


def lock_tree(session: Session) -> dict[int, int | None]:
    """Lock every place in the same way; return what each stands under."""
    statement = select(Organisation.id, Organisation.parent_id).order_by(Organisation.id).with_for_update()
    return {row.id: row.parent_id for row in connection_of(session).execute(statement)}


def list_managed_rows(session: Session, person_id: int) -> list[Organisation]:
    """List the places of which a person is named manager, to be changed."""
    return list(session.scalars(select(Organisation).where(Organisation.id.in_(managed_by(person_id))).order_by(Organisation.id)))
