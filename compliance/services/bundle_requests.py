"""Services of bundles of evidence that somebody asks for on a page: one is packed in the background and kept for some days."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version as installed
from tempfile import TemporaryFile
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.audit_verbs import ComplianceVerb
from compliance.models import Bundle
from compliance.queries import bundle_requests as queries
from compliance.queries.bundles import count_bundle_people
from compliance.queries.report_basis import ReportObligation, ReportTime
from compliance.services.bundles import BundleCover, BundleSource, pack_bundle
from kernel import audit, outbox
from kernel.db import Database
from kernel.files import FileStore, StoredContent
from kernel.i18n import _, in_every_language
from kernel.permissions import Actor
from kernel.prepared_files import note_ready
from organisations.models import Organisation

MEDIA_TYPE = "application/zip"


@dataclass(frozen=True, slots=True)
class BundleRequestValues:
    """A bundle to make: of which place, obligation and day, why; `number` is that of the form, so that it has one effect."""

    place_id: int
    obligation: ReportObligation | None
    time: ReportTime
    has_files: bool
    reason: str
    number: UUID


def request_bundle(session: Session, actor: Actor, values: BundleRequestValues, *, now: datetime) -> Bundle:
    """Let a bundle be packed in the background; a second time with one number changes nothing."""
    bundle = queries.find_bundle(session, values.number)
    if bundle is not None:
        return bundle
    row = Bundle(
        uuid=values.number,
        place_id=values.place_id,
        obligation_id=values.obligation.id if values.obligation is not None else None,
        at=values.time.at,
        known=values.time.known,
        has_files=values.has_files,
        reason=values.reason,
        asked_at=now,
        asked_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    facts = {"bundle": row.id, "on": values.time.on.isoformat(), "files": values.has_files, "reason": values.reason}
    audit.record(session, actor, ComplianceVerb.BUNDLE_REQUESTED, session.get_one(Organisation, values.place_id), now=now, **facts)
    outbox.enqueue(session, "compliance.pack_bundle", {"bundle": row.id}, now=now, unique_key=f"bundle:{row.id}")
    return row


def record_download(session: Session, actor: Actor, row: Bundle, *, now: datetime) -> None:
    """Record that somebody took a bundle away."""
    unit = session.get_one(Organisation, row.place_id)
    audit.record(session, actor, ComplianceVerb.BUNDLE_DOWNLOADED, unit, now=now, bundle=row.id, what=file_name(row))


def file_name(row: Bundle) -> str:
    """Return the name under which a bundle is saved."""
    return f"evidencia-{row.at:%Y-%m-%d}-{row.id}.zip"


def pack_requested(source: BundleSource, files: FileStore, number: int, texts: Mapping[str, bytes]) -> StoredContent | None:
    """Pack a bundle and keep its content; None where that was done before. Killed in the middle, it begins anew."""
    with source.database.unit_of_work() as session:
        row = queries.lock_bundle(session, number)
        if row.ready_at is not None:
            return None
        requested = queries.get_scope(session, row)
        row.done, row.total = 0, count_bundle_people(session, requested.scope)
    given = replace(
        source,
        files=files if requested.scope.has_files else None,
        walked=lambda people: _note_walked(source.database, number, people),
    )
    with TemporaryFile() as target:
        pack_bundle(target, given, requested.scope, BundleCover(requested.manifest, installed("aulario"), texts))
        return files.put_file(target)


def _note_walked(database: Database, number: int, people: int) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Bundle).where(Bundle.id == number).values(done=Bundle.done + people))


def finish_bundle(session: Session, number: int, content: StoredContent, *, now: datetime) -> None:
    """Note that a bundle is ready, and notify whoever asked for it, once."""
    row = queries.lock_bundle(session, number)
    if row.ready_at is not None:
        return
    note_ready(session, row, content, MEDIA_TYPE, now=now)
    if row.asked_by is not None:
        unit = session.get_one(Organisation, row.place_id)
        notices.notify(session, _ready_message(row, unit), [row.asked_by], now=now)


def _ready_message(row: Bundle, unit: Organisation) -> Message:
    subject = in_every_language(lambda: _("The bundle of evidence of %(place)s is ready", place=unit.name))
    text = in_every_language(lambda: _("You can download it for 30 days. Each download is recorded."))
    return Message(NoticeKind.TRAINING_WORK, f"bundle:{row.uuid}", subject, text, f"/training-report/{unit.uuid}/bundles")
