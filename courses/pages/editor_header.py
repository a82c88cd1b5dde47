"""View model of the header on every page of a course's editor."""

from courses.models import Course
from courses.permissions import CourseAction
from courses.queries import catalogue
from kernel.i18n import choose
from kernel.web.request import allows, current_actor, current_session


def course_header(course: Course) -> dict[str, object]:
    """Return a course's address and title, and of an archived one whether the reader may bring it back."""
    archived = course.archived_at is not None
    return {
        "slug": course.slug,
        "title": choose(dict(course.title)),
        "published": course.published_version_id is not None,
        "archived": archived,
        "may_bring_back": archived
        and allows(CourseAction.ARCHIVE, catalogue.get_taught_course(current_session(), current_actor(), course.slug)),
    }
