"""The simulator tasks of «Presupuesto social» in a real browser: worked out by hand, handed in, marked, and told to the course."""

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course
from enrolments.models import ActivityResult
from lms.app import House
from lms.publishing import publish_folder
from simulators.content import TaskSource
from simulators.rules.drawing import draw, seed_of
from tests.browser.conftest import Live, visitor
from tests.browser.test_simulator import slide
from tests.content.workshops import WORKED, Worked
from tests.support.builders import PASSWORD, a_person
from tests.support.courses import BUDGET, CONTENT, activities_of

POINTS = {"tarea-laboratorio-de-reserva": "10 de 10", "tarea-camino-gradual": "10 de 10", "tarea-taller-directo-e-inverso": "10 de 10"}


def enter(page: Page, url: str) -> None:
    """Sign in and enrol."""
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", "ana@example.org")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")
    page.goto(f"{url}/courses/{BUDGET}")
    with page.expect_navigation():
        page.click("form[action$=enrolment] button")


def set_to(page: Page, name: str, typed: str) -> None:
    """Give an input its value: a slider is moved, a field is filled in."""
    control = page.locator(f"[name='{name}']")
    if control.get_attribute("type") == "range":
        slide(page, name, typed.replace(",", "."))
    else:
        control.fill(typed)


def worked_for(house: House, key: str) -> Worked:
    """Work a task out with the numbers of the person at it."""
    source = next(activity for activity in activities_of(BUDGET, "simulator") if activity.key == key).settings
    assert isinstance(source, TaskSource)
    with house.database.unit_of_work(write=False) as session:
        seed = seed_of(session.scalars(select(Course.id)).one(), key, session.scalars(select(Person.id)).one())
    return WORKED[key](draw(source.task.variables, seed))


def results(house: House) -> dict[str, tuple[float | None, bool | None, bool]]:
    """Return per activity the score, whether it is passed, and whether it is complete."""
    with house.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(ActivityResult))
        return {
            row.activity_key: (None if row.score is None else float(row.score), row.passed, row.completed_at is not None) for row in rows
        }


def test_every_task_is_taken_to_its_mark(chromium: Browser, live: Live, house: House) -> None:
    """Format, section 10: parameters of one's own, goals that light up, numbers that the server recomputes, a mark in the course."""
    assert publish_folder(house, CONTENT / BUDGET).version is not None
    a_person(house)
    person = visitor(chromium, live, width=360, scheme="dark")
    page = person.page
    enter(page, live.url)
    for key, points in POINTS.items():
        worked = worked_for(house, key)
        person.open(f"/courses/{BUDGET}/simulators/{key}")
        goals = page.locator("[data-goal]").count()
        assert page.locator("[data-goal].ok").count() < goals
        for name, typed in worked.typed.items():
            set_to(page, name, typed)
        assert page.locator("[data-goal].ok").count() == goals
        for name, value in worked.answers.items():
            page.fill(f"[name='ask.{name}']", f"{float(value):.4f}".replace(".", ","))
        person.press("button[value=submit]")

        assert points in page.locator("h1").inner_text()
    assert results(house) == dict.fromkeys(POINTS, (100, True, True))
