"""Keys with which the machines of a site sign and seal, as the audit log has them: two machines with different keys are noticed."""

import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kernel import audit
from kernel.audit import AuditEntry, AuditSubject
from kernel.crypto import SigningKeys
from kernel.keys import SealKeys
from kernel.permissions import SYSTEM


class UsedKeysVerb(StrEnum):
    """The audit verb of keys in use."""

    USED = "keys.used"


_SUBJECT = AuditSubject("keys")


def record_used_keys(session: Session, signing: SigningKeys, seals: SealKeys, *, now: datetime) -> None:
    """Record with which keys this machine signs and seals, where the last record names others."""
    used = {"signing": signing.identifier, "seal": seals.current.identifier, "authority": seals.authority.identifier}
    last = session.scalar(_recorded().order_by(AuditEntry.id.desc()).limit(1))
    if last is None or json.loads(last) != used:
        audit.record(session, SYSTEM, UsedKeysVerb.USED, _SUBJECT, now=now, **used)


def list_missing_keys(session: Session, signing: SigningKeys, seals: SealKeys) -> tuple[str, ...]:
    """Return the identifiers of keys that a machine of this site used and that are not here, not even among the older ones."""
    here = {key.identifier for key in (*signing.trusted, *seals.trusted, *seals.authorities)}
    used = {identifier for facts in session.scalars(_recorded()) for identifier in json.loads(facts).values()}
    return tuple(sorted(used - here))


def _recorded() -> Select[str]:
    return select(AuditEntry.facts).where(AuditEntry.subject_kind == _SUBJECT.__tablename__, AuditEntry.verb == UsedKeysVerb.USED.value)
