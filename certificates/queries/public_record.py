"""The register's word on a code, for everybody who asks: one statement, past the object mapper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import was_deleted_condition
from certificates.models import Credential, CredentialSignatory, SignaturePicture
from certificates.queries.credentials import Replacement
from certificates.rules.credentials import CredentialSigner
from kernel.compiled_statements import compile_once
from kernel.db import connection_of


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """A credential with all that its public page says besides: who signed it, what is in force instead of it, and what renewed it."""

    row: Credential
    """Its columns, read now; nothing is loaded through it."""
    signers: tuple[CredentialSigner, ...]
    is_holder_deleted: bool
    """The data of its person were deleted: nothing names them any more (spec/certificates R8)."""
    replacement: Replacement | None
    renewal_code: str
    """Of the newest sound credential that its holder earned by taking the same course again; empty where there is none."""


_AFTER, _LATER = aliased(Credential), aliased(Credential)
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
        _AFTER.uuid.label("after_uuid"),
        _AFTER.code.label("after_code"),
        _RENEWAL.label("renewal_code"),
        CredentialSignatory.name.label("signer"),
        CredentialSignatory.offices.label("signer_offices"),
        CredentialSignatory.person_id.label("signer_person_id"),
        SignaturePicture.content.label("signer_picture"),
    )
    .join(Person, Person.id == Credential.person_id)
    .outerjoin(_AFTER, _AFTER.id == Credential.replaced_by_id)
    .outerjoin(CredentialSignatory, CredentialSignatory.credential_id == Credential.id)
    .outerjoin(SignaturePicture, SignaturePicture.id == CredentialSignatory.picture_id)
    .where(Credential.code == bindparam("code"))
    .order_by(CredentialSignatory.place)
)
"""A row for each signatory, one where there is none. The picture itself is read, as its checksum is part of what was signed."""


def find_public_record(session: Session, code: str) -> PublicRecord | None:
    """Return what the register says now of a code in its stored form; None where it knows no such certificate."""
    rows = connection_of(session).execute(_RECORD, {"code": code}).all()
    return _record(rows) if rows else None


def _record(rows: Sequence[Row[*tuple[Any, ...]]]) -> PublicRecord:
    row = rows[0]
    return PublicRecord(
        cast("Credential", row),  # it has each column under its name
        tuple(_signer(each) for each in rows if each.signer is not None),
        bool(row.is_holder_deleted),
        Replacement(row.after_uuid, row.after_code) if row.after_code else None,
        row.renewal_code or "",
    )


def _signer(row: Row[*tuple[Any, ...]]) -> CredentialSigner:
    offices: Mapping[str, str] = row.signer_offices
    return CredentialSigner(row.signer, offices, row.signer_picture or b"", row.signer_person_id)
