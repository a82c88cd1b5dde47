"""Nights without a mail server: nothing is given up that matters, one probe stands for all, and links that are over are not sent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from accounts import addresses, notices
from accounts.models import Person
from accounts.notices import Message
from accounts.rules import TOKEN_LIFE
from enrolments.notices import GRADED_NOTICE
from kernel import mail, outbox
from kernel.outbox import ATTEMPTS, AWAY_FOR, DeliveryOutcome, Job, JobRunner
from kernel.permissions import SYSTEM
from lms import queries
from lms.instance import Instance
from tests.support.browser import Browser, read_mail
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.postbox import Postbox

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MESSAGE = Message(GRADED_NOTICE, "evento", {"es": "Calificado"}, {"es": "Vea el resultado."}, "/learning")


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def posting(instance: Instance, port: int) -> JobRunner:
    settings = instance.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False})
    return JobRunner(instance.database, settings, instance.worker.handlers)


def forget_password(instance: Instance, person: Person, now: datetime = NOW) -> None:
    with instance.database.unit_of_work() as session:
        addresses.ask_reset_link(session, SYSTEM, person.email, now=now)


def tell(instance: Instance, *people: Person, key: str = "evento") -> None:
    with instance.database.unit_of_work() as session:
        message = Message(MESSAGE.kind, key, MESSAGE.subject, MESSAGE.words, MESSAGE.path)
        notices.notify(session, message, [person.id for person in people], now=NOW)


def jobs_of(instance: Instance) -> list[Job]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def next_try(instance: Instance) -> datetime:
    return min(job.available_at for job in jobs_of(instance) if job.done_at is None and job.failed_at is None)


@contextmanager
def deaf() -> Iterator[tuple[int, list[socket.socket]]]:
    """Take connections and say nothing, as a mail server behind a broken line does."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield int(held.getsockname()[1]), []


@pytest.mark.slow
def test_mail_is_tried_for_three_days_with_growing_pauses_and_one_probe_for_all(instance: Instance) -> None:
    for number in range(8):
        tell(instance, a_person(instance, f"p{number}@example.org"), key=f"evento-{number}")
    worker, moment, pauses = posting(instance, free_port()), NOW, list[timedelta]()
    while moment < NOW + AWAY_FOR - timedelta(hours=2):
        assert outbox.deliver_waiting(worker, now=moment) == 0
        pauses.append(next_try(instance) - moment)
        moment = next_try(instance)

    assert all(job.failed_at is None for job in jobs_of(instance))
    assert pauses[0] <= timedelta(seconds=36)
    assert timedelta(minutes=48) <= max(pauses) <= timedelta(minutes=72)
    assert len(pauses) < 150
    assert {job.last_error for job in jobs_of(instance)} == {f"ConnectionRefusedError 111: 127.0.0.1:{worker.settings.smtp_port}"}
    outbox.deliver_waiting(worker, now=NOW + AWAY_FOR + timedelta(hours=2))
    assert {job.failed_at for job in jobs_of(instance)} == {NOW + AWAY_FOR + timedelta(hours=2)}


def test_one_probe_stands_for_all_that_wait(instance: Instance) -> None:
    for number in range(8):
        tell(instance, a_person(instance, f"p{number}@example.org"), key=f"evento-{number}")
    port = free_port()
    outbox.deliver_waiting(posting(instance, port), now=NOW)
    box = Postbox(port=port, answers={"EHLO": "421 not now", "HELO": "421 not now"})
    outbox.deliver_waiting(posting(instance, port), now=NOW + timedelta(minutes=1))
    box.close()

    assert [line for line in box.conversation if line.startswith("ehlo")] == ["ehlo " + box.conversation[0].split(" ")[1]]


