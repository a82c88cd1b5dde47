"""Pure rules of the tree: what may stand under what, its order, time zones and sums that go up; and what a list says anew of employment."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.errors import N_

Sum = TypeVar("Sum")
DAY = timedelta(days=1)


class OrganisationKind(StrEnum):
    """The kind of a unit in the tree."""

    INSTITUTION = "institution"
    PROVINCE = "province"
    UNIT = "unit"


_ABOVE: Mapping[OrganisationKind, frozenset[OrganisationKind | None]] = {
    OrganisationKind.INSTITUTION: frozenset({None}),
    OrganisationKind.PROVINCE: frozenset({OrganisationKind.INSTITUTION}),
    OrganisationKind.UNIT: frozenset(OrganisationKind),
}


def may_stand_under(kind: OrganisationKind, parent: OrganisationKind | None) -> bool:
    """Return whether a place may stand under another: institutions under nothing, provinces under institutions, units under anything."""
    return parent in _ABOVE[kind]


class UnitListKind(StrEnum):
    """The kind of an uploaded list: people or units."""

    PEOPLE = "people"
    UNITS = "units"


class TrainingRole(StrEnum):
    """A grant over compulsory training, with a place and what stands below it (spec/compulsory 16)."""

    OFFICER = "officer"
    """Looks after compulsory training: writes obligations, decides on waivers and recognitions."""
    AUDITOR = "auditor"
    """Reads everything of it and changes nothing."""


TRAINING_ROLES = {TrainingRole.OFFICER: N_("Training officer"), TrainingRole.AUDITOR: N_("Auditor")}


_PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "y", "e", "da", "do", "dos", "van", "von", "der", "den", "san", "santa", "mc", "di"}
)


def split_surnames(text: str) -> tuple[str, str]:
    """Return the first surname, with the little words before it, and the rest: «De la Torre Núñez» is «De la Torre» and «Núñez»."""
    parts = text.split()
    ends = next((at for at, word in enumerate(parts, 1) if word.casefold() not in _PARTICLES), len(parts))
    return " ".join(parts[:ends]), " ".join(parts[ends:])


def split_name(text: str) -> tuple[str, str, str]:
    """Return given names and both surnames of a name in one piece, as well as it can be guessed: its owner sees and corrects it."""
    parts, rest = list[str](), text
    while rest:
        part, rest = split_surnames(rest)
        parts.append(part)
    given = max(len(parts) - 2, 1)
    first, second = [*parts[given:], "", ""][:2]
    return " ".join(parts[:given]), first, second


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """A place of the tree with what lists of it show."""

    id: int
    uuid: UUID
    parent_id: int | None
    kind: OrganisationKind
    name: str
    name_key: str
    code: str
    closed: bool
    zone: str = ""
    """Its own time zone; empty: that of what it stands under."""
    made_at: datetime | None = None
    """When it was added; None where that is not known."""


@dataclass(frozen=True, slots=True)
class UnitPath:
    """A place with how deep it stands (institutions: 0) and the names from its institution down to it."""

    place: UnitSummary
    depth: int
    path: tuple[str, ...]


def indented(standing: UnitPath) -> str:
    """Return the name of a place for a list to choose from, further in the deeper it stands."""
    return " " * 4 * standing.depth + standing.place.name


def in_order(places: Iterable[UnitSummary]) -> list[UnitPath]:
    """Return the places as the tree is read: each followed by what stands below it, neighbours by name."""
    below: defaultdict[int | None, list[UnitSummary]] = defaultdict(list)
    known = {unit.id: unit for unit in places}
    for unit in known.values():
        below[unit.parent_id if unit.parent_id in known else None].append(unit)
    return list(_walk(below, None, ()))


def _walk(below: Mapping[int | None, list[UnitSummary]], parent: int | None, path: tuple[str, ...]) -> Iterator[UnitPath]:
    for unit in sorted(below.get(parent, ()), key=lambda unit: (unit.name_key, unit.id)):
        here = (*path, unit.name)
        yield UnitPath(unit, len(path), here)
        yield from _walk(below, unit.id, here)


def lineage(parents: Mapping[int, int | None], unit: int) -> list[int]:
    """Return a place and everything above it, up to its institution or to what `parents` knows."""
    above = [unit]
    while (parent := parents.get(above[-1])) is not None and parent in parents:
        above.append(parent)
    return above


@dataclass(frozen=True, slots=True)
class ParentSpan:
    """The days on which a place stood under another, both included, and since when that is on record; None: open."""

    parent: int
    since_on: date | None = None
    until_on: date | None = None
    recorded_at: datetime | None = None
    is_assumed: bool = False
    """The log does not say it: it is taken from a later day."""


def spans_after_move(spans: Sequence[ParentSpan], parent: int, since_on: date, recorded_at: datetime) -> list[ParentSpan]:
    """Return under what a place stood on which days, where from a day on it stands under another."""
    before = [
        span if span.until_on is not None and span.until_on < since_on else replace(span, until_on=since_on - DAY)
        for span in spans
        if span.since_on is None or span.since_on < since_on
    ]
    if before and before[-1].parent == parent:
        return [*before[:-1], replace(before[-1], until_on=None)]
    return [*before, ParentSpan(parent, since_on, None, recorded_at)]


@dataclass(frozen=True, slots=True)
class LineSpan:
    """The days on which the same places stood above a place; `line` is the place and what stood above it, upwards."""

    line: tuple[UnitSummary, ...]
    since_on: date | None
    until_on: date | None
    recorded_at: datetime | None

    @property
    def zone(self) -> str:
        """Return the time zone by which the place kept its days."""
        return _zone_of_line(self.line)


@dataclass(frozen=True, slots=True)
class TreeHistory:
    """The places, and under what each stood on which days, in their order; one without such days stands as its summary says."""

    units: Mapping[int, UnitSummary]
    spans: Mapping[int, Sequence[ParentSpan]] = field(default_factory=dict)
    _known: dict[int, list[LineSpan]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The lines of places that were asked for before."""

    def on(self, day: date) -> dict[int, UnitSummary]:
        """Return the places as they stood on a day."""
        places = dict(self.units)
        for number, spans in self.spans.items():
            parent = next((span.parent for span in spans if is_within(day, span.since_on, span.until_on)), None)
            if parent is not None and parent != places[number].parent_id:
                places[number] = replace(places[number], parent_id=parent)
        return places

    def lines(self, unit: int, first: date | None = None, last: date | None = None) -> list[LineSpan]:
        """Return the places above a place from a first to a last day, in order; None: open. Nothing of a place that is not known."""
        if unit not in self._known:
            self._known[unit] = self._walk(unit, None, None)
        lines = [replace(span, since_on=latest(first, span.since_on), until_on=earliest(last, span.until_on)) for span in self._known[unit]]
        return [span for span in lines if span.since_on is None or span.until_on is None or span.since_on <= span.until_on]

    def _walk(self, unit: int, first: date | None, last: date | None) -> list[LineSpan]:
        own = self.units.get(unit)
        if own is None:
            return []
        if own.parent_id is None:
            return [LineSpan((own,), first, last, None)]
        lines = list[LineSpan]()
        for span in self.spans.get(unit) or [ParentSpan(own.parent_id)]:
            since, until = latest(first, span.since_on), earliest(last, span.until_on)
            if since is None or until is None or since <= until:  # each day is without circles, so that the days between them end
                above = self._walk(span.parent, since, until)
                lines += [replace(up, line=(own, *up.line), recorded_at=latest(up.recorded_at, span.recorded_at)) for up in above]
        return lines

    def moved(self, unit: int, parent: int, since_on: date, recorded_at: datetime) -> "TreeHistory":
        """Return the history where from a day on a place stands under another."""
        after = spans_after_move(self.spans.get(unit, ()), parent, since_on, recorded_at)
        return replace(self, spans={**self.spans, unit: after})

    def changes_from(self, day: date) -> list[date]:
        """Return a day and every later one from which some place stands elsewhere."""
        return sorted({day, *(span.since_on for spans in self.spans.values() for span in spans if span.since_on and span.since_on > day)})

    def is_assumed(self, day: date, inside: int) -> bool:
        """Return whether the log does not say where something stood on a day that is counted in a place or stood above it."""
        unsaid = {
            number
            for number, spans in self.spans.items()
            for span in spans
            if span.is_assumed and is_within(day, span.since_on, span.until_on)
        }
        places = self.on(day)
        parents = {number: unit.parent_id for number, unit in places.items()}
        above = lineage(parents, inside)
        return any(number in above or inside in lineage(parents, number) for number in unsaid)


