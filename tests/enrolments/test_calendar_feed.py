"""The private address under which other calendars read a person's dates, judged by two readers that others wrote."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts.access import MergePair
from accounts.models import Person
from enrolments import calendar
from enrolments.calendar import ReminderValues
from enrolments.models import CalendarFeed, Edition, PersonalReminder
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.calendars import ReadEvent, read_calendar, zones_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, actor_of, all_at_once
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


def an_address(browser: Browser) -> str:
    """Let who is signed in make a private address, and return its path."""
    browser.get("/calendar")
    browser.submit("/calendar/feed")
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
            return calendar.make_feed(session, SYSTEM, session.get_one(Person, ana.id), now=NOON)

    made = all_at_once(8, make)

    assert len({secret for secret in made if isinstance(secret, str)}) == 8, made
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CalendarFeed.person_id)).all() == [ana.id]


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
        assert "dico" not in session.execute(select(CalendarFeed.entries)).scalar_one()


@pytest.mark.slow
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
        assert secret not in str(session.execute(select(CalendarFeed.secret_hash, CalendarFeed.entries)).all())


def test_a_new_address_ends_the_one_before_and_the_events_keep_their_names(browser: Browser, instance: Instance) -> None:
    first = ana_with_an_address(browser, instance)
    before = events(browser, first)

    second = an_address(browser)

    assert status(browser, first) == 404
    assert events(browser, second) == before


def test_an_address_can_be_ended(browser: Browser, instance: Instance) -> None:
    address = ana_with_an_address(browser, instance)
    browser.get("/calendar")

    browser.submit("/calendar/feed/end")

    assert status(browser, address) == 404
    assert in_spanish("Make my private address") in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("calendar_feed."))).all()
    assert verbs == ["calendar_feed.made", "calendar_feed.ended"]


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
        before = session.execute(select(CalendarFeed.entries)).scalar_one()
    at.pass_(days=1)

    events(browser, address)

    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(CalendarFeed.entries)).scalar_one() == before
