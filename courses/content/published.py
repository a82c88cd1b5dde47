"""A course's text beside the site: what is published of it (spec/content-format 3.2), the units and audiences that it names."""

from collections.abc import Iterable

from courses.content import codes
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from kernel.errors import N_


def vanished(published: Iterable[str], course: CourseFolder) -> tuple[Finding, ...]:
    """Tell keys of modules and activities that are published and neither alive nor named by `former_keys` (spec/content-format C213)."""
    present = {key for module in course.modules for key in (module.key, *module.former_keys)}
    present |= {key for activity in course.activities() for key in (activity.key, *activity.former_keys)}
    return tuple(_finding(key) for key in published if key not in present)


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


def unknown_institution(key: str, nearest: str) -> Finding:
    """Tell of an institution that a course names and that the site does not have (spec/content-format C906)."""
    message = N_("There is no institution “%(key)s”.")
    fix = N_("The closest is “%(nearest)s”.") if nearest else N_("Write the key as the page of institutions has it.")
    return Finding(COURSE, 0, 0, "institution", "C906", codes.severity("C906"), message, fix, facts={"key": key, "nearest": nearest})


def unknown_viewer(kind: str, key: str) -> Finding:
    """Tell of a unit or an audience that a course is for and that the site does not have (spec/content-format C904)."""
    is_unit = kind == "unit"
    message = N_("No unit has the code “%(key)s”.") if is_unit else N_("There is no audience “%(key)s”.")
    fix = N_("Write the code as the list of units has it.") if is_unit else N_("Write the key as the page of audiences has it.")
    return Finding(COURSE, 0, 0, "staff_of" if is_unit else "audiences", "C904", codes.severity("C904"), message, fix, facts={"key": key})
