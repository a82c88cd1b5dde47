"""Notices that packages read from their own tables when they are shown, and the daily mail, which holds them beside those that wait."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Notification, Person
from accounts.rules import MailTime, NoticeKind
from kernel.db import HookList
from kernel.permissions import Actor

MOST_LINES = 20
"""Lines that a bell shows above the notifications that are stored."""
LOOKED_FOR = timedelta(hours=12)
"""After the hour of the daily mail: later nobody gets one of computed lines alone, such as who joined something meanwhile."""


@dataclass(frozen=True, slots=True)
class ComputedNotice:
    """A line of what is new: its kind, its text by language, an address of this site, when the latest of it came, and how much it is."""

    kind: NoticeKind
    subject: Mapping[str, str]
    path: str
    given_at: datetime
    count: int = 1


@dataclass(frozen=True, slots=True)
class ComputedNotices:
    """Notices that a package reads from its own tables, of kinds that it also gives to `NOTICE_KINDS`; no row is written for anybody.

    The package leaves out what a person may not read, has read or has muted. Moments are after `since` and not after `until`.
    """

    kinds: tuple[NoticeKind, ...]
    list_of: Callable[[Session, Actor, Collection[str]], Sequence[ComputedNotice]]
    """What is new of some kinds for the reader of a page."""
    select_people: Callable[[Session, str, datetime, datetime], Select[int]]
    """The numbers of the people for whom there may be lines of a kind between two moments."""
    lines_for: Callable[[Session, Mapping[str, Sequence[int]], datetime, datetime], Mapping[int, Sequence[ComputedNotice]]]
    """The lines of each kind for some people between two moments, in a number of statements that does not depend on how many they are."""


COMPUTED_NOTICES = HookList[ComputedNotices]("computed_notices")


def list_computed_notices(session: Session, actor: Actor) -> list[ComputedNotice]:
    """List what is computed for a reader's bell, the latest first."""
    sources = COMPUTED_NOTICES.of(session)
    if not sources or actor.person_id is None:
        return []
    choices = notices.notification_choices_of(session, actor.person_id)
    shown = {kind for kind, choice in choices.items() if choice.in_bell}
    lines = [line for source in sources for line in source.list_of(session, actor, shown)]
    return sorted(lines, key=lambda line: line.given_at, reverse=True)[:MOST_LINES]


@dataclass(frozen=True, slots=True)
class Digest:
    """A person's daily mail: the earliest notifications that wait, and computed ones."""

    person: Person
    notices: tuple[Notification, ...]
    lines: tuple[ComputedNotice, ...]


def zones_of_digests(session: Session, *, now: datetime) -> list[str]:
    """List the time zones in which a daily mail may be due."""
    zones = select(Person.zone).distinct().order_by(Person.zone)
    if not COMPUTED_NOTICES.of(session):
        zones = zones.where(Person.id.in_(_waiting(session, now, now)))
    return list(session.scalars(zones))


def list_due_people(session: Session, zone: str, since: datetime, until: datetime, *, after: int, limit: int, now: datetime) -> list[int]:
    """List the people of a zone whose daily mail of a day is due and has not gone out, by their numbers after one."""
    due: list[ColumnElement[bool]] = [Person.id.in_(_waiting(session, until, now))]
    if now - until < LOOKED_FOR:
        due += [
            Person.id.in_(source.select_people(session, kind.value, since, until)) & notices.is_mailed(kind, MailTime.DAILY)
            for source in COMPUTED_NOTICES.of(session)
            for kind in source.kinds
        ]
    of_zone = (Person.zone == zone, Person.id > after, *_without_digest(since))
    return list(session.scalars(select(Person.id).where(*of_zone, or_(*due)).order_by(Person.id).limit(limit)))


def list_digests(session: Session, people: Sequence[int], since: datetime, until: datetime, *, limit: int, now: datetime) -> list[Digest]:
    """List what the daily mails of these people hold that have not gone out; who has nothing is left out."""
    rows = session.scalars(select(Person).where(Person.id.in_(people), *_without_digest(since)).order_by(Person.id)).all()
    numbers = [person.id for person in rows]
    waiting = defaultdict[int, list[Notification]](list)
    statement = select(Notification).where(Notification.person_id.in_(numbers), *_daily(session, until, now))
    for notice in session.scalars(statement.order_by(Notification.given_at, Notification.id)):
        waiting[notice.person_id].append(notice)
    lines = defaultdict[int, list[ComputedNotice]](list)
    sources = COMPUTED_NOTICES.of(session)
    choices = notices.list_notification_choices(session, [kind for source in sources for kind in source.kinds], numbers)
    daily = {kind: [person for person, choice in of_it.items() if choice.mail is MailTime.DAILY] for kind, of_it in choices.items()}
    for source in sources:
        for person, more in source.lines_for(session, daily, since, until).items():
            lines[person] += more
    digests = (Digest(person, tuple(waiting[person.id][:limit]), tuple(lines[person.id][:limit])) for person in rows)
    return [digest for digest in digests if digest.notices or digest.lines]


def note_digests(session: Session, digests: Sequence[Digest], until: datetime, *, now: datetime) -> None:
    """Note that the daily mails of a day went out: there is one a day."""
    session.execute(update(Person).where(Person.id.in_(digest.person.id for digest in digests)).values(digest_until=until))
    if mailed := [notice.id for digest in digests for notice in digest.notices]:
        notices.note_mailed(session, mailed, now=now)


def _waiting(session: Session, until: datetime, now: datetime) -> Select[int]:
    return select(Notification.person_id).where(*_daily(session, until, now))


def _daily(session: Session, until: datetime, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Notification.mail == MailTime.DAILY.value, Notification.given_at <= until, *notices.unmailed(session, now))


def _without_digest(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*notices.reachable(), or_(Person.digest_until.is_(None), Person.digest_until <= since))
