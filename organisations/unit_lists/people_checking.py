"""Checks of what the lines of a list of people would change: whom each means, and what it says that is new. Nothing is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts.accounts import InvitedPerson
from accounts.models import NameSource, full_name
from kernel.errors import N_
from organisations.queries import tree
from organisations.queries import unit_lists as queries
from organisations.queries.unit_lists import KnownPerson, StaffNumberHolder
from organisations.rules import EmploymentDays, UnitSummary, institution_of, local_day, next_employment
from organisations.services.posts import post_key
from organisations.services.unit_lists import AddPerson, ChangePerson, WorkValues
from organisations.unit_lists.checking import RowRefused, UnitDirectory
from organisations.unit_lists.reading import PersonListRow, UnitListFault

DEFAULT_LANGUAGE = "es"


@dataclass(frozen=True, slots=True)
class NameDifference:
    """A line with another name than the one that an administrator corrected; it holds only where somebody decided so."""

    line: int
    shown: str
    """The address of the person."""
    corrected: str
    listed: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class PeopleListCheck:
    """The changes that lines of people would make; `remarks` are told and skip nothing."""

    new: tuple[AddPerson, ...]
    changed: tuple[ChangePerson, ...]
    same: int
    faults: tuple[UnitListFault, ...]
    remarks: tuple[UnitListFault, ...] = ()
    differences: tuple[NameDifference, ...] = ()

    @property
    def skipped_names(self) -> tuple[str, ...]:
        """Return the lines that come in without their name."""
        return tuple(str(difference.line) for difference in self.differences if not difference.is_taken)


@dataclass(frozen=True, slots=True)
class PeopleMatch:
    """The people whom lines may mean, by what each line has: staff number, identity number, address."""

    staff_numbers: Mapping[str, Sequence[StaffNumberHolder]]
    owners: Mapping[str, set[int]]
    addresses: Mapping[str, int]
    people: Mapping[int, KnownPerson]

    def find(self, line: PersonListRow, institution: int | None) -> KnownPerson | None:
        """Return whom a line means: by staff number, then identity number, then address; raise RowRefused where two disagree.

        A number of somebody who has left means nobody where the identity numbers differ: it was given to another (spec/compulsory 2.5).
        """
        owners = self.owners.get(line.national_id, set())
        if len(owners) > 1:
            raise RowRefused(
                N_("Several accounts have this identity number. Merge them if they belong to the same person, or correct the wrong one.")
            )
        by_address = self.addresses.get(line.email) if line.email else None
        matches = [self._by_number(line, institution), next(iter(owners), None), by_address]
        meant = [self.people[person] for person in dict.fromkeys(matches) if person is not None]
        if len(meant) > 1:
            raise RowRefused(N_("This line means two people: %(one)s and %(other)s."), one=meant[0].name, other=meant[1].name)
        return meant[0] if meant else None

    def among(self, people: Collection[int]) -> "PeopleMatch":
        """Return the match as it would be if there were no other people than these."""
        return PeopleMatch(
            {number: [holder for holder in holders if holder.person_id in people] for number, holders in self.staff_numbers.items()},
            {number: owners & set(people) for number, owners in self.owners.items()},
            {address: person for address, person in self.addresses.items() if person in people},
            {person: known for person, known in self.people.items() if person in people},
        )

    def _by_number(self, line: PersonListRow, institution: int | None) -> int | None:
        holders = [holder for holder in self.staff_numbers.get(line.staff_number, ()) if institution in (None, holder.institution)]
        present = {holder.person_id for holder in holders if holder.is_present}
        if len(present) > 1:
            raise RowRefused(N_("People of several institutions have this staff number. Name the unit."))
        if present:
            return present.pop()
        for holder in holders:
            number = self.people[holder.person_id].national_id
            if not (line.national_id and number and line.national_id != number):
                return holder.person_id
        return None


def match_people(session: Session, lines: Sequence[PersonListRow]) -> PeopleMatch:
    """Return whom lines may mean: a fixed number of statements for some thousands."""
    numbers = queries.known_staff_numbers(session, [line.staff_number for line in lines if line.staff_number])
    owners = queries.owners_of(session, [line.national_id for line in lines if line.national_id])
    addresses = queries.known_addresses(session, [line.email for line in lines if line.email])
    meant = {holder.person_id for holders in numbers.values() for holder in holders} | set(addresses.values())
    people = queries.known_people(session, meant.union(*owners.values()))
    return PeopleMatch(numbers, owners, addresses, people)


@dataclass(frozen=True, slots=True)
class _Judge:
    """The rows with which the lines of a list are compared."""

    match: PeopleMatch
    directory: UnitDirectory
    posts: Mapping[tuple[int, str], int]
    repeated: Mapping[int, int]
    taken_names: Collection[str]
    now: datetime

    def keeps_name(self, line: PersonListRow, person: KnownPerson) -> bool:
        """Return whether a line leaves a name as an administrator corrected it."""
        return person.name_source == NameSource.CORRECTION and str(line.line) not in self.taken_names

    def places(self, line: PersonListRow) -> tuple[UnitSummary | None, frozenset[int] | None]:
        """Return the unit that a line names, and the further ones."""
        main = self.directory.open_place(line.unit) if line.unit else None
        further = {self.directory.open_place(name).id for name in line.further} - ({main.id} if main else set())
        return main, frozenset(further) if line.further else None

    def institution(self, line: PersonListRow, main: UnitSummary | None, person: KnownPerson | None) -> int | None:
        """Return the institution of which a line speaks; raise RowRefused where it says when somebody entered and not where."""
        unit_id = main.id if main else person.places.main if person else None
        if unit_id is not None:
            return institution_of(self.directory.by_id, unit_id)
        roots = [unit.id for unit in self.directory.by_id.values() if unit.parent_id is None]
        known = list(person.employment) if person else []
        if len(known) == 1 or len(roots) == 1:
            return (known or roots)[0]
        if line.staff_number or line.entered_on or line.left_on or line.post:
            raise RowRefused(N_("The unit is missing: there are several institutions."))
        return None

    def day(self, institution: int | None) -> date:
        """Return the day that it is in an institution."""
        return self.now.date() if institution is None else local_day(self.directory.by_id, institution, self.now)


def judge_people(
    session: Session,
    lines: Sequence[PersonListRow],
    *,
    now: datetime,
    repeated: Mapping[int, int] | None = None,
    taken_names: Collection[str] = (),
) -> PeopleListCheck:
    """Compare lines of people with the accounts and the tree: a fixed number of statements for some thousands.

    `repeated` are lines that mean somebody whom an earlier line means too, `taken_names` those whose name replaces a corrected one.
    """
    keys = sorted({post_key(line.post) for line in lines if line.post})
    directory = UnitDirectory(tree.list_tree(session))
    judge = _Judge(match_people(session, lines), directory, queries.known_posts(session, keys), repeated or {}, taken_names, now)
    new, changed, faults, remarks, same = list[AddPerson](), list[ChangePerson](), list[UnitListFault](), list[UnitListFault](), 0
    differences = list[NameDifference]()
    for line in lines:
        try:
            person = _find(judge, line)
            write = _judge_line(judge, line, person)
        except RowRefused as unfit:
            faults.append(UnitListFault(line.line, _line_text(line), unfit.message, unfit.facts))
            continue
        new += [write] if isinstance(write, AddPerson) else []
        changed += [write] if isinstance(write, ChangePerson) else []
        same += write is None
        if person is not None:
            remarks += _remarks(judge.match, line, person)
            differences += _differences(judge, line, person)
    return PeopleListCheck(tuple(new), tuple(changed), same, tuple(faults), tuple(remarks), tuple(differences))


def _find(judge: _Judge, line: PersonListRow) -> KnownPerson | None:
    if line.line in judge.repeated:
        raise RowRefused(N_("This person is already on line %(first)s."), first=judge.repeated[line.line])
    main = judge.places(line)[0]
    return judge.match.find(line, institution_of(judge.directory.by_id, main.id) if main else None)


def _remarks(match: PeopleMatch, line: PersonListRow, person: KnownPerson) -> Iterator[UnitListFault]:
    """Tell of an address that is another than the account's, which stays: only its owner changes what they sign in with."""
    if line.email and line.email not in match.addresses:
        message = N_("%(name)s signs in with another address, which stays: %(address)s.")
        yield UnitListFault(line.line, line.email, message, {"name": person.name, "address": person.email})


