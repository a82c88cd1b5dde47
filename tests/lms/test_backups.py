"""Backups: made while the instance runs, whole or none, put back so that every table and file is the same (spec/security 6.7)."""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.models import Person
from kernel import clock, database_copy
from kernel.audit import AuditEntry
from kernel.crypto import unlock
from kernel.db import Database
from kernel.settings import Settings, load
from lms import backups, keys
from lms.backups import DATABASE, MANIFEST, BackupError
from lms.demo.cli import demo
from lms.instance import Instance
from lms.serve import open_checked
from tests.support.builders import a_person
from tests.support.drawn_rows import fill_empty_tables
from tests.support.instances import Places, contents, empty_places, fill, sums
from tests.support.places import a_place
from tests.support.server import LMS, environment

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PASSPHRASE = "una frase larga y secreta"
OWN_LOG = AuditEntry.__tablename__


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Return what makes empty instances."""
    with empty_places(tmp_path) as made:
        yield made


@pytest.fixture
def full(instance: Instance) -> Instance:
    """Return an instance with people, answers, certificates and files."""
    fill(instance)
    return instance


def put_back(settings: Settings, path: Path) -> list[str]:
    """Restore into an empty instance, and return what differs from the backup."""
    settings.data_dir.mkdir(mode=0o700, exist_ok=True)
    return backups.compare(settings, backups.restore(settings, path, now=NOW))


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
@pytest.mark.slow
def test_what_is_put_back_is_the_same_in_every_table_and_every_file(full: Instance, places: Places, tmp_path: Path, target: str) -> None:
    """The drill, from each database into each."""
    before, files = sums(full.settings), contents(full.settings)
    made = backups.make(full, tmp_path / "b.zip", now=NOW)
    settings = places.empty(target)

    assert put_back(settings, tmp_path / "b.zip") == []
    after = sums(settings)
    changed = {OWN_LOG, "device"}  # a restore ends all sessions
    assert {name: one for name, one in after.items() if name not in changed} == {
        name: one for name, one in before.items() if name not in changed
    }
    assert after["device"].rows == before["device"].rows
    assert after[OWN_LOG].rows == before[OWN_LOG].rows + 1
    assert contents(settings) == files
    assert made.tables == before
    assert min(before[name].rows for name in ("person", "answer_event", "mark_event", "credential", "stored_file", "audit_entry")) > 0
    assert not (settings.data_dir / backups.UNFINISHED).exists()


def test_a_row_of_every_table_is_saved_verified_and_put_back(full: Instance, places: Places, tmp_path: Path, database_kind: str) -> None:
    a_place(full, "Loja", a_place(full))
    assert fill_empty_tables(full.database) == []
    before = sums(full.settings)
    backups.make(full, tmp_path / "b.zip", now=NOW)
    settings = places.empty(database_kind)

    assert backups.verify(tmp_path / "b.zip")[1] == []
    assert put_back(settings, tmp_path / "b.zip") == []
    assert min(one.rows for one in before.values()) > 0


@pytest.mark.slow
def test_the_demonstration_is_saved_verified_and_put_back(
    places: Places, tmp_path: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both courses and what people did in them, a simulator's tasks too, and a row in whatever table is left empty."""
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path / "demo"))
    assert CliRunner().invoke(demo, ["--fill-only", "--learners", "5"], catch_exceptions=False).exit_code == 0
    instance = open_checked(load(data_dir=tmp_path / "demo", public_url="http://localhost:8000"))
    assert sums(instance.settings)["task_submission_item"].rows > 20
    assert fill_empty_tables(instance.database) == []

    made = backups.make(instance, tmp_path / "b.zip", now=NOW)
    instance.database.dispose()

    assert backups.verify(tmp_path / "b.zip") == (made, [])
    assert put_back(places.empty(database_kind), tmp_path / "b.zip") == []
    assert min(one.rows for one in made.tables.values()) > 0


@pytest.mark.slow
def test_new_rows_are_numbered_after_those_that_came_back(full: Instance, places: Places, tmp_path: Path, database_kind: str) -> None:
    backups.make(full, tmp_path / "b.zip", now=NOW)
    settings = places.empty(database_kind)
    put_back(settings, tmp_path / "b.zip")
    database = Database(settings.database)
    with database.unit_of_work(write=False) as session:
        entries = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)).all()
    database.dispose()

    assert entries[-1] == entries[-2] + 1


