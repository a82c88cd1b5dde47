"""Tables of tasks with simulators: what was published, what learners tried and submitted, and the marks."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Entity, Moment, PublicId, Slug, unique_where
from kernel.errors import N_
from kernel.personal import Merge, personal

EXACT = Text()
"""A number that authors wrote, exact: `1/3`, `12`, `0.02` as `1/50`."""


class SimulatorTask(Entity):
    """A task as published with one activity. Immutable: submissions point to it for ever."""

    __table_args__ = (
        CheckConstraint("model_version > 0", name="model_version"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("grading IN ('highest', 'average', 'first', 'last')", name="grading"),
        CheckConstraint("completion IN ('passed', 'graded', 'passed_or_used', 'viewed', 'attempted')", name="completion"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    model: Mapped[Slug]
    model_version: Mapped[int]
    text: Mapped[Mapping[str, str]]
    """Cleaned HTML by language, with markers where the values of variables stand."""
    all_editable: Mapped[bool]
    editable: Mapped[tuple[str, ...]]
    """Inputs that a learner may change, where not all."""
    attempts: Mapped[int]
    """0: no limit."""
    pause_first: Mapped[int]
    pause_later: Mapped[int]
    grading: Mapped[str] = mapped_column(String(8))
    pass_mark: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Percent; none where it cannot be passed or failed."""
    completion: Mapped[str] = mapped_column(String(14))
    completion_attempts: Mapped[int]


class TaskInput(Entity):
    """An input that a task begins with instead of the worked example's: a number, `none`, or a variable in braces."""

    __table_args__ = (UniqueConstraint("task_id", "name"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("simulator_task.id"))
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(EXACT)


class TaskVariable(Entity):
    """A number that is drawn for each learner: from low to high in steps, or one of its values."""

    __table_args__ = (UniqueConstraint("task_id", "name"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("simulator_task.id"))
    name: Mapped[str] = mapped_column(String(40))
    low: Mapped[str] = mapped_column(EXACT)
    high: Mapped[str] = mapped_column(EXACT)
    step: Mapped[str] = mapped_column(EXACT)
    choices: Mapped[tuple[str, ...]]
    decimals: Mapped[int | None]


class TaskItem(Entity):
    """A goal to reach (`low`, `high`) or a number to give (`tolerance`) in a task."""

    __table_args__ = (
        UniqueConstraint("task_id", "key"),
        UniqueConstraint("task_id", "position"),
        CheckConstraint("kind IN ('goal', 'ask')", name="kind"),
        CheckConstraint("tolerance_kind IN ('nominal', 'relative', 'geometric')", name="tolerance_kind"),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("simulator_task.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(4))
    key: Mapped[Slug]
    text: Mapped[Mapping[str, str]]
    output: Mapped[str] = mapped_column(String(80))
    low: Mapped[str | None] = mapped_column(EXACT)
    high: Mapped[str | None] = mapped_column(EXACT)
    tolerance_kind: Mapped[str] = mapped_column(String(9))
    tolerance: Mapped[str] = mapped_column(EXACT)
    unit: Mapped[Mapping[str, str]]
    mark: Mapped[str] = mapped_column(EXACT)
    explanation: Mapped[Mapping[str, str]]


class TaskSave(Entity):
    """A saved state of a task: what the learner calculated and typed. Append-only: they resume from the last one."""

    __table_args__ = (Index("ix_task_save_person", "person_id", "course_id", "activity_key"),)

    person_id: Mapped[int] = personal(merge=Merge.MOVE_WITH_COURSE)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    """None for a preview by the course's staff."""
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    scenario: Mapped[str] = mapped_column(Text)
    """As in an address: the version of the formulas and every input that differs from the worked example."""
    answers: Mapped[Mapping[str, str]]
    """As typed, by key of the item."""
    saved_at: Mapped[Moment]


class Submission(Entity):
    """A task submitted by one person, with everything that it was marked by; never changed."""

    __tablename__ = "task_submission"
    noun = N_("Simulator task")
    __table_args__ = (
        unique_where("NOT preview", "uq_task_submission_number", "enrolment_id", "activity_key", "number"),
        unique_where("preview", "uq_task_submission_preview", "person_id", "course_id", "activity_key", "number"),
        Index("ix_task_submission_person", "person_id", "course_id", "activity_key"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("raw <= maximum", name="raw"),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(merge=Merge.MOVE_WITH_COURSE)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    """None for a preview by the course's staff."""
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    task_id: Mapped[int] = mapped_column(ForeignKey("simulator_task.id"))
    number: Mapped[int]
    preview: Mapped[bool]
    scenario: Mapped[str] = mapped_column(Text)
    drawn: Mapped[Mapping[str, str]]
    """The values of the variables, exact."""
    submitted_at: Mapped[Moment]
    raw: Mapped[Decimal] = mapped_column(MARK)
    maximum: Mapped[Decimal] = mapped_column(MARK)
    percent: Mapped[Decimal | None] = mapped_column(MARK)
    passed: Mapped[bool | None]


class SubmissionItem(Entity):
    """One goal or number of a submission, as it was marked."""

    __tablename__ = "task_submission_item"
    __table_args__ = (UniqueConstraint("submission_id", "item_id"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("task_submission.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("task_item.id"))
    given: Mapped[str] = mapped_column(String(60))
    """As typed; empty for a goal, and where nothing was typed."""
    value: Mapped[float | None]
    """What the model reached, or the number that was read."""
    expected: Mapped[float | None]
    met: Mapped[bool]
    mark: Mapped[Decimal] = mapped_column(MARK)
    maximum: Mapped[Decimal] = mapped_column(MARK)
