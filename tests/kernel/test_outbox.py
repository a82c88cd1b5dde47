"""After-effects: what a crash, a slow handler or two workers cannot do to a job (ARCHITECTURE 6; LIBRARIES, jobs)."""

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
from kernel.audit import AuditEntry
from kernel.errors import Unavailable
from kernel.outbox import ATTEMPTS, BACK_OFF, LEASE, Delivery, DeliveryOutcome, Effect, Handler, Job, JobRunner
from kernel.permissions import SYSTEM
from lms.app import Instance

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def worker_of(house: Instance, handler: Handler) -> JobRunner:
    return JobRunner(house.database, house.settings, {"test.job": handler})


def add_job(house: Instance, *, key: str | None = None, **arguments: object) -> int:
    with house.database.unit_of_work() as session:
        outbox.enqueue(session, "test.job", arguments, now=NOW, unique_key=key)
    with house.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.max(Job.id))) or 0


def read(house: Instance, job_id: int) -> Job:
    with house.database.unit_of_work(write=False) as session:
        return session.get_one(Job, job_id)


def leave_trace(session: Session) -> None:
    """Write a row that a test can count."""
    session.add(AuditEntry(at=NOW, actor_id=None, via=SYSTEM.via.value, address="", request_id="", verb="t", subject_kind="", facts="{}"))


def traces(house: Instance) -> int:
    with house.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "t")) or 0


def writes(_delivery: Delivery) -> Effect:
    return leave_trace


def fails(_delivery: Delivery) -> Effect:
    raise ConnectionError("ana@example.org cannot be reached")


