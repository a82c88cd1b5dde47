"""Whom a provider means (spec/identity 5): what contradicts an address, whom it speaks for, and who proves here who they are."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from accounts import accounts, names
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Notification, Person, full_name
from federation import links
from federation.claims import ClaimField, ProvenIdentity, read_claims
from federation.links import (
    AccountClosed,
    Contradiction,
    LinkedElsewhere,
    OtherPerson,
    OutsideOwnDomains,
    OwnProofNeeded,
    OwnSiteProofNeeded,
    SeveralPeople,
)
from federation.models import IdentityProvider
from federation.views import CONTRADICTION_TEXTS
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import employment
from organisations.employment import EmploymentValues
from organisations.models import Organisation
from organisations.rules.units import EmploymentDays
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.fake_provider import FakeProvider
from tests.support.institution_sign_in import come_in, links_of, proves, vouch_for
from tests.support.people import person_row, suspend
from tests.support.places import a_place
from tests.support.wording import in_spanish

CEDULA, OTHER_CEDULA = "1710034065", "0926687856"
ANA = ProvenIdentity("a1", given_names="Ana", surnames="Quinde", email="ana@example.org", email_is_proven=True)
MARCO = replace(ANA, subject="m1", given_names="Marco", surnames="Toapanta Lema")
ENDED = date(2026, 5, 31)


def employ(instance: Instance, person: Person, place: Organisation, number: str = "", left_on: date | None = None) -> None:
    """Let somebody work at an institution, as a list says it."""
    values = EmploymentValues(place.id, EmploymentDays(number, None, left_on), back=True)
    with instance.database.unit_of_work() as session:
        employment.record_employments(session, SYSTEM, {person.id: values}, clock.now().date(), now=clock.now())


def identify(instance: Instance, person: Person, number: str, source: NameSource = NameSource.LIST) -> None:
    """Give somebody an identity number."""
    with instance.database.unit_of_work() as session:
        accounts.set_national_id(session, person.id, number, source)


def rename(instance: Instance, person: Person, parts: names.NameParts, source: NameSource) -> None:
    """Give somebody a name."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        accounts.edit_profile(session, SYSTEM, row, ProfileChanges(*parts, row.language, row.zone), source=source, now=clock.now())


def refusal(instance: Instance, provider: IdentityProvider, proven: ProvenIdentity, **settings: object) -> object:
    """Return what contradicts somebody who is refused; nothing of them is kept."""
    with pytest.raises(OtherPerson) as refused:
        vouch_for(instance, provider, proven, **settings)
    assert links_of(instance) == []
    return refused.value.what


def test_a_mailbox_that_passed_on_does_not_open_the_account_of_who_had_it(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, institution: Organisation
) -> None:
    """Neither does the account get the name of the one who has it now, and administrators learn of it."""
    an_administrator(instance)
    ana = a_person(instance)
    employ(instance, ana, institution, "E-100", ENDED)
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        row.claims, row.sources, row.creates = {"staff_number": "employee_id", "national_id": "cedula"}, ("names",), True
    proves(fake, sub="otro", given_name="Marco", family_name="Toapanta Lema", employee_id="E-777", cedula=CEDULA)

    page = come_in(browser, fake, status=403).page

    assert in_spanish(OtherPerson.message) in page.text
    assert in_spanish("Reference: %(reference)s", reference="") in page.text
    assert "Ana" not in page.text
    assert links_of(instance) == []
    assert person_row(instance, "ana@example.org").full_name == "Ana Quinde"
    shown = sign_in(browser.another(), "admin@example.org").get("/notices").text
    assert in_spanish(CONTRADICTION_TEXTS[Contradiction.NAME], name="Ana Quinde", what=in_spanish("name")) in shown
    reference = page.text.partition(in_spanish("Reference: %(reference)s", reference=""))[2].split()[0]
    assert in_spanish("Reference: %(reference)s", reference=reference) in shown
    assert "Toapanta" not in shown


def test_an_address_alone_links_nobody_whom_something_contradicts(
    instance: Instance, provider: IdentityProvider, institution: Organisation
) -> None:
    ana = a_person(instance)
    assert refusal(instance, provider, MARCO) is Contradiction.NAME
    identify(instance, ana, OTHER_CEDULA)
    assert refusal(instance, provider, replace(ANA, national_id=CEDULA)) is Contradiction.NATIONAL_ID
    employ(instance, ana, institution, "E-100")
    assert refusal(instance, provider, replace(ANA, staff_number="E-777")) is Contradiction.STAFF_NUMBER
    employ(instance, ana, institution, "E-100", ENDED)
    assert refusal(instance, provider, ANA) is Contradiction.LEFT
    assert refusal(instance, provider, replace(ANA, staff_number="E-777")) is Contradiction.LEFT


