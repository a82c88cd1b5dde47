"""Several institutions on one site: each with its own names, look, signatories and administrators (spec/certificates I1, I4 to I6)."""

import io
from uuid import UUID

import pytest
from sqlalchemy import select

from accounts.models import Person
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.institutions import get_institution_scope, list_institutions, list_institutions_of, transfer_administered
from organisations.models import InstitutionAdministrator, InstitutionProfile, InstitutionSignatory, Organisation
from organisations.profile import InstitutionKeyTaken, add_institution, find_profile
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.institution_access import administer, an_institution_cast, two_institutions
from tests.support.lessons import a_picture
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

LIST = "/administration/institutions"
NAMES = {"names_es": "Banco del Instituto", "short_names_es": "BIESS", "names_en": "", "short_names_en": ""}
SIGNATORY = {"name": "Ing. Rosa Paz", "office_es": "Gerente", "office_en": "", "email": "", "since": "", "until": ""}


def upload(browser: Browser, path: str, data: dict[str, str], name: str, content: bytes) -> None:
    """Send a form with a file."""
    browser.post(path, {**data, name: (io.BytesIO(content), "archivo.png")}, content_type="multipart/form-data")


def profile(instance: Instance, place: Organisation) -> InstitutionProfile:
    with instance.database.unit_of_work(write=False) as session:
        found = find_profile(session, place.id)
        assert found is not None
        return found


def test_an_administrator_adds_an_institution_with_its_key(boss: Browser, instance: Instance) -> None:
    boss.get(LIST)
    boss.submit(LIST, {"name": "Banco del IESS", "key": "biess"})

    assert "Banco del IESS" in boss.page.headings
    with instance.database.unit_of_work(write=False) as session:
        found = list_institutions(session)
    assert [one.is_first for one in found] == [True, False]
    assert found[1].key == "biess"


@pytest.mark.parametrize("key", ["biess", "Mi Clave", "", "á", "x" * 65])
def test_a_key_is_free_and_of_the_form_of_keys(boss: Browser, instance: Instance, key: str) -> None:
    two_institutions(instance)
    boss.get(LIST)

    boss.submit(LIST, {"name": "Otra", "key": key}, status=422)

    with instance.database.unit_of_work(write=False) as session:
        assert len(list_institutions(session)) == 2


def test_a_logo_that_is_refused_leaves_the_names_in_their_fields(boss: Browser, instance: Instance) -> None:
    _first, second = two_institutions(instance)
    page = f"{LIST}/{second.uuid}"
    boss.get(page)
    boss.submit("/names", NAMES)

    boss.post(f"{page}/logo", {"file": (io.BytesIO(b"no picture"), "logo.png")}, status=422, content_type="multipart/form-data")

    assert dict(boss.page.form("/names").fields)["names_es"] == NAMES["names_es"]


def test_the_first_institution_stays_the_one_of_the_site(instance: Instance) -> None:
    """spec/certificates I6: a profile of another one made before its own never becomes that of the site."""
    first, second = two_institutions(instance)
    with instance.database.unit_of_work() as session:
        session.delete(session.scalars(select(InstitutionProfile).where(InstitutionProfile.organisation_id == first.id)).one())

    with instance.database.unit_of_work(write=False) as session:
        assert find_profile(session) is None
        assert find_profile(session, second.id) is not None


def test_names_logo_and_colours_of_one_are_not_those_of_another(boss: Browser, instance: Instance) -> None:
    """spec/certificates I1 and I6."""
    first, second = two_institutions(instance)
    there = f"{LIST}/{second.uuid}"
    boss.get(there)
    boss.submit(f"{there}/names", NAMES)
    boss.submit(f"{there}/colours", {"brand_colour": "#5a1e3c", "accent_colour": "#f0c05a"})
    upload(boss, f"{there}/logo", {}, "file", a_picture())

    own, site = profile(instance, second), profile(instance, first)
    assert (own.short_names["es"], own.brand_colour, bool(own.logo_digest)) == ("BIESS", "#5a1e3c", True)
    assert (site.names, site.brand_colour, site.logo_digest) == ({}, "", "")
    assert instance.present_settings.short_names["es"] != "BIESS"
    boss.get(there)
    boss.submit(f"{there}/logo/removal")
    assert profile(instance, second).logo_digest == ""


