"""Institutions as those that issue certificates: read by their keys, with their facts; their administrators, read, named and ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from accounts.models import Person
from accounts.people import by_name
from kernel import audit
from kernel.db import count_rows
from kernel.errors import N_, SignInNeeded, require_found
from kernel.permissions import Actor, ActorChannel
from organisations.access import InstitutionContext, InstitutionScope, SignatoryContext
from organisations.models import Employment, InstitutionAdministrator, InstitutionProfile, InstitutionSignatory, Membership, Organisation

MOST_INSTITUTIONS = 200
INSTITUTION_ROLE = "institution_administrator"
"""The role under which the access log has what an institution's administrators open as such."""
FIRST = select(func.min(Organisation.id)).where(Organisation.parent_id.is_(None)).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution: its place in the tree, the key by which courses name it, and what certificates take from its profile."""

    id: int
    uuid: UUID
    name: str
    """In the tree."""
    key: str
    names: Mapping[str, str]
    short_names: Mapping[str, str]
    default_template: str
    is_first: bool
    signatories: int = 0
    """How many are named to sign."""


def administers_condition() -> ColumnElement[bool]:
    """Return the condition that a person of the statement administers some institution."""
    return exists().where(InstitutionAdministrator.person_id == Person.id)


def get_institution_scope(session: Session, actor: Actor) -> InstitutionScope:
    """Return which institutions the actor administers: in one statement, in none for those who administer none and for the whole site."""
    may_administer = actor.administers_institution or actor.via is not ActorChannel.WEB
    if actor.is_administrator or actor.person_id is None or not may_administer:
        return InstitutionScope(actor.is_administrator)
    mine = InstitutionAdministrator.organisation_id == Organisation.id
    statement = select(Organisation.id, Organisation.uuid, FIRST).join(InstitutionAdministrator, mine)
    rows = session.execute(statement.where(InstitutionAdministrator.person_id == actor.person_id)).all()
    keys = {str(row.uuid) for row in rows} | {"" for row in rows if row.id == row[2]}
    return InstitutionScope(own=frozenset(row.id for row in rows), keys=frozenset(keys))


def _statement() -> Select[*tuple[Organisation, InstitutionProfile | None, int | None, int]]:
    signs = select(func.count()).where(InstitutionSignatory.profile_id == InstitutionProfile.id).correlate(InstitutionProfile)
    return (
        select(Organisation, InstitutionProfile, FIRST, signs.scalar_subquery())
        .outerjoin(InstitutionProfile, InstitutionProfile.organisation_id == Organisation.id)
        .where(Organisation.parent_id.is_(None))
        .order_by(Organisation.id)
        .limit(MOST_INSTITUTIONS)
    )


def count_institutions(session: Session) -> int:
    """Count the institutions of the site that are open."""
    return count_rows(session, Organisation, Organisation.parent_id.is_(None), Organisation.closed_at.is_(None))


def list_institutions(session: Session, scope: InstitutionScope | None = None) -> list[Institution]:
    """List the institutions, or those that somebody administers; the first one is that of the site."""
    statement = _statement()
    if scope is not None and not scope.everywhere:
        statement = statement.where(Organisation.id.in_(scope.own))
    return [
        Institution(
            institution.id,
            institution.uuid,
            institution.name,
            key=profile.key if profile else "",
            names=profile.names if profile else {},
            short_names=profile.short_names if profile else {},
            default_template=profile.default_template if profile else "",
            is_first=institution.id == first,
            signatories=signatories or 0,
        )
        for institution, profile, first, signatories in session.execute(statement)
    ]


def find_institution(session: Session, institution_id: int | None) -> Institution | None:
    """Return an institution, the first one where none is named; nothing where there is none."""
    return next(
        (
            institution
            for institution in list_institutions(session)
            if institution.id == institution_id or (institution_id is None and institution.is_first)
        ),
        None,
    )


def find_issuer(session: Session, institution_key: str) -> Institution | None:
    """Return the institution that a certificate names by its UUID, the first one where it names none."""
    institutions = list_institutions(session)
    return next(
        (
            institution
            for institution in institutions
            if (str(institution.uuid) == institution_key if institution_key else institution.is_first)
        ),
        None,
    )


def get_institutions(session: Session, actor: Actor) -> InstitutionContext:
    """Return the context of the list of institutions."""
    return InstitutionContext(None, get_institution_scope(session, actor))


def get_institution(session: Session, actor: Actor, institution: UUID) -> InstitutionContext:
    """Return an institution before the actor; raise NotFound, or SignInNeeded whether or not there is one."""
    if actor.is_anonymous:
        raise SignInNeeded
    statement = select(Organisation, FIRST).where(Organisation.uuid == institution, Organisation.parent_id.is_(None))
    row = require_found(session.execute(statement).one_or_none())
    return InstitutionContext(row[0], get_institution_scope(session, actor), is_first=row[0].id == row[1])


def get_signatory(session: Session, actor: Actor, signatory: UUID) -> SignatoryContext:
    """Return a signatory with their institution before the actor; raise NotFound, or SignInNeeded whether or not there is one."""
    if actor.is_anonymous:
        raise SignInNeeded
    statement = (
        select(InstitutionSignatory, Organisation, FIRST)
        .options(undefer(InstitutionSignatory.picture))
        .join(InstitutionProfile, InstitutionProfile.id == InstitutionSignatory.profile_id)
        .join(Organisation, Organisation.id == InstitutionProfile.organisation_id)
        .where(InstitutionSignatory.uuid == signatory)
    )
    row = require_found(session.execute(statement).one_or_none())
    return SignatoryContext(row[1], get_institution_scope(session, actor), is_first=row[1].id == row[2], row=row[0])


def list_administrators(session: Session, institution_id: int) -> Sequence[Row[Person, datetime]]:
    """List the administrators of an institution alone, by name, and since when each is one."""
    statement = (
        select(Person, InstitutionAdministrator.granted_at)
        .join(InstitutionAdministrator, InstitutionAdministrator.person_id == Person.id)
        .where(InstitutionAdministrator.organisation_id == institution_id)
        .order_by(*by_name())
        .limit(MOST_INSTITUTIONS)
    )
    return session.execute(statement).all()


def list_institutions_of(session: Session, person_id: int) -> frozenset[int]:
    """Return the institutions to which a person belongs at present: by what their lists say, and by the units that they stand in."""
    employed = select(Employment.institution_id).where(
        Employment.person_id == person_id, Employment.retracted_at.is_(None), Employment.left_on.is_(None)
    )
    base = (
        select(Organisation.id, Organisation.parent_id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id, Membership.until.is_(None))
        .cte("above", recursive=True)
    )
    above = base.union(select(Organisation.id, Organisation.parent_id).join(base, Organisation.id == base.c.parent_id))
    of_units = select(above.c.id).where(above.c.parent_id.is_(None))
    theirs = or_(Organisation.id.in_(employed), Organisation.id.in_(of_units))
    return frozenset(session.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None), theirs)))


class InstitutionGrantVerb(
    audit.Verb,
    facts={
        "institution_administrator.ended reason": N_("Name"),
        "institution_administrator.given reason": N_("Name"),
    },
):
    """The audit-log verbs of administrators of one institution."""

    GIVEN = "institution_administrator.given", N_("Named an administrator of an institution")
    ENDED = "institution_administrator.ended", N_("Ended an administrator's role in an institution")


def name_administrator(session: Session, actor: Actor, institution: Organisation, person: Person, *, now: datetime) -> None:
    """Let a person administer an institution; a second time changes nothing."""
    if session.get(InstitutionAdministrator, (person.id, institution.id)) is None:
        facts = {"granted_at": now, "granted_by": actor.person_id}
        session.add(InstitutionAdministrator(person_id=person.id, organisation_id=institution.id, **facts))
        session.flush()
        _note(session, actor, InstitutionGrantVerb.GIVEN, institution, person, now=now)


def end_administrator(session: Session, actor: Actor, institution: Organisation, person: Person, *, now: datetime) -> None:
    """Let a person no longer administer an institution; a second time changes nothing."""
    mine = (InstitutionAdministrator.person_id == person.id, InstitutionAdministrator.organisation_id == institution.id)
    if session.scalar(delete(InstitutionAdministrator).where(*mine).returning(InstitutionAdministrator.person_id)) is not None:
        _note(session, actor, InstitutionGrantVerb.ENDED, institution, person, now=now)


def _note(session: Session, actor: Actor, verb: InstitutionGrantVerb, institution: Organisation, person: Person, *, now: datetime) -> None:
    audit.record(session, actor, verb, person, now=now, organisation=institution.id, name=institution.name)


def list_administered(session: Session, person: Person) -> list[Organisation]:
    """List the institutions that a person administers, beside a role for the whole site."""
    statement = select(Organisation).join(InstitutionAdministrator, InstitutionAdministrator.organisation_id == Organisation.id)
    return list(session.scalars(statement.where(InstitutionAdministrator.person_id == person.id).order_by(Organisation.id).limit(200)))


def transfer_administered(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the institutions of the one that closes."""
    for institution in list_administered(session, closed):
        end_administrator(session, actor, institution, closed, now=now)
        name_administrator(session, actor, institution, remaining, now=now)
