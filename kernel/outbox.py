"""After-effects: job rows written in the transaction of the change, delivered after the commit, swept until done.

The table is the truth. Huey only wakes a worker: a lost or doubled wake-up costs nothing, because a job is taken with one conditional
UPDATE and its handler's changes commit together with `done_at`. Effects in our database happen exactly once, outside effects at least once.
A job is leased to who took it, and the lease prolonged while that process works at it: only what was given up by a crash is taken again.
"""

import json
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from threading import Event, Thread
from typing import cast

import structlog
from sqlalchemy import Index, String, Text, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import clock
from kernel.db import Base, Database, Key, Moment
from kernel.settings import Settings

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BACK_OFF = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600, 21600))
ATTEMPTS = len(BACK_OFF) + 1
SWEEP = 500
LONGEST_ERROR = 300


class Job(Base):
    """Something that must still happen because of a change that was committed."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("unique_key"),
        Index("ix_job_waiting", "available_at", postgresql_where="done_at IS NULL AND failed_at IS NULL"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[str] = mapped_column(Text)
    """JSON: identifiers only, never secrets or what people wrote."""
    unique_key: Mapped[str | None] = mapped_column(String(120))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]
    available_at: Mapped[Moment]
    leased_until: Mapped[Moment | None]
    done_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    last_error: Mapped[str] = mapped_column(String(LONGEST_ERROR), default="")
    request_id: Mapped[str] = mapped_column(String(32), default="")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a handler gets: database and settings, its arguments, the job's identity as an idempotency key, and the time."""

    database: Database
    settings: Settings
    job_id: int
    arguments: Mapping[str, object]
    now: datetime


Effect = Callable[[Session], object]
Handler = Callable[[Delivery], Effect | None]
"""Reads and acts outside of any write transaction, then returns what to write (or nothing); that commits together with `done_at`."""


class Unfinished(Exception):
    """A handler did all but some of its work. Its words are kept with the job for administrators: identifiers only, of what is left."""


class Outcome(StrEnum):
    """What became of a delivery."""

    DONE = "done"
    NOT_MINE = "not_mine"
    WAITS = "waits"
    FAILED = "failed"


def enqueue(
    session: Session,
    kind: str,
    arguments: Mapping[str, object],
    *,
    now: datetime,
    at: datetime | None = None,
    unique_key: str | None = None,
) -> None:
    """Add a job to the transaction of the change that causes it; it is delivered `at` a later moment, or soon."""
    job = Job(
        kind=kind,
        arguments=json.dumps(arguments, default=str),
        created_at=now,
        available_at=at or now,
        unique_key=unique_key,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )
    session.add(job)
    cast("list[Job]", session.info.setdefault("jobs", [])).append(job)


def hand_over(session: Session, wake: Callable[[Job], None]) -> None:
    """After a commit, wake a worker for each new job; where that fails the sweep will find the row."""
    for job in cast("list[Job]", session.info.pop("jobs", [])):
        try:
            wake(job)
        except Exception as error:
            log.warning("job.wake_failed", kind=job.kind, error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """What delivering needs: where the rows are, and who handles which kind."""

    database: Database
    settings: Settings
    handlers: Mapping[str, Handler]
    patient: Collection[str] = ()
    """Kinds that let all others go first."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A job that is ours until its lease ends; who took it since is told apart by the attempt."""

    job_id: int
    kind: str
    arguments: dict[str, object]
    attempt: int

    def close(self, session: Session, **values: object) -> bool:
        """Change the row and give the lease back; return False where the job is not ours any more."""
        return self._change(session, leased_until=None, **values)

    def prolong(self, session: Session) -> bool:
        """Let the lease begin anew; return False where the job is not ours any more."""
        return self._change(session, leased_until=clock.now() + LEASE)

    def _change(self, session: Session, **values: object) -> bool:
        mine = (Job.id == self.job_id, Job.attempts == self.attempt, Job.done_at.is_(None))
        return session.execute(update(Job).where(*mine).values(**values).returning(Job.id)).one_or_none() is not None


class _LeaseLost(Exception):
    """The lease ended before the handler did, and another worker has the job."""


def deliver(worker: Worker, job_id: int, *, now: datetime) -> Outcome:
    """Take the job, run its handler, and keep its changes together with the fact that it is done."""
    database = worker.database
    taken = _take(database, job_id, now)
    if taken is None:
        return Outcome.NOT_MINE
    if taken.attempt > ATTEMPTS:  # it was taken before and never came back: it may be what kills the workers
        return _put_back(database, taken, "WorkerLost", now)
    try:
        with _prolonged(database, taken):
            effect = worker.handlers[taken.kind](Delivery(database, worker.settings, job_id, taken.arguments, now))
        with database.unit_of_work() as session:
            if not taken.close(session, done_at=now):
                raise _LeaseLost  # noqa: TRY301 - it undoes the unit of work
            if effect is not None:
                effect(session)
    except _LeaseLost:
        return Outcome.NOT_MINE
    except Exception as error:  # the outermost handler of a worker: the fault is kept in the row and tried again
        log.exception("job.failed", kind=taken.kind, job=job_id, attempt=taken.attempt)
        return _put_back(database, taken, str(error)[:LONGEST_ERROR] if isinstance(error, Unfinished) else type(error).__name__, now)
    return Outcome.DONE


def _take(database: Database, job_id: int, now: datetime) -> _Taken | None:
    with database.unit_of_work() as session:
        row = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.done_at.is_(None), Job.failed_at.is_(None), Job.available_at <= now)
            .where((Job.leased_until.is_(None)) | (Job.leased_until < now))
            .values(leased_until=now + LEASE, attempts=Job.attempts + 1)
            .returning(Job.kind, Job.arguments, Job.attempts)
        ).one_or_none()
        return None if row is None else _Taken(job_id, row.kind, json.loads(row.arguments), row.attempts)


