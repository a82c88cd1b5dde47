"""Enrolment of people in what their obligations ask, its obstacles, and courses to be taken again (spec/compulsory 4.9, 6.2, 11.7)."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, RowMapping, Select, and_, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from compliance.access import RenewalContext
from compliance.agreements import list_missing
from compliance.assignments import recompute, state_at
from compliance.models import Assignment, CycleEnrolment, Obligation, ObligationVersion
from compliance.records import ObligationRules, get_rules, load_records
from compliance.rules.documents import read_requirement, read_terms
from compliance.rules.pace import CourseTake, Hindrance, find_hindrance, hindrance_under
from compliance.rules.record import first_instant
from compliance.rules.states import NEEDED, TrainingState, courses_to_take, renewable_courses, status_of, training_case
from compliance.rules.terms import DAY, DeadlineAnchor, ObligationTerms, RelativeDeadline, certain_courses, courses_of, first_full_deadline
from courses import versions
from courses.models import Course
from courses.rules import Outline
from enrolments.awards import find_own_renewal
from enrolments.editions import EditionRow, list_course_editions
from enrolments.enrolment import enrol_required
from enrolments.learners import get_learner_context
from enrolments.models import ActivityResult, Completion, EditionPlace, Enrolment
from enrolments.takes import EnrolmentObstacle, LeavingObstacle, RenewalWindow, RequiredCourse, find_obstacle
from kernel import clock
from kernel.db import count_rows
from kernel.durations import add_duration
from kernel.i18n import site_day, site_locale
from kernel.permissions import Actor
from organisations.models import AudienceStayRecord


def get_renewal(session: Session, actor: Actor, slug: str) -> RenewalContext:
    """Return the actor before a course that they may have completed; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    statement = (
        select(Enrolment, Completion.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == context.course_id, Enrolment.person_id == actor.person_id, Enrolment.superseded_at.is_(None))
    )
    row = session.execute(statement).one_or_none()
    if row is None or actor.person_id is None:
        return RenewalContext(context.course_id, slug, None, None, is_under_way=False)
    present, completion = row
    window = None if completion is None else _window(session, actor.person_id, context.course_id, slug, now=clock.now())
    return RenewalContext(context.course_id, slug, present, window, is_under_way=completion is None and present.take > 1)


def _window(session: Session, person_id: int, course_id: int, slug: str, *, now: datetime) -> RenewalWindow | None:
    """Return the open window of an obligation, else that of the certificate where no obligation rules (spec/certificates E3)."""
    obligated = find_window(session, person_id, slug, now=now)
    own = find_own_renewal(session, person_id, course_id) if obligated is None else None
    return own.window if own is not None and own.is_open(now) else obligated


def list_ruled_courses(session: Session, person_id: int) -> Collection[int]:
    """Return the courses that obligations in force ask of a person, done or not: there their windows rule, not those of certificates."""
    texts = session.scalars(_RULING, {"person": person_id})
    slugs = {slug for text in texts for slug in courses_of(read_requirement(json.loads(text)))}
    return set(session.scalars(select(Course.id).where(Course.slug.in_(slugs)))) if slugs else ()


_RULING = (
    select(ObligationVersion.terms)
    .join(Obligation, (Obligation.id == ObligationVersion.obligation_id) & (ObligationVersion.number == Obligation.latest))
    .join(Assignment, Assignment.obligation_id == Obligation.id)
    .where(Assignment.person_id == bindparam("person"), Assignment.state != TrainingState.NOT_REQUIRED.value, Obligation.state != "draft")
)


def find_window(session: Session, person_id: int, slug: str, *, now: datetime) -> RenewalWindow | None:
    """Return since when a person may take a course again because an obligation asks for it; None where none does now."""
    statement = select(Obligation).join(Assignment, Assignment.obligation_id == Obligation.id)
    mine = statement.where(Assignment.person_id == person_id, Obligation.state != "draft").order_by(Obligation.id)
    opened = [_opened_at(session, get_rules(session, row), person_id, slug, now=now) for row in session.scalars(mine)]
    return RenewalWindow(min(moments)) if (moments := [moment for moment in opened if moment is not None]) else None


def _opened_at(session: Session, rules: ObligationRules, person_id: int, slug: str, *, now: datetime) -> datetime | None:
    if slug not in rules.courses.values():
        return None
    case = training_case(rules.terms, load_records(session, rules, [person_id])[person_id], now)
    if slug not in renewable_courses(case, now):
        return None
    status = status_of(case, now)
    return now if status.opened_on is None else min(now, first_instant(status.opened_on, status.zone))


