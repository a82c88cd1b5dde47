"""Verbs of employment: record, correct and end a person's time at an institution. Rows are added and retracted, never edited."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit
from kernel.permissions import Actor
from organisations.models import Employment
from organisations.rules import EmploymentDays, next_employment


class EmploymentVerb(StrEnum):
    """The audit-log verbs of employment."""

    RECORDED = "employment.recorded"
    CORRECTED = "employment.corrected"
    ENDED = "employment.ended"


@dataclass(frozen=True, slots=True)
class EmploymentValues:
    """A person's time at an institution as it says it; `back` where they belong to one of its places from now on."""

    institution: int
    days: EmploymentDays
    back: bool = False


def record_employments(session: Session, actor: Actor, employments: Mapping[int, EmploymentValues], day: date, *, now: datetime) -> int:
    """Record what an institution says of some hundreds of people, by their numbers; return of how many that was new.

    A correction retracts a row and adds another; a re-entry is another row of the same person (spec/compulsory 2.3).
    """
    present = present_rows(session, employments)
    retracted, added, events = list[int](), list[dict[str, Any]](), list[tuple[int, EmploymentVerb, dict[str, Any]]]()
    for person, values in employments.items():
        rows = [row for row in present.get(person, ()) if row.institution_id == values.institution]
        last = max(rows, key=lambda row: (row.left_on is None, row.left_on or date.min, row.id), default=None)
        change = next_employment(_days_of(last) if last else None, values.days, day, back=values.back)
        if change is None:
            continue
        if change.corrects and last is not None:
            retracted.append(last.id)
        closed = last.account_closed_at if last is not None and change.corrects and change.days.left_on else None
        added.append({**_row(person, values.institution, change.days), "account_closed_at": closed})
        verb = EmploymentVerb.CORRECTED if change.corrects else EmploymentVerb.RECORDED
        events.append((person, verb, _facts(values.institution, change.days)))
    _write(session, retracted, added, now)
    _record(session, actor, events, now)
    return len(events)


def present_rows(session: Session, people: Iterable[int]) -> dict[int, list[Employment]]:
    """Return the rows of some people that were not retracted, by person."""
    rows_of = defaultdict[int, list[Employment]](list)
    rows = select(Employment).where(Employment.person_id.in_(sorted(people)), Employment.retracted_at.is_(None)).order_by(Employment.id)
    for row in session.scalars(rows.execution_options(populate_existing=True)):
        rows_of[row.person_id].append(row)
    return rows_of


def _days_of(row: Employment) -> EmploymentDays:
    return EmploymentDays(row.staff_number or "", row.entered_on, row.left_on)


def _row(person: int, institution: int, days: EmploymentDays) -> dict[str, Any]:
    return {
        "person_id": person,
        "institution_id": institution,
        "staff_number": days.staff_number or None,
        "entered_on": days.entered_on,
        "left_on": days.left_on,
        "account_closed_at": None,
    }


def _facts(institution: int, days: EmploymentDays) -> dict[str, Any]:
    spoken = {"entered_on": days.entered_on, "left_on": days.left_on}
    return {"organisation": institution, "staff_number": days.staff_number, **{name: str(day) for name, day in spoken.items() if day}}


def _write(session: Session, retracted: Sequence[int], added: Sequence[dict[str, Any]], now: datetime) -> None:
    if retracted:
        session.execute(update(Employment).where(Employment.id.in_(retracted)).values(retracted_at=now))
    if added:
        session.execute(insert(Employment), [{**row, "recorded_at": now} for row in added])


def _record(session: Session, actor: Actor, events: Sequence[tuple[int, EmploymentVerb, dict[str, Any]]], now: datetime) -> None:
    people = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_({event[0] for event in events})))}
    for person, verb, facts in events:
        audit.record(session, actor, verb, people[person], now=now, **facts)


def end_employments(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution on a day; who had no row gets one that says so."""
    present, retracted, added = present_rows(session, people), list[int](), list[dict[str, Any]]()
    events = list[tuple[int, EmploymentVerb, dict[str, Any]]]()
    for person in people:
        rows = [row for row in present.get(person, ()) if row.institution_id == institution]
        if any(row.left_on is not None and row.left_on <= last_day for row in rows) and all(row.left_on is not None for row in rows):
            continue
        row = next((row for row in rows if row.left_on is None or row.left_on > last_day), None)
        days = _days_of(row) if row else EmploymentDays()
        days = replace(days, left_on=max(last_day, days.entered_on or last_day))
        retracted += [row.id] if row else []
        added.append(_row(person, institution, days))
        events.append((person, EmploymentVerb.ENDED, _facts(institution, days)))
    _write(session, retracted, added, now)
    _record(session, actor, events, now)


def transfer_employments(session: Session, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays what the lists said of the one that closes; where both have a present row, what its own lacks."""
    present = present_rows(session, [closed.id, remaining.id])
    open_rows = {row.institution_id: row for row in present.get(remaining.id, ()) if row.left_on is None}
    retracted, added = [row.id for row in present.get(closed.id, ())], list[dict[str, Any]]()
    for row in present.get(closed.id, ()):
        own = open_rows.get(row.institution_id) if row.left_on is None else None
        days = _days_of(row)
        if own is not None:
            days = replace(_days_of(own), staff_number=own.staff_number or days.staff_number, entered_on=own.entered_on or days.entered_on)
            if days == _days_of(own):
                continue
            retracted.append(own.id)
        added.append(_row(remaining.id, row.institution_id, days))
    _write(session, retracted, added, now)
