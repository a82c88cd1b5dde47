"""One opened instance and its application for all tests of a worker, put back before each of them as a first start leaves it.

To open an instance and put the application together takes longer than most pages. `--fresh-apps` gives each test its own, and so does
the mark `fresh`, for tests that change the application itself.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import event, make_url

from accounts import passwords
from kernel.settings import Settings
from kernel.site_profile import SiteProfile
from kernel.web import after_response, pages
from kernel.web.after_response import Backlog, Gathering
from kernel.web.limits import Limiter
from kernel.web.request import services_of_app
from lms.app import create_app, open_instance
from lms.instance import Instance

_REUSED: list["ReusedInstance"] = []
_LISTEN = event.listen
_USUALLY_REPLACED = {(passwords, "_HASHER"), (after_response, "Timer"), (event, "listen")}
"""By fixtures that every test has."""


def reused_of(instance: Instance) -> "ReusedInstance | None":
    """Return the reused instance that an opened instance belongs to, or None if a test opened it for itself."""
    return next((reused for reused in _REUSED if reused.instance is instance), None)


class ReusedInstance:
    """An opened instance, its application, and what both were like when they were new.

    `restore_rows` leaves the instance's database as its migrations made it, while no connection of this process is open.
    """

    def __init__(self, settings: Settings, templates: BytecodeCache, restore_rows: Callable[[], None]) -> None:
        self.settings = settings
        self._restore_rows = restore_rows
        restore_rows()
        self.instance = open_instance(settings)
        database = self.instance.database
        self._info: dict[str, object] = dict(database._writer.kw["info"])
        self._caches = [value for value in self._info.values() if isinstance(value, dict) and not value]
        self._followers = list(database._after_commit)
        self.app: Flask = create_app(self.instance)
        self.app.jinja_env.bytecode_cache = templates
        self._keys = {path: path.read_bytes() for path in sorted(settings.data_dir.glob("*.key"))}
        self._extensions: dict[str, Any] = dict(self.app.extensions)
        self.path = Path(make_url(settings.database).database or "") if database.is_sqlite else None
        self.patches: pytest.MonkeyPatch | None = None
        """What the present test replaces in the product."""
        self._listeners: list[tuple[object, str, Callable[..., object]]] = []
        self.scene = ""
        """The name of the scene that the database holds, where nothing else was written (tests/support/scenes.py)."""
        self.note_database()
        _REUSED.append(self)

    def note_database(self) -> None:
        """Remember the database's file as it is, to see whether another process or connection writes into it."""
        self._noted = self._file_state()

    def _file_state(self) -> tuple[int, int] | None:
        """Return when an SQLite database was written last and its size; None where something has it open."""
        if self.path is None or self.path.with_name(f"{self.path.name}-wal").exists():
            return None
        state = self.path.stat()
        return state.st_mtime_ns, state.st_size

    def is_untouched(self) -> bool:
        """Return whether the SQLite database is as it was put back or got its scene, and the product is as it is: nothing is replaced."""
        database = self.instance.database
        replaced = {(target, name) for target, name, _before in self.patches._setattr} if self.patches else set()
        if replaced - _USUALLY_REPLACED or self._noted is None or self._file_state() != self._noted:
            return False
        pools = (engine.pool for engine in (database.writing, database.reading, database._probing))
        return not database.sessions_in_use and not any(pool.checkedin() or pool.checkedout() for pool in pools)  # type: ignore[attr-defined]  # pools that count

    def listen(self, target: object, name: str, listener: Callable[..., object], *args: object, **options: object) -> None:
        """Listen to an event as SQLAlchemy does, until the test is over where others have the target too."""
        _LISTEN(target, name, listener, *args, **options)
        database = self.instance.database
        if any(target is engine for engine in (database.writing, database.reading, database._probing)):
            self._listeners.append((target, name, listener))

    def put_back(self) -> None:
        """Leave nothing of a test: rows, files, listeners, what is kept in memory, and what it changed of the application."""
        database = self.instance.database
        for listened in self._listeners:
            if event.contains(*listened):
                event.remove(*listened)
        self._listeners.clear()
        database.dispose()
        self._clear_folder()
        self._restore_rows()
        self.scene = ""
        self.note_database()
        for cache in self._caches:
            cache.clear()
        database.configure(dict(self._info))
        database._after_commit[:] = self._followers
        present = self.instance.present
        present._profile, present._applied, present._lock = SiteProfile(), None, Lock()
        present._asked_at = time.monotonic()  # an institution without rows has the profile that is known
        extensions, services = self.app.extensions, services_of_app(self.app)
        extensions.clear()
        extensions.update(self._extensions)
        extensions["limits"] = Limiter()
        extensions["records"], extensions["gathering"] = Backlog(), Gathering(services.database, services.concurrency)
        pages.install_page_cache(self.app)

    def _clear_folder(self) -> None:
        """Delete what a test left in the data folder, but for the keys, the database and the lessons that all tests share."""
        for path in self.settings.data_dir.iterdir():
            if path in self._keys or path.is_symlink() or path.name.startswith("aulario.sqlite"):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path, content in self._keys.items():
            if not path.exists() or path.read_bytes() != content:
                path.unlink(missing_ok=True)
                path.touch(mode=0o600)
                path.write_bytes(content)

    def close(self) -> None:
        """Close every connection."""
        self.instance.database.dispose()


def replace_database(template: Path, path: Path) -> None:
    """Put a copy of an SQLite database in the place of another one; whoever still has that open keeps a file of their own."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copyfile(template, path)
    path.chmod(0o600)
