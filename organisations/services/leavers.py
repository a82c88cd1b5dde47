"""Verbs of leaving: places and the management of units end with the employment, accounts close later, and open again on return."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts import accounts
from accounts.models import Person
from kernel import audit
from kernel.errors import Conflict
from kernel.permissions import Actor
from organisations.models import Employment, Membership, Organisation, UnitManager
from organisations.queries import tree as queries
from organisations.queries.training_scope import list_granted_places
from organisations.queries.tree import PRESENT, below
from organisations.rules import local_day
from organisations.services import employment
from organisations.services.institution_grants import end_administrator
from organisations.services.members import MembershipVerb
from organisations.services.training_grants import end_training_role
from organisations.services.tree import OrganisationVerb


def leave(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution on a day (spec/compulsory 13.4)."""
    employment.end_employments(session, actor, people, institution, last_day, now=now)
    end_places(session, actor, people, institution, last_day, now=now)


def end_places(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """End the places that people have in an institution with a day, and what they manage and audit there; a second time changes nothing."""
    there = below(select(Organisation.id).where(Organisation.id == institution))
    rows = select(Person).where(Person.id.in_(people)).order_by(Person.id)
    persons = {row.id: row for row in session.scalars(rows.with_for_update(key_share=True))}
    ended = select(Membership).where(Membership.person_id.in_(people), PRESENT, Membership.organisation_id.in_(there))
    for row in session.scalars(ended.order_by(Membership.id)).all():
        row.until, row.until_on = now, max(last_day, row.since_on or last_day)
        audit.record(session, actor, MembershipVerb.TAKEN_OUT, persons[row.person_id], now=now, organisation=row.organisation_id)
    managed = select(UnitManager).where(UnitManager.person_id.in_(people), UnitManager.organisation_id.in_(there))
    for manager in session.scalars(managed.order_by(UnitManager.organisation_id, UnitManager.person_id)).all():
        person = persons[manager.person_id]
        audit.record(session, actor, OrganisationVerb.MANAGER_ENDED, person, now=now, organisation=manager.organisation_id)
        session.execute(
            delete(UnitManager).where(UnitManager.person_id == manager.person_id, UnitManager.organisation_id == manager.organisation_id)
        )
    for person_id, role, unit in list_granted_places(session, people, there):
        end_training_role(session, actor, unit, persons[person_id], role, now=now)
    of_institution = session.get_one(Organisation, institution)
    for person in persons.values():
        end_administrator(session, actor, of_institution, person, now=now)
    session.flush()
    promote_further_places(session, people, now=now)


def promote_further_places(session: Session, people: Sequence[int], *, now: datetime) -> None:
    """Let the further place that people have had longest be the main one where none is left."""
    by_person = defaultdict[int, list[Membership]](list)
    rows = select(Membership).where(Membership.person_id.in_(people), PRESENT).order_by(Membership.since, Membership.id)
    for row in session.scalars(rows):
        by_person[row.person_id].append(row)
    for own in by_person.values():
        if not any(row.is_main for row in own):
            heir = own[0]
            heir.until = heir.retracted_at = now
            session.flush()  # one present row of a person and a place
            facts = {"since_on": heir.since_on, "post_id": heir.post_id, "since": now, "recorded_at": now}
            session.add(Membership(person_id=heir.person_id, organisation_id=heir.organisation_id, is_main=True, **facts))
    session.flush()


def restore_account(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Open the account of somebody who is back, which was suspended because they had left."""
    accounts.restore(session, actor, person, "", now=now)
    session.execute(update(Employment).where(Employment.person_id == person.id).values(account_closed_at=None))


def end_overdue_places(session: Session, actor: Actor, *, now: datetime, limit: int) -> int:
    """End the places of those whose last day has gone by since a list named it, some hundreds at a time; return how many."""
    places, ended = {unit.id: unit for unit in queries.list_tree(session)}, 0
    for root in [unit.id for unit in places.values() if unit.parent_id is None]:
        day = local_day(places, root, now)
        by_day = defaultdict[date, list[int]](list)
        for person, last_day in session.execute(_still_placed(root, day).limit(limit)):
            by_day[last_day or day].append(person)
        for last_day, people in by_day.items():
            end_places(session, actor, people, root, last_day, now=now)
            ended += len(people)
    return ended


def _still_placed(root: int, day: date) -> Select[int, date | None]:
    """Select those who left an institution before a day and have a place in it yet, with their last day."""
    there = below(select(Organisation.id).where(Organisation.id == root))
    placed = exists().where(Membership.person_id == Employment.person_id, PRESENT, Membership.organisation_id.in_(there))
    return (
        select(Employment.person_id, func.max(Employment.left_on))
        .where(Employment.institution_id == root, *_over(day), ~_works(day, Employment.institution_id), placed)
        .group_by(Employment.person_id)
        .order_by(Employment.person_id)
    )


def _over(day: date) -> tuple[ColumnElement[bool], ...]:
    return (Employment.retracted_at.is_(None), Employment.left_on < day)


def _works(day: date, institution: ColumnElement[int] | InstrumentedAttribute[int] | None = None) -> ColumnElement[bool]:
    """Say in SQL that a person of the statement works on a day: at an institution, or at any."""
    other = aliased(Employment)
    at = () if institution is None else (other.institution_id == institution,)
    stays = or_(other.left_on.is_(None), other.left_on >= day)
    return exists().where(other.person_id == Employment.person_id, other.retracted_at.is_(None), stays, *at)


def close_accounts(session: Session, actor: Actor, day: date, *, now: datetime, limit: int) -> int:
    """Suspend the accounts of those who left before a day and work nowhere; return how many.

    Certificates and their verification stay. The only administrator keeps the account until there is another.
    """
    statement = (
        select(Person)
        .join(Employment, Employment.person_id == Person.id)
        .where(*_over(day), ~_works(day), Employment.account_closed_at.is_(None), Person.suspended_at.is_(None))
        .where(~exists().where(Membership.person_id == Person.id, PRESENT))
        .distinct()
        .order_by(Person.id)
        .limit(limit)
    )
    closed = 0
    for person in session.scalars(statement).all():
        try:
            accounts.suspend(session, actor, person, "", now=now)
        except Conflict:
            continue
        rows = (Employment.person_id == person.id, Employment.retracted_at.is_(None))
        session.execute(update(Employment).where(*rows).values(account_closed_at=now))
        closed += 1
    return closed
