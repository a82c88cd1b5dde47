"""The history of a certificate: what the audit log says of it, and the one before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates.models import Credential
from certificates.queries.credentials import Replacement
from kernel.audit import AuditEntry

MOST = 100


@dataclass(frozen=True, slots=True)
class CredentialEvent:
    """An act on a certificate; `by` is empty where the system or the command line did it."""

    at: datetime
    by: str
    verb: str
    facts: Mapping[str, object]


def list_history(session: Session, row: Credential) -> list[CredentialEvent]:
    """List what was done with a certificate, the first act first."""
    statement = (
        select(AuditEntry.at, AuditEntry.verb, AuditEntry.facts, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == Credential.__tablename__, AuditEntry.subject_id == row.id)
        .order_by(AuditEntry.id)
        .limit(MOST)
    )
    rows = session.execute(statement)
    return [
        CredentialEvent(entry.at, entry.Person.full_name if entry.Person else "", entry.verb, json.loads(entry.facts)) for entry in rows
    ]


def find_predecessor(session: Session, row: Credential) -> Replacement | None:
    """Return the certificate instead of which another was issued."""
    predecessor = session.scalar(select(Credential).where(Credential.replaced_by_id == row.id).order_by(Credential.id.desc()).limit(1))
    return None if predecessor is None else Replacement(predecessor.uuid, predecessor.code)
