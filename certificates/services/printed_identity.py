"""Verbs of the identity number on certificates: its holder has it printed, or no longer (spec/certificates P7)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.models import Credential
from certificates.queries import credentials as queries
from certificates.queries.printed_identity import find_printable_number
from certificates.rules.credentials import SOUND
from certificates.services.credentials import AlreadyReplaced
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


class PrintedIdentityVerb(StrEnum):
    """The audit verbs of the identity number on certificates."""

    PRINTED = "certificate.identity_printed"
    WITHHELD = "certificate.identity_withheld"


class NothingToPrint(Conflict):
    """A certificate has no place for an identity number, or its holder has none in their profile."""

    code = "identity_not_printable"
    message = N_("There is no identity number to print: your profile has none, or the design of this certificate has no place for one.")


def print_identity(session: Session, actor: Actor, row: Credential, *, now: datetime) -> None:
    """Let the PDF of a credential print its holder's identity number; the credential itself holds nothing of it.

    Raise AlreadyReplaced where it is not in force any more, NothingToPrint where no number would be printed.
    """
    _choose(session, actor, row, PrintedIdentityVerb.PRINTED, now)


def withhold_identity(session: Session, actor: Actor, row: Credential, *, now: datetime) -> None:
    """Print the identity number of a credential's holder no longer; raise AlreadyReplaced where it is not in force any more."""
    _choose(session, actor, row, PrintedIdentityVerb.WITHHELD, now)


def _choose(session: Session, actor: Actor, row: Credential, verb: PrintedIdentityVerb, now: datetime) -> None:
    statement = select(Credential).where(Credential.id == row.id).with_for_update()
    row = session.execute(statement.execution_options(populate_existing=True)).scalar_one()
    prints = verb is PrintedIdentityVerb.PRINTED
    if queries.state(row) not in SOUND:
        raise AlreadyReplaced
    if row.prints_identity is prints:
        return
    if prints and not find_printable_number(session, row):
        raise NothingToPrint
    row.prints_identity = prints
    audit.record(session, actor, verb, row, now=now, person=row.person_id)
