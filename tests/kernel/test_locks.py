"""The lock of SQLite's one writer, which the processes of a machine share: here a second process is a second open file, or a real one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import TimeoutError as TurnTimeout

from kernel import locks
from kernel.locks import WriterLock

HOLD = """
import sys
from pathlib import Path
from kernel.locks import WriterLock
lock = WriterLock(Path(sys.argv[1]))
lock.take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a lock."""
    return tmp_path / "aulario.sqlite.writing"


@contextmanager
def a_process_that_writes(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Let another process hold the lock until the end of the block, or its own."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def assert_waited_for(lock: WriterLock, end: Callable[[], object]) -> None:
    """Let another thread take a lock that somebody holds; it has it once `end` made them give it back, and not before."""
    had = threading.Event()

    def write() -> None:
        lock.take()
        had.set()
        lock.give_back()

    thread = threading.Thread(target=write)
    thread.start()
    assert not had.wait(0.05)
    end()
    thread.join()
    assert had.is_set()


def test_the_writer_of_another_process_is_waited_for(path: Path) -> None:
    one, other = WriterLock(path), WriterLock(path)
    one.take()

    assert_waited_for(other, one.give_back)


def test_a_process_that_is_killed_gives_the_lock_back(path: Path) -> None:
    lock = WriterLock(path)
    with a_process_that_writes(path) as process:
        assert_waited_for(lock, process.kill)


def test_nobody_waits_for_ever_for_another_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 6.3: what cannot be saved is told within five seconds; afterwards the lock can be had."""
    monkeypatch.setattr(locks, "WRITERS_TURN", 0.1)
    one, other = WriterLock(path), WriterLock(path)
    one.take()

    with pytest.raises(TurnTimeout, match="another process"):
        other.take()
    one.give_back()

    other.take()
    other.give_back()


def test_a_process_that_was_forked_has_a_lock_of_its_own(path: Path) -> None:
    """An inherited file shares its lock with the parent's: both would write."""
    lock = WriterLock(path)
    lock.take()
    lock.give_back()
    child = os.fork()
    if not child:  # pragma: no cover - the forked process runs it, where nothing is measured
        lock.take()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)

    assert_waited_for(lock, lambda: os.kill(child, signal.SIGKILL))
    os.waitpid(child, 0)


def test_without_its_file_there_is_still_one_writer_in_a_process(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "nowhere" / "lock")
    lock.take()

    assert_waited_for(lock, lock.give_back)


def test_a_closed_lock_opens_again(path: Path) -> None:
    lock = WriterLock(path)
    lock.take()
    lock.close()  # somebody writes: it stays open
    other = WriterLock(path)
    assert_waited_for(other, lock.give_back)

    lock.close()
    lock.take()
    assert_waited_for(other, lock.give_back)
