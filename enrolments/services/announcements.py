"""Verbs of announcements: send one to some of a course's learners, and notify them of it in portions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, literal
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.models import Course
from enrolments.models import Announcement, MessageRecipient
from enrolments.queries import announcements as queries
from enrolments.queries.announcements import AnnouncementRecipients
from kernel import audit, outbox
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor

PORTION = 200
"""People who are told in one transaction."""


class AnnouncementVerb(StrEnum):
    """The audit verbs of announcements."""

    SENT = "announcement.sent"
    CORRECTED = "announcement.corrected"
    WITHDRAWN = "announcement.withdrawn"


class Withdrawn(Conflict):
    """The announcement was withdrawn meanwhile."""

    code = "announcement_withdrawn"
    message = N_("This announcement has since been withdrawn.")


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """The text of an announcement; `uuid` comes from the page that showed it before, so that sending it twice sends it once."""

    uuid: UUID
    title: str
    words: str
    is_message: bool = False
    """For those whom a filter finds now; the course's page does not show it."""


def send_announcement(
    session: Session, actor: Actor, audience: AnnouncementRecipients, text: AnnouncementText, *, now: datetime
) -> Announcement:
    """Store an announcement and let its audience be notified; a second time with the same number changes nothing."""
    assert actor.person_id is not None
    session.get_one(Course, audience.course_id, with_for_update=True)  # two requests with one number wait for each other
    known = queries.find_announcement(session, text.uuid)
    if known is not None:
        return known
    row = Announcement(
        uuid=text.uuid,
        course_id=audience.course_id,
        author_id=actor.person_id,
        title=text.title,
        words=text.words,
        edition_id=audience.edition_id,
        group_id=audience.group_id,
        only_open=audience.only_open,
        is_message=text.is_message,
        only_completed=audience.only_completed,
        name_words=audience.words or None,
        next_key=audience.next_key or None,
        idle_days=audience.idle_days or None,
        sent_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry, the job and those who are told name it
    if text.is_message:
        recipients = queries.people_of(audience, now=now).add_columns(literal(row.id))
        session.execute(insert(MessageRecipient).from_select(["person_id", "announcement_id"], recipients))
    facts: dict[str, object] = {"edition": audience.edition_id, "group": audience.group_id, "only_open": audience.only_open}
    if text.is_message:
        facts |= {"completed": audience.only_completed, "next": audience.next_key, "idle": audience.idle_days, "message": True}
        facts |= {"unit": None if audience.unit is None else str(audience.unit)}
    audit.record(session, actor, AnnouncementVerb.SENT, row, now=now, course=audience.course_id, title=text.title, **facts)
    outbox.enqueue(session, "enrolments.tell_announcement", {"announcement": row.id}, now=now)
    return row


def notify_announcement_batch(session: Session, announcement_id: int, *, now: datetime) -> bool:
    """Notify the next people of an announcement; return whether there may be more. Nobody is notified twice."""
    row = session.get_one(Announcement, announcement_id, with_for_update=True)
    if row.withdrawn_at is not None:
        return False
    people = queries.list_audience(session, row, limit=PORTION)
    if people:
        notices.notify(session, _message(session, row), people, now=now)
        row.told_until, row.told = people[-1], row.told + len(people)
    if len(people) < PORTION:
        row.told_at = row.told_at or now
    return len(people) == PORTION


def correct_announcement(session: Session, actor: Actor, announcement: Announcement, title: str, text: str, *, now: datetime) -> bool:
    """Give an announcement other words, on the course's page and in the bell; say whether anything changed. Raise Withdrawn."""
    row = _standing(session, announcement)
    if (row.title, row.words) == (title, text):
        return False
    facts = {"course": row.course_id, "title": title, "before": row.title, "words_before": row.words}
    audit.record(session, actor, AnnouncementVerb.CORRECTED, row, now=now, **facts)
    row.title, row.words, row.corrected_at = title, text, now
    notices.reword_notification(session, _message(session, row))
    return True


def withdraw_announcement(session: Session, actor: Actor, announcement: Announcement, *, now: datetime) -> None:
    """Take an announcement off the course's page and out of the bell; nobody else is notified of it. Raise Withdrawn."""
    row = _standing(session, announcement)
    row.withdrawn_at = now
    row.told_at = row.told_at or now
    audit.record(session, actor, AnnouncementVerb.WITHDRAWN, row, now=now, course=row.course_id, title=row.title)
    notices.take_back(session, _message(session, row).key)


def _standing(session: Session, announcement: Announcement) -> Announcement:
    row = session.get_one(Announcement, announcement.id, with_for_update=True)
    if row.withdrawn_at is not None:
        raise Withdrawn
    return row


def _message(session: Session, row: Announcement) -> Message:
    course = session.get_one(Course, row.course_id)

    def subject() -> str:
        return _("%(course)s: %(title)s", course=choose(course.title), title=row.title)

    text: Mapping[str, str] = in_every_language(lambda: row.words)
    anchor = "" if row.is_message else "#announcements"
    return Message(NoticeKind.ANNOUNCEMENT, f"announcement:{row.uuid}", in_every_language(subject), text, f"/courses/{course.slug}{anchor}")
