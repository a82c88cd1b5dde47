"""Lists of people and units: uploads that wait, their confirmation, and what each line writes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Row, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from accounts import accounts, addresses
from accounts.accounts import InvitedPerson, ProfileChanges
from accounts.models import AccountMerge, NameSource, NationalIdentity, Person, PersonName, full_name
from accounts.names import PRESENT as PRESENT_NAME
from accounts.uploads import UploadedList, discard_pending_upload, get_pending_upload, store_pending_upload
from kernel import audit, outbox
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations import employment as organisations_employment
from organisations import tree, units
from organisations.audiences import today_of
from organisations.employment import EmploymentValues
from organisations.models import Employment, Membership, Organisation, PendingUnitList, Post, PostSpelling, UnitManager
from organisations.posts import find_or_make_posts, post_key
from organisations.rules.units import DAY, EmploymentDays, OrganisationKind, UnitListKind, UnitSummary, local_day
from organisations.tree import PRESENT
from organisations.units import MembershipValues, UnitMove, UnitValues

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
    first_free: date | None = None
    """The first day from which on another main place may be recorded: those before are of the present or of a former one."""
    former_post: str = ""
    """The post in the last main place, where that is over."""


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
    is_unopened: bool = False
    """Whether nobody has opened the account yet: its invitation follows the address of a list."""
    name_source: str = ""
    """Where the present name comes from (`accounts.models.NameSource`), where that is recorded."""
    name_decided_at: datetime | None = None
    """When an administrator decided the present name, where one did."""

    @property
    def has_decided_name(self) -> bool:
        """Return whether an administrator decided the present name."""
        return self.name_source == NameSource.CORRECTION

    @property
    def name(self) -> str:
        """Return the name as people read it."""
        return full_name(*self.names)


@dataclass(frozen=True, slots=True)
class NameDifference:
    """A line with another name than the one that an administrator corrected, or with that of another person: somebody has to decide."""

    line: int
    shown: str
    """The person with their address."""
    corrected: str
    listed: str
    is_taken: bool
    is_other: bool = False
    """Whether the line seems to mean another person: then nothing of it comes in before it was decided."""
    decided_name: str = ""
    """The name that an administrator decided: it stays also where a line that seems another's means the same person."""
    decided_at: datetime | None = None
    """When they decided it."""

    @property
    def keeps_name(self) -> bool:
        """Return whether the line comes in without its name."""
        return bool(self.decided_name) if self.is_other and self.is_taken else not (self.is_taken or self.is_other)


StaffNumberHolder: TypeAlias = Row[str | None, int, int, bool]
"""A staff number with its `institution_id`, the `person_id` of a present or former holder, and whether they are there (`is_present`)."""


def known_addresses(session: Session, addresses: Sequence[str]) -> dict[str, int]:
    """Return who has these addresses, by address: the account that stays, where the one with the address was merged."""
    holders = dict[str, int]()
    for some in _portions(addresses):
        holder = func.coalesce(AccountMerge.kept_id, Person.id)
        statement = select(Person.email, holder).outerjoin(AccountMerge, AccountMerge.closed_id == Person.id).where(Person.email.in_(some))
        holders.update((row[0], row[1]) for row in session.execute(statement))
    return holders


def known_staff_numbers(session: Session, numbers: Sequence[str]) -> dict[str, list[StaffNumberHolder]]:
    """Return who has or had these staff numbers; those who have left last.

    Where nobody has a number as it is written, whoever has it with other noughts at its beginning: spreadsheets drop them.
    """
    holders = defaultdict[str, list[StaffNumberHolder]](list)
    for row in _select_holders(session, Employment.staff_number, numbers):
        holders[row.staff_number or ""].append(row)
    others = defaultdict[str, list[str]](list)
    for number in dict.fromkeys(numbers):
        if number.isdigit() and number not in holders:
            others[number.lstrip("0")].append(number)
    for row in _select_holders(session, func.ltrim(Employment.staff_number, "0"), sorted(others)):
        for number in others[(row.staff_number or "").lstrip("0")]:
            holders[number].append(row)
    return holders


def _select_holders(session: Session, number: SQLColumnExpression[Any], values: Sequence[str]) -> Iterator[StaffNumberHolder]:
    is_present = Employment.left_on.is_(None).label("is_present")
    columns = (Employment.staff_number, Employment.institution_id, Employment.person_id, is_present)
    order = (Employment.left_on.is_not(None), Employment.left_on.desc(), Employment.id.desc())
    for some in _portions(values):
        statement = select(*columns).where(number.in_(some), Employment.retracted_at.is_(None))
        yield from session.execute(statement.order_by(*order))


