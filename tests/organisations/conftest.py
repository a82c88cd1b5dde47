"""What tests of institutions share: an administrator before the site."""

import pytest

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.scenes import scene


@pytest.fixture
@scene
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")
