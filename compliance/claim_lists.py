"""Waivers and recognitions as their pages list and open them, and uploaded lists of recognitions, read and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import by_name, get_person_by_uuid, name_matches
from accounts.rules import fold
from accounts.uploads import get_pending_upload
from compliance.access import PersonTrainingContext, RecognitionContext, RecognitionListContext, WaiverContext
from compliance.claims import RecognitionValues, list_entries, list_repeated, stands_in
from compliance.models import Assignment, Obligation, ObligationVersion, PendingRecognitionList, Recognition, RecognitionList, Waiver
from compliance.obligations import list_known_courses, required_in
from compliance.rules.claims import MEDICAL_KINDS, NOTICE_DAYS, ClaimState, WaiverKind, achievement_fault, asks_again_on
from courses.models import Course
from kernel.errors import N_, NotFound, SignInNeeded, require_found
from kernel.left_out import LineFault, LineRefused, ReadList
from kernel.permissions import Actor
from organisations import list_reading
from organisations.access import TrainingScope
from organisations.list_checking import match_people
from organisations.training_scope import get_training_scope, list_training_places

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
    row = require_found(session.scalar(select(Waiver).where(Waiver.uuid == waiver)))
    is_medical = WaiverKind(row.kind) in MEDICAL_KINDS
    return WaiverSubject(row.person_id, row.proposed_by, is_medical, *_standing(session, actor, row.person_id), row)


def get_recognition(session: Session, actor: Actor, recognition: UUID) -> RecognitionSubject:
    """Return a recognition before the actor; raise NotFound."""
    row = require_found(session.scalar(select(Recognition).where(Recognition.uuid == recognition)))
    return RecognitionSubject(row.person_id, row.proposed_by, *_standing(session, actor, row.person_id), row)


def _standing(session: Session, actor: Actor, person_id: int) -> tuple[frozenset[int], TrainingScope]:
    return list_training_places(session, [person_id])[person_id], get_training_scope(session, actor)


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


ClaimRow = Row[*tuple[Any, ...]]
"""A waiver or recognition (`claim`) with whom it is about (`Person`), who proposed it (`proposer`, or None), and the `title` of the
obligation or course that it is for; None: of every obligation."""


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
) -> Sequence[ClaimRow]:
    claim, statement = _select_claims(claims)
    statement = statement.where(*name_matches(query, with_address=False))
    if scope is not None and (inside := stands_in(claim.person_id, scope)) is not None:
        statement = statement.where(inside)
    if state is not None:
        statement = statement.where(claim.state == state.value)
    if person is not None:
        statement = statement.where(claim.person_id == person)
    elif claims is Recognition and state is ClaimState.PROPOSED:
        statement = statement.where(claim.list_id.is_(None))
    newest = claim.proposed_at if state is ClaimState.PROPOSED else claim.proposed_at.desc()
    return session.execute(statement.order_by(newest, claim.id).limit(limit)).all()


def _select_claims(claims: type[Waiver] | type[Recognition]) -> tuple[Any, Select[*tuple[Any, ...]]]:
    """Return an alias of a table, and the statement that selects its rows as `ClaimRow`."""
    claim: Any = aliased(claims, name="claim")
    proposer = aliased(Person, name="proposer")
    if claims is Recognition:
        statement = select(claim, Person, proposer, Course.title).select_from(claim).join(Course, Course.id == claim.course_id)
    else:
        newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
        statement = select(claim, Person, proposer, ObligationVersion.title).select_from(claim)
        statement = statement.outerjoin(Obligation, Obligation.id == claim.obligation_id).outerjoin(ObligationVersion, newest)
    return claim, statement.join(Person, Person.id == claim.person_id).outerjoin(proposer, proposer.id == claim.proposed_by)


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


def list_of_list(session: Session, scope: TrainingScope, list_id: int, *, offset: int, limit: int) -> Sequence[ClaimRow]:
    """List the recognitions of a list in a scope, by the name of the person."""
    claim, statement = _select_claims(Recognition)
    inside = stands_in(claim.person_id, scope)
    statement = statement.where(claim.list_id == list_id, *([] if inside is None else [inside]))
    return session.execute(statement.order_by(*by_name(), claim.id).offset(offset).limit(limit)).all()


def list_recognition_lists(
    session: Session, scope: TrainingScope, *, waiting: bool, only: int | None = None, limit: int = 50
) -> Sequence[Row[RecognitionList, Person | None, int, int]]:
    """List the lists with somebody of a scope on them: those that wait, or all of them, newest first.

    Each has who sent it in, how many of it wait (`waiting`) and how many were approved (`approved`).
    """
    waits = func.count().filter(Recognition.state == WAITS)
    approved = func.count().filter(Recognition.state == ClaimState.APPROVED.value)
    statement = (
        select(RecognitionList, Person, waits.label("waiting"), approved.label("approved"))
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
    return session.execute(statement).all()


MOST_LINES = 5_000
LONGEST_ISSUER, LONGEST_DOCUMENT = 200, 100
COLUMNS = list_reading.ListColumns(
    {
        **{name: list_reading.PEOPLE_COLUMNS[name] for name in list_reading.WHO},
        "course": frozenset({"curso", "codigo de curso", "clave del curso", "course", "course key"}),
        "achieved_on": frozenset({"fecha", "fecha de aprobacion", "aprobado el", "completado el", "date", "completed on", "day"}),
        "issuer": frozenset({"institucion", "emisor", "otorgado por", "certificado por", "issuer", "institution", "certified by"}),
        "document": frozenset({"documento", "numero de documento", "certificado", "numero de certificado", "document", "certificate"}),
    },
    (
        (list_reading.WHO, N_("There is no column called “email” or “correo”.")),
        (("course",), N_("There is no column called “curso” or “course”.")),
        (("achieved_on",), N_("There is no column called “fecha” or “date”.")),
    ),
    MOST_LINES,
)


@dataclass(frozen=True, slots=True)
class RecognitionListEntry:
    """A line of a list: whom it is about, as which course it counts, the day, who certifies it, the number of its document."""

    written: str
    person: list_reading.PersonListRow
    course: str
    achieved_on: date
    issuer: str
    document: str


@dataclass(frozen=True, slots=True)
class RecognitionListRows(ReadList[RecognitionListEntry]):
    """The recognitions of a list."""

    mixed: tuple[int, int] | None = None
    """The first line with the year first, and the first with the day first, where days are written in both ways."""


def read_recognitions(content: bytes, today: date) -> RecognitionListRows:
    """Return the recognitions of a CSV or XLSX file; raise Undecodable where it is no list of recognitions."""
    days = list_reading.DayReader(today)
    rows = COLUMNS.read(content, lambda line, cell, written: _entry(line, cell, written, days, today))
    return RecognitionListRows(rows.entries, rows.faults, rows.encoding_guessed_from, rows.left_out, mixed=days.mixed().get("achieved_on"))


def _entry(line: int, cell: list_reading.Cell, written: str, days: list_reading.DayReader, today: date) -> RecognitionListEntry:
    number, identity = list_reading.read_staff_number(cell("staff_number")), list_reading.read_identity_number(cell("national_id"))
    address = "" if (number or identity) and not cell("email") else list_reading.read_address(cell("email"))
    achieved_on = days.read("achieved_on", cell("achieved_on"), line)
    if achieved_on is None:
        raise LineRefused(N_("The day is missing."))
    if achievement_fault(achieved_on, today) is not None:
        raise LineRefused(N_("The day cannot be in the future or before 1950."))
    course, issuer, document = cell("course"), cell("issuer"), cell("document")
    if not issuer or not document:
        raise LineRefused(N_("The institution that certifies it or the number of the document is missing."))
    if len(issuer) > LONGEST_ISSUER or len(document) > LONGEST_DOCUMENT:
        raise LineRefused(N_("The institution or the number of the document is too long."))
    person = list_reading.PersonListRow(line, address, national_id=identity, staff_number=number)
    return RecognitionListEntry(written, person, course, achieved_on=achieved_on, issuer=issuer, document=document)


@dataclass(frozen=True, slots=True)
class RecognitionListCheck:
    """The proposals of a list: person and values of each new line, how many are known, how many are of before entry, faults."""

    new: tuple[tuple[int, RecognitionValues], ...]
    same: int
    early: int
    faults: tuple[LineFault, ...]


def judge_recognitions(
    session: Session, actor: Actor, rows: RecognitionListRows, scope: TrainingScope, *, now: datetime
) -> RecognitionListCheck:
    """Return the proposals of a list for people of a scope: a fixed number of statements for some thousands.

    Whoever is outside the scope is unknown here: the answer to a line never says whether somebody else has an account.
    """
    matches, faults = _find(session, actor, rows.entries, scope)
    people = sorted({person for person, _course, _entry in matches})
    courses = sorted({course for _person, course, _entry in matches})
    known, entered = list_repeated(session, people, courses), list_entries(session, people)
    new, seen, same, early = [], dict[tuple[int, int, date], int](), 0, 0
    for person, course, entry in matches:
        key = person, course, entry.achieved_on
        first = seen.setdefault(key, entry.person.line)
        if first != entry.person.line:
            message = N_("The same recognition is already on line %(first)s.")
            faults.append(LineFault(entry.person.line, entry.written, message, {"first": first}))
        elif key in known:
            same += 1
        else:
            new.append((person, RecognitionValues(course, entry.achieved_on, entry.issuer, entry.document)))
            early += person in entered and entry.achieved_on < entered[person]
    return RecognitionListCheck(tuple(new), same, early, tuple(sorted((*rows.faults, *faults), key=lambda fault: fault.line)))


def _find(
    session: Session, actor: Actor, entries: Sequence[RecognitionListEntry], scope: TrainingScope
) -> tuple[list[tuple[int, int, RecognitionListEntry]], list[LineFault]]:
    """Return the person of the scope and the course that each line means, and the lines that mean none."""
    match, courses = match_people(session, [entry.person for entry in entries]), _courses(session, actor, scope)
    if not scope.everywhere:
        places = list_training_places(session, match.people)
        match = match.among({person for person, theirs in places.items() if scope.officer_of(theirs)})
    matches, faults = [], []
    for entry in entries:
        try:
            person, course = match.find(entry.person, None), courses.get(fold(entry.course))
        except LineRefused as refused:
            faults.append(refused.fault(entry.person.line, entry.written))
            continue
        if person is None:
            faults.append(LineFault(entry.person.line, entry.written, N_("No one in your units has this address or number.")))
        elif course is None:
            faults.append(LineFault(entry.person.line, entry.written, N_("There is no published course with this key or title.")))
        else:
            matches.append((person.person_id, course, entry))
    return matches, faults


def _courses(session: Session, actor: Actor, scope: TrainingScope) -> dict[str, int]:
    """Return the published courses that an actor knows of by key, and by their titles where no other has the same."""
    course_ids, doubtful = dict[str, int](), set[str]()
    courses = list_known_courses(session, actor, required_in(session, scope))
    for course in courses:
        for title in {fold(title) for title in course.title.values()}:
            doubtful |= {title} if course_ids.setdefault(title, course.id) != course.id else set()
    titles = {title: number for title, number in course_ids.items() if title not in doubtful}
    return titles | {fold(course.slug): course.id for course in courses}
