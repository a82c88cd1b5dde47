"""After-effects: what a crash, a slow handler or two workers cannot do to a job."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as TurnTimeout
from sqlalchemy.orm import Session

from kernel import clock, outbox
from kernel.audit import SUBSCRIPTIONS, AuditEntry
from kernel.errors import Unavailable
from kernel.outbox import ATTEMPTS, BACK_OFF, LEASE, Delivery, DeliveryOutcome, Effect, Handler, Job, JobRunner
from kernel.permissions import SYSTEM
from lms.instance import Instance

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def worker_of(instance: Instance, handler: Handler) -> JobRunner:
    return JobRunner(instance.database, instance.settings, {"test.job": handler})


def add_job(instance: Instance, *, key: str | None = None, **arguments: object) -> int:
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "test.job", arguments, now=NOW, unique_key=key)
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.max(Job.id))) or 0


def read(instance: Instance, job_id: int) -> Job:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Job, job_id)


def leave_trace(session: Session) -> None:
    """Write a row that a test can count."""
    session.add(AuditEntry(at=NOW, actor_id=None, via=SYSTEM.via.value, address="", request_id="", verb="t", subject_kind="", facts="{}"))


def traces(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "t")) or 0


def writes(_delivery: Delivery) -> Effect:
    return leave_trace


def fails(_delivery: Delivery) -> Effect:
    raise ConnectionError("ana@example.org cannot be reached")


def test_a_job_is_in_the_transaction_of_its_change(instance: Instance) -> None:
    def fail() -> None:
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, "test.job", {}, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_worker_is_woken_after_the_commit_and_never_after_a_rollback(instance: Instance) -> None:
    woken: list[tuple[int, bool]] = []

    def wake(job: Job) -> None:
        with instance.database.unit_of_work(write=False) as session:
            woken.append((job.id, session.get(Job, job.id) is not None))

    instance.database.follow_commits(lambda session: outbox.dispatch_jobs(session, wake))
    job = add_job(instance)
    assert woken == [(job, True)]

    def fail() -> None:
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, "test.job", {}, now=NOW)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(woken) == 1


def test_a_queue_that_is_away_harms_nobody(instance: Instance) -> None:
    def wake(_job: Job) -> None:
        raise OSError("no queue")

    instance.database.follow_commits(lambda session: outbox.dispatch_jobs(session, wake))
    job = add_job(instance)

    assert outbox.deliver_waiting(worker_of(instance, writes), now=NOW) == 1
    assert read(instance, job).done_at == NOW


def test_a_job_done_is_done_once_however_often_it_is_delivered(instance: Instance) -> None:
    worker, job = worker_of(instance, writes), add_job(instance)

    assert outbox.deliver(worker, job, now=NOW) is DeliveryOutcome.DONE
    assert outbox.deliver(worker, job, now=NOW) is DeliveryOutcome.NOT_MINE
    assert outbox.deliver(worker, job + 1, now=NOW) is DeliveryOutcome.NOT_MINE
    assert traces(instance) == 1


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return the present moment, which a test moves on."""
    present = [NOW]
    monkeypatch.setattr(clock, "now", lambda: present[0])
    return present


def test_each_job_of_a_long_sweep_has_its_whole_lease(instance: Instance, moment: list[datetime]) -> None:
    leases: list[timedelta] = []

    def slow(delivery: Delivery) -> None:
        leases.append((read(instance, delivery.job_id).leased_until or NOW) - moment[0])
        assert delivery.now == moment[0]  # links live from then on
        moment[0] += LEASE

    for _turn in range(3):
        add_job(instance)

    assert outbox.deliver_waiting(worker_of(instance, slow)) == 3
    assert leases == [LEASE] * 3


def test_a_delivery_can_be_ended_between_two_jobs(instance: Instance, moment: list[datetime]) -> None:
    for _turn in range(3):
        add_job(instance)

    assert outbox.deliver_waiting(worker_of(instance, writes), ends=lambda: traces(instance) == 2) == 2


def test_patient_jobs_let_all_others_go_first(instance: Instance) -> None:
    delivered: list[object] = []

    def note(delivery: Delivery) -> None:
        delivered.append(delivery.arguments["n"])

    with instance.database.unit_of_work() as session:
        for number, kind in enumerate(("test.patient", "test.job", "test.patient", "test.job")):
            outbox.enqueue(session, kind, {"n": number}, now=NOW + timedelta(seconds=number))
    worker = JobRunner(instance.database, instance.settings, {"test.job": note, "test.patient": note}, ["test.patient"])
    outbox.deliver_waiting(worker, now=NOW + timedelta(seconds=9))

    assert delivered == [1, 3, 0, 2]


