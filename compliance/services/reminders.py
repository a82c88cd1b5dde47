"""Services of reminders: decide what is due, once, and tell each person in one notice a day (spec/compulsory 10.1 to 10.5)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import MailTime, NoticeKind
from compliance.models import Assignment, Reminder
from compliance.queries import reminders as queries
from compliance.queries.reminders import RemindedObligation, ReminderPlaces
from compliance.rules.reminder_plans import PlannedReminder, ReminderDecision, ReminderOutcome, decide, read_plan, write_plan
from compliance.rules.reminders import TOO_LATE, ReminderKind, SuppressionReason
from compliance.rules.states import TrainingState
from kernel.i18n import LANGUAGES, reading

PORTION = 200
OWN_TRAINING = "/learning/compulsory"
"""The page on which everybody sees what is compulsory for them."""


@dataclass(frozen=True, slots=True)
class ReminderItem:
    """One obligation in a notice: titles by language as sorted pairs, so that people with the same lines share one message."""

    kind: ReminderKind
    state: TrainingState
    titles: tuple[tuple[str, str], ...]
    last_on: date | None
    minutes: int
    path: str
    words: str = ""
    """What the sender wrote, where somebody sends it."""


WriteNotice = Callable[[Sequence[ReminderItem]], tuple[str, str]]
"""Gives the subject and the words of some lines, in the reader's language."""


def notice_key(day: date) -> str:
    """Return the key of the one notice that a person gets on a day."""
    return f"training:{day.isoformat()}"


@dataclass(slots=True)
class _Due:
    """An assignment that is looked at, with what was decided of it."""

    row: Assignment
    obligation: RemindedObligation
    day: date
    decision: ReminderDecision
    reasons: dict[int, SuppressionReason] = field(default_factory=dict)

    @property
    def line(self) -> ReminderOutcome | None:
        """Return the most pressing reminder of it that goes out; several of one assignment are one line."""
        return min((outcome for outcome in self.decision.outcomes if outcome.reason is None), key=_pressing, default=None)


def _pressing(outcome: ReminderOutcome) -> tuple[bool, int]:
    return outcome.planned.kind is not ReminderKind.STEP, outcome.planned.step


def decide_due(session: Session, people: Sequence[int], write: WriteNotice, *, now: datetime) -> None:
    """Decide the reminders of some people that are due, and plan the next ones; a second time nothing is due any more."""
    rows = queries.lock_due(session, people, now)
    obligations = queries.load_obligations(session, {row.obligation_id for row in rows}, now.date())
    places = queries.load_places(session, people)
    bases = queries.load_bases(session, rows, obligations)
    mailed = _mailed_today(session, rows, obligations, places, now)
    due = []
    for row in rows:
        obligation = obligations[row.obligation_id]
        zone = places.zone(row.person_id, obligation.institution_id)
        day = now.astimezone(zone).date()
        working, planned = places.working(row.person_id), read_plan(row.planned)
        decision = decide(bases[row.id], planned, working, zone, now, was_mailed_today=(row.person_id, day) in mailed)
        due.append(_Due(row, obligation, day, decision))
    keys = _notify(session, [due_one for due_one in due if due_one.line is not None], write, now=now)
    _write_rows(session, due, keys, now=now)
    if due:
        plans = [
            {"id": due_one.row.id, "remind_at": due_one.decision.look_at, "planned": write_plan(due_one.decision.ahead)} for due_one in due
        ]
        session.execute(update(Assignment), plans)


def _mailed_today(
    session: Session, rows: Sequence[Assignment], obligations: Mapping[int, RemindedObligation], places: ReminderPlaces, now: datetime
) -> set[tuple[int, date]]:
    by_day = defaultdict[date, set[int]](set)
    for row in rows:
        zone = places.zone(row.person_id, obligations[row.obligation_id].institution_id)
        by_day[now.astimezone(zone).date()].add(row.person_id)
    return {(person, day) for day, people in by_day.items() for person in notices.was_notified(session, notice_key(day), sorted(people))}


def _notify(session: Session, due: Sequence[_Due], write: WriteNotice, *, now: datetime) -> Mapping[int, str]:
    """Give each person one notice of all lines; return its key by assignment, empty where they want it neither in the bell nor by mail."""
    lines = _items_of(session, due)
    notes = {due_one.row.person_id: (due_one.day, due_one.row.person_id) for due_one in due}
    notified = notify_people(session, {(day, person): lines[person] for day, person in notes.values()}, write, now=now)
    for due_one in due:
        if (reason := notified[due_one.row.person_id].reason) is not None:
            due_one.reasons[due_one.row.id] = reason
    return {due_one.row.id: notified[due_one.row.person_id].key for due_one in due}


