"""The identity number that a holder has printed on a certificate, and that boards compare (spec/certificates P7)."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from accounts.models import NationalIdentity, Person
from certificates import credentials
from certificates.credentials import list_signers, signed_content
from certificates.layout.reading import facade
from certificates.models import Credential
from certificates.pdf import placed_sheet, render
from certificates.rules.credentials import ReplacementReason, RevocationReason, canonical_content
from certificates.sheet import compose
from certificates.views.credentials import COMPARISONS
from certificates.views.templates import IDENTITY_NUMBER, SampleIssuer, sample_texts
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.certificates import a_certificate, issue, only_credential, words_of
from tests.support.learning import actor_of, mark_done, pass_quiz
from tests.support.scenes import scene
from tests.support.wording import in_spanish

NUMBER = "1710034065"
OFFER = in_spanish("Print my identity number on this certificate")
FORM = in_spanish("Compare the identity number")
MATCHES = in_spanish("The identity number matches.")
DIFFERS = in_spanish("The identity number does not match.")
REFUSED = in_spanish("There is no identity number to print: your profile has none, or the design of this certificate has no place for one.")
CHOICE = "/identity-number"


@pytest.fixture
@scene
def credential(instance: Instance) -> Credential:
    """Return what Ana holds, whose profile has an identity number."""
    row = a_certificate(instance)
    give_number(instance, row.person_id)
    return row


def give_number(instance: Instance, person_id: int) -> None:
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=person_id, number=NUMBER))


def switch_on(browser: Browser, row: Credential) -> None:
    browser.get(f"/certificates/{row.uuid}")
    browser.submit(CHOICE, {}, button=("printed", "yes"))


def pdf_of(browser: Browser, row: Credential) -> bytes:
    browser._request("GET", f"/certificates/{row.uuid}.pdf")
    assert browser.response.status_code == 200
    return browser.response.get_data()


def prints(content: bytes) -> bool:
    return any(NUMBER in line for line in words_of(content))


def compare(browser: Browser, row: Credential, number: str, status: int = 200) -> str:
    browser.get(f"/verify/{printed_code(row.code)}")
    return browser.submit(printed_code(row.code), {"number": number}, status=status).text


def test_a_holder_has_it_printed_and_withdrawn_again(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates P7: off at first; what is signed holds nothing of it, and both choices are in the audit log."""
    sign_in(browser)
    before = pdf_of(browser, credential)

    switch_on(browser, credential)
    printed = pdf_of(browser, credential)
    shown = browser.get(f"/certificates/{credential.uuid}")

    assert not prints(before)
    assert prints(printed)
    assert NUMBER in shown.html.split("<svg", 1)[1]
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Credential)).one()
        content = canonical_content(signed_content(row, list_signers(session, row)))
        assert (row.signature, NUMBER.encode() in content) == (credential.signature, False)
        assert instance.keys.verifies(row.key_id, content, row.signature)
    browser.submit(CHOICE, {}, button=("printed", "no"))
    assert pdf_of(browser, credential) == before
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("certificate.identity%")).order_by(AuditEntry.id)).all()
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb.like("certificate.identity%"))).all()
    assert verbs == ["certificate.identity_printed", "certificate.identity_withheld"]
    assert not any(NUMBER in one for one in facts)
    stated = in_spanish(
        "Enter it only to change the one on record. Only you and administrators can see it."
        " It is printed only on certificates for which you choose it."
    )
    assert stated in browser.get("/profile").text


