"""After-effects: job rows written in the transaction of the change, delivered after the commit, swept until done.

The table is the truth. Huey only wakes a worker: a lost or doubled wake-up costs nothing, because a job is taken with one conditional
UPDATE and its handler's changes commit together with `done_at`. Effects in our database happen exactly once, outside effects at least once.
A job is leased to who took it, and the lease prolonged while that process works at it: only what was given up by a crash is taken again.
A job whose handler fails has six tries, over seven hours. One that cannot reach a service outside (`Away`) uses up none of them: it is
tried for three days, with one probe of the service for all that wait for it, and at once when another job reached it.
"""

import json
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from threading import Event, Thread
from typing import cast

import structlog
from sqlalchemy import ColumnElement, Index, String, Text, UniqueConstraint, bindparam, delete, false, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import clock
from kernel.compiled_statements import compile_once
from kernel.db import Database, Entity, Moment, UtcDateTime, cause_of, connection_of, reason_away
from kernel.errors import Unavailable
from kernel.settings import Settings

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BACK_OFF = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600, 21600))
ATTEMPTS = len(BACK_OFF) + 1
AWAY_FOR = timedelta(days=3)
"""How long a job is tried whose service does not answer (RFC 5321, 4.5.4.1: mail servers wait for four to five)."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
"""Between two probes of a service that is away: as long as it has been away by then, within these bounds."""
SWEEP = 500
LONGEST_ERROR = 300


class Job(Entity):
    """Something that must still happen because of a change that was committed."""

    __table_args__ = (
        UniqueConstraint("unique_key"),
        Index("ix_job_waiting", "available_at", postgresql_where="done_at IS NULL AND failed_at IS NULL"),
    )

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
    awaits: Mapped[str] = mapped_column(String(300), default="")
    """Host and port of the service outside that did not answer at the last try."""
    away_since: Mapped[Moment | None]
    """Since when every try was `Away`."""
    request_id: Mapped[str] = mapped_column(String(32), default="")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The argument of a job handler: database and settings, arguments, the job's identity as an idempotency key, and the time."""

    database: Database
    settings: Settings
    job_id: int
    arguments: Mapping[str, object]
    now: datetime
    created_at: datetime | None = None
    """When what happened asked for this; None where no job was added."""
    reached: set[str] = field(default_factory=set)
    """Services outside, by host and port, that took something from this delivery: what waits for one of them is tried at once."""

    @property
    def waited(self) -> timedelta:
        """Return how long ago the job was added."""
        return self.now - (self.created_at or self.now)

    def number(self, name: str) -> int:
        """Return an argument that is a whole number."""
        value = self.arguments[name]
        assert isinstance(value, int), name
        return value

    def find_number(self, name: str) -> int | None:
        """Return an argument that is a whole number; None where the job has none."""
        return None if self.arguments.get(name) is None else self.number(name)

    def numbers(self, name: str) -> list[int]:
        """Return an argument that lists whole numbers."""
        value = self.arguments[name]
        assert isinstance(value, list), name
        return value

    def text(self, name: str) -> str:
        """Return an argument that is a text."""
        return str(self.arguments[name])


Effect = Callable[[Session], object]
Handler = Callable[[Delivery], Effect | None]
"""Reads and acts outside of any write transaction, then returns what to write (or nothing); that commits together with `done_at`."""


class JobIncomplete(Exception):
    """A handler did all but some of its work. Its words are kept with the job for administrators: identifiers only, of what is left."""


class Away(Exception):
    """A service outside cannot take what a handler brings, and later it may: the job keeps its tries and goes on for three days.

    `service` is its host and port where all jobs for it wait together, empty where this one alone is put off. The words are kept with the
    job for administrators: no text of others.
    """

    def __init__(self, reason: str, service: str = "") -> None:
        super().__init__(f"{reason}: {service}" if service else reason)
        self.service = service


class WorkerLost(Exception):
    """A job was taken again and again and never came back."""


class DeliveryOutcome(StrEnum):
    """The outcome of a delivery."""

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


