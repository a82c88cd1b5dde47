"""Programs that are not the project's own: a test that starts one gets its path here, and is skipped with a note where it is missing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.missing import note


@dataclass(frozen=True, slots=True)
class Program:
    """The Debian packages of a program, other names under which it is installed, and the variable that names another one."""

    packages: str
    names: tuple[str, ...] = ()
    variable: str = ""


PROGRAMS = {
    "cc": Program("gcc libc6-dev", ("gcc",)),
    "chromium": Program("chromium", ("google-chrome",), "CHROMIUM"),
    "curl": Program("curl"),
    "git": Program("git"),
    "hunspell": Program("hunspell hunspell-es"),
    "initdb": Program("postgresql"),
    "ip": Program("iproute2"),
    "nginx": Program("nginx-light"),
    "node": Program("nodejs npm"),
    "openssl": Program("openssl"),
    "pdfinfo": Program("poppler-utils"),
    "pdfsig": Program("poppler-utils"),
    "pdftotext": Program("poppler-utils"),
    "pgbouncer": Program("pgbouncer", variable="TEST_PGBOUNCER"),
    "redis-server": Program("redis-server"),
    "sh": Program("dash"),
    "systemd-analyze": Program("systemd"),
}
"""Every program that a test starts, by the name under which it is looked for first."""


def _search_path() -> str:
    """Return the PATH with the `sbin` beside each `bin`: servers lie there, and the PATH of an ordinary user leaves it out."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    beside = [folder.with_name("sbin") for folder in folders if folder.name == "bin"]
    return os.pathsep.join(str(folder) for folder in (*folders, *beside))


def find_program(name: str) -> str | None:
    """Return the path of an installed program of PROGRAMS, or None where it is missing."""
    program = PROGRAMS[name]
    if program.variable and (named := os.environ.get(program.variable)):
        return named
    paths = (shutil.which(candidate, path=_search_path()) for candidate in (name, *program.names))
    return next((path for path in paths if path), None)


def lacking(name: str) -> str:
    """Return the note of a skip for a missing program, with the command that installs it."""
    return note(f"{name} is missing (apt-get install {PROGRAMS[name].packages})")


def program(name: str) -> str:
    """Return the path of an installed program of PROGRAMS; skip the test where it is missing."""
    path = find_program(name)
    if path is None:
        pytest.skip(lacking(name))
    return path
