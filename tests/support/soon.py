"""What must not take long: a guard against work that grows without bound, not a measurement."""

import time
from collections.abc import Callable
from typing import TypeVar

TRIES = 3
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
