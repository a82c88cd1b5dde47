"""D35: who is out of the scope of a notification is shown and mailed nothing more of it, also of what was written before."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, exists, select

from accounts import jobs, notices
from accounts.models import Notification, Person, RoleGrant
from accounts.notices import NOTICE_KINDS, Message, NotificationChoice
from accounts.rules import MailTime, NoticeKind
from enrolments.notices import GRADED_NOTICE
from kernel import clock, mail
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from lms import app as roof
from lms import own_data
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.wording import in_spanish

SEVEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Seven in the morning in Quito."""
ROLE_NOTICE = NoticeKind(
    "of_a_role",
    label="Roles",
    hint="Roles",
    icon="bell",
    scope=lambda _hooks: exists().where(RoleGrant.person_id == Notification.person_id, RoleGrant.id == Notification.about_id),
)
"""Concerns who holds a role."""


@dataclass(frozen=True)
class Office:
    """A person with a role that notifications are about."""

    instance: Instance
    ana: Person
    role: int

    def tell(self, *, now: datetime | None = None) -> None:
        """Notify the person of what is for the role alone, and of what is not."""
        with self.instance.database.unit_of_work() as session:
            for kind, words, about in ((ROLE_NOTICE, "Acta secreta", self.role), (GRADED_NOTICE, "Nota puesta", None)):
                text = {"es": words, "en": words}
                message = Message(kind, f"{kind.value}-1", text, text, "/learning", about_id=about)
                notices.notify(session, message, [self.ana.id], now=now or clock.now())

    def choose(self, mail_time: MailTime) -> None:
        """Let the person be mailed at a time."""
        choices = {kind.value: NotificationChoice(mail=mail_time) for kind in (ROLE_NOTICE, GRADED_NOTICE)}
        with self.instance.database.unit_of_work() as session:
            notices.set_notification_choices(session, SYSTEM, session.get_one(Person, self.ana.id), choices, now=clock.now())

    def leave(self) -> None:
        """Take the role away."""
        with self.instance.database.unit_of_work() as session:
            session.execute(delete(RoleGrant).where(RoleGrant.id == self.role))


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a kind with a scope among those of the product, from the start of the application."""
    monkeypatch.setitem(roof.GIVEN, NOTICE_KINDS, (*NOTICE_KINDS.given_in(roof.GIVEN), ROLE_NOTICE))


@pytest.fixture
def office(kinds: None, instance: Instance) -> Office:
    """Return a person with a role."""
    ana = a_person(instance)
    with instance.database.unit_of_work() as session:
        grant = RoleGrant(person_id=ana.id, role="instructor", granted_at=clock.now())
        session.add(grant)
        session.flush()
        return Office(instance, ana, grant.id)


@pytest.mark.fresh
def test_bell_count_and_copy_ask_the_scope_each_time(office: Office, browser: Browser) -> None:
    office.tell()
    reader = sign_in(browser)
    assert in_spanish("Notifications: %(count)s new", 2) in reader.get("/learning").html
    assert "Acta secreta" in reader.page.text
    with office.instance.database.unit_of_work(write=False) as session:
        assert [row["kind"] for row in own_data.tables_of(session, office.ana.id, now=clock.now())["notices"]] == ["of_a_role", "graded"]

    office.leave()

    assert in_spanish("Notifications: %(count)s new", 1) in reader.get("/learning").html
    assert "Acta secreta" not in reader.page.text
    assert "Nota puesta" in reader.get("/notices").text
    assert "Acta secreta" not in reader.page.text
    with office.instance.database.unit_of_work(write=False) as session:
        assert [row["kind"] for row in own_data.tables_of(session, office.ana.id, now=clock.now())["notices"]] == ["graded"]


@pytest.mark.fresh
@pytest.mark.parametrize("leaves", [False, True])
def test_a_mail_goes_out_to_who_is_still_in_scope(office: Office, browser: Browser, leaves: bool) -> None:
    office.tell()
    if leaves:
        office.leave()

    mails = "\n".join(browser.mails())

    assert "Nota puesta" in mails
    assert ("Acta secreta" in mails) is not leaves


@pytest.mark.fresh
def test_who_leaves_while_mails_go_out_gets_none_any_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    blas = a_person(office.instance, "blas@example.org")
    with office.instance.database.unit_of_work() as session:
        grant = RoleGrant(person_id=blas.id, role="instructor", granted_at=clock.now())
        session.add(grant)
        session.flush()
        text = {"es": "Acta secreta", "en": "Acta secreta"}
        for person, about in ((office.ana, office.role), (blas, grant.id)):
            notices.notify(session, Message(ROLE_NOTICE, "acta", text, text, "/learning", about_id=about), [person.id], now=clock.now())
    sent: list[str] = []

    def dispatch(_delivery: Delivery, message: mail.Mail) -> None:
        sent.append(message.to)
        with office.instance.database.unit_of_work() as session:
            session.execute(delete(RoleGrant))

    monkeypatch.setattr(mail, "dispatch", dispatch)
    arguments = {"key": "acta", "people": [office.ana.id, blas.id]}
    jobs.send_notices(Delivery(office.instance.database, office.instance.settings, 1, arguments, clock.now()))

    assert sent == [office.ana.email]


@pytest.mark.fresh
@pytest.mark.parametrize("leaves", [False, True])
def test_a_digest_is_made_of_what_is_still_in_scope(office: Office, browser: Browser, leaves: bool) -> None:
    office.choose(MailTime.DAILY)
    office.tell(now=SEVEN - timedelta(hours=3))
    if leaves:
        office.leave()

    jobs.send_digests(Delivery(office.instance.database, office.instance.settings, 1, {}, SEVEN))
    (text,) = browser.mails()

    assert "Nota puesta" in text
    assert ("Acta secreta" in text) is not leaves


@pytest.mark.fresh
def test_whoever_comes_back_sees_it_again_and_is_notified_once(office: Office, browser: Browser) -> None:
    office.tell()
    office.leave()
    reader = sign_in(browser)
    assert "Acta secreta" not in reader.get("/notices").text
    with office.instance.database.unit_of_work() as session:
        session.add(RoleGrant(id=office.role, person_id=office.ana.id, role="instructor", granted_at=clock.now()))

    office.tell()

    assert reader.get("/notices").text.count("Acta secreta") >= 1
    with office.instance.database.unit_of_work(write=False) as session:
        assert len(session.scalars(select(Notification.id)).all()) == 2
