"""Threads: listed, opened, found alike, pinned, locked, retitled and summed up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Row, ScalarSelect, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from discussions import posts, subscriptions
from discussions.access import GONE, BoardContext, PostContext, ThreadContext
from discussions.boards import BOARDS, THREAD_GUARDS, BoardOwner, ThreadGuard, is_private, members_of, new_key, owner_of, readable_threads
from discussions.models import Board, PostState, Thread, ThreadKind, ThreadPost
from kernel.audit import Verb
from kernel.clock import LAST_DAY
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import language
from kernel.markup.posts import clean_title
from kernel.permissions import Actor
from kernel.search.results import alike
from spaces.acts import SpaceAct, begin, lock_row

SHORTEST_TITLE, LONGEST_TITLE = 5, 150
MOST_PINNED = 5
LISTED = 30
ALIKE, LEAST_ALIKE = 3, 60
_COMPARED = 500


class ThreadVerb(
    Verb,
    facts={
        "comments": N_("Comments"),
        "post": N_("Number of the post"),
    },
):
    """The audit verbs of threads."""

    OPENED = "thread.opened", N_("Opened a thread")
    LOCKED = "thread.locked", N_("Locked a thread")
    UNLOCKED = "thread.unlocked", N_("Unlocked a thread")
    PINNED = "thread.pinned", N_("Pinned a thread")
    UNPINNED = "thread.unpinned", N_("Unpinned a thread")
    RETITLED = "thread.retitled", N_("Changed the title or category of a thread")
    SUMMARISED = "thread.summarised", N_("Marked the summary of a thread")
    COMMENTS_SET = "thread.comments_set", N_("Let others comment on a thread, or no longer")
    OPENED_TO_ALL = "thread.opened_to_all", N_("Opened a private question to everybody")


class TitleMissing(Invalid):
    """A title says nothing, or is too short or too long."""

    message = N_("Write a title of 5 to 150 characters.")


class TooManyPinned(Conflict):
    """A board has as many pinned threads as it can."""

    message = N_("A board has at most five pinned threads. Unpin another one first.")


MOST_ANNOUNCEMENTS = {1: 2, 30: 8}
"""Announcements of a board that reach all members, by days."""


class TooManyAnnouncements(Conflict):
    """A board has announced as much as it can in these days."""

    message = N_("Two announcements a day and eight in 30 days reach all members. Publish it as a discussion, or wait.")


class ThreadFilter(StrEnum):
    """The filters of a board's list."""

    TALK = "talk"
    """All but announcements, where these are a list of their own."""
    NEW = "new"
    MINE = "mine"
    UNANSWERED = "unanswered"
    SUMMARIES = "summaries"
    ANNOUNCEMENTS = "announcements"


@dataclass(frozen=True, slots=True)
class ThreadQuery:
    """A filter, category and anchor of a board's list; empty for everything."""

    only: ThreadFilter | None = None
    category: str = ""
    anchor: tuple[str, ...] = ()
    """Kind, key and part of an anchor, or the first of them."""


