"""The private address under which other calendars read a person's dates, judged by two readers that others wrote."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from accounts.access import MergePair
from accounts.models import Person
from accounts.people import hash_of
from accounts.rules import device_label
from enrolments import calendar
from enrolments.calendar import ReminderValues
from enrolments.models import CalendarAddress, CalendarFeed, Edition, PersonalReminder
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from tests.support.browser import Browser, Form
from tests.support.builders import a_course, a_person, sign_in
from tests.support.calendars import ReadEvent, read_calendar, zones_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, actor_of, all_at_once
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


def an_address(browser: Browser, name: str = "Mi teléfono", alarm: int = 0) -> str:
    """Let who is signed in make a private address, and return its path."""
    browser.get("/calendar/feed")
    browser.submit("/calendar/feed", {"name": name, "alarm": str(alarm)})
    found = re.search(r'value="https?://[^/"]+(/calendar/[^"/]+\.ics)"', browser.page.html)
    assert found
    return found[1]


def ana_with_an_address(browser: Browser, instance: Instance) -> str:
    course = a_course(instance, modules=1)
    a_learner_of(instance, course, an_edition(instance, course, ends_at=NOON + 3 * DAY))
    return an_address(sign_in(browser))


def test_addresses_made_at_the_same_moment_are_all_answered(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 6.3: nobody is told that the server cannot save, also where two have looked before either has written."""
    ana, looked, hash_of = a_person(instance, "ana@example.org"), Barrier(2), calendar.hash_of

    def wait_for_another(secret: str) -> str:
        with suppress(BrokenBarrierError):  # who has locked the person is alone here
            looked.wait(1)
        return hash_of(secret)

    monkeypatch.setattr(calendar, "hash_of", wait_for_another)

    def make(_place: int) -> str:
        with instance.database.unit_of_work() as session:
            return calendar.make_address(session, SYSTEM, session.get_one(Person, ana.id), "Uno", 0, now=NOON)

    made = all_at_once(8, make)

    assert len({secret for secret in made if isinstance(secret, str)}) == 8, made
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarAddress.person_id)).all() == [ana.id] * 8


def events(browser: Browser, address: str) -> list[ReadEvent]:
    """Read the feed as a calendar does, which signs in nowhere."""
    response = browser.another()._request("GET", address)
    assert response.status_code == 200
    return read_calendar(response.data)


def status(browser: Browser, address: str) -> int:
    return browser.another()._request("GET", address).status_code


def test_a_calendar_reads_the_dates_without_signing_in(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)

    response = browser.another("en")._request("GET", address)

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    (event,) = read_calendar(response.data)
    assert (event.title, event.at, event.sequence) == ("Termina: Curso de prueba prueba", NOON + 3 * DAY, 0)
    assert zones_of(response.data) == ["America/Guayaquil"]
    name = in_spanish("My dates in %(site)s", site=instance.settings.institution)
    assert f"X-WR-CALNAME:{name}" in response.text


def test_what_moves_keeps_its_name_and_counts_its_changes(browser: Browser, instance: Instance, at: At) -> None:
    address = ana_with_an_address(browser, instance)
    (before,) = events(browser, address)
    at.pass_(hours=1)
    assert events(browser, address) == [before]
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=NOON + 5 * DAY))

    (after,) = events(browser, address)

    assert (after.uid, after.at, after.sequence) == (before.uid, NOON + 5 * DAY, before.sequence + 1)
    assert after.changed_at == NOON + timedelta(hours=1) > before.changed_at
    at.pass_(hours=1)
    assert events(browser, address) == [after]


def test_what_is_gone_is_cancelled_and_what_comes_back_is_not(browser: Browser, instance: Instance, at: At) -> None:
    address = ana_with_an_address(browser, instance)
    (before,) = events(browser, address)
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=None))

    (gone,) = events(browser, address)

    assert (gone.uid, gone.cancelled, gone.sequence, gone.title) == (before.uid, True, 1, in_spanish("Cancelled"))
    assert events(browser, address) == [gone]
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=NOON + 3 * DAY))
    (back,) = events(browser, address)
    assert (back.uid, back.cancelled, back.sequence, back.title) == (before.uid, False, 2, before.title)


