"""Rare situations of sign-in by institutions: a link of one's own, and one of another person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from federation.claims import ProvenIdentity
from federation.links import link
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import add_provider, find_provider
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, ISSUER
from tests.support.situations import Room, Scene, Stage

KEY = "vinculo"


def _provider(session: Session, keys: Sequence[bytes]) -> IdentityProvider:
    if (known := find_provider(session, KEY)) is not None:
        return known
    now = clock.now()
    root = make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues("Instituto vinculado", "IV"), now=now)
    columns = {"key": KEY, "institution_id": root.id, "names": {"es": "Instituto"}, "issuer": ISSUER, "client_id": CLIENT_ID, "is_on": True}
    return add_provider(session, SYSTEM, columns, CLIENT_SECRET, keys, now=now)


def a_link(instance: Instance, person: int) -> int:
    """Link a person with a provider that is on, where they are not yet; return the number of the link."""
    with instance.database.unit_of_work() as session:
        provider = _provider(session, secret_keys(instance.settings))
        mine = (ExternalIdentity.provider_id == provider.id, ExternalIdentity.person_id == person)
        known = session.scalar(select(ExternalIdentity).where(*mine))
        holder = session.get_one(Person, person)
        return (known or link(session, SYSTEM, provider, ProvenIdentity(f"s{person}"), holder, now=clock.now())).id


def a_link_of_ones_own(stage: Stage) -> Scene:
    """Somebody who has a password and a link."""
    person = stage.person()
    a_link(stage.instance, person.id)
    return Scene(stage.signed_in(person), "/profile/institutions")


def a_link_of_another(stage: Stage) -> Scene:
    """A link that an administrator removes."""
    a_link(stage.instance, stage.person().id)
    return Scene(stage.boss, f"/administration/providers/{KEY}", {"reason": "Es de otra persona."})


FEDERATION: Room = {
    "federation_links.remove_own_link": a_link_of_ones_own,
    "federation_providers.remove_link": a_link_of_another,
}
