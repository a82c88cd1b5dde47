"""Prepare `.venv` for a command of the Makefile, with the standard library alone. The second time it changes nothing.

python3 scripts/prepare.py requirements.txt              what running needs
python3 scripts/prepare.py requirements-dev.txt          that, and what the tests need
python3 scripts/prepare.py --port 127.0.0.1 8000 FILE    first of all see whether the address is free
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from ast import literal_eval
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = "prepared.json"
"""Name of the file of `.venv` that says what stands in it."""
INSTALLER = "requirements-uv.txt"
BUILDER = "requirements-build.txt"
"""What builds the project: it lies in a folder of its own while that goes on, and never in `.venv`."""
INCLUDES: Dict[str, Tuple[str, ...]] = {
    INSTALLER: (),
    "requirements.txt": (),
    "requirements-scaled.txt": ("requirements.txt",),
    "requirements-dev.txt": ("requirements-scaled.txt", "requirements.txt", INSTALLER),
}
"""Which file holds everything of which other one (tests/structure/test_workshop.py)."""
OLDEST = (3, 11)
TRIED = ((3, 11),)
NO_WHEEL = "No matching distribution"
"""How pip begins to say that there is no package for this platform, or that it reached none."""
NO_INDEX = "UV_NO_INDEX"
"""Ours: uv has an option for it, and no variable."""
PASSED_ON = {
    "INDEX_URL": "UV_DEFAULT_INDEX",
    "EXTRA_INDEX_URL": "UV_INDEX",
    "FIND_LINKS": "UV_FIND_LINKS",
    "NO_INDEX": NO_INDEX,
    "TRUSTED_HOST": "UV_INSECURE_HOST",
    "CERT": "SSL_CERT_FILE",
    "PROXY": "ALL_PROXY",
}
"""Options of pip that say where packages come from, and the variable in which uv takes each."""


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
    """Return a value that changes when a file changes."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def environment() -> Dict[str, str]:
    """Return the environment of a `.venv`: it cannot be moved, nor used by another Python."""
    return {"python": sys.version, "folder": str(VENV)}


