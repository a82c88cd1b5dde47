"""Drafts: texts that their writers keep for later, and texts that were refused after they were sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2s
from typing import Any

from sqlalchemy import Row, ScalarSelect, bindparam, delete, literal, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from discussions.boards import new_key, readable
from discussions.files import delete_files
from discussions.models import Board, PostDraft, PostFile, Thread, ThreadKind, ThreadPost
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import require_found
from kernel.markup.posts import clean_post
from kernel.permissions import Actor
from spaces.acts import lock_person

LONGEST_DRAFT = 40_000
"""Characters; more than a post has, because what is too long is kept too."""


@dataclass(frozen=True, slots=True)
class DraftSlot:
    """Where a draft would be published: a new thread of a board about a part or none, a thread, or instead of a post."""

    board: Board
    thread: Thread | None = None
    post: ThreadPost | None = None
    anchor: tuple[str, str, str] = ("", "", "")
    """Of a new thread: what is written about one part is no draft about another."""

    @property
    def code(self) -> str:
        """Return the code that is unique among one person's drafts of the board."""
        about = f":{blake2s(chr(10).join(self.anchor).encode(), digest_size=8).hexdigest()}" if any(self.anchor) else ""
        return f"{self.thread.id if self.thread else 0}:{self.post.id if self.post else 0}{about}"


@dataclass(frozen=True, slots=True)
class DraftText:
    """A text as it was typed: the title, kind, category and anchor of a new thread, the text, and the post that it answers."""

    source: str
    title: str = ""
    kind: ThreadKind = ThreadKind.DISCUSSION
    category: str = ""
    anchor: tuple[str, str, str] = ("", "", "")
    reply_to: int | None = None
    private: bool = False
    mentioned: tuple[str, ...] = ()
    """Whose boxes are ticked; with a minus sign, who has been notified and is to lose that by an edit."""


_DRAFT = select(PostDraft).where(
    PostDraft.person_id == bindparam("person"), PostDraft.board_id == bindparam("board"), PostDraft.slot == bindparam("slot")
)

_HAS_DRAFT = compile_once(_DRAFT.with_only_columns(PostDraft.id))
"""Most who open a thread have none."""


def find_draft(session: Session, actor: Actor, slot: DraftSlot) -> PostDraft | None:
    """Return the actor's draft for a slot; None where they have none."""
    values = {"person": actor.person_id, "board": slot.board.id, "slot": slot.code}
    return session.scalar(_DRAFT, values) if connection_of(session).scalar(_HAS_DRAFT, values) else None


def draft_number(actor: Actor, slot: DraftSlot) -> ScalarSelect[int]:
    """Return the number of the actor's draft for a slot, as a column."""
    mine = (PostDraft.person_id == actor.person_id, PostDraft.board_id == slot.board.id, PostDraft.slot == slot.code)
    return select(PostDraft.id).where(*mine).scalar_subquery()


def get_own_draft(session: Session, actor: Actor, draft: str) -> PostDraft:
    """Return a draft of the actor's; raise NotFound of anybody else's."""
    return require_found(session.scalar(select(PostDraft).where(PostDraft.key == draft, PostDraft.person_id == actor.person_id)))


def lock_writer(session: Session, actor: Actor) -> None:
    """Let what the actor sends at once be written one after the other: the same form sent again, two windows with one draft."""
    lock_person(session, actor.person_id)


def keep_draft(session: Session, actor: Actor, slot: DraftSlot, text: DraftText, *, reason: str = "", now: datetime) -> PostDraft:
    """Keep a text as the actor's draft for a slot, instead of the one before; `reason` says why it was refused."""
    assert actor.person_id is not None
    lock_writer(session, actor)
    text = replace(text, source=clean_post(text.source)[:LONGEST_DRAFT])
    row = find_draft(session, actor, slot)
    if row is None:
        row = PostDraft(key=new_key(), person_id=actor.person_id, board_id=slot.board.id, slot=slot.code)
        row.thread_id, row.post_id = (slot.thread.id if slot.thread else None), (slot.post.id if slot.post else None)
        session.add(row)
    row.source, row.title, row.kind, row.category = text.source, text.title[:300], text.kind.value, text.category[:60]
    row.anchor_kind, row.anchor_key, row.anchor_part = text.anchor[0][:12], text.anchor[1][:64], text.anchor[2][:200]
    row.private, row.reply_to, row.reason, row.changed_at, row.mentioned = text.private, text.reply_to, reason, now, text.mentioned
    session.flush()
    return row


def delete_draft(session: Session, draft: PostDraft, *, now: datetime) -> None:
    """Delete a draft with the files that it has."""
    delete_files(session, PostFile.draft_id == draft.id, now=now)
    session.execute(delete(PostDraft).where(PostDraft.id == draft.id))


def publish_files(session: Session, draft: PostDraft, post: ThreadPost) -> None:
    """Give the files of a draft to the post that it became, and delete the draft."""
    session.execute(update(PostFile).where(PostFile.draft_id == draft.id).values(post_id=post.id, draft_id=None))
    session.execute(delete(PostDraft).where(PostDraft.id == draft.id))


def list_drafts(session: Session, actor: Actor) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the actor's drafts, the latest first, each with its board, its thread, and whether they may still read there."""
    is_readable = readable(session.info, literal(actor.person_id or 0)).label("is_readable")
    statement = select(PostDraft, Board, Thread, is_readable).join(Board, Board.id == PostDraft.board_id)
    mine = statement.outerjoin(Thread, Thread.id == PostDraft.thread_id).where(PostDraft.person_id == actor.person_id)
    return session.execute(mine.order_by(PostDraft.changed_at.desc(), PostDraft.id).limit(200)).all()


def erase_drafts(session: Session, person: Person, *, now: datetime) -> None:
    """Delete the drafts of a person who is forgotten, with their files."""
    mine = select(PostDraft.id).where(PostDraft.person_id == person.id)
    delete_files(session, PostFile.draft_id.in_(mine), now=now)
    session.execute(delete(PostDraft).where(PostDraft.person_id == person.id))


def move_drafts(session: Session, giver: int, taker: int) -> None:
    """Give one account's drafts to another, also those for which the other has one of its own."""
    taken = set(session.execute(select(PostDraft.board_id, PostDraft.slot).where(PostDraft.person_id == taker)).all())
    for row in session.scalars(select(PostDraft).where(PostDraft.person_id == giver)).all():
        row.slot = f"{row.slot}:{row.id}" if (row.board_id, row.slot) in taken else row.slot
        row.person_id = taker
    session.flush()


def forget_drafts_before(session: Session, moment: datetime) -> int:
    """Delete the drafts that were not changed since a moment; return how many."""
    old = select(PostDraft.id).where(PostDraft.changed_at < moment)
    delete_files(session, PostFile.draft_id.in_(old), now=moment)
    return len(session.scalars(delete(PostDraft).where(PostDraft.changed_at < moment).returning(PostDraft.id)).all())
