"""Cells of the access matrix on providers and links, over HTTP."""

from collections.abc import Mapping

from sqlalchemy import delete

from accounts.models import Person
from federation.claims import ProvenIdentity
from federation.links import link
from federation.models import ExternalIdentity, IdentityProvider
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person

PAGE = "/administration/providers/iess"


def linked(instance: Instance, provider: IdentityProvider, person: Person) -> int:
    """Link a person, and return the number of the link."""
    with instance.database.unit_of_work() as session:
        known = session.get_one(IdentityProvider, provider.id)
        return link(session, SYSTEM, known, ProvenIdentity(f"s{person.id}"), session.get_one(Person, person.id), now=clock.now()).id


def test_cells_of_providers_and_links(browser: Browser, instance: Instance, provider: IdentityProvider) -> None:
    cast = a_cast(browser, instance)
    wrong = cast.check("provider.view", "any", cast.outcomes("/administration/providers"))
    for path, method, data in edits(provider):
        wrong += cast.check("provider.edit", "any", cast.outcomes(path, method, data))
    wrong += cast.check("own_link.view", "own", cast.outcomes("/profile/institutions"))
    wrong += cast.check("own_link.add", "own", cast.outcomes("/profile/institutions/iess", "POST", {"current_password": PASSWORD}))
    number = linked(instance, provider, a_person(instance, "pia@example.org"))
    wrong += cast.check("own_link.remove", "of_another", cast.outcomes(f"/profile/institutions/{number}/removal", "POST"))
    wrong += cast.check("link.remove", "of_another", cast.outcomes(f"{PAGE}/links/{number}/removal", "POST", {"reason": ""}))
    for action, path in (("own_link.remove", "/profile/institutions/{}/removal"), ("link.remove", f"{PAGE}/links/{{}}/removal")):
        own = {letter: linked(instance, provider, person) for letter, person in cast.people.items()}
        mine = {
            letter: outcome(browser, path.format(own.get(letter, number)), "POST", {"reason": "una prueba"})
            for letter, browser in cast.browsers.items()
        }
        wrong += cast.check(action, "own", mine)
        with instance.database.unit_of_work() as session:
            session.execute(delete(ExternalIdentity).where(ExternalIdentity.id.in_(own.values())))
    assert not wrong, "\n".join(wrong)


def edits(provider: IdentityProvider) -> list[tuple[str, str, Mapping[str, str]]]:
    values = {
        "institution_id": str(provider.institution_id),
        "name_es": "Instituto",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "authentication": provider.authentication,
        "current_password": PASSWORD,
        "row_version": str(provider.row_version),
    }
    return [
        (PAGE, "GET", {}),
        (PAGE, "POST", values),
        ("/administration/providers/new", "GET", {}),
        (f"{PAGE}/check", "POST", {}),
        (f"{PAGE}/switch", "POST", {"on": "yes", "current_password": PASSWORD}),
    ]
