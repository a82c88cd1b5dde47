"""Reading editions: which there are, who is in them, who waits, and a person before one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import AccountMerge, Person, full_name
from accounts.people import by_name, name_matches
from accounts.uploads import get_pending_upload
from courses.models import Course
from enrolments.models import Completion, Edition, EditionPlace, Enrolment, PendingEnrolmentList, WaitingPlace
from enrolments.permissions import EditionContext, ParticipantContext
from enrolments.queries.learning import get_learner_context
from enrolments.rules import CODE_LENGTH, EditionDates, EnrolmentRefusal, may_join
from kernel.codes import read_code
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.models import Membership, Organisation
from organisations.tree import MAIN

MOST_EDITIONS = 200


def find_edition_of(session: Session, enrolment_id: int) -> Edition | None:
    """Return the edition in which somebody takes a course, None where in none."""
    statement = select(Edition).join(EditionPlace, EditionPlace.edition_id == Edition.id)
    return session.scalar(statement.where(EditionPlace.enrolment_id == enrolment_id))


def dates_of(edition: Edition) -> EditionDates:
    """Return an edition's dates as the rules take them."""
    return EditionDates(edition.enrols_from, edition.enrols_until, edition.starts_at, edition.ends_at, edition.closed_at)


FEWEST_LETTERS = 3
"""Of a word with which a course's team searches for people (spec/security 7.6)."""


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition of a course, how many take it, and how many wait."""

    edition: Edition
    taken: int
    waiting: int

    @property
    def is_full(self) -> bool:
        """Say whether nobody fits in any more."""
        return self.edition.capacity is not None and self.taken >= self.edition.capacity


_TAKEN = select(func.count()).where(EditionPlace.edition_id == Edition.id).correlate(Edition).scalar_subquery()
_WAITING = select(func.count()).where(WaitingPlace.edition_id == Edition.id).correlate(Edition).scalar_subquery()


def list_editions(session: Session, course_id: int) -> list[EditionRow]:
    """List the editions of a course, the newest first."""
    statement = select(Edition, _TAKEN, _WAITING).where(Edition.course_id == course_id).order_by(Edition.id.desc()).limit(MOST_EDITIONS)
    return [EditionRow(*row) for row in session.execute(statement)]


def get_edition_row(session: Session, edition_id: int) -> EditionRow:
    """Return an edition with its numbers."""
    return EditionRow(*session.execute(select(Edition, _TAKEN, _WAITING).where(Edition.id == edition_id)).one())


def lock_edition(session: Session, edition_id: int) -> EditionRow:
    """Return an edition with its numbers, after every other change of its places."""
    session.execute(select(Edition.id).where(Edition.id == edition_id).with_for_update()).all()
    return get_edition_row(session, edition_id)


def name_is_taken(session: Session, course_id: int, name: str, *, but: int | None = None) -> bool:
    """Say whether another edition of a course has this name, whatever its case."""
    names = session.execute(select(Edition.id, Edition.name).where(Edition.course_id == course_id))
    return any(row.name.casefold() == name.casefold() and row.id != but for row in names)


def code_is_taken(session: Session, code: str) -> bool:
    """Say whether an edition of any course has this code."""
    return session.scalar(select(Edition.id).where(Edition.code == code)) is not None


def get_edition_context(session: Session, actor: Actor, slug: str, edition: UUID) -> EditionContext:
    """Return the page context of an edition of a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = session.scalar(select(Edition).where(Edition.course_id == context.course_id, Edition.uuid == edition))
    if row is None:
        raise NotFound
    return EditionContext(context, row, _refusal(context.archived, context.version_id, row, context.now))


def get_context_by_code(session: Session, actor: Actor, code: str) -> EditionContext:
    """Return the page context of the edition that has a code; raise NotFound."""
    typed = read_code(code, CODE_LENGTH)
    if typed is None:
        raise NotFound  # to compare with nothing would find the editions without a code
    statement = select(Edition, Course.slug).join(Course, Course.id == Edition.course_id).where(Edition.code == typed)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    context = get_learner_context(session, actor, row.slug)
    return EditionContext(context, row.Edition, _refusal(context.archived, context.version_id, row.Edition, context.now), by_code=True)


def _refusal(archived: bool, version_id: int | None, edition: Edition, now: datetime) -> EnrolmentRefusal | None:
    if version_id is None:
        return EnrolmentRefusal.NOT_PUBLISHED
    return may_join(dates_of(edition), archived=archived, now=now)


