"""Services of tasks: save what was calculated, submit, record the result in the learner's progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from enrolments import enrolment
from enrolments.access import ActivityContext
from enrolments.enrolment import ActivityOutcome
from enrolments.learners import lock_enrolment_turn
from enrolments.rules import has_passed
from enrolments.takes import require_present_take
from kernel import audit
from kernel.codes import round_half_up
from kernel.errors import N_, Conflict, NotFound
from kernel.permissions import Actor
from simulators import queries
from simulators.models import Submission, SubmissionItem, TaskSave
from simulators.queries import OutOfStep, PersonTaskKey, PublishedTask, SubmissionRow
from simulators.rules.address import encode
from simulators.rules.attempts import PastSubmission, SubmitRuling, TaskDates, is_completed, is_used_up, may_submit, over_attempts
from simulators.rules.drawing import draw, seed_of, stored_values
from simulators.rules.marking import TaskItemMark, grade
from simulators.rules.scenario import Inputs
from simulators.rules.tasks import TaskPolicy, allowed_inputs, start_inputs

MARK_DECIMALS = 7
LONGEST_ANSWER = 60


class SimulatorVerb(StrEnum):
    """The audit-log verbs of tasks."""

    SUBMITTED = "simulator_task.submitted"


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
    history: tuple[SubmissionRow, ...]
    ruling: SubmitRuling
    preview: bool


def load_task_context(session: Session, actor: Actor, subject: ActivityContext, *, now: datetime) -> TaskContext:
    """Return everything that a task's pages and services need for one person; raise NotFound where there is no task."""
    published = queries.get_task_of_activity(session, subject.activity.id)
    person_id, course_id, key = actor.person_id or 0, subject.context.course_id, subject.activity.key
    drawn = draw(published.task.variables, seed_of(course_id, key, person_id))
    history = tuple(queries.list_submissions(session, place_of(actor, subject)))
    preview = not subject.context.is_learner
    if preview:
        ruling = SubmitRuling((), None)
    else:
        window = TaskDates(published.opens_at, subject.context.end_for(published.closes_at), subject.closed is None)
        ruling = may_submit(published.task.policy, window, _counted(history), now=now)
    return TaskContext(published, drawn, start_inputs(published.task.start, drawn), history, ruling, preview)


def place_of(actor: Actor, subject: ActivityContext) -> PersonTaskKey:
    """Return the actor at a task, in the take of its course that is theirs now."""
    return PersonTaskKey(actor.person_id or 0, subject.context.enrolment_id, subject.context.course_id, subject.activity.key)


def _counted(history: Sequence[SubmissionRow]) -> list[PastSubmission]:
    return [row.past for row in history if not row.preview]


def save_work(session: Session, actor: Actor, subject: ActivityContext, work: TaskWork, *, now: datetime) -> None:
    """Keep what was calculated and typed, so that it is there at the next visit; raise SubmissionNotAllowed where the task is not open."""
    if load_task_context(session, actor, subject, now=now).ruling.is_hidden:
        raise SubmissionNotAllowed
    _keep(session, actor, subject, work, now=now)


def _keep(session: Session, actor: Actor, subject: ActivityContext, work: TaskWork, *, now: datetime) -> None:
    """Add what is new; the same again is there already."""
    assert actor.person_id is not None
    scenario, answers = encode(work.inputs), {key: text[:LONGEST_ANSWER] for key, text in work.typed.items()}
    last = queries.find_save(session, place_of(actor, subject))
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
    """Say whether a page that showed this task (its id) shows anything else now, limits on attempts aside: its numbers may be others."""
    if shown == context.published.id:
        return False
    try:
        before = queries.get_task(session, shown)
    except NotFound:
        return True
    return _shown_state(before) != _shown_state(context.published)


def _shown_state(published: PublishedTask) -> tuple[object, ...]:
    return published.activity_key, published.model_version, replace(published.task, policy=TaskPolicy())


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
    known = queries.find_submission(session, actor.person_id, number)
    if known is not None:
        return known
    require_present_take(session, subject.context.enrolment_id)
    context = load_task_context(session, actor, subject, now=now)
    if not context.ruling.allowed:
        raise SubmissionNotAllowed(reasons=[refusal.reason.value for refusal in context.ruling.refusals])
    task = context.published.task
    inputs = allowed_inputs(work.inputs, context.start, task.editable)
    graded = grade(task, context.start, inputs, answers)
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
        drawn=stored_values(context.drawn),
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
        history = [*_counted(context.history), PastSubmission(row.number, now, None if row.percent is None else Fraction(row.percent))]
        _hand_down(session, actor, subject.context.enrolment_id, subject.activity.key, task.policy, history, now=now)
    return row


def _item_row(submission_id: int, published: PublishedTask, item: TaskItemMark, typed: Mapping[str, str]) -> dict[str, object]:
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
    session: Session, actor: Actor, enrolment_id: int, key: str, policy: TaskPolicy, history: Sequence[PastSubmission], *, now: datetime
) -> None:
    """Record in the learner's progress the combined result of all submissions for the activity."""
    score = over_attempts(policy.grading, history)
    completed, passed = is_completed(policy, history), has_passed(score, policy.pass_mark)
    outcome = ActivityOutcome(completed, score, passed, exhausted=is_used_up(policy, history))
    enrolment.record_result(session, actor, enrolment_id, key, outcome, now=now)


def record_task_progress(session: Session, actor: Actor, out_of_step: OutOfStep, *, now: datetime) -> None:
    """Record a learner's progress again from their submissions, by the limits of the task that they follow."""
    lock_enrolment_turn(session, out_of_step.person_id)
    history = _counted(queries.list_submissions(session, out_of_step.place))
    policy = queries.get_task(session, out_of_step.task_id).task.policy
    _hand_down(session, actor, out_of_step.enrolment_id, out_of_step.activity_key, policy, history, now=now)


def transfer_submissions(session: Session, course_id: int, giver: int, taker: int) -> None:
    """Transfer a person's work on the tasks of a course to another person."""
    for table in (TaskSave, Submission):
        session.execute(update(table).where(table.course_id == course_id, table.person_id == giver).values(person_id=taker))
