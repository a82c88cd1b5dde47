"""Backups: the whole instance at one moment in one file, made while it runs, and put back into an empty place (spec/security 6.7).

A backup is a ZIP archive with `database.sqlite` (whatever the database of the instance), every file under its checksum, and
`manifest.json`. It is written under another name and gets its own when it is whole on the disk. Keys are never in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from accounts.models import Device
from kernel import audit, database_copy, migrations
from kernel.audit import AuditEntry, AuditSeal, LatestSeal
from kernel.database_copy import Sums, TableChecksum
from kernel.db import Database
from kernel.errors import N_, NotFound
from kernel.files import CHUNK, FileStore, files_of, keep_name
from kernel.outbox import Job
from kernel.permissions import SYSTEM
from kernel.settings import Settings, sqlite_address

if TYPE_CHECKING:
    from lms.instance import Instance

FORMAT = 1
DATABASE, MANIFEST, FOLDER = "database.sqlite", "manifest.json", "files/"
SUFFIX = ".aulario.zip"
UNFINISHED = "restore.unfinished"
"""File in the data folder that says that a restore has begun and not ended: of which backup, into which database."""

DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError)
"""What reading a backup raises where its bytes are not those that were written."""


class BackupError(Exception):
    """A backup cannot be made, read or put back; the text is one line that says why and what to do."""


class BackupVerb(audit.Verb):
    """The audit-log verbs of backups."""

    MADE = "backup.made", N_("Made a backup")
    FAILED = "backup.failed", N_("A backup could not be made")
    BEFORE_UPGRADE = "backup.made_before_upgrade", N_("Made a backup before an upgrade")
    """By a start, beside the data: it stands for no backup that somebody makes."""
    RESTORED = "backup.restored", N_("Restored a backup")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a backup."""

    format: int
    version: str
    schema: str
    made_at: datetime
    signing_key: str
    database_sha256: str
    tables: dict[str, TableChecksum]
    files: dict[str, int]
    """Bytes of each file, by its checksum."""
    newest_seal: LatestSeal | None = None
    """The newest seal of the audit log, so that a log whose end was cut off later can be told."""

    @property
    def rows(self) -> int:
        """Return how many rows the tables hold."""
        return sum(checksum.rows for checksum in self.tables.values())

    def write(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), default=str, indent=1, sort_keys=True)

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Read it; raise BackupError for what is none of ours."""
        try:
            fields = json.loads(text)
            if fields["format"] != FORMAT:
                raise BackupError(f"The backup has format {fields['format']}; this program reads {FORMAT}. Install the newer version.")
            fields["made_at"] = datetime.fromisoformat(fields["made_at"])
            fields["tables"] = {name: TableChecksum(**checksum) for name, checksum in fields["tables"].items()}
            fields["newest_seal"] = LatestSeal(**fields["newest_seal"]) if fields.get("newest_seal") else None
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupError("The backup's manifest cannot be read.") from error


def default_name(now: datetime, before: str = "") -> str:
    """Return the name of a backup made now; `before` its schema changes from a revision, that revision is in it."""
    return f"{before_upgrade(before) if before else 'aulario-'}{now:%Y%m%dT%H%M%SZ}{SUFFIX}"


def before_upgrade(revision: str) -> str:
    """Return how the names begin of backups made before a schema was brought up to date from a revision."""
    return f"aulario-schema-{revision}-"


def lies_in(folder: Path) -> bool:
    """Return whether a folder holds a backup that is none before an upgrade."""
    return any(not path.match(f"{before_upgrade('*')}*") for path in folder.glob(f"*{SUFFIX}"))


def make(instance: Instance, target: Path, *, now: datetime) -> Manifest:
    """Write a backup of a running instance. What is committed after the beginning may lack; nothing before it does.

    Raise BackupError if the target exists. Whatever else prevents the backup is recorded in the audit log, for the state page, and raised.
    """
    try:
        manifest = _write(instance, target, migrations.head(), database_copy.snapshot, now=now)
    except BackupError:
        raise
    except Exception as error:
        _note_failed(instance, target, error, now=now)
        raise
    note_made(instance, BackupVerb.MADE, target, manifest, now=now)
    return manifest


def make_of_older(instance: Instance, target: Path, revision: str, *, now: datetime) -> Manifest:
    """Write a backup of an instance whose database has an older schema; the audit log takes its note after the upgrade.

    Files of a bucket stay there: no upgrade touches them, and the bucket is another place than this disk.
    """
    return _write(instance, target, revision, database_copy.snapshot_of_older, now=now)


def _write(instance: Instance, target: Path, revision: str, snapshot: Callable[[Database, Path], Sums], *, now: datetime) -> Manifest:
    if target.exists():
        raise BackupError(f"{target} exists already.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_leftovers(target.parent)
    with _unfinished(target) as (partial, copied):
        sums = snapshot(instance.database, copied)
        is_whole = revision == migrations.head() or not instance.settings.files_url
        names = instance.files.names() if is_whole else ()
        files = dict(_sizes_of(instance.files, names))  # after the rows: what these name is only added, but for what has ended
        key, newest = instance.keys.identifier, _newest_seal(copied, sums)
        manifest = Manifest(
            FORMAT,
            installed("aulario"),
            revision,
            made_at=now,
            signing_key=key,
            database_sha256=_checksum(copied),
            tables=dict(sums),
            files=files,
            newest_seal=newest,
        )
        _write_archive(partial, copied, instance.files, manifest)
        partial.replace(target)
        keep_name(target.parent)
    return manifest


def _sizes_of(files: FileStore, names: Iterable[str]) -> Iterator[tuple[str, int]]:
    for name in names:
        with suppress(NotFound):  # a prepared file that has ended meanwhile
            yield name, files.size(name)


def _newest_seal(copied: Path, sums: Sums) -> LatestSeal | None:
    """Return the newest seal in the copy of a database, which may be older than seals are."""
    if AuditSeal.__tablename__ not in sums:
        return None
    database = Database(sqlite_address(copied), alone=True)
    try:
        with database.unit_of_work(write=False) as session:
            return audit.find_newest(session)
    finally:
        database.dispose()


def _note_failed(instance: Instance, target: Path, error: Exception, *, now: datetime) -> None:
    """Record why a backup could not be made, where the database can still be written."""
    with suppress(DBAPIError), instance.database.unit_of_work() as session:
        audit.record(session, SYSTEM, BackupVerb.FAILED, None, now=now, name=target.name, reason=f"{type(error).__name__}: {error}"[:300])


def note_made(instance: Instance, verb: BackupVerb, target: Path, manifest: Manifest, *, now: datetime) -> None:
    """Leave the audit entry of a backup."""
    facts = {"name": target.name, "bytes": target.stat().st_size, "rows": manifest.rows, "files": len(manifest.files)}
    with instance.database.unit_of_work() as session:
        audit.record(session, SYSTEM, verb, None, now=now, **facts)


@contextmanager
def _unfinished(target: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the names under which a backup is written until it is complete; the lock shows that it is being written."""
    partial = target.with_name(f".{target.name}.part")
    copied = target.with_name(f".{target.name}.rows")
    with partial.open("ab") as held:  # another process may be writing it
        partial.chmod(0o600)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            copied.touch(mode=0o600)
            copied.unlink()
            yield partial, copied
        finally:
            copied.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)


