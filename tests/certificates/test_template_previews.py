"""The preview of a template: what would be issued today, with the logo, the colours and the signatures of its institution."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from accounts.models import Person
from certificates import pdf, templates
from certificates.certificate_page import get_sheet
from certificates.layout.reading import TEMPLATE_FILE
from certificates.models import Credential
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import profile
from organisations.profile import SignatoryValues
from tests.support.browser import Browser
from tests.support.builders import an_administrator, folder, publish, sign_in
from tests.support.certificates import complete_again, page_of, words_of
from tests.support.learning import actor_of
from tests.support.scenes import scene
from tests.support.wording import in_spanish

LIST = "/administration/certificate-templates"
LOGO, SIGNATURE = (200, 30, 120), (20, 160, 90)
TEMPLATE = """format: 1
key: propia
title: {es: Propia, en: Own}
page: {size: A4, orientation: landscape, margin: 12}
elements:
  - {kind: box, at: [12, 12], size: [20, 20], colour: brand}
  - {kind: logo, at: [230, 15], size: [50, 20]}
  - {kind: text, text: "{institution.name} ({institution.short})", at: [20, 60], width: 200, size: [6, 3]}
  - {kind: text, text: "{person.name}", at: [20, 80], width: 200, size: [8, 3]}
  - {kind: text, text: "{key.fingerprint}", at: [20, 100], width: 200, size: [4, 2]}
  - {kind: signatories, at: [20, 149], size: [120, 30]}
  - {kind: qr, at: [234, 142], size: 36}
  - {kind: code, at: [234, 190], width: 36}