def waits_for(session: Session, person_id: int | None, edition_ids: Sequence[int]) -> set[int]:
    """Return the editions among these for which a person waits."""
    return set(
        session.scalars(
            select(WaitingPlace.edition_id).where(WaitingPlace.person_id == person_id, WaitingPlace.edition_id.in_(edition_ids))
        )
    )


def list_first_waiting(session: Session, edition: Edition, *, limit: int) -> list[int]:
    """List the people who have waited longest for a place, are not suspended and do not take the course in another way."""
    inside = select(Enrolment.person_id).where(Enrolment.course_id == edition.course_id, Enrolment.left_at.is_(None))
    statement = select(WaitingPlace.person_id).join(Person, Person.id == WaitingPlace.person_id)
    statement = statement.where(WaitingPlace.edition_id == edition.id, WaitingPlace.person_id.not_in(inside), Person.suspended_at.is_(None))
    return list(session.scalars(statement.order_by(WaitingPlace.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class WaitingListRow:
    """A person on a waiting list, as the course team sees them."""

    uuid: UUID
    name: str
    email: str
    since: datetime


def list_waiting(session: Session, edition_id: int, *, limit: int) -> list[WaitingListRow]:
    """List those who wait, the first first."""
    statement = (
        select(Person, WaitingPlace.since)
        .join(WaitingPlace, WaitingPlace.person_id == Person.id)
        .where(WaitingPlace.edition_id == edition_id)
        .order_by(WaitingPlace.id)
        .limit(limit)
    )
    return [WaitingListRow(person.uuid, person.full_name, person.email, since) for person, since in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A learner of a course, as its team sees them."""

    uuid: UUID
    name: str
    email: str
    edition: str
    enrolled_at: datetime
    done: int
    total: int
    completed_at: datetime | None


def list_roster(session: Session, course_id: int, query: str, edition: UUID | None, *, offset: int, limit: int) -> list[RosterRow]:
    """List those who take a course, or one of its editions, by name; all or those whom a search finds."""
    statement = (
        select(
            Person.uuid,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
            Person.email,
            Edition.name,
            Enrolment.enrolled_at,
            Enrolment.done,
            Enrolment.total,
            Completion.completed_at,
        )
        .join(Enrolment, Enrolment.person_id == Person.id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None), *name_matches(query, with_address=True))
        .order_by(*by_name(), Enrolment.id)
        .offset(offset)
        .limit(limit)
    )
    if edition is not None:
        statement = statement.where(Edition.uuid == edition)
    return [
        RosterRow(row[0], full_name(row[1], row[2], row[3]), row[4], row[5] or "", row[6], row[7], row[8], row[9])
        for row in session.execute(statement)
    ]


def get_place(session: Session, actor: Actor, slug: str, person: UUID) -> ParticipantContext:
    """Return the context of a person's enrolment in a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    statement = select(Enrolment).join(Person, Person.id == Enrolment.person_id)
    row = session.scalar(statement.where(Person.uuid == person, Enrolment.course_id == context.course_id, Enrolment.left_at.is_(None)))
    if row is None:
        raise NotFound
    return ParticipantContext(context, row)


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


@dataclass(frozen=True, slots=True)
class AddressLookup:
    """The account of an address on a list."""

    person_id: int
    name: str
    suspended: bool
    enrolled: bool


PORTION = 500
"""Addresses asked for in one statement."""


def known_addresses(session: Session, course_id: int, addresses: Sequence[str]) -> Mapping[str, AddressLookup]:
    """Return the accounts that these addresses (in lower case) lead to, and whether each takes a course."""
    lookups, holder = dict[str, AddressLookup](), aliased(Person)
    takes = (Enrolment.person_id == holder.id) & (Enrolment.course_id == course_id) & Enrolment.left_at.is_(None)
    for begin in range(0, len(addresses), PORTION):
        statement = (
            select(Person.email, holder, Enrolment.id)
            .outerjoin(AccountMerge, AccountMerge.closed_id == Person.id)
            .join(holder, holder.id == func.coalesce(AccountMerge.kept_id, Person.id))
            .outerjoin(Enrolment, takes)
            .where(Person.email.in_(addresses[begin : begin + PORTION]))
        )
        for address, person, enrolment_id in session.execute(statement):
            lookups[address] = AddressLookup(person.id, person.full_name, person.suspended_at is not None, enrolment_id is not None)
    return lookups


def get_pending(session: Session, person_id: int | None, course_id: int, pending: UUID) -> PendingEnrolmentList:
    """Return a list that a person uploaded for a course; raise NotFound."""
    return get_pending_upload(session, PendingEnrolmentList, person_id, pending, PendingEnrolmentList.course_id == course_id)
