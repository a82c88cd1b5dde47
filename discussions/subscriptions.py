"""Subscriptions: what people want to learn of boards and threads, how far they have read, and what is new to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Insert, Integer, Select, and_, bindparam, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from accounts.notices import Mutes, MuteSource, MuteWords
from discussions.boards import (
    BOARDS,
    THREAD_GUARDS,
    BoardOwner,
    ThreadGuard,
    is_discreet,
    owner_page_of,
    owner_pages_of,
    readable,
    readable_threads,
)
from discussions.models import Board, BoardRead, Level, PostState, Subscription, Thread
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of, shared_alias
from kernel.errors import N_
from kernel.i18n import _, in_every_language
from kernel.permissions import Actor
from spaces.spaces import Number

AWAY = timedelta(minutes=30)
"""After which somebody who opens a list again has read what was there at their visit before."""
MOST_MUTED = 200
_OF_BOARD = shared_alias(Subscription)


_OF = select(Subscription).where(Subscription.person_id == bindparam("person"), Subscription.board_id == bindparam("board"))
_CHOSEN = (_OF.where(Subscription.thread_id.is_(None)), _OF.where(Subscription.thread_id == bindparam("thread")))
"""What a person chose for a board as a whole, and for a thread."""


def find_subscription(session: Session, person_id: int | None, board_id: int, thread_id: int | None = None) -> Subscription | None:
    """Return a person's choice for a thread, or for the board as a whole; None where they chose nothing."""
    values = {"person": person_id, "board": board_id, "thread": thread_id}
    return session.scalar(_CHOSEN[thread_id is not None], values)


_MARK = compile_once(
    select(Subscription.level, Subscription.read_number).where(
        *(Subscription.person_id == bindparam("person"), Subscription.board_id == bindparam("board")),
        Subscription.thread_id == bindparam("thread"),
    )
)


def find_mark(session: Session, person_id: int, thread: Thread) -> Any:
    """Return the level that a person chose for a thread and the number up to which they read it (`level`, `read_number`), or None."""
    values = {"person": person_id, "board": thread.board_id, "thread": thread.id}
    return connection_of(session).execute(_MARK, values).one_or_none()


def choose_level(session: Session, person_id: int, board_id: int, level: Level | None, *, thread_id: int | None = None) -> None:
    """Set what a person wants to learn of a board or thread; None: nothing chosen of it, as at first."""
    row = find_subscription(session, person_id, board_id, thread_id)
    if level is None and row is not None and thread_id is None:
        session.delete(row)
    elif level is not None and row is not None:
        row.level = level.value
    elif level is not None:
        session.add(Subscription(person_id=person_id, board_id=board_id, thread_id=thread_id, level=level.value))


@cache
def _following(dialect: str) -> Insert:
    values: dict[str, Any] = {name: bindparam(name) for name in ("person_id", "board_id", "thread_id", "level", "read_number")}
    made = (sqlite if dialect == "sqlite" else postgresql).insert(Subscription).values(values)
    key, of_thread = ["person_id", "thread_id"], Subscription.thread_id.is_not(None)
    read = {"read_number": made.excluded.read_number}
    following: Insert = made.on_conflict_do_update(index_elements=key, index_where=of_thread, set_=read)
    return compile_once(following)


def follow_written(session: Session, person_id: int, thread: Thread, number: int) -> None:
    """Let the writer of a post follow its thread, which they have read so far; who muted it stays so."""
    values = {"person_id": person_id, "board_id": thread.board_id, "thread_id": thread.id, "read_number": number}
    connection_of(session).execute(_following(session.get_bind().dialect.name), {**values, "level": Level.FOLLOW.value})


OF_THREAD, OF_MENTIONS, OF_BOARD = "thread", "mention", "board"
"""Sources of notifications: the posts of a thread, those in which somebody is mentioned, and the announcements of a board."""
_STOPPED = {OF_THREAD: (Level.MUTED.value, Level.SILENT.value), OF_MENTIONS: (Level.SILENT.value,)}
_STOPPED[OF_BOARD] = _STOPPED[OF_THREAD]


def _find_source(session: Session, source: str) -> tuple[Board, Thread | None] | None:
    """Return the board that a mail came from, with the thread unless it was the board itself."""
    kind, _colon, key = source.partition(":")
    if kind == OF_BOARD:
        board = session.scalar(select(Board).where(Board.key == key))
        return None if board is None else (board, None)
    thread = session.scalar(select(Thread).where(Thread.key == key)) if kind in _STOPPED else None
    return None if thread is None else (session.get_one(Board, thread.board_id), thread)


def find_muted(session: Session, source: str, people: Sequence[int]) -> set[int]:
    """Return which of these people muted a board, or a thread of it; of mentions altogether."""
    subject = _find_source(session, source)
    if subject is None:
        return set()
    board, thread = subject
    of = (Subscription.board_id == board.id, or_(Subscription.thread_id.is_(None), Subscription.thread_id == (thread and thread.id)))
    levels = _STOPPED[source.partition(":")[0]]
    statement = select(Subscription.person_id).where(*of, Subscription.level.in_(levels), Subscription.person_id.in_(people))
    return set(session.scalars(statement))


