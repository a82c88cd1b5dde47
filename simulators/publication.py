"""Publication of a task: its texts rendered, its start, variables and items written as rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from sqlalchemy import and_, case, insert, or_, select, update
from sqlalchemy.orm import Session

from courses.content.differences import SettingFact, SettingLabels, facts_of, seconds
from courses.content.model import ActivitySource
from courses.content.texts import activity_entries
from courses.kinds import ActivityDescription, ActivityPublisher, Publication
from courses.models import Activity
from courses.rendering import Renderer, plain_texts
from courses.rules import OutlineActivity
from courses.versions import list_activity_entries
from enrolments.models import Enrolment
from enrolments.progress import exact_decimal
from enrolments.versions import renumber_attempts
from kernel.bulk_rows import insert_all
from kernel.errors import N_
from kernel.i18n import _
from kernel.search import index
from kernel.search.index import SearchDocument
from simulators import content
from simulators.content import KIND, TaskSource
from simulators.models import SimulatorTask, Submission, TaskInput, TaskItem, TaskSave, TaskVariable
from simulators.rules.scenario import MODEL, VERSION
from simulators.rules.tasks import GoalItem, NumberItem, Task, TaskTolerance, TaskVariableSpec
from simulators.tasks import list_submitted

MINUTES_OF_AN_ITEM = 5
SETTINGS = SettingLabels(
    {
        "start": N_("Start"),
        "variables": N_("Variable"),
        "editable": N_("What can be changed"),
        "goals": N_("Goal"),
        "asks": N_("Number required"),
        "policy.attempts": N_("Attempts (0: no limit)"),
        "policy.pause_first": N_("Pause after the first attempt"),
        "policy.pause_later": N_("Pause after later attempts"),
        "policy.grading": N_("Attempt that counts"),
        "policy.pass_mark": N_("Pass mark"),
        "policy.completion": "",
        "policy.completion_attempts": "",
    },
    {"highest": N_("the best"), "average": N_("the average"), "first": N_("the first"), "last": N_("the last")},
    {"policy.pause_first": seconds, "policy.pause_later": seconds},
)


def describe_task(activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Describe a task in words: its items, and its settings."""
    source: TaskSource = activity.settings
    texts = tuple(SettingFact("text", _("Text"), text, tongue, text=True) for tongue, text in source.task.text.items())
    return (*texts, *facts_of(source.task, SETTINGS, frozenset({"text"})))


PreparedTask = tuple[Task, Sequence[SearchDocument]]
"""A task whose texts are HTML, and what can be found of it."""


def prepare_task(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedTask, ActivityDescription]:
    """Render a task."""
    source: TaskSource = activity.settings
    task, path = source.task, activity.path
    gaps = frozenset(variable.name for variable in task.variables)
    goals = tuple(replace(goal, text=renderer.inline(goal.text, path)) for goal in task.goals)
    questions = tuple(
        replace(
            ask, text=renderer.inline(ask.text, path), unit=dict(ask.unit), explanation=renderer.markdown(ask.explanation, path, gaps=gaps)
        )
        for ask in task.asks
    )
    rendered = replace(task, text=renderer.markdown(task.text, path, gaps=gaps), goals=goals, asks=questions)
    items = len(goals) + len(questions)
    minutes = activity.minutes or items * MINUTES_OF_AN_ITEM
    entries = tuple(activity_entries(KIND.name, plain_texts(activity.title), renderer.inline(activity.summary, path)))
    return (rendered, entries), ActivityDescription(minutes, items, task.policy.attempts, source.category, source.weight)


def freeze_tasks(session: Session, publication: Publication, tasks: Sequence[tuple[Activity, PreparedTask]]) -> None:
    """Write the rows of tasks."""
    insert_all(session, [_task_row(activity, task) for activity, (task, _documents) in tasks])
    statement = select(SimulatorTask.activity_id, SimulatorTask.id)
    statement = statement.where(SimulatorTask.activity_id.in_([activity.id for activity, _prepared in tasks]))
    numbers: dict[int, int] = dict(session.execute(statement).all())
    written = [(numbers[activity.id], task) for activity, (task, _documents) in tasks]
    inputs = [TaskInput(task_id=number, name=name, value=value) for number, task in written for name, value in task.start.items()]
    insert_all(session, inputs)
    insert_all(session, [_variable_row(number, variable) for number, task in written for variable in task.variables])
    items = [_item_row(number, position, item) for number, task in written for position, item in enumerate(task.items)]
    if items:
        session.execute(insert(TaskItem), items)
    index.write_many(session, publication.version.id, [(activity.id, documents) for activity, (_task, documents) in tasks])


