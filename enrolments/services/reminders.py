"""Verbs of the reminders that people write for themselves, and of their calendar feeds."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import hash_of, lock_person
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import CalendarFeed, PersonalReminder
from enrolments.queries import calendar as queries
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor

MOST_REMINDERS = 200


class TooManyReminders(Conflict):
    """A person keeps as many reminders as they can."""

    code = "too_many_reminders"
    message = N_("You have 200 reminders. Delete those you no longer need.")


@dataclass(frozen=True, slots=True)
class ReminderValues:
    """The content of a reminder."""

    words: str
    at: datetime
    course_id: int | None = None


def write_reminder(session: Session, actor: Actor, values: ReminderValues, number: UUID, *, now: datetime) -> None:
    """Keep a reminder; a second time with one number changes nothing. Its words do not go into the audit log."""
    assert actor.person_id is not None
    session.execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)
    ).all()  # one counts after the other
    if session.scalar(select(PersonalReminder.id).where(PersonalReminder.uuid == number)) is not None:
        return
    if queries.count_reminders(session, actor.person_id) >= MOST_REMINDERS:
        raise TooManyReminders
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


def make_feed(session: Session, actor: Actor, person: Person, *, now: datetime) -> str:
    """Give a person's dates a secret address, which ends the one before; return the secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    lock_person(session, person.id)  # several requests at once make the first row one after another
    row = session.get(CalendarFeed, person.id)
    if row is None:
        row = CalendarFeed(person_id=person.id, entries="{}")
        session.add(row)
    row.secret_hash, row.made_at = hash_of(secret), now
    audit.record(session, actor, EnrolmentVerb.FEED_MADE, person, now=now)
    return secret


def end_feed(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """End the address of a person's dates: no calendar reads them any more."""
    row = session.get(CalendarFeed, person.id, with_for_update=True)
    if row is not None:
        session.delete(row)
        audit.record(session, actor, EnrolmentVerb.FEED_ENDED, person, now=now)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the reminders whose moment lies before another; return how many."""
    return len(session.scalars(delete(PersonalReminder).where(PersonalReminder.at < moment).returning(PersonalReminder.id)).all())


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of what a person wrote for themselves, and let no calendar read of them."""
    for table in (PersonalReminder, CalendarFeed):
        session.execute(delete(table).where(table.person_id == person.id))


def transfer_reminders(session: Session, giver: int, taker: int) -> None:
    """Transfer a person's reminders to another; their feed stays with the account that is closed, and is refused."""
    session.execute(update(PersonalReminder).where(PersonalReminder.person_id == giver).values(person_id=taker))
