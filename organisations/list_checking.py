"""The changes that the lines of a list would make, compared with the existing rows; and lists brought in whole, for commands."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.accounts import InvitedPerson
from accounts.models import NameSource, full_name
from accounts.names import NameParts, next_name
from accounts.rules import fold, is_other_name, richer_spelling
from kernel import audit
from kernel.db import count_rows
from kernel.errors import N_
from kernel.i18n import DEFAULT_ZONE, enumeration
from kernel.left_out import LineFault, LineRefused
from kernel.permissions import Actor
from organisations import lists, tree
from organisations.audiences import today_of
from organisations.list_past import RewrittenPeople, rewritten_by_people, rewritten_by_units
from organisations.list_reading import PeopleListRows, PersonListRow, UnitDirectory, UnitListRow, UnitListRows, read_people, read_units
from organisations.lists import (
    AddPerson,
    ChangePerson,
    KnownPerson,
    NameDifference,
    StaffNumberHolder,
    UnitListVerb,
    WorkValues,
    WriteUnit,
    known_heads,
)
from organisations.models import Employment
from organisations.posts import list_names, post_key
from organisations.rules.units import (
    DAY,
    NUMBER_ABOVE,
    EmploymentDays,
    UnitListKind,
    UnitSummary,
    asks_for_number,
    institution_of,
    latest,
    local_day,
    next_employment,
)
from organisations.unit_checking import UnitListCheck, from_day, judge_units, remark_spellings

DEFAULT_LANGUAGE = "es"


@dataclass(frozen=True, slots=True)
class PeopleListCheck:
    """The changes that lines of people would make; `remarks` are told and skip nothing."""

    new: tuple[AddPerson, ...]
    changed: tuple[ChangePerson, ...]
    same: int
    faults: tuple[LineFault, ...]
    remarks: tuple[LineFault, ...] = ()
    differences: tuple[NameDifference, ...] = ()

    @property
    def skipped_names(self) -> tuple[str, ...]:
        """Return the lines that come in without their name."""
        return tuple(str(difference.line) for difference in self.differences if difference.keeps_name)


@dataclass(frozen=True, slots=True)
class PeopleMatch:
    """The people whom lines may mean, by what each line has: staff number, identity number, address."""

    staff_numbers: Mapping[str, Sequence[StaffNumberHolder]]
    owners: Mapping[str, set[int]]
    addresses: Mapping[str, int]
    people: Mapping[int, KnownPerson]

    def find(self, line: PersonListRow, institution: int | None) -> KnownPerson | None:
        """Return whom a line means: by staff number, then identity number, then address; raise LineRefused where two disagree.

        A number of somebody who has left means nobody where the identity numbers differ: it was given to another (spec/compulsory 2.5).
        """
        owners = self.owners.get(line.national_id, set())
        if len(owners) > 1:
            raise LineRefused(
                N_("Several accounts have this identity number. Merge them if they belong to the same person, or correct the wrong one.")
            )
        by_address = self.addresses.get(line.email) if line.email else None
        matches = [self._by_number(line, institution), next(iter(owners), None), by_address]
        meant = [self.people[person] for person in dict.fromkeys(matches) if person is not None]
        if len(meant) > 1:
            raise LineRefused(N_("This line means two people: %(people)s."), people=enumeration([person.name for person in meant[:2]]))
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
        known = self.staff_numbers.get(line.staff_number, ())
        holders = [(person, is_present) for _number, place, person, is_present in known if institution in (None, place)]
        present = {person for person, is_present in holders if is_present}
        if len(present) > 1:
            if any(number != line.staff_number for number, *_rest in known):
                raise LineRefused(N_("Several people have this staff number without the noughts at its beginning. Write it whole."))
            raise LineRefused(N_("People of several institutions have this staff number. Name the unit."))
        if present:
            return present.pop()
        for person, _is_present in holders:
            number = self.people[person].national_id
            if not (line.national_id and number and line.national_id != number):
                return person
        return None


def match_people(session: Session, lines: Sequence[PersonListRow]) -> PeopleMatch:
    """Return whom lines may mean: a fixed number of statements for some thousands."""
    numbers = lists.known_staff_numbers(session, [line.staff_number for line in lines if line.staff_number])
    owners = lists.owners_of(session, [line.national_id for line in lines if line.national_id])
    addresses = lists.known_addresses(session, [line.email for line in lines if line.email])
    meant = {holder.person_id for holders in numbers.values() for holder in holders} | set(addresses.values())
    people = lists.known_people(session, meant.union(*owners.values()))
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

    def takes_name(self, line: PersonListRow) -> bool:
        """Return whether who confirmed the list decided that the name of a line holds."""
        return str(line.line) in self.taken_names

    def places(self, line: PersonListRow) -> tuple[UnitSummary | None, frozenset[int] | None]:
        """Return the unit that a line names, and the further ones."""
        main = self.directory.open_place(line.unit) if line.unit else None
        further = {self.directory.open_place(name).id for name in line.further} - ({main.id} if main else set())
        return main, frozenset(further) if line.further else None

    def institution(self, line: PersonListRow, main: UnitSummary | None, person: KnownPerson | None) -> int | None:
        """Return the institution of which a line speaks; raise LineRefused where it says when somebody entered and not where."""
        unit_id = main.id if main else person.places.main if person else None
        if unit_id is not None:
            return institution_of(self.directory.by_id, unit_id)
        roots = [unit.id for unit in self.directory.by_id.values() if unit.parent_id is None]
        known = list(person.employment) if person else []
        if len(known) == 1 or len(roots) == 1:
            return (known or roots)[0]
        if line.staff_number or line.entered_on or line.left_on or line.post:
            raise LineRefused(N_("The unit is missing: there are several institutions."))
        return None

    def day(self, institution: int | None) -> date:
        """Return the day that it is in an institution."""
        return day_of_lists(self.now) if institution is None else local_day(self.directory.by_id, institution, self.now)


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
    judge = _Judge(
        match_people(session, lines), directory, lists.known_posts(session, keys), repeated=repeated or {}, taken_names=taken_names, now=now
    )
    new, changed, faults, remarks, same = list[AddPerson](), list[ChangePerson](), list[LineFault](), list[LineFault](), 0
    differences, spellings = list[NameDifference](), list[tuple[int, tuple[str, ...], tuple[str, ...]]]()
    for listed in lines:
        line = listed
        try:
            person = _find(judge, line)
            line = _as_on_record(line, person) if person is not None else line
            differences += _differences(judge, line, person) if person is not None else ()
            write = _judge_line(judge, line, person)
        except LineRefused as unfit:
            faults.append(unfit.fault(line.line, _line_text(line)))
            continue
        new += [write] if isinstance(write, AddPerson) else []
        changed += [write] if isinstance(write, ChangePerson) else []
        same += write is None
        if person is not None:
            remarks += _remarks(judge.match, line, person)
            spellings += _spelling(judge, line, person)
    remarks += [*remark_spellings(spellings), *_remark_new_posts(session, judge, [*new, *changed])]
    return PeopleListCheck(tuple(new), tuple(changed), same, faults=tuple(faults), remarks=tuple(remarks), differences=tuple(differences))


def _as_on_record(line: PersonListRow, person: KnownPerson) -> PersonListRow:
    """Return a line with the noughts that its staff number has on record: spreadsheets drop them."""
    numbers = (days.staff_number for days in person.employment.values())
    known = next((number for number in numbers if lists.is_same_number(number, line.staff_number)), line.staff_number)
    return replace(line, staff_number=known)


def _remark_new_posts(session: Session, judge: _Judge, writes: Sequence[AddPerson | ChangePerson]) -> Iterator[LineFault]:
    """Tell once of each post that an institution with posts does not have, with the nearest that it has: a typing mistake founds one."""
    lines = defaultdict[tuple[int, str], list[AddPerson | ChangePerson]](list)
    for write in writes:
        if write.work.post and write.work.institution is not None:
            lines[write.work.institution, post_key(write.work.post)].append(write)
    unknown = {key: those for key, those in lines.items() if key not in judge.posts}
    names = {institution: {post_key(name): name for name in list_names(session, institution)} for institution, _key in unknown}
    for (institution, key), those in unknown.items():
        facts = {"post": those[0].work.post, "lines": len(those)}
        near = get_close_matches(key, names[institution], 1)
        if near:
            message = N_("New post: “%(post)s”. Is it “%(near)s”? Lines that name it: %(lines)s.")
            yield LineFault(those[0].line, "", message, {**facts, "near": names[institution][near[0]]})
        elif names[institution]:
            yield LineFault(those[0].line, "", N_("New post: “%(post)s”. Lines that name it: %(lines)s."), facts)


def _find(judge: _Judge, line: PersonListRow) -> KnownPerson | None:
    if line.line in judge.repeated:
        raise LineRefused(N_("This person is already on line %(first)s."), first=judge.repeated[line.line])
    main = judge.places(line)[0]
    return judge.match.find(line, institution_of(judge.directory.by_id, main.id) if main else None)


def _remarks(match: PeopleMatch, line: PersonListRow, person: KnownPerson) -> Iterator[LineFault]:
    """Tell of an address that is another than that of an account in use, which stays: only its owner changes what they sign in with."""
    if line.email and line.email not in match.addresses and not person.is_unopened:
        message = N_("%(name)s signs in with another address, which stays: %(address)s.")
        yield LineFault(line.line, line.email, message, {"name": person.name, "address": person.email})


def _differences(judge: _Judge, line: PersonListRow, person: KnownPerson) -> Iterator[NameDifference]:
    """Tell of a name that an administrator corrected and the line says otherwise, and of one that seems to be another person's."""
    listed_name, is_other = _listed_name(line, person), _doubt(line, person) is not None
    if is_other or (person.has_decided_name and listed_name != person.names):
        taken, shown = judge.takes_name(line), _person_label(person)
        numbers = (f" · {person.national_id}", f" · {line.national_id}") if _differs_by_identity(line, person) else ("", "")
        present, listed = person.name + numbers[0], full_name(*listed_name) + numbers[1]
        decided_name = person.name if person.has_decided_name else ""
        difference = NameDifference(line.line, shown, present, listed, taken, is_other=is_other)
        yield replace(difference, decided_name=decided_name, decided_at=person.name_decided_at)


