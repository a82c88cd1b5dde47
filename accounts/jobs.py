"""Mails of accounts. Links are minted here, when the mail is written, so that no job row ever holds a secret."""

from typing import cast

from accounts import queries, services
from accounts.models import Person, TokenPurpose
from kernel import mail
from kernel.outbox import Delivery


def _person(delivery: Delivery) -> Person:
    with delivery.database.unit_of_work(write=False) as session:
        return queries.get_person(session, cast("int", delivery.arguments["person"]))


def _link(delivery: Delivery, person: Person, purpose: TokenPurpose) -> str:
    with delivery.database.unit_of_work() as session:
        return services.make_token(session, purpose, person, now=delivery.now)


def _send(delivery: Delivery, person: Person, template: str, path: str) -> None:
    settings, key = delivery.settings, f"job-{delivery.job_id}"
    message = mail.write(settings, person.email, template, person.language, key=key, path=path, name=person.given_names)
    mail.send(settings, message)


def send_confirmation(delivery: Delivery) -> None:
    """Send the link that confirms an address."""
    person = _person(delivery)
    _send(delivery, person, "confirm", f"/confirm/{_link(delivery, person, TokenPurpose.CONFIRM)}")


def send_reset(delivery: Delivery) -> None:
    """Send the link to choose a new password."""
    person = _person(delivery)
    _send(delivery, person, "reset", f"/password/reset/{_link(delivery, person, TokenPurpose.RESET)}")


def send_known_address(delivery: Delivery) -> None:
    """Tell the owner of an account that somebody tried to sign up with the address."""
    _send(delivery, _person(delivery), "known_address", "/password/forgotten")


def send_password_changed(delivery: Delivery) -> None:
    """Tell the owner that the password was changed."""
    _send(delivery, _person(delivery), "password_changed", "/password/forgotten")
