"""Reminders by notice and mail: seven, three and one day before, in the reader's morning, once, and not of what is done."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime, night_ends
from courses.models import Course
from enrolments import calendar, dates
from enrolments.calendar import ReminderValues, list_portions
from enrolments.dates import COVERED_DATES
from enrolments.models import Edition, Enrolment
from enrolments.notices import DEADLINE_NOTICE, OPENING_NOTICE, REMINDER_NOTICE
from kernel import outbox
from kernel.i18n import find_zone
from kernel.outbox import Job
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from lms.worker import add_periodic
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, actor_of, pass_quiz
from tests.support.wording import in_spanish

EIGHT = datetime(2026, 6, 1, 13, tzinfo=UTC)
"""Monday, eight in the morning in Guayaquil."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, EIGHT)


def remind(instance: Instance, now: datetime) -> None:
    """Let the clock's job run as of a moment, and all that follows, each job twice."""
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "enrolments.plan_reminders", {}, now=now)
    outbox.deliver_waiting(instance.worker, now=now)


def cover(instance: Instance, *sources: dates.Covered) -> None:
    """Let these say of which dates somebody is reminded elsewhere, as a feature would."""
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    instance.database.configure({**known, COVERED_DATES: sources})


def sent_notices(instance: Instance) -> list[tuple[str, str]]:
    """Return whom the notices of dates were given to, and their subjects."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(
            select(Person.email, Notification.subject)
            .join(Person, Person.id == Notification.person_id)
            .where(Notification.kind.in_([DEADLINE_NOTICE.value, OPENING_NOTICE.value, REMINDER_NOTICE.value]))
            .order_by(Notification.id)
        )
        return [(email.partition("@")[0], subject["es"]) for email, subject in rows]


def mailed(browser: Browser) -> list[str]:
    """Return the mails about dates."""
    return [text for text in browser.mails() if " · " in text.partition("\n")[0]]


def a_learner_until(instance: Instance, ends: datetime, email: str = "ana@example.org") -> Actor:
    course = a_course(instance, modules=1)
    return a_learner_of(instance, course, an_edition(instance, course, ends_at=ends), email)


def test_a_deadline_is_notified_seven_three_and_one_day_before(browser: Browser, instance: Instance, at: At) -> None:
    a_learner_until(instance, EIGHT + 8 * DAY + HOUR)
    for _day in range(10):
        remind(instance, at.moment)
        at.pass_(days=1)

    title = "Termina: Curso de prueba prueba"
    assert sent_notices(instance) == [("ana", f"En 7 días · {title}"), ("ana", f"En 3 días · {title}"), ("ana", f"Mañana · {title}")]
    mails = mailed(browser)
    assert len(mails) == 3
    assert "El 9 de junio de 2026 a las 09:00." in mails[0]


def test_nobody_is_notified_twice_however_often_the_job_runs(instance: Instance, at: At) -> None:
    a_learner_until(instance, EIGHT + DAY)
    for _quarter in range(8):
        remind(instance, at.pass_(minutes=15))

    with instance.database.unit_of_work() as session:  # not even where the day is planned anew
        for job in session.scalars(select(Job).where(Job.unique_key.startswith("remind:"))):
            job.unique_key = f"{job.unique_key}:other"
    remind(instance, at.moment)

    assert len(sent_notices(instance)) == 1


def test_the_hour_is_eight_by_the_readers_clock(instance: Instance, at: At) -> None:
    a_learner_until(instance, EIGHT + DAY + 10 * HOUR)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(zone="Pacific/Galapagos"))

    remind(instance, EIGHT + timedelta(minutes=59))
    assert sent_notices(instance) == []
    remind(instance, EIGHT + HOUR)

    assert len(sent_notices(instance)) == 1


def test_a_reminder_that_would_come_late_is_not_sent(instance: Instance) -> None:
    a_learner_until(instance, EIGHT + DAY + 10 * HOUR)

    remind(instance, EIGHT + 13 * HOUR)  # nine in the evening
    remind(instance, EIGHT + DAY)  # the day itself

    assert sent_notices(instance) == []


def test_a_job_of_yesterday_reminds_nobody_today(instance: Instance) -> None:
    a_learner_until(instance, EIGHT + 2 * DAY)
    with instance.database.unit_of_work() as session:
        yesterday = {"zone": "America/Guayaquil", "day": "2026-05-31", "first": 1, "last": 99}
        outbox.enqueue(session, "enrolments.remind", yesterday, now=EIGHT)

    outbox.deliver_waiting(instance.worker, now=EIGHT + DAY)

    assert sent_notices(instance) == []


def test_a_finished_activity_is_not_notified_which_is_decided_when_it_is_due(instance: Instance, at: At) -> None:
    course = a_course(instance, modules=1, settings="attempts: 0\ncloses: 2026-06-04\n")
    ana, blas = (a_learner_of(instance, course, None, f"{name}@example.org") for name in ("ana", "blas"))
    remind(instance, EIGHT)
    assert [who for who, _subject in sent_notices(instance)] == ["ana", "blas"]
    pass_quiz(instance, ana, "prueba", now=EIGHT + DAY)

    remind(instance, EIGHT + 2 * DAY)

    assert sent_notices(instance)[2:] == [("blas", "Mañana · Cierra: Cuestionario 1")]
    assert blas.person_id != ana.person_id


def test_a_deadline_that_moves_is_notified_again(instance: Instance) -> None:
    a_learner_until(instance, EIGHT + 3 * DAY)
    remind(instance, EIGHT)
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(ends_at=EIGHT + 4 * DAY))

    remind(instance, EIGHT + DAY)

    assert [subject.partition(" ·")[0] for _who, subject in sent_notices(instance)] == [in_spanish("In %(count)s day", 3)] * 2


@pytest.mark.parametrize("how", ["left", "suspended", "archived"])
def test_nobody_is_notified_of_what_no_longer_concerns_them(instance: Instance, how: str) -> None:
    a_learner_until(instance, EIGHT + DAY)
    table, values = {
        "left": (Enrolment, {"left_at": EIGHT}),
        "suspended": (Person, {"suspended_at": EIGHT}),
        "archived": (Course, {"archived_at": EIGHT}),
    }[how]
    with instance.database.unit_of_work() as session:
        session.execute(update(table).values(**values))

    remind(instance, EIGHT)

    assert sent_notices(instance) == []


def test_each_kind_can_be_switched_off(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ana = a_learner_of(instance, course, an_edition(instance, course, starts_at=EIGHT + DAY, ends_at=EIGHT + 3 * DAY))
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, ana, ReminderValues("Llamar", EIGHT + DAY), uuid4(), now=EIGHT)
        person = session.get_one(Person, ana.person_id)
        off = NotificationChoice(in_bell=False, mail=MailTime.NEVER)
        notices.set_notification_choices(session, ana, person, {DEADLINE_NOTICE.value: off, REMINDER_NOTICE.value: off}, now=EIGHT)

    remind(instance, EIGHT)

    assert sent_notices(instance) == [("ana", "Mañana · Empieza: Curso de prueba prueba")]
    assert len(mailed(browser)) == 1


def test_a_personal_reminder_is_notified_on_its_day_too(instance: Instance, at: At) -> None:
    ana = actor_of(a_person(instance))
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, ana, ReminderValues("Llamar", EIGHT + DAY + HOUR), uuid4(), now=EIGHT)
    for _day in range(3):
        remind(instance, at.moment)
        at.pass_(days=1)

    assert [subject for _who, subject in sent_notices(instance)] == ["Mañana · Llamar", "Hoy · Llamar"]


def test_what_an_obligation_reminds_of_is_left_out(instance: Instance) -> None:
    ana = a_learner_until(instance, EIGHT + DAY)
    course = a_course(instance, "otro", modules=1)
    blas = a_learner_of(instance, course, an_edition(instance, course, ends_at=EIGHT + DAY), "blas@example.org")
    asked: list[int] = []

    def covered(session: Session, people: Sequence[int]) -> Collection[tuple[int, int]]:
        asked.extend(people)
        first = session.execute(select(Enrolment.course_id).where(Enrolment.person_id == ana.person_id)).scalar_one()
        return {(ana.person_id or 0, first)}

    cover(instance, covered)

    remind(instance, EIGHT)

    assert [who for who, _subject in sent_notices(instance)] == ["blas"]
    assert {ana.person_id, blas.person_id} <= set(asked)


def test_a_portion_that_fails_keeps_nobody_else_from_being_reminded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "PORTION", 2)
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, ends_at=EIGHT + DAY)
    people = [a_learner_of(instance, course, edition, f"p{number}@example.org") for number in range(5)]

    def covered(_session: Session, asked: Sequence[int]) -> Collection[tuple[int, int]]:
        if people[0].person_id in asked:
            raise LookupError
        return ()

    cover(instance, covered)
    remind(instance, EIGHT)
    assert [who for who, _subject in sent_notices(instance)] == ["p2", "p3", "p4"]
    cover(instance)

    outbox.deliver_waiting(instance.worker, now=EIGHT + timedelta(minutes=10))

    assert sorted(who for who, _subject in sent_notices(instance)) == ["p0", "p1", "p2", "p3", "p4"]


def test_people_are_divided_by_their_numbers_and_each_is_in_one_portion(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    people = [a_learner_of(instance, course, None, f"p{number}@example.org").person_id for number in range(5)]
    a_person(instance, "nobody@example.org")

    with instance.database.unit_of_work(write=False) as session:
        portions = list_portions(session, "America/Guayaquil", size=2)

    assert portions == [(people[0], people[1]), (people[2], people[3]), (people[4], people[4])]


def test_the_statements_of_a_portion_do_not_grow_with_its_people(instance: Instance) -> None:
    """spec/performance P7."""
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, ends_at=EIGHT + DAY)
    people = [a_learner_of(instance, course, edition, f"p{number}@example.org").person_id or 0 for number in range(20)]
    counter = every_statement(instance.database)

    def statements(count: int) -> int:
        with instance.database.unit_of_work(write=False) as session:
            counter.reset()
            due = dates.due_notices(session, people[:count], find_zone(""), lambda _item, _days: ("", ""), now=EIGHT)
        assert [len(told) for _message, told in due] == [count]
        return len(counter.statements)

    statements(2)
    assert statements(2) == statements(20)


def test_mail_that_cannot_leave_before_night_waits_for_the_morning(browser: Browser, instance: Instance, at: At) -> None:
    a_learner_until(instance, EIGHT + 3 * DAY)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(email_confirmed_at=None))
    remind(instance, EIGHT)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(email_confirmed_at=EIGHT))
        row = session.execute(select(Notification).where(Notification.kind == DEADLINE_NOTICE.value)).scalar_one()
        outbox.enqueue(session, "accounts.send_notices", {"key": row.key, "people": [row.person_id]}, now=EIGHT + 14 * HOUR)

    at.moment = EIGHT + 14 * HOUR  # ten in the evening
    assert mailed(browser) == []
    at.moment = EIGHT + DAY - HOUR - timedelta(minutes=1)
    assert mailed(browser) == []
    at.moment = EIGHT + DAY

    assert len(mailed(browser)) == 1


def test_mail_that_waited_until_it_is_too_late_is_not_sent(browser: Browser, instance: Instance, at: At) -> None:
    ana = a_learner_until(instance, EIGHT + DAY)
    with instance.database.unit_of_work() as session:
        daily = NotificationChoice(in_bell=True, mail=MailTime.DAILY)
        notices.set_notification_choices(session, SYSTEM, session.get_one(Person, ana.person_id), {DEADLINE_NOTICE.value: daily}, now=EIGHT)
    remind(instance, EIGHT)
    assert len(sent_notices(instance)) == 1

    at.moment = EIGHT + DAY + HOUR
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "accounts.send_digests", {}, now=at.moment)

    assert mailed(browser) == []


@pytest.mark.parametrize(
    ("hour", "minute", "waits"), [(20, 59, None), (21, 0, 11), (23, 30, 8.5), (0, 0, 8), (6, 59, 61 / 60), (7, 0, None), (12, 0, None)]
)
def test_the_night_lasts_from_nine_to_seven_and_what_waits_goes_at_eight(hour: int, minute: int, waits: float | None) -> None:
    zone = find_zone("America/Guayaquil")
    now = datetime(2026, 6, 1, hour, minute, tzinfo=zone)

    found = night_ends(now, zone)

    assert (None if found is None else found - now) == (None if waits is None else timedelta(hours=waits))


def test_the_clock_asks_every_quarter_of_an_hour(instance: Instance) -> None:
    a_learner_until(instance, EIGHT + DAY)

    add_periodic(instance.worker, "enrolments.plan_reminders", 900, EIGHT)
    outbox.deliver_waiting(instance.worker, now=EIGHT)

    assert len(sent_notices(instance)) == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Job.kind == "enrolments.remind")) == 1