def _spelling(judge: _Judge, line: PersonListRow, person: KnownPerson) -> Iterator[tuple[int, NameParts, NameParts]]:
    """Yield the name that somebody will have and the line's, where both are one name."""
    will_be, written = _next_name(judge, line, person), _written_name(line, person)
    if fold(full_name(*will_be)) == fold(full_name(*written)):
        yield line.line, will_be, written


def _next_name(judge: _Judge, line: PersonListRow, person: KnownPerson) -> NameParts:
    is_decided = _takes_name(judge, line, person)
    return next_name(person.names, person.name_source, _written_name(line, person), NameSource.LIST, is_decided=is_decided)


def _takes_name(judge: _Judge, line: PersonListRow, person: KnownPerson) -> bool:
    """Return whether who confirmed the list decided that its name holds; that a line means the same person gives up no decided name."""
    return judge.takes_name(line) and not (person.has_decided_name and _doubt(line, person) is not None)


def _doubt(line: PersonListRow, person: KnownPerson) -> str | None:
    """Return the reason to doubt that a line means a person, where one number or address alone suggests it: the name, or the number."""
    same = (
        line.staff_number and any(line.staff_number == days.staff_number for days in person.employment.values()),
        line.national_id and line.national_id == person.national_id,
        line.email and line.email == person.email,
    )
    if sum(map(bool, same)) >= 2:
        return None
    if is_other_name(person.names, _written_name(line, person)):
        return N_("The name seems to be another person’s: the number or address belongs to %(name)s. Confirm it if they are the same.")
    message = N_("%(name)s has this address and another identity number. Confirm it if they are the same person.")
    return message if _differs_by_identity(line, person) else None


