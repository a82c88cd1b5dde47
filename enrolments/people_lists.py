"""Lists of people as offices send them: read with their lines, and judged against those who take the course or are invited to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from accounts.forms import normal_email
from accounts.rules import ADDRESS_HEADINGS, fold
from enrolments.queries.editions import known_addresses
from enrolments.queries.invitations import list_taken
from kernel.decoding import Undecodable
from kernel.errors import N_
from kernel.markup.source import normalise
from kernel.tables import FORMULA, as_written, read_table
from organisations.unit_lists.reading import PEOPLE_COLUMNS

MOST_ENTRIES = 40_000
LONGEST_NAME = 200
NAME_COLUMNS = ("given_names", "first_surname", "second_surname", "surnames")


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address on a list, in lower case, with its line and the name beside it; what is no address is kept as it was written."""

    line: int
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PeopleList:
    """The addresses of a list in their order, and from which line on its encoding is a guess."""

    entries: tuple[ListedAddress, ...]
    encoding_guessed_from: int | None


def read_list(content: bytes) -> PeopleList:
    """Return the addresses of a CSV file, a workbook or pasted lines; raise Undecodable where it is no list of addresses.

    The column is the one whose heading says so, else the first in which the first row has an address. Names are read by their headings.
    """
    table = read_table(content, rows=MOST_ENTRIES + 1)
    if not table.rows:
        raise Undecodable(N_("The list is empty."))
    headings = [fold(cell).strip() for cell in table.rows[0][1]]
    column = next((at for at, heading in enumerate(headings) if heading in ADDRESS_HEADINGS), None)
    named, rows = _name_places(headings), table.rows[1:]
    if column is None:
        column, rows = next((at for at, cell in enumerate(headings) if "@" in cell), None), table.rows
        named = []
    if column is None:
        raise Undecodable(N_("There is no column called “email” or “correo”, and the first row contains no address."))
    if len(rows) > MOST_ENTRIES:
        raise Undecodable(N_("The list has %(count)s rows; the limit is %(limit)s."), count=len(rows), limit=MOST_ENTRIES)
    entries = (ListedAddress(line, _cell(cells, column).strip().lower(), _name(cells, named)) for line, cells in rows)
    return PeopleList(tuple(entries), table.encoding_guessed_from)


def _name_places(headings: Sequence[str]) -> list[int]:
    found = (next((at for at, heading in enumerate(headings) if heading in PEOPLE_COLUMNS[part]), None) for part in NAME_COLUMNS)
    return [column for column in found if column is not None]


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _name(cells: Sequence[str], places: Sequence[int]) -> str:
    words = " ".join(part for column in places if (part := _cell(cells, column)) != FORMULA)
    return " ".join(normalise(words).split())[:LONGEST_NAME]


def find_address(text: str) -> str:
    """Return an address in the form that is kept, or nothing where it is none."""
    try:
        return normal_email(text.strip())
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class EntryFault:
    """Why nobody is enrolled or invited by a line: a message for people, in English, to be translated."""

    line: int
    address: str
    message: str


@dataclass(frozen=True, slots=True)
class EnrolmentListCheck:
    """The check of an enrolment list: whom it enrols, whom it invites, who is in the course or invited already, and faults by line."""

    people: tuple[int, ...]
    """Only of the list of somebody who may see all accounts."""
    invited: tuple[ListedAddress, ...]
    already_enrolled: int
    already_invited: int
    faults: tuple[EntryFault, ...]


def check_list(
    session: Session, course_id: int, entries: Sequence[ListedAddress], *, enrols_accounts: bool, now: datetime
) -> EnrolmentListCheck:
    """Compare a list with who takes the course or is invited to it; nothing is written.

    `enrols_accounts`: people with an account are enrolled at once. Else every address is invited, and nothing is read that depends on
    whether it has an account (spec/security 2.2).
    """
    clean, faults = _clean(entries)
    known = known_addresses(session, course_id, list(clean)) if enrols_accounts else {}
    taken = list_taken(session, course_id, list(clean), now=now)
    people, invited = dict[int, None](), list[ListedAddress]()
    already_enrolled = already_invited = 0
    for address, entry in clean.items():
        found = known.get(address)
        if address in taken.enrolled or (found is not None and found.enrolled):
            already_enrolled += 1
        elif found is not None and found.suspended:
            faults.append(EntryFault(entry.line, address, N_("The account with this address is suspended.")))
        elif found is not None:
            people[found.person_id] = None
        elif address in taken.invited:
            already_invited += 1
        else:
            invited.append(entry)
    return EnrolmentListCheck(
        tuple(people), tuple(invited), already_enrolled, already_invited, tuple(sorted(faults, key=lambda fault: fault.line))
    )


def _clean(entries: Sequence[ListedAddress]) -> tuple[dict[str, ListedAddress], list[EntryFault]]:
    """Return the first entry of each address, and the lines that have none or repeat one."""
    clean, faults = dict[str, ListedAddress](), list[EntryFault]()
    for entry in entries:
        address = find_address(entry.address)
        if entry.address == FORMULA:
            message = N_("A cell contains a formula, which is not calculated. Enter its value instead.")
            faults.append(EntryFault(entry.line, as_written(entry.address), message))
        elif not address:
            faults.append(EntryFault(entry.line, entry.address, N_("This is not an email address.")))
        elif address in clean:
            faults.append(EntryFault(entry.line, entry.address, N_("This address is on the list twice.")))
        else:
            clean[address] = ListedAddress(entry.line, address, entry.name)
    return clean, faults
