"""The courses that come with the program: the first start serves at once, and jobs publish them, each in a process of its own."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from courses import catalogue
from courses.catalogue import PUBLISH, job_key, shipped_courses
from kernel import clock, outbox
from kernel.child_process import run_command
from kernel.outbox import Away, Delivery, Job, JobIncomplete
from kernel.paths import CONTENT
from kernel.settings import environment_of
from lms.instance import Instance

PATIENCE = 1800.0
"""Seconds that publishing one course may take on the slowest of machines, or on one that has much else to do."""


def plan_shipped_courses(instance: Instance, content: Path) -> list[str]:
    """Add a job for each course that comes with the program, where the database has no course; return what is to be said of it."""
    keys = list(shipped_courses(content))
    with instance.database.unit_of_work(write=False) as session:
        if not keys or catalogue.any_course(session):
            return []
    try:
        with instance.database.unit_of_work() as session:
            session.execute(delete(Job).where(Job.unique_key.in_([job_key(key) for key in keys])))  # of a start that was broken off
            for key in keys:
                outbox.enqueue(session, PUBLISH, {"course": key}, now=clock.now(), unique_key=job_key(key))
    except IntegrityError:
        return []  # another server was first
    return [f"Publishing {len(keys)} courses in the background: {', '.join(keys)}"]


@dataclass(frozen=True, slots=True)
class ShippedOutcome:
    """The outcome of publishing a course: how many of its figures are due for review, or why it was not published."""

    overdue: int = 0
    refusal: str = ""
    """Codes of findings, or the name of an error."""
    away: str | None = None
    """What does not answer; empty where it has no address."""


def publish_shipped(delivery: Delivery) -> None:
    """Publish one course, where that has not been done; who looks at the terminal reads that it is there."""
    key = delivery.text("course")
    with delivery.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, key)
        if course is not None and course.published_version_id is not None:
            return
    begun = clock.now()
    command = ("courses", "publish-shipped", str(CONTENT / key))
    outcome = ShippedOutcome(**json.loads(run_command(*command, patience=PATIENCE, environment=environment_of(delivery.settings))))
    if outcome.away is not None:
        raise Away(outcome.refusal, outcome.away)
    if outcome.refusal:
        click.echo(f"{key} was not published: {outcome.refusal} (lms courses check {CONTENT / key})")
        raise JobIncomplete(outcome.refusal)
    overdue = f"; {outcome.overdue} figures are due for review" if outcome.overdue else ""
    click.echo(f"Course published: {key} ({(clock.now() - begun).total_seconds():.0f} s{overdue})")
