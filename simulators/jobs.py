"""Background work of tasks: progress follows when learners get attempts, or lose them, with another version."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from kernel.outbox import Delivery
from kernel.permissions import Actor, ActorChannel
from simulators import tasks

PAGE = 200


def follow_limits(delivery: Delivery) -> None:
    """Compute anew whether the tasks of a course's learners are used up, each in a transaction of its own; twice changes nothing."""
    course_id, last = delivery.number("subject"), 0
    while page := _page(delivery, course_id, last):
        for row in page:
            with delivery.database.unit_of_work() as session:
                tasks.record_task_progress(session, Actor(via=ActorChannel.JOB), row, now=delivery.now)
        last = page[-1].submission_id


def _page(delivery: Delivery, course_id: int, after: int) -> Sequence[Row[*tuple[Any, ...]]]:
    with delivery.database.unit_of_work(write=False) as session:
        return tasks.list_out_of_step(session, course_id, after=after, limit=PAGE)