def read_stamp() -> Dict[str, str]:
    """Return the stamp in `.venv`, nothing where it was made for another place or Python."""
    try:
        stamp = json.loads((VENV / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if {key: stamp.get(key) for key in environment()} == environment() else {}


def python() -> str:
    """Return the interpreter of `.venv`."""
    return str(VENV / "bin" / "python")


def is_usable() -> bool:
    """Return whether `.venv` is there, of this Python, where it was made: one that was broken off is gone on with."""
    question = "import sys; print(sys.version, sys.prefix, sep='|', end='')"
    try:
        answer = subprocess.run([python(), "-c", question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return answer.stdout.decode() == f"{sys.version}|{VENV}"


def run(*command: str, **variables: str) -> None:
    """Run a program that fills `.venv`; raise CannotPrepare where it fails (its own words stand above).

    It runs outside the project, whose settings for uv are meant for those who change the pins.
    """
    done = subprocess.run(command, cwd=os.sep, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="", **variables))
    if done.returncode:
        raise CannotPrepare(".venv could not be made; the reason stands above. Is the network there? The same command tries again.")


def find_pip() -> Tuple[str, ...]:
    """Return the command of a pip that installs into `.venv`: this Python's own, or else the one that Python brings along."""
    if find_spec("pip") is not None:
        return (sys.executable, "-m", "pip", "--python", python(), "--disable-pip-version-check")
    if subprocess.run([python(), "-m", "ensurepip"], stdout=subprocess.DEVNULL).returncode:
        raise CannotPrepare("pip could not be put into .venv; the reason stands above.")
    return (python(), "-m", "pip", "--disable-pip-version-check")


def get_uv(pip: Tuple[str, ...]) -> bool:
    """Put the pinned uv into `.venv`; return whether it is there, which it is not where it has no wheel or cannot be reached.

    An error of the network is left to pip, which then meets it too and says it.
    """
    command = (*pip, "-qq", "install", "--only-binary", ":all:", "--no-deps", "--retries", "2", "--require-hashes", "--requirement")
    done = subprocess.run([*command, str(ROOT / INSTALLER)], cwd=os.sep, stderr=subprocess.PIPE, universal_newlines=True)
    if not done.returncode:
        return True
    if NO_WHEEL not in done.stderr:
        sys.stderr.write(done.stderr)
        raise CannotPrepare("uv could not be installed; the reason stands above. The same command tries again.")
    report("uv cannot be had here: pip installs instead, which takes longer.")
    return False


def read_pip_options(pip: Tuple[str, ...]) -> Dict[str, str]:
    """Return where pip's own settings say that packages come from, in uv's variables; what is set for uv already has precedence.

    An institution that names its own index in pip.conf need not name it again for uv.
    """
    asked = subprocess.run([*pip, "config", "list"], cwd=os.sep, stdout=subprocess.PIPE, universal_newlines=True)
    found = {}
    for section, option, value in re.findall(r"^(global|install|:env:)\.([a-z-]+)=('.*'|\".*\")$", asked.stdout, re.MULTILINE):
        name = PASSED_ON.get(option.replace("-", "_").upper())
        if name is not None and (name not in found or section != "global"):
            found[name] = (",".join if name == "UV_FIND_LINKS" else " ".join)(str(literal_eval(value)).split())
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip looks in all of them as well; the hashes say what is right
    return {name: value for name, value in found.items() if name not in os.environ}


def start_compiling() -> "subprocess.Popen[bytes]":
    """Begin to write the bytecode of the project's own packages, beside the download of the others."""
    packages = [str(path.parent) for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    return subprocess.Popen([python(), "-m", "compileall", "-q", "-j", "0", *packages], stdout=subprocess.DEVNULL)


def uv_command(variables: Dict[str, str]) -> Tuple[str, ...]:
    """Return the command of the uv of `.venv`, which installs there and writes bytecode at once."""
    no_index = ("--no-index",) if NO_INDEX in variables else ()
    return (str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--compile-bytecode", "--python", python(), *no_index)


def choose_installer() -> Tuple[Tuple[str, ...], Dict[str, str]]:
    """Return the command that installs into `.venv`, by uv or else by pip, and the variables that it takes."""
    pip = find_pip()
    if not get_uv(pip):
        return (*pip, "-qq", "install"), {}
    variables = read_pip_options(pip)
    return uv_command(variables), variables


def install_packages(command: Tuple[str, ...], requirements: str, variables: Dict[str, str]) -> None:
    """Install the pinned packages of a file."""
    pinned = re.findall(r"^[a-z0-9].*==", (ROOT / requirements).read_text("utf-8"), re.MULTILINE)
    report(f"Installing {len(pinned)} packages of {requirements}.")
    run(*command, "--require-hashes", "--requirement", str(ROOT / requirements), **variables)


def install_project(command: Tuple[str, ...], variables: Dict[str, str]) -> None:
    """Install the project itself from this folder, built by tools that are taken away again."""
    with tempfile.TemporaryDirectory() as tools:
        run(*command, "--target", tools, "--require-hashes", "--requirement", str(ROOT / BUILDER), **variables)
        run(*command, "--no-deps", "--no-build-isolation", "--editable", str(ROOT), **dict(variables, PYTHONPATH=tools))


def prepare(requirements: str) -> None:
    """Make `.venv`, install the pinned packages of a file and the project itself, each only where something changed."""
    wanted = {requirements: fingerprint(requirements), "pyproject.toml": fingerprint("pyproject.toml")}
    stamp = read_stamp()
    if wanted.items() <= stamp.items():
        return
    check_python()
    begun = time.monotonic()
    if not stamp:
        report("Making .venv (once, less than a minute).")
        if not is_usable():
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)], check=True)
        stamp = environment()
    else:
        report("Bringing .venv up to date.")
    changed = stamp.get(requirements) != wanted[requirements]
    compiling = start_compiling()
    try:
        command, variables = choose_installer()
        if changed:
            install_packages(command, requirements, variables)
        install_project(command, variables)
    finally:
        compiling.wait()
    if changed:
        stamp.update({name: fingerprint(name) for name in (requirements, *INCLUDES[requirements])})
    stamp["pyproject.toml"] = wanted["pyproject.toml"]
    (VENV / STAMP).write_text(json.dumps(stamp, indent=1), "utf-8")
    report(f".venv is ready, after {time.monotonic() - begun:.0f} s.")


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
