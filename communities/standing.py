"""The standing of a person before a community, as conditions in SQL at any depth of a statement; its board follows from them.

Each condition names the tables that are its own. Pages, lists, boards, searches, notifications and mails ask these when they are used;
there is no second form of them.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person, RoleGrant
from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach, CommunityRole, CommunityState
from discussions.boards import Anchor, AnchorKey, BoardOwner, Number, OwnerPage
from kernel import audit, clock
from kernel.audit import Verb
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor, SiteRole, Verdict
from organisations.models import Membership, Organisation

MANY = 200
"""Members from whom on administrators need the second factor (spec/communities C23)."""
DEPTH = 6
"""Floors of an institution's tree that are climbed: a correlated condition cannot climb on without end."""
_ROLE = aliased(RoleGrant)
RUNNING = (CommunityRole.ADMINISTRATOR, CommunityRole.MODERATOR)


def administers_site(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person administers the site."""
    return exists().where(_ROLE.person_id == person, _ROLE.role == SiteRole.ADMINISTRATOR.value).correlate_except(_ROLE)


def belongs(person: Number, organisation: Number | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at an institution or at most DEPTH floors below it."""
    units = [aliased(Organisation) for _floor in range(DEPTH)]
    statement = select(Membership.id).join(units[0], units[0].id == Membership.organisation_id)
    for unit, above in pairwise(units):
        statement = statement.outerjoin(above, above.id == unit.parent_id)
    at = or_(*(unit.id == organisation for unit in units))
    present = (Membership.person_id == person, Membership.until.is_(None))
    return statement.where(*present, at).correlate_except(Membership, *units).exists()


def belongs_anywhere(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at some institution."""
    return exists().where(Membership.person_id == person, Membership.until.is_(None)).correlate_except(Membership)


def is_member(person: Number, *roles: CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person is its member, in some roles or in any.

    Who no longer belongs to its institution reads as a stranger from that moment, but those invited from outside.
    """
    row = aliased(CommunityMember)
    mine = [row.community_id == Community.id, row.person_id == person, row.until.is_(None)]
    if roles:
        mine.append(row.role.in_([role.value for role in roles]))
    still = or_(Community.reach != CommunityReach.INSTITUTION.value, row.external, belongs(person, Community.organisation_id))
    return exists().where(*mine, still).correlate_except(row)


def is_inside(person: Number, *roles: CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person is its member, in some roles or in any, or administers the site."""
    return or_(is_member(person, *roles), administers_site(person))


def is_public() -> ColumnElement[bool]:
    """Return the condition on `Community` that everybody reads its content."""
    return and_(
        Community.state != CommunityState.DRAFT.value,
        Community.level == CommunityLevel.OPEN.value,
        Community.reach == CommunityReach.EVERYONE.value,
    )


def reads(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person with an account reads its content: the twin of `CommunityAction.READ`."""
    is_open = and_(Community.state != CommunityState.DRAFT.value, Community.level == CommunityLevel.OPEN.value)
    within = and_(Community.reach == CommunityReach.INSTITUTION.value, belongs(person, Community.organisation_id))
    return or_(is_inside(person), and_(is_open, or_(Community.reach == CommunityReach.EVERYONE.value, within)))


def sees(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Community` that an actor may read its front page: the twin of `CommunityAction.VIEW`."""
    if actor.is_administrator:
        return true()
    known = and_(Community.state != CommunityState.DRAFT.value, Community.reach == CommunityReach.EVERYONE.value)
    if actor.person_id is None:
        return known
    person = literal(actor.person_id)
    within = (
        Community.state != CommunityState.DRAFT.value,
        Community.reach == CommunityReach.INSTITUTION.value,
        belongs(person, Community.organisation_id),
    )
    return or_(known, and_(*within), is_member(person))


def needs_second_factor() -> ColumnElement[bool]:
    """Return the condition on `Person` that they administer an active community with many members, or one that not everybody reads."""
    row, other = aliased(CommunityMember), aliased(CommunityMember)
    counted = select(func.count()).select_from(other).where(other.community_id == Community.id, other.until.is_(None))
    mine = (
        row.person_id == Person.id,
        row.until.is_(None),
        row.role == CommunityRole.ADMINISTRATOR.value,
        row.community_id == Community.id,
    )
    is_narrow = not_(and_(Community.level == CommunityLevel.OPEN.value, Community.reach == CommunityReach.EVERYONE.value))
    many = counted.correlate(Community).scalar_subquery() >= MANY
    return exists().where(*mine, Community.state == CommunityState.ACTIVE.value, or_(is_narrow, many)).correlate(Person)


OWNER = "community"


class BoardReadingVerb(Verb):
    """The audit verb of reading by those who administer the site."""

    READ = "community.read_by_site", N_("Opened a community as site administrator")


CLOSED = {
    CommunityState.DRAFT.value: N_("The community is a draft: its discussions begin once it is active."),
    CommunityState.ARCHIVED.value: N_("The community is archived: its discussions can be read only."),
}


def _of(board: Number, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that some hold for the community of a board."""
    return select(Community.id).where(Community.board_id == board, *conditions).correlate_except(Community).exists()


def _team(board: Number) -> Select[int]:
    roles = [role.value for role in RUNNING]
    running = (Community.board_id == board, CommunityMember.until.is_(None), CommunityMember.role.in_(roles))
    statement = select(CommunityMember.person_id).join(Community, Community.id == CommunityMember.community_id)
    return statement.where(*running).correlate_except(Community, CommunityMember)


def _outside(session: Session, actor: Actor, board_id: int) -> Verdict:
    """Answer as the front page answers; where that is shown, the board is refused."""
    seen = session.scalar(select(Community.id).where(Community.board_id == board_id, sees(actor)))
    if seen is not None:
        return Verdict.FORBID
    row = session.scalars(select(Community).where(Community.board_id == board_id)).one()
    leads_to_sign_in = row.reach == CommunityReach.INSTITUTION and row.state != CommunityState.DRAFT and actor.is_anonymous
    return Verdict.FORBID if leads_to_sign_in else Verdict.HIDE


def _describe(session: Session, board_ids: Collection[int]) -> Mapping[int, OwnerPage]:
    rows = session.execute(
        select(Community.board_id, Community.slug, Community.name, Community.state).where(Community.board_id.in_(board_ids))
    )
    return {
        row.board_id: OwnerPage(
            row.name,
            f"/communities/{row.slug}",
            f"/communities/{row.slug}/discussions",
            _(CLOSED[row.state]) if row.state in CLOSED else "",
        )
        for row in rows
    }


def _locate(_session: Session, _actor: Actor, _board_id: int, _anchors: Collection[AnchorKey]) -> Mapping[AnchorKey, Anchor]:
    return {}


def _note_opened(session: Session, actor: Actor, community: Community) -> None:
    """Note once a day that an administrator of the site opened a community that not everybody reads; it reads this in its log."""
    now = clock.now()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    entry = audit.AuditEntry
    about = (entry.subject_kind == Community.__tablename__, entry.subject_id == community.id, entry.verb == BoardReadingVerb.READ.value)
    if session.scalar(select(entry.id).where(*about, entry.actor_id == actor.person_id, entry.at >= day).limit(1)) is None:
        audit.record(session, actor, BoardReadingVerb.READ, community, now=now)


def note_reading(session: Session, actor: Actor, board_id: int) -> None:
    """Note that an administrator of the site reads what is on a community's board, unless they are a member or everybody reads it."""
    own = is_member(literal(actor.person_id or 0)).label("is_member")
    row = session.execute(select(Community, own, is_public().label("is_public")).where(Community.board_id == board_id)).one()
    if not row.is_member and not row.is_public:
        _note_opened(session, actor, row.Community)


COMMUNITY_BOARDS = BoardOwner(
    kind=OWNER,
    reads=lambda person, board: _of(board, reads(person)),
    writes=lambda person, board: _of(board, is_inside(person)),
    moderates=lambda person, board: _of(board, is_inside(person, *RUNNING)),
    administers=lambda person, board: _of(board, is_inside(person, CommunityRole.ADMINISTRATOR)),
    team=_team,
    is_closed=lambda board: _of(board, Community.state != CommunityState.ACTIVE.value),
    outside=_outside,
    describe=_describe,
    locate=_locate,
    badge=N_("Moderation"),
    public=lambda board: _of(board, is_public()),
    belongs=belongs_anywhere,
    note_reading=note_reading,
    is_discreet=lambda board: _of(board, Community.reach == CommunityReach.HIDDEN.value),
)