def _differs_by_identity(line: PersonListRow, person: KnownPerson) -> bool:
    """Return whether the address of a named person leads to the account of somebody with another identity number."""
    is_known = "" not in (line.first_surname, line.national_id, person.national_id)
    return is_known and line.email == person.email and line.national_id != person.national_id


def _person_label(person: KnownPerson) -> str:
    return f"{person.name} · {person.email}"


def _written_name(line: PersonListRow, person: KnownPerson) -> NameParts:
    """Return the name that a line says; what it leaves out stays."""
    given, first, second = person.names
    return line.given_names or given, line.first_surname or first, line.second_surname or second


def _listed_name(line: PersonListRow, person: KnownPerson) -> NameParts:
    """Return the name that a line says, in the richer spelling."""
    given, first, second = richer_spelling(person.names, _written_name(line, person))
    return given, first, second


def repeated_lines(session: Session, lines: Sequence[PersonListRow], taken_names: Collection[str] = (), *, now: datetime) -> dict[int, int]:
    """Return the lines that mean somebody whom an earlier line means too, with that line; what is refused is in no line's way."""
    match, of_person = match_people(session, lines), defaultdict[int, list[PersonListRow]](list)
    for line in lines:
        try:
            person = match.find(line, None)
        except LineRefused:
            continue
        if person is not None:
            of_person[person.person_id].append(line)
    twice = [line for some in of_person.values() if len(some) > 1 for line in some]
    refused = {fault.line for fault in judge_people(session, twice, now=now, taken_names=taken_names).faults} if twice else set[int]()
    fit = [[line.line for line in some if line.line not in refused] for some in of_person.values()]
    return {later: some[0] for some in fit for later in some[1:]}


