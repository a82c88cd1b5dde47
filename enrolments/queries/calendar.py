"""Reading what a person keeps in their calendar: their own reminders, their feed, and whom to remind of something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import hash_of
from courses.models import Course
from enrolments.models import CalendarFeed, Enrolment, PersonalReminder
from kernel.errors import NotFound
from kernel.permissions import Actor

MOST_CHOICES = 100


def get_own_reminder(session: Session, actor: Actor, reminder: UUID) -> PersonalReminder:
    """Return a reminder that the actor wrote; raise NotFound for anybody else's."""
    mine = (PersonalReminder.uuid == reminder, PersonalReminder.person_id == actor.person_id)
    row = session.scalar(select(PersonalReminder).where(*mine))
    if row is None:
        raise NotFound
    return row


def count_reminders(session: Session, person_id: int) -> int:
    """Count the reminders that a person keeps."""
    return session.scalar(select(func.count()).where(PersonalReminder.person_id == person_id)) or 0


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A feed whose address is known, and whose it is."""

    feed: CalendarFeed
    person: Person


def find_feed(session: Session, secret: str) -> ReadFeed | None:
    """Return the feed of an address that still holds; nobody reads that of an account that is suspended, deleted or merged."""
    statement = select(CalendarFeed, Person).join(Person, Person.id == CalendarFeed.person_id)
    row = session.execute(statement.where(CalendarFeed.secret_hash == hash_of(secret), Person.suspended_at.is_(None))).one_or_none()
    return None if row is None else ReadFeed(*row)


def has_feed(session: Session, person_id: int | None) -> bool:
    """Say whether other calendars may read a person's dates."""
    return session.scalar(select(CalendarFeed.person_id).where(CalendarFeed.person_id == person_id)) is not None


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """A course that a person takes, to choose among."""

    id: int
    title: Mapping[str, str]


def list_course_choices(session: Session, person_id: int | None, *, also: int | None = None) -> list[CourseChoice]:
    """List the courses that a person takes, and another one if it is asked for."""
    takes = exists().where(Enrolment.course_id == Course.id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    statement = select(Course.id, Course.title).where(or_(takes, Course.id == also)).order_by(Course.id.desc()).limit(MOST_CHOICES)
    return [CourseChoice(row.id, row.title) for row in session.execute(statement)]


def list_zones(session: Session) -> list[str]:
    """List the time zones of those who can be reminded of something."""
    return list(session.scalars(select(Person.zone).where(Person.suspended_at.is_(None)).distinct().order_by(Person.zone)))


def list_portions(session: Session, zone: str, *, size: int) -> list[tuple[int, int]]:
    """Divide the people of a zone who take a course or wrote themselves a reminder, each portion by its first and last number."""
    takes = exists().where(Enrolment.person_id == Person.id, Enrolment.left_at.is_(None))
    wrote = exists().where(PersonalReminder.person_id == Person.id)
    numbered = (
        select(Person.id, ((func.row_number().over(order_by=Person.id) - 1) // size).label("portion"))
        .where(Person.zone == zone, Person.suspended_at.is_(None), or_(takes, wrote))
        .subquery()
    )
    statement = select(func.min(numbered.c.id), func.max(numbered.c.id)).group_by(numbered.c.portion).order_by(func.min(numbered.c.id))
    return [(first, last) for first, last in session.execute(statement)]


def list_people_between(session: Session, zone: str, first: int, last: int) -> Sequence[int]:
    """List the people of a zone with these numbers who can be reminded."""
    takes = exists().where(Enrolment.person_id == Person.id, Enrolment.left_at.is_(None))
    wrote = exists().where(PersonalReminder.person_id == Person.id)
    mine = (Person.zone == zone, Person.id.between(first, last), Person.suspended_at.is_(None))
    return session.scalars(select(Person.id).where(*mine, or_(takes, wrote)).order_by(Person.id)).all()
