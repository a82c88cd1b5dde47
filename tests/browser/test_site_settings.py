"""The site settings in a real browser: on a phone in the dark and on a desk, with a logo and colours of the institution's own."""

import pytest
from playwright.sync_api import Browser

from kernel import i18n
from tests.support.builders import PASSWORD, a_course, an_administrator
from tests.support.chromium import Live, Visitor, visitor

SITE = "/administration/site"
PAGES = (SITE, f"{SITE}/names", f"{SITE}/appearance", f"{SITE}/mail", f"{SITE}/access", f"{SITE}/signatories")
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40"><path d="M0 40 20 8l14 20 8-12 18 24z" fill="#5b3450"/>'
    b'<circle cx="46" cy="9" r="7" fill="#f0c75e"/></svg>'
)


@pytest.fixture(autouse=True)
def usual_locale() -> object:
    """Leave the languages and the zone of the process as they were."""
    yield
    i18n.set_site_locale(i18n.SiteLocale())


def administrator(chromium: Browser, live: Live, **options: object) -> Visitor:
    """Return the browser of an administrator, signed in."""
    person = visitor(chromium, live, **options)  # type: ignore[arg-type]  # fields by name
    page = person.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", "admin@example.org")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    return person


@pytest.mark.slow
def test_an_administrator_gives_the_site_its_name_logo_and_colours_without_scripts(chromium: Browser, live: Live) -> None:
    an_administrator(live.instance)
    a_course(live.instance)
    person = administrator(chromium, live, width=360, scheme="dark", script=False)
    page = person.page
    person.open("/administration")
    for path in PAGES:
        person.open(path)
    person.open(f"{SITE}/names")
    page.fill("[name=short_names_es]", "Páramo")
    page.fill("[name=names_es]", "Ministerio del Páramo y de las Aguas")
    person.press('role=button[name="Guardar"]')
    person.open(f"{SITE}/appearance")
    page.set_input_files("[name=file]", {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": LOGO})
    person.press('role=button[name="Subir"]')
    page.fill("[name=brand_colour]", "#2e9be6")
    page.fill("[name=accent_colour]", "#f0c75e")
    person.press('role=button[name="Guardar los colores"]')
    person.press('role=button[name^="Usar los tonos más cercanos"]')
    person.open(f"{SITE}/signatories")
    page.fill("[name=name]", "Ing. Rosa Chango")
    page.fill("[name=office_es]", "Directora")
    person.press('role=button[name="Agregar"]')
    person.press('role=link[name="Ing. Rosa Chango"]')

    for options in ({"width": 360, "scheme": "dark"}, {"width": 1280, "language": "en"}):
        reader = visitor(chromium, live, **options)  # type: ignore[arg-type]  # fields by name
        for path in ("/", "/courses", "/courses/prueba", "/sign-in", "/help"):
            reader.open(path)
            assert reader.page.locator(".logo").inner_text().strip() == "Páramo"
        assert reader.page.locator(".logo img").evaluate("image => image.naturalWidth > 0")
    wide = administrator(chromium, live, width=1280, language="en")
    for path in (*PAGES, "/administration"):
        wide.open(path)
