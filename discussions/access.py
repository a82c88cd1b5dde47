"""Permissions of boards, threads and posts, on what somebody is before a board: reader, writer, moderator, administrator of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from discussions.models import Board, BoardState, PostState, Thread, ThreadPost
from kernel.errors import N_
from kernel.permissions import Actor, AllowedRoles, Permission, Predicate, Roles, Verdict, allow_if, open_to_strangers, signed_in

GONE = frozenset({PostState.HIDDEN, PostState.WITHDRAWN, PostState.ERASED})
"""States of a post whose text is not shown."""


class BoardAction(StrEnum):
    """Acts on boards, threads and posts."""

    VIEW = "board:view"
    VIEW_QUEUE = "board:queue_view"
    VIEW_LOG = "board:log_view"
    CHANGE_SETTINGS = "board:settings"
    READ = "thread:read"
    SUBSCRIBE = "thread:subscribe"
    OPEN = "thread:open"
    LOCK = "thread:lock"
    PIN = "thread:pin"
    RETITLE = "thread:retitle"
    ACCEPT = "thread:mark_answer"
    SUMMARISE = "thread:mark_summary"
    DRAFT = "post:draft"
    WRITE = "post:write"
    EDIT = "post:edit"
    WITHDRAW = "post:withdraw"
    OPEN_TO_ALL = "thread:open_to_all"
    RESTORE = "post:restore"
    VIEW_HISTORY = "post:history_view"
    OPEN_FILE = "post:file_download"
    REPORT = "post:report"
    HIDE = "post:hide"
    DECIDE = "post:decide"
    RELEASE = "post:release"
    FOLLOWED = "board:followed"
    """See one's own drafts and followed threads of all boards."""


@dataclass(frozen=True, slots=True)
class BoardContext:
    """A board, and what the actor is before it; asked of its owner with every request."""

    board: Board
    reads: bool
    writes: bool
    moderates: bool
    administers: bool
    is_closed: bool
    """Its owner is archived, cancelled or closed."""
    outside: Verdict
    """The answer to actors who may not read it: as its owner's page answers them."""
    reading_note: Callable[[Any], None] | None = field(default=None, kw_only=True)
    """Notes that a site administrator opened it, where that is on record."""
    describe_owner: Callable[[], tuple[str, str]] | None = field(default=None, kw_only=True)
    """The title and address of its owner's page, for those who may not read the board."""

    @property
    def is_open(self) -> bool:
        """Return whether something new can be written."""
        return self.board.state == BoardState.OPEN and not self.is_closed

    def why_refused(self, _actor: Actor) -> str:
        """Return why writing is refused to those who could write, empty where it is for what they are."""
        text = N_("Nothing new can be written here: what these discussions belong to is archived or closed.")
        return text if self.is_closed and (self.writes or self.moderates) else ""

    def way_on(self, _actor: Actor) -> tuple[str, str] | None:
        """Return the title and address of its owner's page for those who see that and not the board, else None."""
        return self.describe_owner() if self.describe_owner is not None and self.outside is Verdict.ALLOW else None


@dataclass(frozen=True, slots=True)
class ThreadContext(BoardContext):
    """A thread of a board."""

    thread: Thread
    is_guarded: bool
    """A guard takes it from the actor."""
    is_private: bool
    """Its author wrote it to the moderators alone."""
    is_own: bool


@dataclass(frozen=True, slots=True)
class PostContext(ThreadContext):
    """A post of a thread."""

    post: ThreadPost
    is_author: bool
    stands_in: bool = field(default=False, kw_only=True)
    """It was reported, its author moderates, and the actor decides because nobody of the board's own team may."""


Subject = BoardContext | ThreadContext | PostContext


def _outside(subject: BoardContext) -> Verdict:
    return Verdict.FORBID if subject.outside is Verdict.ALLOW else subject.outside


def _judge_reading(actor: Actor, subject: BoardContext) -> Verdict:
    """Decide whether the actor may read the board at all, and the thread and the post where it is about one."""
    if subject.moderates or (isinstance(subject, PostContext) and subject.stands_in):
        return Verdict.ALLOW
    if subject.board.state == BoardState.OFF:
        return Verdict.HIDE if isinstance(subject, ThreadContext) else _outside(subject)
    if not subject.reads:
        return _outside(subject)
    if isinstance(subject, ThreadContext):
        waits = subject.thread.state in (PostState.WAITING, PostState.WITHDRAWN) and not subject.is_own
        if subject.is_guarded or waits:
            return Verdict.HIDE
    if isinstance(subject, PostContext) and subject.post.state == PostState.WAITING and not subject.is_author:
        return Verdict.HIDE
    return Verdict.ALLOW


def _read(actor: Actor, subject: BoardContext) -> Verdict:
    off = subject.board.state == BoardState.OFF and not subject.moderates
    return Verdict.HIDE if off else _judge_reading(actor, subject)


