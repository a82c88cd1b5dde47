"""Permissions to watch recordings."""

from collections.abc import Mapping
from enum import StrEnum

from enrolments.access import ActivityContext, hiding_all, view_activity
from kernel.permissions import Actor, Predicate, Verdict, allow_if


class RecordingAction(StrEnum):
    """Acts on recordings."""

    VIEW = "recording:view"
    NOTE_WATCHED = "recording:note_watched"


def _note(_actor: Actor, subject: ActivityContext) -> Verdict:
    return allow_if(subject.context.is_learner and subject.closed is None)


PERMISSIONS: Mapping[StrEnum, Predicate] = hiding_all({RecordingAction.VIEW: view_activity, RecordingAction.NOTE_WATCHED: _note})
