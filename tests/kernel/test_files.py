"""Files: by checksum, durable, once."""

import hashlib
import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.errors import NotFound
from kernel.files import FolderStore, StoredFile, note_all_stored, note_stored
from lms.instance import Instance
from tests.support.at_once import overlap


def test_a_content_is_kept_once_whatever_its_names(tmp_path: Path) -> None:
    files = FolderStore(tmp_path / "files")
    key = files.put(b"content")

    assert key == hashlib.sha256(b"content").hexdigest()
    assert files.put(b"content") == key
    assert files.read(key) == b"content"
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [key]  # nothing half-written stays


@pytest.mark.faults
def test_a_content_that_cannot_be_written_whole_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    files = FolderStore(tmp_path / "files")
    with pytest.raises(OSError, match="No space"):
        files.keep("a" * 64, io.BytesIO(b"content"))

    assert [path for path in files.folder.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_was_writing_goes_after_a_time(tmp_path: Path) -> None:
    files = FolderStore(tmp_path / "files")
    whole = files.path(files.put(b"content"))
    old, young = (whole.with_name(f"{whole.name}.{name}") for name in ("old", "young"))
    young.touch()
    for path in (old, whole):
        path.touch()
        os.utime(path, (0, 0))
    files.clear_leftovers(now() - timedelta(days=1))

    assert sorted(whole.parent.iterdir()) == [whole, young]


def test_the_folder_of_the_files_is_its_owners_alone(tmp_path: Path) -> None:
    files = FolderStore(tmp_path / "files")
    key = files.put(b"")

    assert files.path(key).parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", "../secret.key", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\n", "0" * 64])
def test_what_is_no_checksum_or_not_there_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.key").write_bytes(b"secret")
    with pytest.raises(NotFound):
        FolderStore(tmp_path / "files").read(name)


def test_the_row_of_a_content_is_made_once(instance: Instance) -> None:
    moment = now()
    with instance.database.unit_of_work() as session:
        first = note_stored(session, "a" * 64, size=3, media_type="text/plain", now=moment)
        again = note_stored(session, "a" * 64, size=3, media_type="text/plain", now=moment)

        assert first.id == again.id
        assert note_stored(session, "b" * 64, size=3, media_type="text/plain", now=moment).id != first.id


def note_one(session: Session) -> object:
    return note_stored(session, "a" * 64, size=3, media_type="text/plain", now=now()).id


def note_several(session: Session) -> object:
    return note_all_stored(session, {"a" * 64: (3, "text/plain"), "b" * 64: (3, "text/plain")}, now=now())["a" * 64]


@pytest.mark.parametrize("second", [note_one, note_several])
def test_two_who_bring_the_same_content_at_once_share_its_row(instance: Instance, second: Callable[[Session], object]) -> None:
    """The later one waits for the row of the earlier one and takes it: nothing of what came with the content is lost."""
    found = []

    def note_it() -> None:
        with instance.database.unit_of_work() as session:
            found.append(second(session))

    overlap(instance, lambda session: found.append(note_one(session)), note_it)

    assert found[0] == found[1]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(StoredFile.sha256 == "a" * 64)) == 1
