"""The commands of the instance as a whole, from the words that are typed to what they say."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import clock
from kernel.db import Database
from kernel.search import index
from kernel.settings import load
from lms import backups
from lms.instance import Instance
from lms.serve import ServerStartError, open_checked
from tests.support.commands import Command, commands_on, refused
from tests.support.instances import Places, contents, empty_places, fill, sums
from tests.support.server import LMS, environment

PASSPHRASE = "una frase larga y secreta"


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Return what makes empty instances."""
    with empty_places(tmp_path) as made:
        yield made


@pytest.fixture
def lms(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run commands on an instance that holds something."""
    fill(instance)
    return commands_on(instance.settings, monkeypatch, capsys)


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    """Return a file with a passphrase."""
    path = tmp_path / "frase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return path


def test_an_instance_is_saved_checked_lost_and_put_back(
    lms: Command,
    instance: Instance,
    places: Places,
    tmp_path: Path,
    passphrase: Path,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, files = sums(instance.settings), contents(instance.settings)
    said = lms("backup", "--to", tmp_path / "b.zip")
    assert said.code == 0
    assert f"{sum(one.rows for one in before.values())} rows" in said.out
    assert lms("backup-keys", "--to", tmp_path / "keys", "--passphrase-file", passphrase).code == 0
    assert "is whole" in lms("verify-backup", tmp_path / "b.zip").out
    refused(lms("backup", "--to", tmp_path / "b.zip"), "exists already")
    refused(lms("backup-keys", "--to", tmp_path / "keys", "--passphrase-file", passphrase), "exists already")
    refused(lms("restore", tmp_path / "b.zip"), "not empty")

    settings = places.empty(database_kind)
    there = commands_on(settings, monkeypatch, capsys)
    refused(there("restore", tmp_path / "b.zip"), "--keys")
    said = there("restore", tmp_path / "b.zip", "--verify", "--keys", tmp_path / "keys", "--passphrase-file", passphrase)
    assert said.code == 0, said
    assert "compared with the backup" in said.out
    after = sums(settings)
    assert {name: one for name, one in after.items() if name not in ("audit_entry", "job")} == {
        name: one for name, one in before.items() if name not in ("audit_entry", "job")
    }
    assert contents(settings) == files
    for name in ("secret.key", "signing.key"):
        source = instance.settings.data_dir / name
        assert not source.exists() or (settings.data_dir / name).read_bytes() == source.read_bytes()
    opened = open_checked(settings)
    with opened.database.unit_of_work(write=False) as session:
        assert index.list_versions(session)
    opened.database.dispose()


@pytest.mark.slow
def test_a_folder_gets_a_name_by_the_moment_and_old_ones_go(lms: Command, instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "copias").mkdir()
    old = tmp_path / "copias" / "aulario-20200101T000000Z.aulario.zip"
    old.touch()

    assert "is deleted" in lms("backup", "--to", tmp_path / "copias", "--keep-days", "30").out
    assert not old.exists()
    assert len(list((tmp_path / "copias").glob("aulario-*.aulario.zip"))) == 1
    assert lms("backup").code == 0
    assert len(list((instance.settings.data_dir / "backups").iterdir())) == 1


@pytest.mark.slow
def test_the_signs_in_the_name_of_a_folder_are_no_part_of_an_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither `#`, `?` nor `%` of an address, nor a space."""
    odd = tmp_path / "a#b?c=d%23 e"
    here, there = (load(data_dir=odd / name, public_url="http://localhost:8000") for name in ("here", "there"))
    lms = commands_on(here, monkeypatch, capsys)
    assert lms("db", "upgrade").code == 0

    assert lms("backup", "--to", odd / "b.zip").code == 0
    assert "is whole" in lms("verify-backup", odd / "b.zip").out
    assert "same in both" in lms("db", "copy", here.data_dir / "aulario.sqlite", odd / "copy.sqlite").out
    assert "compared" in commands_on(there, monkeypatch, capsys)("restore", odd / "b.zip", "--without-keys", "--verify").out
    assert sorted(path.name for path in tmp_path.iterdir()) == [odd.name]


def test_a_folder_that_is_not_there_is_neither_made_nor_taken_for_a_file(lms: Command, tmp_path: Path) -> None:
    (tmp_path / "copias").write_text("")

    refused(lms("backup", "--to", tmp_path / "mnt"), f"The folder {tmp_path / 'mnt'} is not there")
    refused(lms("backup", "--to", tmp_path / "mnt" / "b.zip"), f"The folder {tmp_path / 'mnt'} is not there")
    refused(lms("backup", "--to", tmp_path / "copias"), "copias")

    assert not (tmp_path / "mnt").exists()
    assert (tmp_path / "copias").read_bytes() == b""


def test_what_is_no_backup_is_told_in_one_line(lms: Command, tmp_path: Path, passphrase: Path) -> None:
    (tmp_path / "no.zip").write_text("no")

    refused(lms("verify-backup", tmp_path / "no.zip"), "not a whole backup")
    refused(lms("verify-backup", tmp_path / "lacks.zip"), "lacks.zip", "No such file")
    refused(lms("restore", tmp_path / "no.zip", "--without-keys"), "not a whole backup")
    refused(lms("restore-keys", tmp_path / "no.zip", "--passphrase-file", passphrase), "not a file of keys")
    refused(lms("backup-keys", "--to", tmp_path / "k", "--passphrase-file", tmp_path / "no.zip"), "chmod 600")


def test_an_instance_whose_restore_was_broken_off_does_not_start(instance: Instance) -> None:
    (instance.settings.data_dir / backups.UNFINISHED).write_text("b.zip\n")

    with pytest.raises(ServerStartError, match="broken off"):
        open_checked(instance.settings)


@pytest.mark.slow
def test_new_keys_are_made_only_where_that_is_asked_for(
    lms: Command,
    places: Places,
    tmp_path: Path,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lms("backup", "--to", tmp_path / "b.zip")
    settings = places.empty(database_kind)

    said = commands_on(settings, monkeypatch, capsys)("restore", tmp_path / "b.zip", "--without-keys")

    assert said.code == 0, said
    assert (settings.data_dir / "signing.key").exists()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_a_database_is_copied_told_table_by_table_and_never_over_another(
    lms: Command, instance: Instance, places: Places, target: str
) -> None:
    settings = places.empty(target)
    settings.data_dir.mkdir()
    source = instance.settings.database

    said = lms("db", "copy", source, settings.database)

    assert said.code == 0, said
    assert "person: 3\n" in said.out
    assert sums(settings) == sums(instance.settings)
    refused(lms("db", "copy", source, settings.database), "not empty")
    refused(lms("db", "copy", "no-such.sqlite", settings.database), "not there")


@pytest.mark.slow
def test_a_process_of_its_own_copies_and_compares_every_table(instance: Instance, tmp_path: Path) -> None:
    """A command alone knows of no table that it did not ask for."""
    made = backups.make(instance, tmp_path / "b.zip", now=clock.now())
    told = environment(tmp_path / "place")

    def said(*words: str) -> str:
        return subprocess.run([LMS, *words], env=told, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert "is whole" in said("verify-backup", "b.zip")
    assert "compared" in said("restore", "b.zip", "--without-keys", "--verify")
    assert f"rows in {len(made.tables)} tables" in said("db", "copy", "place/aulario.sqlite", "copy.sqlite")


def test_a_database_of_another_version_is_not_copied(lms: Command, instance: Instance, tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path}/old.sqlite")
    old.dispose()

    refused(lms("db", "copy", f"sqlite:///{tmp_path}/old.sqlite", tmp_path / "new.sqlite"), "lms db upgrade")
