"""Workers and servers that are killed (SIGKILL) at a transaction, one after the other, until one comes to its end."""

import os
import re
import signal
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session

from compliance import assignments, enrolment, reminders
from kernel import clock
from kernel.db import Database
from kernel.settings import load
from lms.app import create_app, open_instance
from lms.instance import Instance
from lms.serve import periodic_jobs
from lms.worker import WakeUpQueue
from selections import objection_groups
from tests.support.browser import Browser
from tests.support.builders import sign_in

A_PORTION = 2
"""People in one transaction: every job makes several of few people."""
BETWEEN = timedelta(minutes=2)
"""From the start of a worker to that of the next one: what the former had in hand is free again."""
MOST = 60
"""Workers after which something never comes to an end."""
PATIENCE = 120.0
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)


Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Death:
    """The transaction at which a process kills itself: the nth of those that write to some tables, before its COMMIT or after it."""

    tables: frozenset[str]
    when: Side
    number: int = 1


@dataclass(slots=True)
class _Killer:
    """Counts the transactions of a process that write to some tables, and ends it at one of them."""

    death: Death
    left: int = field(init=False)
    committed: threading.local = field(default_factory=threading.local)

    def watch(self, database: Database) -> None:
        """Look at what a database is sent from now on."""
        self.left = self.death.number
        event.listen(database.writing, "after_cursor_execute", self._note)
        event.listen(database.writing, "commit", self._before)
        event.listen(Session, "after_commit", self._after)

    def _note(self, connection: Connection, cursor: DBAPICursor, statement: str, *_rest: object) -> None:
        found = WRITES.match(statement)
        if found is not None and found[1] in self.death.tables and cursor.rowcount:
            connection.info["killer"] = connection.get_transaction()

    def _before(self, connection: Connection) -> None:
        if connection.info.pop("killer", None) is connection.get_transaction() is not None:
            self.left -= 1
            if self.left == 0 and self.death.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            self.committed.last = self.left == 0

    def _after(self, _session: Session) -> None:
        if getattr(self.committed, "last", False):
            os.kill(os.getpid(), signal.SIGKILL)


def work_and_die(folder: Path, url: str, moment: datetime, death: Death | None, package: str = "compliance") -> None:
    """Be the worker of an instance from a moment on: do what is due by the clock and what waits, and die at a transaction or end.

    Of what the clock asks for, the jobs of a package, usually compulsory training: others would end stays that no rule explains.
    """
    instance = _open(folder, url, moment, death)
    queue = WakeUpQueue(instance.worker, {kind: seconds for kind, seconds in periodic_jobs().items() if kind.startswith(f"{package}.")})
    queue.follow()
    while not queue.sweep():
        pass
    instance.database.dispose()


def send_and_die(folder: Path, url: str, moment: datetime, death: Death | None, request: "SentForm") -> None:
    """Serve somebody who signs in, opens a page and sends its form, and die at a transaction or end."""
    instance = _open(folder, url, moment, death)
    browser = sign_in(Browser(create_app(instance), instance), request.email)
    browser.get(request.path)
    browser.submit(request.path, request.values)
    instance.database.dispose()


def _open(folder: Path, url: str, moment: datetime, death: Death | None) -> Instance:
    started, now = clock.now(), clock.now
    clock.now = lambda: moment + (now() - started)
    for module in (assignments, enrolment, reminders, reminders):
        module.PORTION = A_PORTION
    assignments.STATUSES = A_PORTION
    objection_groups.PORTION = A_PORTION
    instance = open_instance(load(data_dir=folder, database_url=url, public_url="http://localhost:8000"))
    if death is not None:
        _Killer(death).watch(instance.database)
    return instance


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form of a page, and who sends it."""

    email: str
    path: str
    values: dict[str, str]


def is_killed(target: Callable[..., None], *arguments: object) -> bool:
    """Execute something in a process of its own, and say whether it was killed; fail where it ended in any other way but well."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def kill_at_each_transaction(
    instance: Instance, since: datetime, tables: Collection[str], when: Side, package: str = "compliance"
) -> list[datetime]:
    """Let workers begin one after the other, each killed one transaction further than the last, until one finishes; return their moments.

    Before its COMMIT, a transaction is lost and the next worker does it again, so that it dies at the second one.
    """
    moments = [since]
    death = Death(frozenset(tables), when)
    while is_killed(work_and_die, instance.settings.data_dir, instance.settings.database, moments[-1], death, package):
        assert len(moments) < MOST
        moments.append(moments[-1] + BETWEEN)
        death = Death(death.tables, when, 2 if when == "before" else 1)
    return moments
