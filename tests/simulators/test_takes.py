"""Tasks of a course that is taken again: what was calculated, submitted and limited belongs to a take (spec/compulsory 6.3 and 6.7)."""

from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from courses.models import Course, CourseVersion
from enrolments import enrolment, learners
from enrolments.models import ActivityResult
from enrolments.takes import TakeSuperseded
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from simulators import tasks
from simulators.models import Submission, TaskSave
from simulators.tasks import PersonTaskKey, SubmissionNotAllowed, TaskWork
from tests.simulators import task_folders
from tests.support.builders import publish
from tests.support.learning import a_learner
from tests.support.takes import read, retake, takes_of

KEY = "tarea-1"
ONCE = task_folders.BODY.replace("attempts: 2", "attempts: 1")


@pytest.fixture
def published(instance: Instance) -> tuple[Course, CourseVersion]:
    """Return a published course whose task can be submitted once."""
    return publish(instance, task_folders.folder(ONCE))


def hand_in(instance: Instance, learner: Actor, typed: str = "99,54") -> UUID:
    """Submit the task with one number."""
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, learner, "prueba", KEY)
        context = tasks.load_task_context(session, learner, subject, now=clock.now())
        work = TaskWork(context.start, {"linea": typed})
        return tasks.submit_task(session, learner, subject, work, {"linea": Fraction("99.54")}, number=uuid4(), now=clock.now()).uuid


def rows(instance: Instance) -> list[Submission]:
    """Return every submission, the first one first."""
    return read(instance, lambda session: list(session.scalars(select(Submission).order_by(Submission.id))))


def test_a_task_is_submitted_anew_in_each_take(instance: Instance, published: tuple[Course, CourseVersion]) -> None:
    """spec/compulsory 6.3: limit, number and what was kept are the take's own."""
    course, _version = published
    learner = a_learner(instance, course)
    hand_in(instance, learner)
    with pytest.raises(SubmissionNotAllowed):
        hand_in(instance, learner)
    retake(instance, learner, course)
    first, second = takes_of(instance, learner, course)
    places = [PersonTaskKey(learner.person_id or 0, take.id, course.id, KEY) for take in (first, second)]
    kept = read(instance, lambda session: [tasks.find_save(session, place) for place in places])

    hand_in(instance, learner, "1")

    assert [row and row.answers["linea"] for row in kept] == ["99,54", None]
    assert [(row.enrolment_id, row.number) for row in rows(instance)] == [(first.id, 1), (second.id, 1)]
    histories = read(instance, lambda session: [tasks.list_submissions(session, place) for place in places])
    assert [[row.number for row in history] for history in histories] == [[1], [1]]
    assert read(instance, lambda session: session.scalars(select(TaskSave.enrolment_id).order_by(TaskSave.id)).all()) == [
        first.id,
        second.id,
    ]


def test_nothing_is_submitted_in_a_superseded_take(instance: Instance, published: tuple[Course, CourseVersion]) -> None:
    """spec/compulsory 6.2: a page of before that is sent afterwards."""
    course, _version = published
    learner = a_learner(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", KEY)
        work = TaskWork(tasks.load_task_context(session, learner, subject, now=clock.now()).start, {"linea": "1"})
    retake(instance, learner, course)

    with pytest.raises(TakeSuperseded), instance.database.unit_of_work() as session:
        tasks.submit_task(session, learner, subject, work, {"linea": Fraction(1)}, number=uuid4(), now=clock.now())


def test_a_number_is_given_once_within_a_take(instance: Instance, published: tuple[Course, CourseVersion]) -> None:
    """spec/compulsory 6.3."""
    learner = a_learner(instance, published[0])
    hand_in(instance, learner)
    row = rows(instance)[0]
    values = {column.key: getattr(row, column.key) for column in Submission.__table__.columns if column.key not in ("id", "uuid")}

    with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
        session.execute(insert(Submission).values(**values, uuid=uuid4()))


def test_only_present_takes_are_out_of_step_with_the_limits(instance: Instance, published: tuple[Course, CourseVersion]) -> None:
    """spec/compulsory 6.7: `list_out_of_step` joins by enrolment."""
    course, _version = published
    learner = a_learner(instance, course)
    hand_in(instance, learner)
    retake(instance, learner, course)
    hand_in(instance, learner)
    with instance.database.unit_of_work() as session:
        session.execute(update(ActivityResult).values(exhausted=False))

    found = read(instance, lambda session: tasks.list_out_of_step(session, course.id, limit=10))

    assert [one.enrolment_id for one in found] == [takes_of(instance, learner, course)[1].id]


def test_a_version_renames_the_submissions_of_the_present_take_alone(instance: Instance, published: tuple[Course, CourseVersion]) -> None:
    """spec/compulsory 6.7: a superseded take keeps its keys."""
    course, _version = published
    learner = a_learner(instance, course)
    hand_in(instance, learner)
    retake(instance, learner, course)
    hand_in(instance, learner)
    head = task_folders.HEAD.replace("key: tarea-1", "key: tarea-nueva\nformer_keys: [tarea-1]")
    version = publish(instance, {**task_folders.folder(), task_folders.TASK: (head + ONCE).encode()})[1]

    with instance.database.unit_of_work() as session:
        enrolment.follow_version(session, learner, takes_of(instance, learner, course)[1].id, version.id, now=clock.now())

    assert [row.activity_key for row in rows(instance)] == [KEY, "tarea-nueva"]
    keys = select(TaskSave.activity_key).order_by(TaskSave.id)
    assert read(instance, lambda session: session.scalars(keys).all()) == [KEY, "tarea-nueva"]