def dispatch_jobs(session: Session, wake: Callable[[Job], None]) -> None:
    """After a commit, wake a worker for each new job; where that fails the sweep will find the row."""
    for job in cast("list[Job]", session.info.pop("jobs", [])):
        try:
            wake(job)
        except Exception as error:
            reason = str(error).partition("\n")[0][:LONGEST_ERROR]  # a call holds a number: its errors repeat nothing of anybody
            log.warning("job.wake_failed", kind=job.kind, **{**cause_of(error), "reason": reason})


def _as_given(settings: Settings) -> Settings:
    return settings


@dataclass(frozen=True, slots=True)
class JobRunner:
    """The runner of background jobs: where the rows are, and which handler takes which kind."""

    database: Database
    settings: Settings
    handlers: Mapping[str, Handler]
    patient: Collection[str] = ()
    """Kinds that let all others go first."""
    present: Callable[[Settings], Settings] = _as_given
    """What is in force now over the settings of the environment."""


@dataclass(frozen=True, slots=True)
class _LeasedJob:
    """A job leased to this worker until its lease ends; the attempt number shows whether another has taken it since."""

    job_id: int
    kind: str
    arguments: dict[str, object]
    attempt: int
    created_at: datetime
    away_since: datetime | None

    def close(self, session: Session, **values: object) -> bool:
        """Change the row and give the lease back; return False where the job is not ours any more."""
        return self._change(session, leased_until=None, **values)

    def finish(self, session: Session, *, now: datetime) -> bool:
        """Mark the job as done; return False where it is not ours any more."""
        return connection_of(session).execute(_DONE, {"job": self.job_id, "attempt": self.attempt, "now": now}).rowcount == 1

    def prolong(self, session: Session) -> bool:
        """Let the lease begin anew; return False where the job is not ours any more."""
        return self._change(session, leased_until=clock.now() + LEASE)

    def _change(self, session: Session, **values: object) -> bool:
        mine = (Job.id == self.job_id, Job.attempts == self.attempt, Job.done_at.is_(None))
        return session.execute(update(Job).where(*mine).values(**values).returning(Job.id)).one_or_none() is not None


class _LeaseLost(Exception):
    """The lease ended before the handler did, and another worker has the job."""


def deliver(worker: JobRunner, job_id: int, *, now: datetime) -> DeliveryOutcome:
    """Take the job, run its handler, and keep its changes together with the fact that it is done."""
    database = worker.database
    taken = _take(database, job_id, now)
    if taken is None:
        return DeliveryOutcome.NOT_MINE
    if taken.attempt > ATTEMPTS:  # it was taken before and never came back: it may be what kills the workers
        return _put_back(database, taken, WorkerLost(), now)
    delivery = Delivery(database, worker.present(worker.settings), job_id, arguments=taken.arguments, now=now, created_at=taken.created_at)
    try:
        with _prolonged(database, taken):
            effect = worker.handlers[taken.kind](delivery)
        with database.unit_of_work() as session:
            if not taken.finish(session, now=now):
                raise _LeaseLost  # noqa: TRY301 - it undoes the unit of work
            _call(session, delivery.reached, now)
            if effect is not None:
                effect(session)
    except _LeaseLost:
        return DeliveryOutcome.NOT_MINE
    except Exception as error:  # the outermost handler of a worker: the fault is kept in the row and tried again
        _call_after_failure(database, delivery)
        return _put_back(database, taken, error, now)
    return DeliveryOutcome.DONE


_NOW = bindparam("now", type_=UtcDateTime())
_DONE = compile_once(
    update(Job)
    .where(Job.id == bindparam("job"), Job.attempts == bindparam("attempt"), Job.done_at.is_(None))
    .values(done_at=_NOW, leased_until=None, awaits="", away_since=None)
)
_TAKE = compile_once(
    update(Job)
    .where(Job.id == bindparam("job"), Job.done_at.is_(None), Job.failed_at.is_(None), Job.available_at <= _NOW)
    .where((Job.leased_until.is_(None)) | (Job.leased_until < _NOW))
    .values(leased_until=bindparam("until", type_=UtcDateTime()), attempts=Job.attempts + 1)
    .returning(Job.kind, Job.arguments, Job.attempts, Job.created_at, Job.away_since)
)


