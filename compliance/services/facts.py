"""Services of facts: what was done, begun, closed, with the moment since which it is on record (spec/compulsory 7.1)."""

from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import AccountFact, DoneFact, StartedFact
from courses.models import CourseVersion
from enrolments.models import Completion, Enrolment
from kernel.compiled_statements import compile_once, insertion
from kernel.db import connection_of


def note_completion(session: Session, enrolment_id: int, *, now: datetime) -> int | None:
    """Make the fact of a take agree with its completion; return whose it is, None where nothing changed.

    A completion that was taken back retracts the fact; one that changed retracts it and adds another.
    """
    enrolment = session.get(Enrolment, enrolment_id, with_for_update=True)
    if enrolment is None:
        return None
    fact = session.scalar(select(DoneFact).where(DoneFact.enrolment_id == enrolment_id, DoneFact.retracted_at.is_(None)))
    statement = (
        select(Completion, CourseVersion.number)
        .join(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .where(Completion.enrolment_id == enrolment_id)
    )
    row = session.execute(statement).one_or_none()
    completion, number = row if row is not None else (None, 0)
    achieved_at = None if completion is None else completion.achieved_at or completion.completed_at
    valid_until = None if completion is None else completion.valid_until
    values = (achieved_at, number, valid_until)
    if (fact.achieved_at, fact.version, fact.valid_until) == values if fact is not None else achieved_at is None:
        return None
    is_same_work = fact is not None and (fact.achieved_at, fact.version) == values[:2]
    if fact is not None:
        fact.retracted_at = now
        session.flush()
    if achieved_at is not None:
        session.add(
            DoneFact(
                person_id=enrolment.person_id,
                course_id=enrolment.course_id,
                enrolment_id=enrolment_id,
                version=number,
                achieved_at=achieved_at,
                recorded_at=now,
                valid_until=valid_until,
                is_reconstructed=fact is not None and fact.is_reconstructed and is_same_work,
            )
        )
    session.flush()
    return enrolment.person_id


_TAKE = compile_once(
    select(Enrolment.person_id, Enrolment.course_id, Enrolment.begun_at).where(Enrolment.id == bindparam("at")).with_for_update()
)
_IS_KEPT = compile_once(select(exists().where(StartedFact.enrolment_id == bindparam("at"))))
_STARTED = ("enrolment_id", "person_id", "course_id", "at", "is_reconstructed")


def note_beginning(session: Session, enrolment_id: int) -> int | None:
    """Keep that a take was begun; return whose it is, None where it was kept before or is not begun."""
    connection, at = connection_of(session), {"at": enrolment_id}
    take = connection.execute(_TAKE, at).one_or_none()
    if take is None or take.begun_at is None or connection.scalar(_IS_KEPT, at):
        return None
    values = (enrolment_id, take.person_id, take.course_id, take.begun_at, False)
    connection.execute(insertion(StartedFact, _STARTED), dict(zip(_STARTED, values, strict=True)))
    return int(take.person_id)


def note_account(session: Session, person_id: int, *, now: datetime) -> int | None:
    """Keep since when a person's account is closed, or that it was opened again; return whose it is, None where nothing changed."""
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        return None
    fact = session.scalar(select(AccountFact).where(AccountFact.person_id == person_id, AccountFact.opened_at.is_(None)))
    if (fact is None) == (person.suspended_at is None):
        return None
    if fact is None:
        session.add(AccountFact(person_id=person_id, closed_at=person.suspended_at))
    else:
        fact.opened_at = now
    session.flush()
    return person_id
