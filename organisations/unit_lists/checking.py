"""Checks of what the lines of a list would change, compared with the existing rows; nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.rules import fold
from accounts.services import InvitedPerson
from kernel.errors import N_
from organisations.queries import tree
from organisations.queries import unit_lists as queries
from organisations.queries.unit_lists import KnownPerson
from organisations.rules import UnitSummary, may_stand_under
from organisations.services.unit_lists import AddPerson, ChangePerson, WriteUnit
from organisations.unit_lists.reading import LONGEST_UNIT, SLASH, PersonListRow, UnitListFault, UnitListRow, called, parts_of

DEFAULT_LANGUAGE = "es"
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class PeopleListCheck:
    """The changes that lines of people would make."""

    new: tuple[AddPerson, ...]
    changed: tuple[ChangePerson, ...]
    same: int
    faults: tuple[UnitListFault, ...]


@dataclass(frozen=True, slots=True)
class UnitListCheck:
    """The changes that lines of units would make."""

    new: tuple[WriteUnit, ...]
    changed: tuple[WriteUnit, ...]
    same: int
    faults: tuple[UnitListFault, ...]


class RowRefused(ValueError):
    """A line that does not fit what there is."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message, self.facts = message, facts


class UnitDirectory:
    """The places of the tree by what lists call them: code, path from the institution, or a name that only one has."""

    def __init__(self, places: Iterable[UnitSummary]) -> None:
        self.by_id: dict[int, UnitSummary] = {}
        self._by_code: defaultdict[str, dict[int, UnitSummary]] = defaultdict(dict)
        self._by_name: defaultdict[str, dict[int, UnitSummary]] = defaultdict(dict)
        self._below: defaultdict[tuple[int | None, str], dict[int, UnitSummary]] = defaultdict(dict)
        for place in places:
            self.put(place)

    def put(self, place: UnitSummary) -> None:
        """Take up a place, or what has become of it."""
        if place.id in self.by_id:
            for entry in self._entries(self.by_id[place.id]):
                del entry[place.id]
        self.by_id[place.id] = place
        for entry in self._entries(place):
            entry[place.id] = place

    def _entries(self, place: UnitSummary) -> list[dict[int, UnitSummary]]:
        """Return what a place is found in: by its name, by its name under its parent, by its code."""
        name = called(place.name)
        entries = [self._by_name[name], self._below[place.parent_id, name]]
        return [*entries, self._by_code[fold(place.code)]] if place.code else entries

    def above(self, place: int) -> list[int]:
        """Return a place and everything above it."""
        found = [place]
        while (parent := self.by_id[found[-1]].parent_id) is not None:
            found.append(parent)
        return found

    def coded(self, code: str) -> UnitSummary | None:
        """Return the place with a code."""
        return next(iter(self._by_code.get(fold(code), {}).values()), None)

    def neighbour(self, parent: int | None, name: str) -> UnitSummary | None:
        """Return the place with a name directly under another."""
        found = self._below.get((parent, called(name)), {})
        return next((place for place in found.values() if place.name_key == fold(name)), None)

    def find(self, words: str) -> UnitSummary | None:
        """Return the one place that is called so; None where there is none; raise Unfit where several share the name."""
        coded = self.coded(words)
        if coded is not None:
            return coded
        found = self._by_name.get(called(words), {}) | {place.id: place for place in self._led_to(None, parts_of(words))}
        if len(found) > 1:
            raise RowRefused(N_("Several units are called “%(unit)s”. Use the code."), unit=words)
        return next(iter(found.values()), None)

    def _led_to(self, above: int | None, parts: Sequence[str]) -> Iterator[UnitSummary]:
        """Yield the places to which a path leads; a name on it may have a slash itself, and then takes several of its parts."""
        for end in range(1, min(len(parts), LONGEST_UNIT) + 1):
            for place in self._below.get((above, SLASH.join(parts[:end])), {}).values():
                if end == len(parts):
                    yield place
                else:
                    yield from self._led_to(place.id, parts[end:])

    def open_place(self, words: str) -> UnitSummary:
        """Return the open place that is called so; raise Unfit."""
        found = self.find(words)
        if found is None:
            raise RowRefused(N_("There is no unit called “%(unit)s”."), unit=words)
        if found.closed:
            raise RowRefused(N_("“%(unit)s” is closed."), unit=words)
        return found


def judge_people(session: Session, lines: Sequence[PersonListRow]) -> PeopleListCheck:
    """Compare lines of people with the accounts and the tree: a fixed number of statements for some thousands."""
    known = queries.known_people(session, [line.email for line in lines])
    owners = queries.owners_of(session, [line.national_id for line in lines if line.national_id])
    directory = UnitDirectory(tree.list_tree(session))
    new, changed, faults, same = list[AddPerson](), list[ChangePerson](), list[UnitListFault](), 0
    for line in lines:
        try:
            found = known.get(line.email)
            place = directory.open_place(line.unit) if line.unit else None
            _check_owner(line, found, owners)
            change = _change(line, found, place, directory) if found else None
            if found is None:
                new.append(_add(line, place))
        except RowRefused as unfit:
            faults.append(UnitListFault(line.line, _line_text(line), unfit.message, unfit.facts))
        else:
            changed += [change] if change else []
            same += found is not None and change is None
    return PeopleListCheck(tuple(new), tuple(changed), same, tuple(faults))


