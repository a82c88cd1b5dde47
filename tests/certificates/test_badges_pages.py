"""Badges over HTTP: the four files by a code, and the ways in which the holder shows the certificate to others."""

import json
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from certificates import credentials
from certificates.badges import badge_content, trusted_keys
from certificates.models import Credential
from certificates.rules.badges import BadgeContent
from certificates.rules.credentials import ReplacementReason, RevocationReason
from certificates.rules.verification import BadgeForm, verify_document
from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import rotate_signing_key, signing_keys
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.badges import vector
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.certificates import a_certificate
from tests.support.wording import in_spanish

TYPES = {"json": "application/vc+ld+json", "jwt": "application/vc+jwt", "png": "image/png", "svg": "image/svg+xml"}


@pytest.fixture
def credential(instance: Instance) -> Credential:
    """Return what Ana holds."""
    return a_certificate(instance)


def fetch(browser: Browser, path: str) -> bytes:
    browser._request("GET", path)
    content: bytes = browser.response.get_data()
    return content


def address_of(browser: Browser, credential: Credential) -> str:
    """Return the address of the site, as the badge names it."""
    document = json.loads(fetch(browser, f"/v/{printed_code(credential.code)}.json"))
    address: str = document["id"].rpartition("/v/")[0]
    return address


def change(instance: Instance, credential: Credential, **values: object) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).where(Credential.id == credential.id).values(**values))


def test_whoever_has_the_code_has_the_badge_in_four_forms(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates B1, B2: without an account; each form says the same, and our own verifier takes it."""
    address = address_of(browser, credential)
    trusted = trusted_keys(instance.keys, (address,))
    found: set[BadgeContent | None] = set()
    for form, content_type in TYPES.items():
        content = fetch(browser, f"/v/{printed_code(credential.code)}.{form}")
        finding = verify_document(content, trusted)
        assert browser.response.content_type.split(";")[0] == content_type
        assert (finding.form, finding.fault) == (BadgeForm(form), None)
        assert fetch(browser, f"/v/{credential.code.lower()}.{form}") == content
        found.add(finding.badge)
    (badge,) = found
    assert badge is not None
    assert badge == badge_content(credential, address)
    assert (badge.person_name, badge.code, badge.title) == ("Ana Quinde", printed_code(credential.code), "Curso de prueba prueba")
    assert str(credential.uuid) not in badge.subject
    assert badge.description == "Curso en línea de 2 horas."
    assert badge.criteria.startswith("Completó el módulo y aprobó «Cuestionario 1» del curso Curso")


def test_a_badge_holds_nothing_else_of_the_person(browser: Browser, credential: Credential) -> None:
    """spec/certificates B2: no address, document, grade or birth date, and no number."""
    content = fetch(browser, f"/v/{printed_code(credential.code)}.json").decode()
    assert "ana@example.org" not in content
    assert "@example" not in content
    assert not any(isinstance(value, int | float) and not isinstance(value, bool) for value in _values(json.loads(content)))


def _values(value: object) -> list[object]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(inner for part in parts for inner in _values(part))]


def test_a_badge_is_not_sent_twice(browser: Browser, credential: Credential) -> None:
    first = fetch(browser, f"/v/{printed_code(credential.code)}.png")
    tag = browser.response.headers["ETag"]
    browser._request("GET", f"/v/{printed_code(credential.code)}.png", headers={"If-None-Match": tag})
    assert browser.response.status_code == 304
    assert fetch(browser, f"/v/{printed_code(credential.code)}.png") == first


def test_the_state_of_the_certificate_decides(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates V4: expired is had, revoked and replaced are gone, unknown is 404."""
    path = f"/v/{printed_code(credential.code)}"
    change(instance, credential, expires_on=date(2020, 1, 1))
    assert b'"validUntil":"2020-01-02T04:59:59Z"' in fetch(browser, f"{path}.json")
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, credential.id)
        credentials.revoke_credential(session, SYSTEM, row, RevocationReason.IRREGULARITY, "Copió.", now=clock.now())
    for form in TYPES:
        fetch(browser, f"{path}.{form}")
        assert browser.response.status_code == 410
    for unknown in ("/v/0000-0000-0000-0000.json", "/v/x.png", "/v/7K4M-92XD-C3QF-8TRA.gif"):
        fetch(browser, unknown)
        assert browser.response.status_code in (303, 404), unknown


