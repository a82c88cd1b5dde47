"""How a task is published: its texts rendered, its start, variables and items written as rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from courses.content.model import ActivitySource
from courses.models import Activity
from courses.publication import Facts, Publication, Publisher, Renderer
from enrolments.models import Enrolment
from simulators.content import KIND, TaskSource
from simulators.models import SimulatorTask, Submission, TaskInput, TaskItem, TaskSave, TaskVariable
from simulators.rules.scenario import MODEL, VERSION
from simulators.rules.tasks import Ask, Goal, Task, Tolerance

MINUTES_OF_AN_ITEM = 5


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task whose texts are HTML."""

    task: Task


def prepare_task(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedTask, Facts]:
    """Render a task."""
    source: TaskSource = activity.settings
    task, path = source.task, activity.path
    gaps = frozenset(variable.name for variable in task.variables)
    goals = tuple(replace(goal, text=renderer.inline(goal.text, path)) for goal in task.goals)
    asks = tuple(
        replace(
            ask, text=renderer.inline(ask.text, path), unit=dict(ask.unit), explanation=renderer.markdown(ask.explanation, path, gaps=gaps)
        )
        for ask in task.asks
    )
    rendered = replace(task, text=renderer.markdown(task.text, path, gaps=gaps), goals=goals, asks=asks)
    items = len(goals) + len(asks)
    minutes = activity.minutes or items * MINUTES_OF_AN_ITEM
    return PreparedTask(rendered), Facts(minutes, items, task.policy.attempts, source.category, source.weight)


def freeze_task(session: Session, _publication: Publication, activity: Activity, payload: PreparedTask) -> None:
    """Write a task's rows."""
    task, policy = payload.task, payload.task.policy
    row = SimulatorTask(
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
        pass_mark=None if policy.pass_mark is None else _decimal(policy.pass_mark),
        completion=policy.completion.value,
        completion_attempts=policy.completion_attempts,
    )
    session.add(row)
    session.flush()  # inputs, variables and items point to it
    session.add_all(TaskInput(task_id=row.id, name=name, value=value) for name, value in task.start.items())
    for variable in task.variables:
        session.add(
            TaskVariable(
                task_id=row.id,
                name=variable.name,
                low=str(variable.low),
                high=str(variable.high),
                step=str(variable.step),
                choices=tuple(str(value) for value in variable.values),
                decimals=variable.decimals,
            )
        )
    if task.items:
        session.execute(insert(TaskItem), [_item_row(row.id, position, item) for position, item in enumerate(task.items)])


def _item_row(task_id: int, position: int, item: Goal | Ask) -> dict[str, object]:
    goal = isinstance(item, Goal)
    tolerance = Tolerance() if isinstance(item, Goal) else item.tolerance
    return {
        "task_id": task_id,
        "position": position,
        "kind": "goal" if goal else "ask",
        "key": item.key,
        "text": dict(item.text),
        "output": item.output,
        "low": _exact(item.low) if isinstance(item, Goal) else None,
        "high": _exact(item.high) if isinstance(item, Goal) else None,
        "tolerance_kind": tolerance.kind.value,
        "tolerance": str(tolerance.amount),
        "unit": {} if isinstance(item, Goal) else dict(item.unit),
        "mark": str(item.mark),
        "explanation": {} if isinstance(item, Goal) else dict(item.explanation),
    }


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0000001"))


def rename(session: Session, enrolment_id: int, renames: Mapping[str, str]) -> None:
    """Let what a learner did in tasks follow the new keys of their activities."""
    person_id, course_id = session.execute(select(Enrolment.person_id, Enrolment.course_id).where(Enrolment.id == enrolment_id)).one()
    for table in (Submission, TaskSave):
        mine = (table.person_id == person_id, table.course_id == course_id)
        taken = set(session.scalars(select(table.activity_key).where(*mine, table.activity_key.in_(renames.values()))))
        for old, new in renames.items():
            if new not in taken:
                session.execute(update(table).where(*mine, table.activity_key == old).values(activity_key=new))


SIMULATOR = Publisher(KIND, prepare_task, freeze_task, rename)
