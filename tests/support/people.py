"""Accounts for tests: their rows and pages, where they are signed in, and their suspension."""

from sqlalchemy import select, update

from accounts.models import Device, Person
from kernel import clock
from lms.instance import Instance
from tests.support.browser import Browser

PEOPLE = "/administration/people"


def person_row(instance: Instance, email: str) -> Person:
    """Return an account as it is stored."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def page_of_person(instance: Instance, email: str = "ana@example.org") -> str:
    """Return the address of a person's page in the administration."""
    return f"{PEOPLE}/{person_row(instance, email).uuid}"


def devices(instance: Instance) -> list[Device]:
    """Return every device that is signed in, oldest first."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Device).order_by(Device.id)))


def is_signed_in(browser: Browser) -> bool:
    """Return whether a page for signed-in people opens."""
    return browser._request("GET", "/profile").status_code == 200


def suspend(instance: Instance, email: str) -> None:
    """Suspend an account."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == email).values(suspended_at=clock.now()))