def _differences(judge: _Judge, line: PersonListRow, person: KnownPerson) -> Iterator[NameDifference]:
    """Tell of a name that an administrator corrected and the line says otherwise."""
    listed_name = _listed_name(line, person)
    if person.name_source == NameSource.CORRECTION and listed_name != person.names:
        yield NameDifference(
            line.line, line.email or person.email, person.name, full_name(*listed_name), not judge.keeps_name(line, person)
        )


def _listed_name(line: PersonListRow, person: KnownPerson) -> tuple[str, str, str]:
    """Return the name that a line says; what it leaves out stays."""
    given, first, second = person.names
    return line.given_names or given, line.first_surname or first, line.second_surname or second


def repeated_lines(session: Session, lines: Sequence[PersonListRow]) -> dict[int, int]:
    """Return the lines that mean somebody whom an earlier line means too, with that line."""
    match, named, repeated = match_people(session, lines), dict[int, int](), dict[int, int]()
    for line in lines:
        try:
            person = match.find(line, None)
        except RowRefused:
            continue
        if person is not None and named.setdefault(person.person_id, line.line) != line.line:
            repeated[line.line] = named[person.person_id]
    return repeated


def _line_text(line: PersonListRow) -> str:
    names = " ".join(part for part in (line.given_names, line.first_surname, line.second_surname) if part)
    return " · ".join(part for part in (line.email, line.staff_number, names, line.unit) if part)[:200]


