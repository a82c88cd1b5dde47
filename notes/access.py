"""Permissions to keep notes of one's own: they are nobody else's, an administrator's neither."""

from collections.abc import Mapping
from enum import StrEnum

from courses.access import ENROLLED, TEAM
from enrolments.access import ActivityContext, hiding, view_activity
from kernel.permissions import Actor, Permission, Roles, Verdict, allow_if, signed_in


class NoteAction(StrEnum):
    """Acts on notes of one's own."""

    USE = "personal_note:use"
    WRITE = "personal_note:write"


KINDS = frozenset({"page", "recording"})
"""Kinds of activity beside which notes are written."""


def _write(actor: Actor, subject: ActivityContext) -> Verdict:
    """Allow whoever may read a lesson or open a recording, and has signed in."""
    if actor.is_anonymous or subject.activity.kind not in KINDS:
        return allow_if(False)
    return view_activity(actor, subject)


PERMISSIONS: Mapping[StrEnum, Permission] = {
    NoteAction.USE: Permission(
        signed_in, {"own": Roles.SIGNED_IN.because("one's own notes"), "of_another": Roles.NOBODY.hidden.because("a note is nobody else's")}
    ),
    NoteAction.WRITE: Permission(
        hiding(_write), {"lesson_published": (ENROLLED | TEAM).because("whoever may read the lesson and has signed in")}
    ),
}
