"""Background work inside and beside the server: wake-ups may be lost or doubled, jobs are not."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message, NotificationChoice
from accounts.rules import MailTime
from enrolments.notices import GRADED_NOTICE
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.outbox import Delivery, Effect, Job, JobRunner
from kernel.permissions import SYSTEM
from lms import serve, worker
from lms.app import FEATURES
from lms.instance import Instance
from lms.worker import ALIVE, WakeUpQueue, add_periodic
from tests.support.builders import a_person
from tests.support.server import LMS, environment
from tests.support.stores import Redis, a_redis

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def writes(_delivery: Delivery) -> Effect:
    def effect(session: Session) -> None:
        session.add(
            AuditEntry(
                at=clock.now(), actor_id=None, via=SYSTEM.via.value, address="", request_id="", verb="t", subject_kind="", facts="{}"
            )
        )

    return effect


def worker_of(instance: Instance, **handlers: outbox.Handler) -> JobRunner:
    return JobRunner(instance.database, instance.settings, {"test.job": writes, **handlers})


def add_job(instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "test.job", {}, now=clock.now())


def count(instance: Instance, *where: object) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Job).where(*where)) or 0  # type: ignore[arg-type]  # conditions


def traces(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "t")) or 0


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def queue(instance: Instance, tmp_path: Path) -> Iterator[WakeUpQueue]:
    """Return a queue that works, with what it does not know about the clock left out."""
    made = WakeUpQueue(worker_of(instance), {})
    made.follow()
    made.start(2)
    yield made
    made.stop()


def test_a_committed_job_is_done_at_once_by_a_thread(instance: Instance, queue: WakeUpQueue) -> None:
    add_job(instance)

    wait_for(lambda: traces(instance) == 1)
    wait_for(lambda: count(instance, Job.done_at.is_(None)) == 0)


def test_what_waited_before_the_start_is_swept_up(instance: Instance, tmp_path: Path) -> None:
    for _turn in range(3):
        add_job(instance)
    made = WakeUpQueue(worker_of(instance), {})
    made.start(1)
    try:
        wait_for(lambda: traces(instance) == 3)
    finally:
        made.stop()


@pytest.mark.faults
def test_a_lost_queue_file_loses_no_job(instance: Instance) -> None:
    made = WakeUpQueue(worker_of(instance), {})
    made.follow()
    add_job(instance)
    (instance.settings.data_dir / "queue.sqlite").unlink()
    fresh = WakeUpQueue(worker_of(instance), {})
    fresh.sweep()

    assert traces(instance) == 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    """Return a Redis of this test's own."""
    with a_redis(tmp_path) as started:
        yield started


def with_redis(instance: Instance, store: Redis, **handlers: outbox.Handler) -> WakeUpQueue:
    """Return the queue of a process that wakes others through Redis."""
    settings = instance.settings.model_copy(update={"redis_url": store.url})
    return WakeUpQueue(JobRunner(instance.database, settings, {"test.job": writes, **handlers}), {})


