"""Verbs of the grants over compulsory training: name training officers and auditors of a place, end that."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit
from kernel.permissions import Actor
from organisations.models import Organisation, TrainingGrant
from organisations.queries.training_scope import list_granted_places
from organisations.rules import TrainingRole


class TrainingGrantVerb(StrEnum):
    """The audit-log verbs of grants over compulsory training."""

    GIVEN = "training_grant.given"
    ENDED = "training_grant.ended"


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
    audit.record(session, actor, verb, person, now=now, organisation=organisation.id, reason=organisation.name, role=role.value)


def transfer_training_roles(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the grants of the one that closes."""
    for _person, role, unit in list_granted_places(session, [closed.id]):
        end_training_role(session, actor, unit, closed, role, now=now)
        give_training_role(session, actor, unit, remaining, role, now=now)