def _judge_line(judge: _Judge, line: PersonListRow, person: KnownPerson | None) -> AddPerson | ChangePerson | None:
    main, further = judge.places(line)
    institution = judge.institution(line, main, person)
    has_left = line.left_on is not None and line.left_on < judge.day(institution)
    if further and main is None and (person is None or person.places.main is None):
        raise RowRefused(N_("Further units need a unit to which the person belongs first."))
    if person is None:
        if has_left:
            raise RowRefused(N_("No account fits this line, and the last day is over."))
        return _add(line, main, _work(line, institution, further))
    if person.suspended and not (has_left or person.closed_by_leaving):
        raise RowRefused(N_("This account is suspended."))
    return _change(judge, line, person, None if has_left else main, _work(line, institution, None if has_left else further))


def _work(line: PersonListRow, institution: int | None, further: frozenset[int] | None) -> WorkValues:
    return WorkValues(institution, line.post, further, EmploymentDays(line.staff_number, line.entered_on, line.left_on))


def _add(line: PersonListRow, unit: UnitSummary | None, work: WorkValues) -> AddPerson:
    if not line.given_names or not line.first_surname:
        raise RowRefused(N_("There is no account with this email address yet, and the given names or surname are missing."))
    if not line.email:
        raise RowRefused(N_("No account fits this line, and a new account needs an email address."))
    language = line.language or DEFAULT_LANGUAGE
    person = InvitedPerson(line.email, line.given_names, line.first_surname, line.second_surname, language, line.national_id)
    return AddPerson(line.line, person, unit.id if unit else None, work)


def _change(judge: _Judge, line: PersonListRow, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> ChangePerson | None:
    """Return what a line changes about a person; what it leaves out stays."""
    listed_names = person.names if judge.keeps_name(line, person) else _listed_name(line, person)
    confirms = listed_names == person.names and person.name_source == NameSource.SELF and bool(line.given_names and line.first_surname)
    number = line.national_id if line.national_id != person.national_id else ""
    moves = unit if unit is not None and unit.id != person.places.main else None
    facts = [(N_("Name"), " ".join(person.names).strip(), " ".join(listed_names).strip())] if listed_names != person.names else []
    facts += [(N_("Identity number"), person.national_id, number)] if number else []
    facts += [(N_("Unit"), _place_name(judge, person.places.main), moves.name)] if moves else []
    facts += [*_post_fact(judge, person, unit, work), *_further_fact(judge, person, unit, work)]
    facts += _employment_facts(judge, person, unit, work)
    if not facts and not confirms:
        return None
    names = listed_names if listed_names != person.names or confirms else None
    restores = person.suspended and person.closed_by_leaving and unit is not None
    shown = line.email or person.email
    to = moves.id if moves else None
    return ChangePerson(line.line, person.person_id, shown, names, number, to, work, tuple(facts), restores, person.places.main, confirms)


def _place_name(judge: _Judge, unit_id: int | None) -> str:
    return judge.directory.by_id[unit_id].name if unit_id in judge.directory.by_id else ""


def _post_fact(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    if not work.post or work.institution is None or (unit is None and person.places.main is None):
        return []
    known = judge.posts.get((work.institution, post_key(work.post)))
    return [] if known is not None and known == person.places.post else [(N_("Post"), person.places.post_name, work.post)]


def _further_fact(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    further = None if work.further is None else work.further - {unit.id if unit else person.places.main}
    if further is None or further == person.places.further:
        return []
    names = [sorted(_place_name(judge, unit_id) for unit_id in some) for some in (person.places.further, further)]
    return [(N_("Other units"), "; ".join(names[0]), "; ".join(names[1]))]


def _employment_facts(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    """Return what is new about an employment, by what it is: staff number, day of entry, last day."""
    if work.institution is None:
        return []
    last = person.employment.get(work.institution)
    change = next_employment(last, work.days, judge.day(work.institution), back=unit is not None)
    if change is None:
        return []
    old, new = last or EmploymentDays(), change.days
    facts = (
        (N_("Staff number"), old.staff_number, new.staff_number),
        (N_("Day of entry"), _day(old.entered_on), _day(new.entered_on)),
        (N_("Last day"), _day(old.left_on), _day(new.left_on)),
    )
    return [fact for fact in facts if fact[1] != fact[2]]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
