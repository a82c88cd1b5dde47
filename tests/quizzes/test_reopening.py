"""Opening attempts again (5.3.7) and deleting previews (5.2.7): services, pages, and who may."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kernel import clock
from kernel.audit import AuditEntry
from lms.app import House
from quizzes.models import AnswerEvent, Attempt, MarkEvent
from quizzes.services import reopening
from quizzes.services.reopening import CannotReopen
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, actor_of, attempt_row, fail_quiz, pass_quiz, right_batch, save, sitting_of, start, submit

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
ABANDONS = "attempts: 2\nlimit: 10 min\nat_end: abandon\n"


def abandon(house: House, learner: object, ago: timedelta = timedelta(hours=1)) -> object:
    """Start an attempt, save the right answers, and let its time pass."""
    began = clock.now() - ago
    attempt = start(house, learner, "prueba", now=began)  # type: ignore[arg-type]  # an actor
    save(house, learner, attempt, right_batch(house, learner, attempt), now=began)  # type: ignore[arg-type]  # fixtures give rows
    submit(house, learner, attempt)  # type: ignore[arg-type]  # fixtures give rows
    assert attempt_row(house, attempt).state == "abandoned"
    return attempt


def reopen(house: House, editor: object, attempt: object) -> str:
    with sitting_of(house, editor, attempt, write=True) as (session, sitting):  # type: ignore[arg-type]  # an actor and a number
        return reopening.reopen_attempt(session, editor, sitting, "Corte de luz.", now=clock.now()).value  # type: ignore[arg-type]  # fixtures give rows


def test_what_was_abandoned_and_is_past_its_time_is_handed_in_and_marked_at_once(house: House) -> None:
    """5.3.7: with the answers that were saved, and its end as the time."""
    course = a_course(house, modules=1, settings=ABANDONS)
    learner, editor = a_learner(house, course), actor_of(a_teacher(house, course))
    attempt = abandon(house, learner)

    state = reopen(house, editor, attempt)

    row = attempt_row(house, attempt)  # type: ignore[arg-type]  # a number
    assert (state, row.state, row.percent, row.passed) == ("finished", "finished", 100, True)
    assert row.finished_at == row.started_at + timedelta(minutes=10)
    with house.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "attempt.reopened")).scalar_one()
    assert "Corte de luz." in entry.facts
    assert entry.actor_id == editor.person_id


def test_an_attempt_with_time_left_is_open_again_and_handed_in_by_its_learner(browser: Browser, house: House) -> None:
    """5.3.7, security 9 attempt.reopen: handed in too early; the answers are there, the grade waits; the learner is told."""
    course = a_course(house, modules=1, settings="attempts: 1\n")
    learner, editor = a_learner(house, course), actor_of(a_teacher(house, course))
    attempt = fail_quiz(house, learner, "prueba")

    state = reopen(house, editor, attempt)
    between = attempt_row(house, attempt)
    told = browser.mails()[-1]
    submit(house, learner, attempt, right_batch(house, learner, attempt))

    assert (state, between.percent, between.submitted_at) == ("in_progress", None, None)
    assert told.startswith("Su intento de «Cuestionario 1» está abierto de nuevo")
    assert f"/attempts/{attempt}" in told
    assert attempt_row(house, attempt).percent == 100


def test_no_attempt_is_opened_beside_another_open_one_nor_one_that_is_open(house: House) -> None:
    """5.2.1: one open attempt per learner and quiz."""
    course = a_course(house, modules=1, settings="attempts: 0\n")
    learner, editor = a_learner(house, course), actor_of(a_teacher(house, course))
    ended = pass_quiz(house, learner, "prueba")
    running = start(house, learner, "prueba")

    for attempt in (ended, running):
        with pytest.raises(CannotReopen):
            reopen(house, editor, attempt)

    assert attempt_row(house, ended).state == "finished"


def test_staff_reopen_from_the_review_with_a_reason(browser: Browser, house: House) -> None:
    course = a_course(house, modules=1, settings=ABANDONS)
    a_teacher(house, course)
    attempt = abandon(house, a_learner(house, course))
    sign_in(browser, "profe@example.org")
    assert browser.get(f"/attempts/{attempt}/review").has_link(f"/attempts/{attempt}/reopening")

    browser.get(f"/attempts/{attempt}/reopening")
    warned = browser.page.text
    browser.submit("/reopening", {"reason": ""}, status=422)
    browser.submit("/reopening", {"reason": "Corte de luz."})

    assert "se enviará y se calificará de inmediato" in warned
    assert "Su tiempo ya había pasado: está enviado y calificado." in browser.page.text
    browser.get(f"/attempts/{attempt}/reopening")
    browser.submit("/reopening", {"reason": "Otra vez."})
    assert attempt_row(house, attempt).state == "finished"  # type: ignore[arg-type]  # a number


def test_every_cell_of_reopening(browser: Browser, house: House) -> None:
    """Security 9, attempt.reopen of_a_learner_graded: those who edit the course and administrators, never one's own."""
    cast = a_cast(browser, house)
    course = a_course(house, modules=1, settings="attempts: 0\nlimit: 10 min\n")
    cast.join(course)
    wrong, hour = [], clock.now() - timedelta(hours=1)
    attempt = fail_quiz(house, actor_of(cast.people["E"]), "prueba", now=hour)
    wrong += cast.check("attempt.reopen", "of_a_learner_graded", cast.outcomes(f"/attempts/{attempt}/reopening"))
    sent = cast.outcomes(f"/attempts/{attempt}/reopening", "POST", {"reason": "Corte de luz."})
    wrong += cast.check("attempt.reopen", "of_a_learner_graded", sent)
    cast.enrol("I", course)
    own = fail_quiz(house, actor_of(cast.people["I"]), "prueba", now=hour)

    assert wrong == []
    assert cast.outcomes(f"/attempts/{own}/reopening")["I"] == "deny"


def test_previews_are_deleted_with_all_that_is_in_them_and_nothing_else(browser: Browser, house: House) -> None:
    """5.2.7: deletable, by those who edit; learners' attempts stay."""
    course = a_course(house, modules=1, settings="attempts: 0\n")
    editor = actor_of(a_teacher(house, course))
    pass_quiz(house, editor, "prueba")
    kept = pass_quiz(house, a_learner(house, course), "prueba")
    sign_in(browser, "profe@example.org")
    browser.get(f"{QUIZ}/manage")

    browser.submit("/previews/deletion")

    assert "Se borró 1 vista previa." in browser.page.text
    with house.database.unit_of_work(write=False) as session:
        assert [row.uuid for row in session.scalars(select(Attempt))] == [kept]
        counted = [session.scalar(select(func.count()).select_from(model)) for model in (AnswerEvent, MarkEvent)]
    assert counted == [7, 7]
