"""What comes with a sign-in (spec/identity 6): names, address, unit and post with history, the role of instructor alone."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import names
from accounts.accounts import grant_role, revoke_role
from accounts.models import NameSource, Notification, Person, PersonName, RoleGrant
from accounts.passwords import NOBODYS
from federation import mapping
from federation.claims import ClaimField, ProvenIdentity, read_claims
from federation.links import LinkedElsewhere, OwnProofNeeded, SeveralPeople, UnknownPerson
from federation.models import ExternalIdentity, IdentityProvider
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from organisations.list_checking import judge_people
from organisations.list_reading import PersonListRow
from organisations.models import Employment, Membership, Organisation
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.builders import a_person, an_administrator
from tests.support.institution_sign_in import vouch_for
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

ANA = ProvenIdentity("a1", given_names="Ana", surnames="Quinde", email="ana@example.org", email_is_proven=True)


def enter(instance: Instance, provider: IdentityProvider, proven: ProvenIdentity = ANA, **settings: object) -> int:
    """Come in as Ana, or somebody else, with some settings of the provider; return the person's number."""
    return vouch_for(instance, provider, proven, **settings)


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


def correct(instance: Instance, number: int, *parts: str, source: NameSource = NameSource.CORRECTION) -> None:
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, number)
        if source is NameSource.CORRECTION:
            names.correct_name(session, SYSTEM, row, (parts[0], parts[1], parts[2]), "Vista su cédula", None, now=clock.now())
        else:
            names.change_name(session, SYSTEM, row, (parts[0], parts[1], parts[2]), source, now=clock.now())


def notified(instance: Instance) -> list[str]:
    """Return what administrators learned of the provider."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Notification).where(Notification.kind == "provider").order_by(Notification.id))
        return [row.words["es"] for row in rows]


def test_a_corrected_name_holds_at_every_sign_in_and_administrators_learn_once_of_another(
    instance: Instance, provider: IdentityProvider
) -> None:
    """The same name in a poorer spelling is no difference."""
    an_administrator(instance)
    ana = a_person(instance)
    poor = replace(ANA, given_names="ANA LUCIA", surnames="QUINDE CHALA")
    enter(instance, provider, poor, sources=("names",))
    correct(instance, ana.id, "Ana Lucía", "Quinde", "Chalá")

    enter(instance, provider, poor)
    assert notified(instance) == []
    for given_names in ("Ana Luz", "ANA LUZ", "Ana Lus"):
        enter(instance, provider, replace(ANA, given_names=given_names, surnames="Quinde"))

    assert person_of(instance, ana.id).full_name == "Ana Lucía Quinde Chalá"
    with instance.database.unit_of_work(write=False) as session:
        assert names.source_of_name(session, ana.id) is NameSource.CORRECTION
        mine = select(PersonName.source).where(PersonName.person_id == ana.id).order_by(PersonName.id)
        assert session.scalars(mine).all() == ["self", "provider", "correction"]
    assert notified(instance) == [in_spanish(mapping.NAME_DECIDED, name="Ana Lucía Quinde Chalá", claimed="Ana Luz Quinde")]


def test_the_audit_log_names_the_provider_with_each_change_that_it_makes(instance: Instance, provider: IdentityProvider) -> None:
    a_person(instance)
    sources = ("names", "email", "language")
    enter(instance, provider, sources=sources)
    enter(instance, provider, replace(ANA, given_names="Ana Lucía", email="nueva@example.org", staff_number="E-1"), sources=sources)
    with instance.database.unit_of_work(write=False) as session:
        verbs = ("account.profile_changed", "account.address_changed", "employment.recorded")
        rows = session.execute(select(AuditEntry.verb, AuditEntry.facts).where(AuditEntry.verb.in_(verbs))).all()
    assert {row.verb for row in rows} == set(verbs)
    assert {json.loads(row.facts)["provider"] for row in rows} == {provider.id}


def test_a_name_of_the_list_of_people_is_not_overwritten_at_each_sign_in(instance: Instance, provider: IdentityProvider) -> None:
    """Else provider and list would take turns; of one name the richer spelling stays."""
    ana = a_person(instance)
    enter(instance, provider, sources=("names",))
    correct(instance, ana.id, "Ana", "Quinde", "Chala", source=NameSource.LIST)

    enter(instance, provider, replace(ANA, given_names="Ana Luisa"))
    assert person_of(instance, ana.id).full_name == "Ana Quinde Chala"
    enter(instance, provider, replace(ANA, surnames="QUINDE CHALÁ"))

    row = person_of(instance, ana.id)
    assert names.parts_of(row) == ("Ana", "Quinde", "Chalá")


def test_the_name_of_another_person_is_never_followed(instance: Instance, provider: IdentityProvider) -> None:
    """An account at the institution that was handed on keeps its subject."""
    an_administrator(instance)
    ana = a_person(instance)
    enter(instance, provider, sources=("names",))

    enter(instance, provider, replace(ANA, given_names="Marco", surnames="Toapanta Lema"))

    assert person_of(instance, ana.id).full_name == "Ana Quinde"
    assert len(notified(instance)) == 1


def test_a_name_that_the_provider_is_the_source_of_is_checked_and_says_where_it_comes_from(
    instance: Instance, provider: IdentityProvider
) -> None:
    number = enter(instance, provider, creates=True, sources=("names",))
    other = enter(instance, provider, replace(ANA, subject="b", email="b@example.org"), sources=())
    with instance.database.unit_of_work(write=False) as session:
        assert [names.source_of_name(session, person) for person in (number, other)] == [NameSource.PROVIDER, NameSource.SELF]
        assert [names.is_checked(session, person) for person in (number, other)] == [True, False]
    enter(instance, provider, replace(ANA, subject="b", email="b@example.org"), sources=("names",))
    with instance.database.unit_of_work(write=False) as session:
        assert names.source_of_name(session, other) is NameSource.PROVIDER, "it says the same"
        before = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "account.profile_changed"))
    enter(instance, provider, replace(ANA, subject="b", email="b@example.org"))
    with instance.database.unit_of_work(write=False) as session:
        after = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "account.profile_changed"))
    assert after == before, "a sign-in that changes nothing leaves no entry"


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


def employments(instance: Instance) -> list[tuple[int, str | None, bool]]:
    """Return the employments that stand: person, staff number, and whether it goes on."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Employment).where(Employment.retracted_at.is_(None)).order_by(Employment.id))
        return [(row.person_id, row.staff_number, row.left_on is None) for row in rows]


