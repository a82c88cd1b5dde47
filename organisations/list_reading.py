"""The cells and lines of lists of people and units as they are read, and the units that they name; days are never read month first."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, partial
from itertools import islice
from typing import TypeVar
from zoneinfo import available_timezones

from accounts.rules import ADDRESS_HEADINGS, fold, normal_email, valid_cedula
from kernel.errors import N_
from kernel.i18n import LANGUAGES
from kernel.left_out import LineFault, LineRefused, ReadList
from kernel.markup.source import normalise
from kernel.pdf.signs import UNPRINTABLE, unprintable
from kernel.tables import FORMULA, ReadTable, Undecodable, as_written, read_table
from organisations.rules.units import OrganisationKind, UnitSummary, split_surnames

FIRST_DAY = date(1950, 1, 1)
AHEAD = timedelta(days=366)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?: 00:00:00)?", re.ASCII)
"""Also what a workbook has in a cell that is a date."""
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


@dataclass(slots=True)
class DayReader:
    """Reads the days of a list, and notes the first lines on which a column writes them in each of the two ways."""

    today: date
    ways: dict[str, dict[bool, int]] = field(default_factory=dict)

    def read(self, column: str, cell: str, line: int) -> date | None:
        """Return the day of a cell, None of an empty one; raise LineRefused (spec/compulsory 2.1)."""
        if not cell:
            return None
        year_first, day_first = _YEAR_FIRST.fullmatch(cell), _DAY_FIRST.fullmatch(cell)
        if not year_first and not day_first:
            raise LineRefused(N_("“%(day)s” is not a date. Write it as 2026-05-04 or 04/05/2026."), day=cell[:40])
        parts = [int(part) for part in (year_first.groups() if year_first else day_first.groups()[::-1] if day_first else ())]
        try:
            day = date(*parts)
        except ValueError:
            raise LineRefused(N_("There is no such day as %(day)s; it is read with the day first."), day=cell[:40]) from None
        if not FIRST_DAY <= day <= self.today + AHEAD:
            raise LineRefused(N_("The date %(day)s is before 1950 or more than a year ahead."), day=cell[:40])
        self.ways.setdefault(column, {}).setdefault(bool(year_first), line)
        return day

    def mixed(self) -> Mapping[str, tuple[int, int]]:
        """Return the columns that write days in both ways: the first line with the year first, and the first with the day first."""
        return {column: (lines[True], lines[False]) for column, lines in self.ways.items() if len(lines) == 2}


MOST_ROWS = 50_000
LONGEST_NAME, LONGEST_UNIT, LONGEST_CODE = 100, 150, 40
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_.+-]{0,60}[a-z0-9]@(?=.{1,63}\Z)(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,3}", re.ASCII | re.IGNORECASE)
"""Addresses that need no library to be judged: none of the endings that are for special use (.local, .invalid) has so few letters."""

MOVE_HEADINGS = frozenset(
    {
        *("desde", "fecha de traslado", "fecha de movimiento", "fecha de cambio", "rige desde", "rige a partir de", "vigente desde"),
        *("from", "since", "effective from", "date of move"),
    }
)
"""Of the day from which on another unit or post, or another parent unit, holds."""
PEOPLE_COLUMNS: Mapping[str, frozenset[str]] = {
    "email": ADDRESS_HEADINGS,
    "given_names": frozenset({"nombres", "nombre", "given names", "given name", "first name", "firstname", "names"}),
    "first_surname": frozenset({"primer apellido", "apellido paterno", "apellido 1", "first surname"}),
    "second_surname": frozenset({"segundo apellido", "apellido materno", "apellido 2", "second surname"}),
    "surnames": frozenset({"apellidos", "apellido", "surnames", "surname", "last name", "lastname"}),
    "national_id": frozenset(
        {"cedula", "cedula de identidad", "cedula de ciudadania", "numero de cedula", "identificacion", "national id", "idnumber"}
    ),
    "unit": frozenset({"unidad", "codigo de unidad", "codigo unidad", "dependencia", "unit", "unit code", "organisation", "department"}),
    "language": frozenset({"idioma", "language", "lang"}),
    "staff_number": frozenset(
        {
            *("numero de empleado", "codigo de empleado", "numero de servidor", "codigo de servidor", "no. de empleado"),
            *("staff number", "employee number", "employee id"),
        }
    ),
    "post": frozenset({"puesto", "cargo", "cargo o puesto", "post", "position", "job title"}),
    "entered_on": frozenset({"fecha de ingreso", "ingreso", "date of entry", "entry date", "start date"}),
    "left_on": frozenset({"fecha de salida", "salida", "ultimo dia", "last day", "end date"}),
    "moved_on": MOVE_HEADINGS,
    "further": frozenset({"otras unidades", "further units", "other units"}),
}
WHO = ("email", "staff_number", "national_id")
"""The columns of which one at least says whom a line is about."""
UNIT_COLUMNS: Mapping[str, frozenset[str]] = {
    "code": frozenset({"codigo", "code", "codigo de unidad"}),
    "name": frozenset({"nombre", "name", "unidad", "dependencia", "unit"}),
    "kind": frozenset({"tipo", "kind", "type"}),
    "parent": frozenset({"depende de", "superior", "codigo superior", "pertenece a", "parent", "parent code", "under"}),
    "zone": frozenset({"zona horaria", "huso horario", "time zone", "timezone"}),
    "since_on": MOVE_HEADINGS,
    "head": frozenset({"jefe", "jefa", "jefatura", "responsable", "head"}),
}
KIND_WORDS: Mapping[str, OrganisationKind] = {
    "institucion": OrganisationKind.INSTITUTION,
    "institution": OrganisationKind.INSTITUTION,
    "provincia": OrganisationKind.PROVINCE,
    "province": OrganisationKind.PROVINCE,
    "unidad": OrganisationKind.UNIT,
    "unit": OrganisationKind.UNIT,
}
_SPACES = str.maketrans("_-.", "   ")
SLASH = " / "
"""What stands between the names of a path; a name may have one too."""


@dataclass(frozen=True, slots=True)
class PersonListRow:
    """A person as a line of a list has them; what is empty is not said."""

    line: int
    email: str
    given_names: str = ""
    first_surname: str = ""
    second_surname: str = ""
    national_id: str = ""
    unit: str = ""
    language: str = ""
    staff_number: str = ""
    post: str = ""
    entered_on: date | None = None
    left_on: date | None = None
    further: tuple[str, ...] = ()
    moved_on: date | None = None
    """From which day on another unit or post holds."""


@dataclass(frozen=True, slots=True)
class UnitListRow:
    """A place of the tree as a line of a list has it.

    `parent` is the code or the path of what it stands under, `head` the staff number or the address of who heads it.
    """

    line: int
    code: str
    name: str
    kind: OrganisationKind
    parent: str
    zone: str = ""
    head: str = ""
    since_on: date | None = None
    """From which day on it stands there."""


@dataclass(frozen=True, slots=True)
class PeopleListRows(ReadList[PersonListRow]):
    """The people of a list.

    `remarks` are told and skip nothing; `unread` is what can still be read of lines with a fault: whom they are about.
    """

    remarks: tuple[LineFault, ...] = ()
    unread: tuple[PersonListRow, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitListRows(ReadList[UnitListRow]):
    """The places of a list, each after what it stands under; `remarks` are told and skip nothing."""

    remarks: tuple[LineFault, ...] = ()


_Read = TypeVar("_Read")
Entry = TypeVar("Entry")


@dataclass(slots=True)
class _LineFaults:
    """All that is wrong in the cells of one line: reading goes on after each."""

    faults: list[LineRefused] = field(default_factory=list)

    def attempt(self, read: Callable[[], _Read], otherwise: _Read) -> _Read:
        """Return the value that is read, or another one where that is refused."""
        try:
            return read()
        except LineRefused as unfit:
            if all((unfit.message, unfit.facts) != (other.message, other.facts) for other in self.faults):
                self.faults.append(unfit)
            return otherwise

    def check(self, fits: bool, message: str, **facts: object) -> None:
        """Note what is wrong unless it fits."""
        if not fits:
            self.faults.append(LineRefused(message, **facts))

    def of_line(self, line: int, written: str) -> LineFault:
        """Return the findings as one fault of the line."""
        first, *further = (unfit.fault(line, written) for unfit in self.faults)
        return replace(first, further=tuple(further))


def parts_of(path: str) -> list[str]:
    """Return a name or a path as lists compare it, parted at its slashes."""
    return [fold(part.strip()) for part in path.split("/")]


def called(path: str) -> str:
    """Return a name or a path as lists compare it: without case and accents, whatever stands around its slashes."""
    return SLASH.join(parts_of(path))


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
        """Return the entries by which a place is found: its name, its name under its parent, its code."""
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
        """Return the one place that is called so; None where there is none; raise LineRefused where several share the name."""
        coded = self.coded(name)
        if coded is not None:
            return coded
        candidates = self._by_name.get(called(name), {}) | {unit.id: unit for unit in self._led_to(None, parts_of(name))}
        if len(candidates) > 1:
            raise LineRefused(N_("Several units are called “%(unit)s”. Use the code."), unit=name)
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
        """Return the open place that is called so; raise LineRefused."""
        unit = self.find(name)
        if unit is None:
            raise LineRefused(N_("There is no unit called “%(unit)s”."), unit=name)
        if unit.closed:
            raise LineRefused(N_("“%(unit)s” is closed."), unit=name)
        return unit


def _heading(cell: str) -> str:
    return " ".join(word for word in fold(cell).translate(_SPACES).split() if word not in ("de", "of"))


Cell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ListColumns:
    """The columns that a list is read by: their headings, and why a list is refused that has none of some of them."""

    headings: Mapping[str, frozenset[str]]
    needed: tuple[tuple[Collection[str], str], ...]
    most: int = MOST_ROWS
    """Lines."""

    def find(self, table: ReadTable) -> dict[str, int]:
        """Return the place of each column by its heading; raise Undecodable where a needed one lacks, or there are too many lines."""
        if not table.rows:
            raise table.refusal(N_("The list is empty."))
        if len(table.rows) > self.most + 1:
            raise Undecodable(N_("The list has %(count)s rows; the limit is %(limit)s."), count=len(table.rows) - 1, limit=self.most)
        headings = [_heading(cell) for cell in table.rows[0][1]]
        spelled = {name: {_heading(heading) for heading in names} for name, names in self.headings.items()}
        columns = {
            name: next(at for at, heading in enumerate(headings) if heading in names)
            for name, names in spelled.items()
            if names.intersection(headings)
        }
        for names, message in self.needed:
            if columns.keys().isdisjoint(names):
                raise table.refusal(message)
        return columns

    def read(self, content: bytes, read_line: Callable[[int, Cell, str], Entry]) -> ReadList[Entry]:
        """Read each line of a CSV or XLSX file, and why some do nothing; raise Undecodable where it is no such list."""
        table = read_table(content, rows=self.most + 1)
        columns = self.find(table)
        entries, faults = [], []
        for line, cell, written in list_lines(table, columns):
            try:
                entries.append(read_line(line, cell, written))
            except LineRefused as unfit:
                faults.append(unfit.fault(line, written))
        return ReadList(tuple(entries), tuple(faults), table.encoding_guessed_from, table.left_out(columns.values()))


PEOPLE = ListColumns(PEOPLE_COLUMNS, ((WHO, N_("There is no column called “email” or “correo”.")),))
UNITS = ListColumns(UNIT_COLUMNS, ((("name",), N_("There is no column called “name” or “nombre”.")),))


def list_lines(table: ReadTable, columns: Mapping[str, int]) -> Iterator[tuple[int, Cell, str]]:
    """Yield each line's number, how to take a cell of it by its column, and the line as it was written."""
    for line, cells in islice(table.rows, 1, None):

        def cell(name: str, cells: Sequence[str] = cells) -> str:
            index = columns.get(name, -1)
            text = cells[index] if 0 <= index < len(cells) else ""
            if text == FORMULA or text.lstrip().startswith("="):
                raise LineRefused(N_("A cell contains a formula, which is not calculated. Enter its value instead."))
            return " ".join(normalise(text).split())

        yield line, cell, as_written(" · ".join(text for text in cells if text.strip()))[:200]


