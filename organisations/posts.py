"""Posts: known by how lists write them, listed, renamed, and merged where two are one, with a preview of that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from accounts.rules import fold
from kernel import audit
from kernel.errors import N_, Conflict, require_found
from kernel.permissions import Actor
from organisations import audiences
from organisations.audience_kinds import AudienceScope
from organisations.audience_preview import count_changes, list_rewritten_by_merge
from organisations.models import Audience, AudienceReference, Membership, Organisation, Post, PostSpelling
from organisations.rules.audience_leaves import PostLeaf
from organisations.rules.audiences import AudienceLeaf, replace_leaves
from organisations.tree import PRESENT


class PostVerb(audit.Verb):
    """The audit-log verbs of posts."""

    MADE = "post.made", N_("Added a post from a list")
    RENAMED = "post.renamed", N_("Renamed a post")
    MERGED = "post.merged", N_("Merged two posts into one")


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


MOST_POSTS = 1_000
"""Offered while somebody types the name of one."""


def get_post(session: Session, _actor: Actor, post: UUID) -> Post:
    """Return a post by what addresses name it; raise NotFound."""
    return require_found(session.scalar(select(Post).where(Post.uuid == post)))


def _named_by_rules() -> ColumnElement[bool]:
    """Return the SQL condition that the newest rule of the statement's audience names the statement's post, also by a key of before."""
    spelling = exists().where(PostSpelling.post_id == Post.id, PostSpelling.key == AudienceReference.key)
    spelled = spelling.correlate(Post, AudienceReference)
    return and_(
        AudienceReference.audience_id == Audience.id,
        AudienceReference.kind == PostLeaf.kind,
        Audience.institution_id == Post.institution_id,
        or_(AudienceReference.key == Post.key, spelled),
    )


def list_posts(session: Session, query: str = "", *, offset: int = 0, limit: int) -> Sequence[Row[Post, str, int, int]]:
    """List the posts that are, or once were, written with some words, by name.

    Each comes with the name of its `institution`, the `people` who have it in a present place, and the `rules` that name it.
    """
    people = select(func.count(Membership.person_id.distinct())).where(Membership.post_id == Post.id, PRESENT).scalar_subquery()
    rules = select(func.count(Audience.id.distinct())).where(_named_by_rules()).correlate(Post).scalar_subquery()
    columns = (Organisation.name.label("institution"), people.label("people"), rules.label("rules"))
    statement = select(Post, *columns).join(Organisation, Organisation.id == Post.institution_id)
    if query:
        written = select(PostSpelling.post_id).where(PostSpelling.key.contains(query, autoescape=True))
        statement = statement.where(Post.id.in_(written))
    return session.execute(statement.order_by(Post.name, Post.id).offset(offset).limit(limit)).all()


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


def list_spellings(session: Session, posts: Sequence[int], *, with_name: bool = False) -> dict[int, list[str]]:
    """Return how else some posts are written, or also by their present name, in the order in which that became known."""
    spellings = {post: list[str]() for post in posts}
    statement = select(PostSpelling.post_id, PostSpelling.spelled).join(Post, Post.id == PostSpelling.post_id)
    written = (PostSpelling.post_id.in_(posts), *(() if with_name else [PostSpelling.spelled != Post.name]))
    for post, spelled in session.execute(statement.where(*written).order_by(PostSpelling.id)):
        spellings[post].append(spelled)
    return spellings


# --- What merging two posts would change --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PostMergePreview:
    """The effect of making one post of two: who has each, and how the one is written that goes."""

    people_gone: int
    people_kept: int
    spellings: Sequence[str]
    rules: Sequence[tuple[Audience, tuple[int, int]]]
    """The audiences whose rules name either, and how many people they would let in and out once the two are one."""
    rewritten: Sequence[int]
    """Who would have been in audiences on other days before today."""


def preview_merge(session: Session, gone: Post, remaining: Post, day: date) -> PostMergePreview:
    """Return the changes that making one post another would bring; nothing is written."""
    posts = (gone.id, remaining.id)
    keys = set(session.scalars(select(PostSpelling.key).where(PostSpelling.post_id.in_(posts)))) | {gone.key, remaining.key}
    counts = count_people(session, posts)
    rules = [(rule, _change_of(session, rule, keys, day)) for rule in list_rules_naming(session, posts)]
    spellings = list_spellings(session, [gone.id], with_name=True)[gone.id]
    rewritten = list_rewritten_by_merge(session, posts, keys, day)
    return PostMergePreview(counts[gone.id], counts[remaining.id], spellings, rules, rewritten)


def _change_of(session: Session, audience: Audience, keys: set[str], day: date) -> tuple[int, int]:
    rule = audiences.find_rule_on(session, audience.id, day)
    if rule is None:
        return 0, 0

    def name_both(leaf: AudienceLeaf) -> AudienceLeaf:
        return PostLeaf((*leaf.keys, *sorted(keys - set(leaf.keys)))) if isinstance(leaf, PostLeaf) and keys & set(leaf.keys) else leaf

    return count_changes(session, replace_leaves(rule, name_both), rule, AudienceScope(audience.institution_id, day))
