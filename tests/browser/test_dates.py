"""What ends when, in a real browser: on a phone and wide, in both languages, in the dark, and without scripts."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from kernel import clock
from tests.simulators.task_folders import folder
from tests.support.builders import a_person, publish
from tests.support.chromium import Live, signed_in
from tests.support.editions import an_edition, enrol
from tests.support.learning import actor_of, start

COURSE = "/courses/prueba"
PAGES = ("/learning", COURSE, f"{COURSE}/activities/leccion-1", f"{COURSE}/quizzes/cuestionario-1", f"{COURSE}/simulators/tarea-1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "language", "options"),
    [
        (360, "es", {"scheme": "dark"}),
        (360, "en", {}),
        (1280, "en", {}),
        (360, "es", {"script": False}),
        (360, "en", {"script": False}),
    ],
    ids=["phone in the dark", "phone in English", "wide in English", "without scripts", "without scripts in English"],
)
def test_every_page_names_the_end_of_the_edition(
    chromium: Browser, live: Live, width: int, language: str, options: dict[str, object]
) -> None:
    instance, now = live.instance, clock.now()
    course, _version = publish(instance, folder())
    other, _version = publish(instance, folder(key="segundo"))
    learner = actor_of(a_person(instance, language=language))
    enrol(instance, course, [learner], an_edition(instance, course, ends_at=now + timedelta(days=3)))
    enrol(instance, other, [learner])
    attempt = start(instance, learner, "segundo")
    person = signed_in(chromium, live, "ana@example.org", width=width, language=language, **options)
    left = "Quedan 3 días" if language == "es" else "3 days left"

    for path in PAGES:
        person.open(path)
        assert left in person.page.inner_text("main")

    person.open(PAGES[0])
    assert person.page.locator("main a").first.get_attribute("href") == f"/attempts/{attempt}"
