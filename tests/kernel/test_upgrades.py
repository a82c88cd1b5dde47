"""Upgrades from each kept schema with data: broken off at any step and gone on with, on both databases (spec/security 6.8)."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import migrations
from kernel.db import Database
from kernel.search.index import INDEX
from tests.support.former_versions import ADDED_TO, DUMPS, EMPTIED, RENAMED, essence, of_then, revision_of, rows_by_table

BREAKER = """
import os, signal, sys
from sqlalchemy import event
import lms.app
from kernel import migrations
from kernel.db import Database

database, left = Database(sys.argv[1]), [int(sys.argv[2])]

def count(_connection, _cursor, statement, *_rest):
    if statement.split()[0].upper() in ("CREATE", "ALTER", "INSERT", "UPDATE", "DELETE", "DROP"):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

event.listen(database.writing, "before_cursor_execute", count)
migrations.upgrade(database)
database.dispose()
print(int(sys.argv[2]) - left[0])
"""
"""Brings a database up to date, and kills itself before the changing statement with this number; says how many there were."""


def upgrade_until(url: str, number: int) -> int | None:
    """Bring a database up to date in a process that kills itself before a statement; return how many there were where it did not."""
    done = subprocess.run([sys.executable, "-c", BREAKER, url, str(number)], capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


OLDER = [dump for dump in DUMPS if revision_of(dump) != migrations.head()]


@pytest.fixture(params=OLDER, ids=[dump.parent.name for dump in OLDER])
def dump(request: pytest.FixtureRequest) -> Path:
    """Return each kept schema that there is an upgrade from, in turn."""
    found: Path = request.param
    return found


@pytest.mark.faults
@pytest.mark.long
def test_an_upgrade_that_is_killed_at_any_step_is_gone_on_with_and_loses_nothing(
    dump: Path, database_kind: str, tmp_path: Path, say: Callable[[str], None]
) -> None:
    rows = json.loads((dump.parent / "rows.json").read_text("utf-8"))
    whole = tmp_path / "whole"
    whole.mkdir()
    with of_then(dump, database_kind, whole) as url:
        steps = upgrade_until(url, 1_000_000)
    assert steps is not None
    numbers = sorted({0, 1, steps // 3, 2 * steps // 3, steps - 1})
    assert numbers[-1] < steps
    with of_then(dump, database_kind, tmp_path) as url:
        database = Database(url)
        before, kept = rows_by_table(database), essence(database)
        for number in numbers:
            assert upgrade_until(url, number) is None
            assert migrations.current(database) == revision_of(dump)
            assert rows_by_table(database) == before
            database.dispose()
        assert upgrade_until(url, steps) == steps
        after = rows_by_table(database)
        assert migrations.current(database) == migrations.head()
        assert migrations.differences(database) == []
        stays = {name: count for name, count in before.items() if name not in EMPTIED}
        assert {name: min(count, after[RENAMED.get(name, name)]) for name, count in stays.items()} == stays
        assert {name for name, count in before.items() if after[RENAMED.get(name, name)] > count} <= ADDED_TO
        assert {name: count for name, count in before.items() if not name.startswith(INDEX)}.items() <= rows.items()
        assert essence(database) == kept
        database.dispose()
        count = sum(before.values())
        say(f"upgrade of {dump.parent.name} killed {len(numbers)} times within {steps} steps: {count} rows before, none lost")

    assert kept["answer_event"]
    assert kept["credential"]
