"""The kinds of notifications of discussions, each asked again of who still reads what it is about."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_

from accounts.models import Notification
from accounts.rules import MailTime, NoticeKind
from discussions.boards import BOARDS, THREAD_GUARDS, Hooks, audience, in_team, readable_threads, stands_in
from discussions.models import Board, Thread, ThreadPost
from kernel.errors import N_

GROUP = N_("Discussions")


def _of_thread(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that some hold for the thread that a notification is about, and its board."""
    of = (Thread.id == Notification.about_id, Board.id == Thread.board_id)
    return exists().where(*of, *conditions).correlate(Notification)


Scope = Callable[[Hooks], ColumnElement[bool]]


def _built_once(build: Scope) -> Scope:
    """Let a scope be built once for the same owners and guards: each bell and each mail job asks all of them."""
    cached = lru_cache(lambda owners, guards: build({BOARDS: owners, THREAD_GUARDS: guards}))
    return lambda hooks: cached(BOARDS.given_in(hooks), THREAD_GUARDS.given_in(hooks))


@_built_once
def _reads(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition that the person of a notification reads the thread that it is about."""
    return _of_thread(readable_threads(hooks, Notification.person_id))


@_built_once
def _concerns(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition that the person of a notification moderates the board, or stands in for who does, or wrote or reported there."""
    is_decision = and_(Notification.key.startswith("decision:"), readable_threads(hooks, Notification.person_id))
    stands = (
        exists().where(ThreadPost.thread_id == Thread.id, stands_in(hooks, Notification.person_id)).correlate(Thread, Board, Notification)
    )
    return _of_thread(or_(audience(hooks, "moderates", Notification.person_id), is_decision, stands))


@_built_once
def _answers(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition that the person of a notification answers for the board of the thread that it is about, and reads it."""
    return _of_thread(in_team(hooks, Notification.person_id), readable_threads(hooks, Notification.person_id))


MENTION_NOTICE = NoticeKind(
    "mention",
    label=N_("Mentions"),
    hint=N_("In a discussion you are mentioned, or your answer is accepted."),
    icon="quote",
    group=GROUP,
    scope=_reads,
    is_withdrawn=True,
)
ANSWER_NOTICE = NoticeKind(
    "answer",
    label=N_("Answers to my threads"),
    hint=N_("There are new posts in a thread that you opened."),
    icon="messages-square",
    group=GROUP,
    scope=_reads,
    is_withdrawn=True,
)
QUESTION_NOTICE = NoticeKind(
    "asked",
    label=N_("Questions to my courses"),
    hint=N_("In the discussions of a course of your team a question was asked."),
    icon="circle-help",
    group=GROUP,
    scope=_answers,
    is_withdrawn=True,
)
MODERATION_NOTICE = NoticeKind(
    "moderation",
    label=N_("Moderation"),
    hint=N_("A post waits for you as a moderator, or it was decided on a post that you wrote or reported."),
    icon="shield-check",
    group=GROUP,
    scope=_concerns,
    is_withdrawn=True,
)
REPLY_NOTICE = NoticeKind(
    "reply",
    label=N_("Threads that I follow"),
    hint=N_("There are new posts by others in a thread that you follow. They are counted when you look; mail has one line a board."),
    icon="message-circle",
    group=GROUP,
    usual_mail=MailTime.NEVER,
)
NEW_THREAD_NOTICE = NoticeKind(
    "new_thread",
    label=N_("New threads"),
    hint=N_("There are new threads in a board of which you want every one."),
    icon="messages-square",
    group=GROUP,
    usual_mail=MailTime.NEVER,
)
ANNOUNCEMENT_NOTICE = NoticeKind(
    "community_announce",
    label=N_("Announcements of communities"),
    hint=N_("The administrators of a community of yours write to all its members."),
    icon="megaphone",
    group=GROUP,
    scope=_reads,
    is_withdrawn=True,
    is_computed=True,
)


def announced_key(post: Any) -> Any:
    """Return the key of the mails of an announcement, by the key of its post or by the column with it."""
    return "post:" + post + ":announced"


KINDS = (ANNOUNCEMENT_NOTICE, MENTION_NOTICE, ANSWER_NOTICE, REPLY_NOTICE, NEW_THREAD_NOTICE, QUESTION_NOTICE, MODERATION_NOTICE)
