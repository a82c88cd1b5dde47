"""The plan of a community: lines with their days, the responsible and what is in mind; ticked when done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from communities import acts
from communities.communities import CommunityVerb
from communities.models import PlanEntry, PlanKind
from communities.space import CommunityAction, CommunityContext, RowContext
from kernel.db import require_room
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor
from spaces.acts import added

MOST_LINES = 60
PLAN_KINDS = {
    PlanKind.MEETING: N_("Meeting"),
    PlanKind.WEBINAR: N_("Webinar"),
    PlanKind.FORUM: N_("Discussion"),
    PlanKind.DOCUMENT: N_("Document"),
    PlanKind.SURVEY: N_("Survey"),
}
SATURDAY = 5


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


get_line = acts.loader(PlanEntry, PlanEntry.id)


def add_line(session: Session, actor: Actor, context: CommunityContext, values: PlanValues, *, now: datetime) -> PlanEntry:
    """Add a line. Raise NoRoom, NoLongerAllowed."""
    row = acts.begin(session, actor, context, CommunityAction.EDIT, now=now).row
    require_room(session, MOST_LINES, PlanEntry, PlanEntry.community_id == row.id)
    line = PlanEntry(community_id=row.id, **asdict(values))
    added(session, actor, line, row, now=now).note(CommunityVerb.PLANNED, line=line.id)
    return line


def change_line(session: Session, actor: Actor, context: RowContext[PlanEntry], values: PlanValues, *, seen: str, now: datetime) -> bool:
    """Change a line; return whether anything changed. Raise RowWasChanged, NoLongerAllowed."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, seen, now=now)
    if changed := act.change(asdict(values)):
        act.note(CommunityVerb.PLANNED, line=act.row.id)
    return bool(changed)


def tick(session: Session, actor: Actor, context: RowContext[PlanEntry], *, is_done: bool, seen: str, now: datetime) -> bool:
    """Mark a line as done, or not yet; return whether that changed anything. Raise RowWasChanged, NoLongerAllowed."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, seen, now=now)
    if (act.row.done_at is not None) == is_done:
        return False
    act.change({"done_at": now, "done_by": actor.person_id} if is_done else {"done_at": None, "done_by": None})
    act.note(CommunityVerb.PLANNED, line=act.row.id, done=is_done)
    return True


def delete_line(session: Session, actor: Actor, context: RowContext[PlanEntry], *, seen: str, now: datetime) -> None:
    """Delete a line. Raise RowWasChanged, NoLongerAllowed."""
    act = acts.begin(session, actor, context, CommunityAction.EDIT, seen, now=now)
    act.note(CommunityVerb.PLANNED, line=act.row.id, deleted=True)
    session.delete(act.row)


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
    act = acts.begin(session, actor, context, CommunityAction.EDIT, now=now)
    if list_lines(session, act.row.id):
        return False
    lines = [PlanEntry(community_id=act.row.id, **asdict(values)) for values in first_ninety_days(begin)]
    session.add_all(lines)
    act.note(CommunityVerb.PLANNED, lines=len(lines))
    return True
