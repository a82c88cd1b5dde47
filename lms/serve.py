"""`lms serve`: one line for each thing that can be wrong, then migrations, what is published first, the first link, and gunicorn."""

import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from accounts import accounts, people
from accounts.models import TokenPurpose
from accounts.rules import TOKEN_LIFE
from certificates.keys import list_missing_keys, record_used_keys
from kernel import clock, logging, migrations
from kernel.errors import DomainError
from kernel.i18n import _
from kernel.locks import take_lock
from kernel.paths import CONTENT
from kernel.permissions import SYSTEM
from kernel.settings import LOOPBACK, Settings, SettingsError, load, secret_keys, with_default
from kernel.web import after_response
from lms import metrics
from lms.app import FEATURES, create_app, open_instance
from lms.backups import UNFINISHED
from lms.deployment import LENT_DISKS, NETWORK_DISKS, RULES, database_disk
from lms.gunicorn_worker import RequestWorker
from lms.instance import Instance
from lms.upgrading import NoBackup, upgrade_schema
from lms.worker import WakeUpQueue
from organisations.profile import ensure_profile, find_profile

TRIED_PYTHONS = ((3, 11),)
SERVING = ".serving"
"""End of the name of the file beside an SQLite database that its server holds."""
HAND_OVER = 3.0
"""Seconds that a start waits for the server before it to end."""
FILES = 8192
"""That a process may have open, connections among them."""


class ServerStartError(Exception):
    """Something keeps the server from starting; the text says what to do."""


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int) -> None:
    """Raise ServerStartError where the address is taken or is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            other = port + 1 if port < 65535 else 8000
            raise ServerStartError(
                f"{_in_address(host)}:{port} cannot be used ({error.strerror}). "
                f"Choose another port: lms serve --port {other}, or make run PORT={other}"
            ) from None


def checked_settings(host: str, port: int, **given: object) -> Settings:
    """Read the settings and refuse what would be dangerous; the public address of a local server is its own."""
    settings = load(**given)
    if host not in LOOPBACK and not settings.public_url.startswith("https://"):
        raise ServerStartError(f"Serving on {host} needs LMS_PUBLIC_URL=https://… with a TLS server in front.")
    if not settings.public_url:
        settings = with_default(settings, public_url=f"http://{_in_address(host)}:{port}")
    return settings


def check_folder(settings: Settings) -> None:
    """Raise ServerStartError where the data folder cannot be written, holds half a restore, or lies where SQLite is not safe.

    spec/security 6.1.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
        if (folder / UNFINISHED).exists():
            raise ServerStartError(f"A restore into {folder} was broken off. Run the same lms restore again, or empty the folder.")
    except OSError as error:
        raise ServerStartError(f"The folder {folder} cannot be written ({error.strerror}). Set LMS_DATA_DIR to one that can.") from None
    disk = database_disk(settings)
    if disk in NETWORK_DISKS and disk not in LENT_DISKS:
        raise ServerStartError(
            f"The SQLite database lies on a network disk ({disk}), whose locks cannot be trusted. "
            "Set LMS_DATA_DIR to a local disk, or use PostgreSQL (LMS_DATABASE_URL)."
        )


def _database_file(settings: Settings) -> Path | None:
    """Return the file of an SQLite database."""
    name = make_url(settings.database).database if settings.database.startswith("sqlite") else None
    return None if name is None else Path(name)


@contextmanager
def held_database(settings: Settings) -> Iterator[None]:
    """Keep an SQLite database for the server of this process and those that it forks; raise ServerStartError where another server has it.

    Commands, backups and workers use it beside the server. The lock goes with the last process that holds it, however that ends; one
    that is just ending is waited for.
    """
    name = _database_file(settings)
    if name is None:
        yield
        return
    path = Path(f"{name}{SERVING}")
    with path.open("a+b") as held:
        until = time.monotonic() + HAND_OVER
        while not take_lock(held):
            if time.monotonic() > until:
                held.seek(0)
                process = held.read(20).decode(errors="replace").strip()
                raise ServerStartError(
                    f"Another lms serve (process {process}) has the database {name} already. End it first: "
                    "on SQLite one server serves, with as many processes as --workers says; several servers need PostgreSQL "
                    "(LMS_DATABASE_URL)."
                )
            time.sleep(0.1)
        held.truncate(0)
        held.write(f"{os.getpid()}\n".encode())
        held.flush()
        yield


