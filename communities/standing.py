"""The standing of a person before a community, as conditions in SQL at any depth of a statement; its board follows from them.

Each condition names the tables that are its own. Pages, lists, boards, searches, notifications and mails ask these when they are used;
there is no second form of them.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import pairwise

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import AccountMerge, Person, RoleGrant
from communities import models
from discussions.boards import Anchor, AnchorKey, BoardOwner, Number, OwnerPage
from discussions.models import PostState, Thread
from kernel import audit, clock
from kernel.audit import Verb
from kernel.crypto import SECRET_KEYS, keyed_hashes
from kernel.db import shared_alias
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor, SiteRole, Verdict
from organisations.models import Membership, Organisation

MANY = 200
"""Members from whom on administrators need the second factor (spec/communities C23)."""
DEPTH = 6
"""Floors of an institution's tree that are climbed: a correlated condition cannot climb on without end."""
_ROLE = shared_alias(RoleGrant)
_UNITS = tuple(shared_alias(Organisation) for _floor in range(DEPTH))
_MINE, _PARENT, _ABOVE = shared_alias(models.CommunityMember), shared_alias(models.Community), shared_alias(models.CommunityMember)
"""Each is made once: to make one takes longer than to run the statement in which it stands."""
RUNNING = (models.CommunityRole.ADMINISTRATOR, models.CommunityRole.MODERATOR)


def is_present() -> ColumnElement[bool]:
    """Return the condition on `Community` that it was not deleted: what is left of it in the background nobody finds."""
    return models.Community.deleted_at.is_(None)


