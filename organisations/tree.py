"""Reading and locking the tree: its places, who belongs where and who manages what."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name, name_matches
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of, count_rows
from kernel.errors import require_found
from kernel.i18n import site_locale
from kernel.permissions import Actor
from organisations.access import ManagedUnits, UnitContext
from organisations.models import Employment, Membership, Organisation, OrganisationAbove, Post, UnitManager, UnitParent
from organisations.rules.units import DAY, OrganisationKind, ParentSpan, TreeHistory, UnitSummary, in_order, line_of, lineage, local_day

MOST_PLACES = 5_000
PRESENT = Membership.until.is_(None)
"""Every present place of a person, the further ones too: for what somebody may see and do."""
EMPLOYED = and_(Employment.retracted_at.is_(None), Employment.left_on.is_(None))
"""Who works at an institution, as far as its lists say; a last day in the future is still to come."""
MAIN = and_(PRESENT, Membership.is_main)
"""The one present place in which a person is counted (spec/compulsory 2.4)."""


def below(roots: Select[int]) -> Select[int]:
    """Select the numbers of some places and of everything that stands below them."""
    return select(OrganisationAbove.unit_id).where(OrganisationAbove.above_id.in_(roots)).distinct()


def below_on(roots: Select[int], day: date, known: datetime | None = None) -> Select[int]:
    """Select the numbers of some places and of everything that stood below them on a day, as known at a moment; None: now."""
    base = roots.cte(recursive=True)
    step = select(UnitParent.unit_id).join(base, UnitParent.parent_id == base.c[0])
    return select(base.union(step.where(*_stood(day), *_is_known(known))).c[0])


def _stood(day: date) -> tuple[ColumnElement[bool], ...]:
    row = UnitParent
    return or_(row.since_on.is_(None), row.since_on <= day), or_(row.until_on.is_(None), row.until_on >= day)


def _is_known(known: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a row as known at a moment; before the first of a place was recorded, that one holds."""
    row = UnitParent
    if known is None:
        return (row.retracted_at.is_(None),)
    first = select(func.min(row.id)).group_by(row.unit_id)
    return or_(row.recorded_at <= known, row.id.in_(first)), or_(row.retracted_at.is_(None), row.retracted_at > known)


