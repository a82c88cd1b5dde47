"""Links of a community: related communities, courses, supporters with their logos, tools; and the picture of its front page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from communities import acts, models, space
from communities.communities import CommunityVerb
from communities.files import SentFile, let_contents_go
from communities.models import Community, CommunityLink, CommunityLinkKind
from communities.space import CommunityAction, CommunityContext, RowContext
from courses.catalogue import CourseLink, found_by
from courses.models import Course, CourseVersion
from discussions.files import CheckedFile
from kernel import clock
from kernel.db import Cache, require_room
from kernel.errors import N_, Conflict, Invalid
from kernel.files import note_stored
from kernel.i18n import choose, language
from kernel.permissions import Actor
from spaces.acts import SpaceAct, added

MOST: Mapping[CommunityLinkKind, int] = dict.fromkeys(CommunityLinkKind, 12) | {CommunityLinkKind.TOOL: 30}
TARGETS = {CommunityLinkKind.RELATED: CommunityLink.other_id, CommunityLinkKind.COURSE: CommunityLink.course_id}
"""The columns of links that lead to something of this site."""
MOST_OFFERED = 500
NAMED_FOR = timedelta(seconds=30)
"""For how long a process knows which courses any community names: pages of all others run no statement."""


class LinkIsThere(Conflict):
    """A community leads there already."""

    message = N_("It is there already.")


class UnknownTarget(Invalid):
    """A community or course that the actor does not find."""

    message = N_("Choose one of the list.")


@dataclass(frozen=True, slots=True)
class LinkValues:
    """A link as it is added: of a related community or a course its number, of a supporter or a tool its texts."""

    kind: CommunityLinkKind
    target: int | None = None
    title: str = ""
    text: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as a reader sees it."""

    link: CommunityLink
    title: str
    language: str
    """Of the title where it is known."""
    slug: str
    """Of the community or course; empty of supporters and tools."""


_PERSON: BindParameter[int] = bindparam("person", type_=Integer())


@cache
def _linked(*, is_anonymous: bool) -> Select[*tuple[Any, ...]]:
    """Build once what selects the links of a community with what they lead to, where the reader finds it."""
    return (
        select(CommunityLink, Community.slug, Community.name, Community.language, Course.slug.label("course"), Course.title)
        .select_from(CommunityLink)
        .outerjoin(Community, and_(Community.id == CommunityLink.other_id, space.FINDS.condition(_PERSON)))
        .outerjoin(Course, and_(Course.id == CommunityLink.course_id, Course.archived_at.is_(None)))
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CommunityLink.community_id == bindparam("community", type_=Integer()))
        .where(or_(CommunityLink.other_id.is_(None), Community.id.is_not(None)))
        .where(or_(CommunityLink.course_id.is_(None), found_by(is_anonymous=is_anonymous)))
        .order_by(CommunityLink.position, CommunityLink.id)
    )


def list_links(session: Session, actor: Actor, community_id: int) -> Mapping[str, list[ShownLink]]:
    """List the links of a community by their kinds: communities and courses only where the reader finds them."""
    links: dict[str, list[ShownLink]] = {kind.value: [] for kind in CommunityLinkKind}
    values = {"community": community_id, "person": actor.person_id or 0, "person_id": actor.person_id}
    for row in session.execute(_linked(is_anonymous=actor.is_anonymous), values):
        link = row.CommunityLink
        spoken = row.language or (language() if language() in (row.title or {}) else next(iter(row.title or {}), ""))
        links[link.kind].append(ShownLink(link, choose(row.title) or row.name or link.title, spoken, row.slug or row.course or ""))
    return links


def list_choices(session: Session, actor: Actor, community: Community, kind: CommunityLinkKind) -> list[tuple[int, str]]:
    """List what an actor finds and a community does not lead to yet: active communities, or the courses of the catalogue."""
    linked = select(TARGETS[kind]).where(CommunityLink.community_id == community.id, CommunityLink.kind == kind.value)
    if kind is CommunityLinkKind.RELATED:
        free = (Community.state == models.CommunityState.ACTIVE.value, Community.parent_id.is_(None), Community.id.not_in(linked))
        related = select(Community.id, Community.name).where(space.is_found_by(actor), Community.id != community.id, *free)
        ordered = related.order_by(Community.name_key, Community.id).limit(MOST_OFFERED)
        return [(row.id, row.name) for row in session.execute(ordered)]
    statement = select(Course.id, Course.title).join(CourseVersion, CourseVersion.id == Course.published_version_id)
    offered = statement.where(Course.archived_at.is_(None), found_by(is_anonymous=False), Course.id.not_in(linked))
    rows = session.execute(offered.order_by(Course.slug).limit(MOST_OFFERED), {"person_id": actor.person_id})
    return [(row.id, choose(row.title)) for row in rows]