@dataclass(frozen=True, slots=True)
class OrderedCourse:
    """A course that an obligation asks for: how it has to be taken, and what keeps everybody out of it now."""

    required: RequiredCourse
    slug: str
    obstacle: EnrolmentObstacle | None


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The courses that the version of an obligation in force asks for, and those of them in which it enrols people."""

    courses: Sequence[OrderedCourse] = ()
    enrolled: Sequence[OrderedCourse] = ()
    """None where it only offers them; none of those among which people choose."""


def get_order(session: Session, rules: ObligationRules, *, now: datetime) -> TrainingOrder:
    """Return which courses an obligation asks for now."""
    version = find_version_in_force(session, rules.obligation_id, now=now)
    if version is None:
        return TrainingOrder()
    terms, is_automatic = rules.terms[version.number - 1], version.enrolment == "automatic"
    course_slugs, certain = set(courses_of(terms.requirement)), set(certain_courses(terms.requirement)) if is_automatic else set()
    missing = {course.id for course, _agreement in list_missing(session, rules.obligation_id, course_slugs, now=now)}
    courses = []
    for number, slug in sorted(rules.courses.items()):
        if slug in course_slugs:
            edition, lowest = version.edition_id if slug in certain else None, terms.lowest_versions.get(slug, 0)
            required = RequiredCourse(number, edition, lowest, is_agreed=number not in missing)
            courses.append(OrderedCourse(required, slug, find_obstacle(session, required, now=now)))
    return TrainingOrder(courses, [course for course in courses if course.slug in certain])


def find_version_in_force(session: Session, obligation_id: int, *, now: datetime) -> ObligationVersion | None:
    """Return the version of an obligation that is in force: of those whose day has come, the one recorded last."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == obligation_id)
    return session.scalar(
        statement.where(ObligationVersion.effective_on <= site_day(now)).order_by(ObligationVersion.number.desc()).limit(1)
    )


def list_to_enrol(session: Session, obligation: Obligation, order: TrainingOrder, after: int, limit: int, *, now: datetime) -> list[int]:
    """Return a portion of the people who have something to take and of whom it is not settled in which take, by their number.

    It is settled where a course has its take, or an obstacle that still holds for everybody, and nothing has changed since.
    """
    if not order.enrolled:
        return []
    state = state_at(now)
    open_courses = or_(*(~_is_settled(course) for course in order.enrolled))
    statement = select(Assignment.person_id).where(
        Assignment.obligation_id == obligation.id,
        Assignment.person_id > after,
        state.in_([needed.value for needed in NEEDED]),
        open_courses,
    )
    return list(session.scalars(statement.order_by(Assignment.person_id).limit(limit)))


def _is_settled(course: OrderedCourse) -> ColumnElement[bool]:
    obstacle = CycleEnrolment.obstacle
    stands = obstacle.is_(None) if course.obstacle is None else or_(obstacle.is_(None), obstacle == course.obstacle.value)
    same = (CycleEnrolment.assignment_id == Assignment.id, CycleEnrolment.cycle == Assignment.cycle)
    of_course = CycleEnrolment.course_id == course.required.course_id
    return exists().where(*same, of_course, CycleEnrolment.checked_at >= Assignment.computed_at, stands)


