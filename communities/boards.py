"""The board of a community: its team and members, what its pages and mails say of it, and who is noted to have read it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import Session

from communities import models, standing
from communities.access import judge_finding
from communities.communities import get_of_board
from communities.space import SPACE, is_ended
from discussions.boards import Anchor, AnchorKey, BoardOwner, OwnerPage
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor, Verdict
from spaces.spaces import Number

CLOSED = {
    models.CommunityState.DRAFT.value: N_("The community is a draft: its discussions begin once it is active."),
    models.CommunityState.ARCHIVED.value: N_("The community is archived: its discussions can be read only."),
}


def _team(board: Number) -> Select[int]:
    roles = [models.CommunityRole.ADMINISTRATOR.value, models.CommunityRole.MODERATOR.value]
    running = (models.Community.board_id == board, models.CommunityMember.until.is_(None), models.CommunityMember.role.in_(roles))
    statement = select(models.CommunityMember.person_id).join(models.Community, models.Community.id == models.CommunityMember.community_id)
    return statement.where(*running).correlate_except(models.Community, models.CommunityMember)


def _members() -> Select[int, int, datetime]:
    row = models.CommunityMember
    statement = select(models.Community.board_id, row.person_id, row.since).join(row, row.community_id == models.Community.id)
    return statement.where(models.PRESENT)


def _hold(boards: Select[int]) -> Select[int]:
    """Lock the communities of boards after those above them: archiving, leaving and removing wait, others who write do not."""
    row = models.Community
    above = select(row.parent_id).where(row.board_id.in_(boards))
    both = select(row.id).where(or_(row.board_id.in_(boards), row.id.in_(above)))
    return both.order_by(row.parent_id.is_not(None)).with_for_update(read=True)


def _outside(session: Session, actor: Actor, board_id: int) -> Verdict:
    return judge_finding(actor, get_of_board(session, actor, board_id))


def _describe(session: Session, board_ids: Collection[int]) -> Mapping[int, OwnerPage]:
    state = case((is_ended(), models.CommunityState.ARCHIVED.value), else_=models.Community.state).label("state")
    community, pages = models.Community, {}
    statement = select(community.board_id, community.slug, community.name, state).where(community.board_id.in_(board_ids))
    for row in session.execute(statement):
        address, why_closed = f"/communities/{row.slug}", _(CLOSED[row.state]) if row.state in CLOSED else ""
        pages[row.board_id] = OwnerPage(row.name, address, f"{address}/discussions", why_closed)
    return pages


def _locate(_session: Session, _actor: Actor, _board_id: int, _anchors: Collection[AnchorKey]) -> Mapping[AnchorKey, Anchor]:
    return {}


COMMUNITY_BOARDS = BoardOwner(
    space=SPACE,
    team=_team,
    outside=_outside,
    describe=_describe,
    locate=_locate,
    badge=N_("Moderation"),
    reading_note=standing.reading_note,
    hold=_hold,
    members=_members,
)