def _take(database: Database, job_id: int, now: datetime) -> _LeasedJob | None:
    with database.unit_of_work() as session:
        row = connection_of(session).execute(_TAKE, {"job": job_id, "now": now, "until": now + LEASE}).one_or_none()
        return (
            None
            if row is None
            else _LeasedJob(
                job_id, row.kind, json.loads(row.arguments), attempt=row.attempts, created_at=row.created_at, away_since=row.away_since
            )
        )


@contextmanager
def _prolonged(database: Database, taken: _LeasedJob) -> Iterator[None]:
    """Prolong the lease thrice in its time while the handler works, so that nobody else takes what is under way."""
    ended = Event()

    def prolong() -> None:
        while not ended.wait(LEASE.total_seconds() / 3):
            try:
                with database.unit_of_work() as session:
                    if not taken.prolong(session):
                        return
            except Exception as error:  # a database that is away now may be back before the lease ends
                log.warning("job.lease_not_prolonged", kind=taken.kind, job=taken.job_id, **cause_of(error))

    thread = Thread(target=prolong, name="aulario-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _put_back(database: Database, taken: _LeasedJob, error: Exception, now: datetime) -> DeliveryOutcome:
    """Let the job wait for its next try, or give it up; a fault that is not its own costs it none of its tries."""
    away = _away_of(error)
    if away is not None:
        return _put_off(database, taken, away, now)
    log.error("job.failed", kind=taken.kind, job=taken.job_id, attempt=taken.attempt, exc_info=error, **cause_of(error))
    failed = taken.attempt >= ATTEMPTS
    wait = timedelta() if failed else BACK_OFF[taken.attempt - 1] * _jitter()
    cause = (str(error) if isinstance(error, JobIncomplete) else " ".join(cause_of(error).values()))[:LONGEST_ERROR]
    with database.unit_of_work() as session:
        values = {"last_error": cause, "available_at": now + wait, "failed_at": now if failed else None}
        taken.close(session, awaits="", away_since=None, **values)
    return DeliveryOutcome.FAILED if failed else DeliveryOutcome.WAITS


def _away_of(error: Exception) -> Away | None:
    """Return the service that is away where an error shows it: one that a handler names, the store of files, the database itself."""
    if isinstance(error, Away):
        return error
    if isinstance(error, Unavailable):
        return Away(type(error.__cause__ or error).__name__, str(error.facts.get("service", "")))
    reason = reason_away(error)
    return Away(f"{type(error).__name__}: {reason}") if reason else None


def _put_off(database: Database, taken: _LeasedJob, away: Away, now: datetime) -> DeliveryOutcome:
    """Let a job wait until what it needs may be back, and with it what is due and waits for the same; give it up after three days."""
    cause, service = str(away)[:LONGEST_ERROR], away.service
    since = taken.away_since or now
    failed = now - since >= AWAY_FOR
    log.warning("job.away", kind=taken.kind, job=taken.job_id, reason=cause, given_up=failed)
    with database.unit_of_work() as session:
        others = (Job.awaits == service, Job.done_at.is_(None), Job.failed_at.is_(None), Job.id != taken.job_id)
        again = _next_probe(session, others if service else (false(),), since, now)
        values = {"last_error": cause, "available_at": again, "failed_at": now if failed else None, "attempts": taken.attempt - 1}
        if taken.close(session, awaits=service, away_since=since, **values) and service:
            due = (Job.available_at <= now, Job.leased_until.is_(None), Job.away_since > now - AWAY_FOR)
            session.execute(update(Job).where(*others, *due).values(available_at=again))
    return DeliveryOutcome.FAILED if failed else DeliveryOutcome.WAITS


def _next_probe(session: Session, others: Sequence[ColumnElement[bool]], since: datetime, now: datetime) -> datetime:
    """Return when to try again: with what waits for the same already, else after a pause as long as it is away, within bounds."""
    known = session.scalar(select(func.min(Job.available_at)).where(*others, Job.available_at > now))
    if known is not None:
        return known
    oldest = session.scalar(select(func.min(Job.away_since)).where(*others)) or since
    return now + min(max(now - min(oldest, since), SHORTEST_PAUSE), LONGEST_PAUSE) * _jitter()


def _call_after_failure(database: Database, delivery: Delivery) -> None:
    if delivery.reached:
        with database.unit_of_work() as session:
            _call(session, delivery.reached, delivery.now)


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 - not a secret


def _call(session: Session, reached: Collection[str], now: datetime) -> None:
    """Make due what waits for services that answer again, some hundreds; the rest is due by then or soon after."""
    if not reached:
        return
    waits = (Job.awaits.in_(reached), Job.done_at.is_(None), Job.failed_at.is_(None), Job.leased_until.is_(None), Job.available_at > now)
    jobs = list(session.scalars(select(Job).where(*waits).order_by(Job.id).limit(SWEEP)))
    for job in jobs:
        job.available_at = now
    cast("list[Job]", session.info.setdefault("jobs", [])).extend(jobs)


def is_known(session: Session, unique_key: str) -> bool:
    """Return whether a job with this key was added before."""
    return session.scalar(select(Job.id).where(Job.unique_key == unique_key)) is not None


def is_requested_again(session: Session, kind: str, arguments: Mapping[str, object], *, after: int, now: datetime) -> bool:
    """Return whether a job that was added after this one, and is due, asks for the same: it sees all that this one would."""
    return _is_open(session, kind, arguments, Job.id > after, Job.available_at <= now)


def is_planned(session: Session, kind: str, arguments: Mapping[str, object], *, now: datetime) -> bool:
    """Return whether a job that is due later asks for the same."""
    return _is_open(session, kind, arguments, Job.available_at > now)


def _is_open(session: Session, kind: str, arguments: Mapping[str, object], *where: ColumnElement[bool]) -> bool:
    same = (Job.kind == kind, Job.arguments == json.dumps(arguments, default=str), Job.done_at.is_(None), Job.failed_at.is_(None))
    return session.scalar(select(Job.id).where(*same, *where).limit(1)) is not None


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


def call_for_waiting(worker: JobRunner, wake: Callable[[Job], None], *, now: datetime) -> None:
    """Wake a worker for each job that could be delivered now, as a commit does for those that it added."""
    with worker.database.unit_of_work(write=False) as session:
        ids = waiting(session, worker.patient, now=now)
        session.info["jobs"] = list(session.scalars(select(Job).where(Job.id.in_(ids)).order_by(Job.id)))
        dispatch_jobs(session, wake)


def deliver_waiting(worker: JobRunner, *, now: datetime | None = None, ends: Callable[[], bool] = lambda: False) -> int:
    """Deliver what waits until nothing is left, or it `ends` between two jobs; return how many were done.

    The clock is read for each job, so that its lease is whole; the demonstration and tests say instead as of which moment.
    """
    done = 0
    while True:
        with worker.database.unit_of_work(write=False) as session:
            ids = waiting(session, worker.patient, now=now or clock.now())
        outcomes = [deliver(worker, job_id, now=now or clock.now()) for job_id in takewhile(lambda _job: not ends(), ids)]
        done += outcomes.count(DeliveryOutcome.DONE)
        if DeliveryOutcome.DONE not in outcomes:
            return done


_ANEW: Mapping[str, object] = {"failed_at": None, "attempts": 0, "leased_until": None, "awaits": "", "away_since": None}


def retry_failed(session: Session, job_id: int | None = None, *, now: datetime) -> int:
    """Give jobs that were given up all their tries again, one or every one; return how many."""
    statement = update(Job).where(Job.failed_at.is_not(None)).values(**_ANEW, available_at=now)
    if job_id is not None:
        statement = statement.where(Job.id == job_id)
    return len(session.scalars(statement.returning(Job.id)).all())


def forget_jobs(session: Session, kinds: Collection[str], mentions: Callable[[Mapping[str, object]], bool]) -> None:
    """Delete the jobs of some kinds whose arguments mention a person, done or not."""
    for job in session.scalars(select(Job).where(Job.kind.in_(kinds))).all():
        if mentions(json.loads(job.arguments)):
            session.delete(job)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the rows that were done or given up before a moment; return how many."""
    over = (Job.done_at < moment) | (Job.failed_at < moment)
    return len(session.scalars(delete(Job).where(over).returning(Job.id)).all())
