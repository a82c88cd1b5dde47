"""Acts on the register of certificates as a whole, which leave an entry in the audit log."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from certificates.models import Credential
from courses.models import Course
from kernel import audit
from kernel.audit import AuditSubject
from kernel.permissions import Actor


class RegisterVerb(StrEnum):
    """The audit verbs of the register of certificates."""

    EXPORTED = "certificate_register.exported"


def record_register_export(session: Session, actor: Actor, course_id: int | None, name: str, *, reason: str = "", now: datetime) -> None:
    """Record that the register was taken out under the name of its file; the reason is that for identity numbers."""
    subject = AuditSubject(Credential.__tablename__) if course_id is None else session.get_one(Course, course_id)
    facts = {"what": name, "identities": True, "reason": reason} if reason else {"what": name}
    audit.record(session, actor, RegisterVerb.EXPORTED, subject, now=now, **facts)
