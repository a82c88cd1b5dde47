"""Reading lists that were sent in, and the accounts that they speak of."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import AccountMerge, NationalIdentity, Person
from accounts.queries import get_pending_upload
from kernel.permissions import Actor
from organisations.models import Membership, PendingUnitList

AT_ONCE = 5_000
"""Values in one statement: both databases take more."""


def get_load(session: Session, actor: Actor, load: UUID) -> PendingUnitList:
    """Return a list that the actor sent in; raise NotFound."""
    return get_pending_upload(session, PendingUnitList, actor.person_id, load)


def list_loads(session: Session, actor: Actor) -> list[PendingUnitList]:
    """List what the actor sent in and is kept, the newest first."""
    statement = select(PendingUnitList).where(PendingUnitList.person_id == actor.person_id).order_by(PendingUnitList.id.desc()).limit(20)
    return list(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with an account, as lists are compared with them."""

    person_id: int
    names: tuple[str, str, str]
    """Given names, first and second surname."""
    suspended: bool
    national_id: str
    place: int | None


def known_people(session: Session, addresses: Sequence[str]) -> dict[str, KnownPerson]:
    """Return who has these addresses, by address; some thousands in each statement."""
    found = {}
    holder = aliased(Person)
    """Who has an address now: the account that stays, where the one with the address was merged."""
    columns = (Person.email, holder.id, holder.given_names, holder.first_surname, holder.second_surname, holder.suspended_at)
    for start in range(0, len(addresses), AT_ONCE):
        statement = (
            select(*columns, NationalIdentity.number, Membership.organisation_id)
            .outerjoin(AccountMerge, AccountMerge.closed_id == Person.id)
            .join(holder, holder.id == func.coalesce(AccountMerge.kept_id, Person.id))
            .outerjoin(NationalIdentity, NationalIdentity.person_id == holder.id)
            .outerjoin(Membership, (Membership.person_id == holder.id) & Membership.until.is_(None))
            .where(Person.email.in_(addresses[start : start + AT_ONCE]))
        )
        for row in session.execute(statement):
            found[row[0]] = KnownPerson(row[1], (row[2], row[3], row[4]), row[5] is not None, row[6] or "", row[7])
    return found


def owners_of(session: Session, numbers: Sequence[str]) -> dict[str, set[int]]:
    """Return whose these identity numbers are, by number: people type their own, and two accounts may have one."""
    found = defaultdict[str, set[int]](set)
    for start in range(0, len(numbers), AT_ONCE):
        statement = select(NationalIdentity.number, NationalIdentity.person_id)
        for number, person_id in session.execute(statement.where(NationalIdentity.number.in_(numbers[start : start + AT_ONCE]))):
            found[number].add(person_id)
    return found
