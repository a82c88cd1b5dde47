"""Everything behind one status: rules with who wrote them, facts, takes, reminders, in a handful of statements (spec/compulsory 11.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion, Reminder, Waiver
from compliance.permissions import PersonTrainingContext
from compliance.queries.audience_facts import candidate_selects, read_candidate
from compliance.queries.learner import RequiredOfPerson, find_required
from compliance.queries.person_facts import load_person_facts
from compliance.rules.claims import APPROVED_ONCE
from compliance.rules.person_facts import FactKind, record_under
from compliance.rules.record import TrainingRecord
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment
from kernel import clock
from kernel.errors import NotFound
from kernel.own_records import is_own
from kernel.permissions import Actor
from organisations import tree
from organisations.audiences import read_stored
from organisations.models import AudienceVersion
from organisations.rules.audiences import AudienceCandidate, RuleNode
from organisations.rules.units import UnitSummary
from organisations.training_scope import get_training_scope, list_training_places

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class AssignmentContext(PersonTrainingContext):
    """One obligation of a person before an actor."""

    required: RequiredOfPerson


def get_assignment(session: Session, actor: Actor, assignment: UUID) -> AssignmentContext:
    """Return an obligation of a person by what addresses name it; raise NotFound."""
    required = find_required(session, assignment, now=clock.now())
    if required is None:
        raise NotFound
    own = is_own(actor, required.person_id)
    places = frozenset[int]() if own else list_training_places(session, [required.person_id])[required.person_id]
    return AssignmentContext(required.person_id, places, get_training_scope(session, actor), required)


@dataclass(frozen=True, slots=True)
class VersionAct:
    """One version of an obligation: on which law it rests, who wrote it and who put it in force."""

    number: int
    effective_on: date
    recorded_at: datetime
    legal_base: Mapping[str, str]
    legal_url: str
    reason: str
    author: str
    approver: str


@dataclass(frozen=True, slots=True)
class ObligationActs:
    """A person's name, and who wrote and activated what is asked of them."""

    person: str
    person_uuid: UUID
    activated_at: datetime | None
    activated_by: str
    versions: tuple[VersionAct, ...]


def load_acts(session: Session, assignment_id: int) -> ObligationActs:
    """Return who wrote and activated the obligation of an assignment, in one statement."""
    author, approver, activator = aliased(Person), aliased(Person), aliased(Person)
    statement = (
        select(Person, Obligation.activated_at, activator, ObligationVersion, author, approver)
        .select_from(Assignment)
        .join(Person, Person.id == Assignment.person_id)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(ObligationVersion, ObligationVersion.obligation_id == Obligation.id)
        .outerjoin(activator, activator.id == Obligation.activated_by)
        .outerjoin(author, author.id == ObligationVersion.author_id)
        .outerjoin(approver, approver.id == ObligationVersion.approved_by)
        .where(Assignment.id == assignment_id)
        .order_by(ObligationVersion.number)
    )
    rows = session.execute(statement).all()
    person, activated_at, activated_by = rows[0][:3]
    versions = tuple(
        VersionAct(
            row.number,
            row.effective_on,
            row.recorded_at,
            row.legal_base,
            row.legal_url,
            row.reason,
            wrote.full_name if wrote else "",
            approved.full_name if approved else "",
        )
        for _person, _at, _by, row, wrote, approved in rows
    )
    return ObligationActs(person.full_name, person.uuid, activated_at, activated_by.full_name if activated_by else "", versions)


@dataclass(frozen=True, slots=True)
class TakenCourse:
    """One take of a course that an obligation names; without a take where the person never had one."""

    slug: str
    title: Mapping[str, str]
    take: int | None
    since: datetime | None
    begun_at: datetime | None
    ended_at: datetime | None
    completed_at: datetime | None
    achieved_at: datetime | None
    version: int | None


def list_taken_courses(session: Session, person_id: int, slugs: Sequence[str]) -> list[TakenCourse]:
    """List the courses that an obligation names with a person's takes of them, in one statement."""
    statement = (
        select(
            Course.slug,
            Course.title,
            Enrolment.take,
            Enrolment.enrolled_at,
            Enrolment.begun_at,
            Enrolment.left_at,
            Completion.completed_at,
            Completion.achieved_at,
            CourseVersion.number,
        )
        .outerjoin(Enrolment, and_(Enrolment.course_id == Course.id, Enrolment.person_id == person_id))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .where(Course.slug.in_(slugs))
        .order_by(Course.slug, Enrolment.take)
        .limit(MOST_ROWS)
    )
    return [TakenCourse(*row) for row in session.execute(statement)]