@pytest.mark.slow
def test_when_one_mail_goes_out_all_that_wait_go_at_once(instance: Instance) -> None:
    port, hours = free_port(), timedelta(hours=9)
    for number in range(8):
        tell(instance, a_person(instance, f"p{number}@example.org"), key=f"evento-{number}")
    moment = NOW
    while moment < NOW + hours:
        outbox.deliver_waiting(posting(instance, port), now=moment)
        moment = next_try(instance)
    box = Postbox(port=port)
    now = moment - timedelta(minutes=5)
    forget_password(instance, a_person(instance, "ana@example.org"), now)
    assert outbox.deliver_waiting(posting(instance, port), now=now) == 9
    box.close()

    assert len(box.messages) == 9
    assert all(job.done_at == now and job.awaits == "" for job in jobs_of(instance))


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "DATA", "RCPT"])
@pytest.mark.parametrize("code", ["421 closing", "450 later"])
def test_a_server_that_puts_off_is_asked_again_and_uses_up_no_try(instance: Instance, verb: str, code: str) -> None:
    tell(instance, a_person(instance))
    box = Postbox(answers={verb: code, "HELO": code})
    moment = NOW
    for _turn in range(ATTEMPTS + 2):
        outbox.deliver_waiting(posting(instance, box.port), now=moment)
        moment = next_try(instance)
    box.answers = {}
    assert outbox.deliver_waiting(posting(instance, box.port), now=moment) == 1
    box.close()

    assert len(box.messages) == 1


@pytest.mark.slow
def test_a_server_that_says_nothing_is_away(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.2)
    tell(instance, a_person(instance))
    with deaf() as (port, _held):
        outbox.deliver_waiting(posting(instance, port), now=NOW)
    (job,) = jobs_of(instance)

    assert (job.awaits, job.attempts) == (f"127.0.0.1:{port}", 0)
    assert job.last_error == f"TimeoutError: 127.0.0.1:{port}"


@pytest.mark.parametrize("goodbye", ["421 too late", "250 fine", "500 what"])
def test_a_mail_that_was_taken_is_sent_however_the_server_says_goodbye(instance: Instance, goodbye: str) -> None:
    tell(instance, a_person(instance))
    box = Postbox(answers={"QUIT": goodbye})
    assert outbox.deliver_waiting(posting(instance, box.port), now=NOW) == 1
    box.close()

    assert len(box.messages) == 1


@pytest.mark.parametrize("answers", [{"MAIL": "530 5.7.0 authentication required"}, {"EHLO": "554 go away", "HELO": "554 go away"}])
def test_a_server_that_takes_nothing_from_us_costs_no_mail_its_tries(instance: Instance, answers: dict[str, str]) -> None:
    """A wrong password of the mail server is mended in the morning."""
    tell(instance, a_person(instance))
    box = Postbox(answers=answers)
    moment = NOW
    for _turn in range(ATTEMPTS + 2):
        assert outbox.deliver_waiting(posting(instance, box.port), now=moment) == 0
        moment = next_try(instance)
    box.close()
    (job,) = jobs_of(instance)

    assert job.awaits == f"127.0.0.1:{box.port}"
    assert "authentication" not in job.last_error


@pytest.mark.slow
def test_a_mail_that_is_refused_for_good_fails_alone(instance: Instance) -> None:
    box = Postbox(refuses="p1@", refusal="550 5.7.1 p1@example.org is not wanted")
    tell(instance, *[a_person(instance, f"p{number}@example.org") for number in range(3)])
    moment = NOW
    for _turn in range(ATTEMPTS):
        outbox.deliver_waiting(posting(instance, box.port), now=moment)
        moment += timedelta(hours=10)
    tell(instance, a_person(instance, "p3@example.org"), key="otro")
    outbox.deliver_waiting(posting(instance, box.port), now=moment)
    box.close()

    assert [message["To"] for message in box.messages] == ["p0@example.org", "p2@example.org", "p3@example.org"]
    assert [(job.failed_at is not None, job.last_error) for job in jobs_of(instance)] == [(True, "SMTPRecipientsRefused"), (False, "")]