def stop_source(session: Session, person_id: int, source: str, now: datetime) -> None:
    """Mute the thread or the board that a mail came from; of mentions altogether. A second time changes nothing."""
    del now
    subject = _find_source(session, source)
    if subject is not None:
        board, thread = subject
        level = Level.SILENT if source.startswith(OF_MENTIONS) else Level.MUTED
        choose_level(session, person_id, board.id, level, thread_id=thread.id if thread else None)


def title_of_source(session: Session, source: str, person_id: int) -> Mapping[str, str] | None:
    """Return how the thread or the board that a mail came from is called, in every language; None where there is none.

    Who no longer reads it can stop its mails, and learns no title by that.
    """
    subject = _find_source(session, source)
    if subject is None:
        return None
    board, thread = subject
    if not _is_read(session, board, thread, person_id):
        return in_every_language(lambda: _("a discussion"))
    title = owner_page_of(session, board).title if thread is None or is_discreet(session, board) else thread.title
    return in_every_language(lambda: _("announcements and discussions: %(title)s", title=title) if thread is None else title)


def _is_read(session: Session, board: Board, thread: Thread | None, person_id: int) -> bool:
    person = literal(person_id)
    statement = select(Board.id).where(Board.id == board.id)
    if thread is None:
        return session.scalar(statement.where(readable(session.info, person))) is not None
    of_thread = (Thread.id == thread.id, Thread.state == PostState.VISIBLE.value, readable_threads(session.info, person))
    return session.scalar(statement.join(Thread, Thread.board_id == Board.id).where(*of_thread)) is not None


def list_muted(session: Session, person_id: int) -> list[MuteSource]:
    """List the boards and threads of which a person gets no notifications: they are turned on again where they are listed."""
    person = literal(person_id)
    muted = (Subscription.person_id == person_id, Subscription.level.in_(_STOPPED[OF_THREAD]))
    of_board = and_(Subscription.board_id == Board.id, Subscription.thread_id.is_(None), *muted)
    boards = session.scalars(select(Board).join(Subscription, of_board).where(readable(session.info, person)).order_by(Board.id)).all()
    titles = {board_id: owner_page.title for board_id, owner_page in owner_pages_of(session, boards).items()}
    of_thread = and_(Subscription.thread_id == Thread.id, *muted)
    threads = select(Thread).join(Board, Board.id == Thread.board_id).join(Subscription, of_thread)
    shown = threads.where(readable_threads(session.info, person)).order_by(Thread.last_post_at.desc(), Thread.id).limit(MOST_MUTED)
    return [
        *(MuteSource(titles[board.id], f"/discussions/boards/{board.key}/level", muted=True) for board in boards),
        *(MuteSource(thread.title, f"/discussions/{thread.key}/level", muted=True) for thread in session.scalars(shown)),
    ]


WORDS = MuteWords(N_("By discussion"), N_("You get no notifications of these discussions:"))
MUTES = Mutes(find_muted, list_muted, title_of_source, stop_source, WORDS)


def note_thread_read(session: Session, person_id: int, thread_id: int, number: int) -> None:
    """Note how far a person has read a thread that they follow; after the response."""
    mine = (Subscription.person_id == person_id, Subscription.thread_id == thread_id, Subscription.read_number < number)
    session.execute(update(Subscription).where(*mine).values(read_number=number))


def note_visit(session: Session, person_id: int, board_id: int, *, now: datetime) -> None:
    """Note that a person opened the list of a board; after the response."""
    mine = (BoardRead.person_id == person_id, BoardRead.board_id == board_id)
    row = session.scalar(select(BoardRead).where(*mine).with_for_update())
    if row is None:
        session.add(BoardRead(person_id=person_id, board_id=board_id, visited_at=now, read_until=now))
        return
    if now - row.visited_at > AWAY:
        row.read_until = row.visited_at
    row.visited_at = max(row.visited_at, now)


def mark_all_read(session: Session, actor: Actor, board_ids: Collection[int] | None = None, *, now: datetime) -> None:
    """Note that a person has read everything of these boards, or of all that they read: what is new is 0 afterwards."""
    person = literal(actor.person_id or 0)
    readable = select(Board.id).join(Thread, Thread.board_id == Board.id).where(readable_threads(session.info, person)).distinct()
    boards = set(session.scalars(readable if board_ids is None else readable.where(Board.id.in_(board_ids))))
    known = session.scalars(select(BoardRead).where(BoardRead.person_id == actor.person_id, BoardRead.board_id.in_(boards))).all()
    for row in known:
        row.visited_at = row.read_until = now
        boards.discard(row.board_id)
    session.add_all(BoardRead(person_id=actor.person_id, board_id=number, visited_at=now, read_until=now) for number in boards)
    shown = select(Thread.shown_number).where(Thread.id == Subscription.thread_id).scalar_subquery()
    mine = (Subscription.person_id == actor.person_id, Subscription.thread_id.is_not(None))
    of = () if board_ids is None else (Subscription.board_id.in_(board_ids),)
    session.execute(update(Subscription).where(*mine, *of).values(read_number=shown))


