"""Reading status lists, and which of their places hold a credential that is not in force any more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
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
    """Return the places of a list whose credential is not in force any more."""
    statement = select(Credential.status_place, Credential.revoked_at, Credential.replaced_at).where(
        Credential.status_list == number, text(ENDED)
    )
    rows = session.execute(statement).all()
    return EndedPlaces(
        frozenset(place for place, _revoked, _replaced in rows if place is not None),
        frozenset(place for place, revoked, _replaced in rows if place is not None and revoked is None),
        max((moment for _place, *moments in rows for moment in moments if moment is not None), default=None),
    )


def list_status_lists(session: Session) -> list[StatusList]:
    """List the status lists that have begun; one holds a hundred thousand credentials."""
    return list(session.scalars(select(StatusList).order_by(StatusList.number).limit(1000)))