"""
PARTS = {
    "box": (12, 12, 20, 20),
    "logo": (230, 15, 50, 20),
    "name": (20, 54, 200, 8),
    "key": (20, 96, 200, 6),
    "signatories": (20, 149, 120, 30),
}
"""Where what the institution gives stands on the sheet, in millimetres."""


def a_picture(colour: tuple[int, int, int]) -> bytes:
    target = BytesIO()
    Image.new("RGB", (200, 80), colour).save(target, "PNG")
    return target.getvalue()


def dress(instance: Instance) -> None:
    """Give the institution names, colours, a logo and somebody who signs."""
    now, settings = clock.now(), instance.present_settings
    values = {"names": {"es": "Ministerio del Páramo"}, "short_names": {"es": "Páramo"}, "brand_colour": "#224466"}
    with instance.database.unit_of_work() as session:
        profile.change_profile(session, SYSTEM, settings, values, now=now)
        profile.set_logo(session, SYSTEM, settings, a_picture(LOGO), "image/png", now=now)
        signs = SignatoryValues("Rosa Elena Toapanta", {"es": "Directora"}, None, None, a_picture(SIGNATURE))
        profile.add_signatory(session, SYSTEM, settings, signs, now=now)


def a_template(instance: Instance) -> str:
    """Publish the template; return the address of its page."""
    with instance.database.unit_of_work() as session:
        row = templates.import_template(session, SYSTEM, instance.settings, "propia", {TEMPLATE_FILE: TEMPLATE.encode()}, now=clock.now())
        session.flush()
        templates.publish_template(session, SYSTEM, row, "", row.revision, now=clock.now())
        return f"{LIST}/{row.uuid}"


def issued_to(instance: Instance, person: Person) -> Credential:
    """Let somebody earn a certificate that this template draws."""
    files = folder("propio", modules=1, certificate="propia")
    course = publish(instance, files)[0]
    complete_again(instance, actor_of(person), course.slug)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Credential).where(Credential.person_id == person.id)).scalar_one()


def drawn(instance: Instance, row: Credential, language: str = "es") -> bytes:
    with instance.database.unit_of_work(write=False) as session:
        return pdf.render(get_sheet(session, row, "http://localhost:8000", language))


def preview(browser: Browser, page: str, query: str) -> bytes:
    browser._request("GET", f"{page}/preview.pdf?{query}")
    assert browser.response.status_code == 200
    return browser.response.get_data()


def parts_of(content: bytes) -> dict[str, Image.Image]:
    """Return the pictures of what the institution gives to a sheet."""
    scale = 4
    whole = page_of(content).render(scale=scale * 25.4 / 72).to_pil()
    return {name: whole.crop((x * scale, y * scale, (x + w) * scale, (y + h) * scale)) for name, (x, y, w, h) in PARTS.items()}


@pytest.fixture
@scene
def holder(browser: Browser, instance: Instance) -> Person:
    """Return an administrator, signed in."""
    person = an_administrator(instance)
    sign_in(browser, "admin@example.org")
    return person


def test_the_preview_prints_what_the_institution_gives_to_a_certificate(browser: Browser, instance: Instance, holder: Person) -> None:
    """spec/certificates T6."""
    dress(instance)
    page = a_template(instance)
    row = issued_to(instance, holder)
    assert row.template == "propia"

    shown, issued = parts_of(preview(browser, page, "person=usual&language=es")), parts_of(drawn(instance, row))

    assert [name for name in PARTS if shown[name].tobytes() != issued[name].tobytes()] == []
    assert shown["logo"].getpixel((40, 40)) == LOGO
    assert SIGNATURE in {colour for _count, colour in shown["signatories"].getcolors(1_000_000)}


def test_one_s_own_certificate_is_previewed_as_it_would_be_drawn(browser: Browser, instance: Instance, holder: Person) -> None:
    """spec/certificates T6: to the byte with the version in use; with the logo of today where the institution has another one by now."""
    dress(instance)
    page = a_template(instance)
    assert "person=own" not in browser.get(page).html
    browser._request("GET", f"{page}/preview.pdf?person=own")
    assert browser.response.status_code == 404
    row = issued_to(instance, holder)

    assert preview(browser, page, "person=own&language=es") == drawn(instance, row)
    browser._request("GET", f"{page}/versions/1.pdf?person=own&language=en")
    assert browser.response.get_data() == drawn(instance, row, "en")

    with instance.database.unit_of_work() as session:
        profile.set_logo(session, SYSTEM, instance.present_settings, a_picture((9, 9, 9)), "image/png", now=clock.now())
    assert parts_of(preview(browser, page, "person=own&language=es"))["logo"].getpixel((40, 40)) == (9, 9, 9)


def test_a_preview_without_signatures_says_why(browser: Browser, instance: Instance, holder: Person) -> None:
    """spec/certificates I3, T6."""
    page = a_template(instance)
    unsigned = in_spanish("No one signs today: the preview has no signatures, and neither have certificates issued today.")

    assert unsigned in browser.get(page).text
    dress(instance)

    assert unsigned not in browser.get(page).text
    assert "Rosa Elena Toapanta" in words_of(preview(browser, page, "person=long&language=en"))


def test_a_template_of_another_institution_is_previewed_with_that_one_s_own(browser: Browser, instance: Instance, holder: Person) -> None:
    """spec/certificates I6."""
    dress(instance)
    a_template(instance)
    now, settings = clock.now(), instance.present_settings
    with instance.database.unit_of_work() as session:
        other = profile.add_institution(session, SYSTEM, settings, "Instituto del Valle", "valle", now=now)
        profile.set_logo(session, SYSTEM, settings, a_picture((1, 2, 250)), "image/png", institution=other, now=now)
        text = TEMPLATE.replace("key: propia", "key: ajena").encode()
        page = f"{LIST}/{templates.import_template(session, SYSTEM, settings, 'ajena', {TEMPLATE_FILE: text}, other, now=now).uuid}"

    shown = preview(browser, page, "person=usual&language=es")

    assert parts_of(shown)["logo"].getpixel((40, 40)) == (1, 2, 250)
    assert "Instituto del Valle" in " ".join(words_of(shown))
    assert "Rosa Elena Toapanta" not in words_of(shown)
