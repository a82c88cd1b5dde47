"""`lms demo`. It imports what it needs when it runs, so that `--help` answers at once."""

import click

MAX_LEARNERS = 60
"""As in lms.demo.people, which a list of options need not import; a test compares them."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Addresses of this machine only.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--fresh", is_flag=True, help="Empty the demonstration and fill it again, with new passwords.")
@click.option(
    "--learners", default=MAX_LEARNERS, show_default=True, type=click.IntRange(1, MAX_LEARNERS), help="How many people are invented."
)
@click.option("--fill-only", is_flag=True, help="Fill, and do not serve.")
def demo(host: str, port: int, *, fresh: bool, learners: int, fill_only: bool) -> None:
    """Start a second instance full of invented people, to look around in.

    It lives in instance/demo unless LMS_DATA_DIR says otherwise, in an SQLite file of its own; its mail is written to its folder.
    """
    from lms.demo import filling

    filling.start(host, port, fresh=fresh, learners=learners, fill_only=fill_only)