def list_reminders(session: Session, assignment_id: int, known: datetime) -> list[Reminder]:
    """List what was decided by a moment on reminders of an assignment, the newest first."""
    statement = select(Reminder).where(Reminder.assignment_id == assignment_id, Reminder.at <= known)
    return list(session.scalars(statement.order_by(Reminder.at.desc(), Reminder.id.desc()).limit(MOST_ROWS)))


def list_waivers(session: Session, required: RequiredOfPerson, known: datetime) -> list[Waiver]:
    """List the waivers of a person that were approved by a moment and count under an obligation, the newest first."""
    statement = (
        select(Waiver)
        .where(
            Waiver.person_id == required.person_id,
            (Waiver.obligation_id == required.obligation_id) | Waiver.obligation_id.is_(None),
            Waiver.state.in_(APPROVED_ONCE),
            Waiver.decided_at <= known,
        )
        .order_by(Waiver.first_on.desc())
        .limit(MOST_ROWS)
    )
    return list(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class RecordBehind:
    """The record of a person under an obligation, and the person as the rule of its audience sees them today."""

    record: TrainingRecord
    candidate: AudienceCandidate
    reconstructed: frozenset[tuple[str, datetime]]
    """The course and moment of completions that come from records older than the facts (spec/compulsory 7.1)."""
    places: tuple[UnitSummary, ...]


def load_behind(session: Session, required: RequiredOfPerson) -> RecordBehind:
    """Return everything on record behind a status, in two statements."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    facts = load_person_facts(session, [required.person_id], candidate_selects(required.person_id))[required.person_id]
    older = frozenset((fact.course, fact.at) for fact in facts[FactKind.DONE] if fact.key)
    record, candidate = record_under(facts, required.scope(places)), read_candidate(facts, required.institution_id, places)
    return RecordBehind(record, candidate, older, tuple(places.values()))


@dataclass(frozen=True, slots=True)
class RuleAct:
    """One version of an audience's rule: from which day on it holds, who wrote it, who approved it and why."""

    number: int
    effective_on: date
    recorded_at: datetime
    rule: RuleNode
    reason: str
    author: str
    approver: str


def find_known_rules(session: Session, audience_id: int, day: date, known: datetime) -> tuple[RuleAct | None, RuleAct | None]:
    """Return the rule of an audience that held on a day, as it was known at a moment, and the one that held on it by the record before."""
    author, approver = aliased(Person), aliased(Person)
    statement = (
        select(AudienceVersion, author, approver)
        .outerjoin(author, author.id == AudienceVersion.author_id)
        .outerjoin(approver, approver.id == AudienceVersion.approved_by)
        .where(AudienceVersion.audience_id == audience_id, AudienceVersion.effective_on <= day, AudienceVersion.recorded_at <= known)
        .order_by(AudienceVersion.effective_on.desc(), AudienceVersion.number.desc())
        .limit(MOST_ROWS)
    )
    rows = session.execute(statement).all()
    former = next((row for row in rows[1:] if row[0].number < rows[0][0].number), None)
    present, before = (None if row is None else _rule_act(session, *row) for row in (rows[0] if rows else None, former))
    return present, before


def _rule_act(session: Session, row: AudienceVersion, author: Person | None, approver: Person | None) -> RuleAct:
    names = (person.full_name if person is not None else "" for person in (author, approver))
    return RuleAct(row.number, row.effective_on, row.recorded_at, read_stored(session, row.rule), row.reason, *names)


def list_former_states(session: Session, assignment_id: int, at: datetime, known: datetime) -> list[AssignmentState]:
    """List what the record said of a moment before something else was recorded, by a moment, the newest first."""
    statement = select(AssignmentState).where(
        AssignmentState.assignment_id == assignment_id,
        AssignmentState.known_to <= known,
        AssignmentState.valid_from <= at,
        AssignmentState.valid_to.is_(None) | (AssignmentState.valid_to > at),
    )
    return list(session.scalars(statement.order_by(AssignmentState.known_to.desc(), AssignmentState.id.desc()).limit(MOST_ROWS)))
