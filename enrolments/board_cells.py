"""The roles that may act on the board of a course, as rows of the access matrix: by the course, and the state of its board."""

from collections.abc import Mapping
from enum import StrEnum

from courses.access import EDITORS, ENROLLED, TEAM
from discussions.access import BoardAction
from kernel.permissions import AllowedRoles, Roles
from organisations.access import INSTITUTION_ADMINISTRATORS, INSTITUTION_TEAM

_READING = (BoardAction.VIEW, BoardAction.READ, BoardAction.OPEN_FILE)
_WRITING = (BoardAction.DRAFT, BoardAction.OPEN, BoardAction.WRITE, BoardAction.EDIT, BoardAction.ACCEPT)
_TAKING_PART = (BoardAction.SUBSCRIBE, BoardAction.WITHDRAW, BoardAction.REPORT)
_LOOKING_AFTER = (BoardAction.HIDE, BoardAction.VIEW_QUEUE, BoardAction.DECIDE, BoardAction.VIEW_LOG)
_MODERATING = (BoardAction.RELEASE, BoardAction.LOCK, BoardAction.PIN, BoardAction.RETITLE, BoardAction.SUMMARISE)
_OF_THE_BOARD = {BoardAction.VIEW, BoardAction.OPEN, BoardAction.DRAFT, BoardAction.CHANGE_SETTINGS}
_OF_THE_BOARD |= {BoardAction.VIEW_QUEUE, BoardAction.VIEW_LOG}
"""Acts on the board as a whole, which do not meet the guard of a thread."""
_INSIDE = ENROLLED | TEAM
_OTHERS = (Roles.EVERYBODY | Roles.SUSPENDED) - ENROLLED
_OUTSIDE: Mapping[str, AllowedRoles | None] = {
    "listed": None,
    "unlisted": _INSIDE,
    "of_staff": _INSIDE | Roles.ANONYMOUS | Roles.SUSPENDED,
    "edition": None,
    "question": _OTHERS,
    "private_question": _OTHERS,
}
"""To whom it is denied, by the course and by the thread; to all others it does not exist. None: it is denied to all."""
_GUARDED = ("question", "private_question")


def _cell(action: BoardAction, owner: str, state: str) -> AllowedRoles:
    is_off, denied = state == "off", _OUTSIDE[owner]
    taking_part = TEAM if is_off or owner in _GUARDED else _INSIDE
    if action in _READING:
        allowed = taking_part
    elif action in _WRITING:
        allowed = taking_part if state == "open" else Roles.NOBODY
    elif action in _TAKING_PART:
        allowed = Roles.NOBODY if is_off else taking_part
    elif action in _LOOKING_AFTER:
        allowed = TEAM
    else:
        allowed = Roles.NOBODY if state == "archived" else EDITORS if action is BoardAction.CHANGE_SETTINGS else TEAM
    if is_off and action in _READING:
        return allowed.hidden
    return allowed if denied is None or (is_off and owner in _GUARDED) else allowed.hidden_but(denied)


def _states(action: BoardAction) -> Mapping[str, AllowedRoles]:
    owners = [owner for owner in _OUTSIDE if owner not in _GUARDED or action not in _OF_THE_BOARD]
    states = ("open", "read_only", "off", "archived")
    return {f"course_{owner}_{state}": _cell(action, owner, state) for owner in owners for state in states}


_ACTIONS = (*_READING, *_WRITING, *_TAKING_PART, *_LOOKING_AFTER, *_MODERATING, BoardAction.CHANGE_SETTINGS)
_WHY = "spec/communities D28: the editor wrote it and is the only one who decides on posts"
_NOBODY = Roles.NOBODY.hidden_but(_OTHERS)
CELLS: Mapping[StrEnum, Mapping[str, AllowedRoles]] = {
    **{action: _states(action) for action in _ACTIONS},
    BoardAction.HIDE: {**_states(BoardAction.HIDE), "course_reported_owner_post": INSTITUTION_TEAM},
    BoardAction.DECIDE: {**_states(BoardAction.DECIDE), "course_reported_owner_post": INSTITUTION_ADMINISTRATORS.because(_WHY)},
    BoardAction.OPEN_TO_ALL: {
        **{f"course_private_question_{state}": _NOBODY for state in ("open", "read_only", "archived")},
        "course_private_question_off": Roles.NOBODY.hidden_but(TEAM),
        "course_own_private_question": _INSIDE.because("each of their own; the team may ask for it"),
    },
    BoardAction.RESTORE: {"course_own_withdrawn_post": _INSIDE},
    BoardAction.VIEW_HISTORY: {"course_own_post": _INSIDE},
}