def test_redis_wakes_the_worker_of_another_process(instance: Instance, store: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is the truth, Redis the doorbell."""
    monkeypatch.setattr(worker, "SWEEP_EVERY", 3600.0)
    server, other = with_redis(instance, store), with_redis(instance, store)
    server.follow()
    other.start(1)
    try:
        time.sleep(0.5)  # the first sweep is over: what comes now, Redis tells
        add_job(instance)
        wait_for(lambda: traces(instance) == 1)
    finally:
        other.stop()

    assert not (instance.settings.data_dir / "queue.sqlite").exists()


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_who_can_wait_is_behind_all_others_in_the_queue(instance: Instance, request: pytest.FixtureRequest, kind: str) -> None:
    url = "" if kind == "file" else request.getfixturevalue("store").url
    done: list[str] = []
    handlers = {name: lambda _delivery, name=name: done.append(name) for name in ("many", "one")}
    settings = instance.settings.model_copy(update={"redis_url": url})
    made = WakeUpQueue(JobRunner(instance.database, settings, handlers, patient=("many",)), {})
    made.follow()
    for name in ("many", "many", "one"):
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, name, {}, now=clock.now())
    for _turn in range(3):
        made.huey.execute(made.huey.dequeue())

    assert done == ["one", "many", "many"]


@pytest.mark.slow
@pytest.mark.faults
def test_a_redis_that_is_lost_costs_time_and_no_job(
    instance: Instance, store: Redis, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """spec/security 6.4: neither the commit nor the job waits for it, and afterwards all is as before."""
    monkeypatch.setattr(worker, "SWEEP_EVERY", 0.5)
    queue = with_redis(instance, store)
    queue.follow()
    queue.start(1)
    try:
        store.kill()
        for _turn in range(3):
            add_job(instance)
        wait_for(lambda: traces(instance) == 3)
        store.start()
        add_job(instance)
        wait_for(lambda: traces(instance) == 4)
    finally:
        queue.stop()

    left = count(instance, Job.done_at.is_(None))
    say(f"Redis gone and back: {traces(instance)} of 4 jobs done, jobs left {left}")
    assert left == 0


@pytest.mark.faults
def test_doubled_wake_ups_do_a_job_once(instance: Instance, tmp_path: Path) -> None:
    made = WakeUpQueue(worker_of(instance), {})
    add_job(instance)
    with instance.database.unit_of_work(write=False) as session:
        job = session.scalars(select(Job.id)).one()
    threads = [threading.Thread(target=made._deliver_one, args=(job,)) for _turn in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert traces(instance) == 1


def test_stopping_waits_for_the_step_in_hand(instance: Instance, tmp_path: Path) -> None:
    """spec/security 6.5: SIGTERM drains."""
    begun, finished = threading.Event(), threading.Event()

    def slow(_delivery: Delivery) -> None:
        begun.set()
        time.sleep(0.5)
        finished.set()

    made = WakeUpQueue(worker_of(instance, **{"test.job": slow}), {})
    made.follow()
    made.start(1)
    add_job(instance)
    assert begun.wait(15)
    made.stop()

    assert finished.is_set()
    wait_for(lambda: count(instance, Job.done_at.is_(None)) == 0, 5)


def test_due_work_is_added_once_a_period_however_many_schedulers_there_are(instance: Instance) -> None:
    worker = worker_of(instance)
    gate = threading.Barrier(4)
    failures: list[Exception] = []

    def work() -> None:
        gate.wait()
        try:
            add_periodic(worker, "test.job", 60, NOW)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(instance) == 1
    add_periodic(worker, "test.job", 60, NOW + timedelta(seconds=29))
    assert count(instance) == 1
    add_periodic(worker, "test.job", 60, NOW + timedelta(seconds=30))
    add_periodic(worker, "test.other", 60, NOW)

    assert count(instance) == 3


def test_the_sweep_adds_what_is_due_and_does_it(instance: Instance, tmp_path: Path) -> None:
    made = WakeUpQueue(worker_of(instance), {"test.job": 3600})
    made.sweep()
    made.sweep()

    assert traces(instance) == 1


def test_a_long_sweep_makes_room_for_what_is_due_meanwhile(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are closed in time also while thousands of mails go out."""
    moment = [NOW]

    def slow(_delivery: Delivery) -> None:
        moment[0] += worker.SWEEP_FOR * 0.7

    with instance.database.unit_of_work() as session:
        for _turn in range(4):
            outbox.enqueue(session, "test.slow", {}, now=NOW - timedelta(hours=1))
    made = WakeUpQueue(worker_of(instance, **{"test.slow": slow}), {"test.job": 40})
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    left = []
    for _turn in range(3):
        ended = made.sweep()
        left.append((ended, count(instance, Job.kind == "test.slow", Job.done_at.is_(None)), count(instance, Job.kind == "test.job")))

    assert left == [(False, 2, 1), (False, 0, 2), (True, 0, 3)]
    assert traces(instance) == 3


def test_a_stop_waits_for_one_job_of_the_sweep_and_not_for_all(instance: Instance) -> None:
    def stop(_delivery: Delivery) -> None:
        made.stop()

    made = WakeUpQueue(worker_of(instance, **{"test.job": stop}), {})
    for _turn in range(3):
        add_job(instance)
    made.sweep()

    assert count(instance, Job.done_at.is_not(None)) == 1


@pytest.mark.slow
def test_lms_worker_is_woken_for_what_its_own_jobs_add(instance: Instance, tmp_path: Path) -> None:
    """Its sweep looks once a minute only."""

    def is_done(kind: str) -> bool:
        is_of = Job.kind.like(kind)
        return count(instance, is_of) > 0 == count(instance, is_of, Job.done_at.is_(None))

    told = environment(instance.settings.data_dir, LMS_DATABASE_URL=instance.settings.database_url)
    process = subprocess.Popen([LMS, "worker", "--threads", "1"], env=told, cwd=tmp_path)
    try:
        wait_for(lambda: is_done("%"), 60)
        assert (instance.settings.data_dir / ALIVE).exists()  # probes look at its age
        time.sleep(0.5)  # the first sweep is over: what comes now, the wake-up calls tell
        WakeUpQueue(instance.worker, {}).follow()
        ana, now = a_person(instance), clock.now()
        with instance.database.unit_of_work() as session:
            notices.set_notification_choices(
                session, SYSTEM, ana, {GRADED_NOTICE.value: NotificationChoice(in_bell=True, mail=MailTime.DAILY)}, now=now
            )
            notices.notify(session, Message(GRADED_NOTICE, "k", {"es": "x"}, {"es": "x"}, "/"), [ana.id], now=now - timedelta(days=2))
            outbox.enqueue(session, "accounts.send_digests", {}, now=now)
        wait_for(lambda: is_done("accounts.send_digest"), 20)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_every_periodic_job_of_the_product_has_a_handler(instance: Instance) -> None:
    periodic = serve.periodic_jobs()

    assert "lms.apply_retention" in periodic
    assert set(periodic) <= set(instance.worker.handlers)
    assert all(seconds >= 60 for seconds in periodic.values())
    assert len([kind for feature in FEATURES for kind in feature.jobs]) == len(instance.worker.handlers)