@pytest.mark.parametrize("number", ["E-100", ""])
def test_an_address_that_nothing_contradicts_links(
    instance: Instance, provider: IdentityProvider, institution: Organisation, number: str
) -> None:
    ana = a_person(instance)
    employ(instance, ana, institution, number)
    identify(instance, ana, CEDULA)

    assert vouch_for(instance, provider, replace(ANA, staff_number="E-100", national_id=CEDULA)) == ana.id


def test_who_comes_back_with_the_number_of_before_is_linked_and_with_another_name_is_not(
    instance: Instance, provider: IdentityProvider, institution: Organisation
) -> None:
    ana = a_person(instance)
    employ(instance, ana, institution, "E-100", ENDED)
    assert refusal(instance, provider, replace(MARCO, staff_number="E-100")) is Contradiction.NAME
    assert vouch_for(instance, provider, replace(ANA, staff_number="E-100")) == ana.id


def test_a_staff_number_alone_does_not_open_the_account_of_somebody_with_another_name(
    instance: Instance, provider: IdentityProvider, institution: Organisation
) -> None:
    """A slip, or a number that was given anew, is another person’s; the identity number of the institution says that it is theirs."""
    ana = a_person(instance)
    employ(instance, ana, institution, "A009")
    other = replace(MARCO, staff_number="A009", email="roberto@example.org")
    assert refusal(instance, provider, other, sources=("names", "email")) is Contradiction.NAME
    identify(instance, ana, CEDULA, NameSource.SELF)
    assert refusal(instance, provider, replace(other, national_id=CEDULA)) is Contradiction.NAME
    assert person_row(instance, ana.email).full_name == "Ana Quinde"
    identify(instance, ana, CEDULA)
    assert refusal(instance, provider, other) is Contradiction.NAME
    assert vouch_for(instance, provider, replace(other, national_id=CEDULA), sources=()) == ana.id


def test_a_name_that_the_person_had_does_not_contradict(instance: Instance, provider: IdentityProvider) -> None:
    ana = a_person(instance)
    rename(instance, ana, ("Lucía", "Paredes", ""), NameSource.CORRECTION)
    assert vouch_for(instance, provider, ANA) == ana.id


def test_the_address_of_a_merged_account_is_compared_with_the_one_that_stays(instance: Instance, provider: IdentityProvider) -> None:
    kept, closed = a_person(instance, "luis@example.org", given="Luis", surname="Toa"), a_person(instance)
    with instance.database.unit_of_work() as session:
        pair = (session.get_one(Person, closed.id), session.get_one(Person, kept.id))
        accounts.close_after_merge(session, SYSTEM, *pair, "La misma persona", [], now=clock.now())
    assert refusal(instance, provider, MARCO) is Contradiction.NAME
    assert vouch_for(instance, provider, ANA) == kept.id


def test_who_is_contradicted_learns_nothing_of_a_closed_or_linked_account(instance: Instance, provider: IdentityProvider) -> None:
    """An administrator who was told to remove the link would let the other in."""
    ana = a_person(instance)
    vouch_for(instance, provider, ANA)
    with pytest.raises(OtherPerson):
        vouch_for(instance, provider, MARCO)
    with pytest.raises(LinkedElsewhere):
        vouch_for(instance, provider, replace(ANA, subject="a2"))
    suspend(instance, ana.email)
    with pytest.raises(OtherPerson):
        vouch_for(instance, provider, MARCO)
    with pytest.raises(AccountClosed):
        vouch_for(instance, provider, replace(ANA, subject="a2"))


def test_an_identity_number_that_its_person_typed_gives_way_to_name_and_list(instance: Instance, provider: IdentityProvider) -> None:
    """Whoever types the number of another does not get their sign-in."""
    luis = a_person(instance, "luis@example.org", given="Luis", surname="Toa")
    ana = a_person(instance, "ana.quinde@example.org")
    identify(instance, luis, CEDULA, NameSource.SELF)
    alone = replace(ANA, email="", email_is_proven=False, national_id=CEDULA)
    assert refusal(instance, provider, alone) is Contradiction.NAME

    identify(instance, ana, CEDULA)

    assert vouch_for(instance, provider, alone) == ana.id