@contextmanager
def _prolonged(database: Database, taken: _Taken) -> Iterator[None]:
    """Prolong the lease thrice in its time while the handler works, so that nobody else takes what is under way."""
    ended = Event()

    def prolong() -> None:
        while not ended.wait(LEASE.total_seconds() / 3):
            try:
                with database.unit_of_work() as session:
                    if not taken.prolong(session):
                        return
            except Exception as error:  # a database that is away now may be back before the lease ends
                log.warning("job.lease_not_prolonged", kind=taken.kind, job=taken.job_id, error=type(error).__name__)

    thread = Thread(target=prolong, name="aulario-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _put_back(database: Database, taken: _Taken, error: str, now: datetime) -> Outcome:
    failed = taken.attempt >= ATTEMPTS
    wait = timedelta() if failed else BACK_OFF[taken.attempt - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    with database.unit_of_work() as session:
        taken.close(session, last_error=error, available_at=now + wait, failed_at=now if failed else None)
    return Outcome.FAILED if failed else Outcome.WAITS


def is_known(session: Session, unique_key: str) -> bool:
    """Say whether a job with this key was added before."""
    return session.scalar(select(Job.id).where(Job.unique_key == unique_key)) is not None


def waiting(session: Session, patient: Collection[str] = (), *, now: datetime) -> list[int]:
    """List the jobs that could be delivered now, the patient kinds last, then the oldest first, at most 500."""
    statement = (
        select(Job.id)
        .where(Job.done_at.is_(None), Job.failed_at.is_(None), Job.available_at <= now)
        .where((Job.leased_until.is_(None)) | (Job.leased_until < now))
        .order_by(Job.kind.in_(patient), Job.available_at, Job.id)
        .limit(SWEEP)
    )
    return list(session.scalars(statement))


def deliver_waiting(worker: Worker, *, now: datetime | None = None, ends: Callable[[], bool] = lambda: False) -> int:
    """Deliver what waits until nothing is left, or it `ends` between two jobs; return how many were done.

    The clock is read for each job, so that its lease is whole; the demonstration and tests say instead as of which moment.
    """
    done = 0
    while True:
        with worker.database.unit_of_work(write=False) as session:
            ids = waiting(session, worker.patient, now=now or clock.now())
        outcomes = [deliver(worker, job_id, now=now or clock.now()) for job_id in takewhile(lambda _job: not ends(), ids)]
        done += outcomes.count(Outcome.DONE)
        if Outcome.DONE not in outcomes:
            return done


def retry_failed(session: Session, job_id: int | None = None, *, now: datetime) -> int:
    """Give jobs that were given up all their tries again, one or every one; return how many."""
    statement = update(Job).where(Job.failed_at.is_not(None)).values(failed_at=None, attempts=0, available_at=now, leased_until=None)
    if job_id is not None:
        statement = statement.where(Job.id == job_id)
    return len(session.scalars(statement.returning(Job.id)).all())


def forget_jobs(session: Session, kinds: Collection[str], mentions: Callable[[Mapping[str, object]], bool]) -> None:
    """Delete the jobs of some kinds whose arguments are about somebody, done or not."""
    for job in session.scalars(select(Job).where(Job.kind.in_(kinds))).all():
        if mentions(json.loads(job.arguments)):
            session.delete(job)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the rows that were done or given up before a moment; return how many."""
    over = (Job.done_at < moment) | (Job.failed_at < moment)
    return len(session.scalars(delete(Job).where(over).returning(Job.id)).all())
