"""The server is killed (SIGKILL) while people sign in, save, hand in and fetch certificates; commands are killed while they publish."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from courses.models import Activity, CourseVersion, Module
from kernel.db import Database
from kernel.outbox import Job
from tests.faults.chaos import PROCESSES, SEED, a_house, crowd_while, every, faultless, serving, told, wait_until_ready
from tests.support.builders import folder as a_folder
from tests.support.server import LMS, environment

TRIALS = 12


@pytest.mark.parametrize("what", ["everything", "both processes", "one of two processes"])
def test_killed_while_people_work(
    what: str, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """spec/security 6.5: acknowledged answers lost 0, certificates issued twice 0, jobs lost 0."""
    instance = a_house(tmp_path, database_url, monkeypatch)
    kills = []
    with serving(instance) as server:
        wait_until_ready(server)

        def disturb() -> None:
            kills.append(1)
            if what == "everything":
                server.restart()
            else:
                server.signal_processes(signal.SIGKILL, 1 if what == "one of two processes" else PROCESSES)
            wait_until_ready(server)

        found = crowd_while(instance, (server.address,), every((3, 6), disturb))
        waiting = jobs_left(instance.url)

    say(f"killed {what} {len(kills)} times: {told(found)}, jobs left {waiting}")
    assert faultless(found)
    assert found["answers acknowledged"]
    assert len(kills) >= 2
    assert waiting == 0


def jobs_left(url: str) -> int:
    """Count the jobs that are not done a while after everybody has gone; given up or forgotten ones stay."""
    database = Database(url)
    try:
        ends = time.monotonic() + 90
        while True:
            with database.unit_of_work(write=False) as session:
                left = session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None))) or 0
            if not left or time.monotonic() > ends:
                return left
            time.sleep(0.5)
    finally:
        database.dispose()


@pytest.mark.parametrize("command", ["publish", "import"])
def test_killed_while_a_command_changes_a_course(
    command: str, tmp_path: Path, database_url: str, database_kind: str, say: Callable[[str], None]
) -> None:
    """Half-published versions 0: each version has all its modules and activities, and the next command goes on."""
    source = tmp_path / "source"
    chance, killed = Random(SEED), 0  # noqa: S311 - a simulation, no secrets
    for trial in range(TRIALS):
        for path, content in a_folder(modules=6).items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(content.replace(b"Se cuenta", b"Se cuenta %d veces" % trial))
        extra = ["--replace"] if trial else []
        process = subprocess.Popen(
            [LMS, "courses", command, str(source), *extra],
            env=environment(tmp_path, LMS_DATABASE_URL=database_url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
        try:
            process.wait(chance.uniform(0.8, 4))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            killed += 1
    last = subprocess.run(
        [LMS, "courses", "publish", str(source), "--replace"],
        env=environment(tmp_path, LMS_DATABASE_URL=database_url),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert last.returncode == 0, last.stdout + last.stderr
    versions = shapes(database_url)
    say(f"{command} killed {killed} of {TRIALS} times: {len(versions)} versions, half-published {sum(one != (6, 18) for one in versions)}")
    assert killed
    assert set(versions) == {(6, 18)}


def shapes(url: str) -> list[tuple[int, int]]:
    """Return how many modules and activities each version has."""
    database = Database(url)
    try:
        with database.unit_of_work(write=False) as session:
            versions = session.scalars(select(CourseVersion.id)).all()
            return [
                (
                    session.scalar(select(func.count()).select_from(Module).where(Module.version_id == version)) or 0,
                    session.scalar(select(func.count()).select_from(Activity).where(Activity.version_id == version)) or 0,
                )
                for version in versions
            ]
    finally:
        database.dispose()


def test_two_servers_and_two_workers_do_each_job_once(
    tmp_path: Path, database_url: str, database_kind: str, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """Certificates issued twice 0: several processes look for the same jobs, and one of them is killed again and again."""
    if database_kind == "sqlite":
        pytest.skip("several servers need PostgreSQL")
    instance = a_house(tmp_path, database_url, monkeypatch)
    with serving(instance) as one, serving(instance) as other:
        wait_until_ready(one)
        wait_until_ready(other)

        def disturb() -> None:
            other.restart()
            wait_until_ready(other)

        found = crowd_while(instance, (one.address, other.address), every((3, 5), disturb))
        waiting = jobs_left(instance.url)

    say(f"two servers: {told(found)}, jobs left {waiting}")
    assert faultless(found)
    assert found["certificates fetched"] > 5
    assert waiting == 0
