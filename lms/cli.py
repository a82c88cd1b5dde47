"""`lms`: the command line. Each command imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import click

from kernel.by_name import load_by_name
from lms.console import CommandInstance, one_line_errors

if TYPE_CHECKING:
    from lms.instance import Instance

ELSEWHERE = {
    "accounts": ("accounts.cli", "accounts", "Make administrators, and help those who lost their second factor."),
    "backup": ("lms.backup_commands", "backup", "Write the whole instance into one file while it runs."),
    "backup-keys": ("lms.backup_commands", "backup_keys", "Write the keys into one locked file, apart from backups."),
    "restore": ("lms.backup_commands", "restore", "Put a backup back into an empty instance."),
    "restore-keys": ("lms.backup_commands", "restore_keys", "Put keys back into the data folder."),
    "verify-backup": ("lms.backup_commands", "verify_backup", "Compare a backup with its manifest, every byte."),
    "courses": ("lms.course_commands", "courses", "Check, import, publish and export courses."),
    "compliance": ("compliance.cli", "compliance", "Compute statuses of compulsory training, compare them, verify bundles of evidence."),
    "enrolments": ("lms.enrolment_commands", "enrolments", "Enrol people in courses."),
    "people": ("lms.people_commands", "people", "Bring in lists of people and units."),
    "quizzes": ("lms.quiz_commands", "quizzes", "Bring questions in and out, and analyse marks."),
    "certificates": ("lms.certificate_commands", "certificates", "Verify certificates and badges as files."),
    "audit": ("lms.audit_commands", "audit", "Verify and export the audit log."),
    "secrets": ("lms.key_commands", "secrets", "Look after the keys: secret key, certificates, seal of PDF files."),
    "selection": ("lms.selection_commands", "selection", "Verify actas of selections as files."),
    "search": ("lms.search_commands", "search", "Look after the search."),
    "identity": ("federation.cli", "identity", "See, check and switch off identity providers, and remove links."),
    "demo": ("lms.demo.cli", "demo", "Start a second instance full of invented people."),
}
"""Name of a command: its module, its name there, and its line in the list."""


class Commands(click.Group):
    """Own commands, and those of packages, which are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List own commands and those of the packages."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now if it belongs to a package."""
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name, _line = ELSEWHERE[cmd_name]
        command: click.Command = load_by_name(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        rows = {name: command.get_short_help_str(80) for name, command in self.commands.items()}
        rows |= {name: line for name, (_module, _name, line) in ELSEWHERE.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False, invoke_without_command=True)
@click.version_option(package_name="aulario", message="Aulario %(version)s")
@click.pass_context
def lms(ctx: click.Context) -> None:
    """Run and look after an Aulario instance."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    ctx.obj = CommandInstance()
    ctx.call_on_close(ctx.obj.close)


@lms.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that serve; by default one for each processor, at most 8.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the site, with its background jobs."""
    gc.disable()  # what is loaded stays: to look for garbage in it takes a fifth of the start
    from lms import serve as server
    from lms.shipped_courses import plan_shipped_courses

    gc.freeze()
    gc.enable()
    server.serve(host, port, publish=plan_shipped_courses, workers=workers)


@lms.command()
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 32), help="How many jobs at once.")
@click.pass_obj
def worker(opened: CommandInstance, threads: int) -> None:
    """Do background jobs in a process of their own (LMS_WORKER_THREADS=0 for the servers)."""
    import signal
    import threading

    from kernel import logging
    from lms.serve import periodic_jobs
    from lms.worker import WakeUpQueue

    logging.set_up()
    instance = opened.instance
    queue = WakeUpQueue(instance.worker, periodic_jobs())
    queue.follow()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    queue.start(threads)
    stop.wait()
    queue.stop()


