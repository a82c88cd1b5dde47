"""Background work: Huey wakes us, the job table says what is to do (kernel.outbox)."""

import logging
import os
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from huey import Huey, PriorityRedisHuey, SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as TurnTimeout

from kernel import clock, outbox, redis
from kernel.db import cause_of
from kernel.locks import take_lock
from kernel.outbox import Job, JobRunner
from kernel.settings import Settings

DRAIN = 10.0
"""Seconds that a stop waits for the job that the sweep has in hand."""
SWEEP_EVERY = 60.0
"""Seconds between two looks at the table for what nobody was woken for."""
ALIVE = "worker.alive"
"""File of the data folder, touched before each look at the table: every minute, later where one job takes longer."""
TAKES_OVER_AFTER = 5.0
"""Seconds between two tries of a process to become the one that does the background work, at most."""
SWEEP_FOR = timedelta(seconds=30)
"""How long a sweep delivers before it looks again what is due by the clock, and what is urgent."""


class EmbeddedConsumer(Consumer):  # type: ignore[misc]  # Huey has no types
    """Huey's consumer inside the server: signals belong to the server."""

    def _set_signal_handlers(self) -> None:
        """Leave the signals alone."""


def _wake_up_calls(settings: Settings) -> Huey:
    if settings.redis_url:
        return PriorityRedisHuey("aulario-calls", connection_pool=redis.pool(settings.redis_url), results=False, utc=True)
    return SqliteHuey("aulario", filename=str(settings.data_dir / "queue.sqlite"), results=False, utc=True, fsync=False)


class WakeUpQueue:
    """The wake-up calls of one instance, in a file beside the database or in Redis; losing them loses nothing.

    The sweep has a thread of its own: it goes on while the calls cannot be read.
    """

    def __init__(self, worker: JobRunner, periodic: dict[str, int]) -> None:
        logging.getLogger("huey").setLevel(logging.CRITICAL)  # a call that does not go out is told by who makes it (job.wake_failed)
        self.worker = worker
        self.periodic = periodic
        self.huey = _wake_up_calls(worker.settings)
        self._deliver = self.huey.task(name="deliver")(self._deliver_one)
        self._consumer: Any = None
        self._sweeper = threading.Thread(target=self._sweep_for_ever, name="sweep", daemon=True)
        self._ended = threading.Event()
        self._election: threading.Thread | None = None
        self._held: IO[str] | None = None

    def follow(self) -> None:
        """Wake a worker after each commit that added jobs."""
        self.worker.database.follow_commits(lambda session: outbox.dispatch_jobs(session, self._wake))

    def _wake(self, job: Job) -> None:
        self._deliver(job.id, priority=0 if job.kind in self.worker.patient else 1)

    def _deliver_one(self, job_id: int) -> None:
        outbox.deliver(self.worker, job_id, now=clock.now())

    def sweep(self) -> bool:
        """Add what is due by the clock, then deliver what waits, for a while; return whether it came to an end."""
        begun = clock.now()
        for kind, seconds in self.periodic.items():
            add_periodic(self.worker, kind, seconds, begun)
        until = begun + SWEEP_FOR
        outbox.deliver_waiting(self.worker, ends=lambda: self._ended.is_set() or clock.now() >= until)
        return clock.now() < until

    def _sweep_for_ever(self) -> None:
        called = False
        while not self._ended.is_set():
            self._show_life()
            try:
                if not called:  # for all that waited before this process began: then every thread works at it, not the sweep alone
                    outbox.call_for_waiting(self.worker, self._wake, now=clock.now())
                    called = True
                if not self.sweep():
                    continue
            except (DBAPIError, TurnTimeout) as error:  # the database is away or busy: the next sweep finds the same
                outbox.log.warning("sweep.failed", **cause_of(error))
            self._ended.wait(SWEEP_EVERY)

    def _show_life(self) -> None:
        """Touch a file of the data folder, by whose age a probe sees that this process still looks for work."""
        with suppress(OSError):
            (self.worker.settings.data_dir / ALIVE).touch()

    def start(self, threads: int) -> None:
        """Work in threads of this process."""
        options = {"worker_type": "thread", "initial_delay": 0.1, "max_delay": 1.0, "check_worker_health": False, "periodic": False}
        self._consumer = EmbeddedConsumer(self.huey, workers=threads, **options)
        self._consumer.start()
        self._sweeper.start()

    def start_when_elected(self, threads: int, lock: Path) -> None:
        """Work in threads of this process while it alone among those that name the same file holds its lock.

        The system gives the lock back when its process ends, however that is; another one takes over within `TAKES_OVER_AFTER`.
        """
        self._election = threading.Thread(target=self._wait_for_lock, args=(threads, lock), name="election", daemon=True)
        self._election.start()

    def _wait_for_lock(self, threads: int, lock: Path) -> None:
        self._held = lock.open("a")
        while not self._ended.is_set():
            if take_lock(self._held):
                self._held.truncate(0)
                self._held.write(f"{os.getpid()}\n")
                self._held.flush()
                self.start(threads)
                return
            self._ended.wait(TAKES_OVER_AFTER)

    def stop(self) -> None:
        """Finish the step in hand, then stop."""
        self._ended.set()
        if self._election is not None:
            self._election.join()
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._sweeper.join(DRAIN)
        if self._held is not None:
            self._held.close()


def add_periodic(worker: JobRunner, kind: str, seconds: int, now: datetime) -> None:
    """Add a job that is due by the clock, once for each of its periods, however many schedulers there are."""
    key = f"{kind}@{int(now.timestamp()) // seconds}"
    with worker.database.unit_of_work(write=False) as session:
        if outbox.is_known(session, key):
            return
    try:
        with worker.database.unit_of_work() as session:
            outbox.enqueue(session, kind, {}, now=now, unique_key=key)
    except IntegrityError:
        return  # another scheduler was first