Ordered = TypeVar("Ordered", date, datetime)


def latest(first: Ordered | None, second: Ordered | None) -> Ordered | None:
    """Return the later of two; None is before everything."""
    return second if first is None else first if second is None else max(first, second)


def earliest(first: Ordered | None, second: Ordered | None) -> Ordered | None:
    """Return the earlier of two; None is after everything."""
    return second if first is None else first if second is None else min(first, second)


def is_within(day: date, first: date | None, last: date | None) -> bool:
    """Return whether a day is from a first to a last one; None: open."""
    return (first is None or first <= day) and (last is None or day <= last)


INSTITUTION_ZONE = "America/Guayaquil"
ISLANDS, ISLANDS_ZONE = "galapagos", "Pacific/Galapagos"


def zone_of(places: Mapping[int, UnitSummary], unit: int) -> str:
    """Return the time zone by which a place keeps its days: its own, else that of the nearest above that has one.

    The province of Galápagos has its own time, institutions that of Guayaquil, unless they say otherwise (spec/compulsory 2.2).
    """
    return _zone_of_line(line_of(places, unit))


def _zone_of_line(line: Iterable[UnitSummary]) -> str:
    for unit in line:
        if unit.zone:
            return unit.zone
        if unit.kind is OrganisationKind.PROVINCE and unit.name_key == ISLANDS:
            return ISLANDS_ZONE
    return INSTITUTION_ZONE


