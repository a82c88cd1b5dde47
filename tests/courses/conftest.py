"""What tests of the lessons' editor share: a course, and somebody before its first lesson."""

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.lessons import EDITOR


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module, with somebody to edit it."""
    made = a_course(instance, modules=1)
    a_teacher(instance, made)
    return made


@pytest.fixture
def editor(browser: Browser, course: Course) -> Browser:
    """Return the browser of an editor, before the lesson."""
    sign_in(browser, "profe@example.org")
    browser.get(EDITOR)
    return browser
