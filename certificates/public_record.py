"""The public record of a code for everybody who asks, and a holder's choice to have their identity number printed."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import find_national_id, was_deleted_condition
from certificates import credentials
from certificates.credentials import AlreadyReplaced, is_holder_deleted, state
from certificates.models import Credential, CredentialSignatory, SignaturePicture
from certificates.rules.credentials import SOUND, CredentialSigner
from certificates.templates import get_drawn_template
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import connection_of, shared_alias
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """A credential with all that its public page says besides: who signed it, what is in force instead of it, and what renewed it."""

    row: Credential
    """Its columns, read now; nothing is loaded through it."""
    signers: tuple[CredentialSigner, ...]
    is_holder_deleted: bool
    """The data of its person were deleted: nothing names them any more (spec/certificates R8)."""
    replacement: Credential | None
    renewal_code: str
    """Of the newest sound credential that its holder earned by taking the same course again; empty where there is none."""


_LATER = shared_alias(Credential)
_RENEWAL = (
    select(_LATER.code)
    .where(
        _LATER.person_id == Credential.person_id,
        _LATER.course_id == Credential.course_id,
        _LATER.take > Credential.take,
        _LATER.revoked_at.is_(None),
        _LATER.replaced_at.is_(None),
    )
    .order_by(_LATER.take.desc(), _LATER.id.desc())
    .limit(1)
    .correlate(Credential)
    .scalar_subquery()
)
_RECORD = compile_once(
    select(
        *Credential.__table__.columns,
        was_deleted_condition().label("is_holder_deleted"),
        _RENEWAL.label("renewal_code"),
        CredentialSignatory.name.label("signer"),
        CredentialSignatory.offices.label("signer_offices"),
        CredentialSignatory.person_id.label("signer_person_id"),
        SignaturePicture.content.label("signer_picture"),
    )
    .join(Person, Person.id == Credential.person_id)
    .outerjoin(CredentialSignatory, CredentialSignatory.credential_id == Credential.id)
    .outerjoin(SignaturePicture, SignaturePicture.id == CredentialSignatory.picture_id)
    .where(Credential.code == bindparam("code"))
    .order_by(CredentialSignatory.place)
)
"""A row for each signatory, one where there is none. The picture itself is read, as its checksum is part of what was signed."""


def find_public_record(session: Session, code: str) -> PublicRecord | None:
    """Return the register's present record of a code in its stored form; None where it knows no such certificate.

    One statement, past the object mapper.
    """
    rows = connection_of(session).execute(_RECORD, {"code": code}).all()
    if not rows:
        return None
    row = rows[0]
    credential = cast("Credential", row)  # it has each column under its name
    signers = tuple(
        CredentialSigner(each.signer, each.signer_offices, each.signer_picture or b"", each.signer_person_id)
        for each in rows
        if each.signer is not None
    )
    replacement = credentials.find_replacement(session, credential)
    return PublicRecord(credential, signers, bool(row.is_holder_deleted), replacement, row.renewal_code or "")


FIELD = "person.id_number"


def has_place_for_identity(session: Session, row: Credential) -> bool:
    """Return whether the template by which a credential is drawn has a place for its holder's identity number."""
    return get_drawn_template(session, row.template, row.template_version).prints(FIELD)


def find_printable_number(session: Session, row: Credential) -> str:
    """Return the identity number that a credential would print if its holder wants it; nothing where it prints none."""
    return find_national_id(session, row.person_id) if has_place_for_identity(session, row) else ""


def find_printed_number(session: Session, row: Credential) -> str:
    """Return the identity number that the holder of a sound credential has printed on it; nothing where they do not."""
    if not row.prints_identity or state(row) not in SOUND or is_holder_deleted(session, row):
        return ""
    return find_printable_number(session, row)


class PrintedIdentityVerb(audit.Verb):
    """The audit verbs of the identity number on certificates."""

    PRINTED = "certificate.identity_printed", N_("Had their identity number printed on a certificate")
    WITHHELD = "certificate.identity_withheld", N_("Stopped having their identity number printed on a certificate")


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
    if credentials.state(row) not in SOUND:
        raise AlreadyReplaced
    if row.prints_identity is prints:
        return
    if prints and not find_printable_number(session, row):
        raise NothingToPrint
    row.prints_identity = prints
    audit.record(session, actor, verb, row, now=now, person=row.person_id)
