"""The product speaks of no institution: what visitors read names the one that an administrator named, and nobody else."""

import re

import pytest

from kernel.settings import Settings
from lms.guide.chapters import list_sources
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.walking import Walk, plain_addresses

FOREIGN = re.compile(r"\bIESS|seguridad social|social security", re.IGNORECASE)
SITE = "/administration/site"
NAMES = {"names_es": "Centro de capacitación CAPACITA", "short_names_es": "CAPACITA"}


def test_the_defaults_name_the_product_alone() -> None:
    texts = [str(field.default) + (field.description or "") for field in Settings.model_fields.values()]

    assert [text for text in texts if FOREIGN.search(text)] == []
    assert Settings.model_fields["institution"].default == Settings.model_fields["institution_name"].default == "Aulario"


@pytest.mark.parametrize("language", ["es", "en"])
def test_visitors_of_a_renamed_site_read_of_no_other_institution(browser: Browser, instance: Instance, language: str) -> None:
    a_course(instance, modules=1)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)

    chapters = [f"/help/{chapter.reader}/{chapter.key}" for chapter in list_sources(language)]
    visitor = Walk(browser.another(language), *plain_addresses(browser.app), *chapters)
    visitor.open_all()

    assert {"/", "/courses", "/courses/prueba", "/recordings", "/privacy", "/sign-up", "/verify", *chapters} <= set(visitor.pages)
    assert "CAPACITA" in visitor.pages["/"]
    assert {path: match[0] for path, text in visitor.pages.items() if (match := FOREIGN.search(text))} == {}
