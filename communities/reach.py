"""Readers of a community, and those who find it: changed after a look at what follows, and widened only until others wrote."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.rules import fold
from communities import acts, communities, invitations, models, space
from communities.communities import CommunityValues, CommunityVerb
from discussions.models import Thread, ThreadPost
from kernel.errors import N_, Invalid
from kernel.permissions import Actor
from kernel.row_versions import require_version
from organisations.tree import list_path
from spaces.spaces import belongs

REACHES = list(models.CommunityReach)[::-1]
LEVELS = list(models.CommunityLevel)[::-1]
"""The narrowest first."""


class WiderThanWritten(Invalid):
    """Others wrote for fewer readers."""

    message = N_("Others have written here for its present readers: a community is not opened to more people after that.")


def widens(session: Session, row: models.Community, values: CommunityValues) -> bool:
    """Return whether more people would read what others wrote, or know of it: an institution is wider than its units."""
    within = {unit.id for unit in list_path(session, values.organisation_id)} if values.organisation_id else set[int]()
    elsewhere = _is_moved(row, values) and row.organisation_id not in within
    return elsewhere or LEVELS.index(values.level) > LEVELS.index(models.CommunityLevel(row.level)) or _compared(row, values) > 0


def changes_readers(row: models.Community, values: CommunityValues) -> bool:
    """Return whether others would find it, read it or come in than today."""
    return (row.reach, row.level, row.organisation_id) != (values.reach, values.level, values.organisation_id)


def _compared(row: models.Community, values: CommunityValues) -> int:
    return REACHES.index(values.reach) - REACHES.index(models.CommunityReach(row.reach))


def _is_moved(row: models.Community, values: CommunityValues) -> bool:
    return row.reach == values.reach == models.CommunityReach.INSTITUTION and row.organisation_id != values.organisation_id


def others_wrote(session: Session, row: models.Community) -> bool:
    """Return whether anybody but its administrators wrote in a community, or brought something in."""
    file, page = models.CommunityFile, models.CommunityPage
    file_version, page_version = models.CommunityFileVersion, models.CommunityPageVersion
    member, administrator = models.CommunityMember, models.CommunityRole.ADMINISTRATOR.value
    present = (member.community_id == row.id, member.role == administrator, member.until.is_(None))
    runs = select(member.person_id).where(*present)
    written = (
        select(ThreadPost.id).join(Thread, Thread.id == ThreadPost.thread_id)
        .where(Thread.board_id == row.board_id, ThreadPost.person_id.not_in(runs)),
        select(file_version.id).join(file, file.id == file_version.file_id)
        .where(file.community_id == row.id, file_version.added_by.not_in(runs)),
        select(page_version.id).join(page, page.id == page_version.page_id)
        .where(page.community_id == row.id, page.slug != models.NOTE_SLUG, page_version.person_id.not_in(runs)),
    )  # fmt: skip
    return bool(session.scalar(select(or_(*(statement.exists() for statement in written)))))


@dataclass(frozen=True, slots=True)
class ReadersChange:
    """The consequences of another reach or level: readers before and after, None for everybody; requests and invitations that end."""

    before: int | None
    after: int | None
    requests: int
    invitations: int


def preview(session: Session, row: models.Community, values: CommunityValues, *, now: datetime) -> ReadersChange:
    """Compute what would come of other values."""
    return ReadersChange(
        _count_readers(session, row, row),
        _count_readers(session, row, values),
        requests=len(communities.list_pending(session, row, _unfit_requests(values))),
        invitations=invitations.count_open(session, row, _unfit_invitations(row, values), now=now),
    )


def _count_readers(session: Session, row: models.Community, values: CommunityValues | models.Community) -> int | None:
    """Count who would read a community of these values, without those who administer the site; None: everybody."""
    is_open = values.level == models.CommunityLevel.OPEN
    if is_open and values.reach == models.CommunityReach.EVERYONE:
        return None
    member = models.CommunityMember
    present = (member.community_id == row.id, member.person_id == Person.id, member.until.is_(None))
    reads: ColumnElement[bool] = space.is_member(Person.id) if row.parent_id else exists().where(*present)
    if values.organisation_id is not None:
        within = belongs(Person.id, literal(values.organisation_id))
        reads = or_(exists().where(*present, member.external), within if is_open else and_(reads, within))
    readers = select(func.count()).select_from(Person).join(models.Community, models.Community.id == row.id)
    return session.scalar(readers.where(Person.suspended_at.is_(None), reads)) or 0


def _unfit_requests(values: CommunityValues) -> ColumnElement[bool]:
    """Return the condition on requests that a community takes none any more, or not from people outside its institution."""
    if values.level is not models.CommunityLevel.SEMIPRIVATE or values.reach is models.CommunityReach.HIDDEN:
        return true()
    if values.organisation_id is None:
        return false()
    return ~belongs(models.CommunityRequest.person_id, literal(values.organisation_id))


def _unfit_invitations(row: models.Community, values: CommunityValues) -> ColumnElement[bool]:
    """Return the condition on invitations that a community that was for more people is not for the address any more."""
    is_narrower = _compared(row, values) < 0 or _is_moved(row, values)
    if values.organisation_id is None or not is_narrower or row.state == models.CommunityState.DRAFT:
        return false()
    within = belongs(Person.id, literal(values.organisation_id))
    return ~exists().where(Person.email == models.CommunityInvitation.email, within).correlate_except(Person)


def check_values(session: Session, actor: Actor, row: models.Community, values: CommunityValues, *, seen: str) -> None:
    """Raise RowWasChanged, WiderThanWritten, UnknownInstitution where a community cannot have these values."""
    require_version(row, seen)
    communities.check_place(session, actor, values, row.organisation_id)
    if row.state != models.CommunityState.DRAFT and widens(session, row, values) and others_wrote(session, row):
        raise WiderThanWritten


def change_values(
    session: Session, actor: Actor, community: models.Community, values: CommunityValues, *, seen: str, now: datetime
) -> bool:
    """Change name, topic, language, reach and level; return whether anything changed. It acts at once.

    What becomes hidden gets another address. Raise RowWasChanged, WiderThanWritten, UnknownInstitution.
    """
    act = acts.begin(session, actor, community, now=now)
    row = act.row
    check_values(session, actor, row, values, seen=seen)
    columns = {**asdict(values), "reach": values.reach.value, "level": values.level.value}
    changed: dict[str, Any] = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if not changed:
        return False
    unfit = _unfit_invitations(row, values)
    if changed.get("reach") == models.CommunityReach.HIDDEN:
        changed["slug"] = communities.new_slug(session, values.name, values.reach)
    former = {f"former_{name}": getattr(row, name) for name in changed}
    act.change({**changed, "name_key": fold(values.name), "changed_at": now})
    # Only now, so that they are named to those alone who still find it.
    communities.end_requests(session, row, _unfit_requests(values), now=now)
    invitations.end(session, actor, row, unfit, now=now)
    act.note(CommunityVerb.CHANGED, **changed, **former)
    return True
