"""The gaps between the requests of this process, in which work in the background goes on: whoever waits for a page goes first.

Even a process of its own that lets others go first slows a page: two threads of a processor may share one core.
"""

import time

GAP = 0.02
"""Seconds without the beginning or the end of a request that are a gap: the site is not being used at this moment."""
PATIENCE = 0.25
"""Seconds after which work goes on without a gap: four pieces a second where pages are asked for without a pause."""


class RequestGaps:
    """When a request last began or ended, and the next gap."""

    def __init__(self) -> None:
        self._last = 0.0

    def note(self) -> None:
        """Note that a request begins or ends."""
        self._last = time.monotonic()

    def wait(self) -> None:
        """Return in the next gap, at once where there is one, and after PATIENCE where none comes."""
        ends = time.monotonic() + PATIENCE
        while (rest := min(self._last + GAP, ends) - time.monotonic()) > 0:
            time.sleep(rest)


REQUEST_GAPS = RequestGaps()
"""Those of this process."""