@pytest.mark.slow
def test_a_backup_of_a_running_instance_holds_all_that_was_committed_before_it(full: Instance, tmp_path: Path) -> None:
    """RPO 0 relative to the start; and no row without the rows it points to."""
    committed, ended = [0], threading.Event()

    def write() -> None:
        while not ended.is_set():
            with full.database.unit_of_work() as session:
                session.add(AuditEntry(at=NOW, actor_id=None, via="job", address="", request_id="", verb="t", subject_kind="", facts="{}"))
            committed[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(3):
            known = committed[0]
            made = backups.make(full, tmp_path / f"{turn}.zip", now=NOW)
            assert backups.verify(tmp_path / f"{turn}.zip")[1] == []
            assert made.tables[OWN_LOG].rows >= known
    finally:
        ended.set()
        writer.join()

    assert committed[0] > 3


@pytest.mark.faults
@pytest.mark.long
def test_a_backup_that_was_killed_is_never_called_whole(full: Instance, tmp_path: Path, say: Callable[[str], None]) -> None:
    """kill -9 at any moment: what has the name is whole, the rest is swept away by the next one."""
    chance, folder = random.Random(7), tmp_path / "copias"  # noqa: S311 - chance, not a secret
    full.files.put(chance.randbytes(20_000_000))
    folder.mkdir()
    told = {"LMS_DATABASE_URL": full.settings.database_url, "LMS_PUBLIC_URL": "http://localhost:8000"}
    killed = 0
    for turn in range(6):
        process = subprocess.Popen(
            [LMS, "backup", "--to", str(folder / f"{turn}.aulario.zip")],
            env=environment(full.settings.data_dir, **told),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while not list(folder.glob(f".{turn}.*")) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(10) == -signal.SIGKILL
        for path in folder.glob("*.zip"):
            assert backups.verify(path)[1] == []
    say(f"backup killed {killed} of 6 times: {len(list(folder.glob('*.zip')))} with a name, all of them whole")
    assert killed > 0
    backups.make(full, folder / "last.aulario.zip", now=NOW)

    assert backups.verify(folder / "last.aulario.zip")[1] == []
    assert not list(folder.glob(".*"))


@pytest.mark.faults
def test_a_backup_on_a_full_disk_leaves_nothing_behind(full: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    folder = tmp_path / "copias"
    with pytest.raises(OSError, match="No space"):
        backups.make(full, folder / "b.zip", now=NOW)

    assert list(folder.iterdir()) == []


@pytest.mark.faults
def test_a_fault_of_the_disk_is_not_said_to_be_one_of_the_backup(
    full: Instance, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.zip"
    backups.make(full, path, now=NOW)
    settings = places.empty("sqlite")
    settings.data_dir.mkdir()
    with pytest.raises(KeyError, match="mine"), backups.opened(path):
        raise KeyError("mine")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BackupError, match=r"^files/\w+ cannot be put back \(No space left on device\)\.$"):
        backups.restore(settings, path, now=NOW)
    with pytest.raises(BackupError, match=r"^The database cannot be unpacked into .* \(No space left on device\)\.$"):
        backups.verify(path)


def test_a_backup_is_verified_where_it_can_only_be_read(full: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, fsync = list[Path](), os.fsync

    def note(descriptor: int) -> None:
        written.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    room = tmp_path / "room"
    room.mkdir()
    backups.make(full, tmp_path / "b.zip", now=NOW)
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    monkeypatch.setattr(os, "fsync", note)

    assert backups.verify(tmp_path / "b.zip")[1] == []
    assert [path.is_relative_to(room) for path in written] == [True]
    assert list(room.iterdir()) == []


def test_what_broken_off_checks_left_beside_backups_goes_with_the_next_backup(full: Instance, tmp_path: Path) -> None:
    left, other = tmp_path / "copias" / ".verify-abc", tmp_path / "copias" / ".verify-mine"
    left.mkdir(parents=True)
    other.mkdir()
    (left / DATABASE).touch()
    backups.make(full, tmp_path / "copias" / "b.zip", now=NOW)

    assert sorted(path.name for path in (tmp_path / "copias").iterdir()) == [".verify-mine", "b.zip"]


def damaged(path: Path, name: str, content: bytes | None) -> Path:
    """Write a backup again with one entry that is another, or lacks."""
    target = path.with_name("damaged.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as written:
        for entry in source.namelist():
            if entry != name:
                written.writestr(entry, source.read(entry))
            elif content is not None:
                written.writestr(entry, content)
    return target


@pytest.mark.slow
def test_every_kind_of_damage_is_found(full: Instance, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    made = backups.make(full, path, now=NOW)
    assert backups.verify(path) == (made, [])
    name = next(name for name, size in made.files.items() if size > 10)
    with zipfile.ZipFile(path) as archive:
        (tmp_path / "rows.sqlite").write_bytes(archive.read(DATABASE))
    database = Database(f"sqlite:///{tmp_path}/rows.sqlite")
    with database.writing.begin() as connection:
        connection.execute(text("UPDATE person SET email = 'otro@example.org' WHERE id = 1"))
    database.dispose()

    for entry, content in ((f"files/{name}", b"otra cosa"), (f"files/{name}", None), (DATABASE, b"nada"), (DATABASE, None)):
        assert len(backups.verify(damaged(path, entry, content))[1]) == 1, entry
    assert backups.verify(damaged(path, DATABASE, (tmp_path / "rows.sqlite").read_bytes()))[1]
    for content in (None, b"{}", b"no"):
        with pytest.raises(BackupError):
            backups.verify(damaged(path, MANIFEST, content))
    for cut in (10, path.stat().st_size // 2, path.stat().st_size - 5):
        (tmp_path / "cut.zip").write_bytes(path.read_bytes()[:cut])
        with pytest.raises(BackupError, match="not a whole backup"):
            backups.verify(tmp_path / "cut.zip")


@pytest.mark.slow
def test_a_damaged_backup_is_not_put_back(full: Instance, places: Places, tmp_path: Path, database_kind: str) -> None:
    backups.make(full, tmp_path / "b.zip", now=NOW)
    path = damaged(tmp_path / "b.zip", DATABASE, b"nada")
    settings = places.empty(database_kind)
    settings.data_dir.mkdir()

    with pytest.raises(BackupError):
        backups.restore(settings, path, now=NOW)

    assert (settings.data_dir / backups.UNFINISHED).exists()
    backups.restore(settings, tmp_path / "b.zip", now=NOW)
    assert not (settings.data_dir / backups.UNFINISHED).exists()


RESTORES = """
import os, signal, sys
from pathlib import Path
from kernel import clock
from kernel.settings import load
from lms import app, backups
kill = lambda *_given, **_named: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before the note":
    backups._note_restored = kill
elif sys.argv[2] == "after the note":
    unlink = Path.unlink
    Path.unlink = lambda path, **named: kill() if path.name == backups.UNFINISHED else unlink(path, **named)
backups.restore(load(), Path(sys.argv[1]), now=clock.now())
"""


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("moment", ["before the note", "after the note"])
def test_a_restore_that_was_killed_when_all_rows_were_in_is_gone_on_with(
    full: Instance, places: Places, tmp_path: Path, database_kind: str, moment: str
) -> None:
    """And notes itself in the audit log once."""
    made = backups.make(full, tmp_path / "b.zip", now=NOW)
    settings = places.empty(database_kind)
    settings.data_dir.mkdir(mode=0o700)
    told = environment(settings.data_dir, LMS_DATABASE_URL=settings.database_url)
    killed = [sys.executable, "-c", RESTORES, str(tmp_path / "b.zip"), moment]
    assert subprocess.run(killed, env=told, check=False).returncode == -signal.SIGKILL
    assert (settings.data_dir / backups.UNFINISHED).exists()

    assert put_back(settings, tmp_path / "b.zip") == []

    assert sums(settings)[OWN_LOG].rows == made.tables[OWN_LOG].rows + 1
    assert not (settings.data_dir / backups.UNFINISHED).exists()


@pytest.mark.slow
def test_a_restore_that_was_broken_off_goes_into_no_other_database(
    full: Instance, places: Places, tmp_path: Path, database_kind: str
) -> None:
    if database_kind == "sqlite":
        pytest.skip("on SQLite the database stands in the folder of the restore")
    backups.make(full, tmp_path / "b.zip", now=NOW)
    with full.database.writing.begin() as connection:
        connection.execute(text("UPDATE person SET email = 'otra@example.org' WHERE id = (SELECT min(id) FROM person)"))
    before = sums(full.settings)
    (full.settings.data_dir / backups.UNFINISHED).touch()

    with pytest.raises(BackupError, match="did not take the rows"):
        backups.restore(full.settings, tmp_path / "b.zip", now=NOW)

    assert sums(full.settings) == before


def test_a_restore_that_was_broken_off_replaces_no_other_file(instance: Instance, tmp_path: Path) -> None:
    """Not even one that is no database."""
    backups.make(instance, tmp_path / "b.zip", now=NOW)
    held, other, new = tmp_path / "held.sqlite", tmp_path / "letter.txt", tmp_path / "new.sqlite"
    (tmp_path / "held").mkdir()
    backups.restore(load(data_dir=tmp_path / "held", database_url=f"sqlite:///{held}"), tmp_path / "b.zip", now=NOW)
    other.write_text("Querida Ana:\n" * 100)
    before = sums(load(database_url=f"sqlite:///{held}"))
    place = tmp_path / "place"
    place.mkdir()

    with pytest.raises(BackupError, match="cannot be unpacked"):
        backups.restore(load(data_dir=place, database_url=f"sqlite:///{tmp_path}/lacks/a.sqlite"), tmp_path / "b.zip", now=NOW)
    assert (place / backups.UNFINISHED).exists()
    with pytest.raises(BackupError, match="not empty"):
        backups.restore(load(data_dir=place, database_url=f"sqlite:///{held}"), tmp_path / "b.zip", now=NOW)
    with pytest.raises(DBAPIError, match="not a database"):
        backups.restore(load(data_dir=place, database_url=f"sqlite:///{other}"), tmp_path / "b.zip", now=NOW)
    assert put_back(load(data_dir=place, database_url=f"sqlite:///{new}"), tmp_path / "b.zip") == []

    assert sums(load(database_url=f"sqlite:///{held}")) == before
    assert other.read_text() == "Querida Ana:\n" * 100


@pytest.mark.slow
def test_a_place_that_holds_something_is_left_alone(full: Instance, places: Places, tmp_path: Path, database_kind: str) -> None:
    backups.make(full, tmp_path / "b.zip", now=NOW)
    before = sums(full.settings)
    with pytest.raises(BackupError, match="not empty"):
        backups.restore(full.settings, tmp_path / "b.zip", now=NOW)
    settings = places.empty(database_kind)
    (settings.data_dir / "files" / "ab").mkdir(parents=True)
    (settings.data_dir / "files" / "ab" / "x").write_text("x")
    with pytest.raises(BackupError, match="not empty"):
        backups.restore(settings, tmp_path / "b.zip", now=NOW)

    assert sums(full.settings) == before


@pytest.mark.slow
def test_a_comparison_sees_a_row_and_a_byte(full: Instance, places: Places, tmp_path: Path, database_kind: str) -> None:
    made = backups.make(full, tmp_path / "b.zip", now=NOW)
    settings = places.empty(database_kind)
    assert put_back(settings, tmp_path / "b.zip") == []
    database = Database(settings.database)
    with database.writing.begin() as connection:
        connection.execute(text("UPDATE person SET email = 'otra@example.org' WHERE id = (SELECT min(id) FROM person)"))
    database.dispose()
    name = next(name for name, size in made.files.items() if size > 10)
    (settings.data_dir / "files" / name[:2] / name).write_bytes(b"otra cosa")

    assert [fault.split(":")[0] for fault in backups.compare(settings, made)] == ["person", f"files/{name}"]


def test_keys_are_never_in_a_backup(full: Instance, tmp_path: Path) -> None:
    backups.make(full, tmp_path / "b.zip", now=NOW)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())

    for path in full.settings.data_dir.glob("*.key"):
        assert path.read_bytes() not in everything


KEY_FILES = ("authority.key", "seal.key", "secret.key", "signing.key", "signing.old/2025.key")


@pytest.mark.slow
def test_keys_travel_apart_and_locked(full: Instance, places: Places, tmp_path: Path) -> None:
    """spec/certificates K1: all of them; what was signed before still verifies afterwards, and no other passphrase opens them."""
    old = full.settings.data_dir / "signing.old"
    old.mkdir(mode=0o700)
    (full.settings.data_dir / "secret.key").write_bytes(b"s" * 40)
    (full.settings.data_dir / "secret.key").chmod(0o600)
    (old / "2025.key").write_bytes((full.settings.data_dir / "signing.key").read_bytes())
    (old / "2025.key").chmod(0o600)
    file = tmp_path / "llaves"

    assert keys.save(full.settings, file, PASSPHRASE) == list(KEY_FILES)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (full.settings.data_dir / "secret.key").read_bytes() not in file.read_bytes()
    assert unlock(PASSPHRASE, file.read_bytes()[:-1] + b"x") is None
    settings = places.empty("sqlite")
    for wrong in ("otra frase cualquiera", ""):
        with pytest.raises(BackupError, match="passphrase"):
            keys.put_back(settings, file, wrong)
    keys.put_back(settings, file, PASSPHRASE)
    keys.put_back(settings, file, PASSPHRASE)
    for name in KEY_FILES:
        assert (settings.data_dir / name).read_bytes() == (full.settings.data_dir / name).read_bytes()
        assert (settings.data_dir / name).stat().st_mode & 0o777 == 0o600
    (settings.data_dir / "secret.key").write_bytes(b"o" * 40)
    with pytest.raises(BackupError, match="another secret"):
        keys.put_back(settings, file, PASSPHRASE)
    with pytest.raises(BackupError, match="12 characters"):
        keys.save(settings, tmp_path / "otras", "corta")


def test_old_backups_age_out(tmp_path: Path) -> None:
    """spec/security 7.3: they are gone in 35 days at the latest; other files of the folder stay."""
    for days in (0, 6, 8, 40):
        (tmp_path / backups.default_name(NOW - timedelta(days=days))).touch()
    (tmp_path / "aulario-mine.aulario.zip").touch()
    (tmp_path / "notes.txt").touch()

    assert len(backups.expire(tmp_path, keep_days=7, now=NOW)) == 2
    assert len(list(tmp_path.iterdir())) == 4


def test_the_audit_log_tells_of_the_last_backup(full: Instance, tmp_path: Path) -> None:
    with full.database.unit_of_work(write=False) as session:
        assert backups.find_last(session) is None
    backups.make(full, tmp_path / "b.zip", now=clock.now())
    with full.database.unit_of_work(write=False) as session:
        last = backups.find_last(session)

    assert last is not None
    assert (last.name, last.size) == ("b.zip", (tmp_path / "b.zip").stat().st_size)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_rows_are_copied_between_databases_and_nothing_into_a_full_one(full: Instance, places: Places, target: str) -> None:
    """`lms db copy`, either way, with counts and sums."""
    before = sums(full.settings)
    settings = places.empty(target)
    settings.data_dir.mkdir()
    other = Database(settings.database)
    try:
        assert database_copy.copy(full.database, other) == before
        assert database_copy.sums_of(other) == before
        if not other.is_sqlite:  # it knows at once what it holds, and plans accordingly
            with other.reading.connect() as connection:
                known = connection.execute(text("SELECT reltuples FROM pg_class WHERE relname = 'person'")).scalar_one()
            assert known == before["person"].rows
        with pytest.raises(database_copy.CopyTargetNotEmpty):
            database_copy.copy(full.database, other)
        with pytest.raises(database_copy.CopyTargetNotEmpty):
            database_copy.copy(other, full.database)
    finally:
        other.dispose()


def test_a_text_that_postgresql_refuses_is_named_beforehand_and_where_it_stands(instance: Instance, places: Places) -> None:
    """`verify-backup` names table, column and row of a text that only SQLite takes, and a copy that fails does too."""
    here, there = places.empty("sqlite", "aqui"), places.empty("postgres", "alla")
    for settings in (here, there):
        settings.data_dir.mkdir()
    person = a_person(instance)
    source, target = Database(here.database), Database(there.database)
    try:
        database_copy.copy(instance.database, source)
        path = Path(source.writing.url.database or "")
        assert database_copy.refused_by_postgres(path) == []
        with source.writing.begin() as connection:
            connection.execute(update(Person.__table__).where(Person.id == person.id).values(given_names="Ana\x00"))
        named = database_copy.NUL.format(table="person", column="given_names", row=person.id)
        assert database_copy.refused_by_postgres(path) == [named]

        with pytest.raises(database_copy.CopyDiffers, match=re.escape(named)):
            database_copy.copy(source, target)
        assert database_copy.occupied(target) == []
    finally:
        source.dispose()
        target.dispose()


@pytest.mark.slow
def test_a_copy_that_differs_is_not_kept(full: Instance, places: Places, database_kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = places.empty(database_kind)
    settings.data_dir.mkdir()
    other = Database(settings.database)
    real = database_copy.sums
    monkeypatch.setattr(database_copy, "sums", lambda connection: {**real(connection), "person": database_copy.TableChecksum(1, "")})
    try:
        with pytest.raises(database_copy.CopyDiffers, match="person"):
            database_copy.copy(full.database, other)
        assert database_copy.occupied(other) == []
    finally:
        other.dispose()
