"""Reading the bundles of evidence that were asked for of a place: the list, one before an actor, what one is to hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import Bundle, Obligation, ObligationVersion
from compliance.permissions import PlaceReportContext
from compliance.queries.bundles import BundleScope
from compliance.queries.report_basis import ReportTime, TrainingFilter, list_report_obligations
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations import tree
from organisations.rules.units import OrganisationKind, UnitSummary, lineage, zone_of
from organisations.training_scope import get_training_scope

LISTED = 50


@dataclass(frozen=True, slots=True)
class BundleContext(PlaceReportContext):
    """A bundle before an actor: who may make one of its place may take it."""

    bundle: Bundle


def get_bundle(session: Session, actor: Actor, bundle: UUID) -> BundleContext:
    """Return a bundle by what addresses name it; raise NotFound."""
    row = find_bundle(session, bundle)
    if row is None:
        raise NotFound
    return BundleContext(row.place_id, get_training_scope(session, actor), row)


def find_bundle(session: Session, number: UUID) -> Bundle | None:
    """Return the bundle that the form with a number asked for."""
    return session.scalar(select(Bundle).where(Bundle.uuid == number))


def lock_bundle(session: Session, number: int) -> Bundle:
    """Return a bundle that is about to be changed."""
    return session.execute(select(Bundle).where(Bundle.id == number).with_for_update()).scalar_one()


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle in the list of its place."""

    bundle: Bundle
    title: Mapping[str, str] | None
    """Of its obligation; None: of all of them."""
    asked_by: str


def list_bundles(session: Session, place_id: int) -> list[BundleRow]:
    """List the bundles that were asked for of a place, the latest first."""
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
    return [BundleRow(row, title, person.full_name if person else "") for row, title, person in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class RequestedScope:
    """The scope of a bundle, and the same in the plain values of its manifest."""

    scope: BundleScope
    manifest: Mapping[str, object]


def get_scope(session: Session, row: Bundle) -> RequestedScope:
    """Return what a bundle is to hold. Its states are read from their history, so that making it later gives the same."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    unit = places[row.place_id]
    root = places[lineage({number: summary.parent_id for number, summary in places.items()}, unit.id)[-1]]
    obligations = tuple(
        obligation for obligation in list_report_obligations(session, root.id) if row.obligation_id in (None, obligation.id)
    )
    filters = TrainingFilter(unit.id, unit.kind is OrganisationKind.INSTITUTION, obligations)
    zone = ZoneInfo(zone_of(places, unit.id))
    time = ReportTime(row.at.astimezone(zone).date(), row.at, row.known, is_past=True)
    manifest = {
        "institution": _named(root),
        "place": _named(unit),
        "obligations": [obligation.key for obligation in obligations],
        "evidence_files": row.has_files,
    }
    return RequestedScope(BundleScope(root.id, filters, time, row.has_files), manifest)


def _named(unit: UnitSummary) -> dict[str, object]:
    return {"number": unit.id, "code": unit.code, "name": unit.name}
