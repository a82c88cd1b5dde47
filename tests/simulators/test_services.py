"""Verbs of tasks on the database."""

from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import select

from courses import versions
from courses.models import PublicationNature, StaffRole
from enrolments import enrolment as enrolment_services
from enrolments import learners
from enrolments.models import ActivityResult, Enrolment
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from simulators import tasks
from simulators.models import Submission, TaskSave
from simulators.rules.scenario import BENEFITS
from simulators.tasks import TaskWork
from tests.simulators import task_folders
from tests.support.browser import Browser, Counter
from tests.support.builders import a_learner_in, a_teacher, publish, sign_in
from tests.support.learning import a_learner, all_at_once
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
    """Say whether progress takes the task for used up."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(ActivityResult.exhausted).where(ActivityResult.activity_key == "tarea-1")).one()