@pytest.mark.faults
def test_two_workers_and_one_job(instance: Instance, say: Callable[[str], None]) -> None:
    job = add_job(instance)
    gate = threading.Barrier(6)
    outcomes: list[DeliveryOutcome] = []

    def work() -> None:
        gate.wait()
        outcomes.append(outbox.deliver(worker_of(instance, writes), job, now=NOW))

    threads = [threading.Thread(target=work) for _turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    say(
        f"six workers, one job: done {outcomes.count(DeliveryOutcome.DONE)} time, "
        f"left to another {outcomes.count(DeliveryOutcome.NOT_MINE)} times"
    )
    assert sorted(outcomes) == [DeliveryOutcome.DONE] + [DeliveryOutcome.NOT_MINE] * 5
    assert traces(instance) == 1


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_leaves_the_job_to_the_next_after_its_lease(instance: Instance) -> None:
    class Killed(BaseException):
        """As if the process had ended here: nothing of ours runs after it."""

    def dies(_delivery: Delivery) -> Effect:
        raise Killed

    job = add_job(instance)
    with pytest.raises(Killed):
        outbox.deliver(worker_of(instance, dies), job, now=NOW)

    worker = worker_of(instance, writes)
    assert outbox.deliver(worker, job, now=NOW + LEASE / 2) is DeliveryOutcome.NOT_MINE
    assert outbox.deliver_waiting(worker, now=NOW + LEASE / 2) == 0
    assert outbox.deliver_waiting(worker, now=NOW + LEASE * 1.1) == 1
    assert traces(instance) == 1


@pytest.mark.faults
def test_a_worker_killed_while_it_writes_leaves_nothing_of_it(instance: Instance) -> None:
    class Killed(BaseException):
        """The process ends between the effect and the commit."""

    def dies(_delivery: Delivery) -> Effect:
        def effect(session: Session) -> None:
            leave_trace(session)
            session.flush()
            raise Killed

        return effect

    job = add_job(instance)
    with pytest.raises(Killed):
        outbox.deliver(worker_of(instance, dies), job, now=NOW)

    assert traces(instance) == 0
    assert read(instance, job).done_at is None


def test_a_handler_slower_than_its_lease_does_not_write_what_another_has_written(instance: Instance) -> None:
    """Effects in our database happen exactly once."""
    job = add_job(instance)

    def overtaken(_delivery: Delivery) -> Effect:
        assert outbox.deliver(worker_of(instance, writes), job, now=NOW + LEASE * 2) is DeliveryOutcome.DONE
        return leave_trace

    assert outbox.deliver(worker_of(instance, overtaken), job, now=NOW) is DeliveryOutcome.NOT_MINE
    assert traces(instance) == 1
    assert read(instance, job).done_at == NOW + LEASE * 2


def test_a_job_under_way_stays_with_who_works_at_it_however_long_it_takes(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving thousands of learners takes longer than a lease: no second worker begins it meanwhile."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.15))
    job, begun = add_job(instance), clock.now()

    def long(_delivery: Delivery) -> Effect:
        until = clock.now() + timedelta(seconds=20)
        while (leased := read(instance, job).leased_until or begun) < begun + timedelta(seconds=0.3):
            assert clock.now() < until, "the lease was not prolonged"
        assert outbox.deliver(worker_of(instance, writes), job, now=leased) is DeliveryOutcome.NOT_MINE
        return leave_trace

    assert outbox.deliver(worker_of(instance, long), job, now=begun) is DeliveryOutcome.DONE
    assert traces(instance) == 1
    assert read(instance, job).attempts == 1


@pytest.mark.slow
def test_a_failure_of_an_overtaken_handler_does_not_put_the_others_job_back(instance: Instance) -> None:
    job = add_job(instance)

    def overtaken(delivery: Delivery) -> Effect:
        assert outbox.deliver(worker_of(instance, writes), job, now=NOW + LEASE * 2) is DeliveryOutcome.DONE
        return fails(delivery)

    outbox.deliver(worker_of(instance, overtaken), job, now=NOW)

    assert read(instance, job).done_at == NOW + LEASE * 2
    assert read(instance, job).last_error == ""


def test_a_failing_job_waits_longer_each_time_and_is_given_up_at_the_end(instance: Instance) -> None:
    worker, job, moment = worker_of(instance, fails), add_job(instance), NOW
    for wait in BACK_OFF:
        assert outbox.deliver(worker, job, now=moment) is DeliveryOutcome.WAITS
        row = read(instance, job)
        assert wait * 0.8 <= row.available_at - moment <= wait * 1.2
        assert outbox.deliver(worker, job, now=moment + wait * 0.7) is DeliveryOutcome.NOT_MINE
        assert row.last_error == "ConnectionError"  # its text may name people
        moment = row.available_at

    assert outbox.deliver(worker, job, now=moment) is DeliveryOutcome.FAILED
    assert read(instance, job).failed_at == moment
    assert outbox.deliver_waiting(worker_of(instance, writes), now=moment + timedelta(days=1)) == 0
    assert traces(instance) == 0


def test_a_job_that_kills_every_worker_is_given_up_too(instance: Instance) -> None:
    def dies(_delivery: Delivery) -> Effect:
        raise KeyboardInterrupt

    job, moment = add_job(instance), NOW
    for _turn in range(ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            outbox.deliver(worker_of(instance, dies), job, now=moment)
        moment += LEASE * 2

    assert outbox.deliver(worker_of(instance, dies), job, now=moment) is DeliveryOutcome.FAILED
    assert read(instance, job).last_error == "WorkerLost"


def test_a_kind_that_nobody_handles_is_a_failure_and_not_a_crash(instance: Instance) -> None:
    job = add_job(instance)

    assert outbox.deliver(JobRunner(instance.database, instance.settings, {}), job, now=NOW) is DeliveryOutcome.WAITS
    assert read(instance, job).last_error == "KeyError"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Unavailable(service="cubo.example.org:9000"), "Unavailable: cubo.example.org:9000"),
        (OperationalError("UPDATE person", None, sqlite3.OperationalError("database is locked")), "OperationalError: database is locked"),
        (TurnTimeout("the writer before does not finish"), "TimeoutError: the writer before does not finish"),
    ],
)
def test_what_is_away_costs_a_job_none_of_its_tries(instance: Instance, fault: Exception, said: str) -> None:
    def lacks(_delivery: Delivery) -> Effect:
        raise fault

    job, moment = add_job(instance), NOW
    for _turn in range(ATTEMPTS + 4):
        assert outbox.deliver(worker_of(instance, lacks), job, now=moment) is DeliveryOutcome.WAITS
        moment = read(instance, job).available_at
    assert read(instance, job).last_error == said
    assert moment - NOW > BACK_OFF[0] * 8  # longer each time

    assert outbox.deliver(worker_of(instance, writes), job, now=moment) is DeliveryOutcome.DONE
    assert read(instance, job).away_since is None


