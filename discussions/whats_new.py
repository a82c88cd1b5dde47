"""The notices of new posts, threads and announcements, read from threads and read marks when they are shown or mailed: no row for each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.computed_notices import ComputedNotice, ComputedNotices
from accounts.models import Notification, NotificationPreference, Person
from accounts.people import ComputedUnread
from accounts.rules import MailTime
from discussions import subscriptions
from discussions.boards import BOARDS, THREAD_GUARDS, BoardOwner, Hooks, ThreadGuard, discreet, members_of, owner_pages_of, readable_threads
from discussions.models import IS_ANNOUNCEMENT, Board, BoardRead, Level, PostState, Subscription, Thread, ThreadPost
from discussions.notices import ANNOUNCEMENT_NOTICE, NEW_THREAD_NOTICE, REPLY_NOTICE, announced_key
from discussions.threads import ThreadFilter
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of, shared_alias
from kernel.i18n import _, in_every_language, ngettext
from kernel.permissions import Actor
from spaces.spaces import Number

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


def _announced(hooks: Hooks, person: Number | None = None) -> Select[*tuple[Any, ...]]:
    """Select the announcements that a person, or everybody, has not seen and was a member for when they were written."""
    reached, first = members_of(hooks), and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1)
    reader: Number = reached.c.person_id if person is None else person
    statement = select(reached.c.person_id, Thread.board_id, ThreadPost.written_at).select_from(reached)
    joined = statement.join(Thread, Thread.board_id == reached.c.board_id).join(Board, Board.id == Thread.board_id).join(ThreadPost, first)
    shown = (IS_ANNOUNCEMENT, Thread.state == PostState.VISIBLE.value, readable_threads(hooks, reader))
    foreign = (reached.c.since <= ThreadPost.written_at, Thread.person_id.is_distinct_from(reader), reached.c.person_id == reader)
    not_visited = or_(BoardRead.id.is_(None), BoardRead.visited_at < ThreadPost.written_at)
    unseen = (not_visited, func.coalesce(Subscription.read_number, 0) == 0, ~subscriptions.is_muted())
    return subscriptions.with_marks(joined, reader).where(*shown, *foreign, *unseen)


_PERSON: BindParameter[int] = bindparam("person", type_=Integer())
_SINCE, _UNTIL = (bindparam(name, type_=UtcDateTime()) for name in ("since", "until"))
_WITHIN = (ThreadPost.written_at > _SINCE, ThreadPost.written_at <= _UNTIL)
Statements = Mapping[str, Select[*tuple[Any, ...]]]
"""By kind."""


@lru_cache
def _for_bells(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Statements:
    """Build once what reads new posts by thread, new threads by board, and announcements, of one person."""
    hooks = {BOARDS: owners, THREAD_GUARDS: guards}
    mine = (Subscription.person_id == _PERSON, readable_threads(hooks, _PERSON))
    replies = _new_posts(_PERSON).add_columns(Thread.title, Thread.key).where(*mine)
    replies = replies.group_by(Subscription.person_id, Thread.board_id, Thread.id).order_by(func.max(ThreadPost.written_at).desc())
    announced = _announced(hooks, _PERSON).add_columns(Board, Thread.title, discreet(hooks)).order_by(ThreadPost.written_at.desc())
    statements = replies, _new_threads(_PERSON).where(*mine), announced
    return {kind: statement.limit(MOST) for kind, statement in zip(_WORDS, statements, strict=True)}


@lru_cache
def _for_digests(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Statements:
    """Build once what reads the same by person and board of many people between two moments; announcements that were not mailed alone."""
    hooks, reader = {BOARDS: owners, THREAD_GUARDS: guards}, Subscription.person_id
    people: BindParameter[Any] = bindparam("people", expanding=True)
    mine = (reader.in_(people), *_WITHIN, readable_threads(hooks, reader))
    replies = _new_posts(reader).where(*mine).group_by(reader, Thread.board_id).order_by(Thread.board_id)
    announced = _announced(hooks)
    person, board, written_at = announced.selected_columns
    mailed = exists().where(Notification.key == announced_key(ThreadPost.key), Notification.person_id == person)
    announced = announced.where(person.in_(people), *_WITHIN, ~mailed).group_by(person, board)
    counted = announced.with_only_columns(person, board, func.count(), func.max(written_at))
    return dict(zip(_WORDS, (replies, _new_threads(reader).where(*mine), counted), strict=True))


def _in_thread(count: int, title: str) -> str:
    return ngettext("%(count)s new post in “%(title)s”", "%(count)s new posts in “%(title)s”", count, title=title)


def _in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new post in discussions: %(title)s", "%(count)s new posts in discussions: %(title)s", count, title=title)


def _threads_in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new thread: %(title)s", "%(count)s new threads: %(title)s", count, title=title)


def _announced_in_board(count: int, title: str) -> str:
    return ngettext("%(count)s new announcement: %(title)s", "%(count)s new announcements: %(title)s", count, title=title)


_WORDS = {
    REPLY_NOTICE.value: _in_board,
    NEW_THREAD_NOTICE.value: _threads_in_board,
    ANNOUNCEMENT_NOTICE.value: _announced_in_board,
}
"""What a line a board says of each kind, in the order of the statements."""
_MAILED_BY_DAY = (REPLY_NOTICE, NEW_THREAD_NOTICE, replace(ANNOUNCEMENT_NOTICE, usual_mail=MailTime.DAILY))
_KINDS = {kind.value: kind for kind in _MAILED_BY_DAY}
_Rows = Mapping[str, Sequence[Row[*tuple[Any, ...]]]]


def _address(board: str, only: str = "new") -> str:
    """Return where a part of a board's list stands; who opens it has looked at the board."""
    return f"/discussions/boards/{board}?only={only}"


