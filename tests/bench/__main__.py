"""Measure, print the table and record it in docs/figures/performance.json.

python -m tests.bench [--only training|certificates|pages|discussions|communities|identity|cores|draws|growth] [sqlite] [postgres]
"""

import re
import signal
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from accounts import accounts, passwords
from accounts.accounts import SignUp
from kernel import clock
from kernel.permissions import SYSTEM
from lms.demo.people import ADMINISTRATOR
from lms.instance import Instance
from lms.serve import checked_settings, open_checked, usual_workers
from scripts.figures import newest, record
from tests.bench import (
    accredited,
    balanced,
    certificates,
    certificates_in_bulk,
    communities,
    cores,
    discussions,
    libraries,
    lives,
    nodes,
    pages,
    sign_ins,
    training_jobs,
    units,
    verifying,
)
from tests.bench.crowd import crowd
from tests.bench.growth import growth
from tests.bench.pages import Bench
from tests.bench.processes import floors, product, undivided
from tests.bench.table import Row, formatted, told_where_no_bar_binds
from tests.loadtest.command import LoadTestInstance, LoadTestPlan, prepare
from tests.support.postgres import a_database, unreachable
from tests.support.sizes import ACCOUNTS

SEED = 1
Measured = TypeVar("Measured", Bench, Instance)


class MeasuredPart(StrEnum):
    """What may be measured without the rest."""

    TRAINING = "training"
    CERTIFICATES = "certificates"
    PAGES = "pages"
    DISCUSSIONS = "discussions"
    COMMUNITIES = "communities"
    """Of many members."""
    IDENTITY = "identity"
    """Sign-in by institutions."""
    CORES = "cores"
    DRAWS = "draws"
    """Of no database."""
    GROWTH = "growth"
    """No bars: what docs/operations/scale.md tells. Not part of a whole run."""


def measure(kind: str) -> list[Row]:
    """Measure everything on one database: a fresh instance, its server and the bare programs side by side."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        institution = units.fill(instance.database)
        instance.database.dispose()
        rows = lives.starts(folder, url)
        with _served(instance, load_instance, folder, url) as bench:
            for part in (
                pages.floors_themselves,
                pages.pages,
                pages.journeys,
                discussions.discussions,
                training_jobs.pages_beside_training,
                lives.memory,
            ):
                rows += _reported(part, bench)
            visitor = bench.ours.visitor()
            visitor.enter(ADMINISTRATOR.email, load_instance.password)
            rows += lives.people(bench, visitor, ACCOUNTS + 1)
            rows += units.dashboard(instance.database, visitor, institution)
            rows += _reported(certificates_in_bulk.pages_beside_download, bench)  # it adds people
        if kind == "postgres":
            rows += nodes.nodes(bench, folder, url)
        instance.database.dispose()
        rows += _with_all_cores(instance, load_instance, folder, url)
        rows += sign_ins.return_step(instance, load_instance, folder, url)
    for by_itself in (libraries.report, training_jobs.training, sign_ins.waiting, communities.communities):
        rows += _on_a_fresh_instance(kind, by_itself)
    return rows + _certificates(kind)


def measure_cores(kind: str) -> list[Row]:
    """Measure alone what one process for each core does: many at once, and journeys against those of one process."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        return _with_all_cores(instance, load_instance, folder, url)


def _with_all_cores(instance: Instance, load_instance: LoadTestInstance, folder: Path, url: str) -> list[Row]:
    """Measure what asks for one process for each core: spec/performance P10, P11 and P25."""
    instance.database.dispose()
    rows = cores.several_processes(load_instance, folder, url)
    with _served(instance, load_instance, folder, url, workers=usual_workers()) as bench:
        rows += _reported(crowd, bench)
    instance.database.dispose()
    return rows


