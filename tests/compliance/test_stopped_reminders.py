"""Who stops the mails of compulsory training is told that it is seen, and the officer sees it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime
from compliance import jobs
from compliance.models import Assignment, Obligation
from compliance.notices import TRAINING_NOTICE
from compliance.obligations import EnrolmentMode
from compliance.rules.states import TrainingState
from courses.models import Course
from kernel import clock
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.models import AudienceVersion
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.learning import At
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

NOW = datetime(2026, 11, 22, 12, tzinfo=QUITO)
HEADING = "%(count)s person has turned off the emails of compulsory training"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOW)


def an_obliged(instance: Instance) -> tuple[Person, Person, Obligation]:
    """Return an administrator, somebody who has to complete a course, and what obliges them."""
    luz, ana = an_administrator(instance, "luz@example.org"), a_person(instance)
    course: Course = a_course(instance, modules=1)
    audience = an_audience_of(instance, a_place(instance))
    with instance.database.unit_of_work() as session:
        values = {"number": 1, "rule": "unit: GYE", "effective_on": date(2026, 1, 1), "recorded_at": BEGINNING}
        session.add(AudienceVersion(audience_id=audience.id, **values))
    let_stay(instance, audience, ana)
    obligation = an_obligation(instance, audience, rules_of(course), enrolment=EnrolmentMode.OFFERED)
    compute(instance, obligation, [ana.id], now=NOW)
    return luz, ana, obligation


def choose_mails(instance: Instance, person: Person, mail: MailTime) -> None:
    with instance.database.unit_of_work() as session:
        choices = {TRAINING_NOTICE.value: NotificationChoice(True, mail)}
        notices.set_notification_choices(session, SYSTEM, person, choices, now=clock.now())


def night(instance: Instance, number: int) -> list[int]:
    """Let the daily job run; return whom the bell tells that somebody stopped the mails."""
    jobs.notify_of_hindered(Delivery(instance.database, instance.settings, 1, {}, NOW + timedelta(days=number)))
    with instance.database.unit_of_work(write=False) as session:
        return sorted(session.scalars(select(Notification.person_id).where(Notification.key.startswith("stopped:"))))


@pytest.mark.parametrize("kind", [TRAINING_NOTICE.value, ""])
def test_the_page_after_the_link_in_a_mail_says_that_the_officer_sees_it(browser: Browser, instance: Instance, kind: str) -> None:
    _luz, ana, _obligation = an_obliged(instance)
    path = f"/notices/stop/{notices.unsubscription_token(secret_keys(instance.settings)[0], ana.uuid, kind)}"
    note = in_spanish(TRAINING_NOTICE.stop_note)
    assert note in browser.get(path).text
    browser.submit(path)
    assert note in browser.page.text


def test_the_officer_sees_who_stopped_the_mails_on_the_page_of_the_training(browser: Browser, instance: Instance) -> None:
    luz, ana, obligation = an_obliged(instance)
    address = f"/compulsory-training/obligations/{obligation.uuid}"
    assert in_spanish(HEADING, 1) not in sign_in(browser, luz.email).get(address).text
    choose_mails(instance, ana, MailTime.NEVER)
    page = browser.get(address)
    assert in_spanish(HEADING, 1) in page.text
    assert ana.full_name in page.text

    choose_mails(instance, ana, MailTime.DAILY)
    assert in_spanish(HEADING, 1) not in browser.get(address).text


def test_the_officer_gets_one_notification_for_as_long_as_they_are_the_same_people(instance: Instance) -> None:
    luz, ana, _obligation = an_obliged(instance)
    assert night(instance, 0) == []
    choose_mails(instance, ana, MailTime.NEVER)

    assert night(instance, 1) == night(instance, 2) == [luz.id]
    choose_mails(instance, ana, MailTime.AT_ONCE)
    assert night(instance, 3) == []


def test_who_has_nothing_left_to_do_is_not_listed(browser: Browser, instance: Instance) -> None:
    luz, ana, obligation = an_obliged(instance)
    choose_mails(instance, ana, MailTime.NEVER)
    with instance.database.unit_of_work() as session:
        session.execute(update(Assignment).values(state=TrainingState.DONE.value))

    page = sign_in(browser, luz.email).get(f"/compulsory-training/obligations/{obligation.uuid}")

    assert in_spanish(HEADING, 1) not in page.text
    assert night(instance, 1) == []


def test_kinds_of_selections_are_offered_to_those_alone_whom_they_concern(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    an_administrator(instance, "luz@example.org")
    names = ("selection_mail", "objection_mail")

    page = sign_in(browser, "ana@example.org").get("/profile/notices")
    assert [name in page.html for name in names] == [False, False]
    page = sign_in(browser.another(), "luz@example.org").get("/profile/notices")
    assert [name in page.html for name in names] == [True, True]
