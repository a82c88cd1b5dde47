"""The manual for those who check a certificate: two printed pages, in both languages, from every page that verifies."""

import pypdfium2
import pytest
from playwright.sync_api import Browser

from lms.instance import Instance
from tests.support.chromium import Live, visitor

MANUAL = "/help/board/check-a-certificate"


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme", "width"), [("es", "light", 360), ("en", "dark", 1280)])
def test_the_manual_is_two_printed_pages(chromium: Browser, live: Live, instance: Instance, language: str, scheme: str, width: int) -> None:
    """spec/certificates, Done means: one sheet, Spanish first; the visitor checks it with axe."""
    person = visitor(chromium, live, language=language, width=width, scheme=scheme)
    for path in ("/verify", "/verify/7K4M-92XD-C3QF-8TRA", "/verify/keys"):
        person.page.goto(f"{live.url}{path}")
        assert person.page.locator(f"main a[href$='{MANUAL}']").count() == 1, path
    person.open(MANUAL)

    printed = person.page.pdf(format="A4", prefer_css_page_size=True)

    with pypdfium2.PdfDocument(printed) as document:
        assert len(document) == 2