def measure_certificates(kind: str) -> list[Row]:
    """Measure certificates alone: pages beside a download in bulk, then what needs no server."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        instance.database.dispose()
        with _served(instance, load_instance, folder, url) as bench:
            rows = _reported(certificates_in_bulk.pages_beside_download, bench)
        instance.database.dispose()
    return rows + _certificates(kind)


def _certificates(kind: str) -> list[Row]:
    """Measure what a clock tells, the page of a code, many at once, and the page without a network."""
    parts = (certificates.certificates, verifying.pages, certificates_in_bulk.in_bulk, certificates_in_bulk.offline)
    return [row for part in parts for row in _on_a_fresh_instance(kind, part)]


def measure_pages(kind: str) -> list[Row]:
    """Measure pages, saves and journeys alone: spec/performance P1, P2, P3, P5, P9 and P23."""
    return _of_pages(kind, pages.pages, pages.journeys)


def measure_discussions(kind: str) -> list[Row]:
    """Measure threads and posts alone: spec/communities B2."""
    return _of_pages(kind, discussions.discussions)


def measure_communities(kind: str) -> list[Row]:
    """Measure communities of many members alone: spec/communities B3 and B4."""
    return _on_a_fresh_instance(kind, communities.communities)


def measure_identity(kind: str) -> list[Row]:
    """Measure sign-in by institutions alone: spec/identity I1 and I2."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        rows = sign_ins.return_step(instance, load_instance, folder, url)
    return rows + _on_a_fresh_instance(kind, sign_ins.waiting)


def _of_pages(kind: str, *parts: Callable[[Bench], list[Row]]) -> list[Row]:
    """Measure some parts on an instance that is served beside the bare programs."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        instance.database.dispose()
        with _served(instance, load_instance, folder, url) as bench:
            return [row for part in parts for row in _reported(part, bench)]


def measure_training(kind: str) -> list[Row]:
    """Measure compulsory training alone: pages beside it, then statuses, reports and jobs."""
    with _loaded_instance(kind) as (instance, load_instance, folder, url):
        instance.database.dispose()
        with _served(instance, load_instance, folder, url) as bench:
            rows = _reported(training_jobs.pages_beside_training, bench)
        instance.database.dispose()
    return rows + _on_a_fresh_instance(kind, training_jobs.training)


def measure_growth(kind: str) -> dict[str, dict[str, Any]]:
    """Measure what an instance does beside the records of ever more people."""
    with tempfile.TemporaryDirectory() as folder, _database(kind, Path(folder)) as url:
        return growth(Path(folder), url)


@contextmanager
def _loaded_instance(kind: str) -> Iterator[tuple[Instance, LoadTestInstance, Path, str]]:
    """Fill an instance with the people of the load test and an administrator; yield it, with its folder and its database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_database(kind, folder))
        instance = prepare(folder, LoadTestPlan(ACCOUNTS, None, 0, 0, 1, SEED), fresh=False, database_url=url)
        load_instance = LoadTestInstance.read(folder)
        _administrator(instance, load_instance.password)
        yield instance, load_instance, folder, url


@contextmanager
def _served(instance: Instance, load_instance: LoadTestInstance, folder: Path, url: str, workers: int = 1) -> Iterator[Bench]:
    """Serve an instance beside the bare programs."""
    with product(folder, workers, LMS_DATABASE_URL=url) as ours, floors(folder, url) as floor:
        ours.settle()
        yield Bench(ours, floor, instance.database, load_instance.take, load_instance.password)