def test_what_is_long_over_leaves_the_feed_without_being_cancelled(browser: Browser, instance: Instance, at: At) -> None:
    address = ana_with_an_address(browser, instance)
    assert len(events(browser, address)) == 1

    at.pass_(days=32)
    assert len(events(browser, address)) == 1
    at.pass_(days=2)

    assert events(browser, address) == []


def test_nothing_of_a_deleted_reminder_stays_with_the_feed(browser: Browser, instance: Instance) -> None:
    ana = actor_of(a_person(instance))
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, ana, ReminderValues("Ver al médico", NOON + DAY), uuid4(), now=NOON)
    address = an_address(sign_in(browser))
    assert [event.title for event in events(browser, address)] == ["Ver al médico"]

    with instance.database.unit_of_work() as session:
        calendar.delete_reminder(session, ana, session.execute(select(PersonalReminder)).scalar_one(), now=NOON)

    assert [(event.title, event.cancelled) for event in events(browser, address)] == [(in_spanish("Cancelled"), True)]
    with instance.database.unit_of_work(write=False) as session:
        assert "dico" not in session.execute(select(CalendarAddress.entries)).scalar_one()


def test_the_secret_is_shown_once_and_kept_nowhere(browser: Browser, instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    address = ana_with_an_address(browser, instance)
    secret = address.removeprefix("/calendar/").removesuffix(".ics")
    assert len(secret) == 43
    assert browser.response.headers["Cache-Control"] == "no-store"

    events(browser, address)
    assert status(browser, f"/calendar/{secret[:-1]}.ics") == 404
    browser.get("/calendar")

    assert secret not in browser.page.html
    written = "".join(capsys.readouterr())
    assert "enrolments_calendar.feed" in written
    assert secret[:-1] not in written
    with instance.database.unit_of_work(write=False) as session:
        assert secret not in str(session.execute(select(AuditEntry.facts)).all())
        assert secret not in str(session.execute(select(CalendarAddress.secret_hash, CalendarAddress.entries)).all())


def test_an_address_for_another_device_ends_none_and_the_events_keep_their_names(browser: Browser, instance: Instance) -> None:
    first = ana_with_an_address(browser, instance)
    before = events(browser, first)

    second = an_address(browser, "El computador")

    assert first != second
    assert events(browser, first) == events(browser, second) == before
    assert {"Mi teléfono", "El computador"} <= set(re.findall(r"<h3>([^<]+)</h3>", browser.page.html))


def end_form(browser: Browser, name: str) -> Form:
    """Return the form that ends the address with a name."""
    names = re.findall(r"<h3>([^<]+)</h3>", browser.page.html)
    return [form for form in browser.page.forms if form.action.endswith("/end")][names.index(name)]


def test_each_address_is_ended_alone(browser: Browser, instance: Instance) -> None:
    first = ana_with_an_address(browser, instance)
    second = an_address(browser, "El computador")
    browser.get("/calendar/feed")

    browser.submit("", form=end_form(browser, "Mi teléfono"))

    assert status(browser, first) == 404
    assert status(browser, second) == 200
    assert "«Mi teléfono»" in browser.page.text
    browser.submit("", form=end_form(browser, "El computador"))
    assert status(browser, second) == 404
    assert in_spanish("Put them on my phone") in browser.get("/calendar").text
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("calendar_feed."))).all()
    assert verbs == ["calendar_feed.made"] * 2 + ["calendar_feed.ended"] * 2


