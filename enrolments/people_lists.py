"""Lists of people as offices send them: read with their lines, and judged against the accounts that there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts.rules import ADDRESS_HEADINGS, fold
from enrolments.queries.editions import known_addresses
from kernel.decoding import Undecodable
from kernel.errors import N_
from kernel.tables import FORMULA, as_written, read_table

MOST_ENTRIES = 40_000


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address on a list, in lower case, with its line; what is no address is kept as it was written."""

    line: int
    address: str


@dataclass(frozen=True, slots=True)
class PeopleList:
    """The addresses of a list in their order, and from which line on its encoding is a guess."""

    entries: tuple[ListedAddress, ...]
    guessed_from: int | None


def read_list(content: bytes) -> PeopleList:
    """Return the addresses of a CSV file, a workbook or pasted lines; raise Undecodable where it is no list of addresses.

    The column is the one whose heading says so, else the first in which the first row has an address.
    """
    table = read_table(content, rows=MOST_ENTRIES + 1)
    if not table.rows:
        raise Undecodable(N_("The list is empty."))
    headings = [fold(cell).strip() for cell in table.rows[0][1]]
    place = next((at for at, heading in enumerate(headings) if heading in ADDRESS_HEADINGS), None)
    rows = table.rows[1:]
    if place is None:
        place, rows = next((at for at, cell in enumerate(headings) if "@" in cell), None), table.rows
    if place is None:
        raise Undecodable(N_("There is no column called “email” or “correo”, and the first row contains no address."))
    if len(rows) > MOST_ENTRIES:
        raise Undecodable(N_("The list has %(count)s rows; the limit is %(limit)s."), count=len(rows), limit=MOST_ENTRIES)
    entries = (ListedAddress(line, cells[place].strip().lower() if place < len(cells) else "") for line, cells in rows)
    return PeopleList(tuple(entries), table.guessed_from)


@dataclass(frozen=True, slots=True)
class EntryFault:
    """Why nobody is enrolled by a line: a message for people, in English, to be translated."""

    line: int
    address: str
    message: str


@dataclass(frozen=True, slots=True)
class EnrolmentListCheck:
    """The check of an enrolment list: the people it enrols by number and name, those already enrolled, and faults by line."""

    people: tuple[int, ...]
    names: tuple[str, ...]
    inside: int
    faults: tuple[EntryFault, ...]


def judge_list(session: Session, course_id: int, entries: Sequence[ListedAddress]) -> EnrolmentListCheck:
    """Compare a list with the accounts that there are; nothing is written."""
    known = known_addresses(session, course_id, list({entry.address for entry in entries if "@" in entry.address}))
    people: dict[int, str] = {}
    faults, inside, seen = [], 0, dict[str, int]()
    for entry in entries:
        found, first = known.get(entry.address), seen.setdefault(entry.address, entry.line)
        if entry.address == FORMULA:
            faults.append(
                EntryFault(
                    entry.line,
                    as_written(entry.address),
                    N_("A cell contains a formula, which is not calculated. Enter its value instead."),
                )
            )
        elif "@" not in entry.address:
            faults.append(EntryFault(entry.line, entry.address, N_("This is not an email address.")))
        elif first != entry.line:
            faults.append(EntryFault(entry.line, entry.address, N_("This address is on the list twice.")))
        elif found is None or found.suspended:
            faults.append(EntryFault(entry.line, entry.address, N_("No open account uses this address.")))
        elif found.enrolled:
            inside += 1
        else:
            people[found.person_id] = found.name
    return EnrolmentListCheck(tuple(people), tuple(people.values()), inside, tuple(faults))
