"""The calendar of a person: what it shows by month, by week and as a list, and the reminders that they write for themselves."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from accounts.models import Person
from enrolments import calendar
from enrolments.calendar import MOST_REMINDERS, ReminderValues
from enrolments.models import PersonalReminder
from kernel.audit import AuditEntry
from kernel.errors import NoRoom
from kernel.permissions import SYSTEM, Actor
from lms import erasure
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.calendars import read_calendar
from tests.support.editions import a_learner_of, an_edition, enrol
from tests.support.learning import At, actor_of, mark_done
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
"""Monday, noon in Guayaquil."""
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


def a_reminder(
    instance: Instance, actor: Actor, words: str = "Llamar a Quito", at: datetime = NOON + 2 * DAY, course: int | None = None
) -> str:
    number = uuid4()
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, actor, ReminderValues(words, at, course), number, now=NOON)
    return f"/calendar/reminders/{number}"


def ana_with_dates(browser: Browser, instance: Instance) -> Browser:
    """Sign in somebody with an edition that ends in three days, a quiz that closes tomorrow, and a reminder."""
    course = a_course(instance, modules=1, settings="attempts: 0\ncloses: 2026-06-02\n")
    ana = a_learner_of(instance, course, an_edition(instance, course, ends_at=NOON + 3 * DAY))
    a_reminder(instance, ana)
    return sign_in(browser)


@pytest.mark.parametrize("view", ["list", "week", "month"])
def test_every_view_shows_what_closes_ends_and_is_to_be_remembered(browser: Browser, instance: Instance, view: str) -> None:
    ana_with_dates(browser, instance).get(f"/calendar?view={view}")

    for words in ("Cierra: Cuestionario 1", "Termina: Curso de prueba prueba", "Llamar a Quito"):
        assert words in browser.page.text
    assert 'href="/courses/prueba/quizzes/cuestionario-1"' in browser.page.html


def test_the_list_is_what_opens_and_speaks_both_languages(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance)
    browser.get("/learning")
    assert 'href="/calendar"' in browser.page.html
    assert "23:59" in browser.page.text, "all pages say of what closes at midnight that it ends with the day before"
    browser.submit("/language", button=("language", "en"))
    browser.get("/calendar")

    assert "Closes: Quiz 1" in browser.page.text
    assert "23:59" in browser.page.text
    assert "1 day left" in browser.page.text
    assert "June 2026" in browser.page.text


def test_a_month_is_a_table_whose_days_with_dates_are_links(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance).get("/calendar?view=month&day=2026-06-20")

    assert "<caption" in browser.page.html
    assert browser.page.html.count('<th scope="col">') == 7
    assert 'href="/calendar?view=list&amp;day=2026-06-02#d2026-06-02"' in browser.page.html
    assert "day=2026-06-10#d" not in browser.page.html
    browser.get("/calendar?view=month&day=2026-07-01")
    assert "Cuestionario 1" not in browser.page.text


def test_moments_stand_in_the_readers_zone_and_name_the_courses_where_it_differs(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance).get("/calendar")
    assert browser.page.text.count("Guayaquil") == 1
    with instance.database.unit_of_work() as session:
        session.execute(select(Person)).scalar_one().zone = "Europe/Madrid"

    browser.get("/calendar")

    assert "Hora de Madrid (España), UTC+02:00" in browser.page.text
    assert (
        in_spanish("%(moment)s in the course's time zone, %(zone)s", moment="4 jun 2026, 12:00", zone="Quito, Guayaquil (Ecuador)")
        in browser.page.text
    )
    assert "19:00" in browser.page.text


def test_the_calendar_can_be_narrowed_to_a_course(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance)
    other = a_course(instance, "otro", modules=1, settings="attempts: 0\ncloses: 2026-06-05\n")
    with instance.database.unit_of_work(write=False) as session:
        ana = actor_of(session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one())
    enrol(instance, other, [ana])
    browser.get("/calendar")
    assert "Llamar a Quito" in browser.page.text

    browser.submit("/calendar", {"course": "otro"})

    assert browser.page.text.count("Cierra: Cuestionario 1") >= 1
    assert "Llamar a Quito" not in browser.page.text
    assert "Termina" not in browser.page.text


def test_what_is_done_says_so(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ana = a_learner_of(instance, course, an_edition(instance, course, starts_at=NOON - DAY))
    mark_done(instance, ana, "prueba", "leccion-1", now=NOON)

    sign_in(browser).get("/calendar?day=2026-05-20")

    assert "Empieza: Curso de prueba prueba" in browser.page.text
    assert "Completada" in browser.page.text


@pytest.mark.parametrize("query", ["view=year", "day=2026-13-01", "day=x", "day=0001-01-01", "day=9999-12-31"])
def test_days_and_views_that_there_are_not_are_not_found(browser: Browser, instance: Instance, query: str) -> None:
    a_person(instance)

    sign_in(browser).get(f"/calendar?{query}", status=404)


def test_nobody_sees_the_dates_of_another(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance)
    a_person(instance, "blas@example.org")

    other = sign_in(browser.another(), "blas@example.org").get("/calendar")

    assert "Llamar" not in other.text
    assert "Cuestionario" not in other.text


def test_a_reminder_is_written_changed_and_deleted(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_learner_of(instance, course, None)
    sign_in(browser).get("/calendar/reminders/new?day=2026-06-04")
    assert 'value="2026-06-04T09:00"' in browser.page.html
    browser.submit("/calendar/reminders/new", {"words": "Pedir el archivo", "at": "2026-06-04T10:30", "course": str(course.id)})
    assert "Pedir el archivo" in browser.page.text
    assert "10:30" in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(PersonalReminder)).scalar_one()
    here = f"/calendar/reminders/{row.uuid}"

    browser.get(here)
    browser.submit(here, {"words": "Pedir otro"})
    assert "Pedir otro" in browser.page.text
    browser.get(here)
    browser.submit(f"{here}/deletion")

    assert "Pedir otro" not in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        entries = session.execute(select(AuditEntry.verb, AuditEntry.facts).where(AuditEntry.verb.startswith("reminder."))).all()
    assert [verb for verb, _facts in entries] == ["reminder.written", "reminder.changed", "reminder.deleted"]
    assert not any("Pedir" in facts for _verb, facts in entries)


@pytest.mark.parametrize(
    "fields",
    [
        {"words": "", "at": "2026-06-04T10:30"},
        {"words": "x" * 201, "at": "2026-06-04T10:30"},
        {"words": "x", "at": ""},
        {"words": "x", "at": "ayer"},
        {"words": "x", "at": "2026-06-01T11:59"},
        {"words": "x", "at": "2026-06-04T10:30", "course": "999"},
    ],
)
def test_a_reminder_without_words_or_a_moment_to_come_is_refused(browser: Browser, instance: Instance, fields: dict[str, str]) -> None:
    a_person(instance)
    sign_in(browser).get("/calendar/reminders/new")

    browser.submit("/calendar/reminders/new", fields, status=422)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(PersonalReminder)) == 0


def test_the_course_of_a_reminder_is_one_of_ones_own(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_person(instance)
    sign_in(browser).get("/calendar/reminders/new")

    browser.submit("/calendar/reminders/new", {"words": "x", "at": "2026-06-04T10:30", "course": str(course.id)}, status=422)


def test_a_reminder_that_is_sent_twice_is_kept_once(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser).get("/calendar/reminders/new")
    fields = {"words": "Una vez", "at": "2026-06-04T10:30"}
    form = browser.page.form("/calendar/reminders/new")
    browser.submit("/calendar/reminders/new", fields, form=form)

    browser.submit("/calendar/reminders/new", fields, form=form)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(PersonalReminder)) == 1


def test_nobody_keeps_more_reminders_than_two_hundred(browser: Browser, instance: Instance) -> None:
    ana = actor_of(a_person(instance))
    with instance.database.unit_of_work() as session:
        for number in range(MOST_REMINDERS):
            calendar.write_reminder(session, ana, ReminderValues(str(number), NOON + DAY), uuid4(), now=NOON)
        with pytest.raises(NoRoom):
            calendar.write_reminder(session, ana, ReminderValues("uno más", NOON + DAY), uuid4(), now=NOON)
    sign_in(browser).get("/calendar/reminders/new")

    browser.submit("/calendar/reminders/new", {"words": "uno más", "at": "2026-06-04T10:30"}, status=409)

    assert in_spanish(NoRoom.message, most=MOST_REMINDERS) in browser.page.text


def test_every_cell_of_the_calendar(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    pia = a_person(instance, "pia@example.org")
    foreign = a_reminder(instance, actor_of(pia))
    with instance.database.unit_of_work() as session:
        calendar.make_address(session, SYSTEM, session.get_one(Person, pia.id), "Uno", 0, now=NOON)
        address = calendar.list_addresses(session, pia.id)[0].uuid
    wrong = []
    for path in ("/calendar", "/calendar?view=month", "/calendar/reminders/new"):
        wrong += cast.check("calendar.use", "own", cast.outcomes(path))
    wrong += cast.check("calendar.use", "own", cast.outcomes("/calendar/feed", "POST", {"name": "Uno", "alarm": "0"}))
    wrong += cast.check("calendar.use", "own", cast.outcomes("/calendar/feed"))
    for act in ("alarm", "end"):
        wrong += cast.check("calendar.use", "of_another", cast.outcomes(f"/calendar/feed/{address}/{act}", "POST"))
    wrong += cast.check("calendar.use", "of_another", cast.outcomes(foreign))
    wrong += cast.check("calendar.use", "of_another", cast.outcomes(f"{foreign}/deletion", "POST"))
    wrong += cast.check("calendar.use", "of_another", cast.outcomes(f"/calendar/dates/reminder:{foreign.rpartition('/')[2]}.ics"))

    assert not wrong
    assert outcome(cast.browsers["L"], foreign, "POST", {"words": "x", "at": "2026-06-09T10:00"}) == "hide"


def test_reminders_go_with_their_person(instance: Instance) -> None:
    ana = actor_of(a_person(instance))
    a_reminder(instance, ana)
    a_reminder(instance, actor_of(a_person(instance, "blas@example.org")))

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, ana, session.get_one(Person, ana.person_id), now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(PersonalReminder)) == 1


def test_reminders_are_deleted_when_their_time_is_over(instance: Instance) -> None:
    ana = actor_of(a_person(instance))
    a_reminder(instance, ana, at=NOON + DAY)
    a_reminder(instance, ana, at=NOON + 3 * DAY)

    with instance.database.unit_of_work() as session:
        assert calendar.forget_before(session, NOON + 2 * DAY) == 1


def test_one_date_is_a_file_for_another_calendar(browser: Browser, instance: Instance) -> None:
    ana_with_dates(browser, instance).get("/calendar")
    assert in_spanish("Add to my calendar") in browser.page.text

    response = browser._request("GET", "/calendar/dates/quiz:prueba:cuestionario-1:closes.ics")

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith("attachment")
    (read,) = read_calendar(response.data)
    assert (read.title, read.at) == ("Cierra: Cuestionario 1", datetime(2026, 6, 3, 4, 59, tzinfo=UTC))
    assert read.url.endswith("/courses/prueba/quizzes/cuestionario-1")
    browser.get("/calendar/dates/quiz:prueba:otro:closes.ics", status=404)


@pytest.mark.parametrize(
    ("query", "spanish", "english"),
    [
        ("day=2026-11-26", "Del 26 de noviembre de 2026 al 25 de febrero de 2027", "26 November 2026 to 25 February 2027"),
        ("view=week&day=2026-06-03", "Del 1 al 7 de junio de 2026", "1 to 7 June 2026"),
        ("view=week&day=2026-07-01", "Del 29 de junio al 5 de julio de 2026", "29 June to 5 July 2026"),
        ("view=month&day=2026-07-01", "Julio de 2026", "July 2026"),
    ],
)
def test_days_are_headed_as_a_person_writes_them(browser: Browser, instance: Instance, query: str, spanish: str, english: str) -> None:
    a_person(instance)
    a_person(instance, "eve@example.org", language="en")
    for email, words in (("ana@example.org", spanish), ("eve@example.org", english)):
        assert f"<h2>{words}</h2>" in sign_in(browser.another(), email).get(f"/calendar?{query}").html


def test_the_letters_of_the_week_are_those_of_ecuador(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    a_person(instance, "eve@example.org", language="en")
    for email, letters in (("ana@example.org", "LMMJVSD"), ("eve@example.org", "MTWTFSS")):
        html = sign_in(browser.another(), email).get("/calendar?view=month").html
        assert "".join(re.findall(r"<abbr title=\"[^\"]+\">(.)</abbr>", html)) == letters
