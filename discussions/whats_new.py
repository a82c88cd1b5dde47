"""The notices of new posts, threads and announcements, read from threads and read marks when they are shown or mailed: no row for each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import BindParameter, Integer, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.computed_notices import ComputedNotice, ComputedNotices
from accounts.models import Notification
from accounts.rules import MailTime
from discussions import subscriptions
from discussions.boards import (
    BOARDS,
    THREAD_GUARDS,
    BoardOwner,
    Hooks,
    Number,
    ThreadGuard,
    members_of,
    owner_pages_of,
    readable_threads,
    tells_little,
)
from discussions.models import Board, BoardRead, Level, PostState, Subscription, Thread, ThreadKind, ThreadPost
from discussions.notices import ANNOUNCEMENT_NOTICE, NEW_THREAD_NOTICE, REPLY_NOTICE, announced_key
from kernel.db import shared_alias
from kernel.i18n import _, in_every_language, ngettext
from kernel.permissions import Actor

MOST = 20
_OF_BOARD = shared_alias(Subscription)


def _new_posts(person: Number) -> Select[*tuple[Any, ...]]:
    """Select the posts by others that a person has not read in the threads that they follow, by thread."""
    followed = and_(Subscription.thread_id == Thread.id, Subscription.level == Level.FOLLOW.value)
    post = and_(ThreadPost.thread_id == Thread.id, ThreadPost.state == PostState.VISIBLE.value)
    muted = select(_OF_BOARD.id).where(
        _OF_BOARD.person_id == person,
        _OF_BOARD.board_id == Thread.board_id,
        _OF_BOARD.thread_id.is_(None),
        _OF_BOARD.level.in_((Level.MUTED.value, Level.SILENT.value)),
    )
    foreign = (ThreadPost.person_id.is_distinct_from(person), Thread.person_id.is_distinct_from(person))  # of own threads: `answer`
    unread = (ThreadPost.number > Subscription.read_number, *foreign)
    statement = select(
        Subscription.person_id, Thread.board_id, func.count().label("count"), func.max(ThreadPost.written_at).label("latest")
    )
    joined = statement.select_from(Subscription).join(Thread, followed).join(Board, Board.id == Thread.board_id).join(ThreadPost, post)
    return joined.where(*unread, ~muted.exists())


_PERSON: BindParameter[int] = bindparam("person", type_=Integer())


@lru_cache
def _statements(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> tuple[Select[*tuple[Any, ...]], ...]:
    """Build once what reads new posts by thread, new threads by board, and announcements, of one person: each bell asks them."""
    hooks = {BOARDS: owners, THREAD_GUARDS: guards}
    mine = (Subscription.person_id == _PERSON, readable_threads(hooks, _PERSON))
    replies = _new_posts(_PERSON).add_columns(Thread.title, Thread.key).where(*mine)
    replies = replies.group_by(Subscription.person_id, Thread.board_id, Thread.id).order_by(func.max(ThreadPost.written_at).desc())
    announced = _announced(hooks, _PERSON).add_columns(Board, Thread.title, tells_little(hooks)).order_by(ThreadPost.written_at.desc())
    return replies.limit(MOST), _new_threads(_PERSON).where(*mine).limit(MOST), announced.limit(MOST)


def _of_reader(session: Session, actor: Actor, which: int) -> Sequence[Row[*tuple[Any, ...]]]:
    statement = _statements(BOARDS.of(session), THREAD_GUARDS.of(session))[which]
    return session.execute(statement, {"person": actor.person_id or 0}).all()


def _replies_of(session: Session, actor: Actor) -> list[ComputedNotice]:
    """Return a line for each thread that the actor follows and in which others wrote."""
    return [
        ComputedNotice(in_every_language(partial(_in_thread, count, title)), f"/discussions/{key}", latest, count)
        for _person, _board, count, latest, title, key in _of_reader(session, actor, 0)
    ]


def _in_thread(count: int, title: str) -> str:
    return ngettext("%(count)s new post in “%(title)s”", "%(count)s new posts in “%(title)s”", count, title=title)


def _in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new post in discussions: %(title)s", "%(count)s new posts in discussions: %(title)s", count, title=title)


def _threads_in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new thread: %(title)s", "%(count)s new threads: %(title)s", count, title=title)


def _address(board: str, only: str) -> str:
    """Return where a part of a board's list stands; who opens it has looked at the board."""
    return f"/discussions/boards/{board}?only={only}"


