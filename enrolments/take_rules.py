"""When a course may be taken again: by whom, and what stands in the way (spec/compulsory 6.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from enrolments.models import TakeCause


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """The time in which a learner renews what they completed: from its opening on, through the grace and after expiry."""

    opens_at: datetime


class TakeRefusal(StrEnum):
    """The reasons why no further take may begin now."""

    NOT_PUBLISHED = "not_published"
    ARCHIVED = "archived"
    NO_WINDOW = "no_window"
    """Nothing asks the learner for it now; staff may begin one at any time."""
    WORK_OPEN = "work_open"
    """An attempt of the present take is in progress."""


class EnrolmentObstacle(StrEnum):
    """The reasons why somebody who has to take a course cannot be enrolled in it now."""

    UNPUBLISHED = "unpublished"
    """It is not published, or not yet in the version that is asked."""
    ARCHIVED = "archived"
    NOT_AGREED = "not_agreed"
    """It takes nobody by itself, and its team has not agreed, or not any more."""
    EDITION_CLOSED = "edition_closed"
    EDITION_FULL = "edition_full"
    WORK_OPEN = "work_open"
    """An attempt or a task of the present take is in progress: the next take waits for it."""


@dataclass(frozen=True, slots=True)
class RequiredCourse:
    """The course that people have to take: in which edition, if it is one of this course, and in which version at the lowest."""

    course_id: int
    edition_id: int | None = None
    lowest: int = 0
    is_agreed: bool = True
    """Its team agreed that these people are enrolled, or they could enrol themselves."""


@dataclass(frozen=True, slots=True)
class LeavingObstacle:
    """The reason why a learner cannot leave a course: its title by language, and by what addresses name it."""

    title: Mapping[str, str]
    uuid: UUID


def may_begin_take(
    cause: TakeCause, window: RenewalWindow | None, *, is_published: bool, is_archived: bool, has_open_work: bool, now: datetime
) -> TakeRefusal | None:
    """Return why a further take may not begin now, or nothing.

    Staff begin one at any time, learners and obligations from the opening of a renewal window on.
    """
    if not is_published:
        return TakeRefusal.NOT_PUBLISHED
    if is_archived:
        return TakeRefusal.ARCHIVED
    if cause is not TakeCause.STAFF and (window is None or now < window.opens_at):
        return TakeRefusal.NO_WINDOW
    return TakeRefusal.WORK_OPEN if has_open_work else None
