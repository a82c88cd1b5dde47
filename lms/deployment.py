"""Where and how an instance runs: the kind of its disk, its processes, and the rules by which something should be put right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import make_url

from kernel.errors import N_
from kernel.i18n import _
from kernel.mail import SMTPS
from kernel.settings import LOOPBACK, RENAMED, Settings
from lms.backups import FailedBackup, LastBackup
from lms.queries import Absence

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


EXAMPLES = re.compile(r"(change.?me|secret|example|ejemplo|password|clave|0{8}|1234567|(.)\2{7})", re.IGNORECASE)
LEAST_FREE = 2_000_000_000
LATE = timedelta(minutes=10)
AWAY = timedelta(hours=1)
BACKUP_EVERY = timedelta(hours=26)
CLOCKS_APART = timedelta(seconds=2)
DEMONSTRATION = "demonstration"
SEALED, CHECKED = ("require", "verify-ca"), ("verify-full",)
"""Values of `sslmode` with which a connection is encrypted, and with which the server has to prove besides that it is the one named."""


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """The known facts of an instance and of the plan to run it."""

    settings: Settings
    now: datetime
    processes: int = 1
    machines: int = 1
    data_disk: str = ""
    """Kind of file system under the data folder, as the machine names it."""
    database_disk: str = ""
    """The same under an SQLite database."""
    data_is_open: bool = False
    """Others than its owner may look into the data folder."""
    free: int = LEAST_FREE * 10
    size: int = LEAST_FREE * 20
    runs_as_root: bool = False
    secret: str = "k" + "x9Q2" * 12
    has_administrator: bool = True
    is_demonstration: bool = False
    last_backup: LastBackup | None = None
    failed_backup: FailedBackup | None = None
    backups_beside_data: bool = False
    oldest_waiting: datetime | None = None
    failed_jobs: int = 0
    absences: tuple[Absence, ...] = ()
    """Services outside that jobs wait for."""
    seal_faults: int = 0
    """What the last verification of the audit log found."""
    differing_statuses: int = 0
    """The statuses of compulsory training that differed from the records at the last comparison."""
    lost_keys: tuple[str, ...] = ()
    """Identifiers of keys that signed certificates and are not here."""
    missing_keys: tuple[str, ...] = ()
    seal_ends: datetime | None = None
    """When the certificate of the key ends that seals PDF files."""
    connections: int | None = None
    """How many connections PostgreSQL takes."""
    is_superuser: bool = False
    owns_tables: bool = False
    """The program may change the schema of its PostgreSQL database, and with it what guards the audit log."""
    keeps_statistics: bool = True
    """The database server looks after its tables by itself, so that it goes on knowing how to find rows fast."""
    clocks_apart: timedelta = timedelta()
    redis_answers: bool = True
    store_answers: bool = True
    former_settings: tuple[str, ...] = ()
    """Settings that the environment gives by a former name."""
    breached_list_reads: bool = True
    """The file of breached passwords can be read and is what it should be, where one is set."""
    lost_secrets: tuple[str, ...] = ()
    """The keys of the identity providers that are on and whose client secret cannot be read."""
    provider_faults: tuple[str, ...] = ()
    """Of the identity providers that are on: the key of each that is not well, and what is wrong."""

    @property
    def is_sqlite(self) -> bool:
        """Return whether the instance is embedded."""
        return self.settings.database.startswith("sqlite")

    @property
    def serving(self) -> int:
        """Return how many processes serve in all."""
        return self.processes * self.machines

    @property
    def is_public(self) -> bool:
        """Return whether people reach the instance from elsewhere."""
        return self.settings.public_url.startswith("https://") or self.machines > 1


SEAL_WARNED_BEFORE = timedelta(days=364)
"""A year before its end it is renewed by itself, where the program may replace its keys."""


def is_near(address: str) -> bool:
    """Return whether an address names this machine, or a socket of it."""
    host = urlsplit(address if "//" in address else f"//{address}").hostname
    return host is None or host in LOOPBACK


@dataclass(frozen=True, slots=True)
class DeploymentFinding:
    """One thing to put right: which rule, whether it is dangerous, and the words with their facts."""

    code: str
    is_danger: bool
    message: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Return it in the reader's language."""
        return _(self.message, **self.facts)

    @property
    def english(self) -> str:
        """Return it in English, for a terminal."""
        return self.message % self.facts if self.facts else self.message


