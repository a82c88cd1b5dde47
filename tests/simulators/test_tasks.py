"""Tasks in the database: their verbs, their dates, and what belongs to each take of a course.

spec/compulsory 6.3, 6.7.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from courses import versions
from courses.models import Course, CourseVersion, PublicationNature, StaffRole
from enrolments import enrolment, learners
from enrolments import enrolment as enrolment_services
from enrolments.models import ActivityResult, Enrolment
from enrolments.takes import TakeSuperseded
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from simulators import tasks
from simulators.models import Submission, TaskSave
from simulators.rules.scenario import BENEFITS
from simulators.tasks import PersonTaskKey, SubmissionNotAllowed, TaskWork
from tests.simulators import task_folders
from tests.simulators.task_folders import BODY, folder
from tests.support.browser import Browser, Counter
from tests.support.builders import a_learner_in, a_teacher, publish, sign_in
from tests.support.dates import moments_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, a_learner, all_at_once
from tests.support.takes import read, retake, takes_of
from tests.support.wording import in_spanish

TASK = "/courses/prueba/simulators/tarea-1"


def test_what_a_task_says_is_read_back_as_it_was_published(instance: Instance) -> None:
    course, version = publish(instance, task_folders.folder())
    with instance.database.unit_of_work(write=False) as session:
        outline = versions.get_outline(session, version.id)
        found = tasks.get_task_of_activity(session, outline.by_key["tarea-1"].id)

    assert found.task.start == {"vejez.meses": "{meses}", "vejez.captacion": "1/2"}
    assert [item.key for item in found.task.items] == ["cobertura", "costo", "linea"]
    assert (found.task.policy.attempts, found.task.policy.pass_mark) == (2, 70)
    assert found.version_id == version.id
    assert course.slug == "prueba"


def test_work_follows_a_task_whose_key_changes(browser: Browser) -> None:
    """spec/content-format 3.2: what was recorded under a former key moves to the present one."""
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    learner.get(TASK)
    learner.submit(f"{TASK}/answers", {"ask.linea": "99,54"}, button=("do", "submit"))
    files = {
        **task_folders.folder(),
        task_folders.TASK: (
            task_folders.HEAD.replace("key: tarea-1", "key: tarea-nueva\nformer_keys: [tarea-1]") + task_folders.BODY
        ).encode(),
    }
    _course, version = publish(browser.instance, files)
    with browser.instance.database.unit_of_work() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        enrolment_services.follow_version(session, Actor(), enrolment.id, version.id, now=clock.now())

    with browser.instance.database.unit_of_work(write=False) as session:
        assert set(session.scalars(select(Submission.activity_key))) == {"tarea-nueva"}
        assert set(session.scalars(select(TaskSave.activity_key))) == {"tarea-nueva"}
        assert session.scalars(select(ActivityResult.activity_key)).all() == ["tarea-nueva"]
    assert in_spanish("%(count)s attempt left.", 1) in learner.get("/courses/prueba/simulators/tarea-nueva").text


def test_best_submission_counts_whatever_comes_after(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    good = {"vejez.elegible": "100", "vejez.captacion": "90", "vejez.tramos.1.factor_linea": "75"}
    for values in ({**good, "ask.linea": "99,54"}, {"vejez.captacion": "10", "ask.linea": ""}):
        learner.get(TASK)
        learner.submit(f"{TASK}/answers", values, button=("do", "submit"))

    with browser.instance.database.unit_of_work(write=False) as session:
        percents = session.scalars(select(Submission.percent).order_by(Submission.number)).all()
        assert [int(percent or 0) for percent in percents] == [100, 40]
        assert session.scalars(select(ActivityResult.score)).one() == 100
        verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs.count("simulator_task.submitted") == 2
    assert verbs.count("activity.completed") == 1


def test_work_that_no_learner_may_send_is_refused(browser: Browser) -> None:
    """A task that waits for something else takes nothing, however it is sent."""
    head = task_folders.HEAD.replace("model:", "requires: [leccion-1]\nmodel:")
    course, _version = publish(browser.instance, {**task_folders.folder(), task_folders.TASK: (head + task_folders.BODY).encode()})
    learner = a_learner_in(browser, course)
    page = learner.get(TASK)

    assert "Proponga una pensión" not in page.text
    learner.post(f"{TASK}/answers", {"do": "calculate"}, status=409)
    learner.get(TASK)
    learner.post(f"{TASK}/answers", {"do": "submit"})
    with browser.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(TaskSave)).all() == []
        assert session.scalars(select(Submission)).all() == []


def test_task_that_only_asks_shows_what_is_given_and_lets_nothing_change(browser: Browser) -> None:
    body = "text: Calcule.\nasks:\n  - key: uno\n    text: ¿Cuánto cuesta?\n    output: ninez_focalizada.pct_pib\n    tolerance: 0.005\n"
    course, _version = publish(browser.instance, task_folders.folder(body))
    learner = a_learner_in(browser, course)
    page = learner.get(TASK)
    names = [name for name, _value in page.form(f"{TASK}/answers").fields]

    assert names == ["csrf_token", "number", "task", "ask.uno"]
    assert "28,09" in page.text
    assert "1,30" not in page.text, "the page does not give the answer away"
    learner.submit(f"{TASK}/answers", {"ask.uno": "1,3"}, button=("do", "submit"))
    with browser.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Submission.passed)).one() is True


def test_task_on_the_total_lets_every_input_be_changed(browser: Browser) -> None:
    body = "text: Proponga.\ngoals:\n  - key: uno\n    text: Cuesta poco.\n    output: total.pct_pib\n    max: 1\n"
    course, _version = publish(browser.instance, task_folders.folder(body))
    learner = a_learner_in(browser, course)
    names = [name for name, _value in learner.get(TASK).form(f"{TASK}/answers").fields]

    assert all(f"{key}.elegible" in names for key in BENEFITS)
    assert "macro.crec_real" in names
    learner.submit(f"{TASK}/answers", {"vejez.incluida": None}, button=("do", "submit"))
    with browser.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Submission.scenario)).one() == "1_vi0"


def test_pages_of_a_task_ask_the_database_little(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    learner.get(TASK)
    counter = Counter(browser.instance.database.reading)
    learner.get(TASK)

    assert len(counter.statements) <= 10, counter.statements


def test_what_was_kept_by_formulas_that_are_gone_begins_anew(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    learner.get(TASK)
    learner.submit(f"{TASK}/answers", {"vejez.captacion": "77"}, button=("do", "calculate"))
    with browser.instance.database.unit_of_work() as session:
        session.scalars(select(TaskSave)).one().scenario = "0_vc0.3"

    assert dict(learner.get(TASK).form(f"{TASK}/answers").fields)["vejez.captacion"] == "50"


def test_same_work_is_kept_once(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    for captacion in ("77", "77", "78", "77"):
        learner.get(TASK)
        learner.submit(f"{TASK}/answers", {"vejez.captacion": captacion}, button=("do", "calculate"))

    with browser.instance.database.unit_of_work(write=False) as session:
        kept = session.scalars(select(TaskSave.scenario).order_by(TaskSave.id)).all()
    assert [text.rpartition("_vc")[2].partition("_")[0] for text in kept] == ["0.77", "0.78", "0.77"]


def test_grader_looks_at_a_task_and_cannot_work_on_it(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    a_teacher(browser.instance, course, role=StaffRole.GRADER)
    sign_in(browser, "profe@example.org")
    page = browser.get(TASK)

    assert "Proponga una pensión" in page.text
    assert page.form(f"{TASK}/answers").buttons == []
    browser.post(f"{TASK}/answers", {"do": "submit"}, status=403)


def test_progress_says_that_a_task_is_used_up_and_follows_the_limits_of_a_correction(browser: Browser) -> None:
    """A used-up task is not what comes next (`enrolments.rules.find_next_activity`); a correction gives attempts, and takes them."""
    instance = browser.instance
    course, _version = publish(instance, task_folders.folder())
    learner = a_learner_in(browser, course)
    seen = []
    for _time in range(2):
        learner.get(TASK)
        learner.submit(f"{TASK}/answers", {"ask.linea": "1"}, button=("do", "submit"))
        seen.append(is_used_up(instance))

    for attempts in ("attempts: 3\n", "attempts: 1\n", ""):
        body = task_folders.BODY.replace("attempts: 2\n", attempts)
        publish(instance, task_folders.folder(body), nature=PublicationNature.CORRECTION)
        outbox.deliver_waiting(instance.worker, now=clock.now())
        seen.append(is_used_up(instance))

    assert seen == [False, True, False, True, False]


def test_one_form_handed_in_twice_at_once_is_one_submission(instance: Instance) -> None:
    """spec/security 6.2, on both databases: a double click; another form is another submission."""
    course, _version = publish(instance, task_folders.folder())
    actor = a_learner(instance, course)

    def hand_in(number: UUID) -> int:
        with instance.database.unit_of_work() as session:
            now, subject = clock.now(), learners.get_activity_context(session, actor, "prueba", "tarea-1")
            work = TaskWork(tasks.load_task_context(session, actor, subject, now=now).start, {"linea": "1"})
            return tasks.submit_task(session, actor, subject, work, {"linea": Fraction(1)}, number=number, now=now).number

    first, second = uuid4(), uuid4()
    found = all_at_once(3, lambda _place: hand_in(first))

    assert found == [1, 1, 1]
    assert hand_in(second) == 2
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Submission.uuid).order_by(Submission.number)).all() == [first, second]


def is_used_up(instance: Instance) -> bool:
    """Return whether progress takes the task for used up."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(ActivityResult.exhausted).where(ActivityResult.activity_key == "tarea-1")).one()


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


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def may_submit(instance: Instance, learner: Actor, at: At, moment: datetime) -> bool:
    """Return whether a task may be submitted at a moment."""
    at.moment = moment
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "tarea-1")
        return tasks.load_task_context(session, learner, subject, now=moment).ruling.allowed


