"""Access-log entries for opened lists of people: one for each list, visible to everyone on it (spec/security 7.4).

A search result is no list: each person found gets an entry of their own.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from accounts import privacy
from accounts.privacy import AccessPurpose, PeopleListKind
from kernel import clock
from kernel.db import Base
from kernel.web import after_response
from kernel.web.limits import limit, limiter
from kernel.web.request import current_actor

LOOKS = limit("look-at-list", "1 per 10 minutes")
"""Turning the pages of a list is one look."""


def record_list_access(listing: PeopleListKind, table: type[Base], row_id: int | None = None, *, role: str = "") -> None:
    """Write down after the answer that the actor opened a list: of a course, an acta, a place, or of everybody (`Person`)."""
    actor, now = current_actor(), clock.now()
    if limiter().takes(LOOKS, f"{actor.person_id} {listing.value} {table.__tablename__} {row_id}"):
        after_response.leave_record(lambda session: privacy.record_list_access(session, actor, listing, table, row_id, role=role, now=now))


def record_search_access(people: Sequence[int]) -> None:
    """Write down after the answer that a search of the actor showed these people, each once in a while."""
    record_people_access(people, AccessPurpose.FOUND)


def record_people_access(people: Sequence[int], purpose: AccessPurpose, *, role: str = "") -> None:
    """Write down after the answer that a page showed the actor data of these people, of each once in a while.

    `role` is what the actor is there; without one it follows from the purpose.
    """
    actor, now = current_actor(), clock.now()
    shown = [person for person in people if limiter().takes(LOOKS, f"{actor.person_id} {purpose.value} {person}")]

    def write(session: Session) -> None:
        for person in shown:
            privacy.record_access(session, actor, person, purpose, role=role, now=now)

    if shown:
        after_response.leave_record(write)
