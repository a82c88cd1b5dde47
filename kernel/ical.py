"""Calendar files (RFC 5545): events written as one iCalendar object, with the time zone they are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, vDDDLists, vText

MEDIA_TYPE = "text/calendar; charset=utf-8"
PRODUCT = "-//Aulario//Calendar//ES"
ASK_AGAIN = timedelta(hours=4)
"""How long a calendar may wait before it reads a feed again."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One moment as other calendars show it; it takes up no time of the day.

    `uid` names it for ever. `sequence` grows and `changed_at` moves with each change (RFC 5545, 3.8.7.3 and 3.8.7.4).
    """

    uid: str
    at: datetime
    title: str
    description: str
    url: str
    sequence: int
    changed_at: datetime
    cancelled: bool = False
    alarm: timedelta | None = None
    """How long before it an alarm sounds, in calendars that take one from a file."""


def write_calendar(events: Sequence[CalendarEvent], *, name: str = "", zone: ZoneInfo, now: datetime) -> bytes:
    """Return a calendar file; one with a name is a feed that calendars read again. Equal events give equal bytes."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if name:
        calendar.add("name", name)  # RFC 7986; the three below are what calendars read that are older
        calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
        calendar.add("x-wr-calname", name)
        calendar.add("x-wr-timezone", zone.key)
        calendar.add("x-published-ttl", "PT4H")
    first, last = min((event.at for event in events), default=now), max((event.at for event in events), default=now)
    years = {"first_date": date(first.year - 1, 1, 1), "last_date": date(last.year + 2, 1, 1)}
    calendar.add_component(_one_change_a_line(Timezone.from_tzinfo(zone, zone.key, **years)))  # also of no events: it has one (3.6)
    for event in events:
        calendar.add_component(_component(event, zone))
    return bytes(calendar.to_ical())


def _one_change_a_line(timezone: Timezone) -> Timezone:
    """Write each change of a zone as a line of its own: of several in one line some readers keep the first."""
    for part in timezone.subcomponents:
        changes = part.pop("rdate", None)
        for change in changes.dts if changes is not None else ():
            part.add("rdate", vDDDLists([change.dt]), encode=False)
    return timezone


def _component(event: CalendarEvent, zone: ZoneInfo) -> Event:
    component = Event()
    component.add("uid", event.uid)
    component.add("dtstamp", event.changed_at)  # without METHOD it says when the event was changed last (RFC 5545, 3.8.7.2)
    component.add("last-modified", event.changed_at)
    component.add("sequence", event.sequence)
    component.add("dtstart", event.at.astimezone(zone))
    component.add("duration", vText("PT0S"), encode=False)  # a moment: without it some readers make it last an hour, into the next day
    component.add("summary", event.title)
    if event.description:
        component.add("description", event.description)
    component.add("url", event.url)
    component.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    component.add("transp", "TRANSPARENT")
    if event.alarm is not None and not event.cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event.title)
        alarm.add("trigger", -event.alarm)
        component.add_component(alarm)
    return component