@pytest.mark.slow
def test_among_many_one_that_is_put_off_is_not_given_up_with_one_that_is_refused(instance: Instance) -> None:
    box = Postbox(addresses={"p1@": "550 no", "p2@": "450 later"})
    tell(instance, *[a_person(instance, f"p{number}@example.org") for number in range(4)])
    moment = NOW
    for _turn in range(ATTEMPTS + 3):
        outbox.deliver_waiting(posting(instance, box.port), now=moment)
        moment += timedelta(hours=8)
    box.addresses = {}
    outbox.deliver_waiting(posting(instance, box.port), now=moment)
    box.close()

    assert [message["To"] for message in box.messages] == ["p0@example.org", "p3@example.org", "p2@example.org"]
    assert [job.failed_at is not None for job in jobs_of(instance)] == [False, True, False]


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_link_that_is_over_is_not_sent_and_its_reader_is_told(instance: Instance, confirmed: bool) -> None:
    port, ana = free_port(), a_person(instance)
    with instance.database.unit_of_work() as session:
        if confirmed:
            addresses.ask_reset_link(session, SYSTEM, ana.email, now=NOW)
        else:
            session.get_one(Person, ana.id).email_confirmed_at = None
            outbox.enqueue(session, "accounts.send_confirmation", {"person": ana.id}, now=NOW)
    outbox.deliver_waiting(posting(instance, port), now=NOW)
    box = Postbox(port=port)
    outbox.deliver_waiting(posting(instance, port), now=NOW + TOKEN_LIFE + timedelta(minutes=1))
    box.close()
    (message,) = box.messages

    text = read_mail(bytes(message))
    assert "no pudo enviarse a tiempo" in message["Subject"]
    assert "1 de marzo de 2026, 22:00" in text  # in Quito
    assert "/password/forgotten" in text
    assert "/password/reset/" not in text
    assert "/confirm/" not in text


def test_a_link_that_waited_less_than_it_lasts_is_sent_with_its_whole_life(instance: Instance) -> None:
    port, ana = free_port(), a_person(instance)
    forget_password(instance, ana)
    outbox.deliver_waiting(posting(instance, port), now=NOW)
    box = Postbox(port=port)
    outbox.deliver_waiting(posting(instance, port), now=NOW + TOKEN_LIFE - timedelta(minutes=1))
    box.close()

    assert "/password/reset/" in read_mail(bytes(box.messages[0]))


def test_a_new_address_whose_link_is_over_is_told_and_one_confirmed_meanwhile_is_not(instance: Instance) -> None:
    ana = a_person(instance)
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "accounts.send_new_address", {"person": ana.id, "email": "nueva@example.org"}, now=NOW)
        outbox.enqueue(session, "accounts.send_confirmation", {"person": ana.id}, now=NOW)
    box = Postbox()
    assert outbox.deliver_waiting(posting(instance, box.port), now=NOW + TOKEN_LIFE * 2) == 2
    box.close()
    (message,) = box.messages

    assert message["To"] == "nueva@example.org"
    assert "/profile/address" in read_mail(bytes(message))


def test_administrators_see_what_waits_for_which_server(browser: Browser, instance: Instance) -> None:
    port = free_port()
    for number in range(8):
        tell(instance, a_person(instance, f"p{number}@example.org"), key=f"evento-{number}")
    outbox.deliver_waiting(posting(instance, port), now=NOW)
    with instance.database.unit_of_work(write=False) as session:
        (absence,) = queries.list_absences(session)
    assert (absence.service, absence.since, absence.waiting) == (f"127.0.0.1:{port}", NOW, 8)

    an_administrator(instance)
    sign_in(browser, "admin@example.org").get("/administration/state")
    assert f"127.0.0.1:{port}" in browser.page.text
    assert "8 tareas" in browser.page.text


def test_a_job_that_is_tried_again_by_hand_has_three_days_again(instance: Instance) -> None:
    worker = posting(instance, free_port())
    tell(instance, a_person(instance))
    outbox.deliver_waiting(worker, now=NOW)
    late = NOW + AWAY_FOR
    outbox.deliver_waiting(worker, now=late)
    (job,) = jobs_of(instance)
    assert job.failed_at == late
    with instance.database.unit_of_work() as session:
        outbox.retry_failed(session, now=late)

    assert outbox.deliver(worker, job.id, now=late) is DeliveryOutcome.WAITS
    assert jobs_of(instance)[0].away_since == late