def administers_site(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person administers the site."""
    return exists().where(_ROLE.person_id == person, _ROLE.role == SiteRole.ADMINISTRATOR.value).correlate_except(_ROLE)


def belongs(person: Number, organisation: Number | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at an institution or at most DEPTH floors below it."""
    statement = select(Membership.id).join(_UNITS[0], _UNITS[0].id == Membership.organisation_id)
    for unit, above in pairwise(_UNITS):
        statement = statement.outerjoin(above, above.id == unit.parent_id)
    at = or_(*(unit.id == organisation for unit in _UNITS))
    present = (Membership.person_id == person, Membership.until.is_(None))
    return statement.where(*present, at).correlate_except(Membership, *_UNITS).exists()


def name_of_place(organisation: InstrumentedAttribute[int | None]) -> ScalarSelect[str]:
    """Return the name of an institution, or of a unit after that of its institution."""
    units = [aliased(Organisation) for _floor in range(DEPTH)]
    institution = func.coalesce(*(unit.name for unit in reversed(units[1:])))
    statement = select(func.coalesce(institution + " · " + units[0].name, units[0].name)).select_from(units[0])
    for unit, above in pairwise(units):
        statement = statement.outerjoin(above, above.id == unit.parent_id)
    return statement.where(units[0].id == organisation).correlate_except(*units).scalar_subquery()


def belongs_anywhere(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at some institution."""
    return exists().where(Membership.person_id == person, Membership.until.is_(None)).correlate_except(Membership)


def is_in_parent(person: Number, *roles: models.CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community`, a working group, that a person is a member of its community, in some roles or in any."""
    parent, row = _PARENT, _MINE
    mine = [parent.id == models.Community.parent_id, row.community_id == parent.id, row.person_id == person, row.until.is_(None)]
    if roles:
        mine.append(row.role.in_([role.value for role in roles]))
    still = or_(parent.reach != models.CommunityReach.INSTITUTION.value, row.external, belongs(person, parent.organisation_id))
    return exists().where(*mine, still).correlate_except(parent, row)


def is_member(person: Number, *roles: models.CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person is its member, in some roles or in any.

    Who no longer belongs to its institution reads as a stranger from that moment, but those invited from outside. The members of a
    working group are those of its community: for them its institution counts, and how they came into it. One flat condition: SQLite
    reads statements a hundred parentheses deep at most.
    """
    row, parent, above = _MINE, _PARENT, _ABOVE
    mine = [row.community_id == models.Community.id, row.person_id == person, row.until.is_(None)]
    if roles:
        mine.append(row.role.in_([role.value for role in roles]))
    is_above = and_(above.community_id == parent.id, above.person_id == person, above.until.is_(None))
    reach, external = func.coalesce(parent.reach, models.Community.reach), func.coalesce(above.external, row.external)
    institution = func.coalesce(parent.organisation_id, models.Community.organisation_id)
    statement = select(row.id).outerjoin(parent, parent.id == models.Community.parent_id).outerjoin(above, is_above)
    in_both = or_(models.Community.parent_id.is_(None), above.id.is_not(None))
    still = or_(reach != models.CommunityReach.INSTITUTION.value, external, belongs(person, institution))
    return statement.where(*mine, in_both, still).correlate_except(row, parent, above).exists()


def runs(row: type[models.CommunityMember]) -> ColumnElement[bool]:
    """Return the condition on `Community` and a membership that its person administers the community now.

    Who no longer belongs to its institution does not, nor whose account is suspended: they can answer nothing there.
    """
    person = aliased(Person)
    is_suspended = exists().where(person.id == row.person_id, person.suspended_at.is_not(None)).correlate_except(person)
    mine = (row.community_id == models.Community.id, row.role == models.CommunityRole.ADMINISTRATOR.value, row.until.is_(None))
    return and_(*mine, ~is_suspended, is_member(row.person_id))


def is_run() -> ColumnElement[bool]:
    """Return the condition on `Community` that somebody administers it."""
    row = aliased(models.CommunityMember)
    return exists().where(runs(row)).correlate_except(row)


def is_ended() -> ColumnElement[bool]:
    """Return the condition on `Community` that it is archived, or the community of which it is a working group."""
    archived = models.CommunityState.ARCHIVED.value
    above = exists().where(_PARENT.id == models.Community.parent_id, _PARENT.state == archived).correlate_except(_PARENT)
    return or_(models.Community.state == archived, above)


def is_inside(person: Number, *roles: models.CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person is its member, in some roles or in any, or administers the site."""
    return or_(is_member(person, *roles), administers_site(person))


def is_public() -> ColumnElement[bool]:
    """Return the condition on `Community` that everybody reads its content."""
    return and_(
        is_present(),
        models.Community.state != models.CommunityState.DRAFT.value,
        models.Community.level == models.CommunityLevel.OPEN.value,
        models.Community.reach == models.CommunityReach.EVERYONE.value,
    )


def is_joined_freely() -> ColumnElement[bool]:
    """Return the condition on `Community` that people come in by themselves: no administrator looked at them."""
    free = [models.CommunityLevel.OPEN.value, models.CommunityLevel.PUBLIC.value]
    return and_(models.Community.level.in_(free), models.Community.reach != models.CommunityReach.HIDDEN.value)


def reads(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person with an account reads its content: the twin of `CommunityAction.READ`."""
    is_open = and_(models.Community.state != models.CommunityState.DRAFT.value, models.Community.level == models.CommunityLevel.OPEN.value)
    within = and_(models.Community.reach == models.CommunityReach.INSTITUTION.value, belongs(person, models.Community.organisation_id))
    outside = and_(is_open, or_(models.Community.reach == models.CommunityReach.EVERYONE.value, within))
    return and_(is_present(), or_(is_inside(person), outside))


def own_addresses(confirmed: ColumnElement[bool], person: Number) -> CompoundSelect[str]:
    """Select the addresses of a person that are `confirmed`, those of accounts merged into theirs too."""
    merged = select(Person.email).join(AccountMerge, AccountMerge.closed_id == Person.id)
    return select(Person.email).where(Person.id == person, confirmed).union_all(merged.where(AccountMerge.kept_id == person, confirmed))


def address_hashes(session: Session, address: str) -> list[str]:
    """Return the hashes of an address by which a ban is kept once its account is deleted: under the present secret key first."""
    return keyed_hashes(SECRET_KEYS.of(session)(), "banned address", address)


def list_banned_hashes(session: Session, community_id: int, now: datetime) -> set[str]:
    """List the hashes of the addresses that are banned from a community, and whose accounts were deleted."""
    row = models.CommunityMember
    of_it = (row.community_id == community_id, row.banned_until > now, row.address_hash.is_not(None))
    return {hashed for hashed in session.scalars(select(row.address_hash).where(*of_it)) if hashed is not None}


def is_banned(session: Session, community_id: int, person_id: int, now: datetime) -> bool:
    """Return whether somebody may not come into a community: under this account, or under a deleted one that had an address of theirs."""
    row = models.CommunityMember
    mine = (row.community_id == community_id, row.person_id == person_id, row.banned_until > now)
    if session.scalar(select(row.id).where(*mine).limit(1)) is not None:
        return True
    hashes = list_banned_hashes(session, community_id, now)
    merged = select(AccountMerge.closed_id).where(AccountMerge.kept_id == person_id)
    own = select(Person.email).where(or_(Person.id == person_id, Person.id.in_(merged)))
    return bool(hashes) and any(hashes.intersection(address_hashes(session, address)) for address in session.scalars(own))


def is_invited(confirmed: ColumnElement[bool], person: Number, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition on `Community` that an open invitation is for an address of a person that is `confirmed`."""
    row = models.CommunityInvitation
    is_open = (row.accepted_at.is_(None), row.withdrawn_at.is_(None), row.expires_at > now)
    mine = (row.community_id == models.Community.id, row.email.in_(own_addresses(confirmed, person)))
    return and_(exists().where(*mine, *is_open).correlate_except(row), may_be_in(person))


def may_be_in(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person may be in it: of a working group the members of its community alone."""
    return or_(models.Community.parent_id.is_(None), is_in_parent(person))


def finds(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person may read its front page, 0 for strangers."""
    is_living = models.Community.state != models.CommunityState.DRAFT.value
    within = and_(models.Community.reach == models.CommunityReach.INSTITUTION.value, belongs(person, models.Community.organisation_id))
    of_parent = and_(models.Community.reach == models.CommunityReach.PARENT.value, is_in_parent(person))
    known = and_(is_living, or_(models.Community.reach == models.CommunityReach.EVERYONE.value, within))
    return and_(is_present(), or_(known, of_parent, is_inside(person)))


def sees(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Community` that an actor may read its front page: the twin of `CommunityAction.VIEW`."""
    return is_present() if actor.is_administrator else finds(literal(actor.person_id or 0))


def name_known_to(person: Number, *also: ColumnElement[bool]) -> ColumnElement[str]:
    """Return the name of a community of the statement, or a phrase where a person may not know of it, unless something else lets them."""
    return case((or_(finds(person), *also), models.Community.name), else_=_("A community that you do not find at present"))


def last_content() -> ColumnElement[datetime]:
    """Return when something was last written or brought in in a community of the statement, or when it became active.

    Threads, files and pages count while they are shown; who is a member, settings and the texts of the front page do not.
    """
    file, page = models.CommunityFile, models.CommunityPage
    file_version, page_version = models.CommunityFileVersion, models.CommunityPageVersion
    of_file = (file.community_id == models.Community.id, file.deleted_at.is_(None))
    of_page = (page.community_id == models.Community.id, page.deleted_at.is_(None), page.slug != models.NOTE_SLUG)
    latest = (
        select(func.coalesce(models.Community.activated_at, models.Community.created_at).label("at")),
        select(Thread.last_post_at).where(Thread.board_id == models.Community.board_id, Thread.state == PostState.VISIBLE.value),
        select(file_version.added_at).join(file, file.id == file_version.file_id).where(*of_file),
        select(page_version.written_at).join(page, page.id == page_version.page_id).where(*of_page),
    )
    of_it = union_all(*(statement.correlate(models.Community) for statement in latest)).subquery()
    return select(func.max(of_it.c.at)).scalar_subquery()


def is_inactive(now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Community` that it is active and nothing was written for more than a year."""
    return and_(models.Community.state == models.CommunityState.ACTIVE.value, last_content() < now - models.INACTIVE_AFTER)


def needs_second_factor() -> ColumnElement[bool]:
    """Return the condition on `Person` that they administer an active community with many members, or one that not everybody reads."""
    row, other = aliased(models.CommunityMember), aliased(models.CommunityMember)
    counted = select(func.count()).select_from(other).where(other.community_id == models.Community.id, other.until.is_(None))
    administers = (row.until.is_(None), row.role == models.CommunityRole.ADMINISTRATOR.value)
    mine = (row.person_id == Person.id, row.community_id == models.Community.id, *administers)
    levels = (models.Community.level != models.CommunityLevel.OPEN.value, models.Community.reach != models.CommunityReach.EVERYONE.value)
    is_narrow = or_(*levels)
    many = counted.correlate(models.Community).scalar_subquery() >= MANY
    return exists().where(*mine, models.Community.state == models.CommunityState.ACTIVE.value, or_(is_narrow, many)).correlate(Person)


OWNER = "community"


class BoardReadingVerb(Verb):
    """The audit verb of reading by those who administer the site."""

    READ = "community.read_by_site", N_("Opened a community as site administrator")


CLOSED = {
    models.CommunityState.DRAFT.value: N_("The community is a draft: its discussions begin once it is active."),
    models.CommunityState.ARCHIVED.value: N_("The community is archived: its discussions can be read only."),
}


def _of(board: Number, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that some hold for the community of a board, which was not deleted."""
    of_board = (models.Community.board_id == board, is_present(), *conditions)
    return select(models.Community.id).where(*of_board).correlate_except(models.Community).exists()


def _team(board: Number) -> Select[int]:
    roles = [role.value for role in RUNNING]
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
    """Answer as the front page answers."""
    seen = session.scalar(select(models.Community.id).where(models.Community.board_id == board_id, sees(actor)))
    if seen is not None:
        return Verdict.ALLOW
    row = session.scalars(select(models.Community).where(models.Community.board_id == board_id)).one()
    shown = row.deleted_at is None and row.state != models.CommunityState.DRAFT
    leads_to_sign_in = shown and row.reach == models.CommunityReach.INSTITUTION and actor.is_anonymous
    return Verdict.FORBID if leads_to_sign_in else Verdict.HIDE


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


def _note_opened(session: Session, actor: Actor, community: models.Community) -> None:
    """Note once a day that an administrator of the site opened a community that not everybody reads; it reads this in its log."""
    now = clock.now()
    day = max(now.replace(hour=0, minute=0, second=0, microsecond=0), community.created_at)
    entry = audit.AuditEntry
    about = (
        entry.subject_kind == models.Community.__tablename__,
        entry.subject_id == community.id,
        entry.verb == BoardReadingVerb.READ.value,
    )
    if session.scalar(select(entry.id).where(*about, entry.actor_id == actor.person_id, entry.at >= day).limit(1)) is None:
        audit.record(session, actor, BoardReadingVerb.READ, community, now=now)


def note_reading(session: Session, actor: Actor, board_id: int) -> None:
    """Note that an administrator of the site reads what is on a community's board, unless they are a member or everybody reads it."""
    own = is_member(literal(actor.person_id or 0)).label("is_member")
    row = session.execute(select(models.Community, own, is_public().label("is_public")).where(models.Community.board_id == board_id)).one()
    if not row.is_member and not row.is_public:
        _note_opened(session, actor, row.Community)


COMMUNITY_BOARDS = BoardOwner(
    kind=OWNER,
    reads=lambda person, board: _of(board, reads(person)),
    writes=lambda person, board: _of(board, is_inside(person)),
    moderates=lambda person, board: _of(board, is_inside(person, *RUNNING)),
    administers=lambda person, board: _of(board, is_inside(person, models.CommunityRole.ADMINISTRATOR)),
    team=_team,
    is_closed=lambda board: _of(board, or_(models.Community.state != models.CommunityState.ACTIVE.value, is_ended())),
    outside=_outside,
    describe=_describe,
    locate=_locate,
    badge=N_("Moderation"),
    public=lambda board: _of(board, is_public()),
    knows=lambda person, board: or_(belongs_anywhere(person), _of(board, ~is_joined_freely())),
    note_reading=note_reading,
    hold=_hold,
    members=_members,
    is_discreet=lambda board: _of(board, models.Community.reach == models.CommunityReach.HIDDEN.value),
)
