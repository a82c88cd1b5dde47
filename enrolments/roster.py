"""The learners of a course or an edition for its team: who is there, who may be enrolled, and lists of people to enrol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import AccountMerge, Person
from accounts.people import by_name, name_matches
from accounts.rules import PENDING_UPLOAD_LIFETIME
from accounts.uploads import UploadedList, discard_pending_upload, store_pending_upload
from enrolments.editions import EditionVerb, require_open_course
from enrolments.models import Completion, Edition, EditionPlace, Enrolment, PendingEnrolmentList
from kernel import audit, outbox
from kernel.permissions import Actor
from organisations.models import Membership, Organisation
from organisations.tree import MAIN, belongs_to

FEWEST_LETTERS = 3
"""Of a word with which a course's team searches for people (spec/security 7.6)."""


RosterRow = Row[Person, Enrolment, str, str, datetime]
"""A learner of a course, as its team sees them: `Person`, `Enrolment`, `edition`, `unit` and `completed_at`."""


def list_roster(
    session: Session, course_id: int, *, q: str = "", edition: UUID | None = None, unit: UUID | None = None, offset: int, limit: int
) -> Sequence[RosterRow]:
    """List those who take a course, by name: all, or those of an edition, of a unit with what stands below it, or of a search."""
    statement = (
        select(Person, Enrolment, Edition.name.label("edition"), Organisation.name.label("unit"), Completion.completed_at)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & MAIN)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None), *name_matches(q, with_address=True))
        .order_by(*by_name(), Enrolment.id)
        .offset(offset)
        .limit(limit)
    )
    if edition is not None:
        statement = statement.where(Edition.uuid == edition)
    if unit is not None:
        statement = statement.where(belongs_to(Organisation.uuid == unit))
    return session.execute(statement).all()


@dataclass(frozen=True, slots=True)
class EnrolCandidate:
    """A person with an account who is not enrolled in a course; the address only for those who see all addresses."""

    person_id: int
    uuid: UUID
    name: str
    place: str
    email: str


def list_outsiders(session: Session, actor: Actor, course_id: int, query: str, *, limit: int) -> list[EnrolCandidate]:
    """List the people with an open account whom a search finds and who do not take a course, by name.

    Addresses of those outside the course are for administrators (spec/security 7.6): others find by name, never by an address,
    so that nobody learns whether it has an account (2.2), and nobody where they name too little of them.
    """
    if names_too_little(actor, query) or ("@" in query and not actor.is_administrator):
        return []
    inside = select(Enrolment.person_id).where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None))
    statement = (
        select(Person, Organisation.name)
        .outerjoin(Membership, (Membership.person_id == Person.id) & MAIN)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(Person.suspended_at.is_(None), Person.id.not_in(inside), *name_matches(query, with_address=actor.is_administrator))
        .order_by(*by_name())
        .limit(limit)
    )
    return [
        EnrolCandidate(person.id, person.uuid, person.full_name, unit or "", person.email if actor.is_administrator else "")
        for person, unit in session.execute(statement)
    ]


def names_too_little(actor: Actor, query: str) -> bool:
    """Return whether so few characters would let the actor leaf through all accounts; administrators may."""
    return not actor.is_administrator and max(map(len, query.split()), default=0) < FEWEST_LETTERS


LOOKUP_PORTION = 500
"""Addresses asked for in one statement."""


def known_addresses(session: Session, course_id: int, addresses: Sequence[str]) -> Mapping[str, tuple[Person, bool]]:
    """Return the accounts that these addresses (in lower case) lead to, and whether each takes a course."""
    lookups, holder = dict[str, tuple[Person, bool]](), aliased(Person)
    takes = (Enrolment.person_id == holder.id) & (Enrolment.course_id == course_id) & Enrolment.left_at.is_(None)
    for begin in range(0, len(addresses), LOOKUP_PORTION):
        statement = (
            select(Person.email, holder, Enrolment.id)
            .outerjoin(AccountMerge, AccountMerge.closed_id == Person.id)
            .join(holder, holder.id == func.coalesce(AccountMerge.kept_id, Person.id))
            .outerjoin(Enrolment, takes)
            .where(Person.email.in_(addresses[begin : begin + LOOKUP_PORTION]))
        )
        for address, person, enrolment_id in session.execute(statement):
            lookups[address] = person, enrolment_id is not None
    return lookups


def receive_list(
    session: Session, actor: Actor, course_id: int, edition: Edition | None, sent: UploadedList, *, now: datetime
) -> PendingEnrolmentList:
    """Keep a list of people until it is confirmed; of earlier ones of the same person for the same course the newest stay."""
    edition_id = edition.id if edition else None
    row = PendingEnrolmentList(course_id=course_id, edition_id=edition_id, name=sent.name, content=sent.content, total=sent.total)
    earlier = PendingEnrolmentList.course_id == course_id, PendingEnrolmentList.confirmed_at.is_(None)
    return store_pending_upload(session, actor, EditionVerb.LIST_RECEIVED, row, *earlier, now=now, course=course_id, size=sent.total)


def confirm_list(session: Session, actor: Actor, pending: PendingEnrolmentList, *, now: datetime) -> None:
    """Enrol the people of a list, some hundreds at a time in the background; a second time changes nothing. Raise Conflict."""
    row = session.get_one(PendingEnrolmentList, pending.id, with_for_update=True)
    if row.confirmed_at is None:
        require_open_course(session, row.course_id)
        row.confirmed_at = now
        row.expires_at = now + PENDING_UPLOAD_LIFETIME  # it is needed until everybody of it is enrolled
        audit.record(session, actor, EditionVerb.LIST_CONFIRMED, row, now=now, course=row.course_id)
        outbox.enqueue(session, "enrolments.enrol_list", {"list": row.id}, now=now)


def discard_list(session: Session, actor: Actor, pending: PendingEnrolmentList, *, now: datetime) -> None:
    """Delete an enrolment list that was not confirmed."""
    if pending.confirmed_at is None:
        discard_pending_upload(session, actor, EditionVerb.LIST_DISCARDED, pending, now=now, course=pending.course_id)
