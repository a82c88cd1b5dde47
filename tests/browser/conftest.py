"""A real Chromium before a real server: each test has an instance of its own, served from a thread."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from kernel import clock, outbox
from lms.instance import Instance
from tests.support.far import served
from tests.support.missing import note

CHROMIUM = os.environ.get("CHROMIUM", shutil.which("chromium") or shutil.which("google-chrome") or "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start the driver once."""
    if not CHROMIUM:
        pytest.skip(note("browser tests: Chromium is missing (apt-get install chromium)"))
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Start the browser once."""
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield started
    started.close()


@dataclass
class Live:
    """An instance served over HTTP."""

    url: str
    instance: Instance

    def deliver_jobs(self) -> None:
        """Do the background work that waits."""
        outbox.deliver_waiting(self.instance.worker, now=clock.now())


@pytest.fixture
def live(app: Flask, instance: Instance) -> Iterator[Live]:
    """Serve the instance of this test."""
    with served(app) as port:
        yield Live(f"http://127.0.0.1:{port}", instance)


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
