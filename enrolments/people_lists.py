"""Lists of people to enrol, judged against those who take the course or are invited to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from enrolments.invitations import list_taken
from enrolments.roster import known_addresses
from kernel.errors import N_
from kernel.left_out import LineFault
from organisations.address_lists import ListedAddress, clean_list


@dataclass(frozen=True, slots=True)
class EnrolmentListCheck:
    """The check of an enrolment list: whom it enrols, whom it invites, who is in the course or invited already, and faults by line."""

    people: tuple[int, ...]
    """Only of the list of somebody who may see all accounts."""
    invited: tuple[ListedAddress, ...]
    already_enrolled: int
    already_invited: int
    faults: tuple[LineFault, ...]


def check_list(
    session: Session, course_id: int, entries: Sequence[ListedAddress], *, enrols_accounts: bool, now: datetime
) -> EnrolmentListCheck:
    """Compare a list with who takes the course or is invited to it; nothing is written.

    `enrols_accounts`: people with an account are enrolled at once. Else every address is invited, and nothing is read that depends on
    whether it has an account (spec/security 2.2).
    """
    clean, faults = clean_list(entries)
    known = known_addresses(session, course_id, list(clean)) if enrols_accounts else {}
    enrolled, already = list_taken(session, course_id, list(clean), now=now)
    people, invited = dict[int, None](), list[ListedAddress]()
    already_enrolled = already_invited = 0
    for address, entry in clean.items():
        person, takes = known.get(address, (None, False))
        if address in enrolled or takes:
            already_enrolled += 1
        elif person is not None and person.suspended_at is not None:
            faults.append(LineFault(entry.line, address, N_("The account with this address is suspended.")))
        elif person is not None:
            people[person.id] = None
        elif address in already:
            already_invited += 1
        else:
            invited.append(entry)
    return EnrolmentListCheck(
        tuple(people), tuple(invited), already_enrolled, already_invited, tuple(sorted(faults, key=lambda fault: fault.line))
    )
