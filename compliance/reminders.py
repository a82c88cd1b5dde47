"""Reminders of obligations: decided when due or sent on request, their recipients counted and notified (spec/compulsory 10)."""

# long: the number that the page promises and the people whom the job reminds are one condition, which stands beside both

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from accounts import notices
from accounts.models import Notification, NotificationPreference, Person
from accounts.notices import Message
from accounts.people import by_name
from accounts.rules import MailTime
from compliance.access import PlaceReportContext
from compliance.assignments import state_at
from compliance.audit_verbs import ComplianceVerb
from compliance.enrolment import find_hindrances
from compliance.free_days import load_free_days, province_of, working_in
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion, Reminder, ReminderRequest
from compliance.notices import TRAINING_NOTICE
from compliance.rules.documents import read_terms
from compliance.rules.pace import Hindrance
from compliance.rules.reminders import (
    LATE_STATES,
    TOO_LATE,
    PlannedReminder,
    ReminderBasis,
    ReminderDecision,
    ReminderKind,
    ReminderOutcome,
    SuppressionReason,
    decide,
    read_plan,
    sending_moment,
    write_plan,
)
from compliance.rules.states import NEEDED, StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import AnyRequirement, CourseRequirement, Requirement, WorkingDays, courses_of
from courses.models import Course
from courses.versions import list_outlines
from enrolments.dates import list_ungraded
from enrolments.learners import results_of_many
from enrolments.models import Completion, Enrolment
from enrolments.rules import time_left
from kernel import audit, outbox
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.i18n import LANGUAGES, reading, site_day
from kernel.permissions import Actor
from organisations import tree
from organisations.models import AudienceStayRecord, Membership, Organisation
from organisations.rules.units import UnitSummary, lineage, zone_of
from organisations.training_scope import get_training_scope

MOST_MAILED = 1_000
MOST_WAITING = 50
"""Reminders of one obligation that wait to go out at once, of which those who ask for another see the people."""