def test_nobody_reaches_the_address_of_another_person(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)
    browser.get("/calendar/feed")
    paths = [form.action for form in browser.page.forms if "/calendar/feed/" in form.action]
    a_person(instance, "blas@example.org")
    blas = sign_in(browser.another(), "blas@example.org")
    blas.get("/calendar/feed")

    assert "Mi teléfono" not in blas.page.text
    assert len(paths) == 2
    for path in paths:
        blas.post(path, {"alarm": "60"}, status=404)
    assert status(browser, address) == 200


def test_the_page_hands_a_new_address_to_each_calendar_and_keeps_it_until_it_is_left(browser: Browser, instance: Instance) -> None:
    path = ana_with_an_address(browser, instance)
    whole = f"https://localhost{path}" if f"https://localhost{path}" in browser.page.html else f"http://localhost:8000{path}"
    webcal = "webcal:" + whole.partition(":")[2]
    hrefs = [href.replace("&amp;", "&") for href in re.findall(r'<a[^>]*?href="([^"]+)"', browser.page.html)]

    google = next(href for href in hrefs if "calendar.google.com" in href)
    assert parse_qs(urlsplit(google).query) == {"cid": [webcal]}
    assert urlsplit(google).path == "/calendar/render"
    assert webcal in hrefs
    name = in_spanish("My dates in %(site)s", site=instance.settings.institution)
    for host in ("outlook.live.com", "outlook.office.com"):
        outlook = urlsplit(next(href for href in hrefs if host in href))
        assert outlook.path == "/calendar/0/addfromweb"
        assert parse_qs(outlook.query) == {"url": [whole], "name": [name]}
    assert 'data-copy="address"' in browser.page.html
    assert "js/copy" in browser.page.html
    assert path not in browser.get("/calendar/feed").html


@pytest.mark.parametrize(("minutes", "trigger"), [(0, None), (60, HOUR), (3 * 60, 3 * HOUR), (24 * 60, DAY), (3 * 24 * 60, 3 * DAY)])
def test_dates_have_the_alarm_that_was_chosen(browser: Browser, instance: Instance, minutes: int, trigger: timedelta | None) -> None:
    """RFC 5545, 3.6.6: an alarm that shows the event's title, so long before it begins."""
    ana = actor_of(a_person(instance))
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, ana, ReminderValues("Leer", NOON + 5 * DAY), uuid4(), now=NOON)
    address = an_address(sign_in(browser), alarm=minutes)

    (event,) = Calendar.from_ical(browser.another()._request("GET", address).data).walk("VEVENT")

    alarms = [(alarm["ACTION"], str(alarm["DESCRIPTION"]), alarm["TRIGGER"].dt) for alarm in event.walk("VALARM")]
    assert alarms == ([] if trigger is None else [("DISPLAY", "Leer", -trigger)])


def test_an_alarm_is_changed_and_what_is_cancelled_has_none(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)
    first = browser.another()._request("GET", address)
    assert b"VALARM" not in first.data
    browser.get("/calendar/feed")
    browser.submit("/alarm", {"alarm": "60"}, form=next(form for form in browser.page.forms if form.action.endswith("/alarm")))

    again = browser.another()._request("GET", address, headers={"If-None-Match": first.headers["ETag"]})
    assert b"TRIGGER:-PT1H" in again.data
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=None))
    gone = browser.another()._request("GET", address).data
    assert b"STATUS:CANCELLED" in gone
    assert b"VALARM" not in gone


@pytest.mark.parametrize("value", ["", "-60", "61", "x", "9" * 30])
def test_an_alarm_that_is_not_offered_is_refused(browser: Browser, instance: Instance, value: str) -> None:
    ana_with_an_address(browser, instance)
    browser.get("/calendar/feed")
    path = next(form.action for form in browser.page.forms if form.action.endswith("/alarm"))
    browser.post(path, {"alarm": value}, status=422)
    browser.get("/calendar/feed")
    browser.submit("/calendar/feed", {"name": "", "alarm": value}, status=422)

    assert in_spanish("Write what you call the device, so that you can end this address alone.") in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarAddress.alarm_minutes)).all() == [0]