def clear_leftovers(folder: Path) -> None:
    """Delete what backups that were broken off left, and checks of former versions; what another process is writing stays."""
    for left in folder.glob(f".verify-*/{DATABASE}"):
        shutil.rmtree(left.parent, ignore_errors=True)
    for partial in folder.glob(f".*{SUFFIX}.part"):
        with partial.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for left in folder.glob(f"{partial.name.removesuffix('.part')}.*"):
                left.unlink(missing_ok=True)


def _write_archive(partial: Path, copied: Path, files: FileStore, manifest: Manifest) -> None:
    with partial.open("r+b") as target:
        with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
            archive.write(copied, DATABASE, zipfile.ZIP_DEFLATED, 1)
            for name, size in list(manifest.files.items()):
                try:
                    content = files.open(name)
                except NotFound:  # a prepared file that has ended meanwhile
                    del manifest.files[name]
                    continue
                with content as source, archive.open(zipfile.ZipInfo(FOLDER + name), "w", force_zip64=size > 2**31) as entry:
                    shutil.copyfileobj(source, entry, CHUNK)
            archive.writestr(MANIFEST, manifest.write())
        target.flush()
        os.fsync(target.fileno())


def _checksum(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def expire(folder: Path, *, keep_days: int, now: datetime) -> list[str]:
    """Delete the backups of a folder that are older than so many days, by the moment in their names; return which."""
    gone = []
    for made, path in list_made(folder, "aulario-", now=now):
        if made < now - timedelta(days=keep_days):
            path.unlink()
            gone.append(path.name)
    return gone


def list_made(folder: Path, prefix: str, *, now: datetime) -> list[tuple[datetime, Path]]:
    """List the backups of a folder whose names begin so, the oldest first, with the moment that their names end in."""
    backups_made = []
    for path in folder.glob(f"{prefix}*{SUFFIX}"):
        with contextlib.suppress(ValueError):
            moment = datetime.strptime(path.name.rpartition("-")[2], f"%Y%m%dT%H%M%SZ{SUFFIX}").replace(tzinfo=now.tzinfo)
            backups_made.append((moment, path))
    return sorted(backups_made)


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup; raise BackupError for a file that is none, or not whole. What is done with it meanwhile has faults of its own."""
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            manifest = Manifest.read(archive.read(MANIFEST))
        except DAMAGED as error:
            raise BackupError(f"{path} is not a whole backup.") from error
        except OSError as error:
            raise BackupError(f"{path} cannot be read ({error.strerror}).") from error
        yield archive, manifest


def verify(path: Path, remarks: list[str] | None = None) -> tuple[Manifest, list[str]]:
    """Read every byte of a backup; return its manifest, and everything that is not as the manifest says.

    `remarks` takes what another database would refuse of it.
    The database is unpacked into the system's temporary folder: where the backup lies, it may only be read.
    """
    with opened(path) as (archive, manifest), tempfile.TemporaryDirectory(prefix="aulario-verify-") as folder:
        copied = Path(folder) / DATABASE
        faults = _unpack_database(archive, manifest, copied)
        if not faults:
            faults = database_copy.faults_of(copied) + _differing_rows(manifest, copied)
            if remarks is not None and not faults:
                remarks.extend(database_copy.refused_by_postgres(copied))
        for name in manifest.files:
            faults += _file_faults(archive, manifest, name)
    return manifest, faults


def _unpack_database(archive: zipfile.ZipFile, manifest: Manifest, target: Path) -> list[str]:
    try:
        with archive.open(DATABASE) as source, target.open("wb") as written:
            shutil.copyfileobj(source, written, CHUNK)
            written.flush()
            os.fsync(written.fileno())
    except DAMAGED as error:
        return [f"{DATABASE}: {error}"]
    except OSError as error:
        raise BackupError(f"The database cannot be unpacked into {target.parent} ({error.strerror}).") from error
    return [] if _checksum(target) == manifest.database_sha256 else [f"{DATABASE}: other bytes than the manifest says"]


def _differing_rows(manifest: Manifest, path: Path) -> list[str]:
    """Compare a database file with the manifest: sums where this program wrote it, else the numbers of rows."""
    if manifest.schema != migrations.head():
        counts = database_copy.counts_of(path, list(manifest.tables))
        return [
            f"{name}: {checksum.rows} rows, found {counts[name]}"
            for name, checksum in manifest.tables.items()
            if counts[name] != checksum.rows
        ]
    database = Database(sqlite_address(path), alone=True)
    try:
        return database_copy.differing(manifest.tables, database_copy.sums_of(database))
    finally:
        database.dispose()


def _file_faults(archive: zipfile.ZipFile, manifest: Manifest, name: str) -> list[str]:
    try:
        with archive.open(FOLDER + name) as source:
            digest, size = _digest(source)
    except (*DAMAGED, OSError) as error:
        return [f"{FOLDER}{name}: {error}"]
    return [] if (digest, size) == (name, manifest.files[name]) else [f"{FOLDER}{name}: other bytes than its name says"]


def _digest(source: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def check_empty(settings: Settings, database: Database) -> None:
    """Raise BackupError where the place to restore into holds something, unless a broken-off restore left it."""
    marker = settings.data_dir / UNFINISHED
    if marker.exists() and (not database.is_sqlite or _address(database) in marker.read_text().splitlines()[1:]):
        return  # rows go into PostgreSQL only where none are; an SQLite file is replaced whole
    if not database.is_sqlite or Path(database.writing.url.database or "").exists():
        held = database_copy.occupied(database)
        if held:
            raise BackupError(f"The database is not empty ({', '.join(held[:3])}): a backup is put back into an empty place only.")
    if not settings.files_url and not marker.exists() and any((settings.data_dir / "files").glob("*/*")):
        raise BackupError(f"{settings.data_dir / 'files'} is not empty: a backup is put back into an empty place only.")


def _address(database: Database) -> str:
    return database.writing.url.render_as_string(hide_password=True)


def restore(settings: Settings, path: Path, *, now: datetime) -> Manifest:
    """Put a backup back into an empty instance, database last, and bring it to this program's schema.

    Until it has ended the instance does not start; the same command begins again.
    """
    database, files = Database(settings.database), files_of(settings)
    marker = settings.data_dir / UNFINISHED
    try:
        with opened(path) as (archive, manifest):
            check_empty(settings, database)
            database.dispose()  # a connection that was kept would go on with the file that is replaced
            goes_on = marker.exists()
            marker.write_text(f"{path}\n{_address(database)}\n")
            (settings.data_dir / audit.NEWEST).unlink(missing_ok=True)  # of a log that this one is older than
            for name in manifest.files:
                if not files.holds(name):
                    _put_file(archive, files, name)
            _put_rows(archive, manifest, database, settings.data_dir, goes_on=goes_on)
        migrations.upgrade(database)
        _note_restored(database, path, manifest, now=now)
        marker.unlink()
    finally:
        database.dispose()
    return manifest


def _put_file(archive: zipfile.ZipFile, files: FileStore, name: str) -> None:
    try:
        with archive.open(FOLDER + name) as source:
            files.keep(name, source)
    except DAMAGED as error:
        raise BackupError(f"The backup is not whole ({FOLDER}{name}: {error}).") from error
    except OSError as error:
        raise BackupError(f"{FOLDER}{name} cannot be put back ({error.strerror}).") from error


def _put_rows(archive: zipfile.ZipFile, manifest: Manifest, database: Database, folder: Path, *, goes_on: bool) -> None:
    target = Path(database.writing.url.database or "") if database.is_sqlite else folder / "restore.sqlite"
    partial = target.with_name(f"{target.name}.part")
    faults = _unpack_database(archive, manifest, partial)
    if faults:
        partial.unlink(missing_ok=True)
        raise BackupError(faults[0])
    partial.chmod(0o600)
    if database.is_sqlite:
        for beside in ("-wal", "-shm"):
            target.with_name(target.name + beside).unlink(missing_ok=True)
        partial.replace(target)
        keep_name(target.parent)
        return
    unpacked = Database(sqlite_address(partial), alone=True)
    try:
        migrations.upgrade(unpacked)
        if not (goes_on and _holds_all(database, unpacked)):
            database_copy.copy(unpacked, database)
    except (database_copy.CopyTargetNotEmpty, database_copy.CopyDiffers) as error:
        raise BackupError(f"The database did not take the rows: {error}") from error
    finally:
        unpacked.dispose()
        for left in folder.glob(f"{partial.name}*"):
            left.unlink()


def _holds_all(database: Database, unpacked: Database) -> bool:
    """Return whether a restore that was broken off had put all rows in; it may have noted itself in the audit log already."""
    if migrations.current(database) != migrations.head():
        return False
    expected, present = database_copy.sums_of(unpacked), database_copy.sums_of(database)
    own = AuditEntry.__tablename__
    noted = present[own].rows - expected[own].rows
    changed = {own, Device.__tablename__} if noted else set[str]()
    return noted in (0, 1) and all(present[name] == checksum for name, checksum in expected.items() if name not in changed)


def _note_restored(database: Database, path: Path, manifest: Manifest, *, now: datetime) -> None:
    """Leave the audit entry of a restore, once, and end all sessions: what was ended since the backup would be open again."""
    made_at = str(manifest.made_at)
    with database.unit_of_work() as session:
        last = session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
        if last is None or last.verb != BackupVerb.RESTORED or json.loads(last.facts)["made_at"] != made_at:
            facts = {"name": path.name, "made_at": made_at, "rows": manifest.rows, "files": len(manifest.files)}
            audit.record(session, SYSTEM, BackupVerb.RESTORED, None, now=now, **facts)
            session.execute(update(Device).where(Device.ended_at.is_(None)).values(ended_at=now))


def compare(settings: Settings, manifest: Manifest) -> list[str]:
    """Compare a restored instance with the manifest, every row and every byte; return what differs.

    The log of the restore itself does not count, nor that it ended all sessions; where the schema was brought up to date, numbers of
    rows are compared, and jobs that the upgrade added do not count.
    """
    database, files = Database(settings.database), files_of(settings)
    try:
        present = database_copy.sums_of(database)
    finally:
        database.dispose()
    faults = []
    for name, checksum in manifest.tables.items():
        own = int(name == AuditEntry.__tablename__)
        is_upgraded, here = manifest.schema != migrations.head(), present.get(name, TableChecksum(0, "")).rows - own
        differs = here < checksum.rows if is_upgraded and name == Job.__tablename__ else here != checksum.rows
        is_changed = own or name == Device.__tablename__
        if differs or (not is_upgraded and not is_changed and present[name] != checksum):
            faults.append(f"{name}: {checksum.rows} rows in the backup, {here} here, or other ones")
    for name in manifest.files:
        with files.open(name) as source:
            if _digest(source)[0] != name:
                faults.append(f"{FOLDER}{name}: other bytes than its name says")
    return faults


@dataclass(frozen=True, slots=True)
class FailedBackup:
    """A backup that could not be made after the newest one that was."""

    at: datetime
    reason: str


def find_failed(session: Session) -> FailedBackup | None:
    """Return the newest backup that failed, or None if one was made since."""
    statement = select(AuditEntry).where(AuditEntry.verb.in_([BackupVerb.MADE, BackupVerb.FAILED])).order_by(AuditEntry.id.desc()).limit(1)
    entry = session.scalar(statement)
    if entry is None or entry.verb == BackupVerb.MADE:
        return None
    return FailedBackup(entry.at, str(json.loads(entry.facts)["reason"]))


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The newest backup that the audit log knows; those before an upgrade do not count."""

    at: datetime
    name: str
    size: int


def find_last(session: Session) -> LastBackup | None:
    """Return the newest backup, or nothing where none was made."""
    statement = select(AuditEntry).where(AuditEntry.verb == BackupVerb.MADE).order_by(AuditEntry.id.desc()).limit(1)
    entry = session.scalar(statement)
    if entry is None:
        return None
    facts = json.loads(entry.facts)
    return LastBackup(entry.at, str(facts["name"]), int(facts["bytes"]))
