"""Verbs of posts: known by how lists write them, renamed, and merged where two are one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.rules import fold
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations.models import Membership, Post, PostSpelling


class PostVerb(StrEnum):
    """The audit-log verbs of posts."""

    MADE = "post.made"
    RENAMED = "post.renamed"
    MERGED = "post.merged"


def post_key(name: str) -> str:
    """Return how posts are compared: without case, accents and needless spaces."""
    return " ".join(fold(name).split())


def find_or_make_posts(session: Session, actor: Actor, institution: int, names: Iterable[str], *, now: datetime) -> Mapping[str, int]:
    """Return the numbers of an institution's posts by key, also of former spellings; what is not known becomes a post."""
    names_by_key = dict[str, str]()
    for name in names:
        names_by_key.setdefault(post_key(name), " ".join(name.split()))
    known = select(PostSpelling.key, PostSpelling.post_id).where(
        PostSpelling.institution_id == institution, PostSpelling.key.in_(names_by_key)
    )
    posts_by_key = {row.key: row.post_id for row in session.execute(known)}
    for key in sorted(names_by_key.keys() - posts_by_key.keys()):
        row = Post(institution_id=institution, key=key, name=names_by_key[key], created_at=now)
        session.add(row)
        session.flush()  # its spelling names it
        session.add(PostSpelling(post_id=row.id, institution_id=institution, key=key, spelled=names_by_key[key], recorded_at=now))
        audit.record(session, actor, PostVerb.MADE, row, now=now, name=row.name)
        posts_by_key[key] = row.id
    return posts_by_key


def rename_post(session: Session, actor: Actor, post: Post, name: str, *, now: datetime) -> None:
    """Give a post another name; its key stays, so that rules go on naming it. Raise Conflict where another post is written so."""
    row, key = session.get_one(Post, post.id, with_for_update=True), post_key(name)
    written = select(PostSpelling).where(PostSpelling.institution_id == row.institution_id, PostSpelling.key == key)
    spelling = session.scalar(written)
    if spelling is not None and spelling.post_id != row.id:
        raise Conflict(N_("Another post is written like this. Merge the two."))
    if name != row.name:
        if spelling is None:
            session.add(PostSpelling(post_id=row.id, institution_id=row.institution_id, key=key, spelled=name, recorded_at=now))
        audit.record(session, actor, PostVerb.RENAMED, row, now=now, old_name=row.name, name=name)
        row.name = name


def merge_posts(session: Session, actor: Actor, gone: Post, remaining: Post, *, rewritten: int = 0, now: datetime) -> None:
    """Make one post of two: the people and the spellings of one become those of the other, also its key, by which rules may name it.

    `rewritten` is how many people were shown to whoever merges them, as those who are said to have been in audiences on other days.
    """
    if gone.id == remaining.id or gone.institution_id != remaining.institution_id:
        raise Conflict(N_("Choose another post of the same institution."))
    rows = {
        row.id: row for row in session.scalars(select(Post).where(Post.id.in_((gone.id, remaining.id))).order_by(Post.id).with_for_update())
    }
    if len(rows) < 2:
        raise Conflict(N_("One of the two posts is no longer there. Look at the list again."))
    for table in (Membership, PostSpelling):
        session.execute(update(table).where(table.post_id == gone.id).values(post_id=remaining.id))
    facts = {"name": rows[remaining.id].name, "old_name": rows[gone.id].name, "rewritten": rewritten}
    audit.record(session, actor, PostVerb.MERGED, rows[remaining.id], now=now, **facts)
    session.delete(rows[gone.id])