def read_people(content: bytes, today: date) -> PeopleListRows:
    """Return the people of a CSV or XLSX file; raise Undecodable where it is no list of people."""
    table = read_table(content, rows=PEOPLE.most + 1)
    columns = PEOPLE.find(table)
    people, faults, unread, seen = [], [], [], [dict[str, int]() for _message in ONCE]
    days = DayReader(today)
    for line, cell, written in list_lines(table, columns):
        wrong = _LineFaults()
        person = _person(line, cell, days, wrong)
        if not wrong.faults:  # what is skipped stands in nobody's way
            for known, value, message in zip(seen, (person.email, person.national_id, person.staff_number), ONCE, strict=True):
                wrong.attempt(partial(_once, known, value, line, message), None)
        if wrong.faults:
            faults.append(wrong.of_line(line, written))
            unread.append(_unread(line, cell))
        else:
            people.append(person)
    left_out = table.left_out(columns.values())
    return PeopleListRows(tuple(people), tuple(faults), table.encoding_guessed_from, left_out, remarks=_mixed(days), unread=tuple(unread))


ONCE = (
    N_("This address is already on line %(first)s."),
    N_("This identity number is already on line %(first)s."),
    N_("This staff number is already on line %(first)s."),
)
_MOVES = N_("The days of moves are written in two ways: see lines %(one)s and %(other)s. Those with slashes are read with the day first.")
DAYS: Mapping[str, str] = {
    "moved_on": _MOVES,
    "since_on": _MOVES,
    "entered_on": N_(
        "The days of entry are written in two ways: see lines %(one)s and %(other)s. Those with slashes are read with the day first."
    ),
    "left_on": N_(
        "The last days are written in two ways: see lines %(one)s and %(other)s. Those with slashes are read with the day first."
    ),
}


