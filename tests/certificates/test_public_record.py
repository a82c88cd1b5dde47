"""The public page of a code: one statement, a frame that holds nothing of any certificate, and nothing told by unknown codes.

spec/certificates 12, V4, attack 10.
"""

import re
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from certificates import credentials
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, RevocationReason
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from kernel.web.pages import EXTENSION
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.certificates import a_certificate
from tests.support.wording import in_spanish

SOUND = in_spanish("Genuine and in force")


@pytest.fixture
def held(instance: Instance) -> Credential:
    """Return a certificate."""
    return a_certificate(instance)


def address(row: Credential) -> str:
    """Return the page of a certificate's code."""
    return f"/verify/{printed_code(row.code)}"


def test_each_verdict_has_its_colour(browser: Browser, instance: Instance, held: Credential) -> None:
    """spec/certificates V2: icon, colour and word."""

    def tone(**values: object) -> str:
        with instance.database.unit_of_work() as session:
            session.execute(update(Credential).values(**values))
        found = re.search(r'<div class="verdict ?(\w*)">', browser.get(address(held)).html)
        assert found is not None
        return found[1]

    assert tone(revoked_at=None) == ""
    assert tone(replaced_by_id=held.id, replaced_at=clock.now()) == "warn"
    assert tone(replaced_by_id=None, replaced_at=None, revoked_at=clock.now(), revoked_reason="x") == "bad"
    assert tone(revoked_at=None, revoked_reason="", person_name="Otra") == "bad", "it is not what was signed"


def test_a_replaced_certificate_leads_to_what_stands_in_its_place_today(browser: Browser, instance: Instance, held: Credential) -> None:
    """spec/certificates V2: never “the valid one” of a certificate that was revoked, and past it where it was restored."""

    def page() -> tuple[bool, bool, bool]:
        html = browser.get(address(held)).html
        return second.code in html.replace("-", ""), in_spanish("View the valid one") in html, "que fue anulado" in html

    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, held.id)
        second = credentials.replace_credential(
            session, SYSTEM, row, ReplacementReason.NAME, "Nombre", instance.settings, instance.keys, now=clock.now()
        )
    assert page() == (True, True, False)

    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, second.id)
        credentials.revoke_credential(session, SYSTEM, row, RevocationReason.IRREGULARITY, "Razón", as_administrator=True, now=clock.now())
    assert page() == (True, False, True)

    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, second.id)
        second = credentials.renew_credential(session, SYSTEM, row, "Razón", instance.settings, instance.keys, now=clock.now())
    assert page() == (True, True, False)


def test_the_page_of_a_code_asks_the_database_once(browser: Browser, instance: Instance, held: Credential) -> None:
    """spec/certificates 12: at most twelve statements."""
    browser.get(address(held))
    asked = every_statement(instance.database)

    browser.get(address(held))

    assert len(asked.statements) == 1


def test_the_kept_frame_says_nothing_of_any_certificate(browser: Browser, instance: Instance, app: Flask, held: Credential) -> None:
    """What one code says stands on no page of another, and the frame is drawn once for both and for an unknown one."""
    known = browser.get(address(held)).html
    count = len(app.extensions[EXTENSION])

    unknown = browser.get("/verify/0000-0000-0000-0000", status=404).html

    assert len(app.extensions[EXTENSION]) == count
    assert [words in known for words in (SOUND, "Ana Quinde", printed_code(held.code), address(held), "og:title")] == [True] * 5
    assert [words in unknown for words in (SOUND, "Quinde", printed_code(held.code), "og:title")] == [False] * 4
    assert in_spanish("There is no certificate with that code.") in unknown
    assert 'value="/verify/0000-0000-0000-0000"' in unknown


def test_the_state_is_read_each_time(browser: Browser, instance: Instance, held: Credential) -> None:
    """spec/certificates E11: the new state stands on the page with the next request."""
    assert SOUND in browser.get(address(held)).text
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(revoked_at=clock.now(), revoked_reason="Por error.", revoked_class="irregularity"))

    page = browser.get(address(held))

    assert SOUND not in page.text
    assert "irregularidad" in page.text.lower()


def test_what_was_typed_as_a_code_is_text(browser: Browser, held: Credential) -> None:
    """A code that cannot be one is shown as it was asked, and is no HTML."""
    page = browser.get('/verify/"><b>x', status=404)

    assert "<b>x" not in page.html
    assert dict(page.form("/verify").fields)["code"] == '"><b>x'


def test_a_replaced_certificate_names_the_one_in_force(browser: Browser, instance: Instance, held: Credential) -> None:
    """One statement says it too."""
    with instance.database.unit_of_work() as session:
        made = credentials.replace_credential(
            session,
            SYSTEM,
            session.get_one(Credential, held.id),
            credentials.ReplacementReason.DATA,
            "Cambió un dato.",
            instance.settings,
            instance.keys,
            now=clock.now(),
        )
        code = printed_code(made.code)
    deliver_waiting(instance.worker, now=clock.now())

    assert browser.get(address(held)).has_link(f"/verify/{code}")
    assert SOUND in browser.get(f"/verify/{code}").text


def sizes(browser: Browser, paths: list[str]) -> set[tuple[int, int]]:
    """Return status and size of each answer."""
    return {(browser._request("GET", path).status_code, len(browser.response.get_data())) for path in paths}


def test_a_code_near_a_known_one_is_answered_like_any_other(browser: Browser, instance: Instance) -> None:
    """spec/certificates V4: 404 in equal size, as page and as file."""
    code = a_certificate(instance).code
    near = [code[:-1] + sign for sign in "0123456789ABCDEF" if sign != code[-1]]
    unknown = [printed_code(one) for one in (*near[:8], "0" * 16, "ZZZZ" * 4)]

    for form in ("", ".json", ".jwt", ".png", ".svg"):
        paths = [f"/v/{one}{form}" if form else f"/verify/{one}" for one in unknown]
        assert len(found := sizes(browser, paths)) == 1
        assert {status for status, _size in found} == {404}


def test_a_certificate_of_another_person_is_answered_like_none(browser: Browser, instance: Instance) -> None:
    """spec/certificates attack 10."""
    held = a_certificate(instance)
    a_person(instance, "otra@example.org")
    sign_in(browser, "otra@example.org")

    for end in ("", ".pdf"):
        assert len(found := sizes(browser, [f"/certificates/{held.uuid}{end}", f"/certificates/{uuid4()}{end}"])) == 1
        assert {status for status, _size in found} == {404}


@pytest.mark.parametrize("end", ["", ".pdf", "/revocation", "/replacement", "/renewal", "/correction"])
def test_a_certificate_of_another_person_is_searched_like_none(browser: Browser, instance: Instance, end: str) -> None:
    """spec/certificates V4, attack 10: the same statements, of which none finds a row more; so neither takes longer."""
    held = a_certificate(instance)
    a_person(instance, "otra@example.org")
    sign_in(browser, "otra@example.org")
    counter, asked = every_statement(instance.database), []
    for uuid in (uuid4(), held.uuid, uuid4()):
        counter.reset()
        assert browser._request("GET", f"/certificates/{uuid}{end}").status_code == 404
        asked.append(list(counter.statements))

    assert asked[1] == asked[2]
    assert sum("credential" in statement for statement in asked[1]) == 1
