"""Notices: in the bell and by mail, as each person wants it, once for each event, and one press to stop them."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounts import jobs, notices
from accounts.models import Notification, Person
from accounts.notices import NOTICE_KINDS, Message, NotificationChoice
from accounts.rules import MailTime, NoticeKind, digest_until
from certificates.credentials import CERTIFICATE_NOTICE
from compliance.notices import TRAINING_NOTICE
from enrolments.notices import GRADED_NOTICE
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.crypto import seal
from kernel.outbox import Delivery, Job
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms import retention
from lms.app import GIVEN
from lms.instance import Instance
from tests.support.browser import Browser, Counter
from tests.support.builders import a_person, sign_in
from tests.support.learning import actor_of
from tests.support.postbox import Postbox, worker_sending_to
from tests.support.wording import in_spanish

QUITO = ZoneInfo("America/Guayaquil")
SEVEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Seven in the morning in Quito."""


def a_message(key: str = "evento-1", kind: NoticeKind = GRADED_NOTICE) -> Message:
    subject = {"es": f"Calificado {key}", "en": f"Marked {key}"}
    return Message(kind, key, subject, {"es": "Vea el resultado.", "en": "See the result."}, "/learning")


def give(instance: Instance, *people: Person, message: Message | None = None, now: datetime | None = None) -> int:
    with instance.database.unit_of_work() as session:
        return notices.notify(session, message or a_message(), [person.id for person in people], now=now or clock.now())


def switch(instance: Instance, person: Person, *, in_bell: bool = True, mail: MailTime = MailTime.AT_ONCE) -> None:
    with instance.database.unit_of_work() as session:
        notices.set_notification_choices(session, SYSTEM, person, {GRADED_NOTICE.value: NotificationChoice(in_bell, mail)}, now=clock.now())


def deliver(instance: Instance, kind: str, now: datetime) -> None:
    """Run a periodic job as of a moment, and what follows from it."""
    handler = {"digests": jobs.send_digests, "forget": retention.apply}[kind]
    effect = handler(Delivery(instance.database, instance.settings, 1, {}, now))
    if effect is not None:
        with instance.database.unit_of_work() as session:
            effect(session)


def rows(instance: Instance) -> list[Notification]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Notification).order_by(Notification.id)))


def mail_of(browser: Browser) -> str:
    (text,) = browser.mails()
    return text


def test_a_notice_is_in_the_bell_and_in_the_mail_once(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)

    assert (give(instance, ana), give(instance, ana)) == (1, 0)
    sign_in(browser).get("/learning")
    assert in_spanish("Notifications: %(count)s new", 1) in browser.page.html
    browser.get("/notices")
    assert "Calificado evento-1" in browser.page.text
    browser.get("/notices")
    assert "nuevo" not in browser.page.text
    assert mail_of(browser).count("Vea el resultado.") == 1


def test_a_mail_that_is_delivered_twice_is_sent_once(browser: Browser, instance: Instance) -> None:
    give(instance, a_person(instance))
    browser.deliver_jobs()
    (row,) = rows(instance)

    assert row.mailed_at is not None
    sent = next((instance.settings.data_dir / "mail").iterdir()).stat().st_mtime_ns
    jobs.send_notices(Delivery(instance.database, instance.settings, 99, {"key": row.key, "people": [row.person_id]}, clock.now()))
    assert [path.stat().st_mtime_ns for path in (instance.settings.data_dir / "mail").iterdir()] == [sent]


@pytest.mark.parametrize(
    ("in_bell", "mail", "kept", "mails"),
    [(True, MailTime.NEVER, 1, 0), (False, MailTime.AT_ONCE, 1, 1), (False, MailTime.NEVER, 0, 0), (True, MailTime.DAILY, 1, 0)],
)
def test_each_kind_is_told_as_the_person_wants_it(
    browser: Browser, instance: Instance, in_bell: bool, mail: MailTime, kept: int, mails: int
) -> None:
    ana = a_person(instance)
    switch(instance, ana, in_bell=in_bell, mail=mail)
    give(instance, ana)
    sign_in(browser).get("/notices")

    assert len(rows(instance)) == kept
    assert ("Calificado" in browser.page.text) is in_bell
    assert len(browser.mails()) == mails


