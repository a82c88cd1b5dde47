"""Verbs of the administrators of one institution: name one, end that."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit
from kernel.permissions import Actor
from organisations.models import InstitutionAdministrator, Organisation


class InstitutionGrantVerb(StrEnum):
    """The audit-log verbs of administrators of one institution."""

    GIVEN = "institution_administrator.given"
    ENDED = "institution_administrator.ended"


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
    audit.record(session, actor, verb, person, now=now, organisation=institution.id, reason=institution.name)


def list_administered(session: Session, person: Person) -> list[Organisation]:
    """List the institutions that a person administers, beside a role for the whole site."""
    statement = select(Organisation).join(InstitutionAdministrator, InstitutionAdministrator.organisation_id == Organisation.id)
    return list(session.scalars(statement.where(InstitutionAdministrator.person_id == person.id).order_by(Organisation.id).limit(200)))


def transfer_administered(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the institutions of the one that closes."""
    for institution in list_administered(session, closed):
        end_administrator(session, actor, institution, closed, now=now)
        name_administrator(session, actor, institution, remaining, now=now)
