"""Who has power over others, and so proves here who they are before an institution's sign-in is enough (spec/identity 5.5)."""

import pytest
from sqlalchemy import select

from accounts.models import Person
from accounts.people import find_person_by_email
from federation.claims import ProvenIdentity
from federation.links import OwnProofNeeded
from federation.models import IdentityProvider
from lms.instance import Instance
from selections.selections import has_selections_condition
from tests.support.browser import Browser
from tests.support.institution_sign_in import vouch_for
from tests.support.selections import a_provisional, a_sat_selection


def nameless(email: str) -> ProvenIdentity:
    """Return what a provider says of somebody by their address, without a name."""
    return ProvenIdentity(email, email=email, email_is_proven=True)


def test_candidates_of_a_selection_are_no_staff_and_its_jury_is(browser: Browser, instance: Instance, provider: IdentityProvider) -> None:
    """Both have selections in their menu; a line in an acta is no power over anybody."""
    selection = a_sat_selection(instance)
    a_provisional(browser, instance, selection, email="julia@example.org")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Person.id).where(has_selections_condition())).all()
        candidates = [find_person_by_email(session, email) for email in ("ana@example.org", "berta@example.org")]

    assert [vouch_for(instance, provider, nameless(row.email)) for row in candidates if row] == [row.id for row in candidates if row]

    with pytest.raises(OwnProofNeeded) as refused:
        vouch_for(instance, provider, nameless("julia@example.org"))
    assert type(refused.value) is OwnProofNeeded
