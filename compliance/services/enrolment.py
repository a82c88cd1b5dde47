"""Enrolment by an obligation: as a cycle opens, its people are enrolled in what they have to take (spec/compulsory 4.9)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import Assignment, CycleEnrolment
from compliance.queries.enrolment import TrainingOrder, list_taken_out
from compliance.queries.records import ObligationRules, load_records
from compliance.rules.record import first_instant
from compliance.rules.status import courses_to_take, status_of, training_case
from compliance.rules.terms import DeadlineAnchor, RelativeDeadline
from compliance.services.assignments import recompute
from enrolments.enrolment import enrol_required
from enrolments.takes import RequiredCourse

PORTION = 200
"""People in one transaction."""


@dataclass(frozen=True, slots=True)
class _OpenCycle:
    """The present cycle of an assignment: since when it is open, what has still to be taken in it."""

    assignment_id: int
    number: int
    person_id: int
    opens_at: datetime
    courses: Collection[str]

    @property
    def key(self) -> tuple[int, int]:
        return self.assignment_id, self.number


def enrol_assigned(session: Session, rules: ObligationRules, order: TrainingOrder, people: Sequence[int], *, now: datetime) -> int:
    """Enrol some people under an obligation in what their present cycle asks; return of how many a take is new.

    What stands in the way is kept for the owner. A second time changes nothing: a cycle has one take of a course, until that is completed
    and does not count.
    """
    session.execute(select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)).all()
    cycles = _open_cycles(session, rules, people, now=now)
    changed: set[int] = set()
    for course in order.enrolled:
        changed |= _settle_course(session, course.required, course.slug, cycles, now=now)
    session.flush()
    if changed and _counts_from_enrolment(rules):
        recompute(session, [rules], sorted(changed), now=now)
    return len(changed)


def _open_cycles(session: Session, rules: ObligationRules, people: Sequence[int], *, now: datetime) -> list[_OpenCycle]:
    mine = (Assignment.obligation_id == rules.obligation_id, Assignment.person_id.in_(people))
    assignments = dict(session.execute(select(Assignment.person_id, Assignment.id).where(*mine)).all())
    cycles = []
    for person, record in load_records(session, rules, list(assignments)).items():
        case = training_case(rules.terms, record, now)
        status = status_of(case, now)
        opens_at = now if status.opened_on is None else min(now, first_instant(status.opened_on, status.zone))
        cycles.append(_OpenCycle(assignments[person], status.cycle, person, opens_at, courses_to_take(case, now)))
    return cycles


def _settle_course(session: Session, required: RequiredCourse, slug: str, cycles: Sequence[_OpenCycle], *, now: datetime) -> set[int]:
    """Enrol whoever has to take a course in their cycle, and keep what became of it; return of whom a take is new."""
    assignments = [cycle.assignment_id for cycle in cycles]
    mine = (CycleEnrolment.assignment_id.in_(assignments), CycleEnrolment.course_id == required.course_id)
    stored = {(row.assignment_id, row.cycle): row for row in session.scalars(select(CycleEnrolment).where(*mine))}
    taken_out = list_taken_out(session, assignments, required.course_id)
    to_enrol = {cycle.person_id: cycle.opens_at for cycle in cycles if slug in cycle.courses and cycle.key not in taken_out}
    outcomes = enrol_required(session, required, to_enrol, now=now) if to_enrol else {}
    changed = set()
    for cycle in cycles:
        row = stored.get(cycle.key) or CycleEnrolment(assignment_id=cycle.assignment_id, cycle=cycle.number, since=now)
        row.course_id, row.checked_at = required.course_id, now
        session.add(row)
        if cycle.key in taken_out:
            continue
        outcome = outcomes.get(cycle.person_id, row.enrolment_id)
        enrolment, obstacle = (outcome, None) if outcome is None or isinstance(outcome, int) else (None, outcome.value)
        if (row.enrolment_id, row.obstacle) != (enrolment, obstacle):
            row.enrolment_id, row.obstacle, row.since = enrolment, obstacle, now
            if enrolment is not None:
                changed.add(cycle.person_id)
    return changed


def _counts_from_enrolment(rules: ObligationRules) -> bool:
    deadlines = (terms.deadline for terms in rules.terms)
    return any(isinstance(deadline, RelativeDeadline) and deadline.anchor is DeadlineAnchor.ENROL for deadline in deadlines)
