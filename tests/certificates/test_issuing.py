"""Notices of certificates that expire, and renewals by taking the course again (spec/certificates E3 and E4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Notification
from certificates.issuing import STEPS, ExpiryNotice, list_due_notices, list_holders_to_notify
from certificates.models import Credential
from courses.models import Course
from enrolments.dates import COVERED_DATES
from enrolments.models import Enrolment
from kernel import clock, outbox
from kernel.outbox import deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person, folder, publish, sign_in
from tests.support.certificates import a_certificate
from tests.support.learning import At, a_learner, actor_of, mark_done, pass_quiz
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.takes import read, takes_of
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

LAST_DAY = date(2028, 6, 1)


def _expiring(instance: Instance) -> Credential:
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(expires_on=LAST_DAY))
    return row


def _run(instance: Instance, day: date, hour: int = 17) -> None:
    now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "certificates.plan_expiry_notices", {}, now=now)
    deliver_waiting(instance.worker, now=now)


def _notified(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        keys = session.scalars(select(Notification.key).where(Notification.key.like("certificate-expires:%")).order_by(Notification.id))
        return [key.rpartition(":")[2] for key in keys]


def test_each_notice_is_sent_once_on_its_day(instance: Instance) -> None:
    """spec/certificates E4: 60, 30 and 7 days before, and the day after."""
    _expiring(instance)
    for days in (61, 60, 60, 59, 31, 30, 8, 7, 1, 0, -1, -2):
        _run(instance, LAST_DAY - timedelta(days=days))

    assert _notified(instance) == [str(step) for step in STEPS]


def test_a_notice_that_was_missed_is_sent_within_three_days_and_none_at_night(instance: Instance) -> None:
    """spec/certificates E4."""
    _expiring(instance)
    _run(instance, LAST_DAY - timedelta(days=60), hour=8)  # three in the morning
    assert _notified(instance) == []
    _run(instance, LAST_DAY - timedelta(days=58))
    _run(instance, LAST_DAY - timedelta(days=27))

    assert _notified(instance) == ["60"]


def test_notices_stop_when_it_is_renewed(instance: Instance) -> None:
    """spec/certificates E4: another certificate of the course is in force for longer."""
    row = _expiring(instance)
    notice = ExpiryNotice(row.course_id, LAST_DAY, 30)
    with instance.database.unit_of_work() as session:
        first = session.get_one(Enrolment, row.enrolment_id)
        first.left_at = first.superseded_at = clock.now()
        session.flush()
        again = Enrolment(
            person_id=row.person_id,
            course_id=row.course_id,
            course_version_id=first.course_version_id,
            take=2,
            enrolled_at=clock.now(),
            done=0,
            total=0,
        )
        session.add(again)
        session.flush()
        own = {"enrolment_id": again.id, "code": "7K4M92XDC3QF8TRA", "status_place": None, "expires_on": None, "take": 2}
        kept = {
            name: getattr(row, name)
            for name in (column.name for column in Credential.__table__.columns)
            if name not in {"id", "uuid", *own}
        }
        session.add(Credential(**kept, **own))

    with instance.database.unit_of_work(write=False) as session:
        assert list_due_notices(session, LAST_DAY - timedelta(days=30)) == [notice]
        assert list_holders_to_notify(session, notice)[0] == []


def test_a_replaced_certificate_has_no_notices(instance: Instance) -> None:
    """spec/certificates E4."""
    _expiring(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(replaced_at=clock.now()))

    with instance.database.unit_of_work(write=False) as session:
        assert list_due_notices(session, LAST_DAY - timedelta(days=30)) == []


def test_an_obligation_in_force_reminds_instead(instance: Instance) -> None:
    """spec/certificates E4: its reminders say it."""
    row = _expiring(instance)
    notice = ExpiryNotice(row.course_id, LAST_DAY, 30)
    with instance.database.unit_of_work(write=False) as session:
        assert list_holders_to_notify(session, notice)[0] == [row.person_id]
        session.info[COVERED_DATES] = (lambda _session, people: {(person, row.course_id) for person in people},)

        assert list_holders_to_notify(session, notice)[0] == []


RENEWAL = "/courses/prueba/renewal"
PUBLISHED = datetime(2026, 5, 1, 12, tzinfo=QUITO)
DONE = datetime(2026, 6, 1, 12, tzinfo=QUITO)
EVE, OPENED, EXPIRED = (datetime(2028, month, day, hour, tzinfo=QUITO) for month, day, hour in ((4, 1, 23), (4, 2, 1), (6, 2, 1)))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock at the day on which the course is published."""
    return At(monkeypatch, PUBLISHED)


@pytest.fixture
def course(instance: Instance, at: At) -> Course:
    """Return a course whose certificates are valid for 24 months and renewed in the last 60 days."""
    files = folder(modules=1, settings="attempts: 0\n")
    words = b"certificate: {template: constancia, valid: 24 months, renew: {from: 60 days}}"
    course = publish(instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})[0]
    at.moment = DONE
    return course


