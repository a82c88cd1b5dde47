"""Whole instances for the tests of operations: filled through the product, and empty places to copy them into."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel import clock, database_copy, outbox
from kernel.database_copy import Sums
from kernel.db import Database
from kernel.files import files_of, note_stored
from kernel.settings import Settings, load
from lms.instance import Instance
from tests.support import postgres
from tests.support.builders import a_course, an_administrator
from tests.support.learning import a_learner, mark_done, pass_quiz


def fill(instance: Instance) -> None:
    """Fill an instance: a course, an administrator, two learners, one of whom completes it and gets the certificate; and large files."""
    course = a_course(instance)
    an_administrator(instance)
    for email in ("ana@example.org", "ñandu@example.org"):
        actor = a_learner(instance, course, email)
        pass_quiz(instance, actor, "prueba")
    for key in ("leccion-1", "leccion-2"):
        mark_done(instance, actor, "prueba", key)
    pass_quiz(instance, actor, "prueba", "cuestionario-2")
    outbox.deliver_waiting(instance.worker, now=clock.now())
    for size in (0, 1, 3_000_000):
        sha256 = instance.files.put(bytes(size))
        with instance.database.unit_of_work() as session:
            note_stored(session, sha256, size=size, media_type="image/png", now=clock.now())


def sums(settings: Settings) -> Sums:
    """Count and sum every table of an instance."""
    database = Database(settings.database)
    try:
        return database_copy.sums_of(database)
    finally:
        database.dispose()


def contents(settings: Settings) -> dict[str, bytes]:
    """Return every file of an instance."""
    files = files_of(settings)
    return {name: files.read(name) for name in files.names()}


@dataclass(frozen=True, slots=True)
class Places:
    """Makes empty instances, each in a folder of its own."""

    folder: Path
    stack: ExitStack

    def empty(self, kind: str, name: str = "otra") -> Settings:
        """Return the settings of an empty instance on SQLite or PostgreSQL."""
        url = ""
        if kind == "postgres":
            url = self.stack.enter_context(postgres.a_database())
        return load(data_dir=self.folder / name, database_url=url, public_url="http://localhost:8000")


@contextmanager
def empty_places(folder: Path) -> Iterator[Places]:
    """Give what makes empty instances, and take them away."""
    with ExitStack() as stack:
        yield Places(folder, stack)
