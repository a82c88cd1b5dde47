"""Implementation of `lms demo`: start the demonstration on this machine, filled at its first start."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from kernel import clock
from kernel.paths import CONTENT
from kernel.settings import LOOPBACK
from lms import serve as server
from lms.demo.filling import BEFORE, Account, fill, fill_own_courses
from lms.demo.people import DOMAIN
from lms.demo.sample_class import QUIZ, SLUG
from lms.instance import Instance
from lms.publishing import publish_samples
from lms.scratch_folders import ScratchFolder

FOLDER = Path("instance/demo")
GROUND = ScratchFolder("demonstration", "demonstration")
"""Its marker holds the day of the filling."""


def start(host: str, port: int, *, fresh: bool, learners: int, fill_only: bool) -> None:
    """Fill the demonstration where that has not been done, and serve it; raise ClickException where it cannot be."""
    if host not in LOOPBACK:
        raise click.BadParameter(f"The demonstration answers on this machine only: {', '.join(LOOPBACK)}.", param_hint="--host")
    folder = Path(os.environ.get("LMS_DATA_DIR") or FOLDER)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    own = {"data_dir": folder, "database_url": "", "smtp_host": "", "public_url": address}
    with GROUND.claimed(folder):
        if not fill_only:
            server.check_port(host, port)
        GROUND.clear(folder, fresh=fresh)
        if fill_only:
            _fill_only(host, port, learners, own)
        else:
            server.serve(host, port, publish=lambda instance, content: prepare(instance, content, learners), workers=None, **own)


def _fill_only(host: str, port: int, learners: int, own: dict[str, object]) -> None:
    instance = server.open_checked(server.checked_settings(host, port, **own))
    try:
        click.echo("\n".join(prepare(instance, CONTENT, learners)))
    finally:
        instance.database.dispose()


def prepare(instance: Instance, content: Path, learners: int) -> list[str]:
    """Publish the sample courses and fill, where that has not been done; return what is to be said."""
    marker = instance.settings.data_dir / GROUND.marker
    address = instance.settings.public_url
    if marker.read_text():
        return [
            f"The demonstration was filled on {marker.read_text()}; lms demo --fresh makes it anew, with new passwords.",
            *_places(address),
        ]
    now = clock.now()
    lines = publish_samples(instance, content, now=now - BEFORE)
    click.echo(f"Inventing {learners} people and eight weeks of their work; this takes a minute …")
    made = fill(instance, now=now, count=learners)
    fill_own_courses(instance, now=now, count=learners)
    took = round((clock.now() - now) / timedelta(seconds=1))
    marker.write_text(now.date().isoformat())
    return [
        *lines,
        f"Filled in {took} seconds.",
        "",
        *table(made),
        "",
        f"The other learners (…@{DOMAIN}) have the learner's password.",
        *_places(address),
    ]


def table(accounts: Sequence[Account]) -> list[str]:
    """Write the accounts as lines of equal columns."""
    rows = [("Role", "Address", "Password"), *((account.role, account.email, account.password) for account in accounts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _places(address: str) -> list[str]:
    paths = {
        "Learner": ("/learning", "/courses", "/certificates"),
        "Course team": ("/teaching", f"/courses/{SLUG}/quizzes/{QUIZ}/statistics"),
        "Unit manager": ("/units",),
        "Administrator": ("/administration", "/administration/organisations"),
        "Everybody": ("/", "/recordings", "/verify"),
    }
    return [f"{reader + ':':<15}{'  '.join(address + path for path in pages)}" for reader, pages in paths.items()]