Lines = Mapping[int, Sequence[ComputedNotice]]


def _by_board(session: Session, rows: Sequence[Row[*tuple[Any, ...]]], write: Any) -> Lines:
    """Return a line a board for each person of some rows: person, board, how much, and when the latest of it came."""
    owned = session.scalars(select(Board).where(Board.id.in_({row[1] for row in rows}))).all()
    pages, keys = owner_pages_of(session, owned), {board.id: board.key for board in owned}
    lines = defaultdict[int, list[ComputedNotice]](list)
    for person_id, board_id, count, latest in rows:
        subject = in_every_language(partial(write, count, pages[board_id].title))
        lines[person_id].append(ComputedNotice(subject, _address(keys[board_id], "new"), latest, count))
    return lines


def _people_with_replies(_session: Session, since: datetime, until: datetime) -> Select[int]:
    """Select the people who follow a thread in which something was written between two moments."""
    of_thread = Subscription.thread_id == Thread.id
    written = (Thread.last_post_at > since, Thread.last_post_at <= until, Thread.shown_number > Subscription.read_number)
    return select(Subscription.person_id).join(Thread, of_thread).where(Subscription.level == Level.FOLLOW.value, *written)


def _replies_for(session: Session, people: Sequence[int], since: datetime, until: datetime) -> Lines:
    within = (ThreadPost.written_at > since, ThreadPost.written_at <= until)
    statement = _new_posts(Subscription.person_id).where(Subscription.person_id.in_(people), *within)
    readable = statement.where(readable_threads(session.info, Subscription.person_id))
    rows = session.execute(readable.group_by(Subscription.person_id, Thread.board_id).order_by(Thread.board_id)).all()
    return _by_board(session, rows, _in_board)


def _new_threads(person: Number) -> Select[*tuple[Any, ...]]:
    """Select the threads by others of boards of which a person wants every new one, since they last looked at the board."""
    wants = and_(Subscription.board_id == Thread.board_id, Subscription.thread_id.is_(None), Subscription.level == Level.EVERY.value)
    read = and_(BoardRead.person_id == Subscription.person_id, BoardRead.board_id == Thread.board_id)
    first = and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1)
    unseen = func.coalesce(BoardRead.visited_at, Board.created_at) < ThreadPost.written_at
    statement = select(Subscription.person_id, Thread.board_id, func.count(), func.max(ThreadPost.written_at))
    joined = statement.select_from(Subscription).join(Thread, wants).join(Board, Board.id == Thread.board_id).join(ThreadPost, first)
    others = (Thread.state == PostState.VISIBLE.value, Thread.person_id.is_distinct_from(person), unseen)
    return joined.outerjoin(BoardRead, read).where(*others).group_by(Subscription.person_id, Thread.board_id)


def _threads_of(session: Session, actor: Actor) -> list[ComputedNotice]:
    """Return a line for each board of which the actor wants every new thread."""
    lines = _by_board(session, _of_reader(session, actor, 1), _threads_in_board)
    return list(lines.get(actor.person_id or 0, ()))


def _people_with_threads(_session: Session, since: datetime, until: datetime) -> Select[int]:
    of_board = and_(Subscription.board_id == Thread.board_id, Subscription.thread_id.is_(None), Subscription.level == Level.EVERY.value)
    return select(Subscription.person_id).join(Thread, of_board).where(Thread.last_post_at > since, Thread.last_post_at <= until)


