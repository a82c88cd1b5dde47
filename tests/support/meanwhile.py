"""What others can do while something slow goes on: SQLite lets one write at a time, so nothing slow may have that turn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import SQLAlchemyError

from kernel import audit, clock
from kernel.errors import Unavailable
from kernel.optimistic import WritingConnection
from kernel.permissions import SYSTEM
from lms.auditing import AuditVerb
from lms.instance import Instance


class Writers:
    """Somebody else, who writes through a connection of their own whenever they are asked to, and notes how that went."""

    def __init__(self, instance: Instance) -> None:
        self._database = instance.database
        self.kept: list[bool] = []
        """For each write whether it was kept."""

    def write(self) -> None:
        """Write in another thread, and wait until that is kept, or gives up its turn: then the one who asks has held it."""

        def work() -> bool:
            try:
                with self._database.unit_of_work() as session:
                    audit.record(session, SYSTEM, AuditVerb.EXPORTED, None, now=clock.now())
            except (SQLAlchemyError, Unavailable):
                return False
            return True

        with ThreadPoolExecutor(1) as beside:
            self.kept.append(beside.submit(work).result())


def before_the_lock(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[str]:
    """Let something happen once, when an optimistic transaction that has read begins to write; return a list that says whether it did."""
    happened: list[str] = []
    begin_to_write = WritingConnection.begin_to_write

    def begin_late(connection: WritingConnection, statement: str, write: Callable[[], object]) -> object:
        if connection._reads and not happened:
            happened.append("meanwhile")
            act()
        return begin_to_write(connection, statement, write)

    monkeypatch.setattr(WritingConnection, "begin_to_write", begin_late)
    return happened
