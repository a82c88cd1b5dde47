"""The plan of a community: lines with their days, the responsible and what is in mind; ticked when done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from communities import communities
from communities.access import CommunityAction, CommunityContext, PlanContext
from communities.communities import CommunityVerb, lock_for
from communities.models import PlanEntry, PlanKind
from kernel import audit
from kernel.db import count_rows
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _
from kernel.permissions import Actor

MOST_LINES = 60
PLAN_KINDS = {
    PlanKind.MEETING: N_("Meeting"),
    PlanKind.WEBINAR: N_("Webinar"),
    PlanKind.FORUM: N_("Discussion"),
    PlanKind.DOCUMENT: N_("Document"),
    PlanKind.SURVEY: N_("Survey"),
}
SATURDAY = 5


class TooManyLines(Conflict):
    """A plan has as many lines as it can."""

    message = N_("A plan has at most 60 lines. Delete one first.")


class LineWasChanged(Conflict):
    """A line was changed or deleted since a page showed it."""

    message = N_("Someone changed this line meanwhile. Look at it as it is now, and save again what is yours.")


@dataclass(frozen=True, slots=True)
class PlanValues:
    """A line of the plan."""

    starts_on: date
    ends_on: date
    title: str
    kind: str
    responsible: str = ""
    note: str = ""
    address: str = ""


def list_lines(session: Session, community_id: int) -> list[PlanEntry]:
    """List the lines of a plan by their days."""
    statement = select(PlanEntry).where(PlanEntry.community_id == community_id)
    return list(session.scalars(statement.order_by(PlanEntry.starts_on, PlanEntry.ends_on, PlanEntry.id)))


def list_next(session: Session, community_id: int, today: date, *, limit: int) -> Sequence[PlanEntry]:
    """List the next lines of a plan that are not done and whose days are not over."""
    ahead = (PlanEntry.community_id == community_id, PlanEntry.done_at.is_(None), PlanEntry.ends_on >= today)
    return session.scalars(
        select(PlanEntry).where(*ahead).order_by(PlanEntry.starts_on, PlanEntry.ends_on, PlanEntry.id).limit(limit)
    ).all()


def is_overdue(line: PlanEntry, today: date) -> bool:
    """Return whether the days of a line are over without a tick."""
    return line.done_at is None and line.ends_on < today


def get_line(session: Session, actor: Actor, slug: str, line: int) -> PlanContext:
    """Return a line of the plan of a community; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    of_it = (PlanEntry.id == line, PlanEntry.community_id == context.community.id)
    return PlanContext(**communities.within(context), line=require_found(session.scalar(select(PlanEntry).where(*of_it))))


def add_line(session: Session, actor: Actor, context: CommunityContext, values: PlanValues, *, now: datetime) -> PlanEntry:
    """Add a line. Raise TooManyLines, NoLongerAllowed."""
    row = lock_for(session, actor, context, CommunityAction.EDIT)
    if count_rows(session, PlanEntry, PlanEntry.community_id == row.id) >= MOST_LINES:
        raise TooManyLines
    line = PlanEntry(community_id=row.id, **asdict(values))
    session.add(line)
    session.flush()
    audit.record(session, actor, CommunityVerb.PLANNED, row, now=now, line=line.id)
    return line


def values_of(line: PlanEntry) -> PlanValues:
    """Return what a line says."""
    return PlanValues(**{field.name: getattr(line, field.name) for field in fields(PlanValues)})


def version_of(line: PlanEntry) -> str:
    """Return what tells whether somebody changed a line since a page showed it: ticks are none of it."""
    return sha256(repr(values_of(line)).encode()).hexdigest()[:16]


def _lock_line(session: Session, actor: Actor, context: PlanContext, seen: str) -> PlanEntry:
    lock_for(session, actor, context, CommunityAction.EDIT)
    line = session.get(PlanEntry, context.line.id, populate_existing=True)
    if line is None or seen != version_of(line):
        raise LineWasChanged
    return line


