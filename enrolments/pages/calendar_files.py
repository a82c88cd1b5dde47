"""Dates as files for other calendars: the feed of a person, and one date alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from accounts.models import Person
from enrolments.dates import DatedItem
from enrolments.pages.calendar import title_of
from enrolments.pages.dates import date_view
from enrolments.queries.calendar import ReadFeed
from enrolments.services.calendar_feeds import FeedEntry, read_entries, revise, uid_of
from kernel import ical
from kernel.i18n import _, find_zone
from kernel.ical import CalendarEvent, write_calendar

MEDIA_TYPE = ical.MEDIA_TYPE


def event_of(person: Person, item: DatedItem, site: str, *, now: datetime) -> CalendarEvent:
    """Return a date as other calendars hold it."""
    at = item.by_calendar(find_zone(person.zone)).astimezone(UTC)
    return CalendarEvent(uid_of(person.uuid, item.key), at, title_of(item), date_view(item, now=now).course, site + item.path, 0, now)


def write_item(person: Person, item: DatedItem, site: str, *, now: datetime) -> bytes:
    """Return one date as a file; read again after it moved, the later file counts (RFC 5546, 2.1.5)."""
    moment = now.replace(microsecond=0)
    return write_calendar([event_of(person, item, site, now=moment)], zone=find_zone(person.zone), now=now)


def write_feed(
    read: ReadFeed, items: Sequence[DatedItem], site: str, institution: str, *, now: datetime
) -> tuple[bytes, dict[str, FeedEntry] | None]:
    """Return the feed of a person, named for the institution, and what it gave now where that differs from the last time."""
    events = {uid_of(read.person.uuid, item.key): event_of(read.person, item, site, now=now) for item in items}
    known = read_entries(read.feed)
    entries = revise(known, events.values(), now=now)
    written = [_event_of_entry(uid, entry, events.get(uid), site) for uid, entry in entries.items()]
    ordered = sorted(written, key=lambda event: (event.at, event.uid))
    name = _("My dates in %(site)s", site=institution)
    content = write_calendar(ordered, name=name, zone=find_zone(read.person.zone), now=now)
    return content, None if entries == known else entries


def _event_of_entry(uid: str, entry: FeedEntry, event: CalendarEvent | None, site: str) -> CalendarEvent:
    """Return an event with its changes; of one that is gone nothing is kept but that it was there."""
    title, description, url = (event.title, event.description, event.url) if event else (_("Cancelled"), "", site + "/calendar")
    return CalendarEvent(uid, entry.at, title, description, url, entry.sequence, entry.changed_at, entry.cancelled)
