"""The history of questions: kept at the end of attempts, counted again at night, the same either way (spec/selection 2.1 to 2.7)."""

from fractions import Fraction

import pytest
from sqlalchemy import delete, select, update

from courses.models import Course
from kernel import clock
from kernel.outbox import Delivery
from lms.instance import Instance
from questions.models import Question
from quizzes import item_history, jobs
from quizzes.models import Attempt, HistoryState, ItemHistory
from quizzes.rules.item_history import UNIT
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, publish, sign_in
from tests.support.learning import a_learner, pass_quiz, start, submit
from tests.support.selection_folders import a_balanced_folder
from tests.support.wording import in_spanish

QUIZ = "slots:\n  - question: a\n  - question: b\n"
Rows = list[tuple[object, ...]]


def a_delivery(instance: Instance) -> Delivery:
    return Delivery(instance.database, instance.settings, 1, {}, clock.now())


def rows_of(instance: Instance) -> Rows:
    with instance.database.unit_of_work(write=False) as session:
        columns = ItemHistory.__table__.columns
        return [tuple(row) for row in session.execute(select(*columns).order_by(*ItemHistory.__table__.primary_key.columns))]


def a_taken_quiz(instance: Instance) -> Rows:
    """Let three people take a quiz, one of them twice; return its history."""
    course = publish(instance, a_balanced_folder(QUIZ))[0]
    for name in ("eva", "ivan", "lola"):
        learner = a_learner(instance, course, f"{name}@example.org")
        if name == "lola":
            submit(instance, learner, start(instance, learner, "prueba"))
        else:
            pass_quiz(instance, learner, "prueba")
    pass_quiz(instance, learner, "prueba")
    return rows_of(instance)


def forget(instance: Instance) -> None:
    """Leave the instance as one of before the history."""
    with instance.database.unit_of_work() as session:
        session.execute(delete(ItemHistory))
        session.execute(delete(HistoryState))


def test_an_attempt_that_ends_adds_to_the_history_of_its_questions(instance: Instance) -> None:
    """spec/selection 2.1 and 2.3: first attempts count, every attempt showed the question."""
    a_taken_quiz(instance)

    with instance.database.unit_of_work(write=False) as session:
        found = list(session.scalars(select(ItemHistory)))

    assert [(one.shown, one.count, one.blank, one.shares) for one in found] == [(4, 3, 1, 2 * UNIT)] * 2
    assert all((one.language, one.month) == ("es", item_history.month_of(clock.now())) for one in found)


def test_the_night_gives_an_older_instance_the_same_history(instance: Instance) -> None:
    """spec/selection 2.1: from the attempts, once, equal to what the attempts had added."""
    kept = a_taken_quiz(instance)
    forget(instance)

    jobs.fill_history(a_delivery(instance))
    once = rows_of(instance)
    jobs.fill_history(a_delivery(instance))

    assert once == kept
    assert rows_of(instance) == kept