def _line_text(line: PersonListRow) -> str:
    names = " ".join(part for part in (line.given_names, line.first_surname, line.second_surname) if part)
    return " · ".join(part for part in (line.email, line.staff_number, names, line.unit) if part)[:200]


def _judge_line(judge: _Judge, line: PersonListRow, person: KnownPerson | None) -> AddPerson | ChangePerson | None:
    main, further = judge.places(line)
    institution = judge.institution(line, main, person)
    has_left = line.left_on is not None and line.left_on < judge.day(institution)
    if further and main is None and (person is None or person.places.main is None):
        raise LineRefused(N_("Further units need a unit to which the person belongs first."))
    _check_day(judge, line, person, institution)
    if person is None:
        if has_left:
            raise LineRefused(N_("No account fits this line, and the last day is over."))
        return _add(line, main, _work(line, institution, further, line.moved_on or line.entered_on))
    if person.suspended and not (has_left or person.closed_by_leaving):
        raise LineRefused(N_("This account is suspended."))
    if (doubt := _doubt(line, person)) is not None and not judge.takes_name(line):
        raise LineRefused(doubt, name=person.name)
    since_on = line.moved_on or _first_day(judge, line, person, institution, back=main is not None)
    return _change(judge, line, person, None if has_left else main, _work(line, institution, None if has_left else further, since_on))


def _work(line: PersonListRow, institution: int | None, further: frozenset[int] | None, since_on: date | None) -> WorkValues:
    return WorkValues(institution, line.post, further, _listed_days(line), since_on)


def _listed_days(line: PersonListRow) -> EmploymentDays:
    return EmploymentDays(line.staff_number, line.entered_on, line.left_on)


def _check_day(judge: _Judge, line: PersonListRow, person: KnownPerson | None, institution: int | None) -> None:
    """Raise LineRefused where a move is still to come, or from a day on which the person was elsewhere by what is on record."""
    if line.moved_on is None:
        return
    if line.moved_on > judge.day(institution):
        raise LineRefused(N_("The move on %(day)s is still to come. Load it on that day or later."), day=line.moved_on)
    first = None if person is None else person.places.first_free
    if first is not None and line.moved_on < first:
        raise LineRefused(
            N_("The move on %(day)s is before %(first)s, since when the present unit or post is on record."), day=line.moved_on, first=first
        )


def _first_day(judge: _Judge, line: PersonListRow, person: KnownPerson, institution: int | None, *, back: bool) -> date | None:
    """Return from which day on what a line says of units and posts holds: who enters, or enters anew, has them from that day on.

    Who never left, though the record said so, has them from the day after. None: from today on.
    """
    last = None if institution is None else person.employment.get(institution)
    if institution is None or person.places.main is not None:
        return None
    change = next_employment(last, _listed_days(line), judge.day(institution), back=back)
    if last is None or change is None:
        first = line.entered_on if last is None else None
    elif change.corrects:
        first = last.left_on + DAY if last.left_on is not None and change.days.left_on is None else None
    else:
        first = change.days.entered_on
    return latest(first, person.places.first_free) if first is not None else None


def _add(line: PersonListRow, unit: UnitSummary | None, work: WorkValues) -> AddPerson:
    if line.staff_number and not line.email:
        message = N_("No account has the staff number %(number)s, and a new account needs an email address.")
        raise LineRefused(message, number=line.staff_number)
    if not line.email:
        raise LineRefused(N_("No account fits this line, and a new account needs an email address."))
    if not line.given_names or not line.first_surname:
        raise LineRefused(N_("There is no account with this email address yet, and the given names or surname are missing."))
    language = line.language or DEFAULT_LANGUAGE
    person = InvitedPerson(
        line.email,
        line.given_names,
        line.first_surname,
        second_surname=line.second_surname,
        language=language,
        national_id=line.national_id,
    )
    return AddPerson(line.line, person, unit.id if unit else None, work)