def _by_board(session: Session, rows: _Rows) -> Mapping[int, list[ComputedNotice]]:
    """Return a line a board and kind for each person of some rows: person, board, how much, and when the latest of it came."""
    numbers = {row[1] for of_kind in rows.values() for row in of_kind}
    owned = session.scalars(select(Board).where(Board.id.in_(numbers))).all() if numbers else ()
    pages, keys = owner_pages_of(session, owned), {board.id: board.key for board in owned}

    @cache
    def subject(kind: str, board_id: int, count: int) -> Mapping[str, str]:
        return in_every_language(partial(_WORDS[kind], count, pages[board_id].title))

    lines = defaultdict[int, list[ComputedNotice]](list)
    for kind, of_kind in rows.items():
        for person_id, board_id, count, latest in of_kind:
            line = ComputedNotice(_KINDS[kind], subject(kind, board_id, count), _address(keys[board_id]), latest, count)
            lines[person_id].append(line)
    return lines


def _list_of(session: Session, actor: Actor, shown: Collection[str]) -> list[ComputedNotice]:
    """Return a line for each thread that the actor follows, each board of which they want every new thread, each announcement."""
    statements = _for_bells(BOARDS.of(session), THREAD_GUARDS.of(session))
    values = {"person": actor.person_id or 0}
    rows = {kind: session.execute(statement, values).all() if kind in shown else [] for kind, statement in statements.items()}
    lines = [
        ComputedNotice(REPLY_NOTICE, in_every_language(partial(_in_thread, count, title)), f"/discussions/{key}", latest, count)
        for _person, _board, count, latest, title, key in rows[REPLY_NOTICE.value]
    ]
    lines += _by_board(session, {NEW_THREAD_NOTICE.value: rows[NEW_THREAD_NOTICE.value]}).get(actor.person_id or 0, ())
    return lines + _announcements_of(session, rows[ANNOUNCEMENT_NOTICE.value])


