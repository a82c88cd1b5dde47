"""Sealed PDFs of credentials: one drawn when it is opened, or many as files that the background writes, kept until their end."""

import errno
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.people import was_deleted_condition
from certificates import pdf
from certificates.access import BulkContext
from certificates.badges import BadgeSigner, badge_content
from certificates.credentials import CERTIFICATE_NOTICE, state, today
from certificates.layout.reading import find_built_in
from certificates.layout.template import CertificateTemplate
from certificates.models import BulkDownload, BulkFile, Credential, CredentialSignatory, SignaturePicture
from certificates.register import RegisterFilter, RegisterSort, register_statement
from certificates.rules.credentials import CredentialSigner, CredentialState, archive_name
from certificates.sealing import seal
from certificates.sheet import CertificateSheet
from certificates.templates import get_drawn_templates
from courses.models import CourseStaff, StaffRole
from kernel import audit, outbox
from kernel.archives import write_large_archive
from kernel.codes import printed_code
from kernel.crypto import SigningKeys
from kernel.db import Database
from kernel.errors import N_, require_found
from kernel.files import FileStore, StoredContent
from kernel.i18n import _, choose, in_every_language, reading, site_day
from kernel.keys import SealKeys
from kernel.outbox import Away
from kernel.pdf.document import PdfAttachment, PdfSealField
from kernel.permissions import Actor
from kernel.prepared_files import note_ready
from kernel.tables import Cell, csv_line
from organisations.institutions import get_institution_scope, list_institutions

ATTACHED, ATTACHED_TYPE = "credential.json", "application/vc+ld+json"

SheetRenderer: TypeAlias = Callable[[CertificateSheet, PdfAttachment | None, PdfSealField | None], bytes]
"""Draws a sheet, as `pdf.render` does: here, or in a process of its own."""


@dataclass(frozen=True, slots=True)
class SheetSealer:
    """The address and the keys of a site; the same credential, sheet and keys give the same bytes (spec/certificates D3, P8)."""

    address: str
    keys: SigningKeys
    seals: SealKeys

    def sealed(self, row: Credential, sheet: CertificateSheet, render: SheetRenderer = pdf.render) -> bytes:
        """Return a sheet of a credential. One that can have no badge is given without a seal, as they were before there were seals."""
        content = badge_content(row, self.address)
        if content is None:
            return render(sheet, None, None)
        attachment = PdfAttachment(ATTACHED, ATTACHED_TYPE, BadgeSigner(self.address, self.keys).document(content))
        claimed = max(row.issued_at, self.seals.current.begins)
        field = PdfSealField(row.institution, claimed, sheet.descriptions.seal)
        return seal(render(sheet, attachment, field), self.seals.current, self.seals.authority)


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
    row = require_found(session.execute(statement).one_or_none())
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
    """Return whether the data of the person of one of these certificates were deleted."""
    statement = select(Credential.id).join(Person, Person.id == Credential.person_id).where(Credential.id.in_(ids), was_deleted_condition())
    return session.scalar(statement.limit(1)) is not None


