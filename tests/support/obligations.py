"""Obligations and the people under them, for tests."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from accounts.models import Person
from compliance import assignments, jobs, obligations
from compliance.models import Assignment, AssignmentState, CycleEnrolment, Obligation
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.records import get_rules
from compliance.rules.history import HistoryRow
from compliance.rules.states import StateFlag, TrainingState
from compliance.rules.terms import CourseRequirement, ObligationTerms
from courses.models import Course
from kernel import clock
from kernel.durations import Duration
from kernel.i18n import local
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.models import Audience, AudienceStayRecord, Organisation
from tests.support.builders import a_person
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.training_cases import A

BEGINNING = datetime.fromisoformat("2026-01-02T08:00-05:00")
JOINED = date(2026, 1, 10)


@scene
def an_audience_of(instance: Instance, root: Organisation, key: str = "todos") -> Audience:
    """Add an audience whose stays the test writes itself."""
    with instance.database.unit_of_work() as session:
        row = Audience(institution_id=root.id, key=key, title={"es": "Todos"}, created_at=BEGINNING)
        session.add(row)
        session.flush()
        return row


@scene
def an_audience_with_authors(instance: Instance) -> Audience:
    """Return the audience of a new place, and make the two people who write obligations."""
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    return an_audience_of(instance, a_place(instance))


@scene
def let_stay(
    instance: Instance,
    audience: Audience,
    person: Person | Actor,
    since: date = JOINED,
    until: date | None = None,
    *,
    now: datetime = BEGINNING,
) -> None:
    """Let somebody be in an audience from one day to another."""
    number = person.id if isinstance(person, Person) else person.person_id
    with instance.database.unit_of_work() as session:
        session.add(AudienceStayRecord(audience_id=audience.id, person_id=number, since_on=since, until_on=until, recorded_at=now))


def rules_of(course: Course, terms: ObligationTerms = A) -> ObligationTerms:
    """Return terms that require a course from the beginning of the year."""
    return replace(terms, requirement=CourseRequirement(course.slug), effective_on=terms.starts)


@scene
def an_obligation(instance: Instance, audience: Audience, terms: ObligationTerms, *, key: str = "gobernanza", **values: Any) -> Obligation:
    """Put an obligation in force, written by one person and activated by another, both of whom exist."""
    with instance.database.unit_of_work() as session:
        author, approver = session.scalars(select(Person).order_by(Person.id).limit(2)).all()
        content = ObligationValues({"es": "Curso obligatorio", "en": "Compulsory course"}, terms, **values)
        row = obligations.make_obligation(session, Actor(person_id=author.id), key, audience, content, now=BEGINNING)
        obligations.activate(session, Actor(person_id=approver.id), row, row.edited, now=BEGINNING)
        return row


@scene
def compute(instance: Instance, obligation: Obligation, people: list[int], *, now: datetime) -> assignments.RecomputeCount:
    """Compute the statuses of some people."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(Obligation, obligation.id)
        return assignments.recompute(session, [get_rules(session, row)], people, now=now)


def compute_everything(instance: Instance, *, now: datetime) -> None:
    """Compare every status with the records and compute it again, as the nightly jobs do."""
    effect = jobs.recompute_all(Delivery(instance.database, instance.settings, 1, {}, now))
    with instance.database.unit_of_work() as session:
        effect(session)
        institutions = session.scalars(select(Obligation.institution_id).distinct()).all()
    for institution in institutions:
        jobs.recompute_institution(Delivery(instance.database, instance.settings, 1, {"institution": institution}, now))


def assignment_of(instance: Instance, person: Person | Actor) -> Assignment:
    """Return the only assignment of a person."""
    number = person.id if isinstance(person, Person) else person.person_id
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Assignment).where(Assignment.person_id == number)).scalar_one()


def history_of(instance: Instance, assignment: Assignment) -> list[HistoryRow]:
    """Return the stored history of an assignment."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(AssignmentState).where(AssignmentState.assignment_id == assignment.id).order_by(AssignmentState.id)
        return [
            HistoryRow(
                TrainingState(row.state),
                tuple(map(StateFlag, row.flags.split())),
                row.valid_from,
                row.valid_to,
                row.known_from,
                row.known_to,
            )
            for row in session.scalars(statement)
        ]


def enrol_assigned(instance: Instance, *, now: datetime) -> None:
    """Enrol whoever an obligation wants enrolled, as the job does."""
    jobs.enrol_assigned(Delivery(instance.database, instance.settings, 1, {}, now))


def courses_of_cycles(instance: Instance, person: Person | Actor) -> list[CycleEnrolment]:
    """Return what is kept of a person's cycles, by cycle and course."""
    number = person.id if isinstance(person, Person) else person.person_id
    statement = select(CycleEnrolment).join(Assignment, Assignment.id == CycleEnrolment.assignment_id).where(Assignment.person_id == number)
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(statement.order_by(CycleEnrolment.cycle, CycleEnrolment.course_id)))


@scene
def ask_to_renew(instance: Instance, course: Course, learner: Actor, *, key: str = "renovable") -> Obligation:
    """Let an obligation ask somebody who has completed a course to renew it from the day on that they did."""
    audience = an_audience_of(instance, a_place(instance, f"Institución {key}"), key)
    today = local(clock.now()).date()
    terms = replace(rules_of(course), starts=date(2025, 1, 1), effective_on=date(2025, 1, 1), validity=Duration(days=1))
    let_stay(instance, audience, learner, today - timedelta(days=400))
    obligation = an_obligation(instance, audience, terms, key=key, enrolment=EnrolmentMode.OFFERED)
    compute(instance, obligation, [learner.person_id or 0], now=clock.now())
    return obligation