@lms.command()
@click.option("--deploy", is_flag=True, help="Also name everything that would be dangerous where others rely on it.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 1000), help="With --deploy: processes on each machine.")
@click.option("--machines", default=1, show_default=True, type=click.IntRange(1, 1000), help="With --deploy: machines that serve.")
@click.option("--only", multiple=True, metavar="CODE", help="With --deploy: judge by this finding alone; several may be given.")
@click.pass_obj
def check(opened: CommandInstance, processes: int, machines: int, only: tuple[str, ...], *, deploy: bool) -> None:
    """Check that the instance can run: settings, folder, keys, database."""
    from kernel import clock

    instance = opened.instance
    if deploy:
        _check_deploy(instance, processes, machines, only)
        return
    click.echo(f"Settings, keys and database are in order ({_without_password(instance.database.url)}).")
    click.echo(f"The seal of PDF files lasts {(instance.seal_keys.current.ends - clock.now()).days} days more.")
    if not instance.present_settings.sends_mail:
        click.echo("Mail is not sent: no server is set, neither by LMS_SMTP_HOST nor on the web (Administration, Site settings).")
        click.echo(f"Messages are written to {instance.settings.data_dir / 'mail'}.")


def _check_deploy(instance: Instance, processes: int, machines: int, only: tuple[str, ...]) -> None:
    from dataclasses import replace

    from federation import providers
    from kernel import clock
    from lms import deployment, inspection

    unknown = set(only) - {rule.code for rule in deployment.RULES}
    if unknown:
        raise click.ClickException(f"No finding is called {', '.join(sorted(unknown))}.")
    with instance.database.unit_of_work(write=False) as session:
        facts = inspection.gather(instance, session, now=clock.now(), processes=processes, machines=machines)
    facts = replace(facts, provider_faults=providers.list_faults(instance.database, instance.present_settings))
    findings = [finding for finding in deployment.findings(facts) if not only or finding.code in only]
    for finding in findings:
        click.echo(f"{'DANGER' if finding.is_danger else 'advice'}  {finding.code}: {finding.english}")
    dangers = sum(finding.is_danger for finding in findings)
    if dangers:
        raise click.ClickException(f"{dangers} dangers, {len(findings) - dangers} pieces of advice.")
    click.echo(f"No danger was found, {len(findings)} pieces of advice.")


def _without_password(url: str) -> str:
    return url.split("@")[-1]


@lms.command()
def settings() -> None:
    """Print every setting with its meaning and its present value."""
    from kernel.settings import Settings, load

    present = load()
    for name, field in Settings.model_fields.items():
        value = getattr(present, name)
        if name in ("database_url", "redis_url"):
            value = _without_password(value)
        click.echo(f"LMS_{name.upper()}={'' if value is None else value}\n    {field.description}")


class DatabaseCommands(click.Group):
    """Commands of the database; `copy` is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List them."""
        return sorted([*super().list_commands(ctx), "copy"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one."""
        if cmd_name == "copy":
            command: click.Command = load_by_name("lms.backup_commands", "copy_database")
            return command
        return super().get_command(ctx, cmd_name)


@lms.group(cls=DatabaseCommands)
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(opened: CommandInstance) -> None:
    """Bring the schema to this version; every start of the server does it too."""
    click.echo(f"The schema of {_without_password(opened.instance.database.url)} is up to date.")


@lms.group()
def jobs() -> None:
    """Look after background jobs."""


@jobs.command("list")
@click.pass_obj
def list_jobs(opened: CommandInstance) -> None:
    """List the services that jobs wait for, and the jobs that were given up, the newest first."""
    from lms import queries

    with opened.database.unit_of_work(write=False) as session:
        failed, absences = queries.list_failed_jobs(session), queries.list_absences(session)
    for absence in absences:
        click.echo(f"{absence.service} has not answered since {absence.since:%Y-%m-%d %H:%M} UTC: {absence.waiting} jobs wait for it.")
    for job in failed:
        click.echo(f"{job.id}  {job.kind}  {job.failed_at:%Y-%m-%d %H:%M} UTC  {job.attempts} tries  {job.last_error}")
    if not failed:
        click.echo("No job was given up.")


@jobs.command()
@click.argument("number", type=int, required=False)
@click.pass_obj
def retry(opened: CommandInstance, number: int | None) -> None:
    """Try jobs that were given up once more: the one with this NUMBER, or all."""
    from kernel import clock, outbox

    with opened.database.unit_of_work() as session:
        count = outbox.retry_failed(session, number, now=clock.now())
    if number is not None and not count:
        raise click.ClickException(f"Job {number} was not given up. See: lms jobs list")
    click.echo(f"{count} jobs will be tried again within a minute.")


def main() -> None:
    """Run a command and exit; a mistake is one line and exit code 1, a decision to be made first 3, files that cannot be judged 64."""
    try:
        with one_line_errors():
            code = lms.main(prog_name="lms", standalone_mode=False)
    except click.UsageError as error:
        where = f" (see: {error.ctx.command_path} --help)" if error.ctx else ""
        click.echo(f"lms: {error.format_message()}{where}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        click.echo(f"lms: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