def belonged(on: date, at: datetime, known: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a place that somebody had on a day, or at its last moment where no day was said, as known at another."""
    row = Membership
    ended = or_(row.until.is_(None), row.until > known, row.until_on >= on)
    return (
        or_(row.since_on <= on, and_(row.since_on.is_(None), row.since <= at)),
        or_(ended, and_(row.until_on.is_(None), row.until > at)),
        row.recorded_at <= known,
        or_(row.retracted_at.is_(None), row.retracted_at > known),
    )


def _above(unit_id: ColumnElement[int]) -> Select[int]:
    return select(OrganisationAbove.above_id).where(OrganisationAbove.unit_id == unit_id)


def list_former_places(session: Session, person_id: int) -> list[tuple[int, datetime, datetime | None]]:
    """List where a person belongs or belonged, with what stood above it, and from when until when the record had it so."""
    rows, zone, places = defaultdict[int, list[UnitParent]](list), site_locale().zone, list[tuple[int, datetime, datetime | None]]()
    for row in session.scalars(select(UnitParent).order_by(UnitParent.id)):
        rows[row.unit_id].append(row)
    own = select(Membership.organisation_id, Membership.since, Membership.until).where(Membership.person_id == person_id)
    waiting = [(row[0], row[1], row[2]) for row in session.execute(own.order_by(Membership.id))]
    while waiting:
        unit_id, since, until = waiting.pop()
        places.append((unit_id, since, until))
        for row in rows[unit_id]:
            first = None if row.since_on is None else datetime.combine(row.since_on, time(), zone)
            last = None if row.until_on is None else datetime.combine(row.until_on + DAY, time(), zone)
            begins = max(moment for moment in (since, row.recorded_at, first) if moment is not None)
            ends = min((moment for moment in (until, row.retracted_at, last) if moment is not None), default=None)
            waiting += [(row.parent_id, begins, ends)] if ends is None or begins < ends else []
    return places


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
        made_at=row.created_at,
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
        Organisation.created_at,
    )
    .order_by(Organisation.id)
    .limit(MOST_PLACES)
)


_DAYS = (UnitParent.since_on, UnitParent.until_on, UnitParent.recorded_at, UnitParent.retracted_at, UnitParent.is_assumed)
_HISTORY = (
    _TREE.add_columns(UnitParent.parent_id.label("parent"), *_DAYS)
    .outerjoin(UnitParent, UnitParent.unit_id == Organisation.id)
    .order_by(None)
    .order_by(Organisation.id, UnitParent.id)
    .limit(None)
)


def list_tree(session: Session) -> list[UnitSummary]:
    """Return the whole tree as it is in the database, in one statement."""
    return [place_of(row) for row in connection_of(session).execute(_TREE)]


def load_history(session: Session, known: datetime | None = None) -> TreeHistory:
    """Return the places with what each stood under on which days, as known at a moment, in one statement; None: now."""
    units, rows = dict[int, UnitSummary](), defaultdict[int, list[Row[*tuple[Any, ...]]]](list)
    for row in connection_of(session).execute(_HISTORY):
        units[row.id] = units.get(row.id) or place_of(row)
        rows[row.id] += [row] if row.parent is not None else []
    return TreeHistory(units, {unit: _spans(own, known) for unit, own in rows.items()})


def _spans(rows: Sequence[Row[*tuple[Any, ...]]], known: datetime | None) -> list[ParentSpan]:
    """Return the spans of a place's parents, as known at a moment; they are on record since its beginning was first recorded."""
    first = dict[tuple[int, date | None], datetime]()
    for row in rows:
        key = (row.parent, row.since_on)
        first[key] = min(row.recorded_at, first.get(key, row.recorded_at))
    spans = [
        ParentSpan(row.parent, row.since_on, row.until_on, first[row.parent, row.since_on], is_assumed=row.is_assumed)
        for number, row in enumerate(rows)
        if known is None or row.recorded_at <= known or number == 0
        if row.retracted_at is None or (known is not None and row.retracted_at > known)
    ]
    return sorted(spans, key=lambda span: span.since_on or date.min)


def add_standing(session: Session, unit_id: int, parent_id: int | None, *, now: datetime) -> None:
    """Let a new place stand where it was put, whatever the day."""
    if parent_id is not None:
        session.add(UnitParent(unit_id=unit_id, parent_id=parent_id, recorded_at=now))
    own = select(literal(unit_id, Integer), OrganisationAbove.above_id).where(OrganisationAbove.unit_id == parent_id)
    session.add(OrganisationAbove(unit_id=unit_id, above_id=unit_id))
    session.execute(insert(OrganisationAbove).from_select(["unit_id", "above_id"], own))
    session.flush()


def write_standing(session: Session, unit_id: int, spans: Sequence[ParentSpan], *, now: datetime) -> None:
    """Let a place stand under others on the days of some spans: rows that say otherwise are retracted."""
    after = {(span.parent, span.since_on, span.until_on): span for span in spans}
    present = select(UnitParent).where(UnitParent.unit_id == unit_id, UnitParent.retracted_at.is_(None))
    for row in session.scalars(present.order_by(UnitParent.id)).all():
        if after.pop((row.parent_id, row.since_on, row.until_on), None) is None:
            row.retracted_at = now
    session.flush()  # one open row of a place
    for (parent, since_on, until_on), span in after.items():
        days = {"since_on": since_on, "until_on": until_on, "is_assumed": span.is_assumed}
        session.add(UnitParent(unit_id=unit_id, parent_id=parent, recorded_at=now, **days))
    session.flush()


def write_above(session: Session) -> None:
    """Let what stands above each place at present be what the tree says; it is locked (`lock_tree`)."""
    parents = {row[0]: row[1] for row in session.execute(select(Organisation.id, Organisation.parent_id))}
    above = {(unit, up) for unit in parents for up in lineage(parents, unit)}
    present = {(row[0], row[1]) for row in session.execute(select(OrganisationAbove.unit_id, OrganisationAbove.above_id))}
    for unit, up in present - above:
        session.execute(delete(OrganisationAbove).where(OrganisationAbove.unit_id == unit, OrganisationAbove.above_id == up))
    if above - present:
        rows = [{"unit_id": unit, "above_id": up} for unit, up in sorted(above - present)]
        session.execute(insert(OrganisationAbove), rows)


def settle(session: Session, today: date, *, now: datetime) -> int:
    """Let places stand where they were to stand from a day on that has come; return how many moved.

    A place without any row, which a process of an older version made, gets one.
    """
    unit, row = Organisation, UnitParent
    bare = select(unit.id, unit.parent_id).where(unit.parent_id.is_not(None), ~exists().where(row.unit_id == unit.id))
    alone = select(unit.id).where(~exists().where(OrganisationAbove.unit_id == unit.id)).limit(1)
    due = select(row.unit_id, row.parent_id).join(unit, unit.id == row.unit_id).order_by(row.id)
    due = due.where(*_stood(today), *_is_known(None), row.since_on.is_not(None), row.parent_id != unit.parent_id)
    if not any(session.execute(statement).all() for statement in (bare, alone, due)):
        return 0
    rows = lock_rows(session)
    moved = session.execute(due).all()
    for unit_id, parent in session.execute(bare).all():
        session.add(row(unit_id=unit_id, parent_id=parent, recorded_at=now, is_assumed=True))
    for unit_id, parent in moved:
        rows[unit_id].parent_id = parent
        session.flush()  # neighbours have other names, each after the one before
    write_above(session)
    return len(moved)


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
            UnitManager.organisation_id.in_(_above(bindparam("place"))),
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
    above = select(Organisation).where(Organisation.id.in_(_above(literal(organisation_id))))
    return list(line_of({row.id: place_of(row) for row in session.scalars(above)}, organisation_id))[::-1]


def list_members(
    session: Session, organisation_id: int, query: str, *, offset: int, limit: int
) -> Sequence[Row[Person, Membership, str | None, str | None]]:
    """List those who belong to a place itself, as their main or a further one, by name, each with their post and their staff number."""
    number = select(func.max(Employment.staff_number)).where(Employment.person_id == Person.id, EMPLOYED).scalar_subquery()
    statement = (
        select(Person, Membership, Post.name, number)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(PRESENT, Membership.organisation_id == organisation_id, *name_matches(query, with_address=True, also=_post_or_number))
        .order_by(*by_name())
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def has_staff_number(word: str, *which: ColumnElement[bool]) -> SQLColumnExpression[bool]:
    """Return the condition on `person` that a staff number of theirs has a word in it: of any employment, or of those `which` select."""
    number = Employment.staff_number.contains(word.upper(), autoescape=True)
    return exists().where(Employment.person_id == Person.id, Employment.retracted_at.is_(None), number, *which)


def _post_or_number(word: str) -> SQLColumnExpression[bool]:
    return or_(Post.key.contains(word, autoescape=True), has_staff_number(word, EMPLOYED))


def is_head(session: Session, unit: Organisation, person_id: int) -> bool:
    """Return whether a person heads a place."""
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
    """Return the SQL condition that a person belongs to an institution, one of its provinces or one of its units at present."""
    return exists().where(Membership.person_id == person_id, PRESENT)


def day_at(session: Session, institution: int, now: datetime) -> date:
    """Return the day that it is in an institution."""
    return local_day({institution: place_of(session.get_one(Organisation, institution))}, institution, now)


def find_place(session: Session, person_id: int) -> Membership | None:
    """Return the main place of a person now."""
    return session.scalar(select(Membership).where(Membership.person_id == person_id, MAIN))


def list_neighbours(session: Session, parent_id: int | None, name_key: str, today: date) -> Sequence[int]:
    """List what stands directly under a place, or is to stand there, with a folded name."""
    will = select(UnitParent.unit_id).where(UnitParent.parent_id == parent_id, *_still_holds(today))
    same = Organisation.parent_id.is_(None) if parent_id is None else or_(Organisation.parent_id == parent_id, Organisation.id.in_(will))
    return session.scalars(select(Organisation.id).where(same, Organisation.name_key == name_key)).all()


def _still_holds(today: date) -> tuple[ColumnElement[bool], ...]:
    return *_is_known(None), or_(UnitParent.until_on.is_(None), UnitParent.until_on >= today)


def list_later_parents(session: Session, unit_id: int, today: date) -> Sequence[int]:
    """List under what a place stands from today on, one after the other."""
    return session.scalars(select(UnitParent.parent_id).where(UnitParent.unit_id == unit_id, *_still_holds(today))).all()


def find_last_move(session: Session, after: datetime) -> datetime | None:
    """Return when it was last recorded that a place stands elsewhere, after a moment."""
    row = UnitParent
    return session.scalar(select(func.max(row.recorded_at, type_=UtcDateTime())).where(row.recorded_at > after, row.since_on.is_not(None)))


def find_last_parent(session: Session, unit_id: int) -> int | None:
    """Return under what a place stands in the end, by what is on record of later days too."""
    last = select(UnitParent.parent_id).where(UnitParent.unit_id == unit_id, UnitParent.until_on.is_(None), *_is_known(None))
    return session.scalar(last)


def list_arriving(session: Session, parent_id: int, today: date) -> Sequence[int]:
    """List what is to stand under a place from a later day on."""
    coming = (UnitParent.parent_id == parent_id, UnitParent.since_on > today, *_is_known(None))
    return session.scalars(select(UnitParent.unit_id).where(*coming)).all()


def moved_people(unit_id: int, since_on: date) -> ColumnElement[bool]:
    """Return the condition that a person of the statement belongs on a day or later to a place or to what stands below it then."""
    there = below_on(select(Organisation.id).where(Organisation.id == unit_id), since_on)
    stays = or_(Membership.until_on.is_(None), Membership.until_on >= since_on)
    people = select(Membership.person_id).where(Membership.organisation_id.in_(there), Membership.retracted_at.is_(None), stays)
    return Person.id.in_(people)


def list_moved(session: Session, unit_id: int, since_on: date, limit: int) -> list[str]:
    """List the first of them by name."""
    people = select(Person).where(moved_people(unit_id, since_on)).order_by(*by_name()).limit(limit)
    return [person.full_name for person in session.scalars(people)]


def count_moved(session: Session, unit_id: int, since_on: date) -> int:
    """Count the people who are counted elsewhere where a place stands elsewhere from a day on."""
    return count_rows(session, Person, moved_people(unit_id, since_on))


def has_below(session: Session, organisation_id: int) -> bool:
    """Return whether anything stands directly under a place."""
    return bool(session.scalar(select(exists().where(Organisation.parent_id == organisation_id))))


def had_below(session: Session, organisation_id: int) -> bool:
    """Return whether anything ever stood directly under a place, or is to stand there."""
    return bool(session.scalar(select(exists().where(UnitParent.parent_id == organisation_id))))


def list_codes(session: Session) -> Sequence[tuple[int, str]]:
    """Return the numbers and codes of the places that have one."""
    statement = select(Organisation.id, Organisation.code).where(Organisation.code.is_not(None))
    return [(row[0], row[1] or "") for row in session.execute(statement)]


def had_people(session: Session, organisation_id: int) -> bool:
    """Return whether anybody belongs or ever belonged to a place."""
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
