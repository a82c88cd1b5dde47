"""What must not take long, and what is waited for: guards against work without bound, never measurements of a busy machine."""

import time
from collections.abc import Callable
from typing import TypeVar

TRIES = 3
PATIENCE = 60.0
"""Seconds after which nothing comes any more, however busy the machine is."""
T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], clock: Callable[[], float] = time.thread_time) -> T:
    """Return what some work answers; fail where it took longer in each of three tries, by default in seconds of the processor.

    A busy machine, or a collection of garbage, is slow once; work that grows without bound is slow each time.
    """
    for _try in range(TRIES):
        began = clock()
        answer = work()
        if clock() - began < seconds:
            return answer
    raise AssertionError(f"It took more than {seconds} s, {TRIES} times.")


def until(happened: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition; fail where it does not come about."""
    last = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < last, f"It did not come about in {seconds} s."
        time.sleep(0.01)
