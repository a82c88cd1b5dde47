"""What may be done with a course by those who make it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from courses.models import StaffRole
from kernel.permissions import Actor, Predicate, Verdict, allow_if


class CourseAction(StrEnum):
    """Acts of those who make courses."""

    PUBLISH = "course:publish"


@dataclass(frozen=True, slots=True)
class TaughtCourse:
    """A course as its staff sees it."""

    id: int
    slug: str
    staff_role: StaffRole | None


def edits(actor: Actor, role: StaffRole | None) -> bool:
    """Say whether somebody may change a course: its owners and editors, and administrators."""
    return actor.is_administrator or role in (StaffRole.OWNER, StaffRole.EDITOR)


def _edit(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, TaughtCourse)
    return allow_if(edits(actor, subject.staff_role), Verdict.HIDE)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    CourseAction.PUBLISH: _edit,
}
