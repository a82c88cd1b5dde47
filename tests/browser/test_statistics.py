"""Report and statistics of a quiz in a real browser: readable by everybody, on a telephone, in the dark, without script."""

import pytest
from playwright.sync_api import Browser

from tests.support.builders import PASSWORD, a_teacher
from tests.support.chromium import Live, visitor
from tests.support.classes import a_class_with_a_wrong_key, a_surveyed_class
from tests.support.wording import in_spanish

pytestmark = pytest.mark.long

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


@pytest.mark.parametrize(("width", "scheme", "script"), [(1280, "light", False), (360, "dark", True)])
def test_reports_and_statistics_are_readable_by_everybody(chromium: Browser, live: Live, width: int, scheme: str, script: bool) -> None:
    """Plots with a table twin, both themes, 360 and 1280 px; axe-core finds nothing on any of the pages."""
    course = a_class_with_a_wrong_key(live.instance)
    a_teacher(live.instance, course)
    teacher = visitor(chromium, live, width=width, scheme=scheme, script=script)
    page = teacher.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", "profe@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    if script:
        for path in ("/report", "/statistics", "/statistics/questions/suma-1", "/statistics/questions/mitad-1"):
            teacher.open(f"{QUIZ}{path}")

    page.goto(f"{live.url}{QUIZ}/manage")
    page.get_by_role("link", name="Estadísticas y análisis de preguntas").click()
    assert page.get_by_role("img", name=in_spanish("Number of attempts by points")).is_visible()
    page.get_by_label("Intentos", exact=True).select_option("all")
    page.get_by_role("button", name="Mostrar").press("Enter")
    assert "which=all" in page.url
    page.get_by_role("link", name="¿Cuánto es dos más dos?").first.press("Enter")
    assert page.get_by_role("heading", name="¿Cuánto es dos más dos?").is_visible()
    assert page.get_by_role("rowheader", name="cinco").is_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_answers_to_a_survey_are_readable_by_everybody(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    """Each row as a bar and in a table, which folds on a telephone; axe-core finds nothing."""
    a_surveyed_class(live.instance)
    teacher = visitor(chromium, live, width=width, scheme=scheme)
    page = teacher.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", "profe@example.org")
    page.fill("[name=password]", PASSWORD)
    teacher.press("main button[type=submit]")
    teacher.open(f"{QUIZ}/statistics")
    page.get_by_role("link", name="Respuestas a las encuestas").press("Enter")
    page.wait_for_url("**/surveys")
    teacher.check()

    assert page.get_by_role("img", name=in_spanish("How the answers to each row are spread over the scale")).is_visible()
    assert "entre «Algo» y «Mucho»" in page.inner_text("main table")
