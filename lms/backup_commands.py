"""`lms backup`, `restore`, `verify-backup`, `backup-keys`, `restore-keys`, `db copy`: the instance as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lms.console import CommandInstance

if TYPE_CHECKING:
    from datetime import datetime

    from kernel.settings import Settings

FILE = click.Path(path_type=Path, dir_okay=False)
PASSPHRASE = click.option("--passphrase-file", type=FILE, help="File (mode 0600) with the passphrase; asked for when it is not given.")


@contextmanager
def refusals() -> Iterator[None]:
    """Report in one line what keeps a backup from being made or read."""
    import lms.app  # noqa: F401 - it brings every package's tables, without which a copy would leave rows out
    from kernel.database_copy import CopyDiffers, CopyTargetNotEmpty
    from lms.backups import BackupError

    try:
        yield
    except CopyTargetNotEmpty as held:
        raise click.ClickException(f"The target is not empty ({held}): rows are copied into an empty database only.") from held
    except (BackupError, CopyDiffers) as refused:
        raise click.ClickException(str(refused)) from refused
    except OSError as refused:
        raise click.ClickException(f"{refused.filename or 'The file'}: {refused.strerror}") from refused


@click.command()
@click.option("--to", "target", type=click.Path(path_type=Path), help="Folder, or file (.zip); default: backups/ in the data folder.")
@click.option("--keep-days", type=click.IntRange(1, 35), help="Delete older backups of the folder (35 days at most: privacy).")
@click.pass_obj
def backup(opened: CommandInstance, target: Path | None, keep_days: int | None) -> None:
    """Write the whole instance into one file while it runs: database, files, and a manifest that lets both be checked.

    Keys are not in it: see backup-keys.
    """
    from kernel import clock
    from lms import backups, removals, upgrading

    now = clock.now()
    path = target or opened.instance.settings.data_dir / "backups"
    if target is None or path.is_dir():
        path = path / backups.default_name(now)
    else:
        _check_place(path)
    with refusals():
        made = backups.make(opened.instance, path, now=now)
        click.echo(f"{path}: {made.rows} rows in {len(made.tables)} tables, {len(made.files)} files.")
        removals.keep_beside(opened.instance.settings, path.parent)
        if keep_days is not None:
            for name in backups.expire(path.parent, keep_days=keep_days, now=now):
                click.echo(f"{name} was older than {keep_days} days and is deleted.")
            upgrading.expire_upgrade_backups(opened.instance.settings.data_dir / "backups", now=now)


def _check_place(path: Path) -> None:
    """Refuse a path that is no file in an existing folder: an unmounted disk is reported, not written beside."""
    folder = path.parent if path.suffix == ".zip" else path
    if path.suffix != ".zip" or not folder.is_dir():
        raise click.ClickException(f"The folder {folder} is not there. Mount its disk or make it first; a file's name ends in .zip.")


@click.command("verify-backup")
@click.argument("file", type=FILE)
def verify_backup(file: Path) -> None:
    """Read every byte of the backup FILE and compare it with its manifest; needs no instance."""
    from lms import backups

    with refusals():
        remarks: list[str] = []
        manifest, faults = backups.verify(file, remarks)
    for fault in (*faults, *remarks):
        click.echo(fault)
    if faults:
        raise click.ClickException(f"{file} is damaged ({len(faults)} faults).")
    click.echo(f"{file} is whole: {manifest.rows} rows, {len(manifest.files)} files, made {manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    if manifest.newest_seal is not None:
        click.echo(f"Newest seal of the audit log: {manifest.newest_seal.number} {manifest.newest_seal.hash}")


@click.command()
@click.argument("file", type=FILE)
@click.option("--keys", "keys_file", type=FILE, help="File of backup-keys, put back first.")
@click.option("--without-keys", is_flag=True, help="Go on with new keys: sessions end, and certificates issued before no longer verify.")
@click.option("--verify", is_flag=True, help="Afterwards compare every row and every byte with the backup.")
@click.option("--journal", type=FILE, help="Journal of what was taken away; without it that of the data folder or beside FILE is read.")
@PASSPHRASE
def restore(
    file: Path, keys_file: Path | None, journal: Path | None, passphrase_file: Path | None, *, without_keys: bool, verify: bool
) -> None:
    """Put the backup FILE back into an empty instance (LMS_DATA_DIR, LMS_DATABASE_URL, LMS_FILES_URL)."""
    from kernel import clock
    from kernel.db import Database
    from kernel.settings import load
    from lms import backups, keys

    with refusals():
        settings = load()
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with backups.opened(file):
            pass
        database = Database(settings.database)
        try:
            backups.check_empty(settings, database)
        finally:
            database.dispose()
        if keys_file is not None:
            keys.put_back(settings, keys_file, _passphrase(passphrase_file))
        if not without_keys and not (settings.data_dir / "signing.key").exists():
            raise click.ClickException("The instance has no keys. Give --keys FILE (lms backup-keys made it), or --without-keys.")
        manifest = backups.restore(settings, file, now=clock.now())
        faults = backups.compare(settings, manifest) if verify else []
    for fault in faults:
        click.echo(fault)
    if faults:
        raise click.ClickException(f"What was put back differs from {file} ({len(faults)} faults).")
    remark = ", compared with the backup" if verify else ""
    click.echo(f"{manifest.rows} rows and {len(manifest.files)} files are back{remark}. All sessions have ended.")
    _reindex(settings)
    _list_removals(settings, file, journal, manifest.made_at)


def _list_removals(settings: Settings, file: Path, given: Path | None, moment: datetime) -> None:
    """List the removals since a backup that are back, with the page where each is done again."""
    from kernel.db import Database
    from lms import removals

    path = removals.find_journal(settings, file, given)
    if path is None:
        click.echo("There is no journal of what was taken away: look yourself for what was revoked, suspended or deleted since the backup.")
        return
    known, broken = removals.read_journal(path)
    database = Database(settings.database)
    try:
        with database.unit_of_work(write=False) as session:
            later = removals.list_later(session, known, moment, settings.public_url)
    finally:
        database.dispose()
    click.echo(f"{path}: taken away since the backup, and back now: {len(later)}.{' Do each again:' if later else ''}")
    for at, act, address in later:
        click.echo(f"{at}  {act}  {address}")
    ends = f"ends with {known[-1].at}" if known else "has no line"
    click.echo(f"The journal {ends}: what was taken away later is in no list.")
    if broken:
        click.echo(f"{broken} lines at the end of the journal do not follow from those before: the list may lack some.", err=True)
    removals.begin_anew(settings)


def _reindex(settings: Settings) -> None:
    """Make what is derived from the rows anew: the search's index."""
    from lms.search import reindex
    from lms.serve import open_checked

    instance = open_checked(settings)
    try:
        reindex(instance.database)
    finally:
        instance.database.dispose()


