"""Sandbox that reads an uploaded file in a process of its own, with limited memory and time (spec/security 4.4).

A file that demands too much ends that process alone; requests that save answers meanwhile are served. The process runs a function of a
module named to it; what goes there and comes back is pickled by this program for this program.
"""

import os
import pickle
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from kernel import i18n
from kernel.by_name import load_by_name
from kernel.errors import N_, DomainError, Invalid, TooMany, Unavailable
from kernel.settings import bare_environment

Result = TypeVar("Result")
log = structlog.get_logger()

TOO_MUCH_MEMORY = 3
_GENTLE = 10
"""How much the process lets others go first (nice)."""
_TURN_SECONDS = 4.0
"""How long a file waits for a place; with `Bounds.patience` less than a request may work."""
AT_ONCE = 3
"""Files that are read at the same time, each within its own bounds: one author's long list does not hold up the others."""
_places = threading.BoundedSemaphore(AT_ONCE)
_readers: set[int | None] = set()
"""The people one of whose files is being read."""
_reader_done = threading.Condition()


class SandboxLimitExceeded(Invalid):
    """Reading asked for more memory or time than a file may take."""

    code = "too_heavy"
    message = N_("This file takes too much time or memory to read. Split it and upload the parts separately.")


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """The limits of reading a file: bytes beyond those of the program itself, seconds of processor time, and seconds of waiting."""

    memory: int = 400_000_000
    seconds: int = 25
    patience: float = 25


BOUNDS = SandboxLimits()


@contextmanager
def one_file_of(person_id: int | None) -> Iterator[None]:
    """Let one file of a person be read at a time, so that nobody takes every place; raise TooMany where the last one takes too long."""
    with _reader_done:
        if not _reader_done.wait_for(lambda: person_id not in _readers, timeout=_TURN_SECONDS):
            raise TooMany(N_("Your last file is still being read. Try again when it is done."))
        _readers.add(person_id)
    try:
        yield
    finally:
        with _reader_done:
            _readers.remove(person_id)
            _reader_done.notify_all()


def run_sandboxed(read: Callable[..., Result], *given: Any, bounds: SandboxLimits | None = None, **named: Any) -> Result:
    """Return the result of a function of a module, run in the sandbox, and raise what it refuses, as if it had been called here.

    Raise SandboxLimitExceeded where it asks for too much, and Unavailable while AT_ONCE others are being read and none of them ends.
    """
    bounds = bounds or BOUNDS
    request = pickle.dumps((read.__module__, read.__qualname__, given, named, i18n.language(), bounds))
    if not _places.acquire(timeout=min(_TURN_SECONDS, bounds.patience)):
        raise Unavailable(N_("Other files are being read. Try again in a moment."))
    try:
        done = subprocess.run(  # noqa: S603 - our own program, without a shell
            [sys.executable, "-P", "-m", __name__],
            input=request,
            capture_output=True,
            timeout=bounds.patience,
            env=bare_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise SandboxLimitExceeded from late
    finally:
        _places.release()
    if done.returncode == TOO_MUCH_MEMORY or done.returncode < 0:
        log.warning("reading_ended", function=read.__qualname__, code=done.returncode)
        raise SandboxLimitExceeded
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    refused, result = pickle.loads(done.stdout)  # noqa: S301 - written by `_main`
    if refused is not None:
        kind, text, reason, facts = refused
        raise kind(text, code=reason, **facts)
    return result  # type: ignore[no-any-return]  # what `read` returned


def _bound(bounds: SandboxLimits) -> None:
    """Take no more than this from here on."""
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.seconds, bounds.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (present + bounds.memory, present + bounds.memory))
    except (OSError, ValueError):
        return  # this system cannot bound the memory of a process


def _main() -> int:
    """Read what is asked on the standard input, do it, and write what came of it on the standard output, which nobody else gets."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    module, name, given, named, language, bounds = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `run_sandboxed`
    read = load_by_name(module, name)
    os.nice(_GENTLE)
    _bound(bounds)
    try:
        with i18n.reading(language):
            result = read(*given, **named)
        answer = pickle.dumps((None, result))
    except DomainError as error:
        answer = pickle.dumps(((type(error), error.text, error.reason, dict(error.facts)), None))
    except MemoryError:
        return TOO_MUCH_MEMORY
    with answers:
        answers.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
