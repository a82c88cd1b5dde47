"""Where no one checked a name, the sheet, the page of the code, the badge and the signed facts say so (spec/certificates N1)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from accounts import accounts, names
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Person
from certificates import credentials, pdf
from certificates.badges import badge_content
from certificates.certificate_page import sheet_of
from certificates.credentials import list_signers, signed_content
from certificates.layout.reading import facade, facade_files, read_template
from certificates.models import Credential
from certificates.rules.credentials import DECLARED, ReplacementReason, canonical_content
from certificates.sheet import compose
from kernel import clock
from kernel.codes import printed_code
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, sign_in
from tests.support.certificates import FACTS, NOON, complete, issue, only_credential, words_of
from tests.support.places import a_place, put
from tests.support.sheet_cases import CASES
from tests.support.wording import in_spanish

SENTENCE = {"es": "Nombre declarado por la persona", "en": "Name as declared by the person"}
ADDRESS = "https://aulario.example"


def ana_says(instance: Instance, how: str) -> None:
    """Let the present name of Ana come from somewhere."""
    with instance.database.unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        changes = ProfileChanges("Ana", "Quindé", "", ana.language, ana.zone, None)
        if how == "corrected":
            names.correct_name(session, SYSTEM, ana, ("Ana", "Quindé", ""), "Según la cédula.", None, now=clock.now())
        elif how in ("list", "self"):
            accounts.edit_profile(session, SYSTEM, ana, changes, source=NameSource(how), now=clock.now())


def printed(instance: Instance, row: Credential, language: str = "es") -> str:
    with instance.database.unit_of_work(write=False) as session:
        return "\n".join(words_of(pdf.render(sheet_of(row, list_signers(session, row), ADDRESS, language))))


def signed(instance: Instance, row: Credential) -> bytes:
    with instance.database.unit_of_work(write=False) as session:
        return canonical_content(signed_content(row, list_signers(session, row)))


@pytest.mark.parametrize(
    ("how", "declared"), [("signed up", True), ("self", True), ("list", False), ("corrected", False), ("employed", False)]
)
def test_the_sentence_stands_where_the_fact_does(browser: Browser, instance: Instance, how: str, declared: bool) -> None:
    complete(instance, a_course(instance, modules=1))
    ana_says(instance, how)
    if how == "employed":  # whom a list brought in; of a name that is not recorded the employment is the source
        with instance.database.unit_of_work() as session:
            ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
            session.execute(names.PersonName.__table__.delete())
        put(instance, ana, a_place(instance))
    row = issue(instance)

    assert (row.name_basis == DECLARED) is declared
    assert (b'"name_basis":"declared"' in signed(instance, row)) is declared
    assert b"name_basis" not in signed(instance, row) or declared
    assert instance.keys.verifies(row.key_id, signed(instance, row), row.signature)
    for language, sentence in SENTENCE.items():
        assert (sentence in printed(instance, row, language)) is declared
    badge = badge_content(row, ADDRESS)
    assert badge is not None
    assert badge.criteria.endswith(" Nombre declarado por la persona.") is declared
    page = browser.get(f"/verify/{printed_code(row.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert (in_spanish("name as declared by the person") in page.text) is declared


def test_what_is_said_of_a_name_cannot_be_taken_out(browser: Browser, instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(Credential, row.id).name_basis = ""

    assert in_spanish("Genuine and in force") not in browser.get(f"/verify/{printed_code(row.code)}").text


def test_a_certificate_of_before_verifies_as_it_was_and_says_nothing(browser: Browser, instance: Instance) -> None:
    """Signed without the fact, whatever is known of the person today: by the same bytes, on the same sheet."""
    complete(instance, a_course(instance, modules=1))
    issue(instance)
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Credential)).one()
        row.template_version, row.name_basis = 4, ""
        content = canonical_content(signed_content(row, list_signers(session, row)))
        row.signature = instance.keys.sign(content)

    assert b"name" not in content.replace(b"person_name", b"")
    assert content == canonical_content(replace(signed_content(row, ()), name_basis=""))
    page = browser.get(f"/verify/{printed_code(row.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert in_spanish("name as declared by the person") not in page.text
    assert "declarado" not in printed(instance, row)


def test_a_corrected_certificate_says_what_holds_now(instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    issue(instance)
    ana_says(instance, "corrected")
    with instance.database.unit_of_work() as session:
        old = session.scalars(select(Credential)).one()
        means = (instance.present_settings, instance.keys)
        made = credentials.replace_credential(session, SYSTEM, old, ReplacementReason.NAME, "Tilde.", *means, now=clock.now())

    assert (old.name_basis, made.name_basis) == (DECLARED, "")
    assert "Ana Quindé" in printed(instance, made)


def test_the_name_that_staff_asked_for_is_printed_once_it_is_decided(browser: Browser, instance: Instance) -> None:
    """From the request to the sheet: nothing of it before the decision."""
    ana = complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, ana.person_id)
    put(instance, person, a_place(instance))
    sign_in(browser).get("/profile/name")
    browser.submit("/profile/name", {"first_surname": "Quindé", "reason": "Lleva tilde."})
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        request = names.find_request(session, person.id)
        assert request is not None
        assert row.full_name == "Ana Quinde"
        names.correct_name(session, SYSTEM, row, names.parts_of(request), "Según la cédula.", request.id, now=clock.now())

    made = issue(instance)

    assert made.person_name == "Ana Quindé"
    assert "declarado" not in printed(instance, made)


@pytest.mark.parametrize("name", CASES)
def test_version_5_draws_what_version_4_did(name: str) -> None:
    """spec/certificates T8: where the name is not declared."""
    drawn = [pdf.render(compose(replace(FACTS, template=facade(version), **CASES[name]))) for version in (4, 5)]  # type: ignore[arg-type]  # fields by name

    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(("field", "shown"), [("{person.name}", "Luis Alberto Chasi Guamán"), ("{person.surnames}", "Chasi Guamán")])
def test_a_template_without_a_place_says_it_beside_the_name(field: str, shown: str) -> None:
    """Templates of institutions from before: the sentence is never left out."""
    text = facade_files(4)["template.yaml"].decode().replace("'{person.name}'", f"'{field}'")
    template = read_template({"template.yaml": text.encode()}, today=NOON.date()).template
    assert template is not None

    values = compose(replace(FACTS, template=template, name_basis=DECLARED)).content.values

    assert values[field.strip("{}")] == f"{shown} (nombre declarado por la persona)"
    assert compose(replace(FACTS, template=template)).content.values[field.strip("{}")] == shown


def test_of_a_deleted_person_nothing_is_said(browser: Browser, instance: Instance) -> None:
    """spec/certificates R8."""
    complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, row.person_id), now=clock.now())

    page = browser.get(f"/verify/{printed_code(only_credential(instance).code)}")

    assert in_spanish("name as declared by the person") not in page.text
