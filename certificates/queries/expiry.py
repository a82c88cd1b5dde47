"""Credentials that are about to expire, and those that just did (spec/certificates E4)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from certificates.models import Credential
from enrolments.dates import Covered

STEPS = (60, 30, 7, -1)
"""Days before the last day on which holders are notified; the last is the day after it."""
LATE = 3
"""Days on which a notice is still sent that was due while nothing ran."""
MOST_NOTIFIED = 5_000
_Later = aliased(Credential)


@dataclass(frozen=True, slots=True)
class ExpiryNotice:
    """One notice: the certificates of a course with one last day, so many days before it."""

    course_id: int
    expires_on: date
    step: int

    @property
    def key(self) -> str:
        """Return the name by which it is sent once."""
        return f"certificate-expires:{self.course_id}:{self.expires_on.isoformat()}:{self.step}"


def list_due_notices(session: Session, today: date) -> list[ExpiryNotice]:
    """List the notices that are due on a day; of those that were missed, the ones of the last days."""
    days = {today + timedelta(days=step - late): step for step in STEPS for late in range(LATE)}
    pairs = select(Credential.course_id, Credential.expires_on).where(Credential.expires_on.in_(days), _in_force()).distinct()
    rows = session.execute(pairs.order_by(Credential.course_id, Credential.expires_on))
    return [ExpiryNotice(course, day, days[day]) for course, day in rows if day is not None]


def list_holders_to_notify(session: Session, notice: ExpiryNotice) -> tuple[Sequence[int], Mapping[str, str]]:
    """List whom a notice is for, with the course's title; those who renewed are not, nor those whom an obligation in force reminds."""
    statement = (
        select(Credential.person_id, Credential.course_titles)
        .join(Person, Person.id == Credential.person_id)
        .where(Credential.course_id == notice.course_id, Credential.expires_on == notice.expires_on, _in_force(), ~_renewed())
        .where(Person.suspended_at.is_(None))
        .order_by(Credential.id)
        .limit(MOST_NOTIFIED)
    )
    titles = {row.person_id: row.course_titles for row in session.execute(statement)}
    covered = _covered(session, list(titles))
    people = [person for person in titles if (person, notice.course_id) not in covered]
    return people, titles[people[-1]] if people else {}


def _in_force() -> ColumnElement[bool]:
    return Credential.revoked_at.is_(None) & Credential.replaced_at.is_(None) & Credential.replaced_by_id.is_(None)


def _renewed() -> ColumnElement[bool]:
    later = or_(_Later.expires_on.is_(None), _Later.expires_on > Credential.expires_on)
    same = (_Later.person_id == Credential.person_id) & (_Later.course_id == Credential.course_id) & (_Later.id != Credential.id)
    return exists().where(same, later, _Later.revoked_at.is_(None), _Later.replaced_at.is_(None), _Later.replaced_by_id.is_(None))


def _covered(session: Session, people: Sequence[int]) -> Collection[tuple[int, int]]:
    return (
        {pair for source in cast("Iterable[Covered]", session.info["covered_dates"]) for pair in source(session, people)} if people else ()
    )
