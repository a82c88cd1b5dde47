"""Transactions at the same moment: SQLite lets one write at a time, PostgreSQL several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.instance import Instance
from tests.support.learning import all_at_once
from tests.support.soon import until

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def overlap(instance: Instance, first: Callable[[Session], object], second: Callable[[], object]) -> None:
    """Do something, and before that is committed something else, in another thread, until it ends or waits for the first."""
    if instance.database.is_sqlite:
        pytest.skip("SQLite lets one write at a time")
    with ThreadPoolExecutor(1) as other:
        with instance.database.unit_of_work() as session:
            first(session)
            session.flush()
            doing = other.submit(second)
            until(lambda: doing.done() or _somebody_waits(instance))
        doing.result()


def _somebody_waits(instance: Instance) -> bool:
    with instance.database.reading.connect() as connection:
        return bool(connection.scalar(_WAITING))


Act = tuple[Callable[[Session], Any], Callable[[Session, Any], Any]]
"""What loads something, and what acts on it, in one transaction."""


def act_together(instance: Instance, acts: Sequence[Act]) -> list[Any]:
    """Let some act at the same moment, each in a transaction of its own; return what came of each.

    On PostgreSQL everybody has loaded what they act on before anybody acts: each decided by what is no longer so.
    """
    loaded = Barrier(len(acts))

    def act(place: int) -> Any:
        load, do = acts[place]
        with instance.database.unit_of_work() as session:
            subject = load(session)
            if not instance.database.is_sqlite:
                loaded.wait(60)
            return do(session, subject)

    return all_at_once(len(acts), act)
