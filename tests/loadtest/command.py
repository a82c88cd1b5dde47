"""The load test played: when learners arrive, the instance filled for them, the servers run, and what came of it."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import count, islice
from pathlib import Path
from random import Random

import click
from sqlalchemy import func, select

from accounts.models import Person
from kernel import database_copy
from kernel.outgoing import OutgoingError, OutgoingReach, fetch
from lms import serve as server
from lms.instance import Instance
from lms.scratch_folders import ScratchFolder
from tests.loadtest import filling
from tests.loadtest.filling import fill, require_course
from tests.loadtest.journey import AcknowledgedAnswers, LoadProfile, walk_all
from tests.loadtest.measures import Measures, aligned, percentile, shares, table
from tests.loadtest.reconciliation import COUNTED, FAULTS, compare

QUIET = 0.25
"""Share of the highest rate at which a deadline's last hours begin."""


def arrivals(seconds: float, rate: float, seed: int, *, rising: bool) -> list[float]:
    """Return the moments of arrival in seconds from the beginning, at random (Poisson).

    With `rising` the rate grows with the square of the time from a quarter to `rate` learners a second, as before a deadline; else it is
    `rate` throughout.

    It is an open loop, in which nobody waits for those before.
    """
    chance = Random(f"arrivals:{seed}")  # noqa: S311 - a simulation, no secrets
    moments, at = list[float](), 0.0
    while True:
        at += chance.expovariate(rate)
        if at >= seconds:
            return moments
        share = QUIET + (1 - QUIET) * (at / seconds) ** 2 if rising else 1.0
        if chance.random() < share:
            moments.append(at)


FOLDER = Path("instance/loadtest")
GROUND = ScratchFolder("load-test", "load test")
WINDOW = 10.0
"""Seconds of the busiest time of which rates are told."""
TRIAL = 20.0
"""Seconds for which a rate is tried before the day."""
FIRST, STEP = 1.0, 1.4
LONGEST_WAIT = 1.0
"""Seconds within which 95 of 100 lessons and saves are answered where a rate is held."""
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class LoadTestPlan:
    """The plan of a load test: see the options of `lms loadtest`."""

    learners: int
    rate: float | None
    seconds: float
    pause: float
    servers: int
    seed: int
    obligations: int = 0


@dataclass
class LoadTestInstance:
    """The filled instance: the password of all, and how many have come already."""

    folder: Path
    learners: int
    seed: int
    password: str
    come: int = 0
    obligations: int = 0

    @classmethod
    def read(cls, folder: Path) -> "LoadTestInstance":
        """Return it as it was kept beside the data."""
        return cls(folder, **json.loads((folder / GROUND.marker).read_text()))

    def write(self) -> None:
        """Keep it beside the data."""
        ground = {name: value for name, value in vars(self).items() if name != "folder"}
        (self.folder / GROUND.marker).write_text(json.dumps(ground))

    def take(self, number: int) -> list[str]:
        """Return the addresses of people who have not come yet, and note that they have."""
        if self.come + number > self.learners:
            raise server.ServerStartError(
                f"Of {self.learners} learners {self.come} have come already: lms loadtest --fresh makes them anew."
            )
        emails = list(islice(map(filling.email, count(self.come)), number))
        self.come += number
        self.write()
        return emails


def play(plan: LoadTestPlan, report: Path | None, *, fresh: bool) -> None:
    """Play the day; exit with 1 where anything was lost, wrong, or answered with an error."""
    folder = Path(os.environ.get("LMS_DATA_DIR") or FOLDER).resolve()
    with GROUND.claimed(folder):
        instance = prepare(folder, plan, fresh=fresh)
        load_instance = LoadTestInstance.read(folder)
        if plan.servers > 1 and instance.database.url.startswith("sqlite"):
            raise server.ServerStartError("Several servers need PostgreSQL: set LMS_DATABASE_URL to an empty database.")
        instance.database.dispose()
        with serving(folder, plan.servers) as addresses:
            crowd = LoadProfile(addresses, load_instance.password, plan.seed, plan.pause)
            rate = plan.rate or _find_rate(crowd, load_instance)
            click.echo(f"The day: {plan.seconds:.0f} s, up to {rate:.1f} new learners a second …")
            moments = arrivals(plan.seconds, rate, plan.seed, rising=True)
            measures, acknowledged = _walk(crowd, load_instance, moments)
        with instance.database.unit_of_work(write=False) as session:
            counts = compare(session, acknowledged)
        instance.database.dispose()
    _report(plan, rate, measures, counts, report)


