"""Reading posts: how they are written, how many people have each, which rules name them, and what merging two would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.audience_rules.leaves import PostLeaf
from organisations.audience_rules.tree import AudienceLeaf, replace_leaves
from organisations.models import Audience, AudienceReference, Membership, Organisation, Post, PostSpelling
from organisations.queries import audiences
from organisations.queries.audience_kinds import AudienceScope
from organisations.queries.audience_preview import MembersChange, count_changes
from organisations.queries.past_days import list_rewritten_by_merge
from organisations.queries.tree import PRESENT

MOST_POSTS = 1_000
"""Offered while somebody types the name of one."""


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with its institution, how many people have it in a present place, how many rules name it, and how else it was written."""

    uuid: UUID
    name: str
    institution: str
    people: int
    rules: int
    spellings: tuple[str, ...]


def get_post(session: Session, _actor: Actor, post: UUID) -> Post:
    """Return a post by what addresses name it; raise NotFound."""
    row = session.scalar(select(Post).where(Post.uuid == post))
    if row is None:
        raise NotFound
    return row


def _named_by_rules() -> ColumnElement[bool]:
    """Say in SQL that the newest rule of an audience of the statement names the post of the statement, also by a key of before."""
    spelling = exists().where(PostSpelling.post_id == Post.id, PostSpelling.key == AudienceReference.key)
    spelled = spelling.correlate(Post, AudienceReference)
    return and_(
        AudienceReference.audience_id == Audience.id,
        AudienceReference.kind == PostLeaf.kind,
        Audience.institution_id == Post.institution_id,
        or_(AudienceReference.key == Post.key, spelled),
    )


def list_posts(session: Session, query: str = "", *, offset: int = 0, limit: int) -> list[PostRow]:
    """List the posts that are, or once were, written with some words, by name."""
    people = select(func.count(Membership.person_id.distinct())).where(Membership.post_id == Post.id, PRESENT).scalar_subquery()
    rules = select(func.count(Audience.id.distinct())).where(_named_by_rules()).correlate(Post).scalar_subquery()
    statement = select(Post, Organisation.name, people, rules).join(Organisation, Organisation.id == Post.institution_id)
    if query:
        written = select(PostSpelling.post_id).where(PostSpelling.key.contains(query, autoescape=True))
        statement = statement.where(Post.id.in_(written))
    rows = session.execute(statement.order_by(Post.name, Post.id).offset(offset).limit(limit)).all()
    spelled = list_spellings(session, [row.Post.id for row in rows])
    return [
        PostRow(post.uuid, post.name, institution, count, named, tuple(spelling for spelling in spelled[post.id] if spelling != post.name))
        for post, institution, count, named in rows
    ]


def count_people(session: Session, posts: Sequence[int]) -> dict[int, int]:
    """Count who has each of some posts in a present place."""
    statement = select(Membership.post_id, func.count(Membership.person_id.distinct())).where(Membership.post_id.in_(posts), PRESENT)
    return dict.fromkeys(posts, 0) | {row[0]: row[1] for row in session.execute(statement.group_by(Membership.post_id)) if row[0]}


def list_rules_naming(session: Session, posts: Sequence[int]) -> list[Audience]:
    """List the audiences whose newest rule names one of some posts, by key."""
    named = exists().where(Post.id.in_(posts), _named_by_rules()).correlate(Audience)
    return list(session.scalars(select(Audience).where(named).order_by(Audience.key).limit(audiences.MOST_AUDIENCES)))


def list_names(session: Session, institution: int) -> list[str]:
    """List the names of an institution's posts."""
    statement = select(Post.name).where(Post.institution_id == institution).order_by(Post.name).limit(MOST_POSTS)
    return list(session.scalars(statement))


def find_post_written(session: Session, institution: int, key: str) -> Post | None:
    """Return the post of an institution that is, or once was, written so."""
    written = select(PostSpelling.post_id).where(PostSpelling.institution_id == institution, PostSpelling.key == key)
    return session.scalar(select(Post).where(Post.id.in_(written)))


def list_spellings(session: Session, posts: Sequence[int]) -> dict[int, list[str]]:
    """Return how some posts are written, in the order in which that became known."""
    spellings = {post: list[str]() for post in posts}
    statement = select(PostSpelling.post_id, PostSpelling.spelled).where(PostSpelling.post_id.in_(posts)).order_by(PostSpelling.id)
    for post, spelled in session.execute(statement):
        spellings[post].append(spelled)
    return spellings


# --- What merging two posts would change --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleAfterMerge:
    """An audience whose rule names one of two posts, and whom it would let in and out once they are one."""

    audience: Audience
    change: MembersChange


@dataclass(frozen=True, slots=True)
class PostMergePreview:
    """The effect of making one post of two: who has each, how the one is written that goes, and the rules that name either."""

    people_gone: int
    people_kept: int
    spellings: tuple[str, ...]
    rules: tuple[RuleAfterMerge, ...]
    rewritten: tuple[int, ...]
    """Who would have been in audiences on other days before today."""


def preview_merge(session: Session, gone: Post, remaining: Post, day: date) -> PostMergePreview:
    """Say what would change if one post became another; nothing is written."""
    posts = (gone.id, remaining.id)
    keys = set(session.scalars(select(PostSpelling.key).where(PostSpelling.post_id.in_(posts)))) | {gone.key, remaining.key}
    counts = count_people(session, posts)
    rules = [RuleAfterMerge(rule, _change_of(session, rule, keys, day)) for rule in list_rules_naming(session, posts)]
    spellings, rewritten = list_spellings(session, [gone.id])[gone.id], list_rewritten_by_merge(session, posts, keys, day)
    return PostMergePreview(counts[gone.id], counts[remaining.id], tuple(spellings), tuple(rules), tuple(rewritten))


def _change_of(session: Session, audience: Audience, keys: set[str], day: date) -> MembersChange:
    rule = audiences.find_rule_on(session, audience.id, day)
    if rule is None:
        return MembersChange(0, 0)

    def name_both(leaf: AudienceLeaf) -> AudienceLeaf:
        return PostLeaf((*leaf.keys, *sorted(keys - set(leaf.keys)))) if isinstance(leaf, PostLeaf) and keys & set(leaf.keys) else leaf

    return count_changes(session, replace_leaves(rule, name_both), rule, AudienceScope(audience.institution_id, day))
