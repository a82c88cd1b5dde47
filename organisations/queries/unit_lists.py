"""Reading lists that were sent in, and the accounts that they speak of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, NationalIdentity, Person, PersonName, full_name
from accounts.names import PRESENT as PRESENT_NAME
from accounts.uploads import get_pending_upload
from kernel.permissions import Actor
from organisations.models import Employment, Membership, PendingUnitList, Post, PostSpelling, UnitManager
from organisations.queries.tree import PRESENT
from organisations.rules import EmploymentDays

Value = TypeVar("Value")

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
class KnownPlaces:
    """A person's present places: the main one with its post, and the further ones."""

    main: int | None = None
    post: int | None = None
    post_name: str = ""
    further: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with an account, as lists are compared with them."""

    person_id: int
    names: tuple[str, str, str]
    """Given names, first and second surname."""
    email: str
    suspended: bool
    closed_by_leaving: bool
    """Whether the account was suspended because the person had left."""
    national_id: str
    places: KnownPlaces
    employment: Mapping[int, EmploymentDays]
    """The last row that stands, by institution."""
    name_source: str = ""
    """Where the present name comes from (`accounts.models.NameSource`), where that is recorded."""

    @property
    def name(self) -> str:
        """Return the name as people read it."""
        return full_name(*self.names)


@dataclass(frozen=True, slots=True)
class StaffNumberHolder:
    """A present or former holder of a staff number at an institution."""

    institution: int
    person_id: int
    is_present: bool


def known_addresses(session: Session, addresses: Sequence[str]) -> dict[str, int]:
    """Return who has these addresses, by address: the account that stays, where the one with the address was merged."""
    holders = dict[str, int]()
    for some in _portions(addresses):
        holder = func.coalesce(AccountMerge.kept_id, Person.id)
        statement = select(Person.email, holder).outerjoin(AccountMerge, AccountMerge.closed_id == Person.id).where(Person.email.in_(some))
        holders.update((row[0], row[1]) for row in session.execute(statement))
    return holders


def known_staff_numbers(session: Session, numbers: Sequence[str]) -> dict[str, list[StaffNumberHolder]]:
    """Return who has or had these staff numbers; those who have left last."""
    holders = defaultdict[str, list[StaffNumberHolder]](list)
    columns = (Employment.staff_number, Employment.institution_id, Employment.person_id, Employment.left_on.is_(None))
    for some in _portions(numbers):
        statement = select(*columns).where(Employment.staff_number.in_(some), Employment.retracted_at.is_(None))
        for row in session.execute(statement.order_by(Employment.left_on.is_not(None), Employment.left_on.desc(), Employment.id.desc())):
            holders[row[0] or ""].append(StaffNumberHolder(row[1], row[2], bool(row[3])))
    return holders


def known_people(session: Session, people: Iterable[int]) -> dict[int, KnownPerson]:
    """Return people by their numbers as lists are compared with them; some thousands in each statement."""
    people_by_id = dict[int, KnownPerson]()
    for some in _portions(sorted(set(people))):
        places, employment = _places_of(session, some), defaultdict[int, dict[int, EmploymentDays]](dict)
        closed = set[int]()
        rows = select(Employment).where(Employment.person_id.in_(some), Employment.retracted_at.is_(None))
        for row in session.scalars(rows.order_by(Employment.left_on.is_(None), Employment.left_on, Employment.id)):
            employment[row.person_id][row.institution_id] = EmploymentDays(row.staff_number or "", row.entered_on, row.left_on)
            closed |= {row.person_id} if row.account_closed_at is not None else set()
        statement = select(Person, NationalIdentity.number, PersonName.source)
        statement = statement.outerjoin(NationalIdentity, NationalIdentity.person_id == Person.id)
        statement = statement.outerjoin(PersonName, (PersonName.person_id == Person.id) & PRESENT_NAME)
        for person, number, source in session.execute(statement.where(Person.id.in_(some))):
            names, suspended = (person.given_names, person.first_surname, person.second_surname), person.suspended_at is not None
            where, worked = places.get(person.id, KnownPlaces()), employment[person.id]
            people_by_id[person.id] = KnownPerson(
                person.id, names, person.email, suspended, person.id in closed, number or "", where, worked, source or ""
            )
    return people_by_id


def _places_of(session: Session, people: Sequence[int]) -> dict[int, KnownPlaces]:
    units_of = dict[int, KnownPlaces]()
    rows = select(Membership, Post.name).outerjoin(Post, Post.id == Membership.post_id)
    for row, post in session.execute(rows.where(Membership.person_id.in_(people), PRESENT)):
        places = units_of.get(row.person_id, KnownPlaces())
        if row.is_main:
            places = replace(places, main=row.organisation_id, post=row.post_id, post_name=post or "")
        else:
            places = replace(places, further=places.further | {row.organisation_id})
        units_of[row.person_id] = places
    return units_of


def known_posts(session: Session, keys: Sequence[str]) -> dict[tuple[int, str], int]:
    """Return the posts that are written so, by institution and key."""
    posts = dict[tuple[int, str], int]()
    for some in _portions(keys):
        statement = select(PostSpelling.institution_id, PostSpelling.key, PostSpelling.post_id).where(PostSpelling.key.in_(some))
        posts.update(((row[0], row[1]), row[2]) for row in session.execute(statement))
    return posts


@dataclass(frozen=True, slots=True)
class KnownHeads:
    """People whom lists may mean by a head, by staff number or address, and present heads, by the place: number and name."""

    by_words: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    present: Mapping[int, tuple[int, str]] = field(default_factory=dict)


def known_heads(session: Session, texts: Iterable[str]) -> KnownHeads:
    """Return whom some staff numbers and addresses mean; a number that several have at present means nobody."""
    terms = sorted(set(texts))
    addresses = known_addresses(session, [term.lower() for term in terms])
    people = {term: addresses[term.lower()] for term in terms if term.lower() in addresses}
    for number, holders in known_staff_numbers(session, [term.upper() for term in terms]).items():
        working = {holder.person_id for holder in holders if holder.is_present}
        people |= {term: next(iter(working)) for term in terms if term.upper() == number and len(working) == 1}
    heads = {row.organisation_id: row.person_id for row in session.scalars(select(UnitManager).where(UnitManager.is_head))}
    known = known_people(session, [*people.values(), *heads.values()])
    return KnownHeads(
        {term: (person, known[person].name) for term, person in people.items()},
        {unit: (person, known[person].name) for unit, person in heads.items()},
    )


def _portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def owners_of(session: Session, numbers: Sequence[str]) -> dict[str, set[int]]:
    """Return whose these identity numbers are, by number: people type their own, and two accounts may have one."""
    owners = defaultdict[str, set[int]](set)
    for some in _portions(numbers):
        statement = select(NationalIdentity.number, NationalIdentity.person_id)
        for number, person_id in session.execute(statement.where(NationalIdentity.number.in_(some))):
            owners[number].add(person_id)
    return owners
