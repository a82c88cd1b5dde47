"""What others can do while something slow goes on: SQLite lets one write at a time, so nothing slow may have that turn."""

from __future__ import annotations

import threading

from kernel import audit, clock
from kernel.permissions import SYSTEM
from lms.auditing import AuditVerb
from lms.instance import Instance

AT_ONCE = 2.0
"""Seconds within which a write counts as not having waited for the one who asks: it would give up after `WRITERS_TURN`, later still."""


class Writers:
    """Somebody else, who writes through a connection of their own whenever they are asked to, and notes how that went."""

    def __init__(self, instance: Instance) -> None:
        self._database = instance.database
        self.kept: list[bool] = []
        """For each write whether it was kept at once."""

    def write(self) -> None:
        """Write in another thread, and wait for it a while."""
        kept = threading.Event()

        def work() -> None:
            with self._database.unit_of_work() as session:
                audit.record(session, SYSTEM, AuditVerb.EXPORTED, None, now=clock.now())
            kept.set()

        threading.Thread(target=work, daemon=True).start()
        self.kept.append(kept.wait(AT_ONCE))
