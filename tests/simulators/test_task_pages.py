"""A graded task through its pages: what a learner sees, tries, hands in and gets back."""

import json
import re
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from courses.models import PublicationNature
from enrolments.models import ActivityResult, Edition, EditionPlace, Enrolment
from kernel import clock
from kernel.audit import AuditEntry
from kernel.i18n import format_datetime, format_time, reading
from lms.instance import Instance
from simulators.models import Submission, SubmissionItem, TaskSave
from tests.simulators import task_folders
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_person, a_teacher, publish, sign_in
from tests.support.wording import in_spanish

TASK = "/courses/prueba/simulators/tarea-1"
ANSWERS = f"{TASK}/answers"
CORRECTED = "La tarea se corrigió mientras usted trabajaba en ella."
GOOD = {"vejez.elegible": "100", "vejez.captacion": "90", "vejez.tramos.1.factor_linea": "75", "ask.linea": "99,54"}


@pytest.fixture
def learner(browser: Browser) -> Browser:
    """Return a learner of a course with a task."""
    course, _version = publish(browser.instance, task_folders.folder())
    return a_learner_in(browser, course)


def rows(browser: Browser, table: type[Submission] | type[TaskSave]) -> list[Submission] | list[TaskSave]:
    with browser.instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(table).order_by(table.id)))  # type: ignore[return-value]  # rows of that table


def result(browser: Browser) -> ActivityResult | None:
    with browser.instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(ActivityResult).where(ActivityResult.activity_key == "tarea-1"))


def test_learner_finds_the_task_with_their_own_number(learner: Browser) -> None:
    page = learner.get(TASK)
    names = [name for name, _value in page.form(ANSWERS).fields]

    assert "{meses}" not in page.text
    assert "<!--gap" not in page.html
    assert any(f"con {number} pagos" in page.text for number in range(10, 15))
    assert "vejez.captacion" in names
    assert "vejez.meses" not in names, "it is locked"
    assert in_spanish("%(count)s attempt left.", 2) in page.text


def test_a_balance_below_zero_can_be_typed_on_a_phone(learner: Browser) -> None:
    """Keypads of decimals have no minus on some phones."""
    box = re.search(r'<input type="text" id="ask-linea"[^>]*>', learner.get(TASK).html)

    assert box
    assert "inputmode" not in box[0]


def test_a_task_about_a_reserve_alone_shows_no_economy(browser: Browser) -> None:
    body = (
        "text: Calcule.\nstart:\n  reserva.anios: 12\nasks:\n  - key: uno\n    text: ¿Cuánto queda?\n    output: reserva.filas.1.reserva\n"
    )
    course, _version = publish(browser.instance, task_folders.folder(body))
    page = a_learner_in(browser, course).get(TASK)

    assert in_spanish("Contributory scheme") in page.text
    assert "Línea de pobreza" not in page.text


def test_calculating_keeps_the_scenario_and_shows_how_far_it_is(learner: Browser) -> None:
    learner.get(TASK)
    page = learner.submit(ANSWERS, {**GOOD, "ask.linea": "99"}, button=("do", "calculate"))

    assert "Escenario guardado" in page.text
    assert page.html.count('class="ok" data-goal') == 2
    assert dict(page.form(ANSWERS).fields)["ask.linea"] == "99"
    assert learner.get(TASK).text == page.text
    assert not rows(learner, Submission), "nothing was handed in"
    [saved] = rows(learner, TaskSave)
    assert in_spanish("Scenario saved %(time)s", time=format_time(saved.saved_at)) in page.text
    yesterday = saved.saved_at - timedelta(days=1)
    with learner.instance.database.unit_of_work() as session:
        session.get_one(TaskSave, saved.id).saved_at = yesterday
    with reading("es"):
        assert in_spanish("Scenario saved %(time)s", time=format_datetime(yesterday, "short")) in learner.get(TASK).text


def test_handing_in_marks_and_completes(learner: Browser) -> None:
    learner.get(TASK)
    page = learner.submit(ANSWERS, GOOD, button=("do", "submit"))
    kept = result(learner)

    assert in_spanish("Passed: %(raw)s of %(maximum)s point", 5, raw="5", maximum="5") in page.text
    assert "Es la línea de 2025 con cinco años de inflación" in page.text
    assert kept is not None
    assert kept.completed_at is not None
    assert (kept.score, kept.passed) == (100, True)


