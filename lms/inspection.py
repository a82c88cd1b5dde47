"""Parts of an instance: versions of its software, and the faults that a look at it finds."""

import os
import shutil
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from platform import python_version
from typing import Protocol

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from accounts import passwords, people
from certificates.keys import list_missing_keys
from certificates.models import Credential
from federation.providers import list_unreadable
from kernel import migrations, redis
from kernel.crypto import SigningKeys
from kernel.db import Database
from kernel.errors import DomainError
from kernel.files import FileStore
from kernel.keys import seal_keys
from kernel.settings import Settings, former_names, secret_keys
from lms import backups, queries
from lms.deployment import DEMONSTRATION, DeploymentState, database_disk, disk_kind


def versions(session: Session) -> list[tuple[str, str]]:
    """Return the versions of what the instance is made of, the product's first."""
    dialect = session.get_bind().dialect
    number = session.execute(text("SELECT sqlite_version()" if dialect.name == "sqlite" else "SHOW server_version")).scalar_one()
    name = "SQLite" if dialect.name == "sqlite" else "PostgreSQL"
    return [("Aulario", installed("aulario")), ("Schema", migrations.head()), ("Python", python_version()), (name, str(number))]


class InspectedInstance(Protocol):
    """The parts of an opened instance that are inspected."""

    @property
    def present_settings(self) -> Settings:
        """Its settings, with what was set on the web."""

    @property
    def database(self) -> Database:
        """Its database."""

    @property
    def files(self) -> FileStore:
        """Where its files are."""

    @property
    def keys(self) -> SigningKeys:
        """Its signing keys, former ones too."""


def gather(instance: InspectedInstance, session: Session, *, now: datetime, processes: int = 1, machines: int = 1) -> DeploymentState:
    """Look at an instance: its settings, folder, database, Redis and bucket."""
    settings = instance.present_settings
    folder, disk = settings.data_dir, shutil.disk_usage(settings.data_dir)
    state, seals = queries.condition(session, now=now), seal_keys(folder, settings.institution_name)
    connections, is_superuser, owns_tables, keeps_statistics, apart = _server(instance, session, now)
    return DeploymentState(
        settings,
        now,
        processes=processes,
        machines=machines,
        data_disk=disk_kind(folder),
        database_disk=database_disk(settings),
        data_is_open=bool(folder.stat().st_mode & 0o077),
        free=disk.free,
        size=disk.total,
        runs_as_root=os.geteuid() == 0,
        secret=secret_keys(settings)[0].decode(errors="replace"),
        has_administrator=people.administrator_exists(session),
        is_demonstration=(folder / DEMONSTRATION).exists(),
        last_backup=backups.find_last(session),
        failed_backup=backups.find_failed(session),
        backups_beside_data=backups.lies_in(folder / "backups"),
        oldest_waiting=state.oldest_waiting,
        failed_jobs=queries.count_failed_jobs(session),
        absences=tuple(queries.list_absences(session)),
        seal_faults=queries.count_seal_faults(session),
        differing_statuses=queries.count_differing_statuses(session),
        missing_keys=list_missing_keys(session, instance.keys, seals),
        seal_ends=seals.current.ends,
        lost_keys=tuple(sorted(set(session.scalars(select(Credential.key_id).distinct())) - set(instance.keys.public))),
        lost_secrets=list_unreadable(session, secret_keys(settings)),
        connections=connections,
        is_superuser=is_superuser,
        owns_tables=owns_tables,
        keeps_statistics=keeps_statistics,
        clocks_apart=apart,
        redis_answers=not settings.redis_url or redis.is_reachable(settings.redis_url),
        store_answers=store_answers(instance),
        former_settings=tuple(former_names()),
        breached_list_reads=settings.breached_passwords_file is None or passwords.is_list(settings.breached_passwords_file),
    )


_SERVER = text(
    "SELECT current_setting('max_connections')::int, rolsuper, pg_has_role(audit.relowner, 'MEMBER'), "
    "current_setting('autovacuum')::bool AND current_setting('track_counts')::bool, clock_timestamp() "
    "FROM pg_roles, pg_class AS audit WHERE rolname = current_user AND audit.oid = to_regclass('audit_entry')"
)


def _server(instance: InspectedInstance, session: Session, now: datetime) -> tuple[int | None, bool, bool, bool, timedelta]:
    """Return of PostgreSQL: its connections, whether we are superuser, own the tables, it keeps their statistics; how far its clock is."""
    try:
        row = None if instance.database.is_sqlite else session.execute(_SERVER).one()
    except DBAPIError:
        row = None
    return (None, False, False, True, timedelta()) if row is None else (row[0], row[1], row[2], row[3], row[4] - now)


def store_answers(instance: InspectedInstance) -> bool:
    """Return whether files can be asked for: a folder always, a bucket where it answers."""
    try:
        instance.files.holds("0" * 64)
    except DomainError:
        return False
    return True