def _announcements_of(session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[ComputedNotice]:
    """Return a line for each announcement; those of a board of which mails tell little name what it belongs to alone."""
    pages = owner_pages_of(session, {row.Board for row in rows})

    def write(board: Board, title: str) -> str:
        return f"[{pages[board.id].title}] {title or _('Announcement')}"

    return [
        ComputedNotice(
            ANNOUNCEMENT_NOTICE,
            in_every_language(partial(write, board, "" if is_discreet else title)),
            _address(board.key, ThreadFilter.ANNOUNCEMENTS),
            written_at,
        )
        for _person, _board, written_at, board, title, is_discreet in rows
    ]


def _select_people(session: Session, kind: str, since: datetime, until: datetime) -> Select[int]:
    """Select those who follow a thread, want every thread of a board, or are members, where something was written between two moments."""
    reached = members_of(session.info).c
    people, of_thread = Subscription.person_id, (Thread.last_post_at > since, Thread.last_post_at <= until)
    if kind == REPLY_NOTICE.value:
        followed = (Subscription.level == Level.FOLLOW.value, Thread.shown_number > Subscription.read_number)
        return select(people).join(Thread, Subscription.thread_id == Thread.id).where(*followed, *of_thread)
    if kind == NEW_THREAD_NOTICE.value:
        every = (Subscription.thread_id.is_(None), Subscription.level == Level.EVERY.value)
        return select(people).join(Thread, Subscription.board_id == Thread.board_id).where(*every, *of_thread)
    first = and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1, ThreadPost.written_at > since, ThreadPost.written_at <= until)
    announced = (IS_ANNOUNCEMENT, Thread.last_post_at > since, reached.since <= ThreadPost.written_at)
    return select(reached.person_id).join(Thread, Thread.board_id == reached.board_id).join(ThreadPost, first).where(*announced)


def _lines_for(
    session: Session, people: Mapping[str, Sequence[int]], since: datetime, until: datetime
) -> Mapping[int, Sequence[ComputedNotice]]:
    """Return a line a board and kind for each person: what was written between two moments."""
    statements = _for_digests(BOARDS.of(session), THREAD_GUARDS.of(session))
    values = {"since": since, "until": until}
    return _by_board(session, {kind: session.execute(made, {**values, "people": people[kind]}).all() for kind, made in statements.items()})


def _may_have_announcements(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition on `Person.id` that something was written in an announcement for them since they looked at its board."""
    reached = members_of(hooks)
    read = and_(BoardRead.person_id == reached.c.person_id, BoardRead.board_id == reached.c.board_id)
    announced = (IS_ANNOUNCEMENT, Thread.state == PostState.VISIBLE.value)
    foreign = (reached.c.person_id == Person.id, Thread.person_id.is_distinct_from(Person.id))
    later = Thread.last_post_at > func.coalesce(BoardRead.visited_at, reached.c.since)
    statement = select(Thread.id).join(reached, reached.c.board_id == Thread.board_id).outerjoin(BoardRead, read)
    return statement.where(*foreign, *announced, later).correlate(Person).exists()


@lru_cache
def _counted(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Select[int]:
    """Build once what counts the announcements in a person's bell, unless they want none there."""
    off = (NotificationPreference.person_id == _PERSON, NotificationPreference.kind == ANNOUNCEMENT_NOTICE.value)
    announced = _announced({BOARDS: owners, THREAD_GUARDS: guards}, _PERSON)
    shown = announced.where(~exists().where(*off, NotificationPreference.in_bell.is_(False))).limit(MOST)
    return compile_once(select(func.count()).select_from(shown.subquery()))


def _count_announcements(session: Session, person_id: int) -> int:
    statement = _counted(BOARDS.of(session), THREAD_GUARDS.of(session))
    return connection_of(session).scalar(statement, {"person": person_id}) or 0


UNREAD = ComputedUnread(_may_have_announcements, _count_announcements)
COMPUTED = ComputedNotices(_MAILED_BY_DAY, _list_of, _select_people, _lines_for)
