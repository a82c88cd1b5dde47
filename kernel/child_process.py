"""A process of its own for work that would take the processor from whoever waits for a page: it makes one thing after another.

A thread of the server that computes holds the interpreter, and every request waits for it. It lets others go first (nice), imports
no more than its work needs, and ends with the process that started it, however that ends. What goes there and comes back is pickled by
this program for this program.
"""

import copyreg
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from types import MappingProxyType
from typing import IO, Any, ParamSpec, TypeVar, cast

from kernel.by_name import load_by_name
from kernel.settings import bare_environment

Given = ParamSpec("Given")
Made = TypeVar("Made")

GENTLE = 15
"""How much the process lets others go first (nice): while pages are asked for it gets a small part of a processor."""
PATIENCE = 120.0
"""Seconds that one thing may take; one that says nothing for longer is ended."""
_LENGTH = 8


def _unchanging(table: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(table)


_REDUCED = {**copyreg.dispatch_table, MappingProxyType: lambda table: (_unchanging, (dict(table),))}


class ChildProcessEnded(Exception):
    """The process ended, or was ended, before it answered; whoever asked begins anew with another."""


@contextmanager
def child_process(
    make: Callable[Given, Made], *, patience: float | None = None, niceness: int = GENTLE, environment: Mapping[str, str] | None = None
) -> Iterator[Callable[Given, Made]]:
    """Lend a function of a module as it is in a process of its own, for as long as the block lasts.

    It knows nothing of the settings but what it is handed, unless it gets an `environment`; `patience` in seconds is that for one thing.
    """
    patience = PATIENCE if patience is None else patience
    process = subprocess.Popen(  # noqa: S603 - our own program, without a shell
        [sys.executable, "-P", "-m", __name__, make.__module__, make.__qualname__, str(niceness)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=bare_environment() if environment is None else environment,
    )
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise ChildProcessEnded("no pipes")

    def ask(*given: Given.args, **named: Given.kwargs) -> Made:
        try:
            _write(requests, (given, named))
            ready, _writable, _failed = select.select([answers], [], [], patience)
            made = _read(answers) if ready else None
        except (BrokenPipeError, EOFError) as ended:
            raise ChildProcessEnded(make.__qualname__) from ended
        if not ready:
            raise ChildProcessEnded(f"{make.__qualname__} said nothing for {patience:.0f} s")
        return cast("Made", made)

    try:
        yield ask
    finally:
        process.kill()
        process.communicate()


def _pickled(value: object) -> bytes:
    """Return a value as bytes; tables that nobody may change, which pickle does not know, too."""
    target = BytesIO()
    pickler = pickle.Pickler(target, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCED
    pickler.dump(value)
    return target.getvalue()


def _write(pipe: IO[bytes], value: object) -> None:
    content = _pickled(value)
    pipe.write(len(content).to_bytes(_LENGTH) + content)
    pipe.flush()


def _read(pipe: IO[bytes]) -> Any:
    length = pipe.read(_LENGTH)
    content = pipe.read(int.from_bytes(length))
    if len(length) < _LENGTH or len(content) < int.from_bytes(length):
        raise EOFError
    return pickle.loads(content)  # noqa: S301 - written by `_write`


def run_command(*arguments: str, patience: float, environment: Mapping[str, str]) -> str:
    """Run a command of this program in a process of its own and return what it printed; what it logs goes where errors go.

    Raise ChildProcessEnded where it fails, or takes longer than `patience`, in seconds.
    """
    command = [sys.executable, "-P", "-m", "lms", *arguments]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, env=dict(environment), timeout=patience, check=True, text=True).stdout  # noqa: S603 - our own program, without a shell
    except subprocess.SubprocessError as error:
        raise ChildProcessEnded(str(error)) from error


def _serve(module: str, name: str, niceness: str) -> None:
    """Serve requests until no more come; what cannot be made ends the process. What the work prints goes where errors go."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(int(niceness))
    make = load_by_name(module, name)
    while True:
        try:
            given, named = _read(sys.stdin.buffer)
        except EOFError:
            return
        _write(answers, make(*given, **named))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
