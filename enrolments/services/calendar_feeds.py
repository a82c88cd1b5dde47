"""A feed of dates over time: each event keeps its name, counts its changes, and is said to be cancelled once it is gone."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from enrolments.models import CalendarFeed
from kernel.ical import CalendarEvent

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


def read_entries(feed: CalendarFeed) -> dict[str, FeedEntry]:
    """Return what a feed gave last."""
    return {
        uid: FeedEntry(datetime.fromisoformat(at), digest, sequence, datetime.fromisoformat(changed), cancelled)
        for uid, (at, digest, sequence, changed, cancelled) in json.loads(feed.entries).items()
    }


def revise(known: Mapping[str, FeedEntry], events: Iterable[CalendarEvent], *, now: datetime) -> dict[str, FeedEntry]:
    """Return what a feed gives now: what changed counts one more, what is gone is cancelled, until its day has long passed."""
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


def store_entries(session: Session, person_id: int, secret_hash: str, entries: Mapping[str, FeedEntry]) -> None:
    """Keep what a feed gave, unless its address has ended meanwhile."""
    row = session.get(CalendarFeed, person_id, with_for_update=True)
    if row is not None and row.secret_hash == secret_hash:
        row.entries = json.dumps(
            {
                uid: [entry.at.isoformat(), entry.words_hash, entry.sequence, entry.changed_at.isoformat(), entry.cancelled]
                for uid, entry in entries.items()
            }
        )