@dataclass(frozen=True, slots=True)
class DeploymentRule:
    """When something is found, and what is said of it. A danger can lose or expose something; advice costs comfort or speed."""

    code: str
    holds: Callable[[DeploymentState], bool]
    message: str
    is_danger: bool = True


def _database_query(facts: DeploymentState) -> dict[str, list[str]]:
    return parse_qs(urlsplit(facts.settings.database_url).query)


def _database_is_near(facts: DeploymentState) -> bool:
    """Return whether the database is on this machine; an address may also name another in its query."""
    named = [host for names in _database_query(facts).get("host", []) for host in names.split(",") if host and not host.startswith("/")]
    return is_near(facts.settings.database_url) and all(host in LOOPBACK for host in named)


def _far_database(facts: DeploymentState, *modes: str) -> bool:
    """Return whether the database is on another machine, with none of these `sslmode`s."""
    return not facts.is_sqlite and not _database_is_near(facts) and _database_query(facts).get("sslmode", [""])[-1] not in modes


def _database_in_clear(facts: DeploymentState) -> bool:
    return _far_database(facts, *SEALED, *CHECKED)


def _database_unverified(facts: DeploymentState) -> bool:
    return _far_database(facts, *CHECKED) and not _database_in_clear(facts)


def _mail_in_clear(facts: DeploymentState) -> bool:
    settings = facts.settings
    return settings.sends_mail and not settings.smtp_starttls and settings.smtp_port != SMTPS and not is_near(settings.smtp_host)


def _redis_is_open(facts: DeploymentState) -> bool:
    parts = urlsplit(facts.settings.redis_url)
    is_open = parts.scheme == "redis" or not parts.password or "ssl_cert_reqs=none" in parts.query.lower()
    return bool(parts.hostname) and not is_near(facts.settings.redis_url) and is_open


def _near_of_several(facts: DeploymentState) -> list[str]:
    """Return the settings that lead each of several machines to itself."""
    settings = facts.settings
    near = {
        "LMS_DATABASE_URL": not facts.is_sqlite and _database_is_near(facts),
        "LMS_REDIS_URL": bool(settings.redis_url) and is_near(settings.redis_url),
        "LMS_S3_ENDPOINT": bool(settings.s3_endpoint) and is_near(settings.s3_endpoint),
    }
    return [name for name, is_here in near.items() if is_here and facts.machines > 1]


