"""What all commands share: the instance, opened by the first that needs it, and refusals told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kernel.db import Database
    from kernel.settings import Settings
    from lms.app import House


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what keeps a command from its work into one line and the exit code 1."""
    from kernel.errors import DomainError
    from kernel.i18n import _
    from kernel.settings import SettingsError
    from lms.serve import CannotStart

    try:
        yield
    except DomainError as refused:
        text = _(refused.text)
        raise click.ClickException(text % refused.facts if refused.facts else text) from refused
    except (CannotStart, SettingsError) as refused:
        raise click.ClickException(str(refused)) from refused


class OpenedHouse:
    """The instance that commands work on."""

    def __init__(self) -> None:
        self._house: House | None = None

    @property
    def house(self) -> House:
        """Return the opened instance, its database up to date."""
        if self._house is None:
            from kernel.settings import load
            from lms.serve import open_checked

            with told_in_one_line():
                self._house = open_checked(load())
        return self._house

    @property
    def database(self) -> Database:
        """Return the opened instance's database."""
        return self.house.database

    @property
    def settings(self) -> Settings:
        """Return the opened instance's settings."""
        return self.house.settings

    def close(self) -> None:
        """Let go of the database."""
        if self._house is not None:
            self._house.database.dispose()
