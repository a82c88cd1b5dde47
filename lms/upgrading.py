"""The schema brought up to date at a start, after a backup of what an older version has left (spec/security 6.8)."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from kernel import clock, migrations
from lms import backups
from lms.backups import BackupError, BackupVerb, Manifest
from lms.instance import Instance

KEPT_REVISIONS, KEPT_DAYS = 3, 35
"""Revisions whose backup stays, and for how many days at most: no personal data stays longer."""


class NoBackup(Exception):
    """The backup before an upgrade cannot be made; the text says why and what to do."""


def upgrade_schema(instance: Instance) -> None:
    """Bring the database of an instance to this program's schema; raise NoBackup, SchemaTooNew or NotOwner, and nothing has changed."""
    with _turn(instance):
        migrations.check_rights(instance.database)
        revision = migrations.older_revision(instance.database)
        made = _back_up(instance, revision) if revision and _is_backed_up(instance, revision) else None
        migrations.upgrade(instance.database)
    if made is not None:
        backups.note_made(instance, BackupVerb.BEFORE_UPGRADE, *made, now=made[1].made_at)


@contextmanager
def _turn(instance: Instance) -> Iterator[None]:
    """Let one process at a time look at the schema, on whichever machine: the next one finds nothing to do."""
    if instance.database.is_sqlite:
        with (instance.settings.data_dir / ".upgrade").open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
    else:
        with migrations.turn(instance.database):
            yield


def _is_backed_up(instance: Instance, revision: str) -> bool:
    """Return whether a backup is wanted; log it where none is."""
    settings = instance.settings
    is_wanted = settings.backup_before_upgrade
    is_small = instance.database.is_sqlite or instance.database.size() <= settings.backup_before_upgrade_gb * 1e9
    if not (is_wanted and is_small):
        why = "none: larger than LMS_BACKUP_BEFORE_UPGRADE_GB" if is_wanted else "none: LMS_BACKUP_BEFORE_UPGRADE is false"
        migrations.log.warning("schema.upgrade", revision=revision, to=migrations.head(), backup=why)
    return is_wanted and is_small


def _back_up(instance: Instance, revision: str) -> tuple[Path, Manifest]:
    """Make the backup, then let go of earlier ones."""
    now, folder = clock.now(), instance.settings.data_dir / "backups"
    target = folder / backups.default_name(now, before=revision)
    migrations.log.info("schema.upgrade", revision=revision, to=migrations.head(), backup=str(target))
    try:
        made = backups.make_of_older(instance, target, revision, now=now)
    except (OSError, sqlite3.Error, SQLAlchemyError, BackupError) as error:
        reason = getattr(error, "strerror", None) or str(getattr(error, "orig", error)).partition("\n")[0]
        raise NoBackup(
            f"This version changes the schema of the database, and the backup before that could not be written to {folder} ({reason}). "
            "Nothing was changed. Make room, or make a backup elsewhere with the version that ran until now "
            "and start with LMS_BACKUP_BEFORE_UPGRADE=false."
        ) from error
    expire_upgrade_backups(folder, now=now)
    return target, made


def expire_upgrade_backups(folder: Path, *, now: datetime) -> None:
    """Delete backups of before upgrades: all of a revision but the last one, all but the newest revisions, and what is too old."""
    revisions = list[str]()
    for made, path in sorted(backups.list_made(folder, backups.before_upgrade("*"), now=now), reverse=True):
        revision = path.name.split("-")[2]
        if revision in revisions or len(revisions) == KEPT_REVISIONS or made < now - timedelta(days=KEPT_DAYS):
            path.unlink(missing_ok=True)
        else:
            revisions.append(revision)
