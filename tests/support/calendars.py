"""Calendar files read by two libraries that others wrote: what both say of an event, and a failure where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import vobject
from ical.calendar_stream import IcsCalendarStream


@dataclass(frozen=True)
class ReadEvent:
    """One event as another calendar reads it."""

    uid: str
    at: datetime
    title: str
    sequence: int
    changed_at: datetime
    cancelled: bool
    url: str


def read_calendar(content: bytes) -> list[ReadEvent]:
    """Return the events of a file, in its order, after both readers said the same of it."""
    text = content.decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    first, second = _by_vobject(text), _by_ical(text)
    assert first == second
    return first


def _by_vobject(text: str) -> list[ReadEvent]:
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    return [
        ReadEvent(
            event.uid.value,
            event.dtstart.value.astimezone(UTC),
            event.summary.value,
            int(event.sequence.value),
            event.last_modified.value,
            event.status.value == "CANCELLED",
            event.url.value,
        )
        for event in calendar.contents.get("vevent", [])
    ]


def _by_ical(text: str) -> list[ReadEvent]:
    return [
        ReadEvent(
            str(event.uid),
            event.dtstart.astimezone(UTC),
            event.summary or "",
            event.sequence or 0,
            event.last_modified,
            event.status == "CANCELLED",
            str(event.url),
        )
        for event in IcsCalendarStream.calendar_from_ics(text).events
    ]


def zones_of(content: bytes) -> list[str]:
    """Return the time zones that a calendar file describes, after both readers said the same."""
    text = content.decode()
    second = [zone.tz_id for zone in IcsCalendarStream.calendar_from_ics(text).timezones]
    assert [zone.tzid.value for zone in vobject.readOne(text).contents["vtimezone"]] == second
    return second
