"""The two courses of `content/`, read once for all tests."""

from datetime import date
from functools import cache
from pathlib import Path

from courses.content.model import ActivitySource, CourseFolder, FolderReadResult
from courses.content.reader import read_directory, read_folder
from lms.app import KINDS

CONTENT = Path(__file__).resolve().parents[2] / "content"
GOVERNANCE, BUDGET = "gobernanza-seguridad-social", "presupuesto-social"
COURSES = (GOVERNANCE, BUDGET)
TODAY = date(2026, 12, 1)
"""Before the parameters are due: their dates are looked at by `lms courses check`, not by the tests."""


@cache
def files_of(course: str) -> dict[str, bytes]:
    """Return the files of a course by path."""
    return read_directory(CONTENT / course)


@cache
def reading_of(course: str) -> FolderReadResult:
    """Return a course with what its check finds."""
    return read_folder(files_of(course), KINDS.kinds, KINDS.parts, today=TODAY)


def course_of(course: str) -> CourseFolder:
    """Return a course as its reader understands it."""
    found = reading_of(course).course
    assert found is not None, [finding.message for finding in reading_of(course).errors]
    return found


def activities_of(course: str, kind: str) -> list[ActivitySource]:
    """Return the activities of a kind, in the order of the course."""
    return [activity for activity in course_of(course).activities() if activity.kind == kind]
