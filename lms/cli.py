"""`lms`: the command line. Each command imports what it needs, so that `--help` answers at once."""

import sys
from typing import Any

import click

LAZY = {
    "accounts": ("accounts.cli", "accounts", "Make administrators."),
    "courses": ("lms.course_commands", "courses", "Check, import, publish and export courses."),
}


class LazyGroup(click.Group):
    """A group whose packages' commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List own commands and those of the packages."""
        return sorted([*super().list_commands(ctx), *LAZY])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now if it belongs to a package."""
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        module, name, _help = LAZY[cmd_name]
        return getattr(import_module(module), name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        own = {name: (super(LazyGroup, self).get_command(ctx, name) or click.Command(name)).get_short_help_str(80) for name in super().list_commands(ctx)}
        rows = sorted({**own, **{name: entry[2] for name, entry in LAZY.items()}}.items())
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class OpenedHouse:
    """The instance, opened by the first command that needs it."""

    def __init__(self) -> None:
        self._house: Any = None

    @property
    def house(self) -> Any:
        """Return the opened instance, its database up to date."""
        if self._house is None:
            from kernel.settings import load
            from lms.serve import open_checked

            self._house = open_checked(load())
        return self._house

    @property
    def database(self) -> Any:
        """Return the opened instance's database."""
        return self.house.database


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run and look after an Aulario instance."""
    ctx.obj = OpenedHouse()


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Serve the site, with its background jobs."""
    from kernel.settings import SettingsError
    from lms import serve as server
    from lms.publishing import publish_samples

    try:
        server.serve(host, port, publish=publish_samples)
    except (server.CannotStart, SettingsError) as error:
        click.echo(f"lms: {error}", err=True)
        sys.exit(1)


@main.command()
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 32))
@click.pass_obj
def worker(opened: OpenedHouse, threads: int) -> None:
    """Do background jobs in a process of their own (set LMS_WORKER_THREADS=0 for the servers)."""
    import signal
    import threading

    from kernel import logging
    from lms.serve import periodic_jobs
    from lms.worker import Queue

    logging.set_up()
    house = opened.house
    queue = Queue(house.settings.data_dir, house.worker, periodic_jobs())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    queue.start(threads)
    stop.wait()
    queue.stop()


@main.command()
@click.pass_obj
def check(opened: OpenedHouse) -> None:
    """Check that the instance can run: settings, folder, keys, database."""
    house = opened.house
    click.echo(f"Settings, keys and database are in order ({house.database.url.split('@')[-1]}).")
    if not house.settings.mail_is_sent:
        click.echo(f"Mail is not sent: LMS_SMTP_HOST is not set. Messages are written to {house.settings.data_dir / 'mail'}.")


@main.command()
def settings() -> None:
    """Print every setting with its meaning and its present value."""
    from pydantic import SecretStr

    from kernel.settings import Settings, load

    present = load()
    for name, field in Settings.model_fields.items():
        value = getattr(present, name)
        shown = "***" if isinstance(value, SecretStr) and value.get_secret_value() else "" if isinstance(value, SecretStr) else value
        click.echo(f"LMS_{name.upper()}={'' if shown is None else shown}\n    {field.description}")


@main.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(opened: OpenedHouse) -> None:
    """Bring the schema to this version."""
    click.echo(f"The schema of {opened.house.database.url.split(chr(64))[-1]} is up to date.")
