"""Calendar files: what RFC 5545 asks for, as two readers that others wrote see it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kernel.ical import CalendarEvent, write_calendar
from tests.support.calendars import read_calendar, zones_of

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
QUITO = ZoneInfo("America/Guayaquil")
EVENT = CalendarEvent("a@aulario", NOON + timedelta(days=3), "Cierra: Uno", "Curso", "https://example.org/x", 2, NOON)


def test_both_readers_read_an_event_as_it_was_written() -> None:
    (read,) = read_calendar(write_calendar([EVENT], zone=QUITO, now=NOON))

    assert (read.uid, read.at, read.title, read.sequence) == (EVENT.uid, EVENT.at, EVENT.title, 2)
    assert (read.changed_at, read.cancelled, read.url) == (NOON, False, EVENT.url)


@pytest.mark.parametrize("title", ["Ñandú; coma, punto y coma; barra \\n", "á" * 200, "日本" * 60, 'Dice "así": ¿sí?', "BEGIN:VEVENT"])
def test_no_title_breaks_the_file(title: str) -> None:
    (read,) = read_calendar(write_calendar([replace(EVENT, title=title)], zone=QUITO, now=NOON))

    assert read.title == title


def test_a_line_break_in_a_title_adds_no_line_to_the_file() -> None:
    content = write_calendar([replace(EVENT, title="uno\r\nSTATUS:CANCELLED\r\nX-A:b")], zone=QUITO, now=NOON)

    assert [read.cancelled for read in read_calendar(content)] == [False]
    assert b"\r\nX-A" not in content


@pytest.mark.parametrize(
    "name", ["America/Guayaquil", "Pacific/Galapagos", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC"]
)
def test_a_moment_stays_the_same_in_every_zone_also_when_the_clocks_change(name: str) -> None:
    moments = [datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=day, hours=day % 24) for day in range(0, 400, 9)]
    events = [replace(EVENT, uid=f"{number}@aulario", at=at) for number, at in enumerate(moments)]

    content = write_calendar(events, zone=ZoneInfo(name), now=NOON)

    assert [read.at for read in read_calendar(content)] == moments
    assert zones_of(content) == [name]


def test_a_feed_without_events_is_a_calendar_all_the_same() -> None:
    content = write_calendar([], name="Mis fechas", zone=QUITO, now=NOON)

    assert read_calendar(content) == []
    assert zones_of(content) == ["America/Guayaquil"]


def test_equal_events_give_equal_bytes_whatever_the_hour() -> None:
    assert write_calendar([EVENT], zone=QUITO, now=NOON) == write_calendar([EVENT], zone=QUITO, now=NOON + timedelta(hours=5))


def test_every_summer_is_read_by_readers_that_keep_one_change_a_line() -> None:
    """Findings B6: of several changes in one RDATE a reader keeps the first; a moment lasts no time (B5)."""
    zone = ZoneInfo("Europe/Madrid")
    days = [datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=30 * number) for number in range(30)]
    content = write_calendar([replace(EVENT, uid=f"{number}@aulario", at=day) for number, day in enumerate(days)], zone=zone, now=NOON)

    assert [read.at for read in read_calendar(content)] == days
    assert content.count(b"DURATION:PT0S") == len(days)
    assert not any(b"," in line for line in content.splitlines() if line.startswith(b"RDATE"))
