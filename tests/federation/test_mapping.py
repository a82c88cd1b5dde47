"""What comes with a sign-in (spec/identity 6): names, address, unit and post with history, the role of instructor alone."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.accounts import grant_role, revoke_role
from accounts.models import Notification, Person, RoleGrant
from accounts.passwords import NOBODYS
from federation import links, mapping
from federation.claims import ClaimField, ProvenIdentity, read_claims
from federation.links import LinkedElsewhere, OwnProofNeeded, SeveralPeople, UnknownPerson
from federation.models import ExternalIdentity, IdentityProvider
from kernel import clock
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from organisations.models import Employment, Membership, Organisation
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.builders import a_person, an_administrator

ANA = ProvenIdentity("a1", given_names="Ana", surnames="Quinde", email="ana@example.org", email_is_proven=True)


def enter(instance: Instance, provider: IdentityProvider, proven: ProvenIdentity = ANA, **settings: object) -> int:
    """Come in as somebody, with some settings of the provider; return the person's number."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        for name, value in settings.items():
            setattr(row, name, value)
        link, person = links.enter(session, SYSTEM, row, proven, now=clock.now())
        mapping.FollowedSignIn(session, SYSTEM, row, link, person, proven=proven, now=clock.now()).follow()
        return person.id


def person_of(instance: Instance, number: int) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, number)


def roles(instance: Instance, number: int) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == number)))


def test_names_mail_and_language_follow_only_where_the_provider_is_their_source(instance: Instance, provider: IdentityProvider) -> None:
    ana = a_person(instance)
    later = replace(ANA, given_names="Ana Lucía", surnames="Quinde Paz", email="nueva@example.org", language="en")
    enter(instance, provider)
    enter(instance, provider, later)
    assert person_of(instance, ana.id).full_name == "Ana Quinde"

    enter(instance, provider, later, sources=("names", "email", "language"))

    person = person_of(instance, ana.id)
    assert (person.full_name, person.email, person.language) == ("Ana Lucía Quinde Paz", "nueva@example.org", "en")


def test_an_address_that_another_account_has_is_not_taken(instance: Instance, provider: IdentityProvider) -> None:
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis")
    an_administrator(instance)
    enter(instance, provider)

    enter(instance, provider, replace(ANA, email=luis.email), sources=("email",))

    assert person_of(instance, ana.id).email == "ana@example.org"
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Notification.kind).where(Notification.kind != "link")).all() == ["provider"]


@pytest.fixture
def units(instance: Instance, institution: Organisation) -> tuple[int, int]:
    """Return two units of the institution, with the codes A and B."""
    with instance.database.unit_of_work() as session:
        root = session.get_one(Organisation, institution.id)
        made = [make(session, SYSTEM, root, OrganisationKind.UNIT, UnitValues(f"Unidad {code}", code), now=clock.now()) for code in "AB"]
        return made[0].id, made[1].id


def places(session: Session, person: int) -> list[tuple[int, bool]]:
    rows = session.scalars(select(Membership).where(Membership.person_id == person, Membership.is_main).order_by(Membership.id))
    return [(row.organisation_id, row.until is None) for row in rows]


def test_a_unit_moves_with_history_and_an_unknown_code_is_listed(
    instance: Instance, provider: IdentityProvider, units: tuple[int, int]
) -> None:
    ana = a_person(instance)
    for unit in ("A", "B", "X", ""):
        enter(instance, provider, replace(ANA, unit=unit))
        with instance.database.unit_of_work(write=False) as session:
            unknown = mapping.list_unknown_units(session, session.get_one(IdentityProvider, provider.id))
            moved = places(session, ana.id)
        assert [tuple(row) for row in unknown] == ([("X", 1)] if unit in ("X", "") else [])
    assert moved == [(units[0], False), (units[1], True)]


def test_who_has_left_by_the_list_is_not_employed_again_by_a_claim(
    instance: Instance, provider: IdentityProvider, units: tuple[int, int]
) -> None:
    ana = a_person(instance)
    an_administrator(instance)
    enter(instance, provider, replace(ANA, unit="A"))
    with instance.database.unit_of_work() as session:
        for row in session.scalars(select(Employment).where(Employment.person_id == ana.id)):
            row.left_on = clock.now().date()
        before = session.scalar(select(func.count()).select_from(Employment))
    enter(instance, provider, replace(ANA, unit="B"))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Employment)) == before == 1
        assert [unit for unit, _is_open in places(session, ana.id)] == [units[0]]
        assert "provider" in session.scalars(select(Notification.kind)).all()


def test_a_group_gives_the_role_of_instructor_alone_and_takes_what_it_gave(instance: Instance, provider: IdentityProvider) -> None:
    ana = a_person(instance)
    setting = {"claims": {ClaimField.GROUPS.value: "groups"}, "instructor_groups": ("g-1",)}
    inside, outside = replace(ANA, groups=frozenset({"g-1", "administrator"})), replace(ANA, groups=frozenset({"otro"}))
    enter(instance, provider, inside, **setting)
    assert roles(instance, ana.id) == ["instructor"]
    enter(instance, provider, replace(ANA, groups=None))
    assert roles(instance, ana.id) == ["instructor"], "an incomplete claim changes no role"
    enter(instance, provider, outside)
    assert roles(instance, ana.id) == []


