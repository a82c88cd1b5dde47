"""A start with a newer program: a backup of what the older one has left, then the schema; refused where there is no room for it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from kernel import migrations
from kernel.audit import AuditEntry
from kernel.db import Database
from kernel.settings import Settings, secret_keys
from lms import backups, inspection, upgrading
from lms.app import open_instance
from lms.backups import BackupVerb
from lms.serve import ServerStartError, open_checked
from tests.support import postgres
from tests.support.commands import commands_on, refused
from tests.support.former_versions import DUMPS, essence, of_then, restore, revision_of, rows_by_table, rows_in_file
from tests.support.server import environment

DUMP = DUMPS[0]
OLD = revision_of(DUMP)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
STARTS = """
import os, signal
from kernel import migrations
from kernel.settings import load
from lms.serve import open_checked
{}
open_checked(load())
"""
KILLED = "migrations.upgrade = lambda _database: os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database as the first release has left it."""
    path = tmp_path_factory.mktemp("left") / "aulario.sqlite"
    restore(DUMP, path)
    return path


@pytest.fixture
def old(tmp_path: Path, left: Path) -> Settings:
    """Return an instance of the first release, with a file."""
    settings = Settings(data_dir=tmp_path / "instance", public_url="http://localhost:8000")
    settings.data_dir.mkdir()
    shutil.copy(left, settings.data_dir / "aulario.sqlite")
    secret_keys(settings)
    open_instance(settings).files.put(b"una imagen")
    return settings


def made_in(settings: Settings) -> list[Path]:
    """List the backups of an instance."""
    return sorted((settings.data_dir / "backups").glob("*"))


def revision(settings: Settings) -> str:
    """Return the revision of an instance's database."""
    database = Database(settings.database)
    try:
        return migrations.current(database)
    finally:
        database.dispose()


def what_counts(settings: Settings) -> dict[str, list[str]]:
    """Return attempts, answers, marks and certificates of an instance."""
    database = Database(settings.database)
    try:
        return essence(database)
    finally:
        database.dispose()


@pytest.mark.slow
def test_a_start_makes_a_backup_that_brings_the_older_schema_back_whole(old: Settings, tmp_path: Path) -> None:
    """spec/security 6.8: the file says the revision, is whole, and `lms restore` takes it."""
    before = what_counts(old)
    open_checked(old).database.dispose()

    [path] = made_in(old)
    manifest, faults = backups.verify(path)
    assert path.name.startswith(f"aulario-schema-{OLD}-")
    assert (manifest.schema, faults, len(manifest.files)) == (OLD, [], 1)
    assert manifest.tables["person"].rows == rows_in_file(old.data_dir / "aulario.sqlite")["person"] > 1
    assert revision(old) == migrations.head()

    place = Settings(data_dir=tmp_path / "place", public_url="http://localhost:8000")
    place.data_dir.mkdir()
    put_back = backups.restore(place, path, now=NOW)
    assert backups.compare(place, put_back) == []
    database = Database(place.database)
    with database.writing.begin() as connection:
        connection.execute(text("DELETE FROM job"))
    database.dispose()
    assert backups.compare(place, put_back) == [f"job: {manifest.tables['job'].rows} rows in the backup, 0 here, or other ones"]
    assert what_counts(place) == before
    assert before["answer_event"]


@pytest.mark.slow
def test_the_backup_stands_in_the_log_and_a_start_without_an_upgrade_makes_none(old: Settings) -> None:
    for _time in range(2):
        instance = open_checked(old)
        with instance.database.unit_of_work(write=False) as session:
            noted = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == BackupVerb.BEFORE_UPGRADE)).all()
        instance.database.dispose()

        assert [json.loads(facts)["name"] for facts in noted] == [path.name for path in made_in(old)]


@pytest.mark.slow
def test_the_backup_counts_neither_as_the_last_one_nor_as_one_beside_its_data(old: Settings) -> None:
    instance = open_checked(old)
    with instance.database.unit_of_work(write=False) as session:
        after = inspection.gather(instance, session, now=NOW)
    backups.make(instance, old.data_dir / "backups" / backups.default_name(NOW), now=NOW)
    with instance.database.unit_of_work(write=False) as session:
        made = inspection.gather(instance, session, now=NOW)
    instance.database.dispose()

    assert (after.last_backup, after.backups_beside_data) == (None, False)
    assert made.last_backup is not None
    assert made.backups_beside_data


