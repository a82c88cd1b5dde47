"""Workers are killed (SIGKILL) in each transaction of the night that counts histories and makes draw tables (spec/selection 12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from kernel import clock
from kernel.outbox import Job
from lms.instance import Instance
from quizzes.models import Attempt, DrawTable, HistoryState, ItemHistory
from tests.support.builders import folder, publish
from tests.support.killed_workers import Side, kill_at_each_transaction
from tests.support.learning import a_learner, fail_quiz, sitting_of, start
from tests.support.selection_folders import BANK, FILE, a_balanced_folder
from tests.support.takes import read

QUIZZES = ("uno", "dos", "tres")
TABLES = ("history_state", "item_history", "draw_table")
Say = Callable[[str], None]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_the_night_as_draw_tables_are_made(when: Side, instance: Instance, say: Say) -> None:
    """Each quiz has its history once and one table of the night, by all answers; a start goes by that table."""
    own = a_balanced_folder("slots:\n  - draw: 2\nbalance: {within: 20}\n")
    courses = [publish(instance, {**folder(slug, modules=1), BANK: own[BANK], FILE: own[FILE]})[0] for slug in QUIZZES]
    for course in courses:
        for number in range(3):
            fail_quiz(instance, a_learner(instance, course, f"{course.slug}{number}@example.org"), course.slug)
    with instance.database.unit_of_work() as session:  # as an instance of before the history
        session.execute(delete(ItemHistory))
        session.execute(delete(HistoryState))
    night = (clock.now() + timedelta(days=1)).replace(hour=8)  # three in the morning in Quito

    moments = kill_at_each_transaction(instance, night, TABLES, when, "quizzes")

    tables = read(instance, lambda session: session.execute(select(DrawTable.number, DrawTable.in_use)).all())
    counts = read(instance, lambda session: session.scalars(select(ItemHistory.count)).all())
    failed = read(instance, lambda session: session.scalars(select(Job.kind).where(Job.failed_at.is_not(None))).all())
    assert len(moments) > 2 * len(QUIZZES)
    assert [tuple(one) for one in tables] == [(2, True)] * len(QUIZZES)
    assert sum(counts) == 3 * 2 * len(QUIZZES)
    assert list(failed) == []
    for course in courses:
        learner = a_learner(instance, course, f"{course.slug}-nueva@example.org")
        with sitting_of(instance, learner, start(instance, learner, course.slug)) as (session, loaded):
            assert session.get_one(Attempt, loaded.id).draw_table == 2
    say(f"draw tables: worker killed {len(moments) - 1} times {when} a COMMIT; tables twice 0, missing 0")