def test_what_falls_short_says_so_and_leaves_another_attempt(learner: Browser) -> None:
    learner.get(TASK)
    page = learner.submit(ANSWERS, {**GOOD, "vejez.captacion": "50", "ask.linea": "100"}, button=("do", "submit"))

    assert "2 de 5 puntos" in page.text
    assert in_spanish("Not met") in page.text
    assert "99,5" not in page.text, "the right number is not told while there is another attempt"
    assert page.has_link(TASK)
    kept = result(learner)
    assert kept is not None
    assert (kept.score, kept.passed, kept.completed_at) == (40, False, None)

    learner.get(TASK)
    page = learner.submit(ANSWERS, {**GOOD, "vejez.captacion": "50", "ask.linea": "100"}, button=("do", "submit"))

    assert "99,541" in page.text, "now it is"
    page = learner.get(TASK)
    assert ("do", "submit") not in page.form(ANSWERS).buttons
    learner.submit(ANSWERS, GOOD, button=("do", "submit"))
    assert len(rows(learner, Submission)) == 2, "a third one is refused"


def test_locked_inputs_cannot_be_sent_around_the_page(learner: Browser) -> None:
    learner.get(TASK)
    learner.submit(ANSWERS, {**GOOD, "macro.pib_base": "999999999999999", "vejez.meses": "0"}, button=("do", "submit"))
    [row] = rows(learner, Submission)

    assert isinstance(row, Submission)
    assert "gp" not in row.scenario
    assert "vm0" not in row.scenario


def test_what_is_no_number_is_told_and_nothing_is_lost(learner: Browser) -> None:
    learner.get(TASK)
    page = learner.submit(ANSWERS, {**GOOD, "vejez.captacion": "150", "ask.linea": "mucho"}, button=("do", "submit"), status=422)
    fields = dict(page.form(ANSWERS).fields)

    assert in_spanish("Enter a number from %(low)s to %(high)s.", low="0", high="100") in page.text
    assert 'href="#ask-linea"' in page.html
    assert (fields["vejez.captacion"], fields["ask.linea"], fields["vejez.tramos.1.factor_linea"]) == ("150", "mucho", "75")
    assert not rows(learner, Submission)


def test_back_to_the_start_forgets_what_was_tried(learner: Browser) -> None:
    learner.get(TASK)
    learner.submit(ANSWERS, GOOD, button=("do", "calculate"))
    page = learner.submit(ANSWERS, {}, button=("do", "reset"))

    assert dict(page.form(ANSWERS).fields)["vejez.captacion"] == "50"


def test_two_learners_have_their_own_numbers_and_do_not_see_each_other(learner: Browser) -> None:
    learner.get(TASK)
    learner.submit(ANSWERS, GOOD, button=("do", "submit"))
    address = learner.path
    other = learner.another()
    other.get("/courses/prueba")
    a_person(other.instance, "otra@example.org", given="Otra")
    sign_in(other, "otra@example.org")

    other.get(TASK, status=403)
    other.get("/courses/prueba")
    other.submit("/courses/prueba/enrolment")
    other.get(TASK)
    other.get(address, status=404)
    assert learner.get(address).text


def test_visitors_are_sent_to_sign_in(learner: Browser) -> None:
    visitor = learner.another()
    page = visitor.get(TASK, status=200)

    assert "/sign-in" in visitor.path
    assert page.title


def test_teacher_tries_a_preview_that_counts_nothing_and_reviews_learners(browser: Browser) -> None:
    course, _version = publish(browser.instance, task_folders.folder())
    learner = a_learner_in(browser.another(), course)
    learner.get(TASK)
    learner.submit(ANSWERS, {**GOOD, "ask.linea": "1"}, button=("do", "submit"))
    a_teacher(browser.instance, course)
    sign_in(browser, "profe@example.org")

    browser.get(TASK)
    page = browser.submit(ANSWERS, GOOD, button=("do", "submit"))
    assert "vista previa" in page.text.lower()
    assert [row.preview for row in rows(browser, Submission) if isinstance(row, Submission)] == [False, True]

    page = browser.get(learner.path)
    assert "99,541" in page.text, "who edits the course sees the right number"
    learner.get(learner.path)
    with browser.instance.database.unit_of_work(write=False) as session:
        looks = list(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "account.looked_at")))
    assert [json.loads(facts)["purpose"] for facts in looks] == ["answers"], "security 7.4: the learner is told who looked"


def test_closed_task_shows_what_was_done_and_takes_nothing_more(browser: Browser) -> None:
    closes = clock.now() + timedelta(days=2)
    body = task_folders.BODY.replace("text: Prop", f"closes: {closes:%Y-%m-%d} 00:00\ntext: Prop", 1)
    course, _version = publish(browser.instance, {**task_folders.folder(), task_folders.TASK: _in_order(body).encode()})
    learner = a_learner_in(browser, course)
    learner.get(TASK)
    learner.submit(ANSWERS, {**GOOD, "ask.linea": "1"}, button=("do", "submit"))
    review = learner.path
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        later = sign_in(learner.another())
        page = later.get(TASK)

        assert in_spanish("It is closed and no longer accepts submissions.") in page.text
        assert ("do", "submit") not in page.form(ANSWERS).buttons
        assert "99,541" in later.get(review).text, "nothing more can be handed in: the right number is told"


