"""Tasks before their learners: read, saved, submitted and marked; submissions listed, reviewed, counted and transferred."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, or_, select
from sqlalchemy.orm import Session

from courses.kinds import SubmittedWork
from courses.models import Activity, Course, CourseStaff, StaffRole
from enrolments import enrolment
from enrolments.access import ActivityContext
from enrolments.dates import DatedItem, DateKind, DateRequest
from enrolments.enrolment import ActivityOutcome
from enrolments.learners import lock_enrolment_turn
from enrolments.models import ActivityResult, Enrolment
from enrolments.rules import GradedCompletionRule, GradingMethod, has_passed
from enrolments.takes import require_present_take
from kernel import audit
from kernel.codes import round_half_up
from kernel.db import Cache
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from simulators.access import SubmissionContext
from simulators.models import SimulatorTask, Submission, SubmissionItem, TaskInput, TaskItem, TaskSave, TaskVariable
from simulators.rules import tasks
from simulators.rules.budget import encode
from simulators.rules.scenario import Inputs

KEPT_TASKS = 200


@dataclass(frozen=True, slots=True)
class PublishedTask:
    """A task with where it stands. Immutable, so it may be kept in memory."""

    id: int
    activity_id: int
    activity_key: str
    version_id: int
    model_version: int
    task: tasks.Task
    item_ids: dict[str, int]
    opens_at: datetime | None
    closes_at: datetime | None


SIMULATOR_TASKS = Cache[tuple[str, int], PublishedTask]()
"""Keeps tasks of simulators."""


_TASK = select(SimulatorTask, Activity).join(Activity, Activity.id == SimulatorTask.activity_id)


def get_task_of_activity(session: Session, activity_id: int) -> PublishedTask:
    """Return the task of an activity; raise NotFound."""
    return _cached_task(session, ("activity", activity_id))


def get_task(session: Session, task_id: int) -> PublishedTask:
    """Return a task; raise NotFound."""
    return _cached_task(session, ("task", task_id))


def _cached_task(session: Session, name: tuple[str, int]) -> PublishedTask:
    cached = SIMULATOR_TASKS.of(session)
    if name not in cached:
        column = SimulatorTask.activity_id if name[0] == "activity" else SimulatorTask.id
        row = require_found(session.execute(_TASK.where(column == name[1])).one_or_none())
        while len(cached) >= KEPT_TASKS:
            cached.pop(next(iter(cached)), None)
        cached[name] = _read_task(session, *row)
    return cached[name]


def _read_task(session: Session, task_row: SimulatorTask, activity: Activity) -> PublishedTask:
    items = list(session.scalars(select(TaskItem).where(TaskItem.task_id == task_row.id).order_by(TaskItem.position)))
    start = session.execute(select(TaskInput.name, TaskInput.value).where(TaskInput.task_id == task_row.id).order_by(TaskInput.id))
    variables = session.scalars(select(TaskVariable).where(TaskVariable.task_id == task_row.id).order_by(TaskVariable.id))
    task = tasks.Task(
        text=task_row.text,
        start=dict(start.all()),
        variables=tuple(_variable(variable) for variable in variables),
        editable=None if task_row.all_editable else frozenset(task_row.editable),
        goals=tuple(_goal(item) for item in items if item.kind == "goal"),
        asks=tuple(_ask(item) for item in items if item.kind == "ask"),
        policy=tasks.TaskPolicy(
            attempts=task_row.attempts,
            pause_first=task_row.pause_first,
            pause_later=task_row.pause_later,
            grading=GradingMethod(task_row.grading),
            pass_mark=None if task_row.pass_mark is None else Fraction(task_row.pass_mark),
            completion=GradedCompletionRule(task_row.completion),
            completion_attempts=task_row.completion_attempts,
        ),
    )
    ids = {item.key: item.id for item in items}
    return PublishedTask(
        task_row.id,
        activity.id,
        activity.key,
        version_id=activity.version_id,
        model_version=task_row.model_version,
        task=task,
        item_ids=ids,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
    )


def _variable(row: TaskVariable) -> tasks.TaskVariableSpec:
    choices = tuple(Fraction(value) for value in row.choices)
    return tasks.TaskVariableSpec(row.name, Fraction(row.low), Fraction(row.high), Fraction(row.step), choices, row.decimals)


def _goal(row: TaskItem) -> tasks.GoalItem:
    low, high = (None if text is None else Fraction(text) for text in (row.low, row.high))
    return tasks.GoalItem(row.key, row.text, row.output, low, high, Fraction(row.mark))


def _ask(row: TaskItem) -> tasks.NumberItem:
    tolerance = tasks.TaskTolerance(tasks.TaskToleranceKind(row.tolerance_kind), Fraction(row.tolerance))
    return tasks.NumberItem(row.key, row.text, row.output, tolerance, row.unit, Fraction(row.mark), row.explanation)


_HISTORY = (
    select(Submission.uuid, Submission.number, Submission.preview, Submission.submitted_at, Submission.percent, Submission.passed)
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


def list_submissions(session: Session, key: PersonTaskKey) -> Sequence[Row[*tuple[Any, ...]]]:
    """List a person's submissions to a task in one take of its course, and their previews, the first one first; limits keep them few."""
    return session.execute(_HISTORY, asdict(key)).all()


