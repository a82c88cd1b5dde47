"""Many learners at once, in an open loop: how long their lessons and saves wait, beside the bare programs under the same arrivals."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import median
from typing import Any

import aiohttp

from tests.bench.floors import PASSWORD
from tests.bench.pages import Bench, cost_of_page
from tests.bench.table import Row
from tests.loadtest.command import arrivals
from tests.loadtest.journey import LoadProfile, walk_all
from tests.loadtest.measures import Measures, percentile
from tests.loadtest.reconciliation import FAULTS, compare
from tests.support.sizes import CROWD_SECONDS

RATE = 10.0
"""New learners a second (spec/performance P10)."""
MINUTE = min(60.0, CROWD_SECONDS)
REFERENCE = 0.00098
"""Seconds of processor of the floor's page in the slower of the two runs that the specification names (performance, head)."""
PAUSE = 1.0
"""Seconds for which somebody looks at a page, on average."""
PAGES, SAVES = 11, 12
"""What a learner asks for: pages of signing in, home, course, four lessons, quiz, attempt, summary and result; start, ten saves and end."""
SEED = 1


def crowd(bench: Bench) -> list[Row]:
    """spec/performance P10, P11: ten new learners a second; p95 of lessons and saves against the floor's, the slowest save,
    and what was lost, with one process for each core.

    Ten minutes of it on SQLite, as spec/performance P11 asks, and one on PostgreSQL. Where this machine is slower than the specification's,
    ten a second is told, and the bars hold for as long at the rate that asks as much of it.
    """
    page = cost_of_page(bench.floor)
    rows = _held(bench, RATE, "ten new learners a second", page, "of it")
    if page <= REFERENCE:
        return rows
    return [*(replace(row, binds=False) for row in rows), *at_this_machines_rate(bench)]


def at_this_machines_rate(bench: Bench) -> list[Row]:
    """Return the same at the rate that asks as much of a machine of this speed as ten a second of the specification's."""
    page = cost_of_page(bench.floor)
    rate = RATE * min(1.0, REFERENCE / page)
    words = f"{rate:.1f} a second, as much of this machine as ten of the specification's"
    return _held(bench, rate, words, page, f"at {words}")


def _held(bench: Bench, rate: float, words: str, page: float, of_it: str) -> list[Row]:
    sqlite = bench.database.is_sqlite
    rows, waits = _many(bench, rate, CROWD_SECONDS if sqlite else MINUTE, words, page)
    if sqlite:
        rows.append(Row("P11", f"slowest save of {CROWD_SECONDS} seconds {of_it}, in s", max(waits), 1, 0.3, f"{len(waits)} saves"))
    return rows


def _many(bench: Bench, rate: float, seconds: float, words: str, page: float) -> tuple[list[Row], list[float]]:
    """Let learners arrive at a rate, between two minutes of the floor's at the same; return the rows and how long saves took."""
    before = _at_the_floor(bench, rate)
    measures = Measures()
    moments = arrivals(seconds, rate, SEED, rising=False)
    people = LoadProfile((f"http://127.0.0.1:{bench.ours.port}",), bench.password, SEED, PAUSE, completes=False)
    told = asyncio.run(walk_all(people, bench.emails(len(moments)), moments, measures))
    with bench.database.unit_of_work(write=False) as session:
        found = compare(session, told)
    after = _at_the_floor(bench, rate)
    rows = []
    for step, bars, longest in (("lesson", (12, 8), 50), ("save", (6, 4), 40)):
        ours = median(p95_of_minutes(measures, step, seconds))
        floor = percentile([*before.waits[step], *after.waits[step]], 0.95)
        all_of_it = percentile(measures.waits[step], 0.95)
        numbers = f"{ours * 1000:.1f} ms against {floor * 1000:.1f} ms; all minutes as one {all_of_it * 1000:.1f} ms"
        rows.append(Row("P10", f"p95 of a {step}, {words}", ours / floor, *bars, numbers))
        rows.append(
            Row(
                "P10",
                f"p95 of a {step} in ms, were the bare page to take one, {words}",
                ours / page,
                longest,
                longest,
                f"{ours * 1000:.1f} ms, where that page takes {page * 1000:.2f}",
            )
        )
    lost = sum(found[name] for name in FAULTS) + sum(measures.errors.values()) + measures.asked_to_wait
    rows.append(Row("P10", f"errors, answers lost, and visitors asked to wait, {words}", lost, 0, 0, _counted(found, measures)))
    return rows, measures.waits["save"]


def p95_of_minutes(measures: Measures, step: str, seconds: float) -> list[float]:
    """Return within how many seconds 95 of 100 were answered, for each minute in which people came; what came later is of the last.

    What a machine does besides falls into some minutes: their median is what spec/performance 3 counts of rounds.
    """
    minutes = defaultdict[int, list[float]](list)
    for at, waited in zip(measures.moments[step], measures.waits[step], strict=True):
        minutes[min(int(at / MINUTE), max(int(seconds / MINUTE), 1) - 1)].append(waited)
    return [percentile(waits, 0.95) for waits in minutes.values()]


def _counted(found: Counter[str], measures: Measures) -> str:
    wrong = measures.errors + Counter({"asked to wait": measures.asked_to_wait})
    errors = ", ".join(f"{name} ({number})" for name, number in wrong.most_common())
    return f"{found['answers acknowledged']} answers, {found['attempts handed in']} attempts" + (f"; {errors}" if errors else "")


def _at_the_floor(bench: Bench, rate: float) -> Measures:
    """Let as many learners do as much with the bare pages."""
    measures = Measures()
    asyncio.run(_all(bench.floor.port, arrivals(MINUTE, rate, SEED, rising=False), measures))
    return measures


async def _all(port: int, moments: Sequence[float], measures: Measures) -> None:
    began = time.monotonic()

    async def one(number: int, moment: float) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        address = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(address, cookie_jar=jar, connector=aiohttp.TCPConnector(limit=2)) as client:
            await _bare_journey(client, began, began + moment, Random(f"{SEED}:{number}"), measures)  # noqa: S311 - a simulation

    await asyncio.gather(*(one(number, moment) for number, moment in enumerate(moments)))


async def _bare_journey(client: aiohttp.ClientSession, began: float, due: float, chance: Random, measures: Measures) -> None:
    """Ask for bare pages and saves, mixed as a learner's are; each waits since it was due."""
    steps = ["lesson"] * PAGES + ["save"] * SAVES
    chance.shuffle(steps)
    for step in ["sign-in", *steps]:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        async with _request(client, step) as answer:
            await answer.read()
            assert answer.status == 200, f"{step}: {answer.status}"
        now = time.monotonic()
        measures.note(step, now - began, now - due)
        due = now + chance.uniform(0, 2 * PAUSE)


def _request(client: aiohttp.ClientSession, step: str) -> Any:
    if step == "lesson":
        return client.get("/page")
    if step == "save":
        return client.post("/save", data={"events": '[{"item": 1, "seq": 1}]'})
    return client.post("/sign-in", data={"password": PASSWORD})
