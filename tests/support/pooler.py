"""PgBouncer before the tests' PostgreSQL, which lends a connection for a transaction only."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.support.missing import note
from tests.support.programs import program
from tests.support.server import free_port
from tests.support.stores import wait_until

OLDEST = (1, 22)
"""The first version that keeps what a driver prepares, whichever connection it lends (docs/operations/tuning.md)."""
CONNECTIONS = 3
"""To PostgreSQL: fewer than the processes keep, so that they share them."""
OTHER_USER = "nobody"
"""Whom it runs as where the tests run as root, which it refuses to be."""


def _pgbouncer() -> str:
    path = program("pgbouncer")
    version = re.search(r"PgBouncer (\d+)\.(\d+)", subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout)
    if version is None or tuple(map(int, version.groups())) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        pytest.skip(note(f"PgBouncer {oldest} or newer is missing (Debian 13: apt-get install pgbouncer; TEST_PGBOUNCER names one)"))
    return path


@contextmanager
def a_pooler(folder: Path, url: str) -> Iterator[str]:
    """Start PgBouncer in its mode `transaction` before a database; give the address of that database behind it."""
    pgbouncer, behind, port = _pgbouncer(), make_url(url), free_port()
    path = folder / "pgbouncer.ini"
    secret = f" password={behind.password}" if behind.password else ""
    path.write_text(
        f"[databases]\n* = host={behind.host} port={behind.port or 5432} user={behind.username}{secret}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
        f"default_pool_size = {CONNECTIONS}\nmax_client_conn = 200\nmax_prepared_statements = 500\n"
    )
    path.chmod(0o644)
    as_other = ["-u", OTHER_USER] if os.getuid() == 0 else []
    process = subprocess.Popen([pgbouncer, "-q", *as_other, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port), "PgBouncer")
        yield behind.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False
