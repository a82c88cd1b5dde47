"""What tests of invitations share: a course that is entered by invitation, and its instructor."""

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a course with an instructor, Inés."""
    found = a_course(instance, modules=1, enrolment="invitation")
    a_teacher(instance, found, "ines@example.org")
    return found


@pytest.fixture
def team(browser: Browser, course: Course) -> Browser:
    """Return the instructor's browser."""
    return sign_in(browser, "ines@example.org")