def is_same_number(number: str, other: str) -> bool:
    """Return whether two staff numbers differ by nothing but noughts at the beginning."""
    return number == other or (number.isdigit() and other.isdigit() and number.lstrip("0") == other.lstrip("0"))


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
        decided_at = func.coalesce(PersonName.decided_at, PersonName.since)
        statement = select(Person, NationalIdentity.number, PersonName.source, decided_at)
        statement = statement.outerjoin(NationalIdentity, NationalIdentity.person_id == Person.id)
        statement = statement.outerjoin(PersonName, (PersonName.person_id == Person.id) & PRESENT_NAME)
        for person, number, source, decided in session.execute(statement.where(Person.id.in_(some))):
            names, suspended = (person.given_names, person.first_surname, person.second_surname), person.suspended_at is not None
            where, worked = places.get(person.id, KnownPlaces()), employment[person.id]
            people_by_id[person.id] = KnownPerson(
                person.id,
                names,
                person.email,
                suspended=suspended,
                closed_by_leaving=person.id in closed,
                national_id=number or "",
                places=where,
                employment=worked,
                is_unopened=addresses.is_unopened(person.email_confirmed_at, person.password_hash),
                name_source=source or "",
                name_decided_at=decided if source == NameSource.CORRECTION else None,
            )
    return people_by_id


def _places_of(session: Session, people: Sequence[int]) -> dict[int, KnownPlaces]:
    ended = select(Membership.person_id, Membership.until_on, Post.name).outerjoin(Post, Post.id == Membership.post_id)
    ended = ended.where(Membership.person_id.in_(people), ~PRESENT, Membership.is_main, Membership.retracted_at.is_(None))
    last = session.execute(ended.where(Membership.until_on.is_not(None)).order_by(Membership.until_on, Membership.id)).all()
    units_of = {row[0]: KnownPlaces(first_free=row[1] + DAY, former_post=row[2] or "") for row in last if row[1] is not None}
    rows = select(Membership, Post.name).outerjoin(Post, Post.id == Membership.post_id)
    for row, post in session.execute(rows.where(Membership.person_id.in_(people), PRESENT)):
        places = units_of.get(row.person_id, KnownPlaces())
        if row.is_main:
            first_free = row.since_on or places.first_free
            places = replace(places, main=row.organisation_id, post=row.post_id, post_name=post or "", first_free=first_free)
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
    by_address = known_addresses(session, [term.lower() for term in terms])
    people = {term: by_address[term.lower()] for term in terms if term.lower() in by_address}
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
    """Return whose these identity numbers are, by number: two accounts may have one; who typed it gives way to whom a list says it of."""
    owners, typed = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for some in _portions(numbers):
        statement = select(NationalIdentity.number, NationalIdentity.person_id, NationalIdentity.source)
        for number, person_id, source in session.execute(statement.where(NationalIdentity.number.in_(some))):
            (typed if source == NameSource.SELF else owners)[number].add(person_id)
    return {**typed, **owners}


PORTION = 200
"""Lines that are written in one transaction: other writers wait a moment only."""


class UnitListVerb(
    audit.Verb,
    facts={
        "faulty": N_("Lines with faults"),
    },
):
    """The audit-log verbs of unit lists."""

    RECEIVED = "load.received", N_("Uploaded a list of people and units")
    CONFIRMED = "load.confirmed", N_("Confirmed a list of people and units")
    DISCARDED = "load.discarded", N_("Discarded a list of people and units")
    DONE = "load.done", N_("Finished processing a list of people and units")


def receive(
    session: Session, actor: Actor, kind: UnitListKind, sent: UploadedList, *, complete_of: int | None = None, now: datetime
) -> PendingUnitList:
    """Keep a list until it is confirmed; of earlier ones of the same person the newest stay.

    `complete_of` is the institution of which it names everybody.
    """
    row = PendingUnitList(kind=kind.value, name=sent.name, content=sent.content, total=sent.total, complete_of=complete_of)
    earlier, size = PendingUnitList.confirmed_at.is_(None), len(sent.content)
    return store_pending_upload(session, actor, UnitListVerb.RECEIVED, row, earlier, now=now, kind=row.kind, lines=row.total, size=size)