def _on_a_fresh_instance(kind: str, part: Callable[[Instance], list[Row]]) -> list[Row]:
    """Measure a part that fills an instance of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_database(kind, folder))
        instance = open_checked(checked_settings("127.0.0.1", 8000, data_dir=folder, database_url=undivided(url)))
        stack.callback(instance.database.dispose)
        return _reported(part, instance)


def _database(kind: str, folder: Path) -> AbstractContextManager[str]:
    return a_database() if kind == "postgres" else nullcontext(f"sqlite:///{folder / 'aulario.sqlite'}")


def _reported(part: Callable[[Measured], list[Row]], measured: Measured) -> list[Row]:
    """Measure a part, and tell what came of it at once: a run takes half an hour."""
    sys.stderr.write(f"  {(part.__doc__ or '').splitlines()[0]}\n")
    rows = part(measured)
    for row in rows:
        sys.stderr.write(f"    {row.number}  {row.what}: {'-' if row.value is None else round(row.value, 2)}  ({row.numbers})\n")
    return rows


def _administrator(instance: Instance, password: str) -> None:
    hashed = passwords.hash_password(password)
    command = SignUp(ADMINISTRATOR.email, hashed, ADMINISTRATOR.given_names, "Cordero", "Ejemplo", "es", "America/Guayaquil")
    with instance.database.unit_of_work() as session:
        accounts.create_administrator(session, SYSTEM, command, now=clock.now())


def replaced(stored: Iterable[Mapping[str, Any]], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows that were recorded, without those that were measured again, and these; a row may speak of another count."""
    measured = [row.recorded() for row in rows]
    again = {_row_key(row) for row in measured}
    return [*(dict(row) for row in stored if _row_key(row) not in again), *measured]


def _row_key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["number"], re.sub(r"\d+", "", row["what"])


PARTS = {
    MeasuredPart.TRAINING: measure_training,
    MeasuredPart.CERTIFICATES: measure_certificates,
    MeasuredPart.PAGES: measure_pages,
    MeasuredPart.DISCUSSIONS: measure_discussions,
    MeasuredPart.COMMUNITIES: measure_communities,
    MeasuredPart.IDENTITY: measure_identity,
    MeasuredPart.CORES: measure_cores,
}


def _without_a_database(only: MeasuredPart | None) -> list[Row]:
    """Measure what needs no database, or the part of it that is asked for."""
    rows = [*libraries.certificates()] if only in (None, MeasuredPart.CERTIFICATES) else []
    if only is None:
        rows += libraries.publishing()
    if only in (None, MeasuredPart.CERTIFICATES):
        rows += [*verifying.sheets(), *verifying.files(), *accredited.accredited()]
    return rows + balanced.draws() if only in (None, MeasuredPart.DRAWS) else rows


def main(arguments: Sequence[str]) -> int:
    """Measure on the databases that are named and there; return how many bars are not met, with which the program fails."""
    parser = ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", type=MeasuredPart, choices=list(MeasuredPart), help="measure a part; the other figures stay recorded")
    parser.add_argument("databases", nargs="*", default="both", choices=["sqlite", "postgres", "both"])
    given = parser.parse_args(arguments)
    kinds = ["sqlite", "postgres"] if "both" in given.databases else list(given.databases)
    if "postgres" in kinds and (why := unreachable()):
        sys.stderr.write(f"Not measured on PostgreSQL: {why}\n")
        kinds.remove("postgres")
    if given.only is MeasuredPart.GROWTH:
        for kind in kinds:
            record("growth", kind, measure_growth(kind))
        return 0
    if given.only is MeasuredPart.DRAWS:
        kinds = []
    tables = {kind: told_where_no_bar_binds(PARTS.get(given.only, measure)(kind), kind) for kind in kinds}
    if rows_without := _without_a_database(given.only):
        tables["without a database"] = rows_without
    for kind, rows in tables.items():
        figures = {"accounts": ACCOUNTS, "rows": [row.recorded() for row in rows]}
        if given.only:
            stored = newest("performance").get(kind, figures)
            record("performance", kind, {**stored, "rows": replaced(stored["rows"], rows)}, run={"only": given.only, **figures})
        else:
            record("performance", kind, figures)
    sys.stdout.write("\n\n".join(formatted(rows, kind) for kind, rows in tables.items()) + "\n")
    return sum(row.verdict == "NOT MET" for rows in tables.values() for row in rows)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cut by a time limit it ends as with Ctrl+C: its servers with it
    sys.exit(min(main(sys.argv[1:]), 1))
