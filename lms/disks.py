"""On what kind of disk an instance lies: SQLite needs locks that can be trusted."""

from pathlib import Path

from sqlalchemy import make_url

from kernel.settings import Settings

NETWORK_DISKS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.s3fs", "glusterfs", "ceph", "lustre", "davfs")
LENT_DISKS = ("9p",)
"""Also how a machine lends a folder of its own to a guest: a danger, and refused at the start only where SQLite cannot keep its WAL."""


def disk_kind(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the kind of file system that a path lies on; nothing where the machine does not say."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    resolved = path.resolve()
    fitting = [(len(line[1]), line[2]) for line in lines if resolved.is_relative_to(line[1].replace("\\040", " "))]
    return max(fitting)[1] if fitting else ""


def database_disk(settings: Settings) -> str:
    """Return the kind of file system that an SQLite database lies on, as the machine names it; nothing for PostgreSQL."""
    file = make_url(settings.database).database if settings.database.startswith("sqlite") else None
    return disk_kind(Path(file).parent) if file else ""