def list_past_submissions(
    session: Session, person_ids: Sequence[int], keys: Collection[str]
) -> dict[tuple[int | None, str], list[tasks.PastSubmission]]:
    """Return people's submissions to tasks with these keys by enrolment and key, the first one first."""
    columns = (Submission.enrolment_id, Submission.activity_key, Submission.number, Submission.submitted_at, Submission.percent)
    statement = select(*columns).where(Submission.person_id.in_(person_ids), Submission.activity_key.in_(keys), ~Submission.preview)
    submissions: dict[tuple[int | None, str], list[tasks.PastSubmission]] = {}
    for row in session.execute(statement.order_by(Submission.number)):
        submissions.setdefault((row.enrolment_id, row.activity_key), []).append(_past(row))
    return submissions


def _past(row: Row[*tuple[Any, ...]]) -> tasks.PastSubmission:
    return tasks.PastSubmission(row.number, row.submitted_at, None if row.percent is None else Fraction(row.percent))


def list_submitted(session: Session, enrolment_id: int) -> dict[str, list[SubmittedWork]]:
    """Return the submissions of an enrolment by the key of the task, each with its address."""
    columns = (Submission.activity_key, Submission.uuid, Submission.number, Submission.submitted_at)
    submissions: dict[str, list[SubmittedWork]] = {}
    for row in session.execute(select(*columns).where(Submission.enrolment_id == enrolment_id).order_by(Submission.number)):
        submissions.setdefault(row.activity_key, []).append(SubmittedWork(f"/submissions/{row.uuid}", row.number, row.submitted_at))
    return submissions


