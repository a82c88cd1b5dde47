"""A real Chromium before a real server: each test has an instance of its own, served from a thread."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Playwright, sync_playwright

from lms.instance import Instance
from tests.support.chromium import CHROMIUM, FLAGS, Live
from tests.support.far import served
from tests.support.programs import program


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start the driver once."""
    program("chromium")
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Start the browser once."""
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def live(app: Flask, instance: Instance) -> Iterator[Live]:
    """Serve the instance of this test."""
    with served(app) as port:
        yield Live(f"http://127.0.0.1:{port}", instance)
