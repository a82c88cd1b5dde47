"""Files of actas that are taken out: each with its digest, so that it can be compared later, and an entry in the audit log."""

from datetime import datetime

from sqlalchemy.orm import Session

from kernel import audit
from kernel.permissions import Actor
from selections.audit_verbs import SelectionVerb
from selections.models import ActaExport, SelectionActa


def record_export(session: Session, actor: Actor, acta_id: int, kind: str, sha256: str, *, reason: str = "", now: datetime) -> None:
    """Record that a file of an acta was taken out; the reason is that for whole identity numbers."""
    assert actor.person_id is not None
    row = session.get_one(SelectionActa, acta_id)
    session.add(ActaExport(acta_id=acta_id, sha256=sha256, kind=kind, identities=bool(reason), made_at=now, made_by=actor.person_id))
    facts = {"identities": True, "reason": reason} if reason else {}
    audit.record(session, actor, SelectionVerb.ACTA_EXPORTED, row, now=now, kind=kind, sha256=sha256, **facts)
