"""Reading what decides on reminders: who is due, their status, place and working days, what was decided before (spec/compulsory 10)."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion, Reminder
from compliance.queries.free_days import FreeDayCalendar, load_free_days, province_of
from compliance.rules.documents import read_terms
from compliance.rules.reminder_plans import LATE_STATES, PlannedReminder, ReminderBasis, ReminderOutcome
from compliance.rules.reminders import ReminderKind, SuppressionReason
from compliance.rules.states import StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import AnyRequirement, CourseRequirement, Requirement, courses_of
from compliance.rules.working_days import WorkingDays
from courses.models import Activity, Course
from enrolments.models import ActivityResult, Completion, Enrolment
from organisations import tree
from organisations.models import Membership
from organisations.rules.units import UnitSummary, zone_of

MOST_MAILED = 1_000


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


@dataclass(frozen=True, slots=True)
class RemindedCourse:
    """A course that an obligation requires, as a reminder names it."""

    id: int
    slug: str
    title: Mapping[str, str]
    version_id: int | None


@dataclass(frozen=True, slots=True)
class RemindedObligation:
    """An obligation as reminders speak of it: title, requirement, courses by slug, steps, where its days are kept."""

    id: int
    institution_id: int
    title: Mapping[str, str]
    requirement: Requirement
    courses: Mapping[str, RemindedCourse]
    steps: tuple[int, ...]

    @property
    def only_course(self) -> RemindedCourse | None:
        """Return the course that it requires where this is one alone."""
        return self.courses.get(self.requirement.course) if isinstance(self.requirement, CourseRequirement) else None


def load_obligations(session: Session, numbers: Collection[int], today: date) -> Mapping[int, RemindedObligation]:
    """Return some obligations by their newest version in force on a day, in two statements."""
    statement = (
        select(Obligation.id, Obligation.institution_id, ObligationVersion)
        .join(ObligationVersion, ObligationVersion.obligation_id == Obligation.id)
        .where(Obligation.id.in_(numbers))
        .order_by(Obligation.id, ObligationVersion.number)
    )
    newest: dict[int, tuple[int, ObligationVersion]] = {}
    for number, institution, version in session.execute(statement):
        if number not in newest or version.effective_on <= today:
            newest[number] = (institution, version)
    terms = {
        number: read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
        for number, (_place, version) in newest.items()
    }
    slugs = {slug for each in terms.values() for slug in courses_of(each.requirement)}
    rows = session.execute(select(Course.id, Course.slug, Course.title, Course.published_version_id).where(Course.slug.in_(slugs)))
    courses = {row.slug: RemindedCourse(row.id, row.slug, row.title, row.published_version_id) for row in rows}
    return {
        number: RemindedObligation(
            number,
            institution,
            version.title,
            terms[number].requirement,
            {slug: courses[slug] for slug in courses_of(terms[number].requirement) if slug in courses},
            tuple(sorted((int(step) for step in version.steps), reverse=True)),
        )
        for number, (institution, version) in newest.items()
    }


@dataclass(frozen=True, slots=True)
class ReminderPlaces:
    """Where people are: time zone and working days of each main unit, those of the institution for whoever has none."""

    places: Mapping[int, UnitSummary]
    calendar: FreeDayCalendar
    mains: Mapping[int, int]

    def zone(self, person: int, institution: int) -> ZoneInfo:
        """Return the time zone by which a person is reminded."""
        return ZoneInfo(zone_of(self.places, self.mains.get(person, institution)))

    def working(self, person: int) -> WorkingDays:
        """Return the working days of a person's place."""
        return self.calendar.working_in(province_of(self.places, self.mains.get(person)))


def load_places(session: Session, people: Collection[int]) -> ReminderPlaces:
    """Return where some people are, in three statements."""
    mains = select(Membership.person_id, Membership.organisation_id).where(tree.MAIN, Membership.person_id.in_(people))
    places = {unit.id: unit for unit in tree.list_tree(session)}
    return ReminderPlaces(places, load_free_days(session), dict(session.execute(mains).all()))


def load_outcomes(session: Session, rows: Sequence[Assignment]) -> Mapping[int, Sequence[ReminderOutcome]]:
    """Return what was decided in the present cycle of some assignments, in one statement."""
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


def status_of_row(row: Assignment) -> TrainingStatus:
    """Return the stored status of an assignment as the pure rules read it."""
    flags = tuple(StateFlag(flag) for flag in row.flags.split())
    return TrainingStatus(
        TrainingState(row.state),
        flags,
        row.last_on,
        ZoneInfo(row.zone),
        row.achieved_at,
        row.valid_until,
        row.cycle,
        row.opened_on,
    )


def load_bases(session: Session, rows: Sequence[Assignment], obligations: Mapping[int, RemindedObligation]) -> Mapping[int, ReminderBasis]:
    """Return what the reminders of some assignments follow from, in two statements."""
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
    """Return how many minutes of a course some people have left, by person and slug, in three statements.

    Whoever does not take it, or completed what they took, has all of the published version before them.
    """
    by_id = {course.id: course for course in courses}
    takes = session.execute(
        select(Enrolment.id, Enrolment.person_id, Enrolment.course_id, Enrolment.course_version_id, Completion.enrolment_id.label("done"))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id.in_(people), Enrolment.course_id.in_(by_id), Enrolment.left_at.is_(None))
    ).all()
    open_takes = [take for take in takes if take.done is None]
    versions = {course.version_id for course in courses} | {take.course_version_id for take in open_takes}
    totals = dict(
        session.execute(
            select(Activity.version_id, func.sum(Activity.minutes))
            .where(Activity.version_id.in_(versions), Activity.required)
            .group_by(Activity.version_id)
        ).all()
    )
    done = dict(
        session.execute(
            select(ActivityResult.enrolment_id, func.sum(Activity.minutes))
            .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
            .join(Activity, (Activity.version_id == Enrolment.course_version_id) & (Activity.key == ActivityResult.activity_key))
            .where(
                ActivityResult.enrolment_id.in_([take.id for take in open_takes]),
                ActivityResult.completed_at.is_not(None),
                Activity.required,
            )
            .group_by(ActivityResult.enrolment_id)
        ).all()
    )
    left = {(person, course.slug): int(totals.get(course.version_id or 0, 0)) for person in people for course in courses}
    for take in open_takes:
        left[take.person_id, by_id[take.course_id].slug] = max(0, int(totals.get(take.course_version_id, 0)) - int(done.get(take.id, 0)))
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
