"""Notices of dates that come near: seven days, three days and a day before, in the morning of each reader."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.notices import Message
from accounts.rules import MORNING, NIGHT_FROM, NoticeKind
from enrolments.dates import RUNNING_OUT, DatedItem, DateKind, list_dates
from kernel.i18n import LANGUAGES, reading

STEPS = (7, 3, 1)
"""Days before, counted by the reader's calendar."""
OWN_STEPS = (*STEPS, 0)
"""Of reminders that people wrote for themselves: on the day itself too."""
PORTION = 200
"""People who are reminded in one transaction."""
AHEAD = timedelta(days=max(STEPS) + 1)

Writer = Callable[[DatedItem, int], tuple[str, str]]
"""Gives the subject and the words of an item so many days before, for the reader of the moment."""
Covered = Callable[[Session, Sequence[int]], Collection[tuple[int, int]]]
"""Tells, of some people, the pairs of person and course of whose end something else reminds them: they get no second reminder here."""
LEFT_OUT = frozenset({DateKind.ATTEMPT_OPEN, DateKind.OBLIGATION_ENDS})
"""Kinds that have no reminders here: obligations have their own steps (spec/compulsory 10.1)."""
OF_WHOLE_COURSE = frozenset({DateKind.EDITION_BEGINS, DateKind.EDITION_ENDS})


@dataclass(frozen=True, slots=True)
class DueNotice:
    """One message and the people whom it is for."""

    message: Message
    people: tuple[int, ...]


def is_time(now: datetime, zone: ZoneInfo) -> bool:
    """Say whether people of a zone may be reminded now: from eight in the morning until their night."""
    return MORNING <= now.astimezone(zone).hour < NIGHT_FROM


def kind_of_notice(kind: DateKind) -> NoticeKind:
    """Return by which of a person's preferences a date is told."""
    if kind is DateKind.REMINDER:
        return NoticeKind.REMINDER
    return NoticeKind.DEADLINE if kind in RUNNING_OUT else NoticeKind.OPENING


def days_before(item: DatedItem, zone: ZoneInfo, now: datetime) -> int | None:
    """Return how many days before its day an item is told now; nothing where it is not told today, or has passed."""
    days = (item.by_calendar(zone).date() - now.astimezone(zone).date()).days
    steps = OWN_STEPS if item.kind is DateKind.REMINDER else STEPS
    return days if days in steps and item.at > now else None


def due_notices(session: Session, people: Sequence[int], zone: ZoneInfo, write: Writer, *, now: datetime) -> list[DueNotice]:
    """Return what these people of a zone are to be told today: of what is done nothing, nor of what something else reminds them of."""
    covered = {pair for covers in cast("Iterable[Covered]", session.info["covered_dates"]) for pair in covers(session, people)}
    due: dict[str, list[DatedItem]] = {}
    for item in list_dates(session, people, now=now, since=now, until=now + AHEAD):
        days = days_before(item, zone, now)
        if days is None or item.done or item.kind in LEFT_OUT:
            continue
        if item.kind in OF_WHOLE_COURSE and (item.person_id, item.course_id) in covered:
            continue
        due.setdefault(_key(item, days), []).append(item)
    return [
        DueNotice(_message(key, items[0], zone, days_before(items[0], zone, now) or 0, write), tuple(item.person_id for item in items))
        for key, items in due.items()
    ]


def _key(item: DatedItem, days: int) -> str:
    """Name the event of a notice: an item that moves is told anew, and people whose item differs in anything get their own."""
    parts = (item.key, item.at.isoformat(), item.path, *sorted(item.texts.items()))
    return f"date:{sha256(repr(parts).encode()).hexdigest()[:40]}:{days}"


def _message(key: str, item: DatedItem, zone: ZoneInfo, days: int, write: Writer) -> Message:
    subject, texts = dict[str, str](), dict[str, str]()
    for language in LANGUAGES:
        with reading(language, zone):
            subject[language], texts[language] = write(item, days)
    return Message(kind_of_notice(item.kind), key, subject, texts, item.path, mail_until=item.at)
