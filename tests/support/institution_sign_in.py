"""The way in by an institution as a browser goes it, and the rows that it leaves."""

from sqlalchemy import func, select

from federation import links, mapping
from federation.claims import ProvenIdentity
from federation.models import ExternalIdentity, IdentityProvider
from kernel import clock
from kernel.db import Base
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.fake_provider import FakeProvider

KEY = "iess"
JOURNALS = {"audit_entry"}
"""A refusal leaves its entry, which names nobody."""


def to_provider(browser: Browser, path: str = f"/sign-in/{KEY}") -> str:
    """Follow the button, and return the address of the provider's page."""
    response = browser._request("GET", path)
    assert response.status_code == 303, response.get_data(as_text=True)[:500]
    return str(response.headers["Location"])


def come_in(browser: Browser, fake: FakeProvider, path: str = f"/sign-in/{KEY}", status: int = 200) -> Browser:
    """Go to the provider, sign in there and come back."""
    browser.get(fake.authorize(to_provider(browser, path)), status=status)
    return browser


def links_of(instance: Instance) -> list[tuple[str, int]]:
    """Return the subjects that are linked, with the person of each."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(ExternalIdentity.subject, ExternalIdentity.person_id).order_by(ExternalIdentity.id))
        return [(subject, person) for subject, person in rows]


def is_in(browser: Browser) -> bool:
    """Return whether a visitor is signed in."""
    browser.checks = False
    return browser._request("GET", "/profile").status_code == 200


def proves(fake: FakeProvider, **claims: object) -> None:
    """Let the provider say that the address is verified, and more."""
    fake.claims |= {"email_verified": True, **claims}


def count_rows(instance: Instance, *besides: str) -> dict[str, int]:
    """Return how many rows each table has, but for the audit log and those named."""
    with instance.database.unit_of_work(write=False) as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in JOURNALS.union(besides)]
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def vouch_for(instance: Instance, provider: IdentityProvider, proven: ProvenIdentity, **settings: object) -> int:
    """Let a provider, with some settings changed, vouch for somebody who comes in; return the person's number."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        for name, value in settings.items():
            setattr(row, name, value)
        link, person = links.enter(session, SYSTEM, row, proven, now=clock.now())
        mapping.FollowedSignIn(session, SYSTEM, row, link, person, proven=proven, now=clock.now()).follow()
        return person.id