def list_taken_out(session: Session, assignments: Sequence[int], course_id: int) -> set[tuple[int, int]]:
    """Return of which assignments, in which cycle, staff took the person out of a course: it is theirs to let them in again."""
    statement = (
        select(CycleEnrolment.assignment_id, CycleEnrolment.cycle)
        .join(Enrolment, Enrolment.id == CycleEnrolment.enrolment_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(CycleEnrolment.assignment_id.in_(assignments), CycleEnrolment.course_id == course_id)
        .where(Enrolment.left_at.is_not(None), Enrolment.superseded_at.is_(None), Completion.id.is_(None))
    )
    return {(assignment, cycle) for assignment, cycle in session.execute(statement)}


def list_obstacles(session: Session, obligation: Obligation, *, now: datetime) -> list[tuple[Course, EnrolmentObstacle, int]]:
    """List what keeps how many people from the courses of an obligation, by course, five rows of each at most.

    A course that nobody can take is listed with all who have something to take, also where they enrol themselves.
    """
    ordered = get_order(session, get_rules(session, obligation), now=now).courses
    obstacles = _count_obstacles(session, obligation, now=now)
    barred = {(course.required.course_id, course.obstacle.value) for course in ordered if course.obstacle is not None}
    if barred - set(obstacles):
        waiting = count_rows(session, Assignment, _is_waiting(obligation, now))
        obstacles |= dict.fromkeys(barred - set(obstacles), waiting)
    rows = session.scalars(select(Course).where(Course.id.in_([course.required.course_id for course in ordered])))
    courses = {row.id: row for row in rows}
    return [
        (courses[course_id], EnrolmentObstacle(obstacle), people)
        for (course_id, obstacle), people in sorted(obstacles.items())
        if course_id in courses
    ]


@dataclass(frozen=True, slots=True)
class CourseEntry:
    """The way into a course for people who do not take it: its published version and its editions, closed ones too."""

    outline: Outline
    enrolment: str
    editions: Mapping[int, EditionRow]

    def takes(self, edition_id: int | None, now: datetime, *, is_enrolled: bool) -> list[CourseTake]:
        """Return in which ways somebody could take it; `is_enrolled`: an obligation enrols them, in the edition if it is one of the course.

        Who enrols by themselves chooses among the editions that take people, where there are any.
        """
        rows = [row for row in self.editions.values() if row.edition.closed_at is None]
        if is_enrolled:
            chosen = [row for row in rows if row.edition.id == edition_id and not row.is_full]
            return [_take_in(self.outline, row, None) for row in chosen] if edition_id in self.editions else [CourseTake(self.outline)]
        if self.enrolment != "open" or not any(row.edition.self_enrolment for row in rows):
            return [CourseTake(self.outline)]
        joinable = [row for row in rows if (row.edition.self_enrolment or row.edition.code) and not row.is_full]
        joinable = [row for row in joinable if row.edition.enrols_until is None or now < row.edition.enrols_until]
        return [_take_in(self.outline, row, row.edition.enrols_from) for row in joinable]

    def closing_keys(self) -> list[str]:
        """Return the required activities, by their keys, that close on a day or with an edition."""
        ends = any(row.edition.ends_at is not None for row in self.editions.values())
        marked = [activity for activity in self.outline.activities() if activity.required and activity.gives_marks]
        return [activity.key for activity in marked if ends or activity.closes_at is not None]


def _take_in(outline: Outline, row: EditionRow, enrols_from: datetime | None) -> CourseTake:
    starts = max((moment for moment in (enrols_from, row.edition.starts_at) if moment is not None), default=None)
    return CourseTake(outline, (), starts, row.edition.ends_at)


def load_entries(session: Session, slugs: Collection[str]) -> dict[str, CourseEntry]:
    """Return the way into some courses that take people, by address, in one statement; in none where no course is named."""
    rows = list_course_editions(session, slugs) if slugs else []
    outlines, editions = (
        versions.list_outlines(session, {version for _slug, version, *_rest in rows}),
        defaultdict[str, dict[int, EditionRow]](dict),
    )
    for slug, _version, _way, row in rows:
        editions[slug] |= {} if row is None else {row.edition.id: row}
    return {slug: CourseEntry(outlines[version], way, editions[slug]) for slug, version, way, _row in rows}


@dataclass(frozen=True, slots=True)
class HinderedPeople:
    """People who cannot finish a course by their last day, or have to finish before: what keeps them, how many, the first of their days."""

    title: Mapping[str, str]
    hindrance: Hindrance
    people: int
    last_on: date

    def with_others(self, row: "HinderedPeople | None") -> "HinderedPeople":
        """Return all of two rows about the same: what keeps those with the first last day, and how many they are together."""
        first = self if row is None or self.last_on < row.last_on else row
        return replace(first, people=self.people + (row.people if row is not None else 0))


def list_hindered(session: Session, obligation: Obligation, *, now: datetime) -> list[HinderedPeople]:
    """List who cannot finish in time under an obligation in force, or could not under a draft, by course, in four statements."""
    if obligation.state == "active":
        version = find_version_in_force(session, obligation.id, now=now)
    else:
        version = session.scalar(select(ObligationVersion).where(ObligationVersion.obligation_id == obligation.id))
    if version is None or obligation.state == "ended":
        return []
    terms = read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
    return list_hindered_by(session, obligation, terms, version.edition_id, is_automatic=version.enrolment == "automatic", now=now)


def find_hindrances(session: Session, obligation_id: int, people: Collection[int], *, now: datetime) -> dict[int, Hindrance]:
    """Find the hindrances that keep some people from finishing in time under an obligation in force, by person; four statements."""
    obligation, version = session.get_one(Obligation, obligation_id), find_version_in_force(session, obligation_id, now=now)
    if version is None or obligation.state != "active":
        return {}
    terms = read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
    due, entries = _select_people(obligation, terms, now, is_planned=False), load_entries(session, set(courses_of(terms.requirement)))
    if due is None or not entries:
        return {}
    standing = _select_standing(due.where(Assignment.person_id.in_(people)), entries)
    rows = session.execute(standing).mappings().all()
    judge = _judge_of(session, rows, entries, terms, version.edition_id, is_automatic=version.enrolment == "automatic", now=now)
    hindrances = {row["person_id"]: hindrance_under(terms.requirement, partial(judge.find, row)) for row in rows}
    return {person: hindrance for person, hindrance in hindrances.items() if hindrance is not None}


def list_hindered_by(
    session: Session,
    obligation: Obligation,
    terms: ObligationTerms,
    edition_id: int | None,
    *,
    is_automatic: bool,
    is_planned: bool = False,
    now: datetime,
) -> list[HinderedPeople]:
    """List who cannot finish in time under these terms of an obligation; `is_planned`: they are not in force yet.

    Of a draft the people of its audience are counted. What closes later for one person alone is not looked at (spec/compulsory 11.7).
    """
    people = _select_people(obligation, terms, now, is_planned=is_planned)
    entries = load_entries(session, set(courses_of(terms.requirement)))
    if people is None or not entries:
        return []
    standing = _select_standing(people, entries).subquery()
    alike = [column for column in standing.c if column.name != "person_id"]
    groups = session.execute(select(*alike, func.count().label("people")).group_by(*alike)).mappings().all()
    judge = _judge_of(session, groups, entries, terms, edition_id, is_automatic=is_automatic, now=now)
    hindered: dict[tuple[str, bool, bool], HinderedPeople] = {}
    for group in groups:
        hindrance = hindrance_under(terms.requirement, partial(judge.find, group))
        if hindrance is not None:
            key = (hindrance.course, hindrance.is_taken and hindrance.ends is None, hindrance.ends is None)  # as the words part them
            row = HinderedPeople(entries[hindrance.course].outline.title, hindrance, group["people"], group["last_on"])
            hindered[key] = row.with_others(hindered.get(key))
    return [hindered[key] for key in sorted(hindered)]


def _judge_of(
    session: Session,
    groups: Sequence[RowMapping],
    entries: Mapping[str, CourseEntry],
    terms: ObligationTerms,
    edition_id: int | None,
    *,
    is_automatic: bool,
    now: datetime,
) -> "_GroupJudge":
    """Return who judges how these people stand, with the versions that they follow."""
    followed = {group[f"version_{number}"] for group in groups for number in range(len(entries))}
    outlines = versions.list_outlines(session, {version_id for version_id in followed if version_id is not None})
    certain = set(certain_courses(terms.requirement)) if is_automatic else set()
    return _GroupJudge(entries, outlines, certain, edition_id, now=now)


@dataclass(frozen=True, slots=True)
class _GroupJudge:
    """The courses of an obligation, the outlines that people follow, and those in which it enrols them, in which edition."""

    entries: Mapping[str, CourseEntry]
    outlines: Mapping[int, Outline]
    certain: Collection[str]
    edition_id: int | None
    now: datetime

    def find(self, group: RowMapping, slug: str) -> Hindrance | None:
        """Find the hindrance that keeps people who stand alike from finishing a course by their last day."""
        number, entry = list(self.entries).index(slug) if slug in self.entries else -1, self.entries.get(slug)
        if entry is None or group[f"completed_{number}"] is not None:
            return None
        last, version_id = first_instant(group["last_on"] + DAY, ZoneInfo(group["zone"])), group[f"version_{number}"]
        if version_id is None:
            takes = entry.takes(self.edition_id, self.now, is_enrolled=slug in self.certain)
        else:
            done = {key for index, key in enumerate(entry.closing_keys()) if group[f"done_{number}_{index}"]}
            row = entry.editions.get(group[f"edition_{number}"])
            dates = (None, None) if row is None else (row.edition.starts_at, row.edition.ends_at)
            takes = [CourseTake(self.outlines[version_id], done, *dates, is_taken=True)]
        return find_hindrance(slug, takes, last, self.now)


def _select_people(
    obligation: Obligation, terms: ObligationTerms, now: datetime, *, is_planned: bool
) -> Select[int, date | None, str] | None:
    """Select the people who have a last day ahead; of a draft those of its audience, with the first one that it could give them.

    A plan with one last day for everyone gives it to all who have not done it.
    """
    today, deadline = site_day(now), terms.deadline
    starts = max(terms.starts, today)
    if obligation.state == "active":
        runs = [TrainingState.NOT_STARTED.value, TrainingState.IN_PROGRESS.value]
        if not is_planned or isinstance(deadline, RelativeDeadline):
            columns = Assignment.person_id, Assignment.last_on, Assignment.zone
            has_day = (state_at(now).in_(runs), Assignment.last_on >= today)
            return select(*columns).where(Assignment.obligation_id == obligation.id, *has_day)
        last_on = literal(max(deadline, first_full_deadline(starts, terms.notice)), Date()).label("last_on")
        undone = state_at(now).in_([*runs, TrainingState.OVERDUE.value])
        return select(Assignment.person_id, last_on, Assignment.zone).where(Assignment.obligation_id == obligation.id, undone)
    if isinstance(deadline, RelativeDeadline):
        if deadline.anchor is DeadlineAnchor.ENROL:
            return None
        deadline = add_duration(starts, deadline.duration)
    stay, zone = AudienceStayRecord, literal(site_locale().zone.key).label("zone")
    last_on = literal(max(deadline, first_full_deadline(starts, terms.notice)), Date()).label("last_on")
    present = (stay.audience_id == obligation.audience_id, stay.until_on.is_(None), stay.retracted_at.is_(None))
    return select(stay.person_id, last_on, zone).where(*present).distinct()


def _select_standing(people: Select[*tuple[Any, ...]], entries: Mapping[str, CourseEntry]) -> Select[*tuple[Any, ...]]:
    """Select how people stand: their last day and, of each course, edition, version and what they have done of what closes."""
    person = people.subquery()
    statement = select(*person.c)
    for number, entry in enumerate(entries.values()):
        take, held, completion, result = aliased(Enrolment), aliased(EditionPlace), aliased(Completion), aliased(ActivityResult)
        present = (take.person_id == person.c.person_id) & (take.course_id == entry.outline.course_id) & take.superseded_at.is_(None)
        is_done = or_(result.completed_at.is_not(None), result.exhausted) & (result.enrolment_id == take.id)
        columns = [
            case((take.left_at.is_(None), take.course_version_id)).label(f"version_{number}"),
            held.edition_id.label(f"edition_{number}"),
            case((completion.id.is_not(None), 1)).label(f"completed_{number}"),
            *(
                exists().where(is_done, result.activity_key == key).correlate(take).label(f"done_{number}_{index}")
                for index, key in enumerate(entry.closing_keys())
            ),
        ]
        statement = statement.add_columns(*columns).outerjoin(take, present)
        statement = statement.outerjoin(held, held.enrolment_id == take.id).outerjoin(completion, completion.enrolment_id == take.id)
    return statement


def _count_obstacles(session: Session, obligation: Obligation, *, now: datetime) -> dict[tuple[int, str], int]:
    """Return how many people each obstacle was found for in their present cycle, by course and obstacle."""
    key = (CycleEnrolment.course_id, CycleEnrolment.obstacle)
    statement = (
        select(*key, func.count())
        .join(Assignment, (Assignment.id == CycleEnrolment.assignment_id) & (Assignment.cycle == CycleEnrolment.cycle))
        .where(_is_waiting(obligation, now), CycleEnrolment.obstacle.is_not(None))
        .group_by(*key)
    )
    return {(course, str(obstacle)): people for course, obstacle, people in session.execute(statement)}


def _is_waiting(obligation: Obligation, now: datetime) -> ColumnElement[bool]:
    return and_(Assignment.obligation_id == obligation.id, state_at(now).in_([state.value for state in NEEDED]))


def list_keeping(session: Session, enrolment: Enrolment, now: datetime) -> list[LeavingObstacle]:
    """List the obligations in whose present cycle the learner of an enrolment takes the course and has something left to do."""
    statement = (
        select(ObligationVersion.title, Assignment.uuid)
        .join(Obligation, (Obligation.id == ObligationVersion.obligation_id) & (Obligation.latest == ObligationVersion.number))
        .join(Assignment, Assignment.obligation_id == Obligation.id)
        .join(CycleEnrolment, (CycleEnrolment.assignment_id == Assignment.id) & (CycleEnrolment.cycle == Assignment.cycle))
        .where(CycleEnrolment.enrolment_id == enrolment.id, Assignment.person_id == enrolment.person_id)
        .where(state_at(now).in_([state.value for state in NEEDED]))
        .order_by(Assignment.id)
    )
    return [LeavingObstacle(title, uuid) for title, uuid in session.execute(statement)]


PORTION = 200
"""People in one transaction."""


@dataclass(frozen=True, slots=True)
class _OpenCycle:
    """The present cycle of an assignment: since when it is open, what has still to be taken in it."""

    assignment_id: int
    number: int
    person_id: int
    opens_at: datetime
    courses: Collection[str]

    @property
    def key(self) -> tuple[int, int]:
        return self.assignment_id, self.number


def enrol_assigned(session: Session, rules: ObligationRules, order: TrainingOrder, people: Sequence[int], *, now: datetime) -> int:
    """Enrol some people under an obligation in what their present cycle asks; return of how many a take is new.

    What stands in the way is kept for the owner. A second time changes nothing: a cycle has one take of a course, until that is completed
    and does not count.
    """
    session.execute(select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)).all()
    cycles = _open_cycles(session, rules, people, now=now)
    changed: set[int] = set()
    for course in order.enrolled:
        changed |= _settle_course(session, course.required, course.slug, cycles, now=now)
    session.flush()
    if changed and _counts_from_enrolment(rules):
        recompute(session, [rules], sorted(changed), now=now)
    return len(changed)


