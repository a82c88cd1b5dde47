"""Reading tasks, what was tried in them, and submissions."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from courses.kinds import SubmittedWork
from courses.models import Activity, CourseStaff, StaffRole
from enrolments.models import ActivityResult, Enrolment
from enrolments.rules import GradedCompletionRule, GradingMethod
from kernel.errors import NotFound
from kernel.permissions import Actor
from simulators.models import SimulatorTask, Submission, SubmissionItem, TaskInput, TaskItem, TaskSave, TaskVariable
from simulators.permissions import SubmissionContext
from simulators.rules.attempts import PastSubmission
from simulators.rules.tasks import GoalItem, NumberItem, Task, TaskPolicy, TaskTolerance, TaskToleranceKind, TaskVariableSpec

KEPT_TASKS = 200


@dataclass(frozen=True, slots=True)
class PublishedTask:
    """A task with where it stands. Immutable, so it may be kept in memory."""

    id: int
    activity_id: int
    activity_key: str
    version_id: int
    model_version: int
    task: Task
    item_ids: dict[str, int]
    opens_at: datetime | None
    closes_at: datetime | None


_TASK = select(SimulatorTask, Activity).join(Activity, Activity.id == SimulatorTask.activity_id)


def get_task_of_activity(session: Session, activity_id: int) -> PublishedTask:
    """Return the task of an activity; raise NotFound."""
    return _cached_task(session, ("activity", activity_id))


def get_task(session: Session, task_id: int) -> PublishedTask:
    """Return a task; raise NotFound."""
    return _cached_task(session, ("task", task_id))


def _cached_task(session: Session, name: tuple[str, int]) -> PublishedTask:
    cached = cast("dict[tuple[str, int], PublishedTask]", session.info.setdefault("simulator_tasks", {}))
    if name not in cached:
        column = SimulatorTask.activity_id if name[0] == "activity" else SimulatorTask.id
        row = session.execute(_TASK.where(column == name[1])).one_or_none()
        if row is None:
            raise NotFound
        while len(cached) >= KEPT_TASKS:
            cached.pop(next(iter(cached)), None)
        cached[name] = _read_task(session, *row)
    return cached[name]


def _read_task(session: Session, task_row: SimulatorTask, activity: Activity) -> PublishedTask:
    items = list(session.scalars(select(TaskItem).where(TaskItem.task_id == task_row.id).order_by(TaskItem.position)))
    start = session.execute(select(TaskInput.name, TaskInput.value).where(TaskInput.task_id == task_row.id).order_by(TaskInput.id))
    variables = session.scalars(select(TaskVariable).where(TaskVariable.task_id == task_row.id).order_by(TaskVariable.id))
    task = Task(
        text=task_row.text,
        start=dict(start.all()),
        variables=tuple(_variable(variable) for variable in variables),
        editable=None if task_row.all_editable else frozenset(task_row.editable),
        goals=tuple(_goal(item) for item in items if item.kind == "goal"),
        asks=tuple(_ask(item) for item in items if item.kind == "ask"),
        policy=_policy(task_row),
    )
    ids = {item.key: item.id for item in items}
    return PublishedTask(
        task_row.id,
        activity.id,
        activity.key,
        activity.version_id,
        task_row.model_version,
        task,
        ids,
        activity.opens_at,
        activity.closes_at,
    )


def _policy(row: SimulatorTask) -> TaskPolicy:
    return TaskPolicy(
        attempts=row.attempts,
        pause_first=row.pause_first,
        pause_later=row.pause_later,
        grading=GradingMethod(row.grading),
        pass_mark=None if row.pass_mark is None else Fraction(row.pass_mark),
        completion=GradedCompletionRule(row.completion),
        completion_attempts=row.completion_attempts,
    )


def _variable(row: TaskVariable) -> TaskVariableSpec:
    choices = tuple(Fraction(value) for value in row.choices)
    return TaskVariableSpec(row.name, Fraction(row.low), Fraction(row.high), Fraction(row.step), choices, row.decimals)


def _goal(row: TaskItem) -> GoalItem:
    low, high = (None if text is None else Fraction(text) for text in (row.low, row.high))
    return GoalItem(row.key, row.text, row.output, low, high, Fraction(row.mark))


def _ask(row: TaskItem) -> NumberItem:
    tolerance = TaskTolerance(TaskToleranceKind(row.tolerance_kind), Fraction(row.tolerance))
    return NumberItem(row.key, row.text, row.output, tolerance, row.unit, Fraction(row.mark), row.explanation)


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A submission in a list of one person's submissions to a task."""

    uuid: UUID
    number: int
    preview: bool
    submitted_at: datetime
    raw: Fraction
    maximum: Fraction
    percent: Fraction | None
    passed: bool | None

    @property
    def past(self) -> PastSubmission:
        """Return what the rules need of it."""
        return PastSubmission(self.number, self.submitted_at, self.percent)


_HISTORY = (
    select(
        Submission.uuid,
        Submission.number,
        Submission.preview,
        Submission.submitted_at,
        Submission.raw,
        Submission.maximum,
        Submission.percent,
        Submission.passed,
    )
    .where(
        Submission.person_id == bindparam("person_id"),
        Submission.course_id == bindparam("course_id"),
        Submission.activity_key == bindparam("activity_key"),
        or_(Submission.enrolment_id == bindparam("enrolment_id"), Submission.preview),
    )
    .order_by(Submission.number)
)


@dataclass(frozen=True, slots=True)
class PersonTaskKey:
    """A person at a task, in one take of its course; none for those who only preview."""

    person_id: int
    enrolment_id: int | None
    course_id: int
    activity_key: str