def test_nobody_who_is_suspended_or_whose_address_is_not_theirs_gets_mail(browser: Browser, instance: Instance) -> None:
    ana, blas = a_person(instance), a_person(instance, "blas@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, ana.id).email_confirmed_at = None
        session.get_one(Person, blas.id).suspended_at = clock.now()

    assert give(instance, ana, blas) == 1
    assert browser.mails() == []


def test_a_person_chooses_by_kind(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    sign_in(browser).get("/profile/notices")
    browser.submit("/profile/notices", {"graded_bell": None, "graded_mail": "daily"})
    assert in_spanish("Your notification preferences were saved.") in browser.page.text
    browser.submit("/profile/notices", {"graded_mail": "hourly"}, status=422)

    with instance.database.unit_of_work(write=False) as session:
        choices = notices.notification_choices_of(session, ana.id)
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "notices.switched")) == 1
    assert choices[GRADED_NOTICE.value] == NotificationChoice(in_bell=False, mail=MailTime.DAILY)
    kinds = {kind.value: kind for kind in NOTICE_KINDS.given_in(GIVEN)}
    others = {kind: choice for kind, choice in choices.items() if kind != GRADED_NOTICE.value}
    assert others == {kind: NotificationChoice(mail=kinds[kind].usual_mail) for kind in others}


@pytest.mark.parametrize(
    ("now", "until"),
    [(SEVEN, SEVEN), (SEVEN - timedelta(seconds=1), SEVEN - timedelta(days=1)), (SEVEN + timedelta(hours=16), SEVEN)],
)
def test_the_day_of_the_daily_mail_begins_at_seven_in_the_readers_zone(now: datetime, until: datetime) -> None:
    assert digest_until(now, QUITO) == until


