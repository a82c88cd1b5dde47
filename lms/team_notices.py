"""Notifications to the members of course teams: what waits for them, once a day at most and only where some of it is new."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from accounts.rules import digest_until
from courses.models import Course, CourseStaff
from courses.waiting import WAITING_NOTICE, WaitingItem, list_waiting
from kernel.i18n import DEFAULT_ZONE, _, choose, in_every_language, ngettext
from kernel.outbox import Delivery
from kernel.permissions import Actor, ActorChannel

PAGE = 200
MOST_NAMED = 5


def notify_teams(delivery: Delivery) -> None:
    """Notify the members for whom something waits that is new since their last notification; a day begins at seven in the morning."""
    day, after = digest_until(delivery.now, DEFAULT_ZONE), 0
    while members := _list_members(delivery, day, after):
        for person_id, last in members:
            _notify_member(delivery, day, person_id, last)
        after = members[-1][0]


def _list_members(delivery: Delivery, day: datetime, after: int) -> Sequence[tuple[int, datetime | None]]:
    """List the next members of any team who were not notified this day, each with the moment of their last notification."""
    mine = (Notification.person_id == CourseStaff.person_id, Notification.kind == WAITING_NOTICE.value)
    last = select(func.max(Notification.given_at)).where(*mine).correlate(CourseStaff).scalar_subquery()
    statement = (
        select(CourseStaff.person_id, last)
        .join(Person, Person.id == CourseStaff.person_id)
        .join(Course, Course.id == CourseStaff.course_id)
        .where(CourseStaff.person_id > after, Person.suspended_at.is_(None), Course.archived_at.is_(None), or_(last.is_(None), last < day))
        .distinct()
        .order_by(CourseStaff.person_id)
        .limit(PAGE)
    )
    with delivery.database.unit_of_work(write=False) as session:
        return [(person_id, moment) for person_id, moment in session.execute(statement)]


def _notify_member(delivery: Delivery, day: datetime, person_id: int, last: datetime | None) -> None:
    now = delivery.now
    with delivery.database.unit_of_work(write=False) as session:
        waiting = list_waiting(session, Actor(person_id=person_id, via=ActorChannel.JOB), now=now)
    new = [item for item in waiting if item.latest <= now and (last is None or item.latest > last)]
    if new:
        message = _message(new, f"waiting:{day.astimezone(DEFAULT_ZONE):%Y-%m-%d}")
        with delivery.database.unit_of_work() as session:
            notices.replace_own(session, message, person_id, now=now)


def _message(new: Sequence[WaitingItem], key: str) -> Message:
    def subject() -> str:
        return ngettext(
            "%(count)s new thing is waiting for you in your courses", "%(count)s new things are waiting for you in your courses", len(new)
        )

    def words() -> str:
        more = len(new) - MOST_NAMED
        named = [f"{item.words()} ({choose(item.course.title)})" if item.course else item.words() for item in new[:MOST_NAMED]]
        return " · ".join(named + ([_("and %(count)s more", count=more)] if more > 0 else []))

    return Message(WAITING_NOTICE, key, in_every_language(subject), in_every_language(words), "/teaching")
