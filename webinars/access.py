"""Permissions to watch recordings."""

from collections.abc import Mapping
from enum import StrEnum

from courses.access import ENROLLED, TEAM
from enrolments.access import ActivityContext, hiding_all, view_activity
from kernel.permissions import Actor, Permission, Roles, Verdict, allow_if


class RecordingAction(StrEnum):
    """Acts on recordings."""

    VIEW = "recording:view"
    NOTE_WATCHED = "recording:note_watched"


def _note(_actor: Actor, subject: ActivityContext) -> Verdict:
    return allow_if(subject.context.is_learner and subject.closed is None)


PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        RecordingAction.VIEW: Permission(view_activity, {"public": Roles.EVERYBODY, "course_only": ENROLLED | TEAM}),
        RecordingAction.NOTE_WATCHED: Permission(_note, {"own_progress": ENROLLED}),
    }
)
