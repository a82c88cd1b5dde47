"""Reading bulk downloads, and the certificates that they draw."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import was_deleted_condition
from certificates.layout.built_in import find_built_in
from certificates.layout.template import CertificateTemplate
from certificates.models import BulkDownload, BulkFile, Credential, CredentialSignatory, SignaturePicture
from certificates.permissions import BulkContext
from certificates.queries.credentials import today
from certificates.queries.register import RegisterFilter, RegisterSort, register_statement
from certificates.queries.templates import get_drawn_templates
from certificates.rules.credentials import CredentialSigner
from courses.models import CourseStaff, StaffRole
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.institutions import get_institution_scope, list_institutions

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class DrawnCredential:
    """A certificate to draw: its row, who signed it, and whether its person's data were deleted; its template where it is none of ours."""

    row: Credential
    signers: tuple[CredentialSigner, ...]
    is_deleted: bool
    template: CertificateTemplate | None = None
    logo: bytes = b""


def get_download(session: Session, actor: Actor, download: UUID, **_address: object) -> BulkContext:
    """Return a bulk download with what the actor is in its course; raise NotFound."""
    at_course = (CourseStaff.course_id == BulkDownload.course_id) & (CourseStaff.person_id == actor.person_id)
    statement = select(BulkDownload, CourseStaff.role).outerjoin(CourseStaff, at_course).where(BulkDownload.uuid == download)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    administers = get_institution_scope(session, actor).covers(row[0].institution_id)
    return BulkContext(row[0], StaffRole(row[1]) if row[1] else None, administers)


def find_download(session: Session, number: UUID) -> BulkDownload | None:
    """Return the bulk download that a form asked for."""
    return session.scalar(select(BulkDownload).where(BulkDownload.uuid == number))


def lock_download(session: Session, download_id: int) -> BulkDownload:
    """Return a bulk download that nobody else changes until the transaction ends."""
    return session.execute(select(BulkDownload).where(BulkDownload.id == download_id).with_for_update()).scalar_one()


def list_downloads(session: Session, course_id: int | None, institutions: Collection[int] | None = None) -> list[BulkDownload]:
    """List the newest bulk downloads of a register, of some institutions alone where they are named."""
    statement = select(BulkDownload).where(BulkDownload.course_id.is_not_distinct_from(course_id))
    if institutions is not None:
        statement = statement.where(BulkDownload.institution_id.in_(institutions))
    return list(session.scalars(statement.order_by(BulkDownload.id.desc()).limit(MOST_LISTED)))


def list_files(session: Session, download_id: int) -> list[BulkFile]:
    """List the files of a bulk download, in their order."""
    return list(session.scalars(select(BulkFile).where(BulkFile.download_id == download_id).order_by(BulkFile.number)))


def list_ids(session: Session, filters: RegisterFilter, sort: RegisterSort) -> list[int]:
    """List the numbers of all certificates of a list, in its order."""
    statement = register_statement(filters, sort, today=today())
    return list(session.scalars(statement.with_only_columns(Credential.id, maintain_column_froms=True)))


def list_institution_ids(session: Session, ids: Sequence[int]) -> list[int]:
    """List the institutions that certificates name; those that name none are of the first one."""
    keys = set(session.scalars(select(Credential.institution_key).where(Credential.id.in_(ids)).distinct()))
    return [
        institution.id
        for institution in list_institutions(session)
        if str(institution.uuid) in keys or (institution.is_first and "" in keys)
    ]


def read_frozen(row: BulkDownload) -> list[int]:
    """Return the numbers of the certificates of a bulk download, as they were when it was requested."""
    frozen: list[int] = json.loads(row.credentials)
    return frozen


def list_drawn(session: Session, ids: Sequence[int]) -> list[DrawnCredential]:
    """List certificates with what drawing them needs, in the order of their numbers in a list; as many statements, however many."""
    rows = session.execute(
        select(Credential, was_deleted_condition()).join(Person, Person.id == Credential.person_id).where(Credential.id.in_(ids))
    ).all()
    templates = get_drawn_templates(session, [row for row, _is_deleted in rows])
    logos = _logos(session, {row.logo_id for row, _is_deleted in rows if row.logo_id and _prints_logo(row, templates)})
    signers = defaultdict[int, list[CredentialSigner]](list)
    signed = (
        select(CredentialSignatory.credential_id, CredentialSignatory.name, CredentialSignatory.offices, SignaturePicture.content)
        .outerjoin(SignaturePicture, SignaturePicture.id == CredentialSignatory.picture_id)
        .where(CredentialSignatory.credential_id.in_(ids))
        .order_by(CredentialSignatory.place)
    )
    for credential, name, offices, picture in session.execute(signed):
        signers[credential].append(CredentialSigner(name, offices, picture or b""))
    drawn = {
        row.id: DrawnCredential(
            row,
            tuple(signers[row.id]),
            bool(is_deleted),
            templates.get((row.template, row.template_version)),
            logos.get(row.logo_id or 0, b""),
        )
        for row, is_deleted in rows
    }
    return [drawn[number] for number in ids if number in drawn]


def _prints_logo(row: Credential, templates: Mapping[tuple[str, int], CertificateTemplate]) -> bool:
    template = templates.get((row.template, row.template_version)) or find_built_in(row.template, row.template_version)
    return template is not None and template.prints_logo


def _logos(session: Session, ids: Collection[int]) -> dict[int, bytes]:
    if not ids:
        return {}
    statement = select(SignaturePicture.id, SignaturePicture.content).where(SignaturePicture.id.in_(ids))
    return {row.id: row.content for row in session.execute(statement)}


def are_any_deleted(session: Session, ids: Sequence[int]) -> bool:
    """Say whether the data of the person of one of these certificates were deleted."""
    statement = select(Credential.id).join(Person, Person.id == Credential.person_id).where(Credential.id.in_(ids), was_deleted_condition())
    return session.scalar(statement.limit(1)) is not None
