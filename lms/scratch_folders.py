"""Folders of instances that a command fills by itself and may empty: the demonstration, load tests."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lms.serve import ServerStartError


@dataclass(frozen=True, slots=True)
class ScratchFolder:
    """A kind of such folders, and how it is called."""

    marker: str
    """File that says that a folder is ours to fill and to empty; it is empty while the filling goes on."""
    name: str

    @contextmanager
    def claimed(self, folder: Path) -> Iterator[Path]:
        """Keep a folder for this process alone, so that nobody empties it meanwhile; raise ServerStartError where another has it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerStartError(f"The {self.name} in {folder} is running already. End it first.") from None
        else:
            yield folder
        finally:
            os.close(descriptor)

    def clear(self, folder: Path, *, fresh: bool) -> None:
        """Empty a folder that is to be filled again or whose filling was broken off; raise ServerStartError for any other folder."""
        marker = folder / self.marker
        present = list(folder.iterdir())
        if present and not marker.is_file():
            raise ServerStartError(f"{folder} holds an instance that is not a {self.name}. Unset LMS_DATA_DIR, or choose an empty folder.")
        if present and (fresh or not marker.read_text()):
            marker.write_text("")
            for path in present:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path != marker:
                    path.unlink()
        if not present:
            marker.write_text("")
