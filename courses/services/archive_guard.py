"""Refusal of changes to an archived course: nothing of it is written or published until it is restored."""

from courses.models import Course
from kernel.errors import N_, Conflict


class CourseArchived(Conflict):
    """The course was put away."""

    code = "course_archived"
    message = N_("This course is archived, so it cannot be changed or published. Restore it first.")


def check_open(course: Course) -> None:
    """Raise CourseArchived where a locked course was put away."""
    if course.archived_at is not None:
        raise CourseArchived
