"""Services of free days: add, bring in a list, delete; the reminders ahead are planned anew (spec/compulsory 10.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Assignment, FreeDay
from compliance.queries import free_days as queries
from compliance.services.obligations import SecondPersonRequired
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations.audiences import today_of

REPLANNED = 2_000
"""Assignments that are planned anew in one transaction."""


class FreeDayConflict(Conflict):
    """A day is free there already."""

    code = "free_day_conflict"
    message = N_("This day is free there already.")


@dataclass(frozen=True, slots=True)
class FreeDayValues:
    """A free day: its name, and its province without case and accents; the empty one is the whole country."""

    day: date
    name: str
    province: str = ""


@dataclass(frozen=True, slots=True)
class CalendarApproval:
    """A change of free days that one person planned for a reason and another applied."""

    author_id: int | None
    approved_by: int | None
    reason: str

    @property
    def facts(self) -> dict[str, object]:
        """Return what the audit log says of it."""
        return {"author": self.author_id, "reason": self.reason}


def _require_second_person(days: Iterable[date], approval: CalendarApproval | None, *, now: datetime) -> None:
    is_approved = approval is not None and approval.approved_by is not None
    if not is_approved and any(day < today_of(now) for day in days):
        raise SecondPersonRequired


def require_new(session: Session, values: FreeDayValues) -> None:
    """Raise FreeDayConflict where offices are closed there on a day already."""
    if (values.day, values.province) in queries.find_same_days(session, [values.day]):
        raise FreeDayConflict


def add_free_day(session: Session, actor: Actor, values: FreeDayValues, *, now: datetime) -> FreeDay:
    """Let offices be closed on a day; raise FreeDayConflict where they are already, SecondPersonRequired of a day before today."""
    _require_second_person([values.day], None, now=now)
    require_new(session, values)
    row = _row(actor, values, now)
    session.add(row)
    session.flush()
    audit.record(session, actor, ComplianceVerb.FREE_DAY_ADDED, row, now=now, day=values.day.isoformat(), province=values.province)
    return row


def bring_in_free_days(
    session: Session, actor: Actor, days: Sequence[FreeDayValues], *, approval: CalendarApproval | None = None, now: datetime
) -> int:
    """Add the days of a list that are not free yet; return how many they were. Raise SecondPersonRequired of days before today."""
    _require_second_person((free_day.day for free_day in days), approval, now=now)
    known = queries.find_same_days(session, [free_day.day for free_day in days])
    new = {(free_day.day, free_day.province): free_day for free_day in days if (free_day.day, free_day.province) not in known}
    rows = [_row(actor, free_day, now) for free_day in new.values()]
    session.add_all(rows)
    session.flush()
    if rows:
        span = {"first": min(row.day for row in rows).isoformat(), "last": max(row.day for row in rows).isoformat()}
        facts = {**span, **(approval.facts if approval is not None else {})}
        audit.record(session, actor, ComplianceVerb.FREE_DAYS_LOADED, None, now=now, days=len(rows), **facts)
    return len(rows)


def delete_free_day(session: Session, actor: Actor, row: FreeDay, *, approval: CalendarApproval | None = None, now: datetime) -> None:
    """Let offices be open on a day again; raise SecondPersonRequired of a day before today."""
    _require_second_person([row.day], approval, now=now)
    facts = {"day": row.day.isoformat(), "province": row.province, **(approval.facts if approval is not None else {})}
    audit.record(session, actor, ComplianceVerb.FREE_DAY_DELETED, row, now=now, **facts)
    session.delete(session.get_one(FreeDay, row.id))


def apply_free_days(
    session: Session,
    actor: Actor,
    added: Sequence[FreeDayValues],
    removed: Sequence[FreeDayValues],
    approval: CalendarApproval,
    *,
    now: datetime,
) -> None:
    """Change the calendar as somebody planned and another approved; what is so already stays."""
    bring_in_free_days(session, actor, added, approval=approval, now=now)
    known = queries.find_same_days(session, [free_day.day for free_day in removed])
    for free_day in removed:
        if (row := known.get((free_day.day, free_day.province))) is not None:
            delete_free_day(session, actor, row, approval=approval, now=now)


def _row(actor: Actor, values: FreeDayValues, now: datetime) -> FreeDay:
    return FreeDay(day=values.day, name=values.name, province=values.province, added_at=now, added_by=actor.person_id)


def plan_again(session: Session, after: int, obligation: int | None, *, now: datetime) -> int | None:
    """Let the reminders of some assignments be planned anew, those after a number; return the last of them, None where there are none.

    Those that nothing is ahead of stay as they are: a change of their status plans them.
    """
    ahead = [Assignment.remind_at > now, Assignment.id > after]
    if obligation is not None:
        ahead.append(Assignment.obligation_id == obligation)
    numbers = session.scalars(select(Assignment.id).where(*ahead).order_by(Assignment.id).limit(REPLANNED)).all()
    if not numbers:
        return None
    session.execute(update(Assignment).where(*ahead, Assignment.id <= numbers[-1]).values(remind_at=now))
    return numbers[-1]
