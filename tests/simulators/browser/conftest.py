"""The served instance and the real browser of tests/browser."""

from tests.browser.conftest import chromium, live, playwright  # noqa: F401 - fixtures