def _mixed(days: DayReader) -> tuple[LineFault, ...]:
    """Note once of a column that it writes days in two ways (spec/compulsory 2.1)."""
    return tuple(
        LineFault(max(lines), "", DAYS[column], {"one": min(lines), "other": max(lines)}) for column, lines in days.mixed().items()
    )


def _unread(line: int, cell: Cell) -> PersonListRow:
    """Return whom a line with a fault is about, as far as it can be read."""

    def readable(name: str, read: Callable[[str], str]) -> str:
        try:
            return read(cell(name))
        except LineRefused:
            return ""

    return PersonListRow(
        line,
        readable("email", read_address),
        national_id=readable("national_id", read_identity_number),
        staff_number=readable("staff_number", read_staff_number),
    )


def _once(seen: dict[str, int], value: str, line: int, message: str) -> None:
    if value and seen.setdefault(value, line) != line:
        raise LineRefused(message, first=seen[value])


def _person(line: int, cell: Cell, days: DayReader, wrong: _LineFaults) -> PersonListRow:
    """Return a line's person; what cannot be read is empty, and noted."""

    def take(name: str, read: Callable[[str], str] = str) -> str:
        return wrong.attempt(lambda: read(cell(name)), "")

    first, second = take("first_surname"), take("second_surname")
    if not first and not second:
        first, second = split_surnames(take("surnames"))
    names = (take("given_names"), first, second)
    wrong.check(all(len(name) <= LONGEST_NAME for name in names), N_("A name is longer than %(limit)s characters."), limit=LONGEST_NAME)
    signs = unprintable("".join(names))
    wrong.check(not signs, UNPRINTABLE, signs=signs)
    number, post = take("staff_number", read_staff_number), take("post")
    wrong.check(len(post) <= LONGEST_UNIT, N_("A post is longer than %(limit)s characters."), limit=LONGEST_UNIT)
    national_id = take("national_id", read_identity_number)
    is_named = bool(number or national_id or wrong.faults)
    address = "" if is_named and not take("email") else take("email", read_address)
    entered = wrong.attempt(lambda: days.read("entered_on", cell("entered_on"), line), None)
    left = wrong.attempt(lambda: days.read("left_on", cell("left_on"), line), None)
    moved = wrong.attempt(lambda: days.read("moved_on", cell("moved_on"), line), None)
    wrong.check(entered is None or left is None or left >= entered, N_("The last day is before the day of entry."))
    further = tuple(unit for part in take("further").split(";") if (unit := part.strip()))
    return PersonListRow(
        line,
        address,
        *names,
        national_id=national_id,
        unit=take("unit"),
        language=take("language", _language),
        staff_number=number,
        post=post,
        entered_on=entered,
        left_on=left,
        further=further,
        moved_on=moved,
    )


