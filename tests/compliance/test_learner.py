"""Last days of compulsory training among the dates of a learner: one source for every page (spec/compulsory 10.1 and 11.4)."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts.models import Notification, Person
from courses.models import Course
from enrolments import calendar
from enrolments.calendar import ReminderValues
from enrolments.dates import DateKind
from kernel import outbox
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person
from tests.support.dates import dates_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, actor_of, mark_done, pass_quiz
from tests.support.obligations import an_audience_of, an_obligation, assignment_of, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

MORNING = datetime(2026, 12, 8, 8, tzinfo=QUITO)
"""Tuesday, seven days before the last day."""


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, MORNING)


@pytest.fixture(autouse=True)
def authors(instance: Instance) -> None:
    a_person(instance, "autora@example.org")
    a_person(instance, "otra@example.org")


def ask(instance: Instance, course: Course, email: str = "ana@example.org") -> Person:
    """Let a course be compulsory for somebody until 15 December."""
    with instance.database.unit_of_work(write=False) as session:
        person = session.execute(select(Person).where(Person.email == email)).scalar_one()
    audience = an_audience_of(instance, a_place(instance, email), email.partition("@")[0])
    let_stay(instance, audience, person)
    obligation = an_obligation(instance, audience, rules_of(course), key=audience.key)
    compute(instance, obligation, [person.id], now=MORNING)
    return person


def test_the_last_day_ends_with_its_day_in_the_zone_of_the_obligation(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 4.3 and 11.4."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    person = ask(instance, course)

    [item] = [one for one in dates_of(instance, actor_of(person), now=MORNING) if one.kind is DateKind.OBLIGATION_ENDS]

    assert (item.at, item.covers) == (datetime(2026, 12, 16, 5, tzinfo=UTC), {"prueba"})
    assert item.key == f"obligation:{assignment_of(instance, person).uuid}"


def test_calendar_file_feed_and_course_name_the_same_last_day(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.4: one source of dates."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    person = ask(instance, course)
    named = in_spanish("Last day: %(title)s", title="Curso obligatorio")

    assert named in browser.get("/calendar?view=month").text
    assert named in browser.get("/calendar?course=prueba").text
    words = in_spanish("You have to complete it by %(moment)s.", moment="15 dic 2026, 23:59")
    assert words in browser.get("/courses/prueba").text
    key = f"obligation:{assignment_of(instance, person).uuid}"
    file = browser.client.get(f"/calendar/dates/{key}.ics", base_url="https://localhost").get_data(as_text=True)
    assert named in file
    assert "DTSTART;TZID=America/Guayaquil:20261215T235900" in file
    browser.get("/calendar/feed")
    browser.submit("/calendar/feed", {"name": "Teléfono"})
    found = re.search(r'value="https?://[^/"]+(/calendar/[^"/]+\.ics)"', browser.page.html)
    assert found
    assert named in browser.client.get(found[1], base_url="https://localhost").get_data(as_text=True)


def test_a_course_that_nothing_covers_names_no_last_day(browser: Browser, instance: Instance) -> None:
    course, other = a_course(instance, modules=1), a_course(instance, "otro", modules=1)
    a_learner_in(browser, other)
    ask(instance, course)

    assert in_spanish("Compulsory.") not in browser.get("/courses/otro").text
    assert in_spanish("Compulsory.") in browser.get("/courses/prueba").text


def test_what_is_done_has_no_last_day_any_more(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 7.4: before any job has run."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    a_learner_in(browser, course)
    person = ask(instance, course)
    mark_done(instance, actor_of(person), course.slug, "leccion-1", now=MORNING)
    pass_quiz(instance, actor_of(person), course.slug, now=MORNING)

    assert not [one for one in dates_of(instance, actor_of(person), now=MORNING) if one.kind is DateKind.OBLIGATION_ENDS]


def test_the_calendar_reminds_neither_of_the_last_day_nor_of_the_end_of_the_course_that_it_covers(instance: Instance) -> None:
    """spec/compulsory 10.1: only the obligation's own reminders go out; what somebody wrote for themselves does."""
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, ends_at=MORNING + timedelta(days=7, hours=1))
    for email in ("ana@example.org", "blas@example.org"):
        a_learner_of(instance, course, edition, email)
    person = ask(instance, course)
    with instance.database.unit_of_work() as session:
        own = ReminderValues("Estudiar", MORNING + timedelta(days=7, hours=1), course.id)
        calendar.write_reminder(session, actor_of(person), own, uuid4(), now=MORNING)

    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "enrolments.plan_reminders", {}, now=MORNING)
    outbox.deliver_waiting(instance.worker, now=MORNING)

    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Person.email, Notification.kind).join(Person, Person.id == Notification.person_id)).all()
    told = sorted((email.partition("@")[0], kind) for email, kind in rows if kind in ("deadline", "reminder"))
    assert told == [("ana", "reminder"), ("blas", "deadline")]
