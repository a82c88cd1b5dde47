"""After a key came into other hands: what the register knows is signed anew with another one (spec/certificates K4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.models import Credential
from certificates.queries.credentials import list_signers_of, signed_content
from certificates.rules.credentials import canonical_content
from kernel import audit
from kernel.crypto import SigningKeys
from kernel.permissions import SYSTEM

PORTION = 500


class KeyVerb(StrEnum):
    """The audit verbs of keys."""

    COMPROMISED = "key.compromised"


@dataclass(frozen=True, slots=True)
class SignedPortion:
    """A portion of the register: the last credential of it, how many were signed anew, and the codes of those that did not hold."""

    last: int
    signed: int
    unsound: tuple[str, ...]


def sign_portion(session: Session, compromised: str, keys: SigningKeys, *, after: int) -> SignedPortion | None:
    """Sign the next credentials of a compromised key anew with the current one; return None where there are none left.

    One whose signature does not hold is left as it is: the register was changed there.
    """
    statement = select(Credential).where(Credential.key_id == compromised, Credential.id > after).order_by(Credential.id).limit(PORTION)
    rows = list(session.scalars(statement.with_for_update()))
    if not rows:
        return None
    signers, unsound = list_signers_of(session, [row.id for row in rows]), []
    for row in rows:
        theirs = tuple(signers.get(row.id, ()))
        if not keys.verifies(row.key_id, canonical_content(signed_content(row, theirs)), row.signature):
            unsound.append(row.code)
            continue
        row.key_id = keys.identifier
        row.signature = keys.sign(canonical_content(signed_content(row, theirs)))
    return SignedPortion(rows[-1].id, len(rows) - len(unsound), tuple(unsound))


def record_compromise(session: Session, identifier: str, since: datetime, reason: str, *, signed: int, unsound: int, now: datetime) -> None:
    """Write into the audit log that a key was compromised, and how many credentials were signed anew."""
    audit.record(
        session, SYSTEM, KeyVerb.COMPROMISED, None, now=now, key=identifier, since=since, reason=reason, signed=signed, unsound=unsound
    )