def test_a_number_of_the_list_says_more_than_one_that_the_person_typed(
    instance: Instance, provider: IdentityProvider, institution: Organisation
) -> None:
    ana = a_person(instance, "ana.quinde@example.org")
    employ(instance, ana, institution, "E-100")
    identify(instance, ana, OTHER_CEDULA)
    by_number = replace(ANA, staff_number="E-100", national_id=CEDULA)
    assert refusal(instance, provider, by_number) is Contradiction.NATIONAL_ID

    identify(instance, ana, OTHER_CEDULA, NameSource.SELF)

    assert vouch_for(instance, provider, by_number) == ana.id


@pytest.mark.parametrize(("other", "may_merge"), [(("Luis", "Toa", ""), False), (("Ana", "Quindé", "Paz"), True)])
def test_administrators_are_not_told_to_merge_two_people(
    browser: Browser,
    instance: Instance,
    provider: IdentityProvider,
    fake: FakeProvider,
    institution: Organisation,
    other: names.NameParts,
    *,
    may_merge: bool,
) -> None:
    """The address of one and the staff number of another: whoever reads it asks at the institution first."""
    an_administrator(instance)
    a_person(instance)
    second = a_person(instance, "b@example.org")
    rename(instance, second, other, NameSource.CORRECTION)
    employ(instance, second, institution, "S-2")
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).claims = {"staff_number": "number"}
    proves(fake, number="s-2")

    page = come_in(browser, fake, status=403).page

    message = "What your institution says of you belongs to two accounts of this site. Tell an administrator this reference."
    assert in_spanish(message) in page.text
    shown = sign_in(browser.another(), "admin@example.org").get("/notices").text
    asks = (
        "What the institution says of one person belongs to several accounts: %(names)s. Ask there who it is: merge the accounts only if "
        "they are one person’s; if not, have it corrected there."
    )
    corrects = "What the institution says of one person belongs to accounts of different people: %(names)s. Have it corrected there."
    named = f"Ana Quinde, {full_name(*other)}"
    assert [in_spanish(text, names=named) in shown for text in (asks, corrects)] == [may_merge, not may_merge]


def test_two_identity_numbers_are_two_people_whatever_they_are_called(instance: Instance) -> None:
    people = [a_person(instance, email) for email in ("a@example.org", "b@example.org")]
    with instance.database.unit_of_work(write=False) as session:
        assert links.may_be_one_person(session, [person.id for person in people])
    for person, number in zip(people, (CEDULA, OTHER_CEDULA), strict=True):
        identify(instance, person, number)
    with instance.database.unit_of_work(write=False) as session:
        assert not links.may_be_one_person(session, [person.id for person in people])


def test_two_present_staff_numbers_of_one_institution_are_two_people(instance: Instance, institution: Organisation) -> None:
    people = [a_person(instance, email) for email in ("a@example.org", "b@example.org")]
    employ(instance, people[0], institution, "E-1")
    employ(instance, people[1], a_place(instance, "Otro instituto", code="OI"), "X-2")
    with instance.database.unit_of_work(write=False) as session:
        assert links.may_be_one_person(session, [person.id for person in people])
    employ(instance, people[1], institution, "E-2")
    with instance.database.unit_of_work(write=False) as session:
        assert not links.may_be_one_person(session, [person.id for person in people])


def test_administrators_learn_that_the_provider_says_itself_that_an_address_is_not_verified(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    a_person(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).domains = ("example.org",)
    fake.claims["email_verified"] = False

    come_in(browser, fake, status=403)

    shown = sign_in(browser.another(), "admin@example.org").get("/notices").text
    assert "email_verified" in shown
    denied = (
        "People were refused because it says that their addresses are not verified (email_verified is false), which its own domains do not "
        "outweigh. Let it verify them."
    )
    assert in_spanish(denied) in shown


def test_who_has_no_password_reads_that_an_administrator_removes_the_link(instance: Instance, provider: IdentityProvider) -> None:
    a_person(instance)
    vouch_for(instance, provider, ANA)
    vouch_for(instance, provider, replace(ANA, subject="n1", email="nueva@example.org"), creates=True)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Notification).where(Notification.kind == "link").order_by(Notification.id)).all()
    own = "From now on you can sign in with its button. If it was not you, remove the link in “My account” and write to us."
    assert [row.words["es"] == in_spanish(own) for row in rows] == [True, False]


@pytest.fixture
def second(instance: Instance, institution: Organisation) -> Organisation:
    """Return another institution of the site than that of the provider."""
    return a_place(instance, "Otro instituto", code="OI")


