"""Two transactions at the same moment, on PostgreSQL: SQLite lets one write at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.instance import Instance
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
