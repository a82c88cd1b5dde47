"""A machine of a test's own at the end of a line that can be cut: a network namespace, for which root and iproute2 are needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.missing import note
from tests.support.programs import find_program, program

NEAR, FAR = "10.213.77.1", "10.213.77.2"


def _ip(*words: str) -> None:
    subprocess.run([program("ip"), *words], check=True, capture_output=True)


class Machine:
    """Programs run on it behind `prefix`, and are reached at `FAR`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.prefix = (program("ip"), "netns", "exec", name)

    def cut(self) -> None:
        """Let it be gone without a word: what is sent there is lost, and nothing comes back."""
        _ip("-n", self.name, "link", "set", "line", "down")

    def mend(self) -> None:
        """Let it be there again."""
        _ip("-n", self.name, "link", "set", "line", "up")


@contextmanager
def a_machine() -> Iterator[Machine]:
    """Make a machine, and take it away."""
    if os.getuid() != 0 or find_program("ip") is None:
        pytest.skip(note("a machine that can be cut off needs root and iproute2 (apt-get install iproute2)"))
    name = f"aulario-{os.getpid()}"
    near = f"au{os.getpid()}"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", "line", "netns", name)
        _ip("addr", "add", f"{NEAR}/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", name, "addr", "add", f"{FAR}/30", "dev", "line")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", "line", "up")
        yield Machine(name)
    finally:
        _ip("netns", "del", name)