def with_marks(statement: Select[*tuple[Any, ...]], person: Number) -> Select[*tuple[Any, ...]]:
    """Join what a person chose for a thread and its board, and when they read the board, to a statement on `Thread`."""
    thread = (Subscription.person_id == person, Subscription.thread_id == Thread.id)
    board = (_OF_BOARD.person_id == person, _OF_BOARD.board_id == Thread.board_id, _OF_BOARD.thread_id.is_(None))
    read = (BoardRead.person_id == person, BoardRead.board_id == Thread.board_id)
    return statement.outerjoin(Subscription, and_(*thread)).outerjoin(_OF_BOARD, and_(*board)).outerjoin(BoardRead, and_(*read))


def is_muted() -> ColumnElement[bool]:
    """Return the condition, in a statement `with_marks`, that its person wants to learn nothing of a thread."""
    muted = (Level.MUTED.value, Level.SILENT.value)
    of_board = func.coalesce(_OF_BOARD.level, "").in_(muted)
    return or_(func.coalesce(Subscription.level, "").in_(muted), of_board)


def is_followed() -> ColumnElement[bool]:
    """Return the condition, in a statement `with_marks`, that its person follows a thread."""
    return and_(func.coalesce(Subscription.level, "") == Level.FOLLOW.value, ~is_muted())


def is_new(*, in_list: bool) -> ColumnElement[bool]:
    """Return the condition, in a statement `with_marks`, that a thread has something its person has not seen.

    Of followed threads the number that was read tells; of others the moment: of the visit before the last in the board's own list, of the
    last one everywhere else.
    """
    until = BoardRead.read_until if in_list else BoardRead.visited_at
    later = or_(until.is_(None), Thread.last_post_at > until)
    unread = and_(Subscription.id.is_not(None), Thread.shown_number > Subscription.read_number)
    return and_(~is_muted(), or_(unread, and_(Subscription.id.is_(None), later)), Thread.shown_number > 0)


@lru_cache
def _new_threads(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Select[*tuple[Any, ...]]:
    """Return the statement that counts new threads by board: the home page asks it each time, and building it took most of the page."""
    person = bindparam("person", type_=Integer())
    statement = with_marks(select(Thread.board_id, func.count()).join(Board, Board.id == Thread.board_id), person)
    readable = readable_threads({BOARDS: owners, THREAD_GUARDS: guards}, person)
    new = statement.where(readable, is_new(in_list=False), Thread.last_post_at <= bindparam("now", type_=UtcDateTime()))
    return compile_once(new.group_by(Thread.board_id))


def count_new(session: Session, actor: Actor, *, now: datetime) -> Mapping[int, int]:
    """Return how many threads have something new, by the boards that an actor reads: one statement, whatever the number of boards."""
    statement = _new_threads(BOARDS.of(session), THREAD_GUARDS.of(session))
    return dict(connection_of(session).execute(statement, {"person": actor.person_id or 0, "now": now}))


def list_followed(session: Session, actor: Actor, *, offset: int, limit: int) -> Sequence[Any]:
    """List the threads that an actor follows, the latest first, each with its board and whether it has something new."""
    person = literal(actor.person_id or 0)
    statement = select(Thread, Board, is_new(in_list=False).label("is_new")).join(Board, Board.id == Thread.board_id)
    mine = with_marks(statement, person).where(
        readable_threads(session.info, person), is_followed(), Thread.state == PostState.VISIBLE.value
    )
    return session.execute(mine.order_by(Thread.last_post_at.desc(), Thread.id).offset(offset).limit(limit)).all()


def merge_marks(session: Session, giver: int, taker: int) -> None:
    """Give one account's subscriptions and read marks to another: muted wins, and the higher read mark."""
    for row in session.scalars(select(Subscription).where(Subscription.person_id == giver)).all():
        other = find_subscription(session, taker, row.board_id, row.thread_id)
        if other is None:
            row.person_id = taker
        else:
            muted = {row.level, other.level} & {Level.MUTED.value, Level.SILENT.value}
            other.level = max(muted) if muted else other.level
            other.read_number = max(other.read_number, row.read_number)
            session.delete(row)
    session.flush()
    known = {row.board_id: row for row in session.scalars(select(BoardRead).where(BoardRead.person_id == taker))}
    for mark in session.scalars(select(BoardRead).where(BoardRead.person_id == giver)).all():
        if mark.board_id in known:
            present = known[mark.board_id]
            present.visited_at = max(present.visited_at, mark.visited_at)
            present.read_until = max(present.read_until, mark.read_until)
            session.delete(mark)
        else:
            mark.person_id = taker


def forget_reads_before(session: Session, moment: datetime) -> int:
    """Delete the read marks of boards that were not visited since a moment; return how many."""
    return len(session.scalars(delete(BoardRead).where(BoardRead.visited_at < moment).returning(BoardRead.id)).all())
