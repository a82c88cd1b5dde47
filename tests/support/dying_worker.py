"""A process that writes a bulk download of certificates and dies on the way, as a server that is killed."""

import os
import signal
from pathlib import Path
from typing import IO

from certificates import bulk
from certificates.bulk import DrawnCredential
from kernel import clock
from kernel.db import Database
from kernel.files import FolderStore

A_FILE, A_PORTION = 8, 2
"""Certificates of a file, and of a portion."""


def write_and_die(url: str, folder: Path, download: int, killed_at: tuple[str, int]) -> None:
    """Write what is left of a download, and die at one of its steps: drawing the nth certificate, or keeping the nth file."""
    database, store, drawn = Database(url), FolderStore(folder), []
    bulk.MOST_CERTIFICATES, bulk.PORTION = A_FILE, A_PORTION
    step, number = killed_at

    def die_at(name: str, count: int) -> None:
        if (name, count) == (step, number):
            os.kill(os.getpid(), signal.SIGKILL)

    def draw(one: DrawnCredential) -> bytes:
        drawn.append(one.row.id)
        die_at("draw", len(drawn))
        return f"pdf {one.row.code}".encode()

    keep = FolderStore.keep

    def keep_and_die(self: FolderStore, sha256: str, source: IO[bytes]) -> None:
        die_at("before keeping", len(drawn) // A_FILE)
        keep(self, sha256, source)
        die_at("after keeping", len(drawn) // A_FILE)

    FolderStore.keep = keep_and_die  # type: ignore[method-assign]  # of this process alone
    bulk.write_files(bulk.BulkSource(database, store, draw), download, now=clock.now())
    database.dispose()