def _passphrase(file: Path | None, *, confirm: bool = False) -> str:
    from kernel.settings import read_private

    if file is not None:
        return read_private(file).decode().strip()
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))


@click.command("backup-keys")
@click.option("--to", "target", type=FILE, required=True, help="File to write; keep it apart from the backups.")
@PASSPHRASE
def backup_keys(target: Path, passphrase_file: Path | None) -> None:
    """Write the keys of the instance into one file, locked with a passphrase; once, and after each change of a key."""
    from kernel.settings import load
    from lms import keys

    with refusals():
        names = keys.save(load(), target, _passphrase(passphrase_file, confirm=True))
    click.echo(f"{target}: {', '.join(names)}.")


@click.command("restore-keys")
@click.argument("file", type=FILE)
@PASSPHRASE
def restore_keys(file: Path, passphrase_file: Path | None) -> None:
    """Put the keys of FILE back into the data folder."""
    from kernel.settings import load
    from lms import keys

    with refusals():
        names = keys.put_back(load(), file, _passphrase(passphrase_file))
    click.echo(f"{', '.join(names)} are back.")


@click.command("copy")
@click.argument("source")
@click.argument("target")
def copy_database(source: str, target: str) -> None:
    """Copy every row of the database SOURCE into the empty database TARGET, and compare; SQLite and PostgreSQL, either way.

    Each is an address (postgresql+psycopg://…, sqlite:///…) or the path of an SQLite file. Stop the servers first: what is written
    meanwhile stays behind. Files and keys stay where they are.
    """
    from kernel import database_copy, migrations
    from kernel.db import Database

    with refusals():
        present = Path(source)
        if "://" not in source and not present.is_file():
            raise click.ClickException(f"{source} is not there.")
        databases = Database(_address(source)), Database(_address(target))
        try:
            if migrations.current(databases[0]) != migrations.head():
                raise click.ClickException("The source has the schema of another version: bring it up to date first (lms db upgrade).")
            sums = database_copy.copy(*databases, report_table=lambda name, rows: click.echo(f"{name}: {rows}"))
        finally:
            for database in databases:
                database.dispose()
    click.echo(
        f"{sum(checksum.rows for checksum in sums.values())} rows in {len(sums)} tables are the same in both. Now: lms search reindex"
    )


def _address(given: str) -> str:
    from kernel.settings import known_database, sqlite_address

    try:
        return known_database(given) if "://" in given else sqlite_address(Path(given))
    except ValueError as fault:
        raise click.ClickException(f"The address of a database {fault}.") from None
