"""What waits for a course's team reaches its members by a notification, once a day at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from accounts.models import Notification, Person
from courses.models import Course, CourseStaff, StaffRole
from kernel import clock
from kernel.outbox import Delivery
from lms import team_notices
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_learner
from tests.support.marking import a_marked_quiz, hand_in

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MORNING = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Ten in the morning in Quito."""


def notify(instance: Instance, now: datetime) -> None:
    """Do the periodic job, twice as a worker that was killed would."""
    for _time in range(2):
        team_notices.notify_teams(Delivery(instance.database, instance.settings, 1, {}, now))


def notices_of(instance: Instance, email: str) -> list[str]:
    """Return the subjects of what somebody was notified of, oldest first."""
    statement = select(Notification).join(Person, Person.id == Notification.person_id).where(Person.email == email)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(statement.where(Notification.kind == "waiting").order_by(Notification.id))
        return [row.words["es"] for row in rows]


def an_essay(instance: Instance, course: Course, email: str, at: datetime) -> None:
    """Let somebody hand in an essay at a moment."""
    learner = a_learner(instance, course, email)
    hand_in(instance, learner)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.person_id == learner.person_id).values(submitted_at=at))


def test_the_first_essay_that_waits_reaches_its_marker_within_a_day_without_looking_for_it(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    a_teacher(instance, course, role=StaffRole.GRADER)
    for hour in (24, 12, 1):
        notify(instance, MORNING - hour * HOUR)
    assert notices_of(instance, "profe@example.org") == []
    an_essay(instance, course, "ana@example.org", MORNING)

    for hour in (1, 12, 24):
        notify(instance, MORNING + hour * HOUR)

    assert notices_of(instance, "profe@example.org") == ["1 intento por calificar en «Cuestionario 1» (Curso de prueba prueba)"]
    assert any("1 intento por calificar" in mail for mail in browser.mails())
    sign_in(browser, "profe@example.org").get("/notices")
    assert "1 intento por calificar" in browser.page.text


def test_nobody_is_notified_twice_a_day_nor_of_what_is_not_new(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    a_teacher(instance, course, role=StaffRole.GRADER)
    an_essay(instance, course, "ana@example.org", MORNING - HOUR)
    notify(instance, MORNING)
    an_essay(instance, course, "bea@example.org", MORNING + HOUR)
    notify(instance, MORNING + 2 * HOUR)
    assert len(notices_of(instance, "profe@example.org")) == 1

    notify(instance, MORNING + DAY)
    notify(instance, MORNING + 2 * DAY)

    assert [words.split(" en ")[0] for words in notices_of(instance, "profe@example.org")] == [
        "1 intento por calificar",
        "2 intentos por calificar",
    ]
    assert len([mail for mail in browser.mails() if "por calificar" in mail]) == 2
    assert sign_in(browser, "profe@example.org").get("/notices").text.count("por calificar") == 1


def left(instance: Instance) -> None:
    """Take everybody out of every team."""
    with instance.database.unit_of_work() as session:
        session.execute(delete(CourseStaff))


def suspended(instance: Instance) -> None:
    """Suspend whoever teaches."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "profe@example.org").values(suspended_at=clock.now()))


def archived(instance: Instance) -> None:
    """Archive every course."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=clock.now()))


@pytest.mark.parametrize("what", [left, suspended, archived])
def test_who_no_longer_works_in_a_course_is_not_notified(instance: Instance, what: Callable[[Instance], None]) -> None:
    course = a_marked_quiz(instance)
    a_teacher(instance, course, role=StaffRole.GRADER)
    an_essay(instance, course, "ana@example.org", MORNING - HOUR)
    what(instance)

    notify(instance, MORNING)

    assert notices_of(instance, "profe@example.org") == []


def test_the_switches_of_a_member_decide_how_they_are_notified(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    a_teacher(instance, course, role=StaffRole.GRADER)
    an_essay(instance, course, "ana@example.org", MORNING - HOUR)
    sign_in(browser, "profe@example.org").get("/profile/notices")
    browser.submit("/profile/notices", {"waiting_bell": None, "waiting_mail": "never"})
    learner = sign_in(browser.another(), "ana@example.org")

    notify(instance, MORNING)

    assert notices_of(instance, "profe@example.org") == []
    assert not any("por calificar" in mail for mail in browser.mails())
    assert "waiting_bell" not in learner.get("/profile/notices").html