OWN_NETWORKS = tuple(ip_network(network) for network in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"))
"""Where a machine, and the cloud that it runs on, answer about themselves."""


def _allowed_own_networks(facts: DeploymentState) -> list[str]:
    """Return the networks of `LMS_OUTGOING_ALLOW` in which this machine or its cloud answers."""
    _hosts, networks = facts.settings.outgoing_targets
    return [str(network) for network in networks if any(network.version == own.version and network.overlaps(own) for own in OWN_NETWORKS)]


def _proxy_reaches_nobody(facts: DeploymentState) -> bool:
    hosts, _networks = facts.settings.outgoing_targets
    return bool(facts.settings.outgoing_proxy) and not hosts


def _too_many_connections(facts: DeploymentState) -> bool:
    return facts.connections is not None and facts.serving * facts.settings.database_pool > facts.connections - 10


def _nobody_works(facts: DeploymentState) -> bool:
    return facts.settings.worker_threads == 0 and facts.oldest_waiting is not None and facts.now - facts.oldest_waiting > LATE


def _away_for_long(facts: DeploymentState) -> list[str]:
    return [absence.service for absence in facts.absences if facts.now - absence.since > AWAY]


def _backup_is_old(facts: DeploymentState) -> bool:
    return facts.last_backup is not None and facts.now - facts.last_backup.at > BACKUP_EVERY


def _disk_is_full(facts: DeploymentState) -> bool:
    return facts.free < max(LEAST_FREE, facts.size // 20)


RULES = (
    DeploymentRule(
        "several-on-sqlite",
        lambda facts: facts.is_sqlite and facts.machines > 1,
        N_("Several machines on SQLite lose or refuse answers. Use PostgreSQL (LMS_DATABASE_URL)."),
    ),
    DeploymentRule(
        "sqlite-on-a-network-disk",
        lambda facts: facts.is_sqlite and facts.database_disk in NETWORK_DISKS,
        N_("The SQLite database is on a network disk, where locks are unreliable. Use a local disk or PostgreSQL."),
    ),
    DeploymentRule(
        "redis-on-sqlite",
        lambda facts: facts.is_sqlite and bool(facts.settings.redis_url),
        N_("Redis is configured, but on SQLite one machine serves and does not need it."),
        is_danger=False,
    ),
    DeploymentRule(
        "no-public-address",
        lambda facts: not facts.settings.public_url.startswith("https://"),
        N_(
            "There is no public https address (LMS_PUBLIC_URL), so links in emails do not work and no one outside this machine can sign in."
        ),
    ),
    DeploymentRule(
        "no-proxy",
        lambda facts: facts.is_public and facts.settings.trusted_proxies == 0,
        N_(
            "No proxy is trusted (LMS_TRUSTED_PROXIES=0). Behind a proxy, all visitors would count as one "
            "address; without one, connections are not encrypted and slow clients hold threads."
        ),
    ),
    DeploymentRule(
        "several-without-redis",
        lambda facts: facts.serving > 1 and not facts.is_sqlite and not facts.settings.redis_url,
        N_(
            "Without Redis (LMS_REDIS_URL), each lms serve counts sign-in attempts separately, which multiplies "
            "the number of password guesses."
        ),
    ),
    DeploymentRule(
        "each-its-own",
        lambda facts: bool(_near_of_several(facts)),
        N_(
            "%(near)s points to this machine (127.0.0.1), so with several machines each would use its own. Use "
            "an address that is the same for all of them; for a pooler or tunnel on each machine, use that "
            "machine's name."
        ),
    ),
    DeploymentRule(
        "redis-away",
        lambda facts: not facts.redis_answers,
        N_("Redis does not respond. Limits are counted separately in each process, and background jobs start later."),
        is_danger=False,
    ),
    DeploymentRule(
        "redis-in-the-open",
        _redis_is_open,
        N_("Redis is on another machine without a password or verified encryption. Use rediss://:PASSWORD@… in LMS_REDIS_URL."),
    ),
    DeploymentRule(
        "files-on-one-machine",
        lambda facts: facts.machines > 1 and not facts.settings.files_url and facts.data_disk not in NETWORK_DISKS,
        N_(
            "Each machine stores files in its own folder, so each would be missing the others' files. Set a "
            "bucket (LMS_FILES_URL) or share the folder."
        ),
    ),
    DeploymentRule("store-away", lambda facts: not facts.store_answers, N_("The file bucket does not respond or rejects its keys.")),
    DeploymentRule(
        "store-in-clear",
        lambda facts: facts.settings.s3_endpoint.startswith("http://") and not is_near(facts.settings.s3_endpoint),
        N_("Files are sent to the bucket without encryption. Use https://… in LMS_S3_ENDPOINT."),
    ),
    DeploymentRule(
        "secret-on-each-machine",
        lambda facts: facts.machines > 1 and facts.settings.secret_key_file is None and facts.data_disk not in NETWORK_DISKS,
        N_(
            "Each machine would create its own keys and reject the sessions and certificates of the others. Copy "
            "secret.key, signing.key, seal.key and authority.key to all of them and set LMS_SECRET_KEY_FILE."
        ),
    ),
    DeploymentRule(
        "example-secret",
        lambda facts: bool(EXAMPLES.search(facts.secret)),
        N_("The secret key looks like an example. Delete the file and restart to generate a random key."),
    ),
    DeploymentRule(
        "lost-signing-key",
        lambda facts: bool(facts.lost_keys),
        N_(
            "Some certificates were signed with a key that is missing here (%(keys)s), so they can no longer be "
            "verified. Restore it to signing.old/ (lms restore-keys)."
        ),
    ),
    DeploymentRule(
        "other-keys",
        lambda facts: bool(facts.missing_keys),
        N_("Another machine uses keys that are missing here (%(missing)s). Run lms backup-keys there, lms restore-keys here and restart."),
    ),
    DeploymentRule(
        "seal-ends",
        lambda facts: facts.seal_ends is not None and facts.seal_ends - facts.now < SEAL_WARNED_BEFORE,
        N_(
            "The certificate that seals PDF files lasts %(seal_days)s days more. Make a new one (lms secrets rotate-seal), save the keys "
            "(lms backup-keys) and copy them to every machine."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "open-data-folder",
        lambda facts: facts.data_is_open,
        N_("Other users of this machine can read the data folder. Run chmod 700 %(folder)s"),
    ),
    DeploymentRule("runs-as-root", lambda facts: facts.runs_as_root, N_("The application runs as root. Run it as a user of its own.")),
    DeploymentRule(
        "demonstration",
        lambda facts: facts.is_demonstration and facts.is_public,
        N_("This is the demonstration, with well-known passwords, on a public address."),
    ),
    DeploymentRule(
        "no-administrator",
        lambda facts: not facts.has_administrator,
        N_("There is no administrator yet. The first person to open the set-up link becomes one."),
    ),
    DeploymentRule(
        "database-in-clear",
        _database_in_clear,
        N_("The database is on another machine and the connection may not be encrypted. Add ?sslmode=verify-full to LMS_DATABASE_URL."),
    ),
    DeploymentRule(
        "database-unverified",
        _database_unverified,
        N_(
            "The connection to the database on another machine is encrypted, but that machine's identity is not "
            "verified. Use ?sslmode=verify-full in LMS_DATABASE_URL."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "database-superuser",
        lambda facts: facts.is_superuser,
        N_("The application is a superuser of the database server. Use a role that owns only its own database."),
        is_danger=False,
    ),
    DeploymentRule(
        "database-owner",
        lambda facts: facts.owns_tables and not facts.is_superuser,
        N_(
            "The application's database role owns its tables, so an attacker could disable audit-log protection. "
            "Use a role with row permissions only (operations/install.md)."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "too-many-connections",
        _too_many_connections,
        N_(
            "%(processes)s processes with %(pool)s connections each exceed what PostgreSQL accepts "
            "(%(connections)s). Lower LMS_DATABASE_POOL or use a connection pooler."
        ),
    ),
    DeploymentRule(
        "no-autovacuum",
        lambda facts: not facts.keeps_statistics,
        N_("The database server does not maintain its tables, so queries get slower as they grow. Turn on autovacuum."),
        is_danger=False,
    ),
    DeploymentRule(
        "clocks-apart",
        lambda facts: abs(facts.clocks_apart) > CLOCKS_APART,
        N_(
            "The clocks of this machine and the database differ by %(seconds)s s, so deadlines would not match. "
            "Synchronise both with a time server."
        ),
    ),
    DeploymentRule(
        "open-door",
        lambda facts: facts.settings.max_active_requests >= facts.settings.threads,
        N_(
            "LMS_MAX_ACTIVE_REQUESTS is not lower than LMS_THREADS, so new visitors are never asked to wait "
            "and slow down people who are answering."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "former-setting",
        lambda facts: bool(facts.former_settings),
        N_("These settings have new names, and the old names will not be read by the next release: %(renamed)s."),
        is_danger=False,
    ),
    DeploymentRule(
        "nobody-works",
        _nobody_works,
        N_("Background jobs have been waiting for more than ten minutes and LMS_WORKER_THREADS is 0. Start lms worker."),
    ),
    DeploymentRule(
        "failed-jobs",
        lambda facts: facts.failed_jobs > 0,
        N_("Background jobs that failed permanently: %(failed)s. See lms jobs list."),
        is_danger=False,
    ),
    DeploymentRule(
        "service-away",
        lambda facts: bool(_away_for_long(facts)),
        N_("Background jobs are waiting for a service that has not responded for more than an hour: %(services)s. See lms jobs list."),
    ),
    DeploymentRule(
        "broken-seal",
        lambda facts: facts.seal_faults > 0,
        N_("The audit log does not match its seal. See lms audit verify and what to do after a break-in."),
    ),
    DeploymentRule(
        "statuses-differ",
        lambda facts: facts.differing_statuses > 0,
        N_(
            "Statuses of compulsory training that were not those of the records last night: %(differing)s. They have been computed "
            "again; the server log names the trainings. See lms compliance replay."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "no-mail",
        lambda facts: not facts.settings.sends_mail,
        N_(
            "Email is not sent, so no one can confirm an address or reset a password. "
            "Set a mail server in the site settings or with LMS_SMTP_HOST."
        ),
    ),
    DeploymentRule(
        "mail-in-clear",
        _mail_in_clear,
        N_(
            "Email is sent to its server without encryption, so password links can be intercepted. "
            "Turn on STARTTLS in the site settings, or LMS_SMTP_STARTTLS."
        ),
    ),
    DeploymentRule(
        "example-addresses",
        lambda facts: any(address.endswith("@example.org") for address in (facts.settings.mail_from, facts.settings.contact_email)),
        N_(
            "The sender of email or the address for questions is still an example. "
            "Set both in the site settings, or LMS_MAIL_FROM and LMS_CONTACT_EMAIL."
        ),
        is_danger=False,
    ),
    DeploymentRule(
        "backup-failed",
        lambda facts: facts.failed_backup is not None,
        N_("The last backup could not be made (%(failure)s). Correct the cause, then run lms backup."),
    ),
    DeploymentRule("no-backup", lambda facts: facts.last_backup is None, N_("No backup was ever made here (lms backup).")),
    DeploymentRule("old-backup", _backup_is_old, N_("The last backup is more than a day old.")),
    DeploymentRule(
        "backup-beside-data",
        lambda facts: facts.backups_beside_data,
        N_("Backups are stored in the data folder, so a disk failure would destroy both. Store them elsewhere (lms backup --to)."),
        is_danger=False,
    ),
    DeploymentRule("little-disk", _disk_is_full, N_("Little space is left on the disk of the data folder (%(free)s GB).")),
    DeploymentRule(
        "breached-list-away",
        lambda facts: not facts.breached_list_reads,
        N_(
            "The list of breached passwords (LMS_BREACHED_PASSWORDS_FILE) cannot be read or does not consist of "
            "sorted HASH:COUNT lines. New passwords are not checked against it."
        ),
    ),
    DeploymentRule(
        "open-metrics",
        lambda facts: any(network.strip().endswith("/0") for network in facts.settings.metrics_from.split(",")),
        N_("LMS_METRICS_FROM lets anyone read the metrics."),
    ),
    DeploymentRule(
        "identity-provider",
        lambda facts: bool(facts.provider_faults),
        N_("People could not come in by every institution now: %(provider_faults)s. See: lms identity check KEY"),
    ),
    DeploymentRule(
        "identity-secret",
        lambda facts: bool(facts.lost_secrets),
        N_(
            "The client secret of an identity provider cannot be read with the present keys, so no sign-in by it is "
            "possible: %(lost_secrets)s. Enter it again on the provider's page, or restore the keys (lms restore-keys)."
        ),
    ),
    DeploymentRule(
        "outgoing-to-itself",
        lambda facts: bool(_allowed_own_networks(facts)),
        N_(
            "LMS_OUTGOING_ALLOW lets the application call its own machine or the cloud it runs on (%(own_networks)s). "
            "Allow only the servers that it needs."
        ),
    ),
    DeploymentRule(
        "proxy-to-nobody",
        _proxy_reaches_nobody,
        N_(
            "LMS_OUTGOING_PROXY is set, but LMS_OUTGOING_ALLOW names no host, so no other server can be called. "
            "Add the hosts of the identity providers."
        ),
        is_danger=False,
    ),
)


def findings(facts: DeploymentState) -> list[DeploymentFinding]:
    """Return everything that should be put right, dangers first."""
    values: Mapping[str, object] = {
        "keys": ", ".join(facts.lost_keys),
        "missing": ", ".join(facts.missing_keys),
        "seal_days": (facts.seal_ends - facts.now).days if facts.seal_ends else 0,
        "near": ", ".join(_near_of_several(facts)),
        "own_networks": ", ".join(_allowed_own_networks(facts)),
        "folder": facts.settings.data_dir,
        "processes": facts.serving,
        "pool": facts.settings.database_pool,
        "connections": facts.connections,
        "seconds": round(facts.clocks_apart.total_seconds(), 1),
        "failed": facts.failed_jobs,
        "differing": facts.differing_statuses,
        "services": ", ".join(_away_for_long(facts)),
        "renamed": ", ".join(f"{name} → {RENAMED[name.upper()]}" for name in facts.former_settings),
        "failure": facts.failed_backup.reason if facts.failed_backup else "",
        "free": round(facts.free / 1e9, 1),
        "lost_secrets": ", ".join(facts.lost_secrets),
        "provider_faults": "; ".join(facts.provider_faults),
    }
    reached = [
        DeploymentFinding(
            rule.code, rule.is_danger, rule.message, {name: value for name, value in values.items() if f"%({name})" in rule.message}
        )
        for rule in RULES
        if rule.holds(facts)
    ]
    return sorted(reached, key=lambda finding: not finding.is_danger)
