"""Reading posts: how they are written, and how many people have each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.models import Membership, Organisation, Post, PostSpelling
from organisations.queries.tree import PRESENT


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with its institution, how many people have it in a present place, and how else it was written."""

    uuid: UUID
    name: str
    institution: str
    people: int
    spellings: tuple[str, ...]


def get_post(session: Session, _actor: Actor, post: UUID) -> Post:
    """Return a post by what addresses name it; raise NotFound."""
    found = session.scalar(select(Post).where(Post.uuid == post))
    if found is None:
        raise NotFound
    return found


def list_posts(session: Session, words: str = "", *, offset: int = 0, limit: int) -> list[PostRow]:
    """List the posts that are, or once were, written with some words, by name."""
    people = select(func.count(Membership.person_id.distinct())).where(Membership.post_id == Post.id, PRESENT).scalar_subquery()
    statement = select(Post, Organisation.name, people).join(Organisation, Organisation.id == Post.institution_id)
    if words:
        written = select(PostSpelling.post_id).where(PostSpelling.key.contains(words, autoescape=True))
        statement = statement.where(Post.id.in_(written))
    rows = session.execute(statement.order_by(Post.name, Post.id).offset(offset).limit(limit)).all()
    spelled = list_spellings(session, [row.Post.id for row in rows])
    return [
        PostRow(post.uuid, post.name, place, count, tuple(words for words in spelled[post.id] if words != post.name))
        for post, place, count in rows
    ]


def list_spellings(session: Session, posts: Sequence[int]) -> dict[int, list[str]]:
    """Return how some posts are written, in the order in which that became known."""
    found = {post: list[str]() for post in posts}
    statement = select(PostSpelling.post_id, PostSpelling.spelled).where(PostSpelling.post_id.in_(posts)).order_by(PostSpelling.id)
    for post, spelled in session.execute(statement):
        found[post].append(spelled)
    return found


def resolve_posts(session: Session, institution: int, keys: Iterable[str]) -> dict[str, int]:
    """Return the numbers of the posts that keys name, also keys of posts that were merged into others."""
    statement = select(PostSpelling.key, PostSpelling.post_id)
    wanted = statement.where(PostSpelling.institution_id == institution, PostSpelling.key.in_(list(keys)))
    return {row.key: row.post_id for row in session.execute(wanted)}
