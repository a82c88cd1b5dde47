"""Queries of assignments: who is under an obligation, and in which state they are now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, union
from sqlalchemy.orm import Session

from compliance.models import Assignment, DoneFact, Obligation
from enrolments.models import Completion
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from organisations.models import AudienceStayRecord

_ACTIVE = compile_once(
    select(*columns_of(Obligation)).where(Obligation.state != "draft", Obligation.forgotten_at.is_(None)).order_by(Obligation.id)
)
_OF_INSTITUTION = compile_once(_ACTIVE.where(Obligation.institution_id == bindparam("institution")))


def list_active(session: Session, institution: int | None = None) -> list[Obligation]:
    """Return the obligations in force and those that ended, whose statuses are kept up, of all institutions or one, by their number."""
    connection = connection_of(session)
    rows = connection.execute(_ACTIVE) if institution is None else connection.execute(_OF_INSTITUTION, {"institution": institution})
    return [obligation for (obligation,) in entity_rows(session, rows, Obligation)]


def find_active(session: Session, number: int) -> Obligation | None:
    """Return an obligation that is no draft and whose records are kept."""
    row = session.get(Obligation, number)
    return row if row is not None and row.state != "draft" and row.forgotten_at is None else None


def find_by_key(session: Session, key: str) -> Obligation | None:
    """Return an obligation, in force or not, by its key."""
    return session.scalar(select(Obligation).where(Obligation.key == key))


def state_at(now: datetime) -> ColumnElement[str]:
    """Return in SQL the state of an assignment at a moment: a change by the clock counts before a job wrote it."""
    return case((Assignment.next_change_at <= now, Assignment.next_state), else_=Assignment.state)


def flags_at(now: datetime) -> ColumnElement[str]:
    """Return in SQL the flags of an assignment at a moment, as `state_at` does its state."""
    return case((Assignment.next_change_at <= now, Assignment.next_flags), else_=Assignment.flags)


def list_people_after(session: Session, obligation: Obligation, after: int, limit: int) -> list[int]:
    """Return a portion of the people who are or were in the audience of an obligation, by their number."""
    return list_people_under(session, [obligation], after, limit)


def list_people_under(session: Session, obligations: Sequence[Obligation], after: int, limit: int) -> list[int]:
    """Return a portion of the people who are or were in the audience of any of some obligations, by their number."""
    person, audiences = AudienceStayRecord.person_id, {row.audience_id for row in obligations}
    statement = select(person).distinct().where(AudienceStayRecord.audience_id.in_(audiences), person > after)
    return list(session.scalars(statement.order_by(person).limit(limit)))


def list_takes_with_another_day(session: Session, after: int, limit: int) -> list[int]:
    """Return a portion of the takes whose completion has another last valid day than the fact of it."""
    statement = (
        select(DoneFact.enrolment_id)
        .join(Completion, Completion.enrolment_id == DoneFact.enrolment_id)
        .where(
            DoneFact.retracted_at.is_(None), Completion.valid_until.is_distinct_from(DoneFact.valid_until), DoneFact.enrolment_id > after
        )
    )
    return list(session.scalars(statement.order_by(DoneFact.enrolment_id).limit(limit)))


def list_stale_people(session: Session, obligation: Obligation, now: datetime) -> list[int]:
    """Return the people whose status under an obligation may have changed: a stay recorded since, or a moment that has come."""
    known_until = func.coalesce(Assignment.computed_at, obligation.created_at)
    stays = (
        select(AudienceStayRecord.person_id)
        .outerjoin(Assignment, (Assignment.person_id == AudienceStayRecord.person_id) & (Assignment.obligation_id == obligation.id))
        .where(
            AudienceStayRecord.audience_id == obligation.audience_id,
            or_(Assignment.id.is_(None), AudienceStayRecord.recorded_at > known_until, AudienceStayRecord.retracted_at > known_until),
        )
    )
    clock = select(Assignment.person_id).where(Assignment.obligation_id == obligation.id, Assignment.next_change_at <= now)
    return sorted(set(session.scalars(union(stays, clock))))


def count_by_state(session: Session, obligation: Obligation, now: datetime) -> dict[str, int]:
    """Return how many people are in each state under an obligation."""
    state = state_at(now)
    statement = select(state, func.count()).where(Assignment.obligation_id == obligation.id).group_by(state)
    return dict(session.execute(statement).all())