def list_task_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's tasks, each with its activity's id."""
    return list_activity_entries(session, version_id, KIND.name)


def _task_row(activity: Activity, task: Task) -> SimulatorTask:
    policy = task.policy
    return SimulatorTask(
        activity_id=activity.id,
        model=MODEL,
        model_version=VERSION,
        text=dict(task.text),
        all_editable=task.editable is None,
        editable=tuple(sorted(task.editable or ())),
        attempts=policy.attempts,
        pause_first=policy.pause_first,
        pause_later=policy.pause_later,
        grading=policy.grading.value,
        pass_mark=None if policy.pass_mark is None else exact_decimal(policy.pass_mark),
        completion=policy.completion.value,
        completion_attempts=policy.completion_attempts,
    )


def _variable_row(task_id: int, variable: TaskVariableSpec) -> TaskVariable:
    return TaskVariable(
        task_id=task_id,
        name=variable.name,
        low=str(variable.low),
        high=str(variable.high),
        step=str(variable.step),
        choices=tuple(str(value) for value in variable.values),
        decimals=variable.decimals,
    )


def _item_row(task_id: int, position: int, item: GoalItem | NumberItem) -> dict[str, object]:
    goal = isinstance(item, GoalItem)
    tolerance = TaskTolerance() if isinstance(item, GoalItem) else item.tolerance
    return {
        "task_id": task_id,
        "position": position,
        "kind": "goal" if goal else "ask",
        "key": item.key,
        "text": dict(item.text),
        "output": item.output,
        "low": _exact(item.low) if isinstance(item, GoalItem) else None,
        "high": _exact(item.high) if isinstance(item, GoalItem) else None,
        "tolerance_kind": tolerance.kind.value,
        "tolerance": str(tolerance.amount),
        "unit": {} if isinstance(item, GoalItem) else dict(item.unit),
        "mark": str(item.mark),
        "explanation": {} if isinstance(item, GoalItem) else dict(item.explanation),
    }


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def rename(session: Session, enrolment_id: int, renames: Mapping[str, str], _now: datetime) -> None:
    """Let what a learner did in tasks follow the new keys of their activities; where several became one, all of it counts there."""
    person_id, course_id = session.execute(select(Enrolment.person_id, Enrolment.course_id).where(Enrolment.id == enrolment_id)).one()
    of_tasks = Submission.activity_key.in_([*renames, *renames.values()])
    previews = and_(Submission.preview, Submission.person_id == person_id, Submission.course_id == course_id)
    tries = select(Submission).where(or_(Submission.enrolment_id == enrolment_id, previews), of_tasks)
    renumber_attempts(session, session.scalars(tries.order_by(Submission.submitted_at, Submission.id)).all(), renames)
    previewed = and_(TaskSave.enrolment_id.is_(None), TaskSave.person_id == person_id, TaskSave.course_id == course_id)
    session.execute(
        update(TaskSave)
        .where(or_(TaskSave.enrolment_id == enrolment_id, previewed), TaskSave.activity_key.in_(renames))
        .values(activity_key=case(renames, value=TaskSave.activity_key))
    )


def pass_mark_of(session: Session, activity: OutlineActivity) -> Fraction | None:
    """Return from which percent on a task is passed."""
    percent = session.scalar(select(SimulatorTask.pass_mark).where(SimulatorTask.activity_id == activity.id))
    return None if percent is None else Fraction(percent)


ON_THE_WEB = replace(KIND, begin=content.BEGIN, settings=content.TASK_FIELDS, groups=content.GROUPS, order=content.ORDER)
SIMULATOR = ActivityPublisher(
    ON_THE_WEB,
    prepare_task,
    freeze_tasks,
    rename,
    entries=list_task_entries,
    tell=describe_task,
    pass_mark=pass_mark_of,
    submitted=list_submitted,
)
