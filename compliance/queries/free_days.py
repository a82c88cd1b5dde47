"""Free days and the working days of each place (spec/compulsory 10.2)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import FreeDay, PlannedChange
from compliance.rules.working_days import WorkingDays
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind, UnitSummary, lineage

MOST_DAYS = 2_000
NATIONAL = ""


@dataclass(frozen=True, slots=True)
class FreeDayCalendar:
    """The free days of every place: those of the whole country, and of each province by its name without case and accents."""

    by_province: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def working_in(self, province: str) -> WorkingDays:
        """Return the working days of a province; the empty name: of a place that is in none."""
        national = self.by_province.get(NATIONAL, frozenset())
        return WorkingDays(national | self.by_province.get(province, frozenset()) if province else national)


def load_free_days(session: Session) -> FreeDayCalendar:
    """Return the free days of every place, in one statement."""
    days_by_province = defaultdict[str, set[date]](set)
    for province, day in session.execute(select(FreeDay.province, FreeDay.day).order_by(FreeDay.day).limit(MOST_DAYS)):
        days_by_province[province].add(day)
    return FreeDayCalendar({province: frozenset(days) for province, days in days_by_province.items()})


def province_of(places: Mapping[int, UnitSummary], unit_of: int | None) -> str:
    """Return the name, without case and accents, of the province in which a place stands; empty where it stands in none."""
    parents = {unit.id: unit.parent_id for unit in places.values()}
    above = [places[unit_id] for unit_id in lineage(parents, unit_of)] if unit_of is not None and unit_of in places else []
    return next((unit.name_key for unit in above if unit.kind is OrganisationKind.PROVINCE), NATIONAL)


def list_free_days(session: Session, year: int) -> Sequence[FreeDay]:
    """List the free days of a year, the earliest first."""
    of_year = FreeDay.day.between(date(year, 1, 1), date(year, 12, 31))
    return session.scalars(select(FreeDay).where(of_year).order_by(FreeDay.day, FreeDay.province).limit(MOST_DAYS)).all()


def list_provinces(session: Session) -> dict[str, str]:
    """Return the provinces of every institution, their names by the same without case and accents."""
    statement = select(Organisation.name_key, Organisation.name).where(Organisation.kind == OrganisationKind.PROVINCE.value)
    return dict(session.execute(statement.order_by(Organisation.name_key, Organisation.id.desc())).all())


def get_free_day(session: Session, _actor: Actor, free_day: UUID) -> FreeDay:
    """Return a free day by what addresses name it; raise NotFound."""
    row = session.scalar(select(FreeDay).where(FreeDay.uuid == free_day))
    if row is None:
        raise NotFound
    return row


def get_planned(session: Session, _actor: Actor, change: UUID) -> PlannedChange:
    """Return a planned change of free days by what addresses name it; raise NotFound."""
    return _planned(session.scalar(select(PlannedChange).where(PlannedChange.uuid == change)))


def lock_planned(session: Session, _actor: Actor, change: UUID) -> PlannedChange:
    """Return a planned change of free days that will be applied or discarded, locked; raise NotFound."""
    statement = select(PlannedChange).where(PlannedChange.uuid == change).with_for_update()
    return _planned(session.scalar(statement.execution_options(populate_existing=True)))


def _planned(row: PlannedChange | None) -> PlannedChange:
    if row is None or row.kind != "free_day":
        raise NotFound
    return row


def find_same_days(session: Session, days: Sequence[date]) -> dict[tuple[date, str], FreeDay]:
    """Return which of some days are free already, each by its day and its province."""
    statement = select(FreeDay).where(FreeDay.day.in_(days))
    return {(row.day, row.province): row for row in session.scalars(statement)}
