"""Effects of a course's text on what is already published (spec/content-format 3.2)."""

from collections.abc import Iterable

from courses.content import codes
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from kernel.errors import N_


def vanished(published: Iterable[str], course: CourseFolder) -> tuple[Finding, ...]:
    """Tell keys of modules and activities that are published and neither alive nor named by `former_keys` (spec/content-format C213)."""
    kept = {key for module in course.modules for key in (module.key, *module.former_keys)}
    kept |= {key for activity in course.activities() for key in (activity.key, *activity.former_keys)}
    return tuple(_finding(key) for key in published if key not in kept)


def _finding(key: str) -> Finding:
    return Finding(
        COURSE,
        0,
        0,
        "",
        "C213",
        codes.severity("C213"),
        N_("“%(key)s” is published but no longer in the folder. It will be removed from the outline; its results are kept."),
        N_("If it has a new key, add “former_keys: [%(key)s]” there."),
        facts={"key": key},
    )
