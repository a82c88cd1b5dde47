"""Checks of what the lines of a list would change, compared with the existing rows; nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from accounts.rules import fold
from kernel.errors import N_
from organisations.queries.unit_lists import KnownHeads
from organisations.rules import UnitSummary, may_stand_under
from organisations.services.unit_lists import WriteUnit
from organisations.unit_lists.reading import LONGEST_UNIT, SLASH, UnitListFault, UnitListRow, called, parts_of

DEFAULT_LANGUAGE = "es"
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class UnitListCheck:
    """The changes that lines of units would make; `remarks` are told and skip nothing."""

    new: tuple[WriteUnit, ...]
    changed: tuple[WriteUnit, ...]
    same: int
    faults: tuple[UnitListFault, ...]
    remarks: tuple[UnitListFault, ...] = ()


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
        for unit in places:
            self.put(unit)

    def put(self, unit: UnitSummary) -> None:
        """Take up a place, or what has become of it."""
        if unit.id in self.by_id:
            for entry in self._entries(self.by_id[unit.id]):
                del entry[unit.id]
        self.by_id[unit.id] = unit
        for entry in self._entries(unit):
            entry[unit.id] = unit

    def _entries(self, unit: UnitSummary) -> list[dict[int, UnitSummary]]:
        """Return what a place is found in: by its name, by its name under its parent, by its code."""
        name = called(unit.name)
        entries = [self._by_name[name], self._below[unit.parent_id, name]]
        return [*entries, self._by_code[fold(unit.code)]] if unit.code else entries

    def above(self, unit: int) -> list[int]:
        """Return a place and everything above it."""
        lineage_of_unit = [unit]
        while (parent := self.by_id[lineage_of_unit[-1]].parent_id) is not None:
            lineage_of_unit.append(parent)
        return lineage_of_unit

    def coded(self, code: str) -> UnitSummary | None:
        """Return the place with a code."""
        return next(iter(self._by_code.get(fold(code), {}).values()), None)

    def neighbour(self, parent: int | None, name: str) -> UnitSummary | None:
        """Return the place with a name directly under another."""
        candidates = self._below.get((parent, called(name)), {})
        return next((unit for unit in candidates.values() if unit.name_key == fold(name)), None)

    def find(self, name: str) -> UnitSummary | None:
        """Return the one place that is called so; None where there is none; raise Unfit where several share the name."""
        coded = self.coded(name)
        if coded is not None:
            return coded
        candidates = self._by_name.get(called(name), {}) | {unit.id: unit for unit in self._led_to(None, parts_of(name))}
        if len(candidates) > 1:
            raise RowRefused(N_("Several units are called “%(unit)s”. Use the code."), unit=name)
        return next(iter(candidates.values()), None)

    def _led_to(self, above: int | None, parts: Sequence[str]) -> Iterator[UnitSummary]:
        """Yield the places to which a path leads; a name on it may have a slash itself, and then takes several of its parts."""
        for end in range(1, min(len(parts), LONGEST_UNIT) + 1):
            for unit in self._below.get((above, SLASH.join(parts[:end])), {}).values():
                if end == len(parts):
                    yield unit
                else:
                    yield from self._led_to(unit.id, parts[end:])

    def open_place(self, name: str) -> UnitSummary:
        """Return the open place that is called so; raise Unfit."""
        unit = self.find(name)
        if unit is None:
            raise RowRefused(N_("There is no unit called “%(unit)s”."), unit=name)
        if unit.closed:
            raise RowRefused(N_("“%(unit)s” is closed."), unit=name)
        return unit


def judge_units(places: Sequence[UnitSummary], lines: Sequence[UnitListRow], heads: KnownHeads | None = None) -> UnitListCheck:
    """Compare lines of places with the tree, as it would be after each of them; one line only may name a place.

    A head whom nobody with an account is keeps the line from nothing else: units come before their people (spec/compulsory 2.2).
    """
    directory, named, known = UnitDirectory(places), dict[int, int](), heads or KnownHeads()
    new, changed, faults, same = list[WriteUnit](), list[WriteUnit](), list[UnitListFault](), 0
    message = N_("No account has the staff number or address “%(head)s”: the unit stays without this head.")
    remarks = [
        UnitListFault(line.line, line.name[:200], message, {"head": line.head[:100]})
        for line in lines
        if line.head and line.head not in known.by_words
    ]
    for line in lines:
        try:
            write = _place(directory, line, named, known)
        except RowRefused as unfit:
            faults.append(UnitListFault(line.line, f"{line.code} · {line.name} · {line.parent}"[:200], unfit.message, unfit.facts))
            continue
        same += write is None
        if write is not None:
            (changed if write.place else new).append(write)
            directory.put(_after(write))
    return UnitListCheck(tuple(map(_by_line, new)), tuple(map(_by_line, changed)), same, tuple(faults), tuple(remarks))


def _after(write: WriteUnit) -> UnitSummary:
    """Return a place as it would be; one that only the list has carries the number of its line, below nought."""
    number, key = write.place or -write.line, fold(write.name)
    return UnitSummary(number, NOBODY, write.parent, write.kind, write.name, key, write.code, False, write.zone)


def _by_line(write: WriteUnit) -> WriteUnit:
    """Name a parent that only the list has by its line."""
    return replace(write, parent=None, parent_line=-write.parent) if write.parent is not None and write.parent < 0 else write


def _place(directory: UnitDirectory, line: UnitListRow, named: dict[int, int], heads: KnownHeads) -> WriteUnit | None:
    """Return what a line does to the tree, nothing where it is so already; `named` are the lines of the places that were named before."""
    parent = directory.open_place(line.parent) if line.parent else None
    if not may_stand_under(line.kind, parent.kind if parent else None):
        raise RowRefused(N_("A unit of this kind cannot be placed there."))
    namesake = directory.neighbour(parent.id if parent else None, line.name)
    present = directory.coded(line.code)
    if present is None and namesake is not None and not (line.code and namesake.code):
        present = namesake
    if namesake is not None and namesake is not present:
        raise RowRefused(N_("There is already a unit with this name here."))
    first = named.setdefault(present.id if present else -line.line, line.line)
    if first != line.line:
        raise RowRefused(N_("This unit is already on line %(first)s."), first=first)
    if present is None:
        head = heads.by_words.get(line.head)
        parent_id = parent.id if parent else None
        return WriteUnit(line.line, None, line.kind, line.name, line.code, parent_id, zone=line.zone, head=head[0] if head else None)
    return _changed_place(directory, line, present, parent, heads)


def _changed_place(
    directory: UnitDirectory, line: UnitListRow, present: UnitSummary, parent: UnitSummary | None, heads: KnownHeads
) -> WriteUnit | None:
    if present.closed:
        raise RowRefused(N_("“%(unit)s” is closed."), unit=present.name)
    if present.kind is not line.kind:
        raise RowRefused(N_("It is of a different kind, and the kind cannot be changed."))
    if parent is not None and present.id in directory.above(parent.id):
        raise RowRefused(N_("A unit cannot be placed under itself or under one of its sub-units."))
    code = line.code or present.code
    facts = [(N_("Name"), present.name, line.name)] if present.name != line.name else []
    facts += [(N_("Code"), present.code, code)] if present.code != code else []
    if parent is not None and parent.id != present.parent_id:
        facts.append((N_("Parent unit"), directory.by_id[present.parent_id].name if present.parent_id else "", parent.name))
    facts += [(N_("Time zone"), present.zone, line.zone)] if line.zone and line.zone != present.zone else []
    old, new = heads.present.get(present.id), heads.by_words.get(line.head)
    moves = new is not None and (old is None or old[0] != new[0])
    facts += [(N_("Head"), old[1] if old else "", new[1])] if new is not None and moves else []
    parent_id, head = parent.id if parent else None, new[0] if new is not None and moves else None
    return WriteUnit(line.line, present.id, line.kind, line.name, code, parent_id, None, tuple(facts), line.zone, head) if facts else None
