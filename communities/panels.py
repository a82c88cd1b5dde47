"""The parts of a community's page, each a tab with a counter: those of this package, and what packages above add."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, ScalarSelect, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from communities import models, standing
from communities.models import Community, CommunityFile, CommunityLevel, CommunityLink, CommunityMember, CommunityPage, CommunityReach
from communities.space import CommunityAction, CommunityContext
from discussions.models import PostState, Thread, ThreadKind
from kernel.compiled_statements import compile_once
from kernel.db import Base, HookList, connection_of
from kernel.errors import N_
from kernel.permissions import Actor
from spaces.spaces import Number

LANGUAGE_NAMES = {"es": "Español", "en": "English"}


@dataclass(frozen=True, slots=True)
class PanelReader:
    """A reader of a community, in the columns of a statement: their number, whether they are inside, and administer the site."""

    person: Number
    is_inside: ColumnElement[bool]
    oversees: ColumnElement[bool]


Counter = Callable[[PanelReader], ScalarSelect[int]]
"""Counts what somebody reads of `Community` of the statement."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a community's page: its label, marked for translation, its icon and endpoint by `slug`, and who opens it."""

    key: str
    label: str
    icon: str
    endpoint: str
    order: int
    action: CommunityAction = CommunityAction.READ
    count: Counter | None = None


PANELS = HookList[Panel]("panels")
"""Gives the parts of a community's page."""


def _count(table: type[Base], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*conditions).correlate(Community).scalar_subquery()


def _count_threads(*kinds: ThreadKind) -> Counter:
    of_kind = Thread.kind.in_([kind.value for kind in kinds])
    shown = (Thread.board_id == Community.board_id, Thread.state == PostState.VISIBLE.value)
    return lambda _reader: _count(Thread, *shown, of_kind)


def _count_items(table: type[CommunityFile] | type[CommunityPage], *which: ColumnElement[bool]) -> Counter:
    present = (table.community_id == Community.id, table.deleted_at.is_(None), *which)
    return lambda reader: _count(table, *present, or_(reader.is_inside, table.members_only.is_(False)))


def _count_groups(reader: PanelReader) -> ScalarSelect[int]:
    group, row = aliased(Community), aliased(CommunityMember)
    own = select(row.id).where(row.community_id == group.id, row.person_id == reader.person, row.until.is_(None)).correlate(group)
    shown = or_(group.reach == CommunityReach.PARENT.value, own.exists(), reader.oversees)
    return _count(group, group.parent_id == Community.id, shown)


def _count_tools(_reader: PanelReader) -> ScalarSelect[int]:
    return _count(CommunityLink, CommunityLink.community_id == Community.id, CommunityLink.kind == models.CommunityLinkKind.TOOL.value)


def _count_members(_reader: PanelReader) -> ScalarSelect[int]:
    return _count(CommunityMember, CommunityMember.community_id == Community.id, CommunityMember.until.is_(None))


_COUNT_PAGES = _count_items(CommunityPage, CommunityPage.slug != "")
_count_announcements = _count_threads(ThreadKind.ANNOUNCEMENT)
_count_talk = _count_threads(ThreadKind.DISCUSSION, ThreadKind.QUESTION)
_GROUPS, _LIST_MEMBERS = CommunityAction.LIST_GROUPS, CommunityAction.LIST_MEMBERS
OWN_PANELS = (
    Panel("home", N_("Home of the community"), "house", endpoint="communities.front_page", order=0, action=CommunityAction.VIEW),
    Panel("announcements", N_("Announcements"), "megaphone", endpoint="communities.announcements", order=10, count=_count_announcements),
    Panel("discussions", N_("Discussions"), "messages-square", endpoint="communities.discussions", order=20, count=_count_talk),
    Panel("files", N_("Files"), "folder", endpoint="communities_work.file_list", order=30, count=_count_items(CommunityFile)),
    Panel("pages", N_("Pages"), "file-text", endpoint="communities_work.page_list", order=40, count=_COUNT_PAGES),
    Panel("plan", N_("Plan"), "calendar", endpoint="communities_work.show_plan", order=50, action=_LIST_MEMBERS),
    Panel(
        "groups", N_("Working groups"), "users", endpoint="communities_managing.group_list", order=60, action=_GROUPS, count=_count_groups
    ),
    Panel("tools", N_("Tools"), "link", endpoint="communities_links.tools", order=70, count=_count_tools),
    Panel("members", N_("Members"), "user", endpoint="communities.member_list", order=80, action=_LIST_MEMBERS, count=_count_members),
    Panel("about", N_("About the community"), "info", endpoint="communities.about", order=90),
)


@lru_cache
def _counts(panels: tuple[Panel, ...]) -> Select[*tuple[Any, ...]]:
    """Return the statement of all counters of a community, and of what stands in its head: built once, as every page asks it."""
    is_inside, oversees = bindparam("is_inside", type_=Boolean()), bindparam("oversees", type_=Boolean())
    reader = PanelReader(bindparam("person", type_=Integer()), is_inside, oversees)
    columns = [panel.count(reader).label(panel.key) for panel in panels if panel.count is not None]
    waiting = (models.CommunityRequest.community_id == Community.id, models.CommunityRequest.state == models.RequestState.PENDING.value)
    head = (_count_members(reader).label("all_members"), _count(models.CommunityRequest, *waiting).label("waiting"))
    statement = select(*columns, *head, standing.last_content().label("last_content")).select_from(Community)
    return compile_once(statement.where(Community.id == bindparam("community", type_=Integer())))


@dataclass(frozen=True, slots=True)
class Tab:
    """A panel as a reader finds it."""

    panel: Panel
    count: int | None


@dataclass(frozen=True, slots=True)
class CommunityHead:
    """The head of the pages of a community: its tabs, how many members it has, how many requests wait, since when it is inactive."""

    kind: str
    """Its level, or that it is hidden, or a working group; marked for translation."""
    language: str
    tabs: Sequence[Tab]
    members: int
    waiting: int
    inactive_since: datetime | None


def get_head(
    session: Session, actor: Actor, context: CommunityContext, allows: Callable[[CommunityAction, CommunityContext], bool]
) -> CommunityHead:
    """Return the head of a community's pages: of its parts those that the reader may open, with what they may read there."""
    panels = tuple(sorted(PANELS.of(session), key=lambda panel: panel.order))
    community, is_hidden = context.community, context.community.reach == CommunityReach.HIDDEN
    is_inside = context.member is not None or actor.is_administrator
    values = {"community": community.id, "person": actor.person_id or 0, "is_inside": is_inside, "oversees": actor.is_administrator}
    row = connection_of(session).execute(_counts(panels), values).one()
    tabs = [Tab(panel, getattr(row, panel.key) if panel.count else None) for panel in panels if allows(panel.action, context)]
    kind = N_("Hidden") if is_hidden else N_("Working group") if context.parent else models.LEVELS[CommunityLevel(community.level)]
    since, spoken = context.inactive_since(row.last_content), LANGUAGE_NAMES[community.language]
    return CommunityHead(kind, spoken, tabs, members=row.all_members, waiting=row.waiting, inactive_since=since)
