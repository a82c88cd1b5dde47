"""Exports of the report of compulsory training, which leave an entry in the audit log (spec/compulsory 12.1)."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.audit_verbs import ComplianceVerb
from kernel import audit
from kernel.permissions import Actor
from organisations.models import Organisation


def record_training_export(session: Session, actor: Actor, place_id: int, name: str, *, reason: str = "", now: datetime) -> None:
    """Record that a table of a place was taken out under the name of its file; the reason is that for identity numbers."""
    facts = {"what": name, "identities": True, "reason": reason} if reason else {"what": name}
    audit.record(session, actor, ComplianceVerb.REPORT_EXPORTED, session.get_one(Organisation, place_id), now=now, **facts)


def record_person_export(session: Session, actor: Actor, person_id: int, name: str, *, now: datetime) -> None:
    """Record that one person's compulsory training was taken out under the name of its file."""
    audit.record(session, actor, ComplianceVerb.PERSON_EXPORTED, session.get_one(Person, person_id), now=now, what=name)