def _check_target(session: Session, actor: Actor, row: Community, values: LinkValues) -> None:
    if values.kind in TARGETS and values.target not in dict(list_choices(session, actor, row, values.kind)):
        there = select(CommunityLink.id).where(CommunityLink.community_id == row.id, TARGETS[values.kind] == values.target)
        raise LinkIsThere if session.scalar(there) is not None else UnknownTarget


def add_link(
    session: Session, actor: Actor, context: CommunityContext, values: LinkValues, logo: SentFile = None, *, now: datetime
) -> CommunityLink:
    """Add a link behind the others of its kind. Raise NoRoom, LinkIsThere, UnknownTarget."""
    row = acts.begin(session, actor, context, CommunityAction.EDIT, now=now).row
    of_kind = (CommunityLink.community_id == row.id, CommunityLink.kind == values.kind.value)
    require_room(session, MOST[values.kind], CommunityLink, *of_kind)
    last = session.scalar(select(func.max(CommunityLink.position)).where(*of_kind))
    _check_target(session, actor, row, values)
    link = CommunityLink(community_id=row.id, kind=values.kind.value, position=(last or 0) + 1)
    link.title, link.text, link.address = values.title, values.text, values.address
    link.picture_id = _note(session, logo, now=now) if logo else None
    if values.kind in TARGETS:
        setattr(link, TARGETS[values.kind].key, values.target)
    act = added(session, actor, link, row, now=now)
    _NAMED.of(session).clear()
    act.note(CommunityVerb.CHANGED, added=values.kind.value, link=link.id)
    return link


get_link = acts.loader(CommunityLink, CommunityLink.id)


def remove_link(session: Session, actor: Actor, context: RowContext[CommunityLink], *, now: datetime) -> None:
    """Remove a link, and the logo that nothing shows any more. Raise NoLongerAllowed, RowWasChanged."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, now=now)
    link = act.row
    act.note(CommunityVerb.CHANGED, removed=link.kind, link=link.id)
    session.delete(link)
    session.flush()
    _NAMED.of(session).clear()
    let_contents_go(session, [link.picture_id] if link.picture_id else [], now=now)


def move_up(session: Session, actor: Actor, context: RowContext[CommunityLink], *, now: datetime) -> None:
    """Exchange the place of a link with that of the one before it of its kind. Raise NoLongerAllowed, RowWasChanged."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, now=now)
    link = act.row
    before = (CommunityLink.community_id == link.community_id, CommunityLink.kind == link.kind, CommunityLink.position < link.position)
    other = session.scalar(select(CommunityLink).where(*before).order_by(CommunityLink.position.desc()).limit(1))
    if other is not None:
        link.position, other.position = other.position, link.position
        act.note(CommunityVerb.CHANGED, moved=link.kind, link=link.id)


def set_picture(
    session: Session, actor: Actor, context: CommunityContext, picture: SentFile, alt: str, *, seen: str, now: datetime
) -> bool:
    """Give a front page another picture, or the present one other words; return whether anything changed. Raise RowWasChanged."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, seen, now=now)
    return _show_picture(act, _note(session, picture, now=now) if picture else act.row.picture_id, alt)


def remove_picture(session: Session, actor: Actor, context: CommunityContext, *, now: datetime) -> bool:
    """Take the picture off a front page; return whether there was one."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, now=now)
    return act.row.picture_id is not None and _show_picture(act, None, "")


def _show_picture(act: SpaceAct[Community], picture_id: int | None, alt: str) -> bool:
    former = act.row.picture_id
    if not act.change({"picture_id": picture_id, "picture_alt": alt}):
        return False
    act.note(CommunityVerb.CHANGED, picture=picture_id)
    let_contents_go(act.session, [former] if former and former != picture_id else [], now=act.now)
    return True


def _note(session: Session, content: CheckedFile, *, now: datetime) -> int:
    return note_stored(session, content.sha256, size=content.size, media_type=content.media_type, now=now).id


_NAMED = Cache[str, tuple[datetime, frozenset[int]]]()


def list_naming(session: Session, actor: Actor, course_id: int) -> Sequence[CourseLink]:
    """List the active communities that name a course and whose front page the reader sees."""
    known, now = _NAMED.of(session), clock.now()
    at, named = known.get("courses", (None, frozenset[int]()))
    if at is None or not at <= now < at + NAMED_FOR:
        rows = session.scalars(select(CommunityLink.course_id).where(CommunityLink.course_id.is_not(None)).distinct())
        named = frozenset(number for number in rows if number is not None)
        known["courses"] = now, named
    if course_id not in named:
        return ()
    of_course = select(CommunityLink.id).where(CommunityLink.community_id == Community.id, CommunityLink.course_id == course_id).exists()
    seen = (of_course, Community.state == models.CommunityState.ACTIVE.value, space.is_found_by(actor))
    statement = select(Community.name, Community.language, Community.slug).where(*seen).order_by(Community.name_key, Community.id)
    return [CourseLink(row.name, row.language, f"/communities/{row.slug}") for row in session.execute(statement.limit(12))]
