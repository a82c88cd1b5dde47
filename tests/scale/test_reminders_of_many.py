"""Reminding everybody of one date: what it costs for 36,000 people, in portions of the same size (spec/performance P7)."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from resource import RUSAGE_SELF, getrusage

import pytest
from sqlalchemy import func, select

from accounts.models import Notification
from enrolments.dates import PORTION
from enrolments.notices import DEADLINE_NOTICE
from kernel import outbox
from kernel.outbox import DeliveryOutcome, Job
from lms.instance import Instance
from tests.support import sizes
from tests.support.browser import every_statement
from tests.support.builders import a_course
from tests.support.crowds import multiply
from tests.support.editions import a_learner_of, an_edition

EIGHT = datetime(2026, 6, 1, 13, tzinfo=UTC)
"""Eight in the morning in Quito."""
STATEMENTS = 24
"""Of a portion at most, however many it reminds."""
MEGABYTES = 64
"""By which the process may grow for all of them."""


def jobs_of(instance: Instance, kind: str) -> list[int]:
    """List the jobs of a kind that wait."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Job.id).where(Job.kind == kind, Job.done_at.is_(None)).order_by(Job.id)))


def deliver(instance: Instance, job: int) -> None:
    """Do a job."""
    assert outbox.deliver(instance.worker, job, now=EIGHT) is DeliveryOutcome.DONE


def plan(instance: Instance) -> list[int]:
    """Let the clock's job divide everybody; return the jobs of the portions."""
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "enrolments.plan_reminders", {}, now=EIGHT)
    for kind in ("enrolments.plan_reminders", "enrolments.remind_zone"):
        for job in jobs_of(instance, kind):
            deliver(instance, job)
    return jobs_of(instance, "enrolments.remind")


@pytest.mark.slow
def test_everybody_is_reminded_in_portions_of_the_same_cost_and_memory(instance: Instance, say: Callable[[str], None]) -> None:
    people, course = sizes.ACCOUNTS, a_course(instance, modules=2)
    learner = a_learner_of(instance, course, an_edition(instance, course, ends_at=EIGHT + timedelta(days=3)))
    multiply(instance, learner, people - 1)
    counter = every_statement(instance.database)
    before, began, worked = getrusage(RUSAGE_SELF).ru_maxrss, time.monotonic(), time.process_time()

    portions = plan(instance)
    statements, peaks = list[int](), list[int]()
    for at, job in enumerate(portions):
        measured = at in (1, len(portions) - 2)
        if measured:
            tracemalloc.start()
        counter.reset()
        deliver(instance, job)
        statements.append(len(counter.statements))
        if measured:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    took, used = time.monotonic() - began, time.process_time() - worked
    grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1000
    say(
        f"reminding {people} people of a date: {len(portions)} portions, {took:.0f} s, {used:.0f} s of processor, "
        f"{max(statements)} statements and {max(peaks) / 1e6:.1f} MB a portion; {grown:.0f} MB more memory"
    )
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Notification.kind == DEADLINE_NOTICE.value)) == people
    assert len(portions) == -(-people // PORTION)
    assert max(statements[1:]) == min(statements[1:-1]) <= STATEMENTS
    assert peaks[1] < peaks[0] * 1.5
    assert grown < MEGABYTES
    assert plan(instance) == []
