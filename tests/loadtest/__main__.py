"""The load test: `python -m tests.loadtest`."""

from pathlib import Path

import click

from lms.console import one_line_errors
from tests.loadtest.command import LoadTestPlan, play


@click.command()
@click.option("--learners", default=36_000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many accounts there are.")
@click.option("--rate", type=click.FloatRange(0.1, 1000), help="New learners a second at the end; without it, the most that is held.")
@click.option("--seconds", default=120.0, show_default=True, type=click.FloatRange(5, 86_400), help="How long learners arrive.")
@click.option(
    "--pause", default=1.0, show_default=True, type=click.FloatRange(0, 600), help="Seconds somebody looks at a page, on average."
)
@click.option("--servers", default=1, show_default=True, type=click.IntRange(1, 16), help="Server processes; several need PostgreSQL.")
@click.option(
    "--obligations", default=0, show_default=True, type=click.IntRange(0, 100), help="Obligations under which all have to take the course."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same people and arrivals.")
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures to a file.")
@click.option("--fresh", is_flag=True, help="Make the accounts anew.")
def loadtest(
    learners: int,
    rate: float | None,
    seconds: float,
    pause: float,
    servers: int,
    obligations: int,
    seed: int,
    report: Path | None,
    *,
    fresh: bool,
) -> None:
    """Play the last hours before a deadline, and compare the answers acknowledged to learners with the database.

    It starts servers of its own for an instance of its own, in instance/loadtest unless LMS_DATA_DIR says otherwise; with LMS_DATABASE_URL
    in an empty database of PostgreSQL. Learners arrive at random, ever more of them, and none waits for those before.
    """
    with one_line_errors():
        play(LoadTestPlan(learners, rate, seconds, pause=pause, servers=servers, seed=seed, obligations=obligations), report, fresh=fresh)


if __name__ == "__main__":
    loadtest()
