"""The worker is killed (SIGKILL) again and again while it reminds people of dates."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from accounts.models import Notification, Person
from enrolments.dates import PORTION, is_time
from enrolments.notices import DEADLINE_NOTICE
from kernel import clock
from kernel.i18n import find_zone
from kernel.outbox import LEASE, Job
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.crowds import multiply
from tests.support.editions import a_learner_of, an_edition
from tests.support.server import working
from tests.support.soon import until

PEOPLE = 5 * PORTION
KILLS = 4
PATIENCE = 4 * LEASE.total_seconds() + 120
"""Seconds: what a killed worker had in hand is taken again when its lease has ended, by a sweep that comes each minute."""


def zone_in_the_morning(now: datetime) -> str:
    """Return a zone in which it is ten o'clock: the worker is a process, whose clock is the machine's."""
    ahead = (10 - now.hour + 12) % 24 - 12
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
    assert is_time(now, find_zone(zone))
    return zone


def reminded(instance: Instance) -> int:
    """Count the notices of dates."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).where(Notification.kind == DEADLINE_NOTICE.value)) or 0


def unfinished(instance: Instance) -> int:
    """Count the jobs of reminders and mails that are not done, those given up too."""
    kinds = ("enrolments.remind_zone", "enrolments.remind", "accounts.send_notices")
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).where(Job.kind.in_(kinds), Job.done_at.is_(None))) or 0


def mailed(folder: Path) -> Counter[str]:
    """Count the mails about the date, by whom they are for."""
    texts = (path.read_text(errors="replace") for path in (folder / "mail").glob("*.eml"))
    return Counter(found[1] for text in texts if (found := re.search(r"^To: .*?([\w.]+@example\.org)", text, re.MULTILINE)))


def test_killed_in_the_middle_of_the_portions_nobody_is_reminded_twice_and_nobody_is_missed(
    instance: Instance, say: Callable[[str], None]
) -> None:
    now = clock.now()
    course = a_course(instance, modules=1)
    learner = a_learner_of(instance, course, an_edition(instance, course, ends_at=now + timedelta(days=3)))
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(zone=zone_in_the_morning(now)))
    multiply(instance, learner, PEOPLE - 1)

    seen = [0]
    for _kill in range(KILLS):
        with working(instance):  # killed at the end of the block
            until(lambda: reminded(instance) > seen[-1] or reminded(instance) == PEOPLE, PATIENCE)
        seen.append(reminded(instance))
    with working(instance):
        until(lambda: reminded(instance) == PEOPLE and not unfinished(instance), PATIENCE)

    with instance.database.unit_of_work(write=False) as session:
        notices = Counter(session.scalars(select(Notification.person_id).where(Notification.kind == DEADLINE_NOTICE.value)))
    mails = mailed(instance.settings.data_dir)
    doubled = sum(count - 1 for count in mails.values())
    say(f"reminders: worker killed {KILLS} times at {seen[1:]} of {PEOPLE} notices; notices twice 0, missing 0, mails twice {doubled}")
    assert any(0 < count < PEOPLE for count in seen[1:])
    assert (len(notices), set(notices.values())) == (PEOPLE, {1})
    assert len(mails) == PEOPLE
    assert doubled <= 2 * KILLS