MEDIA_TYPE = "application/zip"
INDEX = "index.csv"
COLUMNS = (
    *(N_("File"), N_("SHA-256"), N_("Code"), N_("Name"), N_("Course"), N_("Version")),
    *(N_("Issued on"), N_("Valid until"), N_("State")),
)
STATES: Mapping[CredentialState, str] = {
    CredentialState.VALID: N_("Valid"),
    CredentialState.EXPIRED: N_("Expired"),
    CredentialState.REPLACED: N_("Replaced"),
    CredentialState.REVOKED: N_("Revoked"),
}
DELETED = N_("Data deleted at the person's request")
MOST_CERTIFICATES, MOST_BYTES = 2_000, 95_000_000
"""Of a ZIP file: it is closed after the portion that reaches one of them, which leaves it below 100 MB."""
PORTION = 50
"""Certificates read at once; after as many the progress is noted."""
DRAWN = (CredentialState.VALID, CredentialState.EXPIRED)
"""What is revoked or replaced stands in the index, without a file."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class BulkVerb(audit.Verb, facts={"certificates": N_("Certificates")}):
    """The audit verbs of bulk downloads."""

    REQUESTED = "bulk_download.requested", N_("Requested certificates as PDF files")
    PAUSED = "bulk_download.paused", N_("Paused the preparation of certificates as PDF files")
    RESUMED = "bulk_download.resumed", N_("Resumed the preparation of certificates as PDF files")
    CANCELLED = "bulk_download.cancelled", N_("Cancelled certificates as PDF files")
    DOWNLOADED = "bulk_download.downloaded", N_("Downloaded certificates as PDF files")


class BulkStopped(Exception):
    """A bulk download was paused or cancelled, or goes on elsewhere."""


def request_download(
    session: Session,
    actor: Actor,
    course_id: int | None,
    ids: Sequence[int],
    number: UUID,
    *,
    institution_id: int | None = None,
    now: datetime,
) -> BulkDownload:
    """Let the certificates be drawn in the background; a second time with one number changes nothing."""
    download = find_download(session, number)
    if download is not None:
        return download
    row = BulkDownload(
        uuid=number,
        course_id=course_id,
        institution_id=institution_id,
        requested_by=actor.person_id,
        requested_at=now,
        credentials=json.dumps(list(ids)),
        total=len(ids),
        done=0,
        place=0,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, BulkVerb.REQUESTED, row, now=now, certificates=len(ids))
    _enqueue(session, row, now)
    return row


def _enqueue(session: Session, row: BulkDownload, now: datetime) -> None:
    outbox.enqueue(session, "certificates.write_files", {"download": row.id}, now=now)


def pause_download(session: Session, actor: Actor, row: BulkDownload, *, now: datetime) -> None:
    """Let the work rest; what is not in a file yet is drawn again when it goes on."""
    if row.ready_at is None and row.cancelled_at is None and row.paused_at is None:
        row.paused_at = now
        audit.record(session, actor, BulkVerb.PAUSED, row, now=now)


def resume_download(session: Session, actor: Actor, row: BulkDownload, *, now: datetime) -> None:
    """Let paused work go on."""
    if row.paused_at is not None and row.cancelled_at is None:
        row.paused_at = None
        audit.record(session, actor, BulkVerb.RESUMED, row, now=now)
        _enqueue(session, row, now)


def cancel_download(session: Session, actor: Actor, row: BulkDownload, *, now: datetime) -> None:
    """End a download, and delete its files."""
    if row.cancelled_at is None:
        row.cancelled_at = now
        audit.record(session, actor, BulkVerb.CANCELLED, row, now=now)
        outbox.enqueue(session, "certificates.end_files", {}, now=now)


def record_download(session: Session, actor: Actor, file: BulkFile, *, now: datetime) -> None:
    """Record that somebody took a file away."""
    row = session.get_one(BulkDownload, file.download_id)
    audit.record(session, actor, BulkVerb.DOWNLOADED, row, now=now, what=file_name(row, file))


def file_name(row: BulkDownload, file: BulkFile) -> str:
    """Return the name under which a file is saved."""
    return f"certificados-{site_day(row.requested_at)}-{row.id}-{file.number}.zip"


@dataclass(frozen=True, slots=True)
class BulkSource:
    """The means of the work: where the rows are, where files are kept, and how a certificate is drawn."""

    database: Database
    files: FileStore
    draw: Callable[[DrawnCredential], bytes]


@dataclass
class _ZipPart:
    """A ZIP file while it is written: from a place in the list on, as far as its limits let it."""

    source: BulkSource
    download_id: int
    number: int
    ids: Sequence[int]
    first: int
    language: str
    """Of whoever asked for the files, who reads the index."""
    handled: int = 0
    size: int = 0
    drawn: list[int] = field(default_factory=list)
    lines: list[Sequence[Cell]] = field(default_factory=list)

    def entries(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield the files of the archive, the index last; raise BulkStopped where the work is to rest."""
        while self.first + self.handled < len(self.ids) and self.handled < MOST_CERTIFICATES and self.size < MOST_BYTES:
            begin = self.first + self.handled
            portion = self.ids[begin : begin + PORTION]
            with self.source.database.unit_of_work(write=False) as session:
                drawn = list_drawn(session, portion)
            yield from (entry for credential in drawn for entry in self._entry(credential))
            self.handled += len(portion)
            self._note_progress()
        with reading(self.language):
            table = "".join(csv_line(line) for line in (tuple(map(_, COLUMNS)), *self.lines))
        yield INDEX, BytesIO(b"\xef\xbb\xbf" + table.encode())

    def _entry(self, drawn: DrawnCredential) -> Iterator[tuple[str, IO[bytes]]]:
        row, name, total = drawn.row, "", ""
        if not drawn.is_deleted and state(row) in DRAWN:
            given = row.person_name.removesuffix(row.surnames).strip() if row.surnames else row.person_name
            name, content = archive_name(row.surnames, given, row.code), self.source.draw(drawn)
            total, self.size = hashlib.sha256(content).hexdigest(), self.size + len(content)
            self.drawn.append(row.id)
            yield name, BytesIO(content)
        expires, days = row.expires_on.isoformat() if row.expires_on else "", row.issued_on.isoformat()
        with reading(self.language):
            person, word = ("", _(DELETED)) if drawn.is_deleted else (row.person_name, _(STATES[state(row)]))
            title = choose(row.course_titles)
        self.lines.append((name, total, printed_code(row.code), person, title, row.course_version, days, expires, word))

    def _note_progress(self) -> None:
        going_on = (BulkDownload.paused_at.is_(None), BulkDownload.cancelled_at.is_(None), BulkDownload.place == self.first)
        statement = update(BulkDownload).where(BulkDownload.id == self.download_id, *going_on)
        with self.source.database.unit_of_work() as session:
            done = session.execute(statement.values(done=self.first + self.handled, is_waiting=False).returning(BulkDownload.id))
            if done.one_or_none() is None:
                raise BulkStopped


