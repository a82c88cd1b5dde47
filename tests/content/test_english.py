"""Both courses read in English: titles everywhere, lessons where they are translated; a notice with the Spanish text elsewhere."""

import pytest

from lms.instance import Instance
from lms.publishing import publish_folder
from tests.support.browser import Browser
from tests.support.builders import a_person, folder, publish, sign_in
from tests.support.courses import BUDGET, CONTENT, GOVERNANCE

NOTICE = "This lesson has not been translated yet"


def test_a_lesson_without_translation_says_so_and_offers_the_original(browser: Browser, instance: Instance) -> None:
    publish(instance, {path: text for path, text in folder("prueba").items() if not path.endswith(".en.md")})
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    reader.get("/courses/prueba")
    reader.submit("/enrolment")

    page = reader.get("/courses/prueba/activities/leccion-1")

    assert NOTICE in page.text
    assert '<div class="prose" lang="es">' in page.html


@pytest.mark.slow
@pytest.mark.parametrize("course", [GOVERNANCE, BUDGET])
def test_what_is_translated_reads_in_english(browser: Browser, instance: Instance, course: str) -> None:
    """No page of a translated lesson falls back to the Spanish text."""
    assert publish_folder(instance, CONTENT / course).version is not None
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    reader.get(f"/courses/{course}")
    reader.submit("/enrolment")
    originals = [path.with_name(path.name.replace(".en.", ".es.")).read_text() for path in sorted((CONTENT / course).glob("*/*.en.md"))]
    keys = [original.partition("key: ")[2].partition("\n")[0] for original in originals]

    pages = {key: reader.get(f"/courses/{course}/activities/{key}") for key in keys}

    assert len(pages) > 4
    assert {key for key, page in pages.items() if NOTICE in page.text or '<div class="prose" lang="es">' in page.html} == set()
