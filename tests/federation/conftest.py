"""A provider that is on, and the institution whose people it knows."""

from collections.abc import Iterator

import pytest

from federation import discovery
from federation.models import IdentityProvider
from federation.providers import add_provider
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, ISSUER, FakeProvider

KEY = "iess"


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    """Return the provider, which answers."""
    provider = FakeProvider(claims={"sub": "a1", "given_name": "Ana", "family_name": "Quinde", "email": "ana@example.org"})
    discovery._DONE_AT.clear()
    with provider.answering():
        yield provider


@pytest.fixture
def institution(instance: Instance) -> Organisation:
    """Return the institution of the provider."""
    with instance.database.unit_of_work() as session:
        return make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues("Instituto de prueba", "IP"), now=clock.now())


@pytest.fixture
def provider(instance: Instance, fake: FakeProvider, institution: Organisation) -> IdentityProvider:
    """Return the provider as this site knows it: on."""
    columns = {
        "key": KEY,
        "institution_id": institution.id,
        "names": {"es": "Instituto de prueba", "en": "Test institute"},
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "is_on": True,
    }
    with instance.database.unit_of_work() as session:
        return add_provider(session, SYSTEM, columns, CLIENT_SECRET, secret_keys(instance.settings), now=clock.now())
