"""What tests of the server as a process share: a data folder to serve."""

from contextlib import closing
from pathlib import Path

import pytest

from courses.models import Course
from kernel import clock
from tests.support.server import opened_database


@pytest.fixture
def folder(tmp_path: Path, migrated: str, database_kind: str) -> Path:
    """Return a data folder whose database is there already, with one course, so that a start has nothing to publish."""
    if database_kind != "sqlite":
        pytest.skip("the server as a process is tried on SQLite")
    place = tmp_path / "data"
    place.mkdir(mode=0o700)
    (place / "aulario.sqlite").write_bytes(Path(migrated).read_bytes())
    with closing(opened_database(place)) as database, database.unit_of_work() as session:
        session.add(Course(slug="nada", title={"es": "Nada"}, created_at=clock.now()))
    return place