def open_checked(settings: Settings) -> Instance:
    """Open the instance and bring its database up to date; raise ServerStartError with what to do."""
    check_folder(settings)
    try:
        secret_keys(settings)
        instance = open_instance(settings)
        try:
            upgrade_schema(instance)
            faults = instance.database.durability_faults()
        except BaseException:
            instance.database.dispose()
            raise
    except (SettingsError, NoBackup) as error:
        raise ServerStartError(str(error)) from None
    except migrations.SchemaTooNew as error:
        raise ServerStartError(f"The database is newer than this program (revision {error}). Install the newer version.") from None
    except migrations.NotOwner:
        raise ServerStartError(
            "The schema of the database is not this version's, and the role of LMS_DATABASE_URL may not change it. "
            "Run lms db upgrade once with the address of the role that owns the tables."
        ) from None
    except (DBAPIError, ImportError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise ServerStartError(f"The database does not answer: {reason}") from None
    if faults:
        instance.database.dispose()
        remedy = (
            "Set LMS_DATA_DIR to a local disk, or use PostgreSQL (LMS_DATABASE_URL)"
            if instance.database.is_sqlite
            else "Switch it on at the server"
        )
        raise ServerStartError(f"The database may lose what it has confirmed: {', '.join(faults)}. {remedy}.")
    return instance


def name_institution(instance: Instance) -> None:
    """Make the profile of the institution, empty, at the first start; where there is no tree, its root too. Nothing shows a difference."""
    with instance.database.unit_of_work(write=False) as session:
        if find_profile(session) is not None:
            return
    with instance.database.unit_of_work() as session:
        ensure_profile(session, SYSTEM, instance.settings, now=clock.now())


def note_keys(instance: Instance) -> str:
    """Record the keys of this machine, and return a warning where another machine uses keys that are missing here."""
    keys, seals = instance.keys, instance.seal_keys
    with instance.database.unit_of_work() as session:
        missing = list_missing_keys(session, keys, seals)
        record_used_keys(session, keys, seals, now=clock.now())
    if not missing:
        return ""
    rule = next(rule for rule in RULES if rule.code == "other-keys")
    return rule.message % {"missing": ", ".join(missing)}


def first_link(instance: Instance) -> str | None:
    """Return a fresh one-time link for the first administrator, while there is none."""
    with instance.database.unit_of_work(write=False) as session:
        if people.administrator_exists(session):
            return None
    with instance.database.unit_of_work() as session:
        secret = accounts.make_token(session, TokenPurpose.SET_UP, None, now=clock.now())
    return f"{instance.present_settings.public_url}/set-up/{secret}"


STEADY = 10.0
"""Seconds after which a worker counts as well begun."""
LONGEST_PAUSE = 60.0
"""Seconds between the starts of a worker that dies again and again as it begins."""


class PatientArbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's arbiter, for which Ctrl-C is as gentle as SIGTERM, and which waits longer each time for a worker that keeps dying."""

    _began = -STEADY
    _pause = 0.0

    def manage_workers(self) -> None:
        """Start workers that lack, the first time at once; gunicorn asks again every second."""
        if len(self.WORKERS) < self.num_workers:
            lived = time.monotonic() - self._began
            if lived < self._pause:
                return
            self._pause = 0.0 if lived >= STEADY else min(max(2 * self._pause, 1.0), LONGEST_PAUSE)
            self._began = time.monotonic()
        super().manage_workers()

    def handle_int(self) -> None:
        """End after the requests in hand; a second Ctrl-C is what SIGQUIT is for."""
        self.handle_term()


def allow_connections() -> int:
    """Let this process have as many files open as the system lets it, shells give a thousand unless asked; return for how many connections.

    A browser holds up to six, for a while also after its page is there.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most // 2


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with threads: finishes requests on SIGTERM, and is not stopped by slow clients."""

    def __init__(self, bind: str, instance: Instance, workers: int, shared: Path | None, started: Callable[[], None]) -> None:
        self._shared = shared
        self._options = {
            "bind": bind,
            "workers": workers,
            "threads": instance.settings.threads,
            "worker_class": RequestWorker,
            "timeout": 60,
            "graceful_timeout": 15,
            "keepalive": 15,
            "worker_connections": allow_connections(),
            "control_socket_disable": True,
            "loglevel": "warning",
            "limit_request_line": 8190,
            "limit_request_field_size": 16384,
            "forwarded_allow_ips": "",  # LMS_TRUSTED_PROXIES says whose headers are believed
            "post_worker_init": self._begin_work,
            "worker_exit": self._end_work,
        }
        self._house = instance
        self._started = started
        self._queue: WakeUpQueue | None = None
        self._app: Flask | None = None
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application."""
        self._app = create_app(self._house, limit_file=None if self._shared is None else self._shared / "limits.sqlite")
        return self._app

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C; both let the requests in hand finish."""
        PatientArbiter(self).run()

    def _begin_work(self, worker: Any) -> None:
        # Ctrl-C reaches parent and worker; the parent alone says what to do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        settings = self._house.settings
        self._queue = WakeUpQueue(self._house.worker, periodic_jobs())
        self._queue.follow()
        if settings.worker_threads and self._shared is None:
            self._queue.start(settings.worker_threads)
        elif settings.worker_threads and self._shared is not None:
            self._queue.start_when_elected(settings.worker_threads, self._shared / "work.lock")
        if worker.age == 1:
            self._started()

    def _end_work(self, _server: object, _worker: object) -> None:
        if self._queue is not None:
            self._queue.stop()
        if self._app is not None:
            after_response.gathering_of(self._app).write()
        self._house.database.dispose()


def periodic_jobs() -> dict[str, int]:
    """Collect which jobs are due by the clock."""
    return {kind: seconds for feature in FEATURES for kind, seconds in feature.periodic.items()}


def inherits_socket() -> bool:
    """Return whether a service manager holds the socket for us (systemd, LISTEN_FDS): then a restart keeps those who wait on it."""
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0"


def in_a_child(work: Callable[[], None]) -> None:
    """Do something in its own process, so that no thread of a library is lost when gunicorn forks; raise ServerStartError if it fails."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except DomainError as refused:
            print(f"lms: {_(refused.text)}", file=sys.stderr)
        finally:
            sys.stdout.flush()
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise ServerStartError("The courses that come with the product could not be published. Are LMS_FILES_URL and its keys right?")


MOST_USUAL = 8
"""Processes beyond which nobody has measured that more of them serve more people; --workers may say more."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how many microseconds of processor a container gets in how many."""


def usual_workers() -> int:
    """Return how many processes serve where nobody says: one for each processor that this one may use, at most `MOST_USUAL`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = QUOTA.read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return min(cores, MOST_USUAL)


def serve(host: str, port: int, *, publish: Callable[[Instance, Path], list[str]], workers: int | None = None, **given: object) -> None:
    """Start the server with so many processes, as many as the machine has processors where none are said; raise ServerStartError."""
    logging.set_up()
    if not inherits_socket():
        check_port(host, port)
    if sys.version_info[:2] not in TRIED_PYTHONS:
        print(f"Python {sys.version.split()[0]} has not been tried with this version of Aulario; 3.11 has.", file=sys.stderr)
    settings = checked_settings(host, port, **given)
    check_folder(settings)
    with held_database(settings):
        _serve(f"{_in_address(host)}:{port}", settings, workers or usual_workers(), publish)


def _serve(bind: str, settings: Settings, workers: int, publish: Callable[[Instance, Path], list[str]]) -> None:
    """Upgrade the instance, print its address, and serve until the end."""
    file = _database_file(settings)
    if file is not None and not file.exists():
        print(f"Making the database in {settings.data_dir}", flush=True)
    instance = open_checked(settings)

    def publish_with_report() -> None:
        for line in publish(instance, CONTENT):
            print(line, flush=True)

    if settings.files_url:
        instance.database.dispose()
        in_a_child(publish_with_report)
    else:
        publish_with_report()
    name_institution(instance)
    if missing := note_keys(instance):
        print(f"Warning: {missing}", file=sys.stderr, flush=True)
    link = first_link(instance)
    instance.database.dispose()

    def started() -> None:
        print(f"Aulario: {settings.public_url}  (Ctrl-C ends it)", flush=True)
        if link:
            minutes = int(TOKEN_LIFE.total_seconds() // 60)
            print(f"There is no administrator yet. Within {minutes} minutes open: {link}", flush=True)

    with _shared_folder() if workers > 1 else nullcontext() as shared:
        Server(bind, instance, workers, shared, started).run()


@contextmanager
def _shared_folder() -> Iterator[Path]:
    """Give the processes that serve one folder for figures, limits and the lock of background work, which goes with the last of them."""
    folder, parent = Path(tempfile.mkdtemp(prefix="aulario-serve-")), os.getpid()
    figures = folder / "figures"
    figures.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)  # prometheus_client is told in no other way
    metrics.choose_counters()
    try:
        yield folder
    finally:
        if os.getpid() == parent:  # each process that was forked passes here too
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]
            metrics.choose_counters()
            shutil.rmtree(folder, ignore_errors=True)
