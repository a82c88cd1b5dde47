"""Files in an S3-compatible bucket: the same promises as a folder's, tried against moto's server."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import NotFound, Unavailable
from kernel.files import BucketStore, FileStore, FolderStore, files_of
from kernel.settings import SettingsError, load
from tests.support.stores import a_bucket


@pytest.fixture(scope="module")
def named() -> Iterator[dict[str, str]]:
    """Return the settings of a bucket."""
    with a_bucket() as settings:
        yield settings


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path, named: dict[str, str]) -> FileStore:
    """Return each kind of store in turn."""
    return files_of(load(data_dir=tmp_path, **(named if request.param == "bucket" else {})))


def test_a_content_is_kept_under_its_checksum_and_read_from_anywhere(files: FileStore) -> None:
    content = bytes(range(256)) * 9000
    key = files.put(content)

    assert key == hashlib.sha256(content).hexdigest()
    assert files.put(content) == key
    assert files.holds(key)
    assert files.size(key) == len(content)
    assert files.read(key) == content
    with files.open(key) as source:
        source.seek(2_000_001)
        assert source.read(3) == content[2_000_001:2_000_004]
        source.seek(-2, io.SEEK_END)
        assert source.read() == content[-2:]
    assert key in list(files.names())


def test_a_source_is_kept_without_being_held_whole(files: FileStore) -> None:
    content = b"x" * 3_000_000
    key = hashlib.sha256(content).hexdigest()
    files.keep(key, io.BytesIO(content))

    assert files.size(key) == len(content)


@pytest.mark.parametrize("name", ["", "../secret.key", "A" * 64, "0" * 64])
def test_what_is_no_checksum_or_not_there_is_not_found(files: FileStore, name: str) -> None:
    for ask in (files.read, files.size, files.open):
        with pytest.raises(NotFound):
            ask(name)


def test_a_store_that_is_away_is_told_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    """spec/security 6.3: 503, and whoever sent the file knows that it is not kept."""
    with a_bucket() as named:
        files = files_of(load(data_dir=tmp_path, **named))
        key = files.put(b"antes")
        lost = files_of(load(data_dir=tmp_path, **{**named, "files_url": "s3://otro-balde"}))
        with pytest.raises(Unavailable):
            lost.put(b"nada")
    with pytest.raises(Unavailable) as refused:
        files.put(b"despues")
    assert refused.value.facts["service"] == named["s3_endpoint"].removeprefix("http://")
    with pytest.raises(Unavailable):
        files.read(key)


def test_a_bucket_that_was_used_before_a_fork_says_so_instead_of_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BucketStore, "_process", 1)
    files = files_of(
        load(data_dir=tmp_path, files_url="s3://balde", s3_endpoint="http://127.0.0.1:1", s3_access_key="x", s3_secret_key="x")
    )

    with pytest.raises(RuntimeError, match="forked"):
        files.put(b"x")


@pytest.mark.slow
def test_the_setting_says_which(tmp_path: Path) -> None:
    assert isinstance(files_of(load(data_dir=tmp_path)), FolderStore)
    for wrong in ("balde", "s3://", "https://balde", "s3://Balde/x y"):
        with pytest.raises(SettingsError, match="LMS_FILES_URL"):
            load(data_dir=tmp_path, files_url=wrong)
