"""A worker that dies in any portion or is killed before any change, runs twice, or whose clock is set back: stored equals computed.

spec/compulsory 18.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from accounts.models import Notification
from compliance import assignments, enrolment, jobs
from compliance.assignments import ReplayMoments, walk_differences
from compliance.models import Assignment, CycleEnrolment, Obligation, Reminder
from enrolments.models import Enrolment
from kernel.durations import Duration
from kernel.outbox import Delivery, Job, deliver_waiting
from lms.instance import Instance
from lms.queries import count_differing_statuses
from tests.support.builders import a_course, a_person
from tests.support.certificates import complete
from tests.support.learning import At
from tests.support.obligations import an_audience_of, an_obligation, compute_everything, let_stay, rules_of
from tests.support.places import a_place
from tests.support.reminders import ReminderTrial, mails_to, quito
from tests.support.scenes import scene
from tests.support.takes import read
from tests.support.training_cases import QUITO, A

PEOPLE = 5
COMMITS = 8
"""More than any of the jobs makes of so few people, two in a portion: the last trials let it end."""


class Killed(BaseException):
    """The end of a process: no handler of ours sees it."""


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
def obligation(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Obligation:
    """Return an obligation that five people have done, whose renewal begins in April 2027; two are in a portion from now on."""
    row = done_by_five(instance)
    for module in (assignments, enrolment):
        monkeypatch.setattr(module, "PORTION", 2)
    return row


@scene
def done_by_five(instance: Instance) -> Obligation:
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    audience = an_audience_of(instance, a_place(instance))
    row = an_obligation(instance, audience, rules_of(course, replace(A, starts=date(2025, 1, 1), validity=Duration(months=12))))
    for number in range(PEOPLE):
        let_stay(instance, audience, complete(instance, course, f"p{number}@example.org"))
    deliver_waiting(instance.worker, now=noon(6, 2))
    return row


@contextmanager
def killed_at(commit: int) -> Iterator[None]:
    """Let the process die as it is about to commit for the so-manieth time."""
    left = [commit]

    def die(_session: Session) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(Session, "before_commit", die)
    try:
        with suppress(Killed):
            yield
    finally:
        event.remove(Session, "before_commit", die)


def deliver(instance: Instance, handler: Callable[[Delivery], object], now: datetime) -> None:
    effect = handler(Delivery(instance.database, instance.settings, 1, {}, now))
    if callable(effect):
        with instance.database.unit_of_work() as session:
            effect(session)


def differences(instance: Instance, obligation: Obligation, now: datetime) -> list[object]:
    moments = ReplayMoments(now, now, now + timedelta(hours=2))
    return [row for _people, found in walk_differences(instance.database, obligation.id, moments) for row in found]


def takes(instance: Instance) -> list[tuple[int, int, bool]]:
    """Return the takes of all: person, number, whether it is the present one."""
    statement = select(Enrolment.person_id, Enrolment.take, Enrolment.superseded_at.is_(None)).order_by(Enrolment.person_id, Enrolment.take)
    return [tuple(row) for row in read(instance, lambda session: session.execute(statement).all())]  # type: ignore[misc]  # three columns


@pytest.mark.parametrize("commit", range(1, COMMITS + 1))
def test_killed_in_any_portion_the_renewal_is_whole_afterwards(instance: Instance, obligation: Obligation, commit: int) -> None:
    """spec/compulsory 18 and 7.3: in the computation, in the enrolment, as the takes begin; each has one further take, one row a cycle."""
    now = noon(4, 2, 2027)
    with killed_at(commit):
        deliver(instance, jobs.follow_changes, now)
        deliver(instance, jobs.enrol_assigned, now)

    for handler in (jobs.follow_changes, jobs.enrol_assigned):
        deliver(instance, handler, now + timedelta(minutes=10))
    compute_everything(instance, now=now + timedelta(minutes=10))

    assert differences(instance, obligation, now + timedelta(minutes=20)) == []
    people = sorted({person for person, _take, _present in takes(instance)})
    assert takes(instance) == [row for person in people for row in ((person, 1, False), (person, 2, True))]
    assert len(read(instance, lambda session: session.scalars(select(CycleEnrolment.id)).all())) == PEOPLE
    assert set(read(instance, lambda session: session.scalars(select(Assignment.state)).all())) == {"renewal_due"}


@pytest.mark.parametrize("commit", range(1, COMMITS + 1))
def test_killed_in_any_portion_of_the_night_nothing_differs_afterwards(instance: Instance, obligation: Obligation, commit: int) -> None:
    """spec/compulsory 18 and 7.3."""
    now = noon(7, 1, 2027)
    with killed_at(commit):
        compute_everything(instance, now=now)

    compute_everything(instance, now=now + timedelta(minutes=1))

    assert differences(instance, obligation, now + timedelta(minutes=2)) == []
    assert set(read(instance, lambda session: session.scalars(select(Assignment.state)).all())) == {"expired"}


def test_a_job_that_runs_twice_has_one_effect(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 18: rows and their moments are those of the first time."""
    now = noon(4, 2, 2027)

    def run() -> tuple[object, ...]:
        for handler in (jobs.follow_changes, jobs.enrol_assigned):
            deliver(instance, handler, now)
        since = read(instance, lambda session: session.scalars(select(CycleEnrolment.since).order_by(CycleEnrolment.id)).all())
        computed = read(instance, lambda session: session.scalars(select(Assignment.computed_at).order_by(Assignment.id)).all())
        return takes(instance), since, computed

    assert run() == run()