@lru_cache
def _readable(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Select[*tuple[Any, ...]]:
    """Build once what selects the threads of a board that a person reads: building it anew took most of what a list cost."""
    person = bindparam("person", type_=Integer())
    statement = select(Thread.id).join(Board, Board.id == Thread.board_id).where(Thread.board_id == bindparam("board"))
    is_read = readable_threads({BOARDS: owners, THREAD_GUARDS: guards}, person)
    return subscriptions.with_marks(statement, person).where(Thread.state != PostState.WITHDRAWN.value, is_read)


def _select(session: Session, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select columns of the threads of a board that a person reads; it is executed with `_values`."""
    return _readable(BOARDS.of(session), THREAD_GUARDS.of(session)).with_only_columns(*columns, maintain_column_froms=True)


def _values(actor: Actor, board_id: int) -> Mapping[str, int]:
    return {"person": actor.person_id or 0, "board": board_id}


def _conditions(actor: Actor) -> Mapping[ThreadFilter, Any]:
    unanswered = and_(Thread.kind == ThreadKind.QUESTION.value, Thread.accepted.is_(None))
    return {
        ThreadFilter.TALK: Thread.kind != ThreadKind.ANNOUNCEMENT.value,
        ThreadFilter.NEW: subscriptions.is_new(in_list=True),
        ThreadFilter.MINE: Thread.person_id == actor.person_id,
        ThreadFilter.UNANSWERED: unanswered,
        ThreadFilter.SUMMARIES: Thread.summary.is_not(None),
        ThreadFilter.ANNOUNCEMENTS: Thread.kind == ThreadKind.ANNOUNCEMENT.value,
    }


def _narrowed(query: ThreadQuery, actor: Actor) -> list[Any]:
    conditions = [_conditions(actor)[query.only]] if query.only else []
    if query.category:
        conditions.append(Thread.category == query.category)
    anchor = (Thread.anchor_kind, Thread.anchor_key, Thread.anchor_part)
    return conditions + [column == value for column, value in zip(anchor, query.anchor, strict=False)]


ThreadRow = Row[*tuple[Any, ...]]


def list_threads(
    session: Session, actor: Actor, board_id: int, query: ThreadQuery, *, today: date, offset: int, limit: int = LISTED + 1
) -> Sequence[ThreadRow]:
    """List the threads of a board that an actor reads, each with its author and flags: pinned first, then latest."""
    is_pinned = func.coalesce(Thread.pinned_until, date.min) >= today
    flags = {"is_new": subscriptions.is_new(in_list=True), "is_pinned": is_pinned, "is_private": is_private(session.info)}
    columns = (Thread, Person, *(flag.label(name) for name, flag in flags.items()))
    statement = _select(session, *columns).outerjoin(Person, Person.id == Thread.person_id).where(*_narrowed(query, actor))
    ordered = statement.order_by(is_pinned.desc(), Thread.last_post_at.desc(), Thread.id).offset(offset).limit(limit)
    return session.execute(ordered, _values(actor, board_id)).all()


def count_filters(session: Session, actor: Actor, board_id: int) -> Mapping[ThreadFilter | None, int]:
    """Return how many threads of a board that an actor reads fit each filter, and none: one statement."""
    conditions = _conditions(actor)
    columns = [func.count(), *(func.count().filter(condition) for condition in conditions.values())]
    row = session.execute(_select(session, *columns), _values(actor, board_id)).one()
    return dict(zip([None, *conditions], row, strict=True))


def list_anchored(session: Session, actor: Actor, board_id: int, anchor: tuple[str, ...]) -> Sequence[ThreadRow]:
    """List the threads of an anchor, each with its accepted answer, for the page that they are about; who asked sees what waits."""
    statement = _select(session, Thread, ThreadPost).outerjoin(
        ThreadPost, and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == Thread.accepted)
    )
    is_shown = or_(Thread.state == PostState.VISIBLE.value, Thread.person_id == actor.person_id)
    found_at = statement.where(*_narrowed(ThreadQuery(anchor=anchor), actor), is_shown)
    return session.execute(found_at.order_by(Thread.last_post_at.desc(), Thread.id).limit(100), _values(actor, board_id)).all()


def list_alike(session: Session, actor: Actor, board_id: int, title: str) -> list[Thread]:
    """List up to three threads of a board that an actor reads whose titles are like another, the likest first."""
    statement = _select(session, Thread).where(Thread.state == PostState.VISIBLE.value).order_by(Thread.last_post_at.desc())
    threads = list(session.scalars(statement.limit(_COMPARED), _values(actor, board_id)))
    return [threads[position] for position in alike(title, [row.title for row in threads], limit=ALIKE, least=LEAST_ALIKE)]


@dataclass(frozen=True, slots=True)
class NewThread:
    """A new thread, without its text."""

    title: str
    kind: ThreadKind = ThreadKind.DISCUSSION
    category: str = ""
    anchor: tuple[str, str, str] = ("", "", "")
    is_private: bool = False
    """For the moderators alone, where the board's owner offers it."""


def checked_title(text: str) -> str:
    """Return a title as it is kept; raise TitleMissing."""
    title = clean_title(text)
    if not SHORTEST_TITLE <= len(title) <= LONGEST_TITLE:
        raise TitleMissing
    return title


def open_thread(
    session: Session, actor: Actor, context: BoardContext, new: NewThread, text: str, *, token: str, now: datetime
) -> ThreadPost:
    """Open a thread and return its first post; the same form sent twice opens one.

    Raise TitleMissing, TextMissing, TextTooLong or TooManyAnnouncements. An announcement is a discussion where its author does not
    administer the board.
    """
    title, source = checked_title(new.title), posts.checked(text)
    lock_row(session, Board, context.board.id)
    is_allowed = new.kind is not ThreadKind.ANNOUNCEMENT or context.administers
    counted = _announced(session, context.board, now) if new.kind is ThreadKind.ANNOUNCEMENT and context.administers else {}
    sent_id, *counts = session.execute(select(posts.repeated_number(actor, token), *counted.values())).one()
    if sent_id is not None:
        return session.get_one(ThreadPost, sent_id)
    if any(count >= most for count, most in zip(counts, counted, strict=True)):
        raise TooManyAnnouncements
    thread = Thread(
        key=new_key(), board_id=context.board.id, kind=(new.kind if is_allowed else ThreadKind.DISCUSSION).value, title=title,
        category=new.category if new.category in context.board.categories else "",
        anchor_kind=new.anchor[0], anchor_key=new.anchor[1], anchor_part=new.anchor[2],
        person_id=actor.person_id, language=language(), state=PostState.VISIBLE.value,
        posts=0, last_number=0, shown_number=0, last_post_at=now,
    )  # fmt: skip
    post = posts.add_post(session, actor, context, thread, source, reply_to=None, token=token, now=now)
    owner = owner_of(session, context.board)
    owner.follow_opening(session, actor, thread, new.is_private and owner.offers_private)
    SpaceAct(session, actor, now, thread, thread).note(ThreadVerb.OPENED)
    return post


@dataclass(frozen=True, slots=True)
class AnnouncementReach:
    """The number of people whom an announcement reaches, when the last one went out, and how many more can go out now."""

    members: int
    latest: datetime | None
    left: int


def find_reach(session: Session, board: Board, *, now: datetime) -> AnnouncementReach | None:
    """Return whom an announcement reaches; None where it reaches those who follow the board."""
    if owner_of(session, board).members is None:
        return None
    reached = members_of(session.info)
    count = session.scalar(select(func.count()).where(reached.c.board_id == board.id)) or 0
    of_board = (Thread.board_id == board.id, Thread.kind == ThreadKind.ANNOUNCEMENT.value, ThreadPost.number == 1)
    last = select(func.max(ThreadPost.written_at)).join(Thread, Thread.id == ThreadPost.thread_id).where(*of_board)
    counted = _announced(session, board, now)
    latest, *counts = session.execute(select(last.scalar_subquery(), *counted.values())).one()
    return AnnouncementReach(count, latest, max(0, min(most - done for most, done in zip(counted, counts, strict=True))))


def _announced(session: Session, board: Board, now: datetime) -> dict[int, ScalarSelect[int]]:
    """Return the count of a board's latest announcements, by how many there may be; nothing where they reach those who follow it."""
    if owner_of(session, board).members is None:
        return {}
    of_board = (Thread.board_id == board.id, Thread.kind == ThreadKind.ANNOUNCEMENT.value, ThreadPost.number == 1)
    statement = select(func.count()).select_from(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id).where(*of_board)
    since = {most: now - timedelta(days=days) for days, most in MOST_ANNOUNCEMENTS.items()}
    return {most: statement.where(ThreadPost.written_at > moment).scalar_subquery() for most, moment in since.items()}


def set_comments(session: Session, actor: Actor, context: ThreadContext, *, takes_comments: bool, now: datetime) -> None:
    """Let others than moderators answer in a thread, or no longer."""
    act = begin(session, actor, context.thread, now=now)
    act.change({"comments": takes_comments}, also=True)
    act.note(ThreadVerb.COMMENTS_SET, comments=takes_comments)


def pin_thread(
    session: Session, actor: Actor, context: ThreadContext, until: date | None, *, is_pinned: bool, today: date, now: datetime
) -> None:
    """Let a thread stand first in its board, until a last day if there is one, or no longer. Raise TooManyPinned."""
    act = begin(session, actor, context.board, context.thread, now=now)
    thread = act.row
    others = (Thread.board_id == thread.board_id, Thread.id != thread.id, Thread.pinned_until >= today)
    if is_pinned and count_rows(session, Thread, *others) >= MOST_PINNED:
        raise TooManyPinned
    thread.pinned_until = (until or LAST_DAY) if is_pinned else None
    act.note(ThreadVerb.PINNED if is_pinned else ThreadVerb.UNPINNED, until=until)


def lock(session: Session, actor: Actor, context: ThreadContext, reason: str, *, continued: str, is_locked: bool, now: datetime) -> None:
    """Lock a thread with a reason, and with the thread of the board in which it goes on if there is one; or unlock it."""
    act = begin(session, actor, context.thread, now=now)
    thread = act.row
    goes_on = (Thread.board_id == thread.board_id, Thread.key == continued, Thread.id != thread.id)
    continued_id = session.scalar(select(Thread.id).where(*goes_on)) if is_locked and continued else None
    locked = {"locked_at": now, "lock_reason": reason} if is_locked else {"locked_at": None, "lock_reason": ""}
    act.change({**locked, "continued_id": continued_id}, also=True)
    act.note(ThreadVerb.LOCKED if is_locked else ThreadVerb.UNLOCKED, reason=reason)


def open_to_all(session: Session, actor: Actor, context: ThreadContext, *, now: datetime) -> None:
    """Open a private question to all who read the board."""
    open_thread = owner_of(session, context.board).open_to_all
    if open_thread is not None:
        open_thread(session, context.thread)
        SpaceAct(session, actor, now, context.thread, context.thread).note(ThreadVerb.OPENED_TO_ALL)
        posts.announce_all(session, context.thread, now=now)


def retitle(session: Session, actor: Actor, context: ThreadContext, title: str, category: str, *, now: datetime) -> bool:
    """Give a thread another title and category, with the former ones in the log; return whether anything changed. Raise TitleMissing."""
    act = begin(session, actor, context.thread, now=now)
    values = {"title": checked_title(title), "category": category if category in context.board.categories else ""}
    former = {name: getattr(act.row, name) for name in values}
    if changed := act.change(values):
        act.note(ThreadVerb.RETITLED, former={name: former[name] for name in changed})
        posts.announce_all(session, act.row, now=now)
    return bool(changed)


def mark_summary(session: Session, actor: Actor, context: PostContext, *, is_summary: bool, now: datetime) -> None:
    """Mark a post as the summary of its thread, or no longer. Raise PostGone."""
    thread, act = posts.begin_on_post(session, actor, context, now=now)
    if is_summary and act.row.state in GONE:
        raise posts.PostGone
    thread.summary = act.row.number if is_summary else None
    SpaceAct(session, actor, now, thread, thread).note(ThreadVerb.SUMMARISED, post=thread.summary)


def describe(session: Session, threads: Collection[int], actor: Actor) -> Mapping[int, Thread]:
    """Return by their ids those of some threads that an actor reads."""
    shown = (Thread.state != PostState.WITHDRAWN.value, readable_threads(session.info, literal(actor.person_id or 0)))
    statement = select(Thread).join(Board, Board.id == Thread.board_id).where(Thread.id.in_(threads), *shown)
    return {thread.id: thread for thread in session.scalars(statement)}
