"""How much room a learner takes, and how fast everything is copied: the figures of docs/operations/scale.md (`make scaled`).

Nothing here is a bar: counts are compared, times are printed.
"""

import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kernel import clock, database_copy
from kernel.db import Database
from lms import backups
from lms.instance import Instance
from quizzes.models import AnswerEvent
from tests.support import sizes
from tests.support.builders import a_course
from tests.support.crowds import multiply
from tests.support.instances import empty_places
from tests.support.learning import a_learner, mark_done, pass_quiz

pytestmark = pytest.mark.processes
LEARNERS = sizes.LEARNERS or 2000


def since(began: tuple[float, float]) -> tuple[float, float]:
    """Return the seconds that passed, and those that this process worked: on a busy machine they differ."""
    return time.perf_counter() - began[0], time.process_time() - began[1]


def test_what_learners_take_and_how_fast_they_are_saved_and_put_back(instance: Instance, tmp_path: Path, database_kind: str) -> None:
    course = a_course(instance)
    learner = a_learner(instance, course)
    for number in (1, 2):
        mark_done(instance, learner, "prueba", f"leccion-{number}")
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}")
    before = instance.database.size()
    multiply(instance, learner, LEARNERS)
    grown = instance.database.size() - before
    with instance.database.unit_of_work(write=False) as session:
        answers = session.scalar(select(func.count()).select_from(AnswerEvent)) or 0
    path = tmp_path / "b.zip"
    seconds: dict[str, tuple[float, float]] = {}
    began = time.perf_counter(), time.process_time()
    made = backups.make(instance, path, now=clock.now())
    seconds["backup"] = since(began)
    began = time.perf_counter(), time.process_time()
    faults = backups.verify(path)[1]
    seconds["verify-backup"] = since(began)
    with empty_places(tmp_path) as places:
        settings = places.empty(database_kind)
        settings.data_dir.mkdir()
        began = time.perf_counter(), time.process_time()
        backups.restore(settings, path, now=clock.now())
        seconds["restore"] = since(began)
    other = Database(f"sqlite:///{tmp_path}/copy.sqlite")
    began = time.perf_counter(), time.process_time()
    sums = database_copy.copy(instance.database, other)
    seconds["db copy to SQLite"] = since(began)
    other.dispose()

    assert faults == []
    assert sum(one.rows for one in sums.values()) == made.rows + 1  # the log of the backup
    assert answers == (LEARNERS + 1) * 14
    lines = [
        f"{LEARNERS} learners, each two quizzes of seven answers, on {'SQLite' if instance.database.is_sqlite else 'PostgreSQL'}:",
        f"  {grown / LEARNERS / 1000:.1f} kB a learner, of them {grown / answers:.0f} bytes for each answer with all that belongs to it",
        f"  {made.rows / LEARNERS:.0f} rows a learner; the backup has {path.stat().st_size / made.rows:.0f} bytes a row",
        *(
            f"  {name}: {taken:.1f} s, {made.rows / taken:,.0f} rows/s ({worked:.1f} s of this process's own work)"
            for name, (taken, worked) in seconds.items()
        ),
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
