"""`lms secrets`: the secret key, the keys that sign certificates, and those that seal PDF files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lms.console import CommandInstance

if TYPE_CHECKING:
    from kernel.crypto import SigningKeys
    from kernel.keys import PublishedKey
    from lms.instance import Instance

MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
SAVE_AGAIN = "Save the keys again: lms backup-keys. On several machines copy them to all others."


@click.group()
def secrets() -> None:
    """Look after the secret key, the keys that sign certificates, and those that seal PDF files."""


@secrets.command()
@click.pass_obj
def rotate(opened: CommandInstance) -> None:
    """Make a new secret key; the latest three stay readable. Restart every server and worker afterwards."""
    from accounts import second_factor
    from kernel.settings import rotate_secret_key
    from organisations.profile import relock_password

    instance = opened.instance
    keys = rotate_secret_key(instance.settings)
    with instance.database.unit_of_work() as session:
        count = second_factor.relock(session, keys)
        relock_password(session, keys)
    click.echo(f"There is a new secret key, and {count} secrets of second steps are locked with it. Restart every server and worker.")
    click.echo("Sessions go on. Rotate three times more, and the key of before is read no more.")


@secrets.command("list")
@click.pass_obj
def list_keys(opened: CommandInstance) -> None:
    """Make the keys of certificates that are missing, and list all of them: number, state, from, until, fingerprint."""
    from kernel import clock

    instance = opened.instance
    signing, seals = instance.keys, instance.seal_keys
    for title, keys in (("Certificates", signing.trusted), ("Seal of PDF files", seals.trusted), ("Authority", seals.authorities)):
        click.echo(f"{title}:")
        for key in keys:
            click.echo(f"  {_line(key)}")
    now = clock.now()
    click.echo(f"The seal lasts {(seals.current.ends - now).days} days more, its authority {(seals.authority.ends - now).days}.")


def _line(key: PublishedKey) -> str:
    history = key.history
    begun, ended = (f"{moment:%Y-%m-%d}" if moment else "" for moment in (history.begun_at, history.ended_at))
    since = f" since {history.compromised_since:%Y-%m-%d %H:%M} UTC ({history.reason})" if history.compromised_since else ""
    return f"{key.identifier}  {key.state.value}{since}  {begun}–{ended}  {key.fingerprint}"


@secrets.command()
@click.pass_obj
def rotate_signing(opened: CommandInstance) -> None:
    """Make a new key that signs certificates; what the old one signed still verifies. Every process uses it at once."""
    from kernel.crypto import rotate_signing_key

    keys = rotate_signing_key(opened.instance.settings.data_dir)
    click.echo(f"Certificates are signed with the key {keys.identifier} from now on.")
    click.echo(f"The old key lies in signing.old/: it verifies what it signed. {SAVE_AGAIN}")


@secrets.command()
@click.option("--authority", "with_authority", is_flag=True, help="Make a new authority too; readers of PDF files have to import it.")
@click.pass_obj
def rotate_seal(opened: CommandInstance, *, with_authority: bool) -> None:
    """Make a new key that seals PDF files; what the old one sealed still verifies. In its last year this is done by itself."""
    from kernel.keys import rotate_seal_key

    settings = opened.instance.settings
    keys = rotate_seal_key(settings.data_dir, settings.institution_name, with_authority=with_authority)
    click.echo(f"PDF files are sealed with the key {keys.current.identifier} from now on, until {keys.current.ends:%Y-%m-%d}. {SAVE_AGAIN}")


@secrets.command()
@click.argument("key")
@click.option("--since", type=MOMENT, required=True, help="Moment, in UTC, from which somebody else may have signed with it.")
@click.option("--reason", default="", help="Words for everybody, shown beside the key on the public page.")
@click.pass_obj
def compromised(opened: CommandInstance, key: str, since: datetime, reason: str) -> None:
    """Mark KEY (its number in `lms secrets list`) as compromised; every certificate of the register is signed anew at once.

    What the key signed from that moment on, and everything of it that the register does not know, counts as altered.
    """
    from certificates.keys import record_compromise
    from kernel import clock
    from kernel.crypto import compromise_signing_key, rotate_signing_key
    from kernel.keys import KeyCompromise, compromise_seal_key

    instance, now, signed, unsound = opened.instance, clock.now(), 0, set[str]()
    folder, compromise = instance.settings.data_dir, KeyCompromise(since.replace(tzinfo=UTC), now, reason)
    if compromise.since > now:
        raise click.ClickException("The moment is still to come.")
    if key in instance.keys.public:
        keys = rotate_signing_key(folder) if key == instance.keys.identifier else instance.keys
        signed, unsound = _sign_anew(instance, key, keys)
        keys = compromise_signing_key(folder, key, compromise)
        more, unsound = _sign_anew(instance, key, keys)  # what a job signed with the key meanwhile
        signed += more
    elif key in {each.identifier for each in (*instance.seal_keys.trusted, *instance.seal_keys.authorities)}:
        compromise_seal_key(folder, instance.settings.institution_name, key, compromise)
    else:
        raise click.ClickException(f"No key is called {key}. See: lms secrets list")
    with instance.database.unit_of_work() as session:
        record_compromise(session, key, compromise.since, reason, signed=signed, unsound=len(unsound), now=now)
    click.echo(
        f"The key {key} is compromised since {compromise.since:%Y-%m-%d %H:%M} UTC. {signed} certificates were signed anew. {SAVE_AGAIN}"
    )
    if unsound:
        raise click.ClickException(f"The signature of these did not hold before, look at each: {', '.join(sorted(unsound))}")


def _sign_anew(instance: Instance, compromised: str, keys: SigningKeys) -> tuple[int, set[str]]:
    from certificates.keys import sign_portion
    from certificates.transcripts import sign_transcripts

    with instance.database.unit_of_work() as session:
        signed, unsound_transcripts = sign_transcripts(session, compromised, keys)
    unsound, after = set(unsound_transcripts), 0
    while True:
        with instance.database.unit_of_work() as session:
            portion = sign_portion(session, compromised, keys, after=after)
        if portion is None:
            return signed, unsound
        after, count, portion_unsound = portion
        signed += count
        unsound.update(portion_unsound)


@secrets.command()
@click.pass_obj
def public_key(opened: CommandInstance) -> None:
    """Print the public keys by which others verify what the instance signed, the present one first; they are no secrets."""
    click.echo(opened.instance.keys.public_text(), nl=False)
