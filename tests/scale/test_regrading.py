"""Marking many attempts again: what it costs grows with the learners alone; `make bench` measures 36,000."""

from __future__ import annotations

import time
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage

import pytest
from sqlalchemy import func, select

from kernel import clock, outbox
from kernel.outbox import Job
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import dry_runs, regrading
from quizzes.models import MarkEvent
from quizzes.rules.regrade import RegradeKind
from tests.support import sizes
from tests.support.browser import Browser, Counter
from tests.support.builders import a_teacher
from tests.support.crowds import multiply
from tests.support.learning import a_batch, a_learner, actor_of, start, submit
from tests.support.regrading import RIGHT_KEY, a_dry_run, a_keyed_quiz, an_order, commit, counts, regrade_row, undo

PEOPLE = 400
OF_A_PORTION = {"trial": 14, "commit": 20, "undo": 20}
"""Statements that a portion of learners may cost, besides those of each one."""
OF_EACH = ("INTO audit_entry", "UPDATE notice SET mailed_at")
"""The entry in the log of each who completes the quiz, and of each mail that it has left: written at once, so that none leaves twice."""


SECONDS = 60
"""Bar for each step with 36,000 attempts, of processor time: the lease of a job."""


def a_class(browser: Browser, instance: Instance, people: int) -> Actor:
    """Let so many people answer what the wrong key calls wrong, and put the key right; return who may mark again."""
    course = a_keyed_quiz(instance)
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt, a_batch({1: ["2"], 2: ["1"]}))
    a_keyed_quiz(instance, RIGHT_KEY)
    browser.deliver_jobs()
    multiply(instance, learner, people - 1)
    return actor_of(a_teacher(instance, course))


@pytest.mark.slow
def test_hundreds_are_marked_again_with_so_many_statements_a_portion(browser: Browser, instance: Instance) -> None:
    """The dry run, the commit and its undoing work in portions, with a fixed number of statements for each."""
    editor = a_class(browser, instance, PEOPLE)
    counter = Counter(instance.database.writing)
    cost = {}

    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    for name, act in (
        ("trial", lambda: None),
        ("commit", lambda: commit(instance, editor, dry_run)),
        ("undo", lambda: undo(instance, editor, dry_run)),
    ):
        act()
        counter.reset()
        browser.deliver_jobs()
        cost[name] = sum(not any(one in statement for one in OF_EACH) for statement in counter.statements)

    portions = PEOPLE // dry_runs.PORTION
    assert regrading.PORTION == dry_runs.PORTION
    assert (counts(instance, dry_run).gained, regrade_row(instance, dry_run).state) == (PEOPLE, "undone")
    assert {name: count for name, count in cost.items() if count > OF_A_PORTION[name] * (portions + 2)} == {}


def test_very_many_are_marked_again_in_time_and_back(browser: Browser, instance: Instance, say: Callable[[str], None]) -> None:
    """Dry run, commit and undoing end to end, and what the process keeps; certificates have jobs of their own."""
    editor = a_class(browser, instance, sizes.ATTEMPTS)
    seconds: dict[str, float] = {}
    of_processor: dict[str, float] = {}

    def timed(name: str, begin: Callable[[], object], kind: str) -> None:
        began, worked = time.monotonic(), time.process_time()
        begin()
        while deliver_one(instance, kind):
            pass
        seconds[name], of_processor[name] = round(time.monotonic() - began, 1), round(time.process_time() - worked, 1)

    before = getrusage(RUSAGE_SELF).ru_maxrss
    made: list[int] = []
    timed("trial", lambda: made.append(a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))), "quizzes.plan_regrade")
    (dry_run,) = made
    found = counts(instance, dry_run)
    timed("commit", lambda: commit(instance, editor, dry_run), "quizzes.commit_regrade")
    committed = regrade_row(instance, dry_run).state
    timed("undo", lambda: undo(instance, editor, dry_run), "quizzes.undo_regrade")
    grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1000
    if sizes.ATTEMPTS > PEOPLE:
        each = "; ".join(f"{name} {seconds[name]:.0f} s, {of_processor[name]:.0f} s of processor" for name in seconds)
        say(f"regrading {sizes.ATTEMPTS} attempts: {each}; {grown:.0f} MB more memory")

    assert (found.attempts, found.changed, found.gained) == (sizes.ATTEMPTS,) * 3
    assert (committed, regrade_row(instance, dry_run).state) == ("committed", "undone")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(MarkEvent)) == 4 * sizes.ATTEMPTS
    assert {name: value for name, value in of_processor.items() if value > SECONDS} == {}


def deliver_one(instance: Instance, kind: str) -> bool:
    """Do the first waiting job of a kind."""
    with instance.database.unit_of_work(write=False) as session:
        job = session.scalars(select(Job.id).where(Job.kind == kind, Job.done_at.is_(None)).order_by(Job.id).limit(1)).one_or_none()
    return job is not None and outbox.deliver(instance.worker, job, now=clock.now()) is outbox.DeliveryOutcome.DONE
