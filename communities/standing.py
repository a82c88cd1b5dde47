"""The standing of a person before a community, as conditions in SQL at any depth of a statement; its board follows from them.

Each condition names the tables that are its own. Pages, lists, boards, searches, notifications and mails ask these when they are used;
there is no second form of them.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import AccountMerge, Person
from communities import models
from communities.space import FINDS, is_in_parent, is_member, is_public
from discussions.models import PostState, Thread
from kernel import audit, clock
from kernel.audit import Verb
from kernel.crypto import SECRET_KEYS, keyed_hashes
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor
from organisations.models import Organisation, OrganisationAbove
from spaces.spaces import Number

MANY = 200
"""Members from whom on administrators need the second factor (spec/communities C23)."""


def name_of_place(organisation: InstrumentedAttribute[int | None]) -> ScalarSelect[str]:
    """Return the name of an institution, or of a unit after that of its institution."""
    unit, institution, above = aliased(Organisation), aliased(Organisation), aliased(OrganisationAbove)
    name = case((unit.id == institution.id, unit.name), else_=institution.name + " · " + unit.name)
    statement = select(name).join(above, above.unit_id == unit.id).join(institution, institution.id == above.above_id)
    of_unit = statement.where(unit.id == organisation, institution.parent_id.is_(None))
    return of_unit.correlate_except(unit, institution, above).scalar_subquery()


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


def own_addresses(confirmed: ColumnElement[bool], person: Number) -> Select[str]:
    """Select the addresses of a person that are `confirmed`, those of accounts merged into theirs too."""
    merged = select(AccountMerge.closed_id).where(AccountMerge.kept_id == person)
    return select(Person.email).where(or_(Person.id == person, Person.id.in_(merged)), confirmed)


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
    """Return the condition on `Community` that an open invitation is for an address of a person that is `confirmed`.

    Of a working group it holds for those alone who may be in it.
    """
    row = models.CommunityInvitation
    is_open = (row.accepted_at.is_(None), row.withdrawn_at.is_(None), row.expires_at > now)
    mine = (row.community_id == models.Community.id, row.email.in_(own_addresses(confirmed, person)))
    return exists().where(*mine, *is_open).correlate_except(row)


def may_be_in(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person may be in it: of a working group the members of its community alone."""
    return or_(models.Community.parent_id.is_(None), is_in_parent(person))


def name_known_to(person: Number, *also: ColumnElement[bool]) -> ColumnElement[str]:
    """Return the name of a community of the statement, or a phrase where a person may not know of it, unless something else lets them."""
    return case((or_(FINDS.condition(person), *also), models.Community.name), else_=_("A community that you do not find at present"))


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


class BoardReadingVerb(Verb):
    """The audit verb of reading by those who administer the site."""

    READ = "community.read_by_site", N_("Opened a community as site administrator")


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


def reading_note(actor: Actor, board_id: int) -> Callable[[Session], None] | None:
    """Return the function that notes that an administrator of the site opened a community, by its board; None for others."""
    return partial(_note_reading, actor=actor, board_id=board_id) if actor.is_administrator else None


def _note_reading(session: Session, actor: Actor, board_id: int) -> None:
    """Note that an administrator of the site reads what is in a community, unless they are a member or everybody reads it."""
    own = is_member(literal(actor.person_id or 0)).label("is_member")
    row = session.execute(select(models.Community, own, is_public().label("is_public")).where(models.Community.board_id == board_id)).one()
    if not row.is_member and not row.is_public:
        _note_opened(session, actor, row.Community)
