"""Permissions of learners to begin a further take of what they have to renew."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from enrolments.models import Enrolment
from enrolments.takes import RenewalWindow
from kernel.permissions import Actor, Predicate, Verdict


class RenewalAction(StrEnum):
    """Acts of learners on their own takes."""

    RENEW = "take:renew"
    """Take a course again that an obligation asks for again, or whose certificate is in its time of renewal."""


@dataclass(frozen=True, slots=True)
class RenewalContext:
    """Somebody before a course; the window is None where nothing asks them now to take it again."""

    course_id: int
    slug: str
    present: Enrolment | None
    """The take of theirs that is the present one."""
    window: RenewalWindow | None
    is_under_way: bool
    """They have begun a further take already."""


def _renew(_actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, RenewalContext)
    return Verdict.ALLOW if subject.window is not None or subject.is_under_way else Verdict.FORBID


RENEWAL_PERMISSIONS: Mapping[StrEnum, Predicate] = {RenewalAction.RENEW: _renew}