def _line_text(line: PersonListRow) -> str:
    names = " ".join(part for part in (line.given_names, line.first_surname, line.second_surname) if part)
    return " · ".join(part for part in (line.email, names, line.unit) if part)[:200]


def _check_owner(line: PersonListRow, found: KnownPerson | None, owners: Mapping[str, set[int]]) -> None:
    having = owners.get(line.national_id, set())
    if having and (found is None or found.person_id not in having):
        raise RowRefused(N_("This identity number belongs to another account."))
    if len(having) > 1:
        raise RowRefused(
            N_("Several accounts have this identity number. Merge them if they belong to the same person, or correct the wrong one.")
        )


def _add(line: PersonListRow, place: UnitSummary | None) -> AddPerson:
    if not line.given_names or not line.first_surname:
        raise RowRefused(N_("There is no account with this email address yet, and the given names or surname are missing."))
    language = line.language or DEFAULT_LANGUAGE
    person = InvitedPerson(line.email, line.given_names, line.first_surname, line.second_surname, language, line.national_id)
    return AddPerson(line.line, person, place.id if place else None)


def _change(line: PersonListRow, found: KnownPerson, place: UnitSummary | None, directory: UnitDirectory) -> ChangePerson | None:
    """Return what a line changes about a person; what it leaves out stays."""
    if found.suspended:
        raise RowRefused(N_("This account is suspended."))
    given, first, second = found.names
    said = (line.given_names or given, line.first_surname or first, line.second_surname or second)
    number = line.national_id if line.national_id != found.national_id else ""
    moves = place if place is not None and place.id != found.place else None
    if said == found.names and not number and moves is None:
        return None
    old = directory.by_id[found.place].name if found.place in directory.by_id else ""
    facts = [(" ".join(found.names).strip(), " ".join(said).strip())] if said != found.names else []
    facts += [(found.national_id, number)] if number else []
    facts += [(old, moves.name)] if moves else []
    names = said if said != found.names else None
    return ChangePerson(line.line, found.person_id, line.email, names, number, moves.id if moves else None, tuple(facts))


def judge_units(places: Sequence[UnitSummary], lines: Sequence[UnitListRow]) -> UnitListCheck:
    """Compare lines of places with the tree, as it would be after each of them; one line only may name a place."""
    directory, named = UnitDirectory(places), dict[int, int]()
    new, changed, faults, same = list[WriteUnit](), list[WriteUnit](), list[UnitListFault](), 0
    for line in lines:
        try:
            write = _place(directory, line, named)
        except RowRefused as unfit:
            faults.append(UnitListFault(line.line, f"{line.code} · {line.name} · {line.parent}"[:200], unfit.message, unfit.facts))
            continue
        same += write is None
        if write is not None:
            (changed if write.place else new).append(write)
            directory.put(_after(write))
    return UnitListCheck(tuple(map(_by_line, new)), tuple(map(_by_line, changed)), same, tuple(faults))


def _after(write: WriteUnit) -> UnitSummary:
    """Return a place as it would be; one that only the list has carries the number of its line, below nought."""
    return UnitSummary(write.place or -write.line, NOBODY, write.parent, write.kind, write.name, fold(write.name), write.code, False)


def _by_line(write: WriteUnit) -> WriteUnit:
    """Name a parent that only the list has by its line."""
    return replace(write, parent=None, parent_line=-write.parent) if write.parent is not None and write.parent < 0 else write


def _place(directory: UnitDirectory, line: UnitListRow, named: dict[int, int]) -> WriteUnit | None:
    """Return what a line does to the tree, nothing where it is so already; `named` are the lines of the places that were named before."""
    parent = directory.open_place(line.parent) if line.parent else None
    if not may_stand_under(line.kind, parent.kind if parent else None):
        raise RowRefused(N_("A unit of this kind cannot be placed there."))
    namesake = directory.neighbour(parent.id if parent else None, line.name)
    found = directory.coded(line.code)
    if found is None and namesake is not None and not (line.code and namesake.code):
        found = namesake
    if namesake is not None and namesake is not found:
        raise RowRefused(N_("There is already a unit with this name here."))
    first = named.setdefault(found.id if found else -line.line, line.line)
    if first != line.line:
        raise RowRefused(N_("This unit is already on line %(first)s."), first=first)
    if found is None:
        return WriteUnit(line.line, None, line.kind, line.name, line.code, parent.id if parent else None)
    return _changed_place(directory, line, found, parent)


def _changed_place(directory: UnitDirectory, line: UnitListRow, found: UnitSummary, parent: UnitSummary | None) -> WriteUnit | None:
    if found.closed:
        raise RowRefused(N_("“%(unit)s” is closed."), unit=found.name)
    if found.kind is not line.kind:
        raise RowRefused(N_("It is of a different kind, and the kind cannot be changed."))
    if parent is not None and found.id in directory.above(parent.id):
        raise RowRefused(N_("A unit cannot be placed under itself or under one of its sub-units."))
    code = line.code or found.code
    facts = [(found.name, line.name)] if found.name != line.name else []
    facts += [(found.code, code)] if found.code != code else []
    if parent is not None and parent.id != found.parent_id:
        facts.append((directory.by_id[found.parent_id].name if found.parent_id else "", parent.name))
    parent_id = parent.id if parent else None
    return WriteUnit(line.line, found.id, line.kind, line.name, code, parent_id, facts=tuple(facts)) if facts else None
