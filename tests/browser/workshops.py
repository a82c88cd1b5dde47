"""Doing the simulator tasks of «Presupuesto social» in a real browser, as a learner who works them out by hand."""

from playwright.sync_api import Page
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course
from lms.instance import Instance
from simulators.content import TaskSource
from simulators.rules.tasks import draw, seed_of
from tests.content.workshops import WORKED, Worked
from tests.support.chromium import Visitor
from tests.support.courses import BUDGET, activities_of

POINTS = {"es": "10 de 10", "en": "10 of 10"}


def slide(page: Page, name: str, value: str) -> None:
    """Move a slider as a hand would: its value changes and the page hears of it."""
    page.locator(f"[name='{name}']").evaluate(
        "(one, to) => { one.value = to; one.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


def set_to(page: Page, name: str, typed: str) -> None:
    """Give an input its value: a slider is moved, a field is filled in."""
    control = page.locator(f"[name='{name}']")
    if control.get_attribute("type") == "range":
        slide(page, name, typed.replace(",", "."))
    else:
        control.fill(typed)


def worked_for(instance: Instance, key: str) -> Worked:
    """Work a task out with the numbers of the person at it."""
    source = next(activity for activity in activities_of(BUDGET, "simulator") if activity.key == key).settings
    assert isinstance(source, TaskSource)
    with instance.database.unit_of_work(write=False) as session:
        seed = seed_of(session.scalars(select(Course.id)).one(), key, session.scalars(select(Person.id)).one())
    return WORKED[key](draw(source.task.variables, seed))


def hand_in_task(person: Visitor, instance: Instance, key: str, language: str = "es") -> None:
    """Work a task out, see its goals light up, and hand it in for full marks, with the decimal mark of a language."""
    mark = "." if language == "en" else ","
    page, worked = person.page, worked_for(instance, key)
    person.open(f"/courses/{BUDGET}/simulators/{key}")
    goals = page.locator("[data-goal]").count()
    assert page.locator("[data-goal].ok").count() < goals
    for name, typed in worked.typed.items():
        set_to(page, name, typed.replace(",", mark))
    assert page.locator("[data-goal].ok").count() == goals
    for name, value in worked.answers.items():
        page.fill(f"[name='ask.{name}']", f"{float(value):.4f}".replace(".", mark))
    person.press("button[value=submit]")
    assert POINTS[language] in page.locator("h1").inner_text()