def list_due_people(session: Session, now: datetime, limit: int) -> list[int]:
    """List some people with a reminder to look at, those who wait longest first."""
    statement = (
        select(Assignment.person_id)
        .where(Assignment.remind_at <= now)
        .group_by(Assignment.person_id)
        .order_by(func.min(Assignment.remind_at), Assignment.person_id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def list_stale(session: Session, people: Collection[int], now: datetime) -> Mapping[int, Sequence[int]]:
    """Return which of some people the clock has changed since their status was written, by the number of the obligation."""
    stale = defaultdict[int, list[int]](list)
    statement = select(Assignment.obligation_id, Assignment.person_id).where(
        Assignment.person_id.in_(people), Assignment.next_change_at <= now
    )
    for obligation, person in session.execute(statement.order_by(Assignment.obligation_id, Assignment.person_id)):
        stale[obligation].append(person)
    return stale


def lock_due(session: Session, people: Collection[int], now: datetime) -> Sequence[Assignment]:
    """Return the assignments of some people that are to be looked at, locked."""
    due = (Assignment.person_id.in_(people), Assignment.remind_at <= now)
    return session.scalars(select(Assignment).where(*due).order_by(Assignment.id).with_for_update()).all()


RemindedCourse = Row[int, str, Mapping[str, str], int | None]
"""The `id`, `slug`, `title` and `published_version_id` of a course that an obligation requires, as a reminder names it."""


@dataclass(frozen=True, slots=True)
class RemindedObligation:
    """An obligation as reminders speak of it: title, requirement, courses by slug, steps, where its days are kept, who is in charge."""

    id: int
    institution_id: int
    title: Mapping[str, str]
    requirement: Requirement
    courses: Mapping[str, RemindedCourse]
    steps: tuple[int, ...]
    owner: str = ""
    """Of somebody whose account is closed nothing."""

    @property
    def only_course(self) -> RemindedCourse | None:
        """Return the course that it requires where this is one alone."""
        return self.courses.get(self.requirement.course) if isinstance(self.requirement, CourseRequirement) else None


def load_obligations(session: Session, numbers: Collection[int], today: date) -> Mapping[int, RemindedObligation]:
    """Return some obligations by their newest version in force on a day, in two statements."""
    statement = (
        select(Obligation.id, Obligation.institution_id, ObligationVersion, Person)
        .join(ObligationVersion, ObligationVersion.obligation_id == Obligation.id)
        .outerjoin(Person, (Person.id == Obligation.owner_id) & Person.suspended_at.is_(None))
        .where(Obligation.id.in_(numbers))
        .order_by(Obligation.id, ObligationVersion.number)
    )
    newest: dict[int, tuple[int, ObligationVersion, str]] = {}
    for number, institution, version, owner in session.execute(statement):
        if number not in newest or version.effective_on <= today:
            newest[number] = (institution, version, owner.full_name if owner else "")
    terms = {
        number: read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
        for number, (_place, version, _owner) in newest.items()
    }
    slugs = {slug for each in terms.values() for slug in courses_of(each.requirement)}
    rows = session.execute(select(Course.id, Course.slug, Course.title, Course.published_version_id).where(Course.slug.in_(slugs)))
    courses = {row.slug: row for row in rows}
    return {
        number: RemindedObligation(
            number,
            institution,
            version.title,
            requirement=terms[number].requirement,
            courses={slug: courses[slug] for slug in courses_of(terms[number].requirement) if slug in courses},
            steps=tuple(sorted((int(step) for step in version.steps), reverse=True)),
            owner=owner,
        )
        for number, (institution, version, owner) in newest.items()
    }


@dataclass(frozen=True, slots=True)
class ReminderPlaces:
    """Where people are: time zone and working days of each main unit, those of the institution for whoever has none."""

    places: Mapping[int, UnitSummary]
    free_days: Mapping[str, Collection[date]]
    mains: Mapping[int, int]

    def zone(self, person: int, institution: int) -> ZoneInfo:
        """Return the time zone by which a person is reminded."""
        return ZoneInfo(zone_of(self.places, self.mains.get(person, institution)))

    def working(self, person: int) -> WorkingDays:
        """Return the working days of a person's place."""
        return working_in(self.free_days, province_of(self.places, self.mains.get(person)))


def load_places(session: Session, people: Collection[int]) -> ReminderPlaces:
    """Return where some people are, in three statements."""
    mains = select(Membership.person_id, Membership.organisation_id).where(tree.MAIN, Membership.person_id.in_(people))
    places = {unit.id: unit for unit in tree.list_tree(session)}
    return ReminderPlaces(places, load_free_days(session), dict(session.execute(mains).all()))


def load_outcomes(session: Session, rows: Sequence[Assignment]) -> Mapping[int, Sequence[ReminderOutcome]]:
    """Load the decisions in the present cycle of some assignments, in one statement."""
    outcomes = defaultdict[int, list[ReminderOutcome]](list)
    cycles = {row.id: row.cycle for row in rows}
    statement = select(Reminder).where(Reminder.assignment_id.in_(cycles)).order_by(Reminder.id)
    for done in session.scalars(statement):
        if done.cycle == cycles[done.assignment_id] and done.kind != ReminderKind.ASKED.value:
            planned = PlannedReminder(ReminderKind(done.kind), done.step, done.due_on, done.last_on)
            outcomes[done.assignment_id].append(ReminderOutcome(planned, SuppressionReason(done.reason) if done.reason else None))
    return outcomes


def load_late_since(session: Session, rows: Sequence[Assignment]) -> Mapping[int, date]:
    """Return since which local day the record says of some assignments that they are overdue or expired, in one statement."""
    zones = {row.id: ZoneInfo(row.zone) for row in rows if TrainingState(row.state) in LATE_STATES}
    since = dict[int, date | None]()
    statement = select(AssignmentState).where(AssignmentState.assignment_id.in_(zones), AssignmentState.known_to.is_(None))
    for row in session.scalars(statement.order_by(AssignmentState.assignment_id, AssignmentState.valid_from)):
        if TrainingState(row.state) not in LATE_STATES:
            since[row.assignment_id] = None
        elif since.get(row.assignment_id) is None:
            since[row.assignment_id] = max(row.valid_from, row.known_from).astimezone(zones[row.assignment_id]).date()
    return {number: day for number, day in since.items() if day is not None}


def load_recorded_days(session: Session, rows: Sequence[Assignment]) -> Mapping[int, date]:
    """Return on which local day the register first had people in the audience of their assignments, where that was after their first day.

    Of the stay that holds, in one statement.
    """
    zones, stay = {row.id: ZoneInfo(row.zone) for row in rows}, AudienceStayRecord
    former = aliased(AudienceStayRecord)
    earliest = select(func.min(former.recorded_at)).where(
        former.person_id == stay.person_id, former.audience_id == stay.audience_id, former.since_on == stay.since_on
    )
    statement = (
        select(Assignment.id, stay.since_on, earliest.scalar_subquery())
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(stay, (stay.person_id == Assignment.person_id) & (stay.audience_id == Obligation.audience_id))
        .where(Assignment.id.in_(zones), stay.until_on.is_(None), stay.retracted_at.is_(None))
    )
    days = {number: (since, recorded.astimezone(zones[number]).date()) for number, since, recorded in session.execute(statement)}
    return {number: recorded for number, (since, recorded) in days.items() if recorded > since}


def status_of_row(row: Assignment) -> TrainingStatus:
    """Return the stored status of an assignment as the pure rules read it."""
    flags = tuple(StateFlag(flag) for flag in row.flags.split())
    return TrainingStatus(
        TrainingState(row.state),
        flags,
        row.last_on,
        zone=ZoneInfo(row.zone),
        first_at=row.achieved_at,
        valid_until=row.valid_until,
        cycle=row.cycle,
        opened_on=row.opened_on,
    )


def load_bases(session: Session, rows: Sequence[Assignment], obligations: Mapping[int, RemindedObligation]) -> Mapping[int, ReminderBasis]:
    """Load the facts from which the reminders of some assignments follow, in two statements."""
    outcomes, late = load_outcomes(session, rows), load_late_since(session, rows)
    return {
        row.id: ReminderBasis(status_of_row(row), late.get(row.id), tuple(outcomes.get(row.id, ())), obligations[row.obligation_id].steps)
        for row in rows
    }


def list_unconfirmed(session: Session, people: Collection[int]) -> set[int]:
    """Return which of some people never confirmed their address."""
    statement = select(Person.id).where(Person.id.in_(people), Person.email_confirmed_at.is_(None))
    return set(session.scalars(statement))


def load_minutes_left(session: Session, people: Collection[int], courses: Collection[RemindedCourse]) -> Mapping[tuple[int, str], int]:
    """Return how many minutes of what is required in a course some people have left, by person and slug, as their course page says it.

    Whoever does not take it, or completed what they took, has all of the published version before them.
    """
    by_id = {course.id: course for course in courses}
    takes = session.execute(
        select(Enrolment.id, Enrolment.person_id, Enrolment.course_id, Enrolment.course_version_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(
            Enrolment.person_id.in_(people),
            Enrolment.course_id.in_(by_id),
            Enrolment.left_at.is_(None),
            Completion.enrolment_id.is_(None),
        )
    ).all()
    published = {course.slug: course.published_version_id for course in courses if course.published_version_id is not None}
    outlines = list_outlines(session, {*published.values(), *(take.course_version_id for take in takes)})
    results = results_of_many(session, [take.id for take in takes]) if takes else {}
    waiting = list_ungraded(session, {take.id: outlines[take.course_version_id] for take in takes}, results)
    left = {(person, slug): outlines[version].time.required for person in people for slug, version in published.items()}
    for take in takes:
        time = time_left(outlines[take.course_version_id], results[take.id], waiting.get(take.id, frozenset()))
        left[take.person_id, by_id[take.course_id].slug] = time.required
    return left


def minutes_of(requirement: Requirement, person: int, left: Mapping[tuple[int, str], int]) -> int:
    """Return how many minutes a person has left of a requirement: of any one of several the shortest."""
    if isinstance(requirement, CourseRequirement):
        return left.get((person, requirement.course), 0)
    parts = [minutes_of(part, person, left) for part in requirement.parts]
    return min(parts) if isinstance(requirement, AnyRequirement) else sum(parts)


def list_mailed(session: Session, keys: Collection[str]) -> list[tuple[int, datetime]]:
    """List reminders whose mail went out since they were decided, each with its moment, some hundreds at a time."""
    statement = (
        select(Reminder.id, Notification.mailed_at)
        .join(Assignment, Assignment.id == Reminder.assignment_id)
        .join(Notification, (Notification.key == Reminder.notice_key) & (Notification.person_id == Assignment.person_id))
        .where(Reminder.notice_key.in_(keys), Reminder.reason == "", Reminder.mailed_at.is_(None), Notification.mailed_at.is_not(None))
    )
    rows = session.execute(statement.order_by(Reminder.id).limit(MOST_MAILED))
    return [(number, moment) for number, moment in rows if moment is not None]


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
    hindrance: Hindrance | None = None
    """What keeps the person from finishing by the last day."""
    owner: str = ""
    """Who is to be told then; nobody where their account is closed."""
    course: tuple[tuple[str, str], ...] = ()
    """The titles of the course where one alone is required, as `titles` are those of the obligation."""


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
        return min(
            (outcome for outcome in self.decision.outcomes if outcome.reason is None),
            key=lambda outcome: (outcome.planned.kind is not ReminderKind.STEP, outcome.planned.step),
            default=None,
        )


def decide_due(session: Session, people: Sequence[int], write: WriteNotice, *, now: datetime) -> None:
    """Decide the reminders of some people that are due, and plan the next ones; a second time nothing is due any more."""
    rows = lock_due(session, people, now)
    obligations = load_obligations(session, {row.obligation_id for row in rows}, site_day(now))
    places = load_places(session, people)
    bases = load_bases(session, rows, obligations)
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
    lines = _items_of(session, due, now=now)
    notes = {due_one.row.person_id: (due_one.day, due_one.row.person_id) for due_one in due}
    notified = notify_people(session, {(day, person): lines[person] for day, person in notes.values()}, write, now=now)
    for due_one in due:
        _key, reason = notified[due_one.row.person_id]
        if reason is not None:
            due_one.reasons[due_one.row.id] = reason
    return {due_one.row.id: notified[due_one.row.person_id][0] for due_one in due}


def _items_of(session: Session, due: Sequence[_Due], *, now: datetime) -> Mapping[int, tuple[ReminderItem, ...]]:
    courses = {course.id: course for due_one in due for course in due_one.obligation.courses.values()}
    left = load_minutes_left(session, {due_one.row.person_id for due_one in due}, list(courses.values())) if courses else {}
    people = defaultdict[int, list[int]](list)
    for due_one in due:
        people[due_one.obligation.id].append(due_one.row.person_id)
    hindrances = {number: find_hindrances(session, number, theirs, now=now) for number, theirs in people.items()}
    items = defaultdict[int, list[ReminderItem]](list)
    for due_one in due:
        assert due_one.line is not None  # the caller left the others out
        person = due_one.row.person_id
        minutes = minutes_of(due_one.obligation.requirement, person, left)
        hindrance = hindrances[due_one.obligation.id].get(person)
        items[person].append(item_of(due_one.obligation, due_one.row, due_one.line.planned, minutes, hindrance))
    return {person: tuple(sorted(lines, key=lambda line: (line.last_on or date.max, line.titles))) for person, lines in items.items()}


def item_of(
    obligation: RemindedObligation,
    row: Assignment,
    planned: PlannedReminder,
    minutes: int,
    hindrance: Hindrance | None,
    text: str = "",
) -> ReminderItem:
    """Return the line of one obligation: course where it requires one alone, last day, minutes left, what hinders, where to go on."""
    course = obligation.only_course
    return ReminderItem(
        planned.kind,
        TrainingState(row.state),
        tuple(sorted(obligation.title.items())),
        course=() if course is None else tuple(sorted(course.title.items())),
        last_on=planned.last_on,
        minutes=minutes,
        path=OWN_TRAINING if course is None else f"/courses/{course.slug}",
        words=text,
        hindrance=hindrance,
        owner=obligation.owner if hindrance else "",
    )


NotifiedPerson = tuple[str, SuppressionReason | None]
"""The key of a person's notice, '' where there is none, and why no mail goes out where none does."""


def notify_people(
    session: Session, notes: Mapping[tuple[date, int], tuple[ReminderItem, ...]], write: WriteNotice, *, now: datetime
) -> Mapping[int, NotifiedPerson]:
    """Give people the notice of their day; those with the same lines share one message. `notes` are lines by day and person."""
    people = {person for _day, person in notes}
    unconfirmed = list_unconfirmed(session, people)
    choices = notices.notification_choices_for(session, TRAINING_NOTICE, sorted(people))
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
        return "", SuppressionReason.NO_ADDRESS
    known = key if choice.in_bell or choice.mail is not MailTime.NEVER else ""
    if person in unconfirmed:
        return known, SuppressionReason.NO_ADDRESS
    return known, SuppressionReason.SWITCHED_OFF if choice.mail is MailTime.NEVER else None


def _message(day: date, lines: Sequence[ReminderItem], write: WriteNotice, now: datetime) -> Message:
    subject, texts = dict[str, str](), dict[str, str]()
    for code in LANGUAGES:
        with reading(code):
            subject[code], texts[code] = write(lines)
    path = lines[0].path if len(lines) == 1 else OWN_TRAINING
    return Message(TRAINING_NOTICE, notice_key(day), subject, texts, path, mail_until=now + TOO_LATE)


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


PAUSE = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """The people of a reminder: an obligation, a place with everything below it, a state; None: every one with something left to do."""

    obligation: Obligation
    place: Organisation
    state: TrainingState | None
    context: PlaceReportContext

    @property
    def is_everybody(self) -> bool:
        """Return whether the place is the whole institution of the obligation."""
        return self.place.id == self.obligation.institution_id


def get_filter(session: Session, actor: Actor, obligation: UUID | None, unit: UUID | None, state: str) -> ReminderFilter:
    """Return a filter of people; raise NotFound where a part of it names nothing that is in force."""
    row = session.scalar(select(Obligation).where(Obligation.uuid == obligation, Obligation.state != "draft"))
    if row is None or (state and state not in {needed.value for needed in NEEDED}):
        raise NotFound
    chosen = require_found(session.get(Organisation, row.institution_id) if unit is None else tree.get_organisation(session, actor, unit))
    context = PlaceReportContext(chosen.id, get_training_scope(session, actor))
    return ReminderFilter(row, chosen, TrainingState(state) if state else None, context)


def _people(obligation: int, unit_id: int | None, state: str, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the assignments of a filter; who is in no place counts for the whole institution alone."""
    present = state_at(now)
    conditions: list[ColumnElement[bool]] = [
        Assignment.obligation_id == obligation,
        present == state if state else present.in_(sorted(needed.value for needed in NEEDED)),
    ]
    if unit_id is not None:
        there = tree.below(select(Organisation.id).where(Organisation.id == unit_id))
        conditions.append(exists().where(Membership.person_id == Assignment.person_id, tree.MAIN, Membership.organisation_id.in_(there)))
    return conditions


def _is_recent(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a reminder of it went to somebody less than two days ago."""
    return exists().where(Reminder.assignment_id == Assignment.id, Reminder.reason == "", Reminder.at > now - PAUSE)


def _is_capped(key: str) -> ColumnElement[bool]:
    """Return the condition that somebody has had their message of the day, by mail or on the site alone."""
    return exists().where(Notification.person_id == Assignment.person_id, Notification.key == key)


def _is_answered(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a reminder that was asked for was decided for somebody already, on any of these days."""
    mine = (Reminder.assignment_id == Assignment.id, Reminder.kind == ReminderKind.ASKED.value)
    return exists().where(*mine, Reminder.at > now - PAUSE)


def _is_waiting(session: Session, obligation: Obligation, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a reminder that was asked for and waits to go out will come to somebody."""
    waiting = select(ReminderRequest).where(ReminderRequest.obligation_id == obligation.id, ReminderRequest.done_at.is_(None))
    parents = {unit.id: unit.parent_id for unit in tree.list_tree(session)}
    conditions: list[ColumnElement[bool]] = []
    for row in session.scalars(waiting.order_by(ReminderRequest.id).limit(MOST_WAITING)):
        ahead = [*_people(obligation.id, None, row.state, now), Assignment.id > row.reached]
        if row.place_id not in (None, obligation.institution_id):
            there = [unit for unit in parents if row.place_id in lineage(parents, unit)]
            ahead.append(exists().where(Membership.person_id == Assignment.person_id, tree.MAIN, Membership.organisation_id.in_(there)))
        conditions.append(and_(*ahead))
    return or_(false(), *conditions)


def _preference(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that somebody has such a preference for notifications about compulsory training."""
    row = NotificationPreference
    return exists().where(row.person_id == Assignment.person_id, row.kind == TRAINING_NOTICE.value, *conditions)


def _stopped_mails() -> ColumnElement[bool]:
    """Return the condition that somebody turned the mails off."""
    return _preference(NotificationPreference.mail == MailTime.NEVER.value)


@dataclass(slots=True)
class ReminderCounts:
    """The numbers that are seen before a reminder goes out: who gets it, who is left out and why. Each person counts once."""

    reached: int = 0
    unconfirmed: int = 0
    """Of those who get it, the number without a confirmed address: it stands on the site, and no mail goes out."""
    stopped: int = 0
    """Of those who get it, the number who turned the mails off: it stands on the site."""
    recent: int = 0
    waiting: int = 0
    """The number to whom another one will go that waits."""
    capped: int = 0
    """The number whose mail of the day went out before."""
    not_mailed: int = 0
    """The number without a confirmed address whose message of the day stands on the site."""
    unreachable: int = 0
    """The number who turned off the mails and the bell."""

    @property
    def left_out(self) -> int:
        """Return how many get none."""
        return self.recent + self.waiting + self.capped + self.not_mailed + self.unreachable


def count_people(session: Session, chosen: ReminderFilter, key: str, *, now: datetime) -> ReminderCounts:
    """Count the people of a filter in one statement: left out is who had a reminder within two days, will have one, or had any today."""
    unit_id = None if chosen.is_everybody else chosen.place.id
    columns = {
        "recent": or_(_is_recent(now), _is_answered(now)),
        "waiting": _is_waiting(session, chosen.obligation, now),
        "capped": _is_capped(key),
        "has_address": exists().where(Person.id == Assignment.person_id, Person.email_confirmed_at.is_not(None)),
        "stopped": _stopped_mails(),
        "unreachable": _preference(NotificationPreference.mail == MailTime.NEVER.value, ~NotificationPreference.in_bell),
    }
    people = _people(chosen.obligation.id, unit_id, chosen.state.value if chosen.state else "", now)
    is_open = exists().where(Person.id == Assignment.person_id, Person.suspended_at.is_(None))  # whose account is suspended gets nothing
    rows = select(*(condition.label(name) for name, condition in columns.items())).where(*people, is_open).subquery()
    grouped: Select[Any] = select(*rows.c, func.count().label("people")).group_by(*rows.c)
    counts = ReminderCounts()
    for group in session.execute(grouped):
        number = group.people
        if group.recent:
            counts.recent += number
        elif group.waiting:
            counts.waiting += number
        elif group.capped and group.has_address:
            counts.capped += number
        elif group.capped:
            counts.not_mailed += number
        elif group.unreachable:
            counts.unreachable += number
        else:
            counts.reached += number
            counts.stopped += number if group.stopped else 0
            counts.unconfirmed += number if not group.has_address and not group.stopped else 0
    return counts


def list_stopped_people(session: Session, chosen: ReminderFilter, limit: int, *, now: datetime) -> Sequence[Person]:
    """List some of the people of a filter who turned the mails off, by name."""
    unit_id = None if chosen.is_everybody else chosen.place.id
    people = _people(chosen.obligation.id, unit_id, chosen.state.value if chosen.state else "", now)
    statement = (
        select(Person).join(Assignment, Assignment.person_id == Person.id).where(*people, Person.suspended_at.is_(None), _stopped_mails())
    )
    return session.scalars(statement.order_by(*by_name(), Person.id).limit(limit)).all()


def list_next(session: Session, row: ReminderRequest, keys: Sequence[str], limit: int, *, now: datetime) -> list[Assignment]:
    """Return the next assignments that a request has not come to, locked; `keys` are those of the notices of today."""
    obligation = session.get_one(Obligation, row.obligation_id)
    unit_id = None if row.place_id in (None, obligation.institution_id) else row.place_id
    statement = select(Assignment).where(
        *_people(row.obligation_id, unit_id, row.state, now),
        Assignment.id > row.reached,
        ~_is_recent(now),
        ~_is_answered(now),
        *(~_is_capped(key) for key in keys),
    )
    return list(session.scalars(statement.order_by(Assignment.id).limit(limit).with_for_update(of=Assignment)))


def lock_request(session: Session, number: int) -> ReminderRequest:
    """Return a request, locked."""
    return session.get_one(ReminderRequest, number, with_for_update=True)


def find_request(session: Session, number: UUID) -> ReminderRequest | None:
    """Return the request of a form that was sent before."""
    return session.scalar(select(ReminderRequest).where(ReminderRequest.uuid == number))


def list_requests(session: Session, chosen: ReminderFilter, limit: int = 5) -> list[tuple[ReminderRequest, str]]:
    """List the last reminders that were asked for at a place for an obligation, the newest first, each with the name of who asked."""
    statement = (
        select(ReminderRequest, Person)
        .outerjoin(Person, Person.id == ReminderRequest.asked_by)
        .where(ReminderRequest.obligation_id == chosen.obligation.id, ReminderRequest.place_id == chosen.place.id)
        .order_by(ReminderRequest.id.desc())
        .limit(limit)
    )
    return [(row.ReminderRequest, row.Person.full_name if row.Person else "") for row in session.execute(statement)]


def moment_of(session: Session, chosen: ReminderFilter, now: datetime) -> tuple[datetime, ZoneInfo]:
    """Return when a reminder that is asked for now goes out, in office hours of its place, with its time zone."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    zone = ZoneInfo(zone_of(places, chosen.place.id))
    working = working_in(load_free_days(session), province_of(places, chosen.place.id))
    return sending_moment(now, zone, working), zone


class NobodyToRemind(Conflict):
    """Nobody of a filter may be reminded now."""

    message = N_("There is no one to remind now.")


def request_reminder(session: Session, actor: Actor, chosen: ReminderFilter, text: str, *, number: UUID, now: datetime) -> ReminderRequest:
    """Let a reminder with the sender's words go out in the background, in office hours.

    A second time with one number, that of its form, changes nothing.

    Raise NobodyToRemind where everybody of the filter has had one lately, or will have one that waits.
    """
    session.get_one(Obligation, chosen.obligation.id, with_for_update=True)  # two presses at once count one after the other
    present = find_request(session, number)
    if present is not None:
        return present
    at, zone = moment_of(session, chosen, now)
    counts = count_people(session, chosen, notice_key(at.astimezone(zone).date()), now=now)
    if not counts.reached:
        raise NobodyToRemind
    row = ReminderRequest(
        uuid=number,
        obligation_id=chosen.obligation.id,
        place_id=chosen.place.id,
        state=chosen.state.value if chosen.state else "",
        words=text,
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
    row = lock_request(session, number)
    if row.done_at is not None:
        return True
    obligation = load_obligations(session, [row.obligation_id], site_day(now))[row.obligation_id]
    everywhere = load_places(session, ())
    today = now.astimezone(everywhere.zone(0, obligation.institution_id)).date()
    rows = list_next(session, row, [notice_key(today)], PORTION, now=now)
    if not rows:
        row.done_at = now
        return True
    _remind(session, row, rows, write, now=now)
    row.reached = rows[-1].id
    return False


def _remind(session: Session, request: ReminderRequest, rows: Sequence[Assignment], write: WriteNotice, *, now: datetime) -> None:
    obligation = load_obligations(session, [request.obligation_id], site_day(now))[request.obligation_id]
    people = [row.person_id for row in rows]
    places, left = load_places(session, people), load_minutes_left(session, people, list(obligation.courses.values()))
    days = {row.id: now.astimezone(places.zone(row.person_id, obligation.institution_id)).date() for row in rows}
    hindrances = find_hindrances(session, obligation.id, people, now=now)
    notes = {}
    for row in rows:
        planned = PlannedReminder(ReminderKind.ASKED, 0, days[row.id], row.last_on)
        minutes = minutes_of(obligation.requirement, row.person_id, left)
        line = item_of(obligation, row, planned, minutes, hindrances.get(row.person_id), request.words)
        notes[days[row.id], row.person_id] = (line,)
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
            "reason": reason.value if (reason := notified[row.person_id][1]) else "",
            "notice_key": notified[row.person_id][0],
            "request_id": request.id,
        }
        for row in rows
    ]
    session.execute(insert(Reminder), values)
    sent = sum(bool(value["notice_key"]) for value in values)
    request.sent += sent
    request.left_out += len(values) - sent