def _threads_for(session: Session, people: Sequence[int], since: datetime, until: datetime) -> Lines:
    within = (ThreadPost.written_at > since, ThreadPost.written_at <= until, Subscription.person_id.in_(people))
    statement = _new_threads(Subscription.person_id).where(*within, readable_threads(session.info, Subscription.person_id))
    return _by_board(session, session.execute(statement).all(), _threads_in_board)


def _announced(hooks: Hooks, person: Number | None = None) -> Select[*tuple[Any, ...]]:
    """Select the announcements that a person, or everybody, has not seen and was a member for when they were written."""
    reached, first = members_of(hooks), and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1)
    reader: Number = reached.c.person_id if person is None else person
    statement = select(reached.c.person_id, Thread.board_id, ThreadPost.written_at).select_from(reached)
    joined = statement.join(Thread, Thread.board_id == reached.c.board_id).join(Board, Board.id == Thread.board_id).join(ThreadPost, first)
    shown = (Thread.kind == ThreadKind.ANNOUNCEMENT.value, Thread.state == PostState.VISIBLE.value, readable_threads(hooks, reader))
    foreign = (reached.c.since <= ThreadPost.written_at, Thread.person_id.is_distinct_from(reader), reached.c.person_id == reader)
    visited, read = func.coalesce(BoardRead.visited_at, reached.c.since), func.coalesce(Subscription.read_number, 0)
    unseen = (or_(BoardRead.id.is_(None), visited < ThreadPost.written_at), read == 0, ~subscriptions.is_muted())
    return subscriptions.with_marks(joined, reader).where(*shown, *foreign, *unseen)


def _announcements_of(session: Session, actor: Actor) -> list[ComputedNotice]:
    """Return a line for each announcement; those of a board of which mails tell little name what it belongs to alone."""
    rows = _of_reader(session, actor, 2)
    pages = owner_pages_of(session, {row.Board for row in rows})

    def write(board: Board, title: str) -> str:
        return f"[{pages[board.id].title}] {title or _('Discussions')}"

    return [
        ComputedNotice(in_every_language(partial(write, board, "" if is_discreet else title)), _address(board.key, "announcements"), at)
        for _person, _board, at, board, title, is_discreet in rows
    ]


def _announced_in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new announcement: %(title)s", "%(count)s new announcements: %(title)s", count, title=title)


def _people_with_announcements(session: Session, since: datetime, until: datetime) -> Select[int]:
    """Select the members of what was announced something to between two moments."""
    reached = members_of(session.info)
    of_board = and_(Thread.board_id == reached.c.board_id, Thread.kind == ThreadKind.ANNOUNCEMENT.value, Thread.last_post_at > since)
    first = and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1, ThreadPost.written_at > since, ThreadPost.written_at <= until)
    return select(reached.c.person_id).join(Thread, of_board).join(ThreadPost, first).where(reached.c.since <= ThreadPost.written_at)


def _announcements_for(session: Session, people: Sequence[int], since: datetime, until: datetime) -> Lines:
    """Return a line a board for each person, of the announcements that were not mailed to them at once."""
    statement = _announced(session.info).where(ThreadPost.written_at > since, ThreadPost.written_at <= until)
    person, board, written_at = statement.selected_columns
    mailed = exists().where(Notification.key == announced_key(ThreadPost.key), Notification.person_id == person)
    of_people = statement.where(person.in_(people), ~mailed).group_by(person, board)
    rows = session.execute(of_people.with_only_columns(person, board, func.count(), func.max(written_at))).all()
    return _by_board(session, rows, _announced_in_board)


COMPUTED = (
    ComputedNotices(REPLY_NOTICE, _replies_of, _people_with_replies, _replies_for),
    ComputedNotices(NEW_THREAD_NOTICE, _threads_of, _people_with_threads, _threads_for),
    ComputedNotices(
        replace(ANNOUNCEMENT_NOTICE, usual_mail=MailTime.DAILY), _announcements_of, _people_with_announcements, _announcements_for
    ),
)
