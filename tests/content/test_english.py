"""Both courses read in English: titles everywhere, lessons where they are translated, a notice with the Spanish text elsewhere."""

import pytest

from lms.instance import Instance
from lms.publishing import publish_folder
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.courses import BUDGET, CONTENT, GOVERNANCE

NOTICE = "This lesson has not been translated yet"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("course", "translated", "spanish", "title"),
    [
        (GOVERNANCE, "quien-paga", "formula-de-la-pension", "The formula step by step"),
        (BUDGET, "cuatro-herramientas", "mapa-de-los-motores", "The map of the drivers"),
    ],
)
def test_a_lesson_without_translation_says_so_and_offers_the_spanish_text(
    browser: Browser, instance: Instance, course: str, translated: str, spanish: str, title: str
) -> None:
    assert publish_folder(instance, CONTENT / course).version is not None
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    assert title in reader.get(f"/courses/{course}").text
    reader.submit("/enrolment")

    assert NOTICE not in reader.get(f"/courses/{course}/activities/{translated}").text
    page = reader.get(f"/courses/{course}/activities/{spanish}")
    assert NOTICE in page.text
    assert '<div class="prose" lang="es">' in page.html
    assert "Al terminar esta lección, usted podrá" in page.text
