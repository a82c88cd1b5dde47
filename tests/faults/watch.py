"""Somebody who asks again and again while something is broken, and what they were answered."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from tests.faults.chaos import PATIENCE, House, Serving, crowd_while, every, serving, wait_until_ready

READS = "/courses"


class Watch:
    """Asks for a page that reads the database and for one that says whether the server may be sent people."""

    def __init__(self, address: str) -> None:
        self._pages = (address + READS, address + "/health/ready")
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_again, args=(page,), daemon=True) for page in self._pages]
        self.served, self.refused, self.longest = 0, 0, 0.0
        self.wrong: list[str] = []
        self._last_served = dict.fromkeys(self._pages, 0.0)

    def __enter__(self) -> Watch:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Ask no more."""
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _ask_again(self, page: str) -> None:
        while not self._over.wait(0.1):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(page, timeout=PATIENCE):
                    self.served += 1
                    self._last_served[page] = time.monotonic()
            except urllib.error.HTTPError as error:
                self.refused += 1
                if error.code != 503 or not (error.headers["Retry-After"] or page.endswith("/ready")):
                    self.wrong.append(f"{page}: {error.code}")
                error.close()
            except OSError as error:
                self.wrong.append(f"{page}: {error}")
            self.longest = max(self.longest, time.monotonic() - began)

    def until_served(self) -> float:
        """Wait until both pages are served that were asked for from now on; return the seconds it took."""
        began = time.monotonic()
        while min(self._last_served.values()) < began:
            assert time.monotonic() < began + PATIENCE, "not served again"
            time.sleep(0.05)
        return time.monotonic() - began

    def told(self) -> str:
        """Write what was answered in a line."""
        return f"{self.served} pages served, {self.refused} refused with 503, the longest answer {self.longest:.1f} s"


@dataclass(frozen=True)
class Watched:
    """What came of a crowd while something was broken again and again: what was told, and in how many seconds pages were served again."""

    found: Counter[str]
    watch: Watch
    resumed: list[float]
    server: Serving


def crowd_watched(instance: House, act: Callable[[], object], pauses: tuple[float, float], **given: str) -> Watched:
    """Let people work and somebody watch while `act` breaks something and mends it, after pauses; the server lives at the end."""
    resumed: list[float] = []
    with serving(instance, **given) as server:
        wait_until_ready(server)
        with Watch(server.address) as watch:

            def disturb() -> None:
                act()
                resumed.append(watch.until_served())

            found = crowd_while(instance, (server.address,), every(pauses, disturb))
        wait_until_ready(server)
        assert server.process is not None
        assert server.process.poll() is None
    return Watched(found, watch, resumed, server)
