"""Common parts of all commands: the instance, opened by the first that needs it, and refusals reported in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from kernel.db import Database
    from kernel.settings import Settings
    from lms.instance import Instance


Read = TypeVar("Read")
NOT_JUDGED = 64
"""The exit code of a command that judges files, where it could not."""


class NotJudged(click.ClickException):
    """Whatever keeps a command from judging a file."""

    exit_code = NOT_JUDGED


class NothingRead(click.ClickException):
    """A file that is no list; exit code 2."""

    exit_code = 2


class NumberNeeded(click.ClickException):
    """A list that changes much, and whose number was not given; exit code 3."""

    exit_code = 3


def read_list_file(file: Path, read: Callable[[bytes], Read]) -> Read:
    """Read a list, its faults in English; raise NothingRead where it is none."""
    from kernel.errors import Invalid
    from kernel.i18n import reading

    try:
        with reading("en"):
            return read(file.read_bytes())
    except OSError as error:
        raise NothingRead(f"{file}: {error.strerror}.") from error
    except Invalid as refused:
        raise NothingRead(refused.text % refused.facts if refused.facts else refused.text) from refused


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what keeps a command from its work into one line and the exit code 1."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        text = _line_of(error)
        if not text:
            raise
        raise click.ClickException(text) from error


class JudgingCommand(click.Command):
    """A command that judges files: whatever keeps it from that ends with 64, as scripts read 1 as forged and 2 as revoked."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read what was typed."""
        with _judging_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _judging_errors():
            return super().invoke(ctx)


@contextmanager
def _judging_errors() -> Iterator[None]:
    try:
        with one_line_errors():
            yield
    except click.ClickException as error:
        raise NotJudged(error.format_message()) from error


def _line_of(error: Exception) -> str:
    """Return the line that reports an error to the user; nothing of an unforeseen one."""
    from kernel.db import reason_away
    from kernel.errors import DomainError
    from kernel.i18n import _
    from kernel.settings import SettingsError, extra_of, how_to_install
    from lms.serve import ServerStartError

    if isinstance(error, DomainError):
        text = _(error.text)
        return text % error.facts if error.facts else text
    if isinstance(error, ServerStartError | SettingsError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (extra := extra_of(error.name)):
        return f"This needs the library {error.name}, which is not installed. {how_to_install(extra)}"
    reason = reason_away(error)
    return reason and f"The database does not answer: {reason}"


class CommandInstance:
    """The instance that commands work on."""

    def __init__(self) -> None:
        self._house: Instance | None = None

    @property
    def instance(self) -> Instance:
        """Return the opened instance, its database up to date."""
        if self._house is None:
            from kernel.settings import load
            from lms.serve import open_checked

            self._house = open_checked(load())
        return self._house

    @property
    def database(self) -> Database:
        """Return the opened instance's database."""
        return self.instance.database

    @property
    def settings(self) -> Settings:
        """Return the opened instance's settings."""
        return self.instance.settings

    def close(self) -> None:
        """Let go of the database."""
        if self._house is not None:
            self._house.database.dispose()
