"""A package that knows accounts alone notifies many people in portions, once each, and takes it back."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import broadcasts, jobs
from accounts.broadcasts import BroadcastKind
from accounts.models import Notification, Person
from accounts.notices import Message
from enrolments.notices import ANNOUNCEMENT_NOTICE
from kernel import clock, mail
from kernel.outbox import Delivery
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.own_tables import Bulletin, with_table


def compose(_session: Session, row: Bulletin) -> Message:
    text = {"es": row.words, "en": row.words}
    return Message(ANNOUNCEMENT_NOTICE, f"bulletin:{row.id}", text, text, "/learning")


BULLETINS = BroadcastKind(Bulletin, lambda _row: select(Person.id), compose)


@pytest.fixture
def bulletin(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bulletin]:
    """A bulletin for five people, two of them in a portion."""
    monkeypatch.setattr(broadcasts, "PORTION", 2)
    for number in range(5):
        a_person(instance, f"p{number}@example.org")
    with with_table(instance, "bulletin_of_tests"):
        with instance.database.unit_of_work() as session:
            row = Bulletin(words="Mañana se cierra")
            session.add(row)
        yield row


def notify(instance: Instance, row: Bulletin) -> bool:
    with instance.database.unit_of_work() as session:
        return broadcasts.notify_portion(session, BULLETINS, row.id, now=clock.now())


def withdraw(instance: Instance, row: Bulletin) -> None:
    with instance.database.unit_of_work() as session:
        standing = broadcasts.find_standing(session, row)
        assert standing is not None
        broadcasts.withdraw(session, BULLETINS, standing, now=clock.now())


def bells(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Notification)) or 0


def run_job(instance: Instance, row: Bulletin, now: datetime) -> None:
    broadcasts.notify_recipients_of(BULLETINS, "bulletin")(Delivery(instance.database, instance.settings, 1, {"bulletin": row.id}, now))


def test_the_job_goes_on_where_it_was_and_notifies_nobody_twice(browser: Browser, instance: Instance, bulletin: Bulletin) -> None:
    assert notify(instance, bulletin)
    assert bells(instance) == 2

    run_job(instance, bulletin, clock.now())
    run_job(instance, bulletin, clock.now())

    assert bells(instance) == 5
    assert len(browser.mails()) == 5
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(Bulletin, bulletin.id)
        assert (row.told, row.told_at is not None) == (5, True)


def test_what_is_withdrawn_leaves_bells_mails_and_portions(browser: Browser, instance: Instance, bulletin: Bulletin) -> None:
    notify(instance, bulletin)
    reader = sign_in(browser, "p0@example.org")
    assert "Mañana se cierra" in reader.get("/notices").text

    withdraw(instance, bulletin)

    assert "Mañana se cierra" not in reader.get("/notices").text
    assert not notify(instance, bulletin)
    assert bells(instance) == 0
    assert browser.mails() == []
    with instance.database.unit_of_work() as session:
        assert broadcasts.find_standing(session, bulletin) is None


def test_a_withdrawal_stops_the_mails_of_a_job_that_is_under_way(
    instance: Instance, bulletin: Bulletin, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify(instance, bulletin)
    sent: list[str] = []

    def dispatch(_delivery: Delivery, message: mail.Mail) -> None:
        sent.append(message.to)
        withdraw(instance, bulletin)

    monkeypatch.setattr(mail, "dispatch", dispatch)
    with instance.database.unit_of_work(write=False) as session:
        people = list(session.scalars(select(Notification.person_id).order_by(Notification.person_id)))
    arguments = {"key": f"bulletin:{bulletin.id}", "people": people}
    jobs.send_notices(Delivery(instance.database, instance.settings, 1, arguments, clock.now()))

    assert sent == ["p0@example.org"]
