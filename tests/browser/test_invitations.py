"""People are invited to a course in a real browser: a list, its links, the page of a link, an account, enrolling; on a phone and wide."""

import pytest
from playwright.sync_api import Browser

from kernel import clock, outbox
from tests.support.builders import a_course, a_person, a_teacher
from tests.support.chromium import Live, press, signed_in, visitor

LEARNERS = "/teaching/prueba/learners"


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_list_is_invited_its_links_are_handed_over_and_one_is_accepted(chromium: Browser, live: Live, width: int) -> None:
    """By the keyboard alone, without mail; axe-core finds nothing on any of the pages, and nothing runs out of the window."""
    course = a_course(live.instance, modules=1, enrolment="invitation")
    a_teacher(live.instance, course)
    a_person(live.instance, "ana.quinde@example.org")
    team = signed_in(chromium, live, width=width, scheme="dark" if width == 360 else "light")
    team.open(f"{LEARNERS}?new=nadie.de.nombre.largo@institucion.example.org")
    press(team, "Invitar")
    team.open(f"{LEARNERS}/lists")
    team.page.get_by_label("O pegue aquí").fill("correo,nombre\nana.quinde@example.org,Ana Quinde\nluis.vera@example.org,\nsin arroba,\n")
    press(team, "Ver primero")
    press(team, "Invitar a 2 personas")
    outbox.deliver_waiting(live.instance.worker, now=clock.now())
    team.page.reload()
    team.check()
    press(team, "Mostrar los enlaces")
    link = team.page.get_by_label("Enlace para ana.quinde@example.org").input_value()
    team.open(f"{LEARNERS}/invitations")

    guest = visitor(chromium, live, width=width)
    guest.open("/" + link.partition("//")[2].partition("/")[2])
    assert "ana.quinde@example.org" in guest.page.inner_text("main")
    person = signed_in(chromium, live, "ana.quinde@example.org", width=width)
    person.open("/learning")
    press(person, "Aceptar e inscribirme")
    assert "Está en el curso" in person.page.inner_text("main") or "/courses/prueba" in person.page.url
