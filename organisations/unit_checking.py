"""The lines of a list of units compared with the tree: what each would add and change, and why some do nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from accounts.rules import fold, richer_spelling
from kernel.errors import N_
from kernel.left_out import LineFault, LineRefused
from organisations.list_past import NOBODY
from organisations.list_reading import UnitDirectory, UnitListRow
from organisations.lists import KnownHeads, WriteUnit
from organisations.rules.units import DAY, UnitSummary, may_stand_under


@dataclass(frozen=True, slots=True)
class UnitListCheck:
    """The changes that lines of units would make; `remarks` are told and skip nothing."""

    new: tuple[WriteUnit, ...]
    changed: tuple[WriteUnit, ...]
    same: int
    faults: tuple[LineFault, ...]
    remarks: tuple[LineFault, ...] = ()


def judge_units(places: Sequence[UnitSummary], lines: Sequence[UnitListRow], heads: KnownHeads | None = None) -> UnitListCheck:
    """Compare lines of places with the tree, as it would be after each of them; one line only may name a place.

    A head whom nobody with an account is keeps the line from nothing else: units come before their people (spec/compulsory 2.2).
    """
    directory, named, known = UnitDirectory(places), dict[int, int](), heads or KnownHeads()
    new, changed, faults, same = list[WriteUnit](), list[WriteUnit](), list[LineFault](), 0
    message = N_("No account has the staff number or address “%(head)s”: the unit stays without this head.")
    remarks = [
        LineFault(line.line, line.name[:200], message, {"head": line.head[:100]})
        for line in lines
        if line.head and line.head not in known.by_words
    ]
    for line in lines:
        try:
            write = _place(directory, line, named, known)
        except LineRefused as unfit:
            faults.append(unfit.fault(line.line, f"{line.code} · {line.name} · {line.parent}"[:200]))
            named = {unit_id: first for unit_id, first in named.items() if first != line.line}  # what is refused is in no line's way
            continue
        same += write is None
        if write is not None:
            (changed if write.place else new).append(write)
            directory.put(_after(write))
    known_names, of_line = {unit.id: unit.name for unit in places}, {first: unit_id for unit_id, first in named.items()}
    present = {line.line: known_names.get(of_line.get(line.line, 0), "") for line in lines}
    moving = {write.line for write in changed if any(column == N_("Parent unit") for column, _old, _new in write.facts)}
    message = N_("The day counts for a unit that moves: this one stays where it is, or is new and stands there on all days.")
    remarks += [LineFault(line.line, line.name[:200], message, {}) for line in lines if line.since_on and line.line not in moving]
    remarks += remark_spellings((line.line, richer_spelling([present[line.line]], [line.name]), (line.name,)) for line in lines)
    return UnitListCheck(tuple(map(_by_line, new)), tuple(map(_by_line, changed)), same, tuple(faults), tuple(remarks))


def from_day(old: str, new: str, day: date | None) -> tuple[str, str]:
    """Return the former and the coming value, with the day on which the one ends and the other begins, where it is known."""
    if day is None:
        return old, new
    return f"{old} (… – {day - DAY})" if old else "", f"{new} ({day} – …)"


def remark_spellings(names: Iterable[tuple[int, tuple[str, ...], tuple[str, ...]]]) -> list[LineFault]:
    """Tell once of all lines whose names, the second, are the first in a poorer spelling."""
    poorer = [(line, richer, listed) for line, richer, listed in names if richer != listed]
    message = N_("“%(kept)s” stays: the list writes the same name as “%(listed)s”. Lines with a poorer spelling: %(lines)s.")
    examples = [(line, {"kept": " ".join(richer).strip(), "listed": " ".join(listed).strip()}) for line, richer, listed in poorer[:1]]
    return [LineFault(line, "", message, {**facts, "lines": len(poorer)}) for line, facts in examples]


def _after(write: WriteUnit) -> UnitSummary:
    """Return a place as it would be; one that only the list has carries the number of its line, below nought."""
    number, key = write.place or -write.line, fold(write.name)
    return UnitSummary(
        number, NOBODY, write.parent, kind=write.kind, name=write.name, name_key=key, code=write.code, closed=False, zone=write.zone
    )


def _by_line(write: WriteUnit) -> WriteUnit:
    """Name a parent that only the list has by its line."""
    return replace(write, parent=None, parent_line=-write.parent) if write.parent is not None and write.parent < 0 else write


def _place(directory: UnitDirectory, line: UnitListRow, named: dict[int, int], heads: KnownHeads) -> WriteUnit | None:
    """Return a line's change of the tree, nothing where it is so already; `named` are the lines of the places that were named before."""
    parent = directory.open_place(line.parent) if line.parent else None
    if not may_stand_under(line.kind, parent.kind if parent else None):
        raise LineRefused(N_("A unit of this kind cannot be placed there."))
    namesake = directory.neighbour(parent.id if parent else None, line.name)
    present = directory.coded(line.code)
    if present is None and namesake is not None and not (line.code and namesake.code):
        present = namesake
    if namesake is not None and namesake is not present:
        raise LineRefused(N_("There is already a unit with this name here."))
    first = named.setdefault(present.id if present else -line.line, line.line)
    if first != line.line:
        raise LineRefused(N_("This unit is already on line %(first)s."), first=first)
    if present is None:
        head = heads.by_words.get(line.head)
        parent_id = parent.id if parent else None
        return WriteUnit(
            line.line, None, line.kind, name=line.name, code=line.code, parent=parent_id, zone=line.zone, head=head[0] if head else None
        )
    return _changed_place(directory, line, present, parent, heads)


def _changed_place(
    directory: UnitDirectory, line: UnitListRow, present: UnitSummary, parent: UnitSummary | None, heads: KnownHeads
) -> WriteUnit | None:
    if present.closed:
        raise LineRefused(N_("“%(unit)s” is closed."), unit=present.name)
    if present.kind is not line.kind:
        raise LineRefused(N_("It is of a different kind, and the kind cannot be changed."))
    if parent is not None and present.id in directory.above(parent.id):
        raise LineRefused(N_("A unit cannot be placed under itself or under one of its sub-units."))
    code = line.code or present.code
    name = richer_spelling([present.name], [line.name])[0]
    facts = [(N_("Name"), present.name, name)] if present.name != name else []
    facts += [(N_("Code"), present.code, code)] if present.code != code else []
    if parent is not None and parent.id != present.parent_id:
        former = directory.by_id[present.parent_id].name if present.parent_id else ""
        facts.append((N_("Parent unit"), *from_day(former, parent.name, line.since_on)))
    facts += [(N_("Time zone"), present.zone, line.zone)] if line.zone and line.zone != present.zone else []
    old, new = heads.present.get(present.id), heads.by_words.get(line.head)
    moves = new is not None and (old is None or old[0] != new[0])
    facts += [(N_("Head"), old[1] if old else "", new[1])] if new is not None and moves else []
    parent_id, head = parent.id if parent else None, new[0] if new is not None and moves else None
    return (
        WriteUnit(
            line.line,
            present.id,
            line.kind,
            name=name,
            code=code,
            parent=parent_id,
            parent_line=None,
            facts=tuple(facts),
            zone=line.zone,
            head=head,
            since_on=line.since_on,
        )
        if facts
        else None
    )
