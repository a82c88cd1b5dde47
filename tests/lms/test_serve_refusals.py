"""Starts of `lms serve` that are refused: what keeps it from starting is one line (spec/security 6.5, 8.3)."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.server import free_port, opened_database, refused_start


@pytest.mark.slow
def test_a_taken_port_is_refused_with_another_proposed(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = refused_start(folder, "--port", str(port))

    assert f"127.0.0.1:{port} cannot be used" in said
    assert f"--port {port + 1 if port < 65535 else 8000}" in said
    assert not (folder / "secret.key").exists()  # looked at first: nothing was made


@pytest.mark.slow
def test_an_unknown_setting_is_refused_with_the_right_name(folder: Path) -> None:
    assert "LMS_SMTP_HOTS (did you mean LMS_SMTP_HOST?)" in refused_start(folder, LMS_SMTP_HOTS="x")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [("LMS_PUBLIC_URL", "ftp://x"), ("LMS_THREADS", "0"), ("LMS_DATABASE_URL", "mysql://x"), ("LMS_SECRET_KEY_FILE", "/nowhere/key")],
)
def test_a_wrong_setting_is_refused_in_a_line(folder: Path, name: str, value: str) -> None:
    said = refused_start(folder, **{name: value})

    assert name in said or value in said


@pytest.mark.slow
def test_a_secret_that_others_can_read_is_refused(folder: Path) -> None:
    """spec/security 8.3."""
    (folder / "secret.key").write_bytes(b"x" * 40)
    (folder / "secret.key").chmod(0o644)

    assert "chmod 600" in refused_start(folder)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    said = refused_start(folder, LMS_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "cannot be written" in said
    assert "LMS_DATA_DIR" in said


@pytest.mark.slow
def test_a_newer_database_is_refused_and_not_touched(folder: Path) -> None:
    with closing(opened_database(folder)) as database, database.unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_1'"))

    said = refused_start(folder)
    assert "newer" in said
    assert "2099_01_01_1" in said


@pytest.mark.slow
def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    (folder / "aulario.sqlite").write_bytes(b"this is a text and no database at all, long enough to be read" * 100)

    assert "The database does not answer" in refused_start(folder)


@pytest.mark.slow
def test_a_server_that_is_away_is_named_without_its_password(folder: Path) -> None:
    said = refused_start(folder, LMS_DATABASE_URL="postgresql+psycopg://aulario:geheim@127.0.0.1:9/aulario")

    assert "The database does not answer" in said
    assert "geheim" not in said


@pytest.mark.slow
@pytest.mark.parametrize("address", ["", "http://localhost:8000"])
def test_a_public_address_without_tls_in_front_is_refused(folder: Path, address: str) -> None:
    """spec/security 8.3."""
    said = refused_start(folder, "--host", "0.0.0.0", "--port", str(free_port()), LMS_PUBLIC_URL=address)  # noqa: S104 - it is refused

    assert "LMS_PUBLIC_URL=https://" in said
