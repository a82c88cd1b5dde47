"""Reminders of a morning whose worker is killed (SIGKILL) before each of its changes, and begins again."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from accounts.models import Notification
from compliance.models import Reminder
from kernel.outbox import Job, deliver_waiting
from lms.instance import Instance
from tests.support.builders import a_person
from tests.support.learning import At
from tests.support.obligations import let_stay
from tests.support.reminders import ReminderTrial, mails_to, quito

KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
import lms.app
from compliance import jobs
from compliance.services import reminders
from kernel.db import Database
from kernel.outbox import Delivery

reminders.PORTION = 2

def run(left):
    database = Database(sys.argv[1])

    def count(_connection, _cursor, statement, *_rest):
        nonlocal left
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.writing, "before_cursor_execute", count)
    jobs.remind(Delivery(database, None, 0, {}, datetime.fromisoformat(sys.argv[2])))
    database.dispose()

for number in range(1000):
    child = os.fork()
    if not child:
        run(number)
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        print(number)
        break
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

    done = subprocess.run(
        [sys.executable, "-c", KILLED, instance.settings.database, quito(EIGHT).isoformat()], capture_output=True, text=True, check=False
    )

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
