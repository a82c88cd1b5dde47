"""Opening attempts again (spec/quiz-engine 5.3.7) and deleting previews (spec/quiz-engine 5.2.7): services, pages, and who may."""

from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from questions.rules.marking import MarkState
from quizzes.dry_runs import RegradeRequest
from quizzes.marking import CannotReopen, ManualMarkValues
from quizzes.models import AnswerEvent, Attempt, MarkEvent
from quizzes.rules.regrade import RegradeKind
from tests.support.access import a_cast
from tests.support.attempts import abandon, reopen
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, fail_quiz, pass_quiz, right_batch, save, start, submit
from tests.support.marking import TEXT, a_marked_quiz, hand_in, last_mark, mark
from tests.support.regrading import a_dry_run, commit, question_id, undo
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
ABANDONS = "attempts: 2\nlimit: 10 min\nat_end: abandon\n"


def test_what_was_abandoned_and_is_past_its_time_is_handed_in_and_marked_at_once(instance: Instance) -> None:
    """spec/quiz-engine 5.3.7: with the answers that were saved, and its end as the time."""
    course = a_course(instance, modules=1, settings=ABANDONS)
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = abandon(instance, learner)

    state = reopen(instance, editor, attempt)

    row = attempt_row(instance, attempt)
    assert (state, row.state, row.percent, row.passed) == ("finished", "finished", 100, True)
    assert row.finished_at == row.started_at + timedelta(minutes=10)
    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "attempt.reopened")).scalar_one()
    assert "Corte de luz." in entry.facts
    assert entry.actor_id == editor.person_id


