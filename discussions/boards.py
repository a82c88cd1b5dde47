"""Boards and their owners: who reads, writes and moderates, as one condition for a page, a list, a search and a mail."""

import secrets
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Person, full_name
from discussions.access import BoardContext, PostContext, ThreadContext
from discussions.models import Board, BoardState, FirstPosts, PostReport, PostState, Thread, ThreadPost
from kernel.audit import Verb
from kernel.compiled_statements import compile_once
from kernel.db import HookList, connection_of
from kernel.errors import N_, Invalid, require_found
from kernel.permissions import Actor, Verdict
from spaces.acts import SpaceAct
from spaces.spaces import Number, Space

MOST_CATEGORIES = 12
MOST_WRITERS, MOST_MODERATORS = 10, 20
"""Of those whom a post may notify."""
_SIGNS = string.ascii_lowercase + string.digits


class BoardVerb(Verb):
    """The audit verbs of boards."""

    CHANGED = "board.changed", N_("Changed the settings of a board")


@dataclass(frozen=True, slots=True)
class OwnerPage:
    """The object that a board belongs to, as pages and mails name it, in the reader's language."""

    title: str
    address: str
    list_address: str
    """Of the board's own list."""
    why_closed: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The part that a thread is about: its name, and its page, empty where it is gone."""

    label: str
    address: str = ""


AnchorKey = tuple[str, str, str]
"""Kind, key and part of an anchor."""


@dataclass(frozen=True, slots=True)
class BoardOwner:
    """A kind of spaces that have boards, declared by their package."""

    space: Space[Any]
    team: Callable[[Number], Select[int]]
    """The people whose work it is to answer on the board with this number: they are notified of questions, and a post may notify them."""
    outside: Callable[[Session, Actor, int], Verdict]
    """The answer of the object's own page to actors who may not read its board."""
    describe: Callable[[Session, Collection[int]], Mapping[int, OwnerPage]]
    locate: Callable[[Session, Actor, int, Collection[AnchorKey]], Mapping[AnchorKey, Anchor]]
    """Where the anchors of a board are; none for those that are gone."""
    badge: str
    """The badge of its moderators beside what they write, marked for translation."""
    stands_in: Callable[[Number, Number, SQLColumnExpression[Any]], ColumnElement[bool]] = lambda _person, _board, _author: false()
    """A person decides on reported posts of an author who moderates the board, because nobody of its own team may."""
    follow_opening: Callable[[Session, Actor, Thread, bool], None] = lambda _session, _actor, _thread, _is_private: None
    """Keeps what the owner needs of a thread that was just added: whether it is for the team alone, its author's edition."""
    hold: Callable[[Select[int]], Select[int]] | None = None
    """Select the objects of the boards with these numbers, locked so that they are not closed, and nobody is put out of them, meanwhile.

    Those who write do not wait for each other.
    """
    members: Callable[[], Select[int, int, datetime]] | None = None
    """Boards, the people whom an announcement there reaches, and since when; None: it reaches those who follow the board."""
    is_private: Callable[[], ColumnElement[bool]] = false
    """The condition on `Thread` that its author wrote it to the moderators alone."""
    reading_note: Callable[[Actor, int], Callable[[Session], None] | None] = lambda _actor, _board: None
    """Return the function that notes that somebody opened the board with this number, where that is on record."""
    offers_private: bool = False
    open_to_all: Callable[[Session, Thread], None] | None = None
    """Opens such a thread to all readers of the board."""


@dataclass(frozen=True, slots=True)
class BoardHead:
    """The head of the pages of what a board belongs to, which `layouts/_NAME.html` draws, and the two values of that template."""

    name: str
    context: object
    head: object


BOARD_HEADS = HookList[tuple[str, Callable[[Session, Actor, Board], BoardHead]]]("board_heads")
"""Gives them by the kind of the owner."""


@dataclass(frozen=True, slots=True)
class ThreadGuard:
    """Takes threads from some who read their board; it only narrows."""

    hides: Callable[[Number], ColumnElement[bool]]
    """The condition on `Thread` that takes it from the person with this number, who does not moderate its board."""
    is_private: Callable[[], ColumnElement[bool]] = false
    """The condition on `Thread` that it is in no search."""


BOARDS = HookList[BoardOwner]("boards")
THREAD_GUARDS = HookList[ThreadGuard]("thread_guards")


def new_key() -> str:
    """Return twelve random signs, which name a board, thread or post in addresses."""
    return "".join(secrets.choice(_SIGNS) for _ in range(12))


def owner_of(session: Session, board: Board) -> BoardOwner:
    """Return the owner of a board; raise NotFound where its package is not installed."""
    return require_found(next((owner for owner in BOARDS.of(session) if owner.space.kind == board.owner), None))


