"""Reading status lists, and which of their places hold a credential that is not in force any more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, select, text
from sqlalchemy.orm import Session

from certificates.models import ENDED, Credential, StatusList


@dataclass(frozen=True, slots=True)
class EndedPlaces:
    """The places whose credential was revoked or replaced, those of them that were replaced, and when the last of them was."""

    places: frozenset[int]
    replaced: frozenset[int]
    changed_at: datetime | None


def find_status_list(session: Session, number: int) -> StatusList | None:
    """Return a status list, or None where it has not begun."""
    return session.get(StatusList, number)


def list_ended_places(session: Session, number: int) -> EndedPlaces:
    """Return the places of a list whose credential is not in force any more; the database joins them, as there may be very many."""
    is_replaced = Credential.revoked_at.is_(None)
    joined = func.aggregate_strings(cast(Credential.status_place, String), ",")
    statement = (
        select(is_replaced, joined, func.max(Credential.revoked_at), func.max(Credential.replaced_at))
        .where(Credential.status_list == number, Credential.status_place.is_not(None), text(ENDED))
        .group_by(is_replaced)
    )
    indexes: dict[bool, frozenset[int]] = {}
    moments: list[datetime] = []
    for replaced, places, *changes in session.execute(statement):
        indexes[bool(replaced)] = frozenset(map(int, places.split(",")))
        moments += [moment for moment in changes if moment is not None]
    replaced_ones = indexes.get(True, frozenset())
    return EndedPlaces(indexes.get(False, frozenset()) | replaced_ones, replaced_ones, max(moments, default=None))


def list_status_lists(session: Session) -> list[StatusList]:
    """List the status lists that have begun; one holds a hundred thousand credentials."""
    return list(session.scalars(select(StatusList).order_by(StatusList.number).limit(1000)))