def _change(judge: _Judge, line: PersonListRow, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> ChangePerson | None:
    """Return a line's changes about a person; what it leaves out stays."""
    takes_name, listed_names = _takes_name(judge, line, person), _next_name(judge, line, person)
    confirms = listed_names == person.names and person.name_source == NameSource.SELF and bool(line.given_names and line.first_surname)
    number = line.national_id if line.national_id != person.national_id else ""
    email = line.email if person.is_unopened and line.email not in judge.match.addresses else ""
    moves = unit if unit is not None and unit.id != person.places.main else None
    facts = [(N_("Name"), " ".join(person.names).strip(), " ".join(listed_names).strip())] if listed_names != person.names else []
    facts += [(N_("Identity number"), person.national_id, number)] if number else []
    facts += [(N_("Email"), person.email, email)] if email else []
    facts += [(N_("Unit"), *from_day(_place_name(judge, person.places.main), moves.name, work.since_on))] if moves else []
    facts += [*_post_fact(judge, person, unit, work), *_further_fact(judge, person, unit, work)]
    facts += _employment_facts(judge, person, unit, work)
    if not facts and not confirms:
        return None
    names = listed_names if listed_names != person.names or confirms else None
    restores = person.suspended and person.closed_by_leaving and unit is not None
    to, shown = moves.id if moves else None, _person_label(person)
    return ChangePerson(
        line.line,
        person.person_id,
        shown,
        names=names,
        national_id=number,
        place=to,
        work=work,
        facts=tuple(facts),
        restores=restores,
        old_place=person.places.main,
        confirms_name=confirms,
        takes_name=takes_name,
        email=email,
    )


def _place_name(judge: _Judge, unit_id: int | None) -> str:
    return judge.directory.by_id[unit_id].name if unit_id in judge.directory.by_id else ""


def _post_fact(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    if not work.post and unit is not None and person.places.main is None and person.places.former_post:
        return [(N_("Post"), person.places.former_post, "")]
    if not work.post or work.institution is None or (unit is None and person.places.main is None):
        return []
    known = judge.posts.get((work.institution, post_key(work.post)))
    return (
        []
        if known is not None and known == person.places.post
        else [(N_("Post"), *from_day(person.places.post_name, work.post, work.since_on))]
    )


def _further_fact(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    further = None if work.further is None else work.further - {unit.id if unit else person.places.main}
    if further is None or further == person.places.further:
        return []
    names = [sorted(_place_name(judge, unit_id) for unit_id in some) for some in (person.places.further, further)]
    return [(N_("Other units"), "; ".join(names[0]), "; ".join(names[1]))]


def _employment_facts(judge: _Judge, person: KnownPerson, unit: UnitSummary | None, work: WorkValues) -> list[tuple[str, str, str]]:
    """Return the new facts of an employment, by kind: staff number, day of entry, last day."""
    if work.institution is None:
        return []
    last = person.employment.get(work.institution)
    change = next_employment(last, work.days, judge.day(work.institution), back=unit is not None)
    if change is None:
        return []
    old, new = last or EmploymentDays(), change.days
    number = (N_("Staff number"), old.staff_number, new.staff_number)
    if last is not None and not change.corrects:  # both spans stay on record
        former = f"{_day(old.entered_on) or '…'} – {_day(old.left_on)}"
        facts = [number, (N_("Employment"), former, f"{former}; {_day(new.entered_on)} – {_day(new.left_on) or '…'}")]
    else:
        days = [(N_("Day of entry"), old.entered_on, new.entered_on), (N_("Last day"), old.left_on, new.left_on)]
        facts = [number, *((name, _day(was), _day(will_be)) for name, was, will_be in days)]
    return [fact for fact in facts if fact[1] != fact[2]]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


@dataclass(frozen=True, slots=True)
class ListEffects:
    """The effects of a list on an institution as a whole: who leaves it, how many move, and which units nobody is left in."""

    leavers: tuple[int, ...] = ()
    movers: tuple[int, ...] = ()
    people: int = 0
    emptied: tuple[str, ...] = ()
    is_complete: bool = False
    past: RewrittenPeople = field(default_factory=RewrittenPeople)
    """Whose days before today it says anew."""
    waiting: tuple[str, ...] = ()
    """The units whose move waits for a second person (spec/compulsory 4.5b)."""

    @property
    def moved(self) -> int:
        """Return how many move."""
        return len(self.movers)

    @property
    def number(self) -> int:
        """Return how many leave, move, or were obliged on other days: what an administrator types."""
        return len(self.leavers) + len({*self.movers, *self.past.known}) + len(self.past.new)

    @property
    def asks(self) -> bool:
        """Return whether nothing comes in before the number was typed (spec/compulsory 4.5b and 13.3)."""
        moves = asks_for_number(self.people, len(self.leavers), self.moved, len(self.emptied), complete=self.is_complete)
        return moves or self.past.count > NUMBER_ABOVE


@dataclass(frozen=True, slots=True)
class ListReview:
    """The changes that a list as it was read would make, and its faults and remarks by their lines."""

    rows: PeopleListRows | UnitListRows
    check: PeopleListCheck | UnitListCheck
    faults: tuple[LineFault, ...]
    remarks: tuple[LineFault, ...]
    effects: ListEffects


def day_of_lists(now: datetime) -> date:
    """Return the day by which days of lists are judged."""
    return now.astimezone(DEFAULT_ZONE).date()


def read_rows(kind: UnitListKind, content: bytes, *, now: datetime) -> PeopleListRows | UnitListRows:
    """Return the rows of a list; raise Undecodable where it is none of its kind."""
    return read_units(content, day_of_lists(now)) if kind is UnitListKind.UNITS else read_people(content, day_of_lists(now))


def review_rows(
    session: Session, rows: PeopleListRows | UnitListRows, complete_of: int | None, taken_names: Collection[str] = (), *, now: datetime
) -> ListReview:
    """Review a list of people or units."""
    if isinstance(rows, UnitListRows):
        return review_units(session, rows, now=now)
    return review_people(session, rows, complete_of, taken_names, now=now)


def review_people(
    session: Session, rows: PeopleListRows, complete_of: int | None, taken_names: Collection[str] = (), *, now: datetime
) -> ListReview:
    """Review a list of people; of a complete one also whom it makes leave."""
    repeated = repeated_lines(session, rows.entries, taken_names, now=now)
    check = judge_people(session, rows.entries, now=now, repeated=repeated, taken_names=taken_names)
    leavers = list_leavers(session, (*rows.entries, *rows.unread), complete_of) if complete_of is not None else []
    effects = _effects(session, check, leavers, complete_of, day_of_lists(now))
    remarks = _rows_by_line((*rows.remarks, *check.remarks))
    return ListReview(rows, check, faults=_rows_by_line((*rows.faults, *check.faults)), remarks=remarks, effects=effects)


def review_units(session: Session, rows: UnitListRows, *, now: datetime) -> ListReview:
    """Review a list of units."""
    heads = lists.known_heads(session, [line.head for line in rows.entries if line.head])
    check = judge_units(tree.list_tree(session), rows.entries, heads)
    waiting = tuple(line.name for line in check.changed if lists.waits(session, line, now=now))
    effects = ListEffects(past=rewritten_by_units(session, (*check.new, *check.changed), today_of(now)), waiting=waiting)
    remarks = _rows_by_line((*rows.remarks, *check.remarks))
    return ListReview(rows, check, faults=_rows_by_line((*rows.faults, *check.faults)), remarks=remarks, effects=effects)


def _rows_by_line(faults: Sequence[LineFault]) -> tuple[LineFault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line))


def list_leavers(session: Session, lines: Sequence[PersonListRow], institution: int) -> list[int]:
    """Return who works at an institution and is named by none of these lines, not even by one with a fault."""
    named = named_people(match_people(session, lines), lines)
    statement = select(Employment.person_id).where(tree.EMPLOYED, Employment.institution_id == institution)
    return [person for person in session.scalars(statement.order_by(Employment.person_id)) if person not in named]


def named_people(match: PeopleMatch, lines: Sequence[PersonListRow]) -> set[int]:
    """Return whom lines mean in any way."""
    people = set[int]()
    for line in lines:
        people |= {holder.person_id for holder in match.staff_numbers.get(line.staff_number, ())} if line.staff_number else set()
        people |= match.owners.get(line.national_id, set()) if line.national_id else set()
        people |= {match.addresses[line.email]} if line.email in match.addresses else set()
    return people


def _effects(session: Session, check: PeopleListCheck, leavers: Sequence[int], complete_of: int | None, today: date) -> ListEffects:
    """Sum up what happens to places; of a complete list in its institution, else in all."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    before = Counter(tree.count_members(session))
    known = lists.known_people(session, leavers)
    moves = [line for line in check.changed if line.place is not None and line.old_place is not None]
    gone = Counter(known[person].places.main for person in leavers) + Counter(line.old_place for line in moves)
    come = Counter([*(line.place for line in check.new), *(line.place for line in check.changed)])
    emptied = [
        unit_id for unit_id in gone if unit_id is not None and before[unit_id] and before[unit_id] - gone[unit_id] + come[unit_id] <= 0
    ]
    working = (tree.EMPLOYED, Employment.institution_id == complete_of)
    people = sum(before.values()) if complete_of is None else count_rows(session, Employment, *working)
    names = tuple(sorted(places[unit_id].name for unit_id in emptied))
    movers, past = tuple(line.person_id for line in moves), rewritten_by_people(session, check.new, check.changed, today)
    return ListEffects(tuple(leavers), movers, people, emptied=names, is_complete=complete_of is not None, past=past)


Open = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that writes."""


@dataclass(slots=True)
class AppliedCounts:
    """The number of lines that added and changed something, and of those who left."""

    made: int = 0
    changed: int = 0
    left: int = 0
    skipped_names: tuple[str, ...] = ()
    """Lines that came in without their name, because an administrator corrected it."""


def apply_people(write: Open, actor: Actor, rows: PeopleListRows, complete_of: int | None, *, now: datetime) -> AppliedCounts:
    """Bring in a list of people, and let those whom a complete one does not name have left."""
    counts = AppliedCounts()
    with write() as session:
        repeated = repeated_lines(session, rows.entries, now=now)
    for start in range(0, len(rows.entries), lists.PORTION):
        with write() as session:
            portion = rows.entries[start : start + lists.PORTION]
            judged = judge_people(session, portion, now=now, repeated=repeated)
            lists.bring_in_people(session, actor, judged.new, judged.changed, now=now)
        counts.made += len(judged.new)
        counts.changed += len(judged.changed)
        counts.skipped_names += judged.skipped_names
    more = complete_of is not None
    while more and complete_of is not None:
        with write() as session:
            gone = list_leavers(session, (*rows.entries, *rows.unread), complete_of)
            lists.let_leave(session, actor, gone[: lists.PORTION], complete_of, now=now)
        counts.left += len(gone[: lists.PORTION])
        more = len(gone) > lists.PORTION
    _record_done(write, actor, UnitListKind.PEOPLE, counts, now)
    return counts


def apply_units(write: Open, actor: Actor, rows: UnitListRows, reason: str, *, now: datetime) -> AppliedCounts:
    """Bring in a list of units: those whose parents are there, until nothing is left that fits; `reason` is that of moves that wait."""
    counts, applied, more = AppliedCounts(), set[int](), True
    while more:
        with write() as session:
            done = apply_ready(session, actor, rows.entries, applied, reason, now=now)
        counts.made += sum(line.place is None for line in done)
        counts.changed += sum(line.place is not None for line in done)
        more = bool(done)
    _record_done(write, actor, UnitListKind.UNITS, counts, now)
    return counts


def apply_ready(
    session: Session, actor: Actor, lines: Sequence[UnitListRow], applied: set[int], reason: str | None, *, now: datetime
) -> list[WriteUnit]:
    """Bring in some lines of units whose parents are there, note them in `applied` and return them."""
    heads = known_heads(session, [line.head for line in lines if line.head])
    judged = judge_units(tree.list_tree(session), lines, heads)
    left = [line for line in (*judged.new, *judged.changed) if line.line not in applied and line.parent_line is None]
    done = lists.try_places(session, actor, left[: lists.PORTION], reason, now=now)
    applied |= {line.line for line in done}
    return done


def _record_done(write: Open, actor: Actor, kind: UnitListKind, counts: AppliedCounts, now: datetime) -> None:
    with write() as session:
        facts = {"made": counts.made, "changed": counts.changed, "left": counts.left, "names_skipped": len(counts.skipped_names)}
        audit.record(session, actor, UnitListVerb.DONE, None, now=now, kind=kind.value, **facts)