def _if(condition: Callable[[Actor, Subject], bool], *, otherwise: Verdict = Verdict.FORBID) -> Predicate:
    """Return a predicate that asks a condition of actors who may see the board, the thread and the post."""

    def decide(actor: Actor, subject: Subject) -> Verdict:
        seen = _judge_reading(actor, subject)
        return allow_if(not actor.is_anonymous and condition(actor, subject), otherwise) if seen is Verdict.ALLOW else seen

    return decide


def _writes(_actor: Actor, subject: Subject) -> bool:
    return subject.writes and subject.is_open


def _answers(_actor: Actor, subject: Subject) -> bool:
    if not (subject.writes and subject.is_open and isinstance(subject, ThreadContext)):
        return False
    thread = subject.thread
    return thread.state == PostState.VISIBLE and thread.locked_at is None and (thread.comments or subject.moderates)


def _follows(_actor: Actor, subject: Subject) -> bool:
    return subject.writes and subject.board.state != BoardState.OFF


def _moderates(_actor: Actor, subject: Subject) -> bool:
    return subject.moderates and not subject.is_closed


def _accepts(_actor: Actor, subject: Subject) -> bool:
    own = isinstance(subject, ThreadContext) and subject.is_own and subject.writes
    return subject.is_open and (own or subject.moderates)


def _opens_to_all(_actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, ThreadContext) and subject.is_private and subject.is_own and subject.writes and subject.is_open


def _edits(_actor: Actor, subject: Subject) -> bool:
    if not isinstance(subject, PostContext):
        return False
    is_editable = subject.post.state not in GONE and subject.thread.locked_at is None
    return subject.is_author and is_editable and subject.writes and subject.is_open


def _withdraws(_actor: Actor, subject: Subject) -> bool:
    own = isinstance(subject, PostContext) and subject.is_author and subject.post.state not in GONE
    return own and subject.writes and subject.board.state != BoardState.OFF


def _restores(_actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, PostContext) and subject.is_author and subject.post.state == PostState.WITHDRAWN and subject.writes


def sees_text(subject: PostContext) -> bool:
    """Return whether the text of a post is shown: of one that is gone to its author and the moderators alone, erased to none."""
    if subject.post.state == PostState.ERASED:
        return False
    return subject.post.state not in GONE or subject.is_author or subject.moderates


def _reads_history(_actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, PostContext) and sees_text(subject) and (subject.is_author or subject.moderates)


def _opens_file(actor: Actor, subject: PostContext) -> Verdict:
    seen = _read(actor, subject)
    return allow_if(sees_text(subject), Verdict.HIDE) if seen is Verdict.ALLOW else seen


def _reports(_actor: Actor, subject: Subject) -> bool:
    if not isinstance(subject, PostContext):
        return False
    return not subject.is_author and subject.post.state == PostState.VISIBLE and subject.board.state != BoardState.OFF


def _is_moderator(_actor: Actor, subject: Subject) -> bool:
    return subject.moderates


def _decides(_actor: Actor, subject: Subject) -> bool:
    return subject.moderates or (isinstance(subject, PostContext) and subject.stands_in)


PREDICATES: Mapping[StrEnum, Predicate] = {
    BoardAction.VIEW: open_to_strangers(_read),
    BoardAction.READ: open_to_strangers(_read),
    BoardAction.OPEN_FILE: open_to_strangers(_opens_file),
    BoardAction.SUBSCRIBE: _if(_follows),
    BoardAction.DRAFT: _if(_writes),
    BoardAction.OPEN: _if(_writes),
    BoardAction.WRITE: _if(_answers),
    BoardAction.EDIT: _if(_edits),
    BoardAction.WITHDRAW: _if(_withdraws),
    BoardAction.RESTORE: _if(_restores),
    BoardAction.VIEW_HISTORY: _if(_reads_history),
    BoardAction.ACCEPT: _if(_accepts),
    BoardAction.OPEN_TO_ALL: _if(_opens_to_all),
    BoardAction.REPORT: _if(_reports),
    BoardAction.HIDE: _if(_decides),
    BoardAction.VIEW_QUEUE: _if(_is_moderator),
    BoardAction.DECIDE: _if(_decides),
    BoardAction.VIEW_LOG: _if(_is_moderator),
    BoardAction.RELEASE: _if(_moderates),
    BoardAction.LOCK: _if(_moderates),
    BoardAction.PIN: _if(_moderates),
    BoardAction.RETITLE: _if(_moderates),
    BoardAction.SUMMARISE: _if(_moderates),
    BoardAction.CHANGE_SETTINGS: _if(lambda _actor, subject: subject.administers and not subject.is_closed),
    BoardAction.FOLLOWED: signed_in,
}
STATES: Mapping[StrEnum, Mapping[str, AllowedRoles]] = {
    BoardAction.FOLLOWED: {"own": Roles.SIGNED_IN.because("what one follows, and one's drafts")}
}
PERMISSIONS: Mapping[StrEnum, Permission] = {
    action: Permission(predicate, STATES.get(action, {})) for action, predicate in PREDICATES.items()
}
"""Their cells are those of the owners: each declares what its roles may do on its board (`boards.BoardOwner`)."""