def test_nobody_has_the_badge_of_a_replaced_certificate(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates E5, 11: neither its holder."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, credential.id)
        made = credentials.replace_credential(
            session, SYSTEM, row, ReplacementReason.NAME, "Tilde.", instance.settings, instance.keys, now=clock.now()
        )
        code = made.code
    sign_in(browser)
    fetch(browser, f"/v/{printed_code(credential.code)}.json")
    assert browser.response.status_code == 410
    fetch(browser, f"/v/{printed_code(code)}.json")
    assert browser.response.status_code == 200


@pytest.mark.parametrize("values", [{"person_name": "Ana\x07Quinde"}, {"person_name": "Jose\u0301 Quinde"}, {"status_place": None}])
def test_what_cannot_be_signed_has_no_badge(
    browser: Browser, instance: Instance, credential: Credential, values: dict[str, object]
) -> None:
    """spec/certificates M2, M3: its page offers none."""
    change(instance, credential, **values)
    fetch(browser, f"/v/{printed_code(credential.code)}.json")
    assert browser.response.status_code == 404
    sign_in(browser)
    assert ".jwt" not in browser.get(f"/certificates/{credential.uuid}").html


def test_an_older_badge_is_signed_by_the_key_of_today(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K3: what the older key signed verifies as well."""
    address = address_of(browser, credential)
    before = fetch(browser, f"/v/{printed_code(credential.code)}.json")
    keys = rotate_signing_key(instance.settings.data_dir)
    after = fetch(browser, f"/v/{printed_code(credential.code)}.json")
    assert json.loads(after)["proof"]["verificationMethod"].endswith(f"#{keys.identifier}")
    assert json.loads(after)["proof"]["created"] >= json.loads(after)["validFrom"]
    for content in (before, after):
        assert verify_document(content, trusted_keys(signing_keys(instance.settings.data_dir), (address,))).is_genuine


def test_the_keys_of_the_golden_files_are_no_keys_of_ours(instance: Instance) -> None:
    """spec/certificates, attack 16."""
    for name in ("credential.json", "credential.jwt", "badge.png"):
        assert not verify_document(vector(name), trusted_keys(instance.keys, ("https://aulario.example",))).is_genuine


def test_the_holder_shows_the_certificate_to_others(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates B9: a field to copy, the QR code, LinkedIn's form by a press, a mail, and the files."""
    change(instance, credential, expires_on=date(2028, 2, 1), issued_on=date(2026, 6, 1))
    sign_in(browser)
    page = browser.get(f"/certificates/{credential.uuid}")
    code = printed_code(credential.code)
    assert in_spanish("Show the QR code large") in page.text
    assert 'class="qr-large"' in page.html
    for form in TYPES:
        assert page.has_link(f"/v/{code}.{form}")
    (linkedin,) = [link for link, _text in page.links if "linkedin" in link]
    assert {name: values[0] for name, values in parse_qs(urlsplit(linkedin).query).items()} == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Curso de prueba prueba",
        "organizationName": credential.institution,
        "issueYear": "2026",
        "issueMonth": "6",
        "expirationYear": "2028",
        "expirationMonth": "2",
        "certUrl": f"{address_of(browser, credential)}/v/{code}",
        "certId": code,
    }
    (mail,) = [link for link, _text in page.links if link.startswith("mailto:?")]
    assert f"/v/{code}" in parse_qs(urlsplit(mail).query)["body"][0]


def test_a_preview_of_the_public_page_does_not_name_the_person(browser: Browser, credential: Credential) -> None:
    """spec/certificates B9."""
    source = fetch(browser, f"/verify/{printed_code(credential.code)}").decode()
    previews = [line for line in source.splitlines() if "og:" in line]
    assert len(previews) == 5
    assert any("Curso de prueba" in line for line in previews)
    assert not any("Quinde" in line for line in previews)
    assert b"og:" not in fetch(browser, "/verify/0000-0000-0000-0000")


def test_a_badge_lasts_until_the_end_of_its_last_day(credential: Credential) -> None:
    """spec/certificates E1: the last day counts, as in the register."""
    credential.expires_on = date(2028, 2, 29)
    content = badge_content(credential, "https://aulario.example")
    assert content is not None
    assert content.valid_until == datetime(2028, 3, 1, 4, 59, 59, tzinfo=UTC)
