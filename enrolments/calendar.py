"""Reads and writes a person's own reminders and the feed of their calendar."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from sqlalchemy import Row, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import get_person, hash_of, lock_person
from courses.models import Course
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import CalendarAddress, CalendarFeed, Enrolment, PersonalReminder
from kernel import audit
from kernel.db import require_room
from kernel.errors import N_, require_found
from kernel.ical import CalendarEvent
from kernel.permissions import Actor
from kernel.personal import RetentionRule

MOST_CHOICES = 100


def get_own_reminder(session: Session, actor: Actor, reminder: UUID) -> PersonalReminder:
    """Return a reminder that the actor wrote; raise NotFound for anybody else's."""
    mine = (PersonalReminder.uuid == reminder, PersonalReminder.person_id == actor.person_id)
    return require_found(session.scalar(select(PersonalReminder).where(*mine)))


def find_feed(session: Session, secret: str) -> Row[CalendarAddress, Person] | None:
    """Return an address that still holds, and whose it is; nobody reads that of an account that is suspended, deleted or merged."""
    statement = select(CalendarAddress, Person).join(Person, Person.id == CalendarAddress.person_id)
    return session.execute(statement.where(CalendarAddress.secret_hash == hash_of(secret), Person.suspended_at.is_(None))).one_or_none()


def list_addresses(session: Session, person_id: int | None) -> Sequence[CalendarAddress]:
    """List the addresses under which calendars read a person's dates, the first one first."""
    return session.scalars(select(CalendarAddress).where(CalendarAddress.person_id == person_id).order_by(CalendarAddress.id)).all()


def get_own_address(session: Session, actor: Actor, address: UUID) -> CalendarAddress:
    """Return an address that the actor made; raise NotFound for anybody else's."""
    mine = (CalendarAddress.uuid == address, CalendarAddress.person_id == actor.person_id)
    return require_found(session.scalar(select(CalendarAddress).where(*mine)))


def list_course_choices(session: Session, person_id: int | None, *, also: int | None = None) -> Sequence[Row[int, Mapping[str, str]]]:
    """List the courses that a person takes, and another one if it is asked for."""
    takes = exists().where(Enrolment.course_id == Course.id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    statement = select(Course.id, Course.title).where(or_(takes, Course.id == also)).order_by(Course.id.desc()).limit(MOST_CHOICES)
    return session.execute(statement).all()


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


MOST_REMINDERS = 200


@dataclass(frozen=True, slots=True)
class ReminderValues:
    """The content of a reminder."""

    words: str
    at: datetime
    course_id: int | None = None


def write_reminder(session: Session, actor: Actor, values: ReminderValues, number: UUID, *, now: datetime) -> None:
    """Keep a reminder; a second time with one number changes nothing. Its words do not go into the audit log."""
    assert actor.person_id is not None
    lock_person(session, actor.person_id)
    if session.scalar(select(PersonalReminder.id).where(PersonalReminder.uuid == number)) is not None:
        return
    require_room(session, MOST_REMINDERS, PersonalReminder, PersonalReminder.person_id == actor.person_id)
    row = PersonalReminder(
        uuid=number, person_id=actor.person_id, course_id=values.course_id, words=values.words, at=values.at, written_at=now
    )
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.REMINDER_WRITTEN, row, now=now)


def change_reminder(session: Session, actor: Actor, reminder: PersonalReminder, values: ReminderValues, *, now: datetime) -> bool:
    """Give a reminder other words, another moment or course; say whether anything changed."""
    if (reminder.words, reminder.at, reminder.course_id) == (values.words, values.at, values.course_id):
        return False
    reminder.words, reminder.at, reminder.course_id = values.words, values.at, values.course_id
    audit.record(session, actor, EnrolmentVerb.REMINDER_CHANGED, reminder, now=now)
    return True


def delete_reminder(session: Session, actor: Actor, reminder: PersonalReminder, *, now: datetime) -> None:
    """Delete a reminder."""
    audit.record(session, actor, EnrolmentVerb.REMINDER_DELETED, reminder, now=now)
    session.delete(reminder)


MOST_ADDRESSES = 10
ALARMS = (0, 60, 3 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60)
"""Minutes before a date at which its alarm may sound; 0: no alarm."""