def list_out_of_step(session: Session, course_id: int, *, after: int = 0, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List learners' tasks of which progress does not say whether their attempts are used up, with the last submission to each.

    What counts are the limits of the version that a learner follows; the order is that of the submissions.
    """
    last = func.max(Submission.id)
    used_up = (SimulatorTask.attempts > 0) & (SimulatorTask.attempts <= func.count())
    owners = (Enrolment.person_id, Enrolment.course_id, Submission.activity_key)
    statement = (
        select(last.label("submission_id"), Enrolment.id.label("enrolment_id"), *owners, SimulatorTask.id.label("task_id"))
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Activity, (Activity.version_id == Enrolment.course_version_id) & (Activity.key == Submission.activity_key))
        .join(SimulatorTask, SimulatorTask.activity_id == Activity.id)
        .join(ActivityResult, (ActivityResult.enrolment_id == Enrolment.id) & (ActivityResult.activity_key == Activity.key))
        .where(Submission.course_id == course_id, ~Submission.preview, Enrolment.superseded_at.is_(None))
        .group_by(Enrolment.id, *owners, SimulatorTask.id, SimulatorTask.attempts, ActivityResult.exhausted)
        .having(last > after, ActivityResult.exhausted != used_up)
        .order_by(last)
        .limit(limit)
    )
    return session.execute(statement).all()


def find_save(session: Session, key: PersonTaskKey) -> TaskSave | None:
    """Find what a person calculated and typed last in a task, in one take of its course or in previews."""
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
    row = require_found(session.execute(_SEAT, {"submission": submission, "actor_id": actor.person_id}).one_or_none())
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


MARK_DECIMALS = 7
LONGEST_ANSWER = 60


class SimulatorVerb(audit.Verb):
    """The audit-log verbs of tasks."""

    SUBMITTED = "simulator_task.submitted", N_("Submitted a simulator task")


class SubmissionNotAllowed(Conflict):
    """A task may not be submitted now; the facts say why."""

    code = "cannot_submit"
    message = N_("This task cannot be submitted now.")


@dataclass(frozen=True, slots=True)
class TaskWork:
    """A learner's work on a task: the scenario, and the numbers as typed, by key of the item."""

    inputs: Inputs
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """A person at a task: the variables drawn for them, what the task begins with, and what they submitted so far."""

    published: PublishedTask
    drawn: Mapping[str, Fraction]
    start: Inputs
    history: Sequence[Row[*tuple[Any, ...]]]
    ruling: tasks.SubmitRuling
    preview: bool


def load_task_context(session: Session, actor: Actor, subject: ActivityContext, *, now: datetime) -> TaskContext:
    """Return everything that a task's pages and services need for one person; raise NotFound where there is no task."""
    published = get_task_of_activity(session, subject.activity.id)
    person_id, course_id, key = actor.person_id or 0, subject.context.course_id, subject.activity.key
    drawn = tasks.draw(published.task.variables, tasks.seed_of(course_id, key, person_id))
    history = list_submissions(session, place_of(actor, subject))
    preview = not subject.context.is_learner
    if preview:
        ruling = tasks.SubmitRuling((), None)
    else:
        window = tasks.TaskDates(published.opens_at, subject.context.end_for(published.closes_at), subject.closed is None)
        ruling = tasks.may_submit(published.task.policy, window, counted(history), now=now)
    return TaskContext(published, drawn, tasks.start_inputs(published.task.start, drawn), history=history, ruling=ruling, preview=preview)


def place_of(actor: Actor, subject: ActivityContext) -> PersonTaskKey:
    """Return the actor at a task, in the take of its course that is theirs now."""
    return PersonTaskKey(actor.person_id or 0, subject.context.enrolment_id, subject.context.course_id, subject.activity.key)


def counted(history: Sequence[Row[*tuple[Any, ...]]]) -> list[tasks.PastSubmission]:
    """Return the submissions of a history that the rules count, without its previews."""
    return [_past(row) for row in history if not row.preview]


def save_work(session: Session, actor: Actor, subject: ActivityContext, work: TaskWork, *, now: datetime) -> None:
    """Keep what was calculated and typed, so that it is there at the next visit; raise SubmissionNotAllowed where the task is not open."""
    if load_task_context(session, actor, subject, now=now).ruling.is_hidden:
        raise SubmissionNotAllowed
    _keep(session, actor, subject, work, now=now)


def _keep(session: Session, actor: Actor, subject: ActivityContext, work: TaskWork, *, now: datetime) -> None:
    """Add what is new; the same again is there already."""
    assert actor.person_id is not None
    scenario, answers = encode(work.inputs), {key: text[:LONGEST_ANSWER] for key, text in work.typed.items()}
    last = find_save(session, place_of(actor, subject))
    if last is not None and (last.scenario, dict(last.answers)) == (scenario, answers):
        return
    session.add(
        TaskSave(
            person_id=actor.person_id,
            enrolment_id=subject.context.enrolment_id,
            course_id=subject.context.course_id,
            activity_key=subject.activity.key,
            scenario=scenario,
            answers=answers,
            saved_at=now,
        )
    )


def is_corrected(session: Session, context: TaskContext, shown: int) -> bool:
    """Return whether a page that showed this task (its id) shows anything else now, limits on attempts aside: its numbers may be others."""
    if shown == context.published.id:
        return False
    try:
        before = get_task(session, shown)
    except NotFound:
        return True
    return _shown_state(before) != _shown_state(context.published)


def _shown_state(published: PublishedTask) -> tuple[object, ...]:
    return published.activity_key, published.model_version, replace(published.task, policy=tasks.TaskPolicy())


def submit_task(
    session: Session,
    actor: Actor,
    subject: ActivityContext,
    work: TaskWork,
    answers: Mapping[str, Fraction],
    *,
    number: UUID,
    now: datetime,
) -> Submission:
    """Submit a task: recompute, mark, store, and record the learner's progress; raise SubmissionNotAllowed, TakeSuperseded.

    Locked inputs count as the task began, whatever was sent. Staff submit previews, which count nothing. A second time with one
    number returns the first submission.
    """
    assert actor.person_id is not None
    lock_enrolment_turn(session, actor.person_id)
    known = find_submission(session, actor.person_id, number)
    if known is not None:
        return known
    require_present_take(session, subject.context.enrolment_id)
    context = load_task_context(session, actor, subject, now=now)
    if not context.ruling.allowed:
        raise SubmissionNotAllowed(reasons=[refusal.reason.value for refusal in context.ruling.refusals])
    task = context.published.task
    inputs = tasks.allowed_inputs(work.inputs, context.start, task.editable)
    graded = tasks.grade(task, context.start, inputs, answers)
    row = Submission(
        uuid=number,
        person_id=actor.person_id,
        enrolment_id=subject.context.enrolment_id,
        course_id=subject.context.course_id,
        activity_key=subject.activity.key,
        task_id=context.published.id,
        number=max((submission.number for submission in context.history), default=0) + 1,
        preview=context.preview,
        scenario=encode(inputs),
        drawn=tasks.stored_values(context.drawn),
        submitted_at=now,
        raw=_decimal(graded.raw),
        maximum=_decimal(graded.maximum),
        percent=None if graded.percent is None else _decimal(graded.percent),
        passed=graded.passed,
    )
    session.add(row)
    session.flush()  # its items and the audit entry name it
    session.execute(insert(SubmissionItem), [_item_row(row.id, context.published, item, work.typed) for item in graded.items])
    _keep(session, actor, subject, TaskWork(inputs, work.typed), now=now)
    audit.record(session, actor, SimulatorVerb.SUBMITTED, row, now=now, activity=row.activity_key, number=row.number, preview=row.preview)
    enrolment.begin_enrolment(session, actor, subject.context, now=now)
    if subject.context.enrolment_id is not None:
        history = [
            *counted(context.history),
            tasks.PastSubmission(row.number, now, None if row.percent is None else Fraction(row.percent)),
        ]
        _hand_down(session, actor, subject.context.enrolment_id, subject.activity.key, task.policy, history, now=now)
    return row


def _item_row(submission_id: int, published: PublishedTask, item: tasks.TaskItemMark, typed: Mapping[str, str]) -> dict[str, object]:
    return {
        "submission_id": submission_id,
        "item_id": published.item_ids[item.key],
        "given": typed.get(item.key, "")[:LONGEST_ANSWER],
        "value": None if item.value is None else float(item.value),
        "expected": None if item.expected is None else float(item.expected),
        "met": item.met,
        "mark": _decimal(item.mark),
        "maximum": _decimal(item.maximum),
    }


def _decimal(value: Fraction) -> Decimal:
    exact = round_half_up(value, MARK_DECIMALS)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.0000001"))


def _hand_down(
    session: Session,
    actor: Actor,
    enrolment_id: int,
    key: str,
    policy: tasks.TaskPolicy,
    history: Sequence[tasks.PastSubmission],
    *,
    now: datetime,
) -> None:
    """Record in the learner's progress the combined result of all submissions for the activity."""
    score = tasks.over_attempts(policy.grading, history)
    completed, passed = tasks.is_completed(policy, history), has_passed(score, policy.pass_mark)
    outcome = ActivityOutcome(completed, score, passed, exhausted=tasks.is_used_up(policy, history))
    enrolment.record_result(session, actor, enrolment_id, key, outcome, now=now)


def record_task_progress(session: Session, actor: Actor, row: Row[*tuple[Any, ...]], *, now: datetime) -> None:
    """Record a learner's progress again from their submissions to a task that is out of step, by the limits of the version they follow."""
    lock_enrolment_turn(session, row.person_id)
    history = counted(list_submissions(session, PersonTaskKey(row.person_id, row.enrolment_id, row.course_id, row.activity_key)))
    policy = get_task(session, row.task_id).task.policy
    _hand_down(session, actor, row.enrolment_id, row.activity_key, policy, history, now=now)


def pause_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell when the pause before the next submission is over; one statement, and none where no task that was tried has a pause."""
    paused = {
        (learner.enrolment_id, activity.key): (learner, activity)
        for learner in requested.enrolments
        for activity in learner.list_tried("simulator")
        if (policy := get_task_of_activity(session, activity.id).task.policy).pause_first or policy.pause_later
    }
    if not paused:
        return
    history = list_past_submissions(session, requested.person_ids, {key for _id, key in paused})
    for taken, (learner, activity) in paused.items():
        until = tasks.pause_ends(get_task_of_activity(session, activity.id).task.policy, history.get(taken, []))
        closes = learner.closing(activity)
        if until is not None and until > requested.now and (closes is None or until < closes):
            yield learner.activity_item(activity, "pause", DateKind.CONDITION_OPENS, until)


def select_own_data(person_id: int) -> PersonalTables:
    """Return somebody's work on tasks, a statement a table."""
    mine, submitted = Submission.person_id == person_id, of(Submission, "activity_key number")
    sent = (Enrolment.take, *submitted, *of(Submission, "scenario submitted_at"))
    given = (*submitted, TaskItem.key, *of(SubmissionItem, "given value met mark maximum"))
    saved = (*of(Course, course="slug"), *of(TaskSave, "activity_key scenario answers saved_at"))
    return {
        "simulator_tasks": own_rows(Submission, Enrolment, columns=sent, mine=mine, outer=(Enrolment,)),
        "simulator_answers": own_rows(SubmissionItem, Submission, TaskItem, columns=given, mine=mine),
        "simulator_drafts": own_rows(TaskSave, Course, columns=saved, mine=TaskSave.person_id == person_id),
    }
