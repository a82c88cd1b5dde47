"""A person before a real Chromium: opens pages of a served instance, and checks each of them."""

import re
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from kernel import clock, outbox
from lms.instance import Instance
from tests.support.builders import PASSWORD
from tests.support.kinds import SLOTS, bank
from tests.support.learning import a_learner
from tests.support.programs import find_program
from tests.support.quizzes import a_quiz_asking

CHROMIUM = find_program("chromium") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PRESSES = """
const add = () => sessionStorage.setItem('presses', Number(sessionStorage.getItem('presses')) + 1);
const typed = 'textarea, input:not([type=checkbox], [type=radio])';
addEventListener('pointerdown', (event) => event.target.closest('a, button, input, select, textarea, summary, label') && add(), true);
addEventListener('keydown', (event) => {
  const presses = event.key === 'Enter' ? !event.target.matches('textarea') : event.key === ' ' && !event.target.matches(typed);
  if (presses) add();
}, true);
"""
"""Counts what the issue calls a press: a click, a tap, or Enter or Space on a control. Typing is none."""


@dataclass
class Live:
    """An instance served over HTTP."""

    url: str
    instance: Instance

    def deliver_jobs(self) -> None:
        """Do the background work that waits."""
        outbox.deliver_waiting(self.instance.worker, now=clock.now())


@dataclass
class Visitor:
    """One person's browser: opens pages, and checks each of them with axe-core and for sideways scrolling."""

    page: Page
    url: str
    checked: set[str]
    script: bool = True
    """Without it axe-core, which is a script, does not look: the pages are the same."""
    once_a_template: bool = False
    """On long ways: axe-core looks at one page of each template; sideways scrolling is looked at on every page."""

    def open(self, path: str) -> None:
        """Open a page and check it."""
        self.page.goto(self.url + path)
        self.check()

    def press(self, selector: str) -> None:
        """Press a button that leads to a page, and check where it leads."""
        with self.page.expect_navigation():
            self.page.click(selector)
        self.check()

    def check(self) -> None:
        """Check the page once: axe-core finds nothing, nothing runs out of the window."""
        width = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} is {width[0]} px wide in a window of {width[1]}"
        kind = self.page.evaluate("document.title.split(' ')[0] + document.querySelector('main').className + location.pathname")
        if self.once_a_template:
            kind = template_of(self.page.url)
        if kind in self.checked or not self.script:
            return
        self.checked.add(kind)
        found = Axe().run(self.page)
        broken = [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found.response["violations"]]
        assert not broken, f"{self.page.url}: {broken}"


def template_of(url: str) -> str:
    """Return the address without what names one course, activity, attempt or person: the same for pages of one template."""
    return re.sub(r"(?<=/)[^/?#]*(?:-|\d)[^/?#]*", "*", re.sub(r"^https?://[^/]+|[?#].*$", "", url))


def visitor(
    browser: Browser, live: Live, *, language: str = "es", width: int = 1280, script: bool = True, scheme: str = "light"
) -> Visitor:
    """Return a new person's browser; console errors fail the test."""
    locale = "es-EC" if language == "es" else "en-GB"
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 900},
        locale=locale,
        java_script_enabled=script,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",  # colours do not fade while axe-core looks
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return Visitor(page, live.url, set(), script=script)


def sign_in_learner(person: Visitor) -> None:
    """Sign in as the learner of these tests."""
    person.open("/sign-in")
    person.page.fill("#email", "ana@example.org")
    person.page.fill("#password", PASSWORD)
    person.press("form[action='/sign-in'] button[type=submit]")


def signed_in(chromium: Browser, live: Live, email: str = "profe@example.org", **options: object) -> Visitor:
    """Return the browser of somebody of the team, signed in."""
    person = visitor(chromium, live, **options)  # type: ignore[arg-type]  # fields by name
    page = person.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    return person


def press(person: Visitor, name: str) -> None:
    """Press a button by the keyboard, and check where it leads."""
    button = person.page.locator("main").get_by_role("button", name=name).first
    button.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.check()


def follow(person: Visitor, name: str) -> None:
    """Follow a link by the keyboard, and check where it leads."""
    link = person.page.locator("main").get_by_role("link", name=name).first
    link.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.check()


def begin_quiz(person: Visitor, instance: Instance, settings: str, slots: tuple[str, ...] = SLOTS, questions: str = "") -> None:
    """Publish the quiz, sign its learner in, and start an attempt."""
    course = a_quiz_asking(instance, questions or bank(), f"attempts: 0\nweight: 0\n{settings}", slots)
    a_learner(instance, course)
    sign_in_learner(person)
    person.open("/courses/prueba/quizzes/cuestionario-1")
    person.press("form[action$='/attempts'] button")