def read_staff_number(text: str) -> str:
    """Return a staff number as it is compared; the decimals that spreadsheets add are gone."""
    number = text.removesuffix(".0").upper()
    if len(number) > LONGEST_CODE:
        raise LineRefused(N_("The staff number is longer than %(limit)s characters."), limit=LONGEST_CODE)
    return number


def read_address(text: str) -> str:
    if _PLAIN.fullmatch(text) and ".." not in text:
        return text.lower()
    try:
        return normal_email(text)
    except ValueError:
        raise LineRefused(N_("This is not an email address.")) from None


def read_identity_number(text: str) -> str:
    """Return an identity number; the nought at its beginning, which spreadsheets drop, is put back."""
    number = text.replace(" ", "").replace("-", "").removesuffix(".0")
    number = number.zfill(10) if len(number) == 9 else number
    if number and not valid_cedula(number):
        raise LineRefused(N_("This identity number has a wrong digit or does not have ten digits."))
    return number


def _language(text: str) -> str:
    language = fold(text)[:2]
    if language and language not in LANGUAGES:
        raise LineRefused(N_("The language must be “es” or “en”."))
    return language


def read_units(content: bytes, today: date) -> UnitListRows:
    """Return the places of a CSV or XLSX file, each after what it stands under; raise Undecodable where it is no list of units."""
    codes, paths, days = dict[str, int](), dict[str, int](), DayReader(today)

    def read_line(line: int, cell: Cell, _written: str) -> UnitListRow:
        unit = _unit(line, cell, days)
        _once(codes, fold(unit.code), line, N_("This code is already on line %(first)s."))
        path = f"{called(unit.parent)}\n{fold(unit.name)}"
        _once(paths, path, line, N_("This name is already on line %(first)s under the same unit."))
        return unit

    rows = UNITS.read(content, read_line)
    return UnitListRows(_parents_first(rows.entries), rows.faults, rows.encoding_guessed_from, rows.left_out, remarks=_mixed(days))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _unit(line: int, cell: Cell, days: DayReader) -> UnitListRow:
    code, name, parent, kind = cell("code"), cell("name"), cell("parent"), fold(cell("kind"))
    if not name:
        raise LineRefused(N_("The name is missing."))
    if len(name) > LONGEST_UNIT or len(code) > LONGEST_CODE:
        raise LineRefused(
            N_("The name is longer than %(name)s characters, or the code is longer than %(code)s."), name=LONGEST_UNIT, code=LONGEST_CODE
        )
    if kind and kind not in KIND_WORDS:
        raise LineRefused(N_("The kind must be “institution”, “province” or “unit”."))
    default = OrganisationKind.UNIT if parent else OrganisationKind.INSTITUTION
    zone = cell("zone")
    if zone and zone not in _zones():
        raise LineRefused(N_("“%(zone)s” is not a time zone. Write it like America/Guayaquil."), zone=zone[:40])
    since_on, head = days.read("since_on", cell("since_on"), line), cell("head")
    return UnitListRow(line, code, name, KIND_WORDS[kind] if kind else default, parent, zone=zone, head=head, since_on=since_on)


def _parents_first(units: Sequence[UnitListRow]) -> tuple[UnitListRow, ...]:
    """Return the lines in an order in which what others of them name as parent comes before them; circles come last."""
    waiting, ordered = [(unit, _names(unit), _ends(unit.parent)) for unit in units], list[UnitListRow]()
    while waiting:
        names = Counter(name for _unit, own, _ends in waiting for name in own)
        waits = [any(names[end] > (end in own) for end in ends) for _unit, own, ends in waiting]
        if all(waits):
            return (*ordered, *(unit for unit, _own, _ends in waiting))
        ordered += [pair[0] for pair, still in zip(waiting, waits, strict=True) if not still]
        waiting = [pair for pair, still in zip(waiting, waits, strict=True) if still]
    return tuple(ordered)


def _names(unit: UnitListRow) -> set[str]:
    return {called(name) for name in (unit.code, unit.name) if name}


def _ends(path: str) -> set[str]:
    """List the names that the place at the end of a path may have: a slash may be its own."""
    parts = parts_of(path)[-LONGEST_UNIT:]
    return {SLASH.join(parts[start:]) for start in range(len(parts))}
