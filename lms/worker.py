"""Background work: Huey wakes us, the job table says what is to do (kernel.outbox)."""

import logging
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from huey import SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy.exc import IntegrityError

from kernel import clock, outbox
from kernel.outbox import Worker


class EmbeddedConsumer(Consumer):  # type: ignore[misc]  # Huey has no types
    """Huey's consumer inside the server: signals belong to the server."""

    def _set_signal_handlers(self) -> None:
        """Leave the signals alone."""


class Queue:
    """The wake-up calls of one instance, in their own file beside the database; deleting it loses nothing."""

    def __init__(self, folder: Path, worker: Worker, periodic: dict[str, int]) -> None:
        logging.getLogger("huey").setLevel(logging.WARNING)
        self.worker = worker
        self.periodic = periodic
        self.huey = SqliteHuey("aulario", filename=str(folder / "queue.sqlite"), results=False, utc=True)
        self._deliver = self.huey.task(name="deliver")(self._deliver_one)
        self.huey.periodic_task(crontab(minute="*"), name="sweep")(self.sweep)
        self._consumer: Any = None

    def follow(self) -> None:
        """Wake a worker after each commit that added jobs."""
        self.worker.database.follow_commits(lambda session: outbox.hand_over(session, self._deliver))

    def _deliver_one(self, job_id: int) -> None:
        outbox.deliver(self.worker, job_id, now=clock.now())

    def sweep(self) -> None:
        """Every minute: add what is due by the clock, then deliver everything that waits."""
        now = clock.now()
        for kind, seconds in self.periodic.items():
            add_periodic(self.worker, kind, seconds, now)
        outbox.deliver_waiting(self.worker, now=now)

    def start(self, threads: int) -> None:
        """Work in threads of this process."""
        options = {"worker_type": "thread", "initial_delay": 0.1, "max_delay": 1.0, "check_worker_health": False}
        self._consumer = EmbeddedConsumer(self.huey, workers=threads, **options)
        self._consumer.start()
        threading.Thread(target=self.sweep, daemon=True).start()

    def stop(self) -> None:
        """Finish the step in hand, then stop."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)


def add_periodic(worker: Worker, kind: str, seconds: int, now: datetime) -> None:
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