def test_the_daily_mail_holds_what_waited_and_goes_out_once(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    switch(instance, ana, mail=MailTime.DAILY)
    give(instance, ana, message=a_message("tarde"), now=SEVEN - timedelta(hours=10))
    give(instance, ana, message=a_message("noche"), now=SEVEN - timedelta(hours=1))
    give(instance, ana, message=a_message("hoy"), now=SEVEN + timedelta(minutes=1))
    for _again in range(2):
        deliver(instance, "digests", SEVEN + timedelta(minutes=5))
    text = mail_of(browser)

    assert in_spanish("Your notification of the day", 2) in text
    assert ("Calificado tarde" in text, "Calificado noche" in text, "Calificado hoy" in text) == (True, True, False)
    deliver(instance, "digests", SEVEN + timedelta(days=1))
    assert len(browser.mails()) == 2
    assert all(row.mailed_at is not None for row in rows(instance))


def stop_path(text: str) -> str:
    return re.search(r"/notices/stop/[\w.-]+", text.replace("=\n", ""))[0]  # type: ignore[index]  # it is there


def test_one_press_in_the_mail_program_stops_a_kind(browser: Browser, instance: Instance, app: Flask) -> None:
    """RFC 8058: a POST without cookies, tokens or a page before it."""
    ana = a_person(instance)
    give(instance, ana)
    path = stop_path(mail_of(browser))
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    give(instance, ana, message=a_message("evento-2"))
    give(instance, ana, message=a_message("evento-3", CERTIFICATE_NOTICE))
    assert len(browser.mails()) == 2
    sign_in(browser).get("/notices")
    assert "Calificado evento-2" in browser.page.text


def test_a_link_of_an_earlier_release_still_stops_its_kind(instance: Instance) -> None:
    ana, secret = a_person(instance), secret_keys(instance.settings)[0]
    old = seal(secret, notices.UNSUBSCRIBE, [str(ana.uuid), "graded"])

    assert notices.read_unsubscription([secret], old) == notices.Unsubscription(ana.uuid, "graded", "")
    token = notices.unsubscription_token(secret, ana.uuid, "", "course:7")
    assert notices.read_unsubscription([secret], token) == notices.Unsubscription(ana.uuid, "", "course:7")


def test_mails_of_a_conversation_say_where_it_is_answered(browser: Browser, instance: Instance) -> None:
    ana, text = a_person(instance), in_spanish("Do not reply to this email: reply on the page.")
    give(instance, ana, message=replace(a_message("uno"), thread_key="Ab3", list_id="board-7"))
    give(instance, ana, message=a_message("dos"))
    browser.deliver_jobs()
    conversation, other = (path.read_text() for path in sorted((instance.settings.data_dir / "mail").glob("*.eml")))

    for name in ("References", "In-Reply-To"):
        assert re.search(rf"^{name}: <thread-Ab3@[^>\s]+>$", conversation, re.MULTILINE)
    assert re.search(r"^List-Id: <board-7\.[^>\s]+>$", conversation, re.MULTILINE)
    assert [text in mail for mail in browser.mails()].count(True) == 1
    assert "thread-" not in other


def test_what_waited_for_the_daily_mail_is_stopped_too(browser: Browser, instance: Instance, app: Flask) -> None:
    ana = a_person(instance)
    switch(instance, ana, mail=MailTime.DAILY)
    give(instance, ana, now=SEVEN - timedelta(hours=1))
    with instance.database.unit_of_work() as session:
        notices.stop_mails(session, SYSTEM, notices.Unsubscription(ana.uuid, None), now=SEVEN)
    deliver(instance, "digests", SEVEN)

    assert browser.mails() == []


def test_a_person_who_follows_the_link_is_asked_first(browser: Browser, instance: Instance) -> None:
    give(instance, a_person(instance))
    path = stop_path(mail_of(browser))
    browser.get(path)
    assert in_spanish("Grades") in browser.page.text
    assert rows(instance)[0].mail == MailTime.AT_ONCE.value
    browser.submit(path)

    assert in_spanish("You will no longer receive these emails") in browser.page.text


@pytest.mark.parametrize("token", ["x", "WyJhIl0.abc.def"])
def test_a_link_that_we_did_not_sign_stops_nothing(browser: Browser, instance: Instance, token: str) -> None:
    a_person(instance)
    browser.get(f"/notices/stop/{token}", status=404)

    assert browser.client.post(f"/notices/stop/{token}").status_code == 404


def test_the_mail_names_the_way_to_stop_it(browser: Browser, instance: Instance) -> None:
    give(instance, a_person(instance))
    browser.deliver_jobs()
    raw = next((instance.settings.data_dir / "mail").glob("*.eml")).read_text()

    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw
    assert re.search(r"^List-Unsubscribe: <https?://[^>\s]+>$", raw, re.MULTILINE)


def test_notices_are_forgotten_after_half_a_year(instance: Instance) -> None:
    ana, now = a_person(instance), clock.now()
    give(instance, ana, message=a_message("vieja"), now=now - timedelta(days=181))
    give(instance, ana, message=a_message("nueva"), now=now - timedelta(days=179))
    deliver(instance, "forget", now)

    assert [row.key for row in rows(instance)] == ["nueva"]


def test_hundreds_are_told_with_so_many_statements(instance: Instance, browser: Browser) -> None:
    people = [a_person(instance, f"p{number}@example.org") for number in range(30)]
    counts = []
    counter = Counter(instance.database.writing)
    for size, key in ((3, "a"), (30, "b")):
        counter.reset()
        give(instance, *people[:size], message=a_message(key))
        counts.append(len(counter.statements))

    assert counts[0] == counts[1]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "accounts.send_notices")) == 2