def test_an_attempt_with_time_left_is_open_again_and_handed_in_by_its_learner(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.3.7, spec/security 9 attempt.reopen: handed in too early; the answers are there, the grade waits;
    the learner is told.
    """
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = fail_quiz(instance, learner, "prueba")

    state = reopen(instance, editor, attempt)
    between = attempt_row(instance, attempt)
    told = browser.mails()[-1]
    submit(instance, learner, attempt, right_batch(instance, learner, attempt))

    assert (state, between.percent, between.submitted_at) == ("in_progress", None, None)
    assert told.startswith(in_spanish("Your attempt at “%(title)s” is open again", title="Cuestionario 1"))
    assert f"/attempts/{attempt}" in told
    assert attempt_row(instance, attempt).percent == 100


def test_no_attempt_is_opened_beside_another_open_one_nor_one_that_is_open(instance: Instance) -> None:
    """spec/quiz-engine 5.2.1: one open attempt per learner and quiz."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    ended = pass_quiz(instance, learner, "prueba")
    running = start(instance, learner, "prueba")

    for attempt in (ended, running):
        with pytest.raises(CannotReopen):
            reopen(instance, editor, attempt)

    assert attempt_row(instance, ended).state == "finished"


def test_staff_reopen_from_the_review_with_a_reason(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings=ABANDONS)
    a_teacher(instance, course)
    attempt = abandon(instance, a_learner(instance, course))
    sign_in(browser, "profe@example.org")
    assert browser.get(f"/attempts/{attempt}/review").has_link(f"/attempts/{attempt}/reopening")

    browser.get(f"/attempts/{attempt}/reopening")
    warned = browser.page.text
    browser.submit("/reopening", {"reason": ""}, status=422)
    browser.submit("/reopening", {"reason": "Corte de luz."})

    assert "se enviará y se calificará de inmediato" in warned
    assert in_spanish("Its time had already ended, so it was submitted and marked.") in browser.page.text
    browser.get(f"/attempts/{attempt}/reopening")
    browser.submit("/reopening", {"reason": "Otra vez."})
    assert attempt_row(instance, attempt).state == "finished"


def test_every_cell_of_reopening(browser: Browser, instance: Instance) -> None:
    """spec/security 9, attempt.reopen of_a_learner_graded: those who edit the course and administrators, never one's own."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1, settings="attempts: 0\nlimit: 10 min\n")
    cast.join(course)
    wrong, hour = [], clock.now() - timedelta(hours=1)
    attempt = fail_quiz(instance, actor_of(cast.people["E"]), "prueba", now=hour)
    wrong += cast.check("attempt.reopen", "of_a_learner_graded", cast.outcomes(f"/attempts/{attempt}/reopening"))
    sent = cast.outcomes(f"/attempts/{attempt}/reopening", "POST", {"reason": "Corte de luz."})
    wrong += cast.check("attempt.reopen", "of_a_learner_graded", sent)
    cast.enrol("I", course)
    own = fail_quiz(instance, actor_of(cast.people["I"]), "prueba", now=hour)

    assert wrong == []
    assert cast.outcomes(f"/attempts/{own}/reopening")["I"] == "deny"


def told_of_marks(browser: Browser) -> int:
    return sum("están calificadas" in text.split("\n")[0] for text in browser.mails())


@pytest.mark.parametrize("again", [TEXT, TEXT.replace("\r\n", "\n"), None])
def test_what_a_person_marked_stands_where_its_answer_is_the_same(browser: Browser, instance: Instance, again: str | None) -> None:
    """spec/quiz-engine 5.3.7, 5.11.1: nobody marks the same answer twice; a page without a script ends lines otherwise."""
    course = a_marked_quiz(instance, "attempts: 1\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = hand_in(instance, learner)
    mark(instance, editor, attempt, ManualMarkValues(Fraction(2), last_mark(instance, editor, attempt).id, "Bien."))
    reopen(instance, editor, attempt)

    submit(instance, learner, attempt, a_batch({2: ["2"]} if again is None else {1: [again], 2: ["2"]}, lease=2000))

    last = last_mark(instance, editor, attempt)
    assert (last.fraction, last.comment, last_mark(instance, editor, attempt, 2).fraction) == (Fraction(2, 3), "Bien.", 0)
    assert attempt_row(instance, attempt).percent == 50
    assert told_of_marks(browser) == 1


def test_what_was_answered_otherwise_waits_for_a_grader_and_its_learner_is_told_again(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.3.7, 5.11.1: also after it was reopened twice; a mark by which the program was overruled goes with its answer."""
    course = a_marked_quiz(instance, "attempts: 1\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = hand_in(instance, learner, choice="2")
    mark(instance, editor, attempt, ManualMarkValues(Fraction(1), last_mark(instance, editor, attempt, 2).id, reason="Ambigua."), place=2)
    mark(instance, editor, attempt, ManualMarkValues(Fraction(2), last_mark(instance, editor, attempt).id))
    reopen(instance, editor, attempt)
    submit(instance, learner, attempt)
    reopen(instance, editor, attempt)
    save(instance, learner, attempt, a_batch({1: ["Otra."]}, lease=3000))

    submit(instance, learner, attempt, a_batch({2: ["2"]}, lease=4000))

    waits = last_mark(instance, editor, attempt)
    assert (waits.state, last_mark(instance, editor, attempt, 2).fraction) == (MarkState.NEEDS_GRADING, 1)
    assert (attempt_row(instance, attempt).percent, told_of_marks(browser)) == (None, 1)
    mark(instance, editor, attempt, ManualMarkValues(Fraction(3), waits.id))
    assert (attempt_row(instance, attempt).percent, told_of_marks(browser)) == (100, 2)
    reopen(instance, editor, attempt)
    submit(instance, learner, attempt, a_batch({2: ["1"]}, lease=5000))
    assert last_mark(instance, editor, attempt, 2).origin == "auto"


@pytest.mark.parametrize(("with_manual", "percent"), [(False, 75), (True, 100)])
def test_an_annulment_reaches_a_mark_that_stands_as_it_reaches_all_marks_by_hand(
    instance: Instance, with_manual: bool, percent: int
) -> None:
    """spec/quiz-engine 5.11.4: marks that a person gave are passed over unless it is asked for; undoing it gives them back."""
    course = a_marked_quiz(instance, "attempts: 1\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = hand_in(instance, learner)
    mark(instance, editor, attempt, ManualMarkValues(Fraction(2), last_mark(instance, editor, attempt).id))
    order = RegradeRequest(RegradeKind.FULL_CREDIT, "Ambigua.", question_id(instance, "ensayo-1"), with_manual=with_manual)
    dry_run = a_dry_run(instance, editor, order)
    commit(instance, editor, dry_run)
    assert attempt_row(instance, attempt).percent == percent

    reopen(instance, editor, attempt)
    submit(instance, learner, attempt)

    assert attempt_row(instance, attempt).percent == percent
    undo(instance, editor, dry_run)
    assert attempt_row(instance, attempt).percent == 75


def test_previews_are_deleted_with_all_that_is_in_them_and_nothing_else(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.7: deletable, by those who edit; learners' attempts stay."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    editor = actor_of(a_teacher(instance, course))
    pass_quiz(instance, editor, "prueba")
    kept = pass_quiz(instance, a_learner(instance, course), "prueba")
    sign_in(browser, "profe@example.org")
    browser.get(f"{QUIZ}/manage")

    browser.submit("/previews/deletion")

    assert in_spanish("%(count)s preview was deleted.", 1) in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert [row.uuid for row in session.scalars(select(Attempt))] == [kept]
        counted = [session.scalar(select(func.count()).select_from(model)) for model in (AnswerEvent, MarkEvent)]
    assert counted == [7, 7]
