"""The database server is stopped at once and started again while people work: a cluster of the test's own."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.chaos import a_house, crowd_while, every, faultless, serving, told, wait_until_ready
from tests.support.missing import note
from tests.support.server import free_port


def _programs() -> Path | None:
    """Return where initdb and pg_ctl are, the newest version's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else Path(which).parent if (which := shutil.which("initdb")) else None


@pytest.fixture
def cluster(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Start a cluster; give what stops and starts it and answers its address."""
    if database_kind != "postgres":
        pytest.skip("SQLite has no server")
    programs = _programs()
    if programs is None:
        pytest.skip(note("PostgreSQL's initdb is missing (apt-get install postgresql)"))
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder, port = Path("/tmp") / f"aulario-cluster-{os.getpid()}", free_port()  # noqa: S108 - another user has to reach it
    folder.mkdir()
    if as_postgres:
        shutil.chown(folder, "postgres")

    def run(*command: str) -> None:
        subprocess.run([*as_postgres, str(programs / command[0]), *command[1:]], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    def act(what: str) -> str:
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        if what == "restart":
            run("pg_ctl", "-w", "-m", "immediate", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "restart")
        elif what == "start":
            run("pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "start")
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

    run("initdb", "-A", "trust", "-U", "postgres", "-D", f"{folder}/data")
    act("start")
    try:
        yield act
    finally:
        run("pg_ctl", "-m", "immediate", "-D", f"{folder}/data", "stop")
        shutil.rmtree(folder)


def test_the_database_is_restarted_while_people_work(
    cluster: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """Security 6.3: nothing acknowledged is lost, the server stays up and goes on by itself."""
    house, restarts = a_house(tmp_path, cluster("address"), monkeypatch), []
    with serving(house) as server:
        wait_until_ready(server)

        def disturb() -> None:
            cluster("restart")
            restarts.append(1)

        found = crowd_while(house, (server.address,), every((3, 6), disturb))
        wait_until_ready(server)

    say(f"database restarted {len(restarts)} times: {told(found)}")
    assert faultless(found)
    assert len(restarts) >= 2
    assert found["answers acknowledged"]
    assert server.starts == 1