def test_a_role_that_a_person_had_given_and_took_away_is_not_given_by_a_group(instance: Instance, provider: IdentityProvider) -> None:
    ana, boss = a_person(instance), an_administrator(instance)
    setting = {"claims": {ClaimField.GROUPS.value: "groups"}, "instructor_groups": ("g-1",)}
    inside = replace(ANA, groups=frozenset({"g-1"}))
    enter(instance, provider)
    with instance.database.unit_of_work() as session:
        grant_role(session, Actor(person_id=boss.id), session.get_one(Person, ana.id), SiteRole.INSTRUCTOR, now=clock.now())
    enter(instance, provider, inside, **setting)
    with instance.database.unit_of_work() as session:
        revoke_role(session, Actor(person_id=boss.id), session.get_one(Person, ana.id), SiteRole.INSTRUCTOR, now=clock.now())
    enter(instance, provider, inside)
    assert roles(instance, ana.id) == []


def test_a_role_that_a_person_took_away_is_not_given_again(instance: Instance, provider: IdentityProvider) -> None:
    ana, boss = a_person(instance), an_administrator(instance)
    setting = {"claims": {ClaimField.GROUPS.value: "groups"}, "instructor_groups": ("g-1",)}
    inside, outside = replace(ANA, groups=frozenset({"g-1"})), replace(ANA, groups=frozenset[str]())
    enter(instance, provider, inside, **setting)
    with instance.database.unit_of_work() as session:
        revoke_role(session, Actor(person_id=boss.id), session.get_one(Person, ana.id), SiteRole.INSTRUCTOR, now=clock.now())
    enter(instance, provider, inside)
    assert roles(instance, ana.id) == []
    with instance.database.unit_of_work() as session:
        grant_role(session, Actor(person_id=boss.id), session.get_one(Person, ana.id), SiteRole.INSTRUCTOR, now=clock.now())
    enter(instance, provider, outside)
    assert roles(instance, ana.id) == ["instructor"], "what a person gave is theirs"


def test_who_is_meant_is_found_by_number_identity_or_address(instance: Instance, provider: IdentityProvider) -> None:
    ana = a_person(instance)
    luis = a_person(instance, "luis@example.org", given="Luis", surname="Toa")
    with instance.database.unit_of_work() as session:
        from accounts.models import NationalIdentity

        session.add(NationalIdentity(person_id=luis.id, number="1710034065"))
    with pytest.raises(SeveralPeople):
        enter(instance, provider, replace(ANA, national_id="1710034065"))
    with pytest.raises(UnknownPerson):
        enter(instance, provider, replace(ANA, email_is_proven=False))
    assert enter(instance, provider, replace(ANA, email_is_proven=False, national_id="1710034065")) == luis.id
    with pytest.raises(LinkedElsewhere):
        enter(instance, provider, replace(ANA, subject="b2", email_is_proven=False, national_id="1710034065"))
    assert enter(instance, provider, replace(ANA, subject="c3")) == ana.id


def test_a_stranger_who_signed_up_with_an_address_is_not_linked(instance: Instance, provider: IdentityProvider) -> None:
    """Nobody confirmed the address; an account from a list, which has no password yet, is its person's."""
    a_person(instance, confirmed=False)
    with pytest.raises(UnknownPerson):
        enter(instance, provider, creates=True)
    with instance.database.unit_of_work() as session:
        session.scalars(select(Person)).one().password_hash = NOBODYS
    number = enter(instance, provider)
    assert person_of(instance, number).email_confirmed_at is not None


def test_staff_are_not_linked_by_the_provider_alone(instance: Instance, provider: IdentityProvider) -> None:
    ada = an_administrator(instance)
    with pytest.raises(OwnProofNeeded):
        enter(instance, provider, replace(ANA, email=ada.email))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ExternalIdentity)).all() == []


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "ana@example.org"}, "ana@example.org"),
        ({"email": ["ana@example.org", "admin@example.org"]}, ""),
        ({"email": "\uff41na@example.org"}, ""),
        ({"email": "Ana@Example.org"}, "ana@example.org"),
        ({}, ""),
    ],
)
def test_an_address_is_one_text_without_look_alike_letters(provider: IdentityProvider, claims: dict[str, object], email: str) -> None:
    """Attacks 13 and 14 of spec/identity 9."""
    assert read_claims(provider, {"sub": "a1", **claims}).email == email


@pytest.mark.parametrize(
    "claims",
    [{"hasgroups": True}, {"_claim_names": {"groups": "src1"}}, {}, {"groups": "g-1"}, {"groups": ["g"] * 1_001}],
)
def test_groups_that_are_not_whole_are_none(provider: IdentityProvider, claims: dict[str, object]) -> None:
    provider.claims = {ClaimField.GROUPS.value: "groups"}
    assert read_claims(provider, {"sub": "a1", **({"groups": ["g-1"]} | claims if claims else {})}).groups is None
    assert read_claims(provider, {"sub": "a1", "groups": ["g-1"]}).groups == {"g-1"}


def test_the_object_of_a_tenant_names_somebody_at_entra(provider: IdentityProvider) -> None:
    provider.uses_object_id = True
    assert read_claims(provider, {"sub": "por-registro", "tid": "t", "oid": "o"}).subject == "t o"
    with pytest.raises(ValueError, match="tid"):
        read_claims(provider, {"sub": "por-registro"})