def _items_of(session: Session, due: Sequence[_Due]) -> Mapping[int, tuple[ReminderItem, ...]]:
    courses = {course.id: course for due_one in due for course in due_one.obligation.courses.values()}
    left = queries.load_minutes_left(session, {due_one.row.person_id for due_one in due}, list(courses.values())) if courses else {}
    items = defaultdict[int, list[ReminderItem]](list)
    for due_one in due:
        assert due_one.line is not None  # the caller left the others out
        minutes = queries.minutes_of(due_one.obligation.requirement, due_one.row.person_id, left)
        items[due_one.row.person_id].append(item_of(due_one.obligation, due_one.row, due_one.line.planned, minutes))
    return {person: tuple(sorted(lines, key=lambda line: (line.last_on or date.max, line.titles))) for person, lines in items.items()}


def item_of(obligation: RemindedObligation, row: Assignment, planned: PlannedReminder, minutes: int, text: str = "") -> ReminderItem:
    """Return the line of one obligation: course where it requires one alone, last day, minutes left, where to go on."""
    course = obligation.only_course
    titles, path = (course.title, f"/courses/{course.slug}") if course is not None else (obligation.title, OWN_TRAINING)
    return ReminderItem(planned.kind, TrainingState(row.state), tuple(sorted(titles.items())), planned.last_on, minutes, path, text)


@dataclass(frozen=True, slots=True)
class NotifiedPerson:
    """A person's notice: its key where there is one, and why no mail goes out where none does."""

    key: str
    reason: SuppressionReason | None = None


def notify_people(
    session: Session, notes: Mapping[tuple[date, int], tuple[ReminderItem, ...]], write: WriteNotice, *, now: datetime
) -> Mapping[int, NotifiedPerson]:
    """Give people the notice of their day; those with the same lines share one message. `notes` are lines by day and person."""
    people = {person for _day, person in notes}
    unconfirmed = queries.list_unconfirmed(session, people)
    choices = notices.notification_choices_for(session, NoticeKind.TRAINING, sorted(people))
    grouped = defaultdict[tuple[date, tuple[ReminderItem, ...]], list[int]](list)
    notified: dict[int, NotifiedPerson] = {}
    for (day, person), lines in sorted(notes.items()):
        grouped[day, lines].append(person)
        notified[person] = _outcome_of(person, notice_key(day), unconfirmed, choices)
    for (day, lines), group in grouped.items():
        notices.notify(session, _message(day, lines, write, now), group, now=now)
    return notified


def _outcome_of(person: int, key: str, unconfirmed: Collection[int], choices: Mapping[int, notices.NotificationChoice]) -> NotifiedPerson:
    choice = choices.get(person)
    if choice is None:
        return NotifiedPerson("", SuppressionReason.NO_ADDRESS)
    known = key if choice.in_bell or choice.mail is not MailTime.NEVER else ""
    if person in unconfirmed:
        return NotifiedPerson(known, SuppressionReason.NO_ADDRESS)
    return NotifiedPerson(known, SuppressionReason.SWITCHED_OFF if choice.mail is MailTime.NEVER else None)


def _message(day: date, lines: Sequence[ReminderItem], write: WriteNotice, now: datetime) -> Message:
    subject, texts = dict[str, str](), dict[str, str]()
    for code in LANGUAGES:
        with reading(code):
            subject[code], texts[code] = write(lines)
    path = lines[0].path if len(lines) == 1 else OWN_TRAINING
    return Message(NoticeKind.TRAINING, notice_key(day), subject, texts, path, mail_until=now + TOO_LATE)


def _write_rows(session: Session, due: Sequence[_Due], keys: Mapping[int, str], *, now: datetime) -> None:
    rows = [
        {
            "assignment_id": due_one.row.id,
            "cycle": due_one.row.cycle,
            "kind": outcome.planned.kind.value,
            "step": outcome.planned.step,
            "due_on": outcome.planned.due_on,
            "last_on": outcome.planned.last_on,
            "at": now,
            "reason": _reason_of(due_one, outcome),
            "notice_key": keys.get(due_one.row.id, "") if outcome.reason is None else "",
        }
        for due_one in due
        for outcome in due_one.decision.outcomes
    ]
    if rows:
        session.execute(insert(Reminder), rows)


def _reason_of(due_one: _Due, outcome: ReminderOutcome) -> str:
    reason = outcome.reason or due_one.reasons.get(due_one.row.id)
    return "" if reason is None else reason.value


def note_mails(session: Session, mailed: Sequence[tuple[int, datetime]]) -> None:
    """Write the moments at which mails of reminders went out."""
    session.execute(update(Reminder), [{"id": number, "mailed_at": moment} for number, moment in mailed])


def days_of_mail(now: datetime, zone: ZoneInfo) -> list[str]:
    """Return the keys of the notices whose mail may still be on its way."""
    today = now.astimezone(zone).date()
    return [notice_key(date.fromordinal(today.toordinal() - number)) for number in range(-1, TOO_LATE.days + 3)]