def test_colours_that_cannot_be_read_are_refused_with_the_nearest(boss: Browser, instance: Instance) -> None:
    """spec/certificates I5."""
    _first, second = two_institutions(instance)
    there = f"{LIST}/{second.uuid}"
    boss.get(there)

    boss.submit(f"{there}/colours", {"brand_colour": "#ffff00", "accent_colour": "#f0c05a"}, status=422)

    assert profile(instance, second).brand_colour == ""


def test_a_logo_that_is_a_drawing_is_stored_with_a_warning_that_it_is_not_printed(boss: Browser, instance: Instance) -> None:
    _first, second = two_institutions(instance)
    there = f"{LIST}/{second.uuid}"
    boss.get(there)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'

    upload(boss, f"{there}/logo", {}, "file", svg)

    boss.get(there)
    assert in_spanish("Certificates do not print this logo.") in boss.page.text


def test_signatories_belong_to_one_institution(boss: Browser, instance: Instance) -> None:
    """spec/certificates I1, I4 and I6: also the picture of a signature."""
    first, second = two_institutions(instance)
    there = f"{LIST}/{second.uuid}"
    boss.get(there)
    assert in_spanish("No one signs today.") in boss.page.text
    upload(boss, f"{there}/signatories", SIGNATORY, "picture", a_picture())
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(InstitutionSignatory)).one()
    administer(instance, a_person(instance, "sara@example.org"), second)
    administer(instance, a_person(instance, "teo@example.org"), first)
    own, other = (sign_in(boss.another(), email) for email in ("sara@example.org", "teo@example.org"))

    assert row.profile_id == profile(instance, second).id
    own.get(f"/administration/site/signatories/{row.uuid}/picture")
    own.get(f"/administration/site/signatories/{row.uuid}")
    own.submit(f"/signatories/{row.uuid}", {**SIGNATORY, "office_es": "Gerente general"})
    assert "Gerente general" in own.page.text
    for path in ("", "/picture"):
        other.get(f"/administration/site/signatories/{row.uuid}{path}", status=404)
    own.submit(f"/signatories/{row.uuid}/removal")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(InstitutionSignatory)).all() == []


def test_an_administrator_of_one_sees_it_alone(browser: Browser, instance: Instance) -> None:
    """spec/certificates I6: the list holds one, the page of the other does not exist, and the rest of the administration neither."""
    first, second = two_institutions(instance)
    administer(instance, a_person(instance, "sara@example.org"), second)
    sara = sign_in(browser, "sara@example.org")

    sara.get(LIST)

    assert sara.page.has_link(f"{LIST}/{second.uuid}")
    assert not sara.page.has_link(f"{LIST}/{first.uuid}")
    sara.get(f"{LIST}/{first.uuid}", status=404)
    for closed in ("/administration", "/administration/site", "/administration/people", "/administration/organisations"):
        sara.get(closed, status=403)


def test_the_first_one_s_administrator_cannot_change_what_the_server_decides(browser: Browser, instance: Instance) -> None:
    first, _second = two_institutions(instance)
    administer(instance, a_person(instance, "teo@example.org"), first)
    teo = sign_in(browser, "teo@example.org")

    teo.get(f"{LIST}/{first.uuid}")
    teo.submit(f"{LIST}/{first.uuid}/names", NAMES)

    assert profile(instance, first).short_names["es"] == "BIESS"


def test_an_administrator_of_the_site_names_and_ends_administrators(boss: Browser, instance: Instance) -> None:
    _first, second = two_institutions(instance)
    sara = a_person(instance, "sara@example.org")
    there = f"{LIST}/{second.uuid}"
    boss.get(there)
    boss.submit(f"{there}/administrators", {"member-email": "nadie@example.org"}, status=422)
    boss.submit(f"{there}/administrators", {"member-email": sara.email})
    boss.post(f"{there}/administrators", {"member-email": sara.email})

    assert sara.full_name in boss.page.text or boss.response.status_code == 303
    boss.get(there)
    boss.submit(f"/administrators/{sara.uuid}/ending")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(InstitutionAdministrator)).all() == []
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("institution_administrator"))).all()
    assert sorted(verbs) == ["institution_administrator.ended", "institution_administrator.given"]