@pytest.mark.slow
def test_an_address_that_is_refused_keeps_nobody_else_waiting(instance: Instance) -> None:
    box = Postbox(refuses="p1@")
    worker = worker_sending_to(instance, box)
    give(instance, *[a_person(instance, f"p{number}@example.org") for number in range(5)])
    outbox.deliver_waiting(worker, now=clock.now())
    assert sorted(message["To"] for message in box.messages) == [f"p{number}@example.org" for number in (0, 2, 3, 4)]
    box.refuses = ""
    outbox.deliver_waiting(worker, now=clock.now() + timedelta(minutes=2))
    box.close()

    assert [message["To"] for message in box.messages][4:] == ["p1@example.org"]
    assert all(row.mailed_at is not None for row in rows(instance))


@pytest.mark.slow
def test_a_message_that_is_refused_keeps_nobody_else_waiting(instance: Instance) -> None:
    """Whether the server does not take it, or nobody can even write down its address."""
    box = Postbox(drops="p1@")
    worker = worker_sending_to(instance, box)
    give(instance, *[a_person(instance, email) for email in ("p0@example.org", "p1@example.org", "p2@-example.org", "p3@example.org")])
    outbox.deliver_waiting(worker, now=clock.now())
    assert sorted(message["To"] for message in box.messages) == ["p0@example.org", "p3@example.org"]
    box.drops = ""
    outbox.deliver_waiting(worker, now=clock.now() + timedelta(minutes=2))
    box.close()

    assert [message["To"] for message in box.messages][2:] == ["p1@example.org"]
    assert [row.mailed_at is not None for row in rows(instance)].count(False) == 1


