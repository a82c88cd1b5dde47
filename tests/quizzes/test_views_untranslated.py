"""Questions without a translation: what a page shows of them is marked with their own language."""

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.marking import a_marked_quiz


def test_rubric_and_summary_of_an_untranslated_question_are_marked_with_its_language(browser: Browser, instance: Instance) -> None:
    a_marked_quiz(instance)
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    reader.get("/courses/prueba")
    reader.submit("/enrolment")
    reader.get("/courses/prueba/quizzes/cuestionario-1")
    attempt = reader.submit("/attempts").html

    summary = reader.submit("/answers", button=("go", "review")).html

    assert '<th scope="row" lang="es">Claridad</th>' in attempt
    assert '<dd lang="es">Se entiende.</dd>' in attempt
    assert '<span lang="es">Explique qué es una brecha.</span>' in summary
