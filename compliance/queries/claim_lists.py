"""Queries of waivers and recognitions as pages list them: what waits, what was decided, one's own; and who stands before one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person
from accounts.people import by_name, get_person_by_uuid, name_matches
from accounts.uploads import get_pending_upload
from compliance.models import Assignment, Obligation, ObligationVersion, PendingRecognitionList, Recognition, RecognitionList, Waiver
from compliance.permissions import PersonTrainingContext, RecognitionContext, RecognitionListContext, WaiverContext
from compliance.rules.claims import MEDICAL_KINDS, NOTICE_DAYS, ClaimState, WaiverKind, asks_again_on
from courses.models import Course
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from organisations.access import TrainingScope
from organisations.models import Employment, Membership
from organisations.training_scope import get_training_scope, list_training_places
from organisations.tree import PRESENT

WAITS = ClaimState.PROPOSED.value


@dataclass(frozen=True, slots=True)
class WaiverSubject(WaiverContext):
    """A waiver with its row before an actor."""

    row: Waiver


@dataclass(frozen=True, slots=True)
class RecognitionSubject(RecognitionContext):
    """A recognition with its row before an actor."""

    row: Recognition


@dataclass(frozen=True, slots=True)
class ClaimantContext(PersonTrainingContext):
    """A person for whom somebody may propose a waiver or recognition."""

    person: Person


def get_own_claims(session: Session, actor: Actor) -> ClaimantContext:
    """Return the actor as a person who may have waivers and recognitions; raise SignInNeeded."""
    if actor.person_uuid is None:
        raise SignInNeeded
    return get_claimant(session, actor, actor.person_uuid)


def get_claimant(session: Session, actor: Actor, person: UUID) -> ClaimantContext:
    """Return a person who may have waivers and recognitions, before the actor; raise NotFound."""
    claimant = get_person_by_uuid(session, person)
    return ClaimantContext(claimant.id, *_standing(session, actor, claimant.id), claimant)


def get_waiver(session: Session, actor: Actor, waiver: UUID) -> WaiverSubject:
    """Return a waiver before the actor; raise NotFound."""
    row = session.scalar(select(Waiver).where(Waiver.uuid == waiver))
    if row is None:
        raise NotFound
    is_medical = WaiverKind(row.kind) in MEDICAL_KINDS
    return WaiverSubject(row.person_id, row.proposed_by, is_medical, *_standing(session, actor, row.person_id), row)


def get_recognition(session: Session, actor: Actor, recognition: UUID) -> RecognitionSubject:
    """Return a recognition before the actor; raise NotFound."""
    row = session.scalar(select(Recognition).where(Recognition.uuid == recognition))
    if row is None:
        raise NotFound
    return RecognitionSubject(row.person_id, row.proposed_by, *_standing(session, actor, row.person_id), row)


def _standing(session: Session, actor: Actor, person_id: int) -> tuple[frozenset[int], TrainingScope]:
    return list_training_places(session, [person_id])[person_id], get_training_scope(session, actor)


def stands_in(person_id: InstrumentedAttribute[int], scope: TrainingScope, *, decides: bool = False) -> ColumnElement[bool] | None:
    """Return the condition that a person of the statement is one for whom a scope has an officer or auditor; None: everybody is."""
    if scope.everywhere:
        return None
    places = scope.officer if decides else scope.officer | scope.auditor
    member = exists().where(Membership.person_id == person_id, PRESENT)
    here = exists().where(Membership.person_id == person_id, PRESENT, Membership.organisation_id.in_(places))
    worked = exists().where(Employment.person_id == person_id, Employment.retracted_at.is_(None), Employment.institution_id.in_(places))
    return or_(here, and_(not_(member), worked))


def _waits_for(scope: TrainingScope, actor: Actor, claims: type[Waiver] | type[Recognition]) -> list[ColumnElement[bool]]:
    """Return the conditions of what waits for the decision of somebody: not theirs, not proposed by them."""
    conditions = [claims.state == WAITS, claims.person_id != actor.person_id, claims.proposed_by.is_distinct_from(actor.person_id)]
    inside = stands_in(claims.person_id, scope, decides=True)
    if inside is not None:
        conditions.append(inside)
    if claims is Waiver and scope.everywhere:
        by_grant = stands_in(Waiver.person_id, TrainingScope(officer=scope.officer), decides=True)
        assert by_grant is not None
        conditions.append(or_(Waiver.kind.not_in([kind.value for kind in MEDICAL_KINDS]), by_grant))
    return conditions


def count_waiting(session: Session, scope: TrainingScope, actor: Actor) -> int:
    """Return how many waivers and recognitions wait for the actor's decision, in one statement."""
    waivers = select(func.count()).select_from(Waiver).where(*_waits_for(scope, actor, Waiver)).scalar_subquery()
    recognitions = select(func.count()).select_from(Recognition).where(*_waits_for(scope, actor, Recognition)).scalar_subquery()
    return session.scalar(select(waivers + recognitions)) or 0


