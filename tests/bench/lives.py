"""A server's life: what a start costs, and how its memory grows."""

import re
import subprocess
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from tests.bench.pages import Bench, in_turns
from tests.bench.processes import floors, product
from tests.bench.table import Row, ratio
from tests.bench.visitor import Visitor
from tests.loadtest.filling import SLUG
from tests.loadtest.journey import LESSON
from tests.support.server import LMS
from tests.support.sizes import REQUESTS

ROUNDS = 4
PERSON = re.compile(r'href="(/administration/people/[0-9a-f-]{36})"')


def starts(folder: Path, database: str) -> list[Row]:
    """spec/performance P20: processor time from the start to the first page against the floor with entities; and of `lms --help`."""
    pairs, helps = in_turns(lambda: _ours(folder, database), lambda: _floor(folder, database)), []
    for _round in range(ROUNDS):
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([LMS, "--help"], check=True, capture_output=True)
        after = getrusage(RUSAGE_CHILDREN)
        helps.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [
        ratio("P20", "start to the first page against the floor's", pairs, 5, 3, "s", 1),
        Row("P20", "seconds of processor of lms --help", min(helps), 0.5, 0.25),
    ]


def _ours(folder: Path, database: str) -> float:
    with product(folder, LMS_DATABASE_URL=database) as ours:
        ours.visitor().sees("/", "<h1")
        return ours.cpu()


def _floor(folder: Path, database: str) -> float:
    with floors(folder, database, ready="/orm") as floor:
        return floor.cpu()


def memory(bench: Bench) -> list[Row]:
    """spec/performance P19: memory of a worker after many requests against the floor's with entities,
    and its growth up to five times as many.
    """
    visitor, bare = bench.entered(), bench.floor.visitor()
    lesson = LESSON.findall(visitor.sees(f"/courses/{SLUG}", "<h1"))[0]
    paths = [lesson, f"/courses/{SLUG}", "/learning"]
    _ask(visitor, paths, REQUESTS)
    _ask(bare, ["/orm"], REQUESTS)
    first, floor = bench.ours.memory(), bench.floor.memory()
    _ask(visitor, paths, 4 * REQUESTS)
    last = bench.ours.memory()
    sizes = f"{first / 1e6:.0f} MB against {floor / 1e6:.0f} MB"
    return [
        Row("P19", f"memory of a worker after {REQUESTS} requests", first / floor, 2.5, 2, sizes),
        Row(
            "P19", f"its growth up to {5 * REQUESTS} requests, in %", 100 * (last - first) / first, 5, 1, f"{last / 1e6:.0f} MB in the end"
        ),
    ]


def _ask(visitor: Visitor, paths: list[str], times: int) -> None:
    for number in range(times):
        assert visitor.ask("GET", paths[number % len(paths)]).status == 200
    visitor.rest()


def people(bench: Bench, administrator: Visitor, count: int) -> list[Row]:
    """spec/performance P24: the last page of a list of people against the first."""
    addresses = {"last": "/administration/people?last=1", "first": "/administration/people"}
    shown = {page: PERSON.findall(administrator.sees(address, "<h1")) for page, address in addresses.items()}
    assert not set(shown["first"]) & set(shown["last"]), "the last page is the first"

    def spent(page: str) -> float:
        before = bench.ours.cpu()
        for _time in range(40):
            administrator.sees(addresses[page], shown[page][0])
        return (bench.ours.cpu() - before) / 40

    pairs = in_turns(lambda: spent("last"), lambda: spent("first"))
    return [ratio("P24", f"list of {count} people: last page against the first", pairs, 1.5, 1.1)]
