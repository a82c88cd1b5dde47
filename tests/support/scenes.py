"""Scenes: what builders write into an untouched database is kept, and comes back with the next test that builds the same.

Most tests begin with the same course and the same people. The first test of a worker that builds them does so through the services; what
took long is kept at once, the rest from the second test on: the database, the files and what the builder returned. The following tests get
copies of these. A scene is named by the builders that were called and their arguments, and holds nothing else: once a test has opened a
connection of its own, builders do their work. A clock that stands still belongs to the name.
"""

import io
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from time import process_time
from typing import Any, ParamSpec, TypeVar

import time_machine
from flask import Flask

from kernel import clock
from kernel.db import Base
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.reused import _USUALLY_REPLACED, ReusedInstance, replace_database, reused_of

Given = ParamSpec("Given")
Built = TypeVar("Built")
_NOW = clock.now
MOST = 150
"""Scenes that a worker keeps, of some megabytes each; the one that was not used for the longest time goes first."""
LONG = 0.06
"""Seconds of processor from which a scene is kept the first time."""
FOLDERS = ("files", "mail")
"""What is kept of the data folder beside the database."""
_USUALLY_REPLACED.add((clock, "now"))
"""It is looked at here: a moment is part of a scene's name."""


@dataclass(slots=True)
class _Scene:
    """A scene that is kept: its folder, what its builder returned with the visitors that it was given, and whether it has a profile."""

    folder: Path
    result: bytes
    has_profile: bool


_BUILT: set[str] = set()
"""Names of scenes that were built once."""
_SCENES: dict[str, _Scene] = {}
"""The scenes that are kept, the last used one last."""
_RESULTS: list[tuple[object, str]] = []
"""What scenes of the present test returned, each with the name of its scene."""


def scene(build: Callable[Given, Built]) -> Callable[Given, Built]:
    """Let a builder's rows and files come from a copy where the same was built before in an untouched database.

    It returns plain values, rows that are loaded whole, visitors, or objects that hold these; it is given plain values, rows, new visitors,
    or what another scene returned. A fixture may be a scene. Of what it is given it changes visitors alone, neither clock nor application.
    """

    @wraps(build)
    def built(*args: Given.args, **options: Given.kwargs) -> Built:
        given = [*args, *(options[key] for key in sorted(options))]
        reused = reused_of(next(value for value in given if isinstance(value, Instance)))
        name = _name(reused, f"{build.__module__}.{build.__qualname__}", given, sorted(options)) if reused and _is_untouched(reused) else ""
        if reused is None or not name:
            return build(*args, **options)
        visitors = [value for value in given if isinstance(value, Browser)]
        known = _SCENES.pop(name, None)
        if known is not None:
            _restore(known, reused)
        else:
            began = process_time()
            result = build(*args, **options)
            if process_time() - began < LONG and name not in _BUILT:
                _BUILT.add(name)
                return result
            known = _keep(reused, result, visitors)
        _SCENES[name] = known
        reused.scene = name
        reused.note_database()
        kept: Built = _Unpickler(known.result, reused, visitors).load_all()
        _RESULTS.append((kept, name))
        return kept

    return built


def _is_untouched(reused: ReusedInstance) -> bool:
    """Return whether an instance holds a scene alone, with the keys that it had, and its clock goes as it does or stands still."""
    is_known = clock.now is _NOW or clock.now() == clock.now()
    has_keys = all(path.exists() and path.read_bytes() == content for path, content in reused._keys.items())
    return is_known and has_keys and not time_machine.escape_hatch.is_travelling() and reused.is_untouched()


def _name(reused: ReusedInstance, builder: str, given: list[object], options: list[str]) -> str:
    """Return the name of a scene: the one before, the builder, what it is given, the day or moment; empty where a value has no name."""
    if not reused.scene:
        _RESULTS.clear()
    moment = _NOW().date() if clock.now is _NOW else clock.now()
    text = repr((reused.scene, builder, [_plain(value) for value in given], options, moment))
    return "" if " at 0x" in text else sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return what a value is known by: a row by its key, a visitor who has been nowhere by their language and address."""
    if isinstance(value, Instance):
        return "instance"
    if isinstance(value, Base):
        return type(value).__name__, value.id  # type: ignore[attr-defined]  # each table has an id
    if type(value) is Browser and not value.client._cookies:
        return "visitor", value.language, value.address, value.checks
    return next((name for result, name in _RESULTS if result is value), value)


class _Pickler(pickle.Pickler):
    """Writes what a builder returned, but for the instance, the application and the visitors that it was given."""

    def __init__(self, target: io.BytesIO, visitors: list[Browser]) -> None:
        super().__init__(target)
        self._visitors = [id(visitor) for visitor in visitors]

    def persistent_id(self, value: object) -> str | int | None:
        """Return what stands for a value that every test has."""
        if isinstance(value, Instance | Flask):
            return "app" if isinstance(value, Flask) else "instance"
        return self._visitors.index(id(value)) if id(value) in self._visitors else None


class _Unpickler(pickle.Unpickler):
    """Reads it for another test."""

    def __init__(self, written: bytes, reused: ReusedInstance, visitors: list[Browser]) -> None:
        super().__init__(io.BytesIO(written))
        self._visitors = visitors
        self._others = {"instance": reused.instance, "app": reused.app}

    def persistent_load(self, key: str | int) -> object:
        """Return this test's own."""
        return self._visitors[key] if isinstance(key, int) else self._others[key]

    def load_all(self) -> Any:
        """Return what the builder returned, and let the visitors be as it left them."""
        result, states = self.load()
        for visitor, state in zip(self._visitors, states, strict=True):
            visitor.__setstate__(state)
        return result


def _keep(reused: ReusedInstance, result: object, visitors: list[Browser]) -> _Scene:
    """Copy the database and the files of an instance whose connections are closed first; delete what was used long ago."""
    assert reused.path is not None
    while len(_SCENES) >= MOST:
        shutil.rmtree(_SCENES.pop(next(iter(_SCENES))).folder)
    written = io.BytesIO()
    _Pickler(written, visitors).dump((result, [visitor.__getstate__() for visitor in visitors]))
    reused.instance.database.dispose()
    folder = Path(mkdtemp(prefix="scene-", dir=reused.settings.data_dir.parent))
    if reused.path.with_name(f"{reused.path.name}-wal").exists():  # something has the database open: the journal alone holds the last rows
        with closing(sqlite3.connect(reused.path)) as source, closing(sqlite3.connect(folder / reused.path.name)) as copy:
            source.backup(copy)
    else:
        shutil.copyfile(reused.path, folder / reused.path.name)
    for name in FOLDERS:
        if (reused.settings.data_dir / name).exists():
            shutil.copytree(reused.settings.data_dir / name, folder / name, copy_function=os.link)
    present = reused.instance.present
    return _Scene(folder, written.getvalue(), present._asked_at < 0 or present._profile.version > 0)


def _restore(known: _Scene, reused: ReusedInstance) -> None:
    """Put the database and the files of a scene in the place of the instance's."""
    assert reused.path is not None
    replace_database(known.folder / reused.path.name, reused.path)
    for name in FOLDERS:
        target = reused.settings.data_dir / name
        if (known.folder / name).exists():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(known.folder / name, target, copy_function=os.link)
    if known.has_profile:
        reused.instance.present.forget()