def list_submissions(session: Session, key: PersonTaskKey) -> list[SubmissionRow]:
    """List a person's submissions to a task in one take of its course, and their previews, the first one first; limits keep them few."""
    bound = asdict(key)
    return [
        SubmissionRow(
            row.uuid,
            row.number,
            row.preview,
            row.submitted_at,
            Fraction(row.raw),
            Fraction(row.maximum),
            None if row.percent is None else Fraction(row.percent),
            row.passed,
        )
        for row in session.execute(_HISTORY, bound)
    ]


def list_past_submissions(
    session: Session, person_ids: Sequence[int], keys: Collection[str]
) -> dict[tuple[int | None, str], list[PastSubmission]]:
    """Return people's submissions to tasks with these keys by enrolment and key, the first one first."""
    columns = (Submission.enrolment_id, Submission.activity_key, Submission.number, Submission.submitted_at, Submission.percent)
    statement = select(*columns).where(Submission.person_id.in_(person_ids), Submission.activity_key.in_(keys), ~Submission.preview)
    submissions: dict[tuple[int | None, str], list[PastSubmission]] = {}
    for row in session.execute(statement.order_by(Submission.number)):
        percent = None if row.percent is None else Fraction(row.percent)
        submissions.setdefault((row.enrolment_id, row.activity_key), []).append(PastSubmission(row.number, row.submitted_at, percent))
    return submissions


def list_submitted(session: Session, enrolment_id: int) -> dict[str, list[SubmittedWork]]:
    """Return the submissions of an enrolment by the key of the task, each with its address."""
    columns = (Submission.activity_key, Submission.uuid, Submission.number, Submission.submitted_at)
    submissions: dict[str, list[SubmittedWork]] = {}
    for row in session.execute(select(*columns).where(Submission.enrolment_id == enrolment_id).order_by(Submission.number)):
        submissions.setdefault(row.activity_key, []).append(SubmittedWork(f"/submissions/{row.uuid}", row.number, row.submitted_at))
    return submissions


@dataclass(frozen=True, slots=True)
class OutOfStep:
    """A learner's task of which progress does not say whether its attempts are used up, and their last submission to it."""

    submission_id: int
    enrolment_id: int
    person_id: int
    course_id: int
    activity_key: str
    task_id: int

    @property
    def place(self) -> PersonTaskKey:
        """Return the learner at the task."""
        return PersonTaskKey(self.person_id, self.enrolment_id, self.course_id, self.activity_key)


def list_out_of_step(session: Session, course_id: int, *, after: int = 0, limit: int) -> list[OutOfStep]:
    """List what of a course's learners is out of step with the limits of the version that they follow, in the order of submissions."""
    last = func.max(Submission.id)
    used_up = (SimulatorTask.attempts > 0) & (SimulatorTask.attempts <= func.count())
    owners = (Enrolment.id, Enrolment.person_id, Enrolment.course_id, Submission.activity_key, SimulatorTask.id)
    statement = (
        select(last, *owners)
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Activity, (Activity.version_id == Enrolment.course_version_id) & (Activity.key == Submission.activity_key))
        .join(SimulatorTask, SimulatorTask.activity_id == Activity.id)
        .join(ActivityResult, (ActivityResult.enrolment_id == Enrolment.id) & (ActivityResult.activity_key == Activity.key))
        .where(Submission.course_id == course_id, ~Submission.preview, Enrolment.superseded_at.is_(None))
        .group_by(*owners, SimulatorTask.attempts, ActivityResult.exhausted)
        .having(last > after, ActivityResult.exhausted != used_up)
        .order_by(last)
        .limit(limit)
    )
    return [OutOfStep(*row) for row in session.execute(statement)]


def find_save(session: Session, key: PersonTaskKey) -> TaskSave | None:
    """Return what a person calculated and typed last in a task, in one take of its course or in previews."""
    mine = (
        TaskSave.person_id == key.person_id,
        TaskSave.enrolment_id.is_not_distinct_from(key.enrolment_id),
        TaskSave.course_id == key.course_id,
        TaskSave.activity_key == key.activity_key,
    )
    return session.scalar(select(TaskSave).where(*mine).order_by(TaskSave.id.desc()).limit(1))


def find_submission(session: Session, person_id: int, number: UUID) -> Submission | None:
    """Return the submission of a person with a number."""
    return session.scalar(select(Submission).where(Submission.person_id == person_id, Submission.uuid == number))


_SEAT = (
    select(Submission.id, Submission.uuid, Submission.person_id, Submission.course_id, CourseStaff.role)
    .outerjoin(CourseStaff, (CourseStaff.course_id == Submission.course_id) & (CourseStaff.person_id == bindparam("actor_id")))
    .where(Submission.uuid == bindparam("submission"))
)


def get_submission(session: Session, actor: Actor, submission: UUID) -> SubmissionContext:
    """Return the page context of a submission; raise NotFound."""
    row = session.execute(_SEAT, {"submission": submission, "actor_id": actor.person_id}).one_or_none()
    if row is None:
        raise NotFound
    return SubmissionContext(row.id, row.uuid, row.person_id, row.course_id, StaffRole(row.role) if row.role else None)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A submission with its task and its marks by item."""

    row: Submission
    published: PublishedTask
    items: Sequence[SubmissionItem]

    def item(self, key: str) -> SubmissionItem | None:
        """Return how one goal or number was marked."""
        return next((item for item in self.items if item.item_id == self.published.item_ids[key]), None)


def get_reviewed(session: Session, submission_id: int) -> Reviewed:
    """Return a submission with everything that its review shows."""
    row = session.get_one(Submission, submission_id)
    items = session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == submission_id)).all()
    return Reviewed(row, get_task(session, row.task_id), items)