def test_a_clock_that_is_set_back_ends_no_renewal_twice(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 18: what was computed for later stands as it was, and once the clock is right again all is as computed."""
    later = noon(4, 2, 2027)
    for handler in (jobs.follow_changes, jobs.enrol_assigned):
        deliver(instance, handler, later)
    before = takes(instance)

    for moment in (later - timedelta(days=3), later + timedelta(days=1)):
        for handler in (jobs.follow_changes, jobs.enrol_assigned):
            deliver(instance, handler, moment)
        compute_everything(instance, now=moment)
        assert read(instance, count_differing_statuses) == 0

    assert takes(instance) == before
    assert differences(instance, obligation, later + timedelta(days=2)) == []


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import event
from compliance import jobs, reminders
from kernel.outbox import Delivery
from kernel.settings import Settings
from lms.app import open_instance

reminders.PORTION = 2

def run(left):
    instance = open_instance(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))

    def count(_connection, _cursor, statement, *_rest):
        nonlocal left
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(instance.database.writing, "before_cursor_execute", count)
    jobs.remind(Delivery(instance.database, instance.settings, 0, {}, datetime.fromisoformat(sys.argv[3])))
    instance.database.dispose()

for number in range(1000):
    child = os.fork()
    if not child:
        run(number)
        os._exit(0)
    end = os.waitpid(child, 0)[1]
    if not end:
        print(number)
    if end != signal.SIGKILL:
        sys.exit(os.waitstatus_to_exitcode(end))
"""
"""Decides what is due in processes that kill themselves before their first change, their second and so on, until one comes to its end."""
EIGHT = "2026-12-08T08:00"


@pytest.mark.slow
def test_killed_in_each_portion_nobody_is_told_twice_and_nobody_is_missed(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 17, K10: resumes after kill -9 without a second mail."""
    trial = ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    for person in people:
        let_stay(instance, trial.audience, person)
    trial.run("2026-11-24T09:00")
    before = {person.id: len(mails_to(instance, person)) for person in people}
    trial.at.moment = quito(EIGHT)

    settings = instance.settings
    arguments = (str(settings.data_dir), settings.database, quito(EIGHT).isoformat())
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5
    with instance.database.unit_of_work(write=False) as session:
        told = Counter(session.scalars(select(Notification.person_id).where(Notification.key == "training:2026-12-08")))
        rows = Counter(session.scalars(select(Reminder.assignment_id).where(Reminder.due_on == quito(EIGHT).date(), Reminder.reason == "")))
        waiting = session.scalars(select(Job).where(Job.kind == "accounts.send_notices", Job.done_at.is_(None))).all()
    assert told == {person.id: 1 for person in people}
    assert list(rows.values()) == [1] * len(people)
    assert len(waiting) == 3
    deliver_waiting(instance.worker, now=quito(EIGHT))
    trial.run(EIGHT)
    assert {person.id: len(mails_to(instance, person)) - before[person.id] for person in people} == {person.id: 1 for person in people}
