"""The people on an uploaded list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name, name_matches
from organisations.models import AudienceList, AudienceListEntry, Employment, Membership, Organisation
from organisations.queries.audience_kinds import end_of
from organisations.queries.tree import EMPLOYED, MAIN

MOST_SPANS = 500


@dataclass(frozen=True, slots=True)
class ListedPersonRow:
    """A person on a list: since when, with their staff number and main unit; '' where there is none."""

    uuid: UUID
    name: str
    staff_number: str
    unit: str
    since_on: date


@dataclass(frozen=True, slots=True)
class ListSpan:
    """The time that a person stands or stood on a list, by the institution's days."""

    list_id: int
    since: datetime
    until: datetime | None


def list_spans_on_lists(session: Session, person_id: int) -> list[ListSpan]:
    """List when a person stood on which list."""
    statement = select(AudienceListEntry).where(AudienceListEntry.person_id == person_id).order_by(AudienceListEntry.id).limit(MOST_SPANS)
    return [
        ListSpan(row.list_id, end_of(row.since_on - timedelta(days=1)), end_of(row.until_on) if row.until_on is not None else None)
        for row in session.scalars(statement)
    ]


def count_listed(session: Session, people_list: AudienceList) -> int:
    """Count who stands on a list now."""
    on_it = (AudienceListEntry.list_id == people_list.id, AudienceListEntry.until_on.is_(None))
    return session.scalar(select(func.count()).select_from(AudienceListEntry).where(*on_it)) or 0


def list_listed(session: Session, people_list: AudienceList, query: str, *, offset: int, limit: int) -> list[ListedPersonRow]:
    """List who stands on a list now, by name."""
    numbers = select(func.max(Employment.staff_number)).where(
        Employment.person_id == Person.id, Employment.institution_id == people_list.institution_id, EMPLOYED
    )
    statement = (
        select(Person, numbers.scalar_subquery(), Organisation.name, AudienceListEntry.since_on)
        .join(AudienceListEntry, AudienceListEntry.person_id == Person.id)
        .outerjoin(Membership, and_(Membership.person_id == Person.id, MAIN))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(AudienceListEntry.list_id == people_list.id, AudienceListEntry.until_on.is_(None), *name_matches(query, with_address=False))
        .order_by(*by_name())
        .offset(offset)
        .limit(limit)
    )
    return [
        ListedPersonRow(person.uuid, person.full_name, number or "", unit or "", since)
        for person, number, unit, since in session.execute(statement)
    ]