@pytest.mark.parametrize("ends", [None, 5, 40])
def test_the_dates_are_those_by_which_a_task_may_be_submitted(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, ends: int | None
) -> None:
    at = At(monkeypatch, NOON)
    course, _version = publish(instance, folder(BODY + "opens: 2026-06-03\ncloses: 2026-06-20\n"), now=NOON)
    edition = None if ends is None else an_edition(instance, course, ends_at=NOON + timedelta(days=ends))
    learner = a_learner_of(instance, course, edition)

    found = moments_of(instance, learner, now=NOON)

    opens = found["simulator:prueba:tarea-1:opens"]
    closes = min(moment for key, moment in found.items() if key.endswith((":closes", ":ends")))
    assert ("simulator:prueba:tarea-1:closes" in found) is (ends != 5)
    assert not may_submit(instance, learner, at, opens - SECOND)
    assert may_submit(instance, learner, at, opens)
    assert may_submit(instance, learner, at, closes - SECOND)
    assert not may_submit(instance, learner, at, closes)


def test_the_pause_between_submissions_is_over_when_a_task_may_be_submitted_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = At(monkeypatch, NOON)
    course, _version = publish(instance, folder(BODY.replace("attempts: 2\n", "attempts: 3\npause: 24 h\n")), now=NOON)
    learner = a_learner_of(instance, course, None)
    assert moments_of(instance, learner, now=NOON) == {}
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, learner, "prueba", "tarea-1")
        work = TaskWork(tasks.load_task_context(session, learner, subject, now=NOON).start, {"linea": "1"})
        tasks.submit_task(session, learner, subject, work, {"linea": Fraction(1)}, number=uuid4(), now=NOON)

    found = moments_of(instance, learner, now=NOON + SECOND)

    assert list(found) == ["simulator:prueba:tarea-1:pause"]
    assert not may_submit(instance, learner, at, found["simulator:prueba:tarea-1:pause"] - SECOND)
    assert may_submit(instance, learner, at, found["simulator:prueba:tarea-1:pause"])