def prepare(folder: Path, plan: LoadTestPlan, *, fresh: bool, **given: object) -> Instance:
    """Fill the instance where that has not been done for these people; return it with its database open. Settings may be given."""
    GROUND.clear(folder, fresh=fresh)
    ground = json.loads((folder / GROUND.marker).read_text() or "{}")
    if ground and (ground["learners"], ground["seed"], ground.get("obligations", 0)) != (plan.learners, plan.seed, plan.obligations):
        GROUND.clear(folder, fresh=True)
        ground = {}
    instance = server.open_checked(server.checked_settings("127.0.0.1", 8000, data_dir=folder, smtp_host="", **given))
    if not ground:
        with instance.database.unit_of_work(write=False) as session:
            if session.scalar(select(func.count()).select_from(Person)):
                raise server.ServerStartError("The database holds people already: a load test needs an empty one.")
        click.echo(f"Making {plan.learners} accounts; a minute or two …")
        password = secrets.token_urlsafe(12)
        fill(instance, plan.learners, plan.seed, password)
        if plan.obligations:
            click.echo(f"Computing {plan.learners * plan.obligations} statuses of compulsory training …")
            require_course(instance, plan.obligations)
        if not instance.database.is_sqlite:
            with instance.database.writing.begin() as writer:
                database_copy.analyze(writer)
        LoadTestInstance(folder, plan.learners, plan.seed, password, obligations=plan.obligations).write()
    return instance


@contextmanager
def serving(folder: Path, number: int) -> Iterator[tuple[str, ...]]:
    """Run so many servers on free ports of this machine; give their addresses, and end them."""
    with (folder / "servers.log").open("w") as log:
        started = [_start(folder, port, log.fileno(), is_alone=number == 1) for port in _free_ports(number)]
        try:
            for _process, address in started:
                _wait(address)
            yield tuple(address for _process, address in started)
        finally:
            for process, _address in started:
                process.send_signal(signal.SIGTERM)
            for process, _address in started:
                process.wait(30)


def _free_ports(number: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _number in range(number)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _start(folder: Path, port: int, log: int, *, is_alone: bool) -> tuple[subprocess.Popen[bytes], str]:
    lms = Path(sys.executable).with_name("lms")
    environment = {**os.environ, "LMS_DATA_DIR": str(folder), "LMS_SMTP_HOST": "", "LMS_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    command = [lms, "serve", "--port", str(port), *(() if is_alone else ("--workers", "1"))]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    return process, f"http://127.0.0.1:{port}"


def _wait(address: str) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        with suppress(OutgoingError):
            if fetch(f"{address}/health/ready", OutgoingReach(is_near=True)).status == HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise server.ServerStartError(f"The server at {address} does not answer; see servers.log in the folder of the load test.")


def _walk(crowd: LoadProfile, load_instance: LoadTestInstance, moments: list[float]) -> tuple[Measures, list[AcknowledgedAnswers]]:
    measures = Measures()
    acknowledged = asyncio.run(walk_all(crowd, load_instance.take(len(moments)), moments, measures))
    return measures, acknowledged


def _find_rate(crowd: LoadProfile, load_instance: LoadTestInstance) -> float:
    """Try ever higher rates; return the last that was held: no error, nobody asked to wait, and lessons and saves answered soon."""
    held, rate = FIRST, FIRST
    while True:
        measures, _told = _walk(crowd, load_instance, arrivals(TRIAL, rate, crowd.seed, rising=False))
        waits = {step: percentile(measures.waits[step], 0.95) for step in ("lesson", "save")}
        times = ", ".join(f"{step} {wait * 1000:.0f} ms" for step, wait in waits.items())
        refused = f"{sum(measures.errors.values())} errors, {measures.asked_to_wait} times asked to wait"
        click.echo(f"  {rate:5.1f} new learners a second: p95 of {times}; {refused}")
        if measures.errors or measures.asked_to_wait or max(waits.values()) > LONGEST_WAIT:
            return held
        held, rate = rate, rate * STEP


def _report(plan: LoadTestPlan, rate: float, measures: Measures, counts: Counter[str], report: Path | None) -> None:
    rates = measures.rates(WINDOW)
    click.echo("\n".join(["", *table(measures), "", f"In the busiest {WINDOW:.0f} seconds:", *shares(rates), ""]))
    click.echo("\n".join(aligned([(name, str(counts[name])) for name in (*COUNTED, *FAULTS)])))
    click.echo(f"\nAsked to wait before they came in: {measures.asked_to_wait} times")
    click.echo("\n".join(["", *(f"error: {name} ({number} times)" for name, number in measures.errors.most_common())]))
    if report is not None:
        steps = {step: {"answers": len(waits), **_waits(waits)} for step, waits in measures.waits.items()}
        came = {"errors": dict(measures.errors), "asked_to_wait": measures.asked_to_wait}
        whole = {"plan": asdict(plan), "rate": rate, "steps": steps, "rates": rates, "found": dict(counts), **came}
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(whole, indent=2) + "\n")
    if measures.errors or any(counts[name] for name in FAULTS):
        raise click.ClickException("Something was lost, wrong or answered with an error.")
    click.echo("No error, and everything that was acknowledged is there, once.")


def _waits(waits: list[float]) -> dict[str, float]:
    return {f"p{part:.0%}".rstrip("%"): round(percentile(waits, part), 4) for part in (0.5, 0.95, 0.99)}
