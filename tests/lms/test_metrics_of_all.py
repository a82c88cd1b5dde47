"""`lms serve --workers`: whichever process is asked tells the figures of all of them."""

import os
import re
import signal
from pathlib import Path

import pytest

from courses.models import Course
from kernel import clock
from kernel.db import Database
from tests.support.server import Running, serving

ASKED = 12
NOBODYS = re.compile(r'^aulario_requests_total{endpoint="none",method="GET",status="404"} (\d+)', re.MULTILINE)


def figures(server: Running) -> int:
    """Return how often an address that does not exist was asked for."""
    connection = server.get("/metrics")
    assert connection.status == 200
    found = NOBODYS.search(server.body)
    return int(found[1]) if found else 0


@pytest.mark.slow
def test_every_process_tells_the_figures_of_all(tmp_path: Path, database_url: str) -> None:
    database = Database(database_url)
    with database.unit_of_work() as session:
        session.add(Course(slug="nada", title={"es": "Nada"}, created_at=clock.now()))  # nothing to publish
    database.dispose()
    place = tmp_path / "figures"
    place.mkdir()
    with serving(tmp_path, options=("--workers", "3"), LMS_DATABASE_URL=database_url, TMPDIR=str(place)) as server:
        for _turn in range(ASKED):
            server.get("/nowhere")
        assert {figures(server) for _turn in range(9)} == {ASKED}
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        assert len(children) == 3
        os.kill(int(children[0]), signal.SIGKILL)
        server.wait()
        assert {figures(server) for _turn in range(9)} == {ASKED}
        assert len(list(place.glob("aulario-serve-*/figures/*"))) > 3
        assert server.end() == 0

    assert list(place.iterdir()) == []