def needs_proof(instance: Instance, provider: IdentityProvider, proven: ProvenIdentity, **settings: object) -> bool:
    """Return whether somebody is refused who has to prove here who they are."""
    try:
        vouch_for(instance, provider, proven, **settings)
    except OwnSiteProofNeeded:
        assert links_of(instance) == []
        return True
    return False


OWN = {"domains": ("example.org",)}


@pytest.mark.parametrize("domains", [(), ("banco.example.org",)])
def test_among_several_institutions_an_address_outside_the_own_domains_links_nobody_at_once(
    instance: Instance, provider: IdentityProvider, second: Organisation, domains: tuple[str, ...]
) -> None:
    """Neither does one of a provider that names none; one in them links, as any does where there is one institution."""
    a_person(instance)
    assert needs_proof(instance, provider, ANA, domains=domains)
    assert not needs_proof(instance, provider, ANA, **OWN)


def test_where_there_is_one_institution_every_proven_address_links(instance: Instance, provider: IdentityProvider) -> None:
    a_person(instance)
    assert not needs_proof(instance, provider, ANA)


def test_a_closed_institution_is_none_of_several(instance: Instance, provider: IdentityProvider, second: Organisation) -> None:
    a_person(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(Organisation, second.id).closed_at = clock.now()
    assert not needs_proof(instance, provider, ANA)


def test_among_several_institutions_an_identity_number_links_nobody_at_once(
    instance: Instance, provider: IdentityProvider, second: Organisation
) -> None:
    ana = a_person(instance)
    identify(instance, ana, CEDULA)
    by_number = replace(ANA, email="", email_is_proven=False, national_id=CEDULA)
    assert needs_proof(instance, provider, by_number, **OWN)
    assert needs_proof(instance, provider, replace(ANA, national_id=CEDULA), domains=())
    assert not needs_proof(instance, provider, replace(ANA, national_id=CEDULA), **OWN)


def test_whoever_works_at_another_institution_proves_it_here(
    instance: Instance, provider: IdentityProvider, institution: Organisation, second: Organisation
) -> None:
    """Working here as well changes nothing, but by the own staff number the provider means its own people."""
    ana = a_person(instance)
    employ(instance, ana, second, "X-1")
    assert needs_proof(instance, provider, ANA, **OWN)
    employ(instance, ana, institution, "E-100")
    assert needs_proof(instance, provider, ANA, **OWN)
    assert not needs_proof(instance, provider, replace(ANA, staff_number="E-100"), domains=())


def test_whoever_left_the_other_institution_is_linked(instance: Instance, provider: IdentityProvider, second: Organisation) -> None:
    ana = a_person(instance)
    employ(instance, ana, second, "X-1", ENDED)
    assert not needs_proof(instance, provider, ANA, **OWN)


def test_who_has_to_prove_it_signs_in_with_the_password_and_links_from_inside(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, second: Organisation
) -> None:
    """The reason that the page gives is the true one, and its button leads through the password to the link."""
    ana = a_person(instance)
    proves(fake)

    come_in(browser, fake, status=403)
    assert in_spanish(OwnSiteProofNeeded.message) in browser.page.text
    assert in_spanish(OwnProofNeeded.message) not in browser.page.text
    browser.get(next(href for href, _words in browser.page.links if href.startswith("/sign-in?password=1")))
    browser.submit("/sign-in", {"email": ana.email, "password": "cuatro palabras sin relación"})
    browser.submit(f"/profile/institutions/{provider.key}", {"current_password": "cuatro palabras sin relación"})
    come_in(browser, fake, next(href for href, _words in browser.page.links if "purpose=link" in href))

    assert links_of(instance) == [("a1", ana.id)]


def test_among_several_institutions_a_provider_makes_and_moves_only_addresses_of_its_own(
    instance: Instance, provider: IdentityProvider, second: Organisation
) -> None:
    """Else an account that it made would be waiting for the person whom another institution vouches for."""
    outside = replace(ANA, email="ana@otro.example.com")
    with pytest.raises(OutsideOwnDomains):
        vouch_for(instance, provider, outside, creates=True, **OWN)
    number = vouch_for(instance, provider, ANA, creates=True, sources=("email",), **OWN)
    vouch_for(instance, provider, outside)
    assert person_row(instance, "ana@example.org").id == number
    vouch_for(instance, provider, replace(ANA, email="nueva@example.org"))
    assert person_row(instance, "nueva@example.org").id == number


def test_among_several_institutions_a_link_does_not_confirm_an_address_of_another(
    instance: Instance, provider: IdentityProvider, second: Organisation
) -> None:
    ana = a_person(instance, confirmed=False)
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        links.link(session, SYSTEM, row, ANA, session.get_one(Person, ana.id), by=ana.id, now=clock.now())
    assert person_row(instance, ana.email).email_confirmed_at is None


def test_staff_numbers_and_identity_numbers_are_compared_as_lists_write_them(provider: IdentityProvider) -> None:
    provider.claims = {ClaimField.STAFF_NUMBER.value: "number", ClaimField.NATIONAL_ID.value: "cedula"}
    proven = read_claims(provider, {"sub": "a1", "number": "s-9999", "cedula": "171003406-5", "family_name": "De la Torre Núñez"})
    assert (proven.staff_number, proven.national_id, proven.names) == ("S-9999", CEDULA, None)
    assert read_claims(provider, {"sub": "a1", "number": "ß" * 40}).staff_number == ""
    whole = read_claims(provider, {"sub": "a1", "given_name": "Eva", "family_name": "De la Torre Núñez"})
    assert whole.names == ("Eva", "De la Torre", "Núñez")


def link_inside(instance: Instance, provider: IdentityProvider, person: Person, proven: ProvenIdentity) -> None:
    """Link somebody's account as they do who are signed in."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        links.link_own(session, SYSTEM, row, proven, session.get_one(Person, person.id), now=clock.now())


@pytest.mark.parametrize("source", [NameSource.LIST, NameSource.SELF])
def test_who_is_signed_in_links_nobody_whose_numbers_or_name_are_anothers(
    instance: Instance, provider: IdentityProvider, institution: Organisation, source: NameSource
) -> None:
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis", surname="Toa")
    identify(instance, luis, OTHER_CEDULA, source)
    employ(instance, luis, institution, "E-7")
    for claims in ({"national_id": OTHER_CEDULA}, {"staff_number": "E-7"}):
        with pytest.raises(SeveralPeople) as refused:
            link_inside(instance, provider, ana, replace(ANA, **claims))
        assert refused.value.people == [ana.id, luis.id]
    identify(instance, ana, CEDULA)
    for proven, what in ((replace(ANA, national_id="1712345675"), Contradiction.NATIONAL_ID), (MARCO, Contradiction.NAME)):
        with pytest.raises(OtherPerson) as contradicted:
            link_inside(instance, provider, ana, proven)
        assert contradicted.value.what is what
    assert links_of(instance) == []

    link_inside(instance, provider, ana, replace(MARCO, email="otra@example.org", national_id=CEDULA))

    assert links_of(instance) == [("m1", ana.id)]


def test_who_is_signed_in_links_what_contradicts_an_address_alone(
    instance: Instance, provider: IdentityProvider, institution: Organisation
) -> None:
    """They have proved here who they are: an end of employment, or a number that they typed, does not stop them."""
    ana = a_person(instance)
    employ(instance, ana, institution, "E-100", ENDED)
    identify(instance, ana, OTHER_CEDULA, NameSource.SELF)
    link_inside(instance, provider, ana, replace(ANA, staff_number="E-777", national_id=CEDULA))
    assert links_of(instance) == [("a1", ana.id)]


def test_who_may_not_link_from_inside_reads_a_reference_and_administrators_learn_it(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    ana = a_person(instance)
    proves(fake, sub="m1", given_name="Marco", family_name="Toapanta Lema")
    sign_in(browser, ana.email).get("/profile/institutions")
    browser.submit(f"/profile/institutions/{provider.key}", {"current_password": "cuatro palabras sin relación"})

    page = come_in(browser, fake, next(href for href, _words in browser.page.links if "purpose=link" in href), status=403).page

    assert in_spanish(OtherPerson.not_theirs) in page.text
    assert in_spanish("Reference: %(reference)s", reference="") in page.text
    assert "/profile/institutions" in [href for href, _words in page.links]
    assert links_of(instance) == []
    shown = sign_in(browser.another(), "admin@example.org").get("/notices").text
    assert in_spanish(CONTRADICTION_TEXTS[Contradiction.NAME], name="Ana Quinde", what=in_spanish("name")) in shown


def test_whose_employment_has_ended_reads_so_and_not_that_they_are_another(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, institution: Organisation
) -> None:
    employ(instance, a_person(instance), institution, "E-100", ENDED)
    proves(fake)

    page = come_in(browser, fake, status=403).page

    assert in_spanish(OtherPerson.has_left) in page.text
    assert in_spanish(OtherPerson.message) not in page.text
