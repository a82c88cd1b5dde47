"""What an instance does beside the records of ever more people: journeys a second with one process and with one for each core, what a
journey costs, and for how long it holds the writers' lock.

Whoever is there already has gone the whole way once, as those have who are measured.
"""

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from accounts.models import Person
from kernel.db import Database
from lms.instance import Instance
from tests.bench.cores import compared, journeys_alone
from tests.bench.pages import walk
from tests.bench.paired import Side
from tests.bench.processes import ROOT, product
from tests.loadtest.command import LoadTestInstance, LoadTestPlan, prepare
from tests.support.crowds import multiply
from tests.support.learning import actor_of

PEOPLE = (1_000, 36_000, 100_000)
"""So many have worked."""
AT_WORK = 1_500
"""People of whom those are that are measured; each goes the whole way once."""
ROUNDS = 2
SEED = 1


def growth(folder: Path, url: str) -> dict[str, dict[str, Any]]:
    """Return the figures by the number of people whose records are there."""
    instance = prepare(folder, LoadTestPlan(AT_WORK, None, 0, 0, 1, SEED), fresh=False, database_url=url)
    people = LoadTestInstance.read(folder)
    first = people.take(1)[0]
    instance.database.dispose()
    with product(folder, LMS_DATABASE_URL=url) as server:
        visitor = server.visitor()
        visitor.enter(first, people.password)
        walk(visitor)
    found, there = dict[str, dict[str, Any]](), 1
    for number in PEOPLE:
        sys.stderr.write(f"  Beside {number:,} people.\n")
        _copy(instance, first, there, number)
        there = number
        found[str(number)] = figures = _measured(instance.database, folder, url)
        sys.stderr.write(f"    {figures}\n")
    return found


def _copy(instance: Instance, email: str, there: int, wanted: int) -> None:
    """Let so many people in all have done what one has."""
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == email)).one()
    multiply(instance, actor_of(person), wanted - there, first=there)


def _measured(database: Database, folder: Path, url: str) -> dict[str, Any]:
    size = database.size()
    database.dispose()
    rates = compared(LoadTestInstance.read(folder), folder, url, ROUNDS)
    alone = Side(ROOT, folder, url, AT_WORK)
    try:
        cost = journeys_alone(alone)
    finally:
        alone.end()
    return {
        "bytes": size,
        "journeys a second, one process": [round(one, 2) for one, _all in rates],
        "journeys a second, a process for each core": [round(every, 2) for _one, every in rates],
        "ms of processor in one process": round(cost["whole"] * 1000, 2),
        "ms for which the writers' lock is held": round(cost["lock held"] * 1000, 2),
    }