def add_board(session: Session, owner: str, *, now: datetime, first_posts: FirstPosts = FirstPosts.NONE) -> Board:
    """Add a board, which is off."""
    board = Board(key=new_key(), owner=owner, state=BoardState.OFF.value, first_posts=first_posts.value, created_at=now)
    session.add(board)
    session.flush()
    return board


Hooks = Mapping[Any, Any]
"""What the application gave to every session (`Session.info`)."""


def _of_any(hooks: Hooks, condition: Callable[[BoardOwner], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition on `Board` that one holds for its kind of owner."""
    return or_(false(), *(and_(Board.owner == owner.space.kind, condition(owner)) for owner in BOARDS.given_in(hooks)))


def audience(hooks: Hooks, name: str, person: Number) -> ColumnElement[bool]:
    """Return the condition on `Board` that a person is its reader, writer, moderator or administrator: `reads`, `writes` and so on."""
    return _of_any(hooks, lambda owner: owner.space.allows(name, person, Board.id))


def stands_in(hooks: Hooks, person: Number) -> ColumnElement[bool]:
    """Return the condition on `ThreadPost` and its `Board` that it was reported and a person decides on it for a team that may not."""
    others, reported = ThreadPost.person_id != person, exists().where(PostReport.post_id == ThreadPost.id).correlate(ThreadPost)
    return and_(others, reported, _of_any(hooks, lambda owner: owner.stands_in(person, Board.id, ThreadPost.person_id)))


def is_public(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition on `Board` that everybody reads it."""
    return _of_any(hooks, lambda owner: owner.space.of_board(Board.id, owner.space.is_public()))


def is_discreet(session: Session, board: Board) -> bool:
    """Return whether mails about a board carry neither titles nor authors."""
    return bool(session.scalar(select(discreet(session.info)).select_from(Board).where(Board.id == board.id)))


def discreet(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition on `Board` that mails about it carry neither titles nor authors."""
    return and_(~Board.mail_text, _of_any(hooks, lambda owner: owner.space.of_board(Board.id, owner.space.is_discreet())))


def members_of(hooks: Hooks) -> Subquery:
    """Return whom announcements reach: `board_id`, `person_id`, and `since` when."""
    nobody = select(Board.id.label("board_id"), Board.id.label("person_id"), Board.created_at.label("since")).where(false())
    first, *others = [owner.members() for owner in BOARDS.given_in(hooks) if owner.members is not None] or [nobody]
    return (union_all(first, *others) if others else first).subquery()


def is_closed(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition on `Board` that its owner is archived, cancelled or closed."""
    return _of_any(hooks, lambda owner: owner.space.of_board(Board.id, owner.space.is_closed()))


def in_team(hooks: Hooks, person: Number) -> ColumnElement[bool]:
    """Return the condition on `Board` that it is a person's work to answer on it."""
    return _of_any(hooks, lambda owner: person.in_(owner.team(Board.id)))


def readable(hooks: Hooks, person: Number) -> ColumnElement[bool]:
    """Return the condition on `Board` that a person reads it now: the twin of `BoardAction.VIEW` for lists, searches and mails."""
    shown = and_(Board.state != BoardState.OFF.value, or_(is_public(hooks), audience(hooks, "reads", person)))
    return or_(shown, audience(hooks, "moderates", person))


def is_private(hooks: Hooks) -> ColumnElement[bool]:
    """Return the condition on `Thread` and its `Board` that its author wrote it to the moderators alone."""
    return _of_any(hooks, lambda owner: owner.is_private())


def readable_threads(hooks: Hooks, person: Number) -> ColumnElement[bool]:
    """Return the condition on `Thread` and its `Board` that a person reads it: the twin of `BoardAction.READ`."""
    hidden = [guard.hides(person) for guard in THREAD_GUARDS.given_in(hooks)]
    seen = and_(or_(Thread.state == PostState.VISIBLE.value, Thread.person_id == person), *map(not_, hidden))
    return and_(readable(hooks, person), or_(seen, audience(hooks, "moderates", person)))


def select_readable(session: Session, actor: Actor) -> Select[int]:
    """Select the numbers of the boards that an actor reads, for the search."""
    return select(Board.id).where(readable(session.info, _number(actor)))


def _number(actor: Actor) -> Number:
    return literal(actor.person_id or 0)


_PERSON, _BOARD, _THREAD = (bindparam(name, type_=Integer()) for name in ("person", "board", "thread"))
"""Values of the statements that are built once: most of what a page costs would be building them."""
_ROLES = ("reads", "writes", "moderates", "administers")


def _hooks(session: Session) -> tuple[tuple[BoardOwner, ...], tuple[ThreadGuard, ...]]:
    return BOARDS.of(session), THREAD_GUARDS.of(session)


def _standing(hooks: Hooks) -> list[ColumnElement[bool]]:
    """Return a person's standing on a `Board`, and whether it is closed."""
    parts = {name: audience(hooks, name, _PERSON) for name in _ROLES}
    parts["reads"] = or_(parts["reads"], is_public(hooks))
    return [*(part.label(name) for name, part in parts.items()), is_closed(hooks).label("is_closed")]


_KEY: BindParameter[Any] = bindparam("key")


@lru_cache
def _board_statement(
    owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...], by: InstrumentedAttribute[Any]
) -> Select[*tuple[Any, ...]]:
    return select(Board, *_standing({BOARDS: owners, THREAD_GUARDS: guards})).where(by == _KEY)


_BY = {"board": Board.key, "thread": Thread.key, "post": ThreadPost.key}


@lru_cache
def _holding(owners: tuple[BoardOwner, ...], name: str) -> tuple[Select[int], ...]:
    numbers = select(Board.id) if name == "board" else select(Thread.board_id)
    numbers = numbers.join(ThreadPost, ThreadPost.thread_id == Thread.id) if name == "post" else numbers
    return tuple(compile_once(owner.hold(numbers.where(_BY[name] == _KEY))) for owner in owners if owner.hold is not None)


def hold(session: Session, name: str, key: str) -> None:
    """Let what a board belongs to stay as it is until the transaction ends: who writes is judged by it.

    The board is named by its own key, or by that of a thread or post: `board`, `thread`, `post`.
    """
    for statement in _holding(BOARDS.of(session), name):
        connection_of(session).execute(statement, {"key": key})


def get_board(session: Session, actor: Actor, board: str) -> BoardContext:
    """Return a board and what the actor is before it; raise NotFound where there is none."""
    statement = _board_statement(*_hooks(session), Board.key)
    row = require_found(session.execute(statement, {"person": actor.person_id or 0, "key": board}).one_or_none())
    return _context(session, actor, row.Board, row)


def get_board_of(session: Session, actor: Actor, board_id: int) -> BoardContext:
    """Return the board with a number, for its owner's pages."""
    values = {"person": actor.person_id or 0, "key": board_id}
    row = session.execute(_board_statement(*_hooks(session), Board.id), values).one()
    return _context(session, actor, row.Board, row)


def _context(session: Session, actor: Actor, board: Board, row: Row[*tuple[Any, ...]]) -> BoardContext:
    standing: dict[str, Any] = {name: bool(getattr(row, name)) and not actor.is_suspended for name in _ROLES}
    standing["is_closed"] = bool(row.is_closed)
    standing["reading_note"] = owner_of(session, board).reading_note(actor, board.id) if actor.is_administrator else None
    sees = standing["moderates"] or (standing["reads"] and board.state != BoardState.OFF)
    if sees:
        return BoardContext(board=board, outside=Verdict.ALLOW, **standing)
    outside = owner_of(session, board).outside(session, actor, board.id)
    return BoardContext(board=board, outside=outside, **standing, describe_owner=partial(_describe_owner, session, board))


def _describe_owner(session: Session, board: Board) -> tuple[str, str]:
    owner_page = owner_page_of(session, board)
    return owner_page.title, owner_page.address


def within(context: BoardContext) -> dict[str, Any]:
    """Return the part of a context that concerns its board, for the context of something in it."""
    return {field.name: getattr(context, field.name) for field in fields(BoardContext)}


def get_thread(session: Session, actor: Actor, thread: str) -> ThreadContext:
    """Return a thread and what the actor is before it; raise NotFound where there is none."""
    statement = _thread_statement(*_hooks(session))
    row = require_found(session.execute(statement, {"person": actor.person_id or 0, "key": thread}).one_or_none())
    return ThreadContext(**_of_thread(session, actor, row))


def get_post(session: Session, actor: Actor, post: str) -> PostContext:
    """Return a post and what the actor is before it; raise NotFound where there is none."""
    statement = _thread_statement(*_hooks(session), of_post=True)
    row = require_found(session.execute(statement, {"person": actor.person_id or 0, "key": post}).one_or_none())
    mine = row.ThreadPost.person_id is not None and row.ThreadPost.person_id == actor.person_id
    stands = bool(row.stands_in) and not actor.is_suspended
    return PostContext(**_of_thread(session, actor, row), post=row.ThreadPost, is_author=mine, stands_in=stands)


@lru_cache
def _thread_statement(
    owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...], *, of_post: bool = False
) -> Select[*tuple[Any, ...]]:
    hooks = {BOARDS: owners, THREAD_GUARDS: guards}
    hidden = or_(false(), *(guard.hides(_PERSON) for guard in guards))
    columns = (*_standing(hooks), hidden.label("is_guarded"), is_private(hooks).label("is_private"))
    statement = select(Thread, Board, *columns).join(Board, Board.id == Thread.board_id)
    if of_post:
        statement = statement.add_columns(ThreadPost, stands_in(hooks, _PERSON).label("stands_in"))
        return statement.join(ThreadPost, ThreadPost.thread_id == Thread.id).where(ThreadPost.key == _KEY)
    return statement.where(Thread.key == _KEY)


def _of_thread(session: Session, actor: Actor, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    mine = row.Thread.person_id is not None and row.Thread.person_id == actor.person_id
    of_board = within(_context(session, actor, row.Board, row))
    return {**of_board, "thread": row.Thread, "is_guarded": bool(row.is_guarded), "is_private": bool(row.is_private), "is_own": mine}


@lru_cache
def _mentionable(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Select[*tuple[Any, ...]]:
    hooks = {BOARDS: owners, THREAD_GUARDS: guards}
    written = (ThreadPost.thread_id == _THREAD, ThreadPost.state == PostState.VISIBLE.value)
    last = select(ThreadPost.person_id, ThreadPost.number).where(*written).order_by(ThreadPost.number.desc()).limit(200).subquery()
    by_writer = select(last.c.person_id).where(last.c.person_id != _PERSON).group_by(last.c.person_id)
    people = select(by_writer.order_by(func.max(last.c.number).desc()).limit(MOST_WRITERS).subquery().c.person_id)
    may = or_(in_team(hooks, Person.id), and_(Person.id.in_(people), audience(hooks, "reads", Person.id)))
    candidates = Person.id.in_(union_all(people, *(owner.team(_BOARD) for owner in owners)))
    others = (Person.id != _PERSON, Person.suspended_at.is_(None))
    names = (Person.given_names, Person.first_surname, Person.second_surname)
    statement = select(Person.id, Person.uuid, *names).join(Board, true()).where(Board.id == _BOARD, candidates, *others, may)
    return compile_once(statement.order_by(Person.name_key, Person.id).limit(MOST_WRITERS + MOST_MODERATORS))


@dataclass(frozen=True, slots=True)
class Mentionable:
    """A person whom a post may notify."""

    id: int
    uuid: str
    full_name: str


def list_mentionable(session: Session, actor: Actor, board_id: int, thread_id: int | None) -> list[Mentionable]:
    """List whom a post may notify: the last ten other writers of its thread who read it, and the team of its board."""
    values = {"person": actor.person_id or 0, "board": board_id, "thread": thread_id or 0}
    rows = connection_of(session).execute(_mentionable(*_hooks(session)), values)
    return [Mentionable(row.id, str(row.uuid), full_name(row.given_names, row.first_surname, row.second_surname)) for row in rows]


def is_public_board(session: Session, board: Board) -> bool:
    """Return whether everybody reads a board."""
    return bool(session.scalar(select(is_public(session.info)).select_from(Board).where(Board.id == board.id)))


def list_boards(session: Session, actor: Actor) -> Sequence[Board]:
    """List the boards that an actor reads, as many as 200."""
    return session.scalars(select(Board).where(readable(session.info, _number(actor))).order_by(Board.id).limit(200)).all()


def owner_pages_of(session: Session, shown: Collection[Board]) -> dict[int, OwnerPage]:
    """Return the pages to which some boards belong, by their numbers: one question for each kind of owner."""
    places: dict[int, OwnerPage] = {}
    for owner in BOARDS.of(session):
        if numbers := [board.id for board in shown if board.owner == owner.space.kind]:
            places |= owner.describe(session, numbers)
    return places


def owner_page_of(session: Session, board: Board) -> OwnerPage:
    """Return the page to which a board belongs."""
    return owner_of(session, board).describe(session, [board.id])[board.id]


class TooManyCategories(Invalid):
    """A board has as many categories as it can."""

    message = N_("A board has at most 12 categories, each of at most 60 characters.")


def change_settings(
    session: Session, actor: Actor, board: Board, *, state: BoardState, first_posts: FirstPosts, mail_text: bool,
    categories: Collection[str], now: datetime
) -> bool:  # fmt: skip
    """Change a board; return whether anything did. It notifies nobody, and acts at once. Raise TooManyCategories."""
    names = tuple(dict.fromkeys(" ".join(name.split()) for name in categories if name.strip()))
    if len(names) > MOST_CATEGORIES or any(len(name) > 60 for name in names):
        raise TooManyCategories
    values = {"state": state.value, "first_posts": first_posts.value, "mail_text": mail_text, "categories": names}
    act = SpaceAct(session, actor, now, board, board)
    changed = act.change(values)
    if changed:
        act.note(BoardVerb.CHANGED, **{name: values[name] for name in changed})
    return bool(changed)