def change_line(session: Session, actor: Actor, context: PlanContext, values: PlanValues, *, seen: str, now: datetime) -> bool:
    """Change a line; return whether anything changed. Raise LineWasChanged, NoLongerAllowed."""
    line = _lock_line(session, actor, context, seen)
    if values == values_of(line):
        return False
    for name, value in asdict(values).items():
        setattr(line, name, value)
    audit.record(session, actor, CommunityVerb.PLANNED, context.community, now=now, line=line.id)
    return True


def tick(session: Session, actor: Actor, context: PlanContext, *, is_done: bool, seen: str, now: datetime) -> bool:
    """Mark a line as done, or not yet; return whether that changed anything. Raise LineWasChanged, NoLongerAllowed."""
    line = _lock_line(session, actor, context, seen)
    if (line.done_at is not None) == is_done:
        return False
    line.done_at, line.done_by = (now, actor.person_id) if is_done else (None, None)
    audit.record(session, actor, CommunityVerb.PLANNED, context.community, now=now, line=line.id, done=is_done)
    return True


def delete_line(session: Session, actor: Actor, context: PlanContext, *, seen: str, now: datetime) -> None:
    """Delete a line. Raise LineWasChanged, NoLongerAllowed."""
    line = _lock_line(session, actor, context, seen)
    audit.record(session, actor, CommunityVerb.PLANNED, context.community, now=now, line=line.id, deleted=True)
    session.delete(line)


def on_working_days(first: date, last: date) -> tuple[date, date]:
    """Return days that begin and end on working days: where they would at a weekend, on the Monday after, and on the Friday before."""
    begin = first + timedelta(days=7 - first.weekday()) if first.weekday() >= SATURDAY else first
    return begin, max(begin, min(last, last + timedelta(days=SATURDAY - 1 - last.weekday())))


def first_ninety_days(begin: date) -> list[PlanValues]:
    """Return the lines that a new community is offered: something each two weeks, a meeting each month, a webinar to begin.

    All begin and end on working days, and the survey at the end comes after the last meeting.
    """

    def line(kind: PlanKind, title: str, start: int, end: int = 0) -> PlanValues:
        first, last = on_working_days(begin + timedelta(days=start), begin + timedelta(days=end or start))
        return PlanValues(first, last, title, kind.value)

    return [
        line(PlanKind.SURVEY, _("Survey at the beginning: what members expect"), 0, 14),
        line(PlanKind.FORUM, _("Discussion before the webinar: questions and experiences"), 9, 20),
        line(PlanKind.WEBINAR, _("Introductory webinar (ask the team of the site for help)"), 21),
        line(PlanKind.DOCUMENT, _("Summary of the webinar, as a post or a document"), 24, 30),
        line(PlanKind.MEETING, _("Monthly meeting"), 30),
        line(PlanKind.DOCUMENT, _("A document or an experience of a member"), 42, 44),
        line(PlanKind.FORUM, _("Discussion on a topic of the members"), 56, 58),
        line(PlanKind.MEETING, _("Monthly meeting"), 60),
        line(PlanKind.DOCUMENT, _("A document or an experience of a member"), 72, 74),
        line(PlanKind.MEETING, _("Monthly meeting"), 82),
        line(PlanKind.SURVEY, _("Survey at the end: what members gained"), 85, 90),
    ]


def add_first_days(session: Session, actor: Actor, context: CommunityContext, begin: date, *, now: datetime) -> bool:
    """Add the lines that a new community is offered; return whether its plan was empty. Raise NoLongerAllowed."""
    row = lock_for(session, actor, context, CommunityAction.EDIT)
    if list_lines(session, row.id):
        return False
    lines = [PlanEntry(community_id=row.id, **asdict(values)) for values in first_ninety_days(begin)]
    session.add_all(lines)
    audit.record(session, actor, CommunityVerb.PLANNED, row, now=now, lines=len(lines))
    return True
