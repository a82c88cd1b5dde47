"""Queries of records of compulsory training that were kept long enough (spec/compulsory 12.5)."""

import json
from collections.abc import Collection
from datetime import date

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from compliance.models import AccountFact, Assignment, DoneFact, Obligation, ObligationVersion, Recognition, StartedFact, Waiver
from compliance.rules.documents import read_terms
from organisations.models import Employment, Membership
from organisations.tree import PRESENT

TABLES = (Assignment, DoneFact, StartedFact, AccountFact, Waiver, Recognition)
"""The tables with records of a person."""


def list_ended(session: Session, before: date) -> list[int]:
    """List the obligations whose last day was before another one and whose records are still there."""
    newest = (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest)
    statement = select(Obligation.id, ObligationVersion).join(ObligationVersion, newest)
    ended = (Obligation.state == "ended", Obligation.forgotten_at.is_(None))
    return [number for number, version in session.execute(statement.where(*ended)) if _last_day(version) < before]


def _last_day(version: ObligationVersion) -> date:
    return read_terms(json.loads(version.terms), version.recorded_at, version.effective_on).ends or date.max


def list_assignments(session: Session, obligation_id: int, limit: int) -> list[int]:
    """List some assignments of an obligation."""
    return list(
        session.scalars(select(Assignment.id).where(Assignment.obligation_id == obligation_id).order_by(Assignment.id).limit(limit))
    )


def list_assignments_of(session: Session, people: Collection[int]) -> list[int]:
    """List the assignments of some people."""
    return list(session.scalars(select(Assignment.id).where(Assignment.person_id.in_(people))))


def list_left(session: Session, before: date, limit: int) -> list[int]:
    """List people with records here whose last day at every institution was before another one."""
    person = Employment.person_id
    left = select(person).where(Employment.retracted_at.is_(None), Employment.left_on < before).distinct()
    works = select(person).where(Employment.retracted_at.is_(None), or_(Employment.left_on.is_(None), Employment.left_on >= before))
    known = or_(*(exists().where(table.person_id == person) for table in TABLES))
    member = exists().where(Membership.person_id == person, PRESENT)
    return list(session.scalars(left.where(person.not_in(works), ~member, known).order_by(person).limit(limit)))


def list_evidence(session: Session, people: Collection[int] = (), obligation_id: int | None = None) -> set[str]:
    """Return the checksums of the files that prove waivers and recognitions of some people, or waivers of an obligation."""
    waivers = select(Waiver.evidence).where(or_(Waiver.person_id.in_(people), Waiver.obligation_id == obligation_id))
    recognitions = select(Recognition.evidence).where(Recognition.person_id.in_(people))
    return {sha256 for statement in (waivers, recognitions) for sha256 in session.scalars(statement) if sha256 is not None}


def is_named(session: Session, sha256: str) -> bool:
    """Say whether a file still proves something."""
    return bool(session.scalar(select(or_(*(exists().where(table.evidence == sha256) for table in (Waiver, Recognition))))))
