"""A board whose readers, writers and moderators are known by their addresses, for tests of discussions alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from discussions import boards, posts, threads
from discussions.boards import BOARDS, Anchor, AnchorKey, BoardOwner, OwnerPage
from discussions.models import Board, BoardState, FirstPosts, Thread, ThreadKind, ThreadPost
from discussions.threads import NewThread
from kernel.db import Database
from kernel.markup.posts import render_post
from kernel.permissions import Actor, Verdict
from lms.instance import Instance
from spaces.spaces import Number, Space, SpaceRule

NOON = datetime(2026, 11, 2, 17, tzinfo=UTC)
CLOSED: set[int] = set()
"""Numbers of the boards whose owner is closed."""


SHELF = aliased(Board)


def _who(pattern: str) -> SpaceRule[Any]:
    def condition(person: Number) -> ColumnElement[bool]:
        row = aliased(Person)
        return exists().where(row.id == person, row.email.like(pattern), row.suspended_at.is_(None)).correlate_except(row)

    return SpaceRule(lambda actor, _subject: fnmatch(actor.email, pattern.replace("%", "*")), condition)


def _outside(_session: Session, actor: Actor, _board: int) -> Verdict:
    return Verdict.FORBID if actor.is_anonymous or actor.is_suspended else Verdict.HIDE


def _describe(_session: Session, numbers: Collection[int]) -> Mapping[int, OwnerPage]:
    return {number: OwnerPage("Taller de prueba", "/courses", f"/discussions/shelf/{number}") for number in numbers}


def _locate(_session: Session, _actor: Actor, _board: int, anchors: Collection[AnchorKey]) -> Mapping[AnchorKey, Anchor]:
    return {anchor: Anchor(f"Parte {anchor[2]}", "/courses") for anchor in anchors if anchor[0] == "heading"}


OWNER = BoardOwner(
    space=Space(
        kind="shelf",
        table=SHELF,
        board=SHELF.id,
        reads=_who("%@example.org"),
        writes=_who("%@example.org"),
        moderates=_who("mod%"),
        administers=_who("mod.jefa%"),
        is_closed=lambda: SHELF.id.in_(bindparam(None, callable_=lambda: sorted(CLOSED), expanding=True, unique=True)),
    ),
    team=lambda _board: select(Person.id).where(Person.email.like("mod%")),
    outside=_outside,
    describe=_describe,
    locate=_locate,
    badge="Team",
)


@contextmanager
def shelved(instance: Instance) -> Iterator[None]:
    """Have the owner of these tests among those that packages give."""
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    instance.database.configure({**known, BOARDS: (OWNER,)})
    yield
    instance.database.configure(known)
    CLOSED.clear()


def a_board(instance: Instance, *, state: BoardState = BoardState.OPEN, first_posts: FirstPosts = FirstPosts.NONE) -> Board:
    """Add a board."""
    with instance.database.unit_of_work() as session:
        board = boards.add_board(session, "shelf", now=NOON, first_posts=first_posts)
        board.state = state.value
        return board


def actor_of(person: Person) -> Actor:
    """Return a person as an actor."""
    return Actor(person_id=person.id, person_uuid=person.uuid, name=person.full_name, language="es")


def a_thread(
    instance: Instance, board: Board, person: Person, title: str = "¿Cómo se cuenta?", text: str = "No lo entiendo.", **new: Any
) -> ThreadPost:
    """Open a thread and return its first post."""
    kind, now = ThreadKind(str(new.pop("kind", "question"))), new.pop("now", NOON)
    what = replace(NewThread(title, kind), **new)
    with instance.database.unit_of_work() as session:
        actor = actor_of(person)
        context = boards.get_board(session, actor, board.key)
        post = threads.open_thread(session, actor, context, what, text, token=f"{title}{text}"[:36], now=now)
        posts.announce(session, post, (), now=now)
        return post


def an_answer(instance: Instance, first: ThreadPost, person: Person, text: str = "Así se cuenta.", *, now: datetime = NOON) -> ThreadPost:
    """Write an answer in the thread of a post."""
    with instance.database.unit_of_work() as session:
        actor = actor_of(person)
        thread = session.get_one(Thread, first.thread_id)
        context = boards.get_thread(session, actor, thread.key)
        post = posts.write_post(session, actor, context, text, token=f"{text}{now.isoformat()}"[-36:], now=now)
        posts.announce(session, post, (), now=now)
        return post


def fill_thread(database: Database, board: Board, authors: Sequence[int], title: str, count: int, text: str) -> str:
    """Add a thread of so many posts by some people in turns, as though all had been written; return its key."""
    html = render_post(text)
    with database.unit_of_work() as session:
        thread = Thread(
            key=boards.new_key(), board_id=board.id, kind=ThreadKind.DISCUSSION.value, title=title, person_id=authors[0], language="es",
            state="visible", posts=count, last_number=count, shown_number=count, last_post_at=NOON,
        )  # fmt: skip
        session.add(thread)
        session.flush()
        session.add_all(
            ThreadPost(
                key=boards.new_key(), thread_id=thread.id, number=number, person_id=authors[number % len(authors)], source=text, html=html,
                language="es", state="visible", written_at=NOON, token=f"{thread.key}{number}",
            )
            for number in range(1, count + 1)
        )  # fmt: skip
        return thread.key
