"""Reading how the learners of a course get on: by module, by activity, where they wait and stop, how long they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, case, extract, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Activity, Module
from courses.rules import Outline
from enrolments.models import ActivityResult, Completion, Enrolment
from enrolments.queries.gradebook import GradebookFilter, conditions_of, idle_since, next_steps
from enrolments.rules import activities_to_do


@dataclass(frozen=True, slots=True)
class ModuleCount:
    """The numbers of learners who have begun and completed a module."""

    begun: int = 0
    completed: int = 0


def _selected_enrolments(course_id: int, filters: GradebookFilter, now: datetime) -> Subquery:
    statement = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id)
    statement = statement.outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    return statement.where(*conditions_of(course_id, filters, now)).subquery()


def count_modules(session: Session, outline: Outline, filters: GradebookFilter, *, now: datetime) -> dict[str, ModuleCount]:
    """Count who has begun and completed the modules of a version, by their keys; one statement."""
    if not outline.modules:
        return {}
    learners = _selected_enrolments(outline.course_id, filters, now)
    needed = {module.key: activities_to_do(module) for module in outline.modules}
    optional = [module.key for module in outline.modules if not module.required]
    done = func.count().filter(or_(Activity.required, Module.key.in_(optional)), ActivityResult.completed_at.is_not(None))
    each = (
        select(Module.key, done.label("done"))
        .join(Activity, Activity.module_id == Module.id)
        .join(ActivityResult, ActivityResult.activity_key == Activity.key)
        .join(learners, learners.c.id == ActivityResult.enrolment_id)
        .where(Module.version_id == outline.version_id)
        .group_by(Module.key, ActivityResult.enrolment_id)
        .subquery()
    )
    enough = each.c.done >= case(needed, value=each.c.key, else_=0)
    statement = select(each.c.key, func.count(), func.count().filter(enough)).group_by(each.c.key)
    return {key: ModuleCount(begun, completed) for key, begun, completed in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class ActivityCount:
    """The numbers of learners who have opened or tried an activity, and who have completed it."""

    begun: int = 0
    completed: int = 0


def count_activities(session: Session, course_id: int, filters: GradebookFilter, *, now: datetime) -> dict[str, ActivityCount]:
    """Count who has begun and completed each activity, by its key; one statement."""
    learners = _selected_enrolments(course_id, filters, now)
    statement = (
        select(ActivityResult.activity_key, func.count(), func.count(ActivityResult.completed_at))
        .join(learners, learners.c.id == ActivityResult.enrolment_id)
        .group_by(ActivityResult.activity_key)
    )
    return {key: ActivityCount(begun, completed) for key, begun, completed in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """Learners whose next required activity this is, and those of them who have not come for some time."""

    learners: int = 0
    idle: int = 0


def count_waiting(session: Session, course_id: int, filters: GradebookFilter, days: int, *, now: datetime) -> dict[str, WaitingCount]:
    """Count before which activity learners stand, by its key; one statement."""
    learners, steps = _selected_enrolments(course_id, filters, now), next_steps(course_id, now)
    statement = (
        select(steps.c.key, func.count(), func.count().filter(idle_since(now - timedelta(days=days))))
        .select_from(steps)
        .join(learners, learners.c.id == steps.c.enrolment_id)
        .join(Enrolment, Enrolment.id == steps.c.enrolment_id)
        .group_by(steps.c.key)
    )
    return {key: WaitingCount(all_, idle) for key, all_, idle in session.execute(statement)}


def count_left_off(session: Session, course_id: int, filters: GradebookFilter, days: int, *, now: datetime) -> Mapping[str | None, int]:
    """Count where those were last who have not completed the course and not come for some time, by key; None: nowhere yet."""
    learners = _selected_enrolments(course_id, filters, now)
    statement = (
        select(Enrolment.last_activity_key, func.count())
        .join(learners, learners.c.id == Enrolment.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Completion.id.is_(None), idle_since(now - timedelta(days=days)))
        .group_by(Enrolment.last_activity_key)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class TimeTaken:
    """From enrolling to completing: the first quartile, the median and the third, each that of a learner (nearest rank)."""

    learners: int
    first: timedelta
    median: timedelta
    third: timedelta


def time_taken(session: Session, course_id: int, filters: GradebookFilter, *, now: datetime) -> TimeTaken | None:
    """Return how long those took who completed the course, nothing where nobody did; one statement, at most three rows."""
    learners = _selected_enrolments(course_id, filters, now)
    seconds = extract("epoch", Completion.completed_at) - extract("epoch", Enrolment.enrolled_at)
    each = (
        select(seconds.label("seconds"), func.row_number().over(order_by=seconds).label("place"), func.count().over().label("total"))
        .select_from(Completion)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .join(learners, learners.c.id == Enrolment.id)
        .subquery()
    )
    rows = session.execute(select(each.c.seconds, each.c.place, each.c.total).where(or_(*(_is_quartile(each, q) for q in (1, 2, 3))))).all()
    if not rows:
        return None
    total = int(rows[0].total)
    by_place = {int(row.place): timedelta(seconds=int(row.seconds)) for row in rows}
    first, median, third = (by_place[-(-total * quarter // 4)] for quarter in (1, 2, 3))
    return TimeTaken(total, first, median, third)


def _is_quartile(each: Subquery, quarter: int) -> ColumnElement[bool]:
    """Select the row whose place is the smallest that is not below so many quarters of all."""
    return (each.c.place * 4 >= each.c.total * quarter) & ((each.c.place - 1) * 4 < each.c.total * quarter)