def test_when_it_was_last_read_stands_beside_each_address(browser: Browser, instance: Instance, at: At) -> None:
    address = ana_with_an_address(browser, instance)
    assert in_spanish("Not read yet") in browser.get("/calendar/feed").text
    events(browser, address)
    at.pass_(minutes=10)
    events(browser, address)

    assert in_spanish("Not read yet") not in browser.get("/calendar/feed").text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarAddress.read_at)).one() == NOON  # to the hour: a reading is no reason to write
    at.pass_(hours=1)
    events(browser, address)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarAddress.read_at)).one() == NOON + timedelta(minutes=70)


def test_a_person_has_ten_addresses_and_nothing_typed_is_lost(browser: Browser, instance: Instance) -> None:
    ana_with_an_address(browser, instance)
    for number in range(9):
        an_address(browser, f"Equipo {number}")
    browser.get("/calendar/feed")
    page = browser.submit("/calendar/feed", {"name": "El undécimo", "alarm": "4320"}, status=409)

    assert in_spanish("There are as many as there can be: %(most)s. Remove one first.", most=10) in page.text
    assert dict(page.form("/calendar/feed").fields)["name"] == "El undécimo"


def test_the_name_of_the_device_is_filled_in(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/129.0 Mobile Safari/537.36"
    browser.get("/calendar/feed", headers={"User-Agent": agent})

    assert dict(browser.page.form("/calendar/feed").fields)["name"] == device_label(agent)
    assert "Android" in device_label(agent)


def test_the_address_of_the_release_before_goes_on_and_can_be_ended(instance: Instance, browser: Browser) -> None:
    """The migration copies it; a process of that release, which still runs, stops reading it as well."""
    ana = a_person(instance)
    with instance.database.unit_of_work() as session:
        session.add(CalendarFeed(person_id=ana.id, secret_hash=hash_of("s" * 43), made_at=NOON, entries="{}"))
        row = CalendarAddress(person_id=ana.id, name="Mi calendario", alarm_minutes=0, secret_hash=hash_of("s" * 43))
        row.made_at, row.entries = NOON, "{}"
        session.add(row)
    sign_in(browser).get("/calendar/feed")
    browser.submit("", form=end_form(browser, "Mi calendario"))

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarFeed.person_id)).all() == []


@pytest.mark.parametrize("how", ["suspended", "deleted", "merged"])
def test_no_calendar_reads_of_an_account_that_is_closed(browser: Browser, instance: Instance, how: str) -> None:
    address = ana_with_an_address(browser, instance)
    blas = a_person(instance, "blas@example.org")
    with instance.database.unit_of_work() as session:
        ana = session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one()
        if how == "suspended":
            ana.suspended_at = NOON
        elif how == "deleted":
            erasure.erase_person(session, SYSTEM, ana, now=NOON)
        else:
            erasure.merge(session, SYSTEM, MergePair(session.get_one(Person, blas.id), ana), "La misma.", now=NOON)

    assert status(browser, address) == 404


def test_a_calendar_that_has_it_already_gets_nothing_again(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)
    first = browser.another()._request("GET", address)

    again = browser.another()._request("GET", address, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=NOON + 5 * DAY))
    assert browser.another()._request("GET", address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.slow
def test_a_feed_is_read_so_often_an_hour_and_addresses_are_not_guessed_for_long(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)

    assert [status(browser, address) for _time in range(31)] == [200] * 30 + [429]
    assert {status(browser, f"/calendar/{number}.ics") for number in range(120)} == {404}
    assert status(browser, "/calendar/otra.ics") == 429


def test_a_reading_writes_only_when_something_changed(browser: Browser, instance: Instance, at: At) -> None:
    address = ana_with_an_address(browser, instance)
    events(browser, address)
    with instance.database.unit_of_work(write=False) as session:
        before = session.execute(select(CalendarAddress.entries)).scalar_one()
    at.pass_(days=1)

    events(browser, address)

    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(CalendarAddress.entries)).scalar_one() == before
