"""The wheel holds everything, and runs from another folder in an environment of its own."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import PACKAGES, ROOT, tracked

PARTS = ("templates", "static", "translations", "migrations", "content")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into a fresh environment, which borrows the libraries of this one; return the environment's programs."""
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--python", str(venv / "bin" / "python")]
    subprocess.run([*command, "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    site = next(venv.glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return venv / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder that is not the project's."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(installed / words[0]), *words[1:]], cwd=folder, env=clean(), capture_output=True, text=True, check=False)


def clean() -> dict[str, str]:
    """Return an environment that does not lead back to the project."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LMS_", "PYTHON"))}


def test_wheel_holds_packages_and_parts_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    expected = set()
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[0] in PARTS:
            expected.add(f"lms/share/{name}")
        elif name.split("/")[0] in PACKAGES:
            expected.add(name)

    assert names == expected
    assert licences


@pytest.mark.slow
def test_program_runs_from_another_folder_with_the_files_of_the_wheel(installed: Path, elsewhere: Path) -> None:
    where = run(installed, elsewhere, "python", "-c", "import kernel.paths as p; print(p.TEMPLATES, p.MIGRATIONS, p.CONTENT, sep='\\n')")
    assert all(line.startswith(str(installed.parent)) for line in where.stdout.splitlines()), where

    help_ = run(installed, elsewhere, "lms", "--help")
    assert help_.stdout.startswith("Usage: lms")
    course = Path(where.stdout.splitlines()[2]) / "gobernanza-seguridad-social"
    assert run(installed, elsewhere, "lms", "courses", "check", str(course)).returncode == 0
    assert run(installed, elsewhere, "lms", "courses", "check", "nowhere").returncode == 1
    assert not list(elsewhere.iterdir())


def answer(address: str) -> str:
    """Return a page, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.URLError:
        return ""


@pytest.fixture
def serving(installed: Path, elsewhere: Path) -> Iterator[str]:
    """Serve from another folder; afterwards end it, which must go well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (elsewhere / "log").open("w") as log:
        server = subprocess.Popen(
            [str(installed / "lms"), "serve", "--port", str(port)], cwd=elsewhere, env=clean(), stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    ends = time.monotonic() + 180
    while not answer(f"{address}/health/ready") and server.poll() is None and time.monotonic() < ends:
        time.sleep(0.1)
    yield address
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0, (elsewhere / "log").read_text()


@pytest.mark.slow
def test_site_is_served_from_another_folder(serving: str, elsewhere: Path) -> None:
    assert answer(f"{serving}/health/ready") == "ok"
    ends = time.monotonic() + 300
    while "/courses/gobernanza-seguridad-social" not in answer(f"{serving}/courses"):  # jobs publish it
        assert time.monotonic() < ends, answer(f"{serving}/courses")
        time.sleep(0.5)
    style = answer(serving).split('rel="stylesheet" href="')[1].split('"')[0]
    assert "font-face" in answer(serving + style)
    assert (elsewhere / "instance" / "aulario.sqlite").is_file()
    assert "/set-up/" in (elsewhere / "log").read_text()