def test_one_failing_job_does_not_keep_the_others_waiting(instance: Instance) -> None:
    def picky(delivery: Delivery) -> Effect:
        return fails(delivery) if delivery.arguments["n"] == 1 else leave_trace

    for number in range(4):
        add_job(instance, n=number)

    assert outbox.deliver_waiting(worker_of(instance, picky), now=NOW) == 3
    assert traces(instance) == 3


def test_a_handler_gets_its_arguments_and_the_jobs_identity(instance: Instance) -> None:
    seen: list[Delivery] = []

    def keep(delivery: Delivery) -> None:
        seen.append(delivery)

    job = add_job(instance, person=7, name="Ñusta")
    outbox.deliver(worker_of(instance, keep), job, now=NOW)

    assert seen[0].arguments == {"person": 7, "name": "Ñusta"}
    assert seen[0].job_id == job
    assert read(instance, job).done_at == NOW


def test_a_unique_key_is_taken_once(instance: Instance) -> None:
    add_job(instance, key="test.job@1")
    with pytest.raises(IntegrityError):
        add_job(instance, key="test.job@1")
    add_job(instance, key="test.job@2")
    add_job(instance)
    add_job(instance)

    with instance.database.unit_of_work(write=False) as session:
        assert outbox.is_known(session, "test.job@1")
        assert not outbox.is_known(session, "test.job@3")
        assert session.scalar(select(func.count()).select_from(Job)) == 4


def test_a_job_remembers_the_request_it_came_from(instance: Instance) -> None:
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        job = add_job(instance)

    assert read(instance, job).request_id == "0123456789abcdef"
    assert read(instance, add_job(instance)).request_id == ""


def test_rows_done_for_thirty_days_are_forgotten_and_no_others(instance: Instance) -> None:
    done, waiting = add_job(instance), add_job(instance)
    outbox.deliver(worker_of(instance, writes), done, now=NOW)
    for days, left in ((29, 2), (31, 1)):
        with instance.database.unit_of_work() as session:
            outbox.forget_before(session, NOW + timedelta(days=days - 30))
        with instance.database.unit_of_work(write=False) as session:
            assert session.scalar(select(func.count()).select_from(Job)) == left

    assert read(instance, waiting).done_at is None


def test_rows_given_up_are_forgotten_after_as_long(instance: Instance) -> None:
    job = add_job(instance)
    for turn in range(ATTEMPTS):
        outbox.deliver(worker_of(instance, fails), job, now=NOW + timedelta(days=turn))
    given_up = NOW + timedelta(days=ATTEMPTS - 1)
    assert read(instance, job).failed_at == given_up
    with instance.database.unit_of_work() as session:
        assert outbox.forget_before(session, given_up) == 0
        assert outbox.forget_before(session, given_up + timedelta(seconds=1)) == 1


def test_every_job_of_the_product_has_a_handler(instance: Instance) -> None:
    assert instance.worker.handlers
    assert replace(instance.worker, handlers={}).handlers == {}
    for kinds in SUBSCRIPTIONS.of(instance.database._writer()).values():
        assert set(kinds) <= set(instance.worker.handlers)
    assert instance.worker.patient
    assert set(instance.worker.patient) <= set(instance.worker.handlers)