def test_a_job_is_in_the_transaction_of_its_change(house: Instance) -> None:
    def fail() -> None:
        with house.database.unit_of_work() as session:
            outbox.enqueue(session, "test.job", {}, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_worker_is_woken_after_the_commit_and_never_after_a_rollback(house: Instance) -> None:
    woken: list[tuple[int, bool]] = []

    def wake(job: Job) -> None:
        with house.database.unit_of_work(write=False) as session:
            woken.append((job.id, session.get(Job, job.id) is not None))

    house.database.follow_commits(lambda session: outbox.dispatch_jobs(session, wake))
    job = add_job(house)
    assert woken == [(job, True)]

    def fail() -> None:
        with house.database.unit_of_work() as session:
            outbox.enqueue(session, "test.job", {}, now=NOW)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(woken) == 1


def test_a_queue_that_is_away_harms_nobody(house: Instance) -> None:
    def wake(_job: Job) -> None:
        raise OSError("no queue")

    house.database.follow_commits(lambda session: outbox.dispatch_jobs(session, wake))
    job = add_job(house)

    assert outbox.deliver_waiting(worker_of(house, writes), now=NOW) == 1
    assert read(house, job).done_at == NOW


def test_a_job_done_is_done_once_however_often_it_is_delivered(house: Instance) -> None:
    worker, job = worker_of(house, writes), add_job(house)

    assert outbox.deliver(worker, job, now=NOW) is DeliveryOutcome.DONE
    assert outbox.deliver(worker, job, now=NOW) is DeliveryOutcome.NOT_MINE
    assert outbox.deliver(worker, job + 1, now=NOW) is DeliveryOutcome.NOT_MINE
    assert traces(house) == 1


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return the present moment, which a test moves on."""
    present = [NOW]
    monkeypatch.setattr(clock, "now", lambda: present[0])
    return present


def test_each_job_of_a_long_sweep_has_its_whole_lease(house: Instance, moment: list[datetime]) -> None:
    leases: list[timedelta] = []

    def slow(delivery: Delivery) -> None:
        leases.append((read(house, delivery.job_id).leased_until or NOW) - moment[0])
        assert delivery.now == moment[0]  # links live from then on
        moment[0] += LEASE

    for _turn in range(3):
        add_job(house)

    assert outbox.deliver_waiting(worker_of(house, slow)) == 3
    assert leases == [LEASE] * 3


def test_a_delivery_can_be_ended_between_two_jobs(house: Instance, moment: list[datetime]) -> None:
    for _turn in range(3):
        add_job(house)

    assert outbox.deliver_waiting(worker_of(house, writes), ends=lambda: traces(house) == 2) == 2


def test_patient_jobs_let_all_others_go_first(house: Instance) -> None:
    delivered: list[object] = []

    def note(delivery: Delivery) -> None:
        delivered.append(delivery.arguments["n"])

    with house.database.unit_of_work() as session:
        for number, kind in enumerate(("test.patient", "test.job", "test.patient", "test.job")):
            outbox.enqueue(session, kind, {"n": number}, now=NOW + timedelta(seconds=number))
    worker = JobRunner(house.database, house.settings, {"test.job": note, "test.patient": note}, ["test.patient"])
    outbox.deliver_waiting(worker, now=NOW + timedelta(seconds=9))

    assert delivered == [1, 3, 0, 2]


@pytest.mark.faults
def test_two_workers_and_one_job(house: Instance, say: Callable[[str], None]) -> None:
    job = add_job(house)
    gate = threading.Barrier(6)
    outcomes: list[DeliveryOutcome] = []

    def work() -> None:
        gate.wait()
        outcomes.append(outbox.deliver(worker_of(house, writes), job, now=NOW))

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
    assert traces(house) == 1


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_leaves_the_job_to_the_next_after_its_lease(house: Instance) -> None:
    class Killed(BaseException):
        """As if the process had ended here: nothing of ours runs after it."""

    def dies(_delivery: Delivery) -> Effect:
        raise Killed

    job = add_job(house)
    with pytest.raises(Killed):
        outbox.deliver(worker_of(house, dies), job, now=NOW)

    worker = worker_of(house, writes)
    assert outbox.deliver(worker, job, now=NOW + LEASE / 2) is DeliveryOutcome.NOT_MINE
    assert outbox.deliver_waiting(worker, now=NOW + LEASE / 2) == 0
    assert outbox.deliver_waiting(worker, now=NOW + LEASE * 1.1) == 1
    assert traces(house) == 1


@pytest.mark.faults
def test_a_worker_killed_while_it_writes_leaves_nothing_of_it(house: Instance) -> None:
    class Killed(BaseException):
        """The process ends between the effect and the commit."""

    def dies(_delivery: Delivery) -> Effect:
        def effect(session: Session) -> None:
            leave_trace(session)
            session.flush()
            raise Killed

        return effect

    job = add_job(house)
    with pytest.raises(Killed):
        outbox.deliver(worker_of(house, dies), job, now=NOW)

    assert traces(house) == 0
    assert read(house, job).done_at is None


def test_a_handler_slower_than_its_lease_does_not_write_what_another_has_written(house: Instance) -> None:
    """Effects in our database happen exactly once."""
    job = add_job(house)

    def overtaken(_delivery: Delivery) -> Effect:
        assert outbox.deliver(worker_of(house, writes), job, now=NOW + LEASE * 2) is DeliveryOutcome.DONE
        return leave_trace

    assert outbox.deliver(worker_of(house, overtaken), job, now=NOW) is DeliveryOutcome.NOT_MINE
    assert traces(house) == 1
    assert read(house, job).done_at == NOW + LEASE * 2


def test_a_job_under_way_stays_with_who_works_at_it_however_long_it_takes(house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving thousands of learners takes longer than a lease: no second worker begins it meanwhile."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.15))
    job, begun = add_job(house), clock.now()

    def long(_delivery: Delivery) -> Effect:
        until = clock.now() + timedelta(seconds=20)
        while (leased := read(house, job).leased_until or begun) < begun + timedelta(seconds=0.3):
            assert clock.now() < until, "the lease was not prolonged"
        assert outbox.deliver(worker_of(house, writes), job, now=leased) is DeliveryOutcome.NOT_MINE
        return leave_trace

    assert outbox.deliver(worker_of(house, long), job, now=begun) is DeliveryOutcome.DONE
    assert traces(house) == 1
    assert read(house, job).attempts == 1


@pytest.mark.slow
def test_a_failure_of_an_overtaken_handler_does_not_put_the_others_job_back(house: Instance) -> None:
    job = add_job(house)

    def overtaken(delivery: Delivery) -> Effect:
        assert outbox.deliver(worker_of(house, writes), job, now=NOW + LEASE * 2) is DeliveryOutcome.DONE
        return fails(delivery)

    outbox.deliver(worker_of(house, overtaken), job, now=NOW)

    assert read(house, job).done_at == NOW + LEASE * 2
    assert read(house, job).last_error == ""


def test_a_failing_job_waits_longer_each_time_and_is_given_up_at_the_end(house: Instance) -> None:
    worker, job, moment = worker_of(house, fails), add_job(house), NOW
    for wait in BACK_OFF:
        assert outbox.deliver(worker, job, now=moment) is DeliveryOutcome.WAITS
        row = read(house, job)
        assert wait * 0.8 <= row.available_at - moment <= wait * 1.2
        assert outbox.deliver(worker, job, now=moment + wait * 0.7) is DeliveryOutcome.NOT_MINE
        assert row.last_error == "ConnectionError"  # its text may name people
        moment = row.available_at

    assert outbox.deliver(worker, job, now=moment) is DeliveryOutcome.FAILED
    assert read(house, job).failed_at == moment
    assert outbox.deliver_waiting(worker_of(house, writes), now=moment + timedelta(days=1)) == 0
    assert traces(house) == 0


def test_a_job_that_kills_every_worker_is_given_up_too(house: Instance) -> None:
    def dies(_delivery: Delivery) -> Effect:
        raise KeyboardInterrupt

    job, moment = add_job(house), NOW
    for _turn in range(ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            outbox.deliver(worker_of(house, dies), job, now=moment)
        moment += LEASE * 2

    assert outbox.deliver(worker_of(house, dies), job, now=moment) is DeliveryOutcome.FAILED
    assert read(house, job).last_error == "WorkerLost"


def test_a_kind_that_nobody_handles_is_a_failure_and_not_a_crash(house: Instance) -> None:
    job = add_job(house)

    assert outbox.deliver(JobRunner(house.database, house.settings, {}), job, now=NOW) is DeliveryOutcome.WAITS
    assert read(house, job).last_error == "KeyError"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Unavailable(service="cubo.example.org:9000"), "Unavailable: cubo.example.org:9000"),
        (OperationalError("UPDATE person", None, sqlite3.OperationalError("database is locked")), "OperationalError: database is locked"),
        (TurnTimeout("the writer before does not finish"), "TimeoutError: the writer before does not finish"),
    ],
)
def test_what_is_away_costs_a_job_none_of_its_tries(house: Instance, fault: Exception, said: str) -> None:
    def lacks(_delivery: Delivery) -> Effect:
        raise fault

    job, moment = add_job(house), NOW
    for _turn in range(ATTEMPTS + 4):
        assert outbox.deliver(worker_of(house, lacks), job, now=moment) is DeliveryOutcome.WAITS
        moment = read(house, job).available_at
    assert read(house, job).last_error == said
    assert moment - NOW > BACK_OFF[0] * 8  # longer each time

    assert outbox.deliver(worker_of(house, writes), job, now=moment) is DeliveryOutcome.DONE
    assert read(house, job).away_since is None


def test_one_failing_job_does_not_keep_the_others_waiting(house: Instance) -> None:
    def picky(delivery: Delivery) -> Effect:
        return fails(delivery) if delivery.arguments["n"] == 1 else leave_trace

    for number in range(4):
        add_job(house, n=number)

    assert outbox.deliver_waiting(worker_of(house, picky), now=NOW) == 3
    assert traces(house) == 3


def test_a_handler_gets_its_arguments_and_the_jobs_identity(house: Instance) -> None:
    seen: list[Delivery] = []

    def keep(delivery: Delivery) -> None:
        seen.append(delivery)

    job = add_job(house, person=7, name="Ñusta")
    outbox.deliver(worker_of(house, keep), job, now=NOW)

    assert seen[0].arguments == {"person": 7, "name": "Ñusta"}
    assert seen[0].job_id == job
    assert read(house, job).done_at == NOW


def test_a_unique_key_is_taken_once(house: Instance) -> None:
    add_job(house, key="test.job@1")
    with pytest.raises(IntegrityError):
        add_job(house, key="test.job@1")
    add_job(house, key="test.job@2")
    add_job(house)
    add_job(house)

    with house.database.unit_of_work(write=False) as session:
        assert outbox.is_known(session, "test.job@1")
        assert not outbox.is_known(session, "test.job@3")
        assert session.scalar(select(func.count()).select_from(Job)) == 4


def test_a_job_remembers_the_request_it_came_from(house: Instance) -> None:
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        job = add_job(house)

    assert read(house, job).request_id == "0123456789abcdef"
    assert read(house, add_job(house)).request_id == ""


def test_rows_done_for_thirty_days_are_forgotten_and_no_others(house: Instance) -> None:
    done, waiting = add_job(house), add_job(house)
    outbox.deliver(worker_of(house, writes), done, now=NOW)
    for days, left in ((29, 2), (31, 1)):
        with house.database.unit_of_work() as session:
            outbox.forget_before(session, NOW + timedelta(days=days - 30))
        with house.database.unit_of_work(write=False) as session:
            assert session.scalar(select(func.count()).select_from(Job)) == left

    assert read(house, waiting).done_at is None


def test_rows_given_up_are_forgotten_after_as_long(house: Instance) -> None:
    job = add_job(house)
    for turn in range(ATTEMPTS):
        outbox.deliver(worker_of(house, fails), job, now=NOW + timedelta(days=turn))
    given_up = NOW + timedelta(days=ATTEMPTS - 1)
    assert read(house, job).failed_at == given_up
    with house.database.unit_of_work() as session:
        assert outbox.forget_before(session, given_up) == 0
        assert outbox.forget_before(session, given_up + timedelta(seconds=1)) == 1


def test_every_job_of_the_product_has_a_handler(house: Instance) -> None:
    assert house.worker.handlers
    assert replace(house.worker, handlers={}).handlers == {}
    for kinds in house.database._writer().info["consequences"].values():
        assert set(kinds) <= set(house.worker.handlers)
    assert house.worker.patient
    assert set(house.worker.patient) <= set(house.worker.handlers)
