"""Services of reminders that a head or an officer sends now to the people of a filter (spec/compulsory 10.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Assignment, Reminder, ReminderRequest
from compliance.queries import reminder_requests as queries
from compliance.queries import reminders
from compliance.queries.reminder_requests import ReminderFilter
from compliance.rules.reminder_plans import PlannedReminder
from compliance.rules.reminders import ReminderKind
from compliance.services.reminders import PORTION, WriteNotice, item_of, notice_key, notify_people
from kernel import audit, outbox
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


class NobodyToRemind(Conflict):
    """Nobody of a filter may be reminded now."""

    code = "nobody_to_remind"
    message = N_("There is no one to remind now.")


@dataclass(frozen=True, slots=True)
class ReminderRequestValues:
    """A reminder to send: its people, and what the sender writes; `number` is that of the form, so that it has one effect."""

    chosen: ReminderFilter
    words: str
    number: UUID


def request_reminder(session: Session, actor: Actor, values: ReminderRequestValues, *, now: datetime) -> ReminderRequest:
    """Let a reminder go out in the background, in office hours; a second time with one number changes nothing.

    Raise NobodyToRemind where everybody of the filter has had one lately.
    """
    present = queries.find_request(session, values.number)
    if present is not None:
        return present
    chosen = values.chosen
    at, zone = queries.moment_of(session, chosen, now)
    counts = queries.count_people(session, chosen, notice_key(at.astimezone(zone).date()), now=now)
    if not counts.reached:
        raise NobodyToRemind
    row = ReminderRequest(
        uuid=values.number,
        obligation_id=chosen.obligation.id,
        place_id=chosen.place.id,
        state=chosen.state.value if chosen.state else "",
        words=values.words,
        asked_at=now,
        asked_by=actor.person_id,
        left_out=counts.left_out,
    )
    session.add(row)
    session.flush()
    facts = {"people": counts.reached, "place": chosen.place.id}
    audit.record(session, actor, ComplianceVerb.REMINDER_REQUESTED, chosen.obligation, now=now, **facts)
    outbox.enqueue(session, "compliance.send_request", {"request": row.id}, now=now, at=at, unique_key=f"reminder-request:{row.id}")
    return row


def send_portion(session: Session, number: int, write: WriteNotice, *, now: datetime) -> bool:
    """Remind the next people of a request; return whether nobody is left. A portion is told and noted in one transaction."""
    row = queries.lock_request(session, number)
    if row.done_at is not None:
        return True
    obligation = reminders.load_obligations(session, [row.obligation_id], now.date())[row.obligation_id]
    everywhere = reminders.load_places(session, ())
    today = now.astimezone(everywhere.zone(0, obligation.institution_id)).date()
    rows = queries.list_next(session, row, [notice_key(today)], PORTION, now=now)
    if not rows:
        row.done_at = now
        return True
    _remind(session, row, rows, write, now=now)
    row.reached = rows[-1].id
    return False


def _remind(session: Session, request: ReminderRequest, rows: Sequence[Assignment], write: WriteNotice, *, now: datetime) -> None:
    obligation = reminders.load_obligations(session, [request.obligation_id], now.date())[request.obligation_id]
    people = [row.person_id for row in rows]
    places, left = reminders.load_places(session, people), reminders.load_minutes_left(session, people, list(obligation.courses.values()))
    days = {row.id: now.astimezone(places.zone(row.person_id, obligation.institution_id)).date() for row in rows}
    notes = {}
    for row in rows:
        planned = PlannedReminder(ReminderKind.ASKED, 0, days[row.id], row.last_on)
        minutes = reminders.minutes_of(obligation.requirement, row.person_id, left)
        notes[days[row.id], row.person_id] = (item_of(obligation, row, planned, minutes, request.words),)
    notified = notify_people(session, notes, write, now=now)
    values = [
        {
            "assignment_id": row.id,
            "cycle": row.cycle,
            "kind": ReminderKind.ASKED.value,
            "step": 0,
            "due_on": days[row.id],
            "last_on": row.last_on,
            "at": now,
            "reason": reason.value if (reason := notified[row.person_id].reason) else "",
            "notice_key": notified[row.person_id].key,
            "request_id": request.id,
        }
        for row in rows
    ]
    session.execute(insert(Reminder), values)
    sent = sum(not entry["reason"] for entry in values)
    request.sent += sent
    request.left_out += len(values) - sent