def test_what_is_handed_in_too_late_is_not_lost(browser: Browser) -> None:
    """The task closes while somebody works on it: what they typed is there when the page comes back."""
    closes = clock.now() + timedelta(days=2)
    body = task_folders.BODY.replace("text: Prop", f"closes: {closes:%Y-%m-%d} 00:00\ntext: Prop", 1)
    course, _version = publish(browser.instance, {**task_folders.folder(), task_folders.TASK: _in_order(body).encode()})
    learner = a_learner_in(browser, course)
    end = closes.replace(hour=5, minute=0, second=0, microsecond=0)
    with time_machine.travel(end - timedelta(minutes=1), tick=False):
        learner = sign_in(learner.another())
        learner.get(TASK)
    with time_machine.travel(end + timedelta(minutes=1), tick=False):
        page = learner.submit(ANSWERS, GOOD, button=("do", "submit"))

    fields = dict(page.form(ANSWERS).fields)
    assert "no se puede enviar" in page.text
    assert (fields["ask.linea"], fields["vejez.captacion"]) == ("99,54", "90")
    assert not rows(learner, Submission)


def test_form_that_is_sent_again_leads_to_what_it_handed_in(learner: Browser) -> None:
    """A lost line, a second click, a form that an error's page sends again. A page gone back to and filled in anew is handed in anew."""
    form = learner.get(TASK).form(ANSWERS)
    tokens, addresses = [dict(learner.get(page).form("/sign-out").fields)["csrf_token"] for page in ("/learning", TASK, TASK)], []
    for line, token in zip(("1", "1", "99,54"), tokens, strict=True):
        learner.submit(ANSWERS, {**GOOD, "ask.linea": line, "csrf_token": token}, button=("do", "submit"), form=form)
        addresses.append(learner.path)

    assert addresses[0] == addresses[1] != addresses[2]
    assert [row.uuid for row in rows(learner, Submission) if isinstance(row, Submission)] == [
        UUID(addresses[0][-36:]),
        UUID(addresses[2][-36:]),
    ]


def correct(learner: Browser, files: dict[str, bytes]) -> None:
    """Publish a correction that the learner follows at once."""
    publish(learner.instance, files, nature=PublicationNature.CORRECTION)
    learner.deliver_jobs()


def test_submission_is_shown_after_a_correction_gave_its_task_another_key(learner: Browser) -> None:
    learner.get(TASK)
    learner.submit(ANSWERS, {**GOOD, "ask.linea": "1"}, button=("do", "submit"))
    address = learner.path
    head = task_folders.HEAD.replace("key: tarea-1\n", "key: tarea-2\nformer_keys: [tarea-1]\n")
    correct(learner, {**task_folders.folder(), task_folders.TASK: (head + task_folders.BODY).encode()})
    learner.get(address)

    assert learner.page.has_link("/courses/prueba/simulators/tarea-2")


def test_task_that_ends_with_the_learners_edition_says_so(browser: Browser) -> None:
    closes, ends = clock.now() + timedelta(days=9), clock.now().replace(hour=17) + timedelta(days=2)
    body = task_folders.BODY.replace("text: Prop", f"closes: {closes:%Y-%m-%d} 00:00\ntext: Prop", 1)
    course, _version = publish(browser.instance, {**task_folders.folder(), task_folders.TASK: _in_order(body).encode()})
    learner = a_learner_in(browser, course)
    with browser.instance.database.unit_of_work() as session:
        edition = Edition(course_id=course.id, name="Primera", self_enrolment=False, ends_at=ends, created_at=clock.now())
        session.add(edition)
        session.flush()
        session.add(EditionPlace(enrolment_id=session.scalars(select(Enrolment.id)).one(), edition_id=edition.id))

    assert f"Hasta el {ends.day} " in learner.get(TASK).text


STARTS = ("  vejez.captacion: 0.5\n", "  vejez.captacion: 0.5\n  macro.inflacion: 0.03\n")
RANGES = ("{from: 10, to: 14, step: 1}", "{from: 6, to: 9, step: 1}")