def line_of(places: Mapping[int, UnitSummary], unit: int | None) -> Iterator[UnitSummary]:
    """Yield a place and what stands above it, upwards."""
    at = None if unit is None else places.get(unit)
    while at is not None:
        yield at
        at = places.get(at.parent_id) if at.parent_id is not None else None


def inherited_zone(places: Mapping[int, UnitSummary], unit: int) -> str:
    """Return the time zone of a place that says none of its own."""
    return zone_of({**places, unit: replace(places[unit], zone="")}, unit)


def local_day(places: Mapping[int, UnitSummary], unit: int, now: datetime) -> date:
    """Return the day that it is in a place."""
    return now.astimezone(ZoneInfo(zone_of(places, unit))).date()


def institution_of(places: Mapping[int, UnitSummary], unit: int) -> int:
    """Return the institution at the root above a place."""
    at = places[unit]
    while at.parent_id is not None:
        at = places[at.parent_id]
    return at.id


@dataclass(frozen=True, slots=True)
class EmploymentDays:
    """A person's time at an institution: staff number, first and last day; empty and None: not said."""

    staff_number: str = ""
    entered_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class EmploymentChange:
    """The row of employment to add, and whether it corrects the last one, which is then retracted."""

    days: EmploymentDays
    corrects: bool


def next_employment(last: EmploymentDays | None, listed: EmploymentDays, day: date, *, back: bool) -> EmploymentChange | None:
    """Return the new facts that a list has of an employment, by the last row that stands; None where it has none.

    What it leaves out stays. Who had left and has a later day of entry, or belongs to a place again, enters anew; the same day of
    entry without a last day says that they never left (spec/compulsory 2.3).
    """
    if last is None:
        return EmploymentChange(listed, corrects=False) if back or listed != EmploymentDays() else None
    both = EmploymentDays(listed.staff_number or last.staff_number, listed.entered_on or last.entered_on, listed.left_on or last.left_on)
    if last.left_on is not None and last.left_on < day:
        if listed.entered_on is not None and listed.entered_on > last.left_on:
            return EmploymentChange(replace(both, left_on=listed.left_on), corrects=False)
        if listed.left_on is None and listed.entered_on is not None and listed.entered_on == last.entered_on:
            return EmploymentChange(replace(both, left_on=None), corrects=True)
        if listed.left_on is None and back:
            return EmploymentChange(replace(both, entered_on=listed.entered_on or day, left_on=None), corrects=False)
    return EmploymentChange(both, corrects=True) if both != last else None


def shifted_days(old: EmploymentDays, new: EmploymentDays, since: date | None, until: date | None) -> tuple[date | None, date | None]:
    """Return the first and last day in a place where an employment is corrected: what began or ended with it does so still."""
    if since is not None and since == old.entered_on:
        since = new.entered_on
    if until is not None and until == old.left_on and new.left_on is not None:
        until = new.left_on
    return since, until


NUMBER_ABOVE = 50
"""The number of people concerned above which whoever changes their record types how many they are (spec/compulsory 4.5)."""
FEW_LEAVERS, LEAVERS_PERCENT, MOVED_PERCENT, FEW_MOVED = 20, 2, 10, 20


def asks_for_number(people: int, leavers: int, moved: int, emptied: int, *, complete: bool) -> bool:
    """Return whether a list changes so much of an institution that an administrator types how many it is (spec/compulsory 13.3).

    So does a complete list with more leavers than 20 or 2 %, with more than 10 % who move, or that empties a unit. Of a list of some
    people it is asked where more than 20 move and they are more than 10 % of all, or empty a unit.
    """
    many_move = moved * 100 > people * MOVED_PERCENT or emptied > 0
    if not complete:
        return moved > FEW_MOVED and many_move
    return leavers * 100 > max(FEW_LEAVERS * 100, people * LEAVERS_PERCENT) or many_move


def rolled_up(parents: Mapping[int, int | None], own: Mapping[int, Sum], add: Callable[[Sum, Sum], Sum], nothing: Sum) -> dict[int, Sum]:
    """Return for each unit the sum of its own value and those of everything below it."""
    total = dict.fromkeys(parents, nothing)
    for unit, value in own.items():
        for above in lineage(parents, unit):
            if above in total:
                total[above] = add(total[above], value)
    return total