def test_it_is_nowhere_but_on_the_holders_own_copy(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates P7: not on the page of the code, in the badge, in the list of keys or lists, nor on what administrators take."""
    sign_in(browser)
    switch_on(browser, credential)
    own = pdf_of(browser, credential)
    an_administrator(instance)
    administrator, stranger = sign_in(browser.another(), "admin@example.org"), browser.another()
    code = printed_code(credential.code)

    assert NUMBER not in stranger.get(f"/verify/{code}").html
    for form in ("json", "svg", "jwt"):
        stranger._request("GET", f"/v/{code}.{form}")
        assert NUMBER.encode() not in stranger.response.get_data()
    assert NUMBER not in administrator.get(f"/certificates/{credential.uuid}").html
    assert OFFER not in administrator.page.text
    assert not prints(pdf_of(administrator, credential))
    attached = re.search(rb"stream\r?\n(\{.*?\})\s*endstream", own, re.DOTALL)
    assert attached is not None
    assert NUMBER.encode() not in attached[1]


def test_who_holds_the_sheet_compares_the_number(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates P7: while the switch is on, in any grouping, five tries an hour for each code; it shows only what was typed."""
    sign_in(browser)
    board = browser.another()
    assert FORM not in board.get(f"/verify/{printed_code(credential.code)}").text
    switch_on(browser, credential)

    assert MATCHES in compare(board, credential, "171003406-5")
    assert DIFFERS in compare(board, credential, "1710034073")
    assert NUMBER not in board.page.html
    assert in_spanish("Type the identity number.") in compare(board, credential, " ", 422)
    for _try in range(3):
        assert MATCHES in compare(board, credential, NUMBER)
    assert MATCHES not in compare(board.another(), credential, NUMBER, 429)


@pytest.mark.parametrize("act", ["withheld", "replaced", "revoked", "removed", "deleted"])
def test_nothing_is_compared_once_it_is_not_printed(browser: Browser, instance: Instance, credential: Credential, act: str) -> None:
    """spec/certificates P7: also by a form that was opened before; a certificate issued instead has the switch off."""
    sign_in(browser)
    switch_on(browser, credential)
    board = browser.another()
    board.get(f"/verify/{printed_code(credential.code)}")
    means = instance.present_settings, instance.keys
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Credential)).one()
        if act == "withheld":
            session.execute(update(Credential).values(prints_identity=False))
        elif act == "replaced":
            credentials.replace_credential(session, SYSTEM, row, ReplacementReason.DATA, "Dato.", *means, now=clock.now())
        elif act == "revoked":
            credentials.revoke_credential(session, SYSTEM, row, RevocationReason.IRREGULARITY, "Copió.", now=clock.now())
        elif act == "removed":
            session.execute(delete(NationalIdentity))
        else:
            erase_person(session, SYSTEM, session.get_one(Person, row.person_id), now=clock.now())

    page = board.submit(printed_code(credential.code), {"number": NUMBER}, status=409)

    assert in_spanish("There is no number to compare with.") in page.text
    assert MATCHES not in page.text
    assert FORM not in page.text
    with instance.database.unit_of_work(write=False) as session:
        newest = session.scalars(select(Credential).order_by(Credential.id.desc())).first()
        assert newest is not None
        assert newest.prints_identity is (act in ("revoked", "removed", "deleted"))


def test_an_unknown_code_is_not_found(browser: Browser, instance: Instance, credential: Credential) -> None:
    sign_in(browser)
    switch_on(browser, credential)

    assert outcome(browser, "/verify/7K4M-92XD-C3QF-8TRA", "POST", {"number": NUMBER}) == "hide"
    assert outcome(browser, f"/certificates/{uuid4()}{CHOICE}", "POST", {"printed": "yes"}) == "hide"


@pytest.mark.parametrize("missing", ["place", "number"])
def test_it_is_not_offered_where_nothing_would_be_printed(
    browser: Browser, instance: Instance, credential: Credential, missing: str
) -> None:
    """spec/certificates P7: a design without a place for it, or a profile without a number; a form sent all the same is refused."""
    with instance.database.unit_of_work() as session:
        if missing == "place":
            session.execute(update(Credential).values(template_version=3))
        else:
            session.execute(delete(NationalIdentity))
    sign_in(browser)

    page = browser.get(f"/certificates/{credential.uuid}")

    assert OFFER not in page.text
    assert (in_spanish("To have it printed on this certificate, add it to your profile first.") in page.text) is (missing == "number")
    refused = browser.post(f"/certificates/{credential.uuid}{CHOICE}", {"printed": "yes"}, 409)
    assert REFUSED in refused.text
    assert only_credential(instance).prints_identity is False


def test_the_own_template_has_a_place_for_it() -> None:
    """T8, T3: without a number version 4 draws the same as version 3; with one it stands under the name."""
    texts = sample_texts(facade(), "es", "aulario.example", SampleIssuer("Instituto", "Aulario"))
    bare = replace(texts, identity_number="", name_basis="")

    with_number = [mark.text for one in placed_sheet(compose(texts)).elements for mark in one.marks if hasattr(mark, "text")]

    assert f"C.I. {IDENTITY_NUMBER}" in with_number
    assert not placed_sheet(compose(texts)).overflows
    assert render(compose(replace(bare, template=facade(4)))) == render(compose(replace(bare, template=facade(3))))


def test_every_cell_of_printing_and_comparing(browser: Browser, instance: Instance, app: Flask) -> None:
    """spec/certificates 11: certificate.print_id, and whoever has a code compares."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    learner = actor_of(cast.people["E"])
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")
    row = issue(instance)
    give_number(instance, row.person_id)

    chosen = cast.outcomes(f"/certificates/{row.uuid}{CHOICE}", "POST", {"printed": "yes"})
    wrong = cast.check("certificate.print_id", "own_valid", chosen)
    assert only_credential(instance).prints_identity
    compared = {}
    for letter, visitor in cast.browsers.items():
        app.extensions["limits"].forgive(COMPARISONS, row.code)
        compared[letter] = outcome(visitor, f"/verify/{printed_code(row.code)}", "POST", {"number": NUMBER})
    wrong += cast.check("certificate.verify", "identity_number", compared)

    assert wrong == []