def make_address(session: Session, actor: Actor, person: Person, name: str, alarm_minutes: int, *, now: datetime) -> str:
    """Give one of a person's calendars a secret address, beside those of others; return the secret, which is kept nowhere."""
    lock_person(session, person.id)  # one counts after the other
    require_room(session, MOST_ADDRESSES, CalendarAddress, CalendarAddress.person_id == person.id)
    secret = secrets.token_urlsafe(32)
    row = CalendarAddress(
        person_id=person.id, name=name, alarm_minutes=alarm_minutes, secret_hash=hash_of(secret), made_at=now, entries="{}"
    )
    session.add(row)
    audit.record(session, actor, EnrolmentVerb.FEED_MADE, person, now=now)
    return secret


def set_alarm(session: Session, actor: Actor, address: CalendarAddress, alarm_minutes: int, *, now: datetime) -> bool:
    """Let the alarms of an address sound at another time before each date; return whether anything changed."""
    if address.alarm_minutes == alarm_minutes:
        return False
    address.alarm_minutes = alarm_minutes
    audit.record(session, actor, EnrolmentVerb.FEED_CHANGED, get_person(session, address.person_id), now=now, minutes=alarm_minutes)
    return True


def end_address(session: Session, actor: Actor, address: CalendarAddress, *, now: datetime) -> None:
    """End an address: the calendar that used it reads no more. The others stay."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.secret_hash == address.secret_hash))
    session.delete(address)
    audit.record(session, actor, EnrolmentVerb.FEED_ENDED, get_person(session, address.person_id), now=now)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the reminders whose moment lies before another; return how many."""
    return len(session.scalars(delete(PersonalReminder).where(PersonalReminder.at < moment).returning(PersonalReminder.id)).all())


RETENTION_RULE = RetentionRule("keep_reminders_days", N_("Reminders that you wrote in your calendar, after their day"), forget_before)


BACK, AHEAD = timedelta(days=30), timedelta(days=366)
"""How far a feed goes: what is over stays for a month."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One event as a feed last gave it, without its words."""

    at: datetime
    words_hash: str
    sequence: int
    changed_at: datetime
    cancelled: bool = False


def uid_of(person: UUID, key: str) -> str:
    """Return the name of a person's event in every calendar of the world, from its key among the person's dates."""
    return f"{uuid5(person, key)}@aulario"


def read_entries(address: CalendarAddress) -> dict[str, FeedEntry]:
    """Return the last entries of a feed."""
    return {
        uid: FeedEntry(datetime.fromisoformat(at), digest, sequence, datetime.fromisoformat(changed), cancelled)
        for uid, (at, digest, sequence, changed, cancelled) in json.loads(address.entries).items()
    }


def revise(known: Mapping[str, FeedEntry], events: Iterable[CalendarEvent], *, now: datetime) -> dict[str, FeedEntry]:
    """Return the present entries of a feed: what changed counts one more, what is gone is cancelled, until its day has long passed."""
    moment = now.replace(microsecond=0)
    present = {event.uid: event for event in events}
    gone = {
        uid: entry if entry.cancelled else replace(entry, sequence=entry.sequence + 1, changed_at=moment, cancelled=True)
        for uid, entry in known.items()
        if uid not in present and entry.at >= now - BACK
    }
    return {uid: _revised(known.get(uid), event, moment) for uid, event in present.items()} | gone


def _revised(known: FeedEntry | None, event: CalendarEvent, moment: datetime) -> FeedEntry:
    digest = sha256("\n".join((event.title, event.description, event.url)).encode()).hexdigest()[:16]
    if known is None:
        return FeedEntry(event.at, digest, 0, moment)
    if (known.at, known.words_hash, known.cancelled) == (event.at, digest, False):
        return known
    return FeedEntry(event.at, digest, known.sequence + 1, moment)


READ_NOTED_EVERY = timedelta(hours=1)


def note_reading(session: Session, address_id: int, entries: Mapping[str, FeedEntry] | None, *, now: datetime) -> None:
    """Keep when an address was read, and what it gave where that has changed, unless it has ended meanwhile."""
    row = session.get(CalendarAddress, address_id, with_for_update=True)
    if row is None:
        return
    row.read_at = now
    if entries is not None:
        row.entries = json.dumps(
            {
                uid: [entry.at.isoformat(), entry.words_hash, entry.sequence, entry.changed_at.isoformat(), entry.cancelled]
                for uid, entry in entries.items()
            }
        )
