"""`lms serve` as a process: started on a free port, waited for, and ended with everything that it started."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from kernel.db import Database
from kernel.settings import load
from lms.instance import Instance

LMS = Path(sys.executable).with_name("lms")
PATIENCE = 60.0
"""Seconds for a start on a busy machine; how quick it is is measured in processor time."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    with closing(socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        return int(probe.getsockname()[1])


def environment(folder: Path, **given: str) -> dict[str, str]:
    """Return the environment of a server whose data stand in a folder: none of this run's settings, but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    return {**kept, "LMS_DATA_DIR": str(folder), **given}


class Running:
    """A server that was started, and what it printed."""

    def __init__(self, process: subprocess.Popen[str], host: str, port: int) -> None:
        self.process, self.host, self.port = process, host, port
        self.lines: list[str] = []
        self.body = ""
        """What was answered last."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Ask for a page."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        self.body = answer.read().decode(errors="replace")
        connection.close()
        return answer

    def wait(self) -> None:
        """Wait until it is ready; fail where it ended instead."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, "\n".join(self.lines)
            try:
                if self.get("/health/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("no answer\n" + "\n".join(self.lines))

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal, and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(5)
        return code


@contextmanager
def serving(folder: Path, *, host: str = "127.0.0.1", port: int = 0, options: tuple[str, ...] = (), **given: str) -> Iterator[Running]:
    """Start the command on a port, by itself on a free one, and see that nothing of it is left."""
    with serving_all((folder,), host=host, port=port, options=options, **given) as (running,):
        yield running


@contextmanager
def serving_all(
    folders: Sequence[Path], *, host: str = "127.0.0.1", port: int = 0, options: tuple[str, ...] = (), **given: str
) -> Iterator[list[Running]]:
    """Start several at once, each in its folder, and wait for all."""
    started = [_start(folder, host, port or free_port(host), options, given) for folder in folders]
    try:
        for running in started:
            running.wait()
        yield started
    finally:
        for running in started:
            process = running.process
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
            running._reader.join(5)
            if process.stdout is not None:
                process.stdout.close()


def _start(folder: Path, host: str, port: int, options: tuple[str, ...], given: dict[str, str]) -> Running:
    process = subprocess.Popen(
        [LMS, "serve", "--host", host, "--port", str(port), *options],
        env=environment(folder, **given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        start_new_session=True,
    )
    return Running(process, "127.0.0.1" if host == "0.0.0.0" else host, port)  # noqa: S104 - every address is this one too


class ClosingDatabase(Database):
    """A database for `contextlib.closing`."""

    def close(self) -> None:
        """Close its connections."""
        self.dispose()


def opened_database(place: Path) -> ClosingDatabase:
    """Open the database of a data folder, beside the server or before it starts."""
    return ClosingDatabase(load(data_dir=place).database)


def refused_start(folder: Path, *arguments: str, **given: str) -> str:
    """Start the command where it cannot start, and return the one line that it says."""
    result = subprocess.run(
        [LMS, "serve", *(arguments or ("--port", str(free_port())))],
        check=False,
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=folder.parent,
    )
    assert result.returncode != 0
    said = (result.stdout + result.stderr).strip()
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    return said


@contextmanager
def working(instance: Instance) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker as a process, and leave nothing running."""
    folder = instance.settings.data_dir
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [LMS, "worker", "--threads", "2"],
            env=environment(folder, LMS_DATABASE_URL=instance.settings.database),
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