def latest_waiting(session: Session, scope: TrainingScope, actor: Actor) -> datetime | None:
    """Return since when the newest of what waits for the actor's decision waits; None where nothing does."""
    moments = [
        session.scalar(select(func.max(claims.proposed_at)).where(*_waits_for(scope, actor, claims))) for claims in (Waiver, Recognition)
    ]
    return max((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A waiver or recognition with the names of whom it is about and of who proposed it, and the title of what it is for."""

    claim: Waiver | Recognition
    person: str
    person_uuid: UUID
    proposer: str
    title: Mapping[str, str] | None
    """Of the obligation or the course; None: of every obligation."""


def list_claims(
    session: Session, scope: TrainingScope | None, state: ClaimState | None, query: str = "", *, person: int | None = None, limit: int
) -> list[ClaimRow]:
    """List the waivers and recognitions of a scope or of a person, those that wait longest first, others newest first.

    Recognitions that came with a list are left out while they wait: the list waits for them.
    """
    claims = [
        *_rows(session, Waiver, scope, state, query, person, limit),
        *_rows(session, Recognition, scope, state, query, person, limit),
    ]
    waits = state is ClaimState.PROPOSED
    return sorted(claims, key=lambda row: (row.claim.proposed_at, row.claim.id), reverse=not waits)[:limit]


def _rows(
    session: Session,
    claims: type[Waiver] | type[Recognition],
    scope: TrainingScope | None,
    state: ClaimState | None,
    query: str,
    person: int | None,
    limit: int,
) -> list[ClaimRow]:
    proposer = aliased(Person)
    statement = select(claims, Person, proposer).join(Person, Person.id == claims.person_id)
    statement = statement.outerjoin(proposer, proposer.id == claims.proposed_by).where(*name_matches(query, with_address=False))
    if scope is not None and (inside := stands_in(claims.person_id, scope)) is not None:
        statement = statement.where(inside)
    if state is not None:
        statement = statement.where(claims.state == state.value)
    if person is not None:
        statement = statement.where(claims.person_id == person)
    elif claims is Recognition and state is ClaimState.PROPOSED:
        statement = statement.where(Recognition.list_id.is_(None))
    newest = claims.proposed_at if state is ClaimState.PROPOSED else claims.proposed_at.desc()
    rows = cast(
        "Sequence[tuple[Waiver | Recognition, Person, Person | None]]",
        session.execute(statement.order_by(newest, claims.id).limit(limit)).all(),
    )
    titles = _titles(session, [row[0] for row in rows])
    return [
        ClaimRow(row[0], row[1].full_name, row[1].uuid, row[2].full_name if row[2] is not None else "", titles.get(row[0].id))
        for row in rows
    ]


def _titles(session: Session, claims: Sequence[Waiver | Recognition]) -> dict[int, Mapping[str, str]]:
    of_courses = {claim.course_id for claim in claims if isinstance(claim, Recognition)}
    if of_courses:
        courses = dict(session.execute(select(Course.id, Course.title).where(Course.id.in_(of_courses))).all())
        return {claim.id: courses[claim.course_id] for claim in claims if isinstance(claim, Recognition)}
    named = {claim.obligation_id for claim in claims if isinstance(claim, Waiver) and claim.obligation_id is not None}
    obligations = title_obligations(session, Obligation.id.in_(named)) if named else {}
    return {claim.id: obligations[claim.obligation_id] for claim in claims if isinstance(claim, Waiver) and claim.obligation_id is not None}


def title_obligations(session: Session, condition: ColumnElement[bool]) -> dict[int, Mapping[str, str]]:
    """Return the titles of some obligations that are or were in force, by their numbers."""
    statement = (
        select(Obligation.id, ObligationVersion.title)
        .join(ObligationVersion, and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest))
        .where(Obligation.state != "draft", condition)
        .order_by(Obligation.id)
        .limit(500)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def title_obligations_of(session: Session, person_id: int) -> dict[int, Mapping[str, str]]:
    """Return the titles of the obligations in force under which a person is, by their numbers."""
    under = select(Assignment.obligation_id).where(Assignment.person_id == person_id)
    return title_obligations(session, and_(Obligation.state == "active", Obligation.id.in_(under)))


def find_obligation(session: Session, person_id: int, assignment: UUID | None) -> int | None:
    """Return the number of the obligation of a person's assignment, None where it is none of theirs."""
    if assignment is None:
        return None
    return session.scalar(select(Assignment.obligation_id).where(Assignment.uuid == assignment, Assignment.person_id == person_id))


def find_names(session: Session, people: Sequence[int | None]) -> dict[int, str]:
    """Return the names of some people."""
    rows = session.scalars(select(Person).where(Person.id.in_([person for person in people if person is not None])))
    return {row.id: row.full_name for row in rows}


def list_to_ask_again(session: Session, today: date, *, limit: int = 200) -> list[Waiver]:
    """List the approved waivers without an end that stop counting soon, the first to stop first."""
    latest = today - timedelta(days=365 + 365 - NOTICE_DAYS - 5)  # the exact day follows from each one's months
    statement = select(Waiver).where(Waiver.state == ClaimState.APPROVED.value, Waiver.last_on.is_(None), Waiver.first_on <= latest)
    rows = session.scalars(statement.order_by(Waiver.first_on.desc(), Waiver.id).limit(limit))
    return [row for row in rows if asks_again_on(row.first_on) <= today]


def get_new_list(session: Session, actor: Actor) -> RecognitionListContext:
    """Return the actor before a list of recognitions that may be sent in."""
    return RecognitionListContext(get_training_scope(session, actor))


def get_pending_list(session: Session, actor: Actor, pending: UUID) -> RecognitionListContext:
    """Return a list that the actor sent in and that waits for its confirmation; raise NotFound."""
    row = get_pending_upload(session, PendingRecognitionList, actor.person_id, pending)
    return RecognitionListContext(get_training_scope(session, actor), row)


def get_proposed_list(session: Session, actor: Actor, made: UUID) -> RecognitionListContext:
    """Return a list of recognitions that was confirmed; raise NotFound, also where nobody on it is in the actor's scope."""
    row, scope = session.scalar(select(RecognitionList).where(RecognitionList.uuid == made)), get_training_scope(session, actor)
    inside = stands_in(Recognition.person_id, scope)
    if row is None or (inside is not None and not session.scalar(select(exists().where(Recognition.list_id == row.id, inside)))):
        raise NotFound
    return RecognitionListContext(scope, None, row)


def list_of_list(session: Session, scope: TrainingScope, list_id: int, *, offset: int, limit: int) -> list[ClaimRow]:
    """List the recognitions of a list in a scope, by the name of the person."""
    statement = select(Recognition, Person).join(Person, Person.id == Recognition.person_id).where(Recognition.list_id == list_id)
    inside = stands_in(Recognition.person_id, scope)
    statement = statement if inside is None else statement.where(inside)
    rows = session.execute(statement.order_by(*by_name(), Recognition.id).offset(offset).limit(limit)).all()
    titles = _titles(session, [row[0] for row in rows])
    return [ClaimRow(row[0], row[1].full_name, row[1].uuid, "", titles.get(row[0].id)) for row in rows]


@dataclass(frozen=True, slots=True)
class RecognitionListRow:
    """A list of recognitions: its row, who sent it in, how many of it wait and how many were approved."""

    row: RecognitionList
    proposer: str
    waiting: int
    approved: int


def list_recognition_lists(
    session: Session, scope: TrainingScope, *, waiting: bool, only: int | None = None, limit: int = 50
) -> list[RecognitionListRow]:
    """List the lists with somebody of a scope on them: those that wait, or all of them, newest first."""
    waits = func.count().filter(Recognition.state == WAITS)
    approved = func.count().filter(Recognition.state == ClaimState.APPROVED.value)
    statement = (
        select(RecognitionList, Person, waits, approved)
        .join(Recognition, Recognition.list_id == RecognitionList.id)
        .outerjoin(Person, Person.id == RecognitionList.proposed_by)
        .group_by(RecognitionList.id, Person.id)
        .order_by(RecognitionList.id.desc())
        .limit(limit)
    )
    inside = stands_in(Recognition.person_id, scope)
    statement = statement if inside is None else statement.where(inside)
    statement = statement.having(waits > 0) if waiting else statement
    statement = statement if only is None else statement.where(RecognitionList.id == only)
    return [
        RecognitionListRow(row[0], row[1].full_name if row[1] is not None else "", row[2], row[3]) for row in session.execute(statement)
    ]
