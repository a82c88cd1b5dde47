"""Files that can be made again at any time: kept where that is possible, whole or not at all."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def write_cache_file(path: Path, content: bytes, *, mode: int = 0o777) -> None:
    """Write a file, and its folder with this mode; with the disk full or the folder not ours, leave nothing and raise nothing."""
    partial = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(mode=mode, parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