def test_many_are_written_to_in_portions(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MAILS", 2)
    box = Postbox()
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    give(instance, *people)
    numbers = [person.id for person in people]
    assert left_to_mail(instance) == [numbers[:2], numbers[2:4], numbers[4:]]
    outbox.deliver_waiting(worker_sending_to(instance, box), now=clock.now())
    box.close()

    assert sorted(message["To"] for message in box.messages) == [f"p{number}@example.org" for number in range(5)]


def test_who_is_told_of_the_same_in_another_portion_is_written_to_by_its_job_alone(instance: Instance) -> None:
    """Portions of people may lie between one another: what two workers do at once must not meet."""
    box = Postbox()
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    give(instance, *people[::2])
    give(instance, *people[1::2])
    with instance.database.unit_of_work(write=False) as session:
        first = session.scalars(select(Job.id).where(Job.kind == "accounts.send_notices").order_by(Job.id)).first()
    assert first is not None
    outbox.deliver(worker_sending_to(instance, box), first, now=clock.now())
    assert [message["To"] for message in box.messages] == [person.email for person in people[::2]]
    outbox.deliver_waiting(worker_sending_to(instance, box), now=clock.now())
    box.close()

    assert [message["To"] for message in box.messages][3:] == [person.email for person in people[1::2]]


def test_an_address_that_is_nobodys_is_not_tried_again(instance: Instance) -> None:
    box = Postbox(refuses="p1@", refusal="550 5.1.1 <p1@example.org>: User unknown")
    worker = worker_sending_to(instance, box)
    give(instance, *[a_person(instance, f"p{number}@example.org") for number in range(3)])
    outbox.deliver_waiting(worker, now=clock.now())
    box.close()

    assert sorted(message["To"] for message in box.messages) == ["p0@example.org", "p2@example.org"]
    assert all(row.mailed_at is not None for row in rows(instance))
    assert left_to_mail(instance) == []


def test_a_portion_ends_well_within_the_lease_and_the_rest_is_the_next_jobs(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mail takes a fifth of the lease here."""
    begun, box = clock.now(), Postbox()
    people = [a_person(instance, f"p{number}@example.org") for number in range(9)]
    give(instance, *people, now=begun)
    with instance.database.unit_of_work(write=False) as session:
        job = session.scalars(select(Job.id).where(Job.kind == "accounts.send_notices")).one()
    monkeypatch.setattr(clock, "now", lambda: begun + outbox.LEASE / 5 * len(box.messages))
    assert outbox.deliver(worker_sending_to(instance, box), job, now=begun) is outbox.DeliveryOutcome.DONE
    sent = len(box.messages)
    assert 0 < sent < len(people)
    assert outbox.LEASE / 5 * sent < outbox.LEASE
    assert left_to_mail(instance) == [[person.id for person in people[sent:]]]

    outbox.deliver_waiting(worker_sending_to(instance, box), now=begun)
    box.close()
    assert [message["To"] for message in box.messages] == [person.email for person in people]


def test_who_was_refused_in_a_portion_is_tried_again_without_the_rest(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second try of all would meet the job of the rest, and both would mail it."""
    begun, box = clock.now(), Postbox(refuses="p0@")
    worker = worker_sending_to(instance, box)
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    give(instance, *people, now=begun)
    monkeypatch.setattr(clock, "now", lambda: begun + (outbox.LEASE if box.messages else timedelta()))  # one is sent, then it is late
    with instance.database.unit_of_work(write=False) as session:
        job = session.scalars(select(Job.id).where(Job.kind == "accounts.send_notices")).one()
    outbox.deliver(worker, job, now=begun)
    assert left_to_mail(instance) == [[person.id for person in people[2:]], [people[0].id]]
    monkeypatch.undo()
    outbox.deliver_waiting(worker, now=begun)
    assert left_to_mail(instance) == [[people[0].id]]
    box.refuses = ""
    outbox.deliver_waiting(worker, now=clock.now() + timedelta(minutes=2))
    box.close()

    assert [message["To"] for message in box.messages] == [f"p{number}@example.org" for number in (1, 2, 3, 4, 0)]


def left_to_mail(instance: Instance) -> list[list[int]]:
    """Return the people to whom notices are still to be sent."""
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(Job.arguments).where(Job.kind == "accounts.send_notices", Job.done_at.is_(None)).order_by(Job.id))
        return [json.loads(arguments)["people"] for arguments in found]


def test_one_choice_sets_all_kinds_but_reminders_of_compulsory_training(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)

    def chosen() -> tuple[set[NotificationChoice], NotificationChoice]:
        with instance.database.unit_of_work(write=False) as session:
            choices = notices.notification_choices_of(session, ana.id)
            offered = {kind.value for kind in notices.list_notice_kinds(session).values() if kind.concerns(actor_of(ana))}
            others = {choices[kind] for kind in offered - {TRAINING_NOTICE.value}}
        return others, choices[TRAINING_NOTICE.value]

    sign_in(browser).get("/profile/notices")
    assert dict(browser.page.forms[-1].fields).get("mode", "at_once") == "at_once"
    for mode, choice in (("never", NotificationChoice(False, MailTime.NEVER)), ("daily", NotificationChoice(True, MailTime.DAILY))):
        browser.submit("/profile/notices", {"mode": mode})
        assert chosen() == ({choice}, NotificationChoice())
    browser.submit("/profile/notices", {"graded_mail": "never"})
    assert NotificationChoice(True, MailTime.NEVER) in chosen()[0]
    browser.submit("/profile/notices", {"mode": "at_once"})

    assert chosen()[0] == {NotificationChoice()}


def test_learners_see_no_kinds_of_the_staff(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    page = sign_in(browser).get("/profile/notices")

    assert [group in page.text for group in (in_spanish("Learning"), in_spanish("Dates and deadlines"))] == [True, True]
    assert [name in page.html for name in ("waiting_mail", "approval_mail", "training_team_mail", "operation_mail")] == [False] * 4


def test_every_kind_fits_its_column(instance: Instance) -> None:
    """SQLite takes any length; PostgreSQL does not."""
    with instance.database.unit_of_work(write=False) as session:
        kinds = notices.list_notice_kinds(session)

    assert [name for name in kinds if len(name) > Notification.__table__.columns["kind"].type.length] == []
