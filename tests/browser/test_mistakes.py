"""Mistake reports in a real browser: from the lesson to the form, the team's list and its decision, and what the reporter reads of it."""

import pytest
from playwright.sync_api import Browser

from enrolments.models import MistakeKind
from tests.support.builders import a_course, a_teacher
from tests.support.chromium import Live, follow, press, signed_in
from tests.support.learning import a_learner
from tests.support.mistakes import a_report
from tests.support.wording import in_spanish

LIST = "/teaching/prueba/mistake-reports"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_a_mistake_is_reported_accepted_and_answered(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    """By the keyboard alone; axe-core finds nothing on any of the pages, and nothing runs out of the window."""
    course = a_course(live.instance, modules=1)
    a_teacher(live.instance, course)
    a_learner(live.instance, course)
    a_report(live.instance, a_learner(live.instance, course, "blas@example.org"), kind=MistakeKind.TYPING)
    a_report(live.instance, a_learner(live.instance, course, "eva@example.org"), "La imagen no aparece.", kind=MistakeKind.BROKEN)
    reader = signed_in(chromium, live, "ana@example.org", width=width, scheme=scheme)
    reader.open("/courses/prueba/activities/leccion-1")
    follow(reader, in_spanish("Report a mistake"))
    press(reader, "Enviar el reporte")
    assert "Revise estos" in reader.page.inner_text("main")
    reader.page.get_by_label("Error de escritura").check()
    reader.page.get_by_label("¿Qué está mal").fill("Dice dedos y debe decir manos.")
    press(reader, "Enviar el reporte")
    assert "Recibido" in reader.page.inner_text("main")

    staff = signed_in(chromium, live, "profe@example.org", width=width, scheme=scheme)
    staff.open(LIST)
    assert "2 personas" in staff.page.inner_text("main")
    follow(staff, "Error de escritura u ortografía Contar 1")
    staff.page.get_by_label("Es un error y se corregirá").check()
    staff.page.get_by_label("Respuesta del equipo").fill("Gracias: lo cambiaremos.")
    press(staff, "Guardar y avisar")
    staff.open(f"{LIST}?state=accepted")
    staff.press("h3 a >> nth=0")
    follow(staff, "La lección como se leyó")

    reader.open("/learning/mistake-reports")
    assert "Gracias: lo cambiaremos." in reader.page.inner_text("main")
