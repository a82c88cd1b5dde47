"""Bundles of evidence as people request them: listed, requested, packed in the background, and their downloads recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from tempfile import TemporaryFile
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.rules import viewer_role
from compliance.access import PlaceReportContext
from compliance.assignments import StatusesBehind, are_due, require_written
from compliance.audit_verbs import ComplianceVerb
from compliance.bundles import BundleCover, BundleScope, BundleSource, count_bundle_people, pack_bundle
from compliance.models import Bundle, Obligation, ObligationVersion
from compliance.notices import TRAINING_WORK_NOTICE
from compliance.report import ReportObligation, ReportTime, TrainingFilter, list_report_obligations
from kernel import audit, outbox
from kernel.db import Database
from kernel.errors import require_found
from kernel.files import FileStore, StoredContent
from kernel.i18n import _, in_every_language, site_day
from kernel.permissions import Actor
from kernel.prepared_files import note_ready
from organisations import tree
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind, UnitSummary, lineage, zone_of
from organisations.training_scope import get_training_scope

LISTED = 50


@dataclass(frozen=True, slots=True)
class BundleContext(PlaceReportContext):
    """A bundle before an actor: who may make one of its place may take it."""

    bundle: Bundle


def get_bundle(session: Session, actor: Actor, bundle: UUID) -> BundleContext:
    """Return a bundle by what addresses name it; raise NotFound."""
    row = require_found(find_bundle(session, bundle))
    _time, places = _standing_of(session, row)
    return BundleContext(row.place_id, get_training_scope(session, actor, places), row)


def _standing_of(session: Session, row: Bundle) -> tuple[ReportTime, Mapping[int, UnitSummary]]:
    """Return the moments of a bundle, and the places as they stood then."""
    history = tree.load_history(session, row.known)
    zone = ZoneInfo(zone_of(history.units, row.place_id))
    time = ReportTime(row.at.astimezone(zone).date(), row.at, row.known, is_past=True)
    return time, history.on(time.on)


def find_bundle(session: Session, number: UUID) -> Bundle | None:
    """Return the bundle that the form with a number asked for."""
    return session.scalar(select(Bundle).where(Bundle.uuid == number))


def lock_bundle(session: Session, number: int) -> Bundle:
    """Return a bundle that is about to be changed."""
    return session.execute(select(Bundle).where(Bundle.id == number).with_for_update()).scalar_one()


def list_bundles(session: Session, place_id: int) -> Sequence[Row[Bundle, Mapping[str, str] | None, Person | None]]:
    """List the bundles that were asked for of a place, the latest first, each with the title of its obligation (None: all) and by whom."""
    newest = (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest)
    statement = (
        select(Bundle, ObligationVersion.title, Person)
        .outerjoin(Obligation, Obligation.id == Bundle.obligation_id)
        .outerjoin(ObligationVersion, newest)
        .outerjoin(Person, Person.id == Bundle.asked_by)
        .where(Bundle.place_id == place_id)
        .order_by(Bundle.asked_at.desc(), Bundle.id.desc())
        .limit(LISTED)
    )
    return session.execute(statement).all()


def get_scope(session: Session, row: Bundle) -> tuple[BundleScope, dict[str, object]]:
    """Return the scope of a bundle, and the same in the plain values of its manifest.

    Its states are read from their history, so that making it later gives the same.
    """
    time, places = _standing_of(session, row)
    unit = places[row.place_id]
    root = places[lineage({number: summary.parent_id for number, summary in places.items()}, unit.id)[-1]]
    obligations = tuple(
        obligation for obligation in list_report_obligations(session, root.id) if row.obligation_id in (None, obligation.id)
    )
    filters = TrainingFilter(unit.id, unit.kind is OrganisationKind.INSTITUTION, obligations)
    manifest = {
        "institution": _named(root),
        "place": _named(unit),
        "obligations": [obligation.key for obligation in obligations],
        "evidence_files": row.has_files,
    }
    return BundleScope(root.id, filters, time, row.has_files), manifest


def _named(unit: UnitSummary) -> dict[str, object]:
    return {"number": unit.id, "code": unit.code, "name": unit.name}


MEDIA_TYPE = "application/zip"


def request_bundle(
    session: Session,
    actor: Actor,
    place_id: int,
    obligation: ReportObligation | None,
    time: ReportTime,
    *,
    has_files: bool,
    reason: str,
    number: UUID,
    now: datetime,
) -> Bundle:
    """Let a bundle be packed in the background; a second time with one number, that of its form, changes nothing.

    Raise StatusesBehind.
    """
    bundle = find_bundle(session, number)
    if bundle is not None:
        return bundle
    row = Bundle(
        uuid=number,
        place_id=place_id,
        obligation_id=obligation.id if obligation is not None else None,
        at=time.at,
        known=time.known,
        has_files=has_files,
        reason=reason,
        asked_at=now,
        asked_by=actor.person_id,
    )
    require_written(session, get_scope(session, row)[0].wanted.numbers, row.known, now)
    session.add(row)
    session.flush()
    facts = {"bundle": row.id, "on": time.on.isoformat(), "files": has_files, "reason": reason}
    audit.record(session, actor, ComplianceVerb.BUNDLE_REQUESTED, session.get_one(Organisation, place_id), now=now, **facts)
    outbox.enqueue(session, "compliance.pack_bundle", {"bundle": row.id}, now=now, unique_key=f"bundle:{row.id}")
    return row


def record_download(session: Session, actor: Actor, row: Bundle, *, now: datetime) -> None:
    """Record that somebody took a bundle away."""
    unit, role = session.get_one(Organisation, row.place_id), viewer_role(actor, training=True)
    audit.record(session, actor, ComplianceVerb.BUNDLE_DOWNLOADED, unit, now=now, bundle=row.id, what=file_name(row), role=role)


def file_name(row: Bundle) -> str:
    """Return the name under which a bundle is saved."""
    return f"evidencia-{site_day(row.at)}-{row.id}.zip"


def pack_requested(source: BundleSource, files: FileStore, number: int, texts: Mapping[str, bytes]) -> StoredContent | None:
    """Pack a bundle and keep its content; None where that was done before. Killed in the middle, it begins anew."""
    with source.database.unit_of_work() as session:
        row = lock_bundle(session, number)
        if row.ready_at is not None:
            return None
        scope, manifest = get_scope(session, row)
        row.done, row.total = 0, count_bundle_people(session, scope)
    given = replace(
        source,
        files=files if scope.has_files else None,
        walked=lambda people: _note_walked(source.database, number, people),
    )
    with TemporaryFile() as target:
        pack_bundle(target, given, scope, BundleCover(manifest, installed("aulario"), texts))
        return files.put_file(target)


PAUSE = timedelta(minutes=2)
GIVEN_UP = timedelta(days=1)
"""A bundle that is not ready by then is not going to be: its job is among those that administrators see."""


def settle_moments(session: Session, number: int, *, now: datetime) -> bool:
    """Let a bundle as known when it was asked for be as known now, where it is packed; return whether it has to wait.

    It waits where statuses have yet to follow the register. A bundle whose moments are settled keeps them.
    """
    row = lock_bundle(session, number)
    if row.ready_at is not None or row.known != row.asked_at:
        return False
    if any(are_due(session, obligation, now) for obligation in get_scope(session, row)[0].wanted.numbers):
        if now - row.asked_at > GIVEN_UP:
            raise StatusesBehind
        return True
    row.at, row.known = now if row.at == row.known else row.at, now
    return False


def _note_walked(database: Database, number: int, people: int) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Bundle).where(Bundle.id == number).values(done=Bundle.done + people))


def finish_bundle(session: Session, number: int, content: StoredContent, *, now: datetime) -> None:
    """Note that a bundle is ready, and notify whoever asked for it, once."""
    row = lock_bundle(session, number)
    if row.ready_at is not None:
        return
    note_ready(session, row, content, MEDIA_TYPE, now=now)
    if row.asked_by is not None:
        unit = session.get_one(Organisation, row.place_id)
        notices.notify(session, _ready_message(row, unit), [row.asked_by], now=now)


def _ready_message(row: Bundle, unit: Organisation) -> Message:
    subject = in_every_language(lambda: _("The bundle of evidence of %(place)s is ready", place=unit.name))
    text = in_every_language(lambda: _("You can download it for 30 days. Each download is recorded."))
    return Message(TRAINING_WORK_NOTICE, f"bundle:{row.uuid}", subject, text, f"/training-report/{unit.uuid}/bundles")
