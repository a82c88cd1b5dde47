"""Publishing, versions, team and log in a real browser: readable by everybody, on a telephone, in the dark."""

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Person
from courses.models import StaffRole
from tests.support.builders import PASSWORD, a_course, a_teacher, folder
from tests.support.chromium import Live, visitor
from tests.support.drafts import LESSON, save_draft

"""A folder to keep pictures of the pages in, to look at them."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "es"), (360, "dark", "en"), (360, "light", "es"), (1280, "dark", "en")]
)
def test_publishing_is_readable_by_everybody(chromium: Browser, live: Live, width: int, scheme: str, language: str) -> None:
    """Design publicar.html: differences, checks, a plan that waits, versions, team and log; axe-core finds nothing."""
    course = a_course(live.instance, modules=2)
    a_teacher(live.instance, course, role=StaffRole.OWNER)
    with live.instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    files = folder(modules=2)
    files[LESSON] = (
        files[LESSON]
        .replace(b"los dedos", b"las manos, y tambi\xc3\xa9n con piedras")
        .replace(b"title: Contar 1", b"title: Contar hasta diez")
    )
    bank = files["01-parte/banco.yaml"].replace(b"answer: true", b"answer: false")
    files["01-parte/banco.yaml"] = bank.replace(b"      - wrong: tres\n        why: Uno de menos.\n", b"      - wrong: tres\n")
    files["02-parte/03-cuestionario.quiz.yaml"] = files["02-parte/03-cuestionario.quiz.yaml"].replace(
        b"attempts: 3", b"attempts: 2\npass_mark: 80"
    )
    files["02-parte/04-mas.es.md"] = "---\nkey: mas\ntitle: Para saber más\nrequired: false\n---\n## Leer\n\nTres lecturas.\n".encode()
    save_draft(live.instance, files)
    teacher = visitor(chromium, live, width=width, scheme=scheme, language=language)
    page = teacher.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", "profe@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")

    teacher.open("/teaching/prueba/publishing")
    assert page.locator("ins").first.is_visible()
    page.fill("[name=when]", "2030-01-01T08:00")
    page.check("[name=nature][value=choice]")
    teacher.press("main form button.main")
    teacher.open("/teaching/prueba/publishing")
    teacher.press("form[action$=withdrawal] button")
    page.fill("[name=note]", "Manos y piedras")
    teacher.press("main form button.main")
    teacher.open("/teaching/prueba/versions/2")
    teacher.open("/teaching/prueba/versions")
    teacher.open("/teaching/prueba/team")
    page.fill("[name=email]", "nueva@example.org")
    teacher.press("main form button.main")
    teacher.open("/teaching/prueba/team")
    teacher.open("/teaching/prueba/log")
    assert page.get_by_role("rowheader").count() > 4