def test_a_worker_killed_in_the_night_leaves_the_rest_and_the_replay_is_equal(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: killed after one quiz version; the next worker counts the other, and nothing twice."""
    kept = a_taken_quiz(instance)
    other = a_course(instance, "otro", modules=1)
    pass_quiz(instance, a_learner(instance, other, "otra@example.org"), "otro")
    kept = rows_of(instance)
    forget(instance)
    counted, whole = [], item_history.count_attempts_of

    def killed(session: object, quiz_version_id: int) -> item_history.HistoryCount:
        if counted:
            raise KeyboardInterrupt
        counted.append(quiz_version_id)
        return whole(session, quiz_version_id)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(jobs, "count_attempts_of", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.fill_history(a_delivery(instance))
    partly = rows_of(instance)
    monkeypatch.setattr(jobs, "count_attempts_of", whole)

    jobs.fill_history(a_delivery(instance))

    assert 0 < len(partly) < len(kept)
    assert rows_of(instance) == kept


def test_an_attempt_that_ends_while_it_is_counted_is_not_lost(instance: Instance) -> None:
    """spec/selection 2.1: the count of before is not kept; the next one has the attempt once."""
    a_taken_quiz(instance)
    with instance.database.unit_of_work(write=False) as session:
        course_version = session.scalars(select(Attempt.quiz_version_id).limit(1)).one()
    with instance.database.unit_of_work() as session:
        item_history.note_corrected(session, [course_version])
    with instance.database.unit_of_work(write=False) as session:
        counted = item_history.count_attempts_of(session, course_version)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.number == 2).values(state="abandoned"))

    with instance.database.unit_of_work() as session:
        assert not item_history.keep_count(session, course_version, counted)
    jobs.fill_history(a_delivery(instance))

    with instance.database.unit_of_work(write=False) as session:
        assert [(one.shown, one.count) for one in session.scalars(select(ItemHistory))] == [(3, 3)] * 2


def test_corrected_marks_are_counted_anew(instance: Instance) -> None:
    """spec/selection 2.3: until the night an attempt that ends adds nothing twice."""
    kept = a_taken_quiz(instance)
    with instance.database.unit_of_work() as session:
        item_history.note_corrected(session, [session.scalars(select(Attempt.quiz_version_id).limit(1)).one()])
    with instance.database.unit_of_work(write=False) as session:
        course_id = session.scalars(select(Attempt.course_id).limit(1)).one()
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, course_id)
    pass_quiz(instance, a_learner(instance, course, "nueva@example.org"), "prueba")
    assert rows_of(instance) == kept

    jobs.fill_history(a_delivery(instance))

    with instance.database.unit_of_work(write=False) as session:
        found = list(session.scalars(select(ItemHistory)))
    assert [(one.shown, one.count, Fraction(one.shares, UNIT)) for one in found] == [(5, 4, 3)] * 2


PAGE = "/teaching/prueba/questions/a/history"


def test_the_page_says_in_words_how_a_question_does(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.4 to 2.7: sentences, a chart with its table, quizzes, log and a file."""
    a_taken_quiz(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, session.scalars(select(Attempt.course_id).limit(1)).one())
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert browser.get("/teaching/prueba/questions/a/versions").has_link(PAGE)

    page = browser.get(PAGE)

    told = in_spanish("In %(count)s first attempt, learners got %(share)s of its mark on average.", 3, share="67\xa0%")
    assert told in page.text
    assert page.html.count('<svg class="chart') == 1
    assert in_spanish("Version %(number)s was published.", number=1) in page.text
    assert page.has_link("/courses/prueba/quizzes/cuestionario-1/statistics")
    browser.get("/teaching/prueba/questions/no-hay/history", status=404)


def test_where_nothing_counts_the_page_says_so_and_how_the_question_does_there(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.3 and 2.7: practice has its own column, so that a page without counted attempts does not contradict its tables."""
    course = publish(instance, a_balanced_folder(f"{QUIZ}weight: 0\n"))[0]
    for name in ("eva", "ivan"):
        pass_quiz(instance, a_learner(instance, course, f"{name}@example.org"), "prueba")
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)

    assert in_spanish("No first attempt in a quiz that counts has answered this question yet.") in page.text
    said = "In %(count)s first attempt at quizzes that do not count, such as initial tests, learners got %(share)s of its mark."
    assert in_spanish(said, 2, share="100\xa0%") in page.text
    assert in_spanish("Where it does not count") in page.text
    assert in_spanish("%(share)s in %(count)s attempt", 2, share="100\xa0%") in page.text


def test_every_cell_of_the_history(browser: Browser, instance: Instance) -> None:
    """Access: item_history.view."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    with instance.database.unit_of_work(write=False) as session:
        key = session.scalars(select(Question.key).where(Question.course_id == course.id).order_by(Question.id).limit(1)).one()

    assert cast.check("item_history.view", "own_course", cast.outcomes(f"/teaching/prueba/questions/{key}/history")) == []