def test_merged_accounts_keep_what_one_administered(instance: Instance) -> None:
    _first, second = two_institutions(instance)
    closed, kept = a_person(instance, "antes@example.org"), a_person(instance, "ahora@example.org")
    administer(instance, closed, second)

    with instance.database.unit_of_work() as session:
        people = (session.get_one(Person, one.id) for one in (closed, kept))
        transfer_administered(session, Actor(), *people, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert [row.person_id for row in session.scalars(select(InstitutionAdministrator))] == [kept.id]


def test_what_one_administers_is_read_only_where_it_may_be_something(instance: Instance) -> None:
    first, second = two_institutions(instance)
    sara = a_person(instance, "sara@example.org")
    administer(instance, sara, first)
    with instance.database.unit_of_work(write=False) as session:
        scope = get_institution_scope(session, Actor(sara.id, administers_institution=True))
        unasked = get_institution_scope(session, Actor(sara.id))

    assert (scope.covers(first.id), scope.covers(second.id), scope.covers(None)) == (True, False, False)
    assert (scope.covers_key(str(first.uuid)), scope.covers_key(""), scope.covers_key(str(second.uuid))) == (True, True, False)
    assert not unasked.any


def test_people_belong_to_the_institution_of_their_unit(instance: Instance) -> None:
    first, second = two_institutions(instance)
    unit, ana, luis = a_place(instance, "Agencia", second), a_person(instance, "ana@example.org"), a_person(instance, "luis@example.org")
    put(instance, ana, unit)
    put(instance, luis, first)

    with instance.database.unit_of_work(write=False) as session:
        assert [list_institutions_of(session, one.id) for one in (ana, luis)] == [{second.id}, {first.id}]


def test_two_institutions_have_two_keys(instance: Instance) -> None:
    two_institutions(instance)
    with instance.database.unit_of_work() as session, pytest.raises(InstitutionKeyTaken):
        add_institution(session, Actor(), instance.present_settings, "Otro", "biess", now=clock.now())


def test_an_institution_with_certificates_is_not_deleted(boss: Browser, instance: Instance) -> None:
    _first, second = two_institutions(instance)
    boss.get(f"/administration/organisations/{second.uuid}")
    boss.submit(f"/organisations/{second.uuid}/deletion")

    with instance.database.unit_of_work(write=False) as session:
        assert session.get(Organisation, second.id) is not None


def test_fingerprints_of_the_keys_stand_on_the_page(boss: Browser, instance: Instance) -> None:
    """spec/certificates K2."""
    first, _second = two_institutions(instance)

    boss.get(f"{LIST}/{first.uuid}")

    for key in (instance.keys.trusted[0], instance.seal_keys.trusted[0]):
        assert key.printed_fingerprint in boss.page.text


@pytest.mark.matrix
def test_institutions_are_their_administrators_and_those_of_the_site(browser: Browser, instance: Instance) -> None:
    """Access: institution.list, institution.add, institution.edit, signatory.edit."""
    cast = an_institution_cast(browser, instance)
    there = f"{LIST}/{cast.second.uuid}"
    wrong = cast.check("institution.list", "any", cast.outcomes(LIST))
    wrong += cast.check("institution.add", "any", cast.outcomes(LIST, "POST", {"name": "Nueva", "key": "nueva"}))
    wrong += cast.check("institution.edit", "of_an_institution", cast.outcomes(there))
    wrong += cast.check("institution.edit", "of_an_institution", cast.outcomes(f"{there}/names", "POST", NAMES))
    wrong += cast.check("institution.edit", "of_an_institution", cast.outcomes(f"{there}/logo/removal", "POST", {}))
    wrong += cast.check("signatory.edit", "of_an_institution", cast.outcomes(f"{there}/signatories", "POST", SIGNATORY))
    assert wrong == []
    assert cast.outcomes(f"{LIST}/{UUID(int=1)}")["S"] == "hide"
