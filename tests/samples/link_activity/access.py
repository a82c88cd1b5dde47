"""Who may open and complete links."""

from collections.abc import Mapping
from enum import StrEnum

from courses.access import ENROLLED, TEAM
from enrolments.access import ActivityContext, hiding_all, view_activity
from kernel.permissions import Actor, Permission, Verdict, allow_if


class LinkAction(StrEnum):
    """Actions on links."""

    VIEW = "link:view"
    COMPLETE = "link:complete"


def _complete(_actor: Actor, subject: ActivityContext) -> Verdict:
    return allow_if(subject.context.is_learner and subject.closed is None)


PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        LinkAction.VIEW: Permission(view_activity, {"published": ENROLLED | TEAM}),
        LinkAction.COMPLETE: Permission(_complete, {"own_progress": ENROLLED}),
    }
)
