"""What a learner reads of their progress: by name, in whole words, with the right number."""

import pytest

from kernel.i18n import enumeration, reading
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, folder, publish, sign_in


@pytest.mark.slow
def test_a_course_is_started_until_something_was_opened(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=2))

    for page in ("/learning", "/courses/prueba"):
        assert "Empezar: " in browser.get(page).text
    browser.get("/courses/prueba/activities/leccion-1")
    for page in ("/learning", "/courses/prueba"):
        text = browser.get(page).text
        assert "Continuar: " in text
        assert "Empezar: " not in text


@pytest.mark.parametrize(
    ("modules", "language", "course_page", "learning_page"),
    [
        (1, "es", "0 de 1 módulo completo", "0 de 1 módulo"),
        (2, "es", "0 de 2 módulos completos", "0 de 2 módulos"),
        (1, "en", "0 of 1 module complete", "0 of 1 module"),
    ],
)
def test_modules_are_named_by_their_number(
    browser: Browser, instance: Instance, modules: int, language: str, course_page: str, learning_page: str
) -> None:
    course = a_course(instance, modules=modules)
    a_person(instance, language=language)
    sign_in(browser)
    browser.get(f"/courses/{course.slug}")
    browser.submit(f"/courses/{course.slug}/enrolment")

    shown, listed = ([part.strip() for part in browser.get(page).text.split("·")] for page in ("/courses/prueba", "/learning"))

    assert any(part.endswith(course_page) for part in shown), shown
    assert any(part.endswith(learning_page) for part in listed), listed


def test_who_signs_in_is_greeted_with_all_given_names(browser: Browser, instance: Instance) -> None:
    a_person(instance, given="María José")
    sign_in(browser)

    assert ", María José" in browser.get("/learning").text


def test_what_is_no_numbered_module_is_named(browser: Browser, instance: Instance) -> None:
    files = folder(modules=3)
    [path] = [one for one in files if one.startswith("03-") and one.endswith("module.yaml")]
    files[path] += b"numbered: false\n"
    title = "Parte 3"
    course, _version = publish(instance, files)
    a_learner_in(browser, course)

    text = browser.get("/courses/prueba").text

    assert f"Completar los 2 módulos y «{title}»" in text


@pytest.mark.parametrize(("language", "words"), [("es", "uno, dos y tres"), ("en", "uno, dos, and tres")])
def test_words_are_enumerated_as_the_language_does(language: str, words: str) -> None:
    with reading(language):
        assert enumeration(["uno", "dos", "tres"]) == words
