"""Prepare `.venv` for a command of the Makefile, with the standard library alone. The second time it changes nothing.

python3 scripts/prepare.py requirements.txt              what running needs
python3 scripts/prepare.py requirements-dev.txt          that, and what the tests need
python3 scripts/prepare.py --port 127.0.0.1 8000 FILE    first of all see whether the address is free
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "prepared.json"
INCLUDES: Dict[str, Tuple[str, ...]] = {
    "requirements.txt": (),
    "requirements-scaled.txt": ("requirements.txt",),
    "requirements-dev.txt": ("requirements-scaled.txt", "requirements.txt"),
}
"""Which file holds everything of which other one (tests/structure/test_workshop.py)."""
OLDEST = (3, 11)
TRIED = ((3, 11),)


class CannotPrepare(Exception):
    """A missing prerequisite; the text is one line that says what to do."""


def report(line: str) -> None:
    """Write one line of progress for the user."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def check_port(host: str, port: str) -> None:
    """Raise CannotPrepare where the server could not listen."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotPrepare(f"PORT={port} is not a port: choose a number from 1 to 65535.")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        other = int(port) + 1 if int(port) < 65535 else 8000
        reason = f"{host}:{port} cannot be used ({error.strerror or error})."
        raise CannotPrepare(f"{reason} Choose another port: make run PORT={other}") from None


def check_python() -> None:
    """Raise CannotPrepare where this Python is too old or has no venv; report where it has not been tried."""
    version = ".".join(str(number) for number in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST:
        raise CannotPrepare(f"This is Python {version}; Aulario needs 3.11 or newer. Name one: make run PYTHON=python3.11")
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise CannotPrepare("This Python has no venv module. On Debian and Ubuntu: sudo apt-get install python3-venv")
    if sys.version_info[:2] not in TRIED:
        report(f"Python {version} has not been tried with this version of Aulario; 3.11 has.")


def fingerprint(name: str) -> str:
    """Return what changes when a file changes."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def environment() -> Dict[str, str]:
    """Return what a `.venv` belongs to: it cannot be moved, nor used by another Python."""
    return {"python": sys.version, "folder": str(VENV)}


def read_stamp() -> Dict[str, str]:
    """Return what stands in `.venv`, nothing where it was made for another place or Python."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if {key: stamp.get(key) for key in environment()} == environment() else {}


def is_usable() -> bool:
    """Say whether `.venv` is there, of this Python, where it was made, and has pip: one that was broken off is gone on with."""
    question = "import pip, sys; print(sys.version, sys.prefix, sep='|', end='')"
    try:
        answer = subprocess.run([str(VENV / "bin" / "python"), "-c", question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return answer.stdout.decode() == f"{sys.version}|{VENV}"


def run(*command: str) -> None:
    """Run a program of `.venv`; raise CannotPrepare where it fails (its own words stand above)."""
    done = subprocess.run([str(VENV / "bin" / "python"), *command], cwd=str(ROOT), env=dict(os.environ, PYTHONDONTWRITEBYTECODE=""))
    if done.returncode:
        raise CannotPrepare(".venv could not be made; the reason stands above. Is the network there? The same command tries again.")


def prepare(requirements: str) -> None:
    """Make `.venv`, install the pinned packages of a file and the project itself, each only where something changed."""
    wanted = {requirements: fingerprint(requirements), "pyproject.toml": fingerprint("pyproject.toml")}
    stamp = read_stamp()
    if wanted.items() <= stamp.items():
        return
    check_python()
    if not stamp:
        report(f"Making .venv with {requirements} (once, a minute or two).")
        if not is_usable():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        stamp = environment()
    elif stamp.get(requirements) != wanted[requirements]:
        report(f"Bringing .venv up to date with {requirements}.")
    pip = ("-m", "pip", "--disable-pip-version-check", "-qq", "install")
    if stamp.get(requirements) != wanted[requirements]:
        run(*pip, "--require-hashes", "--requirement", requirements)
        stamp.update({name: fingerprint(name) for name in (requirements, *INCLUDES[requirements])})
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ".")
    stamp["pyproject.toml"] = wanted["pyproject.toml"]
    STAMP.write_text(json.dumps(stamp, indent=1), "utf-8")


def main(arguments: List[str]) -> int:
    """Do what the arguments say; return the exit code."""
    try:
        if arguments[0] == "--port":
            check_port(arguments[1], arguments[2])
            arguments = arguments[3:]
        prepare(arguments[0])
    except (CannotPrepare, OSError, subprocess.CalledProcessError) as error:
        report(f"aulario: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
