"""Rare situations of sign-in by institutions: a link of one's own, and one of another person."""

from __future__ import annotations

from accounts.models import Person
from federation.claims import ProvenIdentity
from federation.links import link
from federation.models import IdentityProvider
from federation.providers import ProviderValues, add_provider
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, ISSUER
from tests.support.situations import Room, Scene, Stage


def _provider(stage: Stage) -> int:
    def add() -> int:
        now = clock.now()
        with stage.instance.database.unit_of_work() as session:
            root = make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues("Instituto vinculado", "IV"), now=now)
            columns = {"institution_id": root.id, "names": {"es": "Instituto"}, "issuer": ISSUER, "client_id": CLIENT_ID, "is_on": True}
            values = ProviderValues(columns, CLIENT_SECRET)
            return add_provider(session, SYSTEM, "vinculo", values, secret_keys(stage.instance.settings), now=now).id

    return stage.once("provider", add)


def _link(stage: Stage, person: Person) -> int:
    number = _provider(stage)
    with stage.instance.database.unit_of_work() as session:
        provider, holder = session.get_one(IdentityProvider, number), session.get_one(Person, person.id)
        return link(session, SYSTEM, provider, ProvenIdentity(f"s{person.id}"), holder, now=clock.now()).id


def a_link_of_ones_own(stage: Stage) -> Scene:
    """Somebody who has a password and a link."""
    person = stage.person()
    _link(stage, person)
    return Scene(stage.signed_in(person), "/profile/institutions")


def a_link_of_another(stage: Stage) -> Scene:
    """A link that an administrator removes."""
    _link(stage, stage.person())
    return Scene(stage.boss, "/administration/providers/vinculo", {"reason": "Es de otra persona."})


FEDERATION: Room = {
    "federation_links.remove_own_link": a_link_of_ones_own,
    "federation_providers.remove_link": a_link_of_another,
}
