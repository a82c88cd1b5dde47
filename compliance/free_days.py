"""Free days of the country and its provinces: read, added singly or by a list, deleted; past ones by two people (spec/compulsory 4.5)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Assignment, FreeDay, PlannedChange
from compliance.rules.terms import WorkingDays
from kernel import audit
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.permissions import Actor
from organisations.audiences import today_of
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind, UnitSummary, lineage


class SecondPersonRequired(Conflict):
    """Another person than its author has to put something in force."""

    message = N_("Another person has to activate what you wrote.")


MOST_DAYS = 2_000
NATIONAL = ""


def load_free_days(session: Session) -> Mapping[str, Collection[date]]:
    """Return the free days of the whole country, and of each province by its name without case and accents, in one statement."""
    days_by_province = defaultdict[str, set[date]](set)
    for province, day in session.execute(select(FreeDay.province, FreeDay.day).order_by(FreeDay.day).limit(MOST_DAYS)):
        days_by_province[province].add(day)
    return days_by_province


def working_in(free_days: Mapping[str, Collection[date]], province: str) -> WorkingDays:
    """Return the working days of a province; the empty name: of a place that is in none."""
    return WorkingDays(frozenset(free_days.get(NATIONAL, ())).union(free_days.get(province, ())))


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
    return require_found(session.scalar(select(FreeDay).where(FreeDay.uuid == free_day)))


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


REPLANNED = 2_000
"""Assignments that are planned anew in one transaction."""


class FreeDayConflict(Conflict):
    """A day is free there already."""

    message = N_("This day is free there already.")


@dataclass(frozen=True, slots=True)
class FreeDayValues:
    """A free day: its name, and its province without case and accents; the empty one is the whole country."""

    day: date
    name: str
    province: str = ""


@dataclass(frozen=True, slots=True)
class CalendarApproval:
    """A change of free days that one person planned for a reason and another applied."""

    author_id: int | None
    approved_by: int | None
    reason: str

    @property
    def facts(self) -> dict[str, object]:
        """Return the facts for the audit log."""
        return {"author": self.author_id, "reason": self.reason}


def _require_second_person(days: Iterable[date], approval: CalendarApproval | None, *, now: datetime) -> None:
    is_approved = approval is not None and approval.approved_by is not None
    if not is_approved and any(day < today_of(now) for day in days):
        raise SecondPersonRequired


def require_new(session: Session, values: FreeDayValues) -> None:
    """Raise FreeDayConflict where offices are closed there on a day already."""
    if (values.day, values.province) in find_same_days(session, [values.day]):
        raise FreeDayConflict


def add_free_day(session: Session, actor: Actor, values: FreeDayValues, *, now: datetime) -> FreeDay:
    """Let offices be closed on a day; raise FreeDayConflict where they are already, SecondPersonRequired of a day before today."""
    _require_second_person([values.day], None, now=now)
    require_new(session, values)
    row = _row(actor, values, now)
    session.add(row)
    session.flush()
    audit.record(session, actor, ComplianceVerb.FREE_DAY_ADDED, row, now=now, day=values.day.isoformat(), province=values.province)
    return row


def bring_in_free_days(
    session: Session, actor: Actor, days: Sequence[FreeDayValues], *, approval: CalendarApproval | None = None, now: datetime
) -> int:
    """Add the days of a list that are not free yet; return how many they were. Raise SecondPersonRequired of days before today."""
    _require_second_person((free_day.day for free_day in days), approval, now=now)
    known = find_same_days(session, [free_day.day for free_day in days])
    new = {(free_day.day, free_day.province): free_day for free_day in days if (free_day.day, free_day.province) not in known}
    rows = [_row(actor, free_day, now) for free_day in new.values()]
    session.add_all(rows)
    session.flush()
    if rows:
        span = {"first": min(row.day for row in rows).isoformat(), "last": max(row.day for row in rows).isoformat()}
        facts = {**span, **(approval.facts if approval is not None else {})}
        audit.record(session, actor, ComplianceVerb.FREE_DAYS_LOADED, None, now=now, days=len(rows), **facts)
    return len(rows)


def delete_free_day(session: Session, actor: Actor, row: FreeDay, *, approval: CalendarApproval | None = None, now: datetime) -> None:
    """Let offices be open on a day again; raise SecondPersonRequired of a day before today."""
    _require_second_person([row.day], approval, now=now)
    facts = {"day": row.day.isoformat(), "province": row.province, **(approval.facts if approval is not None else {})}
    audit.record(session, actor, ComplianceVerb.FREE_DAY_DELETED, row, now=now, **facts)
    session.delete(session.get_one(FreeDay, row.id))


def apply_free_days(
    session: Session,
    actor: Actor,
    added: Sequence[FreeDayValues],
    removed: Sequence[FreeDayValues],
    approval: CalendarApproval,
    *,
    now: datetime,
) -> None:
    """Change the calendar as somebody planned and another approved; what is so already stays."""
    bring_in_free_days(session, actor, added, approval=approval, now=now)
    known = find_same_days(session, [free_day.day for free_day in removed])
    for free_day in removed:
        if (row := known.get((free_day.day, free_day.province))) is not None:
            delete_free_day(session, actor, row, approval=approval, now=now)


def _row(actor: Actor, values: FreeDayValues, now: datetime) -> FreeDay:
    return FreeDay(day=values.day, name=values.name, province=values.province, added_at=now, added_by=actor.person_id)


def plan_again(session: Session, after: int, obligation: int | None, *, now: datetime) -> int | None:
    """Let the reminders of some assignments be planned anew, those after a number; return the last of them, None where there are none.

    Those that nothing is ahead of stay as they are: a change of their status plans them.
    """
    ahead = [Assignment.remind_at > now, Assignment.id > after]
    if obligation is not None:
        ahead.append(Assignment.obligation_id == obligation)
    numbers = session.scalars(select(Assignment.id).where(*ahead).order_by(Assignment.id).limit(REPLANNED)).all()
    if not numbers:
        return None
    session.execute(update(Assignment).where(*ahead, Assignment.id <= numbers[-1]).values(remind_at=now))
    return numbers[-1]
