"""Lists of addresses as offices send them: read with their lines, and cleaned of what is no address or repeated."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accounts.rules import ADDRESS_HEADINGS, fold, normal_email
from kernel.errors import N_
from kernel.left_out import LeftOut, LeftOutCollector, LineFault, ReadList
from kernel.markup.source import normalise
from kernel.tables import FORMULA, ReadTable, Undecodable, as_written, read_table
from organisations.list_reading import PEOPLE_COLUMNS

MOST_ENTRIES = 40_000
LONGEST_NAME = 200
NAME_COLUMNS = ("given_names", "first_surname", "second_surname", "surnames")


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address on a list, in lower case, with its line and the name beside it; what is no address is kept as it was written."""

    line: int
    address: str
    name: str = ""


def read_list(content: bytes) -> ReadList[ListedAddress]:
    """Return the addresses, in their order, of a CSV file, a workbook or pasted lines; raise Undecodable where it is no list of addresses.

    Where a heading says which column has the addresses, it is read with the names beside it; else every address of every line is.
    """
    table = read_table(_without_quoted_names(content), rows=MOST_ENTRIES + 1)
    if not table.rows:
        raise table.refusal(N_("The list is empty."))
    headings = [fold(cell).strip() for cell in table.rows[0][1]]
    column = next((at for at, heading in enumerate(headings) if heading in ADDRESS_HEADINGS), None)
    if column is not None:
        named, rows = _name_places(headings), table.rows[1:]
        entries = [ListedAddress(line, _cell(cells, column).strip().lower(), _name(cells, named)) for line, cells in rows]
        left_out = table.left_out({column, *named})
    elif any("@" in heading for heading in headings):
        entries, left_out = _read_lines(table)
    else:
        raise table.refusal(N_("There is no column called “email” or “correo”, and the first row contains no address."))
    if len(entries) > MOST_ENTRIES:
        raise Undecodable(N_("The list has %(count)s rows; the limit is %(limit)s."), count=len(entries), limit=MOST_ENTRIES)
    return ReadList(tuple(entries), (), table.encoding_guessed_from, left_out)


_QUOTED_NAME = re.compile(rb'(^|[;,\t]) ?"((?:[^"\\\r\n]|\\.){0,300})"(?= ?<[^<>@\r\n]{1,64}@[^<>@\r\n]{1,255}>)', re.MULTILINE)
"""A name in quotation marks before its address, which no CSV file has; all encodings that are guessed share these signs."""
_SIGNS = re.compile(rb'[;,\t|"\\<>]+')
"""Signs that part cells, addresses or names."""


def _without_quoted_names(content: bytes) -> bytes:
    """Return a list with the names that mail programs put in quotation marks (“"Pérez, Ana" <ana@…>”) as words of the cell.

    A name that repeats an address is left out.
    """

    def bare(match: re.Match[bytes]) -> bytes:
        return match[1] + (b"" if b"@" in match[2] else _SIGNS.sub(b" ", match[2]))

    return content if content.startswith(b"PK") else _QUOTED_NAME.sub(bare, content)


_MAILBOX = re.compile(r"([^<>@;,]*)<([^<>]*@[^<>]*)>|()([^\s<>;,]*@[^\s<>;,]*)")
"""An address with a name before it, as mail programs write them, or one alone."""
WITHOUT_ADDRESS = N_("Pieces of text without an email address")


def _read_lines(table: ReadTable) -> tuple[list[ListedAddress], tuple[LeftOut, ...]]:
    """Return every address of a list without headings; a line that has none stays as an entry with a fault."""
    entries, left_out = list[ListedAddress](), LeftOutCollector()
    first = next(at for at, cell in enumerate(table.rows[0][1]) if "@" in cell)
    for line, cells in table.rows:
        has_address = any("@" in cell for cell in cells)
        if not has_address:
            entries.append(ListedAddress(line, _cell(cells, first).strip().lower()))
        for at, cell in enumerate(cells):
            entries += (ListedAddress(line, address.lower(), name) for name, address in _mailboxes(cell))
            rest = _MAILBOX.sub(";", cell) if has_address or at != first else ""
            for piece in filter(str.strip, re.split(r"[;,\t]", rest)):
                left_out.add(WITHOUT_ADDRESS, as_written(piece))
    return entries, (*left_out.result(), *table.beside)


def _mailboxes(cell: str) -> Iterator[tuple[str, str]]:
    for name, address, _none, bare in _MAILBOX.findall(cell):
        yield " ".join(normalise(name).replace('"', " ").split())[:LONGEST_NAME], (address or bare).strip()


def _name_places(headings: Sequence[str]) -> list[int]:
    columns = (next((at for at, heading in enumerate(headings) if heading in PEOPLE_COLUMNS[part]), None) for part in NAME_COLUMNS)
    return [column for column in columns if column is not None]


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _name(cells: Sequence[str], places: Sequence[int]) -> str:
    name = " ".join(part for column in places if (part := _cell(cells, column)) != FORMULA)
    return " ".join(normalise(name).split())[:LONGEST_NAME]


def find_address(text: str) -> str:
    """Return an address in the form that is kept, or nothing where it is none."""
    try:
        return normal_email(text.strip())
    except ValueError:
        return ""


def clean_list(entries: Sequence[ListedAddress]) -> tuple[dict[str, ListedAddress], list[LineFault]]:
    """Return the first entry of each address, and the lines that have none or repeat one."""
    clean, faults = dict[str, ListedAddress](), list[LineFault]()
    for entry in entries:
        address = find_address(entry.address)
        if entry.address == FORMULA:
            message = N_("A cell contains a formula, which is not calculated. Enter its value instead.")
            faults.append(LineFault(entry.line, as_written(entry.address), message))
        elif not address:
            faults.append(LineFault(entry.line, entry.address, N_("This is not an email address.")))
        elif address in clean:
            faults.append(LineFault(entry.line, entry.address, N_("This address is on the list twice.")))
        else:
            clean[address] = ListedAddress(entry.line, address, entry.name)
    return clean, faults