@pytest.mark.parametrize("unit", ["A", ""])
def test_the_staff_number_is_kept_and_the_list_finds_its_person_by_it(
    instance: Instance, provider: IdentityProvider, units: tuple[int, int], unit: str
) -> None:
    number = enter(instance, provider, replace(ANA, staff_number="S-9999", national_id="1710034065", unit=unit), creates=True)
    assert employments(instance) == [(number, "S-9999", True)]
    line = PersonListRow(2, "otra@example.org", "Ana", "Quinde", "", unit="A", staff_number="S-9999")
    by_identity = replace(line, staff_number="", national_id="1710034065")
    with instance.database.unit_of_work() as session:
        for listed in (line, by_identity):
            check = judge_people(session, [listed], now=clock.now())
            assert (check.new, check.faults) == ((), ())
        recorded = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "employment.recorded")).all()
    assert [json.loads(facts)["source"] for facts in recorded] == ["provider"]


def test_a_staff_number_fills_in_what_is_missing_and_takes_nobody_s_place(
    instance: Instance, provider: IdentityProvider, units: tuple[int, int]
) -> None:
    an_administrator(instance)
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis")
    enter(instance, provider, replace(ANA, unit="A"))
    assert employments(instance) == [(ana.id, None, True)]
    enter(instance, provider, replace(ANA, staff_number="S-1", unit="A"))
    assert employments(instance) == [(ana.id, "S-1", True)]
    enter(instance, provider, replace(ANA, staff_number="S-2", unit="A"))
    assert employments(instance) == [(ana.id, "S-1", True)]

    enter(instance, provider, replace(ANA, subject="b", given_names="Luis", email=luis.email))
    enter(instance, provider, replace(ANA, subject="b", given_names="Luis", email=luis.email, staff_number="S-1", unit="B"))

    assert employments(instance) == [(ana.id, "S-1", True), (luis.id, None, True)]
    kept = "The institution’s sign-in says another staff number of %(name)s than the list of people: that of the list stays."
    taken = "The staff number that the institution’s sign-in says of %(name)s is someone else’s: it was not recorded."
    assert notified(instance) == [in_spanish(kept, name="Ana Quinde"), in_spanish(taken, name="Luis Quinde")]


def test_a_provider_moves_nobody_out_of_a_unit_of_another_institution(
    instance: Instance, provider: IdentityProvider, units: tuple[int, int]
) -> None:
    an_administrator(instance)
    ana = a_person(instance)
    enter(instance, provider)
    elsewhere = a_place(instance, "Otro instituto", code="OI")
    put(instance, ana, elsewhere)

    enter(instance, provider, replace(ANA, unit="A", staff_number="S-1"))

    with instance.database.unit_of_work(write=False) as session:
        assert places(session, ana.id) == [(elsewhere.id, True)]
    assert employments(instance) == [(ana.id, None, True), (ana.id, "S-1", True)]
    text = "%(name)s belongs to a unit of another institution: the unit that this one says was not taken."
    assert notified(instance) == [in_spanish(text, name="Ana Quinde")]


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
    enter(instance, provider, replace(ANA, unit="B", staff_number="S-1"))
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