def write_files(source: BulkSource, download_id: int, *, now: datetime) -> bool:
    """Write the files of a download that are not kept yet; return whether all are. Raise Away where the disk has no room."""
    try:
        while (part := _next_part(source, download_id)) is not None:
            with TemporaryFile() as target:
                write_large_archive(target, part.entries())
                content = source.files.put_file(target)
            _keep(source, part, content, now)
    except BulkStopped:
        return False
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        with source.database.unit_of_work() as session:
            lock_download(session, download_id).is_waiting = True
        raise Away("no room on the disk") from error
    return True


def _next_part(source: BulkSource, download_id: int) -> _ZipPart | None:
    """Return the file to write next, None where all are kept; raise BulkStopped where the work rests."""
    with source.database.unit_of_work(write=False) as session:
        row = session.get_one(BulkDownload, download_id)
        if row.paused_at is not None or row.cancelled_at is not None:
            raise BulkStopped
        if row.place >= row.total:
            return None
        requester = session.get(Person, row.requested_by) if row.requested_by else None
        number, language = len(list_files(session, row.id)) + 1, requester.language if requester is not None else ""
        return _ZipPart(source, row.id, number, read_frozen(row), first=row.place, language=language)


def _keep(source: BulkSource, part: _ZipPart, content: StoredContent, now: datetime) -> None:
    """Note a file with how far the work is by it; where somebody of it was deleted meanwhile, it is written again."""
    with source.database.unit_of_work() as session:
        row = lock_download(session, part.download_id)
        if row.cancelled_at is None and row.place == part.first and not are_any_deleted(session, part.drawn):
            file = BulkFile(uuid=uuid4(), asked_at=now, total=part.handled, download_id=row.id, number=part.number, first=part.first)
            session.add(file)
            note_ready(session, file, content, MEDIA_TYPE, now=now)
            row.place = row.done = part.first + part.handled
        is_kept = session.scalar(select(BulkFile.id).where(BulkFile.sha256 == content.sha256).limit(1)) is not None
    if not is_kept:
        source.files.remove(content.sha256)


def finish_download(session: Session, download_id: int, *, now: datetime) -> None:
    """Note that all files of a download are there, and notify whoever requested it, once."""
    row = lock_download(session, download_id)
    if row.ready_at is not None or row.cancelled_at is not None or row.place < row.total:
        return
    row.ready_at = now
    if row.requested_by is not None:
        subject = in_every_language(lambda: _("The certificates that you requested are ready"))
        text = in_every_language(lambda: _("You can download them for 7 days. Each download is recorded."))
        message = Message(CERTIFICATE_NOTICE, f"bulk-download:{row.uuid}", subject, text, f"/certificate-downloads/{row.uuid}")
        notices.notify(session, message, [row.requested_by], now=now)


def end_files_of_person(session: Session, person: Person, *, now: datetime) -> None:
    """End the files that hold a certificate of a person whose data are deleted."""
    own = set(session.scalars(select(Credential.id).where(Credential.person_id == person.id)))
    statement = (
        select(BulkFile, BulkDownload).join(BulkDownload, BulkDownload.id == BulkFile.download_id).where(BulkFile.sha256.is_not(None))
    )
    for file, row in session.execute(statement) if own else ():
        if own.intersection(read_frozen(row)[file.first : file.first + file.total]):
            file.ended_at = now
            outbox.enqueue(session, "certificates.end_files", {}, now=now)