def _open_cycles(session: Session, rules: ObligationRules, people: Sequence[int], *, now: datetime) -> list[_OpenCycle]:
    mine = (Assignment.obligation_id == rules.obligation_id, Assignment.person_id.in_(people))
    assignments = dict(session.execute(select(Assignment.person_id, Assignment.id).where(*mine)).all())
    cycles = []
    for person, record in load_records(session, rules, list(assignments)).items():
        case = training_case(rules.terms, record, now)
        status = status_of(case, now)
        opens_at = now if status.opened_on is None else min(now, first_instant(status.opened_on, status.zone))
        cycles.append(_OpenCycle(assignments[person], status.cycle, person, opens_at, courses_to_take(case, now)))
    return cycles


def _settle_course(session: Session, required: RequiredCourse, slug: str, cycles: Sequence[_OpenCycle], *, now: datetime) -> set[int]:
    """Enrol whoever has to take a course in their cycle, and keep what became of it; return of whom a take is new."""
    assignments = [cycle.assignment_id for cycle in cycles]
    mine = (CycleEnrolment.assignment_id.in_(assignments), CycleEnrolment.course_id == required.course_id)
    stored = {(row.assignment_id, row.cycle): row for row in session.scalars(select(CycleEnrolment).where(*mine))}
    taken_out = list_taken_out(session, assignments, required.course_id)
    to_enrol = {cycle.person_id: cycle.opens_at for cycle in cycles if slug in cycle.courses and cycle.key not in taken_out}
    outcomes = enrol_required(session, required, to_enrol, now=now) if to_enrol else {}
    changed = set()
    for cycle in cycles:
        row = stored.get(cycle.key) or CycleEnrolment(assignment_id=cycle.assignment_id, cycle=cycle.number, since=now)
        row.course_id, row.checked_at = required.course_id, now
        session.add(row)
        if cycle.key in taken_out:
            continue
        outcome = outcomes.get(cycle.person_id, row.enrolment_id)
        enrolment, obstacle = (outcome, None) if outcome is None or isinstance(outcome, int) else (None, outcome.value)
        if (row.enrolment_id, row.obstacle) != (enrolment, obstacle):
            row.enrolment_id, row.obstacle, row.since = enrolment, obstacle, now
            if enrolment is not None:
                changed.add(cycle.person_id)
    return changed


def _counts_from_enrolment(rules: ObligationRules) -> bool:
    deadlines = (terms.deadline for terms in rules.terms)
    return any(isinstance(deadline, RelativeDeadline) and deadline.anchor is DeadlineAnchor.ENROL for deadline in deadlines)
