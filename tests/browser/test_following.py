"""The team follows its learners in a real browser: gradebook, progress, one learner, announcements, on a phone and wide."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from kernel import clock
from tests.support.builders import a_course, a_teacher
from tests.support.chromium import Live, follow, press, signed_in
from tests.support.editions import an_edition
from tests.support.learning import a_learner, fail_quiz, mark_done, pass_quiz
from tests.support.wording import in_spanish

TEACHING = "/teaching/prueba"


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_from_the_gradebook_to_who_is_stuck_to_a_learner_and_an_announcement(chromium: Browser, live: Live, width: int) -> None:
    """By the keyboard alone; axe-core finds nothing on any of the pages, and nothing runs out of the window."""
    instance, past = live.instance, clock.now() - timedelta(days=30)
    course = a_course(instance, modules=3)
    a_teacher(instance, course)
    an_edition(instance, course)
    for place in range(4):
        learner = a_learner(instance, course, f"p{place}@example.org", now=past)
        mark_done(instance, learner, "prueba", "leccion-1", now=past)
        (pass_quiz if place else fail_quiz)(instance, learner, "prueba", now=past)
    person = signed_in(chromium, live, width=width)
    person.open(f"{TEACHING}/gradebook")
    follow(person, "Avance de los participantes")
    person.page.locator("summary").first.focus()
    person.page.keyboard.press("Enter")
    assert person.page.get_by_role("table").first.is_visible()
    person.page.locator("a[href*='next=']").first.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.check()
    follow(person, "Ana Quinde")
    assert person.page.get_by_role("heading", level=1).inner_text() == "Ana Quinde"

    person.open(f"{TEACHING}/announcements")
    person.page.get_by_label("Título").fill("Clase en vivo")
    person.page.get_by_label("Texto").fill("El jueves a las diez.")
    press(person, "Ver a quiénes llega")
    assert "Se avisará a 4 personas" in person.page.inner_text("main")
    press(person, "Enviar")
    assert "Clase en vivo" in person.page.inner_text("main")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_the_team_sets_a_result_marks_by_hand_and_writes_to_those_who_stopped(chromium: Browser, live: Live, width: int) -> None:
    """By the keyboard alone: how the grade is made, an item and its marks with a fault, a result with a reason, a note, a message."""
    instance, past = live.instance, clock.now() - timedelta(days=30)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    learners = [a_learner(instance, course, f"p{place}@example.org", now=past) for place in range(3)]
    fail_quiz(instance, learners[0], "prueba", now=past)
    person = signed_in(chromium, live, width=width, scheme="dark" if width == 360 else "light")
    page = person.page
    person.open(f"{TEACHING}/gradebook")
    follow(person, "Cómo se calcula la nota")
    follow(person, "Agregar un elemento que se califica a mano")
    page.get_by_label("Título").fill("Exposición")
    page.get_by_label("Nota máxima").fill("20")
    press(person, "Guardar")
    page.get_by_role("textbox", name="Nota de Ana Quinde").first.fill("21")
    press(person, "Guardar esta página")
    assert page.get_by_role("alert").get_by_role("link").count() == 1
    page.get_by_role("textbox", name="Nota de Ana Quinde").first.fill("15,5")
    press(person, "Guardar esta página")
    assert in_spanish("%(count)s mark saved.", 1) in page.inner_text("main")

    person.open(f"{TEACHING}/learners/{learners[0].person_uuid}")
    follow(person, "Fijar el resultado")
    press(person, "Fijar este resultado")
    assert page.get_by_role("alert").get_by_role("link").count() == 1
    page.get_by_label("Resultado en porcentaje").fill("80")
    page.get_by_label("Motivo").fill("Entregó en papel")
    press(person, "Fijar este resultado")
    page.get_by_role("textbox", name="Nueva anotación").fill("Pidió más tiempo.")
    press(person, "Guardar la anotación")
    assert [words in page.inner_text("main") for words in ("Entregó en papel", "Pidió más tiempo.")] == [True, True]

    person.open(f"{TEACHING}/gradebook?idle=14")
    follow(person, "Escribir a estas 3 personas")
    page.get_by_label("Título").fill("¿Necesita ayuda?")
    page.get_by_label("Texto").fill("Escríbanos.")
    press(person, "Ver antes de enviar")
    press(person, "Enviar")
    live.deliver_jobs()
    learner = signed_in(chromium, live, "p0@example.org", width=width)
    learner.open("/courses/prueba/results")
    assert [
        words in learner.page.inner_text("main")
        for words in ("80\xa0%", in_spanish("Set by the course team: %(reason)s", reason="Entregó en papel"))
    ] == [True, True]
    learner.open("/notices")
    assert "Escríbanos." in learner.page.inner_text("main")