def somebody_done(instance: Instance, course: Course) -> Actor:
    """Let Ana complete the course and get her certificate."""
    ana = a_learner(instance, course)
    return done_again(instance, ana, course)


def done_again(instance: Instance, ana: Actor, course: Course) -> Actor:
    mark_done(instance, ana, course.slug, "leccion-1")
    pass_quiz(instance, ana, course.slug)
    deliver_waiting(instance.worker)
    return ana


def certificates_of(instance: Instance, ana: Actor) -> list[Credential]:
    statement = select(Credential).where(Credential.person_id == ana.person_id).order_by(Credential.id)
    return read(instance, lambda session: list(session.scalars(statement)))


def test_the_window_opens_on_its_day_and_all_three_pages_lead_to_it(browser: Browser, instance: Instance, course: Course, at: At) -> None:
    """spec/certificates E3: before it the course says since when; after the last valid day it stays open."""
    ana = somebody_done(instance, course)
    pages = ("/courses/prueba", f"/certificates/{certificates_of(instance, ana)[0].uuid}")

    at.moment = EVE
    sign_in(browser)
    for page in pages:
        assert not browser.get(page).has_link(RENEWAL)
        assert "2 de abril de 2028" in browser.page.text
    assert not browser.get("/learning").has_link(RENEWAL)
    browser.get(RENEWAL, status=403)
    browser.post(RENEWAL, status=403)

    for moment in (OPENED, EXPIRED):
        at.moment = moment
        sign_in(browser)
        assert [browser.get(page).has_link(RENEWAL) for page in (*pages, "/learning")] == [True, True, True]


def test_a_renewal_keeps_the_first_certificate_and_counts_from_its_last_day(
    browser: Browser, instance: Instance, course: Course, at: At
) -> None:
    """spec/certificates E3, spec/compulsory 8.2: both are in the register, and nothing is offered twice."""
    ana = somebody_done(instance, course)
    at.moment = OPENED
    sign_in(browser)

    browser.get(RENEWAL)
    browser.submit(RENEWAL)
    browser.post(RENEWAL)
    assert not browser.get("/courses/prueba").has_link(RENEWAL)
    done_again(instance, ana, course)

    assert [(take.take, take.cause) for take in takes_of(instance, ana, course)][1:] == [(2, "self")]
    first, second = certificates_of(instance, ana)
    assert (first.expires_on, second.expires_on) == (date(2028, 6, 1), date(2030, 6, 1))
    assert (first.revoked_at, first.replaced_at) == (None, None)
    for page in ("/courses/prueba", "/learning", f"/certificates/{first.uuid}"):
        assert not browser.get(page).has_link(RENEWAL)


def test_where_an_obligation_rules_its_window_holds(browser: Browser, instance: Instance, course: Course, at: At) -> None:
    """spec/certificates E3: with a window of ten days, nothing is offered sixty days before the last one."""
    ana = somebody_done(instance, course)
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    audience = an_audience_of(instance, a_place(instance))
    let_stay(instance, audience, ana)
    obligation = an_obligation(instance, audience, replace(rules_of(course), window=10))
    at.moment = OPENED
    compute(instance, obligation, [ana.person_id or 0], now=OPENED)
    sign_in(browser)
    assert [browser.get(page).has_link(RENEWAL) for page in ("/courses/prueba", "/learning")] == [False, False]
    browser.get(RENEWAL, status=403)

    at.moment = datetime(2028, 5, 23, 9, tzinfo=QUITO)
    compute(instance, obligation, [ana.person_id or 0], now=at.moment)
    sign_in(browser)

    page = browser.get("/courses/prueba")
    assert page.has_link(RENEWAL)
    assert in_spanish("A compulsory training asks you to take this course again.") in page.text
    browser.get(RENEWAL)


def test_without_a_window_of_the_course_nobody_renews_by_themself(browser: Browser, instance: Instance, at: At) -> None:
    """spec/certificates E3: a validity alone opens none."""
    files = folder(modules=1, settings="attempts: 0\n")
    words = b"certificate: {template: constancia, valid: 24 months}"
    course = publish(instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})[0]
    at.moment = DONE
    somebody_done(instance, course)
    at.moment = OPENED
    sign_in(browser)

    assert not browser.get("/courses/prueba").has_link(RENEWAL)
    browser.get(RENEWAL, status=403)


def test_each_holder_renews_for_themself_alone(browser: Browser, instance: Instance, course: Course, at: At) -> None:
    """spec/compulsory 16, take.begin of oneself, by the certificate alone."""
    cast = a_cast(browser, instance)
    cast.join(course)
    done_again(instance, actor_of(cast.people["E"]), course)
    at.moment = datetime(2026, 6, 1, 13, tzinfo=QUITO)
    assert cast.check("take.renew", "window_not_open", cast.outcomes(RENEWAL)) == []