@pytest.mark.parametrize(("before", "after"), [STARTS, RANGES, ("key: tarea-1\n", "key: tarea-2\nformer_keys: [tarea-1]\n")])
def test_what_is_sent_from_before_a_correction_is_shown_anew_with_its_numbers(learner: Browser, before: str, after: str) -> None:
    """A start, a range or a key, by which the numbers are drawn: nothing is marked by numbers that were never shown."""
    form = learner.get(TASK).form(ANSWERS)
    correct(learner, {**task_folders.folder(), task_folders.TASK: (task_folders.HEAD + task_folders.BODY).replace(before, after).encode()})
    for act in ("submit", "calculate"):
        page = learner.submit(ANSWERS, GOOD, button=("do", act), form=form)
        fields = dict(page.form("/answers").fields)

        assert CORRECTED in page.text
        assert in_spanish("%(count)s attempt left.", 2) in page.text
        assert [fields[name] for name in GOOD] == list(GOOD.values())

    assert not rows(learner, Submission)
    kept = dict(learner.get(learner.path).form("/answers").fields)
    assert [kept[name] for name in GOOD] == list(GOOD.values()), "kept for whoever comes back later"
    learner.submit("/answers", GOOD, button=("do", "submit"))
    assert len(rows(learner, Submission)) == 1


def test_what_is_sent_from_before_a_correction_and_is_no_number_is_told_both(learner: Browser) -> None:
    form = learner.get(TASK).form(ANSWERS)
    correct(learner, task_folders.folder(task_folders.BODY.replace(*STARTS)))
    page = learner.submit(ANSWERS, {**GOOD, "ask.linea": "mucho"}, button=("do", "submit"), form=form, status=422)

    assert CORRECTED in page.text
    assert 'href="#ask-linea"' in page.html


def test_correction_of_something_else_does_not_hold_up_who_works_on_a_task(learner: Browser) -> None:
    """Nor do other limits; and pages from before forms told what they show go on as they did."""
    form = learner.get(TASK).form(ANSWERS)
    correct(learner, task_folders.folder(task_folders.BODY.replace("attempts: 2", "attempts: 3")))
    learner.submit(ANSWERS, GOOD, button=("do", "submit"), form=form)
    correct(learner, task_folders.folder(task_folders.BODY.replace(*STARTS).replace("attempts: 2", "attempts: 3")))
    for task in (None, "x", ""):
        learner.submit(ANSWERS, {**GOOD, "number": None, "task": task}, button=("do", "submit"), form=form)

    assert len(rows(learner, Submission)) == 3, "all that there may be"
    assert CORRECTED in learner.submit(ANSWERS, {**GOOD, "task": "999999999"}, button=("do", "calculate"), form=form).text


def _in_order(body: str) -> str:
    """Put `closes` before the model, where the format has it."""
    line = next(line for line in body.splitlines() if line.startswith("closes:"))
    return task_folders.HEAD.replace("model:", f"{line}\nmodel:") + body.replace(f"{line}\n", "")


def test_submission_keeps_what_it_was_marked_by(learner: Browser) -> None:
    """simulator.md: the version of the formulas and the inputs are kept, so that a result can be repeated."""
    learner.get(TASK)
    learner.submit(ANSWERS, GOOD, button=("do", "submit"))
    [row] = rows(learner, Submission)
    assert isinstance(row, Submission)
    with learner.instance.database.unit_of_work(write=False) as session:
        items = session.scalars(select(SubmissionItem).order_by(SubmissionItem.item_id)).all()

    assert row.scenario.startswith("1_")
    assert 10 <= Fraction(row.drawn["meses"]) <= 14
    assert [(item.met, item.given) for item in items] == [(True, ""), (True, ""), (True, "99,54")]
    assert items[0].value == 90


def test_task_is_on_the_way_of_the_course(learner: Browser) -> None:
    page = learner.get("/courses/prueba")

    assert page.has_link(TASK)


def test_every_cell_of_tasks_and_submissions(browser: Browser, instance: Instance) -> None:
    """Access: simulator.view_task, simulator.answer, simulator.review, each role; graders see submissions and hand nothing in."""
    cast = a_cast(browser, instance)
    course, _version = publish(instance, task_folders.folder())
    cast.join(course)
    learner = a_learner_in(browser, course)
    learner.get(TASK)
    learner.submit(ANSWERS, {**GOOD, "ask.linea": "1"}, button=("do", "submit"))

    wrong = cast.check("simulator.view_task", "published", cast.outcomes(TASK))
    wrong += cast.check("simulator.review", "of_another_learner", cast.outcomes(learner.path))
    wrong += cast.check("simulator.answer", "open", cast.outcomes(ANSWERS, "POST", {**GOOD, "do": "submit"}))

    assert wrong == []
