"""The places of the report: the one that an address names with the tree around it, and those with which somebody begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.people import get_person_by_uuid
from compliance.permissions import PersonTrainingContext, PlaceReportContext
from compliance.queries.free_days import load_free_days, province_of
from compliance.rules.working_days import WorkingDays
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations import tree as organisations_tree
from organisations.rules.units import OrganisationKind, UnitSummary, lineage
from organisations.training_scope import get_training_scope, list_training_places


@dataclass(frozen=True, slots=True)
class ReportPlaceContext(PlaceReportContext):
    """A place of the report before an actor, and the tree in which it stands."""

    place: UnitSummary
    tree: Sequence[UnitSummary] = field(repr=False)

    @property
    def is_institution(self) -> bool:
        """Say whether it is the root of its tree, where those in no place are counted too."""
        return self.place.kind is OrganisationKind.INSTITUTION

    @property
    def path(self) -> list[UnitSummary]:
        """Return the institution, what stands between, and the place."""
        places = self.by_number
        parents = {number: unit.parent_id for number, unit in places.items()}
        return [places[number] for number in reversed(lineage(parents, self.place.id))]

    @property
    def by_number(self) -> Mapping[int, UnitSummary]:
        """Return the places of the tree by their numbers."""
        return {unit.id: unit for unit in self.tree}

    @property
    def children(self) -> list[UnitSummary]:
        """Return what stands directly below the place, by name."""
        return sorted((unit for unit in self.tree if unit.parent_id == self.place.id), key=lambda unit: (unit.name_key, unit.id))


def get_report_place(session: Session, actor: Actor, organisation: UUID) -> ReportPlaceContext:
    """Return a place of the report by what addresses name it; raise NotFound."""
    places = organisations_tree.list_tree(session)
    chosen = next((unit for unit in places if unit.uuid == organisation), None)
    if chosen is None:
        raise NotFound
    return _context(session, actor, chosen, places)


def _context(session: Session, actor: Actor, unit: UnitSummary, places: Sequence[UnitSummary]) -> ReportPlaceContext:
    return ReportPlaceContext(unit.id, get_training_scope(session, actor), unit, places)


@dataclass(frozen=True, slots=True)
class ReportRootsContext(PlaceReportContext):
    """The places with which somebody begins: the highest of those whose report they may see."""

    roots: Sequence[UnitSummary] = field(repr=False)


def get_report_roots(session: Session, actor: Actor) -> ReportRootsContext:
    """Return the highest places whose report the actor may see, by name; raise NotFound where there is none.

    An administrator sees that there is none yet.
    """
    places, scope = organisations_tree.list_tree(session), get_training_scope(session, actor)
    seen = {unit.id for unit in places if scope.sees_any({unit.id})}
    roots = sorted((unit for unit in places if unit.id in seen and unit.parent_id not in seen), key=lambda unit: (unit.name_key, unit.id))
    if not roots and not scope.everywhere:
        raise NotFound
    return ReportRootsContext(roots[0].id if roots else 0, scope, roots)


@dataclass(frozen=True, slots=True)
class ReportedPersonContext(PersonTrainingContext):
    """A person before somebody who sees their compulsory training."""

    uuid: UUID
    name: str


def get_reported_person(session: Session, actor: Actor, person: UUID) -> ReportedPersonContext:
    """Return a person with the places by which it is decided who sees their training; raise NotFound."""
    reported = get_person_by_uuid(session, person)
    places = list_training_places(session, [reported.id])[reported.id]
    return ReportedPersonContext(reported.id, places, get_training_scope(session, actor), reported.uuid, reported.full_name)


def get_working_days(session: Session, context: ReportPlaceContext) -> WorkingDays:
    """Return the working days of a place: without those free in the whole country, or in its province."""
    return load_free_days(session).working_in(province_of(context.by_number, context.place.id))
