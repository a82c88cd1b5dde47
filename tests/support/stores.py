"""Redis and an S3-compatible store of a test's own, as processes that a test may kill."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import redis
from tests.support.programs import program
from tests.support.server import PATIENCE, free_port

BUCKET = "aulario-prueba"


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Wait for a process to answer."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, f"{what} does not answer"
        time.sleep(0.05)


class Redis:
    """A Redis that can be killed and started again, empty."""

    def __init__(self, folder: Path, path: str) -> None:
        self._folder, self._path = folder, path
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [self._path, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*words, "--dir", str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: redis.is_reachable(self.url), "Redis")

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def a_redis(folder: Path) -> Iterator[Redis]:
    """Start a Redis, and see that nothing of it is left."""
    server = Redis(folder, program("redis-server"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


@contextmanager
def a_bucket() -> Iterator[dict[str, str]]:
    """Start moto's server as a store with an empty bucket; give the settings that name it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(address), "moto's server")
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT"), timeout=20).close()
        yield {"files_url": f"s3://{BUCKET}/curso", "s3_endpoint": address, "s3_access_key": "prueba", "s3_secret_key": "prueba"}
    finally:
        process.kill()
        process.wait(10)