def confirm(
    session: Session,
    actor: Actor,
    load: PendingUnitList,
    taken_names: Sequence[str] = (),
    reason: str = "",
    *,
    rewritten: int = 0,
    now: datetime,
) -> None:
    """Bring in a list in the background; a second time changes nothing. `rewritten` is whose days before today it was shown to say anew.

    Lines of `taken_names` change a name that an administrator corrected; the others leave it. `reason` is that of moves of units that
    wait for a second person.
    """
    row = session.get_one(PendingUnitList, load.id, with_for_update=True)
    if row.confirmed_at is None:
        row.confirmed_at, row.taken_names, row.reason = now, tuple(taken_names), reason
        facts = {"kind": row.kind, "name": row.name, "rewritten": rewritten, "names_taken": len(taken_names)}
        audit.record(session, actor, UnitListVerb.CONFIRMED, row, now=now, **facts)
        outbox.enqueue(session, "organisations.bring_in", {"load": row.id}, now=now)


def discard(session: Session, actor: Actor, load: PendingUnitList, *, now: datetime) -> None:
    """Delete a list that was not confirmed."""
    if load.confirmed_at is None:
        discard_pending_upload(session, actor, UnitListVerb.DISCARDED, load, now=now, kind=load.kind)


@dataclass(frozen=True, slots=True)
class WorkValues:
    """The values of a line about somebody's work at an institution: post, further units, staff number and days; None and empty: nothing."""

    institution: int | None = None
    post: str = ""
    further: frozenset[int] | None = None
    days: EmploymentDays = field(default_factory=EmploymentDays)
    since_on: date | None = None
    """From which day on the unit, the post and the further units hold, where the list says it; None: today."""


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A person whom a line adds, and the unit to which they belong, if it names one."""

    line: int
    person: InvitedPerson
    place: int | None
    work: WorkValues = field(default_factory=WorkValues)


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """A person whose data a line changes; None and empty: unchanged. `facts` show it on the page: column, old and new."""

    line: int
    person_id: int
    name: str
    names: tuple[str, str, str] | None
    national_id: str
    place: int | None
    work: WorkValues = field(default_factory=WorkValues)
    facts: tuple[tuple[str, str, str], ...] = ()
    restores: bool = False
    """Whether the account opens again that was suspended because the person had left."""
    old_place: int | None = None
    """Their main place until now."""
    confirms_name: bool = False
    """Whether the line says the name that the person has given themself."""
    takes_name: bool = False
    """Whether who confirmed the list decided that its name holds."""
    email: str = ""
    """Where the invitation of an account that nobody has opened goes from now on."""


def bring_in_people(
    session: Session, actor: Actor, new: Sequence[AddPerson], changed: Sequence[ChangePerson], *, now: datetime
) -> list[int]:
    """Add and change a portion of people, and return who was added: they are invited by mail."""
    added = accounts.invite(session, actor, [line.person for line in new], now=now)
    for line in changed:
        _change(session, actor, line, now=now)
    lines: dict[int, AddPerson | ChangePerson] = {row.id: line for row, line in zip(added, new, strict=True)}
    lines |= {line.person_id: line for line in changed}
    _bring_in_work(session, actor, lines, {unit.id: unit for unit in tree.list_tree(session)}, now=now)
    return [row.id for row in added]


def _bring_in_work(
    session: Session, actor: Actor, lines: Mapping[int, AddPerson | ChangePerson], places: Mapping[int, UnitSummary], *, now: datetime
) -> None:
    """Record employments by institution, then posts and places; who has left by now belongs to no place any more."""
    memberships = {
        person: MembershipValues(line.place, since_on=line.work.since_on)
        for person, line in lines.items()
        if line.work.institution is None and line.place
    }
    for institution in sorted({line.work.institution for line in lines.values() if line.work.institution is not None}):
        there = {person: line for person, line in lines.items() if line.work.institution == institution}
        day = local_day(places, institution, now)
        employments = {person: EmploymentValues(institution, line.work.days, back=line.place is not None) for person, line in there.items()}
        organisations_employment.record_employments(session, actor, employments, day, now=now)
        posts = find_or_make_posts(session, actor, institution, [line.work.post for line in there.values() if line.work.post], now=now)
        for person, line in there.items():
            if line.work.days.left_on is None or line.work.days.left_on >= day:
                post = posts.get(post_key(line.work.post))
                memberships[person] = MembershipValues(line.place, post, line.work.further, line.work.since_on)
        _leave(session, actor, {person: line.work.days.left_on for person, line in there.items()}, institution, day, now=now)
    units.assign_members(session, actor, memberships, now=now)


def let_leave(session: Session, actor: Actor, people: Sequence[int], institution: int, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution yesterday: a complete list of today does not name them."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    units.leave(session, actor, people, institution, local_day(places, institution, now) - timedelta(days=1), now=now)


def _leave(session: Session, actor: Actor, last_days: Mapping[int, date | None], institution: int, day: date, *, now: datetime) -> None:
    by_day = defaultdict[date, list[int]](list)
    for person, last_day in last_days.items():
        if last_day is not None and last_day < day:
            by_day[last_day].append(person)
    for last_day, people in by_day.items():
        units.end_places(session, actor, people, institution, last_day, now=now)


def _change(session: Session, actor: Actor, line: ChangePerson, *, now: datetime) -> None:
    person = session.get_one(Person, line.person_id)
    if line.names is not None or line.national_id:
        names = line.names or (person.given_names, person.first_surname, person.second_surname)
        changes = ProfileChanges(*names, person.language, person.zone, line.national_id or None)
        source = NameSource.LIST if line.names is not None else NameSource.SELF
        accounts.edit_profile(session, actor, person, changes, source=source, is_decided=line.takes_name, now=now)
    if line.email:
        addresses.correct_invitation(session, actor, person, line.email, now=now)
    if line.restores:
        units.restore_account(session, actor, person, now=now)


@dataclass(frozen=True, slots=True)
class WriteUnit:
    """A place that a line adds (`place` None) or changes; its parent is known by its number or comes before it in the list, by its line."""

    line: int
    place: int | None
    kind: OrganisationKind
    name: str
    code: str
    parent: int | None
    parent_line: int | None = None
    facts: tuple[tuple[str, str, str], ...] = ()
    zone: str = ""
    head: int | None = None
    """Who heads it from now on; None: unchanged."""
    since_on: date | None = None
    """From which day on it stands under another parent; None: today."""


def _day_of_move(session: Session, line: WriteUnit, *, now: datetime) -> date | None:
    """Return from which day on a line lets a place stand under another one; None where it moves nothing."""
    if line.place is None or line.parent is None or session.get_one(Organisation, line.place).parent_id == line.parent:
        return None
    return line.since_on or today_of(now)


def waits(session: Session, line: WriteUnit, *, now: datetime) -> bool:
    """Return whether the move of a line waits for a second person."""
    day = _day_of_move(session, line, now=now)
    return day is not None and units.needs_second_person(session, session.get_one(Organisation, line.place), day, now=now)


def bring_in_place(session: Session, actor: Actor, line: WriteUnit, reason: str | None, *, now: datetime) -> None:
    """Add a place, or give it another name, code or parent; raise Conflict where the tree has changed so that it does not fit.

    A move that is not one person's waits for a second one, for a reason; where there is None, it is made to see what would come of it.
    """
    parent = None if line.parent is None else session.get_one(Organisation, line.parent)
    plan, day = UnitValues(line.name, line.code, line.zone or None), _day_of_move(session, line, now=now)
    if line.place is None:
        unit = units.make(session, actor, parent, line.kind, plan, now=now)
    else:
        unit = session.get_one(Organisation, line.place)
        if parent is None or day is None:
            units.change(session, actor, unit, plan, now=now)
        elif reason is not None and waits(session, line, now=now):
            units.plan_move(session, actor, UnitMove(unit.id, parent.id, day, reason, plan), now=now)
        else:
            units.move(session, actor, unit, parent, now=now, plan=plan, since_on=day)
    if line.head is not None:
        units.name_manager(session, actor, unit, session.get_one(Person, line.head), now=now, is_head=True)


def try_places(session: Session, actor: Actor, lines: Sequence[WriteUnit], reason: str | None, *, now: datetime) -> list[WriteUnit]:
    """Bring in some places, each alone: one that does not fit any more keeps the others not; return those that came in."""
    done = []
    for line in lines:
        try:
            with session.begin_nested():
                bring_in_place(session, actor, line, reason, now=now)
        except Conflict:
            continue
        done.append(line)
    return done