@pytest.mark.slow
def test_a_new_instance_has_nothing_to_save(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")

    open_checked(settings).database.dispose()

    assert made_in(settings) == []


@pytest.mark.slow
def test_without_room_for_the_backup_nothing_starts_and_nothing_changes(
    old: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to do is said, and one of the two ways is a setting."""
    lms = commands_on(old, monkeypatch, capsys)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        refused(lms("db", "upgrade"), "No space left on device", "Make room", "LMS_BACKUP_BEFORE_UPGRADE=false")
    assert revision(old) == OLD
    assert made_in(old) == []

    monkeypatch.setenv("LMS_BACKUP_BEFORE_UPGRADE", "false")
    assert "up to date" in lms("db", "upgrade").out
    assert revision(old) == migrations.head()
    assert made_in(old) == []


def test_what_sqlite_cannot_copy_is_told_as_well(old: Settings) -> None:
    (old.data_dir / "backups").write_text("no folder")

    with pytest.raises(ServerStartError, match="could not be written"):
        open_checked(old)

    assert revision(old) == OLD


def start(settings: Settings, words: str = "") -> int:
    """Open an instance in a process of its own; return how it ended."""
    script = STARTS.format(words)
    return subprocess.run([sys.executable, "-c", script], env=environment(settings.data_dir), check=False, capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.faults
def test_a_start_that_was_killed_after_its_backup_is_gone_on_with_and_one_backup_stays(old: Settings) -> None:
    before = what_counts(old)
    assert start(old, KILLED) == -signal.SIGKILL
    assert [path.name.split("-")[2] for path in made_in(old)] == [OLD]
    (old.data_dir / "backups" / f".aulario-schema-{OLD}-20200101T000000Z.aulario.zip.part").touch()  # killed within it

    assert start(old) == 0

    [path] = made_in(old)
    assert backups.verify(path)[1] == []
    assert revision(old) == migrations.head()
    assert what_counts(old) == before


@pytest.mark.slow
@pytest.mark.faults
def test_two_starts_at_once_make_one_backup(old: Settings) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", STARTS.format("")], env=environment(old.data_dir)) for _number in range(2)]

    assert [process.wait(120) for process in processes] == [0, 0]

    assert len(made_in(old)) == 1
    assert revision(old) == migrations.head()


def test_the_last_of_three_revisions_stay_for_thirty_five_days(tmp_path: Path) -> None:
    def named(revision: str, days: int) -> str:
        (tmp_path / backups.default_name(NOW - timedelta(days=days), before=revision)).touch()
        return backups.default_name(NOW - timedelta(days=days), before=revision)

    kept = [named("r4", 1), named("r3", 4), named("r2", 6)]
    for revision, days in (("r4", 2), ("r3", 5), ("r1", 7)):
        named(revision, days)
    mine = backups.default_name(NOW - timedelta(days=90))
    (tmp_path / mine).touch()

    upgrading.expire_upgrade_backups(tmp_path, now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, mine])

    upgrading.expire_upgrade_backups(tmp_path, now=NOW + timedelta(days=30))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept[:2], mine])


@pytest.fixture
def old_postgres(tmp_path: Path) -> Iterator[Settings]:
    """Return an instance of the first release on PostgreSQL, with a file."""
    with of_then(DUMP, "postgres", tmp_path) as url:
        settings = Settings(data_dir=tmp_path / "instance", database_url=url, public_url="http://localhost:8000")
        settings.data_dir.mkdir()
        secret_keys(settings)
        open_instance(settings).files.put(b"una imagen")
        yield settings


@pytest.mark.slow
def test_on_postgresql_too_a_start_makes_a_backup_that_brings_the_older_schema_back_whole(old_postgres: Settings, tmp_path: Path) -> None:
    before, rows = what_counts(old_postgres), counts_of(old_postgres)
    open_checked(old_postgres).database.dispose()

    [path] = made_in(old_postgres)
    manifest, faults = backups.verify(path)
    assert (manifest.schema, faults, len(manifest.files)) == (OLD, [], 1)
    assert {name: one.rows for name, one in manifest.tables.items()} == {name: rows[name] for name in manifest.tables}
    assert rows["answer_event"] > 1
    assert revision(old_postgres) == migrations.head()
    with postgres.a_database() as url:
        for place in (Settings(data_dir=tmp_path / "place"), Settings(data_dir=tmp_path / "other", database_url=url)):
            place.data_dir.mkdir()
            put_back = backups.restore(place, path, now=NOW)
            assert backups.compare(place, put_back) == []
            found = Database(place.database)
            assert {name: len(kept) for name, kept in essence(found).items()} == {name: len(kept) for name, kept in before.items()}
            found.dispose()
            if place.database_url:
                assert what_counts(place) == before


def counts_of(settings: Settings) -> dict[str, int]:
    """Count the rows of every table of an instance."""
    database = Database(settings.database)
    try:
        return rows_by_table(database)
    finally:
        database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [("backup_before_upgrade", False), ("backup_before_upgrade_gb", 0.001)])
def test_on_postgresql_no_backup_is_made_of_what_is_too_large_or_not_wished_and_the_log_says_so(
    old_postgres: Settings, capsys: pytest.CaptureFixture[str], name: str, value: object
) -> None:
    settings = old_postgres.model_copy(update={name: value})
    open_checked(settings).database.dispose()

    assert revision(settings) == migrations.head()
    assert made_in(settings) == []
    told = capsys.readouterr()
    assert "schema.upgrade" in told.out + told.err
    assert OLD in told.out + told.err
    assert f"LMS_{name.upper()}" in told.out + told.err


@pytest.mark.slow
def test_two_starts_at_once_on_postgresql_make_one_backup(old_postgres: Settings, tmp_path: Path) -> None:
    """On two machines: each has a folder of its own."""
    folders = [old_postgres.data_dir, tmp_path / "second"]
    told = {"LMS_DATABASE_URL": old_postgres.database_url}
    processes = [subprocess.Popen([sys.executable, "-c", STARTS.format("")], env=environment(folder, **told)) for folder in folders]

    assert [process.wait(120) for process in processes] == [0, 0]

    assert len([path for folder in folders for path in (folder / "backups").glob("*")]) == 1
    assert revision(old_postgres) == migrations.head()
